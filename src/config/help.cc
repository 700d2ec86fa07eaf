#include "config/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/strings.h"
#include "config/dynamic/configuration.h"
#include "config/encode.h"
#include "config/schema.h"
#include "config/static/configuration.h"

namespace fl::config {
namespace {

constexpr size_t kWidth = 100;

// One line of the reference: an option, or a group that may stand alone.
struct Option {
  std::string path;  // entryPoints.<name>.http.tls.domains[n].main
  std::string type;
  std::string default_text;  // empty: none
  const Field* field = nullptr;
  bool is_supported = true;
};

std::string_view type_name(const Type& type) {
  switch (type.kind) {
    case Type::Kind::boolean: return "bool";
    case Type::Kind::integer: return "int";
    case Type::Kind::real: return "number";
    case Type::Kind::text: return "text";
    case Type::Kind::duration: return "duration";
    case Type::Kind::any: return "anything";
    case Type::Kind::optional: return type_name(*type.element);
    case Type::Kind::list: return "list";
    case Type::Kind::map: return type_name(*type.element);
    case Type::Kind::structure: return "group";
  }
  return {};
}

std::string default_text(const Type& type, const void* value) {
  if (type.kind == Type::Kind::text) return *static_cast<const std::string*>(value);
  if (type.kind == Type::Kind::duration || type.kind == Type::Kind::boolean || type.kind == Type::Kind::integer) {
    const json::Value text = encode_json(type, value);
    return text.if_string() != nullptr ? *text.if_string() : json::to_text(text);
  }
  if (type.kind != Type::Kind::list) return {};
  std::vector<std::string> items;
  for (size_t i = 0; i < type.size(value); ++i) {
    if (type.element->kind == Type::Kind::real)
      items.push_back(fmt::to_string(*static_cast<const double*>(type.get(value, i))));
    else
      items.push_back(default_text(*type.element, type.get(value, i)));
  }
  return join(items, ", ");
}

class Lister {
 public:
  explicit Lister(std::vector<Option>& options) : options_(options) {}

  void list(const Schema& schema, const std::string& prefix, bool is_supported) {
    if (std::ranges::find(open_, &schema) != open_.end()) return;  // a recursive group is listed once
    open_.push_back(&schema);
    for (const Field& field : schema.fields) {
      if (field.has(kRefused)) continue;
      const std::string path = prefix + std::string(field.name);
      const bool supported = is_supported && !field.has(kUnsupported);
      if (field.type == nullptr)
        options_.push_back({path, "group", {}, &field, false});
      else
        add(path, *field.type, field.in(schema.defaults), field, supported);
    }
    open_.pop_back();
  }

 private:
  void add(const std::string& path, const Type& type, const void* value, const Field& field, bool supported) {
    const Type& inner = type.kind == Type::Kind::optional ? *type.element : type;
    switch (inner.kind) {
      case Type::Kind::structure:
        if (field.has(kAllowEmpty) || inner.schema().fields.empty())
          options_.push_back({path, "group", {}, &field, supported});
        return list(inner.schema(), path + ".", supported);
      case Type::Kind::map: return add_element(path + ".<name>", *inner.element, field, supported);
      case Type::Kind::list:
        if (inner.element->kind == Type::Kind::structure)
          return add_element(path + "[n]", *inner.element, field, supported);
        [[fallthrough]];
      default:
        options_.push_back({path, std::string(type_name(inner)),
                            value == nullptr || &inner != &type ? "" : default_text(inner, value), &field, supported});
    }
  }

  void add_element(const std::string& path, const Type& type, const Field& field, bool supported) {
    if (type.kind == Type::Kind::structure)
      list(type.schema(), path + ".", supported);
    else
      add(path, type, nullptr, field, supported);
  }

  std::vector<Option>& options_;
  std::vector<const Schema*> open_;
};

std::vector<Option> list_options(const Type& root) {
  std::vector<Option> options;
  Lister(options).list(root.schema(), "", true);
  return options;
}

// `text` in lines of at most kWidth, each indented.
std::string wrap(std::string_view text, size_t indent) {
  std::string out, line(indent, ' ');
  for (std::string_view word : split(text, ' ')) {
    if (line.size() > indent && line.size() + 1 + word.size() > kWidth) {
      out += line + "\n";
      line.assign(indent, ' ');
    }
    if (line.size() > indent) line += ' ';
    line += word;
  }
  return out + line + "\n";
}

// | in a cell and < outside of code would be taken as markup.
std::string cell(std::string_view text, bool as_code) {
  std::string out;
  for (char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  if (!as_code || out.empty()) return out;
  const std::string_view fence = out.find('`') == out.npos ? "`" : "``";
  return fmt::format("{0}{1}{0}", fence, out);
}

std::string reference(std::string_view title, std::string_view intro, const Type& root) {
  std::string out = fmt::format("# {}\n\n{}\n", title, intro);
  std::string_view section;
  const std::vector<Option> options = list_options(root);
  for (const Option& option : options) {
    const std::string_view group = std::string_view(option.path).substr(0, option.path.find('.'));
    if (group != section) {
      section = group;
      out += fmt::format("\n## {}\n\n| Option | Type | Default | Meaning |\n|---|---|---|---|\n", section);
    }
    std::string meaning(option.field->doc);
    if (option.field->has(kLabelOnly)) meaning += " (labels only)";
    if (option.field->has(kFairleadOnly)) meaning += " (not in Traefik)";
    if (!option.is_supported) meaning += " (not supported yet)";
    if (option.field->has(kNoEffect)) meaning += " (no effect yet)";
    out += fmt::format("| {} | {} | {} | {} |\n", cell(option.path, true), option.type, cell(option.default_text, true),
                       cell(meaning, false));
  }
  return out;
}

std::string option_text(const Option& option) {
  const std::string shown = option.default_text.empty() ? "" : ", default " + option.default_text;
  const std::string head = fmt::format("--{}  ({}{})", option.path, option.type, shown);
  const std::string first = head.size() + 2 <= kWidth ? "  " + head + "\n"
                                                      : fmt::format("  --{}  ({})\n", option.path, option.type) +
                                                            (shown.empty() ? "" : wrap(shown.substr(2), 6));
  return first + wrap(option.field->doc, 6);
}

}  // namespace

std::string options_text(const Type& root) {
  std::string out;
  for (const Option& option : list_options(root))
    if (option.is_supported) out += option_text(option);
  return out;
}

std::string help_text() {
  std::string out;
  for (std::string_view line :
       {"Flags are --name=value or --name value, in any letter case. A list is a,b or the flag twice; a",
        "duration is 10 (seconds), 1m30s or 100ms. The same options may stand in a file (named by",
        "--configFile=fairlead.yaml, or fairlead.{toml,yaml,yml} in /etc/fairlead, $XDG_CONFIG_HOME,",
        "$HOME/.config or here) or in the environment (FAIRLEAD_PING=true). Only one of the three is read:",
        "the file, else the flags, else the environment. Traefik's files and variables are read as well.", ""})
    out += std::string(line) + "\n";
  out += "--configFile  (text)\n" + wrap("file to read the static configuration from", 4);
  std::string section;
  for (const Option& option : list_options(type_of<statics::Configuration>)) {
    if (!option.is_supported) continue;
    const std::string group = option.path.substr(0, option.path.find('.'));
    if (group != section) {
      section = group;
      const Field* field = type_of<statics::Configuration>.schema().find(section);
      out += fmt::format("\n{}: {}\n", section, field->doc);
    }
    out += option_text(option);
  }
  return out;
}

std::string static_reference() {
  return reference(
      "Static configuration",
      "Read once at start, from one source: a file, or else flags, or else the environment. The option\n"
      "`entryPoints.web.address` is the flag `--entryPoints.web.address=:80` and the variable\n"
      "`FAIRLEAD_ENTRYPOINTS_WEB_ADDRESS` (or `TRAEFIK_...`). Letter case does not matter, except in names of\n"
      "your own. A type \"group\" may stand alone (`--ping`, `ping: {}`).\n\n"
      "This page is made from the option tables in `src/config/static`; `config_test` says how to renew it.",
      type_of<statics::Configuration>);
}

std::string dynamic_reference() {
  return reference(
      "Dynamic configuration",
      "What providers supply while the proxy runs. The option `http.routers.<name>.rule` is that path in a\n"
      "YAML or TOML file, and the label `traefik.http.routers.<name>.rule` on a container. Lists of groups are\n"
      "`domains[0].main` in labels; `servers` is `server` there. A type \"group\" may stand alone\n"
      "(`tls: {}`, `tls=true`).\n\n"
      "This page is made from the option tables in `src/config/dynamic`; `config_test` says how to renew it.",
      type_of<dynamic::Configuration>);
}

}  // namespace fl::config
