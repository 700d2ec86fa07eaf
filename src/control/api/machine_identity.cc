#include "control/api/machine_identity.h"

#include "base/json.h"
#include "control/api/actions/managed_instances.h"

namespace fl::control::api {

Answer<state::Scope> scope_of_activation(const state::View& view, std::string_view body) {
  const auto value = json::parse(body);
  const std::string_view id = value && value->if_object() != nullptr ? value->string_at("ActivationId") : "";
  for (const auto& [scope, partition] : view.partitions())
    if (partition->activations().find({id}) != nullptr) return scope;
  return invalid_activation();
}

tl::expected<Machine, auth::AuthError> identify_machine(const state::View& view, const auth::ReceivedRequest& request,
                                                        std::string_view service, WallTime now) {
  FL_TRY(const auth::Claim claim, auth::read_claim(request));
  for (const auto& [scope, partition] : view.partitions()) {
    if (scope.region != claim.region) continue;
    const state::ManagedInstance* machine = partition->managed_instances().find({claim.access_key_id});
    if (machine == nullptr || machine->public_key.empty()) continue;
    FL_TRY_VOID(auth::verify_machine(request, claim, service, machine->public_key, now));
    return Machine{machine->id, scope.account, scope.region};
  }
  return tl::make_unexpected(
      auth::AuthError{auth::AuthError::Kind::unknown_key, "The security token included in the request is invalid."});
}

}  // namespace fl::control::api
