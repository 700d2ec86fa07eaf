// One header field set from the configuration. Immutable after make(); any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/header_map.h"

namespace fl::proxy::middleware {

struct FieldEdit {
  // Errors: a name that is no token, a value with control characters.
  static Result<FieldEdit> make(std::string_view name, std::string_view value);

  // Replaces every field of that name; an empty value removes them. The map then refers to this object.
  void apply(http::HeaderMap& headers) const;

  std::string name;  // spelled as usual: "X-Custom-Name"
  std::string value;
};

}  // namespace fl::proxy::middleware
