#!/usr/bin/env python3
"""A control group's memory limit: what would go over it is refused in time, and all is well again afterwards. Needs a
control group of its own; without the right to make one it is skipped (exit 77)."""
import os
import sys
import time
import unittest
from pathlib import Path

from support import Answer, ProxyTest, ThreadedServer, get, one_service, send, wait_until

LIMIT = 256 << 20
BODY = 1 << 20
PACE = 200 << 20  # bytes a second that uploads bring in at most


def own_path(controller):
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return path.lstrip("/")
    return ""


def make_group():
    """-> a new group with the limit, or why there can be none"""
    mounts = Path("/sys/fs/cgroup")
    v2 = (mounts / "cgroup.controllers").exists()
    root = mounts if v2 else mounts / "memory"
    parent = root / own_path("" if v2 else "memory")
    group = (parent if parent.exists() else root) / f"fairlead-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        return None, str(error)
    try:
        (group / ("memory.max" if v2 else "memory.limit_in_bytes")).write_text(str(LIMIT))
    except OSError as error:
        group.rmdir()
        return None, str(error)
    return group, ""


def serve(connection):
    """One request, body and all."""
    with connection, connection.makefile("rb") as stream:
        length = 0
        while (line := stream.readline().strip()):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        stream.read(length)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndone")


class MemoryTest(ProxyTest):
    def proxy(self):
        upstream = ThreadedServer(serve)
        self.addCleanup(upstream.stop)
        dynamic = one_service(f"http://127.0.0.1:{upstream.port}")
        dynamic["http"]["routers"]["kept"] = {"rule": "Path(`/kept`)", "priority": 100, "service": "s",
                                              "middlewares": ["whole"]}
        dynamic["http"]["middlewares"] = {"whole": {"buffering": {"memRequestBodyBytes": 2 * BODY}}}
        join_group = ("sh", "-c", f'echo $$ > {GROUP}/cgroup.procs && exec "$@"', "sh")
        return self.fairlead(dynamic, static={"ping": {"entryPoint": "web"}}, command=join_group).wait_until_routing()

    def upload_most(self, proxy):
        """Of a request whose body is kept in memory, all but the last byte. -> the connection, or None when refused"""
        connection = self.connect(proxy.port)
        connection.sendall(f"POST /kept HTTP/1.1\r\nHost: localhost\r\nContent-Length: {BODY}\r\n"
                           "Expect: 100-continue\r\n\r\n".encode())
        answer = connection.recv(4096)
        if not answer.startswith(b"HTTP/1.1 100 "):
            self.assertTrue(answer.startswith(b"HTTP/1.1 503 "), answer)
            return None
        connection.sendall(b"x" * (BODY - 1))
        time.sleep(BODY / PACE)
        return connection

    def test_requests_are_refused_before_the_kernel_kills_us(self):
        proxy = self.proxy()
        idle = self.connect(proxy.port)
        send(idle)
        self.assertEqual(Answer(idle).status, 200)
        held = []
        while (connection := self.upload_most(proxy)) is not None:
            held.append(connection)
            self.assertLess(len(held) * BODY, LIMIT, "nothing is refused")
        self.assertGreater(len(held) * BODY, LIMIT // 4, "refused too early")
        refused = get(proxy.port)
        self.assertEqual((refused.status, refused.headers["retry-after"]), (503, "1"))
        self.assertEqual(get(proxy.port, "/ping").status, 200)
        self.assertEqual(idle.recv(1), b"", "an idle connection stays")

        # Those that were let in are served, and with them the pressure goes.
        for connection in held:
            connection.sendall(b"x")
            self.assertEqual(Answer(connection).status, 200)
        wait_until(lambda: get(proxy.port).status == 200, "requests are served again")
        wait_until(lambda: "all requests are served again" in proxy.log.read_text(), "the log says so")
        again = self.connect(proxy.port)
        for _ in range(2):
            send(again)
            self.assertEqual(Answer(again).status, 200)
        self.assertIn("new requests are answered 503", proxy.log.read_text())


if __name__ == "__main__":
    GROUP, reason = make_group()
    if GROUP is None:
        print(f"skipped: no control group: {reason}")
        sys.exit(77)
    try:
        unittest.main(exit=False).result.wasSuccessful() or sys.exit(1)
    finally:
        wait_until(lambda: not (GROUP / "cgroup.procs").read_text(), "the group is empty")
        GROUP.rmdir()
