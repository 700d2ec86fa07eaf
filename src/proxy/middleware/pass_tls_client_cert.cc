#include "proxy/middleware/pass_tls_client_cert.h"

#include <fmt/format.h>

#include <algorithm>
#include <bitset>

#include "proxy/middleware/escaped_text.h"

namespace fl::proxy::middleware {
namespace {

using Part = tls::DistinguishedName::Part;
using http::HeaderId;
using tls::PeerCertificate;

// In the order in which they are written.
constexpr std::pair<Part, std::string_view> kParts[] = {
    {Part::domain_component, "DC="}, {Part::country, "C="},      {Part::province, "ST="},
    {Part::locality, "L="},          {Part::organization, "O="}, {Part::organizational_unit, "OU="},
    {Part::serial_number, "SN="},    {Part::common_name, "CN="},
};
using Parts = std::bitset<std::size(kParts)>;

// Of these the last one counts, as Go reads names; the others are all written.
constexpr bool is_single(Part part) { return part == Part::serial_number || part == Part::common_name; }

template <class Options>
Parts parts_of(const std::optional<Options>& options) {
  Parts parts;
  if (!options) return parts;
  const auto wants = [&parts](Part part, bool wanted) { parts[static_cast<size_t>(part)] = wanted; };
  wants(Part::domain_component, options->domain_component);
  wants(Part::country, options->country);
  wants(Part::province, options->province);
  wants(Part::locality, options->locality);
  wants(Part::organization, options->organization);
  if constexpr (requires { options->organizational_unit; })
    wants(Part::organizational_unit, options->organizational_unit);
  wants(Part::serial_number, options->serial_number);
  wants(Part::common_name, options->common_name);
  return parts;
}

// What comes between the items of a list.
class Separator {
 public:
  Separator(EscapedText& out, std::string_view text) : out_(out), text_(text) {}
  void next() {
    if (std::exchange(has_one_, true)) out_.put(text_);
  }

 private:
  EscapedText& out_;
  const std::string_view text_;
  bool has_one_ = false;
};

class CertificateText {
 public:
  explicit CertificateText(const config::dynamic::TlsClientCertInfo& options)
      : subject_(parts_of(options.subject)),
        issuer_(parts_of(options.issuer)),
        serial_number_(options.serial_number),
        not_before_(options.not_before),
        not_after_(options.not_after),
        sans_(options.sans) {}

  void write(const std::vector<PeerCertificate>& certificates, EscapedText& out) const {
    Separator between(out, ",");
    for (const PeerCertificate& certificate : certificates) {
      between.next();
      write(certificate, out);
    }
  }

 private:
  void write(const PeerCertificate& certificate, EscapedText& out) const {
    Separator between(out, ";");
    const auto field = [&](std::string_view name, const auto& value) {
      between.next();
      out.put(name);
      out.put("=\"");
      value();
      out.put("\"");
    };
    const auto time = [&](std::string_view name, int64_t seconds) {
      field(name, [&] { out.put(fmt::format_int(static_cast<uint64_t>(seconds)).c_str()); });
    };
    if (has_any(certificate.subject, subject_)) field("Subject", [&] { write(certificate.subject, subject_, out); });
    if (has_any(certificate.issuer, issuer_)) field("Issuer", [&] { write(certificate.issuer, issuer_, out); });
    if (serial_number_) field("SerialNumber", [&] { out.put(certificate.serial); });
    if (not_before_) time("NB", certificate.not_before);
    if (not_after_) time("NA", certificate.not_after);
    if (sans_ && !certificate.sans.empty())
      field("SAN", [&] {
        Separator names(out, ",");
        for (const std::string& san : certificate.sans) {
          names.next();
          out.put(san);
        }
      });
  }

  static bool has_any(const tls::DistinguishedName& name, const Parts& wanted) {
    return std::ranges::any_of(name.parts, [&wanted](const auto& part) {
      return wanted[static_cast<size_t>(part.first)] && !part.second.empty();
    });
  }

  static void write(const tls::DistinguishedName& name, const Parts& wanted, EscapedText& out) {
    Separator between(out, ",");
    for (const auto& [part, label] : kParts) {
      if (!wanted[static_cast<size_t>(part)]) continue;
      for (auto it = name.parts.begin(); it != name.parts.end(); ++it) {
        if (it->first != part || it->second.empty()) continue;
        if (is_single(part) && std::any_of(it + 1, name.parts.end(), [&](const auto& p) { return p.first == part; }))
          continue;
        between.next();
        out.put(label);
        out.put(it->second);
      }
    }
  }

  const Parts subject_, issuer_;
  const bool serial_number_, not_before_, not_after_, sans_;
};

std::string_view pem_of(const std::vector<PeerCertificate>& certificates, Arena& arena) {
  std::string_view text = certificates.front().base64;
  for (size_t i = 1; i < certificates.size(); ++i) text = arena.concat({text, ",", certificates[i].base64});
  return text;
}

class PassTlsClientCert final : public http::Handler {
 public:
  PassTlsClientCert(const config::dynamic::PassTlsClientCert& options, HandlerPtr next)
      : pem_(options.pem), next_(std::move(next)) {
    if (options.info) info_.emplace(*options.info);
  }

  net::Task<> handle(http::Exchange& x) const override {
    const tls::Negotiated* const agreed = x.connection().negotiated;
    if (agreed == nullptr || agreed->peer_certificates.empty()) return next_->handle(x);
    http::HeaderMap& headers = x.request.headers;
    const std::vector<PeerCertificate>& certificates = agreed->peer_certificates;
    if (pem_) headers.set(HeaderId::x_forwarded_tls_client_cert, pem_of(certificates, x.arena));
    if (info_) headers.set(HeaderId::x_forwarded_tls_client_cert_info, info_of(certificates, x.arena));
    return next_->handle(x);
  }

 private:
  std::string_view info_of(const std::vector<PeerCertificate>& certificates, Arena& arena) const {
    EscapedText counted;
    info_->write(certificates, counted);
    char* const place = static_cast<char*>(arena.allocate(counted.size(), 1));
    EscapedText written(place);
    info_->write(certificates, written);
    return {place, written.size()};
  }

  const bool pem_;
  std::optional<CertificateText> info_;
  const HandlerPtr next_;
};

}  // namespace

Result<HandlerPtr> make_pass_tls_client_cert(const config::dynamic::PassTlsClientCert& options, HandlerPtr next) {
  return std::make_shared<PassTlsClientCert>(options, std::move(next));
}

}  // namespace fl::proxy::middleware
