#!/usr/bin/env python3
"""Control plane and agent are killed (SIGKILL) again and again, either or both, while a client makes changes and a proxy
sends requests to a service's tasks. Whatever was acknowledged stays so, every task's process is started once, and no request
fails. FAULTS rounds with the random numbers of SEED. Without boto3 it is skipped (exit 77)."""
import collections
import os
import random
import socket
import threading
import time
import unittest

from control_plane import QUICK, BotoCoreError, ClientError, PairTest, connected
from support import accepts, free_port, get, wait_until

FAULTS = int(os.environ.get("FAULTS", "10"))
SEED = int(os.environ.get("SEED", "1"))
SETTLE_EVERY = 10  # rounds between looking whether all is as it was told
LIMIT = 40.0  # seconds for things to settle; sanitizers and busy machines are slow


class Requests(threading.Thread):
    """Requests to one port, a few a millisecond, on kept connections; what is not answered with 200 is written down."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.done = port, threading.Event()
        self.answered, self.longest, self.complaints = 0, 0.0, []
        self.start()

    def run(self):
        connection = socket.create_connection(("127.0.0.1", self.port), 10)
        while not self.done.is_set() and len(self.complaints) < 5:
            begun = time.monotonic()
            try:
                connection.sendall(b"GET /web HTTP/1.1\r\nHost: localhost\r\n\r\n")
                status = self.read(connection)
            except OSError as error:
                status = repr(error)
            if status != 200:
                self.complaints.append((time.strftime("%H:%M:%S"), status))
                connection.close()
                connection = socket.create_connection(("127.0.0.1", self.port), 10)
            self.answered += 1
            self.longest = max(self.longest, time.monotonic() - begun)
            time.sleep(0.002)
        connection.close()

    @staticmethod
    def read(connection):
        data = b""
        while b"\r\n\r\n" not in data:
            data += Requests.receive(connection)
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        while len(body) < length:
            body += Requests.receive(connection)
        return int(head.split()[1])

    @staticmethod
    def receive(connection):
        data = connection.recv(65536)
        if not data:
            raise ConnectionError("closed before the answer was whole")
        return data

    def end(self):
        self.done.set()
        self.join()


class Client(threading.Thread):
    """Makes changes one after another and keeps what was acknowledged. A change that may be repeated safely is, until it
    is answered."""

    def __init__(self, ecs, folder, seed):
        super().__init__(daemon=True)
        self.ecs, self.folder, self.random = ecs, folder, random.Random(seed)
        self.may_go, self.done = threading.Event(), threading.Event()
        self.idle = threading.Event()
        self.count = 0
        self.tasks = {}        # ARN by number: acknowledged RunTask
        self.stopped = set()   # numbers: acknowledged StopTask
        self.short = {}        # ARN -> the exit code it is to have
        self.desired = 1       # of the service "churn", as last acknowledged
        self.attributes = {}   # name -> value
        self.definitions = []  # ARNs
        self.lost = collections.Counter()
        self.problem = None
        self.may_go.set()
        self.start()

    def run(self):
        try:
            while not self.done.is_set():
                if not self.may_go.is_set():
                    self.idle.set()
                    self.may_go.wait()
                    self.idle.clear()
                self.change()
        except Exception as error:  # told by the test, which looks at `problem`
            self.problem = error
        self.idle.set()

    def until_answered(self, call, **arguments):
        while True:
            try:
                return call(**arguments)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                    raise
            except BotoCoreError:
                pass
            self.lost[call.__name__] += 1
            time.sleep(0.05)

    def change(self):
        self.count += 1
        number = self.count
        kind = self.random.choice(["run", "run", "stop", "short", "scale", "roll", "attribute", "definition"])
        living = sorted(set(self.tasks) - self.stopped)
        if kind == "run" and len(living) < 12:
            command = f'echo started >> "{self.folder}/ran.{number}"; exec sleep 100000'
            overrides = {"containerOverrides": [{"name": "main", "command": ["/bin/sh", "-c", command]}]}
            answer = self.until_answered(self.ecs.run_task, cluster="demo", taskDefinition="sleeper", overrides=overrides,
                                         startedBy=f"client-{number}", clientToken=f"token-{number}")
            # No instance may be connected for a moment.
            if answer["tasks"]:
                self.tasks[number] = answer["tasks"][0]["taskArn"]
        elif kind == "stop" and living:
            victim = self.random.choice(living)
            self.until_answered(self.ecs.stop_task, cluster="demo", task=self.tasks[victim], reason="enough")
            self.stopped.add(victim)
        elif kind == "short":
            overrides = {"containerOverrides": [{"name": "main", "command": ["/bin/sh", "-c", f"exit {number % 100}"]}]}
            answer = self.until_answered(self.ecs.run_task, cluster="demo", taskDefinition="sleeper", overrides=overrides,
                                         startedBy=f"short-{number}", clientToken=f"token-{number}")
            if answer["tasks"]:
                self.short[answer["tasks"][0]["taskArn"]] = number % 100
        elif kind == "scale":
            desired = self.random.randint(0, 4)
            self.until_answered(self.ecs.update_service, cluster="demo", service="churn", desiredCount=desired)
            self.desired = desired
        elif kind == "roll" and number % 3 == 0:  # each lives long enough to get somewhere
            self.until_answered(self.ecs.update_service, cluster="demo", service="churn", forceNewDeployment=True)
        elif kind == "attribute":
            arn = self.until_answered(self.ecs.list_container_instances, cluster="demo")["containerInstanceArns"][0]
            name = f"mark.{number % 8}"
            self.until_answered(self.ecs.put_attributes, cluster="demo",
                                attributes=[{"name": name, "value": str(number), "targetId": arn}])
            self.attributes[name] = str(number)
        elif kind == "definition":
            answer = self.until_answered(self.ecs.register_task_definition, family=f"family-{number}", containerDefinitions=[
                {"name": "main", "image": "host", "memory": 8, "command": ["/bin/true"]}])
            self.definitions.append(answer["taskDefinition"]["taskDefinitionArn"])
        time.sleep(0.02)

    def pause(self):
        self.may_go.clear()
        wait_until(self.idle.is_set, "the client has its answer", LIMIT)

    def go_on(self):
        self.may_go.set()

    def end(self):
        self.done.set()
        self.may_go.set()
        self.join()


class FaultsTest(PairTest):
    def setUp(self):
        super().setUp()
        self.pair.start_control()
        self.ecs = self.pair.ecs()
        self.ecs.create_cluster(clusterName="demo")
        self.start_agent()
        wait_until(lambda: connected(self.ecs), "the agent is connected")
        self.port = free_port()
        self.pair.start_proxy(self.port)
        wait_until(lambda: accepts(self.port), "the proxy listens")

    def start_agent(self):
        self.pair.start_agent("agent", "--engine=process", "--cleanup-wait=1s")

    def tasks(self, **filters):
        arns = []
        for page in self.ecs.get_paginator("list_tasks").paginate(cluster="demo", **filters):
            arns += page["taskArns"]
        return arns

    def describe(self, arns):
        found = []
        for at in range(0, len(arns), 100):
            found += self.ecs.describe_tasks(cluster="demo", tasks=arns[at:at + 100])["tasks"]
        return {task["taskArn"]: task for task in found}

    def answers(self):
        try:
            return bool(connected(self.ecs))
        except (BotoCoreError, ClientError):
            return False

    def test_nothing_acknowledged_is_lost_and_nothing_is_done_twice(self):
        labels = {"traefik.enable": "true", "traefik.http.routers.web.rule": "PathPrefix(`/web`)"}
        self.ecs.register_task_definition(family="web", containerDefinitions=[
            # memory: a sanitizer's whoami is large
            {"name": "web", "image": "fairlead/whoami", "memory": 256, "dockerLabels": labels,
             "portMappings": [{"containerPort": 80}]}])
        self.ecs.register_task_definition(family="sleeper", containerDefinitions=[
            {"name": "main", "image": "host", "memory": 8, "command": ["/bin/false"]}])
        self.ecs.register_task_definition(family="churn", containerDefinitions=[
            {"name": "main", "image": "host", "memory": 8, "command": ["/bin/sleep", "100000"]}])
        self.ecs.create_service(cluster="demo", serviceName="churn", taskDefinition="churn", desiredCount=1)
        self.ecs.create_service(cluster="demo", serviceName="web", taskDefinition="web", desiredCount=3)
        self.ecs.get_waiter("services_stable").wait(cluster="demo", services=["web"], WaiterConfig=QUICK)
        self.web = {arn: self.runtime_ids(task) for arn, task in self.describe(self.tasks(serviceName="web")).items()}
        self.assertEqual(len(self.web), 3)
        wait_until(lambda: get(self.port, "/web").status == 200, "the proxy knows the service")
        # Each server has answered once: what was merely not listening yet is no fault.
        names = set()

        def all_have_answered():
            answer = get(self.port, "/web")
            if answer.status == 200:
                names.add(answer.body.split("\n")[0])
            return len(names) == 3
        wait_until(all_have_answered, "three tasks answer")

        requests = Requests(self.port)
        self.client = Client(self.pair.ecs(), self.pair.folder, SEED)
        dice = random.Random(SEED)
        kills = collections.Counter()
        try:
            for turn in range(1, FAULTS + 1):
                time.sleep(dice.uniform(0, 0.4))
                victims = dice.choice([["control"], ["agent"], ["control", "agent"], ["agent", "control"]])
                for name in victims:
                    self.pair.kill(name)
                    kills[name] += 1
                time.sleep(dice.choice([0, 0, 0.1, 0.5]))
                for name in dice.sample(victims, len(victims)):
                    self.pair.restart(name)
                if turn % SETTLE_EVERY == 0 or turn == FAULTS:
                    self.check(f"after {turn} rounds with SEED={SEED}")
                self.assertEqual(requests.complaints, [], f"round {turn}, SEED={SEED}")
        finally:
            requests.end()
            self.client.end()
        self.assertEqual(requests.complaints, [])
        self.assertTrue(self.client.tasks and self.client.short and kills["control"] and kills["agent"])
        self.assertGreater(requests.answered, 100)
        print(f"{dict(kills)} killed; {len(self.client.tasks)} tasks and {len(self.client.short)} short ones run, {len(self.client.stopped)} stopped, "
              f"{len(self.client.definitions)} definitions; {dict(self.client.lost)} unanswered and repeated; "
              f"{requests.answered} requests, the longest {requests.longest:.3f} s")

    @staticmethod
    def runtime_ids(task):
        return [container["runtimeId"] for container in task["containers"]]

    def check(self, when):
        """Lets everything settle, then compares it with what was acknowledged."""
        client = self.client
        wait_until(self.answers, f"control plane and agent are back {when}", LIMIT)
        client.pause()
        self.assertIsNone(client.problem, when)
        living = {number: client.tasks[number] for number in set(client.tasks) - client.stopped}

        def settled():
            running = self.describe(self.tasks(desiredStatus="RUNNING"))
            churn = self.ecs.describe_services(cluster="demo", services=["churn"])["services"][0]
            return (set(running) >= set(living.values()) and all(t["lastStatus"] == "RUNNING" for t in running.values())
                    and len(churn["deployments"]) == 1 and churn["runningCount"] == churn["desiredCount"]
                    and not set(running) & set(client.short))
        try:
            wait_until(settled, "all that was run is RUNNING", LIMIT)
        except AssertionError:
            known = self.describe(sorted(living.values()))
            self.fail(f"{when}: " + "; ".join(
                f"{number}: {known[arn]['lastStatus']} {known[arn].get('stoppedReason')}" if arn in known else f"{number}: lost"
                for number, arn in living.items() if arn not in known or known[arn]["lastStatus"] != "RUNNING")
                + f"; churn: {self.ecs.describe_services(cluster='demo', services=['churn'])['services'][0]}")

        running = self.describe(self.tasks(desiredStatus="RUNNING"))
        churn = {arn for arn, task in running.items() if task["group"] == "service:churn"}
        self.assertEqual(len(churn), client.desired, when)
        self.assertEqual({arn for arn in running if running[arn]["group"] == "service:web"}, set(self.web), when)
        for arn, ids in self.web.items():
            self.assertEqual(self.runtime_ids(running[arn]), ids, f"a service's task was started again {when}")
        started_by = collections.Counter(task["startedBy"] for task in running.values())
        self.assertEqual([name for name, count in started_by.items() if name.startswith("client-") and count > 1], [], when)
        self.assertEqual(set(running) - set(self.web) - churn, set(living.values()),
                         f"{when}: tasks that nobody was told of")
        exits = {arn: task["containers"][0].get("exitCode") for arn, task in self.describe(list(client.short)).items()}
        self.assertEqual(exits, client.short, f"exit codes {when}")
        for number in client.tasks:
            self.wait_for_start(number, when)

        def all_gone():
            known = self.describe([client.tasks[number] for number in client.stopped])
            return all(task["lastStatus"] == "STOPPED" for task in known.values())
        wait_until(all_gone, f"all that was stopped is STOPPED {when}", LIMIT)
        # One process a running task, and none of any other. Containers of stopped tasks go away after cleanup-wait.
        expected = {identifier for task in running.values() for identifier in self.runtime_ids(task)}
        wait_until(lambda: self.living_containers() == expected, f"only what is to run runs {when}", LIMIT)

        arn = connected(self.ecs)[0]["containerInstanceArn"]
        self.assertEqual(len(self.ecs.list_container_instances(cluster="demo")["containerInstanceArns"]), 1, when)
        marks = {a["name"]: a.get("value") for a in self.ecs.describe_container_instances(
            cluster="demo", containerInstances=[arn])["containerInstances"][0]["attributes"] if a["name"].startswith("mark.")}
        self.assertEqual(marks, client.attributes, when)
        for definition in client.definitions:
            self.ecs.describe_task_definition(taskDefinition=definition)
        client.go_on()

    def wait_for_start(self, number, when):
        """A task that was stopped early may never have started; none starts twice."""
        file = self.pair.folder / f"ran.{number}"
        text = lambda: file.read_text() if file.exists() else ""  # the shell makes the file, then writes
        if number not in self.client.stopped:
            wait_until(text, f"task {number} has started {when}", LIMIT)
        self.assertIn(text(), ("", "started\n"), f"task {number} {when}")

    def living_containers(self):
        return {state.parent.name for state in self.pair.folder.glob("agent/containers/*/state.json")
                if not (state.parent / "exit.json").exists()}


if __name__ == "__main__":
    unittest.main()
