#!/usr/bin/env python3
"""Hostile HTTP/1.1, byte by byte as others collected it (shared/cases/http1-raw.json): every case must pass, and nothing
unsafe may reach the backend. RAW_SPLIT=N sends in pieces of N bytes."""
import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from shared_cases import BINARY, runner


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def main():
    script = runner("http1_raw.py")
    port, backend = free_port(), free_port()
    # What the runner asks of a proxy: everything goes to its backend, and /private is refused.
    static = {"entryPoints": {"web": {"address": f"127.0.0.1:{port}"}}, "providers": {"file": {"filename": "routes.yml"}},
              "log": {"level": "ERROR"}}
    router = {"rule": "PathPrefix(`/`)", "service": "backend"}
    refused = {"rule": "PathPrefix(`/private`)", "service": "backend", "middlewares": ["refuse"]}
    dynamic = {"http": {"routers": {"all": router, "private": refused},
                        "middlewares": {"refuse": {"ipAllowList": {"sourceRange": ["192.0.2.1"]}}},
                        "services": {"backend": {"loadBalancer": {"servers": [{"url": f"http://127.0.0.1:{backend}"}]}}}}}
    with tempfile.TemporaryDirectory(prefix="fairlead-test-") as folder:
        # JSON is YAML.
        Path(folder, "fairlead.yml").write_text(json.dumps(static))
        Path(folder, "routes.yml").write_text(json.dumps(dynamic))
        command = [sys.executable, script, "-q", "--proxy", f"127.0.0.1:{port}", "--backend-port", str(backend),
                   "--spawn", shlex.join([str(BINARY), "--configFile=fairlead.yml"]),
                   "--split", os.environ.get("RAW_SPLIT", "0")]
        return subprocess.run(command, cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
