"""Amazon's walk-through of ECS Anywhere with the unmodified aws CLI, step by step, for the tests that take it: instances,
their attributes, a load balancer bound to one of them, four whoami tasks spread over the other two, the clean-up."""
import json
import subprocess
from collections import Counter

from control_plane import PairTest  # first: it may start this program again with the Python of build/venv
from control_test import PYTHON, environment
from support import accepts, get, wait_until

LIMIT = 60  # seconds; each look costs a start of the CLI
HOST = "whoami.example"
ROUTER = {"traefik.enable": "true", "traefik.http.routers.whoami.rule": f"Host(`{HOST}`) && PathPrefix(`/`)"}
PROVIDER = ["--providers.ecs.clusters=demo", "--providers.ecs.ecsAnywhere=true",
            "--providers.ecs.exposedByDefault=false", "--providers.ecs.region=us-east-1"]


class AwsWalk(PairTest):
    KEYS = "any", "any"
    LABELS = ROUTER  # of whoami

    def run_aws(self, command, *arguments):
        return subprocess.run([PYTHON, "-m", "awscli", "ecs", command, *arguments, "--output", "json"],
                              capture_output=True, text=True, env=environment(self.pair.url, *self.KEYS), timeout=120)

    def aws(self, command, *arguments):
        done = self.run_aws(command, *arguments)
        self.assertEqual(done.returncode, 0, f"{command}: {done.stderr}")
        return json.loads(done.stdout)

    def refused(self, text, command, *arguments):
        done = self.run_aws(command, *arguments)
        self.assertNotEqual(done.returncode, 0, f"{command} was done: {done.stdout}")
        self.assertIn(text, done.stderr)

    def instances(self):
        arns = self.aws("list-container-instances", "--cluster", "demo")["containerInstanceArns"]
        if not arns:
            return []
        return self.aws("describe-container-instances", "--cluster", "demo", "--container-instances",
                        *arns)["containerInstances"]

    def service(self, name):
        return self.aws("describe-services", "--cluster", "demo", "--services", name)["services"][0]

    def tasks(self, name):
        arns = self.aws("list-tasks", "--cluster", "demo", "--service-name", name)["taskArns"]
        return self.aws("describe-tasks", "--cluster", "demo", "--tasks", *arns)["tasks"] if arns else []

    def steady(self, name, count):
        def is_steady():
            service = self.service(name)
            return service["runningCount"] == count and any(
                event["message"] == f"(service {name}) has reached a steady state." for event in service["events"])
        wait_until(is_steady, f"{name} has {count} tasks and is steady", LIMIT)

    def define(self, family, role, task_role=None, **container):
        definition = {"family": family, "requiresCompatibilities": ["EXTERNAL"], "networkMode": "bridge",
                      "placementConstraints": [{"type": "memberOf", "expression": f"attribute:role == {role}"}],
                      "containerDefinitions": [{"name": family, "memory": 256, "essential": True, **container}],
                      **({"taskRoleArn": task_role} if task_role else {})}
        file = self.pair.folder / f"{family}.json"
        file.write_text(json.dumps(definition))
        made = self.aws("register-task-definition", "--cli-input-json", f"file://{file}")["taskDefinition"]
        echoed = "family", "requiresCompatibilities", "networkMode", "placementConstraints"
        self.assertEqual({key: made[key] for key in echoed}, {key: definition[key] for key in echoed})
        self.assertEqual(made["containerDefinitions"][0].get("dockerLabels"), container.get("dockerLabels"))
        return made

    def hostnames(self, port, address="127.0.0.1", count=12):
        """Which tasks answer `count` requests through the load balancer; empty until the route is there."""
        answers = [get(port, "/", HOST, address) for _ in range(count)] if accepts(port, address) else []
        return Counter(name for answer in answers if answer.status == 200 for name in hostnames_of(answer))

    def wait_for_instances(self):
        """-> the ARNs of the three"""
        machines = wait_until(lambda: len(found := self.instances()) == 3 and all(i["agentConnected"] for i in found)
                              and found, "three instances are connected", LIMIT)
        self.assertEqual({machine["status"] for machine in machines}, {"ACTIVE"})
        for machine in machines:
            self.assertTrue(machine["ec2InstanceId"].startswith("mi-"), machine["ec2InstanceId"])
            self.assertIn("ecs.capability.external", {a["name"] for a in machine["attributes"]})
        return sorted(machine["containerInstanceArn"] for machine in machines)

    def give_roles(self, entrance, workers):
        """As attributes: usable in constraints and filters at once."""
        for arn in [entrance, *workers]:
            role = "loadbalancer" if arn == entrance else "webserver"
            self.aws("put-attributes", "--cluster", "demo", "--attributes", f"name=role,value={role},targetId={arn}")
        self.assertEqual(sorted(self.aws("list-container-instances", "--cluster", "demo", "--filter",
                                         "attribute:role == webserver")["containerInstanceArns"]), sorted(workers))

    def start_balancer(self, entrance, web, dashboard, **definition):
        """Its task definition and service; `web` and `dashboard`: its ports on the machine."""
        self.define("LoadBalancer", "loadbalancer", environment=[{"name": "AWS_ENDPOINT_URL", "value": self.pair.url}],
                    portMappings=[{"containerPort": 80, "hostPort": web}, {"containerPort": 8080, "hostPort": dashboard}],
                    **definition)
        self.aws("create-service", "--cluster", "demo", "--service-name", "LoadBalancer", "--launch-type", "EXTERNAL",
                 "--task-definition", "LoadBalancer", "--desired-count", "1")
        self.steady("LoadBalancer", 1)
        [balancer] = self.tasks("LoadBalancer")
        self.assertEqual((balancer["containerInstanceArn"], balancer["launchType"]), (entrance, "EXTERNAL"))
        self.assertEqual({b["hostPort"] for b in balancer["containers"][0]["networkBindings"]}, {web, dashboard})

    def define_whoami(self, **container):
        self.define("whoami", "webserver", dockerLabels=self.LABELS, portMappings=[{"containerPort": 80}], **container)

    def start_whoami(self, workers, **container):
        """-> its four tasks"""
        self.define_whoami(**container)
        self.aws("create-service", "--cluster", "demo", "--service-name", "whoami", "--launch-type", "EXTERNAL",
                 "--task-definition", "whoami", "--desired-count", "4", "--placement-strategy",
                 "type=spread,field=instanceId")
        self.steady("whoami", 4)
        tasks = self.tasks("whoami")
        self.assertEqual(Counter(task["containerInstanceArn"] for task in tasks), {arn: 2 for arn in workers})
        return tasks

    def clean_up(self, entrance, workers, listening):
        """And what is refused while something is left. `listening`: (port, address) that tasks have."""
        self.refused("(InvalidParameterException) when calling the DeleteService operation: The service cannot be "
                     "stopped while the primary deployment is scaled above 0.",
                     "delete-service", "--cluster", "demo", "--service", "whoami")
        self.refused("Found running tasks on the instance.",
                     "deregister-container-instance", "--cluster", "demo", "--container-instance", workers[0])
        self.refused("(ClusterContains", "delete-cluster", "--cluster", "demo")
        self.aws("update-service", "--cluster", "demo", "--service", "whoami", "--desired-count", "0")
        self.aws("delete-service", "--cluster", "demo", "--service", "whoami")
        self.aws("delete-service", "--cluster", "demo", "--service", "LoadBalancer", "--force")
        for name in ("whoami", "LoadBalancer"):
            wait_until(lambda name=name: self.service(name)["status"] == "INACTIVE", f"{name} is INACTIVE", LIMIT)
        wait_until(lambda: not any(accepts(*at) for at in listening), "nothing listens any more", LIMIT)
        for arn in [entrance, *workers]:
            gone = self.aws("deregister-container-instance", "--cluster", "demo", "--container-instance", arn)
            self.assertEqual(gone["containerInstance"]["status"], "INACTIVE")
        for turn in range(3):  # their agents run on, and do not register anew
            log = self.pair.folder / f"agent{turn}.log"
            wait_until(lambda log=log: "was deregistered" in log.read_text(), f"{log.name} tells of it")
        gone = self.aws("delete-cluster", "--cluster", "demo")
        self.assertEqual(gone["cluster"]["status"], "INACTIVE")


def hostnames_of(answer):
    """Of the task that gave this answer: one, unless it is not whoami's."""
    return [line.removeprefix("Hostname: ") for line in answer.body.splitlines() if line.startswith("Hostname: ")]
