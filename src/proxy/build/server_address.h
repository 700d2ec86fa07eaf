// The address of a server of a TCP or UDP service. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/address.h"

namespace fl::proxy {

// "10.0.0.5:5432", "[::1]:53", "db.internal:5432". Errors: anything else, a missing host or port among it.
Result<config::Address> parse_server_address(std::string_view text);

}  // namespace fl::proxy
