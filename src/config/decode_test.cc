// Decoding and encoding of structs made for the test: every kind of field, recursion, and each rule about groups.
#include "config/decode.h"

#include <gtest/gtest.h>

#include "config/encode.h"
#include "config/yaml.h"

namespace fl::config {

struct Leaf {
  std::string name = "leaf";
  bool operator==(const Leaf&) const = default;
};

struct Node {
  bool on = true;
  int64_t number = 7;
  double ratio = 0.5;
  Duration wait = 10s;
  std::string text;
  std::vector<std::string> list{"x"};
  std::optional<int64_t> maybe;
  std::optional<Leaf> leaf;
  std::optional<Leaf> lone_leaf;
  Leaf inner;
  Map<std::string> names;
  json::Value any;
  std::vector<Node> children;
  Map<Node> by_name;
  int64_t later = 3;
  bool operator==(const Node&) const = default;
};

void describe(Fields<Leaf>& f) { f("name", &Leaf::name, "a name"); }

void describe(Fields<Node>& f) {
  f("on", &Node::on, "a truth value", kPrintZero);
  f("number", &Node::number, "a number");
  f("ratio", &Node::ratio, "a real number");
  f("wait", &Node::wait, "a time");
  f("text", &Node::text, "a text");
  f("list", &Node::list, "a list");
  f("maybe", &Node::maybe, "a number or none");
  f("leaf", &Node::leaf, "a group");
  f("loneLeaf", &Node::lone_leaf, "a group that may stand alone", kAllowEmpty);
  f("inner", &Node::inner, "a group that is always there");
  f("names", &Node::names, "names");
  f("any", &Node::any, "anything");
  f("children", &Node::children, "nodes");
  f("byName", &Node::by_name, "named nodes", kObjects);
  f("later", &Node::later, "not yet", kUnsupported);
  f.unsupported("muchLater", "not yet, and large");
  f.refused("gone", "is gone, use text");
}

namespace {

struct Outcome {
  Node node;
  std::string issues;
};

Outcome read(std::string_view yaml) {
  const auto document = read_yaml(yaml, "f");
  EXPECT_TRUE(document) << document.error().message;
  Outcome out;
  out.issues = to_text(decode(document->root(), Form::file, out.node));
  return out;
}

TEST(Decode, EveryKindOfField) {
  const auto [node, issues] = read(
      "ON: false\nnumber: 0x10\nratio: 2\nwait: 1m30s\ntext: 12\nlist: [a, 'b,c']\nmaybe: 0\nleaf: {name: l}\n"
      "loneLeaf: {}\ninner: {name: i}\nnames: {B: 1, a: x}\nany: {b: true, n: 1.5, l: [1, '1', ~]}\n"
      "children: [{number: 1, children: [{number: 2}]}]\nbyName: {n: {text: y}}\n");
  EXPECT_EQ(issues, "");
  Node expected{.on = false,
                .number = 16,
                .ratio = 2,
                .wait = 90s,
                .text = "12",
                .list = {"a", "b,c"},
                .maybe = 0,
                .leaf = Leaf{"l"},
                .lone_leaf = Leaf{},
                .inner = {"i"},
                .names = {{"B", "1"}, {"a", "x"}}};
  expected.children.push_back({.number = 1, .children = {{.number = 2}}});
  expected.by_name["n"].text = "y";
  expected.any = *json::parse(R"({"b":true,"n":1.5,"l":[1,"1",null]})");
  EXPECT_EQ(node, expected);
  EXPECT_EQ(json::to_text(encode_json(node)),
            R"({"on":false,"number":16,"ratio":2,"wait":"1m30s","text":"12","list":["a","b,c"],"maybe":0,)"
            R"("leaf":{"name":"l"},"loneLeaf":{"name":"leaf"},"inner":{"name":"i"},"names":{"B":"1","a":"x"},)"
            R"("any":{"b":true,"n":1.5,"l":[1,"1",null]},"children":[{"on":true,"number":1,"ratio":0.5,"wait":"10s",)"
            R"("list":["x"],"inner":{"name":"leaf"},"children":[{"on":true,"number":2,"ratio":0.5,"wait":"10s",)"
            R"("list":["x"],"inner":{"name":"leaf"},"later":3}],"later":3}],"byName":{"n":{"on":true,"number":7,)"
            R"("ratio":0.5,"wait":"10s","text":"y","list":["x"],"inner":{"name":"leaf"},"later":3}},"later":3})");
}

TEST(Decode, ProblemsAreAllReported) {
  const std::pair<const char*, const char*> cases[] = {
      {"on: yes\n", "f:1:5: on: expected true or false, found \"yes\"\n"},
      {"number: 1.5\n", "f:1:9: number: expected a whole number, found \"1.5\"\n"},
      {"number: [1]\n", "f:1:9: number: expected a whole number, found a list\n"},
      {"wait: soon\n", "f:1:7: wait: expected a duration such as 10 (seconds), 1m30s or 100ms, found \"soon\"\n"},
      {"text: {a: 1}\n", "f:1:7: text: expected text, found a group\n"},
      {"list: {a: 1}\n", "f:1:7: list: expected a list, found a group\n"},
      {"list: [{a: 1}]\n", "f:1:8: list[0]: expected text, found a group\n"},
      {"names: [a]\n", "f:1:8: names: expected a group of names, found a list\n"},
      {"nam: {}\n", "f:1:6: nam: unknown option; did you mean names?\n"},
      {"zzzzzz: 1\n", "f:1:9: zzzzzz: unknown option\n"},
      {"leaf: {}\n", "f:1:7: leaf: cannot stand alone; give at least one of its options\n"},
      {"leaf: on\n", "f:1:7: leaf: expected a group of options, found \"on\"\n"},
      {"loneLeaf:\n", "f:1:10: loneLeaf: has no value and is ignored; write \"loneLeaf: {}\" to turn it on\n"},
      {"loneLeaf: [1]\n", "f:1:11: loneLeaf: expected a group of options, found a list\n"},
      {"text: a\nText: b\n", "f:2:7: Text: is given twice, in different letter case\n"},
      {"later: 4\n", "f:1:8: later: known to Traefik but not supported by fairlead yet\n"},
      {"muchLater: {a: 1}\n", "f:1:12: muchLater: known to Traefik but not supported by fairlead yet\n"},
      {"gone: 1\n", "f:1:7: gone: is gone, use text\n"},
      {"children: [{nmber: 1}, {on: 2}]\n",
       "f:1:20: children[0].nmber: unknown option; did you mean number?\n"
       "f:1:29: children[1].on: expected true or false, found \"2\"\n"},
      {"text: [\"a\nb\"]\n", "f:1:7: text: expected text, found a list\n"},
  };
  for (const auto& [yaml, issues] : cases) EXPECT_EQ(read(yaml).issues, issues) << yaml;
}

TEST(Decode, NothingToSay) {
  for (const char* yaml :
       {"later: 3\n", "muchLater: false\n", "text:\n", "loneLeaf: false\n", "leaf: ~\n", "names: {}\n"}) {
    const auto [node, issues] = read(yaml);
    EXPECT_EQ(issues, "") << yaml;
    EXPECT_EQ(node, Node()) << yaml;
  }
  EXPECT_EQ(read("loneLeaf: true\n").node.lone_leaf, Leaf());
}

TEST(Decode, ABrokenObjectGoesAlone) {
  const auto document = read_yaml("byName: {a: {on: 7}, b: {on: false}, c@d: {}, '': {}, e: 5}\n", "f");
  Node node;
  const std::vector<Issue> issues = decode(document->root(), Form::file, node);
  ASSERT_EQ(node.by_name.size(), 1U);
  EXPECT_FALSE(node.by_name["b"].on);
  ASSERT_EQ(issues.size(), 4U);
  for (const Issue& issue : issues) EXPECT_EQ(issue.kind, "byName");
  EXPECT_EQ(issues[0].object, "a");
  EXPECT_EQ(issues[1].object, "c@d");
  EXPECT_EQ(issues[3].object, "e");
}

TEST(Decode, LongAndManyLinedTextIsCutInMessages) {
  EXPECT_EQ(read("on: \"" + std::string(100, 'x') + "\"\n").issues,
            "f:1:5: on: expected true or false, found \"" + std::string(60, 'x') + "...\"\n");
  EXPECT_EQ(read("on: \"a\\nb\"\n").issues, "f:1:5: on: expected true or false, found \"a...\"\n");
}

}  // namespace
}  // namespace fl::config
