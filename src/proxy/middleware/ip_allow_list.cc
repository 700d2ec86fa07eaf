#include "proxy/middleware/ip_allow_list.h"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/middleware/ip_strategy.h"

namespace fl::proxy::middleware {
namespace {

class IpAllowList final : public http::Handler {
 public:
  IpAllowList(std::vector<net::Cidr> allowed, IpStrategy strategy, uint16_t reject_status, HandlerPtr next)
      : allowed_(std::move(allowed)),
        strategy_(std::move(strategy)),
        reject_status_(reject_status),
        next_(std::move(next)) {}

  net::Task<> handle(http::Exchange& x) const override {
    const auto client = strategy_.client_of(x);
    const bool may_pass = client && std::ranges::any_of(allowed_, [&](const auto& c) { return c.contains(*client); });
    return may_pass ? next_->handle(x) : reject(x);
  }

 private:
  net::Task<> reject(http::Exchange& x) const {
    x.respond(reject_status_, http::reason_phrase(reject_status_), {});
    co_return;
  }

  const std::vector<net::Cidr> allowed_;
  const IpStrategy strategy_;
  const uint16_t reject_status_;
  const HandlerPtr next_;
};

}  // namespace

Result<HandlerPtr> make_ip_allow_list(const config::dynamic::IpAllowList& options, HandlerPtr next) {
  if (options.source_range.empty()) return fail(Code::invalid, "sourceRange is empty, IPAllowLister not created");
  const int64_t status = options.reject_status_code == 0 ? 403 : options.reject_status_code;
  if (status < 200 || status > 599 || http::reason_phrase(static_cast<uint16_t>(status)).empty())
    return fail(Code::invalid, fmt::format("invalid HTTP status code {}", status));
  std::vector<net::Cidr> allowed;
  for (const std::string& text : options.source_range) {
    FL_TRY(net::Cidr network, net::Cidr::parse(text));
    allowed.push_back(network);
  }
  FL_TRY(IpStrategy strategy, IpStrategy::make(options.ip_strategy));
  return std::make_shared<IpAllowList>(std::move(allowed), std::move(strategy), static_cast<uint16_t>(status),
                                       std::move(next));
}

Result<HandlerPtr> make_ip_white_list(const config::dynamic::IpWhiteList& options, HandlerPtr next) {
  return make_ip_allow_list({.source_range = options.source_range, .ip_strategy = options.ip_strategy},
                            std::move(next));
}

}  // namespace fl::proxy::middleware
