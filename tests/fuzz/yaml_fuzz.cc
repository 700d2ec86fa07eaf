#include "dynamic_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fl::config;
  check_dynamic_text({reinterpret_cast<const char*>(data), size}, dynamic::Format::yaml);
  return 0;
}
