# SPDX-License-Identifier: Apache-2.0
"""The operator's side: configuration check, reload, metrics, drain, cmfctl, cmfbench, quickstart."""
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.request
import xml.etree.ElementTree as tree

from conftest import BUILD, PATIENCE, ROOT, Cmf, Vnfm, free_port, run, wait_for, x509
from test_json_docs import examples, shell


def test_broken_configuration_is_named_not_started(tmp_path):
    cmf = Cmf(tmp_path / "cmf")
    good = cmf.conf.read_text()
    cmf.set("server", "listen", "nonsense:port")
    result = run([BUILD / "cmfd", "--config", cmf.conf, "--check"], check=False)
    assert result.returncode != 0 and "listen" in result.stdout
    cmf.conf.write_text(good + "\n[server]\nno_such_key = 1\n")
    result = run([BUILD / "cmfd", "--config", cmf.conf, "--check"], check=False)
    assert result.returncode != 0 and "no_such_key" in result.stdout
    cmf.conf.write_text(good)
    run([BUILD / "cmfd", "--config", cmf.conf, "--check"])


def test_print_config_is_a_configuration(tmp_path):
    cmf = Cmf(tmp_path / "cmf")
    printed = run([BUILD / "cmfd", "--config", cmf.conf, "--print-config"]).stdout
    cmf.conf.write_text(printed)
    assert run([BUILD / "cmfd", "--config", cmf.conf, "--print-config"]).stdout == printed


def test_reload_keeps_the_old_configuration_when_the_new_one_is_broken(cmf):
    good = cmf.conf.read_text()
    cmf.conf.write_text(good + "\n[server]\nno_such_key = 1\n")
    cmf.process.send_signal(signal.SIGHUP)
    wait_for("the complaint", lambda: "no_such_key" in cmf.log.read_text())
    assert "cmfd_requests_total" in cmf.metrics()
    cmf.conf.write_text(good)
    cmf.set("log", "level", "debug")
    cmf.process.send_signal(signal.SIGHUP)
    wait_for("the reload", lambda: re.search(r"reload", cmf.log.read_text().split("no_such_key")[-1]))
    cmf.ctl("registration", "list")


def test_metrics_and_log_line(shared):
    shared.register("vnfm-a", "vnfci-m1")
    cert, _ = shared.vnfm_a.enrol("vnfci-m1")
    shared.vnfm_a.cmp("cr", "-newkey", shared.vnfm_a.key(), "-subject", "/CN=nobody", "-certout",
                      shared.vnfm_a.out(), path=".well-known/cmp/p/VnfciCert")
    text = shared.metrics()
    assert re.search(r'cmfd_requests_total\{operation="ir",outcome="accepted"\} [1-9]', text)
    assert re.search(r'cmfd_failinfo_total\{failinfo="notAuthorized"\} [1-9]', text)
    line = [l for l in shared.log.read_text().splitlines() if "vnfci-m1" in l and "ir" in l][0]
    for field in ("conn=", "transaction=", "client=vnfm-a", "operation=ir", "outcome=accepted", "serial=",
                  "us="):
        assert field in line, line
    for path in ("healthz", "readyz"):
        with urllib.request.urlopen(f"http://127.0.0.1:{shared.metrics_port}/{path}") as answer:
            assert answer.status == 200


def test_help_everywhere():
    for program in ("cmfd", "cmfctl", "cmfbench"):
        assert "Usage" in run([BUILD / program, "--help"]).stdout
    for command in (["init"], ["register"], ["registration", "list"], ["certificate", "list"],
                    ["certificate", "revoke"], ["client", "add"], ["transaction", "list"], ["ca", "show"],
                    ["explain"]):
        assert "Usage" in run([BUILD / "cmfctl", *command, "--help"]).stdout


def test_cmfctl_lists_and_shows(shared, tmp_path):
    shared.register("vnfm-a", "vnfci-c1")
    cert, _ = shared.vnfm_a.enrol("vnfci-c1")
    entry = shared.certificates("vnfci-c1")[0]
    for key in ("serial", "state", "subject_id", "cert_type", "manager", "not_after"):
        assert key in entry
    pem = shared.ctl("certificate", "show", entry["serial"], "--pem").stdout
    (tmp_path / "c.pem").write_text(pem)
    assert run(["openssl", "x509", "-in", tmp_path / "c.pem", "-noout", "-fingerprint"]).stdout == \
        run(["openssl", "x509", "-in", cert, "-noout", "-fingerprint"]).stdout
    shared.ctl("certificate", "revoke", entry["serial"])
    assert shared.states("vnfci-c1") == ["revoked"]
    registration = [r for r in shared.ctl_json("registration", "list") if r["subject_id"] == "vnfci-c1"][0]
    for key in ("cert_type", "handling", "manager", "trust_domain", "ca", "profile", "state"):
        assert key in registration
    assert any(t["requester"] == "vnfm-a" for t in shared.ctl_json("transaction", "list"))
    assert shared.ctl_json("ca", "show")[0]["name"] == "issuing"
    assert {c["name"] for c in shared.ctl_json("client", "list")} >= {"vnfm-a", "vnfm-b", "nfvo"}


def test_audit_is_joined_with_the_log(cmf, tmp_path):
    """Who did what, by which process and request; what a client may not do; nothing of a stranger."""
    a, b = (Vnfm(cmf, n, tmp_path / n) for n in ("vnfm-a", "vnfm-b"))
    cmf.register("vnfm-a", "vnfci-au")
    cert, _ = a.enrol("vnfci-au")
    cmf.ctl("certificate", "revoke", "--subject-id", "vnfci-au", "--reason", "keyCompromise")
    b.cmp("cr", "-newkey", b.key(), "-subject", "/CN=vnfci-au", "-certout", b.out(), path=".well-known/cmp/p/VnfciCert")
    lines = cmf.ctl_json("audit", "list", "--target", "vnfci-au")
    assert [(l["action"], l["actor_kind"], l["actor"], l["uid"], l["outcome"]) for l in lines] == [
        ("register", "operator", "cmfctl", os.getuid(), "done"), ("issue", "client", "vnfm-a", None, "done"),
        ("confirm", "client", "vnfm-a", None, "done"), ("revoke", "operator", "cmfctl", os.getuid(), "done"),
        ("cr", "client", "vnfm-b", None, "notAuthorized")]
    print_ = run(["openssl", "x509", "-in", cert, "-noout", "-fingerprint", "-sha256"]).stdout
    assert lines[1]["after"] == "sha256:" + print_.split("=")[1].strip().replace(":", "").lower()
    assert lines[3]["before"] == "active" and lines[3]["after"] == "revoked, reasonCode 1"
    log = cmf.log.read_text().splitlines()
    for line in lines:
        assert sum(f" id={line['request_id']} " in l for l in log) == 1, line
        assert line in cmf.ctl_json("audit", "list", "--request-id", line["request_id"])
    assert [l["detail"] for l in cmf.ctl_json("audit", "list", "--outcome", "notAuthorized")] == ["entity_not_authorized"]
    assert "vnfm-b" in cmf.ctl("audit", "list", "--since", "2020-01-01", "--actor", "vnfm-b").stdout
    assert cmf.ctl("audit", "list", "--request-id", "x", check=False).returncode == 1


def test_removed_client_is_no_client(cmf, tmp_path):
    vnfm = Vnfm(cmf, "vnfm-r", tmp_path / "r")
    assert vnfm.cmp("genm", "-infotype", "signKeyPairTypes").ok
    cmf.ctl("client", "remove", "vnfm-r")
    assert vnfm.cmp("genm", "-infotype", "signKeyPairTypes").failinfo == "signerNotTrusted"


def test_deregistered_entity_gets_no_certificate(shared):
    shared.register("vnfm-a", "vnfci-dereg")
    shared.ctl("deregister", "--cert-type", "VnfciCert", "--subject-id", "vnfci-dereg")
    a = shared.vnfm_a
    result = a.cmp("cr", "-newkey", a.key(), "-subject", "/CN=vnfci-dereg", "-certout", a.out(),
                   path=".well-known/cmp/p/VnfciCert")
    assert result.failinfo == "notAuthorized"


def test_reserved_names(cmf, tmp_path):
    """Nobody gets the name of the CMF, a CA or a client; what was there before stays and is told."""
    def refused(name, cert_type="VnfciCert", requester="vnfm-a"):
        said = cmf.ctl("register", "--requester", requester, "--cert-type", cert_type, "--subject-id", name,
                       check=False)
        assert said.returncode != 0
        return said.stdout

    for name in ("vnfm-a", "vnfm-b"):
        Vnfm(cmf, name, tmp_path / name, trust_domain="d")
    for name in ("cmf", "CMF", "cmf.", "vnfm-a", "vnfm-b"):
        assert re.search("the name is (the CMF's|that of a client)", refused(name)), name
    cmf.register("vnfm-a", "vnfci-r1")
    cmf.register("vnfm-a", "nfvo-r.example.net", cert_type="ManoCert")
    assert "by another manager" in refused("vnfci-r1", requester="vnfm-b")
    assert "there is no such client" in refused("vnfci-r2", requester="nobody")

    def add(name, *args):
        return cmf.ctl("client", "add", name, "--trust-domain", "d", *args, check=False)

    said = add("vnfci-r1", "--mac")
    assert said.returncode != 0 and "--entity" in said.stdout
    said = add("orchestrator", "--mac", "--ref", "nfvo-r.example.net")
    assert said.returncode != 0 and "nfvo-r.example.net" in said.stdout
    assert add("orchestrator", "--mac", "--ref", "nfvo-r.example.net", "--entity", "nfvo-r.example.net").returncode == 0
    entities = {row["name"]: row["entity"] for row in json.loads(cmf.ctl("client", "list", "--json").stdout)}
    assert entities["orchestrator"] == "nfvo-r.example.net" and entities["vnfm-a"] is None
    # vnfc-r7 of that VNF instance it is, and of no other.
    assert add("vnfc-r7", "--mac", "--entity-vnf-instance", "vnf-1").returncode == 2
    assert add("vnfc-r7", "--mac", "--entity", "vnfc-r7", "--entity-vnf-instance", "vnf-1").returncode == 0
    assert "that of a client" in refused("vnfc-r7")
    cmf.ctl("register", "--requester", "vnfm-a", "--cert-type", "VnfciCert", "--subject-id", "vnfc-r7", "--vnf-instance", "vnf-1")
    assert "registered entity" in cmf.ctl("client", "update", "vnfc-r7", "--entity", "vnfc-r7", check=False).stdout
    cmf.ctl("deregister", "--cert-type", "VnfciCert", "--subject-id", "vnfc-r7", "--vnf-instance", "vnf-1")
    cmf.ctl("client", "update", "vnfc-r7", "--entity", "vnfc-r7")
    row = next(row for row in json.loads(cmf.ctl("client", "list", "--json").stdout) if row["name"] == "vnfc-r7")
    assert (row["entity"], row["entity_vnf_instance"]) == ("vnfc-r7", None)
    # Of before: the client takes the name where the entity's registration is gone meanwhile.
    cmf.ctl("deregister", "--cert-type", "VnfciCert", "--subject-id", "vnfci-r1")
    assert add("vnfci-r1", "--mac").returncode == 0
    assert "that of a client" in refused("vnfci-r1")
    cmf.stop()
    with cmf.database("rw") as db:
        db.execute("UPDATE registration SET state = 0 WHERE subject_id = 'vnfci-r1'")
    said = run([BUILD / "cmfctl", "--config", cmf.conf, "check", "--database"], check=False).stdout
    assert re.search(r"warning: registration vnfci-r1 \(VnfciCert\) of vnfm-a: the name is that of a client", said)
    assert "nfvo-r" not in said
    cmf.start()
    cmf.register("vnfm-a", "vnfci-r1")


def test_cmfbench_drives_and_checks(shared):
    b = shared.vnfm_b
    shared.register("vnfm-b", *[f"bench-{i}" for i in range(20)])
    for operation in ("ir", "cr", "kur", "p10cr", "genm", "ir --batch 4", "ir --requests 8", "genm --batch 16"):
        report = json.loads(run([
            BUILD / "cmfbench", "--server", f"{shared.url}/.well-known/cmp/p/VnfciCert", "--connections", "4",
            "--duration", "1", "--operation", *operation.split(), "--cert", b.cert, "--key", b.private_key,
            "--trusted", shared.root, "--subject", "/CN=bench-%d", "--subject-count", "20", "--pid",
            shared.process.pid, "--json"]).stdout)
        assert report["errors"] == 0 and report["transactions"] > 0, report
        assert report["server_peak_rss_kib"] > 0 and report["latency_us"]["p50"] > 0
        if "--requests" in operation:
            newest = max(shared.ctl_json("transaction", "list"), key=lambda t: t["id"])
            shown = shared.ctl_json("transaction", "show", newest["id"])[0]
            assert [r["cert_req_id"] for r in shown["requests"]] == list(range(8))
            assert all(r["certificate_id"] and r["failinfo"] is None for r in shown["requests"])
    floor = json.loads(run([BUILD / "cmfbench", "--floor", "--json"]).stdout)
    assert floor["server_cpu_us_per_transaction"] > 0


def bench(cmf, *options, servers=None, check=True):
    return json.loads(run([
        BUILD / "cmfbench", *[a for s in servers or [cmf.url] for a in ("--server", f"{s}/.well-known/cmp/p/VnfciCert")],
        "--operation", "genm", "--connections", "4", "--cert", cmf.vnfm_b.cert, "--key", cmf.vnfm_b.private_key,
        "--trusted", cmf.root, "--pid", cmf.process.pid, "--json", *options], check=check).stdout)


def test_cmfbench_rate_windows_and_floor(shared):
    """A rate fixes how many transactions there are; windows are parts of the whole."""
    report = bench(shared, "--duration", "2", "--rate", "25", "--windows", "2", "--floor")
    assert report["transactions"] == 50 and report["errors"] == 0
    latency = [report["latency_us"][p] for p in ("p50", "p90", "p99", "p99.9", "max")]
    assert latency == sorted(latency) and latency[0] > 0
    assert len(report["windows"]) == 2 and all(w["floor_us"] > 0 for w in report["windows"])
    assert 0 < sum(w["transactions"] for w in report["windows"]) <= 50
    assert report["floor_us"] == min(w["floor_us"] for w in report["windows"])


def test_cmfbench_late_transactions_count_from_when_they_were_due(shared):
    """One connection to a server that stands still for a second: those that were due meanwhile waited, too."""
    def stalled():
        time.sleep(0.5)
        shared.process.send_signal(signal.SIGSTOP)
        time.sleep(1)
        shared.process.send_signal(signal.SIGCONT)
    stall = threading.Thread(target=stalled)
    stall.start()
    report = bench(shared, "--connections", "1", "--duration", "2", "--rate", "20")
    stall.join()
    assert report["transactions"] == 40 and report["errors"] == 0
    assert report["latency_us"]["max"] > 500_000
    assert report["latency_us"]["p90"] > 250_000 # some of twenty, not the one alone that met the stop


def test_cmfbench_several_servers(shared):
    report = bench(shared, "--duration", "1", servers=[shared.url, f"http://127.0.0.1:{free_port()}"], check=False)
    refused = {kind: n for kind, n in report["errors_by_kind"].items() if "connect" in kind.lower()}
    assert report["transactions"] > 0 and sum(refused.values()) == report["errors"] > 0


def test_cmfbench_page(shared, tmp_path):
    files = []
    for rate, label in ((10, "genm <now>"), (20, "genm <now>"), (10, "other")):
        files.append(tmp_path / f"{len(files)}.json")
        report = bench(shared, "--duration", "1", "--rate", rate, "--label", label, "--stored", 1000 * (1 + len(files)))
        # So short a run may cost the server less than a tick of the clock.
        report["server_cpu_us_per_transaction"] = report["server_cpu_us_per_transaction"] or 100.0
        files[-1].write_text(json.dumps(report))
    page = tmp_path / "page.html"
    run([BUILD / "cmfbench", "--page", page, *files])
    text = page.read_text()
    charts = [tree.fromstring(svg) for svg in re.findall(r"(?s)<svg.*?</svg>", text)]
    names = [[t.text for t in chart.iter("{http://www.w3.org/2000/svg}title")] for chart in charts]
    assert [n[0] for n in names] == ["Throughput over latency", "Processor time over the size of the store"]
    assert [len(n) for n in names] == [1 + 3, 1 + 3] # a point for each report
    assert "genm &lt;now&gt;" in text and "<script" not in text
    assert text.count("<tr>") == 1 + 3
    wrong = run([BUILD / "cmfbench", "--page", page, shared.conf], check=False)
    assert wrong.returncode == 2 and str(shared.conf) in wrong.stdout


def test_cmfbench_hostile(shared):
    """One client beside strangers: it gets all that it asks for, and they are counted apart."""
    loads = json.loads(run([
        BUILD / "cmfbench", "--hostile", "--server", f"{shared.url}/.well-known/cmp/p/VnfciCert", "--operation", "genm",
        "--rate", "10", "--connections", "4", "--duration", "1", "--source", "127.0.0.2", "--attack", "long-sender",
        "--cert", shared.vnfm_a.cert, "--key", shared.vnfm_a.private_key, "--trusted", shared.root, "--json"],
        check=False).stdout)
    assert [load["load"] for load in loads] == ["none", "long-sender"]
    assert all(load["transactions"] == 10 and load["errors"] == 0 for load in loads)
    assert loads[0]["attack_answered"] == 0 and loads[1]["attack_answered"] > 0


def https_serves(root, port):
    """Whether who trusts the root alone gets an answer at the addresses that a demo is reached at."""
    context = ssl.create_default_context(cafile=root)
    for host in ("127.0.0.1", "localhost"):
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as plain:
            with context.wrap_socket(plain, server_hostname=host) as secured:
                secured.sendall(b"GET /nowhere HTTP/1.0\r\n\r\n")
                assert b" 404 " in secured.makefile("rb").readline()
    return True


def test_quickstart_and_what_it_prints(tmp_path):
    """The printed commands work as printed, from the project's root."""
    port, tls_port, directory = free_port(), free_port(), tmp_path / "demo"
    command = [ROOT / "tools/quickstart", "--dir", directory, "--port", port, "--background"]
    result = run([*command, "--tls-port", tls_port], cwd=ROOT, timeout=600)
    try:
        for name in ("cmf.cnf", "demo/root.pem", "demo/vnfm-a.pem", "demo/vnfm-a.key", "demo/vnfm-b.pem",
                     "demo/vnfm-b.key", "demo/ref.txt", "demo/secret.txt", "cmfd.pid", "cmfd.log"):
            assert (directory / name).stat().st_size > 0, name
        assert "openssl cmp" in result.stdout and f"127.0.0.1:{tls_port}" in result.stdout
        assert https_serves(directory / "demo/root.pem", tls_port)
        assert "Authority Key Identifier" in x509(directory / "tls.pem", "-ext", "authorityKeyIdentifier")
        assert (directory / "tls.key").stat().st_mode & 0o077 == 0
        pasted = run(["bash", "-e"], cwd=ROOT, input=result.stdout[result.stdout.index("# Register"):]
                     .partition("stop it with")[0]).stdout
        assert "CN = vnfci-1" in pasted and "revoked, HTTP 204" in pasted and "BEGIN CERTIFICATE" in pasted
        # The examples for developers are for this demo.
        shell("\n".join(examples()), demo=str(directory / "demo"), port=str(free_port()),
              cmf=f"https://127.0.0.1:{tls_port}/cmf-certmgmt")
        again = run(command, cwd=ROOT, timeout=600)
        assert "openssl cmp" in again.stdout and f"127.0.0.1:{tls_port}" in again.stdout
        other = run([*command, "--tls-port", tls_port + 1], cwd=ROOT, timeout=600, check=False)
        assert other.returncode == 1 and "runs already" in other.stdout
    finally:
        os.kill(int((directory / "cmfd.pid").read_text()), signal.SIGTERM)
