#include "proxy/middleware/guessed_type.h"

#include <algorithm>

#include "base/strings.h"

namespace fl::proxy::middleware {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kHtml = "text/html; charset=utf-8";

// Behind white space, in any case, ended by a space or '>'.
constexpr std::string_view kTags[] = {
    "<!DOCTYPE HTML", "<HTML",  "<HEAD", "<SCRIPT", "<IFRAME", "<H1", "<DIV", "<FONT", "<TABLE", "<A",
    "<STYLE",         "<TITLE", "<B",    "<BODY",   "<BR",     "<P",  "<!--"};

struct Signature {
  std::string_view begin;  // what the body begins with
  std::string_view type;
  size_t gap = 0;  // bytes of any value between `begin` and `then`
  std::string_view then = {};
};

constexpr Signature kSignatures[] = {
    {"%PDF-", "application/pdf"},
    {"%!PS-Adobe-", "application/postscript"},
    {"\xFE\xFF", "text/plain; charset=utf-16be", 2},
    {"\xFF\xFE", "text/plain; charset=utf-16le", 2},
    {"\xEF\xBB\xBF", "text/plain; charset=utf-8", 1},
    {"\0\0\1\0"sv, "image/x-icon"},
    {"\0\0\2\0"sv, "image/x-icon"},
    {"BM", "image/bmp"},
    {"GIF87a", "image/gif"},
    {"GIF89a", "image/gif"},
    {"RIFF", "image/webp", 4, "WEBPVP"},
    {"\x89PNG\r\n\x1A\n", "image/png"},
    {"\xFF\xD8\xFF", "image/jpeg"},
    {"FORM", "audio/aiff", 4, "AIFF"},
    {"ID3", "audio/mpeg"},
    {"OggS\0"sv, "application/ogg"},
    {"MThd\0\0\0\6"sv, "audio/midi"},
    {"RIFF", "video/avi", 4, "AVI "},
    {"RIFF", "audio/wave", 4, "WAVE"},
    {"\x1A\x45\xDF\xA3", "video/webm"},
    {"", "application/vnd.ms-fontobject", 34, "LP"},
    {"\0\1\0\0"sv, "font/ttf"},
    {"OTTO", "font/otf"},
    {"ttcf", "font/collection"},
    {"wOFF", "font/woff"},
    {"wOF2", "font/woff2"},
    {"\x1F\x8B\x08", "application/x-gzip"},
    {"PK\3\4", "application/zip"},
    {"Rar!\x1A\7\0"sv, "application/x-rar-compressed"},
    {"Rar!\x1A\7\1\0"sv, "application/x-rar-compressed"},
    {"\0asm"sv, "application/wasm"},
};

bool fits(const Signature& s, std::string_view body) {
  return body.size() >= s.begin.size() + s.gap + s.then.size() && body.starts_with(s.begin) &&
         body.substr(s.begin.size() + s.gap).starts_with(s.then);
}

bool begins_with_tag(std::string_view text) {
  return std::ranges::any_of(kTags, [text](std::string_view tag) {
    return text.size() > tag.size() && iequals(text.substr(0, tag.size()), tag) &&
           (text[tag.size()] == ' ' || text[tag.size()] == '>');
  });
}

// An ftyp box that names a brand "mp4" (MIME Sniffing 6.2.1); the version behind the first brand is none.
bool is_mp4(std::string_view body) {
  if (body.size() < 12 || body.substr(4, 4) != "ftyp") return false;
  size_t size = 0;
  for (const char c : body.substr(0, 4)) size = size << 8 | static_cast<unsigned char>(c);
  if (size > body.size() || size % 4 != 0) return false;
  for (size_t at = 8; at < size; at += 4)
    if (at != 12 && body.substr(at, 3) == "mp4") return true;
  return false;
}

bool is_binary(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x08 || byte == 0x0B || (byte >= 0x0E && byte <= 0x1A) || (byte >= 0x1C && byte <= 0x1F);
}

}  // namespace

std::string_view guess_content_type(std::string_view begin) {
  const std::string_view body = begin.substr(0, kMostForGuess);
  const std::string_view text = body.substr(std::min(body.find_first_not_of("\t\n\f\r "), body.size()));
  if (begins_with_tag(text)) return kHtml;
  if (text.starts_with("<?xml")) return "text/xml; charset=utf-8";
  for (const Signature& signature : kSignatures)
    if (fits(signature, body)) return signature.type;
  if (is_mp4(body)) return "video/mp4";
  return std::ranges::any_of(text, is_binary) ? "application/octet-stream" : "text/plain; charset=utf-8";
}

}  // namespace fl::proxy::middleware
