#include "proxy/service/sticky.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/strings.h"

namespace fl::proxy {

std::string default_cookie_name(std::string_view service) {
  return "_" + hex(sha1(fmt::format("_TRAEFIK_BACKEND_{}", service))).substr(0, 5);
}

Sticky::Sticky(const config::dynamic::Cookie& options, std::string_view service, const std::vector<Child>& children)
    : name_(options.name.empty() ? default_cookie_name(service) : options.name) {
  // The order of attributes is Go's, so that answers compare equal to Traefik's.
  if (!options.path.empty()) attributes_ += "; Path=" + options.path;
  if (!options.domain.empty()) attributes_ += "; Domain=" + options.domain;
  if (options.max_age > 0) attributes_ += fmt::format("; Max-Age={}", options.max_age);
  if (options.max_age < 0) attributes_ += "; Max-Age=0";
  if (options.http_only) attributes_ += "; HttpOnly";
  if (options.secure) attributes_ += "; Secure";
  const std::string same_site = to_lower(options.same_site);
  if (same_site == "none") attributes_ += "; SameSite=None";
  if (same_site == "lax") attributes_ += "; SameSite=Lax";
  if (same_site == "strict") attributes_ += "; SameSite=Strict";
  const auto current = [](std::string_view child) { return hex(sha256(child)).substr(0, 16); };
  for (const Child& child : children) {
    const std::string fnv = fmt::format("{:x}", fnv1_64(child.name));
    Values& values =
        children_.emplace_back(current(child.name), std::vector{child.name, fnv, fmt::format("{:x}", fnv1_64(fnv))});
    if (!child.other_name.empty()) values.legacy.push_back(current(child.other_name));
  }
}

Sticky::Choice Sticky::find(const http::HeaderMap& request_headers) const {
  for (const http::Field& field : request_headers) {
    if (field.id != http::HeaderId::cookie) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const size_t end = rest.find(';');
      const std::string_view pair = trim(rest.substr(0, end));
      rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
      if (pair.size() <= name_.size() || pair[name_.size()] != '=' || !pair.starts_with(name_)) continue;
      std::string_view value = pair.substr(name_.size() + 1);
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
      for (size_t i = 0; i < children_.size(); ++i) {
        if (value == children_[i].current) return {static_cast<int>(i), false};
        for (const std::string& legacy : children_[i].legacy)
          if (value == legacy) return {static_cast<int>(i), true};
      }
      return {};
    }
  }
  return {};
}

void Sticky::set_cookie(http::Exchange& exchange, int child) const {
  exchange.response.headers.append(
      http::HeaderId::set_cookie,
      exchange.arena.concat({name_, "=", children_[static_cast<size_t>(child)].current, attributes_}));
}

}  // namespace fl::proxy
