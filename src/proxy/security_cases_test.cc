// Runs tests/cases/security/*.case. The form is told in the file.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/strings.h"
#include "proxy/proxy_for_test.h"

namespace fl::proxy {
namespace {

struct Case {
  std::string name, request;
  bool trusted = false;
  std::vector<std::string> expected;
};

std::string unescape(std::string_view line) {
  std::string out;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\') {
      out += line[i];
      continue;
    }
    if (++i == line.size()) return out;
    switch (line[i]) {
      case 'r': out += '\r'; break;
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case '0': out += '\0'; break;
      default: out += line[i];
    }
  }
  return out + "\r\n";
}

// A blank line before "---" belongs to the request; after it, it ends the case.
std::vector<Case> read_cases() {
  std::vector<Case> cases;
  for (const auto& entry : std::filesystem::directory_iterator(FL_SOURCE_DIR "/tests/cases/security")) {
    std::ifstream file(entry.path());
    enum { outside, request, expected } where = outside;
    for (std::string line; std::getline(file, line);) {
      if (where == outside) {
        if (line.empty() || line.starts_with('#')) continue;
        cases.push_back({.name = line});
        where = request;
      } else if (where == request) {
        if (line == "---")
          where = expected;
        else if (line == "[trusted]")
          cases.back().trusted = true;
        else
          cases.back().request += unescape(line);
      } else if (line.empty()) {
        where = outside;
      } else {
        cases.back().expected.push_back(line);
      }
    }
  }
  return cases;
}

class SecurityCases : public ProxyForTest {
 protected:
  SecurityCases() {
    auto configuration = all_to({origin.url()});
    auto& http = configuration.http;
    http.services["none@file"].load_balancer.emplace();
    http.routers["admin@file"] = {.entry_points = {"web"}, .service = "none@file", .rule = "PathPrefix(`/admin`)"};
    http.middlewares["strip@file"].strip_prefix.emplace().prefixes = {"/api"};
    http.routers["api@file"] = {
        .entry_points = {"web"}, .middlewares = {"strip@file"}, .service = "app@file", .rule = "PathPrefix(`/api`)"};
    publish(configuration);
  }

  // Sends the request and answers for the server. -> "200 400 closed"
  std::string run(const Case& c) {
    origin_received.clear();
    auto client = connect();
    client->send(c.request);
    std::vector<std::unique_ptr<Peer>> upstreams;
    for (int i = 0; i < 300; ++i) {
      loop.turn(false);
      if (origin.has_connection()) upstreams.push_back(origin.take_connection());
      for (auto& upstream : upstreams) serve(*upstream);
    }
    std::string statuses;
    for (size_t at = 0; (at = client->received.find("HTTP/1.1 ", at)) != std::string::npos; ++at)
      statuses += client->received.substr(at + 9, 3) + " ";
    return statuses + (client->ended ? "closed" : "");
  }

  testing::Origin origin{loop};
  std::string origin_received;

 private:
  void serve(Peer& upstream) {
    if (upstream.received.empty()) return;
    // Every request of these cases that gets here is whole at once, or never.
    const std::string all = upstream.take();
    origin_received += all;
    if (all.find("\r\n\r\n") != all.npos) upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  }
};

TEST_F(SecurityCases, AllFiles) {
  const auto cases = read_cases();
  ASSERT_FALSE(cases.empty());
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    stop_serving();
    entry_point.trust_all = c.trusted;
    const std::string statuses = run(c);
    const std::string lower = to_lower(origin_received);
    for (const std::string& line : c.expected) {
      const std::string text = line.size() > 2 ? line.substr(2) : "";
      if (line == "nothing")
        EXPECT_EQ(origin_received, "");
      else if (line[0] == '<')
        EXPECT_EQ(trim(statuses, " "), text);
      else if (line[0] == '>')
        EXPECT_NE(("\r\n" + origin_received).find("\r\n" + text + "\r\n"), std::string::npos) << origin_received;
      else if (line[0] == '!')
        EXPECT_EQ(lower.find(to_lower(text)), std::string::npos) << origin_received;
      else
        ADD_FAILURE() << "what does this mean: " << line;
    }
  }
}

}  // namespace
}  // namespace fl::proxy
