// A parsed cluster query: what query_parser.cc makes and query.cc evaluates. Private to this folder.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/regex.h"
#include "base/result.h"
#include "base/time.h"

namespace fl::control::schedule {

struct QueryNode {
  enum class Kind : uint8_t { all, any, negation, test };
  enum class Subject : uint8_t {
    agent_connected,
    agent_version,
    attribute,
    ec2_instance_id,
    registered_at,
    running_tasks_count,
    task_family,
    task_group,
  };
  // The negative operators are these with `negated`.
  enum class Operator : uint8_t { equals, greater, greater_equal, less, less_equal, in, matches, exists };

  Kind kind = Kind::test;
  std::vector<QueryNode> operands;  // all and any: two or more; negation: one

  // Tests only.
  Subject subject = Subject::attribute;
  Operator op = Operator::equals;
  bool negated = false;
  std::string attribute;
  std::vector<std::string> arguments;  // one, but for `in`; none for `exists`
  std::optional<Regex> pattern;        // matches
  int64_t number = 0;                  // running_tasks_count; registered_at as seconds since 1970
};

Result<QueryNode> parse_query(std::string_view text);

}  // namespace fl::control::schedule
