#!/usr/bin/env python3
"""The commands beside the proxy: version, check, explain, healthcheck."""
import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import BINARY, Fairlead, free_port, one_service

STATIC = """
entryPoints:
  web: {address: ":8000"}
  strict: {address: ":8001", http: {underscoreHeadersStrategy: reject, encodedCharacters: {allowEncodedSlash: false}}}
  traefik: {address: ":9000"}
providers: {file: {filename: routes.yml}}
api: {insecure: true}
"""
ROUTES = """
http:
  routers:
    cart: {rule: "Host(`shop.test`) && PathPrefix(`/cart`)", service: both, middlewares: [prefix], entryPoints: [web]}
    post: {rule: "Host(`shop.test`) && Method(`POST`)", service: shop, entryPoints: [web]}
    beta: {rule: "Header(`X-Beta`, `1`) && ClientIP(`10.0.0.0/8`)", service: shop, priority: 500}
    rest: {rule: "Host(`shop.test`)", service: shop}
  services:
    shop: {loadBalancer: {servers: [{url: "http://10.0.0.1:80"}, {url: "http://10.0.0.2:80", weight: 3}]}}
    both: {weighted: {services: [{name: shop, weight: 2}]}}
  middlewares:
    prefix: {addPrefix: {prefix: /p}}
"""
BROKEN = """http:
  routers:
    typo: {rul: "Path(`/x`)", service: shop}
    open:
      rule: "Host(`a.test`"
      service: shop
    lost: {rule: "Path(`/`)", service: nowhere}
    astray: {rule: "Path(`/`)", service: shop, entryPoints: [web, nowhere]}
  services:
    shop: {loadBalancer: {servers: [{url: "http://10.0.0.1"}]}}
"""


class Commands(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="fairlead-test-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.write("fairlead.yml", STATIC)
        self.write("routes.yml", ROUTES)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def run_command(self, *arguments, code=0):
        """What the command prints, once it has ended with that code."""
        done = subprocess.run([BINARY, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code != 2 else done.stderr

    # version

    def test_version_is_five_aligned_lines(self):
        lines = self.run_command("version").splitlines()
        self.assertEqual([line[:14] for line in lines],
                         ["Version:      ", "Codename:     ", "Compiler:     ", "Built:        ", "OS/Arch:      "])
        self.assertRegex(lines[0], r"\d+\.\d+\.\d+$")
        self.assertRegex(lines[4], r"linux/\w+$")
        self.run_command("version", "now", code=2)

    # check

    def test_check_accepts_what_is_right(self):
        self.assertEqual(self.run_command("check", "fairlead.yml"),
                         "fairlead.yml: OK: 4 routers, 2 services, 1 middlewares\n")
        self.assertEqual(self.run_command("check", "routes.yml"),
                         "routes.yml: OK: 4 routers, 2 services, 1 middlewares\n")
        self.write("more/a.yml", ROUTES)
        self.write("more/b.toml", '[http.services.b.loadBalancer]\nservers = [{url = "http://10.0.0.9"}]\n')
        self.assertEqual(self.run_command("check", "more"), "more: OK: 4 routers, 3 services, 1 middlewares\n")

    def test_check_names_every_problem_with_its_place(self):
        self.write("routes.yml", BROKEN)
        expected = [
            r"routes.yml:3:17: error: http.routers.typo.rul: unknown option; did you mean rule\?",
            r'routes.yml:8:13: warning: http.routers.astray@file: entryPoint "nowhere" doesn\'t exist',
            r'routes.yml:7:11: error: http.routers.lost@file: the service "nowhere@file" does not exist',
            r"routes.yml:5:7: error: http.routers.open@file: parsing rule Host\(`a.test`: .*",
            r"fairlead.yml: 3 errors, 1 warnings",
        ]
        printed = self.run_command("check", "fairlead.yml", code=1).splitlines()
        for line in expected:
            self.assertTrue(any(re.fullmatch(line, text) for text in printed), (line, printed))

        found = json.loads(self.run_command("check", "--json", "fairlead.yml", code=1))
        self.assertEqual((found["errors"], found["warnings"]), (3, 1))
        self.assertEqual(found["problems"][0]["where"], "routes.yml:3:17")
        # On its own a dynamic file may name any entry point.
        self.assertEqual(json.loads(self.run_command("check", "--json", "routes.yml", code=1))["warnings"], 0)

    def test_check_finds_mistakes_of_any_kind(self):
        dynamic = {
            "not: [yaml": "bad.yml:2:1: error: ",
            "http: {routers: {a: {rule: 'Path(`/`)', service: api@internal}}, routerz: {}}": "http.routerz",
            "http: {}\nhttp: {}": "bad.yml:2:1: error: ",
            "http: {services: {s: {loadBalancer: {strategy: wrr}, weighted: {sticky: {}}}}}": "http.services.s@file",
        }
        for text, message in dynamic.items():
            self.write("bad.yml", text)
            self.assertIn(message, self.run_command("check", "bad.yml", code=1), text)
        static = {
            "entryPoints: [": "bad.yml:2:1: error: ",
            "entrypointz: {}": "bad.yml:1:14: error: entrypointz: unknown option; did you mean entryPoints?",
            "entryPoints: {web: {address: nonsense}}": "entryPoints.web.address",
            "accessLog: {filters: {statusCodes: [often]}}": "often",
            "entryPoints: {web: {address: ':80', forwardedHeaders: {trustedIPs: [here]}}}": "trustedIPs",
            "providers: {file: {filename: absent.yml}}": "absent.yml",
            "providers: {ecs: {constraints: 'Tag('}}": "bad.yml:1:32: error: providers.ecs.constraints: ",
        }
        for text, message in static.items():
            self.write("bad.yml", text)
            self.assertIn(message, self.run_command("check", "bad.yml", code=1), text)

    def test_all_mistakes_of_the_start_are_listed_at_once(self):
        self.write("bad.yml", "entryPoints:\n"
                              "  web: {address: ':80', forwardedHeaders: {trustedIPs: [here, 10.0.0.0/8, 10.0.0.0/99]}}\n"
                              "  pp: {address: ':81/xyz', proxyProtocol: {trustedIPs: [there]}}\n"
                              "log: {level: loud}\n"
                              "accessLog: {filters: {statusCodes: ['200', often]}}\n"
                              "providers: {ecs: {constraints: 'Tag('}}\n")
        expected = ["bad.yml:2:56: entryPoints.web.forwardedHeaders.trustedIPs: ",
                    "bad.yml:3:17: entryPoints.pp.address: ",
                    "bad.yml:3:56: entryPoints.pp.proxyProtocol.trustedIPs: ",
                    "bad.yml:4:14: log.level: ",
                    "bad.yml:5:36: accessLog.filters.statusCodes: ",
                    "bad.yml:6:32: providers.ecs.constraints: "]
        started = subprocess.run([BINARY, "--configFile=bad.yml"], cwd=self.folder, capture_output=True, text=True,
                                 timeout=30)
        self.assertEqual(started.returncode, 1)
        checked = self.run_command("check", "bad.yml", code=1)
        for line in expected:
            self.assertIn("fairlead: " + line, started.stderr)
            place, option = line.split(": ", 1)
            self.assertIn(f"{place}: error: {option}", checked)
        self.assertEqual(started.stderr.count("trustedIPs"), 3)

    def test_check_strict_counts_warnings(self):
        self.write("routes.yml", "http: {routers: {a: {rule: 'Path(`/`)', service: api@internal, entryPoints: [web, no]}}}")
        self.run_command("check", "fairlead.yml")
        self.run_command("check", "--strict", "fairlead.yml", code=1)

    def test_check_wants_one_thing_that_exists(self):
        for arguments in [(), ("absent.yml",), ("fairlead.yml", "routes.yml"), ("--jsn", "routes.yml")]:
            self.run_command("check", *arguments, code=2)

    # explain

    def explain(self, request, *options, code=0):
        return json.loads(self.run_command("explain", "--config", "fairlead.yml", "--json", request, *options, code=code))

    def test_explain_tells_the_whole_way(self):
        self.assertEqual(self.run_command("explain", "--config", "fairlead.yml", "GET http://SHOP.test:8000/a/../cart"),
                         "request      GET http://shop.test:8000/a/../cart\n"
                         "entry point  web (:8000)\n"
                         "path         /cart\n"
                         "router       cart@file\n"
                         "rule         Host(`shop.test`) && PathPrefix(`/cart`)\n"
                         "priority     40\n"
                         "middleware   prefix@file (addprefix)\n"
                         "service      both@file (weighted)\n"
                         "               shop@file (loadbalancer) weight 2\n"
                         "                 http://10.0.0.1:80\n"
                         "                 http://10.0.0.2:80 weight 3\n"
                         "\nother routers\n"
                         "  beta@file: priority 500: does not match Header(`X-Beta`, `1`)\n"
                         "  post@file: priority 35: does not match Method(`POST`)\n"
                         "  rest@file: priority 17: matches, but cart@file comes first\n")

    def test_explain_chooses_as_the_proxy_does(self):
        for request, options, router in [
            ("http://shop.test:8000/", [], "rest@file"),
            ("http://shop.test:8000/cartoon", [], "cart@file"),
            ("POST http://shop.test:8000/", [], "post@file"),
            ("POST http://shop.test:8001/", [], "rest@file"),
            ("http://shop.test/cart", ["--entrypoint", "web"], "cart@file"),
            ("http://other.test:8000/", ["-H", "x-beta: 1", "--client", "10.1.2.3"], "beta@file"),
            ("http://shop.test:8000/", ["-H", "X-Beta: 1", "--client", "11.1.2.3"], "rest@file"),
            ("http://any.test:9000/api/rawdata", [], "api@internal"),
        ]:
            with self.subTest(request=request, options=options):
                answer = self.explain(request, *options)
                self.assertEqual(answer["router"]["name"], router)
                self.assertEqual(answer["service"]["name"], answer["router"]["service"])

    def test_explain_knows_tls_and_tcp(self):
        self.write("routes.yml", json.dumps({
            "http": {"routers": {"plain": {"rule": "Host(`a.test`)", "service": "s"},
                                 "secure": {"rule": "Host(`a.test`)", "service": "s", "tls": {"options": "modern"}}},
                     "services": {"s": {"loadBalancer": {"servers": [{"url": "http://10.0.0.1"}]}}}},
            "tcp": {"routers": {"db": {"rule": "HostSNI(`db.test`)", "service": "db", "tls": {"passthrough": True}}},
                    "services": {"db": {"loadBalancer": {"servers": [{"address": "10.0.0.1:5432"}]}}}},
            "tls": {"options": {"modern": {"minVersion": "VersionTLS13"}}}}))
        self.assertEqual(self.explain("http://a.test:8000/")["router"]["name"], "plain@file")
        secure = self.explain("https://a.test:8000/")
        self.assertEqual((secure["router"]["name"], secure["tlsOptions"]), ("secure@file", "modern@file"))
        self.assertEqual(self.explain("https://db.test:8000/")["tcpRouter"]["name"], "db@file")
        nobody = self.explain("https://nobody.test:8000/", code=1)
        self.assertEqual((nobody["status"], nobody["tlsOptions"]), (404, "default"))

    def test_explain_says_why_nothing_takes_it(self):
        self.assertEqual(self.explain("http://nobody.test:8000/", code=1)["status"], 404)
        self.assertEqual(self.explain("http://shop.test:8000/%2e%2e%2fx", code=1)["status"], 400)
        self.assertEqual(self.explain("http://shop.test:8001/a%2Fb", code=1)["status"], 400)
        self.assertEqual(self.explain("http://shop.test:8001/", "-H", "a_b: c", code=1)["status"], 400)
        self.write("routes.yml", BROKEN)
        others = {other["name"]: other["verdict"] for other in self.explain("http://a.test:8000/b", code=1)["others"]}
        self.assertEqual(others["astray@file"], "priority 9: does not match Path(`/`)")
        self.assertIn("disabled: parsing rule", others["open@file"])
        self.assertIn("unknown option", others["typo@file"])

    def test_explain_refuses_questions_it_cannot_ask(self):
        config = ("--config", "fairlead.yml")
        for arguments in [("http://a.test:8000/",), (*config,), (*config, "a.test"), (*config, "http://a.test:7777/"),
                          (*config, "http://a.test:8000/", "--client", "me"),
                          (*config, "http://a.test:8000/", "-H", "no colon"),
                          (*config, "http://a.test/", "--entrypoint", "no"), ("--config", "no.yml", "http://a.test/")]:
            self.run_command("explain", *arguments, code=2)
        self.write("fairlead.yml", "nonsense: 1")
        self.run_command("explain", *config, "http://a.test:8000/", code=1)

    # healthcheck

    def test_healthcheck_asks_a_running_proxy(self):
        proxy = Fairlead(one_service("http://127.0.0.1:1"), static={"ping": {"entryPoint": "web"}})
        self.addCleanup(proxy.stop)
        proxy.wait_until_routing()
        self.folder = proxy.folder
        self.assertEqual(self.run_command("healthcheck", "--configFile=fairlead.yml"),
                         f"OK: http://127.0.0.1:{proxy.port}/ping\n")

    def test_healthcheck_says_what_is_wrong(self):
        (self.folder / "fairlead.yml").unlink()
        nobody = f"--entryPoints.traefik.address=127.0.0.1:{free_port()}"
        for flags, message in [(("--ping", nobody), "refused"), (("--api",), "please enable `ping`"),
                               (("--pink=1",), "unknown option")]:
            printed = self.run_command("healthcheck", *flags, code=1)
            self.assertTrue(printed.startswith("Error calling healthcheck: "), printed)
            self.assertIn(message, printed)

    def test_healthcheck_fails_on_any_other_answer(self):
        (self.folder / "fairlead.yml").unlink()
        proxy = Fairlead(one_service("http://127.0.0.1:1"))
        self.addCleanup(proxy.stop)
        proxy.wait_until_routing()
        address = f"--entryPoints.traefik.address=127.0.0.1:{proxy.port}"
        self.assertEqual(self.run_command("healthcheck", "--ping", address, code=1),
                         "Bad healthcheck status: 502 Bad Gateway\n")

    def test_unknown_command(self):
        done = subprocess.run([BINARY, "chekc"], capture_output=True, text=True, timeout=30)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, "fairlead: command not found: chekc\nfairlead --help lists the commands.\n")
        done = subprocess.run([BINARY, "ecs", "log"], capture_output=True, text=True, timeout=30)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr, "fairlead ecs: command not found: log\nfairlead ecs --help lists the commands.\n")

    def test_help_lists_commands_and_options(self):
        text = self.run_command("--help")
        self.assertEqual(self.run_command("-h"), text)
        for line in ["  fairlead [flags] ", "  fairlead check CONFIG ", "  fairlead version ", "  --entryPoints.<name>.address "]:
            self.assertIn("\n" + line, text)
        self.assertNotIn("\033", text)


if __name__ == "__main__":
    unittest.main()
