# SPDX-License-Identifier: Apache-2.0
"""`tools/quickstart --interop`: a server for authors of clients, and every line of the table that it prints. Those that
`openssl cmp` can do are done with the clients of Debian 12 (3.0) and 13 (3.5), the others by the Python client (secrets,
announcements, what an RA confirms) and by Bouncy Castle."""
import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import signal
import sys

import pytest

from conftest import OPENSSL, ROOT, free_port, run
from test_bouncycastle import CLASSPATH, compiled

sys.path.insert(0, str(ROOT / "tests" / "interop"))
from pycmp import (Client, Ecdsa, Gmac, Hmac, Kmac, PasswordBasedMac, Pbmac1, cert_conf, cert_status,  # noqa: E402
                   directory_name, elements, explicit, genm, key_identifier, tlv)

pytestmark = pytest.mark.xdist_group("interop")  # one server
OPENSSL35 = os.environ.get("CMFD_OPENSSL35")
# The openssl of the system is 3.0 in Debian 12, and 3.5 in Debian 13.
CLIENTS = {"3.0" if run([openssl, "version"]).stdout.startswith("OpenSSL 3.0.") else "3.5": openssl
           for openssl in (OPENSSL35, OPENSSL) if openssl}
SIGN_KEY_PAIR_TYPES, GENP, PKICONF = "1.3.6.1.5.5.7.4.2", 22, 19
# Rows that Bouncy Castle does, by its checks (tests/interop).
BOUNCY_CASTLE = {
    "challenge": "challenge_rsa challenge_ec challenge_pvno_2 challenge_several",
    "archive": "archived_private_key", "recovery": "recovered_private_key", "revocation-passphrase": "rev_passphrase",
    "nested": "nested_added_protection", "batch": "nested_batch", "cross-certificate": "cross_certificate",
    "onap": "onap_signature onap_secret onap_update onap_refused_otherwise",
}


class Server:
    def __init__(self, directory):
        self.dir, self.port = directory, free_port()
        self.said = run([ROOT / "tools/quickstart", "--interop", "--dir", directory, "--port", self.port, "--background"],
                        cwd=ROOT).stdout
        self.url = f"http://127.0.0.1:{self.port}/.well-known/cmp"

    def path(self, name):
        return self.dir / "interop" / name

    def attempt(self, *row, openssl=OPENSSL):
        return run([self.dir / "try", *row], check=False, env=dict(os.environ, OPENSSL=openssl))

    def ctl(self, *args):
        return run([ROOT / "build/cmfctl", "--config", self.dir / "cmf.cnf", *args]).stdout


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("interop") / "cmf-interop")
    yield server
    os.kill(int((server.dir / "cmfd.pid").read_text()), signal.SIGTERM)


@pytest.fixture(scope="module")
def rows(server):
    """Each row with the first version of `openssl cmp` that does it, or None."""
    lines = run([server.dir / "try", "--names"]).stdout.split("\n")
    return {name: None if since == "-" else since for name, since in (line.split() for line in lines if line)}


def test_the_table_is_what_is_printed(server, rows):
    table = run([server.dir / "try"]).stdout
    assert table in server.said
    assert [line.split()[0] for line in table.splitlines()[1:]] == list(rows)


def test_it_is_for_this_machine_alone(server):
    conf = (server.dir / "cmf.cnf").read_text()
    listens = re.findall(r"^listen\w* = (.*)$", conf, re.M)
    assert len(listens) == 3 and all(listen.startswith("127.0.0.1:") for listen in listens)
    assert "error:" not in server.ctl("check", "--database")
    assert not any(path.stat().st_mode & 0o077 for path in (server.dir / "interop").glob("key-*.txt"))


def test_every_row_of_openssl(server, rows):
    """And what is said to need 3.5 does: else the table would send authors of older clients away."""
    todo = [(row, version) for version in CLIENTS for row, since in rows.items() if since]
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        done = dict(zip(todo, pool.map(lambda one: server.attempt(one[0], openssl=CLIENTS[one[1]]), todo)))
    for (row, version), result in done.items():
        assert (result.returncode == 0) == (rows[row] <= version), f"{row} with {version}: {result.stdout}"


@pytest.mark.parametrize("version", CLIENTS)
@pytest.mark.parametrize("row, credential, failinfo", [
    ("kur-same-key", "vnfm-ec", "badCertTemplate"), ("no-subject", "vnfm-ec", "badPOP"),
    ("rr-csr", "vnfm-ec", "addInfoNotAvailable"), ("central-key-agreement", "vnfm-ec", "unsupportedVersion"),
    ("central-key-transport", "vnfm-rsa", "unsupportedVersion"), ("base-station", "vnfm-ec", None)])
def test_without_the_switch(server, rows, version, row, credential, failinfo):
    """The same as a client for which nothing is switched. Of a base station the root would be missing in caPubs."""
    if rows[row] > version:
        pytest.skip("this openssl has no such option")
    result = server.attempt(row, credential, openssl=CLIENTS[version])
    if failinfo:
        assert result.returncode != 0 and f"PKIFailureInfo: {failinfo}" in result.stdout, result.stdout
    else:
        assert "received 0 CA certificate" in result.stdout or result.returncode != 0, result.stdout


def test_there_is_no_other_row(server):
    assert server.attempt("nothing").returncode == 2


# --- rows that openssl has no option for ------------------------------------------------------------------------------

def test_every_other_row_is_here(rows):
    here = {"pbmac1", "hmac", "kmac", "gmac", "announcements", "replaced", "confirmed-by-ra", "register", *BOUNCY_CASTLE}
    assert {row for row, since in rows.items() if not since} == here


@pytest.mark.parametrize("reference, secret, macs", [
    ("vnfm", "secret.txt", [PasswordBasedMac(mac=Hmac("sha3_256"), owf="sha3_256"), Pbmac1(262144), Pbmac1(600000, "sha512"),
                            Pbmac1(mac=Kmac(128)), Pbmac1(key_len=200)]),
    ("key-64", "key-64.txt", [Hmac(digest) for digest in ("sha224", "sha512", "sha3_224", "sha3_512")]),
    ("key-32", "key-32.txt", [Kmac(128), Kmac(256), Gmac(32)]),
    ("key-24", "key-24.txt", [Gmac(24)]), ("key-16", "key-16.txt", [Gmac(16)])])
def test_every_mac(server, reference, secret, macs):
    client = Client(server.url, reference.encode(), server.path(secret).read_bytes().rstrip(b"\n"))
    for mac in macs:
        answer = client.ask(genm(SIGN_KEY_PAIR_TYPES), mac)
        assert answer.body_type == GENP and not answer.signed, type(mac)


def der(path):
    return run([OPENSSL, "x509", "-in", path, "-outform", "DER", "-out", f"{path}.der"]) and pathlib.Path(
        f"{path}.der").read_bytes()


def signer(server, name):
    """A client that signs; its certificate goes along."""
    cert = der(server.path(f"{name}.pem"))
    return Client(server.url, key_identifier(cert), server.path(f"{name}.key"), directory_name(name)), cert


def test_announcements(server):
    import urllib.request

    client, cert = signer(server, "announcer")
    message, _, _ = client.message(explicit(16, cert), Ecdsa(), extra_certs=[cert])
    request = urllib.request.Request(server.url, message, {"Content-Type": "application/pkixcmp"})
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 201
    assert "announcer" in server.ctl("announcement", "list")


def test_confirmed_by_ra(server, tmp_path):
    """kur by its holder, passed on; certConf with the protection of the RA, and of one without the switch."""
    out, c = tmp_path, server.path
    for key in "first", "second":
        run([OPENSSL, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", out / f"{key}.key"])
    cmp = [OPENSSL, "cmp", "-config", "", "-server", f"127.0.0.1:{server.port}", "-path", ".well-known/cmp/p/VnfciCert",
           "-recipient", "/CN=cmf", "-trusted", c("root.pem")]
    run([*cmp, "-cmd", "ir", "-cert", c("vnfm-ec.pem"), "-key", c("vnfm-ec.key"), "-newkey", out / "first.key", "-subject",
         "/CN=passed-on.example.net", "-certout", out / "first.pem", "-implicit_confirm"])
    run([*cmp, "-cmd", "kur", "-path", ".well-known/cmp", "-cert", out / "first.pem", "-key", out / "first.key", "-newkey",
         out / "second.key", "-certout", out / "second.pem", "-disable_confirm", "-rspout", out / "kup.der"])
    header = elements(tlv(elements(tlv((out / "kup.der").read_bytes())[1])[0])[1])
    header = {e[0] & 0x1F: tlv(e)[1] for e in header[3:]}
    transaction_id, nonce = tlv(header[4])[1], tlv(header[5])[1]
    body = cert_conf(cert_status(hashlib.sha256(der(out / "second.pem")).digest()))
    for name, expected in ("ra", None), ("siemens-ra", PKICONF):
        client, cert = signer(server, name)
        answer = client.ask(body, Ecdsa(), transaction_id=transaction_id, recip_nonce=nonce, extra_certs=[cert])
        assert answer.signed and (answer.body_type == expected or (not expected and answer.failinfo == {2})), answer.text
    assert server.ctl("certificate", "list", "--subject-id", "passed-on.example.net").count("active") == 2


@pytest.mark.parametrize("version", CLIENTS)
def test_replaced(server, tmp_path, version):
    """What `openssl cmp` says to an RA goes on under the protection of the RA; nobody answers openssl here. It
    names the issuer of the certificate that it signs with, which is another than that of the RA."""
    out, c = tmp_path, server.path
    run([OPENSSL, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", out / "new.key"])
    run([CLIENTS[version], "cmp", "-config", "", "-server", f"127.0.0.1:{free_port()}", "-cmd", "ir", "-recipient", "/CN=cmf",
         "-cert", c("vnfm-ec.pem"), "-key", c("vnfm-ec.key"), "-trusted", c("root.pem"), "-newkey", out / "new.key",
         "-subject", f"/CN=replaced-{version}.example.net", "-certout", out / "new.pem", "-reqout", out / "ir.der",
         "-keep_alive", "0"], check=False)
    body = elements(tlv((out / "ir.der").read_bytes())[1])[1]
    for name, expected in ("ra", 2), ("siemens-ra", 0):
        client, cert = signer(server, name)
        answer = client.ask(body, Ecdsa(), extra_certs=[cert])
        assert answer.body_type == 1
        response = elements(tlv(elements(tlv(answer.body)[1])[-1])[1])[0]
        status = elements(tlv(elements(tlv(response)[1])[1])[1])
        assert tlv(status[0])[1] == bytes([expected]), answer.der
        assert expected == 0 or b"issuer" in status[1], status


def test_register(server):
    result = server.attempt("register")
    assert result.returncode == 0 and "registered 1 entity" in result.stdout, result.stdout


@pytest.mark.skipif(not shutil.which("javac") or not all(map(os.path.exists, CLASSPATH)),
                    reason="no javac, or no Bouncy Castle (libbcpkix-java)")
def test_rows_of_bouncy_castle(server, tmp_path):
    checks = [check for names in BOUNCY_CASTLE.values() for check in names.split()]
    server.ctl("register", "--requester", "vnfm", "--cert-type", "VnfciCert",
               *[arg for n in range(1, 21) for arg in ("--subject-id", f"bc-{n}")])
    credentials = {"vnfm": "vnfm-ec", "rsa": "vnfm-rsa", "ra": "ra", "onap": "onap", "other_ca": "other-ca"}
    secret = server.path("secret.txt").read_text().strip()
    said = run(compiled(tmp_path, [
        *[f"{name}.{kind}={server.path(file)}.{end}" for name, file in credentials.items()
          for kind, end in (("cert", "pem"), ("key", "key"))],
        f"url=http://127.0.0.1:{server.port}", f"root={server.path('root.pem')}", f"issuing={server.dir}/ca/issuing.pem",
        f"cross={server.path('root.pem')}", f"secret={secret}", "reference=bouncycastle", "onap.reference=onap",
        f"answers={tmp_path}/answers", f"only={','.join(checks)}"]), check=False).stdout
    assert [line for line in said.splitlines() if line.startswith(("ok ", "FAIL "))] == [
        f"ok {check}" for check in said_order(said, checks)], said


def said_order(said, checks):
    """The checks in the order in which Bouncy Castle does them: all of them, each once."""
    done = [line.split()[1].rstrip(":") for line in said.splitlines() if line.startswith(("ok ", "FAIL "))]
    assert sorted(done) == sorted(checks), said
    return done
