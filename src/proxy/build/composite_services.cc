#include "proxy/build/composite_services.h"

#include <fmt/format.h>

#include "http/status_range.h"
#include "proxy/held_body.h"
#include "proxy/service/failover.h"
#include "proxy/service/mirroring.h"
#include "proxy/service/weighted.h"

namespace fl::proxy {
namespace {

using config::dynamic::Service;
using config::dynamic::WeightedService;
using HandlerPtr = std::shared_ptr<const http::Handler>;
using HealthPtr = std::shared_ptr<const Health>;

std::vector<Contender> contenders_of(const std::vector<WeightedService>& services) {
  std::vector<Contender> contenders;
  for (const auto& service : services) contenders.push_back({service.name, service.weight});
  return contenders;
}

class Maker {
 public:
  Maker(const std::string& name, const std::vector<HandlerPtr>& children,
        const std::function<Result<HealthPtr>(const std::string&)>& health_of)
      : name_(name), children_(children), health_of_(health_of) {}

  Result<Composite> weighted(const std::vector<WeightedService>& services,
                             const std::optional<config::dynamic::Cookie>& sticky, bool checked, StrategyPtr strategy) {
    Weighted::Options made{.service = name_, .children = {}, .sticky = sticky, .strategy = std::move(strategy)};
    std::vector<HealthPtr> healths;
    for (size_t i = 0; const auto& child : services) {
      HealthPtr health;
      if (checked) {
        FL_TRY(health, health_of_(child.name));
        healths.push_back(health);
      }
      made.children.push_back({child.name, child.weight, children_[i++], std::move(health)});
    }
    return Composite{std::make_shared<Weighted>(std::move(made)),
                     checked ? std::make_shared<ServiceHealth>(std::move(healths)) : nullptr};
  }

  Result<Composite> mirroring(const config::dynamic::Mirroring& options) {
    Mirroring::Options made{.service = children_.front(),
                            .mirrors = {},
                            .mirror_body = options.mirror_body,
                            .max_body_size = HeldBody::limit_of(options.max_body_size)};
    for (size_t i = 1; const auto& mirror : options.mirrors) {
      if (mirror.percent < 0 || mirror.percent > 100)
        return fail(Code::invalid, fmt::format("mirror {}: percent must be between 0 and 100", mirror.name));
      made.mirrors.push_back({children_[i++], static_cast<uint64_t>(mirror.percent)});
    }
    HealthPtr health;
    if (options.health_check) {
      FL_TRY(health, health_of_(options.service));
    }
    return Composite{std::make_shared<Mirroring>(std::move(made)), std::move(health)};
  }

  Result<Composite> failover(const config::dynamic::Failover& options) {
    Failover::Options made{.service = {.handler = children_[0], .health = nullptr},
                           .fallback = {.handler = children_[1], .health = nullptr},
                           .statuses = {},
                           .max_request_body = 0};
    if (options.errors) {
      FL_TRY(made.statuses, http::parse_status_ranges(options.errors->status));
      made.max_request_body = HeldBody::limit_of(options.errors->max_request_body_bytes);
    }
    // By its answers alone a service can be told to fail, too.
    auto health = health_of_(options.service);
    if (!health && (made.statuses.empty() || options.health_check))
      return tl::make_unexpected(std::move(health).error());
    if (health) made.service.health = *std::move(health);
    HealthPtr own;
    if (options.health_check) {
      FL_TRY(made.fallback.health, health_of_(options.fallback));
      own = std::make_shared<ServiceHealth>(std::vector{made.service.health, made.fallback.health});
    }
    return Composite{std::make_shared<Failover>(std::move(made)), std::move(own)};
  }

 private:
  const std::string& name_;
  const std::vector<HandlerPtr>& children_;
  const std::function<Result<HealthPtr>(const std::string&)>& health_of_;
};

}  // namespace

std::vector<std::string_view> children_of(const Service& service) {
  std::vector<std::string_view> names;
  if (service.weighted)
    for (const auto& child : service.weighted->services) names.push_back(child.name);
  if (service.highest_random_weight)
    for (const auto& child : service.highest_random_weight->services) names.push_back(child.name);
  if (service.mirroring) {
    names.push_back(service.mirroring->service);
    for (const auto& mirror : service.mirroring->mirrors) names.push_back(mirror.name);
  }
  if (service.failover) names.insert(names.end(), {service.failover->service, service.failover->fallback});
  return names;
}

Result<Composite> make_composite(const std::string& name, const Service& service,
                                 const std::vector<HandlerPtr>& children,
                                 const std::function<Result<HealthPtr>(const std::string&)>& health_of,
                                 const std::function<std::shared_ptr<const TurnCursor>()>& cursor) {
  Maker maker(name, children, health_of);
  if (const auto& options = service.weighted)
    return maker.weighted(options->services, options->sticky ? options->sticky->cookie : std::nullopt,
                          options->health_check.has_value(),
                          make_round_robin(contenders_of(options->services), name, cursor()));
  if (const auto& options = service.highest_random_weight)
    return maker.weighted(options->services, std::nullopt, options->health_check.has_value(),
                          make_highest_random_weight(contenders_of(options->services)));
  if (service.mirroring) return maker.mirroring(*service.mirroring);
  return maker.failover(*service.failover);
}

bool is_same_composite(const Service& a, const Service& b) {
  return a.weighted == b.weighted && a.highest_random_weight == b.highest_random_weight && a.mirroring == b.mirroring &&
         a.failover == b.failover;
}

}  // namespace fl::proxy
