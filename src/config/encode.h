// Configuration struct -> JSON, as Traefik's API prints it: zero values left out, durations in Go's form, maps sorted,
// fields in table order. Escaping of < > & is the writer's option (json::to_text). Pure; any thread.
#pragma once

#include "base/json.h"
#include "config/schema.h"

namespace fl::config {

json::Value encode_json(const Type& type, const void* object);

template <class T>
json::Value encode_json(const T& object) {
  return encode_json(type_of<T>, &object);
}

// Whether Go's omitempty would leave it out: false, 0, "", no value, no elements. A structure is never zero.
bool is_zero(const Type& type, const void* object);

}  // namespace fl::config
