"""A control plane and its agents as processes, and boto3 against them, for the tests of the pair."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from support import BINARY, ROOT, accepts, free_port, remove, wait_until

try:
    import boto3
except ImportError:
    VENV = ROOT / "build/venv/bin/python"  # tools/install_deps.sh --conformance
    if VENV.exists() and Path(sys.executable) != VENV:
        os.execv(VENV, [str(VENV), *sys.argv])
    print("skipped: boto3 is not installed (tools/install_deps.sh --conformance)")
    sys.exit(77)
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

QUICK = {"Delay": 0.1, "MaxAttempts": 150}  # of waiters


class Pair:
    """`fairlead control` and any number of `fairlead agent`, each with a directory of its own, in one temporary folder."""

    def __init__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="fairlead-pair-")
        self.folder = Path(self.temporary.name)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.processes = {}
        self.begun = {}

    def start(self, name, *arguments, environment=None, command=()):
        """`command`: what runs it, such as nsenter."""
        self.begun[name] = arguments, environment, command
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen([*command, BINARY, *arguments], cwd=self.folder, stdout=log,
                                                    env=environment, stderr=subprocess.STDOUT, start_new_session=True)

    def start_control(self, *options, address="127.0.0.1"):
        self.url = f"http://{address}:{self.port}"
        self.start("control", "control", f"--address={address}:{self.port}", f"--data={self.folder}/control", *options)
        wait_until(lambda: accepts(self.port, address), "the control plane listens")

    def start_control_with_keys(self, key, secret, *options, **settings):
        """It verifies signatures, and this is the only key it knows."""
        keys = self.folder / "keys.yml"
        keys.write_text(json.dumps({"keys": [{"access-key-id": key, "secret-access-key": secret}]}))
        self.start_control("--auth=keys", f"--keys={keys}", *options, **settings)

    def start_agent(self, name="agent", *options, environment=None, command=()):
        """`environment`: what it has of AWS's variables; None: those of the test."""
        if environment is not None:
            environment |= {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        self.start(name, "agent", f"--endpoint={self.url}", "--cluster=demo", f"--data={self.folder}/{name}", *options,
                   environment=environment, command=command)

    def start_proxy(self, port, *options, throttle="50ms"):
        """Routes by what the cluster runs. `throttle`: None is the default."""
        if throttle is not None:
            options = (f"--providers.providersThrottleDuration={throttle}", *options)
        self.start("proxy", f"--entryPoints.web.address=127.0.0.1:{port}", "--providers.ecs.clusters=demo",
                   "--providers.ecs.region=us-east-1", *options,
                   environment=os.environ | {"AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": "any",
                                             "AWS_SECRET_ACCESS_KEY": "any", "AWS_EC2_METADATA_DISABLED": "true"})

    def restart(self, name):
        arguments, environment, command = self.begun[name]
        self.start(name, *arguments, environment=environment, command=command)

    def kill(self, name):
        self.processes[name].kill()
        self.processes[name].wait()

    def end(self, name, limit=10):
        self.processes[name].send_signal(signal.SIGTERM)
        return self.processes[name].wait(limit)

    def client(self, service, key="any", secret="any", token=None):
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1", aws_access_key_id=key,
                            aws_secret_access_key=secret, aws_session_token=token,
                            config=Config(retries={"total_max_attempts": 1}))

    def ecs(self):
        return self.client("ecs")

    def stop(self):
        """Everything ends, also what tasks are left; on a failed test the logs are shown."""
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()
        for state in self.folder.glob("*/containers/*/state.json"):
            try:
                os.kill(json.loads(state.read_text())["shim"]["pid"], signal.SIGKILL)
            except (OSError, ValueError):
                pass
        remove(self.temporary)

    def logs(self):
        return "\n".join(f"--- {path.name}\n{path.read_text()}" for path in sorted(self.folder.glob("*.log")))


class PairTest(unittest.TestCase):
    """A Pair of its own for each test; on failure its logs are shown."""

    def setUp(self):
        self.pair = Pair()
        self.addCleanup(self.pair.stop)
        self.addCleanup(self.show_logs)

    def show_logs(self):
        if self._outcome.result.failures or self._outcome.result.errors:
            print(self.pair.logs())


def connected(ecs):
    """Container instances of the cluster that an agent is connected for."""
    arns = ecs.list_container_instances(cluster="demo")["containerInstanceArns"]
    if not arns:
        return []
    found = ecs.describe_container_instances(cluster="demo", containerInstances=arns)["containerInstances"]
    return [instance for instance in found if instance["agentConnected"]]
