// Amazon's own address of the credentials and metadata endpoints, 169.254.170.2, on a machine that is not Amazon's: the
// SDKs take credentials over plain HTTP from loopback and from there, from no gateway of docker's.
//
// The address lies in a network namespace that holds nothing but the listening socket, behind a veth pair whose end on
// this side is `fairlead0`. So port 80 of the machine stays free for those who serve the web, no packet filter is
// touched, and all of it goes when the socket is closed, by whatever end the agent comes to. Containers on a bridge
// come there as to any other host outside: through their gateway, which forwards (docker and podman see to that).
#pragma once

#include "base/result.h"

namespace fl::agent::metadata {

inline constexpr const char* kAwsAddress = "169.254.170.2";

// -> the listening socket, on port 80. Blocks for some milliseconds. One a machine (network namespace).
// Errors: denied without CAP_SYS_ADMIN and CAP_NET_ADMIN; conflict when there is a fairlead0 already: another agent's,
// or for a moment that of one that was killed; unavailable for what the kernel cannot do.
Result<int> listen_on_aws_address();

}  // namespace fl::agent::metadata
