#include "control/state/ids.h"

#include <fmt/format.h>

#include <array>

namespace fl::control::state {
namespace {

std::mt19937_64 seeded() {
  std::random_device device;
  std::array<uint32_t, 8> words;
  for (uint32_t& word : words) word = device();
  std::seed_seq seed(words.begin(), words.end());
  return std::mt19937_64(seed);
}

}  // namespace

IdSource::IdSource() : random_(seeded()) {}

std::string IdSource::id() { return fmt::format("{:016x}{:016x}", random_(), random_()); }

std::string IdSource::uuid() {
  const uint64_t a = random_(), b = random_();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}", a >> 32, a >> 16 & 0xffff, a & 0xfff, 8 + (b >> 62),
                     b >> 48 & 0xfff, b & 0xffff'ffff'ffff);
}

std::string IdSource::deployment_id() {
  constexpr uint64_t kFirst = 1'000'000'000'000'000'000;  // the first number of 19 digits
  return fmt::format("ecs-svc/{}", kFirst + random_() % (8 * kFirst));
}

}  // namespace fl::control::state
