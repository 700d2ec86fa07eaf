#include "tls/ocsp.h"

#include <gtest/gtest.h>
#include <openssl/ocsp.h>

#include "tls/openssl/handles.h"
#include "tls/testing/authority.h"

namespace fl::tls {
namespace {

using testing::Authority;
using testing::Issued;

const std::string kResponder = "http://ocsp.test/";

class OcspTest : public ::testing::Test {
 protected:
  Issued issue() const { return authority.issue({.common_name = "a.test", .ocsp_responder = kResponder}); }
  Result<OcspQuestion> about(const std::string& chain_pem) const {
    return OcspQuestion::about(*Certificate::parse(chain_pem, leaf.key_pem));
  }
  OcspQuestion question() const { return *about(leaf.certificate_pem + authority.pem()); }
  // What is made of an answer of this kind.
  Result<OcspStaple> checked(const Authority::OcspAnswer& answer) const {
    return question().check(authority.answer_ocsp(leaf, answer), now);
  }
  static std::string said(const Result<OcspStaple>& result) { return result ? "" : result.error().message; }

  const Authority authority;
  const Issued leaf = issue();
  const WallTime now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
};

TEST_F(OcspTest, AsksTheResponderThatTheCertificateNames) {
  const OcspQuestion asked = question();
  EXPECT_EQ(asked.responder(), kResponder);
  const auto* at = reinterpret_cast<const unsigned char*>(asked.der().data());
  const openssl::Owned<OCSP_REQUEST> request(d2i_OCSP_REQUEST(nullptr, &at, static_cast<long>(asked.der().size())));
  ASSERT_NE(request, nullptr);
  ASSERT_EQ(OCSP_request_onereq_count(request.get()), 1);
  const auto authorities = openssl::parse_certificates(authority.pem());
  const auto leaves = openssl::parse_certificates(leaf.certificate_pem);
  const openssl::Owned<OCSP_CERTID> id(
      OCSP_cert_to_id(EVP_sha1(), sk_X509_value(leaves->get(), 0), sk_X509_value(authorities->get(), 0)));
  EXPECT_EQ(OCSP_id_cmp(OCSP_onereq_get0_id(OCSP_request_onereq_get0(request.get(), 0)), id.get()), 0);
}

TEST_F(OcspTest, NobodyCanBeAskedAboutSomeCertificates) {
  const Issued silent = authority.issue({.common_name = "b.test"});
  EXPECT_EQ(
      OcspQuestion::about(*Certificate::parse(silent.certificate_pem + authority.pem(), silent.key_pem)).error().code,
      Code::not_found);
  EXPECT_EQ(about(leaf.certificate_pem).error().code, Code::invalid);
  const Authority stranger("Somebody else");
  EXPECT_EQ(about(leaf.certificate_pem + stranger.pem()).error().code, Code::invalid);
}

TEST_F(OcspTest, AGoodAnswerIsTakenAsItIs) {
  const std::string answer = authority.answer_ocsp(leaf, {.from_s = -1000, .until_s = 3000});
  const auto staple = question().check(answer, now);
  ASSERT_TRUE(staple) << said(staple);
  EXPECT_EQ(*staple->der, answer);
  EXPECT_NEAR(std::chrono::duration<double>(staple->this_update - now).count(), -1000, 2);
  EXPECT_NEAR(std::chrono::duration<double>(staple->next_update - now).count(), 3000, 2);
  EXPECT_NEAR(std::chrono::duration<double>(staple->refresh_at() - now).count(), 1000, 2);
}

TEST_F(OcspTest, AnAnswerWithoutAnEndIsGoodForAnHour) {
  const auto staple = checked({.until_s = 0});
  ASSERT_TRUE(staple) << said(staple);
  EXPECT_EQ(staple->next_update, now + 1h);
}

TEST_F(OcspTest, SomebodyTheIssuerAppointedMaySign) {
  const Issued appointed = authority.issue({.common_name = "Responder", .usage = "OCSPSigning"});
  EXPECT_EQ(said(checked({.signer = &appointed})), "");
  const Issued web_server = authority.issue({.common_name = "b.test"});
  EXPECT_EQ(checked({.signer = &web_server}).error().code, Code::invalid);
}

TEST_F(OcspTest, OtherAnswersAreRefused) {
  EXPECT_EQ(checked({.status = Authority::OcspAnswer::revoked}).error().code, Code::denied);
  EXPECT_EQ(said(checked({.status = Authority::OcspAnswer::unknown})), "the responder does not know the certificate");
  EXPECT_EQ(said(checked({.from_s = -3600, .until_s = -1})), "the answer is no longer good");
  EXPECT_EQ(said(checked({.from_s = 3600, .until_s = 7200})), "the answer is from the future");
  EXPECT_EQ(said(question().check(authority.answer_ocsp(issue(), {}), now)), "the answer is about another certificate");
  const Authority stranger;  // of the same name
  EXPECT_TRUE(said(question().check(stranger.answer_ocsp(leaf, {}), now)).starts_with("the answer is not signed by"));
}

TEST_F(OcspTest, WhatIsNoAnswerIsRefused) {
  const std::string answer = authority.answer_ocsp(leaf, {});
  EXPECT_EQ(said(question().check("", now)), "this is no OCSP answer");
  EXPECT_EQ(said(question().check("<html>", now)), "this is no OCSP answer");
  EXPECT_EQ(said(question().check(answer + '\0', now)), "this is no OCSP answer");
  const OcspQuestion asked = question();
  for (size_t size = 0; size < answer.size(); ++size)
    EXPECT_FALSE(asked.check(std::string_view(answer).substr(0, size), now)) << size;
  // RFC 6960 4.2.1: OCSPResponse { responseStatus tryLater }
  const auto later = question().check("\x30\x03\x0a\x01\x03", now);
  EXPECT_EQ(later.error().code, Code::unavailable);
  EXPECT_EQ(said(later), "the responder says: trylater");
}

}  // namespace
}  // namespace fl::tls
