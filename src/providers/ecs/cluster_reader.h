// One cluster's facts, read with as few calls as AWS's limits allow: everything by hundreds, each container instance
// and machine once, definitions from the cache. Main thread.
//
// All or nothing: a call that fails, or an answer that leaves out what was asked for, fails the whole reading, so that
// nobody takes half a cluster for the whole. Only a definition that cannot be read stands for itself.
#pragma once

#include <string>
#include <vector>

#include "aws/ecs_api.h"
#include "providers/ecs/definitions.h"
#include "providers/ecs/discovery.h"

namespace fl::providers::ecs {

struct ClusterReading {
  ClusterFacts facts;
  std::vector<Error> definition_errors;
};

class ClusterReader {
 public:
  ClusterReader(aws::EcsApi& api, Definitions& definitions) : api_(api), definitions_(definitions) {}

  net::Task<Result<ClusterReading>> read(std::string cluster);

  static constexpr size_t kChunk = 100;      // AWS's limit of ids in one call
  static constexpr size_t kCallsAtOnce = 4;  // of one cluster

 private:
  struct Reading;

  net::Task<Result<std::vector<std::string>>> list_tasks(std::string cluster);
  net::Task<Result<>> describe_tasks(Reading& reading, std::vector<std::string> arns);
  net::Task<void> read_definitions(Reading& reading);
  net::Task<Result<>> describe_container_instances(Reading& reading, std::vector<std::string> arns);
  net::Task<Result<>> describe_ec2_instances(Reading& reading, std::vector<std::string> ids);
  net::Task<Result<>> describe_managed_instances(Reading& reading, std::vector<std::string> ids);

  // f(reading, chunk) for each hundred of `items`; the first error.
  net::Task<Result<>> by_hundreds(Reading& reading, std::vector<std::string> items,
                                  net::Task<Result<>> (ClusterReader::*f)(Reading&, std::vector<std::string>));

  aws::EcsApi& api_;
  Definitions& definitions_;
};

// All pages of ListClusters.
net::Task<Result<std::vector<std::string>>> list_clusters(aws::EcsApi& api);

}  // namespace fl::providers::ecs
