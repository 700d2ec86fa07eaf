"""gRPC through the proxy, with grpcio as client and server, in the clear and over TLS on both sides: all four kinds of
calls, metadata and trailers, deadlines, cancellation, errors of the proxy, reload and drain while a stream runs. Messages
are bytes, so nothing is generated."""
import concurrent.futures
import os
import signal
import sys
import tempfile
import threading
import unittest
from pathlib import Path

from support import ROOT, ProxyTest, get, issue, one_service, wait_until

try:
    import grpc
except ImportError:
    # tools/install_deps.sh --conformance puts it there.
    python = ROOT / "build/venv/bin/python"
    if os.environ.get("GRPC_TEST_RETRIED") or not python.exists():
        print("skipped: no Python with grpcio; tools/install_deps.sh --conformance installs one")
        sys.exit(77)
    os.environ["GRPC_TEST_RETRIED"] = "1"
    os.execv(python, [str(python), *sys.argv])


class Service(grpc.GenericRpcHandler):
    def __init__(self):
        self.cancelled = threading.Event()
        self.started = threading.Event()
        self.metadata = {}
        self.serving_status = 1  # SERVING; 2: NOT_SERVING

    def service(self, details):
        self.metadata = dict(details.invocation_metadata)
        return {
            "/test.Echo/Unary": grpc.unary_unary_rpc_method_handler(self.unary),
            "/test.Echo/Server": grpc.unary_stream_rpc_method_handler(self.server_stream),
            "/test.Echo/Client": grpc.stream_unary_rpc_method_handler(self.client_stream),
            "/test.Echo/Both": grpc.stream_stream_rpc_method_handler(self.both),
            "/test.Echo/Fail": grpc.unary_unary_rpc_method_handler(self.fail),
            "/grpc.health.v1.Health/Check": grpc.unary_unary_rpc_method_handler(self.check),
            "/test.Echo/Hang": grpc.unary_unary_rpc_method_handler(self.hang),
        }.get(details.method)

    def unary(self, request, context):
        context.send_initial_metadata((("x-first", "1"),))
        context.set_trailing_metadata((("x-last", "2"), ("x-bytes-bin", b"\x00\xff")))
        return request

    def server_stream(self, request, context):
        for i in range(int(request)):
            yield b"%d" % i

    def client_stream(self, requests, context):
        return b"%d" % sum(len(r) for r in requests)

    def both(self, requests, context):
        for request in requests:
            yield request.upper()

    def fail(self, request, context):
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not today")

    def check(self, request, context):
        return b"\x08" + bytes([self.serving_status])

    def hang(self, request, context):
        context.add_callback(self.cancelled.set)
        self.started.set()
        self.cancelled.wait(20)
        return b""


class GrpcTest(ProxyTest):
    scheme = "http"

    def listen(self):
        """-> the server's URL"""
        return f"h2c://127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"

    def routes(self, url):
        return one_service(url)

    def connect_channel(self, address, options):
        return grpc.insecure_channel(address, options)

    def start(self, **options):
        self.service = Service()
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(16),
                                  options=[("grpc.max_receive_message_length", -1)])
        self.server.add_generic_rpc_handlers((self.service,))
        self.url = self.listen()
        self.server.start()
        self.addCleanup(self.server.stop, 0)
        proxy = self.fairlead(self.routes(self.url), **options)
        proxy.wait_until_routing()
        self.open_channel(proxy)
        return proxy

    def open_channel(self, proxy):
        self.channel = self.connect_channel(f"127.0.0.1:{proxy.port}", options=[
            ("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)])
        self.addCleanup(self.channel.close)

    def unary(self, method, request=b"", **options):
        return self.channel.unary_unary(f"/test.Echo/{method}")(request, timeout=options.pop("timeout", 10), **options)

    def test_unary_with_metadata_and_trailers(self):
        self.start()
        answer, call = self.channel.unary_unary("/test.Echo/Unary").with_call(
            b"hello", timeout=10, metadata=(("x-mine", "a"), ("x-mine-bin", b"\x01\x02")))
        self.assertEqual(answer, b"hello")
        self.assertIn(("x-first", "1"), call.initial_metadata())
        trailers = dict(call.trailing_metadata())
        self.assertEqual((trailers["x-last"], trailers["x-bytes-bin"]), ("2", b"\x00\xff"))
        self.assertEqual(self.service.metadata["x-mine"], "a")
        self.assertEqual(self.service.metadata["x-mine-bin"], b"\x01\x02")
        self.assertEqual(self.service.metadata["x-forwarded-proto"], self.scheme)

    def test_large_messages(self):
        self.start()
        message = os.urandom(5_000_000)
        self.assertEqual(self.unary("Unary", message, timeout=60), message)

    def test_many_calls_at_a_time(self):
        self.start()
        calls = [self.channel.unary_unary("/test.Echo/Unary").future(b"%d" % i, timeout=30) for i in range(300)]
        self.assertEqual([c.result() for c in calls], [b"%d" % i for i in range(300)])

    def test_health_checks(self):
        proxy = self.start()
        dynamic = self.routes(self.url)
        check = {"mode": "grpc", "interval": "50ms", "timeout": "5s"}
        dynamic["http"]["services"]["s"]["loadBalancer"]["healthCheck"] = check
        proxy.configure(dynamic)

        def code():
            try:
                self.unary("Unary")
                return grpc.StatusCode.OK
            except grpc.RpcError as error:
                return error.code()
        self.service.serving_status = 2
        wait_until(lambda: code() == grpc.StatusCode.UNAVAILABLE, "a server that is not serving is left out")
        self.service.serving_status = 1
        wait_until(lambda: code() == grpc.StatusCode.OK, "it is back")

    def test_metrics_count_by_grpc_status(self):
        proxy = self.start(static={"metrics": {"prometheus": {"manualRouting": True}}})
        dynamic = self.routes(self.url)
        dynamic["http"]["routers"]["metrics"] = {"rule": "Path(`/metrics`)", "service": "prometheus@internal"}
        proxy.configure(dynamic)
        wait_until(lambda: get(proxy.port, "/metrics").status == 200, "metrics are routed")
        self.unary("Unary", b"x")  # its status comes behind the body
        with self.assertRaises(grpc.RpcError):
            self.unary("Fail")  # its status comes with the head

        def counted(code):
            line = f'traefik_service_requests_total{{code="{code}",method="POST",protocol="grpc",service="s@file"}} 1'
            return line in get(proxy.port, "/metrics").body
        for code in (0, 9):
            wait_until(lambda code=code: counted(code), f"a call that ended with {code} is counted as such")

    def test_server_stream(self):
        self.start()
        answers = list(self.channel.unary_stream("/test.Echo/Server")(b"1000", timeout=20))
        self.assertEqual(answers, [b"%d" % i for i in range(1000)])

    def test_client_stream(self):
        self.start()
        answer = self.channel.stream_unary("/test.Echo/Client")((b"x" * 1000 for _ in range(1000)), timeout=20)
        self.assertEqual(answer, b"1000000")

    def test_both_ways_in_turns(self):
        self.start()
        turn = threading.Semaphore(1)

        def requests():
            for word in (b"one", b"two", b"three"):
                turn.acquire()
                yield word

        answers = []
        for answer in self.channel.stream_stream("/test.Echo/Both")(requests(), timeout=20):
            answers.append(answer)
            turn.release()
        self.assertEqual(answers, [b"ONE", b"TWO", b"THREE"])

    def test_errors_of_the_server(self):
        self.start()
        with self.assertRaises(grpc.RpcError) as caught:
            self.unary("Fail")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
        self.assertEqual(caught.exception.details(), "not today")
        with self.assertRaises(grpc.RpcError) as caught:
            self.unary("Missing")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_deadline_reaches_the_server(self):
        self.start()
        with self.assertRaises(grpc.RpcError) as caught:
            self.unary("Hang", timeout=0.5)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.assertTrue(self.service.cancelled.wait(10))

    def test_cancellation_reaches_the_server(self):
        self.start()
        call = self.channel.unary_unary("/test.Echo/Hang").future(b"", timeout=20)
        self.assertTrue(self.service.started.wait(10))
        call.cancel()
        self.assertTrue(self.service.cancelled.wait(10))

    def test_errors_of_the_proxy_are_statuses(self):
        proxy = self.start()
        self.server.stop(0).wait()
        with self.assertRaises(grpc.RpcError) as caught:
            self.unary("Unary")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
        self.assertEqual(caught.exception.details(), "Bad Gateway")
        dynamic = self.routes(self.url)
        for router in dynamic["http"]["routers"].values():
            router["rule"] = "Host(`other`)"
        proxy.configure(dynamic)

        def is_unimplemented():
            try:
                self.unary("Unary")
            except grpc.RpcError as error:
                return error.code() == grpc.StatusCode.UNIMPLEMENTED and error.details() == "Not Found"
        wait_until(is_unimplemented, "a call that no router wants is unimplemented")

    def test_a_stream_outlives_reload_and_drain(self):
        proxy = self.start(transport={"lifeCycle": {"graceTimeOut": "20s"}})
        more = threading.Semaphore(0)

        def requests():
            for _ in range(3):
                more.acquire()
                yield b"word"

        call = self.channel.stream_stream("/test.Echo/Both")(requests(), timeout=30)
        more.release()
        self.assertEqual(next(call), b"WORD")
        proxy.configure(self.routes("http://127.0.0.1:9"))
        proxy.signal(signal.SIGTERM)
        wait_until(lambda: "stopping" in proxy.log.read_text(), "the proxy drains")
        more.release()
        self.assertEqual(next(call), b"WORD")
        more.release()
        self.assertEqual(list(call), [b"WORD"])
        self.assertEqual(proxy.wait_for_exit(15), 0)


class SecureGrpcTest(GrpcTest):
    """The same over TLS: HTTP/2 is what ALPN agrees on, with the client and with the server."""
    scheme = "https"

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="fairlead-test-")
        self.addCleanup(temporary.cleanup)
        self.certificate = issue(temporary.name, "a.test")
        self.chain, self.key = (Path(self.certificate[file]).read_bytes() for file in ("certFile", "keyFile"))

    def listen(self):
        credentials = grpc.ssl_server_credentials([(self.key, self.chain)])
        return f"https://127.0.0.1:{self.server.add_secure_port('127.0.0.1:0', credentials)}"

    def routes(self, url):
        dynamic = one_service(url)
        dynamic["http"]["routers"]["ready"] = {"rule": "Path(`/ready`)", "service": "s"}
        dynamic["http"]["routers"]["all"]["tls"] = {}
        dynamic["http"]["services"]["s"]["loadBalancer"]["serversTransport"] = "t"
        dynamic["http"]["serversTransports"] = {"t": {"serverName": "a.test", "rootCAs": [self.certificate["certFile"]]}}
        dynamic["tls"] = {"certificates": [self.certificate]}
        return dynamic

    def connect_channel(self, address, options):
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(self.chain),
                                   [*options, ("grpc.ssl_target_name_override", "a.test")])


if __name__ == "__main__":
    unittest.main()
