"""A new root for the CA (`cmfctl ca rollover`), and clients that trust the old or the new one."""

import os
import subprocess

import pytest

from conftest import OPENSSL, Vnfm, issue, new_key, run, x509

OPENSSL35 = os.environ.get("CMFD_OPENSSL35")


def lines_set(cmf, keys):
    for row in keys:
        cmf.set(row["section"], row["key"], row["value"])


def verify(trusted, cert, *untrusted):
    args = [a for u in untrusted for a in ("-untrusted", u)]
    return subprocess.run([OPENSSL, "verify", "-x509_strict", "-trusted", trusted, *args, cert],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT).returncode == 0


@pytest.fixture
def rolled(cmf, tmp_path):
    """A CMF that was rolled over after it had issued a certificate."""
    cmf.vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a", register_on_ir=True)
    cmf.before, _ = cmf.vnfm.enrol("vnfci-before")
    cmf.old_root, cmf.new = cmf.root, cmf.dir / "ca" / "rollover"
    cmf.stop()
    lines_set(cmf, cmf.ctl_json("ca", "rollover", "issuing", "--dir", cmf.new))
    cmf.ctl("check")
    cmf.start()
    return cmf


def test_rfc9810_4_4_both_roots_lead_everywhere(rolled):
    old, new, ca = rolled.old_root, rolled.new / "root.pem", rolled.dir / "ca"
    links = rolled.new / "root-new-with-old.pem", rolled.new / "root-old-with-new.pem"
    assert verify(new, rolled.new / "issuing.pem")
    assert verify(old, rolled.new / "issuing.pem", links[0])
    assert not verify(old, rolled.new / "issuing.pem")
    assert verify(new, ca / "issuing.pem", links[1])
    # What was issued before stays valid below both.
    assert verify(old, rolled.before, ca / "issuing.pem")
    assert verify(new, rolled.before, rolled.new / "issuing.pem")


def test_clients_of_both_roots_enrol(rolled):
    vnfm = rolled.vnfm
    for n, root in enumerate((rolled.old_root, rolled.new / "root.pem")):
        rolled.root = root
        cert, _ = vnfm.enrol(f"vnfci-{n}", extra=["-out_trusted", root])
        assert verify(rolled.new / "root.pem", cert, rolled.new / "issuing.pem")


def test_nothing_is_overwritten(cmf):
    directory = cmf.dir / "ca" / "rollover"
    before = {p: p.read_bytes() for p in (cmf.dir / "ca").iterdir()}
    conf = cmf.conf.read_text()
    cmf.ctl("ca", "rollover", "issuing", "--dir", directory)
    assert cmf.ctl("ca", "rollover", "issuing", "--dir", directory, check=False).returncode == 1
    assert {p: p.read_bytes() for p in (cmf.dir / "ca").iterdir() if p.is_file()} == before
    assert cmf.conf.read_text() == conf
    assert sorted(p.name for p in (cmf.dir / "ca").iterdir() if p.is_dir()) == ["rollover"]
    assert (directory / "root.key").stat().st_mode & 0o777 == 0o600


def test_wrong_key_makes_nothing(cmf, tmp_path):
    other = new_key(tmp_path / "other.key")
    for args in (["--root-key", other], ["--root-key", tmp_path / "absent.key"]):
        result = cmf.ctl("ca", "rollover", "issuing", "--dir", cmf.dir / "new", *args, check=False)
        assert result.returncode in (1, 4)
        assert result.returncode == 1 or "--root-key says where the key is" in result.stdout
        assert not list(cmf.dir.glob("new*"))
    assert cmf.ctl("ca", "rollover", "absent", "--dir", cmf.dir / "new", check=False).returncode == 1


def test_new_root_made_elsewhere(cmf, tmp_path):
    """Another kind of key, made offline; the root of a second CA in the same way."""
    cert, key = tmp_path / "offline.pem", tmp_path / "offline.key"
    run([OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-subj",
         "/CN=CMF Root CA", "-days", "3650", "-addext", "keyUsage=critical,keyCertSign,cRLSign"])
    directory = cmf.dir / "offline"
    lines_set(cmf, cmf.ctl_json("ca", "rollover", "issuing", "--dir", directory, "--new-root-cert",
                                cert, "--new-root-key", key))
    cmf.ctl("check")
    assert not (directory / "root.key").exists()
    assert verify(cert, directory / "issuing.pem")
    assert verify(cmf.root, directory / "issuing.pem", directory / "root-new-with-old.pem")


def test_encryption_certificate_too(cmf):
    cert, key = cmf.dir / "enc.pem", cmf.dir / "enc.key"
    issue(cmf.root, cmf.dir / "ca" / "root.key", cert, key, "/CN=cmf encryption",
          "keyUsage=critical,keyAgreement\n")
    cmf.set("protection", "encryption_certificate", cert)
    cmf.set("protection", "encryption_key", key)
    cmf.ctl("check")
    lines_set(cmf, cmf.ctl_json("ca", "rollover", "issuing", "--dir", cmf.dir / "new"))
    cmf.ctl("check")
    assert verify(cmf.dir / "new" / "root.pem", cmf.dir / "new" / "cmf-encryption.pem")
    assert x509(cmf.dir / "new" / "cmf-encryption.pem", "-pubkey") == x509(cert, "-pubkey")


def test_key_generation_authority_too(cmf):
    """An own certificate for it; kga_certificate signed by the new root is one still."""
    cert, key = cmf.dir / "kga.pem", cmf.dir / "kga.key"
    issue(cmf.root, cmf.dir / "ca" / "root.key", cert, key, "/CN=cmf KGA",
          "keyUsage=critical,digitalSignature\nextendedKeyUsage=1.3.6.1.5.5.7.3.32\n")
    cmf.set("protection", "kga_certificate", cert)
    cmf.set("protection", "kga_key", key)
    cmf.ctl("check")
    lines_set(cmf, cmf.ctl_json("ca", "rollover", "issuing", "--dir", cmf.dir / "new"))
    cmf.ctl("check")
    assert verify(cmf.dir / "new" / "root.pem", cmf.dir / "new" / "cmf-kga.pem")
    assert x509(cmf.dir / "new" / "cmf-kga.pem", "-pubkey") == x509(cert, "-pubkey")
    cmf.stop()
    cmf.start()


@pytest.mark.parametrize("key,file", [("root_new_with_old", "root-old-with-new.pem"),
                                      ("root_old_with_new", "root-new-with-old.pem"),
                                      ("root_new_with_old", "root.pem"),
                                      ("chain", "../root.pem")])
def test_check_finds_links_that_do_not_fit(rolled, key, file):
    rolled.set("ca issuing", key, str(rolled.new / file))
    result = rolled.ctl("check", check=False)
    assert result.returncode == 1
    assert "[ca issuing]" in result.stdout


@pytest.mark.skipif(not OPENSSL35, reason="Debian 13's openssl could not be made here")
def test_rfc9483_4_3_2_openssl_updates_the_root(rolled):
    """OpenSSL 3.5 verifies both links by itself before it writes anything."""
    out = {name: rolled.vnfm.out() for name in ("newwithnew", "newwithold", "oldwithnew")}
    files = [a for name, path in out.items() for a in (f"-{name}", path)]
    question = ["-infotype", "rootCaCert", "-oldwithold"]
    request, response = rolled.vnfm.out("der"), rolled.vnfm.out("der")
    command = rolled.vnfm.command("genm", *question, rolled.old_root, *files, "-reqout", request,
                                  "-rspout", response)
    run([OPENSSL35, *command[1:]])
    for name, file in (("newwithnew", "root.pem"), ("newwithold", "root-new-with-old.pem"),
                       ("oldwithnew", "root-old-with-new.pem")):
        assert x509(out[name], "-fingerprint") == x509(rolled.new / file, "-fingerprint")
    assert "subject: CN=CMF Root CA" in rolled.ctl("explain", request).stdout
    explained = rolled.ctl("explain", response).stdout
    for name in ("newWithNew", "newWithOld", "oldWithNew"):
        assert name in explained
    # There is nothing newer than the new root.
    rolled.root = rolled.new / "root.pem"
    nothing = rolled.vnfm.out()
    command = rolled.vnfm.command("genm", *question, rolled.new / "root.pem", "-newwithnew", nothing)
    result = run([OPENSSL35, *command[1:]], check=False)
    assert "no root CA certificate update available" in result.stdout
    assert not nothing.exists()
