#include "proxy/grpc.h"

#include <gtest/gtest.h>

namespace fl::proxy {
namespace {

TEST(Grpc, KnowsItsRequests) {
  const struct {
    std::string_view type;
    http::Version version;
    bool is;
  } cases[] = {
      {"application/grpc", http::Version::http2, true},
      {"application/grpc+proto", http::Version::http2, true},
      {"Application/GRPC; charset=x", http::Version::http2, true},
      {"application/grpc-web", http::Version::http2, false},
      {"application/grpcs", http::Version::http2, false},
      {"application/json", http::Version::http2, false},
      {"app", http::Version::http2, false},
      {"", http::Version::http2, false},
      {"application/grpc", http::Version::http11, false},
  };
  for (const auto& c : cases) {
    http::RequestHead head;
    head.version = c.version;
    head.headers.append(http::HeaderId::content_type, c.type);
    EXPECT_EQ(is_grpc(head), c.is) << c.type;
  }
  EXPECT_FALSE(is_grpc(http::RequestHead{.version = http::Version::http2}));
}

// gRPC: doc/http-grpc-status-mapping.md
TEST(Grpc, StatusesOfHttp) {
  const std::pair<uint16_t, int> cases[] = {{400, 13}, {401, 16}, {403, 7},  {404, 12}, {429, 14},
                                            {502, 14}, {503, 14}, {504, 14}, {418, 2},  {302, 2}};
  for (const auto& [http, grpc] : cases) EXPECT_EQ(grpc_status_of(http), grpc) << http;
}

TEST(Grpc, StatusesThatServersSend) {
  const std::pair<std::string_view, int> cases[] = {{"0", 0}, {"7", 7},  {"16", 16}, {"17", 2},
                                                    {"", 2},  {"-1", 2}, {"x", 2},   {"99999999999999999999", 2}};
  for (const auto& [sent, read] : cases) {
    http::HeaderMap fields;
    fields.append("Grpc-Status", sent);
    EXPECT_EQ(grpc_status_in(fields), read) << sent;
  }
  EXPECT_EQ(grpc_status_in({}), -1);
}

}  // namespace
}  // namespace fl::proxy
