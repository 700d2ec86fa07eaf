#include "app/commands/explain.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "admin/objects.h"
#include "app/commands/offline_build.h"
#include "app/wiring/wire.h"
#include "base/json.h"
#include "base/strings.h"
#include "config/address.h"
#include "http/exchange.h"
#include "http/url.h"

namespace fl::app {
namespace {

// A request that came over no connection.
class OfflineExchange final : public http::Exchange {
 public:
  OfflineExchange(std::string_view method, const http::Url& url, const net::IpAddress& client) {
    info_.peer.ip = client;
    info_.peer_ip_size = static_cast<uint8_t>(client.write(info_.peer_ip));
    info_.tls = url.https;
    connection_ = &info_;
    request.method = arena.copy(method);
    request.method_id = http::classify_method(method);
    request.authority = arena.copy(url.authority());
    request.path = arena.copy(url.path);
    request.query = arena.copy(url.query);
    request.has_query = url.has_query;
    request.headers.append(http::HeaderId::host, request.authority);
  }

  net::Task<int> send_interim(const http::ResponseHead&) override { co_return 0; }
  void watch_client(http::ClientGoneListener*) override {}

 private:
  http::ConnectionInfo info_;
};

struct Question {
  std::string method;
  http::Url url;
  std::vector<std::string> headers;  // "Name: value"
  net::IpAddress client;
  std::string entry_point;  // empty: by the URL's port
};

// What an entry point's router thought of the request.
struct Other {
  std::string name;
  std::string verdict;
};

struct Answer {
  std::string entry_point, address;
  std::string tls_options;  // of the connection; empty: none is terminated
  std::string tcp_router;   // takes the connection, so that there is no request; empty: HTTP does
  std::string path;         // as routed and forwarded; empty when the entry point refuses the request
  std::string router;       // empty: none takes it
  std::vector<Other> others;
};

// "GET http://a.test/", or the URL alone.
Result<Question> parse_question(std::string_view text) {
  Question question{.method = "GET", .url = {}, .headers = {}, .client = {}, .entry_point = {}};
  text = trim(text);
  if (const size_t blank = text.find(' '); blank != text.npos) {
    question.method = text.substr(0, blank);
    text = trim(text.substr(blank));
  }
  FL_TRY(question.url, http::Url::parse(text));
  return question;
}

Result<const EntryPointWiring*> choose_entry_point(const Question& question,
                                                   const std::vector<EntryPointWiring>& entry_points,
                                                   const config::statics::Configuration& configuration) {
  std::string known;
  for (const EntryPointWiring& entry_point : entry_points) {
    const std::string& name = entry_point.options.name;
    if (entry_point.udp) continue;
    const std::string& address = configuration.entry_points.find(name)->second.address;
    const auto parsed = config::parse_address(address);
    if (question.entry_point.empty() ? parsed && parsed->port == question.url.port : name == question.entry_point)
      return &entry_point;
    known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", name, address);
  }
  return fail(
      Code::not_found,
      question.entry_point.empty()
          ? fmt::format("no entry point has port {}; there are {}: choose with --entrypoint", question.url.port, known)
          : fmt::format("there is no entry point {}; there are {}", question.entry_point, known));
}

std::string verdict_text(const proxy::routing::Verdict& verdict, std::string_view chosen) {
  if (!verdict.matches) return fmt::format("priority {}: does not match {}", verdict.priority, verdict.failed_matcher);
  return fmt::format("priority {}: matches, but {} comes first", verdict.priority, chosen);
}

// What the first bytes decide, when the client asks for the URL's host by its server name.
void choose_protocol(const Question& question, const proxy::EntryPointSnapshot& routes, Answer& answer) {
  std::string name = question.url.host;
  if (name.ends_with('.')) name.pop_back();
  if (net::IpAddress::parse(name)) name.clear();  // RFC 6066 3: no addresses
  if (question.url.https) {
    const proxy::TlsRoute route =
        proxy::route_tls(routes, {.server_name = name, .alpn = {}, .client = question.client});
    answer.tls_options = route.options;
    if (route.router != nullptr) answer.tcp_router = route.router->name;
  } else if (const auto* router = routes.tcp.find({.server_name = {}, .alpn = {}, .client = question.client})) {
    answer.tcp_router = (*router)->name;
  }
}

Answer ask(const Question& question, const EntryPointWiring& entry_point, const OfflineBuild& offline) {
  Answer answer;
  answer.entry_point = entry_point.options.name;
  const proxy::EntryPointSnapshot& all = offline.built.snapshot->entry_points[entry_point.options.index];
  choose_protocol(question, all, answer);
  if (!answer.tcp_router.empty()) return answer;
  OfflineExchange x(question.method, question.url, question.client);
  for (const std::string& header : question.headers) {
    const size_t colon = std::min(header.find(':'), header.size() - 1);
    x.request.headers.append(trim(std::string_view(header).substr(0, colon)),
                             trim(std::string_view(header).substr(colon + 1)));
  }
  const auto prepared = proxy::prepare_request(entry_point.options, x);
  if (!prepared) return answer;
  answer.path = x.request.path;

  const proxy::HttpRouters& snapshot = question.url.https ? all.https : all.http;
  for (const auto& verdict : snapshot.table.explain(*prepared)) {
    const std::string& name = snapshot.routers[static_cast<size_t>(verdict.id)]->name;
    if (verdict.matches && answer.router.empty())
      answer.router = name;
    else
      answer.others.push_back({name, verdict_text(verdict, answer.router)});
  }
  for (const auto& [name, report] : offline.built.report->routers)
    if (report.status == proxy::Status::disabled)
      answer.others.push_back({name, "disabled: " + join(report.errors, "; ")});
  return answer;
}

// The service and, below it, what it chooses from.
void print_service(const proxy::RuntimeReport& report, std::string_view name, std::string_view weight, size_t depth) {
  const auto object = report.services.find(name);
  fmt::print("{:<13}{:{}}{}{}{}\n", depth == 0 ? "service" : "", "", 2 * depth, name,
             object == report.services.end() ? "" : fmt::format(" ({})", object->second.type), weight);
  const auto found = report.configuration->http.services.find(name);
  if (found == report.configuration->http.services.end() || depth > 8) return;
  if (const auto& balancer = found->second.load_balancer)
    for (const auto& server : balancer->servers)
      fmt::print("{:<13}{:{}}{}{}\n", "", "", 2 * depth + 2, server.url,
                 server.weight ? fmt::format(" weight {}", *server.weight) : "");
  if (const auto& weighted = found->second.weighted)
    for (const auto& child : weighted->services)
      print_service(report, child.name, fmt::format(" weight {}", child.weight), depth + 1);
}

void print_text(const Question& question, const Answer& answer, const proxy::RuntimeReport& report) {
  fmt::print("{:<13}{} {}\n", "request", question.method, question.url.to_string());
  fmt::print("{:<13}{} ({})\n", "entry point", answer.entry_point, answer.address);
  if (!answer.tls_options.empty()) fmt::print("{:<13}{}\n", "TLS options", answer.tls_options);
  if (!answer.tcp_router.empty()) {
    const config::dynamic::TcpRouter& router = report.configuration->tcp.routers.find(answer.tcp_router)->second;
    fmt::print("{:<13}{}: the connection is no HTTP request here\n", "TCP router", answer.tcp_router);
    fmt::print("{:<13}{}\n{:<13}{}\n", "rule", router.rule, "service", router.service);
    return;
  }
  if (answer.path.empty())
    return fmt::print("{:<13}refused with 400: path or header fields are not allowed here\n", "router");
  if (answer.path != question.url.path) fmt::print("{:<13}{}\n", "path", answer.path);
  if (answer.router.empty()) {
    fmt::print("{:<13}none: the answer is 404\n", "router");
  } else {
    const config::dynamic::Router& router = report.configuration->http.routers.find(answer.router)->second;
    fmt::print("{:<13}{}\n", "router", answer.router);
    fmt::print("{:<13}{}\n", "rule", router.rule);
    fmt::print("{:<13}{}\n", "priority", report.routers.find(answer.router)->second.priority);
    for (const std::string& name : router.middlewares) {
      const auto middleware = report.middlewares.find(name);
      fmt::print("{:<13}{}{}\n", "middleware", name,
                 middleware == report.middlewares.end() ? "" : fmt::format(" ({})", middleware->second.type));
    }
    print_service(report, router.service, "", 0);
  }
  if (answer.others.empty()) return;
  fmt::print("\nother routers\n");
  for (const Other& other : answer.others) fmt::print("  {}: {}\n", other.name, other.verdict);
}

void print_json(const Question& question, const Answer& answer, const proxy::RuntimeReport& report) {
  using admin::ObjectKind;
  const auto encode = [&](ObjectKind kind, std::string_view name) {
    return admin::encode_object(report, kind, name, admin::Detail::full);
  };
  json::Object out{{"request", question.method + " " + question.url.to_string()}, {"entryPoint", answer.entry_point}};
  if (!answer.tls_options.empty()) out.emplace_back("tlsOptions", answer.tls_options);
  if (!answer.tcp_router.empty()) {
    out.emplace_back("tcpRouter", encode(ObjectKind::tcp_router, answer.tcp_router));
    fmt::print("{}\n", json::to_text(out));
    return;
  }
  out.emplace_back("path", answer.path);
  out.emplace_back("status", answer.path.empty() ? 400 : answer.router.empty() ? 404 : 0);
  if (!answer.router.empty()) {
    const config::dynamic::Router& router = report.configuration->http.routers.find(answer.router)->second;
    json::Array middlewares;
    for (const std::string& name : router.middlewares) middlewares.push_back(encode(ObjectKind::middleware, name));
    out.emplace_back("router", encode(ObjectKind::router, answer.router));
    out.emplace_back("middlewares", std::move(middlewares));
    out.emplace_back("service", encode(ObjectKind::service, router.service));
  } else {
    out.emplace_back("status", answer.path.empty() ? 400 : 404);
  }
  json::Array others;
  for (const Other& other : answer.others)
    others.emplace_back(json::Object{{"name", other.name}, {"verdict", other.verdict}});
  out.emplace_back("others", std::move(others));
  fmt::print("{}\n", json::to_text(out));
}

int complain(std::string_view text, int code) {
  std::fprintf(stderr, "fairlead explain: %.*s\n", static_cast<int>(text.size()), text.data());
  return code;
}

}  // namespace

int run_explain(std::span<const char* const> arguments) {
  std::string file, request, client = "127.0.0.1", entry_point;
  std::vector<std::string> headers;
  bool as_json = false;
  CLI::App cli("Says which router a request would meet, and why no other one.", "fairlead explain");
  cli.add_option("--config", file, "static configuration file")->required()->check(CLI::ExistingFile);
  cli.add_option("REQUEST", request, "'GET http://host:port/path?query'")->required();
  cli.add_option("-H,--header", headers, "header field 'Name: value'")->allow_extra_args(false);
  cli.add_option("--client", client, "address the request comes from")->capture_default_str();
  cli.add_option("--entrypoint", entry_point, "entry point; otherwise the one with the URL's port");
  cli.add_flag("--json", as_json, "print JSON");
  try {
    // CLI11 takes its arguments last first.
    cli.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? 0 : 2;
  }
  auto question = parse_question(request);
  if (!question) return complain(question.error().message, 2);
  const auto address = net::IpAddress::parse(client);
  if (!address) return complain("--client: " + address.error().message, 2);
  for (const std::string& header : headers)
    if (header.find(':') == header.npos || header.starts_with(':'))
      return complain(fmt::format("-H \"{}\": write 'Name: value'", header), 2);
  question->client = *address;
  question->headers = std::move(headers);
  question->entry_point = std::move(entry_point);

  config::LoadedStatic loaded = load_static_file(file);
  const std::vector<EntryPointWiring> entry_points = wire(loaded).entry_points;
  if (config::has_errors(loaded.issues)) return complain(trim(config::to_text(loaded.issues)), 1);
  const auto chosen = choose_entry_point(*question, entry_points, loaded.configuration);
  if (!chosen) return complain(chosen.error().message, 2);

  const OfflineBuild offline = build_offline(loaded, loaded.configuration.providers.file, names_of(entry_points));
  for (const config::Issue& issue : offline.issues)
    if (issue.object.empty()) complain(issue.to_text(), 1);
  Answer answer = ask(*question, **chosen, offline);
  answer.address = loaded.configuration.entry_points.find(answer.entry_point)->second.address;
  if (as_json)
    print_json(*question, answer, *offline.built.report);
  else
    print_text(*question, answer, *offline.built.report);
  return answer.router.empty() && answer.tcp_router.empty() ? 1 : 0;
}

}  // namespace fl::app
