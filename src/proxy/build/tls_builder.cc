#include "proxy/build/tls_builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"

namespace fl::proxy {
namespace {

using config::Issue;
using config::Severity;
using tls::Certificate;
using CertificatePtr = std::shared_ptr<const Certificate>;

constexpr const char* kDefault = "default";
// For authorities that check who we are, with certificates made for that: not agreed on without one.
constexpr std::string_view kAcme = "acme-tls/1";

Issue problem(Severity severity, std::string path, std::string text) {
  return {
      .severity = severity, .where = {}, .path = std::move(path), .text = std::move(text), .kind = {}, .object = {}};
}

// How a pair is named in messages: by its files; text has none.
std::string label(const std::string& cert_file, const std::string& key_file) {
  const auto name = [](const std::string& value, std::string_view what) {
    return FileContents::is_text(value) ? fmt::format("the given {}", what) : fmt::format("{} {}", what, value);
  };
  return fmt::format("{}, {}", name(cert_file, "certificate"), name(key_file, "key"));
}

std::string day(WallTime t) { return format_rfc3339(std::chrono::floor<std::chrono::seconds>(t)); }

}  // namespace

struct TlsBuilder::LoadedPair {
  FileContents::Identity cert, key;
  CertificatePtr certificate;  // null when there never was a good one
  std::optional<Issue> issue;
};

struct TlsBuilder::BuiltOptions {
  config::dynamic::TlsOptions configuration;
  std::vector<FileContents::Identity> authorities;
  std::shared_ptr<const tls::ServerContext> context;  // null when there never was a good one
  ObjectReport report;
};

TlsBuilder::TlsBuilder(TlsBuildInputs inputs, FileContents& files) : inputs_(std::move(inputs)), files_(files) {}
TlsBuilder::~TlsBuilder() = default;

TlsBuilder::Built TlsBuilder::build(const config::dynamic::Tls& configuration, WallTime now) {
  if (configuration_ == configuration && generation_ == files_.generation()) return built_;
  if (inputs_.ticket_keys == nullptr) inputs_.ticket_keys = std::make_shared<tls::TicketKeys>(now);
  paths_.clear();
  auto report = std::make_shared<TlsReport>();
  auto tls = std::make_shared<tls::ServerTls>();
  report->certificates = tls->certificates = build_store(configuration, now, *report);
  if (!configuration.options.contains(kDefault)) build_options(kDefault, {}, *tls, *report);
  for (const auto& [name, options] : configuration.options) build_options(name, options, *tls, *report);
  before_ = std::exchange(now_, {});
  options_before_ = std::exchange(options_now_, {});
  configuration_ = configuration;
  generation_ = files_.generation();
  built_ = {std::move(tls), std::move(report)};
  return built_;
}

std::shared_ptr<const tls::CertificateStore> TlsBuilder::build_store(const config::dynamic::Tls& configuration,
                                                                     WallTime now, TlsReport& report) {
  std::vector<CertificatePtr> certificates;
  for (size_t i = 0; i < configuration.certificates.size(); ++i) {
    const auto& [cert_file, key_file, stores] = configuration.certificates[i];
    const std::string place = fmt::format("tls.certificates[{}]", i);
    if (!stores.empty() && std::ranges::find(stores, kDefault) == stores.end()) {
      report.issues.push_back(problem(Severity::warning, place + ".stores",
                                      "only the store \"default\" is used: this certificate is shown to nobody"));
      continue;
    }
    if (auto certificate = load(cert_file, key_file, place, now, report))
      certificates.push_back(std::move(certificate));
  }
  CertificatePtr default_certificate;
  for (const auto& [name, store] : configuration.stores) {
    const std::string place = fmt::format("tls.stores.{}", name);
    if (name != kDefault) {
      report.issues.push_back(problem(Severity::warning, place, "only the store \"default\" is used"));
      continue;
    }
    if (store.default_certificate)
      default_certificate = load(store.default_certificate->cert_file, store.default_certificate->key_file,
                                 place + ".defaultCertificate", now, report);
    if (store.default_generated_cert)
      report.issues.push_back(problem(Severity::error, place + ".defaultGeneratedCert",
                                      "certificates resolvers are not supported by this version of fairlead yet"));
  }
  if (default_certificate == nullptr) {
    if (generated_ == nullptr || generated_->not_after() < now) generated_ = Certificate::make_default(now);
    default_certificate = generated_;
  }
  if (built_.tls != nullptr) {
    const tls::CertificateStore& last = *built_.tls->certificates;
    if (last.all() == certificates && last.default_certificate() == default_certificate)
      return built_.tls->certificates;
  }
  return std::make_shared<const tls::CertificateStore>(std::move(certificates), std::move(default_certificate), now);
}

FileContents::Identity TlsBuilder::look_at(const std::string& value) {
  if (!FileContents::is_text(value)) paths_.insert(value);
  return files_.identity(value);
}

CertificatePtr TlsBuilder::load(const std::string& cert_file, const std::string& key_file, const std::string& place,
                                WallTime now, TlsReport& report) {
  const auto [entry, is_new] = now_.try_emplace({cert_file, key_file});
  LoadedPair& pair = entry->second;
  if (!is_new) return pair.certificate;
  pair.cert = look_at(cert_file);
  pair.key = look_at(key_file);
  const auto before = before_.find(entry->first);
  const bool was_there = before != before_.end();
  if (was_there && before->second.cert == pair.cert && before->second.key == pair.key) {
    pair = before->second;
    if (pair.issue) report.issues.push_back(*pair.issue);
    return pair.certificate;
  }

  const CertificatePtr old = was_there ? before->second.certificate : nullptr;
  const auto parse = [&]() -> Result<CertificatePtr> {
    FL_TRY(const std::string chain, files_.read(cert_file));
    FL_TRY(const std::string key, files_.read(key_file));
    FL_TRY(CertificatePtr parsed, Certificate::parse(chain, key));
    if (parsed->not_after() < now && old != nullptr && old->not_after() >= now)
      return fail(Code::invalid, fmt::format("it expired at {}", day(parsed->not_after())));
    return parsed;
  };
  auto parsed = parse();
  if (!parsed) {
    pair.certificate = old;
    pair.issue = problem(Severity::error, place,
                         fmt::format("{}: {}{}", label(cert_file, key_file), parsed.error().message,
                                     old != nullptr ? "; the one loaded before stays in use" : ""));
  } else {
    pair.certificate = *std::move(parsed);
    if (was_there) log::info("tls: {}: read again", label(cert_file, key_file));
    if (pair.certificate->not_after() < now)
      pair.issue = problem(Severity::warning, place,
                           fmt::format("{}: the certificate expired at {}: clients will refuse it",
                                       label(cert_file, key_file), day(pair.certificate->not_after())));
    else if ((pair.key.mode & 07) != 0)
      pair.issue = problem(Severity::warning, place,
                           fmt::format("key {} is open to every user of this machine (mode {:04o}): chmod 600 it",
                                       key_file, pair.key.mode & 07777));
  }
  if (pair.issue) report.issues.push_back(*pair.issue);
  return pair.certificate;
}

Result<tls::ServerOptions> TlsBuilder::read_options(const config::dynamic::TlsOptions& options) const {
  tls::ServerOptions out;
  if (!options.min_version.empty()) {
    FL_TRY(out.protocol.min_version, tls::parse_version(options.min_version));
  }
  if (!options.max_version.empty()) {
    FL_TRY(out.protocol.max_version, tls::parse_version(options.max_version));
  }
  out.protocol.cipher_suites = options.cipher_suites;
  out.protocol.curves = options.curve_preferences;
  for (const std::string& file : options.client_auth.ca_files) {
    FL_TRY(const std::string pem, files_.read(file));
    out.client_ca_pem += pem;
    out.client_ca_pem += '\n';
  }
  const std::string& mode = options.client_auth.client_auth_type;
  if (!out.client_ca_pem.empty()) out.client_auth = tls::ClientAuth::require_and_verify;
  if (!mode.empty()) {
    FL_TRY(out.client_auth, tls::parse_client_auth(mode));
    if (out.client_auth >= tls::ClientAuth::verify_if_given && out.client_ca_pem.empty())
      return fail(Code::invalid, fmt::format("invalid clientAuthType: {}, CAFiles is required", mode));
  }
  out.sni_strict = options.sni_strict;
  for (const std::string& protocol : options.alpn_protocols)
    if (protocol != kAcme) out.alpn.push_back(protocol);  // any other: what TCP routers pass on is not for us to know
  out.session_tickets = !options.disable_session_tickets;
  out.key_log_file = inputs_.key_log_file;
  out.kernel_tls = inputs_.kernel_tls;
  return out;
}

void TlsBuilder::build_options(const std::string& name, const config::dynamic::TlsOptions& options, tls::ServerTls& tls,
                               TlsReport& report) {
  BuiltOptions built{.configuration = options, .authorities = {}, .context = nullptr, .report = {}};
  for (const std::string& file : options.client_auth.ca_files) built.authorities.push_back(look_at(file));
  const auto before = options_before_.find(name);
  const bool same_options = before != options_before_.end() && before->second.configuration == options;
  if (same_options && before->second.authorities == built.authorities) {
    built = before->second;
  } else {
    auto made = read_options(options).and_then([&](const tls::ServerOptions& read) {
      return tls::ServerContext::create(read, tls.certificates, inputs_.ticket_keys);
    });
    if (made) {
      built.context = *std::move(made);
    } else {
      if (same_options) built.context = before->second.context;  // only its files went bad
      if (built.context != nullptr)
        built.report.warn(made.error().message + "; the authorities read before stay in use");
      else
        built.report.disable(made.error().message + "; handshakes that need these options are refused");
    }
    for (const std::string& curve : options.curve_preferences)
      if (built.context != nullptr && !tls::is_curve_available(curve))
        built.report.warn(fmt::format("curvePreferences: this OpenSSL does not have {}; it is left out", curve));
  }
  if (built.context != nullptr) {
    if (&built.context->certificates() != tls.certificates.get()) built.context = built.context->with(tls.certificates);
    tls.contexts.emplace(name, built.context);
  }
  report.options.emplace(name, built.report);
  options_now_.insert_or_assign(name, std::move(built));
}

}  // namespace fl::proxy
