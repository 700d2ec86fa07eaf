#!/usr/bin/env python3
"""Hostile HTTP/1.1, byte by byte as others collected it (shared/cases/http1-raw.json): every case must pass, and nothing
unsafe may reach the backend. RAW_SPLIT=N sends in pieces of N bytes."""
import os
import subprocess
import sys

from shared_cases import runner, support


def main():
    script = runner("http1_raw.py")
    backend = support.free_port()
    # What the runner asks of a proxy: everything goes to its backend, and /private is refused.
    dynamic = support.one_service(f"http://127.0.0.1:{backend}")
    dynamic["http"]["routers"]["private"] = {"rule": "PathPrefix(`/private`)", "service": "s", "middlewares": ["refuse"]}
    dynamic["http"]["middlewares"] = {"refuse": {"ipAllowList": {"sourceRange": ["192.0.2.1"]}}}
    proxy = support.Fairlead(dynamic, static={"log": {"level": "ERROR"}})
    try:
        proxy.wait_until_routing()
        done = subprocess.run([sys.executable, script, "-q", "--proxy", f"127.0.0.1:{proxy.port}",
                               "--backend-port", str(backend), "--split", os.environ.get("RAW_SPLIT", "0")], check=False)
        if proxy.process.poll() is not None:
            print(f"fairlead ended with {proxy.process.returncode}:\n{proxy.log.read_text()}")
            return 1
        return done.returncode
    finally:
        proxy.stop()


if __name__ == "__main__":
    sys.exit(main())
