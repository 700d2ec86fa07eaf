#include "proxy/service/grpc_health_check.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "http/client.h"
#include "proxy/build/server_url.h"
#include "proxy/service/server_check_options.h"
#include "proxy/tcp/dial.h"

namespace fl::proxy {
namespace {

constexpr size_t kMaxAnswerBytes = 4 << 10;
constexpr size_t kMessagePrefix = 5;                                     // compressed or not, length
constexpr std::string_view kEmptyMessage{"\0\0\0\0\0", kMessagePrefix};  // HealthCheckRequest of the whole server

// One call. Its "client" is the check, which goes away when the time is up or the check is no longer wanted.
class Call final : public http::Exchange, private net::StopWaiter {
 public:
  Call(const std::string& authority, TimePoint deadline, net::StopSource& stop) : timer_(*this) {
    connection_ = &info_;
    request.method = "POST";
    request.method_id = http::Method::post;
    request.path = "/grpc.health.v1.Health/Check";
    request.authority = authority;
    request.headers.append("content-type", "application/grpc");
    request.headers.append("te", "trailers");
    request.framing = http::Framing::length;
    request.content_length = kEmptyMessage.size();
    request_body = &body_;
    stop.hook(*this);
    net::Loop::current().timers().set(timer_, deadline);
  }

  // While the connection is being made there is a stream to cancel.
  net::Stream*& dialing() { return dialing_; }
  bool ended() const { return ended_; }

  net::Task<int> send_interim(const http::ResponseHead&) override { co_return 0; }
  void watch_client(http::ClientGoneListener* listener) override { listener_ = listener; }

 private:
  void on_stop() noexcept override { end(); }
  void end() noexcept {
    if (std::exchange(ended_, true)) return;
    if (dialing_ != nullptr) dialing_->cancel();
    if (auto* listener = std::exchange(listener_, nullptr); listener != nullptr) listener->on_client_gone();
  }

  http::ConnectionInfo info_;
  http::TextBody body_{kEmptyMessage};
  http::ClientGoneListener* listener_ = nullptr;
  net::Stream* dialing_ = nullptr;
  bool ended_ = false;
  struct Deadline : net::Timer {
    Call& call;
    explicit Deadline(Call& c) : Timer([](net::Timer& t) { static_cast<Deadline&>(t).call.end(); }), call(c) {}
  } timer_;
};

// The one connection of a call: closed with it, unless the server was faster.
class OneConnection final : public http::SharedConnectionPool {
 public:
  OneConnection(std::unique_ptr<net::Stream> stream, bool tls)
      : connection_(&http::make_http2_client(*this, std::move(stream), {.tls = tls})) {}
  ~OneConnection() {
    if (connection_ != nullptr) connection_->close();
  }
  OneConnection(const OneConnection&) = delete;
  OneConnection& operator=(const OneConnection&) = delete;

  std::unique_ptr<http::ClientConnection> open() { return connection_ != nullptr ? connection_->open() : nullptr; }
  void on_ended(http::SharedConnection&) noexcept override { connection_ = nullptr; }

 private:
  http::SharedConnection* connection_;
};

// -> the body, when the answer came to its end
net::Task<std::optional<std::string>> read_answer(http::BodySource& body) {
  std::string out;
  for (;;) {
    http::BodyChunk chunk = body.take();
    if (!chunk.ready()) chunk = co_await body.read();
    if (chunk.error != http::BodyError::none || out.size() + chunk.data.size() > kMaxAnswerBytes)
      co_return std::nullopt;
    out.append(chunk.data);
    if (chunk.last) co_return out;
  }
}

Result<> judge_status(const Call& call, const http::HeaderMap* trailers) {
  if (call.response.status != 200)
    return fail(Code::unavailable, fmt::format("gRPC health check failed: HTTP status {}", call.response.status));
  const std::string_view* status = trailers != nullptr ? trailers->find("grpc-status") : nullptr;
  if (status == nullptr) status = call.response.headers.find("grpc-status");  // an answer that has nothing else
  if (status == nullptr) return fail(Code::unavailable, "gRPC health check failed: the answer has no grpc-status");
  if (*status == "12") return fail(Code::unavailable, "gRPC server does not implement the health protocol");
  if (*status != "0") return fail(Code::unavailable, fmt::format("gRPC health check failed: grpc-status {}", *status));
  return {};
}

std::optional<uint64_t> take_varint(std::string_view& in) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(in.front());
    in.remove_prefix(1);
    value |= uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

// Of a message whose only field, number 1, is an enum; what else may come with later versions is skipped. An absent
// field is 0.
std::optional<uint64_t> serving_status(std::string_view message) {
  uint64_t status = 0;
  while (!message.empty()) {
    const auto key = take_varint(message);
    if (!key) return std::nullopt;
    const auto value = take_varint(message);  // or a length
    if (!value || (*key & 7) == 1 || (*key & 7) > 2) return std::nullopt;
    if ((*key & 7) == 2) {
      if (*value > message.size()) return std::nullopt;
      message.remove_prefix(*value);
    } else if (*key >> 3 == 1) {
      status = *value;
    }
  }
  return status;
}

}  // namespace

Result<> judge_health_response(std::string_view message) {
  constexpr std::array<std::string_view, 4> kNames{"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
  std::optional<uint64_t> status;
  if (message.size() >= kMessagePrefix && message.front() == '\0') {
    uint64_t length = 0;
    for (const char c : message.substr(1, 4)) length = length << 8 | static_cast<uint8_t>(c);
    if (length == message.size() - kMessagePrefix) status = serving_status(message.substr(kMessagePrefix));
  }
  if (!status || *status >= kNames.size())
    return fail(Code::unavailable, "gRPC health check failed: the answer is no HealthCheckResponse");
  if (kNames[*status] != "SERVING")
    return fail(Code::unavailable, fmt::format("received gRPC status code: {}", kNames[*status]));
  return {};
}

Result<std::shared_ptr<const GrpcHealthCheck>> GrpcHealthCheck::make(std::string service,
                                                                     std::vector<CheckedServer> servers,
                                                                     const config::dynamic::ServerHealthCheck& options,
                                                                     net::Resolver* resolver,
                                                                     std::shared_ptr<const tls::ClientContext> tls) {
  FL_TRY(Options common, server_check_options(std::move(service), std::move(servers), options));
  auto check = std::make_shared<GrpcHealthCheck>(std::move(common), resolver);
  for (const CheckedServer& server : check->options().servers) {
    FL_TRY(ServerUrl url, parse_server_url(server.url));
    if (!options.scheme.empty()) url.scheme = to_lower(options.scheme);
    if (options.port != 0) {
      url.port = static_cast<uint16_t>(options.port);
      url.default_port = false;
    }
    check->targets_.push_back(
        {.server = {.host = url.host, .port = url.port, .address = url.address(), .tls = url.scheme == "https"},
         .authority = options.hostname.empty() ? url.host_header() : options.hostname});
  }
  check->transport_ = {.name = "health check", .dial_timeout = check_timeout(options), .tls = std::move(tls)};
  return check;
}

net::Task<Result<>> GrpcHealthCheck::probe(size_t i, net::StopToken stop) const {
  const Target& target = targets_[i];
  Call call(target.authority, net::Loop::current().now() + transport_.dial_timeout, stop);
  FL_CO_TRY(auto stream, co_await tcp::dial(*resolver_, target.server, transport_, nullptr, call.dialing()));
  if (call.ended()) co_return fail(Code::timeout, "gRPC health check timeout");
  OneConnection connection(std::move(stream), target.server.tls);
  auto share = connection.open();
  if (share == nullptr) co_return fail(Code::unavailable, "gRPC health check failed: the connection was lost");
  http::ClientConnection& client = *share;
  const http::ClientOutcome outcome = co_await client.run(std::move(share), call, {});
  std::optional<std::string> message;
  if (outcome.error == http::ClientError::none && call.response_body != nullptr)
    message = co_await read_answer(*call.response_body);
  Result<> judged = fail(Code::unavailable, "gRPC health check failed: the connection was lost");
  if (message) {
    judged = judge_status(call, call.response_body->trailers());
    if (judged) judged = judge_health_response(*message);
  } else if (call.ended()) {
    judged = fail(Code::timeout, "gRPC health check timeout");
  }
  if (call.response_body != nullptr) call.response_body->abandon();
  co_await call.tasks.join();
  call.response_body.reset();
  co_return judged;
}

}  // namespace fl::proxy
