#!/usr/bin/env python3
"""WebSockets through the proxy: 100,000 messages each way over HTTP/1.1 and HTTP/2 while routes change under them; servers
of HTTP/2 that take websockets (RFC 8441) and those that do not. The HTTP/2 ends are fairlead's own, on both sides."""
import base64
import hashlib
import json
import os
import socket
import ssl
import tempfile
import threading
import unittest

from support import ProxyTest, ThreadedServer, get, one_service, wait_until
from tls_test import issue

MESSAGES = int(os.environ.get("WEBSOCKET_MESSAGES", 100_000))
PAYLOAD = 20
FROM_CLIENT = b"\x82" + bytes([0x80 | PAYLOAD]) + bytes(4)  # masked with zeros: the payload stays readable
FROM_SERVER = b"\x82" + bytes([PAYLOAD])


def payload(i):
    return hashlib.sha1(str(i).encode()).digest()


def accept_key(key):
    return base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())


def read_head(connection):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            return head
        head += byte
    return head


class EchoServer(ThreadedServer):
    """HTTP/1.1: an Upgrade begins to echo messages of PAYLOAD bytes, everything else is answered 200. With `context` over
    TLS, where HTTP/2 is greeted, but takes no websockets."""

    def __init__(self, context=None):
        self.context = context
        self.alpn = []
        super().__init__(self._serve)

    def _serve(self, connection):
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                if self.context:
                    self.alpn.append(connection.selected_alpn_protocol())
                    if self.alpn[-1] == "h2":
                        connection.sendall(b"\0\0\0\4\0\0\0\0\0")  # SETTINGS without a word of websockets
                        while connection.recv(65536):
                            pass
                    if self.alpn[-1] != "http/1.1":  # nothing else is spoken here
                        return
                head = read_head(connection)
                if b"Upgrade: websocket\r\n" not in head:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    return
                key = head.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
                connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                   b"Sec-WebSocket-Accept: " + accept_key(key) + b"\r\n\r\n")
                self._echo(connection)
        except OSError:
            pass

    @staticmethod
    def _echo(connection):
        size = len(FROM_CLIENT) + PAYLOAD
        pending = b""
        while data := connection.recv(1 << 16):
            pending += data
            whole = len(pending) - len(pending) % size
            frames = [pending[i:i + size] for i in range(0, whole, size)]
            pending = pending[whole:]
            if any(not frame.startswith(FROM_CLIENT) for frame in frames):
                return  # not what was sent: the client misses its echo
            connection.sendall(b"".join(FROM_SERVER + frame[len(FROM_CLIENT):] for frame in frames))


class WebSocketTest(ProxyTest):
    def echo(self, context=None):
        server = EchoServer(context)
        self.addCleanup(server.stop)
        return server

    def open(self, proxy):
        """-> a connection after its 101, or the status of another answer"""
        connection = self.connect(proxy.port)
        connection.settimeout(60)
        key = base64.b64encode(os.urandom(16))
        connection.sendall(b"GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n")
        head = read_head(connection)
        status = int(head.split()[1])
        if status != 101:
            return status
        self.assertIn(b"Sec-WebSocket-Accept: " + accept_key(key) + b"\r\n", head)
        return connection

    def exchange(self, connection, first, count):
        """Sends that many messages, and checks that each comes back, in order."""
        sender = threading.Thread(target=lambda: connection.sendall(
            b"".join(FROM_CLIENT + payload(i) for i in range(first, first + count))))
        sender.start()
        wanted = b"".join(FROM_SERVER + payload(i) for i in range(first, first + count))
        got = bytearray()
        while len(got) < len(wanted):
            data = connection.recv(1 << 16)
            if not data:
                break
            got += data
        sender.join()
        self.assertEqual(len(got), len(wanted))
        self.assertTrue(got == wanted, "the messages came back in another form")

    @staticmethod
    def protocol_of_chat(proxy):
        """As the access log of a proxy has it."""
        def chats():
            log = proxy.folder / "access.log"
            lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
            return [line for line in lines if line["RequestPath"] == "/chat"]
        return wait_until(chats, "the access log has it")[0]["RequestProtocol"]

    def check_many(self, proxy, changed):
        connection = self.open(proxy)
        self.assertIsInstance(connection, socket.socket)
        half = MESSAGES // 2
        self.exchange(connection, 0, half)
        proxy.configure(changed)
        wait_until(lambda: get(proxy.port, "/ready").status == 502, "the routes have changed")
        self.exchange(connection, half, MESSAGES - half)
        connection.shutdown(socket.SHUT_WR)
        self.assertEqual(connection.recv(1), b"")

    nobody = one_service("http://127.0.0.1:1")

    def test_many_messages_over_http1(self):
        proxy = self.fairlead(one_service(f"http://127.0.0.1:{self.echo().port}")).wait_until_routing()
        self.check_many(proxy, self.nobody)

    def test_many_messages_over_http2(self):
        behind = self.fairlead(one_service(f"http://127.0.0.1:{self.echo().port}"),
                               static={"accessLog": {"format": "json", "filePath": "access.log"}}).wait_until_routing()
        proxy = self.fairlead(one_service(f"h2c://127.0.0.1:{behind.port}")).wait_until_routing()
        self.check_many(proxy, self.nobody)
        self.assertEqual(self.protocol_of_chat(behind), "HTTP/2.0")

    def test_many_at_once_over_http2(self):
        behind = self.fairlead(one_service(f"http://127.0.0.1:{self.echo().port}")).wait_until_routing()
        proxy = self.fairlead(one_service(f"h2c://127.0.0.1:{behind.port}")).wait_until_routing()
        threads, done = [], []
        for connection in [self.open(proxy) for _ in range(50)]:
            threads.append(threading.Thread(target=lambda c=connection: (self.exchange(c, 0, 200), done.append(c))))
            threads[-1].start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(done), 50)

    def https(self, proxy_to):
        return {"http": {**one_service(proxy_to)["http"],
                         "serversTransports": {"t": {"insecureSkipVerify": True}},
                         "services": {"s": {"loadBalancer": {"serversTransport": "t", "servers": [{"url": proxy_to}]}}}}}

    def server_context(self, alpn):
        folder = tempfile.TemporaryDirectory(prefix="fairlead-test-")
        self.addCleanup(folder.cleanup)
        files = issue(folder.name, "localhost")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files["certFile"], files["keyFile"])
        context.set_alpn_protocols(alpn)
        return context

    def test_an_https_server_that_takes_none_on_http2(self):
        server = self.echo(self.server_context(["h2", "http/1.1"]))
        proxy = self.fairlead(self.https(f"https://127.0.0.1:{server.port}"))
        wait_until(lambda: self.open_if_up(proxy), "the proxy routes")
        self.assertEqual(server.alpn[0], "h2")
        before = len(server.alpn)
        for _ in range(3):
            self.exchange(self.open(proxy), 0, 100)
        self.assertEqual(server.alpn[before:].count("http/1.1"), 3)

    def test_an_https_server_of_http2_alone_that_takes_none(self):
        server = self.echo(self.server_context(["h2"]))
        proxy = self.fairlead(self.https(f"https://127.0.0.1:{server.port}"))
        wait_until(lambda: self.open_if_up(proxy) == 502, "the proxy says that there is no way")

    def open_if_up(self, proxy):
        """As open(), None while nothing listens or routes yet."""
        try:
            opened = self.open(proxy)
        except OSError:
            return None
        return None if opened == 404 else opened

    def test_an_https_server_that_takes_them_on_http2(self):
        routes = one_service(f"http://127.0.0.1:{self.echo().port}")
        routes["http"]["routers"]["tls"] = {**routes["http"]["routers"]["all"], "tls": {}}
        behind = self.fairlead(routes, static={"accessLog": {"format": "json", "filePath": "access.log"}}).wait_until_routing()
        proxy = self.fairlead(self.https(f"https://127.0.0.1:{behind.port}")).wait_until_routing()
        connection = self.open(proxy)
        self.exchange(connection, 0, 100)
        connection.close()
        self.assertEqual(self.protocol_of_chat(behind), "HTTP/2.0")


if __name__ == "__main__":
    unittest.main()
