// Answers of the Query protocol: JSON -> XML, as the rules of the answer's shape say. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "control/api/action.h"
#include "control/api/aws_error.h"

namespace fl::control::api {

// Query: <OpResponse><OpResult>...</OpResult><ResponseMetadata>...; EC2: <OpResponse><requestId>...
std::string xml_answer(const Service& service, const Action& action, const json::Value& answer,
                       std::string_view request_id);
// Query: <ErrorResponse><Error><Type>Sender</Type>...; EC2: <Response><Errors><Error>...
std::string xml_error(const Service& service, const AwsError& error, std::string_view request_id);

}  // namespace fl::control::api
