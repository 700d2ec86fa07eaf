#!/usr/bin/env python3
"""ECS Anywhere, with signatures checked: an activation lets a machine in, its agent gets keys of its own and runs tasks; the
second start registers nothing anew; what is wrong with an activation is said. Without boto3 it is skipped (exit 77)."""
import json
import subprocess
import unittest

from control_plane import QUICK, ClientError, PairTest, connected
from support import BINARY, accepts, wait_until

ADMIN = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


class AnywhereTest(PairTest):
    def setUp(self):
        super().setUp()
        # Under --auth=keys all of it is refused to whoever has no keys.
        self.pair.start_control_with_keys(*ADMIN)
        self.ecs, self.ssm = (self.pair.client(name, *ADMIN) for name in ("ecs", "ssm"))
        self.ecs.create_cluster(clusterName="demo")

    def activate(self, **options):
        answer = self.ssm.create_activation(IamRole="ecsAnywhereRole", **options)
        return f"--activation-id={answer['ActivationId']}", f"--activation-code={answer['ActivationCode']}"

    def start_agent(self, name, *activation):
        """With no keys in its environment: what it has, the activation gave it."""
        self.pair.start_agent(name, "--engine=process", *activation, environment={})

    def refusal(self, name, *activation):
        """What an agent says that is not let in."""
        ended = subprocess.run([BINARY, "agent", f"--endpoint={self.pair.url}", "--engine=process",
                                f"--data={self.pair.folder}/{name}", *activation], capture_output=True, text=True,
                               timeout=20)
        self.assertEqual(ended.returncode, 1, ended)
        return ended.stderr

    def test_a_machine_joins_runs_tasks_and_stays_itself(self):
        activation = self.activate(DefaultInstanceName="rack")
        self.start_agent("agent", *activation)
        wait_until(lambda: connected(self.ecs), "the agent is connected")
        instance = connected(self.ecs)[0]
        machine = instance["ec2InstanceId"]
        self.assertRegex(machine, "^mi-[0-9a-f]{17}$")
        found = self.ssm.describe_instance_information()["InstanceInformationList"]
        self.assertEqual([(m["InstanceId"], m["PingStatus"], m["Name"], m["IamRole"]) for m in found],
                         [(machine, "Online", "rack", "ecsAnywhereRole")])

        self.ecs.register_task_definition(family="whoami", requiresCompatibilities=["EXTERNAL"], containerDefinitions=[
            {"name": "whoami", "image": "fairlead/whoami", "memory": 32, "portMappings": [{"containerPort": 80}]}])
        task = self.ecs.run_task(cluster="demo", taskDefinition="whoami", launchType="EXTERNAL")["tasks"][0]["taskArn"]
        self.ecs.get_waiter("tasks_running").wait(cluster="demo", tasks=[task], WaiterConfig=QUICK)

        self.pair.kill("agent")
        wait_until(lambda: not connected(self.ecs), "the control plane notices")
        self.start_agent("agent")  # the activation is not needed any more
        wait_until(lambda: connected(self.ecs), "the agent is back")
        again = connected(self.ecs)
        self.assertEqual([(i["containerInstanceArn"], i["ec2InstanceId"]) for i in again],
                         [(instance["containerInstanceArn"], machine)])
        self.assertEqual(self.ecs.describe_tasks(cluster="demo", tasks=[task])["tasks"][0]["lastStatus"], "RUNNING")
        self.assertEqual(len(self.ssm.describe_instance_information()["InstanceInformationList"]), 1)
        self.assertEqual(self.ssm.describe_activations()["ActivationList"][0]["RegistrationsCount"], 1)
        kept = self.pair.folder / "agent/machine.json"
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
        self.assertEqual(json.loads(kept.read_text())["instanceId"], machine)

    def test_an_activation_has_its_limit(self):
        activation = self.activate(RegistrationLimit=2)
        for name in ("one", "two"):
            self.start_agent(name, *activation)
        wait_until(lambda: len(connected(self.ecs)) == 2, "two agents are connected")
        self.assertEqual(len({i["ec2InstanceId"] for i in connected(self.ecs)}), 2)
        self.assertIn("RegistrationLimitExceeded: Registration limit of 2 reached", self.refusal("three", *activation))

    def test_what_is_wrong_with_an_activation_is_said(self):
        identifier, code = self.activate()
        other, _ = self.activate()
        self.assertIn("InvalidActivation: The activation isn't valid.", self.refusal("a", other, code))
        self.assertIn("InvalidActivation", self.refusal("b", identifier, "--activation-code=12345678901234567890"))
        self.assertIn("activation-id and activation-code belong together", self.refusal("c", identifier))
        self.ssm.delete_activation(ActivationId=identifier.partition("=")[2])
        self.assertIn("InvalidActivation", self.refusal("d", identifier, code))

    def test_a_machine_waits_for_its_control_plane(self):
        activation = self.activate()
        self.pair.kill("control")
        self.start_agent("agent", *activation)
        wait_until(lambda: "cannot register this machine" in (self.pair.folder / "agent.log").read_text(), "it has tried")
        self.pair.restart("control")
        wait_until(lambda: accepts(self.pair.port), "the control plane listens")
        wait_until(lambda: connected(self.ecs), "the agent is connected")

    def test_roles_are_assumed(self):
        role = "arn:aws:iam::000000000000:role/deployer"
        keys = self.pair.client("sts", *ADMIN).assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
        secrets = keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]
        self.assertEqual(self.pair.client("sts", *secrets).get_caller_identity()["Arn"],
                         "arn:aws:sts::000000000000:assumed-role/deployer/me")
        self.assertEqual(self.pair.client("ecs", *secrets).list_clusters()["clusterArns"],
                         self.ecs.list_clusters()["clusterArns"])
        with self.assertRaisesRegex(ClientError, "InvalidClientTokenId"):
            self.pair.client("sts", *secrets[:2], secrets[2][:-8] + "AAAAAAA=").get_caller_identity()

    def test_a_machine_that_is_no_external_one_is_an_ec2_instance(self):
        environment = {"AWS_ACCESS_KEY_ID": ADMIN[0], "AWS_SECRET_ACCESS_KEY": ADMIN[1]}
        self.pair.start_agent("agent", "--engine=process", environment=environment)
        wait_until(lambda: connected(self.ecs), "the agent is connected")
        instance = connected(self.ecs)[0]["ec2InstanceId"]
        ec2 = self.pair.client("ec2", *ADMIN)
        found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        self.assertEqual((found["InstanceId"], found["State"]["Name"], found["PrivateIpAddress"], found["InstanceType"]),
                         (instance, "running", "127.0.0.1", "fairlead"))
        self.assertEqual(ec2.describe_instances(
            Filters=[{"Name": "private-ip-address", "Values": ["10.9.9.9"]}])["Reservations"], [])
        with self.assertRaisesRegex(ClientError, "InvalidInstanceID.NotFound"):
            ec2.describe_instances(InstanceIds=["i-00000000000000000"])


if __name__ == "__main__":
    unittest.main()
