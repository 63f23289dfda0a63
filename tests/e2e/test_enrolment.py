# SPDX-License-Identifier: Apache-2.0
"""A VNFM registers VNFC instances and obtains, renews and revokes their certificates with stock
`openssl cmp` (IFA 033 11.2, RFC 9483 4.1, 4.2)."""
import pytest

from conftest import BUILD, OPENSSL, Requester, Vnfm, make_ca, run, serial_of, wait_for, x509


def test_ir_after_register(shared):
    cmf, a = shared, shared.vnfm_a
    cmf.register("vnfm-a", "vnfci-0001")
    key, cert, chain, ca = a.key(), a.out(), a.out(), a.out()
    result = a.cmp("ir", "-newkey", key, "-subject", "/CN=vnfci-0001", "-sans",
                   "vnfci-0001.example.net", "-certout", cert, "-chainout", chain,
                   path=".well-known/cmp/p/VnfciCert/initialization")
    assert result.ok, result.text
    run([OPENSSL, "verify", "-CAfile", cmf.root, "-untrusted", chain, cert])
    assert x509(cert, "-pubkey") == run([OPENSSL, "pkey", "-in", key, "-pubout"]).stdout
    text = x509(cert, "-text")
    assert "DNS:vnfci-0001.example.net" in text
    for extension in ("Subject Key Identifier", "Authority Key Identifier", "Key Usage: critical"):
        assert extension in text
    listed = cmf.certificates("vnfci-0001")
    assert [c["state"] for c in listed] == ["active"]
    assert listed[0]["serial"].lower() == serial_of(cert)
    assert listed[0]["manager"] == "vnfm-a" and listed[0]["cert_type"] == "VnfciCert"


def test_accepted_is_not_granted_with_mods(shared):
    """Status is accepted when everything asked for is in the certificate, whatever is added."""
    shared.register("vnfm-a", "vnfci-acc")
    a = shared.vnfm_a
    result = a.cmp("ir", "-newkey", a.key(), "-subject", "/CN=vnfci-acc", "-certout", a.out(),
                   path=".well-known/cmp/p/VnfciCert")
    assert result.ok and "grantedWithMods" not in result.text, result.text


def test_granted_with_mods_names_the_validity(shared):
    shared.register("vnfm-a", "vnfci-mods")
    a = shared.vnfm_a
    cert = a.out()
    result = a.cmp("ir", "-newkey", a.key(), "-subject", "/CN=vnfci-mods", "-days", "3650", "-certout",
                   cert, path=".well-known/cmp/p/VnfciCert")
    assert result.ok, result.text
    assert "grantedWithMods" in result.text and "validity" in result.text


def test_cr_p10cr_and_vnf_oam(shared):
    shared.register("vnfm-a", "vnfci-0002", "vnfci-0003", cert_type="VnfOAMCert")
    a = shared.vnfm_a
    a.enrol("vnfci-0002", cmd="cr", profile="VnfOAMCert")
    key, csr, cert = a.key(), a.out("csr"), a.out()
    run([OPENSSL, "req", "-new", "-key", key, "-subj", "/CN=vnfci-0003", "-out", csr])
    result = a.cmp("p10cr", "-csr", csr, "-certout", cert, path=".well-known/cmp/p/VnfOAMCert/pkcs10")
    assert result.ok, result.text
    assert shared.states("vnfci-0002") == ["active"]
    assert shared.states("vnfci-0003") == ["active"]


def test_implicit_confirm_needs_no_certconf(shared):
    shared.register("vnfm-a", "vnfci-imp")
    a = shared.vnfm_a
    result = a.cmp("ir", "-newkey", a.key(), "-subject", "/CN=vnfci-imp", "-certout", a.out(),
                   "-implicit_confirm", "-verbosity", "7", path=".well-known/cmp/p/VnfciCert")
    assert result.ok and "certConf" not in result.text, result.text
    assert shared.states("vnfci-imp") == ["active"]


def test_unconfirmed_is_pending(shared):
    shared.register("vnfm-a", "vnfci-pend")
    a = shared.vnfm_a
    a.enrol("vnfci-pend", extra=["-disable_confirm"])
    assert shared.states("vnfci-pend") == ["pending"]


def test_kur_signed_with_the_old_certificate(shared):
    shared.register("vnfm-a", "vnfci-kur")
    a = shared.vnfm_a
    chain = a.out()
    old, old_key = a.enrol("vnfci-kur", extra=["-chainout", chain])
    entity = Requester(shared, a.dir, ["-cert", old, "-key", old_key, "-extracerts", chain])
    entity.count = 1000
    new = entity.out()
    result = entity.cmp("kur", "-newkey", entity.key(), "-certout", new,
                        path=".well-known/cmp/p/VnfciCert/keyupdate")
    assert result.ok, result.text
    assert x509(new, "-subject") == x509(old, "-subject")
    assert shared.states("vnfci-kur") == ["active", "active"]


def test_end_entity_may_revoke_its_own_certificate_only(shared):
    shared.register("vnfm-a", "vnfci-own", "vnfci-other")
    a = shared.vnfm_a
    chain = a.out()
    own, own_key = a.enrol("vnfci-own", extra=["-chainout", chain])
    other, _ = a.enrol("vnfci-other")
    entity = Requester(shared, a.dir, ["-cert", own, "-key", own_key, "-extracerts", chain])
    entity.count = 2000
    before = shared.snapshot()
    assert entity.cmp("rr", "-oldcert", other).failinfo == "notAuthorized"
    assert entity.cmp("ir", "-newkey", entity.key(), "-subject", "/CN=vnfci-own", "-certout",
                      entity.out(), path=".well-known/cmp/p/VnfciCert").failinfo == "notAuthorized"
    assert shared.snapshot() == before
    assert entity.cmp("rr", "-oldcert", own, "-revreason", "1").ok
    assert shared.states("vnfci-own") == ["revoked"]
    # A revoked certificate is no credential any more.
    assert entity.cmp("kur", "-newkey", entity.key(), "-certout", entity.out()).failinfo == \
        "signerNotTrusted"


def test_rr_and_certrevoked(shared, tmp_path):
    shared.register("vnfm-a", "vnfci-rr")
    a = shared.vnfm_a
    cert, _ = a.enrol("vnfci-rr")
    assert a.cmp("rr", "-oldcert", cert, "-revreason", "1").ok
    assert shared.states("vnfci-rr") == ["revoked"]
    assert a.cmp("rr", "-oldcert", cert, "-revreason", "1").failinfo == "certRevoked"
    # The CRL lists it, with its reason, as soon as the housekeeper has been there.
    crl = tmp_path / "issuing.crl"

    def listed():
        run(["curl", "-sf", "-o", crl, f"{shared.url}/crl/issuing.crl"])
        text = run([OPENSSL, "crl", "-inform", "DER", "-in", crl, "-noout", "-text"]).stdout
        return serial_of(cert).upper() in text and "Key Compromise" in text

    wait_for("the certificate being on the CRL", listed)


def test_operator_waits_for_the_crl(cmf, tmp_path):
    """crl_on_revocation for the operator, too: `cmfctl certificate revoke` ends when the CRL lists what it
    revoked, also where crl_revocation_interval puts that CRL off."""
    cmf.stop()
    cmf.set("ca issuing", "crl_on_revocation", "yes")
    cmf.start()
    a = Vnfm(cmf, "vnfm-w", tmp_path / "w")
    cmf.register("vnfm-w", "vnfci-w")
    certs = [a.enrol("vnfci-w")[0] for _ in range(3)]

    def crl():
        run(["curl", "-sf", "-o", tmp_path / "crl", f"{cmf.url}/crl/issuing.crl"])
        return run([OPENSSL, "crl", "-inform", "DER", "-in", tmp_path / "crl", "-noout", "-text"]).stdout

    done = cmf.ctl_json("certificate", "revoke", serial_of(certs[0]))
    assert done[0]["crl_awaited"] is False
    assert serial_of(certs[0]).upper() in crl()
    cmf.stop()
    cmf.set("ca issuing", "crl_revocation_interval", "4s")
    cmf.start()
    cmf.ctl("certificate", "revoke", serial_of(certs[1]))
    assert serial_of(certs[1]).upper() in crl()
    done = cmf.ctl_json("certificate", "revoke", serial_of(certs[2]))
    assert [(c["state"], c["crl_awaited"]) for c in done] == [("revoked", False)]
    assert serial_of(certs[2]).upper() in crl()


def test_certificate_hold_is_taken_back(cmf, tmp_path):
    """RFC 5280 5.3.1: certificateHold and removeFromCRL, by rr and by the operator; with crl_on_revocation
    the CRL that is served is right as soon as the answer is there."""
    cmf.stop()
    cmf.set("ca issuing", "crl_on_revocation", "yes")
    cmf.start()
    a = Vnfm(cmf, "vnfm-h", tmp_path / "h")
    cmf.register("vnfm-h", "vnfci-hold")
    chain = a.out()
    cert, key = a.enrol("vnfci-hold", extra=["-chainout", chain])
    holder = Requester(cmf, a.dir, ["-cert", cert, "-key", key, "-extracerts", chain])
    holder.count = 2000

    def crl():
        run(["curl", "-sf", "-o", tmp_path / "crl", f"{cmf.url}/crl/issuing.crl"])
        return run([OPENSSL, "crl", "-inform", "DER", "-in", tmp_path / "crl", "-noout", "-text"]).stdout

    assert a.cmp("rr", "-oldcert", cert, "-revreason", "8").failinfo == "badRequest"
    assert a.cmp("rr", "-oldcert", cert, "-revreason", "6").ok
    assert cmf.states("vnfci-hold") == ["on hold"]
    assert 'cmfd_certificates{state="on_hold"} 1' in cmf.metrics()
    assert serial_of(cert).upper() in crl() and "Certificate Hold" in crl()
    assert holder.cmp("kur", "-newkey", a.key(), "-certout", a.out()).failinfo == "signerNotTrusted"
    assert a.cmp("kur", "-newkey", a.key(), "-oldcert", cert, "-certout", a.out()).failinfo == "certRevoked"
    assert a.cmp("rr", "-oldcert", cert, "-revreason", "8").ok
    assert cmf.states("vnfci-hold") == ["active"]
    assert serial_of(cert).upper() not in crl()
    cmf.ctl("certificate", "revoke", serial_of(cert), "--reason", "certificateHold")
    assert [c["state"] for c in cmf.ctl_json("certificate", "list", "--state", "on hold")] == ["on hold"]
    cmf.ctl("certificate", "revoke", "--subject-id", "vnfci-hold", "--reason", "removeFromCRL")
    assert holder.cmp("rr", "-oldcert", cert, "-revreason", "1").ok
    assert a.cmp("rr", "-oldcert", cert, "-revreason", "8").failinfo == "certRevoked"
    assert cmf.states("vnfci-hold") == ["revoked"]


@pytest.mark.parametrize("infotype", ["signKeyPairTypes", "preferredSymmAlg", "currentCRL"])
def test_genm_support_messages(shared, infotype):
    """RFC 9483 4.3 and RFC 4210 5.3.19."""
    result = shared.vnfm_a.cmp("genm", "-infotype", infotype)
    assert result.ok, result.text
    assert infotype in result.text


def test_register_over_the_wire(shared):
    """IFA 033 11.2.2 in genm id-cmf.10."""
    a = shared.vnfm_a
    run([BUILD / "cmfctl", "register", "--server", f"{shared.url}/.well-known/cmp", "--cert", a.cert,
         "--key", a.private_key, "--trusted", shared.root, "--cert-type", "VnfciCert", "--subject-id",
         "vnfci-w1"])
    registered = [r for r in shared.ctl_json("registration", "list") if r["subject_id"] == "vnfci-w1"]
    assert [(r["manager"], r["cert_type"], r["handling"]) for r in registered] == \
        [("vnfm-a", "VnfciCert", "delegation")]
    a.enrol("vnfci-w1")


def test_mac_protected_ir_brings_the_root(shared):
    """RFC 9483 4.1.5: caPubs with the trust anchor."""
    shared.register("nfvo", "nfvo.example.net", cert_type="ManoCert")
    mano = shared.mano
    mano.credential = [*mano.credential]
    ca, cert = mano.out(), mano.out()
    result = mano.cmp("ir", "-newkey", mano.key(), "-subject", "/CN=nfvo.example.net", "-certout", cert,
                      "-cacertsout", ca)
    assert result.ok, result.text
    assert run([OPENSSL, "x509", "-in", ca, "-noout", "-fingerprint"]).stdout == \
        x509(shared.root, "-fingerprint")
    assert "DNS:nfvo.example.net" in x509(cert, "-text")


@pytest.mark.parametrize("algorithm", [
    ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    ["-algorithm", "ED25519"],
    ["-algorithm", "ED448"],
], ids=["rsa", "p384", "p521", "ed25519", "ed448"])
def test_keys_of_every_kind(shared, algorithm):
    name = "vnfci-" + algorithm[-1].lower().replace(":", "-").replace("_", "-")
    shared.register("vnfm-a", name)
    a = shared.vnfm_a
    key = a.out("key")
    run([OPENSSL, "genpkey", *algorithm, "-out", key])
    result = a.cmp("ir", "-newkey", key, "-subject", f"/CN={name}", "-certout", a.out(),
                   path=".well-known/cmp/p/VnfciCert")
    assert result.ok, result.text


def test_register_thousands_from_a_file(shared, tmp_path):
    names = tmp_path / "names"
    names.write_text("".join(f"bulk-{i}\n" for i in range(3000)))
    shared.ctl("register", "--requester", "vnfm-a", "--cert-type", "VnfciCert", "--subject-file", names)
    listed = shared.ctl_json("registration", "list")
    assert sum(r["subject_id"].startswith("bulk-") for r in listed) == 3000


def test_register_is_all_or_nothing(shared):
    shared.register("vnfm-b", "taken-1")
    before = shared.snapshot()
    result = shared.ctl("register", "--requester", "vnfm-a", "--cert-type", "VnfciCert", "--subject-id",
                        "free-1", "--subject-id", "taken-1", check=False)
    assert result.returncode != 0 and "notAuthorized" in result.stdout
    assert shared.snapshot() == before


def test_client_known_by_its_exact_self_signed_certificate(shared, tmp_path):
    """openssl cmp leaves a self-signed certificate out of extraCerts: senderKID names it."""
    make_ca(tmp_path / "self.pem", tmp_path / "self.key", "/CN=vnfm-self")
    cert, key = tmp_path / "self.pem", tmp_path / "self.key"
    run([OPENSSL, "req", "-x509", "-new", "-key", key, "-subj", "/CN=vnfm-self", "-days", "30", "-out", cert,
         "-addext", "keyUsage=critical,digitalSignature", "-addext", "basicConstraints=critical,CA:FALSE"])
    shared.ctl("client", "add", "vnfm-self", "--cert", cert, "--trust-domain", "self")
    shared.register("vnfm-self", "vnfci-self")
    client = Requester(shared, tmp_path, ["-cert", cert, "-key", key])
    client.enrol("vnfci-self")
    assert shared.states("vnfci-self") == ["active"]
    # Another self-signed certificate of that name is nobody's.
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    make_ca(stranger / "s.pem", stranger / "s.key", "/CN=vnfm-self")
    other = Requester(shared, stranger, ["-cert", stranger / "s.pem", "-key", stranger / "s.key"])
    assert other.cmp("cr", "-newkey", other.key(), "-subject", "/CN=vnfci-self", "-certout", other.out(),
                     path=".well-known/cmp/p/VnfciCert").failinfo == "badMessageCheck"
