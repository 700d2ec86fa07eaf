#!/usr/bin/env python3
"""The control plane's state through the whole binary: killed under load it keeps what it acknowledged, and a proxy that
watches it follows a task in a moment, in and out, without a failed request."""
import json
import os
import random
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import support

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "8"))


class ControlPlane:
    def __init__(self, folder, *options):
        self.port = support.free_port()
        self.folder = folder
        self.options = options
        self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        self.process = subprocess.Popen([support.BINARY, "control", f"--address=127.0.0.1:{self.port}",
                                         f"--data={self.folder}/state", "--log-level=WARN", *self.options])
        support.wait_until(lambda: support.accepts(self.port), "the control plane listens", 20)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def call(self, action, **request):
        """Without a signature, which --auth=any takes."""
        http = urllib.request.Request(self.url, json.dumps(request).encode(), {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AmazonEC2ContainerServiceV20141113." + action})
        try:
            with urllib.request.urlopen(http, timeout=20) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{action}: {error.code} {error.read().decode()}") from None


class Agent:
    """A container agent's ACS connection: acknowledges what it is told and remembers the tasks' desired statuses."""

    def __init__(self, control, cluster, instance):
        self.desired = {}
        self.socket = socket.create_connection(("127.0.0.1", control.port), 10)
        self.socket.sendall((f"GET /ws?clusterArn={cluster}&containerInstanceArn={instance}&seqNum=1 HTTP/1.1\r\n"
                             "Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode())
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            self.data += self.socket.recv(65536)
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        if b" 101 " not in head:
            raise AssertionError(head)
        threading.Thread(target=self._listen, daemon=True).start()

    def _take(self, size):
        while len(self.data) < size:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError
            self.data += more
        out, self.data = self.data[:size], self.data[size:]
        return out

    def _listen(self):
        try:
            while True:
                _, size = self._take(2)
                if size == 126:
                    size = struct.unpack(">H", self._take(2))[0]
                elif size == 127:
                    size = struct.unpack(">Q", self._take(8))[0]
                envelope = json.loads(self._take(size))
                if envelope["type"] == "PayloadMessage":
                    for task in envelope["message"]["tasks"]:
                        self.desired[task["arn"]] = task["desiredStatus"]
                    self._send("AckRequest", {"messageId": envelope["message"]["messageId"]})
                elif envelope["type"] == "HeartbeatMessage":
                    self._send("HeartbeatAckRequest", {"messageId": envelope["message"]["messageId"]})
        except (ConnectionError, OSError, ValueError):
            pass

    def _send(self, kind, message):
        text = json.dumps({"type": kind, "message": message}).encode()
        head = bytes([0x81, 0x80 | len(text)]) if len(text) < 126 else bytes([0x81, 0xFE]) + struct.pack(">H", len(text))
        self.socket.sendall(head + b"\0\0\0\0" + text)

    def close(self):
        self.socket.close()


class ControlStateTest(support.ProxyTest):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="fairlead-control-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def control(self, *options):
        control = ControlPlane(self.folder, *options)
        self.addCleanup(control.kill)
        return control

    def test_killed_under_load_it_keeps_all_that_was_acknowledged(self):
        control = self.control()
        random.seed(5)
        acknowledged = []
        for turn in range(ROUNDS):
            stop = threading.Event()

            def load(worker):
                for n in range(10_000):
                    name = f"c{turn}-{worker}-{n}"
                    try:
                        control.call("CreateCluster", clusterName=name)
                    except Exception:  # killed in the middle: may be there or not
                        return
                    acknowledged.append(name)
                    if stop.is_set():
                        return

            workers = [threading.Thread(target=load, args=(w,)) for w in range(4)]
            for worker in workers:
                worker.start()
            time.sleep(random.uniform(0.05, 0.3))  # the moment is what the test is about
            control.kill()
            stop.set()
            for worker in workers:
                worker.join()
            control.start()
            there, token = set(), {}
            while True:
                page = control.call("ListClusters", maxResults=100, **token)
                there.update(arn.rsplit("/", 1)[1] for arn in page["clusterArns"])
                if "nextToken" not in page:
                    break
                token = {"nextToken": page["nextToken"]}
            missing = set(acknowledged) - there
            self.assertFalse(missing, f"acknowledged and lost after {turn + 1} kills: {sorted(missing)[:5]}")
        self.assertGreater(len(acknowledged), ROUNDS, "there was no load")

    def test_a_proxy_that_watches_follows_a_task_in_and_out(self):
        control = self.control("--drain-delay=1s")
        upstream = self.upstream()
        port = int(upstream.url.rsplit(":", 1)[1])
        control.call("CreateCluster", clusterName="web")
        control.call("RegisterTaskDefinition", family="app", networkMode="awsvpc", containerDefinitions=[{
            "name": "app", "image": "x", "memory": 64, "portMappings": [{"containerPort": port}],
            "dockerLabels": {"traefik.http.routers.app.rule": "PathPrefix(`/app`)"}}])
        instance = control.call("RegisterContainerInstance", cluster="web", attributes=[
            {"name": "ecs.capability.external"}, {"name": "ecs.capability.task-eni"},
            {"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"},
            {"name": "com.amazonaws.ecs.capability.docker-remote-api.1.17"}], totalResources=[
                {"name": "CPU", "type": "INTEGER", "integerValue": 1024},
                {"name": "MEMORY", "type": "INTEGER", "integerValue": 1024}])
        agent = Agent(control, "web", instance["containerInstance"]["containerInstanceArn"])
        self.addCleanup(agent.close)
        os.environ.update(AWS_ENDPOINT_URL=control.url, AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b",
                          AWS_REGION="us-east-1")
        proxy = self.fairlead(support.one_service(upstream.url), static={"providers": {
            "providersThrottleDuration": "10ms", "file": {"filename": "routes.yml"},
            "ecs": {"clusters": ["web"], "refreshSeconds": 3600}}})
        proxy.configure({})
        support.wait_until(lambda: support.accepts(proxy.port), "the proxy listens")
        support.wait_until(lambda: support.get(proxy.port, "/app").status == 404, "nothing is routed yet")

        started = control.call("RunTask", cluster="web", taskDefinition="app", launchType="EXTERNAL",
                               networkConfiguration={"awsvpcConfiguration": {"subnets": ["s"]}})
        self.assertFalse(started["failures"])
        task = started["tasks"][0]["taskArn"]
        support.wait_until(lambda: agent.desired.get(task) == "RUNNING", "the agent hears of the task")
        binding = {"bindIP": "127.0.0.1", "containerPort": port, "hostPort": port, "protocol": "tcp"}
        control.call("SubmitTaskStateChange", cluster="web", task=task, status="RUNNING", containers=[
            {"containerName": "app", "status": "RUNNING", "networkBindings": [binding]}])
        began = time.monotonic()
        support.wait_until(lambda: support.get(proxy.port, "/app").status == 200, "the proxy routes to the task")
        print(f"routed {1000 * (time.monotonic() - began):.0f} ms after the task ran")

        # Its agent hears of the stop only when the proxy has let go of it: the route goes first.
        control.call("StopTask", cluster="web", task=task)
        began = time.monotonic()
        support.wait_until(lambda: support.get(proxy.port, "/app").status == 404, "the proxy lets go of the task")
        let_go = time.monotonic() - began
        print(f"let go {1000 * let_go:.0f} ms after the stop was asked for")
        self.assertLess(let_go, 0.9, "the drain delay would have been over")
        self.assertEqual(agent.desired[task], "RUNNING", "the agent was told before the proxy had let go")
        support.wait_until(lambda: agent.desired[task] == "STOPPED", "the agent is told to stop the task")


if __name__ == "__main__":
    unittest.main()
