# SPDX-License-Identifier: Apache-2.0
"""What the checker sees beside what stops cmfd: cmfd --check and cmfctl check say the same."""
import datetime
import os
import shutil
import subprocess

import postgresql
import pytest
from conftest import BUILD, Cmf, issue, make_ca, run
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

NOW = datetime.datetime.utcnow().replace(microsecond=0)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def cmf(tmp_path):
    return Cmf(tmp_path / "cmf")


def findings(cmf):
    """Lines of both programs, which are the same; those about what is in the tables left out."""
    said = [run([BUILD / "cmfd", "--config", cmf.conf, "--check"], check=False).stdout,
            run([BUILD / "cmfctl", "--config", cmf.conf, "check", "--database"], check=False).stdout]
    lines = [[l for l in text.splitlines() if l.startswith(("error: ", "warning: "))] for text in said]
    assert lines[0] == lines[1]
    return lines[0]


def first(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def private(path):
    return serialization.load_pem_private_key(path.read_bytes(), None)


def certified(subject, public, issuer, key, extensions, digest=hashes.SHA256(), begin=NOW - DAY):
    made = x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number(), begin, NOW + 400 * DAY)
    for value, critical in extensions:
        made = made.add_extension(value, critical)
    return made.sign(key, digest).public_bytes(serialization.Encoding.PEM)


def again(path, issuer, key, more=(), **kwargs):
    """The certificate of the file anew, below that name and key; for the CMF's own issuing CA, say."""
    old = first(path)
    kept = [(e.value, e.critical) for e in old.extensions if not isinstance(e.value, x509.AuthorityKeyIdentifier)]
    return certified(old.subject, old.public_key(), issuer, key, kept + list(more), **kwargs)


CA = [(x509.BasicConstraints(True, None), True),
      (x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)]


def test_nothing_is_found_where_nothing_is_wrong(cmf):
    assert findings(cmf) == []


def test_weak_key_and_digest_in_the_path_of_a_ca(cmf):
    weak = rsa.generate_private_key(65537, 1024)
    name = x509.Name.from_rfc4514_string("CN=Weak Root")
    root = certified(name, weak.public_key(), name, weak, CA + [(x509.SubjectKeyIdentifier.from_public_key(
        weak.public_key()), False)])
    issuing = cmf.dir / "ca/issuing.pem"
    issuing.write_bytes(again(issuing, name, weak, digest=hashes.SHA1()))
    cmf.root.write_bytes(root)
    said = findings(cmf)
    assert "warning: [ca issuing] chain: its key is weak (rsaEncryption, 1024 bits) (CN=Weak Root)" in said
    assert any(l.startswith("warning: [ca issuing] certificate: it is signed with SHA-1 or MD5") for l in said)


def test_a_certificate_that_is_not_valid_yet_and_a_gap_in_a_path(cmf):
    own, issuing = cmf.dir / "cmf.pem", cmf.dir / "ca/issuing.pem"
    later = again(own, first(issuing).subject, private(cmf.dir / "ca/issuing.key"), begin=NOW + 2 * DAY)
    own.write_bytes(later + cmf.root.read_bytes())
    said = findings(cmf)
    when = (NOW + 2 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert f"error: [protection] certificate: is not valid before {when} (CN=cmf)" in said
    assert any(l.startswith("warning: [protection] certificate: the next one in the file has not issued it") for l in said)


def test_names_that_a_domain_may_have_and_the_ca_may_not_certify(cmf):
    issuing = cmf.dir / "ca/issuing.pem"
    constraints = x509.NameConstraints([x509.DNSName("example.com")], None)
    issuing.write_bytes(again(issuing, first(cmf.root).subject, private(cmf.root.with_suffix(".key")),
                              [(constraints, True)]))
    cmf.conf.write_text(cmf.conf.read_text() + "\n[trust_domain one]\ndns_suffixes = a.example.com, example.org\n")
    said = findings(cmf)
    assert ("warning: [ca issuing] chain: nameConstraints do not allow dns_suffixes example.org of [trust_domain one]"
            in said)
    assert not any("a.example.com" in line for line in said)
    assert not any("subjects as" in line for line in said)
    permitted = x509.DirectoryName(x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "one")]))
    root = private(cmf.root.with_suffix(".key"))
    kept = [(e.value, e.critical) for e in first(issuing).extensions
            if not isinstance(e.value, (x509.AuthorityKeyIdentifier, x509.NameConstraints))]
    issuing.write_bytes(certified(first(issuing).subject, first(issuing).public_key(), first(cmf.root).subject, root,
                                  kept + [(x509.NameConstraints([permitted], None), True)]))
    said = findings(cmf)
    assert any("nameConstraints do not allow subjects as CN=... of [profile VnfciCert] in [trust_domain one]" in line
               for line in said)
    cmf.set("profile VnfciCert", "subject_trust_domain", "O")
    assert not any("[profile VnfciCert] in [trust_domain one]" in line for line in findings(cmf))


def test_a_ca_that_no_rule_leads_to(cmf):
    shutil.copy(cmf.dir / "ca/issuing.pem", cmf.dir / "ca/other.pem")
    cmf.conf.write_text(cmf.conf.read_text() + "\n[ca other]\ntype = internal\ncertificate = ca/other.pem\nchain = ca/root.pem\n"
                        "key = ca/issuing.key\n")
    said = findings(cmf)
    assert any(l.startswith("warning: [ca other] no [ca_rule NAME] and no default_ca leads to it") for l in said), said
    text = cmf.conf.read_text().replace("default_ca = issuing", "ca_rules = oam")
    cmf.conf.write_text(text + "\n[ca_rule oam]\ncert_type = VnfOAMCert\ntrust_domain = one\nca = other\n"
                        "[trust_domain one]\ndns_suffixes = example.com\n")
    said = findings(cmf)
    assert not any("[ca other] no" in line for line in said)
    assert any(l.startswith("warning: [ca issuing] no [ca_rule NAME]") for l in said)
    assert ("warning: [cmf] ca_rules: without default_ca, who registers a ManoCert is refused unless it names a CA"
            in said)
    assert ("warning: [cmf] ca_rules: without default_ca, who fits no rule and registers a VnfOAMCert is refused unless "
            "it names a CA" in said)


def test_keys_and_passphrases_that_others_can_read(cmf):
    passphrase = cmf.dir / "pin"
    passphrase.write_text("x\n")
    for section, key, path in (("ca issuing", "passphrase_file", passphrase), ("protection", "passphrase_file", passphrase),
                               ("ca issuing", "key", cmf.dir / "ca/issuing.key")):
        cmf.set(section, key, path)
        path.chmod(0o644)
        assert f"warning: [{section}] {key}: {path} can be read by others (mode 644)" in findings(cmf)
        path.chmod(0o600)
    assert not any("can be read" in line for line in findings(cmf))


@pytest.mark.skipif(os.getuid() != 0, reason="root alone gives files away")
def test_keys_that_the_user_of_cmfd_cannot_read(cmf):
    """What root made with openssl is root's: check, which root calls, would read it."""
    key = cmf.dir / "ca/issuing.key"
    os.chown(cmf.conf, 65534, 65534)
    os.chown(key, 65534, 65534)
    said = findings(cmf)
    assert not any(f"{key} cannot be read" in line for line in said)
    assert any(l.startswith(f"warning: [protection] key: {cmf.dir}/cmf.key cannot be read by the owner") for l in said)
    os.chown(key, 0, 65534)
    assert any(f"[ca issuing] key: {key} cannot be read by the owner" in line for line in findings(cmf))
    key.chmod(0o640)
    assert not any(f"{key} cannot be read" in line for line in findings(cmf))


def test_clients_that_could_be_each_other_and_an_anchor_that_is_none(cmf, tmp_path):
    make_ca(tmp_path / "ca.pem", tmp_path / "ca.key", "/CN=clients CA")
    issue(tmp_path / "ca.pem", tmp_path / "ca.key", tmp_path / "one.pem", tmp_path / "one.key", "/CN=one")
    cmf.start()
    cmf.ctl("client", "add", "one", "--trust-domain", "d", "--trust-anchor", tmp_path / "ca.pem", "--subject", "/CN=one")
    cmf.ctl("client", "add", "leaf", "--trust-domain", "d", "--trust-anchor", tmp_path / "one.pem", "--subject", "/CN=two")
    cmf.ctl("client", "add", "two", "--trust-domain", "d", "--oauth2-client", "two")
    cmf.stop()
    said = findings(cmf)
    assert any("client leaf: the trust anchor CN=one is no certificate of a CA" in line for line in said)
    assert not any("client one: the trust anchor" in line or line.startswith("warning: clients") for line in said)
    with cmf.database("rw") as database:  # cmfd adds no such client
        rows = database.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'credential'"
                                if postgresql.database_of(cmf) else "SELECT name FROM pragma_table_info('credential')")
        columns = [name for name, in rows if name not in ("id", "client_id")]
        names, values = ", ".join(columns), ", ".join("k." + column for column in columns)
        database.execute(f"INSERT INTO credential (client_id, {names}) SELECT (SELECT id FROM client WHERE name = 'two'), "
                         f"{values} FROM credential k JOIN client c ON c.id = k.client_id WHERE c.name = 'one'")
    assert any(line.startswith("warning: clients one and two: a credential could be of both") for line in findings(cmf))


def test_a_key_that_cannot_sign_is_found_at_start(cmf, tmp_path):
    """A key in a TPM that wants a passphrase which nobody gives is there, and useless."""
    from key_tokens import TpmKeys
    tpm = TpmKeys(tmp_path)
    try:
        tpm.run("tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc256", "-p", "secret", "-c", "key.ctx", "-a",
                "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign|noda")
        tpm.run("tpm2_evictcontrol", "-Q", "-C", "o", "-c", "key.ctx", "0x81000777")
        tpm.run("tpm2_flushcontext", "-t")
        tpm.run("tpm2_readpublic", "-Q", "-c", "0x81000777", "-f", "pem", "-o", "public.pem")
        public = serialization.load_pem_public_key((tmp_path / "public.pem").read_bytes())
        own = first(cmf.dir / "cmf.pem")
        extensions = [(e.value, e.critical) for e in own.extensions if not isinstance(
            e.value, (x509.AuthorityKeyIdentifier, x509.SubjectKeyIdentifier))]
        (cmf.dir / "cmf.pem").write_bytes(certified(
            own.subject, public, first(cmf.root).subject, private(cmf.root.with_suffix(".key")),
            extensions + [(x509.SubjectKeyIdentifier.from_public_key(public), False)]))
        cmf.set("protection", "key", "provider:tpm2:handle:0x81000777")
        environment = dict(cmf.environment, **tpm.environment)
        for command in (["--check"], []):
            said = subprocess.run([BUILD / "cmfd", "--config", cmf.conf, *command], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, env=environment, timeout=600)
            assert said.returncode == 1
            assert "[protection] key: it is there, but signing with it fails" in said.stdout, said.stdout
    finally:
        tpm.end()


@pytest.mark.parametrize("program, args", [
    ("cmfd", []), ("cmfd", ["--check"]), ("cmfctl", ["check"]), ("cmfctl", ["status"]), ("cmfctl", ["tidy"]),
    ("cmfctl", ["store", "rekey"]), ("cmfctl", ["protection", "renew"]), ("cmfctl", ["client", "list"])])
def test_who_has_no_configuration_is_told_how_to_make_one(tmp_path, program, args):
    said = run([BUILD / program, "--config", tmp_path / "cmf.cnf", *args], check=False)
    assert said.returncode != 0
    assert f"{tmp_path}/cmf.cnf does not exist: `cmfctl init --dir DIR` makes a configuration" in said.stdout
