// An exchange without a connection, and a last handler that answers and remembers. For tests of middlewares, which
// never wait by themselves: handle() has ended when run() returns.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "http/exchange.h"
#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

using Fields = std::vector<std::pair<std::string, std::string>>;

// A GET of `target` at host a.test by 10.0.0.1, unless changed. All texts must outlive it.
class ExchangeForTest final : public http::Exchange {
 public:
  explicit ExchangeForTest(std::string_view target = "/", const Fields& fields = {}) {
    connection_ = &info;
    info.peer.ip = *net::IpAddress::parse("10.0.0.1");
    request.method = "GET";
    request.method_id = http::Method::get;
    request.authority = "a.test";
    const size_t question = target.find('?');
    request.path = target.substr(0, question);
    request.has_query = question != target.npos;
    if (request.has_query) request.query = target.substr(question + 1);
    for (const auto& [name, value] : fields) request.headers.append(arena.copy(name), arena.copy(value));
  }

  void set_method(std::string_view method) {
    request.method = method;
    request.method_id = http::classify_method(method);
  }

  net::Task<int> send_interim(const http::ResponseHead&) override { co_return 0; }
  void watch_client(http::ClientGoneListener*) override {}

  std::string body() { return response_body == nullptr ? "" : std::string(response_body->take().data); }

  http::ConnectionInfo info;
  HandlerPtr handler;  // what the exchange went through: its heads refer to it
};

// All values of a field in one, as a recipient may read them; "(none)" when it is absent.
inline std::string joined(const http::HeaderMap& headers, std::string_view name) {
  std::string out;
  bool found = false;
  for (const http::Field& field : headers) {
    if (!iequals(field.name, name)) continue;
    if (std::exchange(found, true)) out += ", ";
    out += field.value;
  }
  return found ? out : "(none)";
}

// Answers 200 "next" with the given fields.
class NextForTest final : public http::Handler {
 public:
  explicit NextForTest(Fields fields = {}) : fields_(std::move(fields)) {}

  net::Task<> handle(http::Exchange& x) const override {
    ++calls;
    x.respond(200, "next", {});
    for (const auto& [name, value] : fields_) x.response.headers.append(name, value);
    co_return;
  }

  mutable int calls = 0;

 private:
  const Fields fields_;
};

inline void run(HandlerPtr handler, ExchangeForTest& x) {
  x.handler = std::move(handler);
  bool done = false;
  const auto to_the_end = [](ExchangeForTest& exchange, bool& at_end) -> net::Task<> {
    co_await exchange.handler->handle(exchange);
    at_end = true;
  };
  net::spawn(to_the_end(x, done));
  EXPECT_TRUE(done) << "the middleware waits for something";
}

}  // namespace fl::proxy::middleware
