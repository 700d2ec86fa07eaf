#include "http/websocket_codec.h"

#include <gmock/gmock.h>

#include <vector>

namespace fl::http {
namespace {

using Event = WebSocketDecoder::Event;
using ::testing::ElementsAre;

// What a decoder says of bytes that come in pieces of `step`.
std::vector<std::string> decode(std::string_view bytes, WebSocketRole self, size_t step, size_t limit = 1000) {
  WebSocketDecoder decoder(self, limit);
  std::vector<std::string> out;
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    while (true) {
      switch (decoder.next(piece)) {
        case Event::none: break;
        case Event::text: out.push_back("text " + decoder.payload()); continue;
        case Event::binary: out.push_back("binary " + decoder.payload()); continue;
        case Event::ping: out.push_back("ping " + decoder.payload()); continue;
        case Event::pong: out.push_back("pong " + decoder.payload()); continue;
        case Event::close:
          out.push_back("close " + std::to_string(decoder.close_code()) + " " + decoder.payload());
          continue;
        case Event::failed:
          out.push_back("failed " + std::to_string(decoder.close_code()) + " " + std::string(decoder.problem()));
          continue;
      }
      break;
    }
  }
  return out;
}

std::string bytes(std::initializer_list<int> list) {
  std::string out;
  for (const int b : list) out += static_cast<char>(b);
  return out;
}

// The examples of RFC 6455 5.7.
TEST(WebSocketCodec, ReadsTheExamplesOfTheRfc) {
  const auto client = [](const std::string& b, size_t step = 1) { return decode(b, WebSocketRole::client, step); };
  EXPECT_THAT(client(bytes({0x81, 0x05}) + "Hello"), ElementsAre("text Hello"));
  EXPECT_THAT(
      decode(bytes({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}), WebSocketRole::server, 2),
      ElementsAre("text Hello"));
  EXPECT_THAT(client(bytes({0x01, 0x03}) + "Hel" + bytes({0x80, 0x02}) + "lo"), ElementsAre("text Hello"));
  EXPECT_THAT(client(bytes({0x89, 0x05}) + "Hello"), ElementsAre("ping Hello"));
  const std::string k256(256, 'x'), k64(65536, 'y');
  EXPECT_THAT(client(bytes({0x82, 0x7e, 0x01, 0x00}) + k256, 100), ElementsAre("binary " + k256));
  EXPECT_THAT(decode(bytes({0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0}) + k64, WebSocketRole::client, 4096, 70000),
              ElementsAre("binary " + k64));
}

TEST(WebSocketCodec, LetsControlFramesStandInsideAMessage) {
  const std::string b = bytes({0x01, 0x01}) + "a" + bytes({0x89, 0x01}) + "p" + bytes({0x00, 0x00}) +
                        bytes({0x8a, 0x00}) + bytes({0x80, 0x01}) + "b" + bytes({0x88, 0x04, 0x03, 0xe8}) + "by";
  for (const size_t step : {1u, 3u, 100u})
    EXPECT_THAT(decode(b, WebSocketRole::client, step), ElementsAre("ping p", "pong ", "text ab", "close 1000 by"));
}

TEST(WebSocketCodec, ReadsWhatItWrites) {
  for (const auto sender : {WebSocketRole::client, WebSocketRole::server}) {
    const auto receiver = sender == WebSocketRole::client ? WebSocketRole::server : WebSocketRole::client;
    for (const size_t size : {0u, 125u, 126u, 65535u, 65536u}) {
      std::string out;
      const std::string payload(size, 'z');
      append_websocket_frame(out, sender, WebSocketOpcode::text, payload);
      append_websocket_close(out, sender, 4000, "so long");
      EXPECT_THAT(decode(out, receiver, 1000, 65536), ElementsAre("text " + payload, "close 4000 so long"));
    }
  }
}

TEST(WebSocketCodec, CutsAReasonBetweenCharacters) {
  std::string out, reason(122, 'r');
  append_websocket_close(out, WebSocketRole::server, 1000, reason + "\xc3\xa9");  // its second byte would be the 126th
  EXPECT_THAT(decode(out, WebSocketRole::client, 9), ElementsAre("close 1000 " + reason));
}

TEST(WebSocketCodec, RefusesWhatTheRfcForbids) {
  struct Case {
    std::string bytes, says;
    size_t limit = 1000;
  };
  const Case cases[] = {
      {bytes({0xc1, 0x00}), "failed 1002 a reserved bit is set"},
      {bytes({0x83, 0x00}), "failed 1002 unknown opcode"},
      {bytes({0x8b, 0x00}), "failed 1002 unknown opcode"},
      {bytes({0x81, 0x80, 1, 2, 3, 4}), "failed 1002 a server's frame is masked"},
      {bytes({0x81, 0x7e, 0x00, 0x7d}), "failed 1002 the length is not in its shortest form"},
      {bytes({0x81, 0x7f, 0, 0, 0, 0, 0, 0, 0xff, 0xff}), "failed 1002 the length is not in its shortest form"},
      {bytes({0x09, 0x00}), "failed 1002 a control frame is fragmented"},
      {bytes({0x89, 0x7e, 0x00, 0x7e}), "failed 1002 a control frame is too long"},
      {bytes({0x80, 0x00}), "failed 1002 a continuation of no message"},
      {bytes({0x01, 0x00, 0x81, 0x00}), "failed 1002 a new message inside a fragmented one"},
      {bytes({0x81, 0x05}), "failed 1009 the message is too long", 4},
      {bytes({0x82, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), "failed 1009 the message is too long"},
      {bytes({0x88, 0x01, 0x03}), "failed 1002 a close frame of one byte"},
      {bytes({0x88, 0x02, 0x03, 0xed}), "failed 1002 a close code that may not be sent"},
      {bytes({0x88, 0x02, 0x03, 0xe7}), "failed 1002 a close code that may not be sent"},
      {bytes({0x88, 0x03, 0x03, 0xe8, 0xff}), "failed 1007 the reason of a close is not UTF-8"},
      {bytes({0x81, 0x02, 0xc3, 0x28}), "failed 1007 a text message is not UTF-8"},
      {bytes({0x88, 0x00, 0x81, 0x00}), "close 1005 "},
  };
  for (const Case& c : cases) EXPECT_THAT(decode(c.bytes, WebSocketRole::client, 1, c.limit), ElementsAre(c.says));
  EXPECT_THAT(decode(bytes({0x81, 0x00}), WebSocketRole::server, 1),
              ElementsAre("failed 1002 a client's frame is not masked"));
  // The limit is of the whole message.
  EXPECT_THAT(decode(bytes({0x01, 0x03}) + "abc" + bytes({0x80, 0x02}) + "de", WebSocketRole::client, 1, 4),
              ElementsAre("failed 1009 the message is too long"));
}

TEST(WebSocketCodec, JoinsCharactersThatFragmentsCut) {
  EXPECT_THAT(decode(bytes({0x01, 0x01, 0xc3, 0x80, 0x01, 0xa9}), WebSocketRole::client, 1),
              ElementsAre("text \xc3\xa9"));
}

}  // namespace
}  // namespace fl::http
