#include "agent/read_logs.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "agent/engine/process/proc.h"
#include "agent/task/store.h"
#include "base/strings.h"
#include "ecs/arn.h"
#include "ecs/shape.h"

namespace fl::agent {
namespace {

using engine::process::read_file;

Result<std::string> find_task(const LogQuery& query) {
  const std::string wanted(ecs::short_name(query.task));
  std::vector<std::string> all, found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(query.data_directory + "/tasks", error))
    if (entry.path().extension() == ".json") all.push_back(entry.path().stem());
  if (error)
    return fail(Code::not_found, fmt::format("{} is no data directory of an agent: {}; name one with --data",
                                             query.data_directory, error.message()));
  std::ranges::sort(all);
  for (const std::string& id : all) {
    if (id == wanted) return id;
    if (!wanted.empty() && id.starts_with(wanted)) found.push_back(id);
  }
  if (found.size() == 1) return found[0];
  if (found.empty())
    return fail(Code::not_found,
                fmt::format("no task \"{}\" here; there are: {}", wanted, all.empty() ? "none" : join(all, ", ")));
  return fail(Code::invalid, fmt::format("\"{}\" may be any of: {}", wanted, join(found, ", ")));
}

// Oldest first.
std::vector<std::string> log_files(const std::string& path) {
  std::vector<std::string> out;
  for (int n = 1; std::filesystem::exists(fmt::format("{}.{}", path, n)); ++n)
    out.push_back(fmt::format("{}.{}", path, n));
  std::ranges::reverse(out);
  if (std::filesystem::exists(path)) out.push_back(path);
  return out;
}

// "TIME STREAM F|P TEXT"; a line that is none of ours, cut by a crash say, is text alone.
LogLine parse_line(std::string_view line, std::string_view container) {
  const size_t stream = line.find(' ');
  const size_t mark = stream == line.npos ? line.npos : line.find(' ', stream + 1);
  if (mark == line.npos || mark + 2 >= line.size() || line[mark + 2] != ' ') return {container, "", "", line};
  return {container, line.substr(0, stream), line.substr(stream + 1, mark - stream - 1), line.substr(mark + 3),
          line[mark + 1] != 'P'};
}

}  // namespace

Result<> read_logs(const LogQuery& query, const std::function<void(const LogLine&)>& on_line) {
  FL_TRY(const std::string id, find_task(query));
  FL_TRY(const std::string text, read_file(fmt::format("{}/tasks/{}.json", query.data_directory, id)));
  FL_TRY(const task::TaskRecord record, task::decode_record(text));
  const auto& plans = ecs::items(record.definition.containers);
  bool any = false;
  for (size_t i = 0; i < std::min(plans.size(), record.containers.size()); ++i) {
    const std::string_view name = ecs::text(plans[i].name);
    if (!query.container.empty() && query.container != name) continue;
    any = true;
    std::string output;  // bounded by the agent's own limit
    for (const std::string& file :
         log_files(fmt::format("{}/logs/{}.log", query.data_directory, record.containers[i].runtime_id))) {
      FL_TRY(const std::string part, read_file(file));
      output += part;
    }
    std::vector<std::string_view> lines = split(trim(output, "\n"), '\n');
    if (output.empty()) lines.clear();
    const size_t skip = query.tail > 0 && lines.size() > query.tail ? lines.size() - query.tail : 0;
    for (size_t n = skip; n < lines.size(); ++n) on_line(parse_line(lines[n], name));
  }
  if (!any) return fail(Code::not_found, fmt::format("task {} has no container \"{}\"", id, query.container));
  return {};
}

}  // namespace fl::agent
