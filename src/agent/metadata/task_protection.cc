#include "agent/metadata/task_protection.h"

#include <limits>

#include "base/time.h"
#include "ecs/generated/ecs_operations.h"
#include "ecs/shape.h"

namespace fl::agent::metadata {
namespace {

using ecs::text;

ProtectionAnswer refuse(uint16_t status, const std::string& arn, std::string_view code, std::string_view message) {
  return {status, json::Object{{"error", json::Object{{"Arn", arn}, {"Code", code}, {"Message", message}}}}};
}

ProtectionAnswer refuse(const std::string& arn, const Error& error) {
  switch (error.code) {
    case Code::denied: return refuse(400, arn, "AccessDeniedException", error.message);
    case Code::invalid: return refuse(400, arn, "InvalidParameterException", error.message);
    case Code::not_found: return refuse(404, arn, "ResourceNotFoundException", error.message);
    case Code::timeout:
    case Code::canceled:
    case Code::unavailable: return refuse(504, arn, "RequestCanceled", error.message);
    default: return refuse(500, arn, "ServerException", error.message);
  }
}

template <class Response>
ProtectionAnswer answer(const std::string& arn, const Result<Response>& response) {
  if (!response) return refuse(arn, response.error());
  for (const ecs::Failure& failure : ecs::items(response->failures))
    return {200, json::Object{{"failure", json::Object{{"Arn", text(failure.arn)},
                                                       {"Reason", text(failure.reason)},
                                                       {"Detail", failure.detail ? json::Value(*failure.detail)
                                                                                 : json::Value()}}}}};
  for (const ecs::ProtectedTask& task : ecs::items(response->protected_tasks))
    return {200, json::Object{{"protection",
                               json::Object{{"ExpirationDate", task.expiration_date
                                                                   ? json::Value(format_rfc3339(*task.expiration_date))
                                                                   : json::Value()},
                                            {"ProtectionEnabled", task.protection_enabled.value_or(false)},
                                            {"TaskArn", text(task.task_arn)}}}}};
  return refuse(500, arn, "ServerException", "the control plane names neither the task nor a failure");
}

// Errors: what is wrong with it.
Result<ecs::UpdateTaskProtectionRequest> read_change(const std::string& body) {
  const auto value = json::parse(body);
  if (!value || value->if_object() == nullptr) return fail(Code::invalid, "the request is no JSON object");
  ecs::UpdateTaskProtectionRequest out;
  for (const auto& [name, member] : *value->if_object()) {
    if (name == "ProtectionEnabled" && member.if_bool() != nullptr) {
      out.protection_enabled = *member.if_bool();
    } else if (name == "ExpiresInMinutes" && member.if_int() != nullptr && *member.if_int() >= 0 &&
               *member.if_int() <= std::numeric_limits<int32_t>::max()) {
      out.expires_in_minutes = static_cast<int32_t>(*member.if_int());
    } else if (name != "ExpiresInMinutes" || !member.is_null()) {
      return fail(Code::invalid, "the request has ProtectionEnabled, true or false, and ExpiresInMinutes, a number");
    }
  }
  if (!out.protection_enabled) return fail(Code::invalid, "ProtectionEnabled is missing");
  return out;
}

}  // namespace

net::Task<ProtectionAnswer> task_protection(session::ControlPlane& control_plane, ProtectionCall call) {
  aws::CredentialSource& credentials = call.role ? *call.role : control_plane.credentials();
  const std::vector<std::string> tasks{call.task_arn};
  if (!call.change) {
    ecs::GetTaskProtectionRequest request{.cluster = call.cluster_arn, .tasks = tasks};
    co_return answer(call.task_arn,
                     co_await control_plane.caller().call<ecs::op::GetTaskProtection>(std::move(request), credentials));
  }
  auto request = read_change(*call.change);
  if (!request) co_return refuse(call.task_arn, request.error());
  request->cluster = call.cluster_arn;
  request->tasks = tasks;
  co_return answer(call.task_arn, co_await control_plane.caller().call<ecs::op::UpdateTaskProtection>(
                                      *std::move(request), credentials));
}

}  // namespace fl::agent::metadata
