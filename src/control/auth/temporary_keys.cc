#include "control/auth/temporary_keys.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/crypto.h"
#include "base/json.h"

namespace fl::control::auth {
namespace {

constexpr size_t kSealSize = 32;

std::string bytes(const std::array<uint8_t, 32>& digest) { return {digest.begin(), digest.end()}; }

std::string key_id() {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string id = "ASIA";
  for (const char byte : random_bytes(16)) id += kLetters[static_cast<uint8_t>(byte) % kLetters.size()];
  return id;
}

}  // namespace

aws::Credentials TemporaryKeys::mint(std::string_view account, std::string_view arn, std::string_view user_id,
                                     WallTime expires) const {
  aws::Credentials out;
  out.access_key_id = key_id();
  out.expires = std::chrono::floor<std::chrono::seconds>(expires);
  const int64_t seconds = out.expires->time_since_epoch() / 1s;
  const std::string claims =
      json::to_text(json::Object{{"k", out.access_key_id}, {"a", account}, {"r", arn}, {"u", user_id}, {"e", seconds}});
  out.session_token = base64_encode(bytes(hmac_sha256(seal_, "token" + claims)) + claims);
  out.secret_access_key = secret_of(out.session_token);
  return out;
}

std::optional<AccessKey> TemporaryKeys::find(std::string_view id, std::string_view session_token) const {
  const auto sealed = base64_decode(session_token);
  if (session_token.empty() || !sealed || sealed->size() < kSealSize) return std::nullopt;
  const std::string_view claims = std::string_view(*sealed).substr(kSealSize);
  if (!constant_time_equal(bytes(hmac_sha256(seal_, fmt::format("token{}", claims))), sealed->substr(0, kSealSize)))
    return std::nullopt;
  // Ours: it is what mint() wrote.
  const auto value = json::parse(claims);
  const json::Value* expires = value ? value->find("e") : nullptr;
  if (expires == nullptr || expires->if_int() == nullptr || value->string_at("k") != id) return std::nullopt;
  return AccessKey{.id = std::string(id),
                   .secret = secret_of(session_token),
                   .session_token = std::string(session_token),
                   .expires = WallTime(std::chrono::seconds(*expires->if_int())),
                   .account = std::string(value->string_at("a")),
                   .arn = std::string(value->string_at("r")),
                   .user_id = std::string(value->string_at("u"))};
}

std::string TemporaryKeys::secret_of(std::string_view token) const {
  return base64_encode(bytes(hmac_sha256(seal_, fmt::format("secret{}", token)))).substr(0, 40);
}

Result<std::string> read_or_make_seal(const std::string& path) {
  const auto problem = [&path] {
    return fail(Code::internal, fmt::format("{}: {}; it holds the secret that temporary keys are made with", path,
                                            std::strerror(errno)));
  };
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0 && errno != EEXIST) return problem();
  if (fd >= 0) {
    const std::string seal = random_bytes(kSealSize);
    const bool written = ::write(fd, seal.data(), seal.size()) == static_cast<ssize_t>(seal.size()) && ::fsync(fd) == 0;
    ::close(fd);
    if (written) return seal;
    const auto failed = problem();
    ::unlink(path.c_str());
    return failed;
  }
  std::ifstream file(path, std::ios::binary);
  std::string seal{std::istreambuf_iterator<char>(file), {}};
  if (seal.size() < kSealSize)
    return fail(Code::invalid, fmt::format("{}: too short for a secret; remove it and start again", path));
  return seal;
}

}  // namespace fl::control::auth
