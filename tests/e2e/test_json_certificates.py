# SPDX-License-Identifier: Apache-2.0
"""Certificates over the JSON door: read as JSON, PEM and DER, renewed over either door, revoked, put on hold; their
holders; the chains of the CAs."""
import datetime
import json
import subprocess

import pytest

from conftest import OPENSSL, run, serial_of
from json_door import CERTIFICATES, REGISTRATIONS, REQUESTS, V1, JsonDoor, pkcs10

REASONS = ["unspecified", "keyCompromise", "affiliationChanged", "superseded", "cessationOfOperation", "privilegeWithdrawn"]


@pytest.fixture(scope="module")
def enrolled(doors):
    """(CSR resource, certificate resource, key file) of an entity that nothing happens to."""
    doors.a.register("k-still")
    csr, key = doors.a.enrol(doors.vnfm_a, "k-still")
    return csr, doors.a.get(f"{CERTIFICATES}/{csr['certificateId']}").doc, key


def certificate(doors, subject):
    """A certificate of its own: its path and resource, and the key."""
    doors.a.register(subject)
    csr, key = doors.a.enrol(doors.vnfm_a, subject)
    return f"{CERTIFICATES}/{csr['certificateId']}", csr, key


def x509(pem, *args):
    return run([OPENSSL, "x509", "-noout", *args], input=pem).stdout.strip()


# --- reading ---

def test_certificate_says_what_the_x509_says(doors, enrolled):
    csr, cert, _ = enrolled
    assert cert["certificate"] == csr["certificate"]
    assert cert["serialNumber"] == x509(cert["certificate"], "-serial").split("=")[1].lower()
    for member, option in (("notBefore", "-startdate"), ("notAfter", "-enddate")):
        told = datetime.datetime.fromisoformat(cert[member].replace("Z", "+00:00"))
        read = datetime.datetime.strptime(x509(cert["certificate"], option).split("=")[1], "%b %d %H:%M:%S %Y %Z")
        assert told == read.replace(tzinfo=datetime.timezone.utc)
    assert (cert["status"], cert["certType"], cert["subjectId"]) == ("VALID", "VNFCI_CERT", "k-still")
    assert doors.a.get(f"{REGISTRATIONS}/{cert['registrationId']}").doc["subjectId"] == "k-still"
    assert "replacedBy" not in cert and "revocation" not in cert
    assert [c["serial"] for c in doors.certificates("k-still")] == [cert["serialNumber"]]


def test_chain_is_issuer_first_without_the_root(doors, enrolled, tmp_path):
    csr, cert, _ = enrolled
    assert csr["certificateChain"] == cert["certificateChain"]
    assert x509(csr["certificateChain"][0], "-subject").split("=", 1)[1] == x509(csr["certificate"], "-issuer").split("=", 1)[1]
    assert doors.root.read_text().split() not in [c.split() for c in csr["certificateChain"]]
    (tmp_path / "chain.pem").write_text("\n".join(csr["certificateChain"]))
    (tmp_path / "cert.pem").write_text(csr["certificate"])
    run([OPENSSL, "verify", "-x509_strict", "-CAfile", doors.root, "-untrusted", tmp_path / "chain.pem", tmp_path / "cert.pem"])


def test_as_pem_and_as_der(doors, enrolled):
    csr, cert, _ = enrolled
    at = f"{CERTIFICATES}/{cert['id']}"
    pem = doors.a.get(at, accept="application/x-pem-file")
    assert pem.status == 200 and pem.headers["content-type"] == "application/x-pem-file"
    assert pem.body.decode().split() == "\n".join([cert["certificate"], *cert["certificateChain"]]).split()
    der = doors.a.get(at, accept="application/pkix-cert")
    assert der.status == 200 and der.headers["content-type"] == "application/pkix-cert"
    converted = subprocess.run([OPENSSL, "x509", "-outform", "DER"], input=cert["certificate"].encode(),
                               stdout=subprocess.PIPE, check=True).stdout
    assert der.body == converted


@pytest.mark.parametrize("accept, kind", [
    ("*/*", "application/json"), ("application/*", "application/json"), (None, "application/json"),
    ("application/json;q=0.1, application/pkix-cert", "application/pkix-cert"),
    ("application/pkix-cert;q=0.2, application/x-pem-file;q=0.8, */*;q=0.1", "application/x-pem-file"),
    ("application/pem-certificate-chain", None),
])
def test_the_best_of_what_is_accepted(doors, enrolled, accept, kind):
    answer = doors.a.get(f"{CERTIFICATES}/{enrolled[1]['id']}", accept=accept)
    assert (answer.status, answer.headers["content-type"].split(";")[0]) == ((200, kind) if kind else
                                                                             (406, "application/problem+json"))


def test_ca_certificates_are_the_chains_that_are_used(doors, enrolled):
    found = doors.a.get(V1 + "/ca_certificates").doc
    assert [c["ca"] for c in found] == ["issuing"]
    assert enrolled[0]["certificateChain"][0] in found[0]["certificateChain"]
    assert doors.a2.get(V1 + "/ca_certificates").doc == []


# --- Certificate Signing Request, what is asked for with it ---

def test_chain_only_where_it_is_asked_for(doors):
    doors.a.register("k-chain")
    csr = pkcs10(doors.vnfm_a.key(), "/CN=k-chain")
    for chain, there in ((False, False), ("NO_CHAIN", False), (True, True), ("CHAIN", True), (False, False)):
        answer = doors.a.request(csr, "k-chain", chain=chain)
        assert answer.status in (200, 201) and ("certificateChain" in answer.doc) == there
    assert len(doors.a.listed(f"{CERTIFICATES}?filter=(eq,subjectId,k-chain)")) == 1


def test_pem_and_der_are_the_same_request(doors):
    doors.a.register("k-same")
    pem = pkcs10(doors.vnfm_a.key(), "/CN=k-same")
    der = "".join(pem.strip().splitlines()[1:-1])
    first = doors.a.request(pem, "k-same")
    assert first.status == 201 and doors.a.get(first.location).doc["status"] == "COMPLETED"
    for again in (der, "\r\n".join(pem.splitlines()), pem):
        answer = doors.a.request(again, "k-same")
        assert answer.status == 200 and answer.doc == first.doc and answer.location == first.location


def test_the_same_csr_with_other_wishes_is_a_conflict(doors):
    doors.a.register("k-wish")
    pem = pkcs10(doors.vnfm_a.key(), "/CN=k-wish")
    first = doors.a.request(pem, "k-wish")
    assert first.status == 201
    later = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for wish in ({"notAfter": later}, {"replaces": first.doc["certificateId"]}, {"profile": "Short"}):
        assert doors.a.request(pem, "k-wish", **wish).status in (409, 422), wish
    assert len(doors.certificates("k-wish")) == 1


def test_a_wish_for_the_end(doors):
    doors.a.register("k-short")
    soon = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)).replace(microsecond=0)
    csr, _ = doors.a.enrol(doors.vnfm_a, "k-short", notAfter=soon.isoformat())
    cert = doors.a.get(f"{CERTIFICATES}/{csr['certificateId']}").doc
    assert datetime.datetime.fromisoformat(cert["notAfter"].replace("Z", "+00:00")) == soon
    # Longer than the profile has it: what is granted is said.
    late = soon + datetime.timedelta(days=4000)
    csr, _ = doors.a.enrol(doors.vnfm_a, "k-short", notAfter=late.isoformat())
    cert = doors.a.get(f"{CERTIFICATES}/{csr['certificateId']}").doc
    assert datetime.datetime.fromisoformat(cert["notAfter"].replace("Z", "+00:00")) < late
    assert csr["changes"]


def test_oam_certificate_by_the_common_name(doors):
    doors.a.register("k-oam", cert_type="VNFOAM_CERT")
    answer = doors.a.request(pkcs10(doors.vnfm_a.key(), "/CN=k-oam"), cert_type="VnfOAMCert")
    assert answer.status == 201 and answer.doc["certType"] == "VNFOAM_CERT"
    assert doors.a.get(f"{CERTIFICATES}/{answer.doc['certificateId']}").doc["subjectId"] == "k-oam"


def test_mano_certificate_over_json(doors):
    """An extension: IFA 033 11.2.3 has the other two only."""
    name = "k-mano.operator-a.example"
    doors.a.register(name, cert_type="MANO_CERT")
    answer = doors.a.request(pkcs10(doors.vnfm_a.key(), f"/CN={name}"), cert_type="MANO_CERT")
    assert answer.status == 201 and f"DNS:{name}" in x509(answer.doc["certificate"], "-ext", "subjectAltName")


def test_lists_leave_out_what_is_long(doors, enrolled):
    own = [x for x in doors.a.listed(f"{CERTIFICATES}?filter=(eq,subjectId,k-still)")]
    assert len(own) == 1 and {k: v for k, v in enrolled[1].items() if not k.startswith("certificate")} == own[0]
    whole = doors.a.listed(f"{CERTIFICATES}?filter=(eq,subjectId,k-still)&all_fields")
    assert whole == [enrolled[1]]
    requests = doors.a.listed(f"{REQUESTS}?filter=(eq,vnfcId,k-still)")
    assert [r["id"] for r in requests] == [enrolled[0]["id"]] and "certificate" not in requests[0]


# --- renewal ---

def test_renewal_over_json(doors):
    at, csr, key = certificate(doors, "k-renew")
    new = doors.a.request(pkcs10(doors.vnfm_a.key(), "/CN=k-renew"), "k-renew", replaces=csr["certificateId"])
    assert new.status == 201
    old = doors.a.get(at).doc
    assert old["status"] == "VALID" and old["replacedBy"] == new.doc["certificateId"]
    # Again, over the same door and over CMP: replacedBy is the newest.
    newer = doors.a.request(pkcs10(doors.vnfm_a.key(), "/CN=k-renew"), "k-renew", replaces=csr["certificateId"])
    assert newer.status == 201 and doors.a.get(at).doc["replacedBy"] == newer.doc["certificateId"]
    pem, chain = doors.vnfm_a.out(), doors.vnfm_a.out()
    pem.write_text(csr["certificate"])
    chain.write_text("\n".join(csr["certificateChain"]))
    out = doors.vnfm_a.out()
    assert doors.vnfm_a.cmp("kur", "-oldcert", pem, "-cert", pem, "-key", key, "-extracerts", chain, "-newkey",
                            doors.vnfm_a.key(), "-certout", out).ok
    newest = doors.a.get(f"{CERTIFICATES}/{doors.a.get(at).doc['replacedBy']}").doc
    assert newest["serialNumber"] == serial_of(out)


def test_renewal_that_revokes_the_old_one(doors):
    at, csr, _ = certificate(doors, "k-renew-r")
    new = doors.a.request(pkcs10(doors.vnfm_a.key(), "/CN=k-renew-r"), "k-renew-r", replaces=csr["certificateId"],
                          revokeReplaced=True)
    assert new.status == 201
    old = doors.a.get(at).doc
    assert (old["status"], old["revocation"]["reason"], old["replacedBy"]) == ("REVOKED", "superseded",
                                                                              new.doc["certificateId"])


@pytest.mark.parametrize("what", ["same key", "other names", "unknown", "revoked", "another entity's"])
def test_renewals_that_are_refused(doors, what):
    subject = "k-ref-" + what.replace(" ", "-").replace("'", "")
    at, csr, key = certificate(doors, subject)
    replaces, expected, cn, newkey = csr["certificateId"], 422, subject, doors.vnfm_a.key()
    if what == "same key":
        newkey = key
    elif what == "other names":
        cn = "someone-else"
    elif what == "unknown":
        replaces, expected = "00000000-0000-4000-8000-000000000000", 404
    elif what == "revoked":
        assert doors.a.post(at + "/revoke", {"reason": "superseded"}).status == 204
        expected = 409
    else:
        replaces = certificate(doors, subject + "-2")[1]["certificateId"]
        expected = (404, 422)
    before = len(doors.certificates(subject))
    answer = doors.a.request(pkcs10(newkey, f"/CN={cn}"), subject, replaces=replaces)
    assert answer.status == expected or answer.status in (expected if isinstance(expected, tuple) else ()), answer
    assert len(doors.certificates(subject)) == before


# --- revocation ---

@pytest.mark.parametrize("reason", REASONS)
def test_revoke(doors, reason):
    at, csr, _ = certificate(doors, f"k-{reason}")
    etag = doors.a.get(at).headers["etag"]
    assert doors.a.post(at + "/revoke", {"reason": reason}).status == 204
    answer = doors.a.get(at)
    assert answer.doc["status"] == "REVOKED" and answer.doc["revocation"]["reason"] == reason
    assert answer.headers["etag"] != etag
    assert doors.states(f"k-{reason}") == ["revoked"]
    again = doors.a.post(at + "/revoke", {"reason": reason})
    assert again.status == 204 or (again.status == 409 and again.doc["failInfo"] == "certRevoked")
    other = doors.a.post(at + "/revoke", {"reason": "keyCompromise" if reason != "keyCompromise" else "superseded"})
    assert other.status == 409 and other.doc["failInfo"] == "certRevoked"


@pytest.mark.parametrize("body, status", [
    ({}, 422), ({"reason": None}, 422), ({"reason": 1}, 422), ({"reason": "nonsense"}, 422), ({"reason": "Superseded"}, 422),
    ({"reason": "superseded", "invalidityDate": 1}, 422), ({"reason": "superseded", "invalidityDate": "x"}, 422),
    ({"reason": "superseded", "invalidityDate": "2099-01-01T00:00:00Z"}, 422), ({"reason": "removeFromCRL"}, 422),
    ({"reason": "superseded", "invalidityDate": "1960-01-01T00:00:00Z"}, 422),
])
def test_revocations_that_are_refused(doors, enrolled, body, status):
    at = f"{CERTIFICATES}/{enrolled[1]['id']}"
    answer = doors.a.post(at + "/revoke", body)
    assert answer.status in (status, 409 if body.get("reason") == "removeFromCRL" else status), answer
    assert doors.a.get(at).doc == enrolled[1]


def test_invalidity_date(doors):
    at, csr, _ = certificate(doors, "k-invalid")
    since = "2026-01-02T03:04:05Z"
    assert doors.a.post(at + "/revoke", {"reason": "keyCompromise", "invalidityDate": since}).status == 204
    assert doors.a.get(at).doc["status"] == "REVOKED"


def test_hold_and_taking_it_back(doors):
    at, csr, _ = certificate(doors, "k-hold")
    assert doors.a.post(at + "/revoke", {"reason": "certificateHold"}).status == 204
    assert doors.a.get(at).doc["status"] == "ON_HOLD"
    assert doors.a.post(at + "/revoke", {"reason": "removeFromCRL"}).status == 204
    cert = doors.a.get(at).doc
    assert cert["status"] == "VALID" and "revocation" not in cert


def test_the_csr_of_a_certificate_that_was_revoked_meanwhile(doors):
    doors.a.register("k-meanwhile")
    pem = pkcs10(doors.vnfm_a.key(), "/CN=k-meanwhile")
    first = doors.a.request(pem, "k-meanwhile")
    at = f"{CERTIFICATES}/{first.doc['certificateId']}"
    assert doors.a.post(at + "/revoke", {"reason": "superseded"}).status == 204
    answer = doors.a.request(pem, "k-meanwhile")
    assert answer.status == 409 and answer.doc["failInfo"] == "certRevoked"
    assert doors.states("k-meanwhile") == ["revoked"]


def test_revoked_is_revoked_over_both_doors(doors):
    at, csr, key = certificate(doors, "k-doors")
    pem = doors.vnfm_a.out()
    pem.write_text(csr["certificate"])
    assert doors.vnfm_a.cmp("rr", "-oldcert", pem, "-revreason", "1").ok
    cert = doors.a.get(at).doc
    assert (cert["status"], cert["revocation"]["reason"]) == ("REVOKED", "keyCompromise")
    assert doors.a.post(at + "/revoke", {"reason": "superseded"}).status == 409


def test_a_pending_certificate_of_cmp_is_pending(doors):
    doors.a.register("k-pending")
    doors.vnfm_a.cmp("cr", "-newkey", doors.vnfm_a.key(), "-subject", "/CN=k-pending", "-certout", doors.vnfm_a.out(),
                     "-disable_confirm", path=".well-known/cmp/p/VnfciCert")
    assert [c["status"] for c in doors.a.listed(f"{CERTIFICATES}?filter=(eq,subjectId,k-pending)")] == ["PENDING"]


# --- holders ---

@pytest.fixture(scope="module")
def holder(doors, tmp_path_factory):
    """Who holds a certificate of ours: (door, path of the certificate, its CSR, requester)."""
    at, csr, key = certificate(doors, "k-holder")
    pem = tmp_path_factory.mktemp("holder") / "holder.pem"
    pem.write_text("\n".join([csr["certificate"], *csr["certificateChain"]]))
    return JsonDoor(doors, pem, key), at, csr


def test_a_holder_reads_its_own_certificate_and_nothing_else(doors, holder, enrolled):
    door, at, csr = holder
    assert door.get(at).doc["subjectId"] == "k-holder"
    assert door.get(at, accept="application/x-pem-file").status == 200
    assert door.get(f"{CERTIFICATES}/{enrolled[1]['id']}").status == 404
    assert [c["id"] for c in door.listed(CERTIFICATES)] == [csr["certificateId"]]
    assert door.get(f"{REGISTRATIONS}/{enrolled[1]['registrationId']}").status in (403, 404)
    assert door.get(f"{REQUESTS}/{enrolled[0]['id']}").status == 404


def test_a_holder_may_do_nothing_else(doors, holder, enrolled):
    door, at, csr = holder
    before = doors.snapshot()
    assert door.register("k-new").status == 403
    assert door.post(f"{CERTIFICATES}/{enrolled[1]['id']}/revoke", {"reason": "superseded"}).status in (403, 404)
    assert door.request(pkcs10(doors.vnfm_a.key(), "/CN=k-holder"), "k-holder").status == 403
    assert door.request(pkcs10(doors.vnfm_a.key(), "/CN=k-still"), "k-still").status in (403, 404)
    assert door.request(pkcs10(doors.vnfm_a.key(), "/CN=k-still"), "k-still",
                        replaces=enrolled[1]["id"]).status in (403, 404)
    registration = doors.a.get(at).doc["registrationId"]
    assert door.delete(f"{REGISTRATIONS}/{registration}").status in (403, 404)
    assert doors.snapshot() == before


def test_a_holder_renews_and_revokes_its_own(doors, holder, tmp_path):
    door, at, csr = holder
    key = doors.vnfm_a.key()
    new = door.request(pkcs10(key, "/CN=k-holder"), "k-holder", replaces=csr["certificateId"])
    assert new.status == 201
    assert doors.a.get(at).doc["replacedBy"] == new.doc["certificateId"]
    pem = tmp_path / "renewed.pem"
    pem.write_text("\n".join([new.doc["certificate"], *new.doc["certificateChain"]]))
    renewed = JsonDoor(doors, pem, key)
    own = f"{CERTIFICATES}/{new.doc['certificateId']}"
    assert renewed.get(own).status == 200 and renewed.get(at).status == 404
    assert renewed.post(own + "/revoke", {"reason": "keyCompromise"}).status == 204
    # On the connection that stays: a revoked certificate is nobody's credential.
    assert renewed.get(own).status == 401
    assert doors.a.get(own).doc["revocation"]["reason"] == "keyCompromise"


def test_certificates_of_nobody(doors, tmp_path):
    """A handshake never fails for a client certificate; the answer is 401."""
    from conftest import issue, make_ca
    make_ca(tmp_path / "ca.pem", tmp_path / "ca.key", "/CN=vnfm-a demo CA")
    issue(tmp_path / "ca.pem", tmp_path / "ca.key", tmp_path / "c.pem", tmp_path / "c.key", "/CN=vnfm-a")
    for door in (JsonDoor(doors, tmp_path / "c.pem", tmp_path / "c.key"), doors.nobody):
        answer = door.get(REGISTRATIONS)
        assert answer.status == 401 and answer.headers["www-authenticate"], json.dumps(answer.doc)
