# SPDX-License-Identifier: Apache-2.0
"""Key attestation that somebody else verifies: the CMF asks over HTTP on loopback, and believes signed verdicts alone."""
import base64
import hashlib
import http.server
import json
import threading
import time

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

import tpm
from conftest import Cmf, Vnfm, free_port
from json_door import REGISTRATIONS, REQUESTS, V1, door_of

STATEMENT = "1.3.6.1.4.1.99999.7"
ISSUER = "https://verifier.example"


def spki_of(key):
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def b64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


class Verifier:
    """It says of every statement what the test has told it to say."""

    def __init__(self):
        self.port = free_port()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.asked, self.claims, self.status, self.signer = [], {}, 200, self.key
        verifier = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                verifier.asked.append(question)
                token = verifier.verdict(question).encode()
                self.send_response(verifier.status)
                self.send_header("Content-Length", str(len(token)))
                self.end_headers()
                self.wfile.write(token)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def jwks(self):
        numbers = self.key.public_key().public_numbers()
        return {"keys": [{"kty": "EC", "crv": "P-256", "kid": "v1", "x": b64url(numbers.x.to_bytes(32, "big")),
                          "y": b64url(numbers.y.to_bytes(32, "big"))}]}

    def verdict(self, question):
        spki = base64.urlsafe_b64decode(question["publicKey"] + "==")
        claims = {"iss": ISSUER, "exp": int(time.time()) + 60, "eat_nonce": question["challenge"],
                  "key_sha256": b64url(hashlib.sha256(spki).digest()), "verdict": "affirming", **self.claims}
        signed = ".".join(b64url(json.dumps(part).encode()) for part in ({"alg": "ES256", "kid": "v1"}, claims))
        r, s = utils.decode_dss_signature(self.signer.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{b64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Delegated:
    def __init__(self, base):
        self.verifier = Verifier()
        (base / "jwks.json").write_text(json.dumps(self.verifier.jwks()))
        self.cmf = Cmf(base / "cmf").serve_tls()
        for key, value in (("attestation", "require"), ("attestation_nonce", "require"),
                           ("attestation_statements", f"{STATEMENT} = external"),
                           ("attestation_verifier", f"http://127.0.0.1:{self.verifier.port}/verify"),
                           ("attestation_verifier_jwks", base / "jwks.json"), ("attestation_verifier_issuer", ISSUER)):
            self.cmf.set("profile VnfciCert", key, value)
        self.cmf.start()
        self.vnfm = Vnfm(self.cmf, "vnfm", base / "vnfm")
        self.door = door_of(self.vnfm)
        self.count = 0

    def close(self):
        self.cmf.stop()
        self.verifier.stop()

    def ask(self, registered=None, **claims):
        """A new entity, key and nonce; the verifier repeats the nonce. registered: the key of the entity's attester."""
        self.count += 1
        name, key = f"hsm-{self.count}", ec.generate_private_key(ec.SECP256R1())
        body = {"certType": "VNFCI_CERT", "typeOfVnfcCertHandling": "DELEGATION_MODE", "subjectId": [name]}
        if registered:
            body["attester"] = {"publicKey": base64.b64encode(registered).decode(), "statementTypes": [STATEMENT]}
        assert self.door.post(REGISTRATIONS, body).status == 201
        nonce = self.door.post(V1 + "/nonces", {}).doc["nonce"]
        self.verifier.claims = {"nonce": nonce, **claims}
        statement = tpm.der(0x30, tpm.oid(STATEMENT), tpm.der(0x04, b"whatever an HSM says"))
        csr = tpm.pkcs10(name, spki_of(key), lambda octets: key.sign(octets, ec.ECDSA(hashes.SHA256())),
                         tpm.der(0x30, tpm.der(0x30, statement)))
        return self.door.post(REQUESTS, {"certType": "VNFCI_CERT", "vnfcId": name, "certChainRequest": False,
                                         "csr": base64.b64encode(csr).decode()})


@pytest.fixture(scope="module")
def delegated(tmp_path_factory):
    it = Delegated(tmp_path_factory.mktemp("delegated"))
    yield it
    it.close()


def refused(answer, status, reason):
    return (answer.status, answer.doc["reason"]) == (status, reason)


def test_a_good_verdict(delegated):
    asked = len(delegated.verifier.asked)
    assert delegated.ask().status == 201
    question = delegated.verifier.asked[-1]
    assert len(delegated.verifier.asked) == asked + 1
    assert question["statementType"] == STATEMENT
    # The PKCS#10 that came, around the bundle and the key.
    csr = base64.urlsafe_b64decode(question["csr"] + "==")
    for part in ("bundle", "publicKey"):
        assert base64.urlsafe_b64decode(question[part] + "==") in csr


@pytest.mark.parametrize("claims, status, reason", [
    ({"verdict": "contraindicated"}, 422, "attestation_verifier_refused"),
    ({"verdict": "perhaps"}, 503, "attestation_verifier_unavailable"),
    ({"iss": "https://other.example"}, 503, "attestation_verifier_unavailable"),
    ({"exp": 1}, 503, "attestation_verifier_unavailable"),
    ({"eat_nonce": "AAAA"}, 503, "attestation_verifier_unavailable"),
    ({"key_sha256": "AAAA"}, 503, "attestation_verifier_unavailable"),
    ({"nonce": b64url(bytes(32))}, 422, "nonce_unknown"),
])
def test_no_other_verdict_is_a_good_one(delegated, claims, status, reason):
    assert refused(delegated.ask(**claims), status, reason)


def test_an_attester_that_is_registered_is_the_one_that_counts(delegated):
    attester, other = (spki_of(ec.generate_private_key(ec.SECP256R1())) for _ in range(2))
    digests = [b64url(hashlib.sha256(key).digest()) for key in (attester, other)]
    assert delegated.ask(attester, attester=digests[0]).status == 201
    for claims in ({"attester": digests[1]}, {}):
        assert refused(delegated.ask(attester, **claims), 422, "attestation_attester_not_trusted")


def test_an_outage_is_never_as_if_there_were_no_statement(delegated):
    verifier = delegated.verifier
    try:
        verifier.status = 500
        assert refused(delegated.ask(), 503, "attestation_verifier_unavailable")
        verifier.status, verifier.signer = 200, ec.generate_private_key(ec.SECP256R1())
        assert refused(delegated.ask(), 503, "attestation_verifier_unavailable")
    finally:
        verifier.status, verifier.signer = 200, verifier.key
    assert delegated.ask().status == 201
