// What became of each object of the dynamic configuration: served, degraded, or disabled and why. Made with a snapshot,
// immutable; the API shows it. What did not change is shared with the report before. Any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "config/dynamic/configuration.h"
#include "config/issue.h"
#include "proxy/service/health.h"
#include "tls/certificate_store.h"

namespace fl::proxy {

enum class Status : uint8_t { enabled, warning, disabled };
std::string_view to_text(Status status);  // as Traefik's API has it

struct ObjectReport {
  Status status = Status::enabled;
  std::vector<std::string> errors;

  void warn(std::string text) {
    say(std::move(text));
    if (status == Status::enabled) status = Status::warning;
  }
  void disable(std::string text) {
    say(std::move(text));
    status = Status::disabled;
  }

 private:
  // Once, though what is wrong is found on each entry point.
  void say(std::string text) {
    if (std::ranges::find(errors, text) == errors.end()) errors.push_back(std::move(text));
  }
};

struct RouterReport : ObjectReport {
  int64_t priority = 0;             // effective
  std::vector<std::string> using_;  // entry points it serves on, sorted
};

struct ServiceReport : ObjectReport {
  std::string type;                    // "loadbalancer"
  std::vector<CheckedServer> servers;  // of a load balancer
};

struct MiddlewareReport : ObjectReport {
  std::string type;
};

// The routers that name each service and each middleware, sorted. Views into the configuration.
struct UsedBy {
  using Users = std::map<std::string_view, std::vector<std::string_view>, std::less<>>;
  Users services;
  Users middlewares;
};

struct TcpReport {
  config::Objects<RouterReport> routers;
  config::Objects<ServiceReport> services;
  config::Objects<MiddlewareReport> middlewares;
};

struct UdpReport {
  config::Objects<RouterReport> routers;
  config::Objects<ServiceReport> services;
};

struct TlsReport {
  std::map<std::string, ObjectReport, std::less<>> options;  // "default" and qualified names
  std::vector<config::Issue> issues;                         // with certificates and stores
  std::shared_ptr<const tls::CertificateStore> certificates;
};

struct RuntimeReport {
  // What was built from: names are qualified ("web@file"); reports below have the same keys, and those of objects
  // that could not even be decoded.
  std::shared_ptr<const config::dynamic::Configuration> configuration;
  config::Objects<RouterReport> routers;  // these three: HTTP
  config::Objects<ServiceReport> services;
  config::Objects<MiddlewareReport> middlewares;
  TcpReport tcp;
  UdpReport udp;
  std::shared_ptr<const TlsReport> tls;  // never null in what SnapshotBuilder made

  // Found out when first asked for: hardly any report is ever looked at.
  struct UsedByProtocol {
    UsedBy http, tcp, udp;
  };
  const UsedByProtocol& used_by() const;

 private:
  mutable std::once_flag used_by_once_;
  mutable UsedByProtocol used_by_;
};

}  // namespace fl::proxy
