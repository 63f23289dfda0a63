# SPDX-License-Identifier: Apache-2.0
"""Central key generation (RFC 9483 4.1.6) with the client of Debian 13: `openssl cmp -centralkeygen`,
which opens the EnvelopedData, verifies the signature of the KGA and that the key fits the certificate. It says pvno 2
and knows no AsymmetricKeyPackage and no AES key wrap under a password, whence the policy."""
import os

import pytest

from conftest import OPENSSL, Requester, issue, make_ca, run, x509

OPENSSL35 = os.environ.get("CMFD_OPENSSL35")
pytestmark = pytest.mark.skipif(not OPENSSL35, reason="Debian 13's openssl could not be made here "
                                                      "(tools/debian13-openssl)")


class Newer(Requester):
    def command(self, cmd, *args, **kwargs):
        return [OPENSSL35, *super().command(cmd, *args, **kwargs)[1:]]


@pytest.fixture
def central(cmf):
    cmf.set("profile VnfciCert", "central_key_types", "ec:P-256, rsa:2048-3072")
    cmf.set("client_policy new", "enveloped_data_always", "yes")
    cmf.set("client_policy new", "bare_private_key", "yes")
    cmf.set("client_policy new", "pwri_kek", "yes")
    cmf.stop()
    cmf.start()
    return cmf


def client(cmf, tmp_path, name, algorithm):
    """A client whose certificate allows to encrypt for it."""
    anchor, cert, key = (tmp_path / f"{name}{end}" for end in ("-ca.pem", ".pem", ".key"))
    make_ca(anchor, tmp_path / "ca.key", f"/CN={name} CA")
    issue(anchor, tmp_path / "ca.key", cert, key, f"/CN={name}",
          "keyUsage=critical,digitalSignature,keyEncipherment,keyAgreement\n", algorithm=algorithm)
    cmf.ctl("client", "add", name, "--trust-anchor", anchor, "--subject", f"/CN={name}", "--trust-domain",
            name, "--register-on-ir", "--policy", "new")
    return Newer(cmf, tmp_path, ["-cert", cert, "-key", key])


RSA = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
EC = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")


@pytest.mark.parametrize("algorithm", [RSA, EC], ids=["transport", "agreement"])
@pytest.mark.parametrize("cmd", ["ir", "cr"])
def test_signature(central, tmp_path, algorithm, cmd):
    a = client(central, tmp_path, "vnfm-k", algorithm)
    central.register("vnfm-k", "vnfci-k")
    cert, key = a.out(), a.out("key")
    result = a.cmp(cmd, "-centralkeygen", "-newkeyout", key, "-subject", "/CN=vnfci-k", "-certout", cert,
                   path=".well-known/cmp/p/VnfciCert")
    assert result.ok, f"{result.text}\n{central.tail()}"
    assert x509(cert, "-pubkey") == run([OPENSSL, "pkey", "-in", key, "-pubout"]).stdout
    # The client's preference is the kind of the key that it signs with.
    text = run([OPENSSL, "pkey", "-in", key, "-noout", "-text"]).stdout
    assert ("P-256" if algorithm == EC else "2048 bit") in text, text
    assert central.states("vnfci-k") == ["active"]


def test_shared_secret(central, tmp_path):
    """Under PasswordBasedMac; the client has no preference, for it signs with no key."""
    secret = tmp_path / "secret"
    secret.write_text("a-secret-of-more-than-128-bits-0123456789\n")
    central.ctl("client", "add", "mac-k", "--mac", "--ref", "ref-k", "--secret-file", secret, "--trust-domain",
                "mac-k", "--default-profile", "VnfciCert", "--policy", "new")
    central.register("mac-k", "vnfci-mac-k")
    a = Newer(central, tmp_path, ["-ref", "ref-k", "-secret", f"file:{secret}"])
    cert, key = a.out(), a.out("key")
    result = a.cmp("ir", "-centralkeygen", "-newkeyout", key, "-subject", "/CN=vnfci-mac-k", "-certout", cert,
                   path=".well-known/cmp/p/VnfciCert")
    assert result.ok, f"{result.text}\n{central.tail()}"
    assert x509(cert, "-pubkey") == run([OPENSSL, "pkey", "-in", key, "-pubout"]).stdout
    assert central.states("vnfci-mac-k") == ["active"]


def test_not_offered(central, tmp_path):
    a = client(central, tmp_path, "vnfm-k", EC)
    result = a.cmp("ir", "-centralkeygen", "-newkeyout", a.out("key"), "-subject", "/CN=vnfci-k", "-certout",
                   a.out(), path=".well-known/cmp/p/VnfOAMCert")
    assert result.failinfo == "badCertTemplate", result.text
