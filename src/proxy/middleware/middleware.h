// Middlewares: handlers that own the next one. What one does on the way in stands above its `co_await`, what it does on
// the way out below; one that only edits the request returns next_->handle(exchange) and costs no coroutine.
// Adding one: docs/checklists/middleware.md.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "config/dynamic/middleware.h"
#include "http/exchange.h"
#include "proxy/upstream_spec.h"

namespace fl::proxy::middleware {

using HandlerPtr = std::shared_ptr<const http::Handler>;

// What a middleware leads to beside the next handler.
struct Target {
  HandlerPtr service;
  std::shared_ptr<const UpstreamSpec> server;
  bool operator==(const Target&) const = default;
};

// A server that a middleware asks by itself.
struct OwnServer {
  std::string_view middleware;                           // whose it is
  std::string origin;                                    // "https://10.0.0.5:8080"
  const std::optional<config::dynamic::ClientTls>& tls;  // unset: the system's authorities
  Duration patience;                                     // for a connection, and for the head of an answer
};

// Where a middleware gets what it leads to.
class TargetSource {
 public:
  // A service by its qualified name. Errors: it does not exist, is wrong, or needs itself.
  virtual Result<HandlerPtr> get(std::string_view name) = 0;
  // The same one for the same server. Errors: the URL is none, its TLS options or their files are wrong.
  virtual Result<std::shared_ptr<const UpstreamSpec>> get(const OwnServer& server) = 0;

 protected:
  ~TargetSource() = default;
};

// One line of the list of kinds.
struct Kind {
  std::string_view type;  // as the API prints it: "addprefix"
  bool (*is_set)(const config::dynamic::Middleware&);
  // What the middleware of this name leads to; null: nothing.
  Result<Target> (*find_target)(const config::dynamic::Middleware&, std::string_view name, TargetSource& source);
  // Errors: the options make no sense; the text becomes the middleware's error. Without a target they are only checked.
  Result<HandlerPtr> (*make)(const config::dynamic::Middleware&, HandlerPtr next, Target target);
};

// Every kind that is implemented, in alphabetical order; `chain` is the builder's own business.
std::span<const Kind> kinds();

}  // namespace fl::proxy::middleware
