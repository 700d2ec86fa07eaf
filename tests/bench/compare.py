#!/usr/bin/env python3
"""fairlead against nginx, HAProxy and others in one interleaved run: CPU time a request, memory, and configuration change.

Each proxy has one worker pinned to core 0; the load (wrk) and the backend share core 1. Proxies take turns within a
round, so that ratios compare the same minute of the same machine; reported are medians of those ratios. A round in
which other programs took more than a tenth of a core is left out while enough quiet ones remain ("quiet" column).
`make bench` runs it; see docs/performance.md for how to read the tables.
"""
import argparse
import json
import platform
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import compare_measure as measure
from compare_peers import LOGS, MANY_HOSTS, ONE_HOST, PLAIN, Setup, find_peers, host_names

ROOT = Path(__file__).resolve().parents[2]
QUIET = 0.1  # of a core


@dataclass(frozen=True)
class Scenario:
    name: str
    path: str = "/128"
    connections: int = 64
    setup: Setup = PLAIN
    headers: tuple = ()
    upload: int = 0  # bytes of request body
    goals: dict = field(default_factory=dict, hash=False)  # kind of peer: the ratio we want at most


SMALL = {"nginx": 0.75, "haproxy": 0.70, "traefik": 0.20}
SCENARIOS = [
    Scenario("128 B, 64 connections", goals=SMALL),
    Scenario("128 B, 512 connections", connections=512, goals=SMALL),
    Scenario("16 KiB", "/16k", goals={"nginx": 0.75, "haproxy": 0.75}),
    Scenario("1 MiB", "/1m", goals={"nginx": 0.60}),
    Scenario("new connection each", headers=("-H", "Connection: close"), goals={"nginx": 1.0, "haproxy": 0.90}),
    Scenario("upload 64 KiB", upload=64 << 10),
    Scenario("upload 1 MiB", connections=16, upload=1 << 20, goals={"nginx": 0.70}),
    Scenario("128 B, logs and metrics on", setup=LOGS, goals=SMALL),
    Scenario("one Host router", setup=ONE_HOST),
    Scenario("10,000 Host routers", setup=MANY_HOSTS),
]
# Ratios of fairlead to itself: numerator, denominator, the most we want.
SELF_GOALS = [("128 B, logs and metrics on", "128 B, 64 connections", 1.15),
              ("10,000 Host routers", "one Host router", 1.05)]


class Bench:
    """Everything one run holds: its folder, the backend, the spinner, and the proxies it started."""

    def __init__(self, folder):
        self.folder = folder
        self.backend_port = measure.free_port()
        backend = ROOT / "build/bench/tests/bench_backend"
        if not backend.exists():
            sys.exit(f"compare: {backend} is missing; `make bench` builds it")
        self.running = []
        self.backend = self.start([str(backend), str(self.backend_port)], measure.LOAD_CORE)
        self.spinner = measure.Spinner()
        self.running.append(self.spinner.process)

    def start(self, command, core, **options):
        process = measure.Process(command, core, **options)
        self.running.append(process)
        return process

    def stop(self):
        for process in reversed(self.running):
            process.stop()

    def proxy(self, peer, setup):
        return Proxy(self, peer, setup)

    def lua(self, scenario):
        """wrk's arguments for a scenario that needs a script."""
        script = self.folder / f"{scenario.name.replace(' ', '-').replace(',', '')}.lua"
        if scenario.upload:
            script.write_text(f'wrk.method = "POST"\nwrk.body = string.rep("x", {scenario.upload})\n')
        elif scenario.setup.hosts:
            script.write_text(f"""local requests = {{}}
init = function()
  for i = 0, {scenario.setup.hosts - 1} do
    requests[i + 1] = wrk.format("GET", "{scenario.path}", {{["Host"] = "h" .. i .. ".example.test"}})
  end
end
request = function() return requests[math.random(#requests)] end
""")
        else:
            return ()
        return ("-s", str(script))


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
            self.load_seconds = measure.wait_for_status(self.port, self.hosts[-1] if self.hosts else "localhost", began)
        except RuntimeError as error:
            output = (self.folder / "output.log").read_text(errors="replace")
            sys.exit(f"compare: {peer.name} ({setup.name}) did not start: {error}\n{output[-2000:]}")
        self.start_memory = self.process.memory_bytes()

    def install(self, hosts):
        """Writes the configuration aside, then renames it into place; returns the moment of the first rename."""
        files = self.peer.files(self.folder, self.port, self.bench.backend_port, self.setup, hosts)
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
        return measure.wait_for_status(self.port, new_name, moment)

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def stop(self):
        self.process.stop()
        self.bench.running.remove(self.process)


def measure_requests(bench, peers, scenarios, rounds, seconds):
    """{scenario: {peer: [sample of round 0, ...]}}"""
    setups = {s.setup.name: s.setup for s in scenarios}.values()
    proxies = {(peer.name, setup.name): bench.proxy(peer, setup) for setup in setups for peer in peers}
    for proxy in proxies.values():
        host = proxy.hosts[0] if proxy.hosts else "localhost"
        measure.run_wrk(proxy.url("/128"), 64, 1, ("-H", f"Host: {host}"))  # warm up
    results = {s.name: {p.name: [] for p in peers} for s in scenarios}
    for turn in range(rounds):
        for scenario in scenarios:
            print(f"\rround {turn + 1}/{rounds}: {scenario.name:<32}", end="", file=sys.stderr, flush=True)
            first = turn % len(peers)
            for peer in peers[first:] + peers[:first]:
                proxy = proxies[peer.name, scenario.setup.name]
                extra = (*scenario.headers, *bench.lua(scenario))
                results[scenario.name][peer.name].append(
                    measure.sample(proxy.process, [bench.backend], bench.spinner, proxy.url(scenario.path),
                                   scenario.connections, seconds, extra))
    print(file=sys.stderr)
    for proxy in proxies.values():
        proxy.stop()
    return results


def measure_idle(bench, peer, connections):
    """Memory at start, and bytes each of so many idle keep-alive connections adds after one request."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    proxy = bench.proxy(peer, PLAIN)
    request = b"GET /128 HTTP/1.1\r\nHost: localhost\r\n\r\n"

    def open_and_use(count):
        held = []
        for _ in range(count):
            s = socket.create_connection(("127.0.0.1", proxy.port), 5)
            s.sendall(request)
            answer = b""
            while not answer.endswith(b"x" * 128):
                answer += s.recv(4096)
            held.append(s)
        return held

    for s in open_and_use(200):
        s.close()
    before = proxy.process.memory_bytes()
    held = open_and_use(connections)
    after = proxy.process.memory_bytes()
    for s in held:
        s.close()
    proxy.stop()
    return {"start_mib": proxy.start_memory / 2**20, "idle_bytes": (after - before) / connections}


def measure_change(bench, peer, rounds):
    """10,000 routers: time to load, time until a changed one is live, and what traffic sees meanwhile."""
    runs = []
    for turn in range(rounds):
        proxy = bench.proxy(peer, MANY_HOSTS)
        extra = bench.lua(Scenario("change", setup=ONE_HOST))
        quiet = measure.run_wrk(proxy.url("/128"), 64, 2, extra)
        load = subprocess.Popen(measure.wrk_command(proxy.url("/128"), 64, 2, extra), text=True,
                                        stdout=subprocess.PIPE, preexec_fn=measure.pin(measure.LOAD_CORE))
        time.sleep(0.5)  # in the middle of the load
        live = proxy.change_one_host(f"changed{turn}.example.test")
        loaded = measure.parse_wrk(load.communicate()[0])
        runs.append({"load_s": proxy.load_seconds, "live_s": live, "memory_mib": proxy.process.memory_bytes() / 2**20,
                     "p99_quiet_ms": quiet.p99 * 1e3, "p99_change_ms": loaded.p99 * 1e3, "errors": loaded.errors})
        proxy.stop()
    return {key: statistics.median(run[key] for run in runs) for key in runs[0] if key != "errors"} | {
        "errors": next((run["errors"] for run in runs if run["errors"]), "")}


def paired(ours, theirs):
    """(ratios of the rounds that count, how many were quiet)."""
    pairs = [(a["cpu_us"] / b["cpu_us"], max(a["foreign"], b["foreign"])) for a, b in zip(ours, theirs)]
    quiet = [ratio for ratio, foreign in pairs if foreign <= QUIET]
    return sorted(quiet if 2 * len(quiet) >= len(pairs) else [ratio for ratio, _ in pairs]), len(quiet)


def middle(samples, key):
    return statistics.median(s[key] for s in samples)


def print_table(title, head, rows):
    table = [head, *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    print(f"\n{title}")
    for row in table:
        print("  " + "  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))))


def report_requests(results, scenarios, peers):
    reference = peers[0]
    for scenario in scenarios:
        samples = results[scenario.name]
        rows = []
        for peer in peers:
            mine = samples[peer.name]
            ratios, quiet = paired(samples[reference.name], mine)
            goal = scenario.goals.get(peer.kind) if reference.kind == "fairlead" else None
            rows.append([peer.name, f"{middle(mine, 'cpu_us'):.1f}",
                         "" if peer is reference else
                         f"{statistics.median(ratios):.2f} [{ratios[0]:.2f}-{ratios[-1]:.2f}]",
                         f"{goal:.2f}" if goal else "", f"{middle(mine, 'per_second'):.0f}",
                         f"{middle(mine, 'p99_ms'):.2f}", f"{quiet}/{len(mine)}",
                         next((s["errors"] for s in mine if s["errors"]), "-")])
        print_table(scenario.name, ["", "CPU us/request", f"{reference.name} / this", "goal", "requests/s", "p99 ms",
                                    "quiet", "errors"], rows)


def report_self(results, peers):
    rows = []
    for above, below, goal in SELF_GOALS:
        if above not in results or below not in results:
            continue
        for peer in peers:
            ratios, _ = paired(results[above][peer.name], results[below][peer.name])
            rows.append([f"{peer.name}: {above} / {below}", f"{statistics.median(ratios):.2f}",
                         f"{goal:.2f}" if peer.kind == "fairlead" else ""])
    if rows:
        print_table("Each to itself", ["", "ratio", "goal"], rows)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2, help="of one sample")
    parser.add_argument("--idle", type=int, default=5000, help="idle connections to hold; 0: skip")
    parser.add_argument("--changes", type=int, default=3, help="times 10,000 routers are loaded and changed; 0: skip")
    parser.add_argument("--only", default="", help="scenarios whose name holds this text")
    parser.add_argument("--peers", default="", help="comma list of kinds or names; default: all that are installed")
    parser.add_argument("--out", type=Path, default=ROOT / "build/bench/compare.json")
    return parser.parse_args()


def main():
    options = arguments()
    wanted = [p for p in options.peers.split(",") if p]
    peers = [p for p in find_peers(ROOT) if not wanted or p.kind in wanted or p.name in wanted]
    if not peers:
        sys.exit("compare: no proxy to measure (make build; tools/install_deps.sh --bench)")
    scenarios = [s for s in SCENARIOS if options.only in s.name]
    print("Peers: " + ", ".join(p.name for p in peers))
    with tempfile.TemporaryDirectory(prefix="fairlead-bench-") as folder:
        Path(folder).chmod(0o755)
        bench = Bench(Path(folder))
        try:
            idle = {p.name: measure_idle(bench, p, options.idle) for p in peers} if options.idle else {}
            change = {p.name: measure_change(bench, p, options.changes) for p in peers} if options.changes else {}
            requests = measure_requests(bench, peers, scenarios, options.rounds, options.seconds) if scenarios else {}
        finally:
            bench.stop()
    report_requests(requests, scenarios, peers)
    report_self(requests, peers)
    if idle:
        print_table("Memory (goals: 15 MiB, 1024 B)", ["", "at start, MiB", "an idle connection, B"],
                    [[n, f"{m['start_mib']:.1f}", f"{m['idle_bytes']:.0f}"] for n, m in idle.items()])
    if change:
        print_table("10,000 Host routers (goals: load 300 ms, live 50 ms, no error, p99 as before)",
                    ["", "load ms", "changed one live ms", "MiB", "p99 ms before", "p99 ms meanwhile", "errors"],
                    [[n, f"{c['load_s'] * 1e3:.0f}", f"{c['live_s'] * 1e3:.0f}", f"{c['memory_mib']:.0f}",
                      f"{c['p99_quiet_ms']:.2f}", f"{c['p99_change_ms']:.2f}", c["errors"] or "-"]
                     for n, c in change.items()])
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"machine": platform.platform(), "peers": [p.name for p in peers],
                                       "requests": requests, "memory": idle, "routers": change}, indent=1))
    print(f"\nWritten to {options.out}")


if __name__ == "__main__":
    main()
