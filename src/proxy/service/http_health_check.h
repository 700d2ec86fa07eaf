// Asks the servers of an HTTP load balancer by a request of its own (Traefik: healthCheck, mode http). Main thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/dynamic/http.h"
#include "http/fetch.h"
#include "proxy/health_checker.h"

namespace fl::proxy {

class HttpHealthCheck final : public HealthCheck {
 public:
  // What is asked of each of the servers, beside the others. Errors: the path is a whole URL, a port or method cannot
  // be.
  static Result<std::shared_ptr<const HttpHealthCheck>> make(std::string service, std::vector<CheckedServer> servers,
                                                             const config::dynamic::ServerHealthCheck& options,
                                                             http::Fetcher* fetcher,
                                                             std::shared_ptr<const tls::ClientContext> tls);

  net::Task<Result<>> probe(size_t server, net::StopToken stop) const override;

  HttpHealthCheck(Options options, http::Fetcher* fetcher) : HealthCheck(std::move(options)), fetcher_(fetcher) {}

 private:
  Result<> judge(uint16_t status) const;

  http::Fetcher* fetcher_;                         // null: nobody will ever ask
  std::shared_ptr<const tls::ClientContext> tls_;  // null: the Fetcher's
  std::vector<http::FetchRequest> requests_;       // one a server
  int64_t status_ = 0;                             // 0: 200 to 399
  Duration timeout_{};
  bool follow_redirects_ = true;
};

}  // namespace fl::proxy
