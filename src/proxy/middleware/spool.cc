#include "proxy/middleware/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/log.h"
#include "net/loop.h"
#include "net/offload.h"

namespace fl::proxy::middleware {
namespace {

using http::BodyChunk;
using http::BodyError;

const std::string& temporary_folder() {
  static const std::string folder = [] {
    const char* const set = std::getenv("TMPDIR");
    return std::string(set == nullptr || *set == '\0' ? "/tmp" : set);
  }();
  return folder;
}

// -> the descriptor | -errno
int open_nameless_file() {
  const int file = ::open(temporary_folder().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
  if (file >= 0) return file;
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT) return -errno;
  std::string name = temporary_folder() + "/fairlead-body-XXXXXX";  // a file system that knows no nameless files
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named < 0) return -errno;
  ::unlink(name.c_str());
  return named;
}

// -> 0 | -errno
int write_all(int file, std::string_view bytes, uint64_t at) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (n < 0 && errno != EINTR) return -errno;
    if (n <= 0) continue;
    bytes.remove_prefix(static_cast<size_t>(n));
    at += static_cast<uint64_t>(n);
  }
  return 0;
}

int read_all(int file, std::string& bytes, uint64_t at) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::pread(file, bytes.data() + done, bytes.size() - done, static_cast<off_t>(at + done));
    if (n == 0) return -EIO;  // somebody cut it
    if (n < 0 && errno != EINTR) return -errno;
    if (n > 0) done += static_cast<size_t>(n);
  }
  return 0;
}

// Beside the loop; on it when too much waits there already.
template <class Work>
net::Task<int> beside(Work work) {
  int result = 0;
  if (!co_await net::offload([&result, work] { result = work(); })) result = work();
  co_return result;
}

}  // namespace

Spool::~Spool() {
  if (file_ >= 0) ::close(file_);
}

net::Task<Spool::Filled> Spool::fill(http::BodySource& from) {
  if (const auto left = from.remaining(); left && *left > most_) co_return Filled::too_large;
  for (;;) {
    BodyChunk chunk = from.take();
    if (!chunk.ready()) chunk = co_await from.read();
    if (chunk.error != BodyError::none) {
      read_error_ = chunk.error;
      co_return Filled::broken_off;
    }
    if (chunk.data.size() > most_ - size_) co_return Filled::too_large;
    size_ += chunk.data.size();
    const size_t room = std::min<uint64_t>(most_in_memory_ - memory_.size(), chunk.data.size());
    memory_ += chunk.data.substr(0, room);
    batch_ += chunk.data.substr(room);
    const bool last = chunk.last;
    if (batch_.size() >= kBatch || (last && !batch_.empty()))
      if (!co_await write_batch()) co_return Filled::no_space;
    if (last) co_return Filled::whole;
    if (net::Loop::current().budget() <= 0) co_await net::yield();
  }
}

net::Task<bool> Spool::write_batch() {
  const uint64_t at = size_ - memory_.size() - batch_.size();
  const int result = co_await beside([this, at] {
    if (file_ < 0) file_ = open_nameless_file();
    return file_ < 0 ? file_ : write_all(file_, batch_, at);
  });
  batch_.clear();
  if (result == 0) co_return true;
  log::error("a body cannot be kept in {}: {}; TMPDIR names another folder", temporary_folder(),
             std::strerror(-result));
  co_return false;
}

net::Task<bool> Spool::read_batch() {
  batch_.resize(std::min<uint64_t>(kBatch, size_ - at_));
  const uint64_t at = at_ - memory_.size();
  const int result = co_await beside([this, at] { return read_all(file_, batch_, at); });
  if (result == 0) co_return true;
  log::error("a body cannot be read back from {}: {}", temporary_folder(), std::strerror(-result));
  co_return false;
}

BodyChunk Spool::take() {
  if (abandoned_) return {{}, false, BodyError::canceled};
  if (at_ < memory_.size()) {
    const std::string_view rest = std::string_view(memory_).substr(at_);
    at_ = memory_.size();
    return {rest, at_ == size_, BodyError::none};
  }
  return {{}, at_ == size_, BodyError::none};
}

net::Task<BodyChunk> Spool::read() {
  if (const BodyChunk chunk = take(); chunk.ready()) co_return chunk;
  if (!co_await read_batch()) co_return BodyChunk{{}, false, BodyError::broken};
  if (abandoned_) co_return BodyChunk{{}, false, BodyError::canceled};
  at_ += batch_.size();
  co_return BodyChunk{batch_, at_ == size_, BodyError::none};
}

}  // namespace fl::proxy::middleware
