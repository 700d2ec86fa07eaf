#!/usr/bin/env python3
"""tlsServer.kernelTLS: large answers that the kernel encrypts arrive whole, however slowly they are read and however the
connection ends. Where this kernel has no TLS, the tests run in user-mode Linux, which has."""
import concurrent.futures
import contextlib
import hashlib
import random
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import user_mode_linux
from support import Answer, ProxyTest, ThreadedServer, client_context, issue, request_heads, send, wait_until

TCP_ULP = 31
MODULES = ["tls", "gcm", "ctr", "ghash_generic", "chacha20poly1305", "chacha_generic", "poly1305_generic"]
SIZES = [(64 << 10) - 1, 64 << 10, (64 << 10) + 1, 300_000, 1 << 20, 3_000_001]
BYTES = random.Random(1).randbytes(max(SIZES))


def kernel_has_tls():
    with socket.socket() as s:
        try:
            s.setsockopt(socket.IPPROTO_TCP, TCP_ULP, b"tls")
        except OSError as error:
            return error.strerror == "Transport endpoint is not connected"
    return True


def sealing_now():
    """-> connections of which the kernel encrypts what they send; all there ever were"""
    stat = dict(line.split() for line in Path("/proc/net/tls_stat").read_text().splitlines())
    return int(stat["TlsCurrTxSw"]), int(stat["TlsTxSw"])


def serve(connection):
    """GET /N: N bytes. GET /N/M: M of them and then the end. GET /N/end: the end tells how many."""
    with connection, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for head in request_heads(connection):
            size, _, sent = head.split()[1].decode().strip("/").partition("/")
            if not size.isdigit():
                size = "4"
            length = b"" if sent == "end" else b"Content-Length: %d\r\n" % int(size)
            connection.sendall(b"HTTP/1.1 200 OK\r\n%s\r\n" % length)
            connection.sendall(BYTES[:int(sent if sent.isdigit() else size)])
            if sent:
                return


class KernelTlsTest(ProxyTest):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="fairlead-test-")
        self.addCleanup(temporary.cleanup)
        upstream = ThreadedServer(serve)
        self.addCleanup(upstream.stop)
        self.proxy = self.fairlead(
            {"http": {"routers": {"plain": {"rule": "PathPrefix(`/`)", "service": "s"},
                                  "tls": {"rule": "PathPrefix(`/`)", "service": "s", "tls": {}}},
                      "services": {"s": {"loadBalancer": {"servers": [{"url": f"http://127.0.0.1:{upstream.port}"}]}}}},
             "tls": {"certificates": [issue(temporary.name, "a.test")]}},
            static={"tlsServer": {"kernelTLS": True}}).wait_until_routing()

    def open(self, receive_buffer=None):
        raw = socket.socket()
        self.addCleanup(raw.close)
        if receive_buffer:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        raw.settimeout(60)
        raw.connect(("127.0.0.1", self.proxy.port))
        connection = client_context().wrap_socket(raw, server_hostname="a.test", suppress_ragged_eofs=False)
        self.addCleanup(connection.close)
        return connection

    def ask(self, connection, size, headers=""):
        send(connection, f"/{size}", "a.test", headers)
        answer = Answer(connection)
        self.assertEqual(answer.status, 200)
        return answer.body.encode("latin-1")


class KernelWithoutTls(KernelTlsTest):
    def test_says_so_and_goes_on(self):
        self.assertIn("tlsServer.kernelTLS: this kernel has no TLS", self.proxy.log.read_text())
        self.assertIn("modprobe tls", self.proxy.log.read_text())
        connection = self.open()
        for size in SIZES:
            self.assertEqual(self.ask(connection, size), BYTES[:size])


class KernelWithTls(KernelTlsTest):
    def read_slowly(self, size):
        """The answer to the last request of a connection, up to the end that TLS tells of (else recv() raises)."""
        connection = self.open(receive_buffer=8 << 10)
        send(connection, f"/{size}", "a.test", "Connection: close\r\n")
        data = bytearray()
        pause = random.Random(size)
        while piece := connection.recv(pause.choice([1000, 5000, 16384])):
            data += piece
        return bytes(data).partition(b"\r\n\r\n")[2]

    def test_sizes_and_small_answers_around_them(self):
        _, before = sealing_now()
        connection = self.open()
        for size in [4, *SIZES, 4, 100_000, 10, 10, 5, 1 << 20]:
            self.assertEqual(self.ask(connection, size), BYTES[:size], size)
        now, after = sealing_now()
        self.assertEqual((now, after), (1, before + 1))

    def test_small_answers_alone_stay_ours(self):
        _, before = sealing_now()
        connection = self.open()
        for size in (4, 20_000, (64 << 10) - 1):
            self.assertEqual(self.ask(connection, size), BYTES[:size])
        self.assertEqual(sealing_now()[1], before)

    def test_nothing_is_lost_when_a_slow_reader_is_closed(self):
        _, before = sealing_now()
        sizes = [random.Random(i).randrange(500_000, 1_500_000) for i in range(48)]
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            for size, body in zip(sizes, pool.map(self.read_slowly, sizes)):
                self.assertEqual((len(body), hashlib.sha256(body).digest()),
                                 (size, hashlib.sha256(BYTES[:size]).digest()))
        self.assertGreaterEqual(sealing_now()[1], before + len(sizes))

    def test_every_suite(self):
        for suite in ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"):
            with self.subTest(suite=suite):
                _, before = sealing_now()
                urls = [f"https://127.0.0.1:{self.proxy.port}/{path}" for path in ("4", "500000", "70000/end", "200000")]
                answer = subprocess.run(["curl", "-ksS", "--http1.1", "--tls13-ciphers", suite, *urls],
                                        capture_output=True, timeout=60)
                self.assertEqual(answer.stderr, b"")
                self.assertEqual(answer.stdout, b"".join(BYTES[:size] for size in (4, 500_000, 70_000, 200_000)))
                self.assertEqual(sealing_now()[1], before + 1)

    def test_older_versions_and_http2_go_on_as_ever(self):
        _, before = sealing_now()
        for options in (["--tls-max", "1.2", "--http1.1"], ["--http2"]):
            answer = subprocess.run(["curl", "-ksS", *options, f"https://127.0.0.1:{self.proxy.port}/1000000"],
                                    capture_output=True, timeout=60)
            self.assertEqual(answer.stdout, BYTES[:1_000_000], answer.stderr)
        self.assertEqual(sealing_now()[1], before)

    def test_what_the_server_cuts_does_not_look_whole(self):
        connection = self.open()
        send(connection, "/1000000/300000", "a.test")
        data = b""
        with self.assertRaises((ssl.SSLEOFError, ConnectionResetError)):
            while True:
                piece = connection.recv(65536)
                self.assertNotEqual(piece, b"", "the end was told as if all was there")
                data += piece
        self.assertEqual(data.partition(b"\r\n\r\n")[2], BYTES[:300_000])

    def test_a_client_that_goes_away(self):
        for _ in range(8):
            connection = self.open(receive_buffer=8 << 10)
            send(connection, "/3000001", "a.test")
            connection.recv(1000)
            connection.close()
        wait_until(lambda: sealing_now()[0] == 0, "the proxy has let them go")
        self.assertEqual(self.ask(self.open(), 100_000), BYTES[:100_000])

    def test_a_drain_lets_an_answer_finish(self):
        connection = self.open(receive_buffer=8 << 10)
        send(connection, "/3000001", "a.test")
        data = connection.recv(1000)
        self.proxy.signal(signal.SIGTERM)
        while piece := connection.recv(65536):
            data += piece
        self.assertEqual(data.partition(b"\r\n\r\n")[2], BYTES[:3_000_001])
        self.assertEqual(self.proxy.wait_for_exit(10), 0)

    def test_who_asks_for_new_keys_is_told_that_there_are_none(self):
        client = self.enterContext(subprocess.Popen(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.proxy.port}", "-tls1_3"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
        self.addCleanup(client.kill)
        client.stdin.write(b"GET /1000000 HTTP/1.1\r\nHost: a.test\r\n\r\n")
        client.stdin.flush()
        wait_until(lambda: sealing_now()[0] == 1, "the kernel encrypts")
        client.stdin.write(b"K\n")
        client.stdin.flush()
        self.assertIn(b"alert internal error", client.stdout.read())
        self.assertEqual(self.ask(self.open(), 100_000), BYTES[:100_000])


if __name__ == "__main__":
    if user_mode_linux.is_here():  # so that the kernel has no room for an answer
        Path("/proc/sys/net/ipv4/tcp_wmem").write_text("4096 16384 131072")
    if kernel_has_tls() or user_mode_linux.is_here():
        unittest.main(defaultTest="KernelWithTls")
    went_well = unittest.main(defaultTest="KernelWithoutTls", exit=False).result.wasSuccessful()
    code = user_mode_linux.run(__file__, MODULES)
    if code is None:
        print("skipped: this kernel has no TLS, and linux.uml (user-mode-linux) is not installed")
        code = 77
    sys.exit(code if went_well else 1)
