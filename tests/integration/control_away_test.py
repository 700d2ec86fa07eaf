#!/usr/bin/env python3
"""The control plane is away for a while: tasks run on, also over a restart of their agent, and the proxy sends requests
to them; a task that ends meanwhile is told when it is back, and replaced. AWAY_SECONDS: at least as long. Without boto3
it is skipped (exit 77)."""
import os
import signal
import time
import unittest

from control_plane import QUICK, BotoCoreError, ClientError, PairTest, connected
from faults_test import Requests
from support import accepts, free_port, get, wait_until

ATTEMPTS = 8  # of the agent to connect before the control plane is back: about 12 seconds
AWAY = float(os.environ.get("AWAY_SECONDS", "0"))
LIMIT = 60.0  # for things to settle; sanitizers and busy machines are slow


class ControlAwayTest(PairTest):
    def setUp(self):
        super().setUp()
        self.pair.start_control()
        self.ecs = self.pair.ecs()
        self.ecs.create_cluster(clusterName="demo")
        self.pair.start_agent("agent", "--engine=process")
        wait_until(lambda: connected(self.ecs), "the agent is connected", LIMIT)
        self.port = free_port()
        self.pair.start_proxy(self.port)
        wait_until(lambda: accepts(self.port), "the proxy listens", LIMIT)

    def log(self, name):
        return (self.pair.folder / f"{name}.log").read_text()

    def tasks(self, service, status="RUNNING"):
        """Tasks by ARN."""
        arns = self.ecs.list_tasks(cluster="demo", serviceName=service, desiredStatus=status)["taskArns"]
        found = self.ecs.describe_tasks(cluster="demo", tasks=arns)["tasks"] if arns else []
        return {task["taskArn"]: task for task in found}

    def run_service(self, name, count, **container):
        self.ecs.register_task_definition(family=name, containerDefinitions=[{"name": "main", **container}])
        self.ecs.create_service(cluster="demo", serviceName=name, taskDefinition=name, desiredCount=count)
        self.stable(name)

    def stable(self, name):
        self.ecs.get_waiter("services_stable").wait(cluster="demo", services=[name],
                                                    WaiterConfig={**QUICK, "MaxAttempts": 600})

    def names(self, count):
        """Waits until so many tasks have answered through the proxy."""
        seen = set()
        wait_until(lambda: (answer := get(self.port, "/web")).status == 200 and seen.add(answer.body.split("\n")[0])
                   or len(seen) == count, f"{count} tasks answer", LIMIT)

    def is_connected(self):
        try:
            return bool(connected(self.ecs))
        except (BotoCoreError, ClientError):
            return False

    def run_web(self):
        labels = {"traefik.enable": "true", "traefik.http.routers.web.rule": "PathPrefix(`/web`)"}
        self.run_service("web", 3, image="fairlead/whoami", memory=256, dockerLabels=labels,
                         portMappings=[{"containerPort": 80}])

    def runtime_ids(self, service):
        return {arn: task["containers"][0]["runtimeId"] for arn, task in self.tasks(service).items()}

    def test_tasks_and_traffic_outlive_its_absence(self):
        self.run_web()
        # Of these one ends, with 7, as soon as there is a folder `go`.
        turn = f"until mkdir {self.pair.folder}/go/turn 2>/dev/null; do sleep 0.1; done; exit 7"
        self.run_service("quiet", 2, image="host", memory=8, command=["/bin/sh", "-c", turn])
        web, quiet = self.runtime_ids("web"), self.tasks("quiet")
        self.names(3)

        requests = Requests(self.port)
        try:
            self.pair.kill("control")
            gone_since = time.monotonic()
            (self.pair.folder / "go").mkdir()
            wait_until((self.pair.folder / "go/turn").exists, "one task has ended", LIMIT)
            wait_until(lambda: self.log("agent").count("; again in ") >= ATTEMPTS, "the agent has tried and tried", LIMIT)
            self.pair.kill("agent")
            self.pair.restart("agent")
            wait_until(lambda: " 5 tasks taken over" in self.log("agent"), "the agent has its tasks again", LIMIT)
            wait_until(lambda: time.monotonic() - gone_since >= AWAY, "it has been away long enough", AWAY + LIMIT)
            answered = requests.answered
            wait_until(lambda: requests.answered > answered + 100, "requests go on", LIMIT)
            self.assertEqual(requests.complaints, [])

            self.pair.restart("control")
            wait_until(self.is_connected, "control plane and agent have found each other", LIMIT)
            ended = wait_until(lambda: self.tasks("quiet", "STOPPED"), "the end is told", LIMIT)
            [gone] = ended.values()
            self.assertIn(gone["taskArn"], quiet)
            self.assertEqual((gone["stopCode"], gone["containers"][0]["exitCode"]), ("EssentialContainerExited", 7))
            self.stable("quiet")
            self.assertEqual(len(set(self.tasks("quiet")) - set(quiet)), 1)
            self.assertEqual(self.runtime_ids("web"), web)
        finally:
            requests.end()
        self.assertEqual(requests.complaints, [])

        # The proxy hears of changes again.
        self.ecs.update_service(cluster="demo", service="web", desiredCount=4)
        self.names(4)

    @unittest.skipUnless(AWAY, "takes AWAY_SECONDS")
    def test_tasks_and_traffic_outlive_that_it_stands_still(self):
        """Its connections stay open and nothing comes on them: longer than it waits for a heartbeat's answer."""
        self.run_web()
        web = self.runtime_ids("web")
        self.names(3)
        requests = Requests(self.port)
        try:
            self.pair.processes["control"].send_signal(signal.SIGSTOP)
            time.sleep(AWAY)  # the time is what the test is about
            self.pair.processes["control"].send_signal(signal.SIGCONT)
            self.ecs.update_service(cluster="demo", service="web", desiredCount=4)
            self.names(4)
            self.stable("web")
            self.assertEqual({arn: identifier for arn, identifier in self.runtime_ids("web").items() if arn in web}, web)
        finally:
            requests.end()
        self.assertEqual(requests.complaints, [])


if __name__ == "__main__":
    unittest.main()
