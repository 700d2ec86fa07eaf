#!/usr/bin/env python3
"""--task-network: tasks in awsvpc mode on two machines, each a network namespace with a dockerd and an agent of its own,
have addresses that are routed between them as docs/user/ecs-on-your-own-machine.md says. They reach each other, the
proxy on a third machine reaches them there, and they reach their own agent."""
import json
import sys
import unittest
from collections import Counter

from docker_hosts import hosts, in_namespace, run  # first: it knows where support.py is
from hosts_case import LIMIT, HostsTest
from support import wait_until

HOSTS = hosts()
NETWORK = "tasks"
VPC = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
ROLE = "arn:aws:iam::000000000000:role/reader"
SERVE = "hostname > /www/index.html; exec httpd -f -p 80 -h /www"


def subnet(host):
    return f"10.98.{HOSTS.index(host) + 1}.0/24"


class RoutedNetwork(HostsTest):
    HOSTS = HOSTS

    def setUp(self):
        super().setUp()
        for host in HOSTS:
            self.route(host)
        self.start_control()
        self.ecs.create_cluster(clusterName="demo")
        for host in HOSTS:
            self.start_agent(host, f"--task-network={NETWORK}")
        wait_until(lambda: len(self.machines()) == 2, "both machines are connected", LIMIT)

    def route(self, host):
        """As the user page says, to each of the others and to the machine of the proxy, where this test runs."""
        host.docker("network", "create", "--subnet", subnet(host), "-o",
                    "com.docker.network.bridge.enable_ip_masquerade=false", NETWORK)
        # First: docker's containers go before it, and it before what else the test has set up.
        self.addCleanup(host.docker, "network", "rm", NETWORK)
        self.addCleanup(host.remove_containers)
        run(*host.inside, "iptables", "-I", "DOCKER-USER", "-d", subnet(host), "-j", "ACCEPT")
        for other in HOSTS:
            if other is not host:
                run(*other.inside, "ip", "route", "add", subnet(host), "via", host.address)
        run("ip", "route", "add", subnet(host), "via", host.address)

    def test_tasks_have_addresses_that_every_machine_reaches(self):
        self.ecs.register_task_definition(family="web", networkMode="awsvpc", taskRoleArn=ROLE, containerDefinitions=[{
            "name": "web", "image": "localhost/bb:1", "memory": 32, "command": ["sh", "-c", SERVE],
            "portMappings": [{"containerPort": 80}], "stopTimeout": 2,
            "dockerLabels": {"traefik.http.routers.web.rule": "Host(`web.example`)"}}])
        self.ecs.create_service(cluster="demo", serviceName="web", taskDefinition="web", desiredCount=2,
                                networkConfiguration=VPC, placementStrategy=[{"type": "spread", "field": "instanceId"}])

        def running():
            arns = self.ecs.list_tasks(cluster="demo", serviceName="web")["taskArns"]
            tasks = self.ecs.describe_tasks(cluster="demo", tasks=arns)["tasks"] if arns else []
            return [task for task in tasks if task["lastStatus"] == "RUNNING"]
        wait_until(lambda: len(running()) == 2, "two tasks run", LIMIT)
        machines = self.machines()
        found = {}  # host -> (id of the container, address)
        for task in running():
            [container] = task["containers"]
            address = container["networkInterfaces"][0]["privateIpv4Address"]
            found[machines[task["containerInstanceArn"]]] = container["runtimeId"], address
        self.assertEqual({host: address.rsplit(".", 1)[0] for host, (_, address) in found.items()},
                         {host: subnet(host).rsplit(".", 1)[0] for host in HOSTS})

        # The proxy is on a machine of its own, with no published port to go by.
        web = self.start_proxy()
        names = {host.docker("exec", runtime, "hostname").strip() for host, (runtime, _) in found.items()}
        self.assertEqual(len(names), 2)
        wait_until(lambda: Counter(self.ask(web) for _ in range(4)) == Counter({name: 2 for name in names}),
                   "both answer in turn", LIMIT)

        for here, there in (HOSTS, HOSTS[::-1]):
            runtime, address = found[here]
            # A task reaches the one on the other machine, and its own agent at the address that the SDKs know.
            other, other_address = found[there]
            self.assertEqual(here.fetch(runtime, f"http://{other_address}/index.html"),
                             there.docker("exec", other, "hostname"))
            told = json.loads(here.fetch(runtime, "$ECS_CONTAINER_METADATA_URI_V4"))
            self.assertEqual((told["DockerId"], told["Networks"][0]["IPv4Addresses"]), (runtime, [address]))
            credentials = json.loads(here.fetch(runtime, "http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"))
            self.assertEqual(credentials["RoleArn"], ROLE)


if __name__ == "__main__":
    if HOSTS is None:
        sys.exit(in_namespace(2))
    unittest.main(verbosity=2)
