#!/usr/bin/env python3
"""Starting and stopping: drain on SIGTERM and SIGINT, both grace times, the second signal, taken ports, PID 1, and the
access log that is reopened on SIGUSR1."""
import shutil
import signal
import socket
import subprocess
import time
import unittest
from pathlib import Path

from support import Answer, ProxyTest, accepts, free_port, get, one_service, send, wait_until


class Start(ProxyTest):
    def test_who_connects_early_waits_for_the_routes(self):
        upstream = self.upstream()
        dynamic = one_service(upstream.url)
        for i in range(2000):  # so that reading them takes a moment
            dynamic["http"]["routers"][f"r{i}"] = {"rule": f"Host(`{i}.test`)", "service": "s"}
        proxy = self.fairlead(dynamic)
        wait_until(lambda: accepts(proxy.port), "the proxy listens")
        self.assertEqual(get(proxy.port).status, 200)


class Drain(ProxyTest):
    def start(self, **options):
        upstream = self.upstream()
        return self.fairlead(one_service(upstream.url), **options).wait_until_routing(), upstream

    def test_request_in_flight_finishes(self):
        for sign in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(sign=sign.name):
                proxy, upstream = self.start(transport={"lifeCycle": {"graceTimeOut": "30s"}})
                connection = self.held_request(proxy, upstream)
                proxy.signal(sign)
                wait_until(lambda: not accepts(proxy.port), "the listener is closed")
                self.assertIsNone(proxy.process.poll(), "ended with a request in flight")
                upstream.release()
                answer = Answer(connection)
                self.assertEqual((answer.status, answer.body), (200, "done"))
                self.assertEqual(answer.headers.get("connection", "").lower(), "close")
                self.assertEqual(proxy.wait_for_exit(5), 0)

    def test_idle_connections_do_not_hold_the_drain(self):
        proxy, _ = self.start(transport={"lifeCycle": {"graceTimeOut": "30s"}})
        connection = self.connect(proxy.port)
        send(connection)
        self.assertEqual(Answer(connection).status, 200)
        proxy.signal()
        self.assertEqual(proxy.wait_for_exit(5), 0)
        self.assertEqual(connection.recv(1), b"")

    def test_still_accepts_during_request_accept_grace_timeout(self):
        proxy, _ = self.start(transport={"lifeCycle": {"requestAcceptGraceTimeout": "2s"}},
                              static={"ping": {"entryPoint": "web"}})
        self.assertEqual(get(proxy.port, "/ping").status, 200)
        began = time.monotonic()
        proxy.signal()
        wait_until(lambda: get(proxy.port, "/ping").status == 503, "ping says that we are leaving", 1.5)
        self.assertEqual(get(proxy.port, "/").status, 200)
        self.assertEqual(proxy.wait_for_exit(10), 0)
        self.assertGreaterEqual(time.monotonic() - began, 2.0)

    def test_grace_time_out_ends_what_does_not_finish(self):
        proxy, upstream = self.start(transport={"lifeCycle": {"graceTimeOut": "1s"}})
        connection = self.held_request(proxy, upstream)
        began = time.monotonic()
        proxy.signal()
        self.assertEqual(proxy.wait_for_exit(5), 0)
        self.assertGreaterEqual(time.monotonic() - began, 1.0)
        with self.assertRaises(ConnectionError):
            Answer(connection)

    def test_each_entry_point_has_its_own_times(self):
        upstream = self.upstream()
        ports = {name: free_port() for name in ("patient", "hasty", "late")}
        life_cycles = {"patient": {"graceTimeOut": "60s"}, "hasty": {"graceTimeOut": "500ms"},
                       "late": {"requestAcceptGraceTimeout": "60s"}}
        proxy = self.fairlead(one_service(upstream.url), static={"entryPoints": {
            name: {"address": f"127.0.0.1:{port}", "transport": {"lifeCycle": life_cycles[name]}}
            for name, port in ports.items()}})
        for port in ports.values():
            wait_until(lambda port=port: accepts(port) and get(port).status == 200, "the proxy routes requests")
        held = {}
        for name in ("patient", "hasty"):
            held[name] = self.connect(ports[name])
            send(held[name], "/held")
            self.assertTrue(upstream.holding.acquire(timeout=10), "the request never reached the upstream")
        began = time.monotonic()
        proxy.signal()
        with self.assertRaises(ConnectionError):
            Answer(held["hasty"])
        self.assertTrue(0.5 <= time.monotonic() - began < 10)
        self.assertFalse(accepts(ports["patient"]))
        self.assertEqual(get(ports["late"]).status, 200)
        self.assertIsNone(proxy.process.poll())
        upstream.release()
        self.assertEqual(Answer(held["patient"]).status, 200)
        proxy.signal()
        proxy.wait_for_exit(5)

    def test_second_signal_ends_at_once(self):
        proxy, upstream = self.start(transport={"lifeCycle": {"graceTimeOut": "60s"}})
        self.held_request(proxy, upstream)
        proxy.signal()
        wait_until(lambda: not accepts(proxy.port), "the drain has begun")
        self.assertIsNone(proxy.process.poll())
        proxy.signal()
        proxy.wait_for_exit(2)


class TakenPort(ProxyTest):
    def refused(self, holder_port):
        other = self.fairlead(one_service("http://127.0.0.1:1"),
                              static={"entryPoints": {"web": {"address": f"127.0.0.1:{holder_port}"}}})
        self.assertNotEqual(other.wait_for_exit(5), 0)
        said = other.log.read_text()
        self.assertIn(f"127.0.0.1:{holder_port}", said)
        self.assertIn("in use", said)
        self.assertIn("web", said)

    def test_by_another_program(self):
        with socket.create_server(("127.0.0.1", 0)) as holder:
            self.refused(holder.getsockname()[1])

    def test_by_another_fairlead(self):
        # Both would bind with SO_REUSEPORT; without a check the kernel would share the traffic between them.
        proxy = self.fairlead(one_service(self.upstream().url)).wait_until_routing()
        self.refused(proxy.port)
        self.assertEqual(get(proxy.port).status, 200)


class ProcessOne(ProxyTest):
    UNSHARE = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]

    def test_stops_on_sigterm(self):
        # The kernel ignores a signal to PID 1 of a namespace unless the program handles it.
        if not shutil.which("unshare") or subprocess.run([*self.UNSHARE, "true"], capture_output=True, check=False).returncode:
            self.skipTest("this machine allows no PID namespaces")
        upstream = self.upstream()
        proxy = self.fairlead(one_service(upstream.url), command=self.UNSHARE).wait_until_routing()
        outer = proxy.process.pid
        child = int(Path(f"/proc/{outer}/task/{outer}/children").read_text())
        status = Path(f"/proc/{child}/status").read_text().splitlines()
        self.assertEqual(next(line for line in status if line.startswith("NSpid:")).split()[-1], "1")
        subprocess.run(["kill", "-TERM", str(child)], check=True)
        self.assertEqual(proxy.wait_for_exit(10), 0)


class AccessLog(ProxyTest):
    def test_reopens_its_file_on_sigusr1(self):
        upstream = self.upstream()
        proxy = self.fairlead(one_service(upstream.url), static={"accessLog": {"filePath": "access.log"}})
        proxy.wait_until_routing()
        log, rotated = proxy.folder / "access.log", proxy.folder / "access.log.1"
        get(proxy.port, "/before")
        wait_until(lambda: log.exists() and "/before" in log.read_text(), "the first line is written")
        log.rename(rotated)
        proxy.signal(signal.SIGUSR1)
        wait_until(log.exists, "the file is made anew")
        get(proxy.port, "/after")
        wait_until(lambda: "/after" in log.read_text(), "the new file is written to")
        self.assertNotIn("/after", rotated.read_text())


if __name__ == "__main__":
    unittest.main()
