// The metadata service of EC2 instances (IMDS): version 2, or 1 where 2 is not spoken. Main thread.
#pragma once

#include <string>
#include <string_view>

#include "aws/environment.h"
#include "base/result.h"
#include "http/fetch.h"
#include "net/task.h"

namespace fl::aws {

class InstanceMetadata {
 public:
  InstanceMetadata(http::Fetcher& fetcher, const Environment& environment, net::StopSource* stop)
      : fetcher_(fetcher), environment_(environment), stop_(stop) {}

  // The text at "/latest/meta-data/" + `path`. Errors: not_found when the service is switched off
  // (AWS_EC2_METADATA_DISABLED), is not there or has no such path; unavailable when it answers something else.
  net::Task<Result<std::string>> get(std::string path);

 private:
  net::Task<Result<http::FetchResponse>> ask(std::string_view method, std::string target, http::FetchHeaders headers);
  net::Task<Result<std::string>> token();

  http::Fetcher& fetcher_;
  const Environment& environment_;
  net::StopSource* stop_;
};

}  // namespace fl::aws
