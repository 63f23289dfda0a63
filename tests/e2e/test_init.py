# SPDX-License-Identifier: Apache-2.0
"""What `cmfctl init` asks and makes: names, keys and lives, a CA that is there already, the URL in certificates, who
the files belong to."""
import json
import os
import pty
import re
import select
import shutil
import subprocess
import time
import urllib.request

import pytest

from conftest import BUILD, OPENSSL, PATIENCE, Cmf, Vnfm, issue, make_ca, new_key, run, x509

CTL = BUILD / "cmfctl"


def init(directory, *args, check=True, **kwargs):
    return run([CTL, "init", "--dir", directory, *args], check=check, stdin=subprocess.DEVNULL, **kwargs)


def configured(directory, key):
    return re.findall(rf"^{key} = (.*)$", (directory / "cmf.cnf").read_text(), re.M)


def names_cover(directory):
    """The addresses of CRL and CA certificate, as certificates will have them."""
    return configured(directory, "crl_distribution_points") + configured(directory, "aia_ca_issuers")


# --- the URL ---


@pytest.mark.parametrize("listen, url", [
    ("127.0.0.1:9000", "http://127.0.0.1:9000"), ("192.0.2.1:8080", "http://192.0.2.1:8080"),
    ("[2001:db8::1]:80", "http://[2001:db8::1]:80"), ("unix:x.sock, 0.0.0.0:80, 192.0.2.1:80", "http://192.0.2.1:80"),
    ("127.0.0.1:8080,  192.0.2.7:81", "http://192.0.2.7:81"),
])
def test_the_url_is_that_of_an_address_that_clients_reach(tmp_path, listen, url):
    init(tmp_path / "i", "--listen", listen)
    assert names_cover(tmp_path / "i") == [f"{url}/crl/issuing.crl", f"{url}/aia/issuing.cer"]
    assert configured(tmp_path / "i", "listen") == [listen]


@pytest.mark.parametrize("listen", ["0.0.0.0:8080", "[::]:8080", "unix:x.sock", "[::ffff:0.0.0.0]:80"])
def test_an_address_that_nobody_reaches_is_no_url(tmp_path, listen):
    said = init(tmp_path / "i", "--listen", listen, check=False)
    assert said.returncode == 2 and "--public-url" in said.stdout and not (tmp_path / "i").exists()
    init(tmp_path / "i", "--listen", listen, "--public-url", "http://cmf.example.net/pki/")
    assert names_cover(tmp_path / "i") == ["http://cmf.example.net/pki/crl/issuing.crl",
                                           "http://cmf.example.net/pki/aia/issuing.cer"]


@pytest.mark.parametrize("url, why", [
    ("http://0.0.0.0:80", "nobody can connect"), ("http://[::]", "nobody can connect"),
    ("https://cmf.example.net", "RFC 5280 8"), ("cmf.example.net:8080", "is no URL"), ("unix:/run/x", "is no URL"),
    ("http://cmf.example.net/?x", "is no URL"), ("http://a_b", "no host name"), ("", "is no URL"),
])
def test_a_url_that_cannot_be(tmp_path, url, why):
    said = init(tmp_path / "i", "--public-url", url, check=False)
    assert said.returncode == 2 and why in said.stdout, said.stdout
    assert not (tmp_path / "i").exists()


def typed(args, answers):
    """Runs a program on a terminal and types each answer once it asks; (exit code, what was shown)."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(args[0], args)
    shown, answers, end = b"", list(answers), time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if answers and shown.count(b": ") and re.search(rb"(\]|PORT): $", shown):
            os.write(terminal, answers[0].encode() + b"\n")
            answers.pop(0)
            shown += b"<typed>"
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                octets = os.read(terminal, 65536)
            except OSError:
                break
            if not octets:
                break
            shown += octets
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def test_on_a_terminal_it_asks(tmp_path):
    args = [str(CTL), "init", "--dir", str(tmp_path / "i"), "--listen", "0.0.0.0:8080"]
    code, shown = typed(args, ["http://0.0.0.0:8080", "http://cmf.example.net:8080"])
    assert code == 0 and "nobody can connect" in shown and shown.count("Under which URL") == 2, shown
    assert names_cover(tmp_path / "i")[0] == "http://cmf.example.net:8080/crl/issuing.crl"


# --- names, keys, lives ---


def test_names_keys_and_lives(tmp_path):
    said = json.loads(init(tmp_path / "i", "--root-name", "/O=Example/CN=Root", "--root-key", "rsa:2048", "--root-days", "100",
                           "--issuing-name", "Issuer", "--issuing-key", "ec:P-384", "--issuing-days", "50",
                           "--protection-name", "/O=Example/CN=the CMF", "--protection-key", "ed25519",
                           "--protection-days", "20", "--json", stderr=subprocess.PIPE).stdout)[0]
    files = {"root": "ca/root.pem", "issuing": "ca/issuing.pem", "protection": "cmf.pem"}
    wanted = {"root": ("O = Example, CN = Root", "(2048 bit)", 100), "issuing": ("CN = Issuer", "P-384", 50),
              "protection": ("O = Example, CN = the CMF", "ED25519", 20)}
    for what, (subject, key, days) in wanted.items():
        text = x509(tmp_path / "i" / files[what], "-text")
        assert f"Subject: {subject}\n" in text and key in text, what
        for seconds, ends in ((days - 1, 0), (days, 1)):
            assert run([OPENSSL, "x509", "-in", tmp_path / "i" / files[what], "-noout", "-checkend", str(seconds * 86400)],
                       check=False).returncode == ends, what
        fingerprint = x509(tmp_path / "i" / files[what], "-fingerprint", "-sha256").split("=")[1].split()[0]
        assert said[what]["sha256"] == fingerprint
    assert said["trusted"] == str(tmp_path / "i/ca/root.pem") and said["root_key"] == str(tmp_path / "i/ca/root.key")
    # Certificates are signed with what suits the key.
    assert configured(tmp_path / "i", "digest") == ["sha384"]
    run([OPENSSL, "verify", "-x509_strict", "-CAfile", tmp_path / "i/ca/root.pem", "-untrusted", tmp_path / "i/ca/issuing.pem",
         tmp_path / "i/ca/issuing.pem", tmp_path / "i/cmf.pem"])


def test_no_certificate_outlives_its_issuer(tmp_path):
    init(tmp_path / "i", "--root-days", "30")
    ends = {x509(tmp_path / "i" / name, "-enddate") for name in ("ca/root.pem", "ca/issuing.pem", "cmf.pem")}
    assert len(ends) == 1


@pytest.mark.parametrize("args, why", [
    (["--root-key", "rsa:1024"], "rsa:2048"), (["--root-key", "rsa:"], "rsa:2048"), (["--issuing-key", "x25519"], "ec:P-256"),
    (["--issuing-key", "ec:secp192r1"], "ec:P-256"), (["--root-days", "0"], "days"), (["--issuing-days", "x"], "days"),
    (["--root-name", "/CN"], "/CN"), (["--root-name", ""], "common name"), (["--root-name", "x" * 65], "common name"),
    (["--root-name", "cmf"], "names of their own"), (["--ca-cert", "x"], "go together"), (["--ca-chain", "x"], "--ca-cert"),
    (["--system"], "--dir or --system"), (["--ca-cert", "x", "--ca-key", "y", "--root-days", "1"], "leave out"),
])
def test_what_cannot_be_made(tmp_path, args, why):
    said = init(tmp_path / "i", *args, check=False)
    assert said.returncode == 2 and why in said.stdout, said.stdout
    assert list(tmp_path.iterdir()) == []


def test_what_it_says(tmp_path):
    """What to hand out, with its fingerprint; which file to take away; what to do now, which works as it is printed."""
    said = init(tmp_path / "i", "--listen", "192.0.2.1:8080").stdout
    fingerprint = x509(tmp_path / "i/ca/root.pem", "-fingerprint", "-sha256").split("=")[1].split()[0]
    assert f"  {tmp_path}/i/ca/root.pem\n  SHA-256 {fingerprint}\n" in said
    assert re.search(rf"Take away .*:\n  {tmp_path}/i/ca/root.key\n", said)
    assert f"  {tmp_path}/i/store.key\n" in said and "http://192.0.2.1:8080/crl/issuing.crl" in said
    command = re.search(r"^  (cmfd --config .*)$", said, re.M).group(1).split()
    run([BUILD / command[0], *command[1:], "--check"])


# --- a CA that is there already ---


def existing(directory, algorithm=("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384")):
    """A root and a CA below it, of another program."""
    directory.mkdir()
    make_ca(directory / "root.pem", directory / "root.key", "/O=Operator/CN=Root")
    issue(directory / "root.pem", directory / "root.key", directory / "sub.pem", directory / "sub.key", "/O=Operator/CN=Sub",
          "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign,digitalSignature\n"
          "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n", days=900)
    return directory


def enrols(cmf, tmp_path):
    cmf.start()
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "vnfm")
    cmf.register("vnfm-a", "vnfci-1")
    return vnfm.enrol("vnfci-1")


class Existing(Cmf):
    """A CMF that is made with more options than those of other tests."""

    def __init__(self, directory, *options):
        super().__init__(directory, as_made=True)
        shutil.rmtree(self.dir)
        init(self.dir, "--listen", self.address, "--listen-metrics", f"127.0.0.1:{self.metrics_port}", *options)


@pytest.mark.parametrize("given", ["chain", "one file", "passphrase", "STORE URI"])
def test_a_ca_that_is_there_already(tmp_path, given):
    ca = existing(tmp_path / "their")
    options = ["--ca-cert", ca / "sub.pem", "--ca-chain", ca / "root.pem", "--ca-key", ca / "sub.key"]
    if given == "one file":
        (ca / "both.pem").write_text((ca / "sub.pem").read_text() + (ca / "root.pem").read_text())
        options = ["--ca-cert", ca / "both.pem", "--ca-key", ca / "sub.key"]
    if given == "passphrase":
        (ca / "pass").write_text("a passphrase\n")
        run([OPENSSL, "pkey", "-in", ca / "sub.key", "-aes256", "-passout", f"file:{ca / 'pass'}", "-out", ca / "enc.key"])
        options[5:] = [ca / "enc.key", "--ca-passphrase-file", ca / "pass"]
    if given == "STORE URI":
        options[5] = f"file:{ca / 'sub.key'}"
    cmf = Existing(tmp_path / "cmf", *options)
    if given == "STORE URI":
        assert configured(cmf.dir, "key")[1] == options[5] and not (cmf.dir / "ca/issuing.key").exists()
    else:  # it is theirs, as it was
        assert (cmf.dir / "ca/issuing.key").read_bytes() == options[options.index("--ca-key") + 1].read_bytes()
        assert (cmf.dir / "ca/issuing.key").stat().st_mode & 0o777 == 0o600
    assert not (cmf.dir / "ca/root.key").exists()
    assert x509(cmf.root, "-fingerprint") == x509(ca / "root.pem", "-fingerprint")
    try:
        cert, _ = enrols(cmf, tmp_path)  # `openssl cmp` trusts their root alone
        assert "issuer=O = Operator, CN = Sub" in x509(cert, "-issuer")
        run([OPENSSL, "verify", "-CAfile", ca / "root.pem", "-untrusted", ca / "sub.pem", cert])
    finally:
        cmf.stop()


def test_a_root_that_issues_itself(tmp_path):
    ca = existing(tmp_path / "their")
    cmf = Existing(tmp_path / "cmf", "--ca-cert", ca / "root.pem", "--ca-key", ca / "root.key")
    assert configured(cmf.dir, "chain") == []
    try:
        cert, _ = enrols(cmf, tmp_path)
        run([OPENSSL, "verify", "-CAfile", ca / "root.pem", cert])
    finally:
        cmf.stop()


def test_what_is_wrong_with_that_ca(tmp_path):
    ca = existing(tmp_path / "their")
    new_key(ca / "other.key")
    issue(ca / "root.pem", ca / "root.key", ca / "ee.pem", ca / "ee.key", "/CN=nobody")
    (ca / "text").write_text("no PEM\n")
    for cert, chain, key, why in [
            ("sub.pem", "root.pem", "other.key", "is not the key of"), ("sub.pem", None, "sub.key", "--ca-chain"),
            ("sub.pem", "ee.pem", "sub.key", "--ca-chain"), ("ee.pem", "root.pem", "ee.key", "none of a CA"),
            ("text", None, "sub.key", "no certificate"), ("sub.pem", "root.pem", "text", "no private key"),
            ("none", None, "sub.key", "No such file"), ("sub.pem", "root.pem", "none", "No such file")]:
        options = ["--ca-chain", ca / chain] if chain else []
        said = init(tmp_path / "i", "--ca-cert", ca / cert, "--ca-key", ca / key, *options, check=False)
        assert said.returncode == 2 and why in said.stdout, (cert, chain, key, said.stdout)
        assert [p.name for p in tmp_path.iterdir()] == ["their"]


# --- what certificates say is served ---


def test_the_certificate_of_the_ca_is_where_certificates_say(shared, tmp_path):
    """RFC 5280 4.2.2.1: one certificate, DER, as application/pkix-cert."""
    shared.register("vnfm-a", "vnfci-aia")
    cert, _ = shared.vnfm_a.enrol("vnfci-aia")
    urls = re.findall(r"URI:(\S+)", x509(cert, "-ext", "authorityInfoAccess,crlDistributionPoints"))
    assert sorted(urls) == [f"{shared.url}/aia/issuing.cer", f"{shared.url}/crl/issuing.crl"]
    with urllib.request.urlopen(f"{shared.url}/aia/issuing.cer", timeout=PATIENCE) as answer:
        assert answer.headers["Content-Type"] == "application/pkix-cert"
        (tmp_path / "ca.cer").write_bytes(answer.read())
    assert x509(tmp_path / "ca.cer", "-inform", "DER", "-fingerprint") == x509(shared.dir / "ca/issuing.pem", "-fingerprint")
    for path in ("nobody.cer", "issuing.crl", ".cer", "x/issuing.cer"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{shared.url}/aia/{path}", timeout=PATIENCE)
        assert refused.value.code == 404


# --- whose files are ---


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_renews_stays_the_services(tmp_path):
    cmf = Cmf(tmp_path / "cmf")
    for path in ("cmf.pem", "cmf.key"):
        os.chown(cmf.dir / path, 65534, 65534)
    before = x509(cmf.dir / "cmf.pem", "-fingerprint")
    cmf.ctl("protection", "renew", "--new-key")
    assert x509(cmf.dir / "cmf.pem", "-fingerprint") != before
    assert {(cmf.dir / p).stat().st_uid for p in ("cmf.pem", "cmf.key")} == {65534}
    assert (cmf.dir / "cmf.key").stat().st_mode & 0o777 == 0o600
    os.chown(cmf.dir / "ca/issuing.pem", 65534, 65534)
    (cmf.dir / "ca").chmod(0o750)
    cmf.ctl("ca", "rollover", "issuing", "--dir", f"{cmf.dir}/new/")
    # The service's group reads certificates there as well.
    assert (cmf.dir / "new").stat().st_mode & 0o777 == 0o750
    made = {p.name: p.stat().st_uid for p in (cmf.dir / "new", *(cmf.dir / "new").iterdir())}
    assert {uid for name, uid in made.items() if name != "root.key"} == {65534}, made


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes others")
def test_an_operator_needs_the_configuration_and_the_socket_alone(cmf, tmp_path):
    """Who may read cmf.cnf and write to the socket reads neither keys nor the database."""
    def ask(uid, gid):
        def become():
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
        fd = os.open(CTL, os.O_RDONLY)
        try:
            return run([f"/proc/self/fd/{fd}", "--config", copy / "cmf.cnf", "client", "list"], check=False, pass_fds=[fd],
                       preexec_fn=become)
        finally:
            os.close(fd)

    # Where all may go, as /etc and /run are; the folders of tests are root's alone.
    copy = type(tmp_path)(run(["mktemp", "-d", "/tmp/cmfd-operator-XXXXXX"]).stdout.strip())
    try:
        os.chmod(copy, 0o750)
        os.chown(copy, 65534, 12345)
        text = cmf.conf.read_text().replace("admin_socket = cmfd.sock", f"admin_socket = {copy}/cmfd.sock")
        (copy / "cmf.cnf").write_text(text)
        os.chown(copy / "cmf.cnf", 65534, 12345)
        os.chmod(copy / "cmf.cnf", 0o640)
        denied = ask(65533, 12345)
        assert denied.returncode == 3 and "there is no such socket" in denied.stdout
        cmf.stop()
        cmf.set("server", "admin_socket", copy / "cmfd.sock")
        cmf.set("server", "admin_socket_mode", "0660")
        cmf.start()
        os.chown(copy / "cmfd.sock", 65534, 12345)
        assert ask(65533, 12345).returncode == 0
        os.chmod(copy / "cmfd.sock", 0o600)
        denied = ask(65533, 12345)
        assert denied.returncode == 3 and "permission denied" in denied.stdout
    finally:
        cmf.stop()
        shutil.rmtree(copy)
