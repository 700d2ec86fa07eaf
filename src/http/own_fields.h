// Fields whose texts are to outlast what they were read from. Pure.
#pragma once

#include "base/arena.h"
#include "http/header_map.h"

namespace fl::http {

// Copies names and values into the arena.
inline void own_fields(HeaderMap& fields, Arena& arena) {
  for (Field& field : fields) {
    field.name = arena.copy(field.name);
    field.value = arena.copy(field.value);
  }
}

}  // namespace fl::http
