# SPDX-License-Identifier: Apache-2.0
"""Private keys in the archive and out of it again (RFC 4211 6.4, RFC 4210 5.3.7), with a client in Python:
the openssl command encrypts, opens and verifies what goes there and comes back."""
import sys

import pytest

from conftest import OPENSSL, ROOT, new_key, run

sys.path.insert(0, str(ROOT / "tests" / "interop"))
from pycmp import (Client, PasswordBasedMac, cert_req_msg, elements, explicit, genm, integer, ir, name,  # noqa: E402
                   octet_string, oid, sequence, tagged, tlv)

IP, KRP, GENP = 1, 10, 22
IMPLICIT_CONFIRM, CA_PROT_ENC_CERT = "1.3.6.1.5.5.7.4.13", "1.3.6.1.5.5.7.4.1"
ARCHIVE_OPTIONS, PROTOCOL_ENCR_KEY = "1.3.6.1.5.5.7.5.1.4", "1.3.6.1.5.5.7.5.1.6"
ENVELOPED_DATA, SIGNED_DATA = "1.2.840.113549.1.7.3", "1.2.840.113549.1.7.2"
KEY_PACKAGE = "2.16.840.1.101.2.1.2.78.5"
ACCEPTED, GRANTED_WITH_MODS, REJECTION = 0, 1, 2
NULL = b"\x05\x00"
MAC = PasswordBasedMac()


@pytest.fixture(scope="module")
def client(shared, tmp_path_factory):
    base = tmp_path_factory.mktemp("archive")
    run([OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", base / "encryption.key", "-out",
         base / "encryption.pem", "-subj", "/CN=encryption", "-days", "30", "-addext", "keyUsage=keyEncipherment"])
    shared.set("protection", "encryption_certificate", base / "encryption.pem")
    shared.set("protection", "encryption_key", base / "encryption.key")
    shared.set("profile VnfciCert", "archive_keys", "allowed")
    shared.stop()
    shared.start()
    secret = base / "secret"
    secret.write_text("a secret of thirty-two octets...")
    for client, may in ("py", "register,request,recover"), ("py-only", "register,request"):
        shared.ctl("client", "add", client, "--trust-domain", client, "--mac", "--ref", f"ref-{client}",
                   "--secret-file", secret, "--default-profile", "VnfciCert", "--may", may)
    return Client(f"{shared.url}/.well-known/cmp", b"ref-py", secret.read_bytes())


# --- what goes there ------------------------------------------------------------------------------

def openssl(*args, **kwargs):
    import subprocess
    return subprocess.run([OPENSSL, *map(str, args)], stdout=subprocess.PIPE, check=True, **kwargs).stdout


def with_type(content_info, content_type):
    """EnvelopedData out of ContentInfo, with that type of encrypted content, which the command does not set."""
    version, recipients, content = elements(tlv(tlv(elements(tlv(content_info)[1])[1])[1])[1])
    content = sequence(oid(content_type), *elements(tlv(content)[1])[1:])
    return sequence(version, recipients, content)


def archive_control(client, tmp_path, key):
    """pkiArchiveOptions with the private key of that file, for the key of caProtEncCert."""
    answer = client.ask(genm(CA_PROT_ENC_CERT), MAC)
    cert = elements(tlv(elements(tlv(answer.body)[1])[0])[1])[1]
    recipient = tmp_path / "recipient.pem"
    openssl("x509", "-inform", "DER", "-out", recipient, input=cert)
    private = openssl("pkcs8", "-topk8", "-nocrypt", "-in", key, "-outform", "DER")
    content_info = openssl("cms", "-encrypt", "-binary", "-aes-256-cbc", "-keyid", "-outform", "DER", recipient,
                           input=private)
    envelope = tagged(0xA0, tlv(with_type(content_info, KEY_PACKAGE))[1])
    return sequence(oid(ARCHIVE_OPTIONS), explicit(0, envelope))


def implicit_confirm(fields):
    fields[8] = explicit(8, sequence(sequence(oid(IMPLICIT_CONFIRM), NULL)))


def enrol(client, common_name, key, *controls):
    """Status and certificate."""
    message = cert_req_msg(common_name, key, controls=sequence(*controls) if controls else b"")
    answer = client.ask(ir(message), MAC, pvno=3, bend=implicit_confirm)
    assert answer.body_type == IP
    response = elements(tlv([e for e in elements(tlv(answer.body)[1]) if e[0] == 0x30][0])[1])[0]
    _, status, pair = elements(tlv(response)[1])
    return status_of(status), tlv(elements(tlv(pair)[1])[0])[1]


# --- what comes back ------------------------------------------------------------------------------

def status_of(info):
    return int.from_bytes(tlv(elements(tlv(info)[1])[0])[1], "big")


def failinfo_of(info):
    bits = tlv([e for e in elements(tlv(info)[1]) if e[0] == 0x03][0])[1][1:]
    return {i for i in range(8 * len(bits)) if bits[i // 8] & 0x80 >> i % 8}


def krr(client, common_name, recipient):
    """PKIStatusInfo of krp, and its optional parts by their tags."""
    spki = openssl("pkey", "-in", recipient, "-pubout", "-outform", "DER")
    request = sequence(integer(0), sequence(tagged(0xA5, name(common_name))),
                       sequence(sequence(oid(PROTOCOL_ENCR_KEY), spki)))
    answer = client.ask(explicit(9, sequence(sequence(request))), MAC, pvno=3)
    assert answer.body_type == KRP
    status, *rest = elements(tlv(answer.body)[1])
    return status, {e[0] & 0x1F: tlv(e)[1] for e in rest}


def private_key(encrypted_key, recipient, shared, tmp_path):
    """EncryptedKey to the public key that belongs to what is in it, as openssl says it."""
    content_info = sequence(oid(ENVELOPED_DATA), explicit(0, sequence(*elements(tlv(encrypted_key)[1]))))
    signed = openssl("cms", "-decrypt", "-inform", "DER", "-inkey", recipient, input=content_info)
    content_info = sequence(oid(SIGNED_DATA), explicit(0, signed))
    package = openssl("cms", "-verify", "-inform", "DER", "-CAfile", shared.root, "-purpose", "any",
                      input=content_info)
    _, algorithm, key, *_ = elements(tlv(elements(tlv(package)[1])[0])[1])
    return openssl("pkey", "-inform", "DER", "-pubout", input=sequence(integer(0), algorithm, key))


def test_rfc4210_5_3_7_what_was_sent_comes_back(client, shared, tmp_path):
    shared.register("py", "vnfci-py")
    keys = [new_key(tmp_path / f"{i}.key") for i in range(2)]
    certs = []
    for key in keys:
        status, cert = enrol(client, "vnfci-py", key, archive_control(client, tmp_path, key))
        assert status == ACCEPTED
        certs.append(cert)
    recipient = tmp_path / "recipient.key"
    openssl("genpkey", "-algorithm", "RSA", "-out", recipient)
    status, parts = krr(client, "vnfci-py", recipient)
    assert status_of(status) == ACCEPTED and set(parts) == {1, 2}
    pairs = elements(tlv(parts[2])[1])
    assert len(pairs) == 2
    for pair, key, cert in zip(pairs, reversed(keys), reversed(certs)):
        certificate, encrypted = (tlv(e)[1] for e in elements(tlv(pair)[1]))
        assert tlv(certificate)[1] == tlv(cert)[1]
        assert private_key(encrypted, recipient, shared, tmp_path) == openssl("pkey", "-in", key, "-pubout")
    # caCerts: the issuer, then the root.
    assert elements(tlv(parts[1])[1])[1] == openssl("x509", "-in", shared.root, "-outform", "DER")


def test_operator_sees_and_deletes(client, shared, tmp_path):
    shared.register("py", "vnfci-shown")
    key = new_key(tmp_path / "a.key")
    enrol(client, "vnfci-shown", key, archive_control(client, tmp_path, key))
    shown = shared.ctl_json("certificate", "show", "--subject-id", "vnfci-shown")
    assert [c["archived_key"] for c in shown] == ["sent"] and shown[0]["key_archived_at"]
    # Nowhere in the database is the private key to be found.
    private = openssl("pkcs8", "-topk8", "-nocrypt", "-in", key, "-outform", "DER")
    for path in shared.dir.glob("cmf.db*"):
        assert private[36:68] not in path.read_bytes()
    shared.ctl("certificate", "delete-key", shown[0]["serial"])
    shown = shared.ctl_json("certificate", "show", "--subject-id", "vnfci-shown")
    assert [(c["archived_key"], c["state"]) for c in shown] == [(None, "active")]
    again = shared.ctl("certificate", "delete-key", shown[0]["serial"], check=False)
    assert again.returncode != 0 and "archived" in again.stdout
    recipient = tmp_path / "recipient.key"
    openssl("genpkey", "-algorithm", "RSA", "-out", recipient)
    status, parts = krr(client, "vnfci-shown", recipient)
    assert status_of(status) == REJECTION and failinfo_of(status) == {4} and not parts


def test_rfc4210_5_3_7_without_permission(client, shared, tmp_path):
    shared.register("py-only", "vnfci-only")
    other = Client(client.url, b"ref-py-only", client.secret)
    key = new_key(tmp_path / "a.key")
    assert enrol(other, "vnfci-only", key, archive_control(other, tmp_path, key))[0] == ACCEPTED
    recipient = tmp_path / "recipient.key"
    openssl("genpkey", "-algorithm", "RSA", "-out", recipient)
    status, parts = krr(other, "vnfci-only", recipient)
    assert status_of(status) == REJECTION and failinfo_of(status) == {23} and not parts
    # Nor is it the other client's entity.
    status, _ = krr(client, "vnfci-only", recipient)
    assert failinfo_of(status) == {23}


def test_rfc4210_5_2_6_profile_without_archive(client, shared, tmp_path):
    shared.ctl("register", "--requester", "py", "--cert-type", "VnfOAMCert", "--subject-id", "oam-py")
    key = new_key(tmp_path / "a.key")
    message = cert_req_msg("oam-py", key, controls=sequence(archive_control(client, tmp_path, key)))
    oam = Client(f"{shared.url}/.well-known/cmp/p/VnfOAMCert", client.reference, client.secret)
    answer = oam.ask(ir(message), MAC, pvno=3, bend=implicit_confirm)
    assert b"private key not archived" in answer.der
    assert shared.ctl_json("certificate", "show", "--subject-id", "oam-py")[0]["archived_key"] is None
