// Text as the value of a query. Pure.
#pragma once

#include <string_view>

#include "base/strings.h"

namespace fl::proxy::middleware {

// Escapes (Go: url.QueryEscape) into the memory given or, without any, only counts.
class EscapedText {
 public:
  explicit EscapedText(char* out = nullptr) : out_(out) {}
  size_t size() const { return size_; }

  void put(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    for (const char c : text) {
      if (is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '~') {
        put_raw(c);
      } else if (c == ' ') {
        put_raw('+');
      } else {
        put_raw('%');
        put_raw(kHex[static_cast<unsigned char>(c) >> 4]);
        put_raw(kHex[static_cast<unsigned char>(c) & 15]);
      }
    }
  }

 private:
  void put_raw(char c) {
    if (out_ != nullptr) out_[size_] = c;
    ++size_;
  }

  char* const out_;
  size_t size_ = 0;
};

}  // namespace fl::proxy::middleware
