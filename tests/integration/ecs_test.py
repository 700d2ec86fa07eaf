#!/usr/bin/env python3
"""ECS discovery through the whole binary, against moto, a third party's imitation of AWS. Where moto is unlike ECS it
is corrected: containers stay PENDING, their cpu and memory are numbers, and tasks begin to stop when looked at.
Needs moto and boto3 (tools/install_deps.sh --conformance, or aws_test.py, which installs its own); without them the
test says so and is skipped (exit 77)."""
import json
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

import support

ACCOUNT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-west-1",
           "AWS_DEFAULT_REGION": "eu-west-1"}

SERVER = """
import moto.ecs.models as ecs
original = ecs.Container.__init__
def start_running(self, *args, **kwargs):
    original(self, *args, **kwargs)
    self.last_status = "RUNNING"
    self.cpu, self.memory = str(self.cpu), str(self.memory)
ecs.Container.__init__ = start_running
from moto.moto_api import state_manager
state_manager.set_transition("ecs::task", dict(progression="manual", times=10**9))
from moto.server import main
main(["-H", "127.0.0.1", "-p", "{port}"])
"""

# Runs in moto's Python; what it prints as JSON is the result.
CLIENT = """
import boto3, json
ecs, ec2 = boto3.client("ecs"), boto3.client("ec2")

def machine(cluster):
    image = ec2.describe_images()["Images"][0]["ImageId"]
    instance = boto3.resource("ec2").create_instances(ImageId=image, MinCount=1, MaxCount=1)[0]
    document = dict(instanceId=instance.id, imageId=image, accountId="123456789012", region="eu-west-1")
    ecs.register_container_instance(cluster=cluster, instanceIdentityDocument=json.dumps(document))
    return instance.private_ip_address

def run(cluster, family, labels, port=80):
    ecs.register_task_definition(family=family, networkMode="bridge", containerDefinitions=[dict(
        name="app", image="x", memory=64, dockerLabels=labels, portMappings=[dict(containerPort=80, hostPort=port)])])
    return ecs.run_task(cluster=cluster, taskDefinition=family, count=1)["tasks"][0]["taskArn"]
"""


def find_python():
    """A Python that has moto's server and boto3, or None."""
    candidates = [sys.executable, support.ROOT / "build/venv/bin/python",
                  Path(os.environ.get("AWS_CALLS", "/nowhere")).parent / "moto-venv/bin/python"]
    for python in candidates:
        try:
            subprocess.run([python, "-c", "import moto.server, flask, boto3"], check=True, capture_output=True,
                           timeout=60)
            return str(python)
        except (OSError, subprocess.SubprocessError):
            continue
    return None


class EcsTest(support.ProxyTest):
    python = None

    def setUp(self):
        self.moto = None
        self.port = support.free_port()
        self.start_moto()
        self.addCleanup(self.stop_moto)
        os.environ.update(ACCOUNT, AWS_ENDPOINT_URL=f"http://127.0.0.1:{self.port}")

    def start_moto(self):
        self.moto = subprocess.Popen([self.python, "-c", SERVER.replace("{port}", str(self.port))],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        support.wait_until(lambda: support.accepts(self.port), "moto accepts connections", 60)

    def stop_moto(self):
        self.moto.kill()
        self.moto.wait()

    def aws(self, script):
        result = subprocess.run([self.python, "-c", CLIENT + script], capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout) if result.stdout.strip() else None

    def proxy(self, **ecs):
        return self.fairlead({}, static={"providers": {
            "file": {"filename": "routes.yml"}, "providersThrottleDuration": "10ms",
            "ecs": {"refreshSeconds": 1, **ecs}}})

    def wait_for_route(self, proxy, path, status, limit=20):
        try:
            support.wait_until(lambda: support.accepts(proxy.port) and self.status(proxy, path) == status,
                               f"{path} answers {status}", limit)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{proxy.log.read_text()}") from None

    @staticmethod
    def status(proxy, path):
        return support.get(proxy.port, path, "ecs.test").status

    def test_tasks_come_and_go(self):
        upstream = self.upstream()
        labels = {"traefik.http.routers.r.rule": "Host(`ecs.test`) && Path(`/a`)",
                  "traefik.http.routers.r.priority": "1000",
                  "traefik.http.services.s.loadbalancer.server.url": upstream.url,
                  "traefik.http.routers.bad.rule": "Path(`/bad`)", "traefik.http.routers.bad.priority": "high"}
        proxy = self.proxy(autoDiscoverClusters=True, stateFile="state.json")
        self.aws('ecs.create_cluster(clusterName="one")')
        self.wait_for_route(proxy, "/a", 404)
        made = self.aws(f'address = machine("one")\nprint(json.dumps([address, run("one", "web", {labels!r})]))')
        self.wait_for_route(proxy, "/a", 200)
        self.assertEqual(self.status(proxy, "/bad"), 404)

        state = proxy.folder / "state.json"
        self.assertEqual(state.stat().st_mode & 0o777, 0o600)
        instance = json.loads(state.read_text())["clusters"]
        (instance,) = next(iter(instance.values()))
        self.assertEqual((instance["ip"], instance["origin"], instance["revision"]), (made[0], "web", 1))
        self.assertEqual(instance["id"], made[1][-12:])

        # AWS away: nothing changes, and the state file serves a new process.
        self.stop_moto()
        kept = state.read_text()
        support.wait_until(lambda: "ListClusters" in proxy.log.read_text(), "the failure is in the log")
        self.assertEqual(self.status(proxy, "/a"), 200)
        second = self.proxy(autoDiscoverClusters=True, stateFile=str(state))
        self.wait_for_route(second, "/a", 200)
        self.assertEqual(state.read_text(), kept)

        # moto forgets everything: no clusters, so no routes; a working answer is believed.
        self.start_moto()
        self.wait_for_route(proxy, "/a", 404, 60)

    def test_named_cluster_that_is_missing_does_not_hurt_the_other(self):
        upstream = self.upstream()
        labels = {"traefik.http.routers.r.rule": "Host(`ecs.test`) && Path(`/a`)",
                  "traefik.http.services.s.loadbalancer.server.url": upstream.url}
        self.aws('ecs.create_cluster(clusterName="there")')
        task = self.aws(f'machine("there")\nprint(json.dumps(run("there", "web", {labels!r})))')
        proxy = self.proxy(clusters=["missing", "there"])
        self.wait_for_route(proxy, "/a", 200)
        self.assertTrue(re.search("ClusterNotFound", proxy.log.read_text()), proxy.log.read_text())
        self.aws(f'ecs.stop_task(cluster="there", task={task!r})')
        self.wait_for_route(proxy, "/a", 404)


if __name__ == "__main__":
    EcsTest.python = find_python()
    if EcsTest.python is None:
        print("skipped: no Python with moto[server] and boto3; tools/install_deps.sh --conformance makes one")
        sys.exit(77)
    unittest.main()
