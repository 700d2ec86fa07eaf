#include "control/api/actions/tag_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"
#include "ecs/shape.h"

namespace fl::control::api {
namespace {

constexpr size_t kMaxTags = 50, kMaxKey = 128, kMaxValue = 256;

size_t symbols(std::string_view text) {
  size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(std::max<size_t>(utf8_length(text), 1));
  return count;
}

Answer<> check(const ecs::Tag& tag) {
  const std::string_view key = ecs::text(tag.key);
  if (key.empty() || symbols(key) > kMaxKey)
    return invalid_parameter(fmt::format("A tag key must have between 1 and {} characters.", kMaxKey));
  if (iequals(key.substr(0, 4), "aws:"))
    return invalid_parameter("Tag keys that begin with aws: are reserved for system use.");
  if (symbols(ecs::text(tag.value)) > kMaxValue)
    return invalid_parameter(fmt::format("A tag value must have at most {} characters.", kMaxValue));
  return {};
}

}  // namespace

Answer<std::vector<ecs::Tag>> new_tags(const std::optional<std::vector<ecs::Tag>>& tags) {
  const auto& given = ecs::items(tags);
  for (size_t i = 0; i < given.size(); ++i)
    if (std::ranges::find(given.begin(), given.begin() + static_cast<ptrdiff_t>(i), given[i].key, &ecs::Tag::key) !=
        given.begin() + static_cast<ptrdiff_t>(i))
      return invalid_parameter(fmt::format("Duplicate tag keys found: {}.", ecs::text(given[i].key)));
  return merge_tags({}, given);
}

Answer<std::vector<ecs::Tag>> merge_tags(std::vector<ecs::Tag> tags, const std::vector<ecs::Tag>& more) {
  for (const ecs::Tag& tag : more) {
    FL_TRY_VOID(check(tag));
    const auto same = std::ranges::find(tags, tag.key, &ecs::Tag::key);
    auto& put = same == tags.end() ? tags.emplace_back() : *same;
    put = {.key = tag.key, .value = tag.value.value_or("")};
  }
  if (tags.size() > kMaxTags) return invalid_parameter(fmt::format("A resource has at most {} tags.", kMaxTags));
  return tags;
}

std::vector<ecs::Tag> without_tags(std::vector<ecs::Tag> tags, const std::vector<std::string>& keys) {
  std::erase_if(tags, [&keys](const ecs::Tag& tag) { return std::ranges::find(keys, tag.key) != keys.end(); });
  return tags;
}

}  // namespace fl::control::api
