// For tests: a loop, a fetcher and an environment, and a way to run coroutines on them to their end.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>

#include "aws/credential_chain.h"
#include "aws/environment.h"
#include "aws/profiles.h"
#include "net/loop.h"
#include "net/resolver.h"

namespace fl::aws::testing {

// The machine's clock with a wall time that can be set wrong or moved on.
class ShiftedClock final : public Clock {
 public:
  TimePoint now() const override { return system_clock().now(); }
  WallTime wall() const override { return system_clock().wall() + shift; }
  Duration shift{0};
};

// A file that lives as long as the test.
class TextFile {
 public:
  explicit TextFile(std::string_view text) {
    static int number = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("fl-aws-" + std::to_string(::getpid()) + "-" + std::to_string(++number));
    write(text);
  }
  ~TextFile() { std::filesystem::remove(path_); }
  void write(std::string_view text) { std::ofstream(path_, std::ios::trunc) << text; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class AwsWorld {
 public:
  explicit AwsWorld(std::map<std::string, std::string> variables)
      : environment(std::move(variables)), profiles(*Profiles::load(environment)) {
    loop.make_current();
    options.region = "eu-west-1";
    options.backoff = 1ms;
    options.timeout = 2s;
  }

  template <class T>
  T run(net::Task<T> task) {
    std::optional<T> result;
    const auto root = [&]() -> net::Task<void> {
      result.emplace(co_await std::move(task));
      loop.stop();
    };
    net::spawn(root());
    loop.run();
    return *std::move(result);
  }

  void shift_clock(Duration d) {
    clock.shift = d;
    loop.turn(false);  // which reads it
  }

  // To be used after `options` are as wanted.
  Caller& caller() {
    if (!caller_) caller_.emplace(fetcher, environment, profiles, options);
    return *caller_;
  }
  CredentialChain& chain(GivenKeys given = {}) {
    if (!chain_) chain_.emplace(fetcher, environment, profiles, caller(), std::move(given));
    return *chain_;
  }

  ShiftedClock clock;
  net::Loop loop{clock};
  net::Resolver resolver{loop};
  http::Fetcher fetcher{loop, resolver, nullptr};
  FixedEnvironment environment;
  Profiles profiles;
  CallerOptions options;

 private:
  std::optional<Caller> caller_;
  std::optional<CredentialChain> chain_;
};

}  // namespace fl::aws::testing
