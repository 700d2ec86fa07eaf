#include "config/encoded_characters.h"

#include "config/schema.h"

namespace fl::config {
namespace {

template <class Options>
void describe_each(Fields<Options>& f) {
  f("allowEncodedSlash", &Options::allow_encoded_slash, "accept %2F in the path");
  f("allowEncodedBackSlash", &Options::allow_encoded_back_slash, "accept %5C in the path");
  f("allowEncodedNullCharacter", &Options::allow_encoded_null_character, "accept %00 in the path");
  f("allowEncodedSemicolon", &Options::allow_encoded_semicolon, "accept %3B in the path");
  f("allowEncodedPercent", &Options::allow_encoded_percent, "accept %25 in the path");
  f("allowEncodedQuestionMark", &Options::allow_encoded_question_mark, "accept %3F in the path");
  f("allowEncodedHash", &Options::allow_encoded_hash, "accept %23 in the path");
}

}  // namespace

void describe(Fields<EncodedCharacters<true>>& f) { describe_each(f); }
void describe(Fields<EncodedCharacters<false>>& f) { describe_each(f); }

}  // namespace fl::config
