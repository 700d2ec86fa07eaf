#include "providers/gotemplate/template.h"

#include <fmt/format.h>

#include <algorithm>

#include "providers/gotemplate/format.h"
#include "providers/gotemplate/tree.h"

namespace fl::providers::gotemplate {
namespace {

constexpr size_t kMaxOutputBytes = 16 << 20;
constexpr int kMaxSteps = 1'000'000;
constexpr int kMaxCalls = 100;  // of {{ template }} inside {{ template }}

using json::Value;

template <class T>
using Evaluated = tl::expected<T, TemplateError>;

// How a list of nodes ended: ran through, or left a range early.
enum class Flow : uint8_t { next, break_, continue_ };

class Renderer {
 public:
  explicit Renderer(const Tree& tree) : tree_(tree) {}

  Evaluated<std::string> run(const Value& data) {
    root_ = &data;
    variables_.emplace_back("$", data);
    FL_TRY([[maybe_unused]] Flow flow, nodes(tree_.nodes, data));
    return std::move(out_);
  }

 private:
  static tl::unexpected<TemplateError> error(uint32_t offset, std::string text) {
    return tl::make_unexpected(TemplateError{offset, std::move(text)});
  }

  Evaluated<Flow> nodes(const std::vector<Node>& list, const Value& dot) {
    for (const Node& node : list) {
      if (++steps_ > kMaxSteps) return error(node.offset, "takes too many steps");
      FL_TRY(Flow flow, one(node, dot));
      if (flow != Flow::next) return flow;
    }
    return Flow::next;
  }

  Evaluated<Flow> one(const Node& node, const Value& dot) {
    switch (node.kind) {
      case Node::Kind::text: return write(node, node.text);
      case Node::Kind::print: {
        FL_TRY(Value value, pipeline(node.pipeline, dot));
        return node.pipeline.variables.empty() ? write(node, output_of(value)) : Flow::next;
      }
      case Node::Kind::if_:
      case Node::Kind::with: {
        const size_t scope = variables_.size();
        FL_TRY(Value value, pipeline(node.pipeline, dot));
        const bool taken = is_true(value);
        const bool moves_dot = taken && node.kind == Node::Kind::with;
        FL_TRY(Flow flow, nodes(taken ? node.body : node.otherwise, moves_dot ? value : dot));
        forget_variables(scope);
        return flow;
      }
      case Node::Kind::range: return range(node, dot);
      case Node::Kind::break_: return Flow::break_;
      case Node::Kind::continue_: return Flow::continue_;
      case Node::Kind::invoke: return invoke(node, dot);
    }
    return Flow::next;
  }

  Evaluated<Flow> write(const Node& node, std::string_view text) {
    if (out_.size() + text.size() > kMaxOutputBytes) return error(node.offset, "the output is too large");
    out_ += text;
    return Flow::next;
  }

  Evaluated<Flow> invoke(const Node& node, const Value& dot) {
    const auto found = tree_.defined.find(node.text);
    if (found == tree_.defined.end()) return error(node.offset, fmt::format("template \"{}\" not defined", node.text));
    if (++calls_ > kMaxCalls) return error(node.offset, "templates call each other too deep");
    FL_TRY(Value data, pipeline(node.pipeline, dot));
    auto outer = std::exchange(variables_, {{"$", data}});
    FL_TRY([[maybe_unused]] Flow flow, nodes(found->second, data));
    variables_ = std::move(outer);
    --calls_;
    return Flow::next;
  }

  // Lists in order, maps by sorted key, an integer n as 0 to n-1.
  Evaluated<Flow> range(const Node& node, const Value& dot) {
    const size_t scope = variables_.size();
    FL_TRY(Value over, evaluate(node.pipeline, dot));
    size_t rounds = 0;
    const auto round = [&](Value key, const Value& element) -> Evaluated<Flow> {
      ++rounds;
      const size_t inner = variables_.size();
      const auto& names = node.pipeline.variables;
      if (names.size() == 1) set_variable(node.pipeline, names[0], element);
      if (names.size() == 2) {
        set_variable(node.pipeline, names[0], std::move(key));
        set_variable(node.pipeline, names[1], element);
      }
      FL_TRY(Flow flow, nodes(node.body, element));
      forget_variables(inner);
      return flow;
    };
    if (const auto* list = over.if_array()) {
      for (size_t i = 0; i < list->size(); ++i) {
        FL_TRY(Flow flow, round(static_cast<int64_t>(i), (*list)[i]));
        if (flow == Flow::break_) break;
      }
    } else if (auto* map = over.if_object()) {
      std::ranges::sort(*map, {}, &json::Member::first);
      for (const auto& [key, element] : *map) {
        FL_TRY(Flow flow, round(key, element));
        if (flow == Flow::break_) break;
      }
    } else if (const auto* count = over.if_int()) {
      for (int64_t i = 0; i < *count; ++i) {
        FL_TRY(Flow flow, round(i, i));
        if (flow == Flow::break_) break;
      }
    } else if (!over.is_null()) {
      return error(node.offset, fmt::format("range can't iterate over {}", printed(over)));
    }
    FL_TRY(Flow flow, rounds == 0 ? nodes(node.otherwise, dot) : Flow::next);
    forget_variables(scope);
    return flow;
  }

  Evaluated<Value> pipeline(const Pipeline& p, const Value& dot) {
    FL_TRY(Value value, evaluate(p, dot));
    for (const std::string& name : p.variables) set_variable(p, name, value);
    return value;
  }

  Evaluated<Value> evaluate(const Pipeline& p, const Value& dot) {
    Value value;
    for (size_t i = 0; i < p.commands.size(); ++i) {
      FL_TRY(value, command(p.commands[i], dot, i > 0 ? &value : nullptr));
    }
    return value;
  }

  Evaluated<Value> command(const std::vector<Operand>& words, const Value& dot, const Value* piped) {
    if (++steps_ > kMaxSteps) return error(words[0].offset, "takes too many steps");
    if (words[0].kind != Operand::Kind::function) return operand(words[0], dot);
    const Function& function = *words[0].function;
    // and, or: later arguments are not looked at once the result is known.
    const bool is_and = function.name == "and", is_or = function.name == "or";
    std::vector<Value> args;
    for (const Operand& word : std::span(words).subspan(1)) {
      FL_TRY(Value arg, operand(word, dot));
      args.push_back(std::move(arg));
      if ((is_and || is_or) && is_true(args.back()) == is_or) return std::move(args.back());
    }
    if (piped != nullptr) args.push_back(*piped);
    return call(words[0], args);
  }

  Evaluated<Value> call(const Operand& word, std::span<const Value> args) {
    const Function& f = *word.function;
    if (args.size() < f.min_args || (f.max_args != Function::kMany && args.size() > f.max_args))
      return error(word.offset, fmt::format("wrong number of arguments for {}: {}", f.name, args.size()));
    auto result = f.call(args);
    if (!result) return error(word.offset, fmt::format("calling {}: {}", f.name, result.error().message));
    return charged(word, *std::move(result));
  }

  Evaluated<Value> operand(const Operand& word, const Value& dot) {
    switch (word.kind) {
      case Operand::Kind::literal: return word.literal;
      case Operand::Kind::function: return call(word, {});
      case Operand::Kind::dot: return fields(word, dot);
      case Operand::Kind::variable: return fields(word, word.name == "$" ? variables_[0].second : variable(word.name));
      case Operand::Kind::pipeline: {
        FL_TRY(Value value, evaluate(*word.pipeline, dot));
        return fields(word, value);
      }
    }
    return Value();
  }

  // The chain of fields taken from a value. A key that a map does not have is nil; a field that the template's data
  // does not have is an error, as for Go's structs.
  Evaluated<Value> fields(const Operand& word, const Value& from) {
    const Value* at = &from;
    const bool is_root = at == root_ || at == &variables_[0].second;
    for (const std::string& name : word.fields) {
      if (at->if_object() == nullptr)
        return error(word.offset, fmt::format("can't evaluate field {} in a value of type {}", name, kind_of(*at)));
      const Value* next = at->find(name);
      if (next == nullptr && is_root && at == &from)
        return error(word.offset, fmt::format("there is no field {}", name));
      if (next == nullptr) return Value();
      at = next;
    }
    return charged(word, *at);
  }

  // Values are copied: a step for each 64 bytes, and an end to those that double themselves.
  Evaluated<Value> charged(const Operand& word, Value value) {
    const size_t size = bytes_of(value);
    if (size > kMaxOutputBytes) return error(word.offset, "a value is too large");
    steps_ += static_cast<int>(size / 64);
    return value;
  }
  static size_t bytes_of(const Value& value) {
    size_t size = sizeof value;
    if (const auto* text = value.if_string()) size += text->size();
    if (const auto* list = value.if_array())
      for (const Value& element : *list) size += bytes_of(element);
    if (const auto* map = value.if_object())
      for (const auto& [key, element] : *map) size += key.size() + bytes_of(element);
    return size;
  }

  const Value& variable(std::string_view name) const {
    for (size_t i = variables_.size(); i-- > 0;)
      if (variables_[i].first == name) return variables_[i].second;
    return *root_;  // the parser lets no unknown one pass
  }
  void set_variable(const Pipeline& p, const std::string& name, Value value) {
    if (p.declares) {
      variables_.emplace_back(name, std::move(value));
      return;
    }
    for (size_t i = variables_.size(); i-- > 0;)
      if (variables_[i].first == name) {
        variables_[i].second = std::move(value);
        return;
      }
  }
  void forget_variables(size_t scope) {
    while (variables_.size() > scope) variables_.pop_back();
  }

  const Tree& tree_;
  const Value* root_ = nullptr;
  std::string out_;
  int steps_ = 0;
  int calls_ = 0;
  std::vector<std::pair<std::string, Value>> variables_;  // innermost last; the first is $
};

tl::unexpected<Error> located(std::string_view name, std::string_view source, const TemplateError& problem) {
  const std::string_view before = source.substr(0, problem.offset);
  const size_t line_start = before.rfind('\n') + 1;  // 0 when there is none
  return fail(Code::invalid, fmt::format("{}:{}:{}: {}", name, std::ranges::count(before, '\n') + 1,
                                         before.size() - line_start + 1, problem.text));
}

}  // namespace

Template::Template(std::string name, std::string source, std::unique_ptr<const Tree> tree)
    : name_(std::move(name)), source_(std::move(source)), tree_(std::move(tree)) {}
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;
Template::~Template() = default;

Result<Template> Template::parse(std::string name, std::string source, Dialect dialect) {
  auto tree = parse_tree(source, dialect);
  if (!tree) return located(name, source, tree.error());
  return Template(std::move(name), std::move(source), std::make_unique<const Tree>(*std::move(tree)));
}

Result<std::string> Template::render(const json::Value& data) const {
  auto text = Renderer(*tree_).run(data);
  if (!text) return located(name_, source_, text.error());
  return *std::move(text);
}

}  // namespace fl::providers::gotemplate
