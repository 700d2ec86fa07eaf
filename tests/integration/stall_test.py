#!/usr/bin/env python3
"""Clients that stop reading in the middle of an answer: cut off after stallTimeout, while slow ones are left alone."""
import threading
import time
import unittest

from support import ProxyTest, ThreadedServer, one_service, send

SIZE = 64 << 20


class StallTest(ProxyTest):
    def start(self):
        self.ended = threading.Semaphore(0)  # one up for each answer that ended, whole or not

        def serve(connection):
            with connection:
                request = connection.recv(65536)
                if b"/ready" in request:
                    return connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                try:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
                    for _ in range(SIZE >> 16):
                        connection.sendall(b"x" * (1 << 16))
                except OSError:
                    pass
                self.ended.release()

        server = ThreadedServer(serve)
        self.addCleanup(server.stop)
        url = f"http://127.0.0.1:{server.port}"
        proxy = self.fairlead(one_service(url), entry_point={"http2": {"stallTimeout": "1s"}})
        return proxy.wait_until_routing()

    def test_a_client_that_reads_no_more_is_cut_off(self):
        proxy = self.start()
        connection = self.connect(proxy.port)
        send(connection, "/large")
        connection.recv(1000)
        self.assertTrue(self.ended.acquire(timeout=20), "the upstream is still held")

    def test_a_slow_client_is_served(self):
        proxy = self.start()
        connection = self.connect(proxy.port)
        send(connection, "/large")
        began, read = time.monotonic(), 0
        while time.monotonic() < began + 3:
            read += len(connection.recv(1 << 20))
            time.sleep(0.2)
        connection.settimeout(10)
        while read < SIZE:
            data = connection.recv(1 << 20)
            self.assertTrue(data, f"cut off after {read} bytes")
            read += len(data)


if __name__ == "__main__":
    unittest.main()
