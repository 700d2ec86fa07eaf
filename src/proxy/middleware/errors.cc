#include "proxy/middleware/errors.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "http/status_range.h"
#include "proxy/answers.h"
#include "proxy/middleware/escaped_text.h"
#include "proxy/middleware/forwardable_path.h"
#include "proxy/transaction.h"

namespace fl::proxy::middleware {
namespace {

using http::Exchange;

// A text with {status}, {originalStatus} and {url} in it.
class PageQuery {
 public:
  explicit PageQuery(std::string_view text) {
    while (!text.empty()) {
      const size_t at = text.find('{');
      if (at != 0) pieces_.push_back({Piece::literal, std::string(text.substr(0, at))});
      text.remove_prefix(std::min(at, text.size()));
      const auto it = std::ranges::find_if(kNames, [text](const auto& name) { return text.starts_with(name.first); });
      if (it != std::end(kNames))
        pieces_.push_back({it->second, {}});
      else if (!text.empty())
        pieces_.push_back({Piece::literal, "{"});
      text.remove_prefix(it != std::end(kNames) ? it->first.size() : std::min<size_t>(1, text.size()));
    }
  }

  std::string fill(const Exchange& x, uint16_t status, uint16_t original) const {
    std::string out;
    for (const auto& [piece, literal] : pieces_) {
      switch (piece) {
        case Piece::literal: out += literal; break;
        case Piece::status: out += fmt::to_string(status); break;
        case Piece::original_status: out += fmt::to_string(original); break;
        case Piece::url: append_escaped(out, url_of(x)); break;
      }
    }
    return out;
  }

 private:
  enum class Piece : uint8_t { literal, status, original_status, url };
  static constexpr std::pair<std::string_view, Piece> kNames[] = {
      {"{status}", Piece::status}, {"{originalStatus}", Piece::original_status}, {"{url}", Piece::url}};

  static std::string url_of(const Exchange& x) {
    return fmt::format("{}://{}{}{}{}", x.connection().tls ? "https" : "http", x.request.authority, x.request.path,
                       x.request.has_query ? "?" : "", x.request.query);
  }
  static void append_escaped(std::string& out, std::string_view text) {
    EscapedText counted;
    counted.put(text);
    const size_t at = out.size();
    out.resize(at + counted.size());
    EscapedText(out.data() + at).put(text);
  }

  std::vector<std::pair<Piece, std::string>> pieces_;
};

struct Rewrite {
  http::StatusRange from;
  uint16_t to = 0;
};

class Errors final : public http::Handler {
 public:
  Errors(const config::dynamic::Errors& options, std::vector<http::StatusRange> statuses, std::vector<Rewrite> rewrites,
         HandlerPtr next, HandlerPtr service)
      : query_(options.query),
        fields_(options.error_request_headers),
        statuses_(std::move(statuses)),
        rewrites_(std::move(rewrites)),
        next_(std::move(next)),
        service_(std::move(service)) {}

  net::Task<> handle(Exchange& x) const override {
    const bool append_forwarded_for = Transaction::of(x).append_forwarded_for;
    co_await next_->handle(x);
    if (x.drop_connection || !http::contains(statuses_, x.response.status)) co_return;

    const uint16_t status = rewritten(x.response.status);
    const http::RequestHead request = x.request;
    http::BodySource* const body = x.request_body;
    const uint16_t original = x.response.status;
    co_await x.drop_answer();
    if (ask_for_page(x, status, original, append_forwarded_for)) {
      co_await service_->handle(x);
      x.response.status = status;
      x.response.reason = {};
    } else {
      co_await answer_error(x, status);
    }
    // By what the client sent the answer is sent and logged.
    x.request = request;
    x.request_body = body;
  }

 private:
  uint16_t rewritten(uint16_t status) const {
    const auto it = std::ranges::find_if(rewrites_, [status](const Rewrite& r) { return r.from.contains(status); });
    return it == rewrites_.end() ? status : it->to;
  }

  // Makes the request one for the page. -> false: the query leads nowhere
  bool ask_for_page(Exchange& x, uint16_t status, uint16_t original, bool append_forwarded_for) const {
    const std::string target = query_.fill(x, status, original);
    const std::string_view text = x.arena.copy(target);
    const size_t question = text.find('?');
    const auto path = make_forwardable_path(text.substr(0, question), x.arena);
    if (!path) return false;

    http::RequestHead& request = x.request;
    request.method = "GET";
    request.method_id = http::Method::get;
    request.path = *path;
    request.has_query = question != text.npos;
    request.query = request.has_query ? text.substr(question + 1) : std::string_view();
    request.framing = http::Framing::none;
    request.content_length = 0;
    request.expects_continue = false;
    request.upgrade = {};
    x.request_body = nullptr;
    if (fields_) {
      request.headers.remove_if([this](const http::Field& field) {
        return field.id != http::HeaderId::host &&
               std::ranges::none_of(*fields_, [&field](const std::string& name) { return iequals(name, field.name); });
      });
      if (!request.headers.contains(http::HeaderId::x_forwarded_for))
        Transaction::of(x).append_forwarded_for = append_forwarded_for;
    }
    return true;
  }

  const PageQuery query_;
  const std::optional<std::vector<std::string>> fields_;
  const std::vector<http::StatusRange> statuses_;
  const std::vector<Rewrite> rewrites_;
  const HandlerPtr next_;
  const HandlerPtr service_;
};

}  // namespace

Result<HandlerPtr> make_errors(const config::dynamic::Errors& options, HandlerPtr next, HandlerPtr service) {
  if (options.service.empty()) return fail(Code::invalid, "no service for the pages is given");
  if (!std::ranges::all_of(options.query, [](char c) { return c > ' ' && c < '\x7f' && c != '#'; }))
    return fail(Code::invalid,
                fmt::format("query \"{}\" has characters that cannot stand in a URL's path or query", options.query));
  FL_TRY(std::vector<http::StatusRange> statuses, http::parse_status_ranges(options.status));
  std::vector<Rewrite> rewrites;
  for (const auto& [from, to] : options.status_rewrites) {
    FL_TRY(const http::StatusRange range, http::StatusRange::parse(from));
    if (to < 200 || to > 599)
      return fail(Code::invalid, fmt::format("statusRewrites {}: {} is no status to answer with", from, to));
    rewrites.push_back({range, static_cast<uint16_t>(to)});
  }
  return std::make_shared<Errors>(options, std::move(statuses), std::move(rewrites), std::move(next),
                                  std::move(service));
}

}  // namespace fl::proxy::middleware
