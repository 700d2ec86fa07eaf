// What /debug shows of the running process when api.debug is on: of Go's expvar and pprof the parts that mean something
// for a program in C++. Pure but for /proc and the allocator's own counts; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fl::admin {

struct DebugAnswer {
  std::string body;
  std::string_view content_type;
};

// "/debug/vars": {"cmdline": [...], "memstats": {...}} with the names of Go's expvar; "/debug/pprof/cmdline": the
// arguments, a NUL between them. nullopt: there is no such page.
std::optional<DebugAnswer> debug_answer(std::string_view path);

}  // namespace fl::admin
