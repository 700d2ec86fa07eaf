// What an entry point does with each request before a router gets it, in Traefik's order: underscore fields, path and
// query in one normal form, forwarded fields from whom they may come, then the choice of the router. One per entry
// point and worker; worker thread.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "http/exchange.h"
#include "net/address.h"
#include "net/alias_resolver.h"
#include "proxy/routing/request_path.h"
#include "proxy/rules/matcher.h"
#include "proxy/tls_hosts.h"
#include "proxy/worker.h"

namespace fl::proxy {

enum class UnderscoreHeaders : uint8_t { keep, delete_, reject };

struct EntryPointOptions {
  std::string name;
  uint32_t index = 0;      // in Snapshot::entry_points
  bool trust_all = false;  // forwardedHeaders.insecure
  std::vector<net::Cidr> trusted;
  std::vector<std::string> connection_fields;  // may stay although Connection lists them
  bool append_forwarded_for = true;
  bool add_scheme_headers = false;
  routing::EncodedCharacters encoded_characters;
  bool encode_query_semicolons = false;
  bool sanitize_path = true;
  UnderscoreHeaders underscore_headers = UnderscoreHeaders::keep;
  std::string server_name;  // X-Forwarded-Server: this machine's host name
};

// Everything an entry point does to a request before its router is chosen, and what the choice is made by; nothing in
// it knows a worker, so `fairlead explain` asks it too. The result's views live as long as the exchange. Errors: the
// status to answer.
tl::expected<rules::RouteRequest, uint16_t> prepare_request(const EntryPointOptions& options, http::Exchange& exchange);

// The request is for a host with other TLS options than the connection was made with: client certificates that one
// name demands must not be got round by way of another. `host` is canonical. Source: RFC 9110 15.5.20; Traefik:
// snicheck.
bool is_misdirected(const TlsHosts& hosts, const http::ConnectionInfo& connection, std::string_view host);

class EntryPoint final : public http::Handler {
 public:
  // `aliases` are asked what a request's host leads to; null: rules match its own name alone.
  EntryPoint(const EntryPointOptions& options, Worker& worker, net::AliasResolver* aliases = nullptr)
      : options_(options), worker_(worker), aliases_(aliases) {}

  net::Task<> handle(http::Exchange& exchange) const override;

 private:
  net::Task<> route(http::Exchange& exchange) const;
  net::Task<> choose_router(http::Exchange& exchange, const rules::RouteRequest& request) const;
  // Waits for the name server's word first.
  net::Task<> choose_router_by_alias(http::Exchange& exchange, rules::RouteRequest request) const;

  const EntryPointOptions options_;
  Worker& worker_;
  net::AliasResolver* const aliases_;
};

}  // namespace fl::proxy
