// A certificate's names: `main` and the further `sans`. Used by static and dynamic configuration alike.
#pragma once

#include <string>
#include <vector>

#include "config/fields.h"

namespace fl::config {

struct Domain {
  std::string main;
  std::vector<std::string> sans;
  bool operator==(const Domain&) const = default;
};

void describe(Fields<Domain>& f);

}  // namespace fl::config
