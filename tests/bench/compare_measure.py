"""Processes on chosen cores, their CPU time and memory, and wrk's answers, for compare.py."""
import os
import re
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

PROXY_CORE, LOAD_CORE = 0, 1
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


def pin(core):
    """A preexec function: this core, and ahead of everything else when we may."""
    def run():
        os.sched_setaffinity(0, {core})
        try:
            os.setpriority(os.PRIO_PROCESS, 0, -20)
        except PermissionError:
            pass
    return run


class Process:
    """A child with its children, on one core; its output goes to `log`."""

    def __init__(self, command, core, log=None, environment=None):
        output = open(log, "ab") if log else subprocess.DEVNULL
        self.child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, preexec_fn=pin(core),
                                      env={**os.environ, **(environment or {})})
        self.pid = self.child.pid

    def tree(self):
        def below(pid):
            yield pid
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                for child in read(children).split():
                    yield from below(int(child))
        return list(below(self.pid))

    def cpu_seconds(self):
        """CPU time of the tree, from the scheduler's nanosecond counts."""
        stats = (read(path) for pid in self.tree() for path in Path(f"/proc/{pid}/task").glob("*/schedstat"))
        return sum(int(stat.split()[0]) for stat in stats if stat) / 1e9

    def memory_bytes(self):
        """Resident set of the tree."""
        status = "".join(read(Path(f"/proc/{pid}/status")) for pid in self.tree())
        return sum(int(kib) for kib in re.findall(r"VmRSS:\s*(\d+)", status)) * 1024

    def stop(self):
        tree = self.tree()
        for sign in (signal.SIGCONT, signal.SIGTERM, signal.SIGKILL):
            for pid in tree:
                try:
                    os.kill(pid, sign)
                except ProcessLookupError:
                    pass
            try:
                self.child.wait(0 if sign == signal.SIGCONT else 3)
            except subprocess.TimeoutExpired:
                pass


def read(path):
    """Text of a /proc file; empty when its process has ended meanwhile."""
    try:
        return path.read_text()
    except OSError:
        return ""


class Spinner:
    """Takes half of the proxy's core while it runs, so that every proxy is saturated and batches alike."""

    def __init__(self):
        self.process = Process(["sh", "-c", "while :; do :; done"], PROXY_CORE)
        self.pause()

    def pause(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.process.pid, signal.SIGCONT)


def machine_busy_seconds():
    ticks = [int(n) for n in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


@dataclass
class Load:
    """What one run of wrk reported."""
    requests: int
    per_second: float
    p50: float  # seconds
    p99: float
    errors: str


def wrk_command(url, connections, seconds, extra=()):
    return ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", *extra, url]


def parse_wrk(output):
    def latency(percentile):
        found = re.search(rf"\n\s+{percentile}%\s+([\d.]+)(\w+)", output)
        return float(found[1]) * UNITS[found[2]]
    requests = re.search(r"(\d+) requests in", output)
    if not requests or not int(requests[1]):
        raise RuntimeError(f"wrk made no request: {output[-300:]}")
    errors = re.search(r"Socket errors.*|Non-2xx.*", output)
    return Load(int(requests[1]), float(re.search(r"Requests/sec:\s*([\d.]+)", output)[1]),
                latency(50), latency(99), errors[0].strip() if errors else "")


def run_wrk(url, connections, seconds, extra=()):
    done = subprocess.run(wrk_command(url, connections, seconds, extra), capture_output=True, text=True, check=False,
                          preexec_fn=pin(LOAD_CORE))
    return parse_wrk(done.stdout + done.stderr)


def sample(proxy, ours, spinner, url, connections, seconds, extra=()):
    """One measurement of one proxy: CPU a request, wrk's figures, and the share of CPU that went to strangers."""
    def strangers():
        known = [proxy, *ours, spinner.process]
        return machine_busy_seconds() - sum(p.cpu_seconds() for p in known) - sum(os.times()[:4])
    spinner.resume()
    stranger, cpu, began = strangers(), proxy.cpu_seconds(), time.monotonic()
    try:
        load = run_wrk(url, connections, seconds, extra)
    finally:
        spinner.pause()
    took, used = time.monotonic() - began, proxy.cpu_seconds() - cpu
    return {"cpu_us": used / load.requests * 1e6, "foreign": max(0.0, (strangers() - stranger) / took),
            "requests": load.requests, "per_second": load.per_second, "p50_ms": load.p50 * 1e3,
            "p99_ms": load.p99 * 1e3, "errors": load.errors}


def status_of(port, host, path="/128"):
    """Status of one request on a new connection; 0 when there is no answer."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as s:
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            return int(s.recv(64)[9:12])
    except (OSError, ValueError):
        return 0


def wait_for_status(port, host, since, limit=60.0):
    """Seconds from `since` until `host` answers 200."""
    while time.monotonic() - since < limit:
        if status_of(port, host) == 200:
            return time.monotonic() - since
        time.sleep(0.001)
    raise RuntimeError(f"port {port}: {host} did not answer within {limit} s")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
