#!/usr/bin/env python3
"""`fairlead dev`: a service on the whole stack, rolled over, scaled and robbed of tasks under keep-alive load without a
failed request; ended and started again it goes on where it was. DEV_REQUESTS and DEV_ROUNDS make it longer."""
import os
import re
import signal
import subprocess
import tempfile
import threading
import unittest
import urllib.request
from pathlib import Path

from control_plane import QUICK, Config, boto3
from support import BINARY, free_port, remove, wait_until

HAMMER = os.environ["HAMMER"]
REQUESTS = int(os.environ.get("DEV_REQUESTS", "20000"))
ROUNDS = int(os.environ.get("DEV_ROUNDS", "1"))


class Load(threading.Thread):
    """Keep-alive requests until told to stop, and at least REQUESTS of them."""

    def __init__(self, port):
        super().__init__()
        self.port, self.done = port, threading.Event()
        self.passed = self.failed = 0
        self.complaints = []
        self.start()

    def run(self):
        while not self.done.is_set() or self.passed + self.failed < REQUESTS:
            said = subprocess.run([HAMMER, str(self.port), "/whoami", "8", "4000"], capture_output=True, text=True).stdout
            passed, failed = re.search(r"(\d+) passed, (\d+) failed", said).groups()
            self.passed += int(passed)
            self.failed += int(failed)
            if int(failed):
                self.complaints.append(said)
                return

    def end(self):
        self.done.set()
        self.join()


class DevTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="fairlead-dev-")
        self.addCleanup(remove, self.temporary)
        self.log = Path(self.temporary.name) / "dev.log"
        self.api, self.web, self.dashboard = free_port(), free_port(), free_port()
        self.ecs = boto3.client("ecs", endpoint_url=f"http://127.0.0.1:{self.api}", region_name="us-east-1",
                                aws_access_key_id="any", aws_secret_access_key="any",
                                config=Config(retries={"total_max_attempts": 3}))
        self.addCleanup(self.end)
        self.start()

    def start(self):
        with self.log.open("ab") as log:
            self.stack = subprocess.Popen(
                [BINARY, "dev", f"--data={self.temporary.name}/data", f"--address=127.0.0.1:{self.api}",
                 f"--web=127.0.0.1:{self.web}", f"--dashboard=127.0.0.1:{self.dashboard}", "--engine=process"],
                stdout=log, stderr=subprocess.STDOUT, env=os.environ | {"AWS_EC2_METADATA_DISABLED": "true"})

    def end(self):
        self.stack.send_signal(signal.SIGTERM)
        return self.stack.wait(40)

    def instances(self):
        try:
            return self.ecs.list_container_instances(cluster="default")["containerInstanceArns"]
        except Exception:  # not up yet, or nobody has joined
            return []

    def register(self, colour):
        # ECS says RUNNING when a container's process runs; whether it listens by then, only trying can tell.
        labels = {"traefik.enable": "true", "traefik.http.routers.whoami.rule": "PathPrefix(`/whoami`)",
                  "traefik.http.routers.whoami.middlewares": "again",
                  "traefik.http.middlewares.again.retry.attempts": "10",
                  "traefik.http.middlewares.again.retry.initialinterval": "200ms"}
        self.ecs.register_task_definition(
            family="whoami", networkMode="bridge",
            containerDefinitions=[{"name": "whoami", "image": "fairlead/whoami", "memory": 256,  # a sanitizer's
                                   "dockerLabels": labels,
                                   "environment": [{"name": "COLOUR", "value": colour}],
                                   "portMappings": [{"containerPort": 80, "hostPort": 0}]}])

    def names(self, count=24):
        found = set()
        for _ in range(count):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.web}/whoami", timeout=5) as answer:
                    found.add(re.search(r"^Hostname: (\S+)", answer.read().decode(), re.M)[1])
            except OSError:
                pass
        return found

    def stable(self):
        self.ecs.get_waiter("services_stable").wait(cluster="default", services=["whoami"], WaiterConfig=QUICK)

    def tasks(self):
        return self.ecs.list_tasks(cluster="default", serviceName="whoami")["taskArns"]

    def test_a_service_changes_under_load_without_a_failed_request(self):
        wait_until(self.instances, "the agent has joined", 20)
        self.register("blue")
        self.ecs.create_service(cluster="default", serviceName="whoami", taskDefinition="whoami", desiredCount=4)
        wait_until(lambda: len(self.names()) == 4, "four tasks answer", 30)
        load = Load(self.web)
        try:
            for turn in range(ROUNDS):
                self.register(f"green {turn}")
                self.ecs.update_service(cluster="default", service="whoami", taskDefinition="whoami")
                self.stable()
                self.ecs.update_service(cluster="default", service="whoami", desiredCount=6)
                self.stable()
                victim = self.tasks()[0]
                self.ecs.stop_task(cluster="default", task=victim)
                wait_until(lambda: victim not in self.tasks() and len(self.tasks()) == 6, "the task is replaced", 30)
                self.ecs.update_service(cluster="default", service="whoami", desiredCount=4)
                self.stable()
                wait_until(lambda: len(self.names()) == 4, "four tasks answer", 30)
        finally:
            load.end()
        self.assertEqual((load.failed, load.complaints), (0, []), self.log.read_text())
        self.assertGreaterEqual(load.passed, REQUESTS)

        status = subprocess.run([BINARY, "ecs", "status", f"--endpoint=http://127.0.0.1:{self.api}"],
                                capture_output=True, text=True, check=True).stdout
        self.assertRegex(status, rf"(?m)^  whoami +ACTIVE +4 +4 +0 +COMPLETED +whoami:{ROUNDS + 1}$")
        self.assertEqual(len(re.findall(r"(?m)service:whoami +RUNNING", status)), 4, status)

        before = self.names()
        self.assertEqual(self.end(), 0, self.log.read_text())
        self.start()
        wait_until(lambda: len(self.names()) == 4, "a second start resumes", 40)
        self.assertFalse(before & self.names(), "the tasks of before were stopped with the stack")


if __name__ == "__main__":
    unittest.main()
