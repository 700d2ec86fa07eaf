#include "http/testing/http2_frames.h"

#include <nghttp2/nghttp2.h>

#include "base/check.h"

namespace fl::http::testing {

struct ReceivedFrames::Inflater {
  Inflater() { FL_CHECK(nghttp2_hd_inflate_new(&it) == 0); }
  ~Inflater() { nghttp2_hd_inflate_del(it); }
  nghttp2_hd_inflater* it = nullptr;
};

ReceivedFrames::ReceivedFrames() : inflater_(std::make_unique<Inflater>()) {}
ReceivedFrames::~ReceivedFrames() = default;

TestFields ReceivedFrames::inflate() {
  TestFields fields;
  const auto* in = reinterpret_cast<const uint8_t*>(block_.data());
  size_t left = block_.size();
  for (;;) {
    nghttp2_nv nv{};
    int flags = 0;
    const ssize_t n = nghttp2_hd_inflate_hd2(inflater_->it, &nv, &flags, in, left, 1);
    FL_CHECK(n >= 0);
    in += n;
    left -= static_cast<size_t>(n);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0)
      fields.emplace_back(std::string(reinterpret_cast<char*>(nv.name), nv.namelen),
                          std::string(reinterpret_cast<char*>(nv.value), nv.valuelen));
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0 && left == 0) break;
  }
  nghttp2_hd_inflate_end_headers(inflater_->it);
  return fields;
}

}  // namespace fl::http::testing
