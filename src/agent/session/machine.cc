#include "agent/session/machine.h"

#include <fmt/format.h>

#include "agent/engine/process/proc.h"
#include "agent/session/backoff.h"
#include "agent/session/message_id.h"
#include "aws/generated/ssm_operations.h"
#include "base/json.h"
#include "base/log.h"
#include "ecs/shape.h"

namespace fl::agent::session {
namespace {

namespace ssm = aws::ssm;

constexpr Duration kFirstWait = 500ms, kLongestWait = 30s;  // between attempts to register
constexpr Duration kRetryWait = 10s;                        // after keys could not be renewed

Result<> save_machine(const std::string& path, const Machine& machine) {
  return engine::process::write_durable_file(path,
                                             json::to_text(json::Object{{"instanceId", machine.id},
                                                                        {"fingerprint", machine.fingerprint},
                                                                        {"privateKey", machine.key->private_key()}}));
}

// Whether asking again with the same activation may help.
bool may_help(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::throttled || error.code == Code::timeout;
}

}  // namespace

Result<std::optional<Machine>> load_machine(const std::string& path) {
  const auto text = engine::process::read_file(path);
  if (!text && text.error().code == Code::not_found) return std::nullopt;
  if (!text) return tl::make_unexpected(text.error());
  const auto value = json::parse(*text);
  if (!value) return tl::make_unexpected(Error(value.error()).context(path));
  auto key = RsaKey::from_private_key(value->string_at("privateKey"));
  if (!key)
    return tl::make_unexpected(
        std::move(key).error().context(path + ": privateKey (delete the file to register with another activation)"));
  return Machine{.id = std::string(value->string_at("instanceId")),
                 .fingerprint = std::string(value->string_at("fingerprint")),
                 .key = std::make_shared<const RsaKey>(*std::move(key))};
}

net::Task<Result<Machine>> register_machine(aws::Caller& caller, std::optional<Machine> begun,
                                            std::string activation_id, std::string activation_code, std::string path) {
  Machine machine =
      begun ? *std::move(begun)
            : Machine{
                  .id = {}, .fingerprint = new_message_id(), .key = std::make_shared<const RsaKey>(RsaKey::generate())};
  FL_CO_TRY_VOID(save_machine(path, machine));
  const ssm::RegisterManagedInstanceRequest request{.activation_code = activation_code,
                                                    .activation_id = activation_id,
                                                    .fingerprint = machine.fingerprint,
                                                    .public_key = machine.key->public_key(),
                                                    .public_key_type = "Rsa"};
  aws::FixedCredentials none({});
  Backoff backoff(kFirstWait, kLongestWait);
  for (;;) {
    auto answer = co_await caller.call<ssm::op::RegisterManagedInstance>(request, none);
    if (answer) {
      machine.id = ecs::text(answer->instance_id);
      break;
    }
    if (!may_help(answer.error())) co_return tl::make_unexpected(std::move(answer).error());
    const Duration wait = backoff.next();
    log::warn("cannot register this machine: {}; again in {}", answer.error().message,
              format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(wait)));
    co_await net::sleep_for(wait, *caller.options().stop);
    if (caller.options().stop->stop_requested()) co_return fail(Code::canceled, "stopped before it was registered");
  }
  if (machine.id.empty()) co_return fail(Code::unavailable, "RegisterManagedInstance names no instance");
  FL_CO_TRY_VOID(save_machine(path, machine));
  log::info("this machine is {}, by activation {}", machine.id, activation_id);
  co_return machine;
}

MachineCredentials::MachineCredentials(aws::Caller& caller, Machine machine, const Clock& clock)
    : caller_(caller),
      machine_(std::move(machine)),
      clock_(clock),
      proof_({.access_key_id = machine_.id,
              .secret_access_key = {},
              .session_token = {},
              .expires = {},
              .machine_key = machine_.key}) {}

net::Task<Result<aws::Credentials>> MachineCredentials::get() {
  const WallTime now = clock_.wall() + caller_.clock_offset();
  if (known_ && now < renew_at_) co_return *known_;
  auto fresh = co_await ask();
  if (fresh) {
    renew_at_ = now + (fresh->expires.value_or(now) - now) / 2;
    known_ = *fresh;
    co_return fresh;
  }
  if (!known_ || *known_->expires <= now) co_return fresh;
  log::warn("keys of {} cannot be renewed: {}", machine_.id, fresh.error().message);
  renew_at_ = now + kRetryWait;
  co_return *known_;
}

net::Task<Result<aws::Credentials>> MachineCredentials::ask() {
  FL_CO_TRY(const auto answer, co_await caller_.call<ssm::op::RequestManagedInstanceRoleToken>(
                                   {.fingerprint = machine_.fingerprint}, proof_));
  if (!answer.access_key_id || !answer.secret_access_key || !answer.session_token || !answer.token_expiration_date)
    co_return fail(Code::unavailable, "RequestManagedInstanceRoleToken gave no keys");
  co_return aws::Credentials{.access_key_id = *answer.access_key_id,
                             .secret_access_key = *answer.secret_access_key,
                             .session_token = *answer.session_token,
                             .expires = answer.token_expiration_date,
                             .machine_key = {}};
}

}  // namespace fl::agent::session
