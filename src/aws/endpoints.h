// Where a service is reached. Pure; any thread. Source: "Service-specific endpoints", AWS SDKs reference guide.
#pragma once

#include <string>
#include <string_view>

#include "aws/environment.h"
#include "aws/profiles.h"
#include "base/result.h"
#include "ecs/service_model.h"
#include "http/url.h"

namespace fl::aws {

// AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the profile's endpoint_url (unless
// AWS_IGNORE_CONFIGURED_ENDPOINT_URLS), else the service's public endpoint in the region, in its FIPS or dual-stack
// variant when AWS_USE_FIPS_ENDPOINT or AWS_USE_DUALSTACK_ENDPOINT says true. Holds for STS like any other service.
// Errors: no region, or a URL that is none; the message names the variable.
Result<http::Url> find_endpoint(const ecs::ServiceModel& service, std::string_view region,
                                const Environment& environment, const Profiles& profiles);

// "amazonaws.com", "amazonaws.com.cn", ...
std::string_view dns_suffix(std::string_view region);

}  // namespace fl::aws
