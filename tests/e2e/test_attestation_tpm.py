# SPDX-License-Identifier: Apache-2.0
"""Key attestation from end to end, with a TPM 2.0: a nonce from the CMF, a key in the TPM, its statement over the nonce, a
PKCS#10 that the TPM signs. The TPM is swtpm; nothing of it is imitated."""
import base64
import datetime
import http.server
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

import tpm
from conftest import Cmf, Vnfm, wait_for
from json_door import REGISTRATIONS, REQUESTS, V1, door_of

DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM
NOW = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
DAY = datetime.timedelta(days=1)


class AttestationCa:
    """Who says of an attestation key that it is in a TPM: in life its maker, or who has taken it into service."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Attestation CA")])
        self.cert = self.builder(name, name, self.key.public_key()).add_extension(
            x509.BasicConstraints(True, 0), True).add_extension(
            x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False).sign(self.key, hashes.SHA256())

    @staticmethod
    def builder(subject, issuer, key):
        return x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key).serial_number(
            x509.random_serial_number()).not_valid_before(NOW - DAY).not_valid_after(NOW + 30 * DAY)

    def certify(self, spki):
        """An AK certificate as TCG's profile has it: no subject, the TPM in a critical SAN, its own EKU."""
        tcg = [x509.NameAttribute(ObjectIdentifier(f"2.23.133.2.{i}"), text)
               for i, text in ((1, "id:00001014"), (2, "swtpm"), (3, "id:20191023"))]
        return self.builder(x509.Name([]), self.cert.subject, serialization.load_der_public_key(spki)).add_extension(
            x509.BasicConstraints(False, None), True).add_extension(
            x509.ExtendedKeyUsage([ObjectIdentifier("2.23.133.8.3")]), False).add_extension(
            x509.SubjectAlternativeName([x509.DirectoryName(x509.Name(tcg))]), True).add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False).sign(
            self.key, hashes.SHA256()).public_bytes(DER)


    def crl(self, *revoked):
        """Of itself, DER, with the serial numbers of these certificates."""
        made = x509.CertificateRevocationListBuilder().issuer_name(self.cert.subject).last_update(
            NOW - DAY).next_update(NOW + 7 * DAY)
        for cert in revoked:
            serial = x509.load_der_x509_certificate(cert).serial_number
            made = made.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(
                serial).revocation_date(NOW - DAY).build())
        return made.sign(self.key, hashes.SHA256()).public_bytes(DER)


class CrlServer:
    """Where the CRL of the attestation CA is; None: nowhere."""

    def __init__(self):
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                server.asked += 1
                self.send_response(200 if server.crl else 404)
                self.end_headers()
                self.wfile.write(server.crl or b"")

            def log_message(self, *args):  # pylint: disable=arguments-differ
                pass

        self.crl, self.asked = None, 0
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/attestation.crl"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


class Attested:
    """A CMF whose VNFCI profile requires attestation over a nonce, a VNFM, and a TPM with an attestation key. Or several
    CMFs, not started yet, that serve one database."""

    def __init__(self, base, servers=None):
        self.ca = AttestationCa()
        self.trusted = base / "attesters.pem"
        self.trusted.write_bytes(self.ca.cert.public_bytes(PEM))
        self.servers = servers or [Cmf(base / "cmf").serve_tls()]
        self.cmf = self.servers[0]
        for server in self.servers:
            for key, value in (("attestation", "require"), ("attestation_nonce", "require"),
                               ("attestation_statements", tpm.CERTIFY), ("attestation_trusted", self.trusted)):
                server.set("profile VnfciCert", key, value)
            server.start()
        self.vnfm, self.other = (Vnfm(self.cmf, name, base / name) for name in ("vnfm", "other"))
        self.door, self.other_door = door_of(self.vnfm), door_of(self.other)
        self.tpm = tpm.Tpm(base)
        self.ak = self.tpm.attestation_key()
        self.ak_cert = self.ca.certify(self.ak.spki())
        self.key = self.tpm.key()

    def close(self):
        self.tpm.close()
        for server in self.servers:
            server.stop()

    def register(self, name):
        answer = self.door.post(REGISTRATIONS, {
            "certType": "VNFCI_CERT", "typeOfVnfcCertHandling": "DELEGATION_MODE", "subjectId": [name],
            "attester": {"caCertificates": [self.trusted.read_text()], "statementTypes": [tpm.CERTIFY]}})
        assert answer.status == 201, answer

    @staticmethod
    def nonce(door, **body):
        answer = door.post(V1 + "/nonces", body)
        assert answer.status == 201, answer
        return answer.doc["nonceId"], tpm.nonce_octets(answer.doc["nonce"])

    def csr(self, name, nonce, key=None):
        key = key or self.key
        attest, signature = key.certified_by(self.ak, nonce)
        return key.csr(name, tpm.bundle(attest, signature, key.area(), self.ak_cert))

    def ask(self, name, csr, **members):
        return self.door.post(REQUESTS, {"certType": "VNFCI_CERT", "vnfcId": name, "certChainRequest": False,
                                         "csr": base64.b64encode(csr).decode(), **members})


@pytest.fixture(scope="module")
def attested(tmp_path_factory):
    it = Attested(tmp_path_factory.mktemp("attested"))
    yield it
    it.close()


def refused(answer, status, reason):
    return (answer.status, answer.doc.get("reason")) == (status, reason)


def test_a_key_of_the_tpm_gets_a_certificate(attested):
    attested.register("tpm-1")
    nonce_id, nonce = attested.nonce(attested.door)
    answer = attested.ask("tpm-1", attested.csr("tpm-1", nonce), nonceId=nonce_id)
    assert answer.status == 201, answer
    cert = x509.load_pem_x509_certificate(answer.doc["certificate"].encode())
    spki = cert.public_key().public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert spki == attested.key.spki()
    # The statement is not copied into the certificate.
    assert tpm.BUNDLE not in [extension.oid.dotted_string for extension in cert.extensions]


def test_a_nonce_is_good_once(attested):
    attested.register("tpm-2")
    _, nonce = attested.nonce(attested.door)
    assert attested.ask("tpm-2", attested.csr("tpm-2", nonce)).status == 201
    # Another PKCS#10: the same one would be the same request.
    assert refused(attested.ask("tpm-2", attested.csr("tpm-2", nonce)), 422, "nonce_used")


def test_a_nonce_is_of_who_got_it(attested):
    attested.register("tpm-3")
    _, others = attested.nonce(attested.other_door)
    first, nonce = attested.nonce(attested.door, len=20)
    second, _ = attested.nonce(attested.door)
    for made_up in (others, bytes(32), nonce[:-1]):
        assert refused(attested.ask("tpm-3", attested.csr("tpm-3", made_up)), 422, "nonce_unknown")
    assert refused(attested.ask("tpm-3", attested.csr("tpm-3", nonce), nonceId=second), 422, "nonce_unknown")
    assert attested.ask("tpm-3", attested.csr("tpm-3", nonce), nonceId=first).status == 201


def test_a_key_that_may_leave_the_tpm_is_refused(attested):
    attested.register("tpm-4")
    _, nonce = attested.nonce(attested.door)
    migratable = attested.tpm.key("sensitivedataorigin|userwithauth|sign")
    assert refused(attested.ask("tpm-4", attested.csr("tpm-4", nonce, migratable)), 422, "attestation_key_movable")
    # What was refused has used nothing up.
    assert attested.ask("tpm-4", attested.csr("tpm-4", nonce)).status == 201


def test_a_nonce_outlives_the_process(attested):
    """kill -9 between nonce and request: another process knows it; and the same over CMP as over JSON."""
    attested.register("tpm-5")
    _, nonce = attested.nonce(attested.door)
    attested.door.close()
    attested.cmf.kill()
    attested.cmf.start()
    csr, cert = attested.vnfm.out("csr"), attested.vnfm.out()
    csr.write_bytes(x509.load_der_x509_csr(attested.csr("tpm-5", nonce)).public_bytes(PEM))
    result = attested.vnfm.cmp("p10cr", "-csr", csr, "-certout", cert, path=".well-known/cmp/p/VnfciCert")
    assert result.ok, result.text
    again = attested.vnfm.out("csr")
    again.write_bytes(x509.load_der_x509_csr(attested.csr("tpm-5", nonce)).public_bytes(PEM))
    result = attested.vnfm.cmp("p10cr", "-csr", again, "-certout", cert, path=".well-known/cmp/p/VnfciCert")
    assert not result.ok and "badPOP" in result.text, result.text


def test_an_attester_whose_crl_is_fetched(attested):
    """None is there: refused. The attester is not on it: a certificate. It is on it: refused."""
    crls = CrlServer()
    try:
        attested.cmf.set("profile VnfciCert", "attestation_crl_urls", crls.url)
        attested.cmf.set("profile VnfciCert", "attestation_crl_refresh", "1s")

        def answer(name):
            _, nonce = attested.nonce(attested.door)
            return attested.ask(name, attested.csr(name, nonce))

        attested.register("vnfci-crl")
        attested.cmf.stop()
        attested.cmf.start()
        wait_for("the CRL to be asked for", lambda: crls.asked)
        assert refused(answer("vnfci-crl"), 422, "attestation_attester_crl")
        crls.crl = attested.ca.crl()
        wait_for("the CRL", lambda: answer("vnfci-crl").status == 201)
        # A server that is gone takes nothing away as long as that CRL lasts.
        asked, crls.crl = crls.asked, None
        wait_for("another try", lambda: crls.asked > asked)
        attested.register("vnfci-crl-1")
        assert answer("vnfci-crl-1").status == 201
        crls.crl = attested.ca.crl(attested.ak_cert)
        attested.register("vnfci-crl-2")
        wait_for("the next CRL", lambda: refused(answer("vnfci-crl-2"), 422, "attestation_attester_revoked"))
    finally:
        crls.close()
