// The vectors are those of AWS's published Signature Version 4 test suite.
#include "aws/sigv4.h"

#include <gmock/gmock.h>

#include "aws/credentials.h"

namespace fl::aws {
namespace {

using ::testing::EndsWith;

constexpr SigningScope kScope{"us-east-1", "service"};
const WallTime kNow{std::chrono::seconds(1440938160)};  // 2015-08-30T12:36:00Z
const HeaderList kHost{{"Host", "example.amazonaws.com"}};

Credentials suite_credentials() {
  Credentials credentials;
  credentials.access_key_id = "AKIDEXAMPLE";
  credentials.secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  return credentials;
}

HeaderList with_host(HeaderList more) {
  more.insert(more.begin(), kHost[0]);
  return more;
}

TEST(SigV4, PublishedVectors) {
  const HeaderList form_headers =
      with_host({{"Content-Length", "13"},
                 {"x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"}});
  HeaderList form = form_headers, form_utf8 = form_headers;
  form.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  form_utf8.emplace_back("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");

  struct Case {
    const char* name;
    SigningInput input;
    const char* signature;
  };
  const Case cases[] = {
      {"get-vanilla", {"GET", "/", "", kHost, ""}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-relative-relative-normalized",
       {"GET", "/example1/example2/../..", "", kHost, ""},
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-slash-pointless-dot-normalized",
       {"GET", "/./example", "", kHost, ""},
       "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
      {"get-slashes-normalized",
       {"GET", "//example//", "", kHost, ""},
       "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
      {"get-space-normalized",
       {"GET", "/example space/", "", kHost, ""},
       "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
      {"get-utf8",
       {"GET", "/\u1234", "", kHost, ""},
       "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
      {"get-vanilla-utf8-query",
       {"GET", "/", "\u1234=bar", kHost, ""},
       "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
      {"get-vanilla-query-order-key-case",
       {"GET", "/", "Param2=value2&Param1=value1", kHost, ""},
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"get-vanilla-query-order-encoded",
       {"GET", "/", "Param-3=Value3&Param=Value2&%E1%88%B4=Value1", kHost, ""},
       "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
      {"get-header-key-duplicate",
       {"GET", "/", "", with_host({{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}}), ""},
       "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
      {"get-header-value-order",
       {"GET", "/", "",
        with_host(
            {{"My-Header1", "value4"}, {"My-Header1", "value1"}, {"My-Header1", "value3"}, {"My-Header1", "value2"}}),
        ""},
       "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
      {"get-header-value-trim",
       {"GET", "/", "", with_host({{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}}), ""},
       "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
      {"post-x-www-form-urlencoded",
       {"POST", "/", "", form, "Param1=value1"},
       "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
      {"post-x-www-form-urlencoded-parameters",
       {"POST", "/", "", form_utf8, "Param1=value1"},
       "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422"},
  };
  for (const auto& [name, input, signature] : cases) {
    const HeaderList added = sign(input, suite_credentials(), kScope, kNow);
    ASSERT_EQ(added.size(), 2u) << name;
    EXPECT_EQ(added[0], (std::pair<std::string, std::string>("X-Amz-Date", "20150830T123600Z")));
    EXPECT_THAT(added[1].second, EndsWith(std::string(", Signature=") + signature)) << name;
  }
}

TEST(SigV4, SessionToken) {
  Credentials credentials = suite_credentials();
  credentials.session_token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
  const HeaderList added = sign({"GET", "/", "", kHost, ""}, credentials, kScope, kNow);
  ASSERT_EQ(added.size(), 3u);
  EXPECT_EQ(added[1].first, "X-Amz-Security-Token");
  EXPECT_EQ(added[2].second,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date;x-amz-security-token, "
            "Signature=07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8");
}

TEST(SigV4, EncodesAsRfc3986) {
  EXPECT_EQ(uri_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(uri_encode("a/b c%\xff"), "a%2Fb%20c%25%FF");
  EXPECT_EQ(uri_encode("a/b", true), "a/b");
}

}  // namespace
}  // namespace fl::aws
