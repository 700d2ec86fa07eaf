#include "agent/session/message_id.h"

#include <sys/random.h>

#include <array>

#include "base/check.h"
#include "base/crypto.h"

namespace fl::agent::session {

std::string new_message_id() {
  std::array<uint8_t, 16> bytes{};
  FL_CHECK(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string text = hex(bytes);
  for (const size_t at : {20u, 16u, 12u, 8u}) text.insert(at, 1, '-');
  return text;
}

}  // namespace fl::agent::session
