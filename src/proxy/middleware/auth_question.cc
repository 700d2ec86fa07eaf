#include "proxy/middleware/auth_question.h"

#include <algorithm>

#include "base/strings.h"
#include "proxy/middleware/redirect.h"
#include "proxy/routing/request_path.h"

namespace fl::proxy::middleware {
namespace {

using http::Exchange;
using http::HeaderId;

// The fields that trustForwardHeader is about.
bool is_forwarding(HeaderId id) {
  switch (id) {
    case HeaderId::x_forwarded_for:
    case HeaderId::x_forwarded_host:
    case HeaderId::x_forwarded_method:
    case HeaderId::x_forwarded_port:
    case HeaderId::x_forwarded_proto:
    case HeaderId::x_forwarded_server:
    case HeaderId::x_forwarded_tls_client_cert:
    case HeaderId::x_forwarded_tls_client_cert_info:
    case HeaderId::x_forwarded_uri: return true;
    default: return false;
  }
}

// Every address so far, and the peer's.
std::string_view forwarded_for(Exchange& x) {
  std::string_view all;
  for (const http::Field& field : x.request.headers)
    if (field.id == HeaderId::x_forwarded_for) all = x.arena.concat({all, field.value, ", "});
  return x.arena.concat({all, x.connection().peer_ip_text()});
}

std::string_view forwarded_port(const Exchange& x, std::string_view proto) {
  if (const std::string_view port = routing::port_of(x.request.authority); !port.empty()) return port;
  return proto == "https" || proto == "wss" || x.connection().tls ? "443" : "80";
}

// A method whose body a server expects (RFC 9110 8.6).
bool expects_body(http::Method method) {
  return method == http::Method::post || method == http::Method::put || method == http::Method::patch;
}

}  // namespace

AuthQuestion::AuthQuestion(const config::dynamic::ForwardAuth& options, http::Url address)
    : address_(std::move(address)),
      trust_(!options.trust_forward_header   ? Trust::unset
             : *options.trust_forward_header ? Trust::yes
                                             : Trust::no),
      fields_(options.auth_request_headers),
      preserve_method_(options.preserve_request_method) {}

bool AuthQuestion::is_asked_about(const http::Field& field) const {
  if (field.id == HeaderId::host) return true;
  if (field.id == HeaderId::te) return false;  // the codec sees to what else is of one connection only
  if (is_forwarding(field.id) && trust_ != Trust::unset) return trust_ == Trust::yes;
  return fields_.empty() ||
         std::ranges::any_of(fields_, [&field](const std::string& name) { return iequals(name, field.name); });
}

void AuthQuestion::tell_what_was_asked_for(Exchange& x) const {
  http::HeaderMap& headers = x.request.headers;
  const auto tell = [&](HeaderId id, std::string_view value) {
    if (trust_ != Trust::unset && headers.contains(id)) return;
    headers.set(id, value);
  };
  headers.set(HeaderId::x_forwarded_for, trust_ == Trust::unset ? x.connection().peer_ip_text() : forwarded_for(x));
  tell(HeaderId::x_forwarded_method, x.request.method);
  tell(HeaderId::x_forwarded_proto, x.connection().tls ? "https" : "http");
  if (trust_ != Trust::unset)
    tell(HeaderId::x_forwarded_port, forwarded_port(x, *headers.find(HeaderId::x_forwarded_proto)));
  tell(HeaderId::x_forwarded_host, x.request.authority);
  tell(HeaderId::x_forwarded_uri, request_target(x));
}

void AuthQuestion::ask(Exchange& x, http::BodySource* body) const {
  http::RequestHead& request = x.request;
  request.headers.remove_if([this](const http::Field& field) { return !is_asked_about(field); });
  tell_what_was_asked_for(x);
  if (!preserve_method_) {
    request.method = "GET";
    request.method_id = http::Method::get;
  }
  request.scheme = {};
  request.path = address_.path;
  request.query = address_.query;
  request.has_query = address_.has_query;
  request.upgrade = {};
  request.expects_continue = false;
  x.request_body = body;
  const bool has_length = body != nullptr || expects_body(request.method_id);
  request.framing = has_length ? http::Framing::length : http::Framing::none;
  request.content_length = body == nullptr ? 0 : *body->remaining();
}

}  // namespace fl::proxy::middleware
