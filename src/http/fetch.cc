#include "http/fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/strings.h"
#include "http/h1/body_reader.h"
#include "http/h1/parser.h"
#include "http/h1/writer.h"
#include "tls/tls_stream.h"

namespace fl::http {
namespace {

constexpr size_t kMaxIdle = 8;
constexpr Duration kMaxIdleTime = 30s;
constexpr h1::HeadLimits kHeadLimits{.max_head_bytes = 48 << 10};  // must fit the connection's buffer

// Work that goes on by itself when nobody waits for it any more.
template <class T>
struct Abandonable {
  std::optional<T> result;
  net::StopSource done;

  static net::Detached run(net::Task<T> work, std::shared_ptr<Abandonable> self) {
    self->result.emplace(co_await std::move(work));
    self->done.request_stop();
  }
};

// Passes a stop on.
struct StopForward final : net::StopWaiter {
  net::StopSource& to;
  explicit StopForward(net::StopSource& t) : to(t) {}
  void on_stop() noexcept override { to.request_stop(); }
};

// The result of `work`, or nullopt when the deadline or a stop comes first. `work` must own what it uses, and end on
// its own some time.
template <class T>
net::Task<std::optional<T>> result_within(TimePoint deadline, net::StopSource* stop, net::Task<T> work) {
  const auto shared = std::make_shared<Abandonable<T>>();
  Abandonable<T>::run(std::move(work), shared);
  if (shared->result) co_return std::move(shared->result);
  StopForward forward(shared->done);
  if (stop != nullptr) {
    if (stop->stop_requested()) co_return std::nullopt;
    stop->hook(forward);
  }
  co_await net::sleep_until(deadline, shared->done);
  co_return std::move(shared->result);
}

net::Task<Result<std::vector<net::IpAddress>>> resolve(net::Resolver& resolver, std::string host) {
  co_return co_await resolver.resolve(host);
}

struct Socket {
  std::unique_ptr<net::TcpStream> stream;
  int error = 0;
};
net::Task<Socket> connect(net::SocketAddress address, TimePoint deadline) {
  Socket socket;
  socket.stream = co_await net::connect(address, deadline, &socket.error);
  co_return socket;
}

Error io_error(std::string_view doing, int error) {
  if (error == -ETIMEDOUT) return {Code::timeout, fmt::format("{}: no answer in time", doing)};
  if (error == -ECANCELED) return {Code::canceled, fmt::format("{}: canceled", doing)};
  if (error == 0) return {Code::unavailable, fmt::format("{}: connection closed", doing)};
  return {Code::unavailable, fmt::format("{}: {}", doing, std::strerror(-error))};
}

Error body_error(BodyError error) {
  switch (error) {
    case BodyError::timeout: return io_error("reading the answer", -ETIMEDOUT);
    case BodyError::canceled: return io_error("reading the answer", -ECANCELED);
    case BodyError::truncated: return {Code::unavailable, "the answer was cut short"};
    case BodyError::malformed: return {Code::invalid, "the answer's chunked coding is wrong"};
    default: return {Code::unavailable, "connection broken while reading the answer"};
  }
}

bool is_idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS";
}

std::string head_text(const FetchRequest& request, std::string_view authority, std::string_view upgrade) {
  RequestHead head;
  head.method = request.method;
  head.authority = authority;
  head.path = request.url.path;
  head.query = request.url.query;
  head.has_query = request.url.has_query;
  for (const auto& [name, value] : request.headers) head.headers.append(name, value);
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") head.framing = Framing::length;
  head.content_length = request.body.size();
  head.upgrade = upgrade;
  std::string text(h1::request_head_bound(head), '\0');
  text.resize(h1::write_request_head(text.data(), head));
  return text;
}

}  // namespace

std::string_view FetchResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (iequals(key, name)) return value;
  return {};
}

struct Fetcher::Connection : UpgradedConnection {
  std::string peer;  // origin and trust: what it may be used for again
  TimePoint idle_since;
};

// What holds for one fetch as a whole. A stop cancels the stream that is in use at that moment.
struct Fetcher::Attempt final : net::StopWaiter {
  TimePoint deadline;
  const FetchOptions& options;
  std::string peer;
  std::string upgrade;  // the protocol asked for; empty: HTTP it stays
  net::Stream* stream = nullptr;
  bool answer_began = false;

  Attempt(TimePoint d, const FetchOptions& o) : deadline(d), options(o) {}
  void on_stop() noexcept override {
    if (stream != nullptr) stream->cancel();
  }
  bool stopped() const { return options.stop != nullptr && options.stop->stop_requested(); }
  tl::unexpected<Error> gave_up(std::string_view doing) const;
};

Fetcher::Fetcher(net::Loop& loop, net::Resolver& resolver, std::shared_ptr<const tls::ClientContext> tls)
    : loop_(loop), resolver_(resolver), tls_(std::move(tls)) {}
Fetcher::~Fetcher() = default;

net::Task<Result<FetchResponse>> Fetcher::fetch(FetchRequest request, FetchOptions options) {
  if (options.tls == nullptr) options.tls = tls_;
  Attempt attempt(loop_.now() + options.timeout, options);
  attempt.peer =
      fmt::format("{} {}:{} {} {}", request.url.https, request.url.host, request.url.port,
                  static_cast<const void*>(request.url.https ? options.tls.get() : nullptr), options.unix_socket);
  if (options.stop != nullptr) options.stop->hook(attempt);

  while (true) {
    std::unique_ptr<Connection> connection = take_idle(attempt);
    const bool is_reused = connection != nullptr;
    if (!is_reused) {
      FL_CO_TRY(connection, co_await open(request.url, attempt));
    }
    if (attempt.stopped()) co_return tl::make_unexpected(io_error("fetching", -ECANCELED));
    attempt.stream = connection->stream.get();
    attempt.stream->set_read_deadline(attempt.deadline);
    attempt.stream->set_write_deadline(attempt.deadline);
    auto response = co_await exchange(*connection, request, attempt);
    attempt.stream = nullptr;
    // The server may close a kept connection while our request is under way.
    const bool may_repeat = is_reused && !attempt.answer_began && is_idempotent(request.method) && !response &&
                            response.error().code == Code::unavailable;
    if (may_repeat) continue;
    if (response && connection->stream != nullptr) keep(std::move(connection));
    co_return response;
  }
}

net::Task<Result<Fetcher::Upgraded>> Fetcher::upgrade(FetchRequest request, std::string protocol,
                                                      FetchOptions options) {
  if (options.tls == nullptr) options.tls = tls_;
  Attempt attempt(loop_.now() + options.timeout, options);
  attempt.upgrade = std::move(protocol);
  if (options.stop != nullptr) options.stop->hook(attempt);
  FL_CO_TRY(auto connection, co_await open(request.url, attempt));
  if (attempt.stopped()) co_return tl::make_unexpected(io_error("upgrading", -ECANCELED));
  attempt.stream = connection->stream.get();
  attempt.stream->set_read_deadline(attempt.deadline);
  attempt.stream->set_write_deadline(attempt.deadline);
  Upgraded upgraded;
  FL_CO_TRY(upgraded.answer, co_await exchange(*connection, request, attempt));
  attempt.stream = nullptr;
  if (upgraded.answer.status == 101) {
    connection->stream->set_read_deadline(net::Stream::kNever);
    connection->stream->set_write_deadline(net::Stream::kNever);
    upgraded.connection = std::move(connection);
  }
  co_return upgraded;
}

// What open() says when it must stop waiting.
tl::unexpected<Error> Fetcher::Attempt::gave_up(std::string_view doing) const {
  return tl::make_unexpected(io_error(doing, stopped() ? -ECANCELED : -ETIMEDOUT));
}

net::Task<Result<std::unique_ptr<net::TcpStream>>> Fetcher::connect_socket(const Url& url, Attempt& attempt) {
  net::StopSource* stop = attempt.options.stop;
  if (const std::string& path = attempt.options.unix_socket; !path.empty()) {
    int error = 0;
    auto socket = net::connect_unix(path, &error);
    if (socket == nullptr) co_return tl::make_unexpected(io_error(fmt::format("connecting to {}", path), error));
    co_return socket;
  }
  auto resolved = co_await result_within(attempt.deadline, stop, resolve(resolver_, url.host));
  if (!resolved) co_return attempt.gave_up(fmt::format("looking up {}", url.host));
  FL_CO_TRY(const std::vector<net::IpAddress> addresses, std::move(*resolved));

  std::unique_ptr<net::TcpStream> socket;
  Error last;
  for (size_t i = 0; i < addresses.size() && socket == nullptr; ++i) {
    // An address that does not answer leaves time for those after it.
    const auto share = (attempt.deadline - loop_.now()) / static_cast<int64_t>(addresses.size() - i);
    const net::SocketAddress address{addresses[i], url.port};
    const std::string doing = fmt::format("connecting to {}", address.to_string());
    auto connected = co_await result_within(attempt.deadline, stop, connect(address, loop_.now() + share));
    if (!connected) co_return attempt.gave_up(doing);
    socket = std::move(connected->stream);
    last = io_error(doing, connected->error);
  }
  if (socket == nullptr) co_return tl::make_unexpected(std::move(last));
  co_return socket;
}

net::Task<Result<std::unique_ptr<Fetcher::Connection>>> Fetcher::open(const Url& url, Attempt& attempt) {
  FL_CO_TRY(auto socket, co_await connect_socket(url, attempt));
  auto connection = std::make_unique<Connection>();
  connection->peer = attempt.peer;
  if (!url.https) {
    connection->stream = std::move(socket);
    co_return connection;
  }
  if (attempt.options.tls == nullptr) co_return fail(Code::internal, "no TLS context was given for " + url.to_string());
  auto secured = co_await result_within(
      attempt.deadline, attempt.options.stop,
      tls::TlsStream::connect(std::move(socket), attempt.options.tls, url.host, attempt.deadline));
  if (!secured) co_return attempt.gave_up(fmt::format("TLS with {}", url.host));
  FL_CO_TRY(connection->stream, std::move(*secured));
  co_return connection;
}

// On return the connection's stream is null when it cannot be used again.
net::Task<Result<FetchResponse>> Fetcher::exchange(Connection& connection, const FetchRequest& request,
                                                   Attempt& attempt) {
  net::Stream& stream = *connection.stream;
  const std::string head =
      head_text(request, request.host.empty() ? request.url.authority() : request.host, attempt.upgrade);
  const int write_error = co_await stream.write({head, request.body});
  if (write_error == -ETIMEDOUT || write_error == -ECANCELED)
    co_return tl::make_unexpected(io_error("sending the request", write_error));
  // A server that refuses a request may answer and close before it has read all of it.

  h1::ResponseParser parser(kHeadLimits);
  ResponseHead answer;
  while (true) {
    const h1::Progress progress = parser.parse(connection.in.view(), answer);
    if (progress == h1::Progress::failed)
      co_return fail(Code::invalid, fmt::format("not an HTTP answer: {}", h1::describe(parser.error())));
    if (progress == h1::Progress::incomplete) {
      const ssize_t n = co_await stream.fill(connection.in);
      if (n <= 0) {
        if (n == 0 && attempt.answer_began) co_return tl::make_unexpected(body_error(BodyError::truncated));
        co_return tl::make_unexpected(io_error("waiting for the answer", static_cast<int>(n)));
      }
      attempt.answer_began = true;
      continue;
    }
    if (answer.status == 101 && attempt.upgrade.empty())
      co_return fail(Code::invalid, "the server switched protocols unasked");
    if (answer.status >= 200 || answer.status == 101) break;
    connection.in.consume(parser.head_size());
    parser.reset();
  }

  FetchResponse response;
  response.status = answer.status;
  for (const Field& field : answer.headers) response.headers.emplace_back(field.name, field.value);
  const Framing framing = request.method == "HEAD" ? Framing::none : answer.framing;
  const uint64_t length = answer.content_length;
  const bool keep_alive = answer.keep_alive && framing != Framing::until_close && write_error == 0;
  connection.in.consume(parser.head_size());
  if (response.status == 101) co_return response;
  if (attempt.options.head_only) {
    const bool has_body = framing != Framing::none && (framing != Framing::length || length != 0);
    if (!keep_alive || has_body) connection.stream = nullptr;
    co_return response;
  }

  h1::BodyReader body(stream, connection.in);
  body.start(framing, length);
  for (bool last = false; !last;) {
    const BodyChunk chunk = co_await body.read();
    if (chunk.error != BodyError::none) co_return tl::make_unexpected(body_error(chunk.error));
    last = chunk.last;
    if (attempt.options.on_body && response.status / 100 == 2) {
      if (!chunk.data.empty() && !attempt.options.on_body(chunk.data))
        co_return fail(Code::canceled, "the reader of the answer has enough");
      continue;
    }
    if (response.body.size() + chunk.data.size() > attempt.options.max_body_bytes)
      co_return fail(Code::exhausted,
                     fmt::format("the answer is larger than {} bytes", attempt.options.max_body_bytes));
    response.body += chunk.data;
  }
  body.release();
  if (!keep_alive || !connection.in.empty()) connection.stream = nullptr;
  co_return response;
}

std::unique_ptr<Fetcher::Connection> Fetcher::take_idle(const Attempt& attempt) {
  while (!idle_.empty() && idle_.front()->idle_since + kMaxIdleTime < loop_.now()) idle_.pop_front();
  while (true) {
    const auto found = std::ranges::find(idle_, attempt.peer, [](const auto& c) { return std::string_view(c->peer); });
    if (found == idle_.end()) return nullptr;
    auto connection = std::move(*found);
    idle_.erase(found);
    if (connection->stream->is_idle()) return connection;
  }
}

void Fetcher::keep(std::unique_ptr<Connection> connection) {
  connection->stream->set_read_deadline(net::Stream::kNever);
  connection->stream->set_write_deadline(net::Stream::kNever);
  connection->idle_since = loop_.now();
  if (idle_.size() == kMaxIdle) idle_.pop_front();
  idle_.push_back(std::move(connection));
}

}  // namespace fl::http
