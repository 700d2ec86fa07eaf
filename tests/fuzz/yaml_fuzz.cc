// Any bytes as a dynamic configuration file: never a crash, no broken object in the result, and what is accepted can
// be merged and printed.
#include <cstdlib>

#include "config/dynamic/read.h"
#include "config/encode.h"
#include "config/merge.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fl::config;
  const auto result = dynamic::read_text({reinterpret_cast<const char*>(data), size}, "fuzz", dynamic::Format::yaml);
  if (!result) return 0;
  for (const dynamic::BrokenObject& broken : result->broken)
    if (broken.kind == "http.routers" && result->configuration.http.routers.contains(broken.name)) std::abort();
  const auto read = std::make_shared<const dynamic::Configuration>(result->configuration);
  const Merged merged = merge({{"file", read}}, {.default_entry_points = {"web"}});
  fl::json::to_text(encode_json(merged.configuration));
  return 0;
}
