#include "config/flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/strings.h"
#include "config/paths.h"
#include "config/toml.h"
#include "config/yaml.h"

namespace fl::config {
namespace {

// A flag that means "on" without a value: a truth value, or a group that may stand alone.
bool may_omit_value(std::string_view name, const Type& root) {
  const auto path = split_path(name);
  if (!path) return false;
  const Destination to = resolve(root, *path);
  if (to.type == nullptr) return to.field != nullptr;  // a group we know by name only
  return to.type->kind == Type::Kind::boolean || (to.field != nullptr && to.field->has(kAllowEmpty));
}

bool is_list(std::string_view name, const Type& root) {
  const auto path = split_path(name);
  const Destination to = path ? resolve(root, *path) : Destination();
  return to.type != nullptr && to.type->kind == Type::Kind::list;
}

}  // namespace

std::vector<Flag> parse_flags(std::span<const std::string> arguments, const Type& root, std::vector<Issue>& issues) {
  std::vector<Flag> flags;
  const auto complain = [&](const std::string& argument, std::string_view text) {
    issues.push_back({.where = "flag " + argument, .text = std::string(text)});
  };
  for (size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    const std::string& argument = arguments[i];
    const std::string_view body = trim(argument, "-");
    const size_t dashes = argument.find_first_not_of('-');
    if (dashes == 0 || dashes > 2 || body.empty() || body.starts_with('=')) {
      complain(argument, "is not a flag; flags are --name=value");
      continue;
    }
    const size_t equals = argument.find('=');
    Flag flag{argument.substr(dashes, equals == argument.npos ? argument.npos : equals - dashes), "true"};
    if (equals != argument.npos) {
      flag.value = argument.substr(equals + 1);
    } else if (!may_omit_value(flag.name, root)) {
      if (i + 1 == arguments.size()) {
        complain(argument, "needs a value");
        continue;
      }
      flag.value = arguments[++i];
    }
    const auto same = std::ranges::find_if(flags, [&](const Flag& f) { return iequals(f.name, flag.name); });
    if (same == flags.end())
      flags.push_back(std::move(flag));
    else
      same->value = is_list(flag.name, root) ? same->value + "," + flag.value : flag.value;
  }
  return flags;
}

Result<Document> read_options_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.good() && !file.eof()) return fail(Code::not_found, fmt::format("{}: cannot be read", path));
  return path.ends_with(".toml") ? read_toml(text, path) : read_yaml(text, path);
}

}  // namespace fl::config
