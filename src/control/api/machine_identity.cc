#include "control/api/machine_identity.h"

#include "base/json.h"
#include "control/api/actions/managed_instances.h"

namespace fl::control::api {
namespace {

auth::AuthError unknown_key() {
  return {auth::AuthError::Kind::unknown_key, "The security token included in the request is invalid."};
}

// The machine whose session that is: "arn:aws:sts::ACCOUNT:assumed-role/ROLE/mi-17 hex digits"; empty: of none.
std::string_view machine_of_session(std::string_view arn) {
  constexpr size_t kSize = 20;
  const std::string_view session = arn.substr(arn.rfind('/') + 1);
  const bool is_machine = arn.contains(":assumed-role/") && session.size() == kSize && session.starts_with("mi-") &&
                          session.find_first_not_of("0123456789abcdef", 3) == session.npos;
  return is_machine ? session : std::string_view();
}

}  // namespace

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
  return tl::make_unexpected(unknown_key());
}

tl::expected<void, auth::AuthError> check_machine(const state::View& view, const auth::Identity& identity) {
  const std::string_view id = machine_of_session(identity.key.arn);
  if (id.empty()) return {};
  for (const auto& [scope, partition] : view.partitions())
    if (scope.account == identity.key.account && partition->managed_instances().find({id}) != nullptr) return {};
  return tl::make_unexpected(unknown_key());
}

}  // namespace fl::control::api
