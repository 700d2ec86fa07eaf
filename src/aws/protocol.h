// From a generated request to an HTTP request, and from an HTTP answer to a generated response or an error: JSON 1.1,
// Query and EC2 Query. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "aws/query_codec.h"
#include "aws/xml.h"
#include "base/json.h"
#include "base/result.h"
#include "ecs/service_model.h"
#include "http/fetch.h"

namespace fl::aws {

// One call of an operation, encoded.
struct EncodedCall {
  const ecs::ServiceModel* service;
  std::string_view operation;
  bool is_signed;
  std::string body;
};

// What the service said instead of an answer.
struct ServiceError {
  Code code = Code::invalid;
  std::string type;  // AWS's own: "ThrottlingException"; empty when the answer names none
  std::string message;
};

http::FetchRequest make_request(const EncodedCall& call, const http::Url& endpoint);

// Never fails: an answer that says nothing readable is classified by its status alone.
ServiceError read_error(ecs::WireProtocol protocol, const http::FetchResponse& response);

// The element that holds the answer's members: the root, or `result_element` inside it when that is not empty.
Result<const XmlElement*> find_result(const XmlElement& root, std::string_view operation,
                                      std::string_view result_element);

template <class Op>
EncodedCall encode_call(const typename Op::Request& request) {
  EncodedCall call{&Op::kService, Op::kName, Op::kSigned, {}};
  if constexpr (Op::kService.protocol == ecs::WireProtocol::json) {
    call.body = json::to_text(encode(request));
  } else {
    call.body = "Action=" + std::string(Op::kName) + "&Version=" + std::string(Op::kService.api_version);
    QueryWriter writer(call.body,
                       Op::kService.protocol == ecs::WireProtocol::ec2 ? QueryStyle::ec2 : QueryStyle::query);
    encode(request, writer);
  }
  return call;
}

// The body of a successful answer. An empty one is an error in every protocol.
template <class Op>
Result<> decode_answer(std::string_view body, typename Op::Response& out) {
  out = {};
  if constexpr (Op::kService.protocol == ecs::WireProtocol::json) {
    FL_TRY(const json::Value value, json::parse(body));
    return decode(value, out);
  } else {
    FL_TRY(const XmlElement root, parse_xml(body));
    FL_TRY(const XmlElement* result, find_result(root, Op::kName, Op::kResultElement));
    return decode(*result, out);
  }
}

}  // namespace fl::aws
