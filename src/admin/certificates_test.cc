#include "admin/certificates.h"

#include <gmock/gmock.h>

#include "tls/testing/authority.h"

namespace fl::admin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CertificatesTest : public ::testing::Test {
 protected:
  CertificatesTest() {
    const tls::testing::Authority authority("The CA");
    std::vector<std::shared_ptr<const tls::Certificate>> all;
    const auto add = [&](const std::string& name, const std::string& sans, long days,
                         const std::string& key = "P-256") {
      const auto issued = authority.issue({.common_name = name, .sans = sans, .key = key, .days = days});
      all.push_back(*tls::Certificate::parse(issued.certificate_pem, issued.key_pem));
    };
    add("b", "DNS:b.test,IP:192.0.2.1", 90);
    add("c", "DNS:c.test", -1);
    add("a", "DNS:a.test", 9, "RSA");
    all.push_back(all.front());
    auto tls = std::make_shared<proxy::TlsReport>();
    tls->certificates = std::make_shared<tls::CertificateStore>(
        all, tls::Certificate::make_default(system_clock().wall()), system_clock().wall());
    report.tls = std::move(tls);
  }
  // Common names in the order of the list.
  std::string list(std::string_view query) const {
    std::string out;
    for (const auto* c : list_certificates(report, ListQuery::parse(query), system_clock().wall()))
      out += c->common_name;
    return out;
  }

  proxy::RuntimeReport report;
};

TEST_F(CertificatesTest, AreListedAsAskedFor) {
  EXPECT_EQ(list(""), "abc");
  EXPECT_EQ(list("sortBy=name&direction=desc"), "cba");
  EXPECT_EQ(list("sortBy=validUntil"), "cab");
  EXPECT_EQ(list("sortBy=status"), "bca");
  EXPECT_EQ(list("sortBy=issuer"), "abc");
  EXPECT_EQ(list("status=Expired"), "c");
  EXPECT_EQ(list("status=warning"), "a");
  EXPECT_EQ(list("search=B.TEST"), "b");
  EXPECT_EQ(list("search=192.0"), "b");
  EXPECT_EQ(list("search=the+ca"), "abc");
  EXPECT_EQ(list("search=nothing"), "");
  EXPECT_EQ(json::to_text(count_certificates(report, system_clock().wall())), R"({"total":3,"warnings":1,"errors":1})");
}

TEST_F(CertificatesTest, IncludeADefaultThatSomebodyConfigured) {
  const auto all = report.tls->certificates->all();
  const auto issued = tls::testing::Authority("The CA").issue({.common_name = "d"});
  for (const auto& [chosen, want] :
       {std::pair(*tls::Certificate::parse(issued.certificate_pem, issued.key_pem), "abcd"), {all.front(), "abc"}}) {
    auto tls = std::make_shared<proxy::TlsReport>();
    tls->certificates = std::make_shared<tls::CertificateStore>(all, chosen, system_clock().wall());
    report.tls = std::move(tls);
    EXPECT_EQ(list(""), want);
    EXPECT_NE(find_certificate(report, chosen->facts().fingerprint), nullptr);
  }
}

TEST_F(CertificatesTest, AreShownByTheirFingerprint) {
  const auto& first = report.tls->certificates->all().front()->facts();
  ASSERT_EQ(find_certificate(report, first.fingerprint), &first);
  EXPECT_EQ(find_certificate(report, "ab"), nullptr);
  EXPECT_EQ(find_certificate(report, report.tls->certificates->default_certificate()->facts().fingerprint), nullptr);
  const std::string text = json::to_text(encode_certificate(first, system_clock().wall()));
  EXPECT_THAT(
      text, HasSubstr("{\"name\":\"" + first.fingerprint + "\",\"sans\":[\"b.test\",\"192.0.2.1\"],\"notAfter\":\"20"));
  EXPECT_THAT(text, HasSubstr(R"("commonName":"b","issuerCN":"The CA","version":"v3","keyType":"ECDSA","keySize":256,)"
                              R"("signatureAlgorithm":"ECDSA-SHA256",)"));
  EXPECT_THAT(text, HasSubstr(R"("status":"enabled"})"));
  EXPECT_EQ(first.fingerprint.size(), 64u);
  EXPECT_EQ(first.public_key_fingerprint.size(), 64u);
  EXPECT_EQ(report.tls->certificates->all()[2]->facts().key_type, "RSA");
  EXPECT_EQ(report.tls->certificates->all()[2]->facts().key_bits, 2048);
}

}  // namespace
}  // namespace fl::admin
