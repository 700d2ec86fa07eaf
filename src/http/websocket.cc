#include "http/websocket.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/crypto.h"

namespace fl::http {
namespace {

constexpr Duration kCloseWait = 1s;  // for the peer's half of the closing handshake
constexpr std::string_view kVersion = "13";
constexpr size_t kMaxQuotedBody = 512;

std::string new_key() {
  std::array<char, 16> bytes;
  FL_CHECK(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return base64_encode({bytes.data(), bytes.size()});
}

bool is_key(std::string_view text) {
  const auto bytes = base64_decode(text);
  return bytes && bytes->size() == 16;
}

size_t count(const HeaderMap& headers, HeaderId id) {
  size_t n = 0;
  for (const Field& field : headers) n += field.id == id ? 1 : 0;
  return n;
}

// The text of an answer may be a page; its beginning says enough.
std::string refusal_text(const FetchResponse& response) {
  std::string_view body = trim(response.body);
  const bool cut = body.size() > kMaxQuotedBody;
  body = body.substr(0, kMaxQuotedBody);
  return fmt::format("the server answers {} instead of switching to WebSocket{}{}{}", response.status,
                     body.empty() ? "" : ": ", body, cut ? "..." : "");
}

Code code_of(uint16_t status) {
  switch (status) {
    case 401:
    case 403: return Code::denied;
    case 404: return Code::not_found;
    case 429: return Code::throttled;
    default: return status >= 500 ? Code::unavailable : Code::invalid;
  }
}

}  // namespace

// ---- messages

WebSocket::WebSocket(net::Stream& stream, net::InBuffer& in, WebSocketRole role, WebSocketLimits limits)
    : stream_(stream), in_(in), role_(role), limits_(limits), decoder_(role, limits.max_message_bytes) {
  stream_.set_read_deadline(net::Stream::kNever);
  stream_.set_write_deadline(net::Stream::kNever);
}

WebSocket::~WebSocket() = default;

Error WebSocket::broken(ssize_t result) {
  if (write_error_ != 0) result = write_error_;
  if (result == -ECANCELED) return {Code::canceled, "WebSocket: canceled"};
  if (result == -ETIMEDOUT) return {Code::unavailable, "WebSocket: the peer does not take what is sent to it"};
  if (result == 0) return {Code::unavailable, "WebSocket: the connection ended without a closing handshake"};
  return {Code::unavailable, fmt::format("WebSocket: {}", std::strerror(static_cast<int>(-result)))};
}

net::Task<Result<WebSocketMessage>> WebSocket::receive(TimePoint deadline) {
  using Event = WebSocketDecoder::Event;
  while (true) {
    if (canceled_) co_return tl::make_unexpected(broken(-ECANCELED));
    std::string_view bytes = in_.view();
    const size_t before = bytes.size();
    const Event event = decoder_.next(bytes);
    in_.consume(before - bytes.size());
    switch (event) {
      case Event::text:
      case Event::binary: co_return WebSocketMessage{event == Event::text, std::move(decoder_.payload())};
      case Event::ping: send(WebSocketOpcode::pong, decoder_.payload()); continue;
      case Event::pong: continue;
      case Event::close: {
        peer_code_ = decoder_.close_code();
        const std::string reason = std::move(decoder_.payload());
        co_return fail(Code::unavailable, fmt::format("WebSocket: closed by the peer with {}{}{}", *peer_code_,
                                                      reason.empty() ? "" : ": ", reason));
      }
      case Event::failed:
        failure_code_ = decoder_.close_code();
        co_return fail(Code::invalid, fmt::format("WebSocket: {}", decoder_.problem()));
      case Event::none: break;
    }
    if (peer_code_ || failure_code_ != 0) co_return fail(Code::unavailable, "WebSocket: it has ended");
    in_.release_if_empty();
    stream_.set_read_deadline(deadline);
    const ssize_t n = co_await stream_.fill(in_);
    if (n == -ETIMEDOUT && write_error_ == 0) co_return fail(Code::timeout, "WebSocket: nothing came in time");
    if (n <= 0) co_return tl::make_unexpected(broken(n));
  }
}

void WebSocket::cancel() {
  canceled_ = true;
  stream_.cancel_read();
}

bool WebSocket::send(WebSocketOpcode opcode, std::string_view payload) {
  if (close_sent_ || write_error_ != 0) return false;
  if (out_.size() + in_flight_ + payload.size() > limits_.max_queued_bytes) return false;
  append_websocket_frame(out_, role_, opcode, payload);
  start_flush();
  return true;
}

void WebSocket::start_flush() {
  if (in_flight_ == 0) writers_.spawn(flush());
}

net::Task<> WebSocket::flush() {
  while (!out_.empty() && write_error_ == 0) {
    const std::string batch = std::exchange(out_, {});
    in_flight_ = batch.size();
    stream_.set_write_deadline(stream_.loop().now() + limits_.write_timeout);
    write_error_ = co_await stream_.write(batch);
    in_flight_ = 0;
  }
  stream_.set_write_deadline(net::Stream::kNever);
  if (write_error_ != 0) stream_.cancel_read();  // who receives hears of it
}

net::Task<> WebSocket::close(uint16_t code, std::string reason) {
  if (!close_sent_ && write_error_ == 0) {
    close_sent_ = true;
    if (failure_code_ != 0)
      append_websocket_close(out_, role_, failure_code_, decoder_.problem());
    else
      append_websocket_close(out_, role_, peer_code_.value_or(code), peer_code_ ? std::string_view{} : reason);
    start_flush();
  }
  co_await writers_.join();
  if (peer_code_ || failure_code_ != 0 || write_error_ != 0) co_return;
  canceled_ = false;
  stream_.uncancel();
  const TimePoint deadline = stream_.loop().now() + kCloseWait;
  while (co_await receive(deadline)) {
  }
}

// ---- handshake

std::string websocket_accept(std::string_view key) {
  const auto digest = sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
  return base64_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

bool is_websocket_request(const Exchange& exchange) {
  const RequestHead& request = exchange.request;
  return request.method_id == Method::get && iequals(request.upgrade, "websocket") &&
         exchange.request_body == nullptr && !request.headers.value(HeaderId::sec_websocket_key).empty();
}

bool accept_websocket(Exchange& exchange, UpgradedService serve) {
  const RequestHead& request = exchange.request;
  const HeaderMap& headers = request.headers;
  const std::string_view key = headers.value(HeaderId::sec_websocket_key);
  const auto refuse = [&](std::string_view why) {
    exchange.respond(400, why);
    return false;
  };
  if (request.method_id != Method::get) return refuse("a WebSocket begins with GET\n");
  if (!has_token(request.upgrade, "websocket"))
    return refuse("Connection: Upgrade with Upgrade: websocket is needed\n");
  if (count(headers, HeaderId::sec_websocket_version) != 1 ||
      headers.value(HeaderId::sec_websocket_version) != kVersion) {
    exchange.respond(426, "WebSocket version 13 is needed\n");
    exchange.response.headers.append(HeaderId::sec_websocket_version, kVersion);
    return false;
  }
  if (count(headers, HeaderId::sec_websocket_key) != 1 || !is_key(key))
    return refuse("Sec-WebSocket-Key must be 16 bytes in base64\n");
  if (exchange.request_body != nullptr) return refuse("a WebSocket's request has no body\n");

  exchange.response.status = 101;
  exchange.response.upgrade = "websocket";
  exchange.response.headers.append(HeaderId::sec_websocket_accept, exchange.arena.copy(websocket_accept(key)));
  exchange.upgraded = std::move(serve);
  return true;
}

net::Task<Result<std::unique_ptr<UpgradedConnection>>> connect_websocket(Fetcher& fetcher, FetchRequest request,
                                                                         FetchOptions options) {
  const std::string key = new_key();
  request.headers.emplace_back("Sec-WebSocket-Key", key);
  request.headers.emplace_back("Sec-WebSocket-Version", kVersion);
  FL_CO_TRY(auto upgraded, co_await fetcher.upgrade(std::move(request), "websocket", std::move(options)));
  if (upgraded.connection == nullptr) co_return fail(code_of(upgraded.answer.status), refusal_text(upgraded.answer));
  if (!iequals(upgraded.answer.header("Upgrade"), "websocket") ||
      upgraded.answer.header("Sec-WebSocket-Accept") != websocket_accept(key))
    co_return fail(Code::invalid, "the server's answer to the WebSocket handshake does not fit the key we sent");
  if (!upgraded.answer.header("Sec-WebSocket-Extensions").empty() ||
      !upgraded.answer.header("Sec-WebSocket-Protocol").empty())
    co_return fail(Code::invalid, "the server chose a WebSocket extension or protocol that was not offered");
  co_return std::move(upgraded.connection);
}

}  // namespace fl::http
