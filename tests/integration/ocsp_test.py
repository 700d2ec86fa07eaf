#!/usr/bin/env python3
"""OCSP stapling: `openssl ocsp` answers for a small authority, `openssl s_client -status` looks at what is stapled."""
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from support import BINARY, ProxyTest, free_port, wait_until

if not shutil.which("openssl"):
    print("skipped: no openssl; tools/install_deps.sh --conformance installs it")
    sys.exit(77)


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, text=True, **options).stdout


class Authority:
    """Issues certificates that name an OCSP responder, and is that responder."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.certificate, self.key, self.index = (self.folder / name for name in ("ca.crt", "ca.key", "index.txt"))
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 2,
                "-subj", "/CN=Authority", "-keyout", self.key, "-out", self.certificate)
        self.index.touch()
        self.serial = 1000
        self.port = free_port()
        self.process = None

    def issue(self, name, responder=None, status="V", with_chain=True):
        """-> its files; `status` as the responder has it: V(alid) or R(evoked)"""
        self.serial += 1
        key, request, leaf, chain = (self.folder / f"{name}.{end}" for end in ("key", "csr", "leaf", "crt"))
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", key, "-out", request)
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName=DNS:{name}\n"
                              f"authorityInfoAccess=OCSP;URI:{responder or f'http://127.0.0.1:{self.port}'}\n")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-days", 1,
                "-set_serial", self.serial, "-extfile", extensions, "-out", leaf)
        chain.write_text(leaf.read_text() + (self.certificate.read_text() if with_chain else ""))
        revoked = "201231235959Z" if status == "R" else ""
        with self.index.open("a") as index:
            index.write(f"{status}\t401231235959Z\t{revoked}\t{self.serial:X}\tunknown\t/CN={name}\n")
        return {"certFile": str(chain), "keyFile": str(key)}

    def answer(self):
        self.process = subprocess.Popen(
            ["openssl", "ocsp", "-index", self.index, "-port", str(self.port), "-rsigner", self.certificate,
             "-rkey", self.key, "-CA", self.certificate, "-ndays", "1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        # It says so itself: a connection without a request, to see whether it listens, would hang it for good.
        if not self.process.stdout.readline().startswith(b"ACCEPT"):
            raise AssertionError("openssl ocsp does not listen")

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None


class OcspTest(ProxyTest):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="fairlead-test-")
        self.addCleanup(temporary.cleanup)
        self.authority = Authority(temporary.name)
        self.addCleanup(self.authority.stop)
        self.origin = self.upstream()

    def dynamic(self, certificates):
        return {"http": {"routers": {"all": {"rule": "PathPrefix(`/`)", "service": "s", "tls": {}},
                                     "ready": {"rule": "Path(`/ready`)", "service": "s"}},
                         "services": {"s": {"loadBalancer": {"servers": [{"url": self.origin.url}]}}}},
                "tls": {"certificates": certificates}}

    def start(self, certificates, ocsp=None):
        return self.fairlead(self.dynamic(certificates), static={"ocsp": ocsp or {}}).wait_until_routing()

    def stapled(self, proxy, name):
        """-> "good", or "" when nothing is stapled; the handshake has to succeed either way"""
        said = openssl("s_client", "-connect", f"127.0.0.1:{proxy.port}", "-servername", name, "-status",
                       "-CAfile", self.authority.certificate, "-verify_return_error", stdin=subprocess.DEVNULL, timeout=20)
        self.assertIn("Verify return code: 0 (ok)", said)
        if "OCSP response: no response sent" in said:
            return ""
        self.assertIn("OCSP Response Status: successful", said)
        return said.split("Cert Status: ")[1].split("\n")[0].strip()

    def test_a_good_answer_is_stapled_and_outlives_its_responder(self):
        first = self.authority.issue("a.test")
        self.authority.answer()
        proxy = self.start([first])
        wait_until(lambda: self.stapled(proxy, "a.test") == "good", "the answer is stapled")
        self.authority.stop()
        # Another certificate comes, and nobody can be asked about it: that is shown without, the first one as before.
        proxy.configure(self.dynamic([first, self.authority.issue("b.test")]))
        wait_until(lambda: "ocsp: b.test: " in proxy.log.read_text(), "the log says that nobody answers")
        self.assertEqual(self.stapled(proxy, "b.test"), "")
        self.assertEqual(self.stapled(proxy, "a.test"), "good")

    def test_a_responder_that_is_replaced(self):
        certificate = self.authority.issue("a.test", responder="http://ocsp.invalid/asked")
        self.authority.answer()
        proxy = self.start([certificate], {"responderOverrides": {
            "http://ocsp.invalid/asked": f"http://127.0.0.1:{self.authority.port}"}})
        wait_until(lambda: self.stapled(proxy, "a.test") == "good", "the answer is stapled")

    def test_what_is_not_stapled(self):
        certificates = [self.authority.issue("revoked.test", status="R"),
                        self.authority.issue("alone.test", with_chain=False)]
        other = Authority(tempfile.mkdtemp(dir=self.authority.folder))
        other.serial = 5000
        other.port = free_port()
        self.addCleanup(other.stop)
        # Its answers are about other people's certificates, and signed by itself.
        certificates.append(self.authority.issue("forged.test", responder=f"http://127.0.0.1:{other.port}"))
        other.index.write_text(self.authority.index.read_text())
        other.answer()
        self.authority.answer()
        proxy = self.start(certificates)
        for name, why in (("revoked.test", "the certificate is revoked"), ("alone.test", "issuer is not in its file"),
                          ("forged.test", "ocsp: forged.test: ")):
            wait_until(lambda: any(name in line and why in line for line in proxy.log.read_text().splitlines()), why)
            self.assertEqual(self.stapled(proxy, name), "")

    def test_the_option_is_checked(self):
        done = subprocess.run([BINARY, "--ocsp.responderOverrides.a="], capture_output=True, text=True, timeout=20)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("ocsp.responderOverrides", done.stderr + done.stdout)


if __name__ == "__main__":
    unittest.main()
