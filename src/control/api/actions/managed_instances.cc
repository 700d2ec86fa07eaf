#include "control/api/actions/managed_instances.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/rsa_key.h"
#include "control/auth/temporary_keys.h"
#include "control/state/transaction.h"
#include "ecs/shape.h"

namespace fl::control::api {
namespace {

namespace ssm = aws::ssm;

constexpr Duration kKeyLife = 1h;
constexpr size_t kLongestFingerprint = 256;

}  // namespace

tl::unexpected<AwsError> invalid_activation() {
  return refuse("InvalidActivation",
                "The activation isn't valid. The activation might have been deleted, or the ActivationId and the "
                "ActivationCode do not match.");
}

Answer<ssm::RegisterManagedInstanceResult> register_managed_instance(
    const WriteCall& call, const ssm::RegisterManagedInstanceRequest& request) {
  state::Transaction& tx = call.transaction;
  const state::Activation* found = tx.state().activations().find({*request.activation_id});
  if (found == nullptr || !constant_time_equal(found->code_hash, hex(sha256(*request.activation_code))))
    return invalid_activation();
  state::Activation activation = *found;
  if (!is_rsa_public_key(*request.public_key))
    return refuse("ValidationException", "PublicKey must be the base64 of an RSA key of 2048 to 4096 bits in DER.");
  const std::string_view fingerprint = ecs::text(request.fingerprint);
  if (fingerprint.size() > kLongestFingerprint)
    return refuse("ValidationException", fmt::format("Fingerprint has at most {} characters.", kLongestFingerprint));

  for (const auto& machine : tx.state().managed_instances().all())
    if (machine->activation_id == activation.id && machine->public_key == *request.public_key &&
        machine->fingerprint == fingerprint)
      return ssm::RegisterManagedInstanceResult{.instance_id = machine->id};
  if (activation.expires_at <= tx.now())
    return refuse("ActivationExpired", fmt::format("The activation {} has expired; create another.", activation.id));
  if (activation.registrations >= activation.registration_limit)
    return refuse("RegistrationLimitExceeded", fmt::format("Registration limit of {} reached for activation {}.",
                                                           activation.registration_limit, activation.id));

  state::ManagedInstance machine;
  machine.id = "mi-" + tx.ids().id().substr(0, 17);
  machine.activation_id = activation.id;
  machine.iam_role = activation.iam_role;
  machine.name = activation.default_instance_name;
  machine.ip_address = call.source_ip;
  machine.computer_name = machine.id;
  machine.platform_type = "Linux";
  machine.fingerprint = fingerprint;
  machine.public_key = *request.public_key;
  machine.registered_at = machine.last_ping_at = tx.now();
  ++activation.registrations;
  ssm::RegisterManagedInstanceResult result{.instance_id = machine.id};
  tx.put(std::move(activation));
  tx.put(std::move(machine));
  return result;
}

Answer<ssm::RequestManagedInstanceRoleTokenResult> request_managed_instance_role_token(
    const ReadCall& call, const ssm::RequestManagedInstanceRoleTokenRequest& request) {
  const std::string& id = call.caller.access_key;
  const state::ManagedInstance* machine = call.state.managed_instances().find({id});
  // It was there when the signature was checked, in a view perhaps older than this one.
  if (machine == nullptr) return refuse("InvalidInstanceId", fmt::format("{} is not registered.", id));
  if (!constant_time_equal(machine->fingerprint, *request.fingerprint))
    return refuse("MachineFingerprintDoesNotMatch", "Fingerprint does not match");
  // A role's name may come with its path.
  const std::string_view role = std::string_view(machine->iam_role).substr(machine->iam_role.rfind('/') + 1);
  const aws::Credentials keys = call.settings.temporary_keys->mint(
      call.caller.account, fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", call.caller.account, role, id),
      fmt::format("{}:{}", role, id), call.now + kKeyLife);
  return ssm::RequestManagedInstanceRoleTokenResult{.access_key_id = keys.access_key_id,
                                                    .secret_access_key = keys.secret_access_key,
                                                    .session_token = keys.session_token,
                                                    .token_expiration_date = keys.expires,
                                                    .update_key_pair = false};
}

}  // namespace fl::control::api
