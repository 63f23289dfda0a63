# SPDX-License-Identifier: Apache-2.0
"""An upstream CA that is no cmfd: `openssl cmp -port`, which answers each request for a certificate with
the one that it is given, whatever was asked for."""
import pathlib
import re
import subprocess

from conftest import OPENSSL, PATIENCE, free_port, issue, make_ca, new_key, run, wait_for


class OpensslCa:
    """A CA of files, its CMP server, and the credential of an RA that it knows."""

    def __init__(self, base, server_extensions="keyUsage=critical,digitalSignature\n"
                 "extendedKeyUsage=1.3.6.1.5.5.7.3.27\n"):
        base.mkdir()
        self.dir = base
        self.cert, self.key = base / "ca.pem", base / "ca.key"
        self.server_cert, self.server_key = base / "server.pem", base / "server.key"
        self.ra_cert, self.ra_key = base / "ra.pem", base / "ra.key"
        make_ca(self.cert, self.key, "/CN=Other CA")
        issue(self.cert, self.key, self.server_cert, self.server_key, "/CN=Other server", server_extensions)
        issue(self.cert, self.key, self.ra_cert, self.ra_key, "/CN=ra")
        self.port = free_port()
        self.process = None

    def section(self, **more):
        """For the RA's configuration."""
        keys = {"type": "upstream", "certificate": self.cert, "trusted": self.cert,
                "server_url": f"http://127.0.0.1:{self.port}/pkix/", "ra_certificate": self.ra_cert,
                "ra_key": self.ra_key, "expect_sender": "/CN=Other server", "recipient": "/CN=Other server",
                "upstream_wait": "2s", "upstream_retry": "500ms", **more}
        return "\n[ca other]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())

    def certify(self, cert, key, subject, *args, extensions=""):
        """A certificate for an entity, as the upstream's operator may like it."""
        request, ext = self.dir / "entity.csr", self.dir / "entity.ext"
        run([OPENSSL, "req", "-new", "-key", key, "-subj", subject, "-out", request])
        ext.write_text(extensions + "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
        run([OPENSSL, "x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key, "-days", "30",
             "-extfile", ext, "-out", cert, *args])
        return cert

    def serve(self, cert, *args):
        """Answers with that certificate from now on."""
        self.stop()
        log = open(self.dir / "server.log", "ab")
        self.process = subprocess.Popen(
            [OPENSSL, "cmp", "-config", "", "-port", str(self.port), "-srv_cert", self.server_cert,
             "-srv_key", self.server_key, "-srv_trusted", self.cert, "-rsp_cert", cert,
             "-accept_raverified", *args], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()

        def listens():
            # A connection to see would be one that it serves.
            assert self.process.poll() is None, (self.dir / "server.log").read_text()
            sockets = "".join(pathlib.Path(p).read_text() for p in ("/proc/net/tcp", "/proc/net/tcp6"))
            return re.search(rf":{self.port:04X} [0-9A-F]+:0000 0A ", sockets)
        wait_for("openssl cmp -port", listens)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait(PATIENCE)
            self.process = None

    def new_key(self, name):
        return new_key(self.dir / name)
