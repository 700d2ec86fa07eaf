#include "proxy/build/tls_builder.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tls/testing/authority.h"

namespace fl::proxy {
namespace {

using config::dynamic::Tls;
using config::dynamic::TlsOptions;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using tls::testing::Authority;

class TlsBuilderTest : public ::testing::Test {
 protected:
  TlsBuilderTest() : directory(std::filesystem::temp_directory_path() / ("fl-tls-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(directory);
  }
  ~TlsBuilderTest() override { std::filesystem::remove_all(directory); }

  std::string path(const std::string& name) const { return (directory / name).string(); }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(path(name)) << text;
    ::chmod(path(name).c_str(), 0600);
    return path(name);
  }
  // A certificate and its key in NAME.pem and NAME.key.
  void issue(const std::string& name, const Authority::Request& request) {
    const auto issued = authority.issue(request);
    write(name + ".pem", issued.certificate_pem);
    write(name + ".key", issued.key_pem);
  }
  config::dynamic::TlsCertificate pair(const std::string& name) const {
    return {.cert_file = path(name + ".pem"), .key_file = path(name + ".key"), .stores = {}};
  }
  TlsBuilder::Built build(const Tls& configuration) { return builder.build(configuration, system_clock().wall()); }
  // What is wrong, one line each.
  std::vector<std::string> issues(const TlsBuilder::Built& built) {
    std::vector<std::string> out;
    for (const auto& issue : built.report->issues) out.push_back(issue.to_text());
    return out;
  }
  static std::string common_name(const TlsBuilder::Built& built, const std::string& name) {
    const auto* choice = built.tls->certificates->find(name);
    if (choice == nullptr) return "";
    for (const auto& certificate : *choice)
      if (certificate != nullptr) return certificate->facts().common_name;
    return "";
  }

  Authority authority;
  std::filesystem::path directory;
  FileContents files;
  TlsBuilder builder{{}, files};
};

TEST_F(TlsBuilderTest, HasDefaultsWithoutAnyConfiguration) {
  const auto built = build({});
  EXPECT_THAT(issues(built), IsEmpty());
  ASSERT_NE(built.tls->context("default"), nullptr);
  EXPECT_EQ(built.tls->context("other@file"), nullptr);
  EXPECT_EQ(built.report->options.at("default").status, Status::enabled);
  EXPECT_THAT(built.tls->certificates->all(), IsEmpty());
  const auto facts = built.tls->certificates->default_certificate()->facts();
  EXPECT_EQ(facts.common_name, "TRAEFIK DEFAULT CERT");
  EXPECT_THAT(facts.sans, ElementsAre(HasSubstr(".traefik.default")));
  // It stays the same while the rest changes.
  const auto again = build({.options = {{"x@file", {.sni_strict = true}}}});
  EXPECT_EQ(again.tls->certificates, built.tls->certificates);
  EXPECT_EQ(again.tls->context("default"), built.tls->context("default"));
  EXPECT_TRUE(again.tls->context("x@file")->options().sni_strict);
}

TEST_F(TlsBuilderTest, TakesFilesAndText) {
  issue("a", {.common_name = "a", .sans = "DNS:a.test"});
  const auto text = authority.issue({.common_name = "b", .sans = "DNS:b.test"});
  const auto built = build({.certificates = {pair("a"), {text.certificate_pem, text.key_pem, {}}}});
  EXPECT_THAT(issues(built), IsEmpty());
  EXPECT_EQ(common_name(built, "a.test"), "a");
  EXPECT_EQ(common_name(built, "b.test"), "b");
  EXPECT_THAT(builder.files(), ElementsAre(path("a.key"), path("a.pem")));
}

TEST_F(TlsBuilderTest, TakesTheDefaultCertificateOfTheStore) {
  issue("d", {.common_name = "mine", .sans = "DNS:d.test"});
  config::dynamic::TlsStore store{.default_certificate = {{path("d.pem"), path("d.key")}},
                                  .default_generated_cert = {}};
  auto built = build({.stores = {{"default", store}}});
  EXPECT_THAT(issues(built), IsEmpty());
  EXPECT_EQ(built.tls->certificates->default_certificate()->facts().common_name, "mine");
  EXPECT_EQ(built.tls->certificates->find("d.test"), nullptr);  // as in Traefik, it is not one of the certificates

  store.default_generated_cert.emplace();
  built = build({.stores = {{"default", store}, {"other@file", {}}}});
  EXPECT_THAT(issues(built), ElementsAre(HasSubstr("tls.stores.default.defaultGeneratedCert: certificates resolvers"),
                                         HasSubstr("tls.stores.other@file: only the store")));
}

TEST_F(TlsBuilderTest, SaysWhatIsWrongWithCertificatesAndGoesOnWithTheRest) {
  issue("good", {.common_name = "good", .sans = "DNS:good.test"});
  issue("other", {.common_name = "other"});
  issue("late", {.common_name = "late", .sans = "DNS:late.test", .days = -1});
  issue("open", {.common_name = "open", .sans = "DNS:open.test"});
  ::chmod(path("open.key").c_str(), 0644);
  write("garbage.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  Tls configuration;
  const auto add = [&](const std::string& cert, const std::string& key, std::vector<std::string> stores = {}) {
    configuration.certificates.push_back({path(cert), path(key), std::move(stores)});
  };
  add("good.pem", "good.key");
  add("missing.pem", "good.key");
  add("good.pem", "other.key");
  add("good.key", "good.key");
  add("good.pem", "good.pem");
  add("garbage.pem", "good.key");
  add("late.pem", "late.key");
  add("open.pem", "open.key");
  add("other.pem", "other.key", {"elsewhere"});
  add("other.pem", "other.key", {"elsewhere", "default"});
  configuration.certificates.push_back({directory.string(), path("good.key"), {}});
  const auto built = build(configuration);
  EXPECT_THAT(
      issues(built),
      ElementsAre(HasSubstr("tls.certificates[1]: certificate " + path("missing.pem") + ", key " + path("good.key") +
                            ": " + path("missing.pem") + ": No such file"),
                  HasSubstr("the private key is not the certificate's"), HasSubstr("no PEM certificate in it"),
                  HasSubstr("no PEM private key in it"), HasSubstr("a certificate in it cannot be read"),
                  HasSubstr("the certificate expired at 20"),
                  HasSubstr("key " + path("open.key") + " is open to every user of this machine (mode 0644)"),
                  HasSubstr("tls.certificates[8].stores: only the store \"default\""), HasSubstr("Is a directory")));
  EXPECT_THAT(built.tls->certificates->all(), SizeIs(4));
  EXPECT_EQ(common_name(built, "good.test"), "good");
  EXPECT_EQ(common_name(built, "late.test"), "late");
  EXPECT_EQ(common_name(built, "open.test"), "open");
}

TEST_F(TlsBuilderTest, ReadsChangedFilesAgainAndKeepsWhatWasGood) {
  issue("a", {.common_name = "first", .sans = "DNS:a.test"});
  issue("b", {.common_name = "b", .sans = "DNS:b.test"});
  const Tls configuration{.certificates = {pair("a"), pair("b")}, .options = {}, .stores = {}};
  const auto first = build(configuration);
  EXPECT_EQ(build(configuration).tls, first.tls);

  issue("a", {.common_name = "second", .sans = "DNS:a.test"});
  EXPECT_EQ(build(configuration).tls, first.tls) << "nobody said that files changed";
  files.look_again();
  const auto second = build(configuration);
  EXPECT_EQ(common_name(second, "a.test"), "second");
  EXPECT_EQ(second.tls->certificates->all()[1], first.tls->certificates->all()[1]);
  EXPECT_EQ(&second.tls->context("default")->certificates(), second.tls->certificates.get());
  EXPECT_EQ(common_name(first, "a.test"), "first");

  const auto stays = [&](const std::string& why) {
    files.look_again();
    const auto built = build(configuration);
    EXPECT_EQ(common_name(built, "a.test"), "second") << why;
    EXPECT_EQ(built.tls, build(configuration).tls);
    EXPECT_THAT(issues(built), ElementsAre(::testing::AllOf(HasSubstr(path("a.pem")), HasSubstr(why),
                                                            HasSubstr("the one loaded before stays in use"))));
  };
  write("a.key", "nothing");
  stays("no PEM private key");
  issue("a", {.common_name = "late", .days = -1});
  stays("it expired at");
  write("a.pem", authority.issue({.common_name = "x"}).certificate_pem);
  stays("not the certificate's");
  std::filesystem::remove(path("a.pem"));
  stays("No such file");

  issue("a", {.common_name = "third", .sans = "DNS:a.test"});
  files.look_again();
  const auto last = build(configuration);
  EXPECT_EQ(common_name(last, "a.test"), "third");
  EXPECT_THAT(issues(last), IsEmpty());
}

TEST_F(TlsBuilderTest, RefusesSetsOfOptionsThatAreWrong) {
  write("empty.pem", "");
  const std::string ca = write("ca.pem", authority.pem());
  struct Case {
    TlsOptions options;
    std::string error;
  };
  const std::vector<Case> cases{
      {{.min_version = "TLS1.2"}, "unknown TLS version \"TLS1.2\""},
      {{.min_version = "VersionTLS13", .max_version = "VersionTLS12"}, "minVersion is above maxVersion"},
      {{.cipher_suites = {"NOPE"}}, "invalid CipherSuite: NOPE"},
      {{.curve_preferences = {"NOPE"}}, "invalid CurveID in curvePreferences: NOPE"},
      {{.client_auth = {.client_auth_type = "Maybe"}}, "unknown client auth type \"Maybe\""},
      {{.client_auth = {.client_auth_type = "RequireAndVerifyClientCert"}},
       "invalid clientAuthType: RequireAndVerifyClientCert, CAFiles is required"},
      {{.client_auth = {.ca_files = {path("none.pem")}}}, path("none.pem") + ": No such file"},
      {{.client_auth = {.ca_files = {path("empty.pem")}}}, "no PEM certificate"}};
  for (const Case& c : cases) {
    const auto built = build({.options = {{"default", c.options}, {"good@file", {}}}});
    EXPECT_EQ(built.tls->context("default"), nullptr) << c.error;
    EXPECT_NE(built.tls->context("good@file"), nullptr);
    const auto& report = built.report->options.at("default");
    EXPECT_EQ(report.status, Status::disabled);
    EXPECT_THAT(report.errors, ElementsAre(HasSubstr(c.error)));
  }
  const auto built = build({.options = {{"default", {.client_auth = {.ca_files = {ca}}}}}});
  EXPECT_EQ(built.tls->context("default")->options().client_auth, tls::ClientAuth::require_and_verify);
  EXPECT_THAT(builder.files(), ElementsAre(ca));
  // The file of the authorities goes bad while the options stay: nobody is let in or shut out by that.
  write("ca.pem", "");
  files.look_again();
  const auto after = build({.options = {{"default", {.client_auth = {.ca_files = {ca}}}}}});
  EXPECT_EQ(after.tls->context("default"), built.tls->context("default"));
  EXPECT_THAT(after.report->options.at("default").errors, ElementsAre(HasSubstr("stay in use")));
}

TEST_F(TlsBuilderTest, WarnsOfWhatIsLeftOut) {
  const auto built = build({.options = {{"default", {.curve_preferences = {"X25519", "X25519MLKEM768"}}}}});
  const auto& report = built.report->options.at("default");
  EXPECT_NE(built.tls->context("default"), nullptr);
  EXPECT_EQ(report.errors.size(), tls::is_curve_available("X25519MLKEM768") ? 0u : 1u);
}

TEST_F(TlsBuilderTest, AgreesOnAnyProtocolButAcmes) {
  const auto built =
      build({.options = {{"default", {}}, {"db@file", {.alpn_protocols = {"acme-tls/1", "postgresql"}}}}});
  EXPECT_THAT(built.tls->context("default")->options().alpn, ElementsAre("h2", "http/1.1"));
  EXPECT_THAT(built.tls->context("db@file")->options().alpn, ElementsAre("postgresql"));
  EXPECT_EQ(built.report->options.at("db@file").status, Status::enabled);
}

}  // namespace
}  // namespace fl::proxy
