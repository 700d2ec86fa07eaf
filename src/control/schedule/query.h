// The cluster query language: text of a memberOf constraint or of ListContainerInstances' filter -> a compiled
// expression over instances. Immutable; any thread. Source: ECS developer guide, "Cluster query language".
//
//   expression := all { ("or" | "||") all }
//   all        := term { ("and" | "&&") term }
//   term       := ("not" | "!") term | "(" expression ")" | subject ["not"] operator [argument]
//   argument   := word | 'quoted' | "quoted" | "[" argument { "," argument } "]"
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "control/schedule/types.h"

namespace fl::control::schedule {

class Query {
 public:
  // Errors name the column (from 1) and what is wanted there: "column 14: ...".
  static Result<Query> parse(std::string_view text);

  Query(Query&&) noexcept;
  Query& operator=(Query&&) noexcept;
  ~Query();

  // `tasks` are those on the instance. Attributes may be in any order.
  bool matches(const InstanceView& instance, std::span<const PlacedTask> tasks) const;

 private:
  struct Node;
  explicit Query(std::unique_ptr<const Node> root);
  std::unique_ptr<const Node> root_;
};

}  // namespace fl::control::schedule
