# SPDX-License-Identifier: Apache-2.0
"""Key attestation (IFA 033 11.2.1) as an operator sees it: statements of a real TPM (tests/vectors/attest) by openssl cmp,
what the record, the log, the audit, the metrics, `explain` and `check` say. Rules are tests/unit/test_door_attest.c's."""
import json
import pathlib

import pytest

from conftest import Cmf, Vnfm

VECTORS = pathlib.Path(__file__).parent.parent / "vectors" / "attest"


@pytest.fixture(scope="module")
def attested(tmp_path_factory):
    base = tmp_path_factory.mktemp("attest")
    server = Cmf(base / "cmf")
    for key, value in (("attestation", "require"), ("attestation_nonce", "ignore"),
                       ("attestation_trusted", VECTORS / "root.pem")):
        server.set("profile VnfciCert", key, value)
    server.start()
    server.vnfm_a = Vnfm(server, "vnfm-a", base / "a")
    server.ctl("register", "--requester", "vnfm-a", "--cert-type", "VnfciCert", "--subject-id", "vnfci-tpm-1",
               "--attester-ca", VECTORS / "root.pem", "--statement", "2.23.133.20.1")
    yield server
    assert server.stop() == 0, server.tail()


def p10cr(server, name, *args):
    a = server.vnfm_a
    return a.cmp("p10cr", "-csr", VECTORS / f"{name}.pem", "-certout", a.out(), *args, path=".well-known/cmp/p/VnfciCert")


def test_what_a_good_one_leaves_behind(attested):
    assert p10cr(attested, "csr-good-ec-by-ec").ok
    cert = attested.certificates("vnfci-tpm-1")[-1]
    assert cert["attestation"]["verdict"] == "verified" and cert["attestation"]["statement"] == "2.23.133.20.1"
    attester = cert["attestation"]["attester"]
    assert attester.removeprefix("sha256:") in attested.log.read_text()
    assert [f"2.23.133.20.1 by {attester}"] == [
        line["detail"] for line in attested.ctl_json("audit", "list") if line["action"] == "verify attestation"]
    assert 'cmfd_attestations_total{verdict="verified"} 1' in attested.metrics()


def test_explain_names_the_rule_that_failed(attested):
    a = attested.vnfm_a
    result = p10cr(attested, "csr-bad-ak-signature")
    assert not result.ok and result.failinfo == "badPOP"
    for name, reason, attestation in (("csr-bad-ak-signature", "attestation_signature_wrong", "none"),
                                      ("csr-good-ec-by-rsa", None, "verified")):
        caught = a.out("der")
        # Caught without being served.
        a.cmp("p10cr", "-csr", VECTORS / f"{name}.pem", "-certout", a.out(), "-reqout", caught, "-total_timeout", "2",
              path=".well-known/cmp/p/not-served/x/y")
        found = json.loads(attested.ctl("explain", caught, "--profile", "VnfciCert", "--json").stdout)
        request = found["requests"][0]
        assert request["attestation"] == attestation
        assert (request["refusal"] and request["refusal"]["reason"]) == reason


def test_check_warns_where_a_registration_alone_says_who_attests(attested, tmp_path):
    assert "attestation_trusted" not in attested.ctl("check").stdout
    text = attested.conf.read_text()
    attested.conf.write_text("".join(line for line in text.splitlines(True) if not line.startswith("attestation_trusted")))
    assert "can attest its own keys" in attested.ctl("check").stdout
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no PEM\n")
    attested.set("profile VnfciCert", "attestation_trusted", wrong)
    assert "there is no PEM in it" in attested.ctl("check", check=False).stdout
    attested.conf.write_text(text)
