# SPDX-License-Identifier: Apache-2.0
"""The page for authors of clients (explain_listen): the syntax for anybody, the decision for who has sent the message."""
import base64
import http.client
import re
import urllib.error
import urllib.parse
import urllib.request

import pytest
from conftest import OPENSSL, free_port, issue, make_ca, new_key, run

PROFILE = "VnfciCert"


class Page:
    def __init__(self, cmf):
        self.cmf, self.port = cmf, free_port()

    def ask(self, body=None, content_type="application/pkixcmp", query=f"?profile={PROFILE}", method=None):
        """(status, text, headers)"""
        headers = {"Content-Type": content_type} if body is not None else {}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{query}", body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers

    def caught(self, *credential, subject="/CN=vnfci-page", key=None):
        """What openssl cmp would send."""
        a = self.cmf.vnfm_a
        out = a.out("der")
        run([OPENSSL, "cmp", "-config", "", "-cmd", "ir", "-server", f"127.0.0.1:{self.cmf.port}", "-path", "nowhere/x/y",
             *credential, "-recipient", "/CN=cmf", "-newkey", key or a.key(), "-subject", subject, "-certout", a.out(),
             "-reqout", out], check=False)
        return out.read_bytes()

    def caught_as_vnfm_a(self, **kwargs):
        a = self.cmf.vnfm_a
        return self.caught("-cert", a.cert, "-key", a.private_key, **kwargs)


@pytest.fixture(scope="module")
def page(shared):
    page, text = Page(shared), shared.conf.read_text()
    with pytest.raises(OSError):  # off by default
        page.ask()
    shared.stop()
    shared.set("server", "explain_listen", f"127.0.0.1:{page.port}")
    shared.start()
    shared.register("vnfm-a", "vnfci-page")
    yield page
    shared.stop()
    shared.conf.write_text(text)
    shared.start()


def test_form_needs_no_script(page):
    status, text, headers = page.ask(query="")
    assert status == 200 and headers.get_content_type() == "text/html" and "<script" not in text
    assert '<form method="post" action="/">' in text and '<textarea id="message" name="message"' in text
    assert "default-src 'none'" in headers["Content-Security-Policy"] and headers["Cache-Control"] == "no-store"


def test_sender_is_told_the_decision(page, shared):
    message = page.caught_as_vnfm_a()
    before = shared.snapshot(), shared.ctl_json("transaction", "list")
    counted = re.findall(r"^cmfd_requests_total.*$", shared.metrics(), re.M)
    status, text, headers = page.ask(message)
    assert status == 200 and headers.get_content_type() == "text/plain"
    assert "body: ir [0]" in text and "sender" in text and "vnfm-a\n" in text and "granted" in text
    assert "vnfci-page (from commonName of the subject)" in text and "(from the URL)" in text
    # Nothing of the answer, and nothing has happened.
    assert "ip [1]" not in text
    assert (shared.snapshot(), shared.ctl_json("transaction", "list")) == before
    assert re.findall(r"^cmfd_requests_total.*$", shared.metrics(), re.M) == counted
    # Without a profile, and as a form.
    assert "refused: badRequest, cert_type_missing" in page.ask(message, query="")[1]
    form = urllib.parse.urlencode({"message": base64.encodebytes(message), "profile": PROFILE}).encode()
    status, text, headers = page.ask(form, "application/x-www-form-urlencoded", "")
    assert status == 200 and headers.get_content_type() == "text/html"
    assert "granted" in text and "<pre>" in text and "body: ir [0]" in text


def test_message_that_was_sent_is_explained_as_new(page, shared):
    a = shared.vnfm_a
    request = a.out("der")
    a.cmp("ir", "-newkey", a.key(), "-subject", "/CN=vnfci-page", "-certout", a.out(), "-reqout", request,
          path=f".well-known/cmp/p/{PROFILE}")
    text = page.ask(request.read_bytes())[1]
    assert "granted" in text and "these very octets came" in text and "transactionIdInUse" not in text


def test_stranger_is_told_the_syntax_alone(page, tmp_path):
    make_ca(tmp_path / "ca.pem", tmp_path / "ca.key", "/CN=nobody's CA")
    issue(tmp_path / "ca.pem", tmp_path / "ca.key", tmp_path / "cert", tmp_path / "key", "/CN=vnfm-a")
    known = page.caught("-cert", tmp_path / "cert", "-key", tmp_path / "key")
    unknown = page.caught("-cert", tmp_path / "cert", "-key", tmp_path / "key", subject="/CN=vnfci-not-registered")
    told = [page.ask(m) for m in (known, unknown)]
    for status, text, _ in told:
        assert status == 200 and "body: ir [0]" in text and "signerNotTrusted, signer_not_trusted" in text
        assert "told to who has sent the message alone" in text
        for secret in ("granted", "entity  ", "CA    ", "entity_not_authorized", "not reached", "\ndecided"):
            assert secret not in text
    # Whether there is such an entity makes no difference.
    decisions = [text.split("What would be answered")[1] for _, text, _ in told]
    assert decisions[0] == decisions[1]


def test_wrong_secret_and_unknown_reference_sound_alike(page, shared, tmp_path):
    (tmp_path / "secret").write_text("a-secret-of-more-than-128-bits-0123456789\n")
    shared.ctl("client", "add", "page-mac", "--mac", "--ref", "page-ref", "--secret-file", tmp_path / "secret",
               "--trust-domain", "page", "--default-profile", PROFILE)
    texts = []
    for reference in ("page-ref", "page-nobody"):
        text = page.ask(page.caught("-ref", reference, "-secret", "pass:wrong-secret-0123456789"))[1]
        texts.append(text.split("What would be answered")[1])
    assert texts[0] == texts[1] and "badMessageCheck, protection_wrong" in texts[0]
    text = page.ask(page.caught("-ref", "page-ref", "-secret", f"file:{tmp_path}/secret"))[1]
    assert "page-mac\n" in text and "entity_not_authorized" in text


def test_what_the_log_alone_has_is_not_told(page, shared):
    """A name that is reserved sounds as any that is not the sender's."""
    text = page.ask(page.caught_as_vnfm_a(subject="/CN=vnfm-a"))[1]
    assert "entity_not_authorized" in text
    assert "reserved" not in text and "(" not in text.split("entity_not_authorized")[1].split("\n")[0]


def test_malformed_mistaken_and_unasked(page, shared, tmp_path):
    message = page.caught_as_vnfm_a()
    status, text, _ = page.ask(message[:150])
    assert status == 200 and "malformed     offset 150, " in text and "octets are missing" in text
    assert "this is no message" not in text and "What would be answered" not in text
    new_key(tmp_path / "k")
    run([OPENSSL, "req", "-new", "-key", tmp_path / "k", "-subj", "/CN=x", "-out", tmp_path / "csr"])
    text = page.ask((tmp_path / "csr").read_bytes(), "text/plain")[1]
    assert "This is a PKCS#10 certification request (CSR), no CMP message" in text
    form = urllib.parse.urlencode({"message": "<script>alert(1)</script>"}).encode()
    text = page.ask(form, "application/x-www-form-urlencoded", "")[1]
    assert "<script" not in text and "XML or HTML" in text
    status, _, headers = page.ask(b"x", method="PUT")
    assert status == 405 and headers["Allow"] == "GET, POST"
    assert page.ask(b"0" * (4 * 65536))[0] == 413
    # No other path is on this listener, and it is on no other.
    connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=600)
    connection.request("POST", "/.well-known/cmp", message, {"Content-Type": "application/pkixcmp"})
    assert connection.getresponse().status == 404
    connection.close()


def test_strangers_have_a_budget(page):
    """Deriving keys for MACs that are wrong: after some of it there is no time for more."""
    message = page.caught("-ref", "page-stranger", "-secret", "pass:wrong-secret-0123456789")
    at = message.index(bytes.fromhex("06092a864886f67d07420d"))  # PasswordBasedMac
    # iterationCount 500 of openssl cmp: as many as are accepted, in as many octets.
    old, new = bytes.fromhex("020201f4"), bytes.fromhex("02027fff")
    dear = message[:at] + message[at:].replace(old, new, 1)
    assert dear != message
    statuses = set()
    for _ in range(2000):
        status, text, headers = page.ask(dear)
        statuses.add(status)
        if status == 503:
            assert "no time for messages of unknown senders" in text and headers["Retry-After"]
            break
    assert statuses == {200, 503}
