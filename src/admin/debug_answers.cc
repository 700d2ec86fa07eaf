#include "admin/debug_answers.h"

#include <malloc.h>

#include <fstream>
#include <iterator>

#include "base/json.h"
#include "base/strings.h"

namespace fl::admin {
namespace {

// Each argument ends with a NUL.
std::string command_line() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.ends_with('\0')) text.pop_back();
  return text;
}

std::string vars() {
  json::Array arguments;
  for (const auto argument : split(command_line(), '\0')) arguments.emplace_back(argument);
  const struct mallinfo2 heap = ::mallinfo2();
  const auto number = [](size_t n) { return static_cast<int64_t>(n); };
  json::Object memory{{"Alloc", number(heap.uordblks + heap.hblkhd)},
                      {"HeapAlloc", number(heap.uordblks + heap.hblkhd)},
                      {"HeapIdle", number(heap.fordblks)},
                      {"HeapSys", number(heap.arena + heap.hblkhd)},
                      {"Sys", number(heap.arena + heap.hblkhd)}};
  return json::to_text(json::Object{{"cmdline", std::move(arguments)}, {"memstats", std::move(memory)}}) + "\n";
}

}  // namespace

std::optional<DebugAnswer> debug_answer(std::string_view path) {
  if (path == "/debug/vars") return DebugAnswer{vars(), "application/json; charset=utf-8"};
  if (path == "/debug/pprof/cmdline") return DebugAnswer{command_line(), "text/plain; charset=utf-8"};
  return std::nullopt;
}

}  // namespace fl::admin
