// Who a machine is that has no access key yet: by the activation it brings, or by the key it registered. Both tell the
// account and region, which such a request does not name. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "control/api/aws_error.h"
#include "control/auth/authenticator.h"
#include "control/auth/signature.h"
#include "control/state/view.h"

namespace fl::control::api {

// Of the activation that the body of RegisterManagedInstance names. Errors: InvalidActivation.
Answer<state::Scope> scope_of_activation(const state::View& view, std::string_view body);

struct Machine {
  std::string id;  // mi-17 hex digits
  std::string account, region;
};

// The machine that signed the request with the key it registered. Errors: as for access keys.
tl::expected<Machine, auth::AuthError> identify_machine(const state::View& view, const auth::ReceivedRequest& request,
                                                        std::string_view service, WallTime now);

// The keys that a machine got for itself live an hour, but no longer than its registration: an error when they are of
// one that is registered no longer. All other keys are fine.
tl::expected<void, auth::AuthError> check_machine(const state::View& view, const auth::Identity& identity);

}  // namespace fl::control::api
