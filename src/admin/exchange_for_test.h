// A request without a connection, and running a handler that answers at once. For tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "http/exchange.h"

namespace fl::admin {

class ExchangeForTest final : public http::Exchange {
 public:
  ExchangeForTest(std::string_view method, std::string_view target) {
    connection_ = &info_;
    request.method = method;
    request.method_id = http::classify_method(method);
    const size_t question = target.find('?');
    request.path = target.substr(0, question);
    request.has_query = question != target.npos;
    if (request.has_query) request.query = target.substr(question + 1);
  }

  void run(const http::Handler& handler) {
    bool done = false;
    net::spawn(run_to_the_end(handler, *this, done));
    EXPECT_TRUE(done) << "the handler waits for something";
  }

  std::string body() { return response_body == nullptr ? "" : std::string(response_body->take().data); }
  std::string field(std::string_view name) const {
    const std::string_view* value = response.headers.find(name);
    return value == nullptr ? "" : std::string(*value);
  }

  net::Task<int> send_interim(const http::ResponseHead&) override { co_return 0; }
  void watch_client(http::ClientGoneListener*) override {}

 private:
  static net::Task<> run_to_the_end(const http::Handler& handler, http::Exchange& x, bool& done) {
    co_await handler.handle(x);
    done = true;
  }

  http::ConnectionInfo info_;
};

}  // namespace fl::admin
