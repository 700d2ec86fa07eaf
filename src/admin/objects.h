// Routers, services and middlewares of a RuntimeReport, of each protocol, as lists to choose from and as the JSON that
// Traefik's API shows. An object that could not be decoded has no configuration, only its errors. Pure; any thread.
#pragma once

#include <string_view>
#include <vector>

#include "admin/list_query.h"
#include "base/json.h"
#include "config/static/entry_point.h"
#include "proxy/runtime_report.h"

namespace fl::admin {

enum class ObjectKind : uint8_t {
  router,
  service,
  middleware,
  tcp_router,
  tcp_service,
  tcp_middleware,
  udp_router,
  udp_service,
};

// Every object of the kind, by name. The views live as long as the report.
std::vector<Entry> list_objects(const proxy::RuntimeReport& report, ObjectKind kind);

enum class Detail : uint8_t {
  raw,   // in /api/rawdata, where the name is the key
  full,  // in a list or alone: with name, provider and type
};

// Fields in Traefik's order. Null when there is no such object.
json::Value encode_object(const proxy::RuntimeReport& report, ObjectKind kind, std::string_view name, Detail detail);

// {"total","warnings","errors"} of /api/overview.
json::Value count_objects(const proxy::RuntimeReport& report, ObjectKind kind);

// `listening` is the address it is bound to; empty when it is not known.
json::Value encode_entry_point(std::string_view name, const config::statics::EntryPoint& entry_point,
                               std::string_view listening);

}  // namespace fl::admin
