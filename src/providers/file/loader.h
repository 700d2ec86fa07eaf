// Files -> dynamic configuration, again and again: what has not changed is not parsed again, and a file that cannot be
// read leaves in force what it said last. Main thread; reads files as it goes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "config/dynamic/read.h"
#include "config/static/providers.h"
#include "providers/provider.h"

namespace fl::providers::file {

class Loader {
 public:
  explicit Loader(config::statics::FileProvider options) : options_(std::move(options)) {}

  // Everything the files say now; nullopt as long as there is nothing at all to go by: the directory cannot be read,
  // or the one file has never been read. Of two objects of one name in two files the first file's counts.
  std::optional<Message> load(WallTime now);

  // One entry a file, and one for the directory when it cannot be read.
  std::vector<SourceStatus> status() const;

  size_t parses() const { return parses_; }

 private:
  struct Stamp {
    uint64_t device = 0, inode = 0, size = 0;
    int64_t modified = 0, changed = 0;  // nanoseconds
    bool operator==(const Stamp&) const = default;
  };
  struct File {
    std::optional<Stamp> stamp;  // absent: look into it the next time
    std::string text;            // as last looked at
    std::shared_ptr<const config::dynamic::ReadResult> good;
    std::string error;
    std::optional<WallTime> last_success;
  };

  void refresh(const std::string& path, File& file, WallTime now);
  Result<config::dynamic::ReadResult> parse(const std::string& path, const std::string& text);
  Message make_message() const;

  const config::statics::FileProvider options_;
  std::map<std::string, File> files_;
  std::vector<std::string> order_;  // of the walk
  std::string directory_error_;
  size_t parses_ = 0;
};

}  // namespace fl::providers::file
