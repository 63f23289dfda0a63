# SPDX-License-Identifier: Apache-2.0
"""Our own programs at the JSON door of a running cmfd: `cmfctl --server` goes the way of a VNFM from Register to watch,
and cmfbench loads it. What cmfctl does with a door that loses answers is in test_cmfctl_server.py."""
import json
import re
import subprocess

from conftest import BUILD, OPENSSL, make_ca, run, wait_for, x509
from json_door import CERTIFICATES, REGISTRATIONS


def command(doors, *args, vnfm=None):
    vnfm = vnfm or doors.vnfm_a
    return [str(a) for a in (BUILD / "cmfctl", "--server", f"https://127.0.0.1:{doors.tls_port}", "--tls-trusted",
                             doors.root, "--cert", vnfm.cert, "--key", vnfm.private_key, *args)]


def ctl(doors, *args, check=True, vnfm=None):
    return run(command(doors, *args, vnfm=vnfm), check=check)


def ctl_json(doors, *args, **kwargs):
    return json.loads(ctl(doors, *args, "--json", **kwargs).stdout)


def request(doors, directory, name):
    files = directory / f"{name}.key", directory / f"{name}.pem"
    ctl(doors, "request", "--cert-type", "VNFCI_CERT", "--subject-id", name, "--vnf-instance", "vnf/ctl", "--new-key",
        files[0], "--out", files[1])
    return files


def public_key(args):
    return run([OPENSSL, *args]).stdout


def test_cmfctl_goes_the_way_of_a_vnfm(doors, tmp_path):
    names = ["ctl-1", "ctl-2", "ctl-3"]
    (tmp_path / "ids").write_text("\n".join(names))
    args = ["register", "--cert-type", "VNFCI_CERT", "--subject-file", tmp_path / "ids", "--vnf-instance", "vnf/ctl"]
    registered = ctl_json(doors, *args)
    assert ctl_json(doors, *args) == registered and [r["subjectId"] for r in registered] == names
    assert [r["state"] for r in ctl_json(doors, "list", "registrations", "--filter", "(eq,vnfInstanceId,vnf/ctl)")] == \
        3 * ["REGISTERED"]

    for name in names:
        key, cert = request(doors, tmp_path, name)
        chain = tmp_path / "chain.pem"
        chain.write_text(cert.read_text())
        run([OPENSSL, "verify", "-CAfile", doors.root, "-untrusted", chain, cert])
        assert public_key(["pkey", "-in", key, "-pubout"]) == public_key(["x509", "-in", cert, "-noout", "-pubkey"])
    mine = ["list", "certificates", "--filter", "(eq,vnfInstanceId,vnf/ctl)"]
    first = ctl_json(doors, *mine)
    assert sorted(c["subjectId"] for c in first) == names and {c["status"] for c in first} == {"VALID"}

    # Revoked ones are not due; one of another VNFM is not among them.
    ctl(doors, "revoke", next(c["id"] for c in first if c["subjectId"] == "ctl-3"), "--reason", "superseded")
    doors.b.register("ctl-b", vnfInstanceId="vnf/ctl")
    doors.b.enrol(doors.vnfm_b, "ctl-b", vnfInstanceId="vnf/ctl")
    (tmp_path / "new").mkdir()
    renewed = ctl_json(doors, "renew", "--expires-within", "3650d", "--dir", tmp_path / "new")
    assert sorted(r["subjectId"] for r in renewed) == names[:2]
    for row in renewed:
        old, new = (ctl_json(doors, "list", "certificates", "--filter", f"(eq,id,{row[i]})")[0]
                    for i in ("replaces", "certificateId"))
        assert old["replacedBy"] == new["id"] and (old["status"], new["status"]) == ("VALID", "VALID")
        assert int(x509(row["certificate"], "-serial").split("=")[1], 16) == int(new["serialNumber"], 16)
    # Nothing is renewed twice: what is renewed already is left alone, and what replaced it ends too late.
    again = ctl_json(doors, "renew", "--expires-within", "0s", "--dir", tmp_path / "new")
    assert again == [] and len(ctl_json(doors, *mine)) == 5

    other = doors.b.listed(f"{CERTIFICATES}?filter=(eq,subjectId,ctl-b)")[0]["id"]
    refused = ctl(doors, "revoke", other, check=False)
    assert refused.returncode == 1 and "(404)" in refused.stdout
    assert doors.b.get(f"{CERTIFICATES}/{other}").doc["status"] == "VALID"


def test_cmfctl_names_whom_no_cn_holds(doors, tmp_path):
    """RFC 5280 A.1: 64 characters; the request names the entity, and so the certificate, in the SAN."""
    for kind, name, san in (("VNFCI_CERT", "long:" + 60 * "x", "URI:urn:etsi:nfv:vnfci:vnf%2Fctl:long%3A" + 60 * "x"),
                            ("MANO_CERT", 40 * "x" + "." + 30 * "y" + ".example", "DNS:" + 40 * "x" + "." + 30 * "y" + ".example")):
        vnf = ["--vnf-instance", "vnf/ctl"] if kind == "VNFCI_CERT" else []
        ctl(doors, "register", "--cert-type", kind, "--subject-id", name, *vnf)
        ctl(doors, "request", "--cert-type", kind, "--subject-id", name, *vnf, "--new-key", tmp_path / "key", "--out", tmp_path / "out")
        assert san in x509(tmp_path / "out", "-ext", "subjectAltName")


def test_cmfctl_watches(doors, tmp_path):
    ctl(doors, "register", "--cert-type", "VNFCI_CERT", "--subject-id", "ctl-w", "--subject-id", "ctl-x",
        "--vnf-instance", "vnf/ctl")
    request(doors, tmp_path, "ctl-w")
    known = doors.a.listed(f"{CERTIFICATES}?filter=(eq,subjectId,ctl-w)")[0]["id"]
    rounds = f"method=GET path={CERTIFICATES} "
    asked = doors.log.read_text().count(rounds)
    watch = subprocess.Popen(command(doors, "--json", "watch", "--interval", "1"), stdout=subprocess.PIPE, text=True)
    try:
        # The first round tells nothing.
        wait_for("the first round", lambda: doors.log.read_text().count(rounds) > asked)
        ctl(doors, "revoke", known, "--reason", "keyCompromise")
        told = json.loads(watch.stdout.readline())
        assert (told["change"], told["certificate"]["id"]) == ("REVOKED", known)
        request(doors, tmp_path, "ctl-x")
        told = json.loads(watch.stdout.readline())
        assert (told["change"], told["certificate"]["subjectId"]) == ("issued", "ctl-x")
    finally:
        watch.kill()
        watch.wait()
        watch.stdout.close()


def bench(doors, *args, server=None, check=True):
    said = run([BUILD / "cmfbench", "--server", server or f"https://127.0.0.1:{doors.tls_port}", "--operation", "json",
                "--connections", "3", "--duration", "1", "--subject-count", "5", "--pid", doors.process.pid, "--json",
                "--tls-trusted", doors.root, *args], check=check)
    return json.loads(said.stdout)


def test_cmfbench_registers_gets_and_checks(doors, tmp_path):
    vnfm = ["--cert", doors.vnfm_b.cert, "--key", doors.vnfm_b.private_key]
    args = ["--trusted", doors.root, "--subject", "/CN=load-%d", "--vnf-instance", "vnf/load"]
    report = bench(doors, *vnfm, *args)
    assert report["errors"] == 0 and report["transactions"] > 0, report
    assert report["latency_us"]["p50"] > 0 and report["server_peak_rss_kib"] > 0
    entities = [r["subjectId"] for r in doors.b.listed(f"{REGISTRATIONS}?filter=(eq,vnfInstanceId,vnf/load)")]
    # Fewer on a machine that is very slow.
    assert 0 < len(entities) <= 5 and set(entities) <= {f"load-{i}" for i in range(5)}
    counted = sum(len(doors.certificates(name)) for name in entities)
    assert counted == report["transactions"]
    # Log and audit name the VNF instance, too.
    targets = {a["target"] for a in doors.ctl_json("audit", "list", "--action", "issue")}
    assert {f"urn:etsi:nfv:vnfci:vnf%2Fload:{name}" for name in entities} <= targets
    cmp = run([BUILD / "cmfbench", "--server", f"{doors.url}/.well-known/cmp/p/VnfciCert", "--operation", "cr",
               "--connections", "1", "--duration", "1", "--subject-count", "1", "--json", *vnfm, *args])
    assert json.loads(cmp.stdout)["transactions"] > 0
    assert re.search(r"operation=cr subject=load-0 vnf_instance=vnf/load outcome=accepted", doors.log.read_text())
    # A server whose certificates lead elsewhere is not fast.
    make_ca(tmp_path / "other.pem", tmp_path / "other.key", "/CN=Other")
    wrong = bench(doors, *vnfm, *args, "--trusted", tmp_path / "other.pem", check=False)
    assert wrong["transactions"] == 0 and set(wrong["errors_by_kind"]) == {
        "certificate: issuer not verified (Permission denied)"}
    refused = bench(doors, *vnfm, "--subject", "/CN=nfvo", "--cert-type", "MANO_CERT", check=False)
    assert refused["transactions"] == 0 and list(refused["errors_by_kind"])[0].startswith("http 4"), refused
