#include "admin/objects.h"

#include <string>

#include "config/encode.h"
#include "config/merge.h"
#include "config/schema.h"

namespace fl::admin {
namespace {

namespace dynamic = config::dynamic;
using proxy::RuntimeReport;
using proxy::Status;

template <class T>
const T* find(const config::Objects<T>& objects, std::string_view name) {
  const auto it = objects.find(name);
  return it == objects.end() ? nullptr : &it->second;
}

// Calls f(reports of that kind, configurations of that kind).
template <class F>
auto with_kind(const RuntimeReport& report, ObjectKind kind, F f) {
  const dynamic::Configuration& configuration = *report.configuration;
  switch (kind) {
    case ObjectKind::router: return f(report.routers, configuration.http.routers);
    case ObjectKind::service: return f(report.services, configuration.http.services);
    case ObjectKind::middleware: return f(report.middlewares, configuration.http.middlewares);
    case ObjectKind::tcp_router: return f(report.tcp.routers, configuration.tcp.routers);
    case ObjectKind::tcp_service: return f(report.tcp.services, configuration.tcp.services);
    case ObjectKind::tcp_middleware: return f(report.tcp.middlewares, configuration.tcp.middlewares);
    case ObjectKind::udp_router: return f(report.udp.routers, configuration.udp.routers);
    case ObjectKind::udp_service: break;
  }
  return f(report.udp.services, configuration.udp.services);
}

// Who uses objects of that kind.
const proxy::UsedBy& used_by(const RuntimeReport& report, ObjectKind kind) {
  const auto& all = report.used_by();
  if (kind <= ObjectKind::middleware) return all.http;
  return kind <= ObjectKind::tcp_middleware ? all.tcp : all.udp;
}

template <class Router>
void fill(Entry& entry, const proxy::RouterReport& report, const Router* router) {
  entry.priority = report.priority;
  if (router == nullptr) return;
  entry.service = router->service;
  entry.entry_points = router->entry_points.size();
  if constexpr (requires { router->rule; }) {  // UDP routers have neither
    entry.rule = router->rule;
    entry.middlewares = &router->middlewares;
  }
}
template <class Service>
void fill(Entry& entry, const proxy::ServiceReport& report, const Service*) {
  entry.type = report.type;
  entry.servers = report.servers.size();
}
template <class Middleware>
void fill(Entry& entry, const proxy::MiddlewareReport& report, const Middleware*) {
  entry.type = report.type;
}

template <class Texts>
json::Array array(const Texts& texts) {
  return json::Array(texts.begin(), texts.end());
}

// Go's omitempty.
void add(json::Object& out, std::string_view key, std::string_view value) {
  if (!value.empty()) out.emplace_back(key, value);
}
void add(json::Object& out, std::string_view key, const std::vector<std::string>& values) {
  if (!values.empty()) out.emplace_back(key, array(values));
}

void add_users(json::Object& out, const proxy::UsedBy::Users& users, std::string_view name) {
  if (const auto it = users.find(name); it != users.end()) out.emplace_back("usedBy", array(it->second));
}

template <class T>
json::Object encode_fields(const T* configuration) {
  if (configuration == nullptr) return {};
  json::Value encoded = config::encode_json(*configuration);
  return std::move(*encoded.if_object());
}

void add_verdict(json::Object& out, const proxy::ObjectReport& report) {
  add(out, "error", report.errors);
  add(out, "status", proxy::to_text(report.status));
}

void add_name(json::Object& out, std::string_view name) {
  out.emplace_back("name", name);
  add(out, "provider", config::split_name(name).provider);
}

template <class Router>
json::Object encode(const proxy::UsedBy&, std::string_view name, const proxy::RouterReport& report,
                    const Router* configuration, Detail detail) {
  json::Object out;
  if (configuration != nullptr) {
    Router shown = *configuration;
    if constexpr (requires { shown.rule; }) {
      shown.priority = report.priority;
      if (shown.tls && shown.tls->options.empty()) shown.tls->options = "default";
    }
    out = encode_fields(&shown);
  }
  add_verdict(out, report);
  add(out, "using", report.using_);
  if (detail == Detail::raw) return out;
  add_name(out, name);
  if (report.priority != 0) out.emplace_back("priorityStr", std::to_string(report.priority));
  return out;
}

template <class Service>
json::Object encode(const proxy::UsedBy& used_by, std::string_view name, const proxy::ServiceReport& report,
                    const Service* configuration, Detail detail) {
  json::Object out = encode_fields(configuration);
  add_verdict(out, report);
  add_users(out, used_by.services, name);
  config::Map<json::Value> servers;
  const TimePoint now = system_clock().now();
  if (report.status != Status::disabled)
    for (const proxy::CheckedServer& server : report.servers)
      servers.emplace(server.url, server.is_up(now) ? "UP" : "DOWN");
  if (!servers.empty()) out.emplace_back("serverStatus", json::Object(servers.begin(), servers.end()));
  if (detail == Detail::raw) return out;
  add_name(out, name);
  add(out, "type", report.type);
  return out;
}

template <class Middleware>
json::Object encode(const proxy::UsedBy& used_by, std::string_view name, const proxy::MiddlewareReport& report,
                    const Middleware* configuration, Detail detail) {
  json::Object out = encode_fields(configuration);
  add_verdict(out, report);
  add_users(out, used_by.middlewares, name);
  if (detail == Detail::raw) return out;
  add_name(out, name);
  add(out, "type", report.type);
  return out;
}

}  // namespace

std::vector<Entry> list_objects(const RuntimeReport& report, ObjectKind kind) {
  return with_kind(report, kind, [](const auto& reports, const auto& configurations) {
    std::vector<Entry> out;
    out.reserve(reports.size());
    for (const auto& [name, object] : reports) {
      Entry& entry = out.emplace_back();
      entry.name = name;
      entry.provider = config::split_name(name).provider;
      entry.status = object.status;
      fill(entry, object, find(configurations, name));
    }
    return out;
  });
}

json::Value encode_object(const RuntimeReport& report, ObjectKind kind, std::string_view name, Detail detail) {
  return with_kind(report, kind, [&](const auto& reports, const auto& configurations) -> json::Value {
    const auto* object = find(reports, name);
    if (object == nullptr) return {};
    return encode(used_by(report, kind), name, *object, find(configurations, name), detail);
  });
}

json::Value count_objects(const RuntimeReport& report, ObjectKind kind) {
  return with_kind(report, kind, [](const auto& reports, const auto&) {
    int64_t warnings = 0, errors = 0;
    for (const auto& [_, object] : reports) {
      warnings += object.status == Status::warning;
      errors += object.status == Status::disabled;
    }
    return json::Object{{"total", static_cast<int64_t>(reports.size())}, {"warnings", warnings}, {"errors", errors}};
  });
}

json::Value encode_entry_point(std::string_view name, const config::statics::EntryPoint& entry_point,
                               std::string_view listening) {
  json::Object out = encode_fields(&entry_point);
  out.emplace_back("name", name);
  add(out, "listening", listening);
  return out;
}

}  // namespace fl::admin
