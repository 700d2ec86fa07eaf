// The few names a configuration struct needs to be described: the map type and the builder its table is written with.
// Beside each struct stands `void describe(Fields<Struct>&)`, the one table from which flags, environment, labels,
// YAML, TOML, JSON, API output, help and reference pages derive. Fields itself is defined in config/schema.h; only
// the .cc files that define tables include that.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace fl::config {

template <class T>
class Fields;

// Names given by the user, sorted bytewise as Go prints maps.
template <class T>
using Map = std::map<std::string, T, std::less<>>;

}  // namespace fl::config
