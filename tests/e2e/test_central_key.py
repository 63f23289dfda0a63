# SPDX-License-Identifier: Apache-2.0
"""Central key generation (RFC 9483 4.1.6) with the client of Debian 13: `openssl cmp -centralkeygen`,
which opens the EnvelopedData, verifies the signature of the KGA and that the key fits the certificate. It says pvno 2
and knows no AsymmetricKeyPackage and no AES key wrap under a password, whence the policy."""
import os
import signal

import pytest

from conftest import OPENSSL, Requester, issue, make_ca, run, wait_for, x509

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


def test_what_is_missing(cmf, tmp_path):
    """Each refusal, and each `cmfctl check`, names the next thing that a server lacks for `openssl cmp -centralkeygen`."""
    secret = tmp_path / "secret"
    secret.write_text("a-secret-of-more-than-128-bits-0123456789\n")
    cmf.set("client_policy new", "absent_subject", "no")
    cmf.stop()
    cmf.start()
    cmf.ctl("client", "add", "mac-k", "--mac", "--ref", "ref-k", "--secret-file", secret, "--trust-domain",
            "mac-k", "--default-profile", "VnfciCert", "--policy", "new")
    cmf.register("mac-k", "vnfci-mac-k")
    a = Newer(cmf, tmp_path, ["-ref", "ref-k", "-secret", f"file:{secret}"])
    for n, (section, key, value) in enumerate((("profile VnfciCert", "central_key_types", "ec:P-256"),
                                               ("client_policy new", "enveloped_data_always", "yes"),
                                               ("client_policy new", "bare_private_key", "yes"),
                                               ("client_policy new", "pwri_kek", "yes")), 1):
        ask = ["ir", "-centralkeygen", "-newkeyout", a.out("key"), "-subject", "/CN=vnfci-mac-k", "-certout", a.out()]
        result = a.cmp(*ask, path=".well-known/cmp/p/VnfciCert")
        assert not result.ok and key in result.text, result.text
        if key == "enveloped_data_always":
            assert f"note: no client policy has {key}" in cmf.ctl("check").stdout
        cmf.set(section, key, value)
        cmf.process.send_signal(signal.SIGHUP)
        wait_for("the new configuration", lambda: cmf.log.read_text().count("event=reloaded") == n)
    assert a.cmp(*ask, path=".well-known/cmp/p/VnfciCert").ok
    assert "note:" not in cmf.ctl("check").stdout
    assert cmf.states("vnfci-mac-k") == ["active"]
    # The other way round: policies, and no profile.
    cmf.conf.write_text(cmf.conf.read_text().replace("central_key_types = ec:P-256\n", ""))
    assert "note: no profile has central_key_types" in cmf.ctl("check").stdout


def test_not_offered(central, tmp_path):
    a = client(central, tmp_path, "vnfm-k", EC)
    result = a.cmp("ir", "-centralkeygen", "-newkeyout", a.out("key"), "-subject", "/CN=vnfci-k", "-certout",
                   a.out(), path=".well-known/cmp/p/VnfOAMCert")
    assert result.failinfo == "badCertTemplate", result.text
