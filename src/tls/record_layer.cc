#include "tls/record_layer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace fl::tls {

using openssl::ContentType;
using openssl::kMaxCiphertext;
using openssl::kMaxContent;
using openssl::kRecordHeader;
using openssl::kSealingAdds;
using openssl::Pieces;
using openssl::RecordCipher;

enum class RecordLayer::Alert : uint8_t {
  close_notify = 0,
  unexpected_message = 10,
  bad_record_mac = 20,
  record_overflow = 22,
  illegal_parameter = 47,
  decode_error = 50,
  internal_error = 80,
  user_canceled = 90,
};

namespace {

constexpr uint8_t kWarning = 1, kFatal = 2;
constexpr uint8_t kKeyUpdate = 24;  // a handshake message of one byte: whether ours is asked for
constexpr size_t kKeyUpdateBytes = 5;
// Records without text that a peer may send in a row, as OpenSSL: they cost us, and nobody needs them.
constexpr uint8_t kMostWithoutText = 32;
// RFC 8446 5.5: AES-GCM is safe for 2^24.5 records under one key.
constexpr uint64_t kMostRecordsPerKey = uint64_t{1} << 24;

size_t length_in(const uint8_t* header) { return static_cast<size_t>(header[3]) << 8 | header[4]; }

uint64_t count_records(std::string_view records) {
  uint64_t count = 0;
  for (; records.size() >= kRecordHeader; ++count)
    records.remove_prefix(
        std::min(records.size(), kRecordHeader + length_in(reinterpret_cast<const uint8_t*>(records.data()))));
  return count;
}

}  // namespace

RecordLayer::RecordLayer(Aead aead, const openssl::TrafficSecrets& secrets, std::string outgoing)
    : reader_(aead, secrets.client),
      writer_(aead, secrets.server, count_records(outgoing)),
      outgoing_(std::move(outgoing)) {}

// ---- what the peer sent

bool RecordLayer::has_whole_record() const {
  const std::string_view bytes = received_.view();
  return bytes.size() >= kRecordHeader &&
         bytes.size() >= kRecordHeader + length_in(reinterpret_cast<const uint8_t*>(bytes.data()));
}

std::span<char> RecordLayer::room() {
  wake();
  return received_.room();
}

void RecordLayer::append(std::string_view bytes) {
  wake();
  received_.append(bytes);
}

void RecordLayer::wake() {
  if (!resting_.empty()) received_.append(std::exchange(resting_, {}));
}

void RecordLayer::rest() {
  if (text_ == 0 && !received_.empty()) {
    resting_ = received_.view();
    received_.consume(received_.size());
  }
  received_.release_if_empty();
}

size_t RecordLayer::read(char* out, size_t size) {
  size_t done = 0;
  while (state_ == State::open) {
    if (text_ > 0) {
      const size_t n = std::min(text_, size - done);
      if (n == 0) break;
      std::memcpy(out + done, received_.data(), n);
      done += n;
      text_ -= n;
      received_.consume(text_ == 0 ? n + behind_ : n);
      continue;
    }
    if (received_.size() < kRecordHeader) break;
    const auto* header = reinterpret_cast<const uint8_t*>(received_.data());
    if (header[0] != static_cast<uint8_t>(ContentType::application_data)) {
      fail(Alert::unexpected_message);
    } else if (length_in(header) > kMaxCiphertext) {
      fail(Alert::record_overflow);
    } else if (length_in(header) <= kAeadTag) {
      fail(Alert::bad_record_mac);
    } else if (has_whole_record()) {
      open_record({reinterpret_cast<uint8_t*>(out) + done, size - done}, done);
    } else {
      break;
    }
  }
  received_.release_if_empty();
  return done;
}

// The one in front: into `room` when it fits, else where it is.
void RecordLayer::open_record(std::span<uint8_t> room, size_t& written) {
  auto* record = reinterpret_cast<uint8_t*>(received_.data());
  const size_t length = length_in(record);
  size_t size = length - kAeadTag;
  const bool fits = size <= room.size();
  uint8_t* text = fits ? room.data() : record + kRecordHeader;
  if (!reader_.open({record, kRecordHeader + length}, text)) return fail(Alert::bad_record_mac);
  while (size > 0 && text[size - 1] == 0) --size;  // padding
  if (size == 0) return fail(Alert::unexpected_message);
  const auto type = static_cast<ContentType>(text[--size]);
  if (size > kMaxContent) return fail(Alert::record_overflow);
  const bool has_text = type == ContentType::application_data && size > 0;
  without_text_ = has_text ? 0 : static_cast<uint8_t>(without_text_ + 1);
  if (without_text_ > kMostWithoutText) return fail(Alert::unexpected_message);

  if (has_text && !fits) {
    received_.consume(kRecordHeader);
    text_ = size;
    behind_ = length - size;
  } else {
    received_.consume(kRecordHeader + length);
  }
  // A message of the handshake that is not complete may not be interrupted.
  if (type == ContentType::handshake) return take_handshake({text, size});
  if (partial_size_ > 0) return fail(Alert::unexpected_message);
  if (type == ContentType::alert) return take_alert({text, size});
  if (type != ContentType::application_data) return fail(Alert::unexpected_message);
  if (fits) written += size;
}

void RecordLayer::take_alert(std::span<const uint8_t> content) {
  if (content.size() != 2) return fail(Alert::decode_error);
  const auto description = static_cast<Alert>(content[1]);
  if (description == Alert::close_notify)
    state_ = State::ended;
  else if (description != Alert::user_canceled)
    state_ = State::failed;
}

void RecordLayer::take_handshake(std::span<const uint8_t> content) {
  if (content.empty() || partial_size_ + content.size() > kKeyUpdateBytes) return fail(Alert::unexpected_message);
  std::ranges::copy(content, partial_.begin() + partial_size_);
  partial_size_ = static_cast<uint8_t>(partial_size_ + content.size());
  if (partial_[0] != kKeyUpdate) return fail(Alert::unexpected_message);
  if (partial_size_ < kKeyUpdateBytes) return;
  partial_size_ = 0;
  if (partial_[1] != 0 || partial_[2] != 0 || partial_[3] != 1) return fail(Alert::decode_error);
  if (partial_[4] > 1) return fail(Alert::illegal_parameter);
  reader_.update();
  if (outgoing_.empty()) key_update_is_outgoing_ = false;
  if (partial_[4] == 0 || key_update_is_outgoing_) return;  // one answer is enough for several requests
  if (!seals_) return fail(Alert::internal_error);
  append_key_update();
  key_update_is_outgoing_ = true;
}

void RecordLayer::fail(Alert reason) {
  append_alert(reason);
  state_ = State::failed;
}

// ---- what goes out

size_t RecordLayer::seal(const iovec* parts, int count, uint8_t* out, uint8_t** end) {
  if (writer_.records() >= kMostRecordsPerKey) append_key_update();
  Pieces pieces{parts, count};
  const size_t size = std::min(pieces.left(), 2 * kMaxContent);
  for (size_t left = size; left > 0;) {
    const size_t n = std::min(left, kMaxContent);
    out = writer_.seal(ContentType::application_data, pieces, n, out);
    left -= n;
  }
  *end = out;
  return size;
}

void RecordLayer::stop_sealing() {
  FL_ASSERT(outgoing_.empty());
  seals_ = false;
}

void RecordLayer::append_close_notify() { append_alert(Alert::close_notify); }

void RecordLayer::append_alert(Alert description) {
  std::array<uint8_t, 2> message = {description == Alert::close_notify ? kWarning : kFatal,
                                    static_cast<uint8_t>(description)};
  append_message(ContentType::alert, message);
}

void RecordLayer::append_key_update() {
  std::array<uint8_t, kKeyUpdateBytes> message = {kKeyUpdate, 0, 0, 1, 0};
  append_message(ContentType::handshake, message);
  writer_.update();
}

void RecordLayer::append_message(ContentType type, std::span<uint8_t> content) {
  if (!seals_) {
    outgoing_.assign(content.begin(), content.end());
    return;
  }
  const iovec part{content.data(), content.size()};
  Pieces pieces{&part, 1};
  const size_t before = outgoing_.size();
  outgoing_.resize(before + content.size() + kSealingAdds);
  writer_.seal(type, pieces, content.size(), reinterpret_cast<uint8_t*>(outgoing_.data()) + before);
}

}  // namespace fl::tls
