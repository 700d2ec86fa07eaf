// What forwardAuth asks: a client's request turned into one about it. Immutable; any thread.
// Source: Traefik, ForwardAuth: trustForwardHeader, authRequestHeaders.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/dynamic/middleware.h"
#include "http/exchange.h"
#include "http/url.h"

namespace fl::proxy::middleware {

class AuthQuestion {
 public:
  AuthQuestion(const config::dynamic::ForwardAuth& options, http::Url address);

  const http::Url& address() const { return address_; }
  // Makes exchange.request the question, with `body`, which may be null. Host is left to the forwarder.
  void ask(http::Exchange& exchange, http::BodySource* body) const;

 private:
  // Traefik before 3.5 knew two; unset is the older "no", which leaves what it does not set itself.
  enum class Trust : uint8_t { unset, no, yes };

  bool is_asked_about(const http::Field& field) const;
  void tell_what_was_asked_for(http::Exchange& exchange) const;

  const http::Url address_;
  const Trust trust_;
  const std::vector<std::string> fields_;  // empty: all
  const bool preserve_method_;
};

}  // namespace fl::proxy::middleware
