#include "proxy/build/middleware_chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "base/strings.h"
#include "config/dynamic/kinds.h"
#include "proxy/build/in_order.h"
#include "proxy/middleware/middleware.h"

namespace fl::proxy {
namespace {

const middleware::Kind* find_kind(const config::dynamic::Middleware& options) {
  const auto kinds = middleware::kinds();
  const auto it = std::ranges::find_if(kinds, [&options](const auto& kind) { return kind.is_set(options); });
  return it == kinds.end() ? nullptr : &*it;
}

// What is wrong with it by itself. A chain's members speak for themselves; a cycle shows where it is used.
void check(const config::dynamic::Middleware& options, MiddlewareReport& report) {
  const auto type = config::dynamic::kind_of(options);
  if (!type) return report.disable("the middleware " + type.error().message);
  report.type = to_lower(*type);
  if (options.chain) return;
  const middleware::Kind* kind = find_kind(options);
  if (kind == nullptr)
    return report.disable(
        fmt::format("middlewares of type {} are not supported by this version of fairlead yet", *type));
  if (const auto made = kind->make(options, nullptr, {}); !made) report.disable(made.error().message);
}

}  // namespace

bool operator==(const MiddlewareList& a, const MiddlewareList& b) {
  return a.targets == b.targets && std::ranges::equal(a.middlewares, b.middlewares,
                                                      [](const auto& x, const auto& y) { return x == y || *x == *y; });
}

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
    list.middlewares.push_back(it.entry());
    return {};
  }
  path.push_back(name);
  for (const std::string& child : it->second.chain->middlewares) FL_TRY_VOID(expand_into(child, path, list));
  path.pop_back();
  return {};
}

Result<MiddlewareList> MiddlewareResolver::expand(const std::vector<std::string>& names,
                                                  middleware::TargetSource& targets) const {
  MiddlewareList list;
  std::vector<std::string_view> path;
  for (const std::string& name : names) FL_TRY_VOID(expand_into(name, path, list));
  for (const MiddlewareEntry& entry : list.middlewares) {
    const auto& [name, options] = *entry;
    const auto find_target = find_kind(options)->find_target;
    if (find_target == nullptr) continue;
    FL_TRY(middleware::Target target, find_target(options, name, targets));
    list.targets.push_back(std::move(target));
  }
  return list;
}

Result<HandlerPtr> MiddlewareResolver::wrap(const MiddlewareList& list, HandlerPtr last) const {
  auto target = list.targets.rbegin();
  for (const MiddlewareEntry& entry : std::views::reverse(list.middlewares)) {
    const auto& [name, options] = *entry;
    const middleware::Kind& kind = *find_kind(options);
    auto handler = kind.make(options, std::move(last), kind.find_target == nullptr ? middleware::Target() : *target++);
    if (!handler) return fail(Code::invalid, fmt::format("middleware \"{}\": {}", name, handler.error().message));
    last = *std::move(handler);
  }
  return last;
}

BuiltMiddlewares MiddlewareResolver::check_all(const BuiltMiddlewares& before) const {
  BuiltMiddlewares all;
  InOrder<BuiltMiddleware> known(before);
  const config::Objects<MiddlewareReport> wrong = std::exchange(report_.middlewares, {});
  const auto& middlewares = configuration_.http.middlewares;
  for (auto it = middlewares.begin(); it != middlewares.end(); ++it) {
    const MiddlewareEntry& entry = it.entry();
    const auto issues = wrong.find(entry->first);
    const auto* same = known.find(entry->first);
    if (same != nullptr && issues == wrong.end() && (*same)->configuration == entry) {
      all.push_back(*same);
      report_.middlewares.share((*same)->report);
      continue;
    }
    using Entry = config::Objects<MiddlewareReport>::Entry;
    auto report = std::make_shared<Entry>(entry->first, issues != wrong.end() ? issues->second : MiddlewareReport());
    check(entry->second, report->second);
    report_.middlewares.share(report);
    // With a mistake that its text has shown, it is looked at anew the next time.
    if (issues == wrong.end()) all.push_back(std::make_shared<BuiltMiddleware>(entry, std::move(report)));
  }
  report_.middlewares.share_missing(wrong);
  return all;
}

}  // namespace fl::proxy
