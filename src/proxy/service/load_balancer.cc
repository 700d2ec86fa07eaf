#include "proxy/service/load_balancer.h"

#include "proxy/answers.h"
#include "proxy/forward/forward.h"
#include "proxy/kept_answer.h"
#include "proxy/transaction.h"

namespace fl::proxy {
namespace {

std::vector<ChildPicker::Child> children_of(const std::vector<ServerTarget>& servers) {
  std::vector<ChildPicker::Child> children;
  for (const ServerTarget& s : servers) children.push_back({s.url, {}, s.exists, s.health});
  return children;
}

}  // namespace

LoadBalancer::LoadBalancer(Options options)
    : options_(std::move(options)),
      picker_(options_.service, children_of(options_.servers), options_.sticky, options_.strategy) {}

net::Task<> LoadBalancer::handle(http::Exchange& x) const {
  Transaction::of(x).record.service = options_.service;
  const ChildPicker::Choice choice = picker_.pick(x);
  if (choice.child < 0) return answer_no_server(x);
  return choice.set_cookie ? forward_and_set_cookie(x, choice.child) : forward_to(x, choice.child);
}

net::Task<> LoadBalancer::forward_to(http::Exchange& x, int index) const {
  const ServerTarget& server = options_.servers[static_cast<size_t>(index)];
  Transaction::of(x).record.server_url = server.url;
  if (!server.base_path.empty()) x.request.path = x.arena.concat({server.base_path, x.request.path});
  if (server.load != nullptr) return forward_and_count(x, server);
  if (server.passive != nullptr) return forward_and_judge(x, server);
  return forward(x, server.upstream, {.pass_host_header = options_.pass_host_header});
}

// Traefik: a request that could not be sent, and an answer of 500 or more, count as failures.
net::Task<> LoadBalancer::forward_and_judge(http::Exchange& x, const ServerTarget& server) const {
  co_await forward(x, server.upstream, {.pass_host_header = options_.pass_host_header});
  const TimePoint now = Transaction::of(x).worker.loop().now();
  if (x.response.status >= 500)
    server.passive->failed(now);
  else if (!x.drop_connection)
    server.passive->succeeded(now);
}

// Under way until the whole answer has gone out.
net::Task<> LoadBalancer::forward_and_count(http::Exchange& x, const ServerTarget& server) const {
  server.load->begin();
  const std::shared_ptr<const void> counted(server.load.get(), [load = server.load](const void*) { load->end(); });
  if (server.passive != nullptr)
    co_await forward_and_judge(x, server);
  else
    co_await forward(x, server.upstream, {.pass_host_header = options_.pass_host_header});
  if (const auto& record = Transaction::of(x).record; record.origin_status != 0)
    server.load->answered(record.origin_duration);
  keep_with_answer(x, counted);
}

net::Task<> LoadBalancer::forward_and_set_cookie(http::Exchange& x, int index) const {
  co_await forward_to(x, index);
  picker_.set_cookie(x, index);
}

}  // namespace fl::proxy
