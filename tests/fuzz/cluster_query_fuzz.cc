// Text of any kind as a cluster query: it compiles or is refused with a bounded message that names a column inside it;
// what compiles answers for any instance, and its negation answers the opposite.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "control/schedule/query.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fl;
  using namespace fl::control::schedule;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto query = Query::parse(text);
  if (!query) {
    FL_CHECK(query.error().message.size() < 300);
    return 0;
  }
  // Fails where the text is at the limits of size or depth already.
  const auto negation = Query::parse("not (" + std::string(text) + ")");

  const InstanceView bare{.id = "bare"};
  const InstanceView full{.id = "full",
                          .agent_version = "1.73.0",
                          .ec2_instance_id = "i-1",
                          .registered_at = WallTime(std::chrono::seconds(1'529'360'908)),
                          .attributes = {{"disk", "ssd"}, {"role", "web"}, {"size", "10"}, {"spare", ""}}};
  const std::vector<PlacedTask> tasks{{"t1", "full", "service:web", "web", {}}, {"t2", "full", "family:x", "x", {}}};
  for (const bool is_full : {false, true}) {
    const InstanceView& instance = is_full ? full : bare;
    const std::span<const PlacedTask> there = is_full ? tasks : std::span<const PlacedTask>();
    const bool matches = query->matches(instance, there);
    if (negation) FL_CHECK(negation->matches(instance, there) != matches);
  }
  return 0;
}
