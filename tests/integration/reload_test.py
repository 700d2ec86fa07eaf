#!/usr/bin/env python3
"""No request fails while the routes change ten times a second: servers come and go, middlewares change, routers appear,
and now and then the file is broken, which must change nothing. RELOAD_REQUESTS (50,000) requests on 32 keep-alive
connections; HAMMER names the load program, built from hammer.cc."""
import os
import subprocess
import threading
import unittest

from support import BINARY, ROOT, ProxyTest, accepts, free_port, get, one_service, wait_until, write_file

REQUESTS = int(os.environ.get("RELOAD_REQUESTS", "50000"))
HAMMER = os.environ.get("HAMMER", str(ROOT / "build/debug/tests/integration/hammer"))
CONNECTIONS = 32


def generation(number, urls):
    """The configuration of one moment; every request must succeed under each of them."""
    rotated = urls[number % len(urls):] + urls[:number % len(urls)]
    dynamic = one_service(*rotated[:2])
    http = dynamic["http"]
    http["middlewares"] = {"stamp": {"headers": {"customResponseHeaders": {"X-Generation": str(number)}}}}
    http["routers"]["all"]["middlewares"] = ["stamp"]
    for i in range(number % 5):
        http["routers"][f"extra{i}"] = {"rule": f"Host(`extra{i}.test`)", "service": "s"}
    return dynamic


class Reload(ProxyTest):
    def server(self):
        port = free_port()
        process = subprocess.Popen([BINARY, "whoami", "--port", str(port)], stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_until(lambda: accepts(port), "a server listens")
        return f"http://127.0.0.1:{port}"

    def change_ten_times_a_second(self, proxy, urls, stop):
        """Returns the number of the last generation written and how many of them a client has seen."""
        number, seen = 0, set()
        while not stop.wait(0.1):
            number += 1
            if number % 10 == 0:
                write_file(proxy.routes, "http: [this is no mapping")
            else:
                proxy.configure(generation(number, urls))
            seen.add(get(proxy.port).headers["x-generation"])
        return number, len(seen)

    def test_no_request_fails(self):
        urls = [self.server() for _ in range(3)]
        proxy = self.fairlead(generation(0, urls)).wait_until_routing()
        stop, changes = threading.Event(), []
        changer = threading.Thread(
            target=lambda: changes.extend(self.change_ten_times_a_second(proxy, urls, stop)))
        changer.start()
        try:
            done = subprocess.run([HAMMER, str(proxy.port), "/bench", str(CONNECTIONS), str(REQUESTS)], text=True,
                                  capture_output=True, timeout=900, check=False)
        finally:
            stop.set()
            changer.join()
        self.assertEqual(done.stdout.splitlines(), [f"{REQUESTS} passed, 0 failed"])
        self.assertEqual(len(changes), 2, "the changing thread failed")
        written, seen = changes
        print(f"{REQUESTS} requests, {written} changes, {seen} seen live by a client")
        self.assertGreater(seen, written // 2, "changes did not go live while traffic ran")
        proxy.configure(generation(written + 1, urls))
        wait_until(lambda: get(proxy.port).headers["x-generation"] == str(written + 1), "the last change is live")


if __name__ == "__main__":
    unittest.main()
