// The kernel's TLS for the sending half of a connection (Linux, Documentation/networking/tls.rst): what is written or
// spliced into the descriptor leaves as TLS 1.3 records. Private to tls/.
//
// The kernel has counted a record as sent once it is encrypted, even when TCP's buffer has no room for its end, and
// closing throws that end away. What tells is arithmetic: TCP must have been given the text and what each record adds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "tls/openssl/record_cipher.h"

namespace fl::tls {

class KernelSealing {
 public:
  // The keys cannot be changed (not before Linux 6.14), so a connection should end after so many bytes: half of what
  // RFC 8446 5.5 allows AES-GCM in full records.
  static constexpr uint64_t kMostText = uint64_t{1} << 37;

  // Whether this kernel has it. Errors: unavailable, with what to do.
  static Result<> probe();
  // Null when the kernel does not have it, or not with this encryption; the connection then goes on as before. Nothing
  // that was sealed elsewhere may be left to send.
  static std::unique_ptr<KernelSealing> start(int fd, const openssl::RecordKeys& keys);

  // So many bytes of text were written or spliced.
  void count(size_t bytes) { text_ += bytes; }
  uint64_t text() const { return text_; }
  // In a record of its own. -> 0 | -errno
  int send_alert(std::string_view content);
  // TCP has been given all that was written.
  bool is_flushed() const;

 private:
  KernelSealing(int fd, const openssl::RecordKeys& keys, uint64_t sent_before);
  std::optional<uint64_t> records() const;

  int fd_;
  Aead aead_;
  uint64_t text_ = 0;
  uint64_t first_record_;
  uint64_t sent_before_;  // by TCP's count
};

}  // namespace fl::tls
