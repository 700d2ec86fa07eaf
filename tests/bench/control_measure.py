"""What control_figures.py measures with: CPU time and memory of a process, signed calls, the table it prints."""
import http.client
import json
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))
import control_plane  # noqa: E402, F401 (first: it may start the program again with the Python of build/venv)
from botocore.auth import SigV4Auth  # noqa: E402
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402
from support import wait_until  # noqa: E402

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
LIMIT = 300.0  # seconds, for anything to come about


def cpu_seconds(pid):
    """Of the process with all its threads, also those that have ended: its clock (clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


def memory_mb(pid, field="VmRSS"):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split(field + ":")[1].split()[0]) * 1024 / 1e6


def percentile(samples, share):
    return sorted(samples)[min(len(samples) - 1, int(len(samples) * share))]


class Api:
    """ECS by signed JSON on a connection that is kept alive where the server lets it."""

    def __init__(self, port):
        self.host = f"127.0.0.1:{port}"
        self.address = "127.0.0.1", port
        self.socket = None
        self.signer = SigV4Auth(Credentials(KEY, SECRET), "ecs", "us-east-1")

    def prepare(self, action, **request):
        """A signed request's bytes, good for the five minutes that a signature is."""
        signed = AWSRequest("POST", f"http://{self.host}/", data=json.dumps(request).encode(), headers={
            "Host": self.host, "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AmazonEC2ContainerServiceV20141113." + action})
        self.signer.add_auth(signed)
        signed.headers["Content-Length"] = len(signed.data)
        head = "".join(f"{name}: {value}\r\n" for name, value in signed.headers.items())
        return f"POST / HTTP/1.1\r\n{head}\r\n".encode() + signed.data

    def sign(self, url):
        """Headers of a GET."""
        signed = AWSRequest("GET", url, headers={"Host": self.host})
        self.signer.add_auth(signed)
        return dict(signed.headers.items())

    def send(self, request):
        """-> the answer's text."""
        if self.socket is None:
            self.socket = socket.create_connection(self.address, LIMIT)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(request)
        answer = http.client.HTTPResponse(self.socket, method="POST")
        answer.begin()
        text = answer.read()
        if answer.will_close:
            self.socket.close()
            self.socket = None
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {text[:500]} to {request[-500:]}")
        return text

    def call(self, action, **request):
        return json.loads(self.send(self.prepare(action, **request)))


class Report:
    def __init__(self):
        self.rows = []

    def add(self, name, value, unit, goal=None, is_goal_least=False):
        """`goal`: the most we want, or the least."""
        met = goal is None or (value >= goal if is_goal_least else value <= goal)
        self.rows.append({"figure": name, "value": value, "unit": unit, "goal": goal, "met": met})
        wanted = "" if goal is None else f"goal {'>=' if is_goal_least else '<='} {goal:g}: {'met' if met else 'SHORT'}"
        print(f"{name:<70} {value:>10.3f} {unit:<6} {wanted}", flush=True)


def start_control(pair):
    pair.start_control_with_keys(KEY, SECRET, "--log-level=WARN")
    return pair.processes["control"].pid


def settle(pid):
    """Waits until the process has nothing left to do."""
    def is_idle():
        before = cpu_seconds(pid)
        time.sleep(1)
        return cpu_seconds(pid) - before < 0.02
    wait_until(is_idle, "the control plane is idle", LIMIT)
