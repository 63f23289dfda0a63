# SPDX-License-Identifier: Apache-2.0
"""KemBasedMac, RFC 9810 5.1.3.4, against another implementation: pyasn1 and Python's hmac make the
messages, the openssl command decapsulates. Both sides need OpenSSL 3.5; with an older one the server
refuses."""
import hashlib
import os
import re
import sys

import pytest

from conftest import BUILD, OPENSSL, ROOT, make_ca, run, serial_of

sys.path.insert(0, str(ROOT / "tests" / "interop"))
from pycmp import (Gmac, Hmac, KemBasedMac, KemClient, Kmac, cert_conf, cert_status, elements,  # noqa: E402
                   explicit, genm, tlv)

CA_CERTS = "1.3.6.1.5.5.7.4.17"
CP, P10CR, PKICONF, GENP = 3, 4, 19, 22
BAD_ALG, BAD_MESSAGE_CHECK = 0, 1


def version(openssl):
    found = re.match(r"OpenSSL (\d+)\.(\d+)", run([openssl, "version"]).stdout)
    return int(found[1]), int(found[2])


OPENSSL35 = OPENSSL if version(OPENSSL) >= (3, 5) else os.environ.get("CMFD_OPENSSL35")
# The server has the library of the command that is beside it.
SERVER_HAS_KEM = version(OPENSSL) >= (3, 5)
needs_kem = pytest.mark.skipif(not SERVER_HAS_KEM, reason="cmfd has an OpenSSL without ML-KEM here")
pytestmark = pytest.mark.skipif(not OPENSSL35, reason="Debian 13's openssl could not be made here "
                                                      "(tools/debian13-openssl)")


def kem_credential(directory, name, kem="ML-KEM-768"):
    """An ML-KEM key and its certificate, of a CA of its own."""
    anchor, ca_key = directory / f"{name}-ca.pem", directory / f"{name}-ca.key"
    key, public, cert = (directory / f"{name}.{suffix}" for suffix in ("key", "pub", "pem"))
    make_ca(anchor, ca_key, f"/CN={name} CA")
    run([OPENSSL35, "genpkey", "-algorithm", kem, "-out", key])
    run([OPENSSL35, "pkey", "-in", key, "-pubout", "-out", public])
    extensions = directory / "kem.ext"
    extensions.write_text("keyUsage=critical,keyEncipherment\nsubjectKeyIdentifier=hash\n"
                          "authorityKeyIdentifier=keyid\n")
    run([OPENSSL35, "x509", "-new", "-force_pubkey", public, "-subj", f"/CN={name}", "-CA", anchor, "-CAkey", ca_key,
         "-days", "30", "-extfile", extensions, "-out", cert])
    run([OPENSSL35, "x509", "-in", cert, "-outform", "DER", "-out", directory / f"{name}.der"])
    return anchor, (directory / f"{name}.der").read_bytes(), key


@pytest.fixture(scope="module")
def client(shared, tmp_path_factory):
    anchor, cert, key = kem_credential(tmp_path_factory.mktemp("kem"), "vnfm-kem")
    shared.ctl("client", "add", "vnfm-kem", "--trust-anchor", anchor, "--subject", "/CN=vnfm-kem", "--trust-domain",
               "kem")
    shared.set("protection", "mac_algorithms", "PasswordBasedMac, KemBasedMac")
    shared.stop()
    shared.start()
    return KemClient(f"{shared.url}/.well-known/cmp/p/VnfciCert", cert, key, "vnfm-kem", OPENSSL35)


def p10cr(directory, common_name):
    key, request = directory / "p10.key", directory / "p10.der"
    run([OPENSSL, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-keyout", key,
         "-subj", f"/CN={common_name}", "-outform", "DER", "-out", request])
    return explicit(P10CR, request.read_bytes())


def certificate_of(cp):
    """The octets of the one certificate in a cp."""
    response = elements(tlv([e for e in elements(tlv(cp.body)[1]) if e[0] == 0x30][-1])[1])[0]
    pair = [e for e in elements(tlv(response)[1]) if e[0] == 0x30][-1]
    return tlv(elements(tlv(pair)[1])[0])[1]


@needs_kem
def test_rfc9810_e_figure_3(shared, client, tmp_path):
    """Ciphertext, certificate and confirmation, with the server killed in between."""
    shared.register("vnfm-kem", "vnfci-kem")
    tid = client.open()
    assert client.answer.signed and client.answer.body_type == GENP, client.answer.text
    shared.kill()
    shared.start()
    mac = KemBasedMac(tid)
    cp = client.ask(p10cr(tmp_path, "vnfci-kem"), mac, transaction_id=tid, pvno=3)
    assert cp.signed and cp.body_type == CP, cp.text
    cert = certificate_of(cp)
    shared.kill()
    shared.start()
    status = cert_status(hashlib.sha256(cert).digest(), -1)
    conf = client.ask(cert_conf(status), KemBasedMac(tid, "sha512", Kmac(256)), transaction_id=tid,
                      recip_nonce=tlv(cp.header[5])[1], pvno=3)
    assert conf.signed and conf.body_type == PKICONF, conf.text
    assert shared.states("vnfci-kem") == ["active"]
    transaction = [t for t in shared.ctl_json("transaction", "list") if t["requester"] == "vnfm-kem"][0]
    assert transaction["protection"] == "KemBasedMac"


@needs_kem
@pytest.mark.parametrize("options", [
    {}, {"digest": "sha384", "mac": Hmac("sha384")}, {"digest": "sha512", "mac": Hmac("sha512"), "context": b"context"},
    {"mac": Kmac(128), "context": b""}, {"mac": Gmac(32)},
], ids=["sha256", "sha384", "sha512", "kmac", "gmac"])
def test_rfc9810_5_1_3_4_algorithms(client, options):
    tid = client.open()
    answer = client.ask(genm(CA_CERTS), KemBasedMac(tid, **options), transaction_id=tid, pvno=3,
                        recip_nonce=tlv(client.answer.header[5])[1])
    assert answer.signed and answer.body_type == GENP, answer.text


@needs_kem
def test_rfc9810_5_1_3_4_wrong_secret(client):
    """Of another operation; and the right one under another transactionID."""
    client.open()
    secret, tid = client.secret, client.open()
    good, client.secret = client.secret, secret
    answer = client.ask(genm(CA_CERTS), KemBasedMac(tid), transaction_id=tid)
    assert answer.failinfo == {BAD_MESSAGE_CHECK}, answer.text
    client.secret = good
    answer = client.ask(genm(CA_CERTS), KemBasedMac(tid), transaction_id=bytes(16))
    assert answer.failinfo == {BAD_MESSAGE_CHECK}, answer.text


@needs_kem
def test_explain(shared, client, tmp_path):
    """What was sent and what came back, as cmfctl prints it."""
    tid = client.open()
    message, _, _ = client.message(genm(CA_CERTS), KemBasedMac(tid, context=b"context"), transaction_id=tid)
    (tmp_path / "request").write_bytes(message)
    (tmp_path / "answer").write_bytes(client.answer.der)
    told = shared.ctl("explain", tmp_path / "request").stdout
    assert "id-KemBasedMac" in told and "kdf: id-alg-hkdf-with-sha256" in told and "kemContext" in told, told
    told = run([BUILD / "cmfctl", "explain", tmp_path / "answer"]).stdout
    assert "id-it-KemCiphertextInfo" in told and "kem: id-alg-ml-kem-768" in told and "1088 octets" in told, told


@pytest.mark.skipif(SERVER_HAS_KEM, reason="cmfd has an OpenSSL with ML-KEM here")
def test_rfc9483_3_5_library_without_kem(client):
    client.open()
    assert client.answer.signed and client.answer.failinfo == {BAD_ALG}, client.answer.text
    client.secret = bytes(32)
    answer = client.ask(genm(CA_CERTS), KemBasedMac(bytes(16)), transaction_id=bytes(16))
    assert answer.signed and answer.failinfo == {BAD_ALG}, answer.text
