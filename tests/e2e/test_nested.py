# SPDX-License-Identifier: Apache-2.0
"""Nested messages, RFC 9483 5.2.2: messages that `openssl cmp` made, wrapped and signed here by a
registration authority, since no client at hand sends nested ones; the answers are read with pyasn1,
an ASN.1 implementation that has nothing to do with ours."""
import hashlib
import json
import os
import subprocess
import urllib.request

import pytest

from conftest import OPENSSL, MacClient, Vnfm, run

decoder = pytest.importorskip("pyasn1.codec.der.decoder")
rfc4210 = pytest.importorskip("pyasn1_modules.rfc4210")

IP, NESTED, GENP, ERROR = 1, 20, 22, 23
CERT_TYPE = "2.25.222147897761693879604210948217677133715.1"


def tlv(tag, *parts):
    content = b"".join(parts)
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def elements(der):
    """The TLVs in the content of one."""
    def one(data):
        first = data[1]
        size = 0 if first < 0x80 else first & 0x7f
        length = first if first < 0x80 else int.from_bytes(data[2:2 + size], "big")
        return 2 + size, length
    head, length = one(der)
    rest, out = der[head:head + length], []
    while rest:
        head, length = one(rest)
        out.append(rest[:head + length])
        rest = rest[head + length:]
    return out


class Message:
    """What pyasn1 makes of header and body type."""

    def __init__(self, der):
        self.der = der
        self.parts = elements(der)
        self.header, rest = decoder.decode(self.parts[0], asn1Spec=rfc4210.PKIHeader())
        assert not rest
        self.type = self.parts[1][0] - 0xa0
        self.body = elements(self.parts[1])[0]

    def octets(self, field):
        return bytes(self.header[field])

    def nested(self):
        assert self.type == NESTED
        return [Message(m) for m in elements(self.body)]

    def verify(self, directory):
        """The signature, by openssl, with the first of extraCerts."""
        cert, key, signature = (directory / n for n in ("signer.der", "signer.pem", "signature"))
        cert.write_bytes(elements(elements(self.parts[3])[0])[0])
        signature.write_bytes(elements(self.parts[2])[0].split(b"\0", 1)[1])
        key.write_text(run([OPENSSL, "x509", "-inform", "DER", "-in", cert, "-noout", "-pubkey"]).stdout)
        subprocess.run([OPENSSL, "dgst", "-sha256", "-verify", key, "-signature", signature], check=True,
                       input=tlv(0x30, self.parts[0], self.parts[1]), stdout=subprocess.DEVNULL)


def signed(requester, body, transaction_id, sender_nonce, *infos):
    """A PKIMessage with that body, ecdsa-with-SHA256."""
    subject = elements(elements(der_of(requester.cert))[0])
    name = subject[5]
    header = tlv(0x30, tlv(0x02, b"\x02"), tlv(0xa4, name), tlv(0xa4, tlv(0x30)),
                 tlv(0xa1, bytes.fromhex("300a06082a8648ce3d040302")),
                 tlv(0xa4, tlv(0x04, transaction_id)), tlv(0xa5, tlv(0x04, sender_nonce)),
                 *([tlv(0xa8, tlv(0x30, *infos))] if infos else []))
    part = tlv(0x30, header, body)
    signature = subprocess.run([OPENSSL, "dgst", "-sha256", "-sign", requester.private_key], check=True,
                               input=part, stdout=subprocess.PIPE).stdout
    return tlv(0x30, header, body, tlv(0xa0, tlv(0x03, b"\0", signature)),
               tlv(0xa1, tlv(0x30, der_of(requester.cert))))


def der_of(cert):
    return subprocess.run([OPENSSL, "x509", "-in", cert, "-outform", "DER"], check=True,
                          stdout=subprocess.PIPE).stdout


def post(cmf, der, path="/.well-known/cmp"):
    request = urllib.request.Request(cmf.url + path, der, {"Content-Type": "application/pkixcmp"})
    with urllib.request.urlopen(request, timeout=600) as answer:
        return Message(answer.read())


def made(requester, cmd, *args):
    """The request that `openssl cmp` would send; nobody hears it."""
    out = requester.out("der")
    command = requester.command(cmd, *args, "-reqout", out, "-certout", requester.out())
    command[command.index("-server") + 1] = "127.0.0.1:1"
    run(command, check=False)
    return Message(out.read_bytes())


def added(ra, message, *infos):
    """RFC 9483 5.2.2.1: transactionID and senderNonce are those of the message inside."""
    return signed(ra, tlv(0xb4, tlv(0x30, message.der)), message.octets("transactionID"),
                  message.octets("senderNonce"), *infos)


def batch(ra, *messages):
    """RFC 9483 5.2.2.2: with ids of its own."""
    return signed(ra, tlv(0xb4, tlv(0x30, *(m.der for m in messages))), os.urandom(16), os.urandom(16))


@pytest.fixture(scope="module")
def house(shared, tmp_path_factory):
    """An RA of the trust domain of the MAC client, and what that client has registered."""
    base = tmp_path_factory.mktemp("nested")
    shared.ra = Vnfm(shared, "ra", base / "ra", trust_domain="mano", may="request,revoke,ra")
    shared.entity = MacClient(shared, "entity", base / "entity")
    shared.register("entity", "nested-1.example.net", "nested-2.example.net", cert_type="ManoCert")
    shared.scratch = base
    return shared


def test_added_protection(house):
    entity = house.entity
    ir = made(entity, "ir", "-newkey", entity.key(), "-subject", "/CN=nested-1.example.net")
    outer = added(house.ra, ir)
    answer = post(house, outer)
    assert answer.type == IP
    assert answer.octets("transactionID") == ir.octets("transactionID")
    assert answer.octets("recipNonce") == ir.octets("senderNonce")
    assert house.states("nested-1.example.net") == ["pending"]
    assert post(house, outer).der == answer.der
    # The same label as for the message inside, RFC 9483 6.1.
    assert post(house, outer, "/.well-known/cmp/initialization").der == answer.der


def audit(house, action):
    with house.database() as db:
        return db.execute("SELECT actor, target, detail FROM audit WHERE action = ?", [action]).fetchall()


def test_audit_says_who_approved_and_what_was_replaced(house):
    """origPKIMessage: RFC 9810 5.1.1.3; id-it 15."""
    entity = house.entity
    ir = made(entity, "ir", "-newkey", entity.key(), "-subject", "/CN=nested-1.example.net")
    originals = tlv(0x30, ir.der)
    info = tlv(0x30, bytes.fromhex("06082b0601050507040f"), originals)
    assert post(house, added(house.ra, ir, info)).type == IP
    assert ("ra", ir.octets("transactionID").hex(), hashlib.sha256(originals).hexdigest()) in \
        audit(house, "original")
    assert ("ra", "nested-1.example.net", "issue") in audit(house, "approve")


def test_added_protection_by_no_ra(house):
    ir = made(house.entity, "ir", "-newkey", house.entity.key(), "-subject", "/CN=nested-2.example.net")
    before = house.snapshot()
    answer = post(house, added(house.vnfm_a, ir))
    assert answer.type == ERROR
    assert house.snapshot() == before


def test_batch(house):
    house.register("vnfm-a", "nested-3")
    entity, a = house.entity, house.vnfm_a
    messages = [made(entity, "ir", "-newkey", entity.key(), "-subject", "/CN=nested-2.example.net"),
                made(a, "genm", "-infotype", "signKeyPairTypes"),
                made(a, "ir", "-newkey", a.key(), "-subject", "/CN=nested-3",
                     "-geninfo", f"{CERT_TYPE}:int:1"),
                made(a, "ir", "-newkey", a.key(), "-subject", "/CN=nobody-registered-this",
                     "-geninfo", f"{CERT_TYPE}:int:1")]
    outer = batch(house.vnfm_b, *messages)
    answer = post(house, outer, "/.well-known/cmp/nested")
    answer.verify(house.scratch)
    inner = answer.nested()
    assert [m.octets("transactionID") for m in inner] == [m.octets("transactionID") for m in messages]
    assert [m.octets("recipNonce") for m in inner] == [m.octets("senderNonce") for m in messages]
    assert inner[1].type == GENP and inner[2].type == IP and inner[3].type == IP
    for message in inner[1:]:
        message.verify(house.scratch)
    assert house.states("nested-3") == ["pending"]
    assert post(house, outer, "/.well-known/cmp/nested").der == answer.der


def test_explain(house):
    """`cmfctl explain` goes into the messages of a nested one."""
    ir = made(house.entity, "ir", "-newkey", house.entity.key(), "-subject", "/CN=nested-1.example.net")
    path = house.scratch / "nested.der"
    path.write_bytes(batch(house.ra, ir, ir))
    told, decided = house.ctl("explain", path).stdout.split("\nWhat the server would do")
    assert told.count("nested-1.example.net") >= 2 and told.count("certReqId: 0") == 2
    # The answer as it would be: nested too, with a certificate for the one and the other.
    assert "body: nested" in decided and decided.count("body: ip") == 2
    assert "Message 1 in the nested one" in decided and decided.count("certReqId 0") == 2
    found = json.loads(house.ctl("explain", path, "--json").stdout)
    assert [inner["sender"] for inner in found["inner"]] and len(found["inner"]) == 2
    assert len(found["status"]) == 2
