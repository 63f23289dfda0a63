# SPDX-License-Identifier: Apache-2.0
"""Bouncy Castle as a client (tests/interop/*.java): every operation that it can ask for, all answers
verified and parsed by its code. One JVM does all of it, and this program looks afterwards at what it said of
each check, and whether the certificates are in the states that they must be in."""
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from conftest import OPENSSL, ROOT, issue, make_ca, new_key, run
from test_upstream import Pair

sys.path.insert(0, str(ROOT / "tests" / "interop"))
from strict import strict_answer, strict_key_package  # noqa: E402

JARS = pathlib.Path(os.environ.get("CMFD_BOUNCYCASTLE", "/usr/share/java"))
CLASSPATH = [str(JARS / f"{jar}.jar") for jar in ("bcpkix", "bcutil", "bcprov")]
pytestmark = [
    pytest.mark.skipif(not shutil.which("javac") or not all(map(os.path.exists, CLASSPATH)),
                       reason="no javac, or no Bouncy Castle (libbcpkix-java)"),
    pytest.mark.xdist_group("bouncycastle"),  # one JVM
]
SECRET = "a-secret-of-more-than-128-bits-0123456789"
EC = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
RSA = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
# Ordinary requesters, and what they are.
CLIENTS = {
    "vnfm": (EC, "digitalSignature,keyAgreement", ()),
    "rsa": (RSA, "digitalSignature,keyEncipherment", ()),
    "ed25519": (("-algorithm", "ED25519"), "digitalSignature", ()),
    "ra": (EC, "digitalSignature", ("--may", "register,request,revoke,ra")),
    "announcer": (EC, "digitalSignature", ("--may", "announce")),
    "onap": (EC, "digitalSignature", ("--policy", "onap")),
}
# Internal CAs that sign with other keys than the one of `cmfctl init`: certConf has another hash.
CAS = {"rsa": RSA, "p384": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"),
       "ed25519": ("-algorithm", "ED25519"), "ed448": ("-algorithm", "ED448")}
MANO = ("bc-pbm", "bc-popmac", "bc-pbmac1", "bc-central", "bc-nested")
CHECKS = """ir_signature cr_signature pvno_3 ir_pbm ir_pbmac1 pop_input_sender pop_input_mac signer_rsa signer_rsa_pss signer_ed25519
ca_rsa ca_p384 ca_ed25519 ca_ed448 implicit_confirm template_answered_with_mods rejected_by_certconf several_requests p10cr p10cr_confirmed_under_0
kur kur_on_behalf encr_cert_rsa encr_cert_ec encr_cert_encrypted_value challenge_rsa challenge_ec challenge_pvno_2
challenge_several central_key_transport central_key_agreement central_key_password waiting_and_polling rr rr_several genm_all_in_one
genm_empty genm_root_ca_key_update genm_crls rev_passphrase archived_private_key recovered_private_key error_from_client error_answers
nested_added_protection nested_batch announcements cross_certificate
onap_signature onap_secret onap_update onap_refused_otherwise""".split()


def client_add(cmf, base, name):
    algorithm, usage, options = CLIENTS[name]
    cert, key = base / f"{name}.pem", base / f"{name}.key"
    issue(base / "anchor.pem", base / "anchor.key", cert, key, f"/CN=bc-{name}",
          f"keyUsage=critical,{usage}\n", algorithm=algorithm)
    cmf.ctl("client", "add", f"bc-{name}", "--trust-anchor", base / "anchor.pem", "--subject", f"/CN=bc-{name}",
            "--trust-domain", "bc", "--register-on-ir", *options)
    return [f"{name}.cert={cert}", f"{name}.key={key}"]


def ca_add(cmf, base, name, algorithm):
    cert, key = base / f"ca-{name}.pem", base / f"ca-{name}.key"
    issue(cmf.dir / "new" / "root.pem", cmf.dir / "new" / "root.key", cert, key, f"/CN=CA {name}",
          "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n",
          algorithm=algorithm)
    with open(cmf.conf, "a", encoding="utf-8") as conf:
        conf.write(f"[ca {name}]\ntype = internal\ncertificate = {cert}\nkey = {key}\n"
                   f"chain = {cmf.dir}/new/root.pem\n")


def configure(cmf, base):
    """A server that was rolled over, generates keys, takes revocation passphrases and cross-certifies."""
    cert, key = base / "encryption.pem", base / "encryption.key"
    issue(cmf.root, cmf.dir / "ca" / "root.key", cert, key, "/CN=cmf encryption",
          "keyUsage=critical,keyEncipherment\n", algorithm=RSA)
    cmf.set("protection", "encryption_certificate", cert)
    cmf.set("protection", "encryption_key", key)
    for row in cmf.ctl_json("ca", "rollover", "issuing", "--dir", cmf.dir / "new"):
        cmf.set(row["section"], row["key"], row["value"])
    for profile in ("VnfciCert", "ManoCert"):
        cmf.set(f"profile {profile}", "central_key_types", "ec:P-256, rsa:2048-3072")
    cmf.set("profile VnfciCert", "archive_keys", "allowed")
    cmf.set("client_policy bc", "pwri_kek", "yes")
    for key in "implicit_confirm_no_value", "cert_req_id_any", "template_extras", "root_in_extra_certs":
        cmf.set("client_policy onap", key, "yes")
    for name, algorithm in CAS.items():
        ca_add(cmf, base, name, algorithm)
    with open(cmf.conf, "a", encoding="utf-8") as conf:
        conf.write(f"""
# The root itself: its pathLenConstraint allows one CA below it, and not two.
[ca cross]
type = internal
certificate = {cmf.dir}/new/root.pem
key = {cmf.dir}/new/root.key
[profile cross-other]
cert_type = ManoCert
key_types = ec:P-256
validity_max = 3650d
cross_subject = /CN=Other CA
extension_section = cross
[cross]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
""")
    cmf.ctl("check")


def populate(pair, base):
    """Clients and registrations; the arguments that tell the JVM of them."""
    cmf = pair.ra
    make_ca(base / "anchor.pem", base / "anchor.key", "/CN=bc anchor")
    arguments = [argument for name in CLIENTS for argument in client_add(cmf, base, name)]
    (base / "secret").write_text(f"{SECRET}\n")
    cmf.ctl("client", "add", "bc-mano", "--mac", "--ref", "bc-ref", "--secret-file", base / "secret",
            "--trust-domain", "bc", "--default-profile", "ManoCert", "--policy", "bc")
    cmf.ctl("client", "credential", "add", "bc-onap", "--mac", "--ref", "bc-onap", "--secret-file", base / "secret")
    new_key(base / "other.key")
    run([OPENSSL, "req", "-x509", "-new", "-key", base / "other.key", "-subj", "/CN=Other CA", "-out", base / "other.pem",
         "-addext", "basicConstraints=critical,CA:TRUE", "-addext",
         "keyUsage=critical,keyCertSign,cRLSign,digitalSignature"])
    cmf.ctl("client", "add", "bc-other-ca", "--cert", base / "other.pem", "--trust-domain", "bc", "--may",
            "cross-certify")
    cmf.register("bc-vnfm", *(f"bc-{n}" for n in range(1, 61)))
    cmf.register("bc-mano", *(f"{name}.example.net" for name in MANO), cert_type="ManoCert")
    cmf.ctl("register", "--requester", "bc-other-ca", "--cert-type", "ManoCert", "--profile", "cross-other",
            "--ca", "cross", "--subject-id", "other-ca.example")
    for name in CAS:
        cmf.ctl("register", "--requester", "bc-vnfm", "--cert-type", "VnfciCert", "--ca", name, "--subject-id",
                f"bc-ca-{name}")
    pair.ca.register("ra", "bc-waiting")
    cmf.ctl("register", "--requester", "bc-vnfm", "--cert-type", "VnfciCert", "--ca", "corporate",
            "--subject-id", "bc-waiting")
    return [*arguments, f"other_ca.cert={base / 'other.pem'}", f"other_ca.key={base / 'other.key'}"]


def compiled(base, arguments):
    """The command that runs the client."""
    run(["javac", "-nowarn", "-cp", ":".join(CLASSPATH), "-d", base / "classes",
         *sorted((ROOT / "tests" / "interop").glob("*.java"))])
    return ["java", "-XX:TieredStopAtLevel=1", "-cp", ":".join([*CLASSPATH, str(base / "classes")]), "BouncyCastle",
            *arguments]


def play(pair, arguments, base):
    """Runs the client; what it said, line by line. The upstream CA comes back when the client has polled."""
    command = compiled(base, arguments)
    pair.ca.stop()
    said = []
    with open(base / "stderr", "w", encoding="utf-8") as stderr, \
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True) as jvm:
        for line in jvm.stdout:
            said.append(line.rstrip("\n"))
            if line == "polls\n":
                pair.ca.start()
                jvm.stdin.write("go on\n")
                jvm.stdin.flush()
    if not pair.ca.running():
        pair.ca.start()
    return said


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    base = tmp_path_factory.mktemp("bc")
    pair = Pair(base)
    cmf = pair.ra
    cmf.stop()
    old_root = cmf.root
    configure(cmf, base)
    cmf.start()
    arguments = populate(pair, base)
    said = play(pair, [*arguments, f"url={cmf.url}", f"root={cmf.dir}/new/root.pem", f"old_root={old_root}",
                       f"issuing={cmf.dir}/new/issuing.pem", f"cross={cmf.dir}/new/root.pem", f"secret={SECRET}",
                       f"answers={base}/answers"], base)
    cmf.kept = base / "answers"
    yield cmf, said, (base / "stderr").read_text()
    pair.stop()


@pytest.mark.parametrize("check", CHECKS)
def test_check(played, check):
    cmf, said, stderr = played
    assert f"ok {check}" in said, "\n".join(
        [line for line in said if line.startswith(f"FAIL {check}")] or [*said, stderr]) + "\n" + cmf.tail(5)


def test_every_check_is_listed(played):
    _, said, _ = played
    assert [line.split()[1].rstrip(":") for line in said if line.startswith(("ok ", "FAIL "))] == CHECKS


def test_states(played):
    """What the client got, confirmed, rejected and revoked is so here."""
    cmf, said, _ = played
    expected = {}
    for line in said:
        if line.startswith("state "):
            _, entity, state = line.split()
            expected.setdefault(entity, []).append(state)
    assert {entity: cmf.states(entity) for entity in expected} == expected


def test_answers_are_der_for_pyasn1_too(played):
    """Decoded with the types of RFC 9810 and encoded again, every answer is the same octets. Among them are
    all bodies that cmfd sends."""
    cmf, _, _ = played
    assert {strict_answer(path.read_bytes()) for path in cmf.kept.glob("answer-*.der")} == {
        1, 3, 5, 8, 10, 12, 14, 19, 20, 22, 23, 26}
    keys = [strict_key_package(path.read_bytes()) for path in cmf.kept.glob("key-*.der")]
    assert [len(key) for key in keys] == [1, 1, 1, 1, 1]
