// Any bytes as a request of an AWS client: the first line is X-Amz-Target, or empty for a form; the rest is the body.
// What passes the checks runs its action over an empty state. Nothing crashes, what the rules let through can be
// decoded, and every answer obeys the rules of its shape.
#include <cstdlib>
#include <string>
#include <string_view>

#include "control/api/wire.h"
#include "control/state/transaction.h"

namespace {

using namespace fl;
using namespace fl::control;

// Of a text what it says; one that is no JSON is a fault of ours.
json::Value value_of(const api::Encoded& answer) {
  const auto* text = std::get_if<std::string>(&answer);
  if (text == nullptr) return std::get<json::Value>(answer);
  auto value = json::parse(*text);
  if (!value) std::abort();
  return *std::move(value);
}

api::Answer<api::Encoded> run(const api::Action& action, const json::Value& body) {
  static const state::View nothing;
  static const state::Scope scope{"000000000000", "us-east-1"};
  static const api::Caller caller{scope.account, "AKIA", "arn:aws:iam::000000000000:root", scope.account};
  static const api::ServerSettings settings{scope.region, scope.account, "http://127.0.0.1:4566"};
  const WallTime now{1767225600s};
  if (action.read != nullptr) return action.read({scope, nothing.in(scope), caller, settings, now}, body);
  state::IdSource ids(1);
  state::Transaction transaction(nothing, scope, now, ids);
  return action.write({transaction, caller, settings, "127.0.0.1"}, body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = text.find('\n');
  const std::string_view target = text.substr(0, line);
  const std::string_view body = line == text.npos ? std::string_view() : text.substr(line + 1);
  http::HeaderMap headers;
  headers.append("Content-Type", target.empty() ? "application/x-www-form-urlencoded" : "application/x-amz-json-1.1");
  if (!target.empty()) headers.append("X-Amz-Target", target);
  const auth::ReceivedRequest request{"POST", "/", "", &headers, body};

  const api::Wanted wanted = api::identify(request, "");
  const auto action = api::find_action(wanted);
  if (!action) {
    (void)api::write_error(wanted.service, action.error(), "id");
    return 0;
  }
  const auto value = api::read_body(wanted, **action, body);
  if (!value) {
    (void)api::write_error(wanted.service, value.error(), "id");
    return 0;
  }
  const auto answer = run(**action, *value);
  if (!answer) {
    (void)api::write_error(wanted.service, answer.error(), "id");
  } else {
    if (ecs::find_violation(value_of(*answer), *(*action)->output)) std::abort();
    (void)api::write_answer(*wanted.service, **action, *answer, "id");
  }
  return 0;
}
