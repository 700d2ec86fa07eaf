// The untyped tree every source of configuration is read into: YAML, TOML, JSON, flags, environment and labels differ
// only in how they build it. Each node knows where it was written. A Document owns all memory of its nodes and is
// thrown away after decoding; nodes never change once their reader has returned. Any one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/arena.h"

namespace fl::config {

// Where a value was written. `source` is a file path, "flag --x", "env X" or "label x"; line 0 means there are no
// lines.
struct Mark {
  std::string_view source;
  uint32_t line = 0;    // from 1
  uint32_t column = 0;  // from 1

  // "dynamic.yaml:3:7", or just the source.
  std::string to_text() const;
};

struct Value {
  enum class Kind : uint8_t { null, scalar, list, map };

  // Forward iteration over the children of a list or map, in document order.
  struct Iterator {
    const Value* at;
    const Value& operator*() const { return *at; }
    Iterator& operator++() { return at = at->next, *this; }
    bool operator==(const Iterator&) const = default;
  };
  struct Children {
    const Value* first;
    Iterator begin() const { return {first}; }
    Iterator end() const { return {nullptr}; }
  };

  Kind kind = Kind::null;
  bool is_plain = false;  // a scalar without quotes: may stand for a number or a truth value
  uint32_t size = 0;      // number of children
  Mark mark;
  std::string_view key;   // its name when it stands in a map
  std::string_view text;  // of a scalar; a label can give a group both a text and children
  Value* first = nullptr;
  Value* last = nullptr;
  Value* next = nullptr;

  Children children() const { return {first}; }
  // The child called `name`, exactly; null when there is none. Takes time linear in the number of children.
  const Value* find(std::string_view name) const;
  void append(Value& child);
};

class Document {
 public:
  Document();

  const Value& root() const { return *root_; }
  Value& root() { return *root_; }

  Value& make(Value::Kind kind, Mark mark);
  std::string_view copy(std::string_view text) { return arena_->copy(text); }
  // Starts over with another root; for readers.
  void set_root(Value& root) { root_ = &root; }

 private:
  std::unique_ptr<Arena> arena_;
  Value* root_;
};

// "null", "text", "a list", "a group": for messages.
std::string_view kind_name(Value::Kind kind);

}  // namespace fl::config
