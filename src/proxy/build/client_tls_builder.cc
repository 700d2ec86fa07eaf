#include "proxy/build/client_tls_builder.h"

#include <fmt/format.h>

#include <vector>

namespace fl::proxy {
namespace {

using config::dynamic::ServersTransport;

// What is spoken to servers, in our order.
constexpr std::string_view kSpoken[] = {"h2", "http/1.1"};

Result<tls::PeerName> read_peer_name(const config::dynamic::PeerCertSan& san) {
  using Kind = tls::PeerName::Kind;
  if (san.type == "DNSName") return tls::PeerName{Kind::dns, san.value};
  if (san.type == "URI") return tls::PeerName{Kind::uri, san.value};
  return fail(Code::invalid, fmt::format("peerCertSANs: unknown type \"{}\": it is DNSName or URI", san.type));
}

}  // namespace

struct ClientTlsBuilder::Built {
  ServersTransport options;
  std::vector<FileContents::Identity> files;
  Result<Made> made;
};

ClientTlsBuilder::ClientTlsBuilder(FileContents& files) : files_(files) {}
ClientTlsBuilder::~ClientTlsBuilder() = default;

void ClientTlsBuilder::begin() {
  before_ = std::exchange(now_, {});
  paths_.clear();
}

FileContents::Identity ClientTlsBuilder::look_at(const std::string& value) {
  if (!FileContents::is_text(value)) paths_.insert(value);
  return files_.identity(value);
}

Result<ClientTlsBuilder::Made> ClientTlsBuilder::get(const std::string& name, const ServersTransport& options) {
  return get(name, options, Offers::http);
}

Result<ClientTlsBuilder::Made> ClientTlsBuilder::get_tcp(const std::string& name,
                                                         const config::dynamic::TlsClientConfig& options) {
  ServersTransport same;
  same.server_name = options.server_name;
  same.insecure_skip_verify = options.insecure_skip_verify;
  same.root_cas = options.root_cas;
  same.certificates = options.certificates;
  same.peer_cert_uri = options.peer_cert_uri;
  same.spiffe = options.spiffe;
  return get("tcp " + name, same, Offers::nothing);
}

Result<ClientTlsBuilder::Made> ClientTlsBuilder::get(const std::string& name, const ServersTransport& options,
                                                     Offers offers) {
  if (const auto done = now_.find(name); done != now_.end()) return done->second.made;
  Built built{.options = options, .files = {}, .made = {}};
  for (const std::string& file : options.root_cas) built.files.push_back(look_at(file));
  for (const auto& [cert_file, key_file] : options.certificates) {
    built.files.push_back(look_at(cert_file));
    built.files.push_back(look_at(key_file));
  }
  const auto before = before_.find(name);
  const bool same_options = before != before_.end() && before->second.options == options;
  if (same_options && before->second.files == built.files) {
    built.made = before->second.made;
  } else {
    auto context = read(options, offers).and_then(tls::ClientContext::create);
    if (context)
      built.made = Made{*std::move(context), {}};
    else if (same_options && before->second.made)
      built.made = Made{before->second.made->context, context.error().message + "; what was read before stays in use"};
    else
      built.made = tl::make_unexpected(std::move(context).error());
  }
  return now_.emplace(name, std::move(built)).first->second.made;
}

Result<tls::ClientOptions> ClientTlsBuilder::read(const ServersTransport& options, Offers offers) const {
  if (options.spiffe) return fail(Code::invalid, "spiffe is not supported by this version of fairlead yet");
  tls::ClientOptions out;
  out.server_name = options.server_name;
  out.verify = !options.insecure_skip_verify;
  for (const std::string& file : options.root_cas) {
    FL_TRY(const std::string pem, files_.read(file));
    out.ca_pem += pem;
    out.ca_pem += '\n';
  }
  for (const auto& [cert_file, key_file] : options.certificates) {
    FL_TRY(const std::string chain, files_.read(cert_file));
    FL_TRY(const std::string key, files_.read(key_file));
    auto certificate = tls::Certificate::parse(chain, key);
    if (!certificate)
      return tl::make_unexpected(std::move(certificate)
                                     .error()
                                     .context(FileContents::is_text(cert_file)
                                                  ? "a client certificate"
                                                  : fmt::format("certificate {}", cert_file)));
    out.certificates.push_back(*std::move(certificate));
  }
  out.protocol.cipher_suites = options.cipher_suites;
  if (!options.min_version.empty()) {
    FL_TRY(out.protocol.min_version, tls::parse_version(options.min_version));
  }
  if (!options.max_version.empty()) {
    FL_TRY(out.protocol.max_version, tls::parse_version(options.max_version));
  }
  if (!options.peer_cert_uri.empty()) out.peer_names.push_back({tls::PeerName::Kind::uri, options.peer_cert_uri});
  for (const auto& san : options.peer_cert_sans) {
    FL_TRY(tls::PeerName peer, read_peer_name(san));
    out.peer_names.push_back(std::move(peer));
  }
  if (offers == Offers::nothing) return out;
  for (const std::string_view protocol : kSpoken)
    if (protocol != "h2" || !options.disable_http2) out.alpn.emplace_back(protocol);
  return out;
}

}  // namespace fl::proxy
