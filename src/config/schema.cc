#include "config/schema.h"

#include "base/strings.h"

namespace fl::config {

const Field* Schema::find(std::string_view name) const {
  for (const Field& field : fields)
    if (iequals(field.name, name)) return &field;
  return nullptr;
}

}  // namespace fl::config
