# SPDX-License-Identifier: Apache-2.0
"""Keys of the CA, of the protection and of TLS in a PKCS#11 token and in a TPM, with what Debian 12 has for them."""
import ssl
import urllib.error
import urllib.request

import pytest

from conftest import BUILD, OPENSSL, Cmf, Vnfm, run, wait_for
from key_tokens import PIN, SoftHsm, TpmKeys

CA = "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n"
PROTECTION = "keyUsage=critical,digitalSignature\nextendedKeyUsage=cmcCA\n"
TLS = "subjectAltName=DNS:localhost\n"
IDS = "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"


class TokenCmf(Cmf):
    """A CMF whose keys are those of a token."""

    def __init__(self, directory, token):
        super().__init__(directory)
        self.token = token
        # What libp11 and the TPM's libraries leave behind at the end is not ours.
        self.environment |= {**token.environment, "ASAN_OPTIONS": "detect_leaks=0"}

    def certify(self, source, name, extensions, certificate):
        """By the root."""
        request, file = self.dir / "token.csr", self.dir / "token.ext"
        self.token.request(source, name, request)
        file.write_text(extensions + IDS)
        run([OPENSSL, "x509", "-req", "-in", request, "-CA", self.root, "-CAkey", self.root.with_suffix(".key"), "-days",
             "100", "-extfile", file, "-out", certificate])

    def ca_key(self, source, passphrase_file=None):
        self.certify(source, "/CN=a CA in a token", CA, self.dir / "ca" / "issuing.pem")
        self.set("ca issuing", "key", source)
        if passphrase_file:
            self.set("ca issuing", "passphrase_file", passphrase_file)

    def protection_key(self, source):
        self.certify(source, "/CN=cmf", PROTECTION, self.dir / "cmf.pem")
        self.set("protection", "key", source)

    def check(self):
        return run([BUILD / "cmfd", "--config", self.conf, "--check"], check=False, env=self.environment)


def lives(cmf, base):
    """Enrols, updates and revokes; who relies on the certificate checks it and the CRL with openssl."""
    vnfm = Vnfm(cmf, "vnfm-a", base / "vnfm-a")
    cmf.register("vnfm-a", "v1")
    first, key = vnfm.enrol("v1")
    for _ in range(2):
        cmf.ctl("reload") # which opens the keys again, and closes what was open
    new, second = vnfm.key(), vnfm.out()
    update = vnfm.cmp("kur", "-cert", first, "-key", key, "-extracerts", cmf.dir / "ca" / "issuing.pem", "-newkey", new,
                      "-certout", second, path=".well-known/cmp/p/VnfciCert")
    assert update.ok, update.text
    revoked = vnfm.cmp("rr", "-oldcert", second, "-revreason", "1")
    assert revoked.ok, revoked.text
    verify = [OPENSSL, "verify", "-CAfile", cmf.root, "-untrusted", cmf.dir / "ca" / "issuing.pem", "-crl_check",
              "-CRLfile", base / "crl.pem"]

    def listed():
        if run(["curl", "-sf", f"{cmf.url}/crl/issuing.crl", "-o", base / "crl.der"], check=False).returncode:
            return False # there is none yet
        run([OPENSSL, "crl", "-inform", "DER", "-in", base / "crl.der", "-out", base / "crl.pem"])
        return "certificate revoked" in run([*verify, second], check=False).stdout

    wait_for("the revocation on the CRL", listed)
    assert run([*verify, first]).returncode == 0


def test_pkcs11_by_the_engine(tmp_path):
    token = SoftHsm(tmp_path)
    cmf = TokenCmf(tmp_path / "cmf", token).serve_tls()
    cmf.ca_key(token.key("ca"), token.pin)
    protection, tls = token.key("protection", "rsa:2048"), token.key("tls")
    cmf.protection_key(protection)
    cmf.set("protection", "passphrase_file", token.pin)
    cmf.certify(tls, "/CN=localhost", TLS, cmf.dir / "tls.pem")
    cmf.set("server", "tls_key", tls)
    cmf.set("server", "tls_passphrase_file", token.pin)
    checked = cmf.check()
    assert checked.returncode == 0, checked.stdout
    cmf.start()
    lives(cmf, tmp_path)
    trust = ssl.create_default_context(cafile=str(cmf.root))
    for curve in ("prime256v1", "secp384r1"):
        trust.set_ecdh_curve(curve)
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(f"https://localhost:{cmf.tls_port}/nowhere", context=trust)
        assert answer.value.code == 404
    assert cmf.stop() == 0
    assert PIN not in cmf.log.read_text() + checked.stdout


def test_pkcs11_mistakes_are_told(tmp_path):
    token = SoftHsm(tmp_path)
    cmf = TokenCmf(tmp_path / "cmf", token)
    key = token.key("ca")
    cmf.ca_key(key, token.pin)
    wrong = tmp_path / "wrong.pin"
    wrong.write_text("55555555\n")
    wrong.chmod(0o600)
    for source, pin, words in ((key, wrong, "no private key, or wrong passphrase"),
                               (key.replace("object=ca", "object=other"), token.pin, "no private key, or wrong passphrase"),
                               ("engine:nowhere:pkcs11:token=cmf", token.pin, "engine or provider cannot be loaded"),
                               ("provider:nowhere:x", token.pin, "engine or provider cannot be loaded"),
                               ("engine:pkcs11", token.pin, "no private key, or wrong passphrase")):
        cmf.set("ca issuing", "key", source)
        cmf.set("ca issuing", "passphrase_file", pin)
        said = cmf.check()
        assert said.returncode != 0 and "[ca issuing]" in said.stdout and words in said.stdout, said.stdout
        assert PIN not in said.stdout and "55555555" not in said.stdout


def test_tpm_by_the_provider(tmp_path):
    token = TpmKeys(tmp_path)
    try:
        cmf = TokenCmf(tmp_path / "cmf", token)
        cmf.ca_key(token.key())
        # A key in a file takes one of the places of this TPM, and a reload for a moment two.
        cmf.protection_key(token.key_file(tmp_path / "protection.tss.pem"))
        checked = cmf.check()
        assert checked.returncode == 0, checked.stdout
        cmf.protection_key(token.key())
        checked = cmf.check()
        assert checked.returncode == 0, checked.stdout
        cmf.start()
        lives(cmf, tmp_path)
        assert cmf.stop() == 0
        cmf.serve_tls()
        cmf.set("server", "tls_key", f"provider:tpm2:{tmp_path}/protection.tss.pem")
        refused = cmf.check()
        assert refused.returncode != 0 and "tls_key" in refused.stdout and "name an engine" in refused.stdout
    finally:
        token.end()
