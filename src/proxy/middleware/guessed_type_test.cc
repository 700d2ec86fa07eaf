#include "proxy/middleware/guessed_type.h"

#include <gtest/gtest.h>

#include <string>

namespace fl::proxy::middleware {
namespace {

using namespace std::string_view_literals;

TEST(GuessedType, ByTheFirstBytes) {
  struct Case {
    std::string_view body, type;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"Test", "text/plain; charset=utf-8"},
           {".css { }", "text/plain; charset=utf-8"},
           {"{\"a\":1}", "text/plain; charset=utf-8"},
           {"<html>", "text/html; charset=utf-8"},
           {" \t\r\n\f<!doctype html ", "text/html; charset=utf-8"},
           {"<!-->", "text/html; charset=utf-8"},
           {"<p>", "text/html; charset=utf-8"},
           {"<p", "text/plain; charset=utf-8"},
           {"<html/>", "text/plain; charset=utf-8"},
           {"<bold>", "text/plain; charset=utf-8"},
           {"\n<?xml version", "text/xml; charset=utf-8"},
           {"<?XML version", "text/plain; charset=utf-8"},
           {"%PDF-1.7", "application/pdf"},
           {" %PDF-1.7", "text/plain; charset=utf-8"},
           {"%!PS-Adobe-3", "application/postscript"},
           {"\xFE\xFF\0a"sv, "text/plain; charset=utf-16be"},
           {"\xFF\xFE\0a"sv, "text/plain; charset=utf-16le"},
           {"\xEF\xBB\xBF\1"sv, "text/plain; charset=utf-8"},
           {"\0\0\1\0"sv, "image/x-icon"},
           {"BM\0"sv, "image/bmp"},
           {"GIF89a", "image/gif"},
           {"GIF88a", "text/plain; charset=utf-8"},
           {"RIFF\1\2\3\4WEBPVP8"sv, "image/webp"},
           {"RIFF\1\2\3\4WAVE"sv, "audio/wave"},
           {"RIFF\1\2\3\4WAV"sv, "application/octet-stream"},
           {"\x89PNG\r\n\x1A\n", "image/png"},
           {"\xFF\xD8\xFF\xE0", "image/jpeg"},
           {"\x1A\x45\xDF\xA3", "video/webm"},
           {"\0\0\0\x10"
            "ftypmp42\0\0\0\0"sv,
            "video/mp4"},
           {"\0\0\0\x14"
            "ftypisom\0\0\0\0mp41"sv,
            "video/mp4"},
           {"\0\0\0\x10"
            "ftypisommp41"sv,
            "application/octet-stream"},
           {"\0\0\0\x14"
            "ftypmp42\0\0\0\0"sv,
            "application/octet-stream"},
           {"wOF2", "font/woff2"},
           {"\x1F\x8B\x08", "application/x-gzip"},
           {"PK\3\4", "application/zip"},
           {"\0asm\1"sv, "application/wasm"},
           {"a\0b"sv, "application/octet-stream"},
           {"a\x1B[0m", "text/plain; charset=utf-8"},
           {"\x7F\xFFü", "text/plain; charset=utf-8"},
       })
    EXPECT_EQ(guess_content_type(c.body), c.type) << c.body;
  EXPECT_EQ(guess_content_type(std::string(36, 'x').replace(34, 2, "LP")), "application/vnd.ms-fontobject");
  EXPECT_EQ(guess_content_type(std::string(512, 'a') + '\0'), "text/plain; charset=utf-8") << "only 512 bytes count";
}

}  // namespace
}  // namespace fl::proxy::middleware
