#include "proxy/forward/forward.h"

#include "base/log.h"
#include "proxy/forward/kept_upload.h"
#include "proxy/forward/upstream.h"
#include "proxy/transaction.h"

namespace fl::proxy {
namespace {

using http::Exchange;
using http::HeaderId;

// Of a request that servers refuse unseen. On the second connection are all that were refused on the first, and it may
// be drained by them in turn, as by nginx after its keepalive_requests. The third is the request's own, of which it is
// the first: a server that refuses that one has no need of more.
constexpr int kMostTries = 3;

// RFC 9110 9.2.2, as far as the method says it; one with a body is never replayed, for the body is gone.
bool is_replayable(const Exchange& x) {
  if (x.request_body != nullptr) return false;
  switch (x.request.method_id) {
    case http::Method::get:
    case http::Method::head:
    case http::Method::options:
    case http::Method::trace:
    case http::Method::put:
    case http::Method::delete_: return true;
    default: return false;
  }
}

void append_forwarded_for(Exchange& x) {
  http::HeaderMap& headers = x.request.headers;
  std::string_view value = x.connection().peer_ip_text();
  bool suppressed = false;
  for (auto field = headers.end(); field != headers.begin();) {
    --field;
    if (field->id != HeaderId::x_forwarded_for) continue;
    if (field->value.empty())
      suppressed = true;
    else
      value = x.arena.concat({field->value, ", ", value});
  }
  if (suppressed)
    headers.remove(HeaderId::x_forwarded_for);
  else
    headers.set(HeaderId::x_forwarded_for, value);
}

void answer(Exchange& x, ProxyError error) {
  const uint16_t status = status_of(error);
  log::debug("{} -> {}: {}", Transaction::of(x).record.server_url, status, describe(error));
  x.respond(status, http::reason_phrase(status), {});
  if (error == ProxyError::client_gone) x.drop_connection = true;
  if (error == ProxyError::request_body || error == ProxyError::request_timeout) x.close_connection = true;
}

}  // namespace

net::Task<> forward(Exchange& x, const std::shared_ptr<const UpstreamSpec>& server, ForwardOptions options) {
  Transaction& transaction = Transaction::of(x);
  Upstream& upstream = transaction.worker.upstream(server);
  if (!options.pass_host_header) x.request.authority = server->host_header;
  if (std::exchange(transaction.append_forwarded_for, false)) append_forwarded_for(x);
  const TimePoint start = transaction.worker.loop().now();
  transaction.record.server_address = server->address;
  transaction.record.origin_bytes = 0;  // of an attempt before
  transaction.unsent = false;
  ProxyError error = ProxyError::none;
  bool kept_off = false;
  KeptUpload* upload = nullptr;
  for (int tries = 1;; ++tries) {
    auto connection = tries > 1 ? nullptr : upstream.take(x);
    if (connection == nullptr) connection = co_await upstream.connect(x, tries >= kMostTries, error);
    if (connection == nullptr) {
      transaction.unsent = error != ProxyError::client_gone;
      break;
    }
    if (x.request_body != nullptr && upload == nullptr && connection->tells_unprocessed())
      upload = &KeptUpload::start(x);
    http::ClientConnection& client = *connection;
    const http::ClientOutcome outcome = co_await client.run(std::move(connection), x, upstream.client_options());
    error = from(outcome.error);
    if (!outcome.detail.empty()) log::debug("{}: {}", transaction.record.server_url, outcome.detail);
    if (error == ProxyError::no_upgrade && !std::exchange(kept_off, true)) {
      upstream.keep_websockets_off_http2();
      continue;
    }
    const bool again =
        outcome.unprocessed ? upload == nullptr || upload->rewind() : tries == 1 && outcome.stale && is_replayable(x);
    if (!again || tries >= kMostTries) break;
  }
  if (upload != nullptr) {
    if (error == ProxyError::none)
      upload->stop_keeping();
    else if (!co_await upload->end())
      transaction.unsent = false;
  }
  transaction.record.origin_duration = transaction.worker.loop().now() - start;
  if (error != ProxyError::none) {
    answer(x, error);
    co_return;
  }
  if (!options.pass_proxy_authenticate) x.response.headers.remove(HeaderId::proxy_authenticate);
  transaction.record.origin_status = x.response.status;
}

}  // namespace fl::proxy
