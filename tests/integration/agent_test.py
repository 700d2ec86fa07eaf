#!/usr/bin/env python3
"""`fairlead control` and `fairlead agent` together, asked by boto3: a task runs, is reached, survives either of them being
killed, stops. Tasks are plain processes. Without boto3 it is skipped (exit 77)."""
import os
import socket
import subprocess
import unittest

from control_plane import QUICK, PairTest, connected
from support import BINARY, accepts, free_port, get, wait_until


class AgentTest(PairTest):
    def setUp(self):
        super().setUp()
        self.pair.start_control()
        self.ecs = self.pair.ecs()
        self.ecs.create_cluster(clusterName="demo")
        self.pair.start_agent("agent", "--engine=process", "--attributes=role=web")
        wait_until(lambda: connected(self.ecs), "the agent is connected")

    def define(self, family="whoami", network_mode="bridge", **container):
        definition = {"name": "whoami", "image": "fairlead/whoami", "memory": 32, "essential": True,
                      "portMappings": [{"containerPort": 8080}], **container}
        self.ecs.register_task_definition(family=family, networkMode=network_mode, containerDefinitions=[definition])
        return family

    def run_task(self, family):
        options = {}
        if self.ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]["networkMode"] == "awsvpc":
            options["networkConfiguration"] = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
        answer = self.ecs.run_task(cluster="demo", taskDefinition=family, **options)
        self.assertEqual(answer["failures"], [])
        return answer["tasks"][0]["taskArn"]

    def describe(self, task):
        return self.ecs.describe_tasks(cluster="demo", tasks=[task])["tasks"][0]

    def wait_for(self, state, *tasks):
        self.ecs.get_waiter(f"tasks_{state}").wait(cluster="demo", tasks=list(tasks), WaiterConfig=QUICK)

    def port_of(self, task):
        return self.describe(task)["containers"][0]["networkBindings"][0]["hostPort"]

    def test_a_task_runs_is_reached_and_stops(self):
        task = self.run_task(self.define())
        self.wait_for("running", task)
        binding = self.describe(task)["containers"][0]["networkBindings"][0]
        self.assertEqual((binding["bindIP"], binding["containerPort"], binding["protocol"]), ("127.0.0.1", 8080, "tcp"))
        wait_until(lambda: accepts(binding["hostPort"]), "whoami listens")
        self.assertEqual(get(binding["hostPort"]).status, 200)
        self.ecs.stop_task(cluster="demo", task=task, reason="enough")
        self.wait_for("stopped", task)
        stopped = self.describe(task)
        self.assertEqual(stopped["stoppedReason"], "enough")
        self.assertEqual(stopped["stopCode"], "UserInitiated")
        self.assertIn(stopped["containers"][0]["exitCode"], (0, 143))
        self.assertEqual(self.pair.end("agent"), 0)

    def test_the_environment_names_the_control_plane(self):
        first = connected(self.ecs)[0]["containerInstanceArn"]
        self.pair.start("other", "agent", "--cluster=demo", f"--data={self.pair.folder}/other", "--engine=process",
                        environment=os.environ | {"AWS_ENDPOINT_URL": self.pair.url})
        wait_until(lambda: len(connected(self.ecs)) == 2, "the other agent is connected")
        [other] = {instance["containerInstanceArn"] for instance in connected(self.ecs)} - {first}
        [task] = self.ecs.start_task(cluster="demo", taskDefinition=self.define(), containerInstances=[other])["tasks"]
        self.wait_for("running", task["taskArn"])
        binding = self.describe(task["taskArn"])["containers"][0]["networkBindings"][0]
        self.assertEqual(binding["bindIP"], "127.0.0.1")

    def test_output_is_kept_and_shown(self):
        family = self.define("talker", image="host", portMappings=[],
                             command=["/bin/sh", "-c", "echo one; echo two; sleep 0.2; exit 0"])
        task = self.run_task(family)
        self.wait_for("stopped", task)
        shown = subprocess.run([BINARY, "ecs", "logs", task, f"--data={self.pair.folder}/agent", "--tail=1"],
                               capture_output=True, text=True)
        self.assertEqual((shown.returncode, shown.stdout), (0, "== whoami\ntwo\n"))
        # `fairlead dev` has the agent's directory inside its own.
        (self.pair.folder / "fairlead-data").symlink_to(self.pair.folder)
        for where in [f"--data={self.pair.folder}"], []:
            found = subprocess.run([BINARY, "ecs", "logs", task, "--tail=1", *where], cwd=self.pair.folder,
                                   capture_output=True, text=True)
            self.assertEqual((found.stdout, found.stderr), (shown.stdout, ""))
        missing = subprocess.run([BINARY, "ecs", "logs", "none", f"--data={self.pair.folder}/agent"],
                                 capture_output=True, text=True)
        self.assertEqual(missing.returncode, 1)
        self.assertIn('no task "none" here; there are: ', missing.stderr)

    def test_tasks_outlive_their_agent(self):
        task = self.run_task(self.define())
        self.wait_for("running", task)
        port = self.port_of(task)
        wait_until(lambda: accepts(port), "whoami listens")
        self.assertEqual(get(port).status, 200)
        before = self.describe(task)["containers"][0]["runtimeId"]
        self.pair.kill("agent")
        self.assertEqual(get(port).status, 200)
        wait_until(lambda: not connected(self.ecs), "the control plane notices")
        self.pair.restart("agent")
        wait_until(lambda: connected(self.ecs), "the agent is back")
        self.assertEqual(get(port).status, 200)
        now = self.describe(task)
        self.assertEqual((now["lastStatus"], now["containers"][0]["runtimeId"]), ("RUNNING", before))
        self.assertEqual(len(connected(self.ecs)), 1)
        self.ecs.stop_task(cluster="demo", task=task)
        self.wait_for("stopped", task)

    def test_an_end_that_no_agent_saw_is_told(self):
        family = self.define("short", image="host", command=["/bin/sh", "-c", "sleep 1; exit 5"], portMappings=[])
        task = self.run_task(family)
        self.wait_for("running", task)
        self.pair.kill("agent")
        wait_until(lambda: list(self.pair.folder.glob("agent/containers/*/exit.json")), "the container ends")
        self.pair.restart("agent")
        self.wait_for("stopped", task)
        stopped = self.describe(task)
        self.assertEqual(stopped["containers"][0]["exitCode"], 5)
        self.assertEqual(stopped["stopCode"], "EssentialContainerExited")

    def test_tasks_go_on_without_a_control_plane(self):
        task = self.run_task(self.define())
        self.wait_for("running", task)
        port = self.port_of(task)
        wait_until(lambda: accepts(port), "whoami listens")
        self.assertEqual(get(port).status, 200)
        self.pair.kill("control")
        self.assertEqual(get(port).status, 200)
        self.pair.restart("control")
        wait_until(lambda: _answers(self.ecs) and connected(self.ecs), "both are back")
        self.assertEqual(self.describe(task)["lastStatus"], "RUNNING")
        self.assertEqual(get(port).status, 200)

    def test_each_awsvpc_task_has_an_address(self):
        port = free_port()  # 8080 on every address may be somebody else's on this machine
        family = self.define("vpc", "awsvpc", portMappings=[{"containerPort": port}])
        first, second = self.run_task(family), self.run_task(family)
        self.wait_for("running", first, second)
        addresses = set()
        for task in (first, second):
            described = self.describe(task)
            address = described["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
            details = {d["name"]: d["value"] for d in described["attachments"][0]["details"]}
            self.assertEqual(details["privateIPv4Address"], address)
            addresses.add(address)

            def answers(address=address):
                try:
                    socket.create_connection((address, port), 1).close()
                    return True
                except OSError:
                    return False
            wait_until(answers, f"{address}:{port} accepts")
        self.assertEqual(len(addresses), 2)

    def test_an_awsvpc_task_without_ports_has_an_address_too(self):
        task = self.run_task(self.define("vpc", "awsvpc", image="host", portMappings=[], command=["/bin/sleep", "1000"]))
        self.wait_for("running", task)
        described = self.describe(task)
        [interface] = described["containers"][0]["networkInterfaces"]
        [attachment] = described["attachments"]
        self.assertTrue(interface["privateIpv4Address"].startswith("127."), interface)
        self.assertEqual((attachment["status"], attachment["details"], interface["attachmentId"]), (
            "ATTACHED", [{"name": "privateIPv4Address", "value": interface["privateIpv4Address"]}], attachment["id"]))
        self.assertEqual(described["containers"][0]["networkBindings"], [])

    def test_what_cannot_be_run_is_said(self):
        task = self.run_task(self.define("docker", image="nginx:1"))
        self.wait_for("stopped", task)
        stopped = self.describe(task)
        self.assertEqual(stopped["stopCode"], "TaskFailedToStart")
        self.assertTrue(stopped["containers"][0]["reason"].startswith("CannotPullContainerError: "), stopped)

    def test_a_service_keeps_its_tasks(self):
        self.ecs.create_service(cluster="demo", serviceName="web", taskDefinition=self.define(), desiredCount=3)
        self.ecs.get_waiter("services_stable").wait(cluster="demo", services=["web"], WaiterConfig=QUICK)
        tasks = self.ecs.list_tasks(cluster="demo", serviceName="web")["taskArns"]
        self.assertEqual(len({self.port_of(task) for task in tasks}), 3)
        self.ecs.stop_task(cluster="demo", task=tasks[0])
        self.wait_for("stopped", tasks[0])
        self.ecs.get_waiter("services_stable").wait(cluster="demo", services=["web"], WaiterConfig=QUICK)
        now = self.ecs.list_tasks(cluster="demo", serviceName="web")["taskArns"]
        self.assertEqual(len(now), 3)
        self.assertNotIn(tasks[0], now)


def _answers(ecs):
    try:
        ecs.list_clusters()
        return True
    except Exception:  # noqa: BLE001: whatever boto3 calls a closed door
        return False


if __name__ == "__main__":
    unittest.main(verbosity=2)
