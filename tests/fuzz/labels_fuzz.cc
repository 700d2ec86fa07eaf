// Lines of key=value as the labels of one container: never a crash, no @ in a name, no broken object in the result.
#include <cstdlib>

#include "base/strings.h"
#include "config/dynamic/read.h"
#include "config/encode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fl::config;
  Map<std::string> labels;
  for (std::string_view line : fl::split({reinterpret_cast<const char*>(data), size}, '\n')) {
    const size_t equals = std::min(line.find('='), line.size());
    labels[std::string(line.substr(0, equals))] = line.substr(std::min(equals + 1, line.size()));
  }
  const dynamic::ReadResult result = dynamic::read_labels(labels);
  for (const auto& [name, router] : result.configuration.http.routers)
    if (name.empty() || name.find('@') != name.npos) std::abort();
  for (const dynamic::BrokenObject& broken : result.broken)
    if (broken.kind == "http.routers" && result.configuration.http.routers.contains(broken.name)) std::abort();
  fl::json::to_text(encode_json(result.configuration));
  return 0;
}
