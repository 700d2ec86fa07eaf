// Lines as the proxy's flags, and lines of NAME=value as its environment: never a crash, and a configuration without
// errors has an address for every entry point. No file is read.
#include <cstdlib>

#include "base/strings.h"
#include "config/address.h"
#include "config/encode.h"
#include "config/load_static.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fl::config;
  StaticInput input;
  for (std::string_view line : fl::split({reinterpret_cast<const char*>(data), size}, '\n')) {
    if (fl::to_lower(line).find("configfile") != std::string::npos) continue;
    const size_t equals = std::min(line.find('='), line.size());
    if (line.starts_with("-"))
      input.arguments.emplace_back(line);
    else
      input.environment[std::string(line.substr(0, equals))] = line.substr(std::min(equals + 1, line.size()));
  }
  const LoadedStatic loaded = load_static(input);
  if (!has_errors(loaded.issues))
    for (const auto& [name, entry_point] : loaded.configuration.entry_points)
      if (!parse_address(entry_point.address)) std::abort();
  fl::json::to_text(encode_json(loaded.configuration));
  return 0;
}
