#include "proxy/tcp/middleware.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

namespace fl::proxy::tcp {
namespace {

// Connections of one client at a time, over all workers. The lock is taken twice in the life of a connection, which
// costs less than a thousandth of making one; a count for each worker would be no limit.
class InFlightConn final : public Handler {
 public:
  InFlightConn(int64_t amount, HandlerPtr next) : amount_(amount), next_(std::move(next)) {}

  net::Task<> handle(Connection& c) const override {
    const net::IpAddress client = c.peer.ip;
    if (!enter(client)) co_return;
    co_await next_->handle(c);
    leave(client);
  }

 private:
  bool enter(const net::IpAddress& client) const {
    const std::lock_guard lock(mutex_);
    if (amount_ <= 0) return false;
    int64_t& count = counts_[client];
    if (count >= amount_) return false;
    ++count;
    return true;
  }
  void leave(const net::IpAddress& client) const {
    const std::lock_guard lock(mutex_);
    if (const auto entry = counts_.find(client); --entry->second == 0) counts_.erase(entry);
  }

  const int64_t amount_;
  const HandlerPtr next_;
  mutable std::mutex mutex_;                          // guards what follows
  mutable std::map<net::IpAddress, int64_t> counts_;  // only clients that are connected
};

class IpAllowList final : public Handler {
 public:
  IpAllowList(std::vector<net::Cidr> allowed, HandlerPtr next) : allowed_(std::move(allowed)), next_(std::move(next)) {}

  net::Task<> handle(Connection& c) const override {
    const bool may_pass = std::ranges::any_of(allowed_, [&c](const net::Cidr& n) { return n.contains(c.peer.ip); });
    return may_pass ? next_->handle(c) : refuse();
  }

 private:
  static net::Task<> refuse() { co_return; }

  const std::vector<net::Cidr> allowed_;
  const HandlerPtr next_;
};

Result<HandlerPtr> make_ip_allow_list(const config::dynamic::TcpIpAllowList& options, HandlerPtr next) {
  if (options.source_range.empty()) return fail(Code::invalid, "sourceRange is empty, IPAllowLister not created");
  std::vector<net::Cidr> allowed;
  for (const std::string& text : options.source_range) {
    FL_TRY(net::Cidr network, net::Cidr::parse(text));
    allowed.push_back(network);
  }
  return std::make_shared<IpAllowList>(std::move(allowed), std::move(next));
}

}  // namespace

Result<HandlerPtr> make_middleware(const config::dynamic::TcpMiddleware& options, HandlerPtr next) {
  if (options.in_flight_conn) return std::make_shared<InFlightConn>(options.in_flight_conn->amount, std::move(next));
  return make_ip_allow_list(options.ip_allow_list ? *options.ip_allow_list : *options.ip_white_list, std::move(next));
}

}  // namespace fl::proxy::tcp
