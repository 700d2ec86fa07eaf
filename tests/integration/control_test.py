#!/usr/bin/env python3
"""`fairlead control` as unmodified clients see it: boto3 with its checks of every answer, and the aws CLI; signatures,
state that outlives a kill -9, and a clean stop. Without boto3 and the CLI it is skipped (exit 77)."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from support import BINARY, ROOT, wait_until


def client_python():
    """A Python with boto3 and awscli; tools/install_deps.sh --aws makes one."""
    for python in [sys.executable, "python3", str(ROOT / "build/venv/bin/python")]:
        try:
            subprocess.run([python, "-c", "import awscli, boto3"], check=True, capture_output=True, timeout=60)
            return python
        except (OSError, subprocess.SubprocessError):
            continue
    print("skipped: no Python with boto3 and awscli; tools/install_deps.sh --aws makes one")
    sys.exit(77)


class Control:
    """A running control plane on a port of its own choice."""

    def __init__(self, folder, *flags):
        self.log = Path(folder) / "control.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([BINARY, "control", "--address=127.0.0.1:0", f"--data={folder}/state", *flags],
                                            stdout=log, stderr=subprocess.STDOUT)
        self.url = wait_until(self._url, "fairlead control serves", 30)

    def _url(self):
        if self.process.poll() is not None:
            raise AssertionError(f"ended with {self.process.returncode}:\n{self.log.read_text()}")
        found = re.search(r"serves (http://[0-9.:]+\d)", self.log.read_text())
        return found and found[1]

    def stop(self, sign=signal.SIGTERM):
        self.process.send_signal(sign)
        return self.process.wait(30)


def environment(url, key="any", secret="any", region="us-east-1"):
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith("AWS_") and not name.lower().endswith("_proxy")}
    return clean | {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret,
                    "AWS_DEFAULT_REGION": region, "AWS_CONFIG_FILE": "/nonexistent", "AWS_MAX_ATTEMPTS": "1",
                    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"}


PYTHON = client_python()

# Runs with the clients' Python; prints what it saw as JSON.
BOTO = r"""
import boto3, botocore, json
ecs, ssm, sts = boto3.client("ecs"), boto3.client("ssm"), boto3.client("sts")
seen = {}
def refused(call, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        return [error.response["Error"]["Code"], error.response["Error"]["Message"],
                error.response["ResponseMetadata"]["HTTPStatusCode"]]
    return None

seen["identity"] = [sts.get_caller_identity()[k] for k in ("Account", "Arn")]
seen["cluster"] = ecs.create_cluster(clusterName="web", tags=[{"key": "a", "value": "b"}])["cluster"]["clusterArn"]
for i in range(4):
    ecs.create_cluster(clusterName=f"c{i}")
pages = list(ecs.get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": 2}))
seen["pages"] = [len(page["clusterArns"]) for page in pages]
for image in ("one", "two"):
    definition = ecs.register_task_definition(family="app", containerDefinitions=[
        {"name": "app", "image": image, "memory": 64, "dockerLabels": {"x": "<\u00e9>"}}])["taskDefinition"]
seen["definition"] = [definition["taskDefinitionArn"], definition["networkMode"], type(definition["registeredAt"]).__name__]
seen["labels"] = ecs.describe_task_definition(taskDefinition="app")["taskDefinition"]["containerDefinitions"][0]["dockerLabels"]
seen["absent"] = refused(ecs.describe_task_definition, taskDefinition="none")
seen["missing"] = ecs.describe_clusters(clusters=["web", "none"])["failures"]
seen["bad"] = refused(ecs.register_task_definition, family="app", containerDefinitions=[{"name": "app", "memory": 64}])
seen["no cluster"] = refused(ecs.delete_cluster, cluster="none")
activation = ssm.create_activation(IamRole="role")
seen["activation"] = [len(activation["ActivationId"]), len(activation["ActivationCode"])]
seen["activations"] = [a["Expired"] for a in ssm.describe_activations()["ActivationList"]]
seen["unserved query"] = refused(boto3.client("iam").list_users)
seen["unserved json"] = refused(boto3.client("sqs").list_queues)
raw = boto3.client("ecs", config=botocore.config.Config(parameter_validation=False))
seen["wrong type"] = refused(raw.create_cluster, clusterName=7)
seen["no member"] = refused(raw.update_cluster)
seen["elsewhere"] = boto3.client("ecs", region_name="eu-west-1").list_clusters()["clusterArns"]
print(json.dumps(seen))
"""


class ControlTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="fairlead-control-")
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name

    def start(self, *flags):
        control = Control(self.folder, *flags)
        self.addCleanup(lambda: control.process.poll() is None and control.stop(signal.SIGKILL))
        return control

    def aws(self, control, *arguments, **variables):
        result = subprocess.run([PYTHON, "-m", "awscli", *arguments, "--output", "json"], capture_output=True, text=True,
                                env=environment(control.url, **variables), timeout=120)
        return json.loads(result.stdout) if result.returncode == 0 and result.stdout else result.stderr.strip()

    def test_boto3(self):
        control = self.start()
        result = subprocess.run([PYTHON, "-c", BOTO], env=environment(control.url), capture_output=True, text=True,
                                timeout=300)
        self.assertEqual(result.returncode, 0, result.stderr + control.log.read_text())
        seen = json.loads(result.stdout)
        self.assertEqual(seen, {
            "identity": ["000000000000", "arn:aws:iam::000000000000:root"],
            "cluster": "arn:aws:ecs:us-east-1:000000000000:cluster/web",
            "pages": [2, 2, 1],
            "definition": ["arn:aws:ecs:us-east-1:000000000000:task-definition/app:2", "bridge", "datetime"],
            "labels": {"x": "<\u00e9>"},
            "absent": ["ClientException", "Unable to describe task definition.", 400],
            "missing": [{"arn": "arn:aws:ecs:us-east-1:000000000000:cluster/none", "reason": "MISSING"}],
            "bad": ["ClientException", "Container.image should not be null or empty.", 400],
            "no cluster": ["ClusterNotFoundException", "Cluster not found.", 400],
            "activation": [36, 20],
            "activations": [False],
            "unserved query": ["InvalidAction", "Could not find operation ListUsers for version 2010-05-08", 400],
            "unserved json": ["UnknownOperationException",
                              "No service that fairlead serves has the operation ListQueues.", 400],
            "wrong type": ["SerializationException", "clusterName: expected a string, not an integer", 400],
            "no member": ["InvalidParameterException", "Cluster cannot be empty.", 400],
            "elsewhere": [],
        })
        self.assertEqual(control.stop(), 0)

    def test_cli(self):
        control = self.start()
        made = self.aws(control, "ecs", "create-cluster", "--cluster-name", "web", "--settings",
                        "name=containerInsights,value=enabled")
        self.assertEqual(made["cluster"]["settings"], [{"name": "containerInsights", "value": "enabled"}])
        described = self.aws(control, "ecs", "describe-clusters", "--clusters", "web", "--include", "SETTINGS", "TAGS")
        self.assertEqual(described["clusters"][0]["status"], "ACTIVE")
        refused = self.aws(control, "ecs", "delete-cluster", "--cluster", "none")
        self.assertIn("(ClusterNotFoundException) when calling the DeleteCluster operation: Cluster not found.", refused)
        identity = self.aws(control, "sts", "get-caller-identity")
        self.assertEqual(identity["Account"], "000000000000")

    def test_signatures(self):
        keys = Path(self.folder) / "keys.yaml"
        line = "  - {access-key-id: %s, secret-access-key: secret, account-id: \"111122223333\", user: alice}\n"
        keys.write_text("keys:\n" + line % "AKIAALICE")
        control = self.start("--auth=keys", f"--keys={keys}")
        alice = {"key": "AKIAALICE", "secret": "secret"}
        self.assertEqual(self.aws(control, "sts", "get-caller-identity", **alice)["Arn"],
                         "arn:aws:iam::111122223333:user/alice")
        made = self.aws(control, "ecs", "create-cluster", **alice)
        self.assertEqual(made["cluster"]["clusterArn"], "arn:aws:ecs:us-east-1:111122223333:cluster/default")
        for variables, service, code in [({"key": "AKIABOB", "secret": "secret"}, "ecs", "UnrecognizedClientException"),
                                         ({"key": "AKIAALICE", "secret": "x"}, "ecs", "InvalidSignatureException"),
                                         ({"key": "AKIABOB", "secret": "secret"}, "sts", "InvalidClientTokenId"),
                                         ({"key": "AKIAALICE", "secret": "x"}, "sts", "SignatureDoesNotMatch")]:
            action = ["ecs", "list-clusters"] if service == "ecs" else ["sts", "get-caller-identity"]
            self.assertIn(f"({code})", self.aws(control, *action, **variables))
        # The file is read again; one that is wrong changes nothing.
        keys.write_text("keys: 7\n")
        control.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "the old keys stay" in control.log.read_text(), "the refusal of the keys file")
        self.assertIn("Arn", self.aws(control, "sts", "get-caller-identity", **alice))
        keys.write_text("keys:\n" + line % "AKIACAROL")
        control.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "keys read again" in control.log.read_text(), "the new keys")
        self.assertIn("(InvalidClientTokenId)", self.aws(control, "sts", "get-caller-identity", **alice))

    def test_state_outlives_a_kill(self):
        control = self.start()
        self.aws(control, "ecs", "create-cluster", "--cluster-name", "kept")
        control.stop(signal.SIGKILL)
        control = self.start()
        self.assertEqual(self.aws(control, "ecs", "list-clusters")["clusterArns"],
                         ["arn:aws:ecs:us-east-1:000000000000:cluster/kept"])

    def test_stops_with_an_idle_connection(self):
        control = self.start()
        host, port = control.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 10) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b"400", connection.recv(100))
            self.assertEqual(control.stop(), 0)

    def test_refuses_what_is_dangerous(self):
        result = subprocess.run([BINARY, "control", "--address=0.0.0.0:0", f"--data={self.folder}/state"],
                                capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 1)
        self.assertIn("any takes every signature, so it is for this machine alone", result.stderr)

    def test_refuses_settings_without_a_sense(self):
        result = subprocess.run([BINARY, "control", "--region=", "--lost-after=-1s", "--drain-delay=-1s"], cwd=self.folder,
                                capture_output=True, text=True, timeout=60)
        self.assertEqual((result.returncode, result.stderr.splitlines()), (1, [
            "fairlead control: region: must not be empty", "fairlead control: lost-after: must not be negative",
            "fairlead control: drain-delay: must not be negative"]))


if __name__ == "__main__":
    unittest.main()
