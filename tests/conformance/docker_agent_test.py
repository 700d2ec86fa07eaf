#!/usr/bin/env python3
"""`fairlead agent --engine=docker` against dockerd itself, in a network namespace made for it (dockerd changes iptables),
with an image made here of busybox. Needs root, dockerd and busybox-static (tools/install_deps.sh --conformance); where it
cannot run it says why and is skipped (exit 77)."""
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))
from control_plane import QUICK, Pair, connected  # noqa: E402
from support import get, wait_until  # noqa: E402

BUSYBOX = shutil.which("busybox", path="/bin:/usr/bin")
WORK = os.environ.get("FL_DOCKER_WORK")


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def docker(*arguments):
    return run("docker", "-H", f"unix://{WORK}/docker.sock", *arguments)


def outside():
    """Makes the namespace, runs this script inside it, removes what was made."""
    for program in ("dockerd", "docker", "containerd", "ip", "nsenter", "iptables"):
        if shutil.which(program) is None:
            skip(f"{program} is not installed")
    if BUSYBOX is None:
        skip("busybox-static is not installed")
    if os.geteuid() != 0:
        skip("dockerd needs root")
    name = f"fl-docker-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode != 0:
        skip("no network namespace can be made")
    work = tempfile.mkdtemp(prefix="fld-")  # short: a unix socket's path has 107 bytes
    inside = ["nsenter", f"--net=/run/netns/{name}"]
    daemon = None
    try:
        run(*inside, "ip", "link", "set", "lo", "up")
        (Path(work) / "daemon.json").write_text("{}")
        with open(f"{work}/dockerd.log", "wb") as log:
            daemon = subprocess.Popen([*inside, "dockerd", "--config-file", f"{work}/daemon.json", "--data-root",
                                       f"{work}/data", "--exec-root", f"{work}/exec", "--pidfile", f"{work}/pid",
                                       "-H", f"unix://{work}/docker.sock"], stdout=log, stderr=log)
        try:
            wait_until(lambda: daemon.poll() is not None or subprocess.run(
                ["docker", "-H", f"unix://{work}/docker.sock", "version"], capture_output=True).returncode == 0,
                "dockerd answers", 60)
        except AssertionError:
            pass
        if daemon.poll() is not None:
            print(Path(f"{work}/dockerd.log").read_text()[-3000:])
            skip("dockerd does not start here")
        return subprocess.run([*inside, sys.executable, *sys.argv], env={**os.environ, "FL_DOCKER_WORK": work}).returncode
    finally:
        if daemon is not None and daemon.poll() is None:
            daemon.terminate()
            daemon.wait(60)
        subprocess.run(["ip", "netns", "delete", name], capture_output=True)
        subprocess.run(["umount", "-l", *[line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()
                                           if work in line]], capture_output=True)
        shutil.rmtree(work, ignore_errors=True)


def make_image():
    """localhost/bb:1: busybox under all its names."""
    archive = f"{WORK}/rootfs.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(BUSYBOX, "bin/busybox")
        for name in run(BUSYBOX, "--list").split():
            if name != "busybox":
                link = tarfile.TarInfo(f"bin/{name}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
        for folder in ("tmp", "proc", "sys", "dev", "etc", "www"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
    docker("import", "--change", 'CMD ["/bin/sh"]', "--change", "ENV PATH=/bin", archive, "localhost/bb:1")


class DockerAgentTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        make_image()

    def setUp(self):
        self.pair = Pair()
        self.addCleanup(self.remove_containers)
        self.addCleanup(self.pair.stop)
        self.addCleanup(self.show_logs)
        self.pair.start_control()
        self.ecs = self.pair.ecs()
        self.ecs.create_cluster(clusterName="demo")
        self.pair.start_agent("agent", "--engine=auto", f"--docker-host=unix://{WORK}/docker.sock")
        wait_until(lambda: connected(self.ecs), "the agent is connected", 30)

    def remove_containers(self):
        if ids := docker("ps", "-aq").split():
            docker("rm", "-f", *ids)

    def show_logs(self):
        if self._outcome.result.failures or self._outcome.result.errors:
            print(self.pair.logs())

    def run_task(self, *containers, **definition):
        complete = [{"image": "localhost/bb:1", "memory": 64, "stopTimeout": 2, **container} for container in containers]
        self.ecs.register_task_definition(family="t", containerDefinitions=complete, **definition)
        answer = self.ecs.run_task(cluster="demo", taskDefinition="t")
        self.assertEqual(answer["failures"], [])
        return answer["tasks"][0]["taskArn"]

    def describe(self, task):
        return self.ecs.describe_tasks(cluster="demo", tasks=[task])["tasks"][0]

    def container(self, task, name):
        return next(c for c in self.describe(task)["containers"] if c["name"] == name)

    def wait_for(self, state, task):
        self.ecs.get_waiter(f"tasks_{state}").wait(cluster="demo", tasks=[task], WaiterConfig=QUICK)

    WEB = {"name": "web", "portMappings": [{"containerPort": 80}],
           "command": ["sh", "-c", "echo hello > /www/index.html; echo serving; exec httpd -f -p 80 -h /www"]}

    def test_is_chosen_and_says_so(self):
        self.assertIn("engine docker 20.10", (self.pair.folder / "agent.log").read_text())
        instance = connected(self.ecs)[0]
        names = {attribute["name"]: attribute.get("value") for attribute in instance["attributes"]}
        self.assertEqual(names["fairlead.engine"], "docker")
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
        wait_until(lambda: get(binding["hostPort"], "/index.html").status == 200, "the container answers")
        labels = docker("inspect", "--format", "{{json .Config.Labels}}", web["runtimeId"])
        self.assertIn(f'"com.amazonaws.ecs.task-arn":"{task}"', labels)
        environment = docker("inspect", "--format", "{{json .Config.Env}}", web["runtimeId"])
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
        self.assertEqual(len(docker("ps", "-aq").split()), 1)
        docker("kill", before["runtimeId"])
        self.wait_for("stopped", task)
        self.assertEqual(self.describe(task)["stopCode"], "EssentialContainerExited")
        self.assertEqual(self.container(task, "web")["exitCode"], 137)

    def test_an_end_that_no_agent_saw_is_told(self):
        task = self.run_task({"name": "short", "command": ["sh", "-c", "sleep 2; exit 9"]})
        self.wait_for("running", task)
        self.pair.kill("agent")
        wait_until(lambda: not docker("ps", "-q").split(), "the container ends")
        self.pair.restart("agent")
        self.wait_for("stopped", task)
        self.assertEqual(self.container(task, "short")["exitCode"], 9)

    def test_orphans_are_removed(self):
        self.pair.kill("agent")
        owner = str(self.pair.folder / "agent")
        orphan = docker("run", "-d", "--label", f"fairlead.agent={owner}", "localhost/bb:1", "sleep", "1000").strip()
        other = docker("run", "-d", "localhost/bb:1", "sleep", "1000").strip()
        self.pair.restart("agent")
        wait_until(lambda: orphan not in docker("ps", "-aq", "--no-trunc"), "the orphan is removed", 60)
        self.assertIn(other, docker("ps", "-q", "--no-trunc"))

    def test_health_is_checked_in_the_container(self):
        task = self.run_task({"name": "web", "command": ["sleep", "1000"], "healthCheck": {
            "command": ["CMD-SHELL", "test -e /tmp/well"], "interval": 5, "retries": 1, "timeout": 2}})
        self.wait_for("running", task)
        runtime = self.container(task, "web")["runtimeId"]
        wait_until(lambda: self.describe(task)["healthStatus"] == "UNHEALTHY", "unhealthy", 30)
        docker("exec", runtime, "touch", "/tmp/well")
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
        names = docker("volume", "ls", "-q", "--filter", "label=mark=yes").split()
        self.assertEqual(len(names), 1)
        self.assertTrue(names[0].startswith("ecs-t-"), names)

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
        self.assertTrue(ended["reason"].startswith("OutOfMemoryError: "), ended)


if __name__ == "__main__":
    if WORK is None:
        sys.exit(outside())
    unittest.main(verbosity=2)
