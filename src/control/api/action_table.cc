// Every action that is served, and those of ECS that are known and refused. An action that stands here is in
// docs/user/ecs-api.md after `make generate`.
#include "aws/generated/ec2_operations.h"
#include "aws/generated/ssm_operations.h"
#include "aws/generated/ssm_text.h"
#include "aws/generated/sts_operations.h"
#include "control/api/action.h"
#include "control/api/actions/account_settings.h"
#include "control/api/actions/attributes.h"
#include "control/api/actions/capacity_providers.h"
#include "control/api/actions/clusters.h"
#include "control/api/actions/ec2_instances.h"
#include "control/api/actions/execute_command.h"
#include "control/api/actions/external_instances.h"
#include "control/api/actions/identity.h"
#include "control/api/actions/instances.h"
#include "control/api/actions/managed_instances.h"
#include "control/api/actions/services.h"
#include "control/api/actions/state_changes.h"
#include "control/api/actions/tags.h"
#include "control/api/actions/task_definitions.h"
#include "control/api/actions/task_protection.h"
#include "control/api/actions/tasks.h"
#include "ecs/generated/ecs_operations.h"
#include "ecs/generated/ecs_text.h"

namespace fl::control::api {
namespace {

namespace op = ecs::op;

// Of an action that answers ClientException to everything that is wrong with its request.
Action client_errors(Action action) {
  action.invalid_request = "ClientException";
  return action;
}

Action proved_by(Proof proof, Action action) {
  action.proof = proof;
  return action;
}

const Action kEcs[] = {
    // clusters
    write_action<op::CreateCluster, create_cluster>(),
    read_action<op::DescribeClusters, describe_clusters>(),
    read_action<op::ListClusters, list_clusters>(),
    write_action<op::DeleteCluster, delete_cluster>(),
    write_action<op::UpdateCluster, update_cluster>(),
    write_action<op::UpdateClusterSettings, update_cluster_settings>(),
    write_action<op::PutClusterCapacityProviders, put_cluster_capacity_providers>(),
    write_action<op::CreateCapacityProvider, create_capacity_provider>(),
    read_action<op::DescribeCapacityProviders, describe_capacity_providers>(),
    write_action<op::UpdateCapacityProvider, update_capacity_provider>(),
    write_action<op::DeleteCapacityProvider, delete_capacity_provider>(),
    // task definitions
    client_errors(write_action<op::RegisterTaskDefinition, register_task_definition>()),
    read_action<op::DescribeTaskDefinition, describe_task_definition>(),
    write_action<op::DeregisterTaskDefinition, deregister_task_definition>(),
    write_action<op::DeleteTaskDefinitions, delete_task_definitions>(),
    read_action<op::ListTaskDefinitions, list_task_definitions>(),
    read_action<op::ListTaskDefinitionFamilies, list_task_definition_families>(),
    // attributes and tags
    write_action<op::PutAttributes, put_attributes>(),
    write_action<op::DeleteAttributes, delete_attributes>(),
    read_action<op::ListAttributes, list_attributes>(),
    write_action<op::TagResource, tag_resource>(),
    write_action<op::UntagResource, untag_resource>(),
    read_action<op::ListTagsForResource, list_tags_for_resource>(),
    // account settings
    read_action<op::ListAccountSettings, list_account_settings>(),
    write_action<op::PutAccountSetting, put_account_setting>(),
    write_action<op::PutAccountSettingDefault, put_account_setting_default>(),
    write_action<op::DeleteAccountSetting, delete_account_setting>(),
    // services
    write_action<op::CreateService, create_service>(),
    read_action<op::DescribeServices, describe_services>(),
    read_action<op::ListServices, list_services>(),
    write_action<op::UpdateService, update_service>(),
    write_action<op::DeleteService, delete_service>(),
    // tasks
    write_action<op::RunTask, run_task>(),
    write_action<op::StartTask, start_task>(),
    write_action<op::StopTask, stop_task>(),
    read_action<op::DescribeTasks, describe_tasks>(),
    read_action<op::ListTasks, list_tasks>(),
    read_action<op::ExecuteCommand, execute_command>(),
    read_action<op::GetTaskProtection, get_task_protection>(),
    write_action<op::UpdateTaskProtection, update_task_protection>(),
    // container instances
    write_action<op::RegisterContainerInstance, register_container_instance>(),
    write_action<op::DeregisterContainerInstance, deregister_container_instance>(),
    read_action<op::DescribeContainerInstances, describe_container_instances>(),
    read_action<op::ListContainerInstances, list_container_instances>(),
    write_action<op::UpdateContainerInstancesState, update_container_instances_state>(),
    read_action<op::UpdateContainerAgent, update_container_agent>(),
    // agents
    read_action<op::DiscoverPollEndpoint, discover_poll_endpoint>(),
    write_action<op::SubmitTaskStateChange, submit_task_state_change>(),
    write_action<op::SubmitContainerStateChange, submit_container_state_change>(),
    write_action<op::SubmitAttachmentStateChanges, submit_attachment_state_changes>(),
    // known, and refused
    {"CreateDaemon"},
    {"UpdateDaemon"},
    {"DeleteDaemon"},
    {"DescribeDaemon"},
    {"DescribeDaemonDeployments"},
    {"DescribeDaemonRevisions"},
    {"DescribeDaemonTaskDefinition"},
    {"DeleteDaemonTaskDefinition"},
    {"RegisterDaemonTaskDefinition"},
    {"ListDaemons"},
    {"ListDaemonDeployments"},
    {"ListDaemonTaskDefinitions"},
    {"CreateExpressGatewayService"},
    {"UpdateExpressGatewayService"},
    {"DeleteExpressGatewayService"},
    {"DescribeExpressGatewayService"},
    {"ContinueServiceDeployment"},
    {"ListServiceDeployments"},
    {"DescribeServiceDeployments"},
    {"DescribeServiceRevisions"},
    {"StopServiceDeployment"},
    {"ListServicesByNamespace"},
    {"CreateTaskSet"},
    {"DescribeTaskSets"},
    {"UpdateTaskSet"},
    {"DeleteTaskSet"},
    {"UpdateServicePrimaryTaskSet"},
};

const Action kSsm[] = {
    write_action<aws::ssm::op::CreateActivation, create_activation>(),
    read_action<aws::ssm::op::DescribeActivations, describe_activations>(),
    write_action<aws::ssm::op::DeleteActivation, delete_activation>(),
    read_action<aws::ssm::op::DescribeInstanceInformation, describe_instance_information>(),
    write_action<aws::ssm::op::DeregisterManagedInstance, deregister_managed_instance>(),
    proved_by(Proof::activation, write_action<aws::ssm::op::RegisterManagedInstance, register_managed_instance>()),
    proved_by(Proof::machine_key,
              read_action<aws::ssm::op::RequestManagedInstanceRoleToken, request_managed_instance_role_token>()),
};

const Action kSts[] = {
    read_action<aws::sts::op::GetCallerIdentity, get_caller_identity>(),
    read_action<aws::sts::op::AssumeRole, assume_role>(),
};

const Action kEc2[] = {
    read_action<aws::ec2::op::DescribeInstances, describe_instances>(),
};

const Service kServices[] = {
    {&ecs::kService, kEcs, "InvalidParameterException"},
    {&aws::ssm::kService, kSsm, "ValidationException"},
    {&aws::sts::kService, kSts, "ValidationError"},
    {&aws::ec2::kService, kEc2, "MissingParameter"},
};

}  // namespace

std::span<const Service> services() { return kServices; }

}  // namespace fl::control::api
