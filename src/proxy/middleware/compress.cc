#include "proxy/middleware/compress.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/compression.h"
#include "base/strings.h"
#include "http/grammar.h"
#include "proxy/middleware/compressed_answer.h"
#include "proxy/transaction.h"

namespace fl::proxy::middleware {
namespace {

using http::Exchange;
using http::HeaderId;

constexpr std::string_view kGrpc = "application/grpc";
constexpr uint64_t kDefaultLeast = 1024;

// The type and subtype of a Content-Type, as sent; its parameters do not count. nullopt: not one
std::optional<std::string_view> media_type(std::string_view value) {
  const std::string_view type = trim(value.substr(0, value.find(';')));
  const size_t slash = type.find('/');
  if (slash == type.npos || !http::is_token(type.substr(0, slash)) || !http::is_token(type.substr(slash + 1)))
    return std::nullopt;
  return type;
}

bool is_grpc(std::string_view type) {
  return iequals(type.substr(0, kGrpc.size()), kGrpc) && (type.size() == kGrpc.size() || type[kGrpc.size()] == '+');
}

// Accept-Encoding as Traefik reads it: the highest weight wins, and among equals the order of `encodings`.
class Negotiation {
 public:
  Negotiation(std::vector<ContentCoding> encodings, std::optional<ContentCoding> fallback)
      : encodings_(std::move(encodings)), fallback_(fallback) {}

  std::optional<ContentCoding> choose(const http::HeaderMap& request) const {
    if (!request.contains(HeaderId::accept_encoding)) return not_gzip(fallback_);
    double best_weight = 0;
    size_t best_rank = 0;
    std::optional<ContentCoding> best;
    for (const http::Field& field : request) {
      if (field.id != HeaderId::accept_encoding) continue;
      for (const std::string_view item : split(field.value, ',')) {
        const size_t semicolon = item.find(';');
        const std::string_view name = trim(item.substr(0, semicolon));
        const std::optional<double> weight = semicolon == item.npos ? 1.0 : parse_weight(item.substr(semicolon + 1));
        const std::optional<size_t> rank = rank_of(name);
        if (!weight || *weight <= 0 || !rank) continue;
        if (*weight < best_weight || (*weight == best_weight && *rank >= best_rank)) continue;
        best_weight = *weight;
        best_rank = *rank;
        best = name == "*" ? not_gzip(fallback_ ? fallback_ : encodings_.front()) : parse_content_coding(name);
      }
    }
    return best;
  }

 private:
  // `*` before all, identity behind all; nullopt: not known
  std::optional<size_t> rank_of(std::string_view name) const {
    if (name == "*") return 0;
    if (name == "identity") return encodings_.size() + 1;
    for (size_t i = 0; i < encodings_.size(); ++i)
      if (name == to_string(encodings_[i])) return i + 1;
    return std::nullopt;
  }

  // Of the parameters behind the name only a first `q` counts.
  static std::optional<double> parse_weight(std::string_view parameters) {
    const std::string_view text = trim(parameters);
    if (!text.starts_with("q=")) return 1.0;
    double weight = 0;
    const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), weight);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return weight;
  }

  static std::optional<ContentCoding> not_gzip(std::optional<ContentCoding> coding) {
    return coding == ContentCoding::gzip ? std::nullopt : coding;
  }

  const std::vector<ContentCoding> encodings_;
  const std::optional<ContentCoding> fallback_;
};

struct Types {
  std::vector<std::string> excluded;
  std::vector<std::string> included;  // empty: all but the excluded

  static bool contains(const std::vector<std::string>& types, std::string_view type) {
    return std::ranges::any_of(types, [type](const std::string& t) { return iequals(t, type); });
  }
  bool has_excluded(std::string_view type) const { return is_grpc(type) || contains(excluded, type); }
  // An answer without a type passes.
  bool allow(const std::string_view* content_type) const {
    if (content_type == nullptr) return true;
    const std::optional<std::string_view> type = media_type(*content_type);
    return type && !has_excluded(*type) && (included.empty() || contains(included, *type));
  }
};

class Compress final : public http::Handler {
 public:
  Compress(Negotiation negotiation, Types types, uint64_t least, HandlerPtr next)
      : negotiation_(std::move(negotiation)), types_(std::move(types)), least_(least), next_(std::move(next)) {}

  net::Task<> handle(Exchange& x) const override {
    if (x.request.method_id == http::Method::head) return next_->handle(x);
    const auto asked_type = media_type(x.request.headers.value(HeaderId::content_type));
    if (asked_type && types_.has_excluded(*asked_type)) return next_->handle(x);
    const std::optional<ContentCoding> coding = negotiation_.choose(x.request.headers);
    if (!coding) return next_->handle(x);
    return compress(x, *coding);
  }

 private:
  net::Task<> compress(Exchange& x, ContentCoding coding) const {
    co_await next_->handle(x);
    http::ResponseHead& head = x.response;
    if (head.status < 200) co_return;
    if (!http::has_token(head.headers.value(HeaderId::vary), "Accept-Encoding"))
      head.headers.append(HeaderId::vary, "Accept-Encoding");
    if (!may_compress(x)) co_return;
    head.headers.remove(HeaderId::content_length);
    head.headers.remove("Accept-Ranges");
    if (const std::string_view* const tag = head.headers.find("ETag"); tag != nullptr && tag->starts_with('"'))
      head.headers.set("ETag", x.arena.concat({"W/", *tag}));
    head.headers.set(HeaderId::content_encoding, to_string(coding));
    head.has_content_length = false;
    head.framing = http::Framing::chunked;
    x.response_body =
        std::make_unique<CompressedAnswer>(std::move(x.response_body), coding, Transaction::origin_bytes_of(x));
  }

  bool may_compress(const Exchange& x) const {
    const http::ResponseHead& head = x.response;
    if (x.response_body == nullptr || head.framing == http::Framing::none) return false;
    if (head.status == 204 || head.status == 206 || head.status == 304) return false;
    if (const auto size = x.response_body->remaining(); size && *size < least_) return false;
    if (!head.headers.value(HeaderId::content_encoding).empty()) return false;
    if (http::has_token(head.headers.value(HeaderId::cache_control), "no-transform")) return false;
    return types_.allow(head.headers.find(HeaderId::content_type));
  }

  const Negotiation negotiation_;
  const Types types_;
  const uint64_t least_;
  const HandlerPtr next_;
};

Result<std::vector<std::string>> parse_types(const std::vector<std::string>& texts, std::string_view option) {
  std::vector<std::string> types;
  for (const std::string& text : texts) {
    const std::optional<std::string_view> type = media_type(text);
    if (!type)
      return fail(Code::invalid, fmt::format("{}: \"{}\" is not a media type such as text/html", option, text));
    types.emplace_back(*type);
  }
  return types;
}

}  // namespace

Result<HandlerPtr> make_compress(const config::dynamic::Compress& options, HandlerPtr next) {
  if (!options.excluded_content_types.empty() && !options.included_content_types.empty())
    return fail(Code::invalid, "excludedContentTypes and includedContentTypes options are mutually exclusive");
  Types types;
  FL_TRY(types.excluded, parse_types(options.excluded_content_types, "excludedContentTypes"));
  FL_TRY(types.included, parse_types(options.included_content_types, "includedContentTypes"));

  if (options.encodings.empty()) return fail(Code::invalid, "at least one encoding must be specified");
  std::vector<ContentCoding> encodings;
  for (const std::string& name : options.encodings) {
    const std::optional<ContentCoding> coding = parse_content_coding(name);
    if (!coding) return fail(Code::invalid, fmt::format("unsupported encoding: {} (there are gzip, br, zstd)", name));
    encodings.push_back(*coding);
  }
  std::optional<ContentCoding> fallback;
  if (!options.default_encoding.empty()) {
    fallback = parse_content_coding(options.default_encoding);
    if (!fallback || std::ranges::find(encodings, *fallback) == encodings.end())
      return fail(Code::invalid,
                  fmt::format("unsupported default encoding: {} (must be one of encodings)", options.default_encoding));
  }
  const auto least = options.min_response_body_bytes;
  return std::make_shared<Compress>(Negotiation(std::move(encodings), fallback), std::move(types),
                                    least > 0 ? static_cast<uint64_t>(least) : kDefaultLeast, std::move(next));
}

}  // namespace fl::proxy::middleware
