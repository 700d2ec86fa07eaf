// Requests of the Query protocol: form parameters -> JSON, so that they are checked and decoded like all others.
// Pure; any thread. Source: AWS Query protocol: Name.member.1, Name.entry.1.key.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "ecs/shape_rules.h"

namespace fl::control::api {

using FormParameters = std::vector<std::pair<std::string, std::string>>;

// "Action=X&Name=a%20b", decoded; '+' is a blank.
FormParameters parse_form(std::string_view text);
// The first value of a parameter.
std::optional<std::string_view> find_parameter(const FormParameters& parameters, std::string_view name);

// The members of `rules` (a structure) that the parameters name; others are left out. Errors: invalid, for a text that
// is no number, truth value or time where one belongs; more than 32 levels.
Result<json::Value> form_to_json(const FormParameters& parameters, const ecs::ShapeRules& rules);

}  // namespace fl::control::api
