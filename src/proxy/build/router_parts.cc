#include "proxy/build/router_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/merge.h"

namespace fl::proxy {

Result<> find_entry_points(const std::vector<std::string>& listed, const std::vector<std::string>& known,
                           RouterReport& report) {
  for (const std::string& name : listed) {
    if (std::ranges::find(known, name) != known.end())
      report.using_.push_back(name);
    else
      report.warn(fmt::format("entryPoint \"{}\" doesn't exist", name));
  }
  std::ranges::sort(report.using_);
  if (report.using_.empty()) return fail(Code::invalid, "no valid entryPoint for this router");
  return {};
}

size_t precedence_of(std::string_view qualified_name, const std::vector<std::string>& providers) {
  const std::string_view provider = config::split_name(qualified_name).provider;
  return static_cast<size_t>(std::ranges::find(providers, provider) - providers.begin());
}

std::shared_ptr<const TurnCursor> kept_cursor(CursorMap& cursors, const std::string& service,
                                              const std::shared_ptr<SlotTable>& slots) {
  auto& known = cursors[service];
  if (auto cursor = known.lock()) return cursor;
  auto cursor = std::make_shared<TurnCursor>(slots);
  known = cursor;
  return cursor;
}

}  // namespace fl::proxy
