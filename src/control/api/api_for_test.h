// The whole API over an empty state that lives in memory, called as clients call it: each call is an HTTP exchange
// through the Front. One thread; time stands still until told; ids repeat. For tests.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "control/api/front.h"
#include "control/runner/capacities.h"
#include "control/state/writer.h"
#include "net/loop.h"

namespace fl::control::api {

// 2026-01-01T00:00:00Z until it is moved.
class ClockForTest final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(1h) + elapsed; }
  WallTime wall() const override { return WallTime(1767225600s) + elapsed; }
  Duration elapsed{};
};

// Takes everything and forgets it: the state is in the writer's view.
class ForgetfulStore final : public store::Store {
 public:
  net::Task<Result<int64_t>> load(std::function<Result<>(const store::Row&)>) override { co_return 0; }
  net::Task<Result<>> commit(store::Batch) override { co_return Result<>(); }
};

class ExchangeForTest final : public http::Exchange {
 public:
  ExchangeForTest(std::string_view method, std::string_view target, std::string body) : body_(std::move(body)) {
    connection_ = &info_;
    constexpr std::string_view kPeer = "127.0.0.1";
    info_.peer_ip_size = static_cast<uint8_t>(kPeer.copy(info_.peer_ip, sizeof info_.peer_ip));
    const size_t question = target.find('?');
    request.method = method;
    request.path = target.substr(0, question);
    if (question != target.npos) request.query = target.substr(question + 1);
    request_body = &body_;
  }
  ~ExchangeForTest() = default;

  void add_header(std::string_view name, std::string_view value) {
    request.headers.append(arena.copy(name), arena.copy(value));
  }
  std::string header(std::string_view name) const {
    const std::string_view* value = response.headers.find(name);
    return value == nullptr ? "" : std::string(*value);
  }
  std::string answer() { return response_body == nullptr ? "" : std::string(response_body->take().data); }

  net::Task<int> send_interim(const http::ResponseHead&) override { co_return 0; }
  void watch_client(http::ClientGoneListener*) override {}

 private:
  http::ConnectionInfo info_;
  http::OwnedTextBody body_;
};

// What a call gave.
struct Reply {
  uint16_t status = 0;
  std::string error;  // its type; empty for an answer
  json::Value body;
};

class ApiForTest {
 public:
  explicit ApiForTest(ServerSettings settings = {"us-east-1", "000000000000", "http://127.0.0.1:4566", false,
                                                 std::make_shared<const auth::TemporaryKeys>("seal")})
      : writer((loop.make_current(), loop), store_, std::make_shared<const state::View>(), state::IdSource(1)),
        front(writer,
              auth::Authenticator::any(settings.account_id, settings.region,
                                       std::make_shared<const auth::TemporaryKeys>("seal")),
              settings, clock) {
    writer.set_capacities(&capacities);
  }

  // An action of ecs or ssm. `region`: of the signature's scope; empty: without a signature.
  Reply call(std::string_view service, std::string_view action, std::string body, std::string_view region = "") {
    ExchangeForTest exchange("POST", "/", std::move(body));
    exchange.add_header("Content-Type", "application/x-amz-json-1.1");
    exchange.add_header(
        "X-Amz-Target",
        std::string(service == "ssm" ? "AmazonSSM." : "AmazonEC2ContainerServiceV20141113.") + std::string(action));
    if (!region.empty())
      exchange.add_header("Authorization", fmt::format("AWS4-HMAC-SHA256 Credential=AKIA/20260101/{}/{}/aws4_request, "
                                                       "SignedHeaders=host, Signature=00",
                                                       region, service));
    if (!region.empty()) exchange.add_header("X-Amz-Date", "20260101T000000Z");
    send(exchange);
    Reply reply{.status = exchange.response.status, .error = exchange.header("x-amzn-ErrorType"), .body = {}};
    auto value = json::parse(exchange.answer());
    EXPECT_TRUE(value) << value.error().message;
    if (value) reply.body = *std::move(value);
    return reply;
  }
  Reply call(std::string_view action, std::string body) { return call("ecs", action, std::move(body)); }

  // Any request, until it is answered.
  void send(ExchangeForTest& exchange) {
    bool done = false;
    net::spawn(run(front, exchange, done));
    for (int turns = 0; !done && turns < 1000; ++turns) loop.turn(false);
    EXPECT_TRUE(done) << "the handler waits for something";
  }

  ClockForTest clock;
  net::Loop loop{clock};
  runner::Capacities capacities;

 private:
  static net::Task<> run(const http::Handler& handler, http::Exchange& exchange, bool& done) {
    co_await handler.handle(exchange);
    done = true;
  }

  ForgetfulStore store_;

 public:
  state::Writer writer;
  Front front;
};

}  // namespace fl::control::api
