#include "tls/testing/record_peer.h"

#include <algorithm>

#include "base/check.h"

namespace fl::tls::testing {
namespace {

using openssl::ContentType;
using openssl::RecordCipher;

openssl::TrafficSecrets some_secrets() {
  openssl::TrafficSecrets secrets;
  secrets.client.fill('c');
  secrets.server.fill('s');
  return secrets;
}

}  // namespace

RecordPeer::RecordPeer(Aead aead)
    : aead_(aead),
      secrets_(some_secrets()),
      writer_(aead, secrets_.client),
      reader_(std::in_place, aead, secrets_.server) {}

std::string RecordPeer::seal(ContentType type, std::string_view content, size_t padding) {
  return seal_inner(std::string(content) + static_cast<char>(type) + std::string(padding, '\0'));
}

std::string RecordPeer::seal_inner(std::string_view inner) {
  FL_CHECK(!inner.empty());
  std::string out(inner.size() + openssl::kSealingAdds, '\0');
  iovec part{const_cast<char*>(inner.data()), inner.size() - 1};
  openssl::Pieces pieces{&part, 1};
  const uint8_t* end = writer_.seal(static_cast<ContentType>(inner.back()), pieces, inner.size() - 1,
                                    reinterpret_cast<uint8_t*>(out.data()));
  out.resize(static_cast<size_t>(end - reinterpret_cast<uint8_t*>(out.data())));
  return out;
}

std::string RecordPeer::open(std::string_view records) {
  std::string out;
  while (!records.empty()) {
    const auto* record = reinterpret_cast<const uint8_t*>(records.data());
    FL_CHECK(records.size() >= openssl::kRecordHeader);
    const size_t length = static_cast<size_t>(record[3]) << 8 | record[4];
    FL_CHECK(records.size() >= openssl::kRecordHeader + length && length > kAeadTag);
    std::string text(length - kAeadTag, '\0');
    FL_CHECK(reader_->open({record, openssl::kRecordHeader + length}, reinterpret_cast<uint8_t*>(text.data())));
    records.remove_prefix(openssl::kRecordHeader + length);
    const auto type = static_cast<ContentType>(text.back());
    text.pop_back();
    if (type == ContentType::alert)
      out += "<alert " + std::to_string(static_cast<uint8_t>(text[1])) + ">";
    else if (type == ContentType::handshake)
      out += "<key update>";
    else
      out += text;
    if (type == ContentType::handshake) reader_->update();
  }
  return out;
}

void RecordPeer::skip(uint64_t records) { reader_.emplace(aead_, secrets_.server, records); }

}  // namespace fl::tls::testing
