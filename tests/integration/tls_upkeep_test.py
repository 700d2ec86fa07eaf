#!/usr/bin/env python3
"""TLS while the program runs: certificate files that are replaced, broken and mended, what the API and the metrics say of
them, handshakes that fail, and session tickets that two nodes share."""
import json
import os
import socket
import ssl
import tempfile
import unittest
from pathlib import Path

from support import Answer, ProxyTest, get, send, wait_until, write_file
from tls_test import client_context, common_name, issue


class TlsUpkeep(ProxyTest):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="fairlead-test-")
        self.addCleanup(self.temporary.cleanup)
        self.upstream_server = self.upstream()

    def start(self, certificates, **static):
        routers = {"all": {"rule": "PathPrefix(`/`)", "service": "s", "tls": {}},
                   "ready": {"rule": "Path(`/ready`)", "service": "s"},
                   "api": {"rule": "PathPrefix(`/api`)", "service": "api@internal"},
                   "metrics": {"rule": "Path(`/metrics`)", "service": "prometheus@internal"}}
        services = {"s": {"loadBalancer": {"servers": [{"url": self.upstream_server.url}]}}}
        dynamic = {"http": {"routers": routers, "services": services}, "tls": {"certificates": certificates}}
        static = {"api": {"insecure": False}, "metrics": {"prometheus": {"manualRouting": True}}, **static}
        return self.fairlead(dynamic, static=static).wait_until_routing()

    def secured(self, proxy, name="a.test", context=None, session=None):
        raw = socket.create_connection(("127.0.0.1", proxy.port), 10)
        self.addCleanup(raw.close)
        connection = (context or client_context()).wrap_socket(raw, server_hostname=name, session=session)
        self.addCleanup(connection.close)
        return connection

    def ask(self, connection, path="/"):
        send(connection, path, "a.test")
        return Answer(connection)

    def shown(self, proxy):
        return self.secured(proxy).getpeercert(True)

    def test_certificate_files_are_read_again_when_they_change(self):
        pair = issue(self.temporary.name, "a.test")
        proxy = self.start([pair])
        old = self.secured(proxy)
        first = old.getpeercert(True)
        self.assertEqual(self.ask(old).status, 200)

        # As a renewal does it: the certificate, then its key.
        with tempfile.TemporaryDirectory() as aside:
            renewed = issue(aside, "a.test")
            for kind in ("certFile", "keyFile"):
                write_file(Path(pair[kind]), Path(renewed[kind]).read_text())
        second = wait_until(lambda: (shown := self.shown(proxy)) != first and shown, "the renewed certificate is shown")
        self.assertEqual(common_name(second), "a.test")
        self.assertEqual(self.ask(old).status, 200, "a connection goes on")

        write_file(Path(pair["keyFile"]), "nonsense")
        wait_until(lambda: "the one loaded before stays in use" in proxy.log.read_text(), "the log tells of the bad key")
        self.assertIn(pair["keyFile"], proxy.log.read_text())
        self.assertEqual(self.shown(proxy), second)

        with tempfile.TemporaryDirectory() as aside:
            mended = issue(aside, "a.test")
            for kind in ("certFile", "keyFile"):
                write_file(Path(pair[kind]), Path(mended[kind]).read_text())
        wait_until(lambda: self.shown(proxy) not in (first, second), "the mended certificate is shown")
        self.assertEqual(self.ask(old).status, 200)

    def test_api_and_metrics(self):
        proxy = self.start([issue(self.temporary.name, "a.test", "b.test")])
        listed = json.loads(get(proxy.port, "/api/certificates").body)
        self.assertEqual([(c["commonName"], c["sans"], c["status"]) for c in listed],
                         [("a.test", ["a.test", "b.test"], "warning")])
        one = json.loads(get(proxy.port, "/api/certificates/" + listed[0]["name"]).body)
        self.assertEqual(one, listed[0])
        self.assertEqual(json.loads(get(proxy.port, "/api/overview").body)["certificates"],
                         {"total": 1, "warnings": 1, "errors": 0})

        self.assertEqual(self.ask(self.secured(proxy)).status, 200)
        with self.assertRaises(ssl.SSLError):
            context = ssl.create_default_context()  # trusts nobody we know
            self.secured(proxy, context=context)

        def metrics():
            text = get(proxy.port, "/metrics").body
            return text if text.count("fairlead_tls_handshake_failures_total{") >= 1 else None
        text = wait_until(metrics, "failed handshakes are counted")
        self.assertIn(f'traefik_tls_certs_not_after{{cn="a.test",sans="a.test,b.test",serial="{listed[0]["serialNumber"]}"}}',
                      text)
        self.assertEqual(text.count("traefik_tls_certs_not_after{"), 1, "not the one we make ourselves")
        self.assertIn('reason="refused_by_client"} 1', text)
        self.assertRegex(text, r'traefik_entrypoint_requests_tls_total\{entrypoint="web",tls_cipher="TLS_\w+",tls_version="1.3"\} 1')

    def test_nodes_that_share_a_secret_take_each_others_tickets(self):
        secret = Path(self.temporary.name, "secret")
        secret.write_bytes(os.urandom(48))
        secret.chmod(0o600)
        pair = issue(self.temporary.name, "a.test")
        shares = {"tlsServer": {"sessionTicketSecretFile": str(secret)}}
        one, two, alone = self.start([pair], **shares), self.start([pair], **shares), self.start([pair])
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = client_context(maximum_version=version)
            first = self.secured(one, context=context)
            self.assertEqual(self.ask(first).status, 200)  # with TLS 1.3 the ticket comes with the answer
            self.assertTrue(self.secured(two, context=context, session=first.session).session_reused)
            first = self.secured(one, context=context)
            self.ask(first)
            self.assertFalse(self.secured(alone, context=context, session=first.session).session_reused)

    def test_a_secret_that_is_too_short_stops_the_start(self):
        secret = Path(self.temporary.name, "secret")
        secret.write_text("short")
        proxy = self.fairlead({}, static={"tlsServer": {"sessionTicketSecretFile": str(secret)}})
        self.assertEqual(proxy.wait_for_exit(10), 1)
        self.assertIn("tlsServer.sessionTicketSecretFile: the secret for session tickets has 5 bytes", proxy.log.read_text())

    def test_key_log(self):
        keys = Path(self.temporary.name, "keys")
        proxy = self.start([], tlsServer={"keyLogFile": str(keys)}, log={})
        self.assertEqual(self.ask(self.secured(proxy)).status, 200)
        self.assertIn("CLIENT_TRAFFIC_SECRET_0 ", keys.read_text())
        self.assertEqual(keys.stat().st_mode & 0o777, 0o600)
        self.assertIn("THE SECRETS OF EVERY TLS CONNECTION", proxy.log.read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
