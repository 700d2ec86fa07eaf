#include "control/api/paging.h"

#include <fmt/format.h>

#include "base/crypto.h"

namespace fl::control::api {
namespace {

constexpr std::string_view kMark = "1:";  // the form of the rest

}  // namespace

Answer<Page> read_page(const std::optional<std::string>& next_token, const std::optional<int32_t>& max_results,
                       int32_t usual, int32_t most) {
  const int32_t size = max_results.value_or(usual);
  if (size < 1 || size > most) return invalid_parameter(fmt::format("maxResults must be between 1 and {}.", most));
  Page page{.size = static_cast<size_t>(size)};
  if (!next_token || next_token->empty()) return page;
  const auto key = base64_decode(*next_token);
  if (!key || !key->starts_with(kMark)) return invalid_parameter("Invalid token.");
  page.after = key->substr(kMark.size());
  return page;
}

std::string next_token_after(std::string_view last_key) {
  return base64_encode(std::string(kMark) + std::string(last_key));
}

}  // namespace fl::control::api
