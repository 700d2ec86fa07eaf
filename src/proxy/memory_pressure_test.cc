#include "proxy/memory_pressure.h"

#include <gtest/gtest.h>

namespace fl::proxy {
namespace {

using enum MemoryPressure;

TEST(MemoryPressureTest, RisesAtOnceAndFallsWithSlack) {
  struct Step {
    double share;
    MemoryPressure expected;
  };
  MemoryPressure now = none;
  for (const auto& [share, expected] : {Step{0.79, none},
                                        {0.80, tight},
                                        {0.76, tight},
                                        {0.74, none},
                                        {0.95, full},
                                        {0.86, full},
                                        {0.84, tight},
                                        {0.90, full},
                                        {0.5, none},
                                        {1.2, full}}) {
    now = memory_pressure_at(share, now);
    EXPECT_EQ(now, expected) << share;
  }
}

}  // namespace
}  // namespace fl::proxy
