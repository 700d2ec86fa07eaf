"""Processes on chosen cores, their CPU time and memory, for compare.py."""
import os
import re
import signal
import socket
import ssl
import subprocess
import time
from pathlib import Path

PROXY_CORE, LOAD_CORE = 0, 1


def pin(core):
    """A preexec function: this core, and ahead of everything else when we may. On the proxy's core, who is woken waits
    for its turn instead of taking the core from the spinner: a proxy that is faster than the load would else sleep and
    be woken for each request, and what it costs would be the scheduler's."""
    def run():
        os.sched_setaffinity(0, {core})
        if core == PROXY_CORE:
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
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


def sample(proxy, ours, spinner, run_load):
    """One measurement of one proxy: CPU a request, the load's figures, and the share of CPU that went to strangers."""
    def strangers():
        known = [proxy, *ours, spinner.process]
        return machine_busy_seconds() - sum(p.cpu_seconds() for p in known) - sum(os.times()[:4])
    spinner.resume()
    stranger, cpu, began = strangers(), proxy.cpu_seconds(), time.monotonic()
    try:
        load = run_load()
    finally:
        spinner.pause()
    took, used = time.monotonic() - began, proxy.cpu_seconds() - cpu
    return {"cpu_us": used / load.requests * 1e6, "foreign": max(0.0, (strangers() - stranger) / took),
            "requests": load.requests, "per_second": load.per_second, "p99_ms": load.p99 * 1e3, "errors": load.errors}


def tls_client(alpn=()):
    """A context that trusts anyone; the peers all use the run's own certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def status_of(port, host, tls=None):
    """Status of one request on a new connection; 0 when there is no answer. `tls` is a client context, or None."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as plain:
            with tls.wrap_socket(plain) if tls else plain as s:
                s.sendall(f"GET /128 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                return int(s.recv(64)[9:12])
    except (OSError, ValueError):
        return 0


def wait_for(condition, since, limit=60.0):
    """Seconds from `since` until `condition()` holds."""
    while time.monotonic() - since < limit:
        if condition():
            return time.monotonic() - since
        time.sleep(0.001)
    raise RuntimeError(f"not within {limit} s")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
