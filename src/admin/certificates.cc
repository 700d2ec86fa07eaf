#include "admin/certificates.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/strings.h"

namespace fl::admin {
namespace {

using tls::CertificateFacts;

constexpr auto kSoon = std::chrono::days(30);

std::string_view status_of(const CertificateFacts& c, WallTime now) {
  return c.not_after < now ? "expired" : c.not_after < now + kSoon ? "warning" : "enabled";
}

std::vector<const CertificateFacts*> all(const proxy::RuntimeReport& report) {
  std::vector<const CertificateFacts*> out;
  if (report.tls == nullptr) return out;
  for (const auto* certificate : report.tls->certificates->configured()) out.push_back(&certificate->facts());
  return out;
}

bool mentions(const CertificateFacts& c, std::string_view lower_case) {
  const auto contains = [lower_case](std::string_view text) {
    return to_lower(text).find(lower_case) != std::string::npos;
  };
  return contains(c.common_name) || contains(c.issuer_common_name) || contains(c.issuer_organization) ||
         std::ranges::any_of(c.sans, contains);
}

}  // namespace

std::vector<const CertificateFacts*> list_certificates(const proxy::RuntimeReport& report, const ListQuery& query,
                                                       WallTime now) {
  std::vector<const CertificateFacts*> out = all(report);
  const std::string search = to_lower(query.search);
  std::erase_if(out, [&](const CertificateFacts* c) {
    return (!query.status.empty() && !iequals(status_of(*c, now), query.status)) ||
           (!search.empty() && !mentions(*c, search));
  });
  // Names break ties.
  const auto by = [&out](auto key) {
    std::ranges::sort(out, [key](const CertificateFacts* a, const CertificateFacts* b) {
      return std::tuple(key(*a), std::string_view(a->common_name), std::string_view(a->fingerprint)) <
             std::tuple(key(*b), std::string_view(b->common_name), std::string_view(b->fingerprint));
    });
  };
  if (query.sort_by == "status")
    by([now](const CertificateFacts& c) { return status_of(c, now); });
  else if (query.sort_by == "issuer")
    by([](const CertificateFacts& c) {
      return std::string_view(c.issuer_organization.empty() ? c.issuer_common_name : c.issuer_organization);
    });
  else if (query.sort_by == "validUntil")
    by([](const CertificateFacts& c) { return c.not_after; });
  else
    by([](const CertificateFacts&) { return 0; });
  if (!query.direction.empty() && query.direction != "asc") std::ranges::reverse(out);
  return out;
}

const CertificateFacts* find_certificate(const proxy::RuntimeReport& report, std::string_view fingerprint) {
  for (const CertificateFacts* facts : all(report))
    if (iequals(facts->fingerprint, fingerprint)) return facts;
  return nullptr;
}

json::Value encode_certificate(const CertificateFacts& c, WallTime now) {
  json::Object out{{"name", c.fingerprint}};
  const auto add = [&out](std::string_view key, std::string_view value) {
    if (!value.empty()) out.emplace_back(key, value);
  };
  if (!c.sans.empty()) out.emplace_back("sans", json::Array(c.sans.begin(), c.sans.end()));
  add("notAfter", format_rfc3339(c.not_after));
  add("notBefore", format_rfc3339(c.not_before));
  add("serialNumber", c.serial);
  add("commonName", c.common_name);
  add("issuerOrg", c.issuer_organization);
  add("issuerCN", c.issuer_common_name);
  add("issuerCountry", c.issuer_country);
  add("organization", c.organization);
  add("country", c.country);
  add("version", fmt::format("v{}", c.version));
  add("keyType", c.key_type);
  out.emplace_back("keySize", static_cast<int64_t>(c.key_bits));
  add("signatureAlgorithm", c.signature_algorithm);
  add("certFingerprint", c.fingerprint);
  add("publicKeyFingerprint", c.public_key_fingerprint);
  add("status", status_of(c, now));
  return out;
}

json::Value count_certificates(const proxy::RuntimeReport& report, WallTime now) {
  int64_t total = 0, warnings = 0, errors = 0;
  for (const CertificateFacts* c : all(report)) {
    ++total;
    const std::string_view status = status_of(*c, now);
    warnings += status == "warning";
    errors += status == "expired";
  }
  return json::Object{{"total", total}, {"warnings", warnings}, {"errors", errors}};
}

}  // namespace fl::admin
