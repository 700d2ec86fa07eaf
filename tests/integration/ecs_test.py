#!/usr/bin/env python3
"""ECS discovery through the whole binary, against moto, a third party's imitation of AWS; without moto it is skipped
(exit 77)."""
import json
import os
import re
import socket
import ssl
import subprocess
import tempfile
import unittest
from pathlib import Path

import support
from moto_python import moto_python

ACCOUNT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-west-1",
           "AWS_DEFAULT_REGION": "eu-west-1"}

# moto's server, corrected where it is unlike ECS. It has no agent that would start containers, so they stay PENDING for
# ever, and nothing routes to a container that is not RUNNING; its tasks begin to stop when they are looked at. Its
# instances have addresses of a network that does not exist; here each is this machine, so that what is discovered can
# be reached.
SERVER = """
import moto.ecs.models as ecs
original = ecs.Container.__init__
def start_running(self, *args, **kwargs):
    original(self, *args, **kwargs)
    self.last_status = "RUNNING"
ecs.Container.__init__ = start_running
from moto.ec2.models.instances import Instance
Instance.private_ip = Instance.private_ip_address = property(lambda self: "127.0.0.1")
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

    def server(self, name):
        """A real backend; its port."""
        port = support.free_port()
        process = subprocess.Popen([support.BINARY, "whoami", "--port", str(port), "--name", name],
                                   stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        support.wait_until(lambda: support.accepts(port), f"{name} listens")
        return port

    def tls_server(self, certificate):
        """A backend that speaks TLS itself; its port."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate["certFile"], certificate["keyFile"])

        def serve(raw):
            try:
                with context.wrap_socket(raw, server_side=True) as connection:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nName: own\n")
            except OSError:
                pass  # a client that does not want this certificate
        server = support.ThreadedServer(serve)
        self.addCleanup(server.stop)
        return server.port

    def proxy_with_flags(self, *flags):
        """fairlead with nothing but flags, as on a command line: its port and its log."""
        folder = tempfile.TemporaryDirectory(prefix="fairlead-test-")
        self.addCleanup(folder.cleanup)
        port, log = support.free_port(), Path(folder.name, "output.log")
        with log.open("wb") as output:
            process = subprocess.Popen([support.BINARY, f"--entryPoints.web.address=127.0.0.1:{port}", *flags],
                                       cwd=folder.name, stdout=output, stderr=subprocess.STDOUT)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        support.wait_until(lambda: support.accepts(port), "the proxy listens")
        return port, log

    def test_real_backends_while_aws_goes_and_comes_back(self):
        one, two = self.server("one"), self.server("two")
        web = {"traefik.enable": "true", "traefik.http.routers.web.rule": "PathPrefix(`/`)"}
        new = {"traefik.enable": "true", "traefik.http.routers.new.rule": "PathPrefix(`/new`)"}
        self.aws(f'ecs.create_cluster(clusterName="shop")\nmachine("shop")\nrun("shop", "web", {web!r}, {one})')
        port, log = self.proxy_with_flags("--providers.ecs.autoDiscoverClusters=true", "--log.level=INFO",
                                          "--providers.ecs.exposedByDefault=false", "--providers.ecs.refreshSeconds=1")

        def answers(path, name):
            return f"Name: {name}\n" in support.get(port, path).body
        support.wait_until(lambda: answers("/", "one"), "the task's container answers", 20)

        self.stop_moto()
        support.wait_until(lambda: "ListClusters" in log.read_text(), "the failure is in the log")
        for _ in range(20):
            self.assertTrue(answers("/", "one"))

        # A new moto knows nothing, so the old task is made again and then another; who asks it in between gets 404.
        self.start_moto()
        self.aws(f'ecs.create_cluster(clusterName="shop")\nmachine("shop")\nrun("shop", "web", {web!r}, {one})\n'
                 f'run("shop", "new", {new!r}, {two})')
        support.wait_until(lambda: answers("/new", "two"), "the new task's container answers", 60)
        self.assertTrue(answers("/", "one"))

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
        instances = lambda: next(iter(json.loads(state.read_text())["clusters"].values()))
        support.wait_until(instances, "the state is kept, a moment after it is served")
        (instance,) = instances()
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

    def test_tls_by_labels(self):
        web, db = self.server("web"), self.server("db")
        https = {"traefik.http.routers.web.rule": "Host(`web.test`)", "traefik.http.routers.web.tls": "true",
                 "traefik.http.routers.web.tls.options": "modern@file"}
        tcp = {"traefik.tcp.routers.db.rule": "HostSNI(`db.test`)", "traefik.tcp.routers.db.tls": "true",
               "traefik.tcp.services.db.loadbalancer.server.port": "80"}
        passed = {"traefik.tcp.routers.own.rule": "HostSNI(`own.test`)", "traefik.tcp.routers.own.tls.passthrough": "true",
                  "traefik.tcp.services.own.loadbalancer.server.port": "80"}
        folder = tempfile.TemporaryDirectory(prefix="fairlead-test-")
        self.addCleanup(folder.cleanup)
        certificate = support.issue(folder.name, "web.test", "db.test")
        own_certificate = support.issue(folder.name, "own.test")
        self.aws(f'ecs.create_cluster(clusterName="shop")\nmachine("shop")\nrun("shop", "web", {https!r}, {web})\n'
                 f'run("shop", "db", {tcp!r}, {db})\nrun("shop", "own", {passed!r}, {self.tls_server(own_certificate)})')
        proxy = self.fairlead({"tls": {"certificates": [certificate], "options": {"modern": {"minVersion": "VersionTLS13"}}}},
                              static={"providers": {"file": {"filename": "routes.yml"}, "providersThrottleDuration": "10ms",
                                                    "ecs": {"refreshSeconds": 1, "autoDiscoverClusters": True}}})
        context = ssl.create_default_context(cafile=certificate["certFile"])
        context_of_own = ssl.create_default_context(cafile=own_certificate["certFile"])

        def answer(name, context=context):
            with socket.create_connection(("127.0.0.1", proxy.port), 10) as raw, \
                    context.wrap_socket(raw, server_hostname=name) as connection:
                support.send(connection, "/", name, "Connection: close\r\n")
                return support.Answer(connection).body

        def answers(name, server, context=context):
            try:
                return f"Name: {server}\n" in answer(name, context)
            except OSError:
                return False
        support.wait_until(lambda: answers("web.test", "web"), "HTTPS reaches the first container", 20)
        support.wait_until(lambda: answers("db.test", "db"), "TCP in TLS reaches the second one", 20)
        support.wait_until(lambda: answers("own.test", "own", context_of_own), "TLS is passed through to the third", 20)
        self.assertNotIn("X-Forwarded-For", answer("db.test"), "TCP is passed on as it is")
        self.assertIn("X-Forwarded-Proto: https", answer("web.test"))
        self.assertEqual(support.get(proxy.port, "/", "web.test").status, 404, "in the clear there is nothing")
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.assertFalse(answers("web.test", "web"), "the options of the label hold")
        self.assertTrue(answers("db.test", "db"))


if __name__ == "__main__":
    EcsTest.python = moto_python()
    unittest.main()
