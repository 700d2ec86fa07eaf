// encodedCharacters: which percent-encoded characters a request's path may hold; another one is answered 400. An entry
// point allows all that it is not told to refuse, the middleware of this name none that it is not told to allow.
#pragma once

#include "config/fields.h"

namespace fl::config {

template <bool allowed>
struct EncodedCharacters {
  bool allow_encoded_slash = allowed;
  bool allow_encoded_back_slash = allowed;
  bool allow_encoded_null_character = allowed;
  bool allow_encoded_semicolon = allowed;
  bool allow_encoded_percent = allowed;
  bool allow_encoded_question_mark = allowed;
  bool allow_encoded_hash = allowed;
  bool operator==(const EncodedCharacters&) const = default;
};

void describe(Fields<EncodedCharacters<true>>& f);
void describe(Fields<EncodedCharacters<false>>& f);

}  // namespace fl::config
