// Reading members of generated shapes, which are all optional: absent counts as empty. Views into the shape.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fl::ecs {

inline std::string_view text(const std::optional<std::string>& member) {
  return member ? std::string_view(*member) : std::string_view();
}

template <class T>
const std::vector<T>& items(const std::optional<std::vector<T>>& member) {
  static const std::vector<T> none;
  return member ? *member : none;
}

}  // namespace fl::ecs
