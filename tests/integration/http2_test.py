"""HTTP/2 with other people's clients: curl and nghttp2's h2load, through the proxy to servers of HTTP/1 and HTTP/2."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

from support import BINARY, ProxyTest, accepts, free_port, one_service, wait_until

NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")

for tool in ("curl", "h2load"):
    if not shutil.which(tool):
        print(f"skipped: no {tool}; tools/install_deps.sh --conformance installs it")
        sys.exit(77)


class Http2Test(ProxyTest):
    def whoami(self):
        """The port of a server that speaks HTTP/1 and, without being asked, HTTP/2."""
        port = free_port()
        process = subprocess.Popen([BINARY, "whoami", f"--port={port}"], stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_until(lambda: accepts(port), "whoami listens")
        return port

    def curl(self, proxy, path, *arguments, data=None):
        """-> (version, status, body)"""
        done = subprocess.run(["curl", "-sS", "--max-time", "20", "--http2-prior-knowledge", "-w", "\n%{http_version} %{http_code}",
                               *arguments, f"http://127.0.0.1:{proxy.port}{path}"], input=data, capture_output=True, check=True)
        body, _, said = done.stdout.rpartition(b"\n")
        version, status = said.decode().split()
        return version, int(status), body

    def h2load(self, proxy, requests, path="/bench", clients=8, streams=32, *arguments):
        """-> how many succeeded"""
        done = subprocess.run(["h2load", "-n", str(requests), "-c", str(clients), "-m", str(streams), *arguments,
                               f"http://127.0.0.1:{proxy.port}{path}"], capture_output=True, text=True, check=True, timeout=120)
        return int(re.search(r"(\d+) succeeded", done.stdout)[1])

    def proxies(self):
        port = self.whoami()
        for scheme in ("http", "h2c"):
            with self.subTest(scheme):
                yield self.fairlead(one_service(f"{scheme}://127.0.0.1:{port}")).wait_until_routing()

    def test_requests_and_uploads(self):
        for proxy in self.proxies():
            version, status, body = self.curl(proxy, "/hello?a=b", "-H", "X-Mine: 1")
            self.assertEqual((version, status), ("2", 200))
            self.assertIn(b"GET /hello?a=b HTTP", body)
            self.assertIn(b"x-mine: 1", body.lower())
            self.assertEqual(self.curl(proxy, "/", "-I")[:2], ("2", 200))
            self.assertEqual(self.curl(proxy, "/", "--data-binary", "@-", data=b"x" * 40_000)[:2], ("2", 200))

    def test_many_streams(self):
        for proxy in self.proxies():
            self.assertEqual(self.h2load(proxy, 5000), 5000)

    def test_large_answers(self):
        for proxy in self.proxies():
            self.assertEqual(self.h2load(proxy, 40, "/data?size=1&unit=MB", 4, 10), 40)

    def test_routes_change_under_load(self):
        first, second = self.whoami(), self.whoami()
        configurations = [one_service(f"{scheme}://127.0.0.1:{port}") for port in (first, second) for scheme in ("http", "h2c")]
        proxy = self.fairlead(configurations[0]).wait_until_routing()
        done = threading.Event()

        def change():
            i = 0
            while not done.wait(0.05):
                i += 1
                proxy.configure(configurations[i % len(configurations)])

        changer = threading.Thread(target=change)
        changer.start()
        try:
            self.assertEqual(self.h2load(proxy, 20_000), 20_000)
        finally:
            done.set()
            changer.join()

    @unittest.skipUnless(NGINX, "no nginx")
    def test_uploads_to_a_server_that_ends_its_connections(self):
        """nginx refuses what is above its keepalive_requests, bodies and all; it has not looked at those."""
        folder = Path(tempfile.mkdtemp(prefix="fairlead-test-"))
        self.addCleanup(shutil.rmtree, folder)
        port = free_port()
        (folder / "nginx.conf").write_text(f"""
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{ listen 127.0.0.1:{port} http2; keepalive_requests 100; location / {{ return 200 "ok"; }} }}
}}""")
        nginx = subprocess.Popen([NGINX, "-e", folder / "error.log", "-c", folder / "nginx.conf"])
        self.addCleanup(nginx.wait)
        self.addCleanup(nginx.terminate)
        wait_until(lambda: accepts(port), "nginx listens")
        proxy = self.fairlead(one_service(f"h2c://127.0.0.1:{port}")).wait_until_routing()
        for size in (5, 16 << 10):
            with self.subTest(size):
                (folder / "body").write_bytes(b"x" * size)
                self.assertEqual(self.h2load(proxy, 5000, "/", 8, 32, "-d", folder / "body"), 5000)


if __name__ == "__main__":
    unittest.main()
