"""A Python that has moto's server and boto3, with which the AWS tests imitate AWS. tools/install_deps.sh --conformance
makes one in build/venv."""
import subprocess
import sys

from support import ROOT


def moto_python():
    """Its path; without one the test ends as skipped."""
    for python in [sys.executable, "python3", str(ROOT / "build/venv/bin/python")]:
        try:
            subprocess.run([python, "-c", "import moto.server, flask, boto3"], check=True, capture_output=True, timeout=60)
            return python
        except (OSError, subprocess.SubprocessError):
            continue
    print("skipped: no Python with moto[server] and boto3; tools/install_deps.sh --conformance makes one")
    sys.exit(77)
