#include "proxy/rules/priority.h"

#include <fmt/format.h>

namespace fl::proxy::rules {

Result<int64_t> user_priority(int64_t configured, std::string_view rule) {
  if (configured > kMaxUserPriority)
    return fail(Code::invalid, fmt::format("the router priority {} exceeds the max user-defined priority {}",
                                           configured, kMaxUserPriority));
  return configured == 0 ? default_priority(rule) : configured;
}

}  // namespace fl::proxy::rules
