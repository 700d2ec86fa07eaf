#!/usr/bin/env python3
"""The figures of control plane and agent: the release binary, spoken to over HTTP with verified signatures. Ten thousand
tasks on a thousand instances whose agents are scripted; CPU a call beside moto_server's in the same run; a real agent
with a hundred tasks. `make bench` runs it; docs/performance.md says what it found."""
import argparse
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from control_measure import (KEY, LIMIT, SECRET, Api, Report, cpu_seconds, memory_mb, percentile, settle,
                             start_control)  # first: it knows where the modules of tests/integration are
from control_plane import Pair, connected
from moto_python import moto_python, start_moto
from scripted_agent import ScriptedAgent
from support import BINARY, ROOT, wait_until
import boto3

TASKS, INSTANCES = 10_000, 1_000


# ---- ten thousand tasks

def register_instances(api, port, told):
    api.call("CreateCluster", clusterName="web")
    definition = api.call("RegisterTaskDefinition", family="app", containerDefinitions=[
        {"name": "app", "image": "registry.example.com/team/app:1", "cpu": 128, "memory": 128,
         "portMappings": [{"containerPort": 80}],
         "dockerLabels": {"traefik.http.routers.app.rule": "Host(`app.example.com`)"}}])["taskDefinition"]
    needed = [{"name": attribute["name"]} for attribute in definition.get("requiresAttributes", [])]
    agents = []
    for i in range(INSTANCES):
        zone = {"name": "ecs.availability-zone", "value": "us-east-1" + "abc"[i % 3]}
        instance = api.call("RegisterContainerInstance", cluster="web", attributes=[*needed, zone], totalResources=[
            {"name": "CPU", "type": "INTEGER", "integerValue": 4096},
            {"name": "MEMORY", "type": "INTEGER", "integerValue": 8192}])["containerInstance"]["containerInstanceArn"]
        agents.append(ScriptedAgent(port, "web", instance, lambda arn, status: told.append(arn), api.sign))
    return agents


def report_running(port, tasks):
    """As their agents would, on eight connections."""
    def report(part):
        api = Api(port)
        for arn in part:
            binding = {"bindIP": "0.0.0.0", "containerPort": 80, "hostPort": random.randint(32768, 60999), "protocol": "tcp"}
            api.call("SubmitTaskStateChange", cluster="web", task=arn, status="RUNNING", containers=[
                {"containerName": "app", "status": "RUNNING", "runtimeId": f"{random.getrandbits(256):064x}",
                 "networkBindings": [binding]}])
    threads = [threading.Thread(target=report, args=(tasks[i::8],)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def ten_thousand_tasks(report):
    pair = Pair()
    try:
        pid = start_control(pair)
        api = Api(pair.port)
        told = []
        agents = register_instances(api, pair.port, told)
        settle(pid)
        empty = memory_mb(pid)

        cpu, began = cpu_seconds(pid), time.monotonic()
        api.call("CreateService", cluster="web", serviceName="app", taskDefinition="app", desiredCount=TASKS)
        wait_until(lambda: len(told) >= TASKS, "every agent knows its tasks", LIMIT)
        report.add("10,000 tasks placed, kept and told to 1,000 agents: CPU", cpu_seconds(pid) - cpu, "s", 1.0)
        report.add("  until the last agent knew", time.monotonic() - began, "s")
        zones = [sum(len(agent.desired) for agent in agents[zone::3]) for zone in range(3)]
        if len(set(told)) != TASKS or max(zones) - min(zones) > 1 or max(len(agent.desired) for agent in agents) > 11:
            sys.exit(f"not spread over zones and their instances: {zones}")

        cpu = cpu_seconds(pid)
        report_running(pair.port, told)
        settle(pid)
        report.add("a report of a task that runs: CPU", (cpu_seconds(pid) - cpu) / TASKS * 1e3, "ms")
        [service] = api.call("DescribeServices", cluster="web", services=["app"])["services"]
        if service["runningCount"] != TASKS:
            sys.exit(f"{service['runningCount']} tasks run")

        sets = [random.sample(told, 100) for _ in range(20)]
        prepared = [api.prepare("DescribeTasks", cluster="web", tasks=tasks) for tasks in sets]
        times, cpu = [], cpu_seconds(pid)
        for i in range(3000):
            began = time.monotonic()
            api.send(prepared[i % len(prepared)])
            times.append(time.monotonic() - began)
        report.add("DescribeTasks of 100 of them: 99th percentile", percentile(times, 0.99) * 1e3, "ms", 5)
        report.add("  median", statistics.median(times) * 1e3, "ms")
        report.add("  CPU", (cpu_seconds(pid) - cpu) / len(times) * 1e3, "ms")

        settle(pid)
        cpu = cpu_seconds(pid)
        for i in range(100):  # a change of the service, so that it is planned; nothing is to do
            api.call("TagResource", resourceArn=service["serviceArn"], tags=[{"key": "turn", "value": str(i)}])
        settle(pid)
        report.add("a tag on the service, with the reconcile that follows: CPU", (cpu_seconds(pid) - cpu) * 10, "ms", 5)

        cpu = cpu_seconds(pid)
        time.sleep(60)
        report.add("idle for a minute, 1,000 agents connected: share of a core", (cpu_seconds(pid) - cpu) / 0.6, "%")
        report.add("memory then", memory_mb(pid), "MB", 150)
        report.add("  with the instances alone, before", empty, "MB")
        restart(report, pair, prepared)
    finally:
        pair.stop()


def restart(report, pair, prepared):
    times, memory, peak = [], [], []
    for turn in range(5):
        pair.kill("control")
        began = time.monotonic()
        pair.restart("control")

        def answers():
            try:
                answer = json.loads(Api(pair.port).send(prepared[turn]))
            except ConnectionError:
                return False
            return len(answer["tasks"]) == 100
        while not answers():
            time.sleep(0.002)
        times.append(time.monotonic() - began)
        pid = pair.processes["control"].pid
        settle(pid)
        memory.append(memory_mb(pid))
        peak.append(memory_mb(pid, "VmHWM"))
    report.add("killed and started again, until it has described 100 tasks", statistics.median(times), "s", 1.0)
    report.add("memory after that", statistics.median(memory), "MB", 150)
    report.add("  at most", statistics.median(peak), "MB")


# ---- beside moto

def fill_for_comparison(port, instance_document):
    """What both know: clusters, definitions, and ten tasks -> calls to make, by action."""
    ecs = boto3.client("ecs", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", aws_access_key_id=KEY,
                       aws_secret_access_key=SECRET)
    for i in range(10):
        ecs.create_cluster(clusterName=f"other{i}")
    ecs.create_cluster(clusterName="web")
    ecs.register_container_instance(cluster="web", instanceIdentityDocument=instance_document, totalResources=[
        {"name": "CPU", "type": "INTEGER", "integerValue": 4096}, {"name": "MEMORY", "type": "INTEGER", "integerValue": 8192}])
    container = {"name": "app", "image": "registry.example.com/team/app:1", "cpu": 16, "memory": 16}
    for i in range(10):
        ecs.register_task_definition(family=f"app{i}", containerDefinitions=[container])
    tasks = [task["taskArn"] for task in ecs.run_task(cluster="web", taskDefinition="app0", count=10)["tasks"]]
    ecs.create_service(cluster="web", serviceName="app", taskDefinition="app0", desiredCount=0)
    return {
        "CreateCluster": {"clusterName": "other0"},
        "DescribeClusters": {"clusters": ["web"]},
        "ListClusters": {},
        "RegisterTaskDefinition": {"family": "app0", "containerDefinitions": [container]},
        "DescribeTaskDefinition": {"taskDefinition": "app0"},
        "ListTaskDefinitionFamilies": {},
        "DescribeServices": {"cluster": "web", "services": ["app"]},
        "UpdateService": {"cluster": "web", "service": "app", "desiredCount": 0},
        "ListTasks": {"cluster": "web"},
        "DescribeTasks": {"cluster": "web", "tasks": tasks},
        "DescribeContainerInstances": {"cluster": "web", "containerInstances": ecs.list_container_instances(
            cluster="web")["containerInstanceArns"]},
    }


def moto_instance(port):
    """moto takes only instances that its EC2 has."""
    ec2 = boto3.client("ec2", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", aws_access_key_id=KEY,
                       aws_secret_access_key=SECRET)
    image = ec2.describe_images()["Images"][0]["ImageId"]
    instance = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    return json.dumps({"instanceId": instance, "imageId": image, "accountId": "123456789012", "region": "us-east-1"})


def beside_moto(report):
    pair = Pair()
    moto, moto_port = start_moto(moto_python())
    try:
        ours = start_control(pair), Api(pair.port), fill_for_comparison(pair.port, "")
        theirs = moto.pid, Api(moto_port), fill_for_comparison(moto_port, moto_instance(moto_port))

        def cost(server, action, count):
            """Microseconds of CPU a call."""
            pid, api, calls = server
            prepared = api.prepare(action, **calls[action])
            cpu = cpu_seconds(pid)
            for _ in range(count):
                api.send(prepared)
            return (cpu_seconds(pid) - cpu) / count * 1e6
        ratios = {}
        for action in ours[2]:
            rounds = [(cost(ours, action, 200), cost(theirs, action, 50)) for _ in range(6)][1:]  # the first warms up
            ratios[action] = statistics.median(b / a for a, b in rounds)
            report.add(f"{action}: CPU", statistics.median(a for a, _ in rounds), "us")
            report.add("  moto_server's", statistics.median(b for _, b in rounds), "us")
            report.add("  so many times ours", ratios[action], "")
        report.add("CPU of a call, moto_server's to ours: median of the actions", statistics.median(ratios.values()), "",
                   50, is_goal_least=True)
        report.add("  least", min(ratios.values()), "", 50, is_goal_least=True)
    finally:
        moto.terminate()
        moto.wait()
        pair.stop()


# ---- the agent

def agent(report):
    pair = Pair()
    try:
        pair.start_control("--log-level=WARN")
        ecs = pair.ecs()
        ecs.create_cluster(clusterName="demo")
        pair.start_agent("agent", "--engine=process")
        pid = pair.processes["agent"].pid
        wait_until(lambda: connected(ecs), "the agent is connected", LIMIT)
        task_starts(report, pair, ecs)
        ecs.register_task_definition(family="sleeper", containerDefinitions=[
            {"name": "main", "image": "host", "memory": 8, "command": ["/bin/sleep", "100000"]}])
        ecs.create_service(cluster="demo", serviceName="sleeper", taskDefinition="sleeper", desiredCount=100)
        wait_until(lambda: ecs.describe_services(cluster="demo", services=["sleeper"])["services"][0]["runningCount"] == 100,
                   "a hundred tasks run", LIMIT)
        settle(pid)
        cpu = cpu_seconds(pid)
        time.sleep(60)
        report.add("agent with 100 tasks, a minute idle: share of a core", (cpu_seconds(pid) - cpu) / 0.6, "%", 1)
        report.add("  memory", memory_mb(pid), "MB", 60)
        shims = [int(part.parent.name) for part in Path("/proc").glob("[0-9]*/cmdline")
                 if (text := read(part)) and "container-shim" in text and str(pair.folder) in text]
        private = [int(read(Path(f"/proc/{shim}/smaps_rollup")).split("\nPss:")[1].split()[0]) * 1024 / 1e6 for shim in shims]
        report.add(f"  its {len(shims)} shims' memory, each (proportional)", statistics.mean(private), "MB")
    finally:
        pair.stop()


def read(path):
    try:
        return path.read_text()
    except OSError:
        return ""


class Shim:
    """What the process engine itself does for a container: the parent process that it starts for it, here started by
    us, with what it was told for a container that has run."""

    def __init__(self, container, folder):
        self.folder = folder
        folder.mkdir()
        text = (container / "spec.json").read_text()
        (folder / "spec.json").write_text(text)
        self.control_groups = [Path(path) for path in json.loads(text)["cgroups"]]

    def run(self, until):
        """-> seconds until `until` returns"""
        for group in self.control_groups:  # gone with the container's end
            group.mkdir(exist_ok=True)
        ours, its = socket.socketpair()
        began = time.monotonic()
        pid = os.posix_spawn(BINARY, [BINARY, "container-shim", "run", str(self.folder)], os.environ, file_actions=[
            (os.POSIX_SPAWN_DUP2, its.fileno(), 3), (os.POSIX_SPAWN_OPEN, 4, os.devnull, os.O_RDONLY, 0)])
        until()
        took = time.monotonic() - began
        if os.waitpid(pid, 0)[1] != 0 or ours.recv(100) != b"started\n":
            sys.exit("a shim did not start as the agent's do")
        ours.close()
        its.close()
        for group in self.control_groups:
            group.rmdir()
        return took


def task_starts(report, pair, ecs):
    """From RunTask's request to the first thing the task does, beside the engine's shim and the bare command, each
    started by us."""
    fifo = pair.folder / "started"
    os.mkfifo(fifo)
    command = ["/bin/sh", "-c", f"echo started > {fifo}"]
    ecs.register_task_definition(family="quick", containerDefinitions=[
        {"name": "main", "image": "host", "cpu": 1024, "memory": 8, "command": command}])
    api = Api(pair.port)
    by_task, answered, by_engine, alone, shim = [], [], [], [], None
    for _ in range(40):
        prepared = api.prepare("RunTask", cluster="demo", taskDefinition="quick")
        began = time.monotonic()
        task = json.loads(api.send(prepared))["tasks"][0]["taskArn"]
        answered.append(time.monotonic() - began)
        fifo.read_text()
        by_task.append(time.monotonic() - began)
        ecs.get_waiter("tasks_stopped").wait(cluster="demo", tasks=[task], WaiterConfig={"Delay": 0.05, "MaxAttempts": 400})
        if shim is None:
            [container] = (pair.folder / "agent/containers").iterdir()
            shim = Shim(container, pair.folder / "shim")
        by_engine.append(shim.run(fifo.read_text))
        began = time.monotonic()
        process = subprocess.Popen(command)
        fifo.read_text()
        alone.append(time.monotonic() - began)
        process.wait()
    own = statistics.median(by_engine)
    report.add("RunTask to the task's first act, over the process engine's own", (statistics.median(by_task) - own) * 1e3,
               "ms", 20)
    report.add("  95th percentile", (percentile(by_task, 0.95) - own) * 1e3, "ms")
    report.add("  of which RunTask is answered after", statistics.median(answered) * 1e3, "ms")
    report.add("  the engine's own: its shim, started by us, to the command's first act", own * 1e3, "ms")
    report.add("  the bare command's own", statistics.median(alone) * 1e3, "ms")


PARTS = {"tasks": ten_thousand_tasks, "moto": beside_moto, "agent": agent}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--out", type=Path, default=ROOT / "build/bench/control.json")
    options = parser.parse_args()
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -20)  # of all that is started here: ahead of what else runs
    except PermissionError:
        pass
    report = Report()
    for part in options.parts or PARTS:
        PARTS[part](report)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report.rows, indent=1))
    print(f"\nWritten to {options.out}")


if __name__ == "__main__":
    main()
