#include "control/schedule/query.h"

#include <algorithm>
#include <charconv>
#include <compare>

#include "base/check.h"
#include "base/strings.h"
#include "control/schedule/query_node.h"

namespace fl::control::schedule {
namespace {

using Kind = QueryNode::Kind;
using Operator = QueryNode::Operator;
using Subject = QueryNode::Subject;

bool satisfies(Operator op, std::strong_ordering order) {
  switch (op) {
    case Operator::equals: return order == 0;
    case Operator::greater: return order > 0;
    case Operator::greater_equal: return order >= 0;
    case Operator::less: return order < 0;
    case Operator::less_equal: return order <= 0;
    default: return false;
  }
}

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// 1.9.0 comes before 1.10.0. Parts that are no numbers compare as text.
std::strong_ordering compare_versions(std::string_view a, std::string_view b) {
  const auto x = split(a, '.'), y = split(b, '.');
  for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    const auto m = parse_uint(x[i]), n = parse_uint(y[i]);
    if (const auto order = m && n ? *m <=> *n : x[i] <=> y[i]; order != 0) return order;
  }
  return x.size() <=> y.size();
}

std::strong_ordering compare_attributes(std::string_view a, std::string_view b) {
  const auto x = number_of(a), y = number_of(b);
  if (!x || !y) return a <=> b;
  return *x < *y ? std::strong_ordering::less : *x > *y ? std::strong_ordering::greater : std::strong_ordering::equal;
}

bool holds_for(const QueryNode& test, std::string_view value) {
  switch (test.op) {
    case Operator::exists: return true;
    case Operator::matches: return test.pattern->matches(value);
    case Operator::equals:
    case Operator::in: return std::ranges::find(test.arguments, value) != test.arguments.end();
    default: break;
  }
  const std::string_view argument = test.arguments[0];
  return satisfies(test.op, test.subject == Subject::agent_version ? compare_versions(value, argument)
                                                                   : compare_attributes(value, argument));
}

// What a query is asked about.
struct Subjects {
  const InstanceView& instance;
  std::span<const PlacedTask> tasks;
  std::string_view absent_group;

  bool has_task_that(auto&& holds) const {
    return std::ranges::any_of(tasks,
                               [&](const PlacedTask& task) { return task.group != absent_group && holds(task); });
  }
  int64_t task_count() const {
    return std::ranges::count_if(tasks, [&](const PlacedTask& task) { return task.group != absent_group; });
  }
};

bool holds(const QueryNode& test, const Subjects& subjects) {
  const InstanceView& instance = subjects.instance;
  switch (test.subject) {
    case Subject::agent_connected: return holds_for(test, instance.agent_connected ? "true" : "false");
    case Subject::agent_version: return !instance.agent_version.empty() && holds_for(test, instance.agent_version);
    case Subject::ec2_instance_id:
      return !instance.ec2_instance_id.empty() && holds_for(test, instance.ec2_instance_id);
    case Subject::attribute: {
      const Attribute* attribute = find_attribute(instance, test.attribute);
      return attribute != nullptr && holds_for(test, attribute->value);
    }
    case Subject::registered_at: {
      const auto since_1970 = std::chrono::floor<std::chrono::seconds>(instance.registered_at.time_since_epoch());
      return satisfies(test.op, int64_t{since_1970.count()} <=> test.number);
    }
    case Subject::running_tasks_count: return satisfies(test.op, subjects.task_count() <=> test.number);
    case Subject::task_family:
      return subjects.has_task_that([&](const PlacedTask& task) { return holds_for(test, task.family); });
    case Subject::task_group:
      return subjects.has_task_that([&](const PlacedTask& task) { return holds_for(test, task.group); });
  }
  return false;
}

bool evaluate(const QueryNode& node, const Subjects& subjects) {
  const auto is_true = [&](const QueryNode& operand) { return evaluate(operand, subjects); };
  switch (node.kind) {
    case Kind::all: return std::ranges::all_of(node.operands, is_true);
    case Kind::any: return std::ranges::any_of(node.operands, is_true);
    case Kind::negation: return !is_true(node.operands[0]);
    case Kind::test: return holds(node, subjects) != node.negated;
  }
  return false;
}

}  // namespace

Query::Query(std::unique_ptr<const QueryNode> root) : root_(std::move(root)) {}
Query::Query(Query&&) noexcept = default;
Query& Query::operator=(Query&&) noexcept = default;
Query::~Query() = default;

Result<Query> Query::parse(std::string_view text) {
  FL_TRY(QueryNode root, parse_query(text));
  return Query(std::make_unique<const QueryNode>(std::move(root)));
}

bool Query::matches(const InstanceView& instance, std::span<const PlacedTask> tasks,
                    std::string_view absent_group) const {
  FL_ASSERT(std::ranges::is_sorted(instance.attributes, {}, &Attribute::name));
  return evaluate(*root_, {instance, tasks, absent_group});
}

}  // namespace fl::control::schedule
