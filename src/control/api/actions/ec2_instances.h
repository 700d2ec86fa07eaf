// ec2, as far as a load balancer needs it: the machines of container instances that are not external.
#pragma once

#include "aws/generated/ec2_operations.h"
#include "control/api/action.h"

namespace fl::control::api {

// One instance for each machine that an agent registered under an i-... id: running while it is registered, terminated
// afterwards, until it is forgotten. Filters: instance-id, instance-state-name, private-ip-address. Errors:
// InvalidInstanceID.Malformed, InvalidInstanceID.NotFound, InvalidParameterValue, InvalidParameterCombination.
Answer<aws::ec2::DescribeInstancesResult> describe_instances(const ReadCall& call,
                                                             const aws::ec2::DescribeInstancesRequest& request);

}  // namespace fl::control::api
