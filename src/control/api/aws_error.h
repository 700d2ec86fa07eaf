// What an AWS client reads instead of an answer: a type it switches on, a text for people, a status. A value; any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace fl::control::api {

struct AwsError {
  std::string type;  // as in JSON services' __type: "ClusterNotFoundException"
  std::string message;
  uint16_t status = 400;
  bool operator==(const AwsError&) const = default;
};

// What an action gives: the response, or the error in its place. FL_TRY works with it.
template <class T = void>
using Answer = tl::expected<T, AwsError>;

[[nodiscard]] inline tl::unexpected<AwsError> refuse(std::string_view type, std::string message) {
  return tl::make_unexpected(AwsError{std::string(type), std::move(message)});
}

// ---- the types that many actions of ECS share
[[nodiscard]] inline tl::unexpected<AwsError> client_exception(std::string message) {
  return refuse("ClientException", std::move(message));
}
[[nodiscard]] inline tl::unexpected<AwsError> invalid_parameter(std::string message) {
  return refuse("InvalidParameterException", std::move(message));
}
[[nodiscard]] inline tl::unexpected<AwsError> cluster_not_found() {
  return refuse("ClusterNotFoundException", "Cluster not found.");
}
[[nodiscard]] inline tl::unexpected<AwsError> unsupported_feature(std::string message) {
  return refuse("UnsupportedFeatureException", std::move(message));
}

}  // namespace fl::control::api
