#include "admin/api_handler.h"

#include <utility>

#include "admin/answers.h"
#include "admin/api_routes.h"
#include "admin/debug_answers.h"
#include "base/strings.h"
#include "config/static/configuration.h"

namespace fl::admin {
namespace {

const config::statics::Api& options(const State& state) {
  static const config::statics::Api kDefault;
  const auto& api = state.facts().configuration.api;
  return api ? *api : kDefault;
}

// What a proxy before us cut off the path. Taken for a path only, so that nobody is sent to another host.
std::string_view forwarded_prefix(const http::RequestHead& request) {
  const std::string_view* prefix = request.headers.find(http::HeaderId::x_forwarded_prefix);
  if (prefix == nullptr || !prefix->starts_with('/') || prefix->starts_with("//") ||
      prefix->find_first_of(":\\ \t") != prefix->npos)
    return {};
  return prefix->ends_with('/') ? prefix->substr(0, prefix->size() - 1) : *prefix;
}

}  // namespace

ApiHandler::ApiHandler(std::shared_ptr<const State> state)
    : state_(std::move(state)),
      base_(options(*state_).base_path.substr(0, options(*state_).base_path.find_last_not_of('/') + 1)),
      has_dashboard_(options(*state_).dashboard),
      has_debug_(options(*state_).debug) {}

net::Task<> ApiHandler::handle(http::Exchange& x) const {
  std::string_view path = x.request.path;
  const bool is_below_base = path.starts_with(base_);
  if (is_below_base) path.remove_prefix(base_.size());
  const bool is_get = x.request.method_id == http::Method::get;

  if (is_below_base && has_dashboard_ && is_get) {
    if (path == "/dashboard/") co_return co_await dashboard_.handle(x);
    if (path.empty() || path == "/" || path == "/dashboard") {
      x.respond(302, "");
      x.response.headers.append("Location", x.arena.concat({forwarded_prefix(x.request), base_, "/dashboard/"}));
      co_return;
    }
  }
  if (is_below_base && has_debug_ && is_get)
    if (auto debug = debug_answer(path)) co_return x.respond_owned(200, std::move(debug->body), debug->content_type);
  const FoundRoute found = is_below_base ? find_api_route(path) : FoundRoute{};
  if (found.route == nullptr) co_return answer_not_found(x);
  if (!is_get) co_return x.respond(405, "", {});
  ApiAnswer made = answer(found, *state_, x.request.query);
  if (made.status != 200) co_return answer_error(x, made.status, std::move(made.body));
  x.respond_owned(200, std::move(made.body), "application/json");
  if (made.next_page != 0) x.response.headers.append("X-Next-Page", x.arena.copy(std::to_string(made.next_page)));
}

}  // namespace fl::admin
