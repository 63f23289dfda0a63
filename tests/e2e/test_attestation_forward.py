# SPDX-License-Identifier: Apache-2.0
"""Key attestation that the upstream CA judges (IFA 033 11.2.1, note 2): real statements of a TPM, through a CMF that is a
registration authority and looks at none of them, to one that requires them."""

import base64

import pytest
from cryptography.hazmat.primitives import serialization

import tpm
from cmp_door import CMF, CmpDoor, GENP, pycmp
from conftest import ROOT, wait_for
from json_door import REQUESTS
from test_json_csr import Behind

VECTORS = ROOT / "tests" / "vectors" / "attest"


class Forwarded(Behind):
    def __init__(self, base, **how):
        super().__init__(base, **how)
        for key, value in (("attestation", "require"), ("attestation_nonce", "ignore"),
                           ("attestation_trusted", VECTORS / "root.pem")):
            self.ca.set("profile VnfciCert", key, value)
        self.cmf.set("profile VnfciCert", "attestation", "forward")
        for cmf in (self.ca, self.cmf):
            cmf.stop()
            cmf.start()
        self.known = set()

    def ask(self, vector):
        return self.ask_with((VECTORS / f"{vector}.pem").read_text())

    def ask_with(self, text, name="vnfci-tpm-1"):
        if name not in self.known:
            self.known.add(name)
            self.cmf.register("vnfm", name)
            self.ca.register("ra", name)
        answer = self.door.post(REQUESTS, {"certType": "VNFCI_CERT", "vnfcId": name, "certChainRequest": False, "csr": text})
        if answer.status == 202:
            at = answer.location
            wait_for("the decision", lambda: self.door.get(at).doc["status"] != "PROCESSING")
            answer = self.door.get(at)
        return answer

    def close(self):
        self.cmf.stop()
        self.ca.stop()


@pytest.fixture(scope="module", params=["cr", "p10cr"])
def forwarded(request, tmp_path_factory):
    it = Forwarded(tmp_path_factory.mktemp("forwarded"), request=request.param)
    yield it
    it.close()


def test_ifa033_11_2_1_note_2(forwarded):
    """As attribute of the PKCS#10, and as extension of a template that is made of it."""
    answer = forwarded.ask("csr-good-ec-by-ec")
    assert answer.status in (200, 201) and answer.doc["status"] == "COMPLETED", answer
    assert "changes" not in answer.doc
    for cmf, verdict in ((forwarded.cmf, "forwarded"), (forwarded.ca, "verified")):
        assert [c["attestation"]["verdict"] for c in cmf.certificates("vnfci-tpm-1")
                if c["state"] == "active"] == [verdict]


@pytest.mark.parametrize("vector", ["csr-bad-ak-signature", "csr-bad-no-public-key-in-statement", "csr-without-statement"])
def test_what_the_upstream_ca_does_not_believe(forwarded, vector):
    answer = forwarded.ask(vector)
    assert answer.status == 422 or answer.doc["status"] == "FAILED", answer


class Relayed(Forwarded):
    """The upstream CA wants a nonce of its own in the statement; the TPM is a real one (swtpm)."""

    def __init__(self, base):
        super().__init__(base)
        self.tpm = tpm.Tpm(base)
        self.ak, self.key = self.tpm.attestation_key(), self.tpm.key()
        anchors = base / "attesters.pem"
        public = serialization.load_der_public_key(self.ak.spki())
        anchors.write_bytes(public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
        self.ca.set("profile VnfciCert", "attestation_nonce", "require")
        self.ca.set("profile VnfciCert", "attestation_trusted", anchors)
        self.ca.stop()
        self.ca.start()

    def close(self):
        self.tpm.close()
        super().close()

    def nonce(self, request=b"\x30\x00"):
        """NonceRequest over CMP, for the profile that forwards; the answer."""
        door = CmpDoor(self.vnfm)
        door.client.url = f"{self.cmf.url}/.well-known/cmp/p/VnfciCert"
        return door.ask(pycmp.genm(f"{CMF}.12", request))

    @staticmethod
    def nonce_of(answer):
        assert answer.body_type == GENP
        info_type, response = pycmp.elements(pycmp.tlv(pycmp.elements(pycmp.tlv(answer.body)[1])[0])[1])
        assert pycmp.dotted(info_type) == f"{CMF}.13"
        return pycmp.tlv(pycmp.elements(pycmp.tlv(response)[1])[0])[1]


@pytest.fixture(scope="module")
def relayed(tmp_path_factory):
    it = Relayed(tmp_path_factory.mktemp("relayed"))
    yield it
    it.close()


def test_a_nonce_of_the_upstream_ca_reaches_the_tpm(relayed):
    """NonceRequest is passed on, and the statement over the upstream's nonce is believed there, once."""
    nonce = relayed.nonce_of(relayed.nonce(b"\x30\x03\x02\x01\x14"))
    assert len(nonce) == 20
    for name, completed in (("tpm-1", True), ("tpm-2", False)):
        attest, signature = relayed.key.certified_by(relayed.ak, nonce)
        csr = relayed.key.csr(name, tpm.bundle(attest, signature, relayed.key.area()))
        answer = relayed.ask_with(base64.b64encode(csr).decode(), name)
        assert (answer.status in (200, 201) and answer.doc["status"] == "COMPLETED") == completed, answer


def test_an_upstream_ca_that_is_silent_gives_no_nonce(relayed):
    relayed.ca.stop()
    try:
        answer = relayed.nonce()
        assert answer.failinfo == {24}, answer.text
    finally:
        relayed.ca.start()
    assert len(relayed.nonce_of(relayed.nonce())) == 32
