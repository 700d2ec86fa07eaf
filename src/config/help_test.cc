#include "config/help.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <iterator>

#include "base/strings.h"

namespace fl::config {
namespace {

// With FL_RENEW_DOCS=1 in the environment the test writes the page instead.
void compare_page(const std::string& name, const std::string& text) {
  const std::string path = std::string(FL_SOURCE_DIR) + "/docs/user/" + name;
  if (::getenv("FL_RENEW_DOCS") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream file(path, std::ios::binary);
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(committed == text) << path << " is not what the option tables say; renew it with\n"
                                 << "  FL_RENEW_DOCS=1 config_test --gtest_filter='Reference.*'";
}

TEST(Reference, StaticPageIsCurrent) { compare_page("reference-static.md", static_reference()); }
TEST(Reference, DynamicPageIsCurrent) { compare_page("reference-dynamic.md", dynamic_reference()); }

TEST(Help, KeepsToItsWidthAndNamesWhatIsSupported) {
  const std::string help = help_text();
  for (std::string_view line : split(help, '\n')) EXPECT_LE(line.size(), 100U) << line;
  for (std::string_view flag : {"--entryPoints.<name>.address", "--providers.ecs.clusters", "--ping", "--configFile"})
    EXPECT_NE(help.find(flag), help.npos) << flag;
  EXPECT_EQ(help.find("--providers.docker"), help.npos);
}

}  // namespace
}  // namespace fl::config
