// What amazon-ssm-agent, and our agent in its place, calls: a machine comes by an activation, and gets keys of the
// activation's role for as long as it is registered. Not in the public model; after the agent's source
// (agent/ssm/anonauth, agent/ssm/rsaauth).
#pragma once

#include "aws/generated/ssm_shapes.h"
#include "control/api/action.h"

namespace fl::control::api {

// -> mi-... A machine that asks again with the same activation, key and fingerprint is the one it was: its answer may
// have been lost. Errors: InvalidActivation, ActivationExpired, RegistrationLimitExceeded, ValidationException.
Answer<aws::ssm::RegisterManagedInstanceResult> register_managed_instance(
    const WriteCall& call, const aws::ssm::RegisterManagedInstanceRequest& request);

// Keys for an hour, of the session ROLE/mi-.... Errors: MachineFingerprintDoesNotMatch.
Answer<aws::ssm::RequestManagedInstanceRoleTokenResult> request_managed_instance_role_token(
    const ReadCall& call, const aws::ssm::RequestManagedInstanceRoleTokenRequest& request);

// For an id and a code that do not belong together; which of the two is wrong is not told.
tl::unexpected<AwsError> invalid_activation();

}  // namespace fl::control::api
