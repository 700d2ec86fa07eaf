#include "config/objects.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fl::config {
namespace {

using Texts = Objects<std::string>;

std::vector<std::string> listed(const Texts& texts) {
  std::vector<std::string> out;
  for (const auto& [name, text] : texts) out.push_back(name + "=" + text);
  return out;
}

TEST(Objects, IsAMapInTheOrderOfNames) {
  Texts texts;
  texts["b"] = "2";
  texts["a"] = "1";
  texts["c"] = "3";
  texts["b"] = "two";
  EXPECT_EQ(listed(texts), (std::vector<std::string>{"a=1", "b=two", "c=3"}));
  EXPECT_EQ(texts.size(), 3U);
  EXPECT_EQ(texts.at("c"), "3");
  EXPECT_EQ(texts.find("d"), texts.end());
  EXPECT_FALSE(texts.try_emplace("a", "other").second);
  EXPECT_EQ(texts.erase("a"), 1U);
  EXPECT_EQ(texts.erase("a"), 0U);
  EXPECT_EQ(listed(texts), (std::vector<std::string>{"b=two", "c=3"}));
}

TEST(Objects, CopiesShareUntilOneChanges) {
  Texts one;
  one["kept"] = "1";
  one["changed"] = "2";
  Texts other = one;
  EXPECT_EQ(one.find("kept").entry(), other.find("kept").entry());
  other["changed"] = "new";
  EXPECT_EQ(one.at("changed"), "2");
  EXPECT_EQ(other.at("changed"), "new");
  EXPECT_EQ(one.find("kept").entry(), other.find("kept").entry());
  one.clear();
  EXPECT_EQ(listed(other), (std::vector<std::string>{"changed=new", "kept=1"}));
}

TEST(Objects, AreComparedByValue) {
  Texts a, b;
  a["x"] = b["x"] = "1";
  EXPECT_EQ(a, b);
  b["x"] = "2";
  EXPECT_NE(a, b);
  b["x"] = "1";
  b["y"];
  EXPECT_NE(a, b);
}

TEST(Objects, EntriesMoveBetweenMaps) {
  Texts from, to;
  from["a"] = "1";
  from["b"] = "2";
  to["a"] = "old";
  to["c"] = "3";
  to.share(from.find("b").entry());
  to.share(from.find("a").entry());
  EXPECT_EQ(listed(to), (std::vector<std::string>{"a=1", "b=2", "c=3"}));
  EXPECT_EQ(to.find("a").entry(), from.find("a").entry());
  from["d"] = "4";
  from["a"] = "not this";
  to.share_missing(from);
  EXPECT_EQ(listed(to), (std::vector<std::string>{"a=1", "b=2", "c=3", "d=4"}));
}

TEST(Objects, KeepIfChangesAndDrops) {
  Texts texts;
  for (const auto name : {"a", "b", "c"}) texts[name] = name;
  const Texts before = texts;
  texts.keep_if([](const std::string& name, std::string& text) {
    text += "!";
    return name != "b";
  });
  EXPECT_EQ(listed(texts), (std::vector<std::string>{"a=a!", "c=c!"}));
  EXPECT_EQ(listed(before), (std::vector<std::string>{"a=a", "b=b", "c=c"}));
}

}  // namespace
}  // namespace fl::config
