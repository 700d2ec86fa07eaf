#include "providers/file/loader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "config/merge.h"
#include "providers/file/paths.h"
#include "providers/gotemplate/template.h"

namespace fl::providers::file {
namespace {

constexpr size_t kMaxFileBytes = 16 << 20;
// A file changed this recently may change again within the same tick of the file system's clock.
constexpr int64_t kClockTick = 50'000'000;

int64_t nanoseconds(const timespec& t) { return t.tv_sec * 1'000'000'000 + t.tv_nsec; }

Error file_error(const std::string& path, int error) {
  return {error == ENOENT ? Code::not_found : Code::denied, fmt::format("reading {}: {}", path, std::strerror(error))};
}

Result<std::string> read_all(const std::string& path, int fd) {
  std::string text;
  char buffer[64 << 10];
  ssize_t size;
  while ((size = ::read(fd, buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<size_t>(size));
    if (text.size() > kMaxFileBytes) return fail(Code::exhausted, fmt::format("{} is larger than 16 MiB", path));
  }
  if (size < 0) return tl::make_unexpected(file_error(path, errno));
  return text;
}

}  // namespace

std::optional<Message> Loader::load(WallTime now) {
  if (!options_.directory.empty()) {
    auto found = files_below(options_.directory);
    directory_error_ = found ? "" : found.error().message;
    if (!found) return files_.empty() ? std::nullopt : std::optional(make_message());
    order_ = *std::move(found);
  } else {
    order_ = {options_.filename};
  }
  std::erase_if(files_, [&](const auto& entry) { return std::ranges::find(order_, entry.first) == order_.end(); });
  for (const std::string& path : order_) refresh(path, files_[path], now);
  if (options_.directory.empty() && files_.begin()->second.good == nullptr) return std::nullopt;
  return make_message();
}

void Loader::refresh(const std::string& path, File& file, WallTime now) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    file.error = file_error(path, errno).message;
    file.stamp.reset();
    return;
  }
  struct stat info{};
  ::fstat(fd, &info);
  const Stamp stamp{.device = info.st_dev,
                    .inode = info.st_ino,
                    .size = static_cast<uint64_t>(info.st_size),
                    .modified = nanoseconds(info.st_mtim),
                    .changed = nanoseconds(info.st_ctim)};
  if (file.stamp == stamp) {
    ::close(fd);
    return;
  }
  auto text = S_ISREG(info.st_mode) ? read_all(path, fd) : fail(Code::invalid, path + " is not a regular file");
  ::close(fd);
  timespec clock{};
  ::clock_gettime(CLOCK_REALTIME, &clock);
  file.stamp.reset();
  if (text && nanoseconds(clock) - std::max(stamp.modified, stamp.changed) > kClockTick) file.stamp = stamp;
  if (!text) {
    file.error = text.error().message;
    return;
  }
  if (file.good != nullptr && file.error.empty() && *text == file.text) return;
  auto read = parse(path, *text);
  file.text = *std::move(text);
  if (!read) {
    file.error = read.error().message;
    return;
  }
  file.error.clear();
  file.good = std::make_shared<const config::dynamic::ReadResult>(*std::move(read));
  file.last_success = now;
}

Result<config::dynamic::ReadResult> Loader::parse(const std::string& path, const std::string& text) {
  ++parses_;
  const auto format = config::dynamic::format_of(path);
  if (!format) return fail(Code::invalid, fmt::format("{}: a file's name ends with .toml, .yaml or .yml", path));
  if (!gotemplate::is_template(text)) return config::dynamic::read_text(text, path, *format);
  FL_TRY(const auto made, gotemplate::Template::parse(path, text, gotemplate::Dialect::file));
  FL_TRY(const std::string rendered, made.render(false));
  if (options_.debug_log_generated_template) log::debug("template {} gives:\n{}", path, rendered);
  return config::dynamic::read_text(rendered, path, *format);
}

Message Loader::make_message() const {
  Message message{.provider = "file"};
  std::vector<std::pair<std::string, std::shared_ptr<const config::dynamic::ReadResult>>> parts;
  if (!directory_error_.empty()) message.issues.push_back({.text = directory_error_});
  for (const std::string& path : order_) {
    const File& file = files_.at(path);
    if (!file.error.empty()) message.issues.push_back({.text = file.error});
    if (file.good == nullptr) continue;
    parts.emplace_back(path, file.good);
    message.broken.insert(message.broken.end(), file.good->broken.begin(), file.good->broken.end());
    message.issues.insert(message.issues.end(), file.good->issues.begin(), file.good->issues.end());
  }
  if (parts.size() == 1) {  // nothing to merge, so nothing to copy
    const auto& only = parts.front().second;
    message.configuration = {only, &only->configuration};
    return message;
  }
  std::vector<config::NamedConfiguration> files;
  for (const auto& [path, read] : parts) files.push_back({path, read->configuration});
  auto merged = config::merge_files(files);
  message.configuration = std::make_shared<const config::dynamic::Configuration>(std::move(merged.configuration));
  std::ranges::move(merged.issues, std::back_inserter(message.issues));
  return message;
}

std::vector<SourceStatus> Loader::status() const {
  std::vector<SourceStatus> out;
  if (!directory_error_.empty()) out.push_back({.source = options_.directory, .error = directory_error_});
  for (const std::string& path : order_)
    if (const auto file = files_.find(path); file != files_.end())
      out.push_back({path, file->second.error, file->second.last_success});
  return out;
}

}  // namespace fl::providers::file
