# SPDX-License-Identifier: Apache-2.0
"""Messages that no client makes, end to end, and what RFC 9483 says of them: pyasn1, hashlib and the openssl
command make them (tests/interop/pycmp.py), and read the answers."""
import hashlib
import itertools
import os
import subprocess
import sys

import pytest

from conftest import OPENSSL, ROOT, issue, make_ca, new_key, run

sys.path.insert(0, str(ROOT / "tests" / "interop"))
from pycmp import (Client, Ecdsa, PasswordBasedMac, cert_conf, cert_req_msg, cert_status,  # noqa: E402
                   directory_name, elements, explicit, genm, integer, ir, octet_string, oid, sequence, tagged, tlv)

IP, PKICONF, GENP, ERROR = 1, 19, 22, 23
CA_CERTS = "1.3.6.1.5.5.7.4.17"
BAD_MESSAGE_CHECK, BAD_REQUEST, BAD_CERT_ID, BAD_DATA_FORMAT = 1, 2, 4, 5
BAD_RECIPIENT_NONCE, BAD_SENDER_NONCE, SIGNER_NOT_TRUSTED = 13, 18, 20
NULL = b"\x05\x00"
UTF8 = 0x0C


@pytest.fixture(scope="module")
def client(shared, tmp_path_factory):
    """Under a MAC."""
    secret = tmp_path_factory.mktemp("py") / "secret"
    secret.write_text("a secret of thirty-two octets...")
    shared.ctl("client", "add", "py", "--trust-domain", "mano", "--mac", "--ref", "py-ref", "--register-on-ir",
               "--default-profile", "VnfciCert", "--secret-file", secret)
    return Client(f"{shared.url}/.well-known/cmp", b"py-ref", secret.read_bytes())


MAC = PasswordBasedMac()


def info(kind, value=b""):
    return sequence(oid(kind), value)


def put(field, octets):
    def bend(fields):
        fields[field] = octets
    return bend


def general_info(*infos):
    return put(8, explicit(8, sequence(*infos)))


def moved(fields):
    """transactionID behind senderNonce."""
    fields[4], fields[5] = fields[5], fields[4]


def indefinite(fields):
    return b"\x30\x80" + b"".join(fields.values()) + b"\0\0"


def long_length(fields):
    content = b"".join(fields.values())
    return b"\x30\x84" + len(content).to_bytes(4, "big") + content


def fraction(fields):
    """Which DER has without zeros at its end, X.690 11.7."""
    fields[0] = explicit(0, tagged(0x18, tlv(tlv(fields[0])[1])[1][:-1] + b".5Z"))


IMPLICIT_CONFIRM = "1.3.6.1.5.5.7.4.13"
GOOD = {
    "no messageTime": put(0, b""),
    "fraction of a second": fraction,
    "recipKID": put(3, explicit(3, octet_string(b"whoever"))),
    "freeText": put(7, explicit(7, sequence(tagged(UTF8, b"one"), tagged(UTF8, "zw\u00f6lf".encode())))),
    "sender": put("sender", directory_name("anybody at all")),
    "sender is a URI": put("sender", tagged(0x86, b"urn:x")),
    "recipient": put("recipient", directory_name("whom it may concern")),
    "recipient is a mailbox": put("recipient", tagged(0x81, b"cmf@example.net")),
    "recipient is a URI": put("recipient", tagged(0x86, b"http://cmf.example.net/")),
    "recipient is a DNS name": put("recipient", tagged(0x82, b"cmf.example.net")),
    "recipient is an address": put("recipient", tagged(0x87, bytes(4))),
    "recipient is an OID": put("recipient", tagged(0x88, b"\x2a\x03")),
    "recipient is an otherName": put("recipient", tagged(0xA0, oid("1.2.3"), explicit(0, NULL))),
    "unknown infos": general_info(
        info("2.999.1"), info("2.999.2", NULL), info("2.999.3", sequence()), info("2.999.4", tagged(0x80, b"x")),
        info("2.999.5", tagged(0xBF, b"\0")[:1] + b"\x87\x65\x02\x05\x00"), info("2.999.6", tagged(0x13, b"text")),
        info("2.999.1234567890123456789", explicit(0, explicit(1, explicit(2, NULL))))),
    "unknown info twice": general_info(info("2.999.1"), info("2.999.1", NULL)),
}


@pytest.mark.parametrize("bend", GOOD.values(), ids=GOOD)
def test_rfc9483_3_1_header_that_is_served(client, bend):
    answer = client.ask(genm(CA_CERTS), MAC, bend=bend)
    assert (answer.body_type, answer.text) == (GENP, "")


BAD = {
    "indefinite length": (indefinite, BAD_DATA_FORMAT),
    "length in more octets than needed": (long_length, BAD_DATA_FORMAT),
    "string in pieces": (put(4, explicit(4, tagged(0x24, octet_string(bytes(8)), octet_string(bytes(8))))),
                         BAD_DATA_FORMAT),
    "INTEGER in more octets than needed": (put("pvno", b"\x02\x02\x00\x02"), BAD_DATA_FORMAT),
    "order": (moved, BAD_DATA_FORMAT),
    "a field too many": (put("end", explicit(9, NULL)), BAD_DATA_FORMAT),
    "a field twice": (put(3, explicit(2, octet_string(b"py-ref"))), BAD_DATA_FORMAT),
    "tag is implicit": (put(5, tagged(0x85, bytes(16))), BAD_DATA_FORMAT),
    "no generalInfo in generalInfo": (general_info(), BAD_DATA_FORMAT),
    "no text in freeText": (put(7, explicit(7, sequence())), BAD_DATA_FORMAT),
    "info of two values": (general_info(sequence(oid("2.999.1"), NULL, NULL)), BAD_DATA_FORMAT),
    "time with an offset": (put(0, explicit(0, tagged(0x18, b"20261124120000+0000"))), BAD_DATA_FORMAT),
    "no senderNonce": (put(5, b""), BAD_SENDER_NONCE),
    "no senderKID": (put(2, b""), BAD_MESSAGE_CHECK),
}


@pytest.mark.parametrize("bend,failinfo", BAD.values(), ids=BAD)
def test_rfc9483_3_5_header_that_is_refused(client, bend, failinfo):
    der, _, _ = client.message(genm(CA_CERTS), MAC, bend=bend)
    answer = client.post(der)
    assert (answer.body_type, answer.failinfo) == (ERROR, {failinfo}), answer.text


IMPLICIT = {
    "absent": b"", "empty SEQUENCE": sequence(), "NULL with a content": b"\x05\x01\x00", "tagged": tagged(0x85),
    "TRUE": b"\x01\x01\xff", "NULL twice": NULL + NULL,
}


@pytest.mark.parametrize("value", IMPLICIT.values(), ids=IMPLICIT)
def test_rfc9483_3_1_implicit_confirm_is_null(client, shared, tmp_path, value):
    before = shared.snapshot()
    der, _, _ = client.message(ir(cert_req_msg("py-implicit", new_key(tmp_path / "key"))), MAC,
                               bend=general_info(info(IMPLICIT_CONFIRM, value)))
    answer = client.post(der)
    assert (answer.body_type, answer.failinfo) == (ERROR, {BAD_DATA_FORMAT}), answer.text
    assert shared.snapshot() == before


def test_rfc9483_3_5_octets_behind_the_message(client):
    der, _, _ = client.message(genm(CA_CERTS), MAC)
    for answer in (client.post(der + NULL), client.post(der[:-1])):
        assert (answer.body_type, answer.failinfo) == (ERROR, {BAD_DATA_FORMAT}), answer.text


# --- certificate requests and their confirmation ------------------------------------------------------

@pytest.fixture
def granted(client, tmp_path):
    """Gets a certificate: (answer, the octets of the certificate)."""
    def one(subject, pvno=2, **rest):
        key = new_key(tmp_path / "key")
        answer = client.ask(ir(cert_req_msg(subject, key, **rest)), MAC, pvno=pvno)
        assert answer.body_type == IP, answer.text
        response = answer.message["body"]["ip"]["response"][0]
        assert int(response["status"]["status"]) == 0, response.prettyPrint()
        return answer, certificates(answer)[0]
    return one


def certificates(answer):
    """Of an ip, by its octets: CertRepMessage, response, CertResponse, CertifiedKeyPair, [0] of the choice."""
    responses = elements(tlv(elements(tlv(answer.body)[1])[-1])[1])
    return [tlv(elements(tlv(elements(tlv(r)[1])[2])[1])[0])[1] for r in responses]


def rdn(kind, string_type, octets):
    """An RDN of one attribute."""
    return tagged(0x31, sequence(oid(f"2.5.4.{kind}"), tagged(string_type, octets)))


def status_of(answer):
    """(status, text) of an ip with one response."""
    status = answer.message["body"]["ip"]["response"][0]["status"]
    return int(status["status"]), " ".join(str(t) for t in status["statusString"])


# Before the CN; RFC 5280 A.1, X.680 41.4
PRINTABLE = 0x13
SUBJECTS = {
    "an empty RDN": (tagged(0x31), 2, "RelativeDistinguishedName is empty"),
    "O in UTF-8 as PrintableString": (rdn(10, PRINTABLE, b"\xc3\xb6"), 1, "left out: O"),
    "O with @ as PrintableString": (rdn(10, PRINTABLE, b"a@b"), 1, "encoded anew: O"),
    "C of three letters": (rdn(6, PRINTABLE, b"DEU"), 1, "left out: C"),
    "C as UTF8String": (rdn(6, UTF8, b"DE"), 1, "encoded anew: C"),
    "O of 65 characters": (rdn(10, UTF8, b"o" * 65), 1, "left out: O"),
    "O of 64 characters": (rdn(10, UTF8, b"o" * 64), 0, ""),
}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_rfc5280_4_1_2_4_subject(client, tmp_path, subject):
    before, status, words = SUBJECTS[subject]
    rdns = before + rdn(3, UTF8, b"py-subject")
    answer = client.ask(ir(cert_req_msg("", new_key(tmp_path / "key"), subject=sequence(rdns))), MAC)
    assert answer.body_type == IP, answer.text
    assert status_of(answer)[0] == status, status_of(answer)
    assert words in status_of(answer)[1]


def sha256(cert):
    return hashlib.sha256(cert).digest()


def confirm(client, answer, body, pvno=2, bend=None):
    return client.ask(body, MAC, transaction_id=answer.transaction_id, recip_nonce=tlv(answer.header[5])[1],
                      pvno=pvno, bend=bend)


def algorithm(dotted, *parameters):
    return explicit(0, sequence(oid(dotted), *parameters))


def nist_hash(number, *parameters):
    return algorithm(f"2.16.840.1.101.3.4.2.{number}", *parameters)


# RFC 9481 2, and SHA-3, which certificates may be signed with; RFC 8702 2: 256 and 512 bits of SHAKE.
HASHES = {
    "SHA-512": (lambda cert: hashlib.sha512(cert).digest(), nist_hash(3)),
    "SHA-512 with NULL": (lambda cert: hashlib.sha512(cert).digest(), nist_hash(3, NULL)),
    "SHA3-256": (lambda cert: hashlib.sha3_256(cert).digest(), nist_hash(8)),
    "SHAKE128": (lambda cert: hashlib.shake_128(cert).digest(32), nist_hash(11)),
    "SHAKE256": (lambda cert: hashlib.shake_256(cert).digest(64), nist_hash(12)),
}


@pytest.mark.parametrize("hashing", HASHES)
def test_rfc9810_5_3_18_hash_alg(client, shared, granted, hashing):
    """For certificates whose signature names no hash; but any may say it, with pvno 3."""
    subject = f"py-hash-{list(HASHES).index(hashing)}"
    answer, cert = granted(subject, pvno=3)
    digest, hash_alg = HASHES[hashing]
    assert confirm(client, answer, cert_conf(cert_status(digest(cert), 0, hash_alg)), pvno=3).body_type == PKICONF
    assert shared.states(subject) == ["active"]


ACCEPTED, REJECTED = sequence(integer(0)), sequence(integer(2))
STATUSES = {
    "granted": (ACCEPTED, "active"),
    "rejection without words": (REJECTED, "rejected"),
    "rejection with a failInfo": (sequence(integer(2), b"\x03\x02\x07\x80"), "rejected"),
    "rejection with all": (sequence(integer(2), sequence(tagged(UTF8, b"a"), tagged(UTF8, b"b")), b"\x03\x02\x00\x01"),
                           "rejected"),
}


@pytest.mark.parametrize("status,state", STATUSES.values(), ids=STATUSES)
def test_rfc4210_5_3_18_status_info(client, shared, granted, status, state):
    subject = f"py-status-{list(STATUSES.values()).index((status, state))}"
    answer, cert = granted(subject)
    body = cert_conf(cert_status(sha256(cert), 0, status))
    assert confirm(client, answer, body).body_type == PKICONF
    assert shared.states(subject) == [state]


def test_rfc4210_5_3_18_empty_cert_conf(client, shared, granted):
    answer, _ = granted("py-empty")
    assert confirm(client, answer, cert_conf()).body_type == PKICONF
    assert shared.states("py-empty") == ["rejected"]


NO_CONFIRMATION = {
    "hash of another algorithm": (lambda cert: cert_conf(cert_status(hashlib.sha384(cert).digest())), None,
                                  BAD_CERT_ID),
    "another certReqId": (lambda cert: cert_conf(cert_status(sha256(cert), 7)), None, BAD_REQUEST),
    "twice": (lambda cert: cert_conf(*2 * [cert_status(sha256(cert))]), None, BAD_REQUEST),
    "huge certReqId": (lambda cert: cert_conf(cert_status(sha256(cert), 1 << 200)), None, BAD_REQUEST),
    "no recipNonce": (lambda cert: cert_conf(cert_status(sha256(cert))), put(6, b""), BAD_RECIPIENT_NONCE),
    "status waiting": (lambda cert: cert_conf(cert_status(sha256(cert), 0, sequence(integer(3)))), None,
                       BAD_REQUEST),
}


@pytest.mark.parametrize("body,bend,failinfo", NO_CONFIRMATION.values(), ids=NO_CONFIRMATION)
def test_rfc9483_4_1_1_no_confirmation(client, shared, granted, body, bend, failinfo):
    subject = f"py-no-confirmation-{[v[0] for v in NO_CONFIRMATION.values()].index(body)}"
    answer, cert = granted(subject)
    refused = confirm(client, answer, body(cert), bend=bend)
    assert (refused.body_type, refused.failinfo) == (ERROR, {failinfo}), refused.text
    assert "active" not in shared.states(subject)


def attribute(kind, value):
    return sequence(sequence(oid(kind), value))


REQUESTS = {
    "unknown control": {"controls": attribute("2.999.1", NULL)},
    "regToken": {"controls": attribute("1.3.6.1.5.5.7.5.1.1", tagged(UTF8, b"token"))},
    "unknown regInfo": {"reg_info": attribute("2.999.1", sequence())},
    "text in regInfo": {"reg_info": attribute("1.3.6.1.5.5.7.5.2.1", tagged(UTF8, b"version?1%"))},
}


@pytest.mark.parametrize("parts", REQUESTS.values(), ids=REQUESTS)
def test_rfc4211_6_7_controls_and_reg_info(client, shared, granted, parts):
    """What is not known of them does not matter."""
    subject = f"py-request-{list(REQUESTS.values()).index(parts)}"
    answer, cert = granted(subject, **parts)
    assert confirm(client, answer, cert_conf(cert_status(sha256(cert)))).body_type == PKICONF
    assert shared.states(subject) == ["active"]


def test_rfc4210_5_3_4_ids_of_any_order(client, shared, tmp_path):
    """CertReqIds are what the client likes, in several requests; answered in their order."""
    ids, keys = (5, 2**31 - 1, 0), [new_key(tmp_path / f"key-{n}") for n in range(3)]
    answer = client.ask(ir(*(cert_req_msg(f"py-several-{n}", keys[n], ids[n]) for n in range(3))), MAC)
    assert answer.body_type == IP, answer.text
    assert tuple(int(r["certReqId"]) for r in answer.message["body"]["ip"]["response"]) == ids
    certs = certificates(answer)
    body = cert_conf(cert_status(hashlib.sha256(certs[2]).digest(), ids[2], REJECTED),
                     cert_status(hashlib.sha256(certs[1]).digest(), ids[1]))
    assert confirm(client, answer, body).body_type == PKICONF
    assert [shared.states(f"py-several-{n}") for n in range(3)] == [["rejected"], ["active"], ["rejected"]]


# --- extraCerts ----------------------------------------------------------------------------------------

class Signed:
    """A requester below two CAs, and certificates that lead nowhere."""

    def __init__(self, cmf, base):
        def ca(name, issuer=None, subject=None):
            cert, key = base / f"{name}.pem", base / f"{name}.key"
            if issuer:
                issue(base / f"{issuer}.pem", base / f"{issuer}.key", cert, key, subject or f"/CN={name}",
                      "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n")
            else:
                make_ca(cert, key, subject or f"/CN={name}")
        ca("anchor")
        ca("sub", "anchor")
        ca("forged-anchor", subject="/CN=anchor")
        ca("forged-sub", "forged-anchor", "/CN=sub")
        for name, issuer in (("ee", "sub"), ("forged-ee", "forged-sub"), ("other", "sub")):
            issue(base / f"{issuer}.pem", base / f"{issuer}.key", base / f"{name}.pem", base / f"{name}.key",
                  "/CN=other" if name == "other" else "/CN=py-signer")
        self.base = base
        cmf.ctl("client", "add", "py-signer", "--trust-anchor", base / "anchor.pem", "--subject", "/CN=py-signer",
                "--trust-domain", "mano")
        self.der = {path.stem: subprocess.run([OPENSSL, "x509", "-in", path, "-outform", "DER"], check=True,
                                              stdout=subprocess.PIPE).stdout for path in base.glob("*.pem")}
        text = run([OPENSSL, "x509", "-in", base / "ee.pem", "-noout", "-ext", "subjectKeyIdentifier"]).stdout
        self.client = Client(f"{cmf.url}/.well-known/cmp", bytes.fromhex(text.split()[-1].replace(":", "")),
                             base / "ee.key", directory_name("py-signer"))

    def renew(self):
        """Another certificate for the key: cmfd remembers whose path it has verified."""
        run([OPENSSL, "x509", "-req", "-in", self.base / "ee.pem.csr", "-CA", self.base / "sub.pem", "-CAkey",
             self.base / "sub.key", "-days", "9", "-extfile", self.base / "ee.pem.ext", "-set_serial",
             str(int.from_bytes(os.urandom(8), "big")), "-outform", "DER", "-out", self.base / "ee.der"])
        self.der["ee"] = (self.base / "ee.der").read_bytes()

    def ask(self, *names):
        self.renew()
        return self.client.ask(genm(CA_CERTS), Ecdsa(), extra_certs=[self.der[name] for name in names])


@pytest.fixture(scope="module")
def signed(shared, tmp_path_factory):
    return Signed(shared, tmp_path_factory.mktemp("signed"))


@pytest.mark.parametrize("order", itertools.permutations(("ee", "sub", "forged-sub", "forged-ee")), ids=" ".join)
def test_rfc9483_3_3_extra_certs_in_any_order(signed, order):
    """Also with those of the same names that are signed by somebody else."""
    answer = signed.ask(*order)
    assert answer.body_type == GENP, answer.text


def test_rfc9483_3_3_extra_certs_that_do_not_matter(signed):
    for extra in (("ee", "sub", "anchor"), ("ee", "ee", "sub", "sub"),
                  ("other", "ee", "anchor", "forged-anchor", "sub")):
        answer = signed.ask(*extra)
        assert answer.body_type == GENP, (extra, answer.text)


def test_rfc9483_3_5_extra_certs_that_lead_nowhere(signed):
    for extra in (("ee",), ("ee", "forged-sub"), ("ee", "forged-sub", "forged-anchor"), ("sub", "anchor")):
        answer = signed.ask(*extra)
        assert answer.body_type == ERROR, (extra, answer.text)
        assert answer.failinfo <= {BAD_MESSAGE_CHECK, SIGNER_NOT_TRUSTED}, (extra, answer.text)


def test_rfc4210_5_1_extra_certs_malformed(client, signed):
    for extra in ([], [NULL], [b"\x30\x00"[:1] + b"\x80\0\0"]):
        answer = client.post(client.message(genm(CA_CERTS), MAC, extra_certs=extra)[0])
        assert (answer.body_type, answer.failinfo) == (ERROR, {BAD_DATA_FORMAT}), answer.text
    # Under a MAC they say nothing: other keys, and what is no certificate.
    for extra in ([signed.der["ee"]], [sequence()]):
        answer = client.ask(genm(CA_CERTS), MAC, extra_certs=extra)
        assert answer.body_type == GENP, answer.text


# --- bodies --------------------------------------------------------------------------------------------

STATUS = sequence(integer(0))
BODIES = {
    "no request in ir": (ir(), BAD_DATA_FORMAT),
    "no message in nested": (explicit(20, sequence()), BAD_DATA_FORMAT),
    "no request in p10cr": (explicit(4, sequence()), BAD_DATA_FORMAT),
    "two contents": (tagged(0xB5, sequence(), sequence()), BAD_DATA_FORMAT),
    "no content": (tagged(0xB5), BAD_DATA_FORMAT),
    "implicit tag": (tagged(0xB5, sequence(oid(CA_CERTS))), BAD_DATA_FORMAT),
    "primitive": (tagged(0x95, sequence()), BAD_DATA_FORMAT),
    "body that there is not": (explicit(27, NULL), BAD_DATA_FORMAT),
    "application tag": (tagged(0x75, sequence(sequence(oid(CA_CERTS)))), BAD_DATA_FORMAT),
    "status that is no INTEGER": (explicit(23, sequence(sequence(b"\x0a\x01\x02"))), BAD_DATA_FORMAT),
    "ip": (explicit(1, sequence(sequence(sequence(integer(0), STATUS)))), BAD_REQUEST),
    "cp": (explicit(3, sequence(sequence(sequence(integer(0), STATUS)))), BAD_REQUEST),
    "kup": (explicit(8, sequence(sequence(sequence(integer(0), STATUS)))), BAD_REQUEST),
    "rp": (explicit(12, sequence(sequence(STATUS))), BAD_REQUEST),
    "genp": (explicit(22, sequence()), BAD_REQUEST),
    "pkiConf": (explicit(19, NULL), BAD_REQUEST),
    "pollRep": (explicit(26, sequence(sequence(integer(0), integer(1)))), BAD_REQUEST),
    "popdecc": (explicit(5, sequence(sequence(octet_string(b""), octet_string(b"x")))), BAD_REQUEST),
    "popdecr": (explicit(6, sequence(integer(1))), BAD_REQUEST),
    "pollReq": (explicit(25, sequence(sequence(integer(0)))), BAD_REQUEST),
    "certConf": (cert_conf(), BAD_REQUEST),
}


@pytest.mark.parametrize("body,failinfo", BODIES.values(), ids=BODIES)
def test_rfc9483_3_5_body_that_is_refused(client, body, failinfo):
    answer = client.post(client.message(body, MAC)[0])
    assert (answer.body_type, answer.failinfo) == (ERROR, {failinfo}), answer.text
