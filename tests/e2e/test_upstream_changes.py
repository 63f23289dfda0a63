# SPDX-License-Identifier: Apache-2.0
"""What an upstream CA makes of a request, RFC 4210 Appendix F, told to the client: its grantedWithMods and text; a
certificate of somebody else, which is declined; an HTTP server that is no CMP service. The CA is OpenSSL's; it knows no
nested messages, so where protection is added somebody in front of it takes the inner message out."""
import http.client
import http.server
import threading

import pytest

from conftest import PATIENCE, Cmf, Vnfm, run, wait_for
from openssl_ca import OpensslCa

HOWS = ["reissue", "unchanged", "added", "replaced"]
# The answer goes to the client as it is.
AS_IT_IS = ("unchanged", "added")
NESTED = 0xA0 | 20  # of PKIBody


def tlv(der):
    """Tag, content, what follows."""
    length, at = der[1], 2
    if length & 0x80:
        octets = length & 0x7F
        length, at = int.from_bytes(der[2:2 + octets], "big"), 2 + octets
    return der[0], der[at:at + length], der[at + length:]


class Unwrapping:
    """RFC 9483 5.2.2.1: the answer is one to the inner message. To `openssl cmp -port` a transaction is a connection."""

    def __init__(self, port):
        self.unwrapped, self.connection = 0, http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        front, lock = self, threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # noqa: N802
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with lock:
                    answer = front.forward(self.path, body)
                    content = answer.read()
                self.send_response(answer.status)
                for name in ("Content-Type", "Location"):
                    if answer.headers[name]:
                        self.send_header(name, answer.headers[name])
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/pkix/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def forward(self, path, body):
        _, message, _ = tlv(body)
        _, _, rest = tlv(message)  # the header
        tag, nested, _ = tlv(rest)
        assert tag == NESTED
        self.unwrapped += 1
        for last in (False, True):
            try:
                self.connection.request("POST", path, tlv(nested)[1], {"Content-Type": "application/pkixcmp"})
                return self.connection.getresponse()
            except (OSError, http.client.HTTPException):
                # Each certificate has a server of its own.
                self.connection.close()
                if last:
                    raise

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.connection.close()


class Ra:
    def __init__(self, base, how):
        self.how = how
        self.other = OpensslCa(base / "other")
        self.cmf = Cmf(base / "ra")
        with open(self.cmf.conf, "a", encoding="utf-8") as conf:
            self.front = Unwrapping(self.other.port) if how == "added" else None
            url = {"server_url": self.front.url} if self.front else {}
            # As long as it takes: there is a file for each of the few answers, and none for one that says to wait.
            conf.write(self.other.section(forwarding=how, upstream_wait=f"{int(PATIENCE)}s", **url))
        self.cmf.start()
        self.vnfm = Vnfm(self.cmf, "vnfm-a", base / "vnfm")
        self.trusted = base / "trusted.pem"
        self.trusted.write_text(self.other.cert.read_text() + self.vnfm.anchor.read_text())

    def enrol(self, name, subject, *serve, extensions="", extra=()):
        """What `openssl cmp` said, and the octets of the last answers."""
        self.cmf.ctl("register", "--requester", "vnfm-a", "--cert-type", "VnfciCert", "--ca", "other",
                     "--subject-id", name)
        key, answers = self.vnfm.key(), [self.vnfm.out("der") for _ in range(4)]
        cert = self.other.certify(self.other.dir / f"{key.name}.pem", key, subject, extensions=extensions)
        self.other.serve(cert, "-srv_trusted", self.trusted, *serve)
        command = self.vnfm.command("ir", "-newkey", key, "-subject", f"/CN={name}", "-certout", self.vnfm.out(),
                                    "-out_trusted", self.other.cert, "-rspout", ",".join(map(str, answers)), *extra,
                                    path=".well-known/cmp/p/VnfciCert")
        at = command.index("-trusted") + 1
        command[at] = f"{command[at]},{self.other.cert}"
        result = run(command, check=False)
        return result, b"".join(a.read_bytes() for a in answers if a.exists())

    def stop(self):
        self.other.stop()
        assert self.cmf.stop() == 0
        if self.front:
            self.front.stop()


@pytest.fixture(params=HOWS, scope="module")
def ra(request, tmp_path_factory):
    both = Ra(tmp_path_factory.mktemp(request.param), request.param)
    yield both
    both.stop()


def test_rfc4210_f_granted_with_mods(ra):
    result, answers = ra.enrol("mods", "/O=Other/CN=mods", "-pkistatus", "1", "-statusstring", "O is added here")
    assert result.returncode == 0, f"{result.stdout}\n{ra.cmf.tail()}"
    assert b"O is added here" in answers
    assert not ra.front or ra.front.unwrapped > 0
    assert (b"the upstream CA changed: subject" in answers) == (ra.how not in AS_IT_IS)
    wait_for("the confirmation", lambda: ra.cmf.states("mods") == ["active"])


def test_rfc4210_f_changed_and_not_said(ra):
    result, answers = ra.enrol("silent", "/O=Other/CN=silent")
    assert result.returncode == 0, f"{result.stdout}\n{ra.cmf.tail()}"
    assert (b"the upstream CA changed: subject" in answers) == (ra.how not in AS_IT_IS)


def test_rfc4210_f_what_we_changed(ra):
    """Our own changes are told beside the upstream's; where we may change nothing, the request is refused."""
    result, answers = ra.enrol("long", "/CN=long", extra=["-days", "20000"])
    assert (result.returncode == 0) == (ra.how not in AS_IT_IS), f"{result.stdout}\n{ra.cmf.tail()}"
    assert (b"validity shortened" in answers) == (ra.how not in AS_IT_IS)


@pytest.mark.parametrize("name, subject, extensions, words", [
    ("other-name", "/CN=somebody", "", b"names another entity"),
    ("other-san", "/CN=other-san", "subjectAltName=DNS:somebody\n", b"names another entity"),
    ("ca-true", "/CN=ca-true", "basicConstraints=critical,CA:TRUE\n", b"is one of a CA"),
])
def test_certificate_of_another_is_declined(ra, name, subject, extensions, words):
    """The client is told why, and that it was not the upstream that refused."""
    result, answers = ra.enrol(name, subject, extensions=extensions)
    assert result.returncode != 0
    assert words in answers and b"was declined" in answers and b"rejected" not in answers
    assert ra.cmf.states(name) == ["rejected"]
    log = ra.cmf.log.read_text()
    assert 'event="upstream certificate declined"' in log and "reason=upstream_cert_" in log


@pytest.mark.parametrize("status, words", [(404, b"knows no CMP service"), (302, b"redirects")])
def test_http_status_is_told(ra, status, words):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):  # noqa: N802
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()

        def log_message(self, *args):  # pylint: disable=arguments-differ
            pass

    name = f"status-{status}"
    ra.cmf.ctl("register", "--requester", "vnfm-a", "--cert-type", "VnfciCert", "--ca", "other", "--subject-id", name)
    ra.other.stop()
    server = http.server.HTTPServer(("127.0.0.1", ra.other.port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        # It may have to wait: what is revoked at the CA that is gone has found nobody there.
        answers = [ra.vnfm.out("der") for _ in range(8)]
        result = run(ra.vnfm.command("ir", "-newkey", ra.vnfm.key(), "-subject", f"/CN={name}", "-certout",
                                     ra.vnfm.out(), "-rspout", ",".join(map(str, answers)),
                                     path=".well-known/cmp/p/VnfciCert"),
                     check=False)
    finally:
        server.shutdown()
        server.server_close()
    assert result.returncode != 0
    told = b"".join(a.read_bytes() for a in answers if a.exists())
    assert words in told and b"rejected" not in told
    assert f"http_status={status}" in ra.cmf.log.read_text()
