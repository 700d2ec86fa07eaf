// The cluster query language: text of a memberOf constraint or of ListContainerInstances' filter -> a compiled
// expression over instances. Immutable; any thread. Source: ECS developer guide, "Cluster query language".
//
//   any      := all { ("or" | "||") all }
//   all      := term { ("and" | "&&") term }
//   term     := ("not" | "!") term | "(" any ")" | subject operator [argument]
//   subject  := "attribute:" name | "agentConnected" | "agentVersion" | "ec2InstanceId" | "registeredAt"
//             | "runningTasksCount" | "task:group" | "task:family"
//   operator := "==" | "!=" | ">" | ">=" | "<" | "<=" | "in" | "!in" | "=~" | "!~" | "exists" | "!exists", or in words:
//               equals, not_equals, greater_than, greater_than_equal, less_than, less_than_equal, not_in, matches,
//               not_matches, not_exists
//   argument := word | 'quoted' | "quoted" | "[" argument { "," argument } "]"   (in, !in)
//
// What an instance does not have satisfies no operator but the negative ones. task:group and task:family hold if one
// task on the instance satisfies them; the negative operators, if none does. A pattern matches the whole value (Java's
// matches(); the dialect is RE2). Attributes compare as numbers when both sides are, else as text.
// runningTasksCount counts the tasks placed there and not yet STOPPED.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "control/schedule/types.h"

namespace fl::control::schedule {

struct QueryNode;

class Query {
 public:
  static constexpr size_t kMaxBytes = 2000;  // AWS: PlacementConstraint.expression
  static constexpr int kMaxDepth = 50;       // of brackets and negations

  // Errors: "column 14: " (from 1) and what is wanted there.
  static Result<Query> parse(std::string_view text);

  Query(Query&&) noexcept;
  Query& operator=(Query&&) noexcept;
  ~Query();

  // `tasks` are those on the instance; those of `absent_group` are taken as not there. The instance's attributes are
  // sorted by name (sort_attributes()), as Capacity keeps them.
  bool matches(const InstanceView& instance, std::span<const PlacedTask> tasks,
               std::string_view absent_group = {}) const;

 private:
  explicit Query(std::unique_ptr<const QueryNode> root);
  std::unique_ptr<const QueryNode> root_;
};

}  // namespace fl::control::schedule
