#include "config/yaml.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/toml.h"

namespace fl::config {
namespace {

// A tree as one line: scalars as [plain] or 'quoted', null as ~.
std::string show(const Value& value) {
  std::string out;
  switch (value.kind) {
    case Value::Kind::null: return "~";
    case Value::Kind::scalar: return fmt::format(fmt::runtime(value.is_plain ? "{}" : "'{}'"), value.text);
    case Value::Kind::list:
      for (const Value& child : value.children()) out += (out.empty() ? "" : " ") + show(child);
      return "[" + out + "]";
    case Value::Kind::map:
      for (const Value& child : value.children())
        out += fmt::format("{}{}:{}", out.empty() ? "" : " ", child.key, show(child));
      return "{" + out + "}";
  }
  return out;
}

std::string yaml(std::string_view text) {
  const auto document = read_yaml(text, "f.yaml");
  return document ? show(document->root()) : document.error().message;
}

std::string toml(std::string_view text) {
  const auto document = read_toml(text, "f.toml");
  return document ? show(document->root()) : document.error().message;
}

TEST(Yaml, Trees) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "{}"},
      {"# only a comment\n", "{}"},
      {"a: 1\nb: '1'\nc: \"x\\ty\"\n", "{a:1 b:'1' c:'x\ty'}"},
      {"a:\nb: ~\nc: null\nd: ''\n", "{a:~ b:~ c:~ d:''}"},
      {"a: [x, 'y', {z: 1}]\n", "{a:[x 'y' {z:1}]}"},
      {"a:\n- x\n- - y\n", "{a:[x [y]]}"},
      {"a: |\n  one\n  two\n", "{a:'one\ntwo\n'}"},
      {"{\"a\": [1, true, null]}", "{a:[1 true ~]}"},
      {"a: &x {k: 1}\nb: *x\n", "{a:{k:1} b:{k:1}}"},
      {"a: &x 5\n*x : 6\n", "{a:5 5:6}"},
      {"a: !!str 5\nb: !!int 5\n", "{a:'5' b:5}"},
      {"404: 1\n", "{404:1}"},
      // Merge keys: what the map says itself wins, whatever the order; of several maps the first wins.
      {"a: &a {k: 1, l: 2}\nb: {<<: *a, k: 3}\nc: {k: 4, <<: *a}\n", "{a:{k:1 l:2} b:{k:3 l:2} c:{k:4 l:2}}"},
      {"a: &a {k: 1}\nb: &b {k: 2, l: 3}\nc: {<<: [*a, *b]}\n", "{a:{k:1} b:{k:2 l:3} c:{k:1 l:3}}"},
      {"a: {'<<': 1}\n", "{a:{<<:1}}"},
  };
  for (const auto& [text, tree] : cases) EXPECT_EQ(yaml(text), tree) << text;
}

TEST(Yaml, ErrorsSayWhere) {
  const std::pair<const char*, const char*> cases[] = {
      {"a: 1\na: 2\n", "f.yaml:2:1: the key \"a\" is given twice"},
      {"a: {b: 1, 'b': 2}\n", "f.yaml:1:11: the key \"b\" is given twice"},
      {"a: *x\n", "f.yaml:1:4: the anchor &x is not defined before this"},
      {"a: &x [*x]\n", "f.yaml:1:8: the anchor &x contains itself"},
      {"a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document; only one is read"},
      {"a: !foo 1\n", "f.yaml:1:4: the tag !foo is not known"},
      {"a: !!binary aGk=\n", "f.yaml:1:4: the tag tag:yaml.org,2002:binary is not known"},
      {"[a]: 1\n", "f.yaml:1:1: a key must be text"},
      {"? {a: 1}\n: 1\n", "f.yaml:1:3: a key must be text"},
      {"b: {<<: 5}\n", "f.yaml:1:9: << takes a map or a list of maps"},
      {"b: {<<: [5]}\n", "f.yaml:1:10: << takes a map or a list of maps"},
      {"a: [1\n", "f.yaml:2:1: while parsing a flow sequence, did not find expected ',' or ']'"},
      {"a: b: c\n", "f.yaml:1:5: mapping values are not allowed in this context"},
      {"a: \"\xff\"\n", "f.yaml: byte 4: invalid leading UTF-8 octet"},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(yaml(text), message) << text;
}

TEST(Yaml, DuplicateKeysAreFoundInLargeMapsToo) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += fmt::format("k{}: 1\n", i);
  EXPECT_TRUE(read_yaml(text, "f"));
  EXPECT_EQ(read_yaml(text + "k3: 1\n", "f").error().message, "f:101:1: the key \"k3\" is given twice");
}

TEST(Yaml, AliasesCannotGrowWithoutBound) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i)
    bomb += fmt::format("a{0}: &a{0} [*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1}]\n", i, i - 1);
  EXPECT_NE(yaml(bomb).find("more than 1000000 nodes"), std::string::npos);
  // Merge keys copy nodes as well.
  std::string merges = "a0: &a0 {k0: 1}\n";
  for (int i = 1; i < 2000; ++i) merges += fmt::format("a{0}: &a{0} {{<<: *a{1}, k{0}: 1}}\n", i, i - 1);
  EXPECT_NE(yaml(merges).find("more than 1000000 nodes"), std::string::npos);
}

TEST(Yaml, DepthIsBounded) { EXPECT_NE(yaml(std::string(101, '[')).find("nested deeper than 100"), std::string::npos); }

TEST(Toml, Trees) {
  EXPECT_EQ(toml(""), "{}");
  EXPECT_EQ(toml("a = 1\nb = \"1\"\nc = true\nd = 0.5\n[t.u]\nl = ['x', \"y\"]\n[[t.v]]\nk = 0x10\n"),
            "{a:1 b:'1' c:true d:0.5 t:{u:{l:['x' 'y']} v:[{k:16}]}}");
}

TEST(Toml, ErrorsSayWhere) {
  EXPECT_EQ(toml("a = 1\na = 2\n").substr(0, 11), "f.toml:2:5:");
  EXPECT_EQ(toml("a = \n").substr(0, 9), "f.toml:1:");
  EXPECT_EQ(toml("[`").substr(0, 11), "f.toml:1:2:");
  EXPECT_EQ(toml("a = \u00e9\n").substr(0, 9), "f.toml:1:");
  EXPECT_EQ(toml("a = 1 \u00e9\n").substr(0, 9), "f.toml:1:");
  EXPECT_EQ(toml("a = 2020-01-01\n"), "f.toml:1:5: no option takes a date or time; write it as text");
}

TEST(Marks, PointAtTheValue) {
  const auto document = read_yaml("a:\n  b: [x,\n      y]\n", "f.yaml");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().find("a")->find("b")->last->mark.to_text(), "f.yaml:3:7");
}

}  // namespace
}  // namespace fl::config
