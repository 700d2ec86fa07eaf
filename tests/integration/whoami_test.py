#!/usr/bin/env python3
"""`fairlead whoami` answers what traefik/whoami answers."""
import json
import os
import signal
import socket
import subprocess
import unittest

from support import BINARY, Answer, accepts, free_port, wait_until


class Whoami(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.process = subprocess.Popen([BINARY, "whoami", "--port", str(cls.port), "--name", "bob"],
                                       stdout=subprocess.DEVNULL)
        wait_until(lambda: accepts(cls.port), "whoami listens")

    @classmethod
    def tearDownClass(cls):
        cls.process.kill()
        cls.process.wait()

    def ask(self, request):
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            connection.sendall(request.encode())
            return Answer(connection), connection.getsockname()[1]

    def get(self, target):
        return self.ask(f"GET {target} HTTP/1.1\r\nHost: a.test\r\n\r\n")[0]

    def test_text(self):
        answer, port = self.ask("POST /a%20b?x=1 HTTP/1.1\r\nHost: a.test:80\r\nx-two: 2\r\nuser-agent: me\r\n"
                                "X-One: 1\r\nX-TWO: 3\r\nContent-Length: 4\r\n\r\nbody")
        self.assertEqual(answer.headers["content-type"], "text/plain; charset=utf-8")
        names, request = answer.body.split("POST ", 1)
        self.assertEqual(request, "/a%20b?x=1 HTTP/1.1\r\nHost: a.test:80\r\nUser-Agent: me\r\nContent-Length: 4\r\n"
                                  "X-One: 1\r\nX-Two: 2\r\nX-Two: 3\r\n\r\nbody")
        self.assertTrue(names.startswith(f"Name: bob\nHostname: {socket.gethostname()}\nIP: "), names)
        self.assertIn("IP: 127.0.0.1\n", names)
        self.assertTrue(names.endswith(f"RemoteAddr: 127.0.0.1:{port}\n"), names)

    def test_api(self):
        answer, port = self.ask("GET /api?q=1 HTTP/1.1\r\nHost: a.test\r\nx-two: 2\r\nX-One: 1\r\nX-TWO: 3\r\n\r\n")
        said = json.loads(answer.body)
        self.assertIn("127.0.0.1", said.pop("ip"))
        self.assertEqual(said, {"hostname": socket.gethostname(), "headers": {"X-One": ["1"], "X-Two": ["2", "3"]},
                                "url": "/api?q=1", "host": "a.test", "method": "GET", "name": "bob",
                                "remoteAddr": f"127.0.0.1:{port}"})

    def test_bench(self):
        self.assertEqual(self.get("/bench").body, "1")

    def test_data(self):
        for target, size in (("/data", 1), ("/data?size=0", 0), ("/data?size=-3", 0), ("/data?size=rubbish", 1),
                             ("/data?size=3&unit=kb", 3072), ("/data?unit=MB", 1 << 20), ("/data?size=5&unit=x", 5)):
            with self.subTest(target):
                body = self.get(target).body
                self.assertEqual(len(body), size)
                if size > 30:
                    self.assertTrue(body.startswith("|ABC"), body[:8])
                    self.assertEqual((body[27], body[-1]), ("-", "|"))
        self.assertEqual(self.get("/data?attachment=true").headers["content-disposition"], "Attachment")

    def test_huge_data_streams(self):
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            connection.sendall(b"GET /data?size=9999999999999&unit=TB HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertTrue(connection.recv(4096).startswith(b"HTTP/1.1 200"))
        self.assertEqual(self.get("/bench").status, 200)

    def test_health(self):
        def post(body):
            return self.ask(f"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n{body}")[0].status
        self.assertEqual(self.get("/health").status, 200)
        self.assertEqual(post("503"), 200)
        self.assertEqual(self.get("/health").status, 503)
        for wrong in ("", "rubbish", "99", "600", "100", "503 x"):
            self.assertEqual(post(wrong), 400, wrong)
        self.assertEqual(self.get("/health").status, 503)
        self.assertEqual(post("200"), 200)

    def test_arguments(self):
        def run(*arguments, **environment):
            return subprocess.run([BINARY, "whoami", *arguments], capture_output=True, text=True, timeout=10,
                                  env={**os.environ, **environment}, check=False)
        for wrong in (["--port", "70000"], ["--port", "x"], ["--prot", "80"], ["extra"]):
            self.assertEqual(run(*wrong).returncode, 2, wrong)
        taken = run("--port", str(self.port))
        self.assertEqual(taken.returncode, 1)
        self.assertIn("in use", taken.stderr)
        self.assertEqual(run(WHOAMI_PORT_NUMBER=str(self.port)).returncode, 1)

    def test_ends_on_sigterm(self):
        port = free_port()
        process = subprocess.Popen([BINARY, "whoami", "--port", str(port)], stdout=subprocess.DEVNULL)
        wait_until(lambda: accepts(port), "it listens")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(5), 0)


if __name__ == "__main__":
    unittest.main()
