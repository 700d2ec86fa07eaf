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

namespace fl::proxy::middleware {

using HandlerPtr = std::shared_ptr<const http::Handler>;

// One line of the list of kinds.
struct Kind {
  std::string_view type;  // as the API prints it: "addprefix"
  bool (*is_set)(const config::dynamic::Middleware&);
  // The service it needs, by its qualified name; empty: none.
  std::string_view (*service)(const config::dynamic::Middleware&);
  // Errors: the options make no sense; the text becomes the middleware's error.
  Result<HandlerPtr> (*make)(const config::dynamic::Middleware&, HandlerPtr next, HandlerPtr service);
};

// Every kind that is implemented, in alphabetical order; `chain` is the builder's own business.
std::span<const Kind> kinds();

}  // namespace fl::proxy::middleware
