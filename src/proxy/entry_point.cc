#include "proxy/entry_point.h"

#include <algorithm>

#include "base/strings.h"
#include "proxy/answers.h"
#include "proxy/grpc.h"
#include "proxy/routing/route_request.h"
#include "proxy/snapshot.h"
#include "proxy/transaction.h"

namespace fl::proxy {
namespace {

using http::Field;
using http::HeaderId;

// For a name server's word on what a host name is an alias of.
constexpr Duration kAliasPatience = 500ms;

// Worth asking a name server about: no address, and a name with a domain.
bool is_name(std::string_view host) { return host.contains('.') && host.size() <= 253 && !net::IpAddress::parse(host); }

// Fields that say who asked and how: believed only from trusted peers, never removable by a Connection list.
bool is_forwarding_field(HeaderId id) { return id >= HeaderId::x_forwarded_for && id <= HeaderId::x_scheme; }

// The name with '_' where the real one has '-' means the same to CGI-like backends.
bool is_forwarding_alias(std::string_view name) {
  if (name.size() > 40 || name.find('_') == name.npos) return false;
  char plain[40];
  std::ranges::transform(name, plain, [](char c) { return c == '_' ? '-' : c; });
  return is_forwarding_field(http::classify_header({plain, name.size()}));
}

bool is_trusted(const EntryPointOptions& options, const net::IpAddress& peer) {
  return options.trust_all || std::ranges::any_of(options.trusted, [&](const auto& c) { return c.contains(peer); });
}

void sanitize_headers(const EntryPointOptions& options, http::Exchange& x) {
  http::HeaderMap& headers = x.request.headers;
  const bool lists_fields = std::ranges::any_of(headers, [](const Field& f) {
    return f.id == HeaderId::connection && !iequals(f.value, "close") && !iequals(f.value, "keep-alive");
  });
  const bool trusted = is_trusted(options, x.connection().peer.ip);
  const auto listed = [&headers](std::string_view name) {
    return std::ranges::any_of(
        headers, [name](const Field& f) { return f.id == HeaderId::connection && http::has_token(f.value, name); });
  };
  headers.remove_if([&](const Field& f) {
    if (is_forwarding_field(f.id)) return !trusted;
    if (f.id == HeaderId::proxy_authorization || f.id == HeaderId::proxy_authenticate) return true;
    if (f.id == HeaderId::other && !trusted && is_forwarding_alias(f.name)) return true;
    return lists_fields && f.id != HeaderId::connection && f.id != HeaderId::host && f.id != HeaderId::te &&
           f.id != HeaderId::upgrade && listed(f.name) &&
           std::ranges::none_of(options.connection_fields, [&f](const auto& name) { return iequals(name, f.name); });
  });

  const bool tls = x.connection().tls;
  const bool websocket = http::has_token(x.request.upgrade, "websocket");
  std::string_view proto = websocket ? (tls ? "wss" : "ws") : (tls ? "https" : "http");
  bool have_proto = false, have_port = false, have_host = false, have_ip = false;
  if (trusted)
    for (const Field& f : headers) {
      have_ip |= f.id == HeaderId::x_real_ip;
      have_host |= f.id == HeaderId::x_forwarded_host;
      have_port |= f.id == HeaderId::x_forwarded_port;
      if (f.id == HeaderId::x_forwarded_proto) {
        have_proto = true;
        proto = f.value;
      }
    }
  if (!have_ip) headers.append(HeaderId::x_real_ip, x.connection().peer_ip_text());
  if (!have_proto) headers.append(HeaderId::x_forwarded_proto, proto);
  if (!have_port) {
    std::string_view port = routing::port_of(x.request.authority);
    if (port.empty()) port = proto == "https" || proto == "wss" ? "443" : "80";
    headers.append(HeaderId::x_forwarded_port, port);
  }
  if (!have_host && !x.request.authority.empty()) headers.append(HeaderId::x_forwarded_host, x.request.authority);
  if (trusted) headers.remove(HeaderId::x_forwarded_server);
  headers.append(HeaderId::x_forwarded_server, options.server_name);
  if (options.add_scheme_headers) {
    headers.set(HeaderId::x_forwarded_scheme, proto);
    headers.set(HeaderId::x_scheme, proto);
  }
}

}  // namespace

tl::expected<rules::RouteRequest, uint16_t> prepare_request(const EntryPointOptions& options, http::Exchange& x) {
  http::RequestHead& request = x.request;
  if (options.underscore_headers != UnderscoreHeaders::keep) {
    const auto has_underscore = [](const Field& f) { return f.name.find('_') != f.name.npos; };
    if (options.underscore_headers == UnderscoreHeaders::delete_)
      request.headers.remove_if(has_underscore);
    else if (std::ranges::any_of(request.headers, has_underscore))
      return tl::make_unexpected<uint16_t>(400);
  }
  const auto path =
      routing::make_request_path(request.path, options.sanitize_path, options.encoded_characters, x.arena);
  if (!path) return tl::make_unexpected<uint16_t>(400);
  request.path = path->forwarded;
  request.query = routing::make_query(request.query, options.encode_query_semicolons, x.arena);
  if (http::has_token(request.upgrade, "h2c")) request.upgrade = {};  // CVE-2026-88008: a tunnel past every rule
  sanitize_headers(options, x);
  return routing::make_route_request(x, path->routing);
}

bool is_misdirected(const TlsHosts& hosts, const http::ConnectionInfo& connection, std::string_view host) {
  if (!hosts.differ() || connection.negotiated == nullptr) return false;
  const std::string_view server_name = connection.negotiated->server_name;
  return host != server_name && hosts.options_of(host) != hosts.options_of(server_name);
}

net::Task<> EntryPoint::handle(http::Exchange& x) const {
  return is_grpc(x.request) ? answer_as_grpc(x, route(x)) : route(x);
}

net::Task<> EntryPoint::route(http::Exchange& x) const {
  auto* transaction =
      new (x.arena.allocate(sizeof(Transaction), alignof(Transaction))) Transaction(worker_, worker_.current());
  x.attachment = transaction;
  transaction->append_forwarded_for = options_.append_forwarded_for;
  telemetry::RequestRecord& record = transaction->record;
  http::RequestHead& request = x.request;
  record.start_wall = worker_.loop().wall();
  record.entry_point = options_.name;
  record.entry_point_index = options_.index;
  record.client_ip = x.connection().peer_ip_text();
  record.client_port = x.connection().peer.port;
  record.method = request.method;
  record.method_id = request.method_id;
  record.host = request.authority;
  record.path = request.path;
  record.query = request.query;
  record.has_query = request.has_query;
  record.version = request.version;
  record.tls = x.connection().tls;
  if (const tls::Negotiated* agreed = x.connection().negotiated; agreed != nullptr) {
    record.tls_version = agreed->version;
    record.tls_cipher = agreed->cipher;
    record.tls_client_subject = agreed->peer_subject;
  }
  record.websocket = http::has_token(request.upgrade, "websocket");

  auto prepared = prepare_request(options_, x);
  if (!prepared) return answer_error(x, prepared.error());
  if (const auto* forwarded_for = request.headers.find(HeaderId::x_forwarded_for))
    record.forwarded_for = *forwarded_for;

  if (aliases_ != nullptr && is_name(prepared->host)) {
    const std::string* alias = aliases_->known(prepared->host);
    if (alias == nullptr) return choose_router_by_alias(x, *prepared);
    prepared->cname = x.arena.copy(*alias);
  }
  return choose_router(x, *prepared);
}

net::Task<> EntryPoint::choose_router_by_alias(http::Exchange& x, rules::RouteRequest request) const {
  request.cname =
      x.arena.copy(co_await aliases_->alias_of(std::string(request.host), worker_.loop().now() + kAliasPatience));
  co_await choose_router(x, request);
}

net::Task<> EntryPoint::choose_router(http::Exchange& x, const rules::RouteRequest& request) const {
  Transaction& transaction = Transaction::of(x);
  telemetry::RequestRecord& record = transaction.record;
  const EntryPointSnapshot& snapshot = transaction.pin.snapshot->entry_points[options_.index];
  if (is_misdirected(snapshot.tls_hosts, x.connection(), request.host)) return answer_error(x, 421);
  const HttpRouters& routers = x.connection().tls ? snapshot.https : snapshot.http;
  const int id = routers.table.find(request);
  if (id < 0) return answer_not_found(x);
  const RouterSnapshot& router = *routers.routers[static_cast<size_t>(id)];
  record.router = router.name;
  record.log = router.log;
  record.count = router.count;
  record.internal = router.internal;
  if (worker_.refuses() && !router.internal) return answer_overloaded(x);
  return router.handler->handle(x);
}

}  // namespace fl::proxy
