#include "tls/options.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "tls/kernel_sealing.h"

namespace fl::tls {
namespace {

constexpr std::array<std::pair<std::string_view, Version>, 4> kVersions{{{"VersionTLS10", Version::tls10},
                                                                         {"VersionTLS11", Version::tls11},
                                                                         {"VersionTLS12", Version::tls12},
                                                                         {"VersionTLS13", Version::tls13}}};
constexpr std::array<std::pair<std::string_view, ClientAuth>, 5> kClientAuth{
    {{"NoClientCert", ClientAuth::none},
     {"RequestClientCert", ClientAuth::request},
     {"RequireAnyClientCert", ClientAuth::require_any},
     {"VerifyClientCertIfGiven", ClientAuth::verify_if_given},
     {"RequireAndVerifyClientCert", ClientAuth::require_and_verify}}};

template <class Table>
auto look_up(const Table& table, std::string_view word, std::string_view what)
    -> Result<typename Table::value_type::second_type> {
  std::string known;
  for (const auto& [name, value] : table) {
    if (name == word) return value;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", name);
  }
  return fail(Code::invalid, fmt::format("unknown {} \"{}\": it is one of {}", what, word, known));
}

}  // namespace

Result<Version> parse_version(std::string_view word) { return look_up(kVersions, word, "TLS version"); }
Result<ClientAuth> parse_client_auth(std::string_view word) { return look_up(kClientAuth, word, "client auth type"); }

Result<> probe_kernel_tls() { return KernelSealing::probe(); }

}  // namespace fl::tls
