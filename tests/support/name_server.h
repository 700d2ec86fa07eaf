// A name server for tests, on a port of its own and on the test's loop: knows a few CNAMEs and one address for every
// name, or says nothing.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/alias_resolver.h"
#include "net/loop.h"

namespace fl::testing {

class NameServer final : public net::Pollable {
 public:
  explicit NameServer(net::Loop& loop)
      : loop_(loop), fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    std::ofstream(resolv_conf_) << "nameserver 127.0.0.1\n";
    loop_.add(fd_, EPOLLIN, *this);
  }
  ~NameServer() {
    loop_.remove(fd_, *this);
    ::close(fd_);
    ::unlink(resolv_conf_.c_str());
  }

  // For a resolver that asks this server.
  net::AliasOptions options(size_t depth = 5) const {
    return {.resolv_conf = resolv_conf_, .port = port_, .depth = depth};
  }

  void on_events(uint32_t) noexcept override {
    Query query;
    socklen_t size = sizeof query.from;
    query.text.resize(512);
    const ssize_t n =
        ::recvfrom(fd_, query.text.data(), query.text.size(), 0, reinterpret_cast<sockaddr*>(&query.from), &size);
    if (n < 12) return;
    query.text.resize(static_cast<size_t>(n));
    ++questions;
    if (silent)
      held_.push_back(std::move(query));
    else
      answer(query);
  }

  // Answers what came while it was silent.
  void speak() {
    silent = false;
    for (const Query& query : std::exchange(held_, {})) answer(query);
  }

  std::map<std::string, std::string> cnames;
  bool silent = false;
  int questions = 0;

 private:
  struct Query {
    std::string text;
    sockaddr_in from{};
  };

  void answer(const Query& query) {
    const std::string& text = query.text;
    std::string name;
    size_t at = 12;
    for (; text[at] != 0; at += 1 + static_cast<size_t>(text[at]))
      name += (name.empty() ? "" : ".") + text.substr(at + 1, static_cast<size_t>(text[at]));
    std::string records;
    int count = 1;
    for (auto it = cnames.find(name); it != cnames.end(); it = cnames.find(name), ++count) {
      records += record(name, 5, encode(it->second));
      name = it->second;
    }
    records += record(name, 1, std::string("\x0a\0\0\1", 4));
    std::string reply = text.substr(0, at + 5);
    reply[2] = static_cast<char>(0x81);  // an answer, recursion as asked
    reply[3] = static_cast<char>(0x80);
    reply[7] = static_cast<char>(count);
    reply[9] = reply[11] = 0;
    reply += records;
    ::sendto(fd_, reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&query.from), sizeof query.from);
  }
  static std::string encode(std::string_view name) {
    std::string out;
    while (!name.empty()) {
      const std::string_view label = name.substr(0, name.find('.'));
      out += static_cast<char>(label.size()) + std::string(label);
      name.remove_prefix(std::min(name.size(), label.size() + 1));
    }
    return out + '\0';
  }
  static std::string record(const std::string& name, char type, const std::string& content) {
    return encode(name) + std::string({0, type, 0, 1, 0, 0, 0, 120, 0, static_cast<char>(content.size())}) + content;
  }

  net::Loop& loop_;
  uint16_t port_;
  int fd_;
  std::vector<Query> held_;
  const std::string resolv_conf_ = ::testing::TempDir() + "/resolv.conf." + std::to_string(::getpid());
};

}  // namespace fl::testing
