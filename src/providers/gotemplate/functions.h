// The functions a template may call: Go's own, and those of Sprig that make sense in a configuration. Pure but for env
// and expandenv, which read the process's environment. Source: Go, text/template; Masterminds/sprig v3.
//
// Not there on purpose: what reads clocks, random numbers, files or the network (a configuration must come out the same
// twice), and what changes a dictionary in place (values do not change here).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace fl::providers::gotemplate {

// Traefik gives files its own `split` (text, separator -> list), default rules Sprig's (separator, text -> _0, _1...).
enum class Dialect : uint8_t { file, default_rule };

using Arguments = std::span<const json::Value>;

struct Function {
  static constexpr uint8_t kMany = 255;

  std::string_view name;
  uint8_t min_args;
  uint8_t max_args;
  Result<json::Value> (*call)(Arguments args);
};

// A text or list made by one call is no longer than this.
inline constexpr size_t kMaxTextBytes = 1 << 20;
inline constexpr size_t kMaxListSize = 100'000;

// Null when there is none.
const Function* find_function(std::string_view name, Dialect dialect);

// The tables find_function looks in, by theme.
std::span<const Function> core_functions();
std::span<const Function> text_functions();
std::span<const Function> data_functions();

// Go's truth: not false, 0, empty or nil.
bool is_true(const json::Value& value);

// Runs of anything but letters and digits become one "-", none at the ends. Letters beyond ASCII stay.
// Source: Traefik, provider.Normalize.
std::string normalize(std::string_view name);

}  // namespace fl::providers::gotemplate
