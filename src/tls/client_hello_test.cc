#include "tls/client_hello.h"

#include <gmock/gmock.h>

namespace fl::tls {
namespace {

using Status = ClientHello::Status;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string number(size_t width, size_t n) {
  std::string out;
  while (width-- > 0) out += static_cast<char>(n >> (8 * width));
  return out;
}
// A vector that begins with its length.
std::string vector(size_t width, std::string_view content) {
  return number(width, content.size()) + std::string(content);
}
std::string extension(size_t type, std::string_view content) { return number(2, type) + vector(2, content); }
std::string server_name(std::string_view name) { return extension(0, vector(2, number(1, 0) + vector(2, name))); }
std::string alpn(std::initializer_list<std::string_view> names) {
  std::string list;
  for (const auto name : names) list += vector(1, name);
  return extension(16, vector(2, list));
}

std::string message(std::string_view extensions, std::string_view before_extensions = "") {
  const std::string fixed = before_extensions.empty() ? "\x03\x03" + std::string(32, 'r') + vector(1, "") +
                                                            vector(2, "\x13\x01") + vector(1, std::string_view("\0", 1))
                                                      : std::string(before_extensions);
  const std::string body = fixed + vector(2, extensions);
  return number(1, 1) + vector(3, body);
}
std::string record(std::string_view content) { return "\x16\x03\x01" + vector(2, content); }

ClientHello hello(std::string_view extensions) { return parse_client_hello(record(message(extensions))); }

TEST(ParseClientHello, TellsWhatRoutingNeeds) {
  const ClientHello h =
      hello(server_name("WWW.Example.test.") + alpn({"h2", "http/1.1"}) + extension(43, vector(1, "\x03\x04\x03\x03")) +
            extension(13, vector(2, "\x04\x03\x08\x04")) + extension(0x3a3a, "anything"));
  ASSERT_EQ(h.status, Status::complete);
  EXPECT_EQ(h.server_name, "www.example.test");
  EXPECT_THAT(h.alpn, ElementsAre("h2", "http/1.1"));
  EXPECT_TRUE(h.offers("h2"));
  EXPECT_FALSE(h.offers("acme-tls/1"));
  EXPECT_THAT(h.supported_versions, ElementsAre(0x0304, 0x0303));
  EXPECT_THAT(h.signature_algorithms, ElementsAre(0x0403, 0x0804));
}

TEST(ParseClientHello, NeedsNoExtensions) {
  const std::string fixed = "\x03\x01" + std::string(32, 'r') + vector(1, "session") +
                            vector(2, std::string_view("\x00\x2f", 2)) + vector(1, std::string_view("\0", 1));
  const ClientHello h = parse_client_hello(record(number(1, 1) + vector(3, fixed)));
  ASSERT_EQ(h.status, Status::complete);
  EXPECT_EQ(h.server_name, "");
  EXPECT_THAT(h.alpn, IsEmpty());
  EXPECT_THAT(h.supported_versions, ElementsAre(0x0301));
}

TEST(ParseClientHello, TakesAnyReadsAndRecords) {
  const std::string whole = message(server_name("a.test") + alpn({"h2"}));
  const ClientHello expected = parse_client_hello(record(whole));
  ASSERT_EQ(expected.status, Status::complete);
  for (const size_t size : {1u, 3u, 4u, 5u, 50u}) {
    std::string bytes;
    for (size_t at = 0; at < whole.size(); at += size) bytes += record(std::string_view(whole).substr(at, size));
    for (size_t n = 0; n < bytes.size(); ++n)
      ASSERT_EQ(parse_client_hello(std::string_view(bytes).substr(0, n)).status, Status::incomplete)
          << size << " " << n;
    EXPECT_EQ(parse_client_hello(bytes), expected) << size;
    EXPECT_EQ(parse_client_hello(bytes + "early data"), expected) << size;
  }
}

TEST(ParseClientHello, KnowsWhatIsNotTls) {
  EXPECT_EQ(parse_client_hello("").status, Status::incomplete);
  EXPECT_EQ(parse_client_hello("\x16").status, Status::incomplete);
  EXPECT_EQ(parse_client_hello("G").status, Status::not_tls);
  EXPECT_EQ(parse_client_hello("SSH-2.0-x").status, Status::not_tls);
  EXPECT_EQ(parse_client_hello("\x16\x02").status, Status::not_tls);
  EXPECT_EQ(parse_client_hello("\x80\x2e\x01").status, Status::not_tls) << "SSL 2";
  EXPECT_EQ(parse_client_hello("\x15\x03\x01").status, Status::not_tls) << "an alert";
}

TEST(ParseClientHello, RefusesWhatBreaksTheRules) {
  const std::string_view zero("\0", 1);
  const std::string fine = server_name("a.test");
  const auto fixed = [&](std::string_view version, std::string_view ciphers, std::string_view compressions,
                         size_t session = 0) {
    return std::string(version) + std::string(32, 'r') + vector(1, std::string(session, 's')) + vector(2, ciphers) +
           vector(1, compressions);
  };
  ASSERT_EQ(parse_client_hello(record(message(fine, fixed("\x03\x03", "\x13\x01", zero)))).status, Status::complete);
  for (const auto& bad : {
           message(fine, fixed("\x02\x00", "\x13\x01", zero)),      // version
           message(fine, fixed("\x03\x03", "\x13\x01", zero, 33)),  // session id
           message(fine, fixed("\x03\x03", "", zero)),              // no suites
           message(fine, fixed("\x03\x03", "\x13", zero)),          // half a suite
           message(fine, fixed("\x03\x03", "\x13\x01", "\x01")),    // cannot do without compression
           message(fine + fine),                                    // twice
           message(server_name("")),
           message(server_name(".")),
           message(server_name(std::string_view("a\0b", 3))),
           message(server_name(std::string(256, 'a'))),
           message(extension(0, "")),
           message(extension(0, vector(2, ""))),
           message(extension(0, vector(2, number(1, 0) + vector(2, "a") + number(1, 0) + vector(2, "b")))),
           message(extension(0, vector(2, number(1, 0) + vector(2, "a")) + "x")),
           message(alpn({})),
           message(alpn({""})),
           message(extension(16, vector(2, "\x05h2"))),
           message(extension(43, vector(1, "\x03"))),
           message(extension(43, "")),
           message("\x12"),
           "\x02" + message(fine).substr(1),  // another message
       })
    EXPECT_EQ(parse_client_hello(record(bad)).status, Status::malformed) << ::testing::PrintToString(bad);
  const std::string good = message(fine);
  EXPECT_EQ(parse_client_hello(record(good + "x")).status, Status::malformed) << "it ends with its record";
  EXPECT_EQ(parse_client_hello(record(good.substr(0, 9)) + "\x17\x03\x01").status, Status::incomplete);
  EXPECT_EQ(parse_client_hello(record(good.substr(0, 9)) + "\x17\x03\x01" + vector(2, "x")).status, Status::malformed);
  EXPECT_EQ(parse_client_hello(record("") + record(good)).status, Status::malformed) << "empty record";
  EXPECT_EQ(parse_client_hello("\x16\x03\x01\x40\x01").status, Status::malformed) << "record too large";
}

TEST(ParseClientHello, HasLimits) {
  EXPECT_EQ(
      parse_client_hello(std::string("\x16\x03\x01\x40\x00", 5) + number(1, 1) + number(3, kMaxClientHello)).status,
      Status::too_large)
      << "the header counts";
  const std::string largest = message(extension(9, std::string(kMaxClientHello - 4 - 41 - 2 - 4, 'x')));
  ASSERT_EQ(largest.size(), kMaxClientHello);
  EXPECT_EQ(parse_client_hello(record(largest)).status, Status::complete);
  std::string spread;  // five bytes of header for each of the message
  for (const char c : largest) spread += record({&c, 1});
  EXPECT_EQ(parse_client_hello(spread).status, Status::too_large);
}

}  // namespace
}  // namespace fl::tls
