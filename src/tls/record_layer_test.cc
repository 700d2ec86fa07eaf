#include "tls/record_layer.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/hex.h"
#include "tls/testing/record_peer.h"

namespace fl::tls {
namespace {

using openssl::ContentType;
using State = RecordLayer::State;
using fl::testing::from_hex;
using testing::RecordPeer;

std::string read(RecordLayer& records, size_t portion = 64 << 10) {
  std::string text, out(portion, '\0');
  while (const size_t n = records.read(out.data(), out.size())) text.append(out, 0, n);
  return text;
}

std::string take_outgoing(RecordLayer& records) { return std::exchange(records.outgoing(), {}); }

// As they go onto the wire: what is outgoing by then is first.
std::string seal(RecordLayer& records, std::string_view text) {
  const iovec part{const_cast<char*>(text.data()), text.size()};
  std::string out(RecordLayer::kMostSealed, '\0');
  uint8_t* end = nullptr;
  EXPECT_EQ(records.seal(&part, 1, reinterpret_cast<uint8_t*>(out.data()), &end), text.size());
  out.resize(static_cast<size_t>(end - reinterpret_cast<uint8_t*>(out.data())));
  return take_outgoing(records) + out;
}

// RFC 8448 section 3, from the server's ticket on.
TEST(RecordLayer, SpeaksTheTraceOfRfc8448) {
  openssl::TrafficSecrets secrets;
  std::ranges::copy(from_hex("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"),
                    secrets.client.begin());
  std::ranges::copy(from_hex("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"),
                    secrets.server.begin());
  const std::string ticket("\x17\x03\x03\x00\x01x", 6);  // its record counts, not what is in it
  RecordLayer records(Aead::aes_128_gcm, secrets, ticket);
  std::string text(50, '\0');
  std::ranges::generate(text, [c = '\0']() mutable { return c++; });

  records.append(
      from_hex("1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b62"
               "974e1f5a6292a2977014bd1e3deae63aeebb21694915e4"));
  EXPECT_EQ(read(records), text);
  EXPECT_EQ(take_outgoing(records), ticket);
  EXPECT_EQ(
      seal(records, text),
      from_hex("17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a59a8fcc4"
               "9c4bf2e5f0a21c0047c2abf332540dd032e167c2955d"));
  records.append(from_hex("1703030013c9872760655666b74d7ff1153efd6db6d0b0e3"));
  EXPECT_EQ(read(records), "");
  EXPECT_EQ(records.state(), State::ended);
  records.append_close_notify();
  EXPECT_EQ(take_outgoing(records), from_hex("1703030013b58fd67166ebf599d24720cfbe7efa7a8864a9"));
}

TEST(RecordLayer, GivesTheSameTextInAnyPortions) {
  for (const Aead aead : {Aead::aes_128_gcm, Aead::aes_256_gcm, Aead::chacha20_poly1305}) {
    for (const size_t received : {1, 7, 100'000})
      for (const size_t portion : {1, 16, 17, 5'000, 100'000}) {
        RecordPeer peer(aead);
        RecordLayer records(aead, peer.secrets(), {});
        std::string sent, wire;
        for (const size_t size : {1, 0, 300, 16 << 10, 2}) {
          sent.append(size, static_cast<char>('a' + size % 26));
          wire +=
              peer.seal(ContentType::application_data, std::string(size, static_cast<char>('a' + size % 26)), size % 7);
        }
        std::string got;
        for (size_t at = 0; at < wire.size(); at += received) {
          records.append(std::string_view(wire).substr(at, received));
          got += read(records, portion);
          if (at % 3 == 0) records.rest();
        }
        EXPECT_EQ(got, sent) << received << " " << portion;
        EXPECT_EQ(peer.open(seal(records, "answer")), "answer");
      }
  }
}

TEST(RecordLayer, SealsSmallPiecesIntoOneRecordAndLargeOnesIntoFullOnes) {
  RecordPeer peer(Aead::aes_128_gcm);
  RecordLayer records(Aead::aes_128_gcm, peer.secrets(), {});
  std::string head = "head", body(20'000, 'b'), tail = "tail", nothing;
  const iovec parts[] = {{nothing.data(), 0}, {head.data(), 4}, {body.data(), body.size()}, {tail.data(), 4}};
  std::string out(RecordLayer::kMostSealed, '\0');
  auto* begin = reinterpret_cast<uint8_t*>(out.data());
  uint8_t* end = nullptr;
  EXPECT_EQ(records.seal(parts, 4, begin, &end), 20'008U);
  out.resize(static_cast<size_t>(end - begin));
  EXPECT_EQ(out.size(), 20'008 + 2 * openssl::kSealingAdds);
  EXPECT_EQ(peer.open(out), head + body + tail);

  const std::string more(100'000, 'm');  // the rest waits for another call
  const iovec part{const_cast<char*>(more.data()), more.size()};
  out.resize(RecordLayer::kMostSealed);
  EXPECT_EQ(records.seal(&part, 1, reinterpret_cast<uint8_t*>(out.data()), &end), 2U << 14);
}

TEST(RecordLayer, KeepsOneRecordForWhoOnlyLooks) {
  RecordPeer peer(Aead::aes_128_gcm);
  RecordLayer records(Aead::aes_128_gcm, peer.secrets(), {});
  records.append(peer.seal(ContentType::handshake, peer.key_update(0)));
  EXPECT_EQ(records.read(nullptr, 0), 0U);
  EXPECT_FALSE(records.has_unread());
  peer.update_own();
  records.append(peer.seal(ContentType::application_data, "text"));
  EXPECT_EQ(records.read(nullptr, 0), 0U);
  EXPECT_TRUE(records.has_unread());
  EXPECT_EQ(read(records), "text");
  EXPECT_FALSE(records.has_unread());
}

TEST(RecordLayer, FollowsKeyUpdatesAndAnswersThoseThatAsk) {
  for (const Aead aead : {Aead::aes_128_gcm, Aead::aes_256_gcm}) {
    RecordPeer peer(aead);
    RecordLayer records(aead, peer.secrets(), {});
    records.append(peer.seal(ContentType::handshake, peer.key_update(0)));
    peer.update_own();
    records.append(peer.seal(ContentType::application_data, "a"));
    EXPECT_EQ(read(records), "a");
    EXPECT_EQ(take_outgoing(records), "");

    // Two requests before the answer has gone out get one; the second is split.
    records.append(peer.seal(ContentType::handshake, peer.key_update(1)));
    peer.update_own();
    records.append(peer.seal(ContentType::handshake, peer.key_update(1).substr(0, 2)));
    records.append(peer.seal(ContentType::handshake, peer.key_update(1).substr(2)));
    peer.update_own();
    records.append(peer.seal(ContentType::application_data, "b"));
    EXPECT_EQ(read(records), "b");
    EXPECT_EQ(peer.open(take_outgoing(records)), "<key update>");
    EXPECT_EQ(peer.open(seal(records, "c")), "c");

    records.append(peer.seal(ContentType::handshake, peer.key_update(1)));
    peer.update_own();
    EXPECT_EQ(read(records), "");
    EXPECT_EQ(peer.open(take_outgoing(records)), "<key update>");
    EXPECT_EQ(peer.open(seal(records, "d")), "d");
  }
}

TEST(RecordLayer, ChangesItsKeyBeforeItIsWornOut) {
  RecordPeer peer(Aead::aes_128_gcm);
  // Headers of empty records are enough to count as records.
  RecordLayer records(Aead::aes_128_gcm, peer.secrets(), std::string(size_t{5} << 24, '\0'));
  take_outgoing(records);
  peer.skip(uint64_t{1} << 24);
  EXPECT_EQ(peer.open(seal(records, "text")), "<key update>text");
  EXPECT_EQ(peer.open(seal(records, "more")), "more");
}

TEST(RecordLayer, EndsWithAnAlertWhereTheProtocolIsBroken) {
  struct Case {
    const char* what;
    std::function<std::string(RecordPeer&)> sends;
    int alert;  // that we answer; -1: none
    State state = State::failed;
  };
  const auto data = ContentType::application_data;
  const auto handshake = ContentType::handshake;
  for (const Case& c : std::vector<Case>{
           {"not a record", [](auto&) { return std::string("GET / HTTP/1.1\r\n"); }, 10},
           {"a record in the clear", [](auto&) { return from_hex("16030300050800000100"); }, 10},
           {"a late change of cipher", [](auto&) { return from_hex("140303000101"); }, 10},
           {"too long a record", [](auto&) { return from_hex("1703034101"); }, 22},
           {"too short a record", [](auto&) { return from_hex("1703030010") + std::string(16, 'x'); }, 20},
           {"a changed byte",
            [&](auto& p) {
              std::string sealed = p.seal(data, "text");
              sealed[7] = static_cast<char>(sealed[7] ^ 1);
              return sealed;
            },
            20},
           {"a changed header",
            [&](auto& p) {
              std::string sealed = p.seal(data, "text");
              sealed[2] = 4;
              return sealed;
            },
            20},
           {"a lost record",
            [&](auto& p) {
              p.seal(data, "text");
              return p.seal(data, "text");
            },
            20},
           {"nothing but padding", [](auto& p) { return p.seal(ContentType{0}, std::string(9, '\0')); }, 10},
           {"more than 16 KiB of text",
            [&](auto& p) { return p.seal_inner(std::string((16 << 10) + 1, 'x') + '\x17'); }, 22},
           {"an unknown type", [](auto& p) { return p.seal(ContentType{99}, "text"); }, 10},
           {"a change of cipher, sealed", [](auto& p) { return p.seal(ContentType{20}, "\x01"); }, 10},
           {"a ticket from a client", [&](auto& p) { return p.seal(handshake, from_hex("0400000100")); }, 10},
           {"a handshake message of nothing", [&](auto& p) { return p.seal(handshake, ""); }, 10},
           {"a key update with more behind it", [&](auto& p) { return p.seal(handshake, p.key_update(0) + "x"); }, 10},
           {"a key update of another length", [&](auto& p) { return p.seal(handshake, from_hex("1800000200")); }, 50},
           {"a key update that asks oddly", [&](auto& p) { return p.seal(handshake, p.key_update(2)); }, 47},
           {"text within a key update",
            [&](auto& p) { return p.seal(handshake, p.key_update(0).substr(0, 3)) + p.seal(data, "text"); }, 10},
           {"text under the old key",
            [&](auto& p) { return p.seal(handshake, p.key_update(0)) + p.seal(data, "text"); }, 20},
           {"half an alert", [](auto& p) { return p.seal(ContentType::alert, "\x02"); }, 50},
           {"an alert", [](auto& p) { return p.seal(ContentType::alert, "\x02\x28"); }, -1},
           {"an alert called a warning", [](auto& p) { return p.seal(ContentType::alert, "\x01\x28"); }, -1},
           {"user_canceled, then the end",
            [](auto& p) {
              return p.seal(ContentType::alert, "\x01\x5a") + p.seal(ContentType::alert, std::string("\x01\x00", 2));
            },
            -1, State::ended},
           {"records without text without end",
            [&](auto& p) {
              std::string sealed;
              for (int i = 0; i < 33; ++i) sealed += p.seal(data, "", 3);
              return sealed;
            },
            10},
           {"key updates without end",
            [&](auto& p) {
              std::string sealed;
              for (int i = 0; i < 33; ++i) {
                sealed += p.seal(handshake, p.key_update(0));
                p.update_own();
              }
              return sealed;
            },
            10},
       }) {
    SCOPED_TRACE(c.what);
    RecordPeer peer(Aead::aes_128_gcm);
    RecordLayer records(Aead::aes_128_gcm, peer.secrets(), {});
    records.append(peer.seal(data, "before"));
    records.append(c.sends(peer));
    EXPECT_EQ(read(records), "before");
    EXPECT_EQ(records.state(), c.state);
    EXPECT_TRUE(records.has_unread());
    records.append("more");
    EXPECT_EQ(read(records), "");
    EXPECT_EQ(peer.open(take_outgoing(records)), c.alert < 0 ? "" : "<alert " + std::to_string(c.alert) + ">");
  }
}

TEST(RecordLayer, LeavesSealingToSomebodyElse) {
  for (const Aead aead : {Aead::aes_128_gcm, Aead::aes_256_gcm, Aead::chacha20_poly1305}) {
    RecordPeer peer(aead);
    RecordLayer records(aead, peer.secrets(), {});
    EXPECT_EQ(peer.open(seal(records, "ours")), "ours");
    const openssl::RecordKeys keys = records.sealing_keys();
    records.stop_sealing();
    EXPECT_EQ(keys.records, 1U);

    // RFC 8446 5.2, 5.3, as the kernel does it.
    AeadNonce nonce = keys.iv;
    nonce.back() ^= 1;
    std::string record = from_hex("170303001a") + "by others\x17";
    const std::unique_ptr<AeadKey> key = new_aead_key(aead, {keys.key.data(), key_size(aead)});
    const std::span bytes(reinterpret_cast<uint8_t*>(record.data()), record.size());
    key->begin(nonce, bytes.first(openssl::kRecordHeader));
    key->encrypt(bytes.subspan(openssl::kRecordHeader), bytes.data() + openssl::kRecordHeader);
    std::array<uint8_t, kAeadTag> tag;
    key->end(tag);
    record.append(tag.begin(), tag.end());
    EXPECT_EQ(peer.open(record), "by others");

    records.append(peer.seal(ContentType::handshake, peer.key_update(0)));
    peer.update_own();
    records.append(peer.seal(ContentType::application_data, "text"));
    EXPECT_EQ(read(records), "text");
    EXPECT_EQ(records.outgoing(), "");
    records.append(peer.seal(ContentType::handshake, peer.key_update(1)));
    EXPECT_EQ(read(records), "");
    EXPECT_EQ(records.state(), State::failed);
    EXPECT_EQ(records.outgoing(), from_hex("0250"));  // fatal, internal_error
  }
}

}  // namespace
}  // namespace fl::tls
