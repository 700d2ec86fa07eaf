#include "admin/dashboard_handler.h"

#include <fmt/format.h>

#include "admin/answers.h"
#include "base/check.h"
#include "base/crypto.h"

namespace fl::admin {
namespace {

// 'sha256-...' of the text between <tag> and </tag> (CSP Level 3, 2.3.1).
std::string hash_source(std::string_view page, std::string_view tag) {
  const std::string open = fmt::format("<{}>", tag), close = fmt::format("</{}>", tag);
  const size_t begin = page.find(open) + open.size();
  const size_t end = page.find(close);
  FL_CHECK(end != page.npos && begin <= end);
  const auto digest = sha256(page.substr(begin, end - begin));
  return fmt::format("'sha256-{}'", base64_encode({reinterpret_cast<const char*>(digest.data()), digest.size()}));
}

}  // namespace

DashboardHandler::DashboardHandler()
    : policy_(fmt::format("default-src 'none'; script-src {}; style-src {}; connect-src 'self'; img-src data:; "
                          "base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
                          hash_source(kDashboardPage, "script"), hash_source(kDashboardPage, "style"))) {}

net::Task<> DashboardHandler::handle(http::Exchange& x) const {
  const std::string_view path = x.request.path;
  if (!path.empty() && path != "/" && !path.ends_with("/dashboard/")) co_return answer_not_found(x);
  if (x.request.method_id != http::Method::get) co_return x.respond(405, "", {});
  x.respond(200, kDashboardPage, "text/html; charset=utf-8");
  x.response.headers.append("Content-Security-Policy", policy_);
  x.response.headers.append("X-Content-Type-Options", "nosniff");
  x.response.headers.append("Referrer-Policy", "same-origin");
  x.response.headers.append("Cache-Control", "no-cache");
}

}  // namespace fl::admin
