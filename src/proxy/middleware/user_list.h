// The users of an authentication middleware, from its options and from a file. Main thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fl::proxy::middleware {

// Calls `add` with each user's line, first those of the file, if one is named; there empty lines and those that begin
// with '#' are left out. Errors: of the file, of `add`. Lines are secrets: an error must not show them.
Result<> read_users(const std::vector<std::string>& users, const std::string& file,
                    const std::function<Result<>(std::string_view line)>& add);

// What the authentications by name have in common. Errors: a realm that cannot be quoted, a name that is no field's.
Result<> check_options(std::string_view realm, std::string_view header_field);

}  // namespace fl::proxy::middleware
