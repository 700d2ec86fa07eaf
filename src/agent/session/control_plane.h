// The control plane as the agent reaches it: signed API calls, and signed WebSockets at the endpoints it names. Knows
// no task. Agent thread; outlives the sessions.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/caller.h"
#include "aws/credentials.h"
#include "base/result.h"
#include "ecs/generated/ecs_operations.h"
#include "http/fetch.h"
#include "http/websocket.h"
#include "net/task.h"

namespace fl::agent::session {

struct ControlPlaneOptions {
  std::string region;
  net::StopSource* stop = nullptr;  // ends what is waited for
};

// Keys and values of a URL's query, not yet encoded.
using QueryItems = std::vector<std::pair<std::string, std::string>>;

class ControlPlane {
 public:
  // `fetcher` and `environment` outlive it. Endpoint and credentials are found as for every AWS client (aws/), until
  // set_credentials() says better.
  static Result<std::unique_ptr<ControlPlane>> create(http::Fetcher& fetcher, const aws::Environment& environment,
                                                      ControlPlaneOptions options);

  template <class Op>
  net::Task<Result<typename Op::Response>> call(typename Op::Request request) {
    return caller_.call<Op>(std::move(request), *credentials_);
  }

  // A WebSocket at `endpoint` + "ws", its handshake signed as the genuine agent's: host and x-amz-date.
  net::Task<Result<std::unique_ptr<http::UpgradedConnection>>> connect(std::string endpoint, QueryItems query);

  // What goes before each message of a TCS channel: signed headers of the handshake's request with `body`, and the
  // empty line.
  net::Task<Result<std::string>> sign_telemetry(std::string endpoint, QueryItems query, std::string body);

  // Before the first call that is signed.
  void set_credentials(std::unique_ptr<aws::CredentialSource> credentials) { credentials_ = std::move(credentials); }

  aws::Caller& caller() { return caller_; }
  aws::CredentialSource& credentials() { return *credentials_; }
  const std::string& region() const { return options_.region; }
  http::Fetcher& fetcher() { return fetcher_; }

 private:
  ControlPlane(http::Fetcher& fetcher, const aws::Environment& environment, aws::Profiles profiles,
               ControlPlaneOptions options);
  net::Task<Result<http::FetchHeaders>> sign(const http::Url& url, std::string_view body);

  http::Fetcher& fetcher_;
  const ControlPlaneOptions options_;
  aws::Profiles profiles_;
  aws::Caller caller_;
  std::unique_ptr<aws::CredentialSource> credentials_;
};

}  // namespace fl::agent::session
