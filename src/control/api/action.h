// An action of the API as a function: request shape in, response shape or AwsError out. Actions know neither HTTP nor
// JSON; action_table.cc lists them all.
//
//   Answer<ecs::ListClustersResponse> list_clusters(const ReadCall& call, const ecs::ListClustersRequest& request);
//   Answer<ecs::CreateClusterResponse> create_cluster(const WriteCall& call, const ecs::CreateClusterRequest& request);
//
// A read runs on the API's thread over an immutable view. A write runs on the control thread inside one transaction,
// which is committed when it gives a response and forgotten when it gives an error; a write that changed nothing
// commits nothing. Before either is called the request's JSON was checked against the service's model: members are of
// the right type, required ones are there, enumerated ones hold a value of their enumeration.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/json.h"
#include "base/time.h"
#include "control/api/aws_error.h"
#include "ecs/service_model.h"
#include "ecs/shape_rules.h"

namespace fl::control::state {
struct Scope;
class Partition;
class Transaction;
}  // namespace fl::control::state

namespace fl::control::auth {
class TemporaryKeys;
}

namespace fl::control::api {

// Who signed the request.
struct Caller {
  std::string account;     // 12 digits
  std::string access_key;  // its id
  std::string arn;         // arn:aws:iam::ACCOUNT:user/NAME, or :root
  std::string user_id;     // sts's UserId
};

// What the server is and was told at its start; the same for all calls.
struct ServerSettings {
  std::string region;      // of requests that name none
  std::string account_id;  // of callers that no keys file knows
  std::string endpoint;    // "http://127.0.0.1:4566": how agents reach us, for DiscoverPollEndpoint
  bool strict = false;     // refuse also what AWS refuses and we could do, such as load balancers of EXTERNAL services
  std::shared_ptr<const auth::TemporaryKeys> temporary_keys = nullptr;  // makes keys; null only in tests that need none
};

struct ReadCall {
  const state::Scope& scope;      // account and region of the request
  const state::Partition& state;  // of that scope
  const Caller& caller;
  const ServerSettings& settings;
  WallTime now;
};

// Scope, state, time and ids are the transaction's.
struct WriteCall {
  state::Transaction& transaction;
  const Caller& caller;
  const ServerSettings& settings;
  std::string_view source_ip = {};  // where the request came from
};

// How an action's caller proves who it is.
enum class Proof : uint8_t {
  signature,   // of an access key
  activation,  // the request's ActivationId, which says whose account it is; the action checks the code
  machine_key  // the key of a machine that came by an activation
};

// What an action answers: the JSON as it goes on the wire, or for services that answer in XML the value it is made of.
using Encoded = std::variant<std::string, json::Value>;

// One line of the table. Exactly one of the two functions is set; of an operation that we know but refuse, neither.
struct Action {
  std::string_view name;
  std::string_view result_element = {};  // around the answer in XML
  const ecs::ShapeRules* input = nullptr;
  const ecs::ShapeRules* output = nullptr;
  Answer<Encoded> (*read)(const ReadCall& call, const json::Value& request) = nullptr;
  Answer<Encoded> (*write)(const WriteCall& call, const json::Value& request) = nullptr;
  std::string_view invalid_request = {};  // where it is another error than the service's
  Proof proof = Proof::signature;
};

namespace detail {
// The request was checked against its rules, so that decoding fails only where those and the codec disagree.
AwsError undecodable(const Error& error);

template <class Op, auto function, class Call>
Answer<Encoded> run(const Call& call, const json::Value& body) {
  typename Op::Request request;
  if (const auto decoded = decode(body, request); !decoded) return tl::make_unexpected(undecodable(decoded.error()));
  auto answer = function(call, request);
  if (!answer) return tl::make_unexpected(std::move(answer).error());
  if constexpr (Op::kService.protocol == ecs::WireProtocol::json) {
    std::string text;
    append_json(text, *answer);
    return text;
  } else {
    return encode(*answer);
  }
}
}  // namespace detail

// One API: what is known of it, and its actions.
struct Service {
  const ecs::ServiceModel* model = nullptr;
  std::span<const Action> actions;
  // Type of the error for a missing member or a value out of its enumeration.
  std::string_view invalid_request = {};

  const Action* find(std::string_view action) const;
};

// All that is served. Lives for ever.
std::span<const Service> services();

// Table lines: read_action<ecs::op::ListClusters, list_clusters>().
template <class Op, auto function>
Action read_action() {
  return {Op::kName, Op::kResultElement, &Op::input(), &Op::output(), detail::run<Op, function, ReadCall>, nullptr};
}
template <class Op, auto function>
Action write_action() {
  return {Op::kName, Op::kResultElement, &Op::input(), &Op::output(), nullptr, detail::run<Op, function, WriteCall>};
}

}  // namespace fl::control::api
