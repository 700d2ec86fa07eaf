#!/usr/bin/env python3
"""TCP routers in the running program: passed through and terminated TLS, TLS to servers, large transfers with half-close,
health checks that every worker hears of, changes and ends with connections open."""
import hashlib
import json
import os
import select
import socket
import ssl
import struct
import subprocess
import tempfile
import time
import unittest

from support import ProxyTest, ThreadedServer, accepts, free_port, get, wait_until
from tls_test import client_context, common_name, issue


class EchoServer(ThreadedServer):
    """Says its name, then sends back what it gets until the client has ended, and says goodbye."""

    def __init__(self, name, context=None):
        self.name, self.context = name, context
        super().__init__(self._serve)
        self.address = f"127.0.0.1:{self.port}"

    def _serve(self, connection):
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                connection.sendall(f"{self.name}\n".encode())
                while data := connection.recv(1 << 16):
                    connection.sendall(data)
                connection.sendall(b"\nbye")
        except OSError:
            pass


class HeaderServer(ThreadedServer):
    """Reads a PROXY header, greets with its version and the client it tells of, then sends back what it gets."""

    def __init__(self):
        super().__init__(self._serve)

    @staticmethod
    def _serve(connection):
        with connection:
            if connection.recv(6, socket.MSG_PEEK) == b"PROXY ":
                _, _, address, _, port, _ = receive_line(connection).split()
                version = 1
            else:
                block = connection.recv(16 + 12, socket.MSG_WAITALL)[16:]
                address, port, version = socket.inet_ntoa(block[:4]), struct.unpack("!H", block[8:10])[0], 2
            connection.sendall(f"{version} {address} {port}\n".encode())
            while data := connection.recv(1 << 16):
                connection.sendall(data)


def receive_line(connection):
    line = b""
    while not line.endswith(b"\n"):
        data = connection.recv(1)
        if not data:
            return line.decode()
        line += data
    return line.decode().strip()


def receive_to_end(connection):
    data = b""
    while more := connection.recv(1 << 16):
        data += more
    return data


def exchange(connection, data, want, half_close):
    """Sends `data` while it receives `want` bytes, or less to the end. One thread: ssl's sockets cannot take two."""
    connection.setblocking(False)
    got, sent = b"", 0
    while len(got) < want:
        progress = False
        if sent < len(data):
            try:
                sent += connection.send(data[sent:sent + (1 << 18)])
                progress = True
                if sent == len(data) and half_close:
                    connection.shutdown(socket.SHUT_WR)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
        try:
            more = connection.recv(1 << 18)
            if not more:
                break
            got += more
            progress = True
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        if not progress:
            select.select([connection], [connection] if sent < len(data) else [], [], 10)
    return got


class Tcp(ProxyTest):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="fairlead-test-")
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        self.port, self.api = free_port(), free_port()

    def server(self, name, context=None):
        server = EchoServer(name, context)
        self.addCleanup(server.stop)
        return server

    def start(self, tcp, tls=None, lifecycle=None, entry_point=None):
        transport = {"transport": {"lifeCycle": lifecycle}} if lifecycle else {}
        dynamic = {"tcp": tcp, **({"tls": tls} if tls else {})}
        proxy = self.fairlead(dynamic, static={
            "entryPoints": {"web": {"address": f"127.0.0.1:{self.port}", **transport, **(entry_point or {})},
                            "traefik": {"address": f"127.0.0.1:{self.api}"}}, "api": {"insecure": True},
            "metrics": {"prometheus": {}}})
        wait_until(lambda: self.routers(), "TCP routers are there")
        return proxy

    def ask(self, path):
        try:
            return json.loads(get(self.api, path).body)
        except (OSError, ValueError):
            return None

    def routers(self):
        return self.ask("/api/tcp/routers")

    def connect_tls(self, server_name, **settings):
        raw = socket.create_connection(("127.0.0.1", self.port), 10)
        connection = client_context(**settings).wrap_socket(raw, server_hostname=server_name)
        self.addCleanup(connection.close)
        return connection

    def test_passthrough_and_termination_by_server_name(self):
        own, ours = issue(self.folder, "own.test"), issue(self.folder, "ours.test")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own["certFile"], own["keyFile"])
        passed, plain = self.server("passed", context), self.server("plain")
        secured = self.server("secured", context)
        service = lambda server, **more: {"loadBalancer": {"servers": [{"address": server.address, **more}]}}
        trusted = service(secured, tls=True)
        trusted["loadBalancer"]["serversTransport"] = "t"
        self.start({"routers": {"passed": {"rule": "HostSNI(`own.test`)", "service": "passed", "tls": {"passthrough": True}},
                                "ours": {"rule": "HostSNI(`ours.test`)", "service": "plain", "tls": {}},
                                "again": {"rule": "HostSNI(`again.test`)", "service": "secured", "tls": {}},
                                "doubted": {"rule": "HostSNI(`doubted.test`)", "service": "doubted", "tls": {}},
                                "rest": {"rule": "HostSNI(`*`)", "service": "plain"}},
                    "services": {"passed": service(passed), "plain": service(plain), "secured": trusted,
                                 "doubted": service(secured, tls=True)},
                    "serversTransports": {"t": {"tls": {"serverName": "own.test", "rootCAs": [own["certFile"]]}}}},
                   {"certificates": [ours]})
        for server_name, shown, name in (("own.test", "own.test", "passed"), ("ours.test", "ours.test", "plain"),
                                         ("again.test", "TRAEFIK DEFAULT CERT", "secured")):
            connection = self.connect_tls(server_name)
            self.assertEqual(common_name(connection.getpeercert(True)), shown)
            self.assertEqual(receive_line(connection), name)
            connection.sendall(b"echo\n")
            self.assertEqual(receive_line(connection), "echo")
        doubted = self.connect_tls("doubted.test")
        self.assertEqual(doubted.recv(1), b"", "a server whose certificate nobody vouches for gets nothing")
        untold = self.connect(self.port)
        untold.sendall(b"plain text\n")
        self.assertEqual(receive_line(untold), "plain")
        self.assertEqual(receive_line(untold), "plain text")

    def test_a_protocol_of_the_routers_own_is_agreed_on(self):
        # PostgreSQL 17's sslnegotiation=direct and DNS over TLS insist on it.
        plain = self.server("plain")
        self.start({"routers": {"db": {"rule": "HostSNI(`db.test`)", "service": "s", "tls": {"options": "db"}}},
                    "services": {"s": {"loadBalancer": {"servers": [{"address": plain.address}]}}}},
                   {"options": {"db": {"alpnProtocols": ["postgresql"]}}})
        context = client_context()
        context.set_alpn_protocols(["postgresql"])
        with context.wrap_socket(self.connect(self.port), server_hostname="db.test") as connection:
            self.assertEqual(connection.selected_alpn_protocol(), "postgresql")
            self.assertEqual(receive_line(connection), "plain")

    def test_large_transfers_and_half_close_plain_and_terminated(self):
        server = self.server("echo")
        # 100 ms for the other way after one has ended would cut the rest of the echo off.
        self.start({"routers": {"plain": {"rule": "HostSNI(`*`)", "service": "s"},
                                "tls": {"rule": "HostSNI(`a.test`)", "service": "s", "tls": {}}},
                    "services": {"s": {"loadBalancer": {"servers": [{"address": server.address}], "serversTransport": "t"}}},
                    "serversTransports": {"t": {"terminationDelay": "20s"}}})
        data = b"!" + os.urandom((8 << 20) - 1)  # a first byte that begins no protocol which is looked for
        for secure in (False, True):
            connection = self.connect_tls("a.test") if secure else self.connect(self.port)
            if not secure:
                connection.sendall(data[:1])  # with TLS routers about, the client has to begin
            self.assertEqual(receive_line(connection), "echo")
            want = len(data) + (0 if secure else 4)
            got = exchange(connection, data if secure else data[1:], want, half_close=not secure)
            self.assertEqual(len(got), want)
            self.assertEqual(hashlib.sha256(got[:len(data)]).hexdigest(), hashlib.sha256(data).hexdigest())
            self.assertEqual(got[len(data):], b"" if secure else b"\nbye")

    def test_servers_that_speak_first_behind_the_proxy_protocol(self):
        # MySQL's or SMTP's clients send nothing before they are greeted; whoever forwards them sends the header alone.
        server = HeaderServer()
        self.addCleanup(server.stop)
        service = {"loadBalancer": {"servers": [{"address": f"127.0.0.1:{server.port}"}], "serversTransport": "t"}}
        text = b"PROXY TCP4 192.0.2.1 192.0.2.2 4711 25\r\n"
        binary = (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + socket.inet_aton("192.0.2.1") +
                  socket.inet_aton("192.0.2.2") + struct.pack("!HH", 4711, 25))
        for trusted, version in ((True, 1), (True, 2), (False, 1), (False, 2)):
            proxy = self.start({"routers": {"all": {"rule": "HostSNI(`*`)", "service": "s"}}, "services": {"s": service},
                                "serversTransports": {"t": {"proxyProtocol": {"version": version}}}},
                               entry_point={"proxyProtocol": {"trustedIPs": ["127.0.0.1" if trusted else "192.0.2.9"]}})
            for header in (text, binary):
                with self.subTest(trusted=trusted, sent=version, header=header):
                    connection = self.connect(self.port)
                    connection.sendall(header)
                    address, port = ("192.0.2.1", 4711) if trusted else connection.getsockname()
                    self.assertEqual(receive_line(connection), f"{version} {address} {port}")
                    connection.sendall(b"more\n")
                    self.assertEqual(receive_line(connection), "more")
            proxy.stop()

    def test_health_check_takes_a_server_out_and_back(self):
        good, bad = self.server("good"), self.server("bad")
        self.start({"routers": {"all": {"rule": "HostSNI(`*`)", "service": "s"}},
                    "services": {"s": {"loadBalancer": {
                        "servers": [{"address": good.address}, {"address": bad.address}],
                        "healthCheck": {"expect": "", "interval": "100ms", "timeout": "1s"}}}}})
        status = lambda: (self.ask("/api/tcp/services/s@file") or {}).get("serverStatus")
        self.assertEqual(status(), {good.address: "UP", bad.address: "UP"})
        self.assertEqual({self.first_line() for _ in range(4)}, {"good", "bad"})
        bad.stop()
        wait_until(lambda: status() == {good.address: "UP", bad.address: "DOWN"}, "the API says DOWN")
        self.assertEqual([self.first_line() for _ in range(8)], ["good"] * 8, "on every worker")
        self.assertIn(f'traefik_service_server_up{{service="s@file",url="{bad.address}"}} 0', get(self.api, "/metrics").body)

    def first_line(self):
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            return receive_line(connection)

    def test_each_service_that_cannot_serve_is_in_the_log(self):
        gone = {name: free_port() for name in ("first", "second")}
        proxy = self.start({"routers": {name: {"rule": f"HostSNI(`{name}.test`)", "service": name, "tls": {}}
                                        for name in gone},
                            "services": {name: {"loadBalancer": {"servers": [{"address": f"127.0.0.1:{port}"}]}}
                                         for name, port in gone.items()}})
        for name in ["first"] * 8 + ["second"] * 8:
            self.assertEqual(self.connect_tls(f"{name}.test").recv(1), b"")
        for name, port in gone.items():
            line = f"{name}@file: connecting to 127.0.0.1:{port}: Connection refused"
            wait_until(lambda line=line: line in proxy.log.read_text(), f"the log has: {line}")

    def test_a_change_leaves_open_connections_alone(self):
        one, two = self.server("one"), self.server("two")
        service = lambda server: {"loadBalancer": {"servers": [{"address": server.address}]}}
        tcp = {"routers": {"all": {"rule": "HostSNI(`*`)", "service": "s"}}, "services": {"s": service(one)}}
        proxy = self.start(tcp)
        connections = [self.connect(self.port) for _ in range(20)]
        self.assertEqual([receive_line(c) for c in connections], ["one"] * 20)
        wait_until(lambda: self.open_connections() == 20, "metrics count them")
        tcp["services"]["s"] = service(two)
        proxy.configure({"tcp": tcp})
        wait_until(lambda: self.first_line() == "two", "the change is live")
        for c in connections:
            c.sendall(b"still\n")
            self.assertEqual(receive_line(c), "still")
            c.close()
        wait_until(lambda: self.open_connections() == 0, "metrics forget them")

    def open_connections(self):
        line = 'traefik_open_connections{entrypoint="web",protocol="TCP"} '
        return int(get(self.api, "/metrics").body.split(line)[1].split("\n")[0])

    def test_the_end_leaves_connections_their_grace_time(self):
        server = self.server("one")
        proxy = self.start({"routers": {"all": {"rule": "HostSNI(`*`)", "service": "s"}},
                            "services": {"s": {"loadBalancer": {"servers": [{"address": server.address}]}}}},
                           lifecycle={"graceTimeOut": "2s"})
        connection = self.connect(self.port)
        self.assertEqual(receive_line(connection), "one")
        began = time.monotonic()
        proxy.signal()
        wait_until(lambda: not accepts(self.port), "the listener is closed")
        connection.sendall(b"still\n")
        self.assertEqual(receive_line(connection), "still")
        self.assertEqual(proxy.wait_for_exit(10), 0)
        self.assertGreaterEqual(time.monotonic() - began, 2.0)
        self.assertEqual(receive_to_end(connection), b"")

    def test_an_end_with_nobody_connected_is_immediate(self):
        server = self.server("one")
        proxy = self.start({"routers": {"all": {"rule": "HostSNI(`*`)", "service": "s"}},
                            "services": {"s": {"loadBalancer": {"servers": [{"address": server.address}],
                                                                "healthCheck": {"interval": "50ms"}}}}},
                           lifecycle={"graceTimeOut": "60s"})
        proxy.signal()
        self.assertEqual(proxy.wait_for_exit(5), 0)

    def test_openssl_s_server_behind_passthrough(self):
        certificate, port = issue(self.folder, "deep.test"), free_port()
        server = subprocess.Popen(["openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{port}", "-rev",
                                   "-cert", certificate["certFile"], "-key", certificate["keyFile"]],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(server.stdin.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        wait_until(lambda: accepts(port), "s_server listens")
        self.start({"routers": {"deep": {"rule": "HostSNI(`deep.test`)", "service": "s", "tls": {"passthrough": True}}},
                    "services": {"s": {"loadBalancer": {"servers": [{"address": f"127.0.0.1:{port}"}]}}}})
        connection = self.connect_tls("deep.test")
        connection.sendall(b"abc\n")
        self.assertEqual(receive_line(connection), "cba")


if __name__ == "__main__":
    unittest.main()
