#include "docker/client.h"

#include <fmt/format.h>

#include <cmath>

#include "base/strings.h"
#include "docker/log_stream.h"

namespace fl::docker {
namespace {

constexpr std::string_view kApi = "/v1.41";  // dockerd 20.10 and later, podman 4
constexpr Duration kForever = std::chrono::hours(24 * 365);
constexpr Duration kPullTime = 1h;
constexpr Duration kStartTime = 3min;  // as amazon-ecs-agent
constexpr size_t kMaxLine = 1 << 20;   // of a stream of JSON

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~')
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

Code code_of(uint16_t status, std::string_view message) {
  if (message.contains("already in use")) return Code::conflict;  // podman: 500
  switch (status) {
    case 404: return Code::not_found;
    case 409: return Code::conflict;
    default: return status >= 500 ? Code::unavailable : Code::invalid;
  }
}

Error read_refusal(const http::FetchResponse& response) {
  const auto value = json::parse(response.body);
  std::string message(value ? value->string_at("message") : trim(response.body));
  if (message.empty() && value) message = value->string_at("cause");
  if (message.empty()) message = fmt::format("the engine answers {}", response.status);
  return {code_of(response.status, message), std::move(message)};
}

// Calls f(line) for each whole line.
class Lines {
 public:
  template <class F>
  bool add(std::string_view bytes, F f) {
    rest_ += bytes;
    size_t begin = 0;
    for (size_t end; (end = rest_.find('\n', begin)) != rest_.npos; begin = end + 1)
      if (const auto line = trim(std::string_view(rest_).substr(begin, end - begin)); !line.empty()) f(line);
    rest_.erase(0, begin);
    return rest_.size() <= kMaxLine;
  }

 private:
  std::string rest_;
};

// "name", "host:5000/name" -> with ":latest" unless it has a tag or digest
std::string with_tag(std::string_view image) {
  const size_t colon = image.rfind(':');
  const bool has_tag = image.contains('@') || (colon != image.npos && image.find('/', colon) == image.npos);
  return has_tag ? std::string(image) : fmt::format("{}:latest", image);
}

}  // namespace

net::Task<Result<http::FetchResponse>> Client::send(Request request) {
  http::FetchRequest fetch;
  fetch.method = request.method;
  fetch.url.host = "docker";
  fetch.url.port = 80;
  const size_t question = request.target.find('?');
  fetch.url.path = fmt::format("{}{}", kApi, request.target.substr(0, question));
  fetch.url.has_query = question != request.target.npos;
  if (fetch.url.has_query) fetch.url.query = request.target.substr(question + 1);
  if (request.body) {
    fetch.body = json::to_text(*request.body);
    fetch.headers.emplace_back("Content-Type", "application/json");
  }
  if (!request.archive.empty()) {
    fetch.body = std::move(request.archive);
    fetch.headers.emplace_back("Content-Type", "application/x-tar");
  }
  auto response = co_await fetcher_.fetch(
      std::move(fetch),
      {.timeout = request.timeout, .on_body = std::move(request.on_body), .unix_socket = socket_, .stop = &stop_});
  if (!response) co_return tl::make_unexpected(std::move(response).error().context("container engine"));
  if (response->status / 100 != 2 && response->status != 304) co_return tl::make_unexpected(read_refusal(*response));
  co_return response;
}

Client::Call<Version> Client::version() {
  FL_CO_TRY(const auto response,
            co_await send({.method = "GET", .target = "/version", .body = {}, .timeout = 5s, .on_body = {}}));
  co_return read_version(response.body);
}

Client::Call<bool> Client::has_image(std::string image) {
  const auto response =
      co_await send({.method = "GET", .target = fmt::format("/images/{}/json", image), .body = {}, .on_body = {}});
  if (response) co_return true;
  if (response.error().code == Code::not_found) co_return false;
  co_return tl::make_unexpected(response.error());
}

Client::Call<> Client::pull(std::string image) {
  FL_CO_TRY_VOID(co_await create_image(fmt::format("fromImage={}", escape(with_tag(image))), {}));
  co_return Result<>();
}

Client::Call<> Client::import_image(std::string repository, std::string tag, std::string archive) {
  // The answer ends with the image's id. Named in a second step: podman 4.3 forgets the name it was given in the first.
  FL_CO_TRY(const std::string id, co_await create_image("fromSrc=-", std::move(archive)));
  FL_CO_TRY_VOID(
      co_await send({.method = "POST",
                     .target = fmt::format("/images/{}/tag?repo={}&tag={}", id, escape(repository), escape(tag)),
                     .body = {},
                     .on_body = {}}));
  co_return Result<>();
}

Client::Call<std::string> Client::create_image(std::string query, std::string archive) {
  Lines lines;
  Result<std::string> progress;
  const auto on_body = [&](std::string_view bytes) {
    return lines.add(bytes, [&](std::string_view line) {
      if (progress) progress = read_progress(line);
    });
  };
  FL_CO_TRY_VOID(co_await send({.method = "POST",
                                .target = fmt::format("/images/create?{}", query),
                                .body = {},
                                .archive = std::move(archive),
                                .timeout = kPullTime,
                                .on_body = on_body}));
  co_return progress;
}

Client::Call<std::string> Client::create(std::string name, json::Value settings) {
  FL_CO_TRY(const auto response, co_await send({.method = "POST",
                                                .target = fmt::format("/containers/create?name={}", escape(name)),
                                                .body = std::move(settings),
                                                .on_body = {}}));
  FL_CO_TRY(const json::Value value, json::parse(response.body));
  std::string id(value.string_at("Id"));
  if (id.empty()) co_return fail(Code::unavailable, "the engine names no container");
  co_return id;
}

Client::Call<> Client::start(std::string id) {
  FL_CO_TRY_VOID(co_await send({.method = "POST",
                                .target = fmt::format("/containers/{}/start", id),
                                .body = {},
                                .timeout = kStartTime,
                                .on_body = {}}));
  co_return Result<>();
}

Client::Call<> Client::stop(std::string id, Duration timeout) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(timeout).count();
  FL_CO_TRY_VOID(co_await send({.method = "POST",
                                .target = fmt::format("/containers/{}/stop?t={}", id, seconds),
                                .body = {},
                                .timeout = timeout + 1min,
                                .on_body = {}}));
  co_return Result<>();
}

Client::Call<> Client::remove(std::string id) {
  FL_CO_TRY_VOID(co_await send(
      {.method = "DELETE", .target = fmt::format("/containers/{}?v=1&force=1", id), .body = {}, .on_body = {}}));
  co_return Result<>();
}

Client::Call<Container> Client::inspect(std::string id) {
  FL_CO_TRY(
      const auto response,
      co_await send({.method = "GET", .target = fmt::format("/containers/{}/json", id), .body = {}, .on_body = {}}));
  co_return read_container(response.body);
}

Client::Call<std::vector<std::string>> Client::list(std::string label) {
  const std::string filters = json::to_text(json::Object{{"label", json::Array{label}}});
  FL_CO_TRY(const auto response,
            co_await send({.method = "GET",
                           .target = fmt::format("/containers/json?all=1&filters={}", escape(filters)),
                           .body = {},
                           .on_body = {}}));
  co_return read_ids(response.body);
}

Client::Call<int> Client::exec(std::string id, std::vector<std::string> command, Duration timeout) {
  const json::Object create{
      {"Cmd", json::Array(command.begin(), command.end())}, {"AttachStdout", true}, {"AttachStderr", true}};
  FL_CO_TRY(const auto created,
            co_await send(
                {.method = "POST", .target = fmt::format("/containers/{}/exec", id), .body = create, .on_body = {}}));
  FL_CO_TRY(const json::Value value, json::parse(created.body));
  const std::string exec_id(value.string_at("Id"));
  // The answer's body is the command's output; it ends with the command.
  FL_CO_TRY_VOID(co_await send({.method = "POST",
                                .target = fmt::format("/exec/{}/start", exec_id),
                                .body = json::Object{{"Detach", false}, {"Tty", false}},
                                .timeout = timeout,
                                .on_body = [](std::string_view) { return true; }}));
  FL_CO_TRY(
      const auto ended,
      co_await send({.method = "GET", .target = fmt::format("/exec/{}/json", exec_id), .body = {}, .on_body = {}}));
  FL_CO_TRY(const json::Value result, json::parse(ended.body));
  const json::Value* code = result.find("ExitCode");
  if (code == nullptr || code->if_int() == nullptr) co_return fail(Code::unavailable, "the command has no exit code");
  co_return static_cast<int>(*code->if_int());
}

Client::Call<Usage> Client::usage(std::string id) {
  FL_CO_TRY(const auto response, co_await send({.method = "GET",
                                                .target = fmt::format("/containers/{}/stats?stream=0&one-shot=1", id),
                                                .body = {},
                                                .on_body = {}}));
  co_return read_usage(response.body);
}

Client::Call<Network> Client::inspect_network(std::string name) {
  FL_CO_TRY(const auto response,
            co_await send({.method = "GET", .target = fmt::format("/networks/{}", name), .body = {}, .on_body = {}}));
  co_return read_network(response.body);
}

Client::Call<> Client::create_volume(json::Value settings) {
  FL_CO_TRY_VOID(
      co_await send({.method = "POST", .target = "/volumes/create", .body = std::move(settings), .on_body = {}}));
  co_return Result<>();
}

Client::Call<> Client::remove_volume(std::string name) {
  FL_CO_TRY_VOID(co_await send(
      {.method = "DELETE", .target = fmt::format("/volumes/{}", escape(name)), .body = {}, .on_body = {}}));
  co_return Result<>();
}

Client::Call<> Client::follow_events(std::function<void(const Event&)> on_event) {
  const std::string filters = json::to_text(json::Object{{"type", json::Array{"container"}}});
  Lines lines;
  const auto on_body = [&](std::string_view bytes) {
    return lines.add(bytes, [&](std::string_view line) {
      if (const auto event = read_event(line)) on_event(*event);
    });
  };
  FL_CO_TRY_VOID(co_await send({.method = "GET",
                                .target = fmt::format("/events?filters={}", escape(filters)),
                                .body = {},
                                .timeout = kForever,
                                .on_body = on_body}));
  co_return fail(Code::unavailable, "the engine ended the stream of events");
}

Client::Call<> Client::follow_logs(std::string id, std::optional<WallTime> since,
                                   std::function<void(uint8_t, std::string_view)> on_data) {
  std::string target = fmt::format("/containers/{}/logs?follow=1&stdout=1&stderr=1&timestamps=1", id);
  if (since) {
    const int64_t ns = since->time_since_epoch().count();
    target += fmt::format("&since={}.{:09}", ns / 1'000'000'000, ns % 1'000'000'000);
  }
  LogStream stream;
  bool is_readable = true;
  const auto on_body = [&](std::string_view bytes) {
    for (LogStream::Event event; (event = stream.next(bytes)) != LogStream::Event::none;) {
      if (event == LogStream::Event::failed) return is_readable = false;
      on_data(stream.stream(), stream.data());
    }
    return true;
  };
  const auto ended = co_await send(
      {.method = "GET", .target = std::move(target), .body = {}, .timeout = kForever, .on_body = on_body});
  if (!is_readable) co_return fail(Code::unavailable, "the engine's log stream cannot be read");
  if (!ended) co_return tl::make_unexpected(ended.error());
  co_return Result<>();
}

}  // namespace fl::docker
