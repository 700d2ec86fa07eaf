#include "aws/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/strings.h"

namespace fl::aws {
namespace {

// Source: "Retry behavior", AWS SDKs reference guide.
constexpr std::string_view kThrottling[] = {"Throttling",
                                            "ThrottlingException",
                                            "ThrottledException",
                                            "RequestThrottledException",
                                            "TooManyRequestsException",
                                            "ProvisionedThroughputExceededException",
                                            "TransactionInProgressException",
                                            "RequestLimitExceeded",
                                            "BandwidthLimitExceeded",
                                            "RequestThrottled",
                                            "SlowDown",
                                            "PriorRequestNotComplete",
                                            "EC2ThrottledException"};
constexpr std::string_view kTransient[] = {"RequestTimeout",  "RequestTimeoutException", "InternalError",
                                           "InternalFailure", "ServerException",         "ServiceUnavailable",
                                           "Unavailable",     "IDPCommunicationError"};
constexpr std::string_view kDenied[] = {"AccessDenied",
                                        "AccessDeniedException",
                                        "UnauthorizedOperation",
                                        "UnrecognizedClientException",
                                        "InvalidClientTokenId",
                                        "InvalidClientToken",
                                        "ExpiredToken",
                                        "ExpiredTokenException",
                                        "InvalidSignatureException",
                                        "SignatureDoesNotMatch",
                                        "AuthFailure",
                                        "MissingAuthenticationToken",
                                        "MissingAuthenticationTokenException",
                                        "IncompleteSignature",
                                        "IncompleteSignatureException",
                                        "InvalidIdentityToken",
                                        "IDPRejectedClaim",
                                        "OptInRequired",
                                        "RequestExpired",
                                        "RequestTimeTooSkewed",
                                        "NotAuthorized"};

bool is_any(std::string_view type, std::span<const std::string_view> of) {
  return std::ranges::find(of, type) != of.end();
}

Code classify(std::string_view type, uint16_t status) {
  if (is_any(type, kThrottling) || status == 429) return Code::throttled;
  if (is_any(type, kDenied)) return Code::denied;
  if (is_any(type, kTransient) || status >= 500) return Code::unavailable;
  if (type.contains("NotFound")) return Code::not_found;
  if (status == 401 || status == 403) return Code::denied;
  if (status == 404) return Code::not_found;
  return Code::invalid;
}

// "com.amazonaws.ecs#ClusterNotFoundException:http://..." -> "ClusterNotFoundException"
std::string_view bare_type(std::string_view type) {
  type = type.substr(0, type.find(':'));
  return trim(type.substr(type.rfind('#') + 1));
}

void read_json(const http::FetchResponse& response, ServiceError& error) {
  error.type = bare_type(response.header("x-amzn-ErrorType"));
  const auto body = json::parse(response.body);
  if (!body) return;
  for (const char* key : {"__type", "code"})
    if (error.type.empty()) error.type = bare_type(body->string_at(key));
  for (const char* key : {"message", "Message", "errorMessage"})
    if (error.message.empty()) error.message = body->string_at(key);
}

// <ErrorResponse><Error> of Query, <Response><Errors><Error> of EC2.
void read_xml(const http::FetchResponse& response, ServiceError& error) {
  const auto root = parse_xml(response.body);
  if (!root) return;
  const XmlElement* errors = root->find("Errors");
  const XmlElement* element = (errors != nullptr ? *errors : *root).find("Error");
  if (element == nullptr) return;
  if (const XmlElement* code = element->find("Code")) error.type = trim(code->text);
  if (const XmlElement* message = element->find("Message")) error.message = trim(message->text);
}

}  // namespace

http::FetchRequest make_request(const EncodedCall& call, const http::Url& endpoint) {
  http::FetchRequest request{.method = "POST", .url = endpoint, .headers = {}, .body = call.body};
  if (call.service->protocol == ecs::WireProtocol::json) {
    request.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                       {"X-Amz-Target", fmt::format("{}.{}", call.service->target_prefix, call.operation)}};
  } else {
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  }
  return request;
}

ServiceError read_error(ecs::WireProtocol protocol, const http::FetchResponse& response) {
  ServiceError error;
  if (protocol == ecs::WireProtocol::json)
    read_json(response, error);
  else
    read_xml(response, error);
  error.code = classify(error.type, response.status);
  return error;
}

Result<const XmlElement*> find_result(const XmlElement& root, std::string_view operation,
                                      std::string_view result_element) {
  const std::string want = fmt::format("{}Response", operation);
  if (root.name != want) return fail(Code::invalid, fmt::format("expected <{}>, not <{}>", want, root.name));
  if (result_element.empty()) return &root;
  const XmlElement* result = root.find(result_element);
  if (result == nullptr) return fail(Code::invalid, fmt::format("no <{}> in <{}>", result_element, want));
  return result;
}

}  // namespace fl::aws
