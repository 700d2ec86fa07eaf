// Any bytes: a verdict other than "incomplete" stays with more bytes behind it unless it was about a whole hello,
// cutting a hello short makes it incomplete, and spreading it over records of another size changes nothing.
#include <cstdlib>
#include <string>

#include "tls/client_hello.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fl::tls;
  using Status = ClientHello::Status;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const ClientHello hello = parse_client_hello(bytes);
  if (hello.status != Status::complete && hello != ClientHello{.status = hello.status}) std::abort();
  if (hello.status == Status::incomplete) {
    if (size > kMaxClientHelloBytes + (17 << 10)) std::abort();  // the last record may reach beyond the limit
    return 0;
  }
  if (hello.status != Status::complete) {
    if (parse_client_hello(std::string(bytes) + "more").status != hello.status) std::abort();
    return 0;
  }
  if (hello.supported_versions.empty()) std::abort();
  if (hello.server_name.size() > 255) std::abort();
  // The same message in records of seven bytes.
  std::string message;
  size_t end = 0;
  while (message.size() < 4 || message.size() < 4 + (static_cast<size_t>(static_cast<uint8_t>(message[1])) << 16 |
                                                     static_cast<size_t>(static_cast<uint8_t>(message[2])) << 8 |
                                                     static_cast<uint8_t>(message[3]))) {
    const size_t length = static_cast<size_t>(data[end + 3]) << 8 | data[end + 4];
    message += bytes.substr(end + 5, length);
    end += 5 + length;
  }
  if (parse_client_hello(bytes.substr(0, end)) != hello) std::abort();
  if (parse_client_hello(bytes.substr(0, end - 1)).status != Status::incomplete) std::abort();
  std::string spread;
  for (size_t at = 0; at < message.size(); at += 7) {
    const std::string_view part = std::string_view(message).substr(at, 7);
    spread += std::string("\x16\x03\x01\0", 4) + static_cast<char>(part.size()) + std::string(part);
  }
  if (spread.size() <= kMaxClientHelloBytes && parse_client_hello(spread) != hello) std::abort();
  return 0;
}
