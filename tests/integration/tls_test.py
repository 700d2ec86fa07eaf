#!/usr/bin/env python3
"""HTTPS as clients see it: certificates by server name, options by host, what plain and TLS requests may reach, redirects,
changes under load and clients that go away half-way. Clients are Python's ssl, curl and openssl s_client."""
import http.client
import json
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from support import Answer, ProxyTest, ThreadedServer, accepts, client_context, free_port, get, issue, send, wait_until


def common_name(der):
    text = subprocess.run(["openssl", "x509", "-inform", "der", "-noout", "-subject", "-nameopt", "multiline"],
                          input=der, capture_output=True, check=True).stdout.decode()
    return text.split("commonName")[1].split("=")[1].split("\n")[0].strip()


class TlsTest(ProxyTest):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="fairlead-test-")
        self.addCleanup(self.temporary.cleanup)
        self.upstream_server = self.upstream()

    def start(self, routers, tls=None, static=None, **options):
        dynamic = {"http": {"routers": {"ready": {"rule": "Path(`/ready`)", "service": "s"}, **routers},
                            "services": {"s": {"loadBalancer": {"servers": [{"url": self.upstream_server.url}]}}}}}
        if tls:
            dynamic["tls"] = tls
        self.dynamic = dynamic
        return self.fairlead(dynamic, static={"api": {"insecure": False}, **(static or {})}, **options).wait_until_routing()

    def open(self, proxy, server_name, port=None, **settings):
        """A TLS connection."""
        raw = socket.create_connection(("127.0.0.1", port or proxy.port), 10)
        try:
            connection = client_context(**settings).wrap_socket(raw, server_hostname=server_name)
        except Exception:
            raw.close()
            raise
        self.addCleanup(connection.close)
        return connection

    def ask(self, proxy, server_name, path="/", host=None, **settings):
        connection = self.open(proxy, server_name, **settings)
        send(connection, path, host or server_name)
        return Answer(connection)

    def answer_in_pieces(self, raw):
        """An upstream that sends these bytes to everyone, whatever they ask, and ends."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(raw)
        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    def test_a_whole_answer_ends_with_close_notify(self):
        pieces = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
        upstreams = {"whole": self.answer_in_pieces((pieces + "0\r\n\r\n").encode()),
                     "cut": self.answer_in_pieces(pieces.encode())}
        proxy = self.start({"s": {"rule": "Path(`/known`)", "service": "s", "tls": {}},
                            **{name: {"rule": f"Path(`/{name}`)", "service": name, "tls": {}} for name in upstreams}})
        services = {name: {"loadBalancer": {"servers": [{"url": url}]}} for name, url in upstreams.items()}
        proxy.configure({"http": {**self.dynamic["http"], "services": {**self.dynamic["http"]["services"], **services}}})

        def to_the_end(request):
            raw = socket.create_connection(("127.0.0.1", proxy.port), 10)
            context = client_context()
            context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)  # which Python sets
            with context.wrap_socket(raw, suppress_ragged_eofs=False) as connection:
                connection.sendall(request.encode())
                received = b""
                while data := connection.recv(65536):
                    received += data
                return received.decode()
        wait_until(lambda: " 404 " not in to_the_end("GET /whole HTTP/1.0\r\n\r\n"), "the services are there")
        for request in ("GET /known HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "GET /known HTTP/1.0\r\n\r\n"):
            self.assertTrue(to_the_end(request).endswith("done"))
        # Of unknown length: nothing else tells its end from a connection that broke.
        self.assertTrue(to_the_end("GET /whole HTTP/1.0\r\n\r\n").endswith("\r\n\r\nhello"))
        with self.assertRaisesRegex(ssl.SSLError, "(?i)eof"):
            to_the_end("GET /cut HTTP/1.0\r\n\r\n")

    def test_certificate_by_server_name(self):
        certificates = [issue(self.temporary.name, "a.test"), issue(self.temporary.name, "*.b.test")]
        proxy = self.start({"all": {"rule": "PathPrefix(`/`)", "service": "s", "tls": {}}}, {"certificates": certificates})
        for server_name, shown in (("a.test", "a.test"), ("x.b.test", "*.b.test"), ("other.test", "TRAEFIK DEFAULT CERT"),
                                   (None, "TRAEFIK DEFAULT CERT")):
            connection = self.open(proxy, server_name)
            self.assertEqual(common_name(connection.getpeercert(True)), shown)
            send(connection, "/", server_name or "x.test")
            self.assertEqual(Answer(connection).body, "done")

    def test_routers_with_tls_answer_tls_only_and_the_others_plain_only(self):
        proxy = self.start({"secure": {"rule": "Path(`/secure`)", "service": "s", "tls": {}},
                            "plain": {"rule": "Path(`/plain`)", "service": "s"}})
        self.assertEqual(self.ask(proxy, "a.test", "/secure").status, 200)
        nothing = self.ask(proxy, "a.test", "/plain")
        self.assertEqual((nothing.status, nothing.body), (404, "404 page not found\n"))
        self.assertEqual(get(proxy.port, "/plain").status, 200)
        self.assertEqual(get(proxy.port, "/secure").status, 404)

    def test_curl_and_openssl(self):
        certificate = issue(self.temporary.name, "a.test")
        proxy = self.start({"all": {"rule": "Host(`a.test`)", "service": "s", "tls": {}}}, {"certificates": [certificate]})
        for tool in ("curl", "openssl"):
            if not shutil.which(tool):
                self.skipTest(f"{tool} is not installed")
        curl = ["curl", "-sS", "--cacert", certificate["certFile"], "--resolve", f"a.test:{proxy.port}:127.0.0.1"]
        url = f"https://a.test:{proxy.port}/"
        for flags, version in ((["--http1.1"], "1.1"), (["--http2"], "2"), (["--http2", "-d", "x=1"], "2"),
                               (["--http1.1", "--tls-max", "1.2"], "1.1")):
            done = subprocess.run([*curl, "-w", " %{http_version}", *flags, url], capture_output=True, text=True, timeout=20)
            self.assertEqual((done.returncode, done.stdout), (0, f"done {version}"), done.stderr)
        talk = subprocess.run(["openssl", "s_client", "-quiet", "-verify_return_error", "-CAfile", certificate["certFile"],
                               "-servername", "a.test", "-connect", f"127.0.0.1:{proxy.port}"], timeout=20,
                              input="GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n", capture_output=True, text=True)
        self.assertIn("HTTP/1.1 200 OK", talk.stdout, talk.stderr)

    def test_entry_point_tls_and_redirection_to_it(self):
        secure = free_port()
        port = free_port()
        static = {"entryPoints": {
            "web": {"address": f"127.0.0.1:{port}",
                    "http": {"redirections": {"entryPoint": {"to": "websecure", "scheme": "https"}}}},
            "websecure": {"address": f"127.0.0.1:{secure}", "http": {"tls": {}}}}}
        proxy = self.fairlead({"http": {"routers": {"app": {"rule": "Host(`a.test`)", "service": "s",
                                                            "entryPoints": ["websecure"]}},
                                        "services": {"s": {"loadBalancer": {"servers": [{"url": self.upstream_server.url}]}}}}},
                              static=static)
        redirected = wait_until(lambda: self.try_get(port, "/x?y=1", "a.test"), "the proxy redirects")
        self.assertEqual((redirected.status, redirected.headers["location"]), (301, f"https://a.test:{secure}/x?y=1"))
        connection = self.open(proxy, "a.test", secure)
        send(connection, "/x?y=1", "a.test")
        self.assertEqual(Answer(connection).body, "done")

    def test_an_entry_point_with_tls_and_no_routers_answers_404(self):
        port = free_port()
        self.fairlead({}, static={"entryPoints": {"web": {"address": f"127.0.0.1:{port}", "http": {"tls": {}}}}})
        wait_until(lambda: accepts(port), "the entry point is open")
        connection = self.open(None, "a.test", port)
        send(connection, "/", "a.test")
        self.assertEqual(Answer(connection).status, 404)

    def test_without_any_tls_router_https_is_told_404(self):
        """As Traefik: the default certificate, and nothing behind it."""
        proxy = self.start({"plain": {"rule": "PathPrefix(`/`)", "service": "s"}})
        for alpn in (["http/1.1"], ["h2"]):
            context = client_context()
            context.set_alpn_protocols(alpn)
            with socket.create_connection(("127.0.0.1", proxy.port), 10) as raw, \
                    context.wrap_socket(raw, server_hostname="a.test") as connection:
                self.assertEqual(common_name(connection.getpeercert(True)), "TRAEFIK DEFAULT CERT")
                self.assertEqual(connection.selected_alpn_protocol(), alpn[0])
                if alpn == ["http/1.1"]:
                    send(connection, "/", "a.test")
                    answer = Answer(connection)
                    self.assertEqual((answer.status, answer.body), (404, "404 page not found\n"))
        self.assertEqual(get(proxy.port, "/").status, 200, "in the clear all is as before")

    @staticmethod
    def try_get(port, path, host):
        try:
            return get(port, path, host)
        except OSError:
            return None

    def test_options_by_host_and_421(self):
        proxy = self.start({"strict": {"rule": "Host(`strict.test`)", "service": "s", "tls": {"options": "modern"}},
                            "open": {"rule": "Host(`open.test`) || Host(`too.test`)", "service": "s", "tls": {}},
                            "broken": {"rule": "Host(`broken.test`)", "service": "s", "tls": {"options": "gone"}}},
                           {"options": {"modern": {"minVersion": "VersionTLS13"}}})
        old = {"maximum_version": ssl.TLSVersion.TLSv1_2}
        self.assertEqual(self.ask(proxy, "open.test", **old).status, 200)
        with self.assertRaises(ssl.SSLError):
            self.open(proxy, "strict.test", **old)
        self.assertEqual(self.ask(proxy, "strict.test").status, 200)
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.open(proxy, "broken.test")
        misdirected = self.ask(proxy, "open.test", host="strict.test", **old)
        self.assertEqual((misdirected.status, misdirected.body), (421, "Misdirected Request\n"))
        self.assertEqual(self.ask(proxy, "strict.test", host="open.test").status, 421)
        self.assertEqual(self.ask(proxy, "open.test", host="too.test").status, 200, "the same options")

    def test_options_that_differ_for_one_host_are_the_default_ones(self):
        api = {"api": {"insecure": True}, "entryPoints": {}}
        api_port, port = free_port(), free_port()
        api["entryPoints"] = {"traefik": {"address": f"127.0.0.1:{api_port}"}, "web": {"address": f"127.0.0.1:{port}"}}
        dynamic = {"http": {"routers": {"one": {"rule": "Host(`a.test`)", "service": "s", "tls": {"options": "modern"}},
                                        "two": {"rule": "Host(`a.test`) && Path(`/two`)", "service": "s", "tls": {}}},
                            "services": {"s": {"loadBalancer": {"servers": [{"url": self.upstream_server.url}]}}}},
                   "tls": {"options": {"modern": {"minVersion": "VersionTLS13"}}}}
        proxy = self.fairlead(dynamic, static=api)
        def router():
            answer = self.try_get(api_port, "/api/http/routers/one@file", "x")
            return answer and answer.status == 200 and json.loads(answer.body)
        shown = wait_until(router, "the API shows the router")
        self.assertEqual(shown["status"], "warning")
        self.assertIn("found different TLS options for routers on the same host a.test, so using the default TLS options instead",
                      shown["error"][0])
        connection = self.open(proxy, "a.test", port, maximum_version=ssl.TLSVersion.TLSv1_2)
        send(connection, "/", "a.test")
        self.assertEqual(Answer(connection).status, 200)

    def test_a_server_whose_certificate_is_refused_is_in_the_log_of_errors(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pair = issue(self.temporary.name, "server.test")
        context.load_cert_chain(pair["certFile"], pair["keyFile"])

        def shake_hands(connection):
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()
        server = ThreadedServer(shake_hands)
        self.addCleanup(server.stop)
        proxy = self.start({}, static={"log": {"level": "ERROR"}})
        self.dynamic["http"]["services"]["s"]["loadBalancer"]["servers"] = [{"url": f"https://127.0.0.1:{server.port}"}]
        proxy.configure(self.dynamic)
        wait_until(lambda: get(proxy.port, "/ready").status == 500, "the service is the one with TLS")
        wait_until(lambda: f"https://127.0.0.1:{server.port}: TLS with 127.0.0.1: the certificate is refused: self-signed"
                   in proxy.log.read_text(), "the log says why")

    def test_no_request_is_lost_while_routes_and_certificates_change(self):
        first, second = issue(self.temporary.name, "a.test", "first.test"), issue(self.temporary.name, "b.test", "a.test")
        proxy = self.start({"all": {"rule": "Host(`a.test`)", "service": "s", "tls": {}}}, {"certificates": [first]})
        stop, failures, done = threading.Event(), [], [0]

        def load(fresh):
            context = client_context()
            connection = None
            while not stop.is_set():
                try:
                    if fresh and connection is not None:
                        connection.close()
                    if fresh or connection is None:
                        connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, context=context, timeout=10)
                    connection.request("GET", "/", headers={"Host": "a.test"})
                    answer = connection.getresponse()
                    if answer.read() != b"done":
                        failures.append(answer.status)
                    done[0] += 1
                except (OSError, http.client.HTTPException) as error:
                    failures.append(repr(error))
                    connection = None
            if connection is not None:
                connection.close()
        # Without a server name: the routers are found by Host, the certificate is the default one.
        threads = [threading.Thread(target=load, args=(i % 2 == 0,)) for i in range(4)]
        for thread in threads:
            thread.start()
        try:
            for i in range(20):
                self.dynamic["tls"] = {"certificates": [second if i % 2 else first]}
                self.dynamic["http"]["routers"][f"extra{i}"] = {"rule": f"Host(`e{i}.test`)", "service": "s", "tls": {}}
                proxy.configure(self.dynamic)
                time.sleep(0.1)  # the rate of change is what is tested
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [])
        self.assertGreater(done[0], 100)
        wait_until(lambda: common_name(self.open(proxy, "b.test").getpeercert(True)) == "b.test", "the last change is live")

    def test_clients_that_go_away_half_way_leave_nothing_behind(self):
        api = free_port()
        port = free_port()
        proxy = self.with_metrics(port, api)
        hello = self.client_hello("a.test")
        for cut in (1, 5, 100, len(hello)):  # before the hello, in it, and with the handshake under way
            for reset in (False, True):
                connection = socket.create_connection(("127.0.0.1", port))
                connection.sendall(hello[:cut])
                if cut == len(hello):
                    self.assertTrue(connection.recv(1))
                if reset:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
        upload = self.open(proxy, "a.test", port)
        upload.sendall(b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1000)
        upload.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        upload.close()
        wait_until(lambda: 'traefik_open_connections{entrypoint="web",protocol="TCP"} 0' in get(api, "/metrics").body,
                   "every connection is gone")
        connection = self.open(proxy, "a.test", port)
        send(connection, "/", "a.test")
        self.assertEqual(Answer(connection).status, 200)

    def with_metrics(self, port, metrics):
        proxy = self.fairlead({"http": {"routers": {"all": {"rule": "PathPrefix(`/`)", "service": "s", "tls": {},
                                                            "entryPoints": ["web"]}},
                                        "services": {"s": {"loadBalancer": {"servers": [{"url": self.upstream_server.url}]}}}}},
                              static={"metrics": {"prometheus": {"entryPoint": "metrics"}},
                                      "entryPoints": {"web": {"address": f"127.0.0.1:{port}"},
                                                      "metrics": {"address": f"127.0.0.1:{metrics}"}}})
        wait_until(lambda: (self.try_get(metrics, "/metrics", "x") or Answer404).status == 200, "metrics are served")
        return proxy

    @staticmethod
    def client_hello(server_name):
        out = ssl.MemoryBIO()
        client = client_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname=server_name)
        try:
            client.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return out.read()


class Answer404:
    status = 404


if __name__ == "__main__":
    unittest.main()
