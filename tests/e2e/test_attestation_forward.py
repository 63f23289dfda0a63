# SPDX-License-Identifier: Apache-2.0
"""Key attestation that the upstream CA judges (IFA 033 11.2.1, note 2): real statements of a TPM, through a CMF that is a
registration authority and looks at none of them, to one that requires them."""

import pytest

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
        text = (VECTORS / f"{vector}.pem").read_text()
        name = "vnfci-tpm-1"
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
