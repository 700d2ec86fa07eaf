// The query of a list: which objects, in what order, which part of them. Pure; any thread.
// Source: Traefik, API, lists; Go's url.ParseQuery and strconv.Atoi.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "proxy/runtime_report.h"

namespace fl::admin {

// Escapes decoded, once; '+' is a space where `plus_is_space`. nullopt when an escape is broken.
std::optional<std::string> decode_percent(std::string_view text, bool plus_is_space);

// As asked for; empty when not. Of a parameter given twice the first counts; one with a broken escape or a ';' in it
// does not exist.
struct ListQuery {
  std::string page, per_page;
  std::string search, status, service_name, middleware_name;
  std::string sort_by, direction;

  static ListQuery parse(std::string_view query);
};

// What lists look at, whatever kind of object it is: what a kind has not stays empty.
struct Entry {
  std::string_view name;
  std::string_view provider;
  proxy::Status status = proxy::Status::enabled;
  std::string_view type;                                  // service, middleware
  std::string_view rule, service;                         // router
  const std::vector<std::string>* middlewares = nullptr;  // router
  int64_t priority = 0;                                   // router
  size_t entry_points = 0;                                // router: how many
  size_t servers = 0;                                     // service: how many
};

// Leaves the entries that the query asks for, in its order. Unknown orders are by name; names break ties.
void select(const ListQuery& query, std::vector<Entry>& entries);

struct Page {
  size_t begin = 0, end = 0;  // of the list
  int64_t next = 1;           // value of X-Next-Page; 1 when there is no more
};

// Errors: Traefik's text, for a page that is no number above 0 or begins behind the end.
Result<Page> paginate(const ListQuery& query, size_t total);

}  // namespace fl::admin
