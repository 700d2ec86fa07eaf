#!/usr/bin/env python3
"""The AWS client against moto, a third party's imitation of AWS: every read call of discovery, plain and over TLS with
a CA bundle, with keys from the environment and from an assumed role. Without moto it is skipped (exit 77)."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from moto_python import moto_python, start_moto

CALLS = os.environ["AWS_CALLS"]

SETUP = """
import boto3, json
ec2, ecs = boto3.resource("ec2"), boto3.client("ecs")
client = boto3.client("ec2")
image = client.describe_images()["Images"][0]["ImageId"]
instance = ec2.create_instances(ImageId=image, MinCount=1, MaxCount=1)[0]
document = dict(instanceId=instance.id, imageId=image, accountId="123456789012", region="eu-west-1")
ecs.create_cluster(clusterName="web")
ecs.create_cluster(clusterName="empty")
machine = ecs.register_container_instance(cluster="web", instanceIdentityDocument=json.dumps(document))
ecs.register_task_definition(family="app", containerDefinitions=[dict(
    name="app", image="nginx", memory=64, dockerLabels={"traefik.enable": "true", "a": "<b> & \\u00e9"})])
task = ecs.run_task(cluster="web", taskDefinition="app", count=1)["tasks"][0]
print(json.dumps(dict(task=task["taskArn"], address=instance.private_ip_address)))
"""


def calls(**variables):
    """Runs the program with only these AWS settings: (exit code, output)."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    result = subprocess.run([CALLS], env=clean | variables, capture_output=True, text=True, timeout=60)
    return result.returncode, result.stdout.strip()


def expect(what, got, want):
    if got != want:
        sys.exit(f"{what}: got {got!r}, want {want!r}")
    print("ok:", what)


def main():
    python = moto_python()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="fairlead-aws-"))
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=moto",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    plain, port = start_moto(python)
    secure, tls_port = start_moto(python, "-c", certificate, "-k", key, "-s")
    try:
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-west-1"}
        endpoint = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
        setup = subprocess.run([python, "-c", SETUP], env=os.environ | keys | endpoint | {"AWS_DEFAULT_REGION": "eu-west-1"},
                               capture_output=True, text=True)
        if setup.returncode != 0:
            sys.exit("moto cannot be set up: " + setup.stderr)
        made = json.loads(setup.stdout)

        code, text = calls(**keys, **endpoint)
        expect("exit code", (code, text if code else ""), (0, ""))
        found = json.loads(text)
        expect("region", found["region"], "eu-west-1")
        expect("clusters", sorted(arn.split("/")[-1] for arn in found["clusters"]), ["empty", "web"])
        expect("tasks", [task["arn"] for task in found["tasks"]], [made["task"]])
        expect("labels", found["tasks"][0]["labels"], {"traefik.enable": "true", "a": "<b> & \u00e9"})
        expect("addresses", found["addresses"], [made["address"]])

        config = folder / "config"
        config.write_text("[profile role]\nregion = eu-west-1\nrole_arn = arn:aws:iam::123456789012:role/r\n"
                          "source_profile = base\n[profile base]\naws_access_key_id = a\naws_secret_access_key = b\n")
        code, text = calls(AWS_CONFIG_FILE=str(config), AWS_PROFILE="role", **endpoint)
        expect("assumed role", (code, text if code else ""), (0, ""))

        encrypted = {"AWS_ENDPOINT_URL": f"https://localhost:{tls_port}"}
        code, text = calls(**keys, **encrypted, AWS_CA_BUNDLE=str(certificate))
        expect("over TLS", (code, json.loads(text)["clusters"] if code == 0 else text), (0, []))
        code, text = calls(**keys, **encrypted)
        expect("unknown certificate is refused", (code, "certificate is refused" in text), (1, True))
    finally:
        for server in (plain, secure):
            server.terminate()
            server.wait()


main()
