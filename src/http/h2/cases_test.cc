// Runs tests/cases/h2/*.case against a server on a real socket. The form is told in tests/cases/h2/README.md.
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "base/strings.h"
#include "http/server.h"
#include "http/testing/http2_frames.h"
#include "support/loop_fixture.h"

namespace fl::http::h2 {
namespace {

using namespace http::testing;

using fl::testing::Peer;

const std::map<std::string, uint32_t, std::less<>> kCodes = {
    {"NO_ERROR", 0},         {"PROTOCOL_ERROR", 1},    {"INTERNAL_ERROR", 2},    {"FLOW_CONTROL_ERROR", 3},
    {"SETTINGS_TIMEOUT", 4}, {"STREAM_CLOSED", 5},     {"FRAME_SIZE_ERROR", 6},  {"REFUSED_STREAM", 7},
    {"CANCEL", 8},           {"COMPRESSION_ERROR", 9}, {"ENHANCE_YOUR_CALM", 11}};

struct Case {
  std::string file, name;
  std::vector<std::string> lines;
};

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  for (const auto& entry : std::filesystem::directory_iterator(FL_SOURCE_DIR "/tests/cases/h2")) {
    if (entry.path().extension() != ".case") continue;
    std::ifstream file(entry.path());
    bool inside = false;
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with('#')) continue;
      if (line.empty())
        inside = false;
      else if (!std::exchange(inside, true))
        cases.push_back({entry.path().filename(), line, {}});
      else
        cases.back().lines.push_back(line);
    }
  }
  return cases;
}

// Bytes of a word: 6869, #100 (as many 'x'), "text" (no blanks).
std::string bytes_of(std::string_view word) {
  if (word.starts_with('#')) return std::string(std::stoul(std::string(word.substr(1))), 'x');
  if (word.starts_with('"')) return std::string(word.substr(1, word.size() - 2));
  std::string out;
  for (size_t i = 0; i + 1 < word.size(); i += 2)
    out += static_cast<char>(hex_value(word[i]) * 16 + hex_value(word[i + 1]));
  return out;
}

uint32_t to_number(std::string_view word) {
  if (const auto code = kCodes.find(word); code != kCodes.end()) return code->second;
  return static_cast<uint32_t>(std::stoul(std::string(word), nullptr, 0));
}

// One ">" line with its fields, as bytes; `round` counts repetitions.
class SentFrame {
 public:
  SentFrame(const std::vector<std::string_view>& words, const std::vector<std::string_view>& field_lines)
      : words_(words), field_lines_(field_lines) {}

  std::string bytes(uint32_t round) {
    at_ = 0;
    const std::string_view kind = word();
    if (kind == "RAW") return bytes_of(word());
    if (kind == "FRAME") {
      const auto type = static_cast<uint8_t>(to_number(word()));
      const auto flags = static_cast<uint8_t>(to_number(word()));
      const uint32_t id = to_number(word());
      return frame(type, flags, id, more() ? bytes_of(word()) : "");
    }
    if (kind == "PING") return frame(FrameType::ping, take("ACK") ? kAck : 0, 0, "12345678");
    if (kind == "SETTINGS") return settings();
    if (kind == "GOAWAY") return frame(FrameType::goaway, 0, 0, number(0, 4) + number(to_number(word()), 4));
    const uint32_t id = stream(round);
    if (kind == "HEADERS" || kind == "CONTINUATION") return block(kind == "HEADERS", id);
    if (kind == "DATA") {
      uint8_t flags = take("END_STREAM") ? kEndStream : 0;
      std::string payload;
      const auto padding = take_value("PAD");
      if (padding) flags |= 8, payload = number(*padding, 1);
      if (more()) payload += bytes_of(word());
      if (padding) payload.append(*padding, '\0');
      return frame(FrameType::data, flags, id, payload);
    }
    if (kind == "PRIORITY") {
      const uint32_t on = to_number(word());
      return frame(FrameType::priority, 0, id, number(on, 4) + number(more() ? to_number(word()) : 15, 1));
    }
    if (kind == "RST") return frame(FrameType::rst_stream, 0, id, number(to_number(word()), 4));
    if (kind == "WINDOW") return frame(FrameType::window_update, 0, id, number(to_number(word()), 4));
    ADD_FAILURE() << "what does this mean: " << kind;
    return {};
  }

 private:
  bool more() const { return at_ < words_.size(); }
  std::string_view word() { return more() ? words_[at_++] : std::string_view("0"); }
  bool take(std::string_view flag) {
    if (!more() || words_[at_] != flag) return false;
    ++at_;
    return true;
  }
  std::optional<uint32_t> take_value(std::string_view name) {
    if (!take(name)) return std::nullopt;
    return to_number(word());
  }
  // "1+": two further at each repetition.
  uint32_t stream(uint32_t round) {
    std::string_view text = word();
    const bool counts = text.ends_with('+');
    if (counts) text.remove_suffix(1);
    return to_number(text) + (counts ? 2 * round : 0);
  }
  std::string settings() {
    if (take("ACK")) return frame(FrameType::settings, kAck, 0, more() ? bytes_of(word()) : "");
    std::string payload;
    while (more()) {
      const std::string_view pair = word();
      const size_t equals = pair.find('=');
      payload += number(to_number(pair.substr(0, equals)), 2) + number(to_number(pair.substr(equals + 1)), 4);
    }
    return frame(FrameType::settings, 0, 0, payload);
  }
  std::string block(bool headers, uint32_t id) {
    uint8_t flags = kEndHeaders;
    if (take("END_STREAM")) flags |= kEndStream;
    if (take("NO_END_HEADERS")) flags &= static_cast<uint8_t>(~kEndHeaders);
    std::string payload;
    const auto padding = take_value("PAD");
    if (padding) flags |= 8, payload += number(*padding, 1);
    if (const auto on = take_value("ON")) flags |= 0x20, payload += number(*on, 4) + '\x0f';
    TestFields fields;
    std::string raw;
    if (more() && words_[at_].find_first_of("\"#") == std::string_view::npos && !take("HEX")) {
      const std::string method(word());
      if (headers && method != "NOTHING") fields = request_fields(method);
    } else if (more()) {
      raw = bytes_of(word());
    }
    for (std::string_view line : field_lines_) edit(fields, line);
    payload += raw + hpack(fields);
    if (padding) payload.append(*padding, '\0');
    return frame(headers ? FrameType::headers : FrameType::continuation, flags, id, payload);
  }
  // "name: value" replaces or adds, "+name: value" adds, "-name" removes; \r \n \0 and \s (a blank) are escapes, and a
  // value of *100 is as many 'x'.
  static void edit(TestFields& fields, std::string_view line) {
    if (line.starts_with('-')) {
      std::erase_if(fields, [&](const auto& f) { return f.first == line.substr(1); });
      return;
    }
    const bool adds = line.starts_with('+');
    if (adds) line.remove_prefix(1);
    const size_t colon = line.find(':', 1);
    std::string name(line.substr(0, colon)), value(trim(line.substr(colon + 1), " "));
    for (std::string* text : {&name, &value})
      for (const auto& [escape, byte] : {std::pair("\\r", '\r'), {"\\n", '\n'}, {"\\0", '\0'}, {"\\s", ' '}})
        for (size_t at; (at = text->find(escape)) != std::string::npos;) text->replace(at, 2, 1, byte);
    if (value.starts_with('*') && value.size() > 1) value = std::string(std::stoul(value.substr(1)), 'x');
    for (auto& field : fields)
      if (!adds && field.first == name) {
        field.second = value;
        return;
      }
    fields.emplace_back(name, value);
  }

  const std::vector<std::string_view>& words_;
  const std::vector<std::string_view>& field_lines_;
  size_t at_ = 0;
};

class Cases : public fl::testing::LoopFixture, private Handler {
 protected:
  void run(const Case& c) {
    seen.clear();
    last_fields.clear();
    received.emplace();
    Server server(loop, {}, *this);
    auto [stream, connected] = make_pair();
    client = std::move(connected);
    ConnectionInfo info;
    info.tls = true;  // so that whatever comes is taken for HTTP/2
    info.alpn = "h2";
    server.serve(std::move(stream), info);
    if (c.lines.empty() || c.lines[0] != "> RAW") greet(c.lines);
    for (size_t i = 0; i < c.lines.size(); ++i) {
      std::vector<std::string_view> fields;
      size_t last = i;
      while (last + 1 < c.lines.size() && c.lines[last + 1].starts_with("  "))
        fields.push_back(std::string_view(c.lines[++last]).substr(2));
      perform(c.lines[i], fields);
      i = last;
    }
    server.close_all();
    EXPECT_TRUE(turn_until([&] { return server.connections() == 0; }));
    client.reset();
  }

 private:
  void greet(const std::vector<std::string>& lines) {
    if (!lines.empty() && lines[0] == "without preface") return;
    client->send(std::string(kTestPreface) + frame(FrameType::settings, 0, 0, ""));
    settle();
    EXPECT_EQ(received->settings_acks, 1);
    client->send(frame(FrameType::settings, kAck, 0, ""));
    settle();
  }

  void settle() {
    quiesce();
    received->take(client->received);
  }

  void perform(std::string_view line, const std::vector<std::string_view>& fields) {
    SCOPED_TRACE(line);
    if (line == "without preface") return;
    std::vector<std::string_view> words = split(line, ' ');
    const std::string_view what = words[0];
    words.erase(words.begin());
    if (what == ">") {
      size_t times = 1;
      if (words[0].size() > 1 && words[0][0] == 'x' && is_digit(words[0][1])) {
        times = std::stoul(std::string(words[0].substr(1)));
        words.erase(words.begin());
      }
      if (words[0] == "EOF") return client->half_close();
      if (words[0] == "WAIT") return pass(std::chrono::seconds(to_number(words[1])));
      SentFrame sent(words, fields);
      std::string all;
      for (uint32_t i = 0; i < times; ++i) all += sent.bytes(i);
      client->send(all);
      if (!std::exchange(together_, false)) {
        EXPECT_TRUE(turn_until([&] { return client->has_sent_all() || client->gone(); }));
        settle();
      }
    } else if (what == "+") {
      together_ = true;  // the next lines are sent in one piece with this one
      perform(std::string(">") + std::string(line.substr(1)), fields);
    } else if (what == "<") {
      settle();
      std::string why;
      std::vector<std::vector<std::string_view>> alternatives(1);
      for (const std::string_view w : words)
        if (w == "|")
          alternatives.emplace_back();
        else
          alternatives.back().push_back(w);
      bool met = false;
      for (const auto& alternative : alternatives) met = met || holds(alternative);
      EXPECT_TRUE(met) << state();
    } else {
      ADD_FAILURE() << "what does this mean: " << line;
    }
  }

  bool holds(const std::vector<std::string_view>& words) {
    const std::string_view kind = words[0];
    const auto n = [&](size_t i) { return to_number(words.at(i)); };
    if (kind == "NOT") return !holds({words.begin() + 1, words.end()});
    if (kind == "GOAWAY") {
      // Whoever is told to go is also shut out.
      const bool told = std::ranges::any_of(received->goaways, [&](const auto& g) { return g.second == n(1); });
      return told && (n(1) == 0 || turn_until([&] { return client->ended; }));
    }
    if (kind == "CLOSED") return client->gone();
    if (kind == "RST") return received->streams[n(1)].rst == static_cast<int64_t>(n(2));
    if (kind == "STATUS") return received->status(n(1)) == static_cast<int>(n(2));
    if (kind == "INTERIM") return received->field(n(1), ":status") == words[2];
    if (kind == "FIELD") return received->field(n(1), words[2]) == words[3];
    if (kind == "BLOCKS") return received->streams[n(1)].blocks.size() == n(2);
    if (kind == "DATA") return received->streams[n(1)].data.size() == n(2);
    if (kind == "BODY") return received->streams[n(1)].data == bytes_of(words[2]);
    if (kind == "END") return received->streams[n(1)].ended;
    if (kind == "PINGS") return received->ping_acks == static_cast<int>(n(1));
    if (kind == "ACKS") return received->settings_acks == static_cast<int>(n(1));
    if (kind == "WINDOW") return received->windows[n(1)] > 0;
    if (kind == "SEEN") return (words[1] == "NOTHING" && seen.empty()) || seen == join(words, 1);
    if (kind == "COUNT") return count_seen() == n(1);
    if (kind == "HAS") return last_fields.find("\n" + join(words, 1) + "\n") != std::string::npos;
    if (kind == "OPEN") {
      const int before = received->ping_acks;
      client->send(frame(FrameType::ping, 0, 0, "stillyou"));
      settle();
      return received->ping_acks == before + 1 && received->last_ping == "stillyou";
    }
    ADD_FAILURE() << "what does this mean: " << kind;
    return false;
  }

  static std::string join(const std::vector<std::string_view>& words, size_t from) {
    std::string out;
    for (size_t i = from; i < words.size(); ++i) out.append(i == from ? "" : " ").append(words[i]);
    return out;
  }
  size_t count_seen() const { return seen.empty() ? 0 : static_cast<size_t>(std::ranges::count(seen, '|')) + 1; }
  std::string state() {
    std::ostringstream out;
    for (const auto& [id, s] : received->streams) {
      out << "stream " << id << ": data " << s.data.size() << " rst " << s.rst << (s.ended ? " ended" : "");
      for (const auto& block : s.blocks)
        for (const auto& [name, value] : block) out << " " << name << "=" << value;
      out << "\n";
    }
    for (const auto& [last, code] : received->goaways) out << "goaway " << last << " " << code << "\n";
    out << "seen " << seen << (client->ended ? "\nclosed" : "\nopen") << last_fields;
    return out.str();
  }

  net::Task<> handle(Exchange& x) const override {
    seen += std::string(seen.empty() ? "" : "|") + std::string(x.request.method) + " " +
            std::string(x.request.authority) + " " + std::string(x.request.path);
    if (x.request.has_query) seen += "?" + std::string(x.request.query);
    last_fields = "\n";
    for (const Field& f : x.request.headers) last_fields += std::string(f.name) + ": " + std::string(f.value) + "\n";
    if (x.request.path == "/never") {
      struct Gone : ClientGoneListener {
        std::coroutine_handle<> waiting;
        void on_client_gone() noexcept override { net::Loop::current().resume_later(waiting); }
        bool await_ready() noexcept { return false; }
        void await_suspend(std::coroutine_handle<> h) noexcept { waiting = h; }
        void await_resume() noexcept {}
      } gone;
      x.watch_client(&gone);
      co_await gone;
      co_return;
    }
    if (x.request.path == "/early") {
      x.respond(200, "early");
      co_return;
    }
    std::string body = "ok";
    if (x.request_body != nullptr) {
      body.clear();
      for (;;) {
        const BodyChunk chunk = co_await x.request_body->read();
        if (chunk.error != BodyError::none) {
          seen += "!";
          x.respond(chunk.error == BodyError::timeout ? 408 : 400, "bad body");
          co_return;
        }
        body += chunk.data;
        if (chunk.last) break;
      }
      if (const HeaderMap* trailers = x.request_body->trailers())
        for (const Field& f : *trailers)
          last_fields += "trailer " + std::string(f.name) + ": " + std::string(f.value) + "\n";
    }
    if (x.request.path == "/big") body = std::string(1 << 20, 'b');
    x.respond_owned(200, std::move(body), "text/plain");
  }

  std::unique_ptr<Peer> client;
  std::optional<ReceivedFrames> received;
  mutable std::string seen, last_fields;
  bool together_ = false;
};

TEST_F(Cases, AllFiles) {
  const auto cases = read_cases();
  ASSERT_GT(cases.size(), 200U);
  for (const Case& c : cases) {
    SCOPED_TRACE(c.file + ": " + c.name);
    run(c);
  }
}

}  // namespace
}  // namespace fl::http::h2
