// The API's HTTP side: one handler for all services. Reads a request, finds out what it wants and who signed it, runs
// the action and writes the answer as that service's clients expect it.
//
//   read body (1 MiB) -> identify -> authenticate -> find action -> check JSON -> read | write -> answer
//
// Belongs to the loop of its HTTP server; reads run here, writes on the control thread. Outlives its exchanges.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/api/action.h"
#include "control/api/wire.h"
#include "control/auth/authenticator.h"
#include "control/state/ids.h"
#include "control/state/writer.h"
#include "http/exchange.h"

namespace fl::control::api {

class Front final : public http::Handler {
 public:
  // `writer` and `clock` outlive the front.
  Front(state::Writer& writer, auth::Authenticator authenticator, ServerSettings settings,
        const Clock& clock = system_clock());

  net::Task<> handle(http::Exchange& exchange) const override;

  // Requests for this path, or below it when it ends with '/', go to another handler. Before the first request.
  void add_path(std::string path, const http::Handler& handler) { paths_.emplace_back(std::move(path), &handler); }
  // From the next request on.
  void set_authenticator(auth::Authenticator authenticator) { authenticator_ = std::move(authenticator); }
  // Who signed a request. Errors: also keys of a machine that is registered no longer.
  tl::expected<auth::Identity, auth::AuthError> authenticate(const auth::ReceivedRequest& request,
                                                             std::string_view service) const;
  const ServerSettings& settings() const { return settings_; }

 private:
  net::Task<Written> answer(http::Exchange& exchange, std::string body, std::string request_id) const;
  struct Sender {
    Caller caller;
    std::string region;
  };
  Answer<Sender> identify_sender(const auth::ReceivedRequest& request, const Wanted& wanted) const;
  net::Task<Answer<Encoded>> run(const Action& action, Caller caller, std::string region, json::Value body,
                                 std::string source_ip) const;
  void send(http::Exchange& exchange, Written written, std::string_view request_id) const;

  state::Writer& writer_;
  const ServerSettings settings_;
  const Clock& clock_;
  auth::Authenticator authenticator_;
  std::vector<std::pair<std::string, const http::Handler*>> paths_;
  mutable state::IdSource request_ids_;
};

}  // namespace fl::control::api
