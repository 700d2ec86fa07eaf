#!/usr/bin/env python3
"""Every operation that docs/user/ecs-api.md names, called once by boto3, which checks each answer against Amazon's model:
those it says are served answer, those it says are refused are. So the page cannot name an operation that is not there,
nor can one be added without a call here. Without boto3 it is skipped (exit 77)."""
import json
import re
import unittest
import urllib.error
import urllib.request

from control_plane import ClientError, PairTest  # first: it may start this program again with the Python of build/venv
from support import ROOT, wait_until

PAGE = (ROOT / "docs/user/ecs-api.md").read_text()
# Unsigned, or signed with a machine's own key; boto3's ssm does not know them. anywhere_test.py has them.
NOT_OF_SDKS = {"RegisterManagedInstance", "RequestManagedInstanceRoleToken"}


def section(service):
    return PAGE.split(f"\n## {service}\n")[1].split("\n## ")[0]


def served(service):
    return set(re.findall(r"^\| ([A-Z]\w+) \|", section(service), re.MULTILINE)) - {"Action"} - NOT_OF_SDKS


def refused(service):
    found = re.search(r"^Known and refused with UnsupportedFeatureException: (.*)\.$", section(service), re.MULTILINE)
    return found[1].split(", ")


class Calls:
    """A client that keeps which operations were called, and those alone."""

    def __init__(self, client):
        self.client, self.done = client, set()

    def __getattr__(self, name):
        self.done.add(self.client.meta.method_to_api_mapping[name])
        return getattr(self.client, name)


class ApiActionsTest(PairTest):
    def setUp(self):
        super().setUp()
        self.pair.start_control()

    def client(self, service):
        return Calls(self.pair.client(service))

    def error_of(self, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        return caught.exception.response["Error"]["Code"]

    def test_ecs(self):
        ecs = self.client("ecs")
        self.clusters(ecs)
        self.account_settings(ecs)
        instance = self.instances(ecs)
        definition = self.task_definitions(ecs)
        self.tasks(ecs, instance, definition)
        self.services(ecs, definition)
        self.end(ecs, instance, definition)
        self.assertEqual(ecs.done, served("ECS"))

    def clusters(self, ecs):
        cluster = ecs.create_cluster(clusterName="c")["cluster"]["clusterArn"]
        self.assertEqual(ecs.list_clusters()["clusterArns"], [cluster])
        ecs.create_capacity_provider(name="p", autoScalingGroupProvider={"autoScalingGroupArn": (
            "arn:aws:autoscaling:us-east-1:000000000000:autoScalingGroup:00000000-0000-0000-0000-000000000000:"
            "autoScalingGroupName/g")})
        ecs.update_capacity_provider(name="p", autoScalingGroupProvider={"managedDraining": "DISABLED"})
        known = {provider["name"] for provider in ecs.describe_capacity_providers()["capacityProviders"]}
        self.assertEqual(known, {"FARGATE", "FARGATE_SPOT", "p"})
        ecs.put_cluster_capacity_providers(cluster="c", capacityProviders=["p"], defaultCapacityProviderStrategy=[])
        ecs.put_cluster_capacity_providers(cluster="c", capacityProviders=[], defaultCapacityProviderStrategy=[])
        ecs.delete_capacity_provider(capacityProvider="p")
        ecs.update_cluster(cluster="c", settings=[{"name": "containerInsights", "value": "enabled"}])
        ecs.update_cluster_settings(cluster="c", settings=[{"name": "containerInsights", "value": "disabled"}])
        ecs.tag_resource(resourceArn=cluster, tags=[{"key": "a", "value": "b"}, {"key": "c", "value": "d"}])
        ecs.untag_resource(resourceArn=cluster, tagKeys=["c"])
        self.assertEqual(ecs.list_tags_for_resource(resourceArn=cluster)["tags"], [{"key": "a", "value": "b"}])
        [described] = ecs.describe_clusters(clusters=["c"], include=["SETTINGS"])["clusters"]
        self.assertEqual(described["settings"], [{"name": "containerInsights", "value": "disabled"}])

    def account_settings(self, ecs):
        ecs.put_account_setting_default(name="containerInsights", value="enabled")
        ecs.put_account_setting(name="containerInsights", value="disabled")
        self.assertEqual(ecs.list_account_settings(name="containerInsights")["settings"][0]["value"], "disabled")
        ecs.delete_account_setting(name="containerInsights")

    def instances(self, ecs):
        """-> the ARN of one with room."""
        instance = ecs.register_container_instance(cluster="c", totalResources=[
            {"name": "CPU", "type": "INTEGER", "integerValue": 1024},
            {"name": "MEMORY", "type": "INTEGER", "integerValue": 1024}])["containerInstance"]["containerInstanceArn"]
        self.assertEqual(ecs.list_container_instances(cluster="c")["containerInstanceArns"], [instance])
        mark = {"name": "mark", "value": "x", "targetId": instance}
        ecs.put_attributes(cluster="c", attributes=[mark])
        listed = ecs.list_attributes(cluster="c", targetType="container-instance", attributeName="mark")["attributes"]
        self.assertEqual([attribute["value"] for attribute in listed], ["x"])
        ecs.delete_attributes(cluster="c", attributes=[{"name": "mark", "targetId": instance}])
        for status in ("DRAINING", "ACTIVE"):
            ecs.update_container_instances_state(cluster="c", containerInstances=[instance], status=status)
        [described] = ecs.describe_container_instances(cluster="c", containerInstances=[instance])["containerInstances"]
        self.assertEqual(described["status"], "ACTIVE")
        self.assertIn("telemetryEndpoint", ecs.discover_poll_endpoint(cluster="c", containerInstance=instance))
        self.assertEqual(self.error_of(ecs.update_container_agent, cluster="c", containerInstance=instance),
                         "NoUpdateAvailableException")
        return instance

    def task_definitions(self, ecs):
        """-> the ARN of one."""
        definition = ecs.register_task_definition(family="f", containerDefinitions=[
            {"name": "main", "image": "i", "memory": 16}])["taskDefinition"]["taskDefinitionArn"]
        self.assertEqual(ecs.list_task_definitions()["taskDefinitionArns"], [definition])
        self.assertEqual(ecs.list_task_definition_families()["families"], ["f"])
        self.assertEqual(ecs.describe_task_definition(taskDefinition="f")["taskDefinition"]["revision"], 1)
        return definition

    def tasks(self, ecs, instance, definition):
        [task] = ecs.run_task(cluster="c", taskDefinition=definition)["tasks"]
        [other] = ecs.start_task(cluster="c", taskDefinition=definition, containerInstances=[instance])["tasks"]
        arn = task["taskArn"]
        self.assertEqual(set(ecs.list_tasks(cluster="c")["taskArns"]), {arn, other["taskArn"]})
        ecs.submit_container_state_change(cluster="c", task=arn, containerName="main", status="RUNNING")
        ecs.submit_task_state_change(cluster="c", task=arn, status="RUNNING")
        ecs.submit_attachment_state_changes(cluster="c", attachments=[{"attachmentArn": arn, "status": "ATTACHED"}])
        self.assertEqual(ecs.describe_tasks(cluster="c", tasks=[arn])["tasks"][0]["lastStatus"], "RUNNING")
        self.assertEqual(self.error_of(ecs.execute_command, cluster="c", task=arn, command="sh", interactive=True),
                         "InvalidParameterException")
        for each in (arn, other["taskArn"]):
            ecs.stop_task(cluster="c", task=each)
            ecs.submit_task_state_change(cluster="c", task=each, status="STOPPED")

    def services(self, ecs, definition):
        service = ecs.create_service(cluster="c", serviceName="s", taskDefinition=definition, desiredCount=1)["service"]
        self.assertEqual(ecs.list_services(cluster="c")["serviceArns"], [service["serviceArn"]])
        [task] = wait_until(lambda: ecs.list_tasks(cluster="c", serviceName="s")["taskArns"], "the service has a task")
        protected = ecs.update_task_protection(cluster="c", tasks=[task], protectionEnabled=True)
        self.assertEqual(protected["failures"], [])
        self.assertEqual(ecs.get_task_protection(cluster="c", tasks=[task])["protectedTasks"], protected["protectedTasks"])
        ecs.update_task_protection(cluster="c", tasks=[task], protectionEnabled=False)
        self.assertEqual(ecs.update_service(cluster="c", service="s", desiredCount=0)["service"]["desiredCount"], 0)
        self.assertEqual(ecs.describe_services(cluster="c", services=["s"])["services"][0]["status"], "ACTIVE")
        ecs.delete_service(cluster="c", service="s")
        ecs.submit_task_state_change(cluster="c", task=task, status="STOPPED")

    def end(self, ecs, instance, definition):
        ecs.deregister_task_definition(taskDefinition=definition)
        self.assertEqual(ecs.delete_task_definitions(taskDefinitions=[definition])["failures"], [])
        ecs.deregister_container_instance(cluster="c", containerInstance=instance)
        self.assertEqual(ecs.delete_cluster(cluster="c")["cluster"]["status"], "INACTIVE")

    def test_ssm(self):
        ssm = self.client("ssm")
        activation = ssm.create_activation(IamRole="r")["ActivationId"]
        self.assertEqual([known["ActivationId"] for known in ssm.describe_activations()["ActivationList"]], [activation])
        ssm.delete_activation(ActivationId=activation)
        ecs = self.pair.ecs()
        ecs.create_cluster(clusterName="c")
        ecs.register_container_instance(cluster="c", attributes=[{"name": "ecs.capability.external"}])
        [machine] = ssm.describe_instance_information()["InstanceInformationList"]
        ssm.deregister_managed_instance(InstanceId=machine["InstanceId"])
        self.assertEqual(ssm.describe_instance_information()["InstanceInformationList"], [])
        self.assertEqual(ssm.done, served("SSM"))

    def test_sts(self):
        sts = self.client("sts")
        self.assertEqual(sts.get_caller_identity()["Account"], "000000000000")
        role = sts.assume_role(RoleArn="arn:aws:iam::000000000000:role/r", RoleSessionName="session")
        self.assertTrue(role["AssumedRoleUser"]["Arn"].endswith(":assumed-role/r/session"))
        self.assertEqual(sts.done, served("STS"))

    def test_ec2(self):
        ec2 = self.client("ec2")
        self.assertEqual(ec2.describe_instances()["Reservations"], [])
        self.assertEqual(ec2.done, served("EC2"))

    def test_what_is_refused(self):
        self.assertGreater(len(refused("ECS")), 10)
        for action in refused("ECS"):
            request = urllib.request.Request(self.pair.url, b"{}", {
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{action}"})
            with self.assertRaises(urllib.error.HTTPError, msg=action) as caught:
                urllib.request.urlopen(request, timeout=20)
            with caught.exception as error:
                self.assertEqual((error.code, json.load(error)["__type"]), (400, "UnsupportedFeatureException"), action)


if __name__ == "__main__":
    unittest.main()
