"""The load generators of compare.py. Each makes requests of one kind at a port for some seconds and says how many came
back, at what rate, and what went wrong; all run on the load's core."""
import math
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import compare_measure as measure

ROOT = Path(__file__).resolve().parents[2]
WEBSOCKET = ROOT / "build/bench/tests/bench_websocket"
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass
class Outcome:
    requests: int
    per_second: float
    p99: float = math.nan  # seconds; not every generator knows
    errors: str = ""


def run(command):
    """Text of both streams of a program on the load's core."""
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          preexec_fn=measure.pin(measure.LOAD_CORE))
    return done.stdout + done.stderr


def found(pattern, output, what):
    match = re.search(pattern, output)
    if not match or not float(match[1]):
        raise RuntimeError(f"{what} made no request: {output[-300:]}")
    return match


@dataclass(frozen=True)
class Wrk:
    """HTTP/1.1 on kept connections, or with a new one each; wrk resumes TLS sessions, so not for handshakes."""
    path: str = "/128"
    connections: int = 64
    tls: bool = False
    close: bool = False
    upload: int = 0  # bytes of request body
    hosts: int = 0  # names to choose from at random

    def command(self, port, seconds, folder):
        extra = ["-H", "Connection: close"] if self.close else []
        if text := self._script():
            script = folder / f"wrk-{self.upload}-{self.hosts}.lua"
            script.write_text(text)
            extra += ["-s", str(script)]
        scheme = "https" if self.tls else "http"
        return ["wrk", "-t1", f"-c{self.connections}", f"-d{seconds}s", "--latency", *extra,
                f"{scheme}://127.0.0.1:{port}{self.path}"]

    def _script(self):
        if self.upload:
            return f'wrk.method = "POST"\nwrk.body = string.rep("x", {self.upload})\n'
        if self.hosts:
            return f"""local requests = {{}}
init = function()
  for i = 0, {self.hosts - 1} do
    requests[i + 1] = wrk.format("GET", "{self.path}", {{["Host"] = "h" .. i .. ".example.test"}})
  end
end
request = function() return requests[math.random(#requests)] end
"""
        return ""

    @staticmethod
    def parse(output):
        requests = found(r"(\d+) requests in", output, "wrk")
        p99 = re.search(r"\n\s+99%\s+([\d.]+)(\w+)", output)
        errors = re.search(r"Socket errors.*|Non-2xx.*", output)
        return Outcome(int(requests[1]), float(re.search(r"Requests/sec:\s*([\d.]+)", output)[1]),
                       float(p99[1]) * UNITS[p99[2]], errors[0].strip() if errors else "")

    def run(self, port, seconds, folder):
        return self.parse(run(self.command(port, seconds, folder)))


@dataclass(frozen=True)
class H2load:
    """HTTP/2: so many connections with so many streams each; gRPC calls when there is a message."""
    connections: int
    streams: int
    path: str = "/128"
    tls: bool = True
    grpc_message: bytes = b""

    def _command(self, port, folder, extra):
        call = []
        if self.grpc_message:
            body = folder / "grpc-message.bin"
            body.write_bytes(b"\0" + len(self.grpc_message).to_bytes(4, "big") + self.grpc_message)
            call = ["-d", str(body), "-H", "content-type: application/grpc", "-H", "te: trailers"]
        scheme = "https" if self.tls else "http"
        return ["h2load", "-t1", *extra, *call, f"{scheme}://127.0.0.1:{port}{self.path}"]

    def run(self, port, seconds, folder):
        output = run(self._command(port, folder, [f"-c{self.connections}", f"-m{self.streams}", f"-D{seconds}"]))
        rate = found(r"finished in [\d.]+m?s, ([\d.]+) req/s", output, "h2load")
        done = found(r"(\d+) succeeded", output, "h2load")
        failed = re.search(r"(\d+) failed, (\d+) errored", output)
        errors = int(failed[1]) + int(failed[2])
        return Outcome(int(done[1]), float(rate[1]), errors=f"{errors} failed" if errors else "")

    def answers(self, port, folder):
        """Whether one request succeeds."""
        return ", 1 succeeded" in run(self._command(port, folder, ["-c1", "-m1", "-n1"]))


@dataclass(frozen=True)
class Handshakes:
    """A new TLS 1.3 connection for each GET, by so many clients at a time. `openssl s_time` says of each handshake
    whether it was a resumed one; those of the other kind than is measured are errors."""
    resumed: bool
    clients: int = 16

    def run(self, port, seconds, folder):
        command = ["openssl", "s_time", "-connect", f"127.0.0.1:{port}", "-www", "/128", "-tls1_3",
                   "-time", str(seconds), "-reuse" if self.resumed else "-new"]
        clients = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                    preexec_fn=measure.pin(measure.LOAD_CORE)) for _ in range(self.clients)]
        outputs = [client.communicate()[0] for client in clients]
        requests, wrong = 0, 0
        for output in outputs:
            # One mark a handshake: r for a resumed one, * for another.
            marks = "".join(re.findall(r"^[r*]+$", output.replace("starting\n", "\n"), re.M))
            requests += int(found(r"(\d+) connections in [\d.]+ real seconds", output, "openssl s_time")[1])
            wrong += marks.count("*" if self.resumed else "r")
        kind = "resumed" if self.resumed else "full"
        return Outcome(requests, requests / seconds, errors=f"{wrong} of {requests} not {kind}" if wrong else "")


@dataclass(frozen=True)
class WebSocketEcho:
    """Messages of 128 bytes, each sent when the last has come back."""
    connections: int = 64

    def run(self, port, seconds, folder):
        output = run([str(WEBSOCKET), "load", str(port), str(self.connections), str(seconds)])
        match = found(r"(\d+) messages in ([\d.]+) s, (\d+) failed", output, "bench_websocket")
        return Outcome(int(match[1]), int(match[1]) / float(match[2]),
                       errors=f"{match[3]} failed" if match[3] != "0" else "")
