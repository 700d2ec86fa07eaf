// ssm, as far as ECS Anywhere needs it: activations that let machines in, and the machines that came.
#pragma once

#include "aws/generated/ssm_shapes.h"
#include "control/api/action.h"

namespace fl::control::api {

// Good for 24 hours unless the request says otherwise, 30 days at most. The code is shown once; its hash is kept.
Answer<aws::ssm::CreateActivationResult> create_activation(const WriteCall& call,
                                                           const aws::ssm::CreateActivationRequest& request);
Answer<aws::ssm::DescribeActivationsResult> describe_activations(const ReadCall& call,
                                                                 const aws::ssm::DescribeActivationsRequest& request);
Answer<aws::ssm::DeleteActivationResult> delete_activation(const WriteCall& call,
                                                           const aws::ssm::DeleteActivationRequest& request);
// Online while the machine's ECS agent is connected. Instances that are asked for and unknown are left out.
Answer<aws::ssm::DescribeInstanceInformationResult> describe_instance_information(
    const ReadCall& call, const aws::ssm::DescribeInstanceInformationRequest& request);
Answer<aws::ssm::DeregisterManagedInstanceResult> deregister_managed_instance(
    const WriteCall& call, const aws::ssm::DeregisterManagedInstanceRequest& request);

}  // namespace fl::control::api
