// What a client or server must know of one AWS service besides its shapes. The generated constants are of this type.
#pragma once

#include <cstdint>
#include <string_view>

namespace fl::ecs {

enum class WireProtocol : uint8_t {
  json,   // POST with X-Amz-Target, JSON 1.1 both ways
  query,  // POST of a form, XML back in <...Response><...Result>
  ec2,    // as query, with EC2's own naming of list items and no result element
};

struct ServiceModel {
  std::string_view id;               // as in AWS_ENDPOINT_URL_<ID>
  std::string_view endpoint_prefix;  // first label of the host name
  std::string_view signing_name;     // service part of the credential scope
  std::string_view target_prefix;    // of X-Amz-Target; empty unless json
  std::string_view api_version;      // Version parameter; unused by json
  std::string_view xml_namespace;    // of answers; empty for json
  WireProtocol protocol;
};

}  // namespace fl::ecs
