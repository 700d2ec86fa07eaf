#include "proxy/service/weighted.h"

#include "base/crypto.h"
#include "proxy/answers.h"
#include "proxy/transaction.h"

namespace fl::proxy {

Weighted::Weighted(Options options) : options_(std::move(options)) {
  std::vector<std::string> names;
  for (const Child& child : options_.children) {
    children_.push_back({fnv1a64(child.name), child.weight});
    names.push_back(child.name);
  }
  if (options_.sticky) sticky_.emplace(*options_.sticky, options_.service, names);
}

int Weighted::next(http::Exchange& x) const {
  Worker& worker = Transaction::of(x).worker;
  auto& state = worker.balancer(options_.slot->number());
  if (state == nullptr) state = std::make_unique<BalancerState>();
  state->adopt(options_.version, children_, worker.random());
  return state->next();
}

net::Task<> Weighted::handle(http::Exchange& x) const {
  if (sticky_) return handle_sticky(x);
  const int child = next(x);
  if (child < 0) return answer_no_server(x);
  return options_.children[static_cast<size_t>(child)].handler->handle(x);
}

net::Task<> Weighted::handle_sticky(http::Exchange& x) const {
  Sticky::Choice choice = sticky_->find(x.request.headers);
  bool set = choice.renew;
  if (choice.child < 0) {
    choice.child = next(x);
    set = true;
  }
  if (choice.child < 0) co_return co_await answer_no_server(x);
  co_await options_.children[static_cast<size_t>(choice.child)].handler->handle(x);
  if (set) sticky_->set_cookie(x, choice.child);
}

}  // namespace fl::proxy
