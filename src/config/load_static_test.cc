#include "config/load_static.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temporary_directory.h"

namespace fl::config {
namespace {

namespace fs = std::filesystem;

class LoadStatic : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const fs::path path = directory_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }

  TemporaryDirectory made_;
  fs::path directory_ = made_.path();
};

TEST_F(LoadStatic, AFileBeatsFlagsAndFlagsBeatTheEnvironment) {
  const std::string file = write("f.yaml", "entryPoints: {file: {address: ':1'}}\n");
  StaticInput input{.arguments = {"--entrypoints.flag.address=:2"},
                    .environment = {{"TRAEFIK_ENTRYPOINTS_ENV_ADDRESS", ":3"}}};
  EXPECT_EQ(load_static(input).source, "flags");
  EXPECT_EQ(load_static(input).configuration.entry_points.size(), 1U);
  EXPECT_TRUE(load_static(input).configuration.entry_points.contains("flag"));

  input.arguments.push_back("--configfile=" + file);
  EXPECT_EQ(load_static(input).source, "file " + file);
  EXPECT_EQ(load_static(input).configuration.entry_points.size(), 1U);
  EXPECT_TRUE(load_static(input).configuration.entry_points.contains("file"));

  input.arguments.clear();
  EXPECT_EQ(load_static(input).source, "environment variables");
  input.environment["FAIRLEAD_CONFIGFILE"] = file;
  EXPECT_EQ(load_static(input).source, "file " + file);
  input.environment.clear();
  EXPECT_EQ(load_static(input).source, "defaults");
}

TEST_F(LoadStatic, FirstFileOfTheSearchPathCounts) {
  StaticInput input{.search_path = {(directory_ / "a").string(), (directory_ / "b").string()}};
  const std::string b = write("b.yml", "ping: {}\n");
  EXPECT_EQ(load_static(input).source, "file " + b);
  const std::string yaml = write("a.yaml", "ping: {}\n");
  EXPECT_EQ(load_static(input).source, "file " + yaml);
  const std::string toml = write("a.toml", "[api]\n");
  EXPECT_EQ(load_static(input).source, "file " + toml);
  EXPECT_TRUE(load_static(input).configuration.api);
}

TEST_F(LoadStatic, ANamedFileThatIsMissingIsAWarning) {
  const std::string there = write("there.yaml", "ping: {}\n");
  StaticInput input{.arguments = {"--configFile=/nowhere/x.yaml"}, .search_path = {(directory_ / "there").string()}};
  const LoadedStatic loaded = load_static(input);
  EXPECT_EQ(loaded.source, "file " + there);
  EXPECT_EQ(to_text(loaded.issues), "configFile: there is no file /nowhere/x.yaml; the usual places are tried\n");
  EXPECT_FALSE(has_errors(loaded.issues));
}

TEST_F(LoadStatic, VariablesInTheFileNameAreExpanded) {
  write("x/f.yaml", "ping: {}\n");
  StaticInput input{.arguments = {"--configFile", "${DIR}/$SUB/f.yaml$NONE"},
                    .environment = {{"DIR", directory_.string()}, {"SUB", "x"}}};
  EXPECT_EQ(load_static(input).source, "file " + (directory_ / "x/f.yaml").string());
}

TEST_F(LoadStatic, AFileThatCannotBeParsedIsAnError) {
  const std::string file = write("f.toml", "a = \n");
  const LoadedStatic loaded = load_static({.arguments = {"--configFile=" + file}});
  EXPECT_TRUE(has_errors(loaded.issues));
  EXPECT_EQ(loaded.issues[0].text.substr(0, file.size() + 3), file + ":1:");
}

TEST_F(LoadStatic, DefaultEntryPoints) {
  const auto load = [](std::vector<std::string> arguments) {
    return load_static({.arguments = std::move(arguments)}).default_entry_points;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(load({}), Names{"http"});
  EXPECT_EQ(load({"--api.insecure", "--ping"}), Names{"http"});
  EXPECT_EQ(load({"--entryPoints.b.address=:1", "--entryPoints.a.address=:2", "--entryPoints.u.address=:3/udp"}),
            (Names{"a", "b"}));
  EXPECT_EQ(load({"--entryPoints.b.address=:1", "--entryPoints.a.address=:2", "--entryPoints.b.asDefault"}),
            Names{"b"});
  EXPECT_EQ(load({"--entryPoints.traefik.address=:1", "--entryPoints.traefik.asDefault", "--entryPoints.a.address=:2"}),
            Names{"a"});
}

TEST_F(LoadStatic, TheEntryPointTraefikComesWithWhatNeedsIt) {
  const auto has_it = [](const char* flag, const char* second = "--") {
    return load_static({.arguments = {flag, second}}).configuration.entry_points.contains("traefik");
  };
  EXPECT_TRUE(has_it("--api.insecure"));
  EXPECT_TRUE(has_it("--ping"));
  EXPECT_TRUE(has_it("--metrics.prometheus"));
  EXPECT_FALSE(has_it("--api"));
  EXPECT_FALSE(has_it("--ping.manualRouting"));
  EXPECT_FALSE(has_it("--ping.entryPoint=http"));
  EXPECT_FALSE(has_it("--metrics.prometheus.manualRouting"));
  EXPECT_EQ(load_static({.arguments = {"--ping", "--entryPoints.traefik.address=:9"}})
                .configuration.entry_points.at("traefik")
                .address,
            ":9");
}

TEST(SearchPath, OursThenTraefiks) {
  EXPECT_EQ(default_search_path({{"HOME", "/root"}, {"XDG_CONFIG_HOME", "/x"}}),
            (std::vector<std::string>{"/etc/fairlead/fairlead", "/x/fairlead", "/root/.config/fairlead", "./fairlead",
                                      "/etc/traefik/traefik", "/x/traefik", "/root/.config/traefik", "./traefik"}));
}

}  // namespace
}  // namespace fl::config
