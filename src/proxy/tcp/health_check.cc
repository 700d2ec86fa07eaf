#include "proxy/tcp/health_check.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "config/address.h"
#include "proxy/tcp/dial.h"

namespace fl::proxy::tcp {
namespace {

// Ends a probe that waits, when its service is gone.
class CancelOnStop final : public net::StopWaiter {
 public:
  CancelOnStop(net::StopSource& stop, net::Stream*& stream) : stream_(stream) { stop.hook(*this); }
  void on_stop() noexcept override {
    if (stream_ != nullptr) stream_->cancel();
  }

 private:
  net::Stream*& stream_;
};

}  // namespace

HealthCheck::HealthCheck(Options options, std::vector<Server> servers, std::shared_ptr<const Transport> transport,
                         Probe probe, net::Resolver* resolver)
    : proxy::HealthCheck(std::move(options)),
      servers_(std::move(servers)),
      transport_(*transport),
      probe_(std::move(probe)),
      resolver_(resolver) {
  transport_.dial_timeout = probe_.timeout;
  if (probe_.port == 0) return;
  for (Server& server : servers_) {
    server.port = probe_.port;
    server.address = config::Address{server.host, server.port}.to_text();
  }
}

net::Task<Result<>> HealthCheck::probe(size_t i, net::StopToken stop) const {
  const Server& server = servers_[i];
  const TimePoint deadline = net::Loop::current().now() + probe_.timeout;
  net::Stream* in_progress = nullptr;
  const CancelOnStop cancel(stop, in_progress);
  FL_CO_TRY(const std::unique_ptr<net::Stream> stream,
            co_await dial(*resolver_, server, transport_, nullptr, in_progress));
  stream->set_read_deadline(deadline);
  stream->set_write_deadline(deadline);
  in_progress = stream.get();
  ssize_t n = co_await stream->write(probe_.send);
  net::InBuffer in;
  if (n == 0)
    while (in.size() < probe_.expect.size() && (n = co_await stream->fill(in)) > 0) {
    }
  in_progress = nullptr;
  if (n < 0)
    co_return fail(Code::unavailable, fmt::format("{}: {}", server.address, std::strerror(static_cast<int>(-n))));
  if (!in.view().starts_with(probe_.expect))
    co_return fail(Code::unavailable, fmt::format("{}: its answer is not the expected one", server.address));
  co_return Result<>();
}

}  // namespace fl::proxy::tcp
