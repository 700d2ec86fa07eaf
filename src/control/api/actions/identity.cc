#include "control/api/actions/identity.h"

namespace fl::control::api {

Answer<aws::sts::GetCallerIdentityResponse> get_caller_identity(const ReadCall& call,
                                                                const aws::sts::GetCallerIdentityRequest&) {
  return aws::sts::GetCallerIdentityResponse{
      .user_id = call.caller.user_id, .account = call.caller.account, .arn = call.caller.arn};
}

}  // namespace fl::control::api
