// The client's end of a connection for tests of RecordLayer: seals what a client should and should not, opens what the
// server sealed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tls/openssl/record_cipher.h"

namespace fl::tls::testing {

class RecordPeer {
 public:
  explicit RecordPeer(Aead aead);
  const openssl::TrafficSecrets& secrets() const { return secrets_; }

  // A record of the content with so many zeros behind it.
  std::string seal(openssl::ContentType type, std::string_view content, size_t padding = 0);
  // The content's type is its last byte that is not zero.
  std::string seal_inner(std::string_view inner);
  static std::string key_update(char asks) { return std::string("\x18\0\0\x01", 4) + asks; }
  void update_own() { writer_.update(); }

  // The text of whole records; alerts and key updates, which are followed, as "<alert 10>" and "<key update>".
  std::string open(std::string_view records);
  // As if so many records of the server had come.
  void skip(uint64_t records);

 private:
  Aead aead_;
  openssl::TrafficSecrets secrets_;
  openssl::RecordCipher writer_;
  std::optional<openssl::RecordCipher> reader_;
};

}  // namespace fl::tls::testing
