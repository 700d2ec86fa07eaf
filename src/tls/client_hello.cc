#include "tls/client_hello.h"

#include <algorithm>
#include <optional>

#include "base/strings.h"

namespace fl::tls {
namespace {

using Status = ClientHello::Status;

constexpr size_t kRecordHeader = 5;
constexpr size_t kMaxFragment = 16 << 10;
constexpr size_t kMessageHeader = 4;
constexpr uint8_t kHandshakeRecord = 22, kClientHelloMessage = 1;
constexpr size_t kMaxHostName = 255;
enum Extension : uint16_t { kServerName = 0, kSignatureAlgorithms = 13, kAlpn = 16, kSupportedVersions = 43 };

// Takes numbers and vectors off the front of a message. What does not fit sets `bad`, and from then on all is empty.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(size_t n) {
    if (n > rest_.size()) bad_ = true;
    if (bad_) return rest_ = {};
    const auto taken = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return taken;
  }
  uint32_t number(size_t width) {
    uint32_t n = 0;
    for (const char c : take(width)) n = n << 8 | static_cast<uint8_t>(c);
    return n;
  }
  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  // A vector that begins with its length.
  Reader vector(size_t length_width) { return Reader(take(number(length_width))).inherit(bad_); }

  bool empty() const { return rest_.empty(); }
  bool bad() const { return bad_; }
  bool exhausted() const { return !bad_ && rest_.empty(); }
  std::string_view rest() const { return rest_; }

 private:
  Reader& inherit(bool bad) {
    bad_ = bad_ || bad;
    return *this;
  }
  std::string_view rest_;
  bool bad_ = false;
};

bool read_server_name(Reader extension, std::string& out) {
  Reader list = extension.vector(2);
  if (!extension.exhausted() || list.empty()) return false;
  while (!list.empty()) {
    const uint32_t type = list.number(1);
    Reader name = list.vector(2);
    if (list.bad() || name.empty() || name.rest().size() > kMaxHostName) return false;
    if (type != 0) continue;
    if (!out.empty() || name.rest().find('\0') != std::string_view::npos) return false;
    out = to_lower(name.rest());
    if (out.back() == '.') out.pop_back();
    if (out.empty()) return false;
  }
  return !list.bad();
}

bool read_alpn(Reader extension, std::vector<std::string>& out) {
  Reader list = extension.vector(2);
  if (!extension.exhausted() || list.empty()) return false;
  while (!list.empty()) {
    const Reader name = list.vector(1);
    if (list.bad() || name.empty()) return false;
    out.emplace_back(name.rest());
  }
  return true;
}

bool read_numbers(Reader extension, size_t length_width, std::vector<uint16_t>& out) {
  Reader list = extension.vector(length_width);
  if (!extension.exhausted() || list.empty()) return false;
  while (!list.empty()) out.push_back(list.u16());
  return !list.bad();
}

bool read_extensions(Reader list, ClientHello& hello) {
  std::vector<uint16_t> seen;
  while (!list.empty()) {
    const uint16_t type = list.u16();
    const Reader extension = list.vector(2);
    if (list.bad()) return false;
    seen.push_back(type);
    bool fine = true;
    switch (type) {
      case kServerName: fine = read_server_name(extension, hello.server_name); break;
      case kAlpn: fine = read_alpn(extension, hello.alpn); break;
      case kSupportedVersions: fine = read_numbers(extension, 1, hello.supported_versions); break;
      case kSignatureAlgorithms: fine = read_numbers(extension, 2, hello.signature_algorithms); break;
      default: break;
    }
    if (!fine) return false;
  }
  std::ranges::sort(seen);  // none may come twice
  return std::ranges::adjacent_find(seen) == seen.end();
}

// The message without its header.
bool read_hello(std::string_view message, ClientHello& hello) {
  Reader reader(message);
  const uint16_t legacy_version = reader.u16();
  reader.take(32);  // random
  const Reader session_id = reader.vector(1);
  const Reader ciphers = reader.vector(2);
  const Reader compressions = reader.vector(1);
  if (reader.bad() || legacy_version >> 8 != 3 || session_id.rest().size() > 32) return false;
  if (ciphers.empty() || ciphers.rest().size() % 2 != 0) return false;
  if (compressions.rest().find('\0') == std::string_view::npos) return false;  // all must be able to do without
  if (!reader.empty()) {
    const Reader extensions = reader.vector(2);
    if (!reader.exhausted() || !read_extensions(extensions, hello)) return false;
  }
  if (hello.supported_versions.empty()) hello.supported_versions.push_back(legacy_version);
  return true;
}

}  // namespace

bool ClientHello::offers(std::string_view protocol) const { return std::ranges::find(alpn, protocol) != alpn.end(); }

ClientHello parse_client_hello(std::string_view bytes) {
  const auto verdict = [](Status status) {
    ClientHello hello;
    hello.status = status;
    return hello;
  };
  if (bytes.empty()) return verdict(Status::incomplete);
  const auto byte = [bytes](size_t at) { return static_cast<uint8_t>(bytes[at]); };
  if (byte(0) != kHandshakeRecord || (bytes.size() > 1 && byte(1) != 3)) return verdict(Status::not_tls);

  // Puts the records' contents together until the message is whole. Only from a second record on is that a copy.
  std::string joined;
  std::string_view message;
  std::optional<size_t> want;  // the message's size, once its header is there
  for (size_t at = 0; !want || message.size() < *want;) {
    if (at > kMaxClientHelloBytes) return verdict(Status::too_large);
    if (bytes.size() - at < kRecordHeader) return verdict(Status::incomplete);
    const size_t size = static_cast<size_t>(byte(at + 3)) << 8 | byte(at + 4);
    if (byte(at) != kHandshakeRecord || byte(at + 1) != 3 || size == 0 || size > kMaxFragment)
      return verdict(Status::malformed);
    const std::string_view fragment = bytes.substr(at + kRecordHeader, size);
    at += kRecordHeader + size;
    if (message.empty()) {
      message = fragment;
    } else {
      if (joined.empty()) joined = message;
      joined += fragment;
      message = joined;
    }
    if (!want && message.size() >= kMessageHeader) {
      Reader header(message.substr(0, kMessageHeader));
      if (header.number(1) != kClientHelloMessage) return verdict(Status::malformed);
      want = kMessageHeader + header.number(3);
      if (*want > kMaxClientHello) return verdict(Status::too_large);
    } else if (!message.empty() && message[0] != kClientHelloMessage) {
      return verdict(Status::malformed);
    }
    // A hello ends with its record (RFC 8446 5.1): also before the record is whole it is known where it will.
    if (want && message.size() - fragment.size() + size > *want) return verdict(Status::malformed);
    if (fragment.size() < size) return verdict(Status::incomplete);
  }
  ClientHello hello;
  hello.status = Status::complete;
  if (!read_hello(message.substr(kMessageHeader), hello)) return verdict(Status::malformed);
  return hello;
}

}  // namespace fl::tls
