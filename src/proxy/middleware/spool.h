// A body kept until it is sent, perhaps more than once: its first bytes in memory, the rest in a file without a name in
// the folder for temporary files ($TMPDIR, else /tmp). Once it is filled it is that body. The file is read and written
// beside the loop. Worker thread.
#pragma once

#include <string>

#include "http/body.h"

namespace fl::proxy::middleware {

class Spool final : public http::BodySource {
 public:
  // Bytes.
  Spool(uint64_t most_in_memory, uint64_t most) : most_in_memory_(most_in_memory), most_(most) {}
  ~Spool() override;
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  enum class Filled : uint8_t { whole, too_large, broken_off, no_space };
  // Reads a body to its end, or until it is more than is kept. Once.
  net::Task<Filled> fill(http::BodySource& from);
  http::BodyError read_error() const { return read_error_; }  // after `broken_off`

  uint64_t size() const { return size_; }
  void rewind() {
    at_ = 0;
    abandoned_ = false;
  }
  // Its texts have to outlive the spool.
  void set_trailers(http::HeaderMap trailers) { trailers_ = std::move(trailers); }

  http::BodyChunk take() override;
  net::Task<http::BodyChunk> read() override;
  std::optional<uint64_t> remaining() const override { return size_ - at_; }
  const http::HeaderMap* trailers() const override { return &trailers_; }
  void abandon() noexcept override { abandoned_ = true; }

 private:
  static constexpr size_t kBatch = 256 << 10;  // of one visit to the file

  // -> false: it could not be written, which is logged
  net::Task<bool> write_batch();
  net::Task<bool> read_batch();

  const uint64_t most_in_memory_;
  const uint64_t most_;
  std::string memory_;
  std::string batch_;  // on its way into the file or out of it
  int file_ = -1;
  uint64_t size_ = 0;
  uint64_t at_ = 0;  // what comes next
  bool abandoned_ = false;
  http::BodyError read_error_ = http::BodyError::none;
  http::HeaderMap trailers_;
};

}  // namespace fl::proxy::middleware
