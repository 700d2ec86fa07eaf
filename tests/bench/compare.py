#!/usr/bin/env python3
"""fairlead against nginx, HAProxy and others in one interleaved run: CPU a request, memory, configuration change.

Each proxy has one worker pinned to core 0; the load and the backend share core 1. Proxies take turns within a
round, so that ratios compare the same minute of the same machine; reported are medians of those ratios. A round in
which other programs took more than a tenth of a core is left out while enough quiet ones remain ("quiet" column).
`make bench` runs it; see docs/performance.md for how to read the tables.
"""
import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import compare_idle
import compare_measure as measure
import compare_report as report
from compare_load import H2load, Handshakes, WebSocketEcho, Wrk, WEBSOCKET
from compare_peers import (GRPC, LOGS, MANY_HOSTS, ONE_HOST, PASSTHROUGH, PLAIN, TCP, TERMINATION, TLS,
                           WEBSOCKET as WEBSOCKET_SETUP, Setup, find_peers, host_names)

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Scenario:
    name: str
    load: object = Wrk()
    setup: Setup = PLAIN
    goals: dict = field(default_factory=dict, hash=False)  # kind of peer: the ratio we want at most


SMALL = {"nginx": 0.75, "haproxy": 0.70, "traefik": 0.20}
SCENARIOS = [
    Scenario("128 B, 64 connections", goals=SMALL),
    Scenario("128 B, 512 connections", Wrk(connections=512), goals=SMALL),
    Scenario("16 KiB", Wrk("/16k"), goals={"nginx": 0.75, "haproxy": 0.75}),
    Scenario("1 MiB", Wrk("/1m"), goals={"nginx": 0.60}),
    Scenario("new connection each", Wrk(close=True), goals={"nginx": 1.0, "haproxy": 0.90}),
    Scenario("upload 64 KiB", Wrk(upload=64 << 10)),
    Scenario("upload 1 MiB", Wrk(connections=16, upload=1 << 20), goals={"nginx": 0.70}),
    Scenario("128 B, logs and metrics on", setup=LOGS, goals=SMALL),
    Scenario("one Host router", Wrk(hosts=1), ONE_HOST),
    Scenario("10,000 Host routers", Wrk(hosts=10_000), MANY_HOSTS),
    Scenario("HTTPS 128 B, 64 connections", Wrk(tls=True), TLS, {"nginx": 0.80, "haproxy": 0.65}),
    Scenario("HTTPS full handshake each", Handshakes(resumed=False), TLS, {"nginx": 0.90}),
    Scenario("HTTPS resumed handshake each", Handshakes(resumed=True), TLS),
    Scenario("HTTP/2 over TLS 128 B, 16 connections x 32", H2load(16, 32), TLS, {"nginx": 0.60}),
    Scenario("gRPC unary 128 B, 16 connections x 32",
             H2load(16, 32, "/bench.Echo/Unary", tls=False, grpc_message=b"x" * 128), GRPC),
    Scenario("WebSocket echo 128 B, 64 connections", WebSocketEcho(), WEBSOCKET_SETUP),
    Scenario("TCP 1 MiB", Wrk("/1m"), TCP, {"haproxy": 1.0}),
    Scenario("TCP 1 MiB, TLS passed through", Wrk("/1m", tls=True), PASSTHROUGH, {"haproxy": 1.0}),
    Scenario("TCP 1 MiB, TLS terminated", Wrk("/1m", tls=True), TERMINATION, {"haproxy": 1.0}),
]
# Ratios of a peer to itself: numerator, denominator, the most we want of fairlead.
SELF_GOALS = [("128 B, logs and metrics on", "128 B, 64 connections", 1.15),
              ("10,000 Host routers", "one Host router", 1.05)]
# Memory of an idle connection: row, kind, the most bytes we want.
IDLE = [("idle keep-alive connection", "keep-alive", 1024), ("idle TLS connection", "TLS", 8000),
        ("idle HTTP/2 over TLS connection", "HTTP/2 over TLS", None)]
CHANGE = "changed router of 10,000"


class Bench:
    """Everything one run holds: its folder and certificate, the backends, the spinner, and the proxies it started."""

    def __init__(self, folder):
        self.folder = folder
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost"], cwd=folder, check=True, capture_output=True)
        (folder / "both.pem").write_text((folder / "cert.pem").read_text() + (folder / "key.pem").read_text())
        self.running = []
        self.backends = {}  # kind: (process, port)
        self.spinner = measure.Spinner()
        self.running.append(self.spinner.process)

    def start(self, command, core, **options):
        process = measure.Process(command, core, **options)
        self.running.append(process)
        return process

    def stop(self):
        for process in reversed(self.running):
            process.stop()

    def backend(self, mode):
        """Port of the upstream for a Setup's mode; started when first asked for."""
        make, kind = BACKENDS[mode]
        if kind not in self.backends:
            port = measure.free_port()
            command = [str(part) for part in make(self.folder, port)]
            if not Path(command[0]).exists():
                sys.exit(f"compare: {command[0]} is missing; `make bench` builds and installs what it needs")
            self.backends[kind] = self.start(command, measure.LOAD_CORE), port
        return self.backends[kind][1]

    def backend_processes(self):
        return [process for process, _ in self.backends.values()]


def http_backend(folder, port):
    return [ROOT / "build/bench/tests/bench_backend", port]


def grpc_backend(folder, port):
    """Sends each message back, with the trailer of a call that went well."""
    return ["/usr/sbin/nghttpd", "--no-tls", "--echo-upload", "--trailer=grpc-status: 0", port]


def websocket_backend(folder, port):
    return [WEBSOCKET, "serve", port]


def tls_backend(folder, port):
    """Debian's nginx with two files to give."""
    files = folder / "tls-backend"
    files.mkdir()
    (files / "128").write_bytes(b"x" * 128)
    (files / "1m").write_bytes(b"x" * (1 << 20))
    (files / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; user root; pid {files}/nginx.pid; error_log {files}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; tcp_nodelay on; keepalive_timeout 300s; keepalive_requests 1000000000;
  server {{ listen 127.0.0.1:{port} ssl; root {files};
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem; }}
}}
""")
    return ["/usr/sbin/nginx", "-e", files / "error.log", "-c", files / "nginx.conf"]


# A Setup's mode: what makes its backend's command, and the name under which it is shared.
BACKENDS = {"http": (http_backend, "http"), "tcp": (http_backend, "http"), "grpc": (grpc_backend, "grpc"),
            "websocket": (websocket_backend, "websocket"), "passthrough": (tls_backend, "tls")}


class Proxy:
    """A peer running in one setup, on its own port."""

    def __init__(self, bench, peer, setup):
        self.bench, self.peer, self.setup = bench, peer, setup
        self.port = measure.free_port()
        self.folder = bench.folder / f"{peer.kind}-{setup.name}-{self.port}"
        self.folder.mkdir()
        self.hosts = host_names(setup.hosts)
        self.install(self.hosts)
        began = time.monotonic()
        self.process = bench.start(peer.command(self.folder), measure.PROXY_CORE, log=self.folder / "output.log",
                                   environment=peer.environment)
        try:
            self.load_seconds = measure.wait_for(lambda: self.answers(self.hosts[-1] if self.hosts else "localhost"),
                                                 began)
        except RuntimeError as error:
            output = (self.folder / "output.log").read_text(errors="replace")
            sys.exit(f"compare: {peer.name} ({setup.name}) answers {error}\n{output[-2000:]}")
        self.start_memory = self.process.memory_bytes()

    def answers(self, host):
        """Whether a request gets through to the backend."""
        if self.setup.mode == "grpc":
            return H2load(1, 1, "/bench.Echo/Unary", tls=False, grpc_message=b"x").answers(self.port, self.folder)
        tls = measure.tls_client() if self.setup.tls or self.setup.mode == "passthrough" else None
        expected = 400 if self.setup.mode == "websocket" else 200  # a GET without the handshake
        return measure.status_of(self.port, host, tls) == expected

    def install(self, hosts):
        """Writes the configuration aside, then renames it into place; returns the moment of the first rename."""
        files = self.peer.files(self.folder, self.port, self.bench.backend(self.setup.mode), self.setup, hosts)
        for path, text in files.items():
            path.with_suffix(path.suffix + ".new").write_text(text)
        moment = time.monotonic()
        for path in files:
            path.with_suffix(path.suffix + ".new").rename(path)
        return moment

    def change_one_host(self, new_name):
        """Seconds until a router of many that got another name answers to it."""
        middle = len(self.hosts) // 2
        self.hosts = [*self.hosts[:middle], new_name, *self.hosts[middle + 1:]]
        moment = self.install(self.hosts)
        self.peer.reload(self.process)
        return measure.wait_for(lambda: self.answers(new_name), moment)

    def stop(self):
        self.process.stop()
        self.bench.running.remove(self.process)


def measure_requests(bench, peers, scenarios, rounds, seconds):
    """{scenario: {peer: [sample of round 0, ...]}}; peers that cannot do a scenario are not in it."""
    setups = {s.setup.name: s.setup for s in scenarios}.values()
    proxies = {(peer.name, setup.name): Proxy(bench, peer, setup)
               for setup in setups for peer in peers if peer.supports(setup)}
    for scenario in scenarios:  # warm up
        for peer in peers:
            if proxy := proxies.get((peer.name, scenario.setup.name)):
                scenario.load.run(proxy.port, 1, bench.folder)
    results = {s.name: {p.name: [] for p in peers if p.supports(s.setup)} for s in scenarios}
    for turn in range(rounds):
        for scenario in scenarios:
            print(f"\rround {turn + 1}/{rounds}: {scenario.name:<44}", end="", file=sys.stderr, flush=True)
            first = turn % len(peers)
            for peer in peers[first:] + peers[:first]:
                if proxy := proxies.get((peer.name, scenario.setup.name)):
                    sample = measure.sample(proxy.process, bench.backend_processes(), bench.spinner,
                                            lambda: scenario.load.run(proxy.port, seconds, bench.folder))
                    results[scenario.name][peer.name].append(sample)
    print(file=sys.stderr)
    for proxy in proxies.values():
        proxy.stop()
    return results


def measure_idle(bench, peer, kind, connections):
    """Memory at start, and bytes each of so many idle connections adds after one request."""
    proxy = Proxy(bench, peer, PLAIN if kind == "keep-alive" else TLS)
    for connection in compare_idle.hold(proxy.port, kind, 200):
        connection.close()
    before = proxy.process.memory_bytes()
    held = compare_idle.hold(proxy.port, kind, connections)
    after = proxy.process.memory_bytes()
    for connection in held:
        connection.close()
    proxy.stop()
    return {"start_mib": proxy.start_memory / 2**20, "bytes": (after - before) / connections}


def measure_change(bench, peer, rounds):
    """10,000 routers: time to load, time until a changed one is live, and what traffic sees meanwhile."""
    runs = []
    wrk = Wrk(hosts=1)
    for turn in range(rounds):
        proxy = Proxy(bench, peer, MANY_HOSTS)
        quiet = wrk.run(proxy.port, 2, bench.folder)
        load = subprocess.Popen(wrk.command(proxy.port, 2, bench.folder), text=True, stdout=subprocess.PIPE,
                                preexec_fn=measure.pin(measure.LOAD_CORE))
        time.sleep(0.5)  # in the middle of the load
        live = proxy.change_one_host(f"changed{turn}.example.test")
        loaded = Wrk.parse(load.communicate()[0])
        runs.append({"load_s": proxy.load_seconds, "live_s": live, "memory_mib": proxy.process.memory_bytes() / 2**20,
                     "p99_quiet_ms": quiet.p99 * 1e3, "p99_change_ms": loaded.p99 * 1e3, "errors": loaded.errors})
        proxy.stop()
    return {key: statistics.median(run[key] for run in runs) for key in runs[0] if key != "errors"} | {
        "errors": next((run["errors"] for run in runs if run["errors"]), "")}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2, help="of one sample")
    parser.add_argument("--idle", type=int, default=5000, help="idle connections to hold; 0: skip")
    parser.add_argument("--changes", type=int, default=3, help="times 10,000 routers are loaded and changed; 0: skip")
    parser.add_argument("--only", action="append", metavar="TEXT",
                        help="rows whose name holds this; may be given again for more of them")
    parser.add_argument("--list", action="store_true", help="print the names of the rows and end")
    parser.add_argument("--peers", default="", help="comma list of kinds or names; default: all that are installed")
    parser.add_argument("--out", type=Path, default=ROOT / "build/bench/compare.json")
    return parser.parse_args()


def main():
    options = arguments()

    def is_wanted(row):
        return not options.only or any(text.lower() in row.lower() for text in options.only)

    scenarios = [s for s in SCENARIOS if is_wanted(s.name)]
    idle = [row for row in IDLE if is_wanted(row[0]) and options.idle]
    changes = options.changes if is_wanted(CHANGE) else 0
    if options.list or not (scenarios or idle or changes):
        print("\n".join([*(s.name for s in SCENARIOS), *(row[0] for row in IDLE), CHANGE]))
        sys.exit(0 if options.list else "compare: no row has such a name; these are all")
    wanted = [p for p in options.peers.split(",") if p]
    peers = [p for p in find_peers(ROOT) if not wanted or p.kind in wanted or p.name in wanted]
    if not peers:
        sys.exit("compare: no proxy to measure (make build; tools/install_deps.sh --bench)")
    compare_idle.raise_file_limit()
    print("Peers: " + ", ".join(p.name for p in peers))
    # Not in /tmp: fairlead and Traefik watch every folder on the way to their files, and would be billed for the
    # temporary files of whatever else runs on the machine.
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="compare-", dir=options.out.parent) as folder:
        Path(folder).chmod(0o755)
        bench = Bench(Path(folder))
        try:
            memory = {row: {"goal": goal, "peers": {p.name: measure_idle(bench, p, kind, options.idle) for p in peers
                                                    if p.supports(PLAIN if kind == "keep-alive" else TLS)}}
                      for row, kind, goal in idle}
            change = {p.name: measure_change(bench, p, changes) for p in peers} if changes else {}
            requests = measure_requests(bench, peers, scenarios, options.rounds, options.seconds) if scenarios else {}
        finally:
            bench.stop()
    report.print_requests(requests, scenarios, peers)
    report.print_self(requests, SELF_GOALS, peers)
    report.print_memory(memory)
    if change:
        report.print_change(change)
    options.out.write_text(json.dumps({"machine": platform.platform(), "peers": [p.name for p in peers],
                                       "requests": requests, "memory": memory, "routers": change}, indent=1))
    print(f"\nWritten to {options.out}")


if __name__ == "__main__":
    main()
