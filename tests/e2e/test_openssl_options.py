# SPDX-License-Identifier: Apache-2.0
"""The options of `openssl cmp` that reach a server and stand in no other test here, with the clients of Debian 12 (3.0)
and 13 (3.5). One daemon for all; each test has entities of its own."""
import http.client
import http.server
import itertools
import os
import re
import select
import socket
import threading
import urllib.request

import pytest

from conftest import OPENSSL, PATIENCE, Cmf, MacClient, Requester, Vnfm, free_port, issue, make_ca, run, \
    serial_of, x509

OPENSSL35 = os.environ.get("CMFD_OPENSSL35")
NUMBERS = itertools.count(1)
PROFILE = ".well-known/cmp/p/VnfciCert"
since_35 = pytest.mark.skipif(not OPENSSL35, reason="Debian 13's openssl could not be made here "
                                                    "(tools/debian13-openssl)")


class Client(Requester):
    """The same credential with one of the programs; subjects are its own."""

    def __init__(self, openssl, label, of, n):
        super().__init__(of.cmf, of.dir, of.credential)
        self.openssl, self.label, self.count, self.config = openssl, label, n * 1000, ""
        self.is_30 = run([openssl, "version"]).stdout.startswith("OpenSSL 3.0.")

    def command(self, cmd, *args, path=PROFILE):
        command = [self.openssl, *super().command(cmd, *args, path=path)[1:]]
        command[command.index("-config") + 1] = self.config
        return command

    def cmp(self, cmd, *args, path=PROFILE, **kwargs):
        return super().cmp(cmd, *args, path=path, **kwargs)

    def entity(self, name, manager="vnfm-a", cert_type="VnfciCert"):
        """A name that only this client has, registered."""
        name = f"{name}-{self.label}"
        self.cmf.register(manager, name, cert_type=cert_type)
        return name

    def request(self, name, *args, cmd="ir", **kwargs):
        self.cert = self.out()
        return self.cmp(cmd, "-newkey", self.key(), "-subject", f"/CN={name}", "-certout", self.cert, *args,
                        **kwargs)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    base = tmp_path_factory.mktemp("options")
    server = Cmf(base / "cmf")
    tls = base / "tls"
    tls.mkdir()
    server.tls_port, server.tls_ca = free_port(), tls / "ca.pem"
    make_ca(server.tls_ca, tls / "ca.key", "/CN=TLS CA")
    issue(server.tls_ca, tls / "ca.key", tls / "server.pem", tls / "server.key", "/CN=localhost",
          extensions="subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    issue(server.tls_ca, tls / "ca.key", tls / "client.pem", tls / "client.key", "/CN=tls client")
    server.tls_client = ["-tls_cert", tls / "client.pem", "-tls_key", tls / "client.key"]
    for key, value in (("listen_tls", f"127.0.0.1:{server.tls_port}"),
                       ("tls_certificate", tls / "server.pem"), ("tls_key", tls / "server.key"),
                       ("tls_client_ca", server.tls_ca)):
        server.set("server", key, value)
    for key, value in (("cert_type", "VnfciCert"), ("key_types", "ec:P-256"), ("common_name", "subjectId"),
                       ("dns_names", "any"), ("vnfci_uri", "yes"), ("ip_addresses", "192.0.2.0/24, 2001:db8::/32"),
                       ("extension_section", "options_extensions")):
        server.set("profile Options", key, value)
    server.set("ca issuing", "crl_on_revocation", "yes")
    server.set("options_extensions", "keyUsage", "critical, digitalSignature")
    server.set("options_extensions", "certificatePolicies", "1.3.6.1.4.1.99999.1")
    server.set("options_extensions", "extendedKeyUsage", "serverAuth, clientAuth")
    server.set("client_policy by-key", "revoke_by_key", "yes")
    server.start()
    server.vnfm = Vnfm(server, "vnfm-a", base / "a")
    server.by_key = Vnfm(server, "by-key", base / "by-key")
    server.ctl("client", "update", "by-key", "--policy", "by-key")
    server.mano = MacClient(server, "nfvo", base / "mano")
    yield server
    status = server.stop()
    assert status == 0, f"cmfd ended with {status}\n{server.tail()}"


@pytest.fixture(params=[pytest.param("30"), pytest.param("35", marks=since_35)])
def client(request, server):
    return Client({"30": OPENSSL, "35": OPENSSL35}[request.param], request.param, server.vnfm,
                  next(NUMBERS))


@pytest.fixture
def newer(server):
    return Client(OPENSSL35, "35", server.vnfm, next(NUMBERS))


@pytest.fixture
def options(server, client):
    """An entity under the profile with policies and further names."""
    def register(name):
        name = f"{name}-{client.label}"
        server.ctl("register", "--requester", "vnfm-a", "--cert-type", "VnfciCert", "--profile", "Options",
                   "--subject-id", name)
        return name
    return register


# --- what is asked for -------------------------------------------------------------------------------------------------

def test_several_sans(client, options):
    name, host = options("sans"), client.label  # addresses, too, are of one entity
    result = client.request(name, "-sans", f"{name}.example.net {name}.example.org 192.0.2.{host} 2001:db8::{host} "
                                           f"urn:etsi:nfv:vnfci:{name}", path=".well-known/cmp/p/Options")
    assert result.ok, result.text
    text = x509(client.cert, "-ext", "subjectAltName")
    for san in (f"DNS:{name}.example.net", f"DNS:{name}.example.org", f"IP Address:192.0.2.{host}",
                f"IP Address:2001:DB8:0:0:0:0:0:{host}", f"URI:urn:etsi:nfv:vnfci:{name}"):
        assert san in text, text
    assert "grantedWithMods" not in result.text


def test_days(client):
    result = client.request(client.entity("days"), "-days", "3")
    assert result.ok and "grantedWithMods" not in result.text, result.text
    assert run([OPENSSL, "x509", "-in", client.cert, "-noout", "-checkend", str(2 * 86400)]).returncode == 0
    assert run([OPENSSL, "x509", "-in", client.cert, "-noout", "-checkend", str(4 * 86400)],
               check=False).returncode == 1


def config(client, text):
    client.config = client.out("cnf")
    client.config.write_text(text)
    return client


POLICY, OTHER = "1.3.6.1.4.1.99999.1", "1.3.6.1.4.1.99999.2"


@pytest.mark.parametrize("how", ["-policies", "-policy_oids"])
def test_policies(client, options, how):
    """The policy of the profile is granted, whoever asks for it; another is left out, which the status says."""
    name = options(f"policies{how}")
    config(client, f"[good]\ncertificatePolicies={POLICY}\n[bad]\ncertificatePolicies={OTHER}\n")
    good, bad = ("good", "bad") if how == "-policies" else (POLICY, OTHER)
    result = client.request(name, how, good, path=".well-known/cmp/p/Options")
    assert result.ok and "grantedWithMods" not in result.text, result.text
    assert POLICY in x509(client.cert, "-ext", "certificatePolicies")
    result = client.request(name, how, bad, cmd="cr", path=".well-known/cmp/p/Options")
    assert result.ok and "grantedWithMods" in result.text and "certificatePolicies" in result.text, result.text
    assert OTHER not in x509(client.cert, "-text")


def test_policy_oids_critical(client, options):
    """RFC 5280 4.2: what is critical is not left out."""
    name = options("critical")
    result = client.request(name, "-policy_oids", OTHER, "-policy_oids_critical", path=".well-known/cmp/p/Options")
    assert result.failinfo == "unacceptedExtension", result.text
    assert client.cmf.certificates(name) == []


def test_reqexts(client, options):
    """The same extension as the profile's; a usage beyond it; a CA certificate."""
    name = options("reqexts")
    config(client, "[same]\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=critical,digitalSignature\n"
                   "[more]\nextendedKeyUsage=codeSigning\n"
                   "[ca]\nbasicConstraints=critical,CA:TRUE\n")
    result = client.request(name, "-reqexts", "same", path=".well-known/cmp/p/Options")
    assert result.ok and "grantedWithMods" not in result.text, result.text
    result = client.request(name, "-reqexts", "more", cmd="cr", path=".well-known/cmp/p/Options")
    assert result.ok and "grantedWithMods" in result.text and "extendedKeyUsage" in result.text, result.text
    assert "Code Signing" not in x509(client.cert, "-text")
    result = client.request(name, "-reqexts", "ca", cmd="cr", path=".well-known/cmp/p/Options")
    assert result.ok and "grantedWithMods" in result.text and "basicConstraints" in result.text, result.text
    assert "Basic Constraints" not in x509(client.cert, "-text")


def test_csr_for_ir_and_kur(client):
    """-csr: subject and key of ir and kur come out of a PKCS#10 request."""
    name, key, csr, cert, chain = client.entity("csr"), client.key(), client.out("csr"), client.out(), client.out()
    run([OPENSSL, "req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", csr])
    result = client.cmp("ir", "-csr", csr, "-newkey", key, "-certout", cert, "-chainout", chain)
    assert result.ok, result.text
    assert x509(cert, "-pubkey") == run([OPENSSL, "req", "-in", csr, "-noout", "-pubkey"]).stdout
    newer, csr2, updated = client.key(), client.out("csr"), client.out()
    run([OPENSSL, "req", "-new", "-key", newer, "-subj", f"/CN={name}", "-out", csr2])
    result = client.cmp("kur", "-oldcert", cert, "-csr", csr2, "-newkey", newer, "-certout", updated)
    assert result.ok, result.text
    assert x509(updated, "-pubkey") == run([OPENSSL, "req", "-in", csr2, "-noout", "-pubkey"]).stdout


def test_issuer(client):
    """-issuer goes into the template: the name of the CA, or refused."""
    name = client.entity("issuer")
    assert client.request(name).ok
    issuer = x509(client.cert, "-issuer", "-nameopt", "compat").strip().replace("issuer=", "", 1)
    result = client.request(name, "-issuer", issuer, cmd="cr")
    assert result.ok, result.text
    result = client.request(name, "-issuer", "/CN=another CA", cmd="cr")
    assert result.failinfo == "wrongAuthority", result.text


@pytest.mark.parametrize("popo, failinfo", [("-1", "badPOP"), ("0", "notAuthorized"), ("1", None),
                                            ("2", "badPOP")])
def test_popo(client, popo, failinfo):
    """EC keys of that profile only sign, so keyEncipherment (2) is refused. Since 3.5 -1 asks for central key
    generation, which the client's certificate cannot be used for: see test_central_key.py."""
    name, extra = client.entity(f"popo{popo}"), []
    if not client.is_30 and popo == "-1":
        failinfo, extra = "badRequest", ["-newkeyout", client.out()]
    result = client.request(name, "-popo", popo, *extra)
    assert result.failinfo == failinfo and result.ok == (failinfo is None), result.text
    assert client.cmf.states(name) == ([] if failinfo else ["active"])


def test_oldcert_as_reference(client):
    """-oldcert: subject and SANs are taken over; -san_nodefault leaves the latter out."""
    name = client.entity("reference")
    assert client.request(name, "-sans", f"{name}.example.net").ok
    first = client.cert
    for extra, there in ([], True), (["-san_nodefault"], False):
        cert = client.out()
        result = client.cmp("cr", "-oldcert", first, "-subject", f"/CN={name}", "-newkey", client.key(), "-certout",
                            cert, *extra)
        assert result.ok, result.text
        assert (f"DNS:{name}.example.net" in x509(cert, "-text")) == there


def test_geninfo_that_nobody_knows(client):
    """RFC 9483 3.5: what else is in generalInfo is tolerated."""
    result = client.request(client.entity("geninfo"), "-geninfo", "1.3.6.1.4.1.99999.7:int:7")
    assert result.ok, result.text


@since_35
def test_geninfo_several(newer):
    oid = "2.25.222147897761693879604210948217677133715"
    result = newer.request(newer.entity("geninfo-several"), "-geninfo",
                           f"{oid}.2:str:geninfo-several-35, {oid}.3:int:0, 1.3.6.1.4.1.99999.7:str:x")
    assert result.ok, result.text


# --- confirmation ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("args, state, messages", [([], "active", 2), (["-implicit_confirm"], "active", 1),
                                                   (["-disable_confirm"], "pending", 1)])
def test_confirmation(client, args, state, messages):
    name = client.entity(f"confirm-{len(args) and args[0][1:4]}")
    requests = [client.out("der") for _ in range(2)]
    result = client.request(name, "-reqout", f"{requests[0]} {requests[1]}", *args)
    assert result.ok, result.text
    assert client.cmf.states(name) == [state]
    assert [r.exists() for r in requests] == [True, messages == 2]


def test_out_trusted(client, tmp_path):
    """Trusted for the new certificate: the root; with another it is rejected, and withdrawn here."""
    name = client.entity("trusted")
    result = client.request(name, "-out_trusted", client.cmf.root)
    assert result.ok, result.text
    make_ca(tmp_path / "other.pem", tmp_path / "other.key", "/CN=other")
    result = client.request(name, "-out_trusted", tmp_path / "other.pem", cmd="cr")
    assert not result.ok
    assert client.cmf.states(name) == ["active", "rejected"]


# --- revocation --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("who", ["vnfm", "by_key"])
def test_revoke_by_csr(client, who):
    """-csr in place of -oldcert: rr has the subject and the key of the PKCS#10 and no more, which RFC 9483 4.2 does not
    know; with revoke_by_key of the client it is the one certificate that has both."""
    vnfm = getattr(client.cmf, who)
    client.credential = vnfm.credential
    name, key, csr = client.entity(f"by-csr-{who}", manager=vnfm.name), client.key(), client.out("csr")
    run([OPENSSL, "req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", csr])
    for _ in range(2):
        assert client.cmp("ir", "-csr", csr, "-newkey", key, "-certout", client.out()).ok
        result = client.cmp("rr", "-csr", csr, "-revreason", "1", path=".well-known/cmp")
        assert result.failinfo == (None if who == "by_key" else "addInfoNotAvailable"), result.text
        assert result.ok == (who == "by_key"), result.text
    assert client.cmf.states(name) == (["revoked", "revoked"] if who == "by_key" else ["active", "active"])
    result = client.cmp("rr", "-csr", csr, path=".well-known/cmp")
    assert result.failinfo == ("badCertId" if who == "by_key" else "addInfoNotAvailable"), result.text


REASONS = {-1: None, 0: None, 1: "Key Compromise", 2: "CA Compromise", 3: "Affiliation Changed", 4: "Superseded",
           5: "Cessation Of Operation", 6: "Certificate Hold", 9: "Privilege Withdrawn", 10: "AA Compromise"}


def crl_reasons(cmf, path):
    """Serial number to reason, of the CRL that cmfd publishes."""
    with urllib.request.urlopen(f"{cmf.url}/crl/issuing.crl", timeout=PATIENCE) as answer:
        path.write_bytes(answer.read())
    text = run([OPENSSL, "crl", "-inform", "DER", "-in", path, "-noout", "-text"]).stdout
    entries = re.split(r"Serial Number: ", text.split("Signature Algorithm", 2)[1])[1:]
    reason = re.compile(r"CRL Reason Code:\s*\n\s*([^\n]+)")
    return {e.split()[0].lower(): (reason.search(e) or [None, None])[1] for e in entries}


def test_every_revreason(client):
    """RFC 5280 5.3.1: all of them, as the CRL has them. 8 is for one on hold only."""
    names, serials = {reason: client.entity(f"reason{reason}") for reason in REASONS}, {}
    for reason, name in names.items():
        assert client.request(name, "-implicit_confirm").ok
        result = client.cmp("rr", "-oldcert", client.cert, "-revreason", str(reason), path=".well-known/cmp")
        assert result.ok, f"{reason}: {result.text}"
        assert client.cmf.states(name) == ["on hold" if reason == 6 else "revoked"]
        serials[reason] = serial_of(client.cert)
        if reason == 6:
            held = client.cert
    listed = crl_reasons(client.cmf, client.out("crl"))
    assert {reason: listed[serial] for reason, serial in serials.items()} == REASONS
    result = client.cmp("rr", "-oldcert", client.cert, "-revreason", "8", path=".well-known/cmp")
    assert result.failinfo == "certRevoked", result.text
    result = client.cmp("rr", "-oldcert", held, "-revreason", "8", path=".well-known/cmp")
    assert result.ok and client.cmf.states(names[6]) == ["active"], result.text
    assert serials[6] not in crl_reasons(client.cmf, client.out("crl"))


@since_35
def test_rr_by_issuer_and_serial(newer):
    """-serial (3.5) with -issuer names the certificate without having it."""
    name = newer.entity("serial")
    assert newer.request(name).ok
    issuer = x509(newer.cert, "-issuer", "-nameopt", "compat").strip().replace("issuer=", "", 1)
    result = newer.cmp("rr", "-issuer", issuer, "-serial", "1", path=".well-known/cmp")
    assert result.failinfo == "badCertId", result.text
    result = newer.cmp("rr", "-issuer", "/CN=another CA", "-serial", f"0x{serial_of(newer.cert)}",
                       path=".well-known/cmp")
    assert result.failinfo == "wrongAuthority", result.text
    result = newer.cmp("rr", "-issuer", issuer, "-serial", f"0x{serial_of(newer.cert)}", path=".well-known/cmp")
    assert result.ok, result.text
    assert newer.cmf.states(name) == ["revoked"]


# --- protection --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("cmd", ["ir", "cr", "genm", "rr", "kur"])
def test_unprotected_requests(client, cmd):
    """Refused by an error that is protected, and verified without -unprotected_errors."""
    name = client.entity(f"bare-{cmd}")
    assert client.request(name).ok
    args = {"genm": ["-infotype", "signKeyPairTypes"], "rr": ["-oldcert", client.cert],
            "kur": ["-oldcert", client.cert, "-newkey", client.key(), "-certout", client.out()]}
    asked = args.get(cmd, ["-newkey", client.key(), "-subject", f"/CN={name}", "-certout", client.out()])
    result = client.cmp(cmd, *asked, "-unprotected_requests", path=".well-known/cmp")
    assert result.failinfo == "badMessageCheck", result.text
    assert "missing protection" not in result.text and "accepting" not in result.text
    assert client.cmf.states(name) == ["active"]


def test_unprotected_errors_are_never_needed(client):
    """The option changes nothing: every error is protected."""
    name = f"unknown-{client.label}"
    for extra in [], ["-unprotected_errors"]:
        result = client.request(name, *extra)
        assert result.failinfo == "notAuthorized", result.text
        assert "ignoring" not in result.text, result.text


def test_ignore_keyusage(client, tmp_path):
    """The server's certificate has digitalSignature; the client's without it is refused by the server, unless its
    policy lets it."""
    a = client.cmf.vnfm
    issue(a.anchor, a.anchor.with_suffix(".key"), tmp_path / "s.pem", tmp_path / "s.key", "/CN=vnfm-a",
          extensions="keyUsage=critical,keyAgreement\n")
    client.credential = ["-cert", tmp_path / "s.pem", "-key", tmp_path / "s.key"]
    result = client.cmp("genm", "-infotype", "signKeyPairTypes", "-ignore_keyusage")
    assert result.failinfo == "signerNotTrusted", result.text


@pytest.mark.parametrize("digest", ["sha384", "sha512", "sha3-256"])
def test_digest(client, digest):
    if client.is_30 and digest == "sha3-256":
        pytest.skip("OpenSSL 3.0 has no ECDSA with SHA-3")
    result = client.request(client.entity(f"digest-{digest}"), "-digest", digest)
    assert result.ok, result.text


@pytest.mark.parametrize("mac", ["hmac-sha1", "hmacWithSHA256", "hmacWithSHA512"])
def test_mac(client, mac):
    """The MAC inside of PasswordBasedMac."""
    client.credential = client.cmf.mano.credential
    name = client.entity(f"mac-{mac.lower()}.example", manager="nfvo", cert_type="ManoCert")
    result = client.request(name, "-mac", mac, path=".well-known/cmp")
    assert result.ok, result.text


def test_srvcert_and_expect_sender(client):
    """The certificate of the server, pinned; its name, expected."""
    name = client.entity("srvcert")
    pinned = client.command("ir", "-newkey", client.key(), "-subject", f"/CN={name}", "-certout", client.out(),
                            "-srvcert", client.cmf.dir / "cmf.pem")
    at = pinned.index("-trusted")
    pinned = pinned[:at] + pinned[at + 2:]
    result = run(pinned, check=False)
    assert result.returncode == 0, result.stdout
    subject = x509(client.cmf.dir / "cmf.pem", "-subject", "-nameopt", "compat").strip()
    result = client.request(name, "-expect_sender", subject.replace("subject=", "", 1), cmd="cr")
    assert result.ok, result.text


# --- recorded messages -------------------------------------------------------------------------------------------------

def recorded(client, name, *args):
    """ir whose certificate is pending, and its answer."""
    ir, ip = client.out("der"), client.out("der")
    key = client.key()
    result = client.cmp("ir", "-newkey", key, "-subject", f"/CN={name}", "-certout", client.out(), "-reqout", ir,
                        "-rspout", ip, "-disable_confirm", *args)
    assert result.ok, result.text
    return ir, ip, key


def test_reqin_is_a_retransmission(client):
    """RFC 9483 3.1: the same octets get the same answer, and no second certificate."""
    name = client.entity("reqin")
    ir, ip, key = recorded(client, name)
    again = client.out("der")
    client.cmp("ir", "-newkey", key, "-subject", f"/CN={name}", "-certout", client.out(), "-reqin", ir, "-rspout",
               again, "-disable_confirm")
    assert again.read_bytes() == ip.read_bytes()
    assert client.cmf.states(name) == ["pending"]


def test_reqin_new_tid(client):
    """A new transactionID, protected anew, is another request."""
    name = client.entity("newtid")
    ir, ip, key = recorded(client, name)
    again, second = client.out("der"), client.out("der")
    client.cmp("ir", "-newkey", key, "-subject", f"/CN={name}", "-certout", client.out(), "-reqin", ir,
               "-reqin_new_tid", "-rspout", again, "-reqout", second, "-disable_confirm")
    assert again.read_bytes() != ip.read_bytes()
    assert client.cmf.states(name) == ["pending", "pending"]


def test_rspin(client):
    """The ip out of the file: the certConf that follows is all that reaches the server, in the transaction that the
    recorded ir began."""
    name = client.entity("rspin")
    _, ip, key = recorded(client, name)
    conf = client.out("der")
    result = client.cmp("ir", "-newkey", key, "-subject", f"/CN={name}", "-certout", client.out(),
                        "-rspin", ip, "-reqout", f"{client.out('der')} {conf}")
    assert result.ok and conf.exists(), result.text
    assert client.cmf.states(name) == ["active"]


# --- transfer ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("keep_alive", ["0", "1", "2"])
def test_keep_alive(client, keep_alive):
    """2 fails where the server does not keep the connection."""
    result = client.request(client.entity(f"alive{keep_alive}"), "-keep_alive", keep_alive)
    assert result.ok, result.text
    assert client.cmf.states(f"alive{keep_alive}-{client.label}") == ["active"]


def test_http_1_0(client):
    """RFC 6712 3.1: as the simplest of clients, no Host, the end of the connection ends the answer. 3.0 says HTTP/1.0,
    too, and asks for keep-alive."""
    name = client.entity("http10")
    ir, ip, _ = recorded(client, name)
    with socket.create_connection(("127.0.0.1", client.cmf.port), timeout=PATIENCE) as s:
        s.sendall(f"POST /{PROFILE} HTTP/1.0\r\nContent-Type: application/pkixcmp\r\n"
                  f"Content-Length: {ir.stat().st_size}\r\n\r\n".encode() + ir.read_bytes())
        answer = b"".join(iter(lambda: s.recv(65536), b""))
    head, body = answer.split(b"\r\n\r\n", 1)
    assert re.match(rb"HTTP/1\.[01] 200 ", head) and b"chunked" not in head.lower()
    assert body == ip.read_bytes()


def test_total_and_msg_timeout(client):
    result = client.request(client.entity("timeout"), "-total_timeout", str(int(PATIENCE)), "-msg_timeout",
                            str(int(PATIENCE)))
    assert result.ok, result.text


def tls(client, command, *args):
    command[command.index("-server") + 1] = f"localhost:{client.cmf.tls_port}"
    return run([*command, "-tls_used", "-tls_trusted", client.cmf.tls_ca, "-tls_host", "localhost", *args],
               check=False)


@pytest.mark.parametrize("with_certificate", [True, False])
def test_tls(client, with_certificate):
    name = client.entity(f"tls-{with_certificate}")
    command = client.command("ir", "-newkey", client.key(), "-subject", f"/CN={name}", "-certout", client.out())
    result = tls(client, command, *(client.cmf.tls_client if with_certificate else []))
    assert result.returncode == 0, result.stdout
    assert client.cmf.states(name) == ["active"]


class Proxy:
    """An HTTP proxy: absolute URLs, and CONNECT."""

    def __init__(self):
        self.seen = seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                seen.append(self.path)
                host, path = re.match(r"http://([^/]+)(/.*)", self.path).groups()
                connection = http.client.HTTPConnection(host, timeout=PATIENCE)
                connection.request("POST", path, self.rfile.read(int(self.headers["Content-Length"])),
                                   {"Content-Type": self.headers["Content-Type"]})
                answer = connection.getresponse()
                body = answer.read()
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                connection.close()

            def do_CONNECT(self):
                seen.append(f"CONNECT {self.path}")
                host, port = self.path.rsplit(":", 1)
                self.close_connection = True
                with socket.create_connection((host, int(port)), timeout=PATIENCE) as there:
                    self.send_response(200)
                    self.end_headers()
                    ends = {self.connection: there, there: self.connection}
                    while True:
                        for end in select.select(list(ends), [], [], PATIENCE)[0] or [None]:
                            data = end.recv(65536) if end else b""
                            if not data:
                                return
                            ends[end].sendall(data)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # a client that went away

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def proxy():
    proxy = Proxy()
    yield proxy
    proxy.stop()


def test_proxy(client, proxy):
    name = client.entity("proxy")
    result = client.request(name, "-proxy", proxy.address, "-no_proxy", "")
    assert result.ok, result.text
    assert proxy.seen == [f"{client.cmf.url}/{PROFILE}"] * 2
    assert client.cmf.states(name) == ["active"]


def test_proxy_and_tls(client, proxy):
    name = client.entity("proxy-tls")
    command = client.command("ir", "-newkey", client.key(), "-subject", f"/CN={name}", "-certout", client.out())
    result = tls(client, command, "-proxy", proxy.address, "-no_proxy", "", *client.cmf.tls_client)
    assert result.returncode == 0, result.stdout
    assert set(proxy.seen) == {f"CONNECT localhost:{client.cmf.tls_port}"}
    assert client.cmf.states(name) == ["active"]
