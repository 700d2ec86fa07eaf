// Go template text -> tokens. Text outside {{ }} is one token each; trim markers ({{- and -}}) are applied and comments
// dropped here. Pure; any thread. Source: Go, text/template/parse/lex.go.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fl::providers::gotemplate {

enum class TokenKind : uint8_t {
  text,        // between actions
  open,        // {{
  close,       // }}
  identifier,  // a function or keyword
  field,       // .Name; view is Name
  variable,    // $ or $name; view has the $
  dot,         // . alone
  string,      // value is the decoded text
  integer,
  real,
  pipe,
  left_bracket,
  right_bracket,
  declare,  // :=
  assign,   // =
  comma,
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  uint32_t offset = 0;
  bool after_space = false;  // `.A .B` are two operands, `.A.B` is one
  std::string_view view;     // into the template
  std::string value;         // of a string
};

// An error at a byte of the template; Template turns the offset into line and column.
struct TemplateError {
  size_t offset = 0;
  std::string text;
};

tl::expected<std::vector<Token>, TemplateError> lex(std::string_view source);

}  // namespace fl::providers::gotemplate
