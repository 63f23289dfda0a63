# SPDX-License-Identifier: Apache-2.0
"""The same client as in Debian 13 (OpenSSL 3.5): tools/test names it in CMFD_OPENSSL35 where it could
be made; skipped with a message otherwise."""
import os

import pytest

from conftest import OPENSSL, Requester, run, serial_of, wait_for, x509

OPENSSL35 = os.environ.get("CMFD_OPENSSL35")
pytestmark = pytest.mark.skipif(not OPENSSL35, reason="Debian 13's openssl could not be made here "
                                                      "(tools/debian13-openssl)")


class Newer(Requester):
    def command(self, cmd, *args, **kwargs):
        return [OPENSSL35, *super().command(cmd, *args, **kwargs)[1:]]


@pytest.fixture
def newer(shared):
    client = Newer(shared, shared.vnfm_a.dir, shared.vnfm_a.credential)
    client.count = 35_000
    return client


def test_version():
    assert " 3.5." in run([OPENSSL35, "version"]).stdout


@pytest.mark.parametrize("cmd", ["ir", "cr"])
def test_enrolment(shared, newer, cmd):
    shared.register("vnfm-a", f"vnfci-35-{cmd}")
    newer.enrol(f"vnfci-35-{cmd}", cmd=cmd)
    assert shared.states(f"vnfci-35-{cmd}") == ["active"]


def test_profile_in_general_info(shared, newer):
    """-profile (OpenSSL 3.3) sends generalInfo id-it-certProfile."""
    shared.register("vnfm-a", "vnfci-35-profile")
    result = newer.cmp("ir", "-newkey", newer.key(), "-subject", "/CN=vnfci-35-profile", "-certout",
                       newer.out(), "-profile", "VnfciCert")
    assert result.ok, result.text
    result = newer.cmp("cr", "-newkey", newer.key(), "-subject", "/CN=vnfci-35-profile", "-certout",
                       newer.out(), "-profile", "VnfOAMCert", path=".well-known/cmp/p/VnfciCert")
    assert result.failinfo == "badRequest", result.text


def test_vnfc_id_in_general_info(shared, newer):
    """-geninfo with a string value (OpenSSL 3.4): the explicit vnfcId identifies the entity."""
    shared.register("vnfm-a", "vnfci-35-id")
    oid = "2.25.222147897761693879604210948217677133715.2"
    result = newer.cmp("ir", "-newkey", newer.key(), "-subject", "/CN=vnfci-35-id", "-certout", newer.out(),
                       "-geninfo", f"{oid}:str:vnfci-35-id", path=".well-known/cmp/p/VnfciCert")
    assert result.ok, result.text
    result = newer.cmp("ir", "-newkey", newer.key(), "-subject", "/CN=vnfci-35-id", "-certout", newer.out(),
                       "-geninfo", f"{oid}:str:vnfci-35-other", path=".well-known/cmp/p/VnfciCert")
    assert result.failinfo == "notAuthorized", result.text


@pytest.mark.parametrize("infotype", ["caCerts", "signKeyPairTypes"])
def test_genm(newer, infotype):
    result = newer.cmp("genm", "-infotype", infotype,
                       *(["-cacertsout", newer.out()] if infotype == "caCerts" else []))
    assert result.ok, result.text


def test_kur_and_rr(shared, newer):
    shared.register("vnfm-a", "vnfci-35-kur")
    chain = newer.out()
    old, key = newer.enrol("vnfci-35-kur", extra=["-chainout", chain])
    entity = Newer(shared, newer.dir, ["-cert", old, "-key", key, "-extracerts", chain])
    entity.count = 36_000
    new = entity.out()
    result = entity.cmp("kur", "-newkey", entity.key(), "-certout", new,
                        path=".well-known/cmp/p/VnfciCert/keyupdate")
    assert result.ok, result.text
    assert x509(new, "-subject") == x509(old, "-subject")
    assert newer.cmp("rr", "-oldcert", new, "-revreason", "4").ok
    assert sorted(shared.states("vnfci-35-kur")) == ["active", "revoked"]


def test_mac(shared, newer):
    shared.register("nfvo", "nfvo35.example.net", cert_type="ManoCert")
    mano = Newer(shared, newer.dir, shared.mano.credential)
    mano.count = 37_000
    result = mano.cmp("ir", "-newkey", mano.key(), "-subject", "/CN=nfvo35.example.net", "-certout",
                      mano.out())
    assert result.ok, result.text


def test_genm_ca_certs(shared, newer):
    out = newer.out()
    assert newer.cmp("genm", "-infotype", "caCerts", "-cacertsout", out,
                     path=".well-known/cmp/getcacerts").ok
    assert "subject=CN=" in x509(out, "-subject", "-nameopt", "RFC2253")


def test_genm_cert_req_template(shared, newer):
    """The template names what is to be filled in, the key specification what may be asked for."""
    template, spec = newer.out("tmpl"), newer.out("spec")
    result = newer.cmp("genm", "-infotype", "certReqTemplate", "-profile", "VnfciCert", "-template", template,
                       "-keyspec", spec, path=".well-known/cmp/getcertreqtemplate")
    assert result.ok, result.text
    shown = run([OPENSSL, "asn1parse", "-inform", "DER", "-in", template]).stdout
    assert "commonName" in shown and "X509v3 Subject Alternative Name" in shown
    shown = run([OPENSSL, "asn1parse", "-inform", "DER", "-in", spec]).stdout
    assert "prime256v1" in shown
    assert "prime256v1" in result.text


def test_genm_crls(shared, newer):
    shared.register("vnfm-a", "vnfci-35-crl")
    cert, crl = newer.enrol("vnfci-35-crl")[0], newer.out("crl")
    assert newer.cmp("rr", "-oldcert", cert).ok

    def listed():
        assert newer.cmp("genm", "-infotype", "crlStatusList", "-crlcert", cert, "-crlout", crl,
                         path=".well-known/cmp/getcrls").ok
        text = run([OPENSSL, "crl", "-in", crl, "-noout", "-text"]).stdout if crl.exists() else ""
        return serial_of(cert).upper() in text
    wait_for("a CRL with the revoked certificate", listed)
    # What the client has is the newest: nothing comes, and openssl says so.
    again = newer.out("crl")
    result = newer.cmp("genm", "-infotype", "crlStatusList", "-oldcrl", crl, "-crlout", again)
    assert not again.exists() or not again.read_bytes(), result.text


def test_label_that_does_not_fit_what_is_asked(shared, newer):
    result = newer.cmp("genm", "-infotype", "caCerts", "-cacertsout", newer.out(), path=".well-known/cmp/getcrls")
    assert result.failinfo == "badRequest"
