#include "control/api/support_page.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace fl::control::api {
namespace {

TEST(Reference, ApiPageIsCurrent) {
  const std::string path = FL_SOURCE_DIR "/docs/user/ecs-api.md";
  const std::string page = support_page();
  if (std::getenv("FL_RENEW_DOCS") != nullptr) std::ofstream(path, std::ios::binary) << page;
  std::ifstream file(path, std::ios::binary);
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(committed == page) << path << " is not what the action table says; renew it with\n"
                                 << "  FL_RENEW_DOCS=1 control_test --gtest_filter='Reference.*'";
}

}  // namespace
}  // namespace fl::control::api
