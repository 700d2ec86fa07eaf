#include "proxy/service/load_balancer.h"

#include "proxy/answers.h"
#include "proxy/transaction.h"

namespace fl::proxy {

LoadBalancer::LoadBalancer(Options options) : options_(std::move(options)) {
  std::vector<std::string> urls;
  for (const ServerTarget& server : options_.servers) {
    children_.push_back({server.upstream->slot.number(), server.fenced ? 0 : server.weight});
    urls.push_back(server.url);
  }
  if (options_.sticky) sticky_.emplace(*options_.sticky, options_.service, urls);
}

BalancerState& LoadBalancer::state(http::Exchange& x) const {
  Worker& worker = Transaction::of(x).worker;
  auto& state = worker.balancer(options_.slot->number());
  if (state == nullptr) state = std::make_unique<BalancerState>();
  state->adopt(options_.version, children_, worker.random());
  return *state;
}

net::Task<> LoadBalancer::handle(http::Exchange& x) const {
  Transaction::of(x).record.service = options_.service;
  if (sticky_) return handle_sticky(x);
  const int child = state(x).next();
  if (child < 0) return answer_no_server(x);
  return forward_to(x, options_.servers[static_cast<size_t>(child)]);
}

net::Task<> LoadBalancer::handle_sticky(http::Exchange& x) const {
  Sticky::Choice choice = sticky_->find(x.request.headers);
  bool set = choice.renew;
  if (choice.child < 0) {
    choice.child = state(x).next();
    set = true;
  }
  if (choice.child < 0) co_return co_await answer_no_server(x);
  co_await forward_to(x, options_.servers[static_cast<size_t>(choice.child)]);
  if (set) sticky_->set_cookie(x, choice.child);
}

net::Task<> LoadBalancer::forward_to(http::Exchange& x, const ServerTarget& server) const {
  Transaction::of(x).record.server_url = server.url;
  if (!server.base_path.empty()) x.request.path = x.arena.concat({server.base_path, x.request.path});
  return forward(x, server.upstream, {.pass_host_header = options_.pass_host_header});
}

}  // namespace fl::proxy
