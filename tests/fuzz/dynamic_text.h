// Any bytes as a dynamic configuration file: never a crash, no broken object in the result, and what is accepted can
// be merged and printed. One target a format.
#pragma once

#include <cstdlib>
#include <memory>
#include <string_view>

#include "config/dynamic/read.h"
#include "config/encode.h"
#include "config/merge.h"

namespace fl::config {

inline void check_dynamic_text(std::string_view text, dynamic::Format format) {
  const auto result = dynamic::read_text(text, "fuzz", format);
  if (!result) return;
  for (const dynamic::BrokenObject& broken : result->broken)
    if (broken.kind == "http.routers" && result->configuration.http.routers.contains(broken.name)) std::abort();
  const auto read = std::make_shared<const dynamic::Configuration>(result->configuration);
  const Merged merged = merge({{"file", read}}, {.default_entry_points = {"web"}});
  json::to_text(encode_json(merged.configuration));
}

}  // namespace fl::config
