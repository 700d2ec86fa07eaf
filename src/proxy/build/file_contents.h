// Options that are the path of a file or its text itself (Traefik: FileOrContent): certificates, keys, authorities.
// Says cheaply whether a file is still what it was, so that a build reads only what changed. Main thread; lives as long
// as the builder it serves.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fl::proxy {

class FileContents {
 public:
  // Equal as long as a file has not been touched; of text, as long as it is the same.
  struct Identity {
    uint64_t device = 0, inode = 0, size = 0;
    int64_t modified_ns = 0;
    uint32_t mode = 0;
    int error = 0;     // errno of a file that cannot be found
    std::string text;  // SHA-256, of text
    bool operator==(const Identity&) const = default;
  };

  // PEM text instead of a path.
  static bool is_text(std::string_view value);

  // Files are looked at once between two calls of look_again().
  Identity identity(const std::string& value);
  // Errors: the file cannot be read, with its path. Files above a MiB are none of these.
  Result<std::string> read(const std::string& value) const;

  // Files may have changed.
  void look_again();
  // Grows with each look_again().
  uint64_t generation() const { return generation_; }

 private:
  uint64_t generation_ = 1;
  std::map<std::string, Identity> known_;
};

}  // namespace fl::proxy
