// Pages of a List... action: results in the order of a key, a token that says after which one the next page begins.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "control/api/aws_error.h"

namespace fl::control::api {

struct Page {
  std::string after;  // key of the last result of the page before; empty for the first page
  size_t size = 0;
};

// Errors: InvalidParameterException for a token that is none of ours or a size out of 1..`most`.
Answer<Page> read_page(const std::optional<std::string>& next_token, const std::optional<int32_t>& max_results,
                       int32_t usual, int32_t most);

// The token for what comes after `last_key`.
std::string next_token_after(std::string_view last_key);

}  // namespace fl::control::api
