#include "http/h2/extended_connect.h"

#include <sys/random.h>

#include <array>
#include <string>

#include "base/check.h"
#include "base/crypto.h"
#include "http/websocket.h"

namespace fl::http::h2 {
std::string_view add_websocket_key(Exchange& exchange) {
  std::array<char, 16> bytes;
  FL_CHECK(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  const std::string_view key = exchange.arena.copy(base64_encode({bytes.data(), bytes.size()}));
  exchange.request.headers.set(HeaderId::sec_websocket_key, key);
  return key;
}

bool accept_switch(Exchange& exchange, std::string_view key) {
  ResponseHead& head = exchange.response;
  const std::string_view* const accept = head.headers.find(HeaderId::sec_websocket_accept);
  if (accept == nullptr || *accept != websocket_accept(key)) return false;
  head.headers.remove(HeaderId::sec_websocket_accept);
  head.status = 200;
  head.upgrade = {};
  head.framing = Framing::until_close;
  head.has_content_length = false;
  return true;
}

void make_switch(Exchange& exchange) {
  ResponseHead& head = exchange.response;
  const std::string_view* const key = exchange.request.headers.find(HeaderId::sec_websocket_key);
  FL_CHECK(key != nullptr);
  head.headers.set(HeaderId::sec_websocket_accept, exchange.arena.copy(websocket_accept(*key)));
  head.status = 101;
  head.upgrade = "websocket";
  head.framing = Framing::none;
  head.has_content_length = false;
}

}  // namespace fl::http::h2
