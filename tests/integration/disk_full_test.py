#!/usr/bin/env python3
"""The disk of a control plane is full: a file system of a few MiB as its data directory. Changes are refused, nothing
that was acknowledged is lost, reads go on; when there is room it goes on as if nothing had been, also after a kill -9
on the full disk. Without root or a tmpfs of its own, or without boto3, it is skipped (exit 77)."""
import os
import subprocess
import sys
import tempfile
import unittest

from control_plane import ClientError, PairTest  # first: it may start this program again with the Python of build/venv
from support import wait_until

SIZE = 2 << 20  # bytes of the file system; the control plane's own files come first
PAYLOAD = "x" * 4000


def mount(folder):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "fl-full", folder], check=True, capture_output=True)


class DiskFull(PairTest):
    def setUp(self):
        super().setUp()
        self.data = self.pair.folder / "control"
        self.data.mkdir()
        mount(self.data)
        self.addCleanup(self.unmount)
        self.pair.start_control()
        self.ecs = self.pair.ecs()

    def unmount(self):
        self.pair.kill("control")
        subprocess.run(["umount", self.data], check=True)

    def register(self, number):
        """One task definition, whose text takes room on the disk. -> its ARN, or None when it was refused"""
        try:
            return self.ecs.register_task_definition(family=f"f{number}", containerDefinitions=[{
                "name": "main", "image": "host", "memory": 8,
                "environment": [{"name": "A", "value": PAYLOAD}]}])["taskDefinition"]["taskDefinitionArn"]
        except ClientError as error:
            self.assertEqual(error.response["ResponseMetadata"]["HTTPStatusCode"], 503, error)
            self.assertEqual(error.response["Error"]["Code"], "ServerException", error)
            return None

    def known(self):
        arns = set()
        for page in self.ecs.get_paginator("list_task_definitions").paginate():
            arns.update(page["taskDefinitionArns"])
        return arns

    def free(self):
        numbers = os.statvfs(self.data)
        return numbers.f_bavail * numbers.f_frsize

    def fill(self):
        """Takes what room there is; -> the file that takes it."""
        ballast = self.data / "ballast"
        with ballast.open("ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    pass
        return ballast

    def test_a_full_disk(self):
        acknowledged = set()

        def register(numbers):
            answers = [self.register(number) for number in numbers]
            acknowledged.update(arn for arn in answers if arn)
            return answers

        self.assertNotIn(None, register(range(20)))
        ballast = self.fill()
        refused = 0
        for number in range(100, 1100):
            [arn] = register([number])
            refused += arn is None
            if refused == 5:
                break
        self.assertEqual(refused, 5, f"the disk never was full: {self.free()} bytes are free")
        # Reads go on, and know exactly what was acknowledged.
        self.assertEqual(self.known(), acknowledged)

        # There is room again: changes are taken at once, nobody has to restart anything.
        ballast.unlink()
        self.assertNotIn(None, register(range(2000, 2010)))
        self.assertEqual(self.known(), acknowledged)

        # Full again, and killed; it starts, on the full disk or when there is room, and nothing is missing.
        self.fill()
        for number in range(3000, 4000):
            if register([number]) == [None]:
                break
        else:
            self.fail("the disk never was full again")
        self.pair.kill("control")
        ballast.unlink()
        self.pair.restart("control")
        wait_until(self.answers, "it answers again")
        self.assertEqual(self.known(), acknowledged)
        self.assertNotIn(None, register(range(5000, 5010)))
        self.assertEqual(self.known(), acknowledged)

    def answers(self):
        try:
            self.ecs.list_clusters()
            return True
        except Exception:  # not there yet
            return False


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as trial:
        try:
            mount(trial)
            subprocess.run(["umount", trial], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"skipped: no file system of a few MiB can be mounted here: {error}")
            sys.exit(77)
    unittest.main()
