#!/usr/bin/env python3
"""HTTPS judged by other people's TLS: GnuTLS, and testssl.sh, which looks for weak protocols, ciphers and known holes."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import ProxyTest, issue


def program(*names):
    """Skips a test where none of these, which are one program's names, is installed -> the one that is."""
    def decorate(test):
        found = next((name for name in names if shutil.which(name)), None)
        if not found:
            return unittest.skip(f"no {names[0]}; tools/install_deps.sh --conformance installs it")(test)
        return lambda self: test(self, found)
    return decorate


class TlsClientsTest(ProxyTest):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="fairlead-test-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.origin = self.upstream()
        self.certificate = issue(self.folder, "localhost")
        self.proxy = self.fairlead({
            "http": {"routers": {"all": {"rule": "PathPrefix(`/`)", "service": "s", "tls": {}},
                                 "ready": {"rule": "Path(`/ready`)", "service": "s"}},
                     "services": {"s": {"loadBalancer": {"servers": [{"url": self.origin.url}]}}}},
            "tls": {"certificates": [self.certificate]}}).wait_until_routing()

    def gnutls(self, client, priorities, *options, name="localhost"):
        """-> the finished process, which has sent a request"""
        return subprocess.run(
            [client, f"--port={self.proxy.port}", f"--sni-hostname={name}", f"--verify-hostname={name}",
             f"--x509cafile={self.certificate['certFile']}", f"--priority={priorities}", *options, "127.0.0.1"],
            input="GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", capture_output=True, text=True, timeout=20)

    @program("gnutls-cli")
    def test_gnutls(self, client):
        for priorities, agreed in (
                ("NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-X25519:-CIPHER-ALL:+AES-128-GCM",
                 "(TLS1.3-X.509)-(ECDHE-X25519)-(ECDSA-SECP256R1-SHA256)-(AES-128-GCM)"),
                ("NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP384R1:-CIPHER-ALL:+CHACHA20-POLY1305",
                 "(TLS1.3-X.509)-(ECDHE-SECP384R1)-(ECDSA-SECP256R1-SHA256)-(CHACHA20-POLY1305)"),
                ("NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-256-GCM",
                 "(TLS1.2-X.509)-(ECDHE-X25519)-(ECDSA-SHA256)-(AES-256-GCM)")):
            done = self.gnutls(client, priorities)
            with self.subTest(priorities, said=done.stdout + done.stderr):
                self.assertIn("HTTP/1.1 200 OK", done.stdout)
                self.assertIn(agreed, done.stdout)

    @program("gnutls-cli")
    def test_gnutls_resumes(self, client):
        for version in ("TLS1.3", "TLS1.2"):
            done = self.gnutls(client, f"NORMAL:-VERS-ALL:+VERS-{version}", "--resume", "--waitresumption")
            with self.subTest(version, said=done.stdout + done.stderr):
                self.assertIn("This is a resumed session", done.stdout)
                self.assertIn("HTTP/1.1 200 OK", done.stdout)

    @program("gnutls-cli")
    def test_gnutls_is_refused_what_is_old_and_what_nobody_offers(self, client):
        for priorities, *options in (("NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0",), ("NORMAL", "--alpn=spdy/3")):
            done = self.gnutls(client, priorities, *options)
            with self.subTest(priorities, said=done.stdout + done.stderr):
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("alert", done.stdout + done.stderr)
        self.assertNotEqual(self.gnutls(client, "NORMAL", name="other.test").returncode, 0, "the default certificate")

    # Without what tries every cipher one by one, which takes a minute, and what judges the certificate, which is ours.
    @program("testssl", "testssl.sh")
    def test_testssl_finds_nothing(self, testssl):
        findings = self.folder / "findings.json"
        said = subprocess.run(
            [testssl, "--quiet", "--color=0", "--warnings=batch", "--nodns=none", "--ip=127.0.0.1", f"--jsonfile={findings}",
             "--protocols", "--std", "--heartbleed", "--ccs-injection", "--ticketbleed", "--renegotiation", "--compression",
             "--tls-fallback", f"localhost:{self.proxy.port}"],
            # It warns of an openssl without GOST ciphers, which is not about us.
            env=os.environ | {"NO_ENGINE": "true"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120).stdout
        found = {finding["id"]: finding for finding in json.loads(findings.read_text())}
        self.assertEqual([f for f in found.values() if f["severity"] not in ("OK", "INFO")], [], said)
        for name, finding in (("SSLv3", "not offered"), ("TLS1", "not offered"), ("TLS1_1", "not offered"),
                              ("TLS1_2", "offered"), ("TLS1_3", "offered with final"), ("ALPN_HTTP2", "h2"),
                              ("cipherlist_AVERAGE", "not offered"), ("cipherlist_STRONG", "offered"),
                              ("heartbleed", "not vulnerable"), ("CCS", "not vulnerable"), ("secure_renego", "supported"),
                              ("secure_client_renego", "not vulnerable"), ("CRIME_TLS", "not vulnerable")):
            self.assertTrue(found.get(name, {}).get("finding", "").startswith(finding), f"{name}: {found.get(name)}\n{said}")


if __name__ == "__main__":
    unittest.main()
