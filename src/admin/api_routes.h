// The routes below /api and their answers, as functions of the state and the query. Pure; any thread.
// Source: Traefik, API.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "admin/state.h"

namespace fl::admin {

struct ApiRequest {
  const State& state;
  std::string_view query;
  std::string_view id = {};  // the object asked for, decoded; empty for a list
};

struct ApiAnswer {
  uint16_t status = 200;
  std::string body;       // JSON, escaped as Go does, with a newline at its end
  int64_t next_page = 0;  // value of X-Next-Page; 0: not a list
};

// One path, and the paths with one more segment.
struct ApiRoute {
  std::string_view path;  // "/api/http/routers"
  ApiAnswer (*answer)(const ApiRequest&);
  std::string_view id_name = {};  // "routerID": what one more segment names; empty: there is none
  ApiAnswer (*answer_one)(const ApiRequest&) = nullptr;
};

struct FoundRoute {
  const ApiRoute* route = nullptr;  // null: no route
  std::string_view encoded_id;      // as it stands in the path; empty for a list
};

FoundRoute find_api_route(std::string_view path);
ApiAnswer answer(const FoundRoute& found, const State& state, std::string_view query);

}  // namespace fl::admin
