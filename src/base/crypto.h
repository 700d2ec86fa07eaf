// Digests, HMAC, base64, hex, random bytes. Any thread. libcrypto stays behind it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fl {

std::array<uint8_t, 20> sha1(std::string_view data);
std::array<uint8_t, 32> sha256(std::string_view data);
std::array<uint8_t, 32> hmac_sha256(std::string_view key, std::string_view data);
std::array<uint8_t, 48> hmac_sha384(std::string_view key, std::string_view data);

std::string hex(std::span<const uint8_t> bytes);
std::string base64_encode(std::string_view bytes);
// Standard alphabet with padding. Errors: anything else.
Result<std::string> base64_decode(std::string_view text);

// From the kernel; fit for secrets.
std::string random_bytes(size_t size);

// Takes the same time whatever the contents; false at once when the lengths differ.
bool constant_time_equal(std::string_view a, std::string_view b);

constexpr uint64_t fnv1a64(std::string_view s) {
  uint64_t h = 0xcbf29ce484222325;
  for (char c : s) h = (h ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return h;
}
// FNV-1 (multiply first); Traefik's legacy sticky cookie values use it.
constexpr uint64_t fnv1_64(std::string_view s) {
  uint64_t h = 0xcbf29ce484222325;
  for (char c : s) h = (h * 0x100000001b3) ^ static_cast<uint8_t>(c);
  return h;
}

}  // namespace fl
