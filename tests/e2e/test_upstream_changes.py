# SPDX-License-Identifier: Apache-2.0
"""What an upstream CA makes of a request, RFC 4210 Appendix F, told to the client: its grantedWithMods and text; a
certificate of somebody else, which is declined; an HTTP server that is no CMP service. The CA is OpenSSL's."""
import http.server
import threading

import pytest

from conftest import Cmf, Vnfm, run, wait_for
from openssl_ca import OpensslCa

HOWS = ["reissue", "unchanged", "replaced"]


class Ra:
    def __init__(self, base, how):
        self.how = how
        self.other = OpensslCa(base / "other")
        self.cmf = Cmf(base / "ra")
        with open(self.cmf.conf, "a", encoding="utf-8") as conf:
            conf.write(self.other.section(forwarding=how))
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


@pytest.fixture(params=HOWS, scope="module")
def ra(request, tmp_path_factory):
    both = Ra(tmp_path_factory.mktemp(request.param), request.param)
    yield both
    both.stop()


def test_rfc4210_f_granted_with_mods(ra):
    result, answers = ra.enrol("mods", "/O=Other/CN=mods", "-pkistatus", "1", "-statusstring", "O is added here")
    assert result.returncode == 0, f"{result.stdout}\n{ra.cmf.tail()}"
    assert b"O is added here" in answers
    assert (b"the upstream CA changed: subject" in answers) == (ra.how != "unchanged")
    wait_for("the confirmation", lambda: ra.cmf.states("mods") == ["active"])


def test_rfc4210_f_changed_and_not_said(ra):
    result, answers = ra.enrol("silent", "/O=Other/CN=silent")
    assert result.returncode == 0, f"{result.stdout}\n{ra.cmf.tail()}"
    assert (b"the upstream CA changed: subject" in answers) == (ra.how != "unchanged")


def test_rfc4210_f_what_we_changed(ra):
    """Our own changes are told beside the upstream's; where we may change nothing, the request is refused."""
    result, answers = ra.enrol("long", "/CN=long", extra=["-days", "20000"])
    assert (result.returncode == 0) == (ra.how != "unchanged"), f"{result.stdout}\n{ra.cmf.tail()}"
    assert (b"validity shortened" in answers) == (ra.how != "unchanged")


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
