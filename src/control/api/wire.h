// Between HTTP and actions: which service and action a request is for, its JSON, and how answers and errors are
// written in that service's protocol. Pure; any thread. Source: AWS JSON 1.1 and Query protocols.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "control/api/action.h"
#include "control/api/query_form.h"
#include "control/auth/signature.h"

namespace fl::control::api {

// What a request wants, as far as it says so.
struct Wanted {
  const Service* service = nullptr;  // null: none that we serve
  std::string action;                // as the request names it; it may be unknown
  FormParameters form;               // of Query requests
};

// By X-Amz-Target; else by Action and Version in the form or the query, where `scope_service` (of the signature, may
// be empty) goes before Version.
Wanted identify(const auth::ReceivedRequest& request, std::string_view scope_service);

// The action, or why there is none: UnknownOperationException, InvalidAction, UnsupportedFeatureException.
Answer<const Action*> find_action(const Wanted& wanted);

// The request's JSON, checked against the action's rules. Errors: SerializationException, or the service's own for
// what is missing or out of its enumeration.
Answer<json::Value> read_body(const Wanted& wanted, const Action& action, std::string_view body);

struct Written {
  uint16_t status = 200;
  std::string body;
  std::string_view content_type;
  std::string error_type;  // empty: no error
};

Written write_answer(const Service& service, const Action& action, Encoded answer, std::string_view request_id);
// `service` may be null: JSON.
Written write_error(const Service* service, AwsError error, std::string_view request_id);

// AWS's name for what is wrong with a signature: JSON services and Query services have different ones.
AwsError auth_error(const Service& service, const auth::AuthError& error);

}  // namespace fl::control::api
