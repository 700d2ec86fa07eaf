#include "providers/file/paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/strings.h"

namespace fl::providers::file {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxDepth = 32;

bool is_configuration(const std::string& name) {
  return !name.starts_with('.') && (name.ends_with(".toml") || name.ends_with(".yaml") || name.ends_with(".yml"));
}

Result<std::vector<fs::directory_entry>> sorted_entries(const fs::path& directory) {
  std::error_code error;
  std::vector<fs::directory_entry> entries;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error))
    entries.push_back(*at);
  if (error) return fail(Code::not_found, fmt::format("reading directory {}: {}", directory.string(), error.message()));
  std::ranges::sort(entries, {}, [](const auto& e) { return e.path().filename().string(); });
  return entries;
}

// Links to directories are no directories here.
bool is_directory(const fs::directory_entry& entry) {
  std::error_code error;
  return entry.symlink_status(error).type() == fs::file_type::directory;
}

void collect(const std::vector<fs::directory_entry>& entries, int depth, std::vector<std::string>& out) {
  for (const auto& entry : entries) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.')) continue;
    if (is_directory(entry)) {
      if (depth == kMaxDepth) continue;
      if (const auto inner = sorted_entries(entry.path())) collect(*inner, depth + 1, out);
    } else if (std::error_code error; is_configuration(name) && entry.is_regular_file(error)) {
      out.push_back(entry.path().string());
    }
  }
}

}  // namespace

Result<std::vector<std::string>> files_below(const std::string& directory) {
  FL_TRY(const auto entries, sorted_entries(directory));
  std::vector<std::string> out;
  collect(entries, 0, out);
  return out;
}

void add_tree(const std::string& directory, net::Watched& watched) {
  watched.add_path(directory);
  std::error_code error;
  const fs::path root = fs::canonical(directory, error);
  if (error) return;
  watched.directories[root.string()] = {.names = {}, .files = true};
  fs::recursive_directory_iterator at(root, fs::directory_options::skip_permission_denied, error), end;
  for (; !error && at != end; at.increment(error)) {
    if (at->path().filename().string().starts_with('.')) {
      at.disable_recursion_pending();
    } else if (is_directory(*at)) {
      watched.directories[at->path().string()] = {.names = {}, .files = true};
      if (at.depth() >= kMaxDepth) at.disable_recursion_pending();
    } else if (at->is_symlink(error) && is_configuration(at->path().filename().string())) {
      watched.add_path(at->path().string());
    }
  }
}

}  // namespace fl::providers::file
