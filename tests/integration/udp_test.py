#!/usr/bin/env python3
"""UDP entry points in the running program: sessions over all workers, servers by turns and weight, changes, the end."""
import json
import socket
import threading
import time
import unittest

from support import ProxyTest, free_port, get, wait_until


class UdpServer:
    """Answers each datagram with its name and the datagram."""

    def __init__(self, name):
        self.name = name
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                data, client = self.socket.recvfrom(65536)
                self.socket.sendto(f"{self.name} ".encode() + data, client)
            except OSError:
                return


class Udp(ProxyTest):
    def setUp(self):
        self.port, self.api = free_port(), free_port()

    def server(self, name):
        server = UdpServer(name)
        self.addCleanup(server.socket.close)
        return server

    def start(self, routes, **entry_point):
        proxy = self.fairlead({"udp": routes}, static={
            "entryPoints": {"dns": {"address": f"127.0.0.1:{self.port}/udp", **entry_point},
                            "traefik": {"address": f"127.0.0.1:{self.api}"}},
            "api": {"insecure": True}, "metrics": {"prometheus": {}}})
        wait_until(lambda: self.ask("/api/udp/routers"), "UDP routers are there")
        return proxy

    def ask(self, path):
        try:
            return json.loads(get(self.api, path).body)
        except (OSError, ValueError):
            return None

    def client(self):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(client.close)
        client.settimeout(10)
        client.connect(("127.0.0.1", self.port))
        return client

    @staticmethod
    def talk(client, text):
        client.send(text.encode())
        return client.recv(65536).decode()

    def test_sessions_turns_and_large_datagrams(self):
        a, b = self.server("a"), self.server("b")
        self.start({"routers": {"dns": {"service": "s"}},
                    "services": {"s": {"loadBalancer": {"servers": [{"address": a.address}, {"address": b.address}]}}}})
        names = []
        for _ in range(10):
            client = self.client()
            name = self.talk(client, "x")[0]
            names.append(name)
            for i in range(3):
                self.assertEqual(self.talk(client, f"again {i}"), f"{name} again {i}", "a session keeps its server")
        self.assertEqual((names.count("a"), names.count("b")), (5, 5))
        large = "y" * 60000
        self.assertEqual(self.talk(self.client(), large)[2:], large)
        self.assertIn('traefik_open_connections{entrypoint="dns",protocol="UDP"} 11', get(self.api, "/metrics").body)

    def test_weights_timeout_and_the_api(self):
        a, b = self.server("a"), self.server("b")
        service = lambda server: {"loadBalancer": {"servers": [{"address": server.address}]}}
        self.start({"routers": {"one": {"service": "both"}, "other": {"service": "a"}, "lost": {"service": "gone"}},
                    "services": {"a": service(a),
                                 "b": {"loadBalancer": {"servers": [{"address": "no-port"}, {"address": b.address}]}},
                                 "both": {"weighted": {"services": [{"name": "a", "weight": 3}, {"name": "b", "weight": 1}]}}}},
                   udp={"timeout": "300ms"})
        routers = {router["name"]: router for router in self.ask("/api/udp/routers")}
        self.assertEqual(routers["other@file"]["status"], "enabled", "the name that sorts last")
        self.assertEqual(routers["one@file"]["status"], "warning")
        self.assertEqual((routers["lost@file"]["status"], routers["lost@file"]["error"]),
                         ("disabled", ['the UDP service "gone@file" does not exist']))
        services = {service["name"]: service for service in self.ask("/api/udp/services")}
        self.assertEqual(services["a@file"]["serverStatus"], {a.address: "UP"})
        self.assertEqual((services["b@file"]["status"], services["b@file"]["serverStatus"]), ("warning", {b.address: "UP"}))
        self.assertEqual(services["both@file"]["type"], "weighted")
        self.assertEqual(self.talk(self.client(), "x"), "a x")
        wait_until(lambda: 'traefik_open_connections{entrypoint="dns",protocol="UDP"} 0' in get(self.api, "/metrics").body,
                   "the idle session has ended")

    def test_a_change_and_the_end(self):
        a, b = self.server("a"), self.server("b")
        service = lambda server: {"loadBalancer": {"servers": [{"address": server.address}]}}
        routes = {"routers": {"dns": {"service": "s"}}, "services": {"s": service(a)}}
        proxy = self.start(routes, transport={"lifeCycle": {"graceTimeOut": "30s"}}, udp={"timeout": "2s"})
        old = self.client()
        self.assertEqual(self.talk(old, "x"), "a x")
        routes["services"]["s"] = service(b)
        proxy.configure({"udp": routes})
        wait_until(lambda: self.talk(self.client(), "x") == "b x", "the change is live")
        self.assertEqual(self.talk(old, "y"), "a y")
        began = time.monotonic()
        proxy.signal()
        self.assertEqual(self.talk(old, "z"), "a z", "sessions that are there go on")
        self.assertEqual(proxy.wait_for_exit(10), 0)
        self.assertGreaterEqual(time.monotonic() - began, 1.5, "until they are idle")


if __name__ == "__main__":
    unittest.main()
