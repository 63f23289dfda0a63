# SPDX-License-Identifier: Apache-2.0
"""cmfctl protection renew: the certificate under which the CMF answers."""
import pytest

from conftest import OPENSSL, Vnfm, run, serial_of, x509


def key_of(cert):
    return x509(cert, "-pubkey")


@pytest.mark.parametrize("new_key", [False, True])
def test_renew(cmf, tmp_path, new_key):
    cert, pin = cmf.dir / "cmf.pem", tmp_path / "pin.pem"
    serial, key = serial_of(cert), key_of(cert)
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "vnfm", register_on_ir=True)
    cmf.ctl("protection", "renew", "--days", "100", *(["--new-key"] if new_key else []))
    assert serial_of(cert) != serial and (key_of(cert) != key) == new_key
    text = x509(cert, "-text", "-checkend", str(99 * 86400))
    assert "CMC Certificate Authority" in text and "CN = cmf" in text
    run([OPENSSL, "verify", "-CAfile", cmf.root, cert])
    cmf.stop()
    cmf.start()
    pin.write_text(cert.read_text())
    cert_of, _ = vnfm.enrol("after", extra=["-srvcert", pin])
    assert cert_of.exists()


def test_renew_adds_cmc_ca(cmf, tmp_path):
    """RFC 9483 1.5: one that was made without it gets it."""
    key, csr, ext = cmf.dir / "cmf.key", tmp_path / "csr.pem", tmp_path / "ext"
    run([OPENSSL, "req", "-new", "-key", key, "-subj", "/CN=cmf", "-out", csr])
    ext.write_text("keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n")
    run([OPENSSL, "x509", "-req", "-in", csr, "-CA", cmf.root, "-CAkey", cmf.dir / "ca" / "root.key", "-days", "9",
         "-extfile", ext, "-out", cmf.dir / "cmf.pem"])
    cmf.ctl("protection", "renew")
    text = x509(cmf.dir / "cmf.pem", "-text")
    assert "CMC Certificate Authority" in text and "TLS Web Server Authentication" in text
    # It lives as long as the one before, if nothing else is said.
    ends = [run([OPENSSL, "x509", "-in", cmf.dir / "cmf.pem", "-noout", "-checkend", str(days * 86400)], check=False)
            for days in (8, 10)]
    assert [e.returncode for e in ends] == [0, 1]


def test_renew_needs_the_issuers_key(cmf):
    (cmf.dir / "ca" / "root.key").rename(cmf.dir / "elsewhere.key")
    before = (cmf.dir / "cmf.pem").read_text()
    result = cmf.ctl("protection", "renew", check=False)
    assert result.returncode == 4 and "--issuer-key" in result.stdout
    result = cmf.ctl("protection", "renew", "--issuer-key", cmf.dir / "cmf.key", check=False)
    assert result.returncode == 1 and "does not belong" in result.stdout
    assert (cmf.dir / "cmf.pem").read_text() == before
    cmf.ctl("protection", "renew", "--issuer-key", cmf.dir / "elsewhere.key")
    assert (cmf.dir / "cmf.pem").read_text() != before


def test_check_warns_of_upstream_signers(cmf):
    """The name alone is no proof, and nobody has decided."""
    with open(cmf.conf, "a", encoding="utf-8") as conf:
        conf.write(f"\n[ca other]\ntype = upstream\ncertificate = {cmf.dir}/ca/issuing.pem\n"
                   f"server_url = http://127.0.0.1:1/\nra_certificate = {cmf.dir}/cmf.pem\nra_key = {cmf.dir}/cmf.key\n"
                   f"expect_sender = /CN=cmf\ntrusted = {cmf.root}\n")
    assert "upstream_signer: is not set" in cmf.ctl("check").stdout
    cmf.set("ca other", "upstream_signer", "name")
    assert "everybody below" in cmf.ctl("check").stdout
    cmf.set("ca other", "upstream_signer", "authorized")
    assert "upstream_signer" not in cmf.ctl("check").stdout
    cmf.set("ca other", "upstream_signer", "name")
    cmf.set("ca other", "server_certificate", f"{cmf.dir}/cmf.pem")
    assert "upstream_signer" not in cmf.ctl("check").stdout
