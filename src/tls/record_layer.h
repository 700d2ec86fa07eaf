// The records of a TLS 1.3 connection once a server has shaken hands: application data, alerts and key updates, and
// nothing else (RFC 8446 5, 4.6.3, 6). Takes over from OpenSSL, whose objects cost 13 KB a connection and as much time
// a request as the encryption itself. Pure: the stream moves the bytes.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "net/buffer.h"
#include "tls/openssl/record_cipher.h"

namespace fl::tls {

class RecordLayer {
 public:
  // `outgoing`: records that were sealed under the server's secret and have still to be sent, from its first on.
  RecordLayer(Aead aead, const openssl::TrafficSecrets& secrets, std::string outgoing);

  enum class State : uint8_t {
    open,
    ended,   // by the peer's close_notify
    failed,  // a record broke the protocol, about which an alert is in outgoing(); or the peer sent an alert
  };
  State state() const { return state_; }

  // ---- what the peer sent
  // For records as they come from the socket; then says how much of the room was used. Never empty.
  std::span<char> room();
  void commit(size_t n) { received_.commit(n); }
  // The same for bytes that are somewhere else.
  void append(std::string_view bytes);
  // Nothing more will come for a while: what is there of a record takes no more memory than its bytes.
  void rest();
  // Opens records: the text of as many as fit. 0: more has to be received, or the state is no longer `open`. With no
  // room, the first one with text is opened and kept.
  size_t read(char* out, size_t size);
  // Although nothing more is received, there is text to be read, or the state to be looked at.
  bool has_unread() const { return text_ > 0 || state_ != State::open || has_whole_record(); }

  // ---- what goes out
  static constexpr size_t kMostSealed = 2 * (openssl::kMaxContent + openssl::kSealingAdds);
  // Seals the first bytes of the parts into `out`, which has room for kMostSealed and goes behind outgoing(). -> how
  // many of them; *end: of the records.
  size_t seal(const iovec* parts, int count, uint8_t* out, uint8_t** end);
  // Sealed and to be sent before anything else.
  std::string& outgoing() { return outgoing_; }
  void append_close_notify();

  // ---- when somebody else goes on with that
  openssl::RecordKeys sealing_keys() const { return writer_.keys(); }
  // From now on outgoing() holds the content of one alert, or nothing; and a peer that asks for new keys fails.
  void stop_sealing();

 private:
  enum class Alert : uint8_t;
  void wake();  // after rest()
  bool has_whole_record() const;
  void open_record(std::span<uint8_t> room, size_t& written);
  void take_alert(std::span<const uint8_t> content);
  void take_handshake(std::span<const uint8_t> content);
  void fail(Alert reason);
  void append_alert(Alert description);
  void append_key_update();
  void append_message(openssl::ContentType type, std::span<uint8_t> content);

  openssl::RecordCipher reader_, writer_;
  net::InBuffer received_;
  std::string resting_;  // instead of received_
  size_t text_ = 0;      // opened in place at the front of received_, and not yet read
  size_t behind_ = 0;    // what is left of that record after its text
  std::string outgoing_;
  State state_ = State::open;
  bool key_update_is_outgoing_ = false;
  bool seals_ = true;
  uint8_t without_text_ = 0;  // records in a row
  uint8_t partial_size_ = 0;
  std::array<uint8_t, 5> partial_{};  // a key update that came in several records
};

}  // namespace fl::tls
