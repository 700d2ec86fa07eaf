#include "app/commands/healthcheck.h"

#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "config/address.h"
#include "config/load_static.h"
#include "http/fetch.h"
#include "http/head.h"
#include "net/loop.h"
#include "net/resolver.h"

namespace fl::app {
namespace {

constexpr Duration kTimeout = 5s;

// An entry point on every address of the machine is reached on loopback.
Result<http::Url> ping_url(const config::statics::Configuration& configuration) {
  if (!configuration.ping) return fail(Code::invalid, "please enable `ping` to use health check");
  const auto entry_point = configuration.entry_points.find(configuration.ping->entry_point);
  if (entry_point == configuration.entry_points.end())
    return fail(Code::invalid, fmt::format("missing `ping` entry point {}", configuration.ping->entry_point));
  FL_TRY(const config::Address address, config::parse_address(entry_point->second.address));
  const bool is_any = address.host.empty() || address.host == "0.0.0.0";
  return http::Url{.https = false,
                   .host = is_any                 ? "127.0.0.1"
                           : address.host == "::" ? "::1"
                                                  : address.host,
                   .port = address.port,
                   .path = "/ping",
                   .query = {},
                   .has_query = false};
}

Result<http::FetchResponse> ask(const http::Url& url) {
  net::Loop loop;
  loop.make_current();
  net::Resolver resolver(loop);
  http::Fetcher fetcher(loop, resolver, nullptr);
  std::optional<Result<http::FetchResponse>> answer;
  const auto run = [&]() -> net::Task<> {
    answer = co_await fetcher.fetch({.method = "HEAD", .url = url, .headers = {}, .body = {}}, {.timeout = kTimeout});
    loop.stop();
  };
  net::spawn(run());
  loop.run();
  return *std::move(answer);
}

}  // namespace

int run_healthcheck(std::span<const char* const> arguments) {
  config::StaticInput input;
  input.arguments.assign(arguments.begin(), arguments.end());
  input.environment = config::process_environment();
  input.search_path = config::default_search_path(input.environment);
  const config::LoadedStatic loaded = config::load_static(input);
  if (config::has_errors(loaded.issues)) {
    std::printf("Error calling healthcheck: %s", config::to_text(loaded.issues).c_str());
    return 1;
  }
  const auto url = ping_url(loaded.configuration);
  const auto answer = url ? ask(*url) : tl::make_unexpected(url.error());
  if (!answer) {
    std::printf("Error calling healthcheck: %s\n", answer.error().message.c_str());
    return 1;
  }
  if (answer->status != 200) {
    const std::string_view reason = http::reason_phrase(answer->status);
    std::printf("Bad healthcheck status: %u %.*s\n", unsigned{answer->status}, static_cast<int>(reason.size()),
                reason.data());
    return 1;
  }
  std::printf("OK: %s\n", url->to_string().c_str());
  return 0;
}

}  // namespace fl::app
