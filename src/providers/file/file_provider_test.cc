#include "providers/file/file_provider.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace fl::providers::file {
namespace {

namespace fs = std::filesystem;

std::string router(std::string_view name, std::string_view rule) {
  return "http:\n  routers:\n    " + std::string(name) + ":\n      rule: " + std::string(rule) + "\n      service: s\n";
}

// A provider in a new directory on a real loop; the test changes files and waits for what must come.
class FileProviderTest : public testing::Test, protected Sink {
 protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "fl_file_XXXXXX";
    root = ::mkdtemp(name.data());
    loop.make_current();
  }
  void TearDown() override {
    stop.request_stop();
    while (is_running) loop.turn(false);
    fs::remove_all(root);
  }

  void start(config::statics::FileProvider options) {
    provider.emplace(options);
    is_running = true;
    net::spawn(run());
  }
  void start_file(const fs::path& path) { start({.filename = path}); }
  void start_directory(const fs::path& path) { start({.directory = path}); }

  net::Task<void> run() {
    co_await provider->run(*this, stop);
    is_running = false;
  }
  void send(Message m) override {
    last = std::move(m);
    ++messages;
  }

  static void write(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }

  // "a=rule b=rule" of the last message.
  std::string routers() const {
    std::string out;
    if (!last) return "nothing";
    for (const auto& [name, r] : last->configuration->http.routers)
      out += (out.empty() ? "" : " ") + name + "=" + r.rule;
    return out;
  }
  std::string issues() const { return last ? config::to_text(last->issues) : ""; }

  // Turns the loop until the routers are as expected, at most 5 s.
  testing::AssertionResult becomes(std::string_view expected) {
    const TimePoint end = system_clock().now() + 5s;
    while (routers() != expected && system_clock().now() < end) turn();
    if (routers() == expected) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "want " << expected << ", have " << routers();
  }
  // One turn that waits for an event, but no longer than 20 ms.
  void turn() {
    net::Timer timer([](net::Timer&) {});
    loop.timers().set(timer, loop.now() + 20ms);
    loop.turn(true);
  }

  fs::path root;
  net::Loop loop;
  net::StopSource stop;
  std::optional<FileProvider> provider;
  std::optional<Message> last;
  int messages = 0;
  bool is_running = false;
};

TEST_F(FileProviderTest, WrittenInPlaceAndByRename) {
  write(root / "a.yml", router("r", "one"));
  start_file(root / "a.yml");
  ASSERT_TRUE(becomes("r=one"));
  write(root / "a.yml", router("r", "two"));
  EXPECT_TRUE(becomes("r=two"));
  write(root / "new", router("r", "three"));
  fs::rename(root / "new", root / "a.yml");
  EXPECT_TRUE(becomes("r=three"));
  // vim, backupcopy=no: the old file is moved away, a new one written.
  fs::rename(root / "a.yml", root / "a.yml~");
  write(root / "a.yml", router("r", "four"));
  EXPECT_TRUE(becomes("r=four"));
  // vim, backupcopy=yes: a copy is made, the file written in place.
  fs::copy_file(root / "a.yml", root / "a.yml~", fs::copy_options::overwrite_existing);
  write(root / "a.yml", router("r", "five"));
  EXPECT_TRUE(becomes("r=five"));
}

TEST_F(FileProviderTest, ManyWritesAreOneChange) {
  write(root / "a.yml", router("r", "0"));
  start_file(root / "a.yml");
  ASSERT_TRUE(becomes("r=0"));
  for (int i = 1; i <= 50; ++i) write(root / "a.yml", router("r", std::to_string(i)));
  EXPECT_TRUE(becomes("r=50"));
  EXPECT_EQ(messages, 2);
}

TEST_F(FileProviderTest, SlowWriterIsNotReadHalfway) {
  write(root / "a.yml", router("r", "one"));
  start_file(root / "a.yml");
  ASSERT_TRUE(becomes("r=one"));
  std::ofstream file(root / "a.yml");
  file << router("r", "two") << std::flush;
  for (int i = 0; i < 3; ++i) turn();
  file << "    q:\n      rule: three\n      service: s\n";
  file.close();
  EXPECT_TRUE(becomes("q=three r=two"));
  EXPECT_EQ(messages, 2);
}

TEST_F(FileProviderTest, KubernetesSwapsTheLink) {
  fs::create_directory(root / "..1");
  fs::create_directory(root / "..2");
  write(root / "..1/a.yml", router("r", "one"));
  write(root / "..2/a.yml", router("r", "two"));
  fs::create_directory_symlink("..1", root / "..data");
  fs::create_symlink("..data/a.yml", root / "a.yml");
  start_directory(root);
  ASSERT_TRUE(becomes("r=one"));
  fs::create_directory_symlink("..2", root / "..tmp");
  fs::rename(root / "..tmp", root / "..data");
  fs::remove_all(root / "..1");
  EXPECT_TRUE(becomes("r=two"));
  write(root / "..2/a.yml", router("r", "three"));
  EXPECT_TRUE(becomes("r=three"));
}

TEST_F(FileProviderTest, FileThatComesLater) {
  start_file(root / "sub/dir/a.yml");
  turn();
  EXPECT_EQ(routers(), "nothing");
  ASSERT_EQ(provider->status().size(), 1u);
  EXPECT_TRUE(provider->status()[0].error.ends_with("No such file or directory")) << provider->status()[0].error;
  fs::create_directories(root / "sub/dir");
  write(root / "sub/dir/a.yml", router("r", "one"));
  EXPECT_TRUE(becomes("r=one"));
  EXPECT_EQ(provider->status()[0].error, "");
}

TEST_F(FileProviderTest, DirectoryThatComesLaterAndGoes) {
  start_directory(root / "conf");
  turn();
  EXPECT_EQ(routers(), "nothing");
  fs::create_directory(root / "conf");
  write(root / "conf/a.yml", router("a", "one"));
  EXPECT_TRUE(becomes("a=one"));
  fs::create_directory(root / "conf/deep");
  write(root / "conf/deep/b.yaml", router("b", "two"));
  EXPECT_TRUE(becomes("a=one b=two"));
  write(root / "conf/deep/b.yaml", router("b", "three"));
  EXPECT_TRUE(becomes("a=one b=three"));
  fs::remove(root / "conf/a.yml");
  EXPECT_TRUE(becomes("b=three"));
  fs::rename(root / "conf", root / "away");
  const TimePoint end = system_clock().now() + 5s;
  while (issues().empty() && system_clock().now() < end) turn();
  EXPECT_EQ(routers(), "b=three");
  EXPECT_TRUE(issues().contains("No such file or directory")) << issues();
}

TEST_F(FileProviderTest, DirectoryIsReadInOrder) {
  fs::create_directories(root / "b");
  write(root / "a.toml", "[http.routers.r]\nrule = \"first\"\nservice = \"s\"\n");
  write(root / "b/c.yml", router("r", "second"));
  write(root / "z.yaml", router("z", "last"));
  write(root / ".hidden.yml", router("hidden", "x"));
  write(root / "a.json", "{");
  write(root / "notes.txt", "{{ nothing");
  start_directory(root);
  EXPECT_TRUE(becomes("r=first z=last"));
  EXPECT_TRUE(issues().contains("b/c.yml")) << issues();
}

TEST_F(FileProviderTest, BrokenFileKeepsWhatItSaid) {
  write(root / "a.yml", router("a", "one"));
  write(root / "b.yml", router("b", "one"));
  start_directory(root);
  ASSERT_TRUE(becomes("a=one b=one"));
  write(root / "a.yml", "http:\n  routers: [\n");
  write(root / "b.yml", router("b", "two"));
  EXPECT_TRUE(becomes("a=one b=two"));
  EXPECT_TRUE(issues().contains("a.yml:3:1")) << issues();
  EXPECT_TRUE(provider->status()[0].error.contains("a.yml:3:1"));
  EXPECT_TRUE(provider->status()[0].last_success);
  write(root / "a.yml", router("a", "three"));
  EXPECT_TRUE(becomes("a=three b=two"));
  EXPECT_EQ(issues(), "");
}

TEST_F(FileProviderTest, TemplatesAreRendered) {
  ::setenv("FL_FILE_TEST", "env.test", 1);
  write(root / "a.yml",
        "http:\n  routers:\n{{ range $i, $e := until 2 }}    r{{ $e }}:\n      service: s\n"
        "      rule: {{ env \"FL_FILE_TEST\" | upper }}\n{{ end }}");
  start_file(root / "a.yml");
  EXPECT_TRUE(becomes("r0=ENV.TEST r1=ENV.TEST"));
  write(root / "a.yml", "http:\n  {{ nope }}\n");
  const TimePoint end = system_clock().now() + 5s;
  while (issues().empty() && system_clock().now() < end) turn();
  EXPECT_TRUE(issues().contains("a.yml:2:6: function \"nope\" not defined")) << issues();
  EXPECT_EQ(routers(), "r0=ENV.TEST r1=ENV.TEST");
}

TEST_F(FileProviderTest, WithoutWatchOnlyReloadLooksAgain) {
  write(root / "a.yml", router("r", "one"));
  start({.filename = root / "a.yml", .watch = false});
  ASSERT_TRUE(becomes("r=one"));
  write(root / "a.yml", router("r", "two"));
  for (int i = 0; i < 5; ++i) turn();
  EXPECT_EQ(routers(), "r=one");
  provider->reload();
  EXPECT_TRUE(becomes("r=two"));
}

TEST(Loader, UnchangedFilesAreNotParsedAgain) {
  std::string name = fs::temp_directory_path() / "fl_load_XXXXXX";
  const fs::path root = ::mkdtemp(name.data());
  for (const char* file : {"a.yml", "b.yml"}) std::ofstream(root / file) << router(file[0] == 'a' ? "a" : "b", "one");
  Loader loader({.directory = root});
  EXPECT_TRUE(loader.load({}));
  EXPECT_EQ(loader.parses(), 2u);
  loader.load({});
  EXPECT_EQ(loader.parses(), 2u);
  std::ofstream(root / "b.yml") << router("b", "two");
  loader.load({});
  EXPECT_EQ(loader.parses(), 3u);
  std::ofstream(root / "b.yml") << router("b", "two");  // touched, the same text
  loader.load({});
  EXPECT_EQ(loader.parses(), 3u);
  fs::remove(root / "a.yml");
  EXPECT_EQ(loader.load({})->configuration->http.routers.size(), 1u);
  fs::remove_all(root);
}

TEST(Loader, WhatCannotBeRead) {
  EXPECT_FALSE(Loader({.filename = "/nonexistent/a.yml"}).load({}));
  EXPECT_FALSE(Loader({.directory = "/nonexistent"}).load({}));
  EXPECT_FALSE(Loader({.filename = "/dev/null"}).load({}));
  EXPECT_FALSE(Loader({.filename = "/etc/hostname"}).load({}));
}

}  // namespace
}  // namespace fl::providers::file
