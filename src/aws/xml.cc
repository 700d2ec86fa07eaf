#include "aws/xml.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/strings.h"
#include "base/utf8.h"

namespace fl::aws {
namespace {

constexpr int kMaxDepth = 64;

bool is_name_start(char c) { return is_alnum(c) ? !is_digit(c) : c == '_' || c == ':' || (c & 0x80) != 0; }
bool is_name_char(char c) { return is_name_start(c) || is_digit(c) || c == '-' || c == '.'; }
// What XML 1.0 allows as a character.
bool is_xml_char(uint32_t c) {
  return c == 9 || c == 10 || c == 13 || (c >= 0x20 && c < 0xd800) ||
         (c >= 0xe000 && c <= 0x10ffff && c != 0xfffe && c != 0xffff);
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<XmlElement> document() {
    eat("\xef\xbb\xbf");
    if (eat("<?xml") && !skip_past("?>")) return error("the XML declaration does not end");
    FL_TRY_VOID(skip_misc());
    XmlElement root;
    FL_TRY_VOID(element(root, 1));
    FL_TRY_VOID(skip_misc());
    if (at_ < text_.size()) return error("text after the root element");
    return root;
  }

 private:
  tl::unexpected<Error> error(std::string_view what) const {
    return fail(Code::invalid, fmt::format("not valid XML near byte {}: {}", at_, what));
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool eat(std::string_view what) {
    if (!text_.substr(at_).starts_with(what)) return false;
    at_ += what.size();
    return true;
  }
  bool skip_past(std::string_view what) {
    const size_t end = text_.find(what, at_);
    if (end == text_.npos) return false;
    at_ = end + what.size();
    return true;
  }
  bool skip_space() {
    const size_t begin = at_;
    while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
    return at_ > begin;
  }

  // A comment or processing instruction, if one begins here.
  Result<bool> skip_comment() {
    if (eat("<!--")) {
      if (!skip_past("-->")) return error("a comment does not end");
      return true;
    }
    if (eat("<?")) {
      if (!skip_past("?>")) return error("a processing instruction does not end");
      return true;
    }
    return false;
  }

  Result<> skip_misc() {
    for (bool more = true; more;) {
      skip_space();
      FL_TRY(more, skip_comment());
    }
    return {};
  }

  std::string_view name() {
    const size_t begin = at_;
    if (is_name_start(peek()))
      while (is_name_char(peek())) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  // "&amp;" and the like, after the ampersand.
  Result<> reference(std::string& out) {
    const size_t end = text_.find(';', at_);
    if (end == text_.npos) return error("a reference does not end");
    const std::string_view entity = text_.substr(at_, end - at_);
    static constexpr std::pair<std::string_view, char> kEntities[] = {
        {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    if (const auto known = std::ranges::find(kEntities, entity, &std::pair<std::string_view, char>::first);
        known != std::end(kEntities)) {
      out += known->second;
    } else {
      const auto code = code_point(entity);
      if (!code) return error("unknown reference");
      append_utf8(out, *code);
    }
    at_ = end + 1;
    return {};
  }

  // "#65" or "#x41".
  static std::optional<uint32_t> code_point(std::string_view entity) {
    if (!entity.starts_with('#')) return std::nullopt;
    entity.remove_prefix(1);
    const bool is_hex = entity.starts_with('x');
    if (is_hex) entity.remove_prefix(1);
    if (entity.empty() || entity.size() > 8) return std::nullopt;
    uint32_t code = 0;
    for (const char c : entity) {
      const int digit = hex_value(c);
      if (digit < 0 || (!is_hex && digit > 9)) return std::nullopt;
      code = code * (is_hex ? 16 : 10) + static_cast<uint32_t>(digit);
    }
    return is_xml_char(code) ? std::optional(code) : std::nullopt;
  }

  // One character as it stands; line ends become \n (XML 1.0 2.11).
  Result<> character(std::string& out) {
    const size_t n = utf8_length(text_.substr(at_));
    if (n == 0) return error("not UTF-8");
    if (n == 1 && !is_xml_char(static_cast<unsigned char>(text_[at_]))) return error("control character");
    if (eat("\r\n") || eat("\r")) {
      out += '\n';
      return {};
    }
    out += text_.substr(at_, n);
    at_ += n;
    return {};
  }

  Result<> attribute() {
    const std::string_view attribute_name = name();
    if (attribute_name.empty()) return error("expected an attribute or the end of the tag");
    skip_space();
    if (!eat("=")) return error("expected = after an attribute's name");
    skip_space();
    const char quote = peek();
    if (quote != '"' && quote != '\'') return error("an attribute's value is not quoted");
    ++at_;
    std::string value;
    while (peek() != quote) {
      if (at_ >= text_.size() || peek() == '<') return error("an attribute's value does not end");
      FL_TRY_VOID(eat("&") ? reference(value) : character(value));
    }
    ++at_;
    return {};
  }

  Result<> cdata(std::string& out) {
    while (!eat("]]>")) {
      if (at_ >= text_.size()) return error("a CDATA section does not end");
      FL_TRY_VOID(character(out));
    }
    return {};
  }

  Result<> element(XmlElement& out, int depth) {
    if (depth > kMaxDepth) return error("nested too deeply");
    if (!eat("<")) return error("expected an element");
    out.name = name();
    if (out.name.empty()) return error("expected an element's name");
    while (true) {
      const bool spaced = skip_space();
      if (eat("/>")) return {};
      if (eat(">")) break;
      if (!spaced) return error("expected the end of the tag");
      FL_TRY_VOID(attribute());
    }
    while (true) {
      FL_TRY(const bool skipped, skip_comment());
      if (skipped) continue;
      if (at_ >= text_.size()) return error(fmt::format("<{}> does not end", out.name));
      if (eat("</")) break;
      if (eat("<![CDATA[")) {
        FL_TRY_VOID(cdata(out.text));
      } else if (peek() == '<') {
        FL_TRY_VOID(element(out.children.emplace_back(), depth + 1));
      } else if (eat("&")) {
        FL_TRY_VOID(reference(out.text));
      } else {
        FL_TRY_VOID(character(out.text));
      }
    }
    if (name() != out.name) return error(fmt::format("</{}> expected", out.name));
    skip_space();
    if (!eat(">")) return error("expected the end of the tag");
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

const XmlElement* XmlElement::find(std::string_view child) const {
  const auto found = std::ranges::find(children, child, &XmlElement::name);
  return found == children.end() ? nullptr : &*found;
}

Result<XmlElement> parse_xml(std::string_view text) { return Reader(text).document(); }

}  // namespace fl::aws
