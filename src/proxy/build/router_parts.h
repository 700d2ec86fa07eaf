// What building a router has in common for HTTP, TCP and UDP: its entry points, its rank among equals, the turns of its
// services. Main thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "proxy/runtime_report.h"
#include "proxy/service/turns.h"

namespace fl::proxy {

// Puts those that exist into the report, sorted, and a warning for each that does not. Errors: none exists.
Result<> find_entry_points(const std::vector<std::string>& listed, const std::vector<std::string>& known,
                           RouterReport& report);

// Where routers of this provider stand among those of equal priority; lower is asked first.
size_t precedence_of(std::string_view qualified_name, const std::vector<std::string>& providers);

using CursorMap = std::map<std::string, std::weak_ptr<const TurnCursor>>;

// The cursor of a service, the same for as long as anybody has it.
std::shared_ptr<const TurnCursor> kept_cursor(CursorMap& cursors, const std::string& service,
                                              const std::shared_ptr<SlotTable>& slots);

}  // namespace fl::proxy
