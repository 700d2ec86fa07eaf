#include "aws/endpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/strings.h"

namespace fl::aws {
namespace {

struct Partition {
  std::string_view region_prefix, suffix, dual_stack_suffix;
};
// The first match counts. Source: AWS's partition list.
constexpr Partition kPartitions[] = {
    {"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
    {"us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
    {"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
    {"eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
    {"", "amazonaws.com", "api.aws"},
};

const Partition& partition_of(std::string_view region) {
  return *std::ranges::find_if(kPartitions, [&](const Partition& p) { return region.starts_with(p.region_prefix); });
}

bool is_true(std::string_view text) { return iequals(text, "true"); }

// The variable or profile setting that names an endpoint, and its value.
std::pair<std::string, std::string> configured(const ecs::ServiceModel& service, const Environment& environment,
                                               const Profiles& profiles) {
  if (is_true(environment.variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"))) return {};
  for (const std::string& name :
       {fmt::format("AWS_ENDPOINT_URL_{}", to_upper(service.id)), std::string("AWS_ENDPOINT_URL")})
    if (std::string url = environment.variable(name); !url.empty()) return {name, url};
  return {fmt::format("endpoint_url of profile {}", profiles.active()), profiles.active_setting("endpoint_url")};
}

}  // namespace

std::string_view dns_suffix(std::string_view region) { return partition_of(region).suffix; }

Result<http::Url> find_endpoint(const ecs::ServiceModel& service, std::string_view region,
                                const Environment& environment, const Profiles& profiles) {
  if (const auto [name, text] = configured(service, environment, profiles); !text.empty()) {
    auto url = http::Url::parse(text);
    if (!url) return tl::make_unexpected(std::move(url).error().context(name));
    return url;
  }
  const bool is_label = !region.empty() && std::ranges::all_of(region, [](char c) { return is_alnum(c) || c == '-'; });
  if (!is_label) return fail(Code::invalid, fmt::format("\"{}\" is not an AWS region (set AWS_REGION)", region));
  const bool fips = is_true(environment.variable("AWS_USE_FIPS_ENDPOINT"));
  const bool dual_stack = is_true(environment.variable("AWS_USE_DUALSTACK_ENDPOINT"));
  const Partition& partition = partition_of(region);
  return http::Url::parse(fmt::format("https://{}{}.{}.{}", service.endpoint_prefix, fips ? "-fips" : "", region,
                                      dual_stack ? partition.dual_stack_suffix : partition.suffix));
}

}  // namespace fl::aws
