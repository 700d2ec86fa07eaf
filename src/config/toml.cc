#include "config/toml.h"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <fmt/format.h>
#include <toml++/toml.h>

namespace fl::config {
namespace {

constexpr size_t kMaxBytes = 64 << 20;
constexpr int kMaxDepth = 100;

class Reader {
 public:
  explicit Reader(std::string_view source) : source_(document_.copy(source)) {}

  Result<Document> read(std::string_view text) {
    if (text.size() > kMaxBytes)
      return fail(Code::invalid, fmt::format("{}: larger than {} bytes", source_, kMaxBytes));
    const toml::parse_result result = toml::parse(text);
    if (!result) {
      const toml::parse_error& problem = result.error();
      return fail(Code::invalid, fmt::format("{}: {}", mark_at(problem.source()).to_text(), problem.description()));
    }
    FL_TRY(Value * root, convert(result.table(), 0));
    document_.set_root(*root);
    return std::move(document_);
  }

 private:
  Result<Value*> convert(const toml::node& node, int depth) {
    const Mark mark = mark_at(node.source());
    if (depth > kMaxDepth)
      return fail(Code::invalid, fmt::format("{}: nested deeper than {}", mark.to_text(), kMaxDepth));
    if (const toml::table* table = node.as_table()) {
      Value& value = document_.make(Value::Kind::map, mark);
      for (const auto& [key, child] : *table) {
        FL_TRY(Value * converted, convert(child, depth + 1));
        converted->key = document_.copy(key.str());
        value.append(*converted);
      }
      return &value;
    }
    if (const toml::array* array = node.as_array()) {
      Value& value = document_.make(Value::Kind::list, mark);
      for (const toml::node& child : *array) {
        FL_TRY(Value * converted, convert(child, depth + 1));
        value.append(*converted);
      }
      return &value;
    }
    Value& value = document_.make(Value::Kind::scalar, mark);
    value.is_plain = !node.is_string();
    if (const auto* text = node.as_string())
      value.text = document_.copy(text->get());
    else if (const auto* integer = node.as_integer())
      value.text = document_.copy(fmt::to_string(integer->get()));
    else if (const auto* real = node.as_floating_point())
      value.text = document_.copy(fmt::to_string(real->get()));
    else if (const auto* truth = node.as_boolean())
      value.text = truth->get() ? "true" : "false";
    else
      return fail(Code::invalid, fmt::format("{}: no option takes a date or time; write it as text", mark.to_text()));
    return &value;
  }

  Mark mark_at(const toml::source_region& region) const {
    return {source_, static_cast<uint32_t>(region.begin.line), static_cast<uint32_t>(region.begin.column)};
  }

  Document document_;
  const std::string_view source_;
};

}  // namespace

Result<Document> read_toml(std::string_view text, std::string_view source) { return Reader(source).read(text); }

}  // namespace fl::config
