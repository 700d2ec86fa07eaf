#!/usr/bin/env python3
"""`fairlead agent` against dockerd itself, or with FL_ENGINE=podman podman, as docker_hosts.py starts it."""
import json
import subprocess
import sys
import unittest
import urllib.request

from docker_hosts import ENGINE, hosts, in_namespace  # first: it knows where support.py is
from control_plane import QUICK, PairTest, WaiterError, connected
from support import free_port, get, wait_until

HOST = hosts() and hosts()[0]


class DockerAgentTest(PairTest):
    def setUp(self):
        self.addCleanup(HOST.remove_containers)  # when no agent is left
        super().setUp()
        self.pair.start_control()
        self.ecs = self.pair.ecs()
        self.ecs.create_cluster(clusterName="demo")
        self.pair.start_agent("agent", "--engine=auto", f"--docker-host={HOST.socket}")
        wait_until(lambda: connected(self.ecs), "the agent is connected", 30)

    def run_task(self, *containers, run=None, **definition):
        complete = [{"image": "localhost/bb:1", "memory": 64, "stopTimeout": 2, **container} for container in containers]
        self.ecs.register_task_definition(family="t", containerDefinitions=complete, **definition)
        answer = self.ecs.run_task(cluster="demo", taskDefinition="t", **run or {})
        self.assertEqual(answer["failures"], [])
        return answer["tasks"][0]["taskArn"]

    def describe(self, task):
        return self.ecs.describe_tasks(cluster="demo", tasks=[task])["tasks"][0]

    def container(self, task, name):
        return next(c for c in self.describe(task)["containers"] if c["name"] == name)

    def wait_for(self, state, task):
        try:
            self.ecs.get_waiter(f"tasks_{state}").wait(cluster="demo", tasks=[task], WaiterConfig=QUICK)
        except WaiterError:
            print(self.describe(task))
            raise

    @staticmethod
    def serves(port, address="127.0.0.1"):
        """docker's proxy takes the connection and breaks it while nobody listens in the container."""
        try:
            return get(port, "/index.html", address=address).status == 200
        except OSError:
            return False

    @staticmethod
    def ask(runtime, url):
        return json.loads(HOST.fetch(runtime, url))

    def role(self, runtime):
        """Of the credentials that a program in the container gets; None while there are none."""
        try:
            return self.ask(runtime, "http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")["RoleArn"]
        except subprocess.CalledProcessError:
            return None

    WEB = {"name": "web", "portMappings": [{"containerPort": 80}],
           "command": ["sh", "-c", "echo hello > /www/index.html; echo serving; exec httpd -f -p 80 -h /www"]}

    def test_is_chosen_and_says_so(self):
        engine = {"docker": "engine docker 20.10", "podman": "engine podman 4."}[ENGINE]
        self.assertIn(engine, (self.pair.folder / "agent.log").read_text())
        instance = connected(self.ecs)[0]
        names = {attribute["name"]: attribute.get("value") for attribute in instance["attributes"]}
        self.assertEqual(names["fairlead.engine"], ENGINE)
        self.assertIn("com.amazonaws.ecs.capability.docker-remote-api.1.25", names)

    def test_a_task_from_start_to_stop(self):
        task = self.run_task({"name": "init", "essential": False, "command": ["sh", "-c", "exit 0"]},
                             {**self.WEB, "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}],
                              "environment": [{"name": "A", "value": "b"}]})
        self.wait_for("running", task)
        web = self.container(task, "web")
        binding = web["networkBindings"][0]
        self.assertEqual((binding["bindIP"], binding["containerPort"]), ("0.0.0.0", 80))
        self.assertEqual(self.container(task, "init")["exitCode"], 0)
        wait_until(lambda: self.serves(binding["hostPort"]), "the container answers")
        labels = HOST.docker("inspect", "--format", "{{json .Config.Labels}}", web["runtimeId"])
        self.assertIn(f'"com.amazonaws.ecs.task-arn":"{task}"', labels)
        environment = HOST.docker("inspect", "--format", "{{json .Config.Env}}", web["runtimeId"])
        self.assertIn('"A=b"', environment)
        self.assertIn("ECS_CONTAINER_METADATA_URI_V4=", environment)
        log = self.pair.folder / "agent/logs" / f"{web['runtimeId']}.log"
        wait_until(lambda: log.exists() and " stdout F serving" in log.read_text(), "the output is kept")
        self.ecs.stop_task(cluster="demo", task=task)
        self.wait_for("stopped", task)
        self.assertEqual(self.container(task, "web")["exitCode"], 137)  # httpd as PID 1 ignores SIGTERM

    def test_containers_are_taken_over(self):
        task = self.run_task(self.WEB)
        self.wait_for("running", task)
        before = self.container(task, "web")
        self.pair.kill("agent")
        self.pair.restart("agent")
        wait_until(lambda: connected(self.ecs), "the agent is back", 30)
        self.assertEqual(self.container(task, "web")["runtimeId"], before["runtimeId"])
        self.assertEqual(len(HOST.docker("ps", "-aq").split()), 1)
        HOST.docker("kill", before["runtimeId"])
        self.wait_for("stopped", task)
        self.assertEqual(self.describe(task)["stopCode"], "EssentialContainerExited")
        self.assertEqual(self.container(task, "web")["exitCode"], 137)

    def test_an_end_that_no_agent_saw_is_told(self):
        task = self.run_task({"name": "short", "command": ["sh", "-c", "sleep 2; exit 9"]})
        self.wait_for("running", task)
        self.pair.kill("agent")
        wait_until(lambda: not HOST.docker("ps", "-q").split(), "the container ends")
        self.pair.restart("agent")
        self.wait_for("stopped", task)
        self.assertEqual(self.container(task, "short")["exitCode"], 9)

    def test_orphans_are_removed(self):
        self.pair.kill("agent")
        owner = str(self.pair.folder / "agent")
        orphan = HOST.docker("run", "-d", "--label", f"fairlead.agent={owner}", "localhost/bb:1", "sleep", "1000").strip()
        other = HOST.docker("run", "-d", "localhost/bb:1", "sleep", "1000").strip()
        self.pair.restart("agent")
        wait_until(lambda: orphan not in HOST.docker("ps", "-aq", "--no-trunc"), "the orphan is removed", 60)
        self.assertIn(other, HOST.docker("ps", "-q", "--no-trunc"))

    def test_health_is_checked_in_the_container(self):
        task = self.run_task({"name": "web", "command": ["sleep", "1000"], "healthCheck": {
            "command": ["CMD-SHELL", "test -e /tmp/well"], "interval": 5, "retries": 1, "timeout": 2}})
        self.wait_for("running", task)
        runtime = self.container(task, "web")["runtimeId"]
        wait_until(lambda: self.describe(task)["healthStatus"] == "UNHEALTHY", "unhealthy", 30)
        HOST.docker("exec", runtime, "touch", "/tmp/well")
        wait_until(lambda: self.describe(task)["healthStatus"] == "HEALTHY", "healthy", 30)

    def test_containers_of_a_task_share_its_volumes(self):
        mount = [{"sourceVolume": "scratch", "containerPath": "/data"}]
        task = self.run_task(
            {"name": "writer", "essential": False, "mountPoints": mount, "command": ["sh", "-c", "echo 42 > /data/x"]},
            {"name": "reader", "mountPoints": mount, "dependsOn": [{"containerName": "writer", "condition": "SUCCESS"}],
             "command": ["sh", "-c", "exit $(cat /data/x)"]}, volumes=[{"name": "scratch", "host": {}}])
        self.wait_for("stopped", task)
        self.assertEqual(self.container(task, "reader")["exitCode"], 42)

    def test_a_volume_of_the_engine_is_made_for_the_task(self):
        task = self.run_task({"name": "web", "command": ["sleep", "1000"],
                              "mountPoints": [{"sourceVolume": "kept", "containerPath": "/data"}]},
                             volumes=[{"name": "kept", "dockerVolumeConfiguration": {
                                 "scope": "task", "driver": "local", "labels": {"mark": "yes"}}}])
        self.wait_for("running", task)
        names = HOST.docker("volume", "ls", "-q", "--filter", "label=mark=yes").split()
        self.assertEqual(len(names), 1)
        self.assertTrue(names[0].startswith("ecs-t-"), names)

    def test_a_container_learns_who_it_is_and_asks_not_to_be_stopped(self):
        self.ecs.register_task_definition(family="t", containerDefinitions=[
            {"image": "localhost/bb:1", "memory": 64, "stopTimeout": 2, **self.WEB}])
        self.ecs.create_service(cluster="demo", serviceName="s", taskDefinition="t", desiredCount=1)
        [task] = wait_until(lambda: self.ecs.list_tasks(cluster="demo", serviceName="s")["taskArns"], "a task", 30)
        self.wait_for("running", task)
        runtime = self.container(task, "web")["runtimeId"]
        told = self.ask(runtime, "$ECS_CONTAINER_METADATA_URI_V4/task")
        self.assertEqual((told["TaskARN"], told["ServiceName"]), (task, "s"))
        self.assertEqual(self.ask(runtime, "$ECS_CONTAINER_METADATA_URI_V4")["DockerId"], runtime)
        self.assertEqual(self.ask(runtime, "$ECS_AGENT_URI/task-protection/v1/state")["protection"], {
            "ExpirationDate": None, "ProtectionEnabled": False, "TaskArn": task})

        agent = HOST.docker("exec", runtime, "sh", "-c", "echo $ECS_AGENT_URI").strip()

        def protect(is_on):
            request = urllib.request.Request(f"{agent}/task-protection/v1/state", method="PUT",
                                             data=json.dumps({"ProtectionEnabled": is_on}).encode())
            with urllib.request.urlopen(request, timeout=20) as answer:
                self.assertEqual(json.load(answer)["protection"]["ProtectionEnabled"], is_on)
        protect(True)
        [known] = self.ecs.get_task_protection(cluster="demo", tasks=[task])["protectedTasks"]
        self.assertTrue(known["protectionEnabled"])
        self.ecs.update_service(cluster="demo", service="s", desiredCount=0)
        wait_until(lambda: any("are protected." in event["message"] for event in self.ecs.describe_services(
            cluster="demo", services=["s"])["services"][0]["events"]), "the scheduler leaves it alone", 30)
        self.assertEqual(self.describe(task)["desiredStatus"], "RUNNING")
        protect(False)
        self.wait_for("stopped", task)

    def test_a_container_asks_for_credentials_where_the_sdks_do(self):
        # The web's port is the tasks' to have, though the agent serves 169.254.170.2 on port 80.
        web = {**self.WEB, "portMappings": [{"containerPort": 80, "hostPort": 80}]}
        task = self.run_task(web, taskRoleArn="arn:aws:iam::000000000000:role/reader")
        self.wait_for("running", task)
        runtime = self.container(task, "web")["runtimeId"]
        wait_until(lambda: self.serves(80), "the container answers")
        self.assertEqual(self.role(runtime), "arn:aws:iam::000000000000:role/reader")
        self.assertEqual(HOST.docker("exec", runtime, "sh", "-c", "echo ${ECS_CONTAINER_METADATA_URI_V4%/*}").strip(),
                         "http://169.254.170.2/v4")
        self.assertEqual(self.ask(runtime, "$ECS_CONTAINER_METADATA_URI_V4")["DockerId"], runtime)
        # A second agent of the machine leaves it to the first; it is the next one's when that was killed.
        self.pair.start_agent("second", f"--engine={ENGINE}", f"--docker-host={HOST.socket}")
        wait_until(lambda: len(connected(self.ecs)) == 2, "the second agent is connected", 30)
        gateway = {"docker": "172.17.0.1", "podman": "10.88.0.1"}[ENGINE]
        self.assertIn("no metadata at 169.254.170.2 (fairlead0: File exists); containers on the bridge get "
                      f"http://{gateway}:", (self.pair.folder / "second.log").read_text())
        self.assertEqual(self.role(runtime), "arn:aws:iam::000000000000:role/reader")
        self.pair.kill("agent")
        self.pair.restart("agent")
        wait_until(lambda: self.role(runtime), "the agent is back and has them again", 30)

    def test_containers_of_an_awsvpc_task_share_an_address_of_its_own(self):
        vpc = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
        web = {**self.WEB, "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}],
               "dockerLabels": {"traefik.http.routers.web.rule": "PathPrefix(`/`)"}}
        init = {"name": "init", "essential": False, "command": ["sh", "-c", "exit 0"]}
        beside = {"name": "beside", "command": ["sleep", "1000"]}
        one, two = (self.run_task(web, init, beside, networkMode="awsvpc", run={"networkConfiguration": vpc},
                                  taskRoleArn="arn:aws:iam::000000000000:role/reader") for _ in range(2))
        addresses = []
        for task in one, two:
            self.wait_for("running", task)
            described = self.describe(task)
            [attachment] = described["attachments"]
            [address] = {container["networkInterfaces"][0]["privateIpv4Address"] for container in described["containers"]}
            self.assertEqual((attachment["type"], attachment["status"], attachment["details"]), (
                "ElasticNetworkInterface", "ATTACHED", [{"name": "privateIPv4Address", "value": address}]))
            wait_until(lambda: self.serves(80, address), "it answers at its address")
            addresses.append(address)
        self.assertEqual(len(set(addresses)), 2)
        proxy = free_port()
        self.pair.start_proxy(proxy)
        wait_until(lambda: self.serves(proxy), "the proxy has found them")
        runtime = self.container(one, "beside")["runtimeId"]
        self.assertEqual(HOST.fetch(runtime, "http://127.0.0.1/index.html"), "hello\n")
        self.assertEqual(self.role(runtime), "arn:aws:iam::000000000000:role/reader")
        self.assertEqual(self.ask(runtime, "$ECS_CONTAINER_METADATA_URI_V4/task")["TaskARN"], one)

        # What is left of a task whose agent was killed as it began: nobody's.
        HOST.docker("run", "-d", "--label", f"fairlead.network={self.pair.folder}/agent", "--name",
                    "fairlead-network-0123456789abcdef", "localhost/bb:1", "sleep", "1000")
        self.pair.kill("agent")
        self.pair.restart("agent")
        self.assertEqual(self.describe(one)["lastStatus"], "RUNNING")
        self.ecs.stop_task(cluster="demo", task=one)
        self.wait_for("stopped", one)
        holders = ["ps", "--filter", "label=fairlead.network", "--format", "{{.Names}}"]
        wait_until(lambda: HOST.docker(*holders).split() == [f"fairlead-network-{two.split('/')[-1]}"],
                   "the address of the task that ended is free")
        self.assertEqual(get(80, "/index.html", address=addresses[1]).status, 200)

    def test_an_awsvpc_task_without_ports_has_an_address_too(self):
        vpc = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
        task = self.run_task({"name": "worker", "command": ["sleep", "1000"]}, networkMode="awsvpc",
                             run={"networkConfiguration": vpc})
        self.wait_for("running", task)

        def address():
            described = self.describe(task)
            [attachment] = described["attachments"]
            [interface] = described["containers"][0]["networkInterfaces"]
            self.assertEqual((attachment["status"], attachment["details"]), (
                "ATTACHED", [{"name": "privateIPv4Address", "value": interface["privateIpv4Address"]}]))
            self.assertEqual(described["containers"][0]["networkBindings"], [])
            return interface["privateIpv4Address"]
        inside = HOST.docker("exec", self.container(task, "worker")["runtimeId"], "ip", "-4", "address", "show", "eth0")
        self.assertIn(f"inet {address()}/", inside)
        told = self.ask(self.container(task, "worker")["runtimeId"], "$ECS_CONTAINER_METADATA_URI_V4")
        self.assertEqual(told["Networks"], [{"NetworkMode": "awsvpc", "IPv4Addresses": [address()]}])
        self.pair.kill("agent")
        self.pair.restart("agent")
        self.ecs.stop_task(cluster="demo", task=task)
        self.wait_for("stopped", task)

    def test_reasons(self):
        missing = self.run_task({"name": "web", "image": "localhost/none:1"})
        self.wait_for("stopped", missing)
        self.assertTrue(self.container(missing, "web")["reason"].startswith("CannotPullContainerError: "))
        command = self.run_task({"name": "web", "command": ["/no/such"]})
        self.wait_for("stopped", command)
        self.assertTrue(self.container(command, "web")["reason"].startswith("CannotStartContainerError: "))
        hungry = self.run_task({"name": "web", "memory": 16, "command": ["sh", "-c", "x=a; while :; do x=$x$x; done"]})
        self.wait_for("stopped", hungry)
        ended = self.container(hungry, "web")
        self.assertEqual(ended["exitCode"], 137)
        if ENGINE != "podman":  # which does not tell
            self.assertTrue(ended["reason"].startswith("OutOfMemoryError: "), ended)


if __name__ == "__main__":
    if HOST is None:
        sys.exit(in_namespace())
    unittest.main(verbosity=2)
