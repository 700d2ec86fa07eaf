// Whole messages over HTTP/1.1, for the control path: cloud APIs, metadata endpoints, providers. Not for traffic.
// One loop; must outlive its fetches. Idle connections are kept for a while and used again.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "http/url.h"
#include "net/resolver.h"
#include "net/stop.h"
#include "net/stream.h"
#include "net/task.h"
#include "tls/client_context.h"

namespace fl::http {

using FetchHeaders = std::vector<std::pair<std::string, std::string>>;

struct FetchRequest {
  std::string method = "GET";
  Url url;
  FetchHeaders headers;  // without Host, Content-Length and Connection, which are ours
  std::string host;      // the Host field; empty: the URL's
  std::string body;
};

struct FetchResponse {
  uint16_t status = 0;
  FetchHeaders headers;
  std::string body;

  // The first value of a field, in any letter case; empty when absent.
  std::string_view header(std::string_view name) const;
};

struct FetchOptions {
  Duration timeout = 10s;  // for everything: name, connection, TLS, request and the last byte of the answer
  size_t max_body_bytes = 64 << 20;
  // Given the pieces of the body of an answer with a 2xx status as they come, instead of collecting them; such a body
  // has no limit. Returning false ends the fetch with `canceled`.
  std::function<bool(std::string_view)> on_body;
  bool head_only = false;                         // the answer's body is not waited for, and left out
  std::string unix_socket;                        // path: connects there instead of to the URL's host
  std::shared_ptr<const tls::ClientContext> tls;  // null: the Fetcher's
  net::StopSource* stop = nullptr;                // ends the fetch early
};

// A connection that left HTTP behind: after 101, bytes go both ways.
struct UpgradedConnection {
  virtual ~UpgradedConnection() = default;
  std::unique_ptr<net::Stream> stream;
  net::InBuffer in;  // what was read behind the answer's head
};

class Fetcher {
 public:
  // `tls` may be null when no https URL is ever fetched.
  Fetcher(net::Loop& loop, net::Resolver& resolver, std::shared_ptr<const tls::ClientContext> tls);
  ~Fetcher();
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  // Any complete answer is a success, whatever its status; redirects are not followed. A kept connection that the
  // server has closed is replaced once, unseen. Errors: timeout, canceled, denied (certificate), unavailable (no such
  // host, connection refused or broken, answer cut short), invalid (not HTTP), exhausted (body above the limit).
  net::Task<Result<FetchResponse>> fetch(FetchRequest request, FetchOptions options = {});

  // Asks for another protocol (RFC 9110 7.8) on a connection of its own. `connection` is null when the server answers
  // anything but 101; otherwise no deadline is set on it any more.
  struct Upgraded {
    FetchResponse answer;
    std::unique_ptr<UpgradedConnection> connection;
  };
  net::Task<Result<Upgraded>> upgrade(FetchRequest request, std::string protocol, FetchOptions options = {});

  net::Loop& loop() { return loop_; }

 private:
  struct Connection;
  struct Attempt;

  net::Task<Result<std::unique_ptr<Connection>>> open(const Url& url, Attempt& attempt);
  net::Task<Result<std::unique_ptr<net::TcpStream>>> connect_socket(const Url& url, Attempt& attempt);
  net::Task<Result<FetchResponse>> exchange(Connection& connection, const FetchRequest& request, Attempt& attempt);
  std::unique_ptr<Connection> take_idle(const Attempt& attempt);
  void keep(std::unique_ptr<Connection> connection);

  net::Loop& loop_;
  net::Resolver& resolver_;
  std::shared_ptr<const tls::ClientContext> tls_;
  std::deque<std::unique_ptr<Connection>> idle_;  // the longest unused first
};

}  // namespace fl::http
