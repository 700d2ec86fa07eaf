#include "proxy/build/file_contents.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/crypto.h"

namespace fl::proxy {
namespace {
constexpr size_t kMaxBytes = 1 << 20;
}

bool FileContents::is_text(std::string_view value) { return value.find("-----BEGIN") != std::string_view::npos; }

FileContents::Identity FileContents::identity(const std::string& value) {
  if (is_text(value)) return {.text = hex(sha256(value))};
  if (const auto known = known_.find(value); known != known_.end()) return known->second;
  Identity identity;
  struct stat status{};
  if (::stat(value.c_str(), &status) != 0)
    identity.error = errno;
  else
    identity = {.device = status.st_dev,
                .inode = status.st_ino,
                .size = static_cast<uint64_t>(status.st_size),
                .modified_ns = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec,
                .mode = status.st_mode,
                .error = 0,
                .text = {}};
  known_.emplace(value, identity);
  return identity;
}

Result<std::string> FileContents::read(const std::string& value) const {
  if (is_text(value)) return value;
  const auto failed = [&value](int error) {
    return fail(error == ENOENT ? Code::not_found : Code::denied, fmt::format("{}: {}", value, std::strerror(error)));
  };
  const int fd = ::open(value.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return failed(errno);
  std::string text;
  std::array<char, 16 << 10> buffer;
  ssize_t n = 0;
  while ((n = ::read(fd, buffer.data(), buffer.size())) > 0 && text.size() <= kMaxBytes)
    text.append(buffer.data(), static_cast<size_t>(n));
  const int error = errno;
  ::close(fd);
  if (n < 0) return failed(error);
  if (text.size() > kMaxBytes) return fail(Code::invalid, fmt::format("{}: larger than a MiB", value));
  return text;
}

void FileContents::look_again() {
  ++generation_;
  known_.clear();
}

}  // namespace fl::proxy
