# SPDX-License-Identifier: Apache-2.0
"""cmfctl: exit codes, init, check, explain, the states of what it lists, clients and quickstart's ways
back from an interruption."""
import http.server
import json
import os
import re
import signal
import socket
import socketserver
import threading

import pytest

import postgresql
from conftest import BUILD, OPENSSL, PATIENCE, ROOT, Cmf, Vnfm, free_port, new_key, run, serial_of, wait_for

CTL = BUILD / "cmfctl"


def exit_code(*args):
    return run([CTL, *args], check=False).returncode


@pytest.mark.parametrize("args", [
    [], ["nonsense"], ["certificate"], ["certificate", "nonsense"], ["register"],
    ["register", "--requester", "a", "--cert-type", "x", "--subject-id", "y"],
    ["register", "--server", "http://127.0.0.1:1/", "--cert-type", "VnfciCert", "--subject-id", "y"],
    ["certificate", "show"], ["certificate", "list", "--limit", "x"], ["client", "add", "x"],
    ["client", "add", "x", "--trust-domain", "d", "--mac", "--cert", "f"], ["init"], ["explain"],
    ["transaction", "show", "x"], ["--nonsense"],
])
def test_wrong_usage_is_2(args):
    assert exit_code(*args) == 2


def test_unreachable_is_3_and_fault_is_4(tmp_path):
    assert exit_code("--socket", tmp_path / "none.sock", "certificate", "list") == 3
    assert exit_code("--config", tmp_path / "none.cnf", "certificate", "list") == 4
    assert exit_code("explain", tmp_path / "none.der") == 4


def test_init_overwrites_nothing(tmp_path):
    cmf = Cmf(tmp_path / "cmf")
    before = {p: p.read_bytes() for p in cmf.dir.rglob("*") if p.is_file()}
    assert exit_code("init", "--dir", cmf.dir) == 1
    assert {p: p.read_bytes() for p in cmf.dir.rglob("*") if p.is_file()} == before
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("mine")
    assert exit_code("init", "--dir", tmp_path / "other") == 1
    assert [p.name for p in (tmp_path / "other").iterdir()] == ["file"]
    (tmp_path / "empty").mkdir()
    assert exit_code("init", "--dir", tmp_path / "empty") == 0
    assert exit_code("init", "--dir", tmp_path / "bad", "--listen", "nonsense") == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cmf", "empty", "other"]


def test_init_makes_proper_certificates(tmp_path):
    """RFC 5280 4.2.1.3, 4.2.1.9; keys for nobody else."""
    cmf = Cmf(tmp_path / "cmf")
    root, issuing, own = cmf.root, cmf.dir / "ca/issuing.pem", cmf.dir / "cmf.pem"
    run([OPENSSL, "verify", "-x509_strict", "-CAfile", root, issuing, own])
    for cert, pathlen in ((root, 1), (issuing, 0)):
        said = run([OPENSSL, "x509", "-in", cert, "-noout", "-ext", "basicConstraints,keyUsage"]).stdout
        assert f"CA:TRUE, pathlen:{pathlen}" in said and "Certificate Sign, CRL Sign" in said
    said = run([OPENSSL, "x509", "-in", own, "-noout", "-subject", "-nameopt", "RFC2253", "-ext",
                "keyUsage"]).stdout
    assert "subject=CN=cmf\n" in said and "Digital Signature\n" in said
    for secret in (*cmf.dir.rglob("*.key"), cmf.dir / "cmf.db", cmf.conf):
        assert secret.stat().st_mode & 0o077 == 0, secret


def test_check_tells_what_is_wrong(tmp_path):
    cmf = Cmf(tmp_path / "cmf")
    assert cmf.ctl("check", "--database").returncode == 0
    os.chmod(cmf.dir / "cmf.key", 0o644)
    result = cmf.ctl("check", check=False)
    assert result.returncode == 0 and "cmf.key" in result.stdout
    new_key(cmf.dir / "ca/issuing.key")
    result = cmf.ctl("check", check=False)
    assert result.returncode == 1 and "[ca issuing] key" in result.stdout
    findings = json.loads(cmf.ctl("check", "--json", check=False).stdout)
    assert {f["severity"] for f in findings} == {"error", "warning"}


def test_check_names_clients_whose_policy_is_missing(tmp_path):
    cmf = Cmf(tmp_path / "cmf")
    with open(cmf.conf, "a") as conf:
        conf.write("\n[client_policy strict]\nmac_iterations_min = 1000\n")
    cmf.start()
    cmf.ctl("client", "add", "s", "--trust-domain", "d", "--mac", "--policy", "strict")
    assert cmf.ctl("client", "add", "u", "--trust-domain", "d", "--mac", "--policy", "none", check=False).returncode == 1
    assert [c["policy"] for c in cmf.ctl_json("client", "list") if c["name"] == "s"] == ["strict"]
    cmf.stop()
    assert cmf.ctl("check", "--database").returncode == 0
    cmf.conf.write_text(cmf.conf.read_text().replace("client_policy strict", "client_policy other"))
    result = cmf.ctl("check", "--database", check=False)
    assert result.returncode == 1 and "client s: there is no section [client_policy strict]" in result.stdout


def test_explain_names_the_fields_of_openssls_request(tmp_path):
    key, request = new_key(tmp_path / "k.key"), tmp_path / "request.der"
    run([OPENSSL, "cmp", "-config", "", "-server", "127.0.0.1:1", "-cmd", "ir", "-newkey", key, "-subject",
         "/CN=ex\tplain", "-sans", "explain.example.net", "-ref", "abc", "-secret", "pass:x", "-recipient",
         "/CN=cmf", "-implicit_confirm", "-reqout", request, "-certout", tmp_path / "c.pem"], check=False)
    told = run([CTL, "explain", request]).stdout
    for line in ("pvno: 2", "directoryName: CN=cmf", "protectionAlg: id-PasswordBasedMAC",
                 "iterationCount: 500", "senderKID: 616263", "id-it-implicitConfirm", "body: ir [0]",
                 "certReqId: 0", "DNS:explain.example.net", "popo: signature"):
        assert line in told
    assert "\t" not in told
    pem = tmp_path / "request.pem"
    body = run([OPENSSL, "base64", "-in", request]).stdout
    pem.write_text(f"-----BEGIN CMP MESSAGE-----\n{body}-----END CMP MESSAGE-----\n")
    assert run([CTL, "explain", pem]).stdout == told
    (tmp_path / "short.der").write_bytes(request.read_bytes()[:-1])
    assert exit_code("explain", tmp_path / "short.der") == 1


def test_explain_names_the_fields_of_general_messages():
    vectors = ROOT / "tests" / "vectors" / "good"
    for name, lines in (
            ("genp_template", ("certTemplate", "keySpec", "value: id-ecPublicKey", "parameters: prime256v1",
                               "value: 2048")),
            ("genp_crls", ("crl\n", "issuer: CN=Root,O=Vectors", "nextUpdate: ")),
            ("genm_crl_status", ("CRLStatus", "directoryName: CN=issuing", "thisUpdate: 2026-01-01 00:00:00Z")),
            ("genp_ca_certs", ("subject: CN=Root,O=Vectors",))):
        told = run([CTL, "explain", vectors / f"{name}.der"]).stdout
        told = told[told.index("body: "):]
        for line in lines:
            assert line in told


def test_revoke_and_filters(shared):
    a = shared.vnfm_a
    shared.register("vnfm-a", "ctl-1")
    first, _ = a.enrol("ctl-1")
    second, _ = a.enrol("ctl-1", cmd="cr")
    third, _ = a.enrol("ctl-1", cmd="cr", extra=["-disable_confirm"])
    states = {c["serial"]: c["state"] for c in shared.certificates("ctl-1")}
    assert states == {serial_of(first): "active", serial_of(second): "active", serial_of(third): "pending"}
    shared.ctl("certificate", "revoke", "--serial", serial_of(first).upper(), "--reason", "superseded",
               "--invalidity-date", "2026-01-02T03:04:05Z")
    listed = shared.ctl_json("certificate", "list", "--subject-id", "ctl-1", "--state", "revoked")
    assert [(c["serial"], c["revocation_reason"], c["invalidity_date"]) for c in listed] == [
        (serial_of(first), "superseded", "2026-01-02T03:04:05Z")]
    for wrong in ("2026-01-02", "2126-01-02T03:04:05Z"):
        assert shared.ctl("certificate", "revoke", serial_of(second), "--invalidity-date", wrong,
                          check=False).returncode == 1
    assert shared.ctl("certificate", "revoke", serial_of(first), check=False).returncode == 1
    shared.ctl("certificate", "revoke", "--subject-id", "ctl-1")
    assert shared.states("ctl-1") == ["revoked"] * 3
    assert shared.ctl("certificate", "revoke", "--subject-id", "ctl-1", check=False).returncode == 1
    crl = a.out("crl")
    wait_for("the serial in the CRL", lambda: not run(["curl", "-sf", f"{shared.url}/crl/issuing.crl", "-o", crl], check=False).returncode
             and serial_of(second) in run([OPENSSL, "crl", "-inform", "DER", "-in", crl, "-noout",
                                           "-text"]).stdout.lower())
    # RFC 5280 5.3.2
    text = run([OPENSSL, "crl", "-inform", "DER", "-in", crl, "-noout", "-text"]).stdout
    assert "Invalidity Date: \n                Jan  2 03:04:05 2026 GMT" in text


def test_lists_longer_than_a_page(shared, tmp_path):
    names = tmp_path / "names"
    names.write_text("# more than two pages\n\n" + "".join(f"page-{i}\r\n" for i in range(2500)))
    shared.ctl("register", "--requester", "vnfm-a", "--cert-type", "VnfOAMCert", "--subject-file", names)
    listed = shared.ctl_json("registration", "list", "--cert-type", "VnfOAMCert")
    assert {f"page-{i}" for i in range(2500)} <= {r["subject_id"] for r in listed}
    assert len(shared.ctl_json("registration", "list", "--limit", "1500")) == 1500
    table = shared.ctl("registration", "list", "--cert-type", "VnfOAMCert").stdout.splitlines()
    assert len(table) == len(listed) + 1 and table[0].startswith("SUBJECT ID")


def test_register_over_cmp_in_several_messages(shared, tmp_path):
    """More subjects than a message of 64 KiB holds."""
    names = tmp_path / "names"
    names.write_text("".join(f"wire-{i:04}-{'x' * 40}\n" for i in range(3000)))
    a = shared.vnfm_a
    args = ["register", "--server", f"{shared.url}/.well-known/cmp", "--trusted", shared.root, "--cert-type",
            "VnfciCert", "--subject-file", names]
    run([CTL, *args, "--cert", a.cert, "--key", a.private_key])
    listed = shared.ctl_json("registration", "list", "--manager", "vnfm-a")
    assert sum(r["subject_id"].startswith("wire-") for r in listed) == 3000
    b = shared.vnfm_b
    result = run([CTL, *args, "--cert", b.cert, "--key", b.private_key, "--handling", "direct"], check=False)
    assert result.returncode == 1 and "badRequest" in result.stdout
    # Another trust domain is a name space of its own, and so is a VNF instance.
    run([CTL, *args, "--cert", b.cert, "--key", b.private_key, "--vnf-instance", "vnf-1"])
    listed = shared.ctl_json("registration", "list", "--manager", "vnfm-b", "--vnf-instance", "vnf-1")
    assert {r["vnf_instance_id"] for r in listed} == {"vnf-1"} and len(listed) == 3000


def test_register_over_cmp_with_a_secret(shared):
    args = ["register", "--server", f"{shared.url}/.well-known/cmp", "--ref", shared.mano.reference,
            "--cert-type", "ManoCert", "--subject-id", "wire.example.net"]
    result = run([CTL, *args, "--secret", "pass:wrong-secret"], check=False)
    assert result.returncode == 1 and "badMessageCheck" in result.stdout
    run([CTL, *args, "--secret", f"file:{shared.mano.secret}"])
    assert [r["manager"] for r in shared.ctl_json("registration", "list", "--subject-id", "wire.example.net")] \
        == ["nfvo"]


@pytest.mark.parametrize("answer, words", [
    (b"", "Empty reply from server"),
    (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP status 404 without a CMP message"),
    (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi", "HTTP status 200 without a CMP message"),
    (b"HTTP/1.1 200 OK\r\nContent-Type: application/pkixcmp\r\nContent-Length: 2\r\n\r\n\x30\x00",
     "it is no valid PKIMessage (not_a_pkimessage)"),
], ids=["nothing", "404", "a page", "other octets"])
def test_register_at_what_is_no_cmf(tmp_path, answer, words):
    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            length = 0
            while (line := self.rfile.readline()).strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            self.rfile.read(length)
            self.wfile.write(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        said = run([CTL, "register", "--server", f"http://127.0.0.1:{server.server_address[1]}/", "--ref", "x", "--secret",
                    "pass:secret", "--cert-type", "VnfciCert", "--subject-id", "y"], check=False)
        server.shutdown()
    assert said.returncode != 0 and words in said.stdout, said.stdout


def test_generated_secret_is_told_once_and_works(shared, tmp_path):
    told = shared.ctl_json("client", "add", "mac-1", "--trust-domain", "mano", "--mac", "--may",
                           "register,request", "--default-profile", "ManoCert")[0]
    assert len(told["secret"]) >= 32 and told["mac_reference"]
    assert told["secret"] not in shared.ctl("client", "list", "--json").stdout
    run([CTL, "register", "--server", f"{shared.url}/.well-known/cmp", "--ref", told["mac_reference"],
         "--secret", f"pass:{told['secret']}", "--cert-type", "ManoCert", "--subject-id", "mac1.example.net"])
    listed = [c for c in shared.ctl_json("client", "list") if c["name"] == "mac-1"][0]
    assert listed["may"] == ["register", "request"] and listed["credential"] == ["mac"]
    with shared.database() as database:
        stored = [row[0] for row in database.execute("SELECT content FROM credential WHERE content IS NOT NULL")]
    assert stored and not any(told["secret"].encode() in bytes(content) for content in stored)
    for at_rest in ("cmf.db", "cmf.db-wal") if not postgresql.database_of(shared) else ():
        assert told["secret"].encode() not in (shared.dir / at_rest).read_bytes()


def test_client_by_exact_certificate(shared, tmp_path):
    """The certificate itself is the credential: another one below the same CA is not."""
    vnfm = Vnfm(shared, "exact-ca", tmp_path / "x")
    shared.ctl("client", "remove", "exact-ca")
    shared.ctl("client", "add", "exact", "--trust-domain", "x", "--cert", vnfm.cert)
    assert vnfm.cmp("genm", "-infotype", "signKeyPairTypes").ok
    assert shared.ctl("client", "add", "exact", "--trust-domain", "x", "--cert", vnfm.cert,
                      check=False).returncode == 1


def test_quickstart_comes_back_from_interruptions(tmp_path):
    """Half-made folders, a stale pid of a stranger, a stale socket, another port, and a folder that was made before
    there was HTTPS."""
    directory, port = tmp_path / "demo dir", free_port()
    command = [ROOT / "tools/quickstart", "--dir", directory, "--background", "--port"]
    (tmp_path / "demo dir.init-abcdef").mkdir()
    try:
        run([*command, port], timeout=600)
        assert not (tmp_path / "demo dir.init-abcdef").exists()
        os.kill(int((directory / "cmfd.pid").read_text()), signal.SIGKILL)
        (directory / "demo").rename(directory / "demo.new")  # as if it were not finished
        (directory / "cmfd.pid").write_text(f"{os.getpid()}\n")
        conf = directory / "cmf.cnf"
        conf.write_text(re.sub(r"^(listen_tls|tls_\w+) .*\n", "", conf.read_text(), flags=re.M))
        (directory / "tls.new-abcdef").mkdir()
        other = free_port()
        result = run([*command, other], timeout=600)
        assert f"127.0.0.1:{other}" in result.stdout and "changed the port" in result.stdout
        https = int(re.search(r"^listen_tls = 127\.0\.0\.1:(\d+)$", conf.read_text(), re.M).group(1))
        assert https not in (other, other + 1) and "and HTTPS on" in result.stdout
        with socket.create_connection(("127.0.0.1", https), PATIENCE):
            pass
        assert not (directory / "tls.new-abcdef").exists()
        demo, url = directory / "demo", f"http://127.0.0.1:{other}/.well-known/cmp"
        for who in ("vnfm-a", "vnfm-b"):
            run([CTL, "register", "--server", url, "--cert", demo / f"{who}.pem", "--key", demo / f"{who}.key",
                 "--trusted", demo / "root.pem", "--cert-type", "VnfciCert", "--subject-id", f"of-{who}"])
        run([CTL, "register", "--server", url, "--ref", (demo / "ref.txt").read_text().strip(), "--secret",
             demo / "secret.txt", "--cert-type", "ManoCert", "--subject-id", "other.example.net"])
        names = run([CTL, "--config", directory / "cmf.cnf", "client", "list", "--json"]).stdout
        assert {c["name"] for c in json.loads(names)} == {"vnfm-a", "vnfm-b", "nfvo"}
        result = run([*command, port], check=False, timeout=600)
        assert result.returncode == 1 and "runs already" in result.stdout
    finally:
        os.kill(int((directory / "cmfd.pid").read_text()), signal.SIGTERM)


HIDDEN = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u0085\u009b\x7f\x1b"


class Registrations(http.server.BaseHTTPRequestHandler):
    """An operator's socket of one registration, or of an error, with text that hides."""

    def do_GET(self):
        found = self.path.startswith("/v1/registrations")
        body = json.dumps({"items": [{"subject_id": f"a{HIDDEN}b"}], "detail": HIDDEN}).encode()
        self.wfile.write(b"HTTP/1.1 %d x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
                         b"Connection: close\r\n\r\n" % (200 if found else 404, len(body)) + body)

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass


def test_what_reorders_or_hides_text_is_escaped_in_tables_errors_and_json(tmp_path):
    """UAX 9: after U+202E `gpj.exe` reads as `exe.jpg`. The JSON is the same value all the same."""
    path = tmp_path / "s"
    with socketserver.UnixStreamServer(str(path), Registrations) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        table = run([CTL, "--socket", path, "registration", "list"]).stdout
        rows = run([CTL, "--socket", path, "registration", "list", "--json"]).stdout
        error = run([CTL, "--socket", path, "client", "list"], check=False).stdout
        server.shutdown()
    assert "\\u202a" in table and "\\u202a" in error
    assert json.loads(rows)[0]["subject_id"] == f"a{HIDDEN}b"
    for text in (table, rows, error):
        assert not set(text) & set(HIDDEN), ascii(text)


def test_standard_input_of_who_is_not_root():
    """Who forbids core dumps cannot open /dev/stdin any more, but for root."""
    request = ROOT / "tests" / "vectors" / "good" / "genm_crl_status.der"

    def nobody():
        if os.getuid() == 0:
            os.setgid(65534)
            os.setuid(65534)

    with open(CTL, "rb") as binary, open(request, "rb") as octets:
        fd = os.memfd_create("cmfctl")
        os.sendfile(fd, binary.fileno(), 0, os.fstat(binary.fileno()).st_size)
        told = run([f"/proc/self/fd/{fd}", "explain", "-"], stdin=octets, pass_fds=[fd], preexec_fn=nobody).stdout
    assert "CRLStatus" in told


def test_long_lists_over_one_connection(shared):
    """A list of more than a page is had over one connection, whole and in its order."""
    names = [f"long-{number:05}.example.net" for number in range(1003)]
    listed = shared.dir.parent / "names"
    listed.write_text("\n".join(names))
    shared.ctl("register", "--requester", "vnfm-a", "--cert-type", "VnfciCert", "--subject-file", listed)
    before = len(shared.log.read_text().splitlines())
    rows = shared.ctl_json("registration", "list", "--manager", "vnfm-a")
    assert [row["subject_id"] for row in rows if row["subject_id"].startswith("long-")] == names
    calls = [line for line in shared.log.read_text().splitlines()[before:] if "event=admin" in line]
    connections = [re.search(r"conn=(\d+)", line).group(1) for line in calls]
    assert len(calls) > 1 and len(set(connections)) == 1
