"""A control plane that wants keys, on the network of hosts that docker_hosts.py makes, and an agent on each of them."""
import socket

from docker_hosts import TEST_ADDRESS  # first: it knows where support.py is
from control_plane import PairTest
from support import Answer, accepts, free_port, send, wait_until

LIMIT = 90  # seconds, on a busy machine


class HostsTest(PairTest):
    HOSTS = []  # a test's own
    KEYS = "AKIATHREEHOSTS", "three-hosts"

    def setUp(self):
        for host in self.HOSTS:
            self.addCleanup(host.remove_containers)  # when no agent is left
        super().setUp()

    def start_control(self, *options):
        self.pair.start_control_with_keys(*self.KEYS, *options, address=TEST_ADDRESS)
        self.ecs = self.pair.client("ecs", *self.KEYS)

    def start_agent(self, host, *options):
        number = self.HOSTS.index(host)
        key, secret = self.KEYS
        environment = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_DEFAULT_REGION": "us-east-1"}
        self.pair.start_agent(f"agent{number}", "--engine=docker", f"--docker-host={host.socket}",
                              f"--attributes=machine=m{number}", *options, environment=environment, command=host.inside)

    def machines(self):
        """Those that are connected: container instance ARN -> the host it is."""
        arns = self.ecs.list_container_instances(cluster="demo")["containerInstanceArns"]
        found = arns and self.ecs.describe_container_instances(cluster="demo", containerInstances=arns)[
            "containerInstances"]
        by_attribute = {f"m{number}": host for number, host in enumerate(self.HOSTS)}
        return {instance["containerInstanceArn"]: by_attribute[attribute["value"]] for instance in found or []
                if instance["agentConnected"] for attribute in instance["attributes"] if attribute["name"] == "machine"}

    def start_proxy(self):
        """-> the port of one that finds the cluster's tasks"""
        web = free_port()
        key, secret = self.KEYS
        self.pair.start_proxy(web, f"--providers.ecs.accessKeyID={key}", f"--providers.ecs.secretAccessKey={secret}",
                              "--log.level=DEBUG", "--serversTransport.forwardingTimeouts.dialTimeout=1s")
        wait_until(lambda: accepts(web), "the proxy listens", LIMIT)
        return web

    @staticmethod
    def ask(port):
        """The name of the container that answers; None when none does."""
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as connection:
                send(connection, "/index.html", "web.example", "Connection: close\r\n")
                answer = Answer(connection)
            return answer.body.strip() if answer.status == 200 else None
        except OSError:
            return None
