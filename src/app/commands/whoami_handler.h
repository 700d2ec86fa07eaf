// The answers of `fairlead whoami`. Lives as long as the command, on its one thread.
//
//   /health        GET: the stored status; POST: stores the number in the body
//   /bench         1
//   /data          size= and unit= (KB, MB, GB, TB) bytes of filler; attachment=true to name it as a download
//   /api           who we are and what came, as JSON
//   anything else  the same as text: names and addresses, then the request as it came; wait= delays the answer
#pragma once

#include <string>
#include <vector>

#include "http/exchange.h"
#include "net/stop.h"

namespace fl::app {

class WhoamiHandler final : public http::Handler {
 public:
  explicit WhoamiHandler(std::string name);

  net::Task<> handle(http::Exchange& exchange) const override;

 private:
  net::Task<> answer_health(http::Exchange& exchange) const;
  void answer_data(http::Exchange& exchange) const;
  void answer_api(http::Exchange& exchange) const;
  net::Task<> answer_text(http::Exchange& exchange) const;

  const std::string name_;
  const std::string hostname_;
  const std::vector<std::string> addresses_;  // of every interface, in the kernel's order
  mutable net::StopSource never_;             // waits are not cut short
  mutable uint16_t health_ = 200;             // the one thing a request may change
};

}  // namespace fl::app
