"""What the integration tests share: a running fairlead, upstreams that answer when told to, raw requests, waiting."""
import json
import os
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("FAIRLEAD", ROOT / "build/release/fairlead")).resolve()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(condition, what, limit=30.0):
    """Polls until `condition()` is true and returns its value; an AssertionError says what never came."""
    deadline = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {limit} s still not: {what}")
        time.sleep(0.01)


def remove(temporary):
    """A temporary directory, in which what was killed a moment ago may just have made another file."""
    def is_gone():
        try:
            temporary.cleanup()
            return True
        except OSError:
            return False
    wait_until(is_gone, f"{temporary.name} can be removed")


def accepts(port, address="127.0.0.1"):
    try:
        socket.create_connection((address, port), 1).close()
        return True
    except OSError:
        return False


class Answer:
    """A response read from a socket: status, headers (lower-case names) and the body of known length."""

    def __init__(self, connection):
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._receive(connection)
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
        length = int(self.headers.get("content-length", 0))
        while len(body) < length:
            body += self._receive(connection)
        self.body = body.decode("latin-1")

    @staticmethod
    def _receive(connection):
        data = connection.recv(65536)
        if not data:
            raise ConnectionError("closed before the response was whole")
        return data


def send(connection, path="/", host="localhost", headers=""):
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n".encode())


def get(port, path="/", host="localhost", address="127.0.0.1"):
    """One request on a connection of its own."""
    with socket.create_connection((address, port), 10) as connection:
        send(connection, path, host, "Connection: close\r\n")
        return Answer(connection)


def client_context(**settings):
    """Of a TLS client that trusts everybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for name, value in settings.items():
        setattr(context, name, value)
    return context


def write_file(path, text):
    """As editors and Kubernetes do: written aside, then renamed into place."""
    aside = path.with_name(path.name + ".new")
    aside.write_text(text)
    aside.rename(path)


def one_service(*urls):
    """A dynamic configuration that sends everything to these servers."""
    return {"http": {"routers": {"all": {"rule": "PathPrefix(`/`)", "service": "s"}},
                     "services": {"s": {"loadBalancer": {"servers": [{"url": url} for url in urls]}}}}}


def issue(folder, *names):
    """A self-signed certificate for the names -> its files as the configuration wants them."""
    base = Path(folder, names[0].replace("*", "_"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", f"/CN={names[0]}", "-addext",
                    "subjectAltName=" + ",".join(f"DNS:{name}" for name in names),
                    "-keyout", f"{base}.key", "-out", f"{base}.crt"], check=True, capture_output=True)
    return {"certFile": f"{base}.crt", "keyFile": f"{base}.key"}


class Fairlead:
    """A proxy with one entry point `web`, fed by a file; further static options as a dictionary in Traefik's words."""

    def __init__(self, dynamic, static=None, transport=None, command=(), entry_point=None):
        self.temporary = tempfile.TemporaryDirectory(prefix="fairlead-test-")
        self.folder = Path(self.temporary.name)  # also its working directory
        self.port = free_port()
        self.routes = self.folder / "routes.yml"
        self.configure(dynamic)
        web = {"address": f"127.0.0.1:{self.port}", **({"transport": transport} if transport else {}),
               **(entry_point or {})}
        options = {"entryPoints": {"web": web},
                   "providers": {"file": {"filename": str(self.routes)}, "providersThrottleDuration": "10ms"},
                   "log": {"level": "INFO"}, **(static or {})}
        # JSON is YAML.
        (self.folder / "fairlead.yml").write_text(json.dumps(options))
        self.log = self.folder / "output.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([*command, BINARY, "--configFile=fairlead.yml"], cwd=self.folder,
                                            stdout=log, stderr=subprocess.STDOUT)

    def configure(self, dynamic):
        write_file(self.routes, json.dumps(dynamic))

    def wait_until_routing(self):
        def routes():
            if self.process.poll() is not None:
                raise AssertionError(f"fairlead ended with {self.process.returncode}:\n{self.log.read_text()}")
            try:
                return accepts(self.port) and get(self.port, "/ready").status != 404
            except ConnectionError:  # the look whether the port is free listens for a moment
                return False
        wait_until(routes, "the proxy routes requests")
        return self

    def signal(self, sign=signal.SIGTERM):
        self.process.send_signal(sign)

    def wait_for_exit(self, limit):
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {limit} s:\n{self.log.read_text()}") from None

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.temporary.cleanup()


class ThreadedServer:
    """serve(connection) in a thread for each connection to a port of its own, until stop()."""

    def __init__(self, serve):
        self.serve = serve
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        except OSError:
            pass
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()


def request_heads(connection):
    """The heads of the requests without a body that come, until their client ends the connection."""
    data = b""
    while True:
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                return
            data += more
        head, _, data = data.partition(b"\r\n\r\n")
        yield head


class HoldingServer(ThreadedServer):
    """An upstream that answers /held when release() is called and everything else at once with 200."""

    def __init__(self):
        self.holding = threading.Semaphore(0)  # one up for each request that waits
        self.released = threading.Event()
        super().__init__(self._serve)
        self.url = f"http://127.0.0.1:{self.port}"

    def release(self):
        self.released.set()

    def stop(self):
        self.release()
        super().stop()

    def _serve(self, connection):
        with connection:
            for head in request_heads(connection):
                if head.split()[1] == b"/held":
                    self.holding.release()
                    self.released.wait()
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")


class ProxyTest(unittest.TestCase):
    """Starts upstreams and proxies that end with the test, whatever happens."""

    def upstream(self):
        server = HoldingServer()
        self.addCleanup(server.stop)
        return server

    def fairlead(self, dynamic, **options):
        proxy = Fairlead(dynamic, **options)
        self.addCleanup(proxy.stop)
        return proxy

    def connect(self, port):
        connection = socket.create_connection(("127.0.0.1", port), 10)
        self.addCleanup(connection.close)
        return connection

    def held_request(self, proxy, upstream):
        """A connection whose request has reached the upstream and waits there."""
        connection = self.connect(proxy.port)
        send(connection, "/held")
        self.assertTrue(upstream.holding.acquire(timeout=10), "the request never reached the upstream")
        return connection
