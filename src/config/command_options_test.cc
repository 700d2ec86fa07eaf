#include "config/command_options.h"

#include <gmock/gmock.h>

#include <fstream>

#include "config/static/control.h"
#include "config/static/providers.h"
#include "support/temporary_directory.h"

namespace fl::config {
namespace {

using ::testing::HasSubstr;

struct Loaded {
  statics::Control options;
  std::string issues;
};

Loaded load(std::vector<std::string> arguments, Map<std::string> environment = {}) {
  Loaded loaded;
  loaded.issues =
      to_text(load_command_options({"control", std::move(arguments), std::move(environment)}, loaded.options));
  return loaded;
}

TEST(CommandOptions, FlagsBeatTheEnvironmentAndThatTheFile) {
  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/options.yaml";
  std::ofstream(file) << "account-id: \"1\"\nregion: from-file\ndata: from-file\n";
  const auto loaded = load({"--account-id=3", "--strict"}, {{"FAIRLEAD_CONTROL_ACCOUNT_ID", "2"},
                                                            {"FAIRLEAD_CONTROL_REGION", "from-environment"},
                                                            {"FAIRLEAD_CONTROL_CONFIGFILE", file},
                                                            {"FAIRLEAD_PING", "true"}});
  EXPECT_EQ(loaded.issues, "");
  EXPECT_EQ(loaded.options.account_id, "3");
  EXPECT_EQ(loaded.options.region, "from-environment");
  EXPECT_EQ(loaded.options.data, "from-file");
  EXPECT_EQ(loaded.options.auth, "any");
  EXPECT_TRUE(loaded.options.strict);
}

TEST(CommandOptions, EveryMistakeIsNamed) {
  const auto loaded = load({"--acount-id=3", "--strict=maybe"}, {{"FAIRLEAD_CONTROL_DATTA", "x"}});
  EXPECT_THAT(loaded.issues, HasSubstr("env FAIRLEAD_CONTROL_DATTA: names no option"));
  EXPECT_THAT(loaded.issues, HasSubstr("did you mean account-id?"));
  EXPECT_THAT(loaded.issues, HasSubstr("strict"));
  EXPECT_THAT(load({"--configFile=/nowhere.yaml"}).issues, HasSubstr("/nowhere.yaml: cannot be read"));
}

TEST(CommandOptions, HelpNamesVariableAndOptions) {
  const std::string help = command_help("control", type_of<statics::Control>);
  EXPECT_THAT(help, HasSubstr("FAIRLEAD_CONTROL_ADDRESS"));
  EXPECT_THAT(help, HasSubstr("--account-id  (text, default 000000000000)"));
}

// A stop that follows another change waits in the proxy until the throttle is over. Then it must still be read, built
// and put in force before the task gets its signal.
TEST(CommandOptions, ADrainOutlastsTheProxysThrottle) {
  EXPECT_GE(statics::Control().drain_delay, statics::Providers().providers_throttle_duration + 2s);
}

}  // namespace
}  // namespace fl::config
