#include "admin/api_routes.h"

#include <fmt/format.h>

#include "admin/certificates.h"
#include "admin/list_query.h"
#include "admin/objects.h"
#include "base/json.h"

namespace fl::admin {
namespace {

ApiAnswer ok(const json::Value& value, int64_t next_page = 0) {
  return {.status = 200, .body = json::to_text(value, true) + "\n", .next_page = next_page};
}

ApiAnswer error(uint16_t status, std::string message) {
  return {.status = status, .body = json::to_text(json::Object{{"message", std::move(message)}}, true) + "\n"};
}

ApiAnswer rawdata(const ApiRequest& request) {
  const auto report = request.state.report();
  json::Object out;
  const auto add = [&](std::string_view key, ObjectKind kind) {
    json::Object objects;
    for (const Entry& entry : list_objects(*report, kind))
      objects.emplace_back(entry.name, encode_object(*report, kind, entry.name, Detail::raw));
    if (!objects.empty()) out.emplace_back(key, std::move(objects));
  };
  add("routers", ObjectKind::router);
  add("middlewares", ObjectKind::middleware);
  add("services", ObjectKind::service);
  add("tcpRouters", ObjectKind::tcp_router);
  add("tcpMiddlewares", ObjectKind::tcp_middleware);
  add("tcpServices", ObjectKind::tcp_service);
  add("udpRouters", ObjectKind::udp_router);
  add("udpServices", ObjectKind::udp_service);
  return ok(out);
}

// Names of Go's struct fields, in their order.
json::Array provider_names(const config::statics::Providers& providers) {
  json::Array out;
  if (providers.file) out.emplace_back("File");
  if (providers.ecs) out.emplace_back("ECS");
  return out;
}

json::Array encode_sources(const std::vector<SourceStatus>& sources) {
  json::Array out;
  for (const SourceStatus& source : sources) {
    json::Object item{{"provider", source.provider}, {"source", source.source}};
    if (!source.error.empty()) item.emplace_back("error", source.error);
    if (source.last_success) item.emplace_back("lastSuccess", format_rfc3339(*source.last_success));
    out.emplace_back(std::move(item));
  }
  return out;
}

ApiAnswer overview(const ApiRequest& request) {
  const auto report = request.state.report();
  const config::statics::Configuration& options = request.state.facts().configuration;
  json::Object out{
      {"http", json::Object{{"routers", count_objects(*report, ObjectKind::router)},
                            {"services", count_objects(*report, ObjectKind::service)},
                            {"middlewares", count_objects(*report, ObjectKind::middleware)}}},
      {"tcp", json::Object{{"routers", count_objects(*report, ObjectKind::tcp_router)},
                           {"services", count_objects(*report, ObjectKind::tcp_service)},
                           {"middlewares", count_objects(*report, ObjectKind::tcp_middleware)}}},
      {"udp", json::Object{{"routers", count_objects(*report, ObjectKind::udp_router)},
                           {"services", count_objects(*report, ObjectKind::udp_service)}}},
      {"certificates", count_certificates(*report, system_clock().wall())},
      {"features", json::Object{{"tracing", ""},
                                {"metrics", options.metrics.prometheus ? "Prometheus" : ""},
                                {"accessLog", options.access_log.has_value()}}},
  };
  if (auto providers = provider_names(options.providers); !providers.empty())
    out.emplace_back("providers", std::move(providers));
  // Not in Traefik: a source that fails is otherwise only seen in the log.
  if (auto sources = encode_sources(request.state.sources()); !sources.empty())
    out.emplace_back("sources", std::move(sources));
  return ok(out);
}

ApiAnswer version(const ApiRequest& request) {
  const Facts& facts = request.state.facts();
  json::Object out{
      {"Version", facts.version}, {"Codename", facts.codename}, {"startDate", format_rfc3339(facts.start)}};
  if (const auto& api = facts.configuration.api) {
    if (api->disable_dashboard_ad) out.emplace_back("disableDashboardAd", true);
    if (!api->dashboard_name.empty()) out.emplace_back("dashboardName", api->dashboard_name);
  }
  return ok(out);
}

json::Value entry_point(const Facts& facts, std::string_view name) {
  const auto found = facts.configuration.entry_points.find(name);
  if (found == facts.configuration.entry_points.end()) return {};
  const auto listening = facts.listening.find(name);
  return encode_entry_point(name, found->second, listening == facts.listening.end() ? "" : listening->second);
}

// Traefik pages them and knows no other parameter.
ApiAnswer entry_points(const ApiRequest& request) {
  const Facts& facts = request.state.facts();
  const auto page = paginate(ListQuery::parse(request.query), facts.configuration.entry_points.size());
  if (!page) return error(400, page.error().message);
  json::Array out;
  auto at = std::next(facts.configuration.entry_points.begin(), static_cast<ptrdiff_t>(page->begin));
  for (size_t i = page->begin; i < page->end; ++i, ++at) out.push_back(entry_point(facts, at->first));
  return ok(out, page->next);
}

ApiAnswer one_entry_point(const ApiRequest& request) {
  const json::Value found = entry_point(request.state.facts(), request.id);
  return found.is_null() ? error(404, fmt::format("entry point not found: {}", request.id)) : ok(found);
}

template <ObjectKind Kind>
ApiAnswer objects(const ApiRequest& request) {
  const auto report = request.state.report();
  const ListQuery query = ListQuery::parse(request.query);
  std::vector<Entry> entries = list_objects(*report, Kind);
  select(query, entries);
  const auto page = paginate(query, entries.size());
  if (!page) return error(400, page.error().message);
  json::Array out;
  for (size_t i = page->begin; i < page->end; ++i)
    out.push_back(encode_object(*report, Kind, entries[i].name, Detail::full));
  return ok(out, page->next);
}

ApiAnswer missing_router(const ApiRequest& request) {
  return error(404, fmt::format("router not found: {}", request.id));
}
ApiAnswer missing_service(const ApiRequest& request) {
  return error(404, fmt::format("service not found: {}", request.id));
}
ApiAnswer missing_middleware(const ApiRequest& request) {
  return error(404, fmt::format("middleware not found: {}", request.id));
}
ApiAnswer certificates(const ApiRequest& request) {
  const auto report = request.state.report();
  const WallTime now = system_clock().wall();
  const ListQuery query = ListQuery::parse(request.query);
  const auto found = list_certificates(*report, query, now);
  const auto page = paginate(query, found.size());
  if (!page) return error(400, page.error().message);
  json::Array out;
  for (size_t i = page->begin; i < page->end; ++i) out.push_back(encode_certificate(*found[i], now));
  return ok(out, page->next);
}
ApiAnswer one_certificate(const ApiRequest& request) {
  const auto report = request.state.report();
  const auto* found = find_certificate(*report, request.id);
  if (found == nullptr) return error(404, fmt::format("certificate not found: {}", request.id));
  return ok(encode_certificate(*found, system_clock().wall()));
}

template <ObjectKind Kind, auto Missing>
ApiAnswer one_object(const ApiRequest& request) {
  const json::Value found = encode_object(*request.state.report(), Kind, request.id, Detail::full);
  return found.is_null() ? Missing(request) : ok(found);
}

constexpr ApiRoute kRoutes[] = {
    {"/api/rawdata", rawdata},
    {"/api/overview", overview},
    {"/api/version", version},
    {"/api/entrypoints", entry_points, "entryPointID", one_entry_point},
    {"/api/http/routers", objects<ObjectKind::router>, "routerID", one_object<ObjectKind::router, missing_router>},
    {"/api/http/services", objects<ObjectKind::service>, "serviceID", one_object<ObjectKind::service, missing_service>},
    {"/api/http/middlewares", objects<ObjectKind::middleware>, "middlewareID",
     one_object<ObjectKind::middleware, missing_middleware>},
    {"/api/tcp/routers", objects<ObjectKind::tcp_router>, "routerID",
     one_object<ObjectKind::tcp_router, missing_router>},
    {"/api/tcp/services", objects<ObjectKind::tcp_service>, "serviceID",
     one_object<ObjectKind::tcp_service, missing_service>},
    {"/api/tcp/middlewares", objects<ObjectKind::tcp_middleware>, "middlewareID",
     one_object<ObjectKind::tcp_middleware, missing_middleware>},
    {"/api/udp/routers", objects<ObjectKind::udp_router>, "routerID",
     one_object<ObjectKind::udp_router, missing_router>},
    {"/api/udp/services", objects<ObjectKind::udp_service>, "serviceID",
     one_object<ObjectKind::udp_service, missing_service>},
    {"/api/certificates", certificates, "certificateID", one_certificate},
};

}  // namespace

FoundRoute find_api_route(std::string_view path) {
  for (const ApiRoute& route : kRoutes) {
    if (!path.starts_with(route.path)) continue;
    const std::string_view rest = path.substr(route.path.size());
    if (rest.empty()) return {&route, {}};
    if (route.answer_one != nullptr && rest.size() > 1 && rest.rfind('/') == 0) return {&route, rest.substr(1)};
  }
  return {};
}

ApiAnswer answer(const FoundRoute& found, const State& state, std::string_view query) {
  if (found.encoded_id.empty()) return found.route->answer({.state = state, .query = query});
  const auto id = decode_percent(found.encoded_id, false);
  if (!id) return error(400, fmt::format("unable to decode {} \"{}\"", found.route->id_name, found.encoded_id));
  return found.route->answer_one({.state = state, .query = query, .id = *id});
}

}  // namespace fl::admin
