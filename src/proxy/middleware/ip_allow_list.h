// ipAllowList, and ipWhiteList as it was once called: lets only clients of the listed networks through (Traefik:
// IPAllowList). Others, and those whose address cannot be told, get rejectStatusCode with its status text.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

// Errors: no network, one that is none, a status code without a text or that cannot end a request, a bad ipStrategy.
Result<HandlerPtr> make_ip_allow_list(const config::dynamic::IpAllowList& options, HandlerPtr next);
Result<HandlerPtr> make_ip_white_list(const config::dynamic::IpWhiteList& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
