#include "base/rotating_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

namespace fl {
namespace {

namespace fs = std::filesystem;

// "app" and ".log" of /var/log/app.log: what stands around the time in a backup's name.
std::pair<std::string, std::string> affixes(const fs::path& path) {
  return {path.stem().string() + "-", path.extension()};
}

// Sorts like the times themselves. Milliseconds, as a busy log can be full twice in a second.
std::string stamp(WallTime t) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(t);
  const auto day = std::chrono::floor<std::chrono::days>(ms);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(ms - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}-{:02}-{:02}.{:03}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

struct Backup {
  fs::path path;
  std::string stamp;
  bool is_compressed = false;
};

// Newest first.
std::vector<Backup> backups_of(const fs::path& path) {
  const auto [prefix, suffix] = affixes(path);
  std::vector<Backup> found;
  std::error_code error;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : ".";
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    std::string name = entry.path().filename();
    const bool is_compressed = name.ends_with(".gz");
    if (is_compressed) name.resize(name.size() - 3);
    constexpr size_t kStampSize = sizeof "2026-11-28T00-44-00.123" - 1;
    if (name.size() != prefix.size() + kStampSize + suffix.size() || !name.starts_with(prefix) ||
        !name.ends_with(suffix))
      continue;
    found.push_back({entry.path(), name.substr(prefix.size(), kStampSize), is_compressed});
  }
  std::ranges::sort(found, std::ranges::greater(), &Backup::stamp);
  return found;
}

// The file is replaced only once its compressed form is whole.
void compress(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  const fs::path half = path.string() + ".gz.tmp";
  const gzFile out = ::gzopen(half.c_str(), "wb");
  if (!in || out == nullptr) return;
  char buffer[64 << 10];
  bool ok = true;
  while (ok && (in.read(buffer, sizeof buffer), in.gcount() > 0))
    ok = ::gzwrite(out, buffer, static_cast<unsigned>(in.gcount())) == in.gcount();
  ok = ::gzclose(out) == Z_OK && ok && in.eof();
  std::error_code ignored;
  if (ok) fs::rename(half, path.string() + ".gz", ignored);
  fs::remove(ok ? path : half, ignored);
}

}  // namespace

Result<std::unique_ptr<RotatingFile>> RotatingFile::open(Options options, const Clock& clock) {
  std::unique_ptr<RotatingFile> file(new RotatingFile(std::move(options), clock));
  std::error_code ignored;
  const fs::path folder = fs::path(file->options_.path).parent_path();
  if (!folder.empty()) fs::create_directories(folder, ignored);
  FL_TRY_VOID(file->open_file());
  return file;
}

RotatingFile::~RotatingFile() {
  if (tidying_.joinable()) tidying_.join();
  if (fd_ >= 0) ::close(fd_);
}

Result<> RotatingFile::open_file() {
  fd_ = ::open(options_.path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd_ < 0)
    return fail(Code::unavailable,
                fmt::format("opening log file {}: {}", options_.path, std::generic_category().message(errno)));
  struct stat status{};
  size_ = ::fstat(fd_, &status) == 0 ? static_cast<size_t>(status.st_size) : 0;
  return {};
}

void RotatingFile::write(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (options_.max_bytes > 0 && size_ > 0 && size_ + line.size() > options_.max_bytes) put_aside();
  if (fd_ < 0 && !open_file()) return;
  const ssize_t n = ::write(fd_, line.data(), line.size());
  if (n > 0) size_ += static_cast<size_t>(n);
}

void RotatingFile::put_aside() {
  const fs::path path = options_.path;
  const auto [prefix, suffix] = affixes(path);
  WallTime now = clock_.wall();
  fs::path aside;
  do {
    aside = path.parent_path() / (prefix + stamp(now) + suffix);
    now += 1ms;
  } while (fs::exists(aside) || fs::exists(aside.string() + ".gz"));
  std::error_code error;
  fs::rename(path, aside, error);
  if (error) return;  // goes on with the file it has, and tries again at the next line
  ::close(std::exchange(fd_, -1));
  if (options_.max_backups == 0 && options_.max_age <= Duration::zero() && !options_.compress) return;
  if (tidying_.joinable()) tidying_.join();
  tidying_ = std::thread([this] { tidy_up(); });
}

void RotatingFile::tidy_up() {
  const std::string oldest = options_.max_age > Duration::zero() ? stamp(clock_.wall() - options_.max_age) : "";
  size_t kept = 0;
  std::error_code ignored;
  for (const Backup& backup : backups_of(options_.path)) {
    const bool is_one_too_many = options_.max_backups > 0 && kept >= options_.max_backups;
    if (is_one_too_many || backup.stamp < oldest) {
      fs::remove(backup.path, ignored);
      continue;
    }
    ++kept;
    if (options_.compress && !backup.is_compressed) compress(backup.path);
  }
}

}  // namespace fl
