#!/usr/bin/env python3
"""The walk-through of ECS Anywhere (tests/integration/aws_walk.py) over three machines, each a network namespace with a
dockerd and an agent of its own. The load balancer is fairlead in a container made from scratch: it has no keys but those
of its task role. Through it whoami answers from both other machines, and no request fails while the service is rolled
over to another task definition and one of its tasks is stopped."""
import socket
import sys
import threading
import unittest

from docker_hosts import hosts, in_namespace  # first: it knows where support.py is
from aws_walk import HOST, LIMIT, PROVIDER, ROUTER, AwsWalk, hostnames_of
import fairlead_image
from hosts_case import HostsTest
from support import Answer, get, send, wait_until

HOSTS = hosts()
WEB, DASHBOARD = 80, 8080
LARGEST_IMAGE = 40_000_000  # bytes
THROTTLE = "--providers.providersThrottleDuration=100ms"  # so that routes change as soon as tasks do
PACE = 0.005                # seconds between a connection's requests: the machine has more to do than answer


# docker's own proxy takes connections for a container as soon as that has started, and breaks them until its program
# listens: the request is for another task then.
AGAIN = {"traefik.http.routers.whoami.middlewares": "again", "traefik.http.middlewares.again.retry.attempts": "5",
         "traefik.http.middlewares.again.retry.initialInterval": "50ms",
         "traefik.http.middlewares.again.retry.status": "502"}


class Load:
    """Requests over keep-alive connections, one after the other on each, for as long as a `with` lasts."""

    def __init__(self, address, connections=4):
        self.answering, self.failures, self.done = set(), [], threading.Event()
        self.threads = [threading.Thread(target=self.send_requests, args=(address,)) for _ in range(connections)]

    def send_requests(self, address):
        try:
            with socket.create_connection((address, WEB), 10) as connection:
                while not self.done.wait(PACE):
                    send(connection, "/", HOST)
                    answer = Answer(connection)
                    [name] = hostnames_of(answer) if answer.status == 200 else [None]
                    if name is None:
                        self.failures.append(f"{answer.status} {answer.body}")
                    self.answering.add(name)
        except Exception as error:  # whatever it was, it failed a request
            self.failures.append(repr(error))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        for thread in self.threads:
            thread.join()


class HostsWalkThrough(AwsWalk, HostsTest):
    HOSTS = HOSTS
    KEYS = HostsTest.KEYS
    LABELS = ROUTER | AGAIN

    def load_images(self):
        archive = fairlead_image.make(self.pair.folder)
        for host in HOSTS:
            host.load(fairlead_image.NAME, archive, *fairlead_image.CHANGES)
        size = int(HOSTS[0].docker("image", "inspect", "--format", "{{.Size}}", fairlead_image.NAME))
        self.assertLess(size, LARGEST_IMAGE)

    @staticmethod
    def status(address, port, path="/"):
        """Of the load balancer's answer; None while the engine's own proxy takes the connection and breaks it."""
        try:
            return get(port, path, HOST, address).status
        except OSError:
            return None

    def rolled_out(self, revision):
        def is_alone():
            deployments = self.service("whoami")["deployments"]
            return (len(deployments) == 1 and deployments[0]["runningCount"] == 4
                    and deployments[0]["taskDefinition"].endswith(f":{revision}"))
        wait_until(is_alone, f"all tasks are of revision {revision}", LIMIT)

    def ids(self):
        """What the tasks that run call themselves: the first 12 digits of their containers' ids."""
        return {task["containers"][0]["runtimeId"][:12] for task in self.tasks("whoami")
                if task["lastStatus"] == "RUNNING"}

    def all_answer(self, address):
        """Waits until those answer that run. -> their names"""
        def are_known():
            names = set(self.hostnames(WEB, address, 24))
            return len(names) == 4 and names == self.ids() and names
        return wait_until(are_known, "the four tasks that run answer", LIMIT)

    def stop_one(self):
        """One task by hand; waits until another has taken its place. -> what its container's end was"""
        victim = self.tasks("whoami")[0]["taskArn"]
        self.aws("stop-task", "--cluster", "demo", "--task", victim)

        def is_replaced():
            tasks = self.tasks("whoami")
            return len(tasks) == 4 and all(t["taskArn"] != victim and t["lastStatus"] == "RUNNING" for t in tasks)
        wait_until(is_replaced, "the task is replaced", LIMIT)

        def end():
            [task] = self.aws("describe-tasks", "--cluster", "demo", "--tasks", victim)["tasks"]
            return task["lastStatus"] == "STOPPED" and task["containers"][0]
        return wait_until(end, "the task has stopped", LIMIT)

    def test_walk_through(self):
        self.load_images()
        self.start_control()
        self.aws("create-cluster", "--cluster-name", "demo")
        for host in HOSTS:
            self.start_agent(host, "--external")
        entrance, *workers = self.wait_for_instances()
        self.give_roles(entrance, workers)
        machines = self.machines()
        address = machines[entrance].address

        self.start_balancer(entrance, WEB, DASHBOARD, image=fairlead_image.NAME,
                            task_role="arn:aws:iam::000000000000:role/balancer",
                            command=[f"--entryPoints.web.address=:{WEB}", f"--entryPoints.traefik.address=:{DASHBOARD}",
                                     "--api.insecure=true", THROTTLE, *PROVIDER])
        wait_until(lambda: self.status(address, WEB) == 404, "the load balancer answers", LIMIT)
        wait_until(lambda: self.status(address, DASHBOARD, "/api/version") == 200, "its API answers", LIMIT)

        whoami = {"image": fairlead_image.NAME, "command": ["whoami"]}
        self.start_whoami(workers, **whoami)
        wait_until(lambda: sorted(self.hostnames(WEB, address).values()) == [3, 3, 3, 3], "four answer in turn", LIMIT)
        first = self.all_answer(address)
        self.assertEqual(first, set().union(*(machines[arn].running() for arn in workers)))

        with Load(address) as load:
            self.define_whoami(**whoami, environment=[{"name": "WHOAMI_NAME", "value": "second"}])
            self.aws("update-service", "--cluster", "demo", "--service", "whoami", "--task-definition", "whoami:2")
            self.rolled_out(2)
            second = self.all_answer(address)
            self.assertFalse(first & second)
            self.assertIn("Name: second\n", get(WEB, "/", HOST, address).body)
            self.assertEqual(self.stop_one()["exitCode"], 0)
            third = self.all_answer(address)
            self.assertEqual(len(third - second), 1)
            wait_until(lambda: load.failures or load.answering >= third, "the load has reached them", LIMIT)
        self.assertEqual(load.failures[:5], [])
        self.assertEqual(load.answering, first | second | third)

        ports = [(task["containers"][0]["networkBindings"][0]["hostPort"], machines[task["containerInstanceArn"]].address)
                 for task in self.tasks("whoami")]
        self.clean_up(entrance, workers, [(WEB, address), (DASHBOARD, address), *ports])


if __name__ == "__main__":
    if HOSTS is None:
        sys.exit(in_namespace(3, fairlead_image.NEEDS))
    unittest.main(verbosity=2)
