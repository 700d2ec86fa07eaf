#!/usr/bin/env python3
"""A cluster of three machines, each a network namespace with a dockerd and an agent of its own: four tasks spread over
them behind the proxy, one machine lost, its tasks started elsewhere and the proxy following; then the machine is back
and what still ran there is ended. dockerd is started as docker_hosts.py does."""
import sys
import unittest
from collections import Counter

from docker_hosts import hosts, in_namespace, run  # first: it knows where support.py is
from hosts_case import LIMIT, HostsTest
from support import wait_until

HOSTS = hosts()
LOST_AFTER = 3  # seconds
SERVE = "hostname > /www/index.html; exec httpd -f -p 80 -h /www"


class ThreeHosts(HostsTest):
    HOSTS = HOSTS

    def setUp(self):
        super().setUp()
        self.start_control(f"--lost-after={LOST_AFTER}s")
        self.ecs.create_cluster(clusterName="demo")

    def running(self):
        """Tasks of the service that run -> the ARN of their instance."""
        arns = self.ecs.list_tasks(cluster="demo", serviceName="web")["taskArns"]
        tasks = arns and self.ecs.describe_tasks(cluster="demo", tasks=arns)["tasks"]
        return {task["taskArn"]: task["containerInstanceArn"] for task in tasks or [] if task["lastStatus"] == "RUNNING"}

    def answering(self, port, count=12):
        return Counter(self.ask(port) for _ in range(count))

    def test_a_machine_is_lost_and_comes_back(self):
        for host in HOSTS:
            self.start_agent(host)
        wait_until(lambda: len(self.machines()) == 3, "three machines are connected", LIMIT)
        machines = self.machines()
        web = self.start_proxy()
        self.ecs.register_task_definition(family="web", containerDefinitions=[{
            "name": "web", "image": "localhost/bb:1", "memory": 32, "command": ["sh", "-c", SERVE],
            "portMappings": [{"containerPort": 80}], "stopTimeout": 2,
            "dockerLabels": {"traefik.http.routers.web.rule": "Host(`web.example`)"}}])
        self.ecs.create_service(cluster="demo", serviceName="web", taskDefinition="web", desiredCount=4,
                                placementStrategy=[{"type": "spread", "field": "instanceId"}])
        wait_until(lambda: len(self.running()) == 4, "four tasks run", LIMIT)
        per_machine = Counter(self.running().values())
        self.assertEqual(sorted(per_machine.values()), [1, 1, 2])

        # The proxy reaches each of them where its machine has published it.
        everyone = set().union(*(host.running() for host in HOSTS))
        self.assertEqual(len(everyone), 4)
        wait_until(lambda: self.answering(web) == Counter({name: 3 for name in everyone}), "all answer in turn", LIMIT)

        # The machine with two tasks is gone: its agent dies, no packet comes or goes any more.
        lost_arn = max(per_machine, key=per_machine.get)
        lost = machines[lost_arn]
        number = HOSTS.index(lost)
        left_behind = lost.running()
        self.assertEqual(len(left_behind), 2)
        self.pair.kill(f"agent{number}")
        run("ip", "link", "set", f"host{number + 1}", "down")

        def replaced():
            tasks = self.running()
            return len(tasks) == 4 and lost_arn not in tasks.values()
        wait_until(replaced, "the tasks run elsewhere", LIMIT)
        self.assertEqual(sorted(Counter(self.running().values()).values()), [2, 2])
        others = set().union(*(host.running() for host in HOSTS if host is not lost))
        self.assertEqual(len(others), 4)
        wait_until(lambda: self.answering(web) == Counter({name: 3 for name in others}), "the proxy has followed", LIMIT)
        messages = [event["message"] for event in self.ecs.describe_services(cluster="demo", services=["web"])[
            "services"][0]["events"]]
        self.assertTrue(any("has stopped 2 running tasks" in message for message in messages), messages)

        # It is back: still running what nobody wants any more, and that is ended.
        self.assertEqual(lost.running(), left_behind)
        run("ip", "link", "set", f"host{number + 1}", "up")
        self.pair.restart(f"agent{number}")
        wait_until(lambda: len(self.machines()) == 3, "the machine is back", LIMIT)
        self.assertEqual(self.machines(), machines)
        wait_until(lambda: not lost.running(), "what it still ran is ended", LIMIT)
        self.assertEqual(len(self.running()), 4)

        # And it is used again.
        self.ecs.update_service(cluster="demo", service="web", desiredCount=6)
        wait_until(lambda: sorted(Counter(self.running().values()).values()) == [2, 2, 2], "two tasks a machine", LIMIT)
        everyone = set().union(*(host.running() for host in HOSTS))
        wait_until(lambda: self.answering(web) == Counter({name: 2 for name in everyone}), "six answer in turn", LIMIT)


if __name__ == "__main__":
    if HOSTS is None:
        sys.exit(in_namespace(3))
    unittest.main(verbosity=2)
