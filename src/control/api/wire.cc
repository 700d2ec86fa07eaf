#include "control/api/wire.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "control/api/query_answer.h"

namespace fl::control::api {
namespace {

constexpr std::string_view kJsonType = "application/x-amz-json-1.1";
constexpr std::string_view kXmlType = "text/xml";

bool is_json(const Service* service) {
  return service == nullptr || service->model->protocol == ecs::WireProtocol::json;
}

std::string_view header(const auth::ReceivedRequest& request, std::string_view name) {
  const std::string_view* value = request.headers->find(name);
  return value == nullptr ? std::string_view() : *value;
}

template <class Predicate>
const Service* find_service(Predicate matches) {
  const auto found = std::ranges::find_if(services(), matches);
  return found == services().end() ? nullptr : &*found;
}

bool is_form(std::string_view content_type) {
  return iequals(trim(content_type.substr(0, content_type.find(';'))), "application/x-www-form-urlencoded");
}

// Stands for the services of the Query protocol that are not served, so that their clients can read the refusal.
constexpr ecs::ServiceModel kNoQueryModel{.protocol = ecs::WireProtocol::query};
constexpr Service kNoQueryService{&kNoQueryModel, {}};

std::string_view validation_error(const Service& service, const Action& action) {
  return action.invalid_request.empty() ? service.invalid_request : action.invalid_request;
}

}  // namespace

Wanted identify(const auth::ReceivedRequest& request, std::string_view scope_service) {
  if (const std::string_view target = header(request, "x-amz-target"); !target.empty()) {
    const size_t dot = target.rfind('.');
    const std::string_view prefix = target.substr(0, dot);
    return {find_service([&](const Service& s) { return is_json(&s) && s.model->target_prefix == prefix; }),
            std::string(dot == target.npos ? "" : target.substr(dot + 1)),
            {}};
  }
  Wanted wanted;
  if (is_form(header(request, "content-type"))) wanted.form = parse_form(request.body);
  if (!find_parameter(wanted.form, "Action")) wanted.form = parse_form(request.query);
  const auto action = find_parameter(wanted.form, "Action");
  if (!action) return {};
  const std::string_view version = find_parameter(wanted.form, "Version").value_or("");
  wanted.service =
      find_service([&](const Service& s) { return !is_json(&s) && s.model->signing_name == scope_service; });
  if (wanted.service == nullptr)
    wanted.service = find_service([&](const Service& s) { return !is_json(&s) && s.model->api_version == version; });
  if (wanted.service == nullptr) wanted.service = &kNoQueryService;
  wanted.action = *action;
  return wanted;
}

Answer<const Action*> find_action(const Wanted& wanted) {
  if (wanted.service == nullptr)
    return refuse(
        "UnknownOperationException",
        wanted.action.empty()
            ? "This is fairlead's API: it takes requests of AWS clients (X-Amz-Target, or Action and Version)."
            : fmt::format("No service that fairlead serves has the operation {}.", wanted.action));
  const Action* action = wanted.service->find(wanted.action);
  if (action == nullptr && is_json(wanted.service))
    return refuse("UnknownOperationException",
                  fmt::format("{} has no operation {}.", wanted.service->model->id, wanted.action));
  if (action == nullptr)
    return refuse("InvalidAction",
                  fmt::format("Could not find operation {} for version {}", wanted.action,
                              find_parameter(wanted.form, "Version").value_or("NO_VERSION_SPECIFIED")));
  if (action->read == nullptr && action->write == nullptr)
    return unsupported_feature(fmt::format("fairlead does not implement {}.", wanted.action));
  return action;
}

Answer<json::Value> read_body(const Wanted& wanted, const Action& action, std::string_view body) {
  Result<json::Value> value = json::Object{};
  if (!is_json(wanted.service))
    value = form_to_json(wanted.form, *action.input);
  else if (!trim(body).empty())
    value = json::parse(body);
  if (!value) {
    if (!is_json(wanted.service)) return refuse("MalformedInput", std::move(value).error().message);
    return refuse("SerializationException", std::move(value).error().message);
  }
  const auto wrong = ecs::find_violation(*value, *action.input);
  if (!wrong) return *std::move(value);
  if (wrong->kind == ecs::RuleViolation::Kind::type)
    return refuse("SerializationException",
                  wrong->path.empty() ? wrong->message : fmt::format("{}: {}", wrong->path, wrong->message));
  return refuse(validation_error(*wanted.service, action), wrong->message.ends_with("cannot be empty.")
                                                               ? wrong->message
                                                               : "1 validation error detected: " + wrong->message);
}

Written write_answer(const Service& service, const Action& action, Encoded answer, std::string_view request_id) {
  if (auto* text = std::get_if<std::string>(&answer)) return {.body = std::move(*text), .content_type = kJsonType};
  return {.body = xml_answer(service, action, std::get<json::Value>(answer), request_id), .content_type = kXmlType};
}

Written write_error(const Service* service, AwsError error, std::string_view request_id) {
  Written out{.status = error.status};
  if (is_json(service)) {
    out.body = json::to_text(json::Object{{"__type", error.type}, {"message", error.message}});
    out.content_type = kJsonType;
  } else {
    out.body = xml_error(*service, error, request_id);
    out.content_type = kXmlType;
  }
  out.error_type = std::move(error.type);
  return out;
}

AwsError auth_error(const Service& service, const auth::AuthError& error) {
  struct Names {
    std::string_view json, query;
    uint16_t query_status;
  };
  const auto names = [&error]() -> Names {
    using Kind = auth::AuthError::Kind;
    switch (error.kind) {
      case Kind::missing: return {"MissingAuthenticationTokenException", "MissingAuthenticationToken", 403};
      case Kind::incomplete: return {"IncompleteSignatureException", "IncompleteSignature", 400};
      case Kind::unknown_key: return {"UnrecognizedClientException", "InvalidClientTokenId", 403};
      case Kind::expired_token: return {"ExpiredTokenException", "ExpiredToken", 403};
      case Kind::mismatch: break;
    }
    return {"InvalidSignatureException", "SignatureDoesNotMatch", 403};
  }();
  if (is_json(&service)) return {std::string(names.json), error.message, 400};
  return {std::string(names.query), error.message, names.query_status};
}

}  // namespace fl::control::api
