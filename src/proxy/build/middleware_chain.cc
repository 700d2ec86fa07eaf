#include "proxy/build/middleware_chain.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "config/dynamic/kinds.h"
#include "proxy/middleware/middleware.h"

namespace fl::proxy {
namespace {

const middleware::Kind* find_kind(const config::dynamic::Middleware& options) {
  const auto kinds = middleware::kinds();
  const auto it = std::ranges::find_if(kinds, [&options](const auto& kind) { return kind.is_set(options); });
  return it == kinds.end() ? nullptr : &*it;
}

}  // namespace

Result<> MiddlewareResolver::expand_into(std::string_view name, std::vector<std::string_view>& path,
                                         MiddlewareList& list) const {
  const auto it = configuration_.http.middlewares.find(name);
  if (it == configuration_.http.middlewares.end()) {
    const auto report = report_.middlewares.find(name);
    if (report != report_.middlewares.end() && !report->second.errors.empty())
      return fail(Code::invalid, fmt::format("middleware \"{}\" is disabled: {}", name, report->second.errors.front()));
    return fail(Code::not_found, fmt::format("middleware \"{}\" does not exist", name));
  }
  if (std::ranges::find(path, name) != path.end()) {
    std::string cycle;
    for (const auto step : path) cycle += fmt::format("{} -> ", step);
    return fail(Code::invalid, fmt::format("middleware chain contains itself: {}{}", cycle, name));
  }
  if (const auto report = report_.middlewares.find(name);
      report != report_.middlewares.end() && report->second.status == Status::disabled)
    return fail(Code::invalid, fmt::format("middleware \"{}\" is disabled: {}", name, report->second.errors.front()));
  if (!it->second.chain) {
    list.names.push_back(it->first);
    list.configurations.push_back(it->second);
    return {};
  }
  path.push_back(name);
  for (const std::string& child : it->second.chain->middlewares) FL_TRY_VOID(expand_into(child, path, list));
  path.pop_back();
  return {};
}

Result<MiddlewareList> MiddlewareResolver::expand(const std::vector<std::string>& names) const {
  MiddlewareList list;
  std::vector<std::string_view> path;
  for (const std::string& name : names) FL_TRY_VOID(expand_into(name, path, list));
  return list;
}

Result<std::shared_ptr<const http::Handler>> MiddlewareResolver::wrap(const MiddlewareList& list,
                                                                      std::shared_ptr<const http::Handler> last) const {
  for (size_t i = list.names.size(); i-- > 0;) {
    auto handler = find_kind(list.configurations[i])->make(list.configurations[i], std::move(last));
    if (!handler)
      return fail(Code::invalid, fmt::format("middleware \"{}\": {}", list.names[i], handler.error().message));
    last = *std::move(handler);
  }
  return last;
}

void MiddlewareResolver::check_all() const {
  for (const auto& [name, options] : configuration_.http.middlewares) {
    MiddlewareReport& report = report_.middlewares[name];
    const auto type = config::dynamic::kind_of(options);
    if (!type) {
      report.disable(type.error().message);
      continue;
    }
    report.type = to_lower(*type);
    if (options.chain) continue;  // its members speak for themselves; a cycle shows where it is used
    const middleware::Kind* kind = find_kind(options);
    if (kind == nullptr) {
      report.disable(fmt::format("middlewares of type {} are not supported by this version of fairlead yet", *type));
      continue;
    }
    if (const auto made = kind->make(options, nullptr); !made) report.disable(made.error().message);
  }
}

}  // namespace fl::proxy
