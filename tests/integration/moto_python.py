"""A Python that has moto's server and boto3, with which the AWS tests imitate AWS. tools/install_deps.sh --conformance
makes one in build/venv."""
import re
import subprocess
import sys
import threading

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


def start_moto(python, *options):
    """Starts a server on a port of the kernel's choice; returns it and its port."""
    process = subprocess.Popen([python, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0", *options],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if match := re.search(r"Running on https?://127\.0\.0\.1:(\d+)", line):
            threading.Thread(target=process.stderr.read, daemon=True).start()  # it tells of every request
            return process, int(match[1])
    sys.exit("moto did not start")
