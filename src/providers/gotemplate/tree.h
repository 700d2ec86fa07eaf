// A parsed Go template as a tree of nodes, and its parser. Immutable after parsing; holds no views into the source.
// Source: Go, text/template.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "providers/gotemplate/functions.h"
#include "providers/gotemplate/lexer.h"

namespace fl::providers::gotemplate {

struct Pipeline;

// One word of a command: what it is, then a chain of fields taken from it.
struct Operand {
  enum class Kind : uint8_t { dot, variable, function, literal, pipeline };

  Kind kind = Kind::dot;
  uint32_t offset = 0;
  std::string name;                    // of a variable, with its $
  const Function* function = nullptr;  // lives for ever
  json::Value literal;
  std::unique_ptr<Pipeline> pipeline;  // in brackets
  std::vector<std::string> fields;
};

// {{ $a, $b := command | command }}. The first operand of a command is called when it is a function.
struct Pipeline {
  uint32_t offset = 0;
  bool declares = false;               // := and not =
  std::vector<std::string> variables;  // set from the result; two only in range
  std::vector<std::vector<Operand>> commands;
};

struct Node {
  enum class Kind : uint8_t { text, print, if_, with, range, break_, continue_, invoke };

  Kind kind = Kind::text;
  uint32_t offset = 0;
  std::string text;  // of a text; the name an invoke calls
  Pipeline pipeline;
  std::vector<Node> body;
  std::vector<Node> otherwise;  // else
};

struct Tree {
  std::vector<Node> nodes;
  std::map<std::string, std::vector<Node>, std::less<>> defined;  // {{ define "name" }}
};

tl::expected<Tree, TemplateError> parse_tree(std::string_view source, Dialect dialect);

}  // namespace fl::providers::gotemplate
