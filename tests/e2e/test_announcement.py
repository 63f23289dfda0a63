"""Announcements over HTTP (RFC 9811 3.5). No client sends them, so the message is made here."""

import hashlib
import hmac
import os
import subprocess
import urllib.error
import urllib.request

import pytest

from conftest import OPENSSL, make_ca

SECRET = b"a-secret-of-more-than-128-bits-0123456789"


def tlv(tag, *parts):
    content = b"".join(parts)
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def oid(text):
    numbers = [int(n) for n in text.split(".")]
    out = bytearray([numbers[0] * 40 + numbers[1]])
    for n in numbers[2:]:
        septets = [n & 0x7f]
        while n := n >> 7:
            septets.append(0x80 | n & 0x7f)
        out += bytes(reversed(septets))
    return tlv(0x06, bytes(out))


def mac_protected(body, reference, secret):
    """A PKIMessage with PasswordBasedMac, RFC 4210 5.1.3.1: SHA-256 and HMAC-SHA256."""
    salt, count = os.urandom(16), 500
    algorithm = tlv(0x30, oid("1.2.840.113533.7.66.13"), tlv(
        0x30, tlv(0x04, salt), tlv(0x30, oid("2.16.840.1.101.3.4.2.1")),
        tlv(0x02, count.to_bytes(2, "big")), tlv(0x30, oid("1.2.840.113549.2.9"))))
    header = tlv(0x30, tlv(0x02, b"\x02"), tlv(0xa4, tlv(0x30)), tlv(0xa4, tlv(0x30)),
                 tlv(0xa1, algorithm), tlv(0xa2, tlv(0x04, reference)))
    key = secret + salt
    for _ in range(count):
        key = hashlib.sha256(key).digest()
    mac = hmac.new(key, tlv(0x30, header, body), "sha256").digest()
    return tlv(0x30, header, body, tlv(0xa0, tlv(0x03, b"\0", mac)))


def post(cmf, message):
    request = urllib.request.Request(f"{cmf.url}/.well-known/cmp", message,
                                     {"Content-Type": "application/pkixcmp"})
    try:
        with urllib.request.urlopen(request, timeout=600) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()


@pytest.fixture
def announced(shared, tmp_path):
    """A CMF with an announcer and one who is none, and a body of type cann."""
    secret = tmp_path / "secret.txt"
    secret.write_bytes(SECRET + b"\n")
    for name, may in (("announcer", "announce"), ("silent", "request")):
        shared.ctl("client", "add", name, "--mac", "--ref", name, "--secret-file", secret,
                   "--trust-domain", "other", "--may", may)
    make_ca(tmp_path / "ca.pem", tmp_path / "ca.key", "/CN=announced CA")
    der = subprocess.run([OPENSSL, "x509", "-in", tmp_path / "ca.pem", "-outform", "DER"], check=True,
                         stdout=subprocess.PIPE).stdout
    yield shared, der
    for name in ("announcer", "silent"):
        shared.ctl("client", "remove", name)


def test_rfc9811_3_5_announcement(announced, tmp_path):
    cmf, der = announced
    cann = tlv(0xb0, der)
    before = cmf.snapshot()
    for _ in range(2):
        assert post(cmf, mac_protected(cann, b"announcer", SECRET)) == (201, b""), cmf.tail()
    assert post(cmf, mac_protected(cann, b"announcer", b"another secret")) == (403, b"")
    assert post(cmf, mac_protected(cann, b"silent", SECRET)) == (403, b"")
    assert post(cmf, mac_protected(tlv(0xb0, tlv(0x30)), b"announcer", SECRET)) == (400, b"")
    (row,) = cmf.ctl_json("announcement", "list")
    assert (row["type"], row["sender"]) == ("cann", "announcer")
    assert cmf.ctl_json("announcement", "list", "--type", "rann") == []
    content = tmp_path / "content.der"
    cmf.ctl("announcement", "show", str(row["id"]), "--content", content)
    assert content.read_bytes() == der
    assert cmf.snapshot() == before
