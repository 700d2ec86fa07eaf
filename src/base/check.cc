#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace fl {
void check_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "fairlead: internal check failed: %s at %s:%d\n", expression, file, line);
  std::abort();
}
}  // namespace fl
