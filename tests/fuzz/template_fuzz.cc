// Any text: parsing and rendering a Go template never crashes, and ends soon.
#include <string>

#include "providers/gotemplate/template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fl;
  static const json::Value input = json::Object{
      {"Name", "service:web"}, {"Labels", json::Object{{"a", "1"}, {"b", "2"}}}, {"List", json::Array{1, "x", 2.5}}};
  const auto dialect =
      size % 2 == 0 ? providers::gotemplate::Dialect::file : providers::gotemplate::Dialect::default_rule;
  const auto parsed =
      providers::gotemplate::Template::parse("fuzz", {reinterpret_cast<const char*>(data), size}, dialect);
  if (parsed) (void)parsed->render(input);
  return 0;
}
