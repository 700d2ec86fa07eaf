#include "http/h1/message_writer.h"

#include <cerrno>
#include <string>

#include "http/h1/body_reader.h"
#include "http/h1/chunked.h"
#include "http/trailers.h"

namespace fl::http::h1 {
namespace {

constexpr uint64_t kSpliceFrom = 64 << 10;  // below this a pipe costs more than the copy it saves
constexpr std::string_view kLastChunk = "0\r\n\r\n";

std::string trailer_block(const HeaderMap& trailers) {
  std::string out = "0\r\n";
  for (const Field& field : trailers) {
    if (!is_forwardable_trailer(field)) continue;
    out.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  return out += "\r\n";
}

net::Task<SendResult> send_head(net::Stream& to, HeadBytes& head) {
  SendResult result;
  result.write_error = co_await to.write(head.view());
  co_return result;
}

// `head`, when not empty, goes in front of the first bytes of the body.
net::Task<SendResult> send_chunked(net::Stream& to, HeadBytes& head, BodySource& body, uint64_t* progress, Of of) {
  SendResult result;
  std::string trailers;
  BodyChunk chunk = body.take();
  for (;;) {
    if (chunk.error != BodyError::none) {
      result.read_error = chunk.error;
      co_return result;
    }
    char size_line[18];
    std::string_view size, end;
    if (!chunk.data.empty()) {
      size = {size_line, write_chunk_head(size_line, chunk.data.size())};
      end = "\r\n";
    }
    if (chunk.last) {
      const HeaderMap* fields = of == Of::response ? body.trailers() : nullptr;
      if (fields != nullptr && !fields->empty()) {
        trailers = (chunk.data.empty() ? "" : "\r\n") + trailer_block(*fields);
        end = trailers;
      } else {
        end = chunk.data.empty() ? kLastChunk : std::string_view("\r\n0\r\n\r\n");
      }
    }
    if (head.join({size, chunk.data, end}))
      result.write_error = co_await to.write(head.view());
    else
      result.write_error = co_await to.write({head.view(), size, chunk.data, end});
    if (result.write_error != 0) co_return result;
    head.release();
    result.body_bytes += chunk.data.size();
    if (progress != nullptr) *progress = result.body_bytes;
    if (chunk.last) co_return result;
    if (to.loop().budget() <= 0) co_await net::yield();
    chunk = co_await body.read();
  }
}

net::Task<SendResult> send_plain(net::Stream& to, HeadBytes& head, BodySource& body, Framing framing, uint64_t length,
                                 uint64_t* progress) {
  SendResult result;
  const bool counted = framing == Framing::length;
  bool may_splice = true;
  BodyChunk chunk = body.take();
  for (;;) {
    if (chunk.error != BodyError::none) {
      result.read_error = chunk.error;
      co_return result;
    }
    const uint64_t after = result.body_bytes + chunk.data.size();
    if (counted && (after > length || (chunk.last && after < length))) {
      result.read_error = BodyError::truncated;
      co_return result;
    }
    if (!head.view().empty() || !chunk.data.empty()) {
      if (head.join({chunk.data}))
        result.write_error = co_await to.write(head.view());
      else
        result.write_error = co_await to.write({head.view(), chunk.data});
      if (result.write_error != 0) co_return result;
      head.release();
      result.body_bytes = after;
      if (progress != nullptr) *progress = after;
    }
    if (chunk.last) co_return result;
    if (net::TcpStream* from = may_splice ? body.raw() : nullptr; from != nullptr) {
      const uint64_t left = *body.remaining();
      may_splice = left >= kSpliceFrom && to.takes_splice(left);
      if (may_splice) {
        body.take();  // gives the last chunk's memory back; nothing is buffered, so nothing comes
        const net::SpliceResult moved = co_await net::splice(*from, to, left);
        may_splice = moved.to_error != -EMFILE;  // no pipe to be had: copy
        if (may_splice) {
          body.skip(moved.moved);
          result.body_bytes += moved.moved;
          if (progress != nullptr) *progress = result.body_bytes;
          result.write_error = moved.to_error;
          if (moved.moved < left && moved.to_error == 0) result.read_error = body_error(moved.from_error);
          co_return result;
        }
      }
    }
    if (to.loop().budget() <= 0) co_await net::yield();
    chunk = co_await body.read();
  }
}

}  // namespace

net::Task<SendResult> send_message(net::Stream& to, HeadBytes& head, BodySource* body, Framing framing, uint64_t length,
                                   uint64_t* progress, Of of) {
  if (body == nullptr || framing == Framing::none) return send_head(to, head);
  if (framing == Framing::chunked) return send_chunked(to, head, *body, progress, of);
  return send_plain(to, head, *body, framing, length, progress);
}

}  // namespace fl::http::h1
