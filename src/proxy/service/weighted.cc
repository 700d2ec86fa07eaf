#include "proxy/service/weighted.h"

#include "config/merge.h"
#include "proxy/answers.h"

namespace fl::proxy {
namespace {

// Traefik makes cookies of children's names as they stand in the configuration, which for a child of the same provider
// is mostly without it. A cookie made of the full name is known as well.
std::vector<ChildPicker::Child> children_of(const Weighted::Options& options) {
  const std::string_view own = config::split_name(options.service).provider;
  std::vector<ChildPicker::Child> children;
  for (const Weighted::Child& child : options.children) {
    const auto [name, provider] = config::split_name(child.name);
    if (provider == own)
      children.push_back({std::string(name), child.name, child.weight > 0, child.health});
    else
      children.push_back({child.name, {}, child.weight > 0, child.health});
  }
  return children;
}

}  // namespace

Weighted::Weighted(Options options)
    : options_(std::move(options)),
      picker_(options_.service, children_of(options_), options_.sticky, options_.strategy) {}

net::Task<> Weighted::handle(http::Exchange& x) const {
  const ChildPicker::Choice choice = picker_.pick(x);
  if (choice.child < 0) return answer_no_server(x);
  if (choice.set_cookie) return handle_and_set_cookie(x, choice.child);
  return options_.children[static_cast<size_t>(choice.child)].handler->handle(x);
}

net::Task<> Weighted::handle_and_set_cookie(http::Exchange& x, int child) const {
  co_await options_.children[static_cast<size_t>(child)].handler->handle(x);
  picker_.set_cookie(x, child);
}

}  // namespace fl::proxy
