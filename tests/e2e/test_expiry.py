# SPDX-License-Identifier: Apache-2.0
"""Certificates that the CMF itself lives by, when they end: check, log, metrics, readiness, status."""
import datetime
import json
import re
import subprocess
import urllib.error
import urllib.request

import postgresql
import pytest
from conftest import BUILD, Cmf, Vnfm, run, wait_for
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization


def ends_in(cert_path, issuer_cert, issuer_key, days):
    """The first certificate of a file anew, with another end."""
    pems = re.findall("-----BEGIN.*?-----END CERTIFICATE-----\n", cert_path.read_text(), re.S)
    old, issuer = x509.load_pem_x509_certificate(pems[0].encode()), x509.load_pem_x509_certificate(issuer_cert.read_bytes())
    key = serialization.load_pem_private_key(issuer_key.read_bytes(), None)
    end = datetime.datetime.utcnow().replace(microsecond=0) + datetime.timedelta(days=days)
    made = x509.CertificateBuilder(issuer.subject, old.subject, old.public_key(), x509.random_serial_number(),
                                   end - datetime.timedelta(days=400), end)
    for extension in old.extensions:
        made = made.add_extension(extension.value, extension.critical)
    made = made.sign(key, hashes.SHA256())
    cert_path.write_text("".join([made.public_bytes(serialization.Encoding.PEM).decode()] + pems[1:]))
    return end.strftime("%Y-%m-%dT%H:%M:%SZ")


def renewed(cmf, days):
    """The protection certificate, with that end; init issued it with the issuing CA."""
    return ends_in(cmf.dir / "cmf.pem", cmf.dir / "ca/issuing.pem", cmf.dir / "ca/issuing.key", days)


def readiness(cmf):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{cmf.metrics_port}/readyz", timeout=600) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:  # it does not listen yet
        return 0, str(error)


def checked(cmf, program="cmfd"):
    command = [BUILD / "cmfd", "--config", cmf.conf, "--check"] if program == "cmfd" else [
        BUILD / "cmfctl", "--config", cmf.conf, "check", "--database"]
    return run(command, check=False)


def test_a_certificate_that_will_expire_and_one_that_has(tmp_path):
    cmf = Cmf(tmp_path / "cmf")
    end = renewed(cmf, 20)
    try:
        for program in ("cmfd", "cmfctl"):
            said = checked(cmf, program)
            assert said.returncode == 0, said.stdout
            assert f"warning: [protection] certificate: ends at {end} (CN=cmf)" in said.stdout
        cmf.set("cmf", "expiry_warning", "10d")
        assert "warning: [protection]" not in checked(cmf).stdout
        cmf.set("cmf", "expiry_warning", "30d")
        cmf.start()
        wait_for("the warning", lambda: "event=expiry" in cmf.log.read_text())
        assert "a certificate will expire soon" in cmf.log.read_text() and end in cmf.log.read_text()
        assert readiness(cmf) == (200, "ready\n")
        # The first CRL is made after the start, by housekeeping.
        wait_for("the CRL", lambda: "cmfd_crl_next_update_timestamp_seconds{" in cmf.metrics())
        metrics = cmf.metrics()
        ends = dict(re.findall(r'^cmfd_certificate_expiry_timestamp_seconds{what="(\w+)",ca="\w*"} (\d+)$', metrics, re.M))
        assert datetime.datetime.utcfromtimestamp(int(ends["protection"])).strftime("%Y-%m-%dT%H:%M:%SZ") == end
        assert {"protection", "ca", "ca_chain"} <= set(ends)
        assert re.search(r'^cmfd_crl_next_update_timestamp_seconds{ca="issuing"} \d+$', metrics, re.M)
        assert re.search(r'^cmfd_build_info{version="[^"]+",openssl="3[^"]*"} 1$', metrics, re.M)
        assert "\ncmfd_config_last_reload_successful 1\n" in metrics
        for name in ("process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
                     "process_start_time_seconds"):
            assert re.search(rf"^{name} \d[\d.]*$", metrics, re.M), name
        cmf.stop()
        end = renewed(cmf, -1)
        for program in ("cmfd", "cmfctl"):
            said = checked(cmf, program)
            assert said.returncode == 1
            assert f"error: [protection] certificate: expired at {end} (CN=cmf)" in said.stdout
        cmf.start(ready=False)
        said = f"[protection] certificate: expired at {end} (CN=cmf): no client believes an answer"
        wait_for("the end to be told", lambda: cmf.running() and said in readiness(cmf)[1])
        assert readiness(cmf)[0] == 503
        renewed(cmf, 300)
        cmf.process.send_signal(1)
        wait_for("the reload", lambda: readiness(cmf) == (200, "ready\n"))
    finally:
        cmf.stop()


def test_reload_that_is_refused_is_in_the_metrics(cmf):
    good = cmf.conf.read_text()
    cmf.conf.write_text(good + "\n[server]\nno_such_key = 1\n")
    cmf.process.send_signal(1)
    wait_for("the refusal", lambda: "\ncmfd_config_last_reload_successful 0\n" in cmf.metrics())
    cmf.conf.write_text(good)
    cmf.process.send_signal(1)
    wait_for("the reload", lambda: "\ncmfd_config_last_reload_successful 1\n" in cmf.metrics())


@pytest.mark.parametrize("broken, named", [
    ("\n[server]\nno_such_key = 1\n", "no_such_key"),
    ("\n[ca issuing\n", "missing close square bracket"),
    ("\n.include other.cnf\n", ".include is not supported"),
])
def test_reload_of_what_cannot_be_loaded_is_refused_by_the_server(cmf, broken, named):
    """cmfctl finds the socket in a file with problems, so that the server knows of the reload that failed."""
    good = cmf.conf.read_text()
    cmf.conf.write_text(good + broken)
    try:
        said = cmf.ctl("reload", check=False)
        assert said.returncode == 1 and "refused: " in said.stdout and named in said.stdout
        assert "\ncmfd_config_last_reload_successful 0\n" in cmf.metrics()
        assert any(named in p for p in cmf.ctl_json("status")[0]["problems"])
    finally:
        cmf.conf.write_text(good)
    cmf.ctl("reload")
    assert "\ncmfd_config_last_reload_successful 1\n" in cmf.metrics()


def test_check_changes_nothing(tmp_path):
    """Not even the schema of an older database: cmfd migrates it when it starts."""
    cmf = Cmf(tmp_path / "cmf")
    older, version = "PRAGMA user_version = 40", "PRAGMA user_version"
    if postgresql.database_of(cmf):
        older, version = "UPDATE schema_version SET version = 40", "SELECT version FROM schema_version"
    with cmf.database("rw") as database:
        database.execute(older)
    for program in ("cmfd", "cmfctl"):
        said = checked(cmf, program)
        assert said.returncode == 0 and "note: [store] database" in said.stdout and "older" in said.stdout
    with cmf.database() as database:
        assert database.execute(version).fetchone() == (40,)


def test_status_of_a_running_cmf_and_of_its_files(tmp_path):
    """One screen, by the server or, where there is none, by what lies there."""
    cmf = Cmf(tmp_path / "cmf").start()
    try:
        cmf.ctl("client", "add", "vnfm-s", "--trust-domain", "domain-a", "--mac", "--ref", "s")
        cmf.register("vnfm-s", "s1", "s2")
        wait_for("the CRL", lambda: cmf.ctl_json("status")[0]["cas"][0]["crl_number"])
        status = cmf.ctl_json("status")[0]
        assert status["running"] and status["pid"] == cmf.process.pid and status["problems"] == []
        assert status["counts"]["registrations"] == 2
        assert status["store"]["octets"] is None if postgresql.database_of(cmf) else status["store"]["octets"] > 0
        assert [ca["name"] for ca in status["cas"]] == ["issuing"] and status["cas"][0]["crl_number"] >= 1
        assert {(c["what"], c["state"]) for c in status["own_certificates"]} >= {("protection", "ok"), ("ca", "ok")}
        screen = cmf.ctl("status").stdout
        for part in ("runs (process", "registered     2", "issuing  internal", "[protection]"):
            assert part in screen, screen
    finally:
        cmf.stop()
    end = renewed(cmf, -1)
    said = cmf.ctl("status", check=False)
    assert said.returncode == 3 and "no answer from cmfd" in said.stdout and "cmfd does not answer" in said.stdout
    assert "registered     2" in said.stdout and f"[protection] certificate: expired at {end}" in said.stdout
    end = ends_in(cmf.dir / "ca/issuing.pem", cmf.root, cmf.dir / "ca/root.key", -1)
    said = json.loads(cmf.ctl("--json", "status", check=False, stderr=subprocess.DEVNULL).stdout)[0]
    assert said["cas"][0]["problem"] == f"[ca issuing] its certificate, or one above it, has ended at {end}"


def test_reload_waits_and_fails_when_it_was_refused(cmf):
    good = cmf.conf.read_text()
    cmf.set("log", "level", "debug")
    assert cmf.ctl("reload").stdout == "reloaded\n"
    cmf.conf.write_text(good + "\n[server]\nno_such_key = 1\n")
    try:
        said = run([BUILD / "cmfctl", "--socket", cmf.dir / "cmfd.sock", "reload"], check=False)
        assert said.returncode == 1 and "no_such_key" in said.stdout
        status = json.loads(run([BUILD / "cmfctl", "--socket", cmf.dir / "cmfd.sock", "--json", "status"]).stdout)[0]
        assert any("no_such_key" in p for p in status["problems"])
        assert cmf.ctl("reload", check=False).returncode != 0
    finally:
        cmf.conf.write_text(good)
    cmf.ctl("reload")
    assert cmf.ctl_json("status")[0]["problems"] == []


def test_the_end_of_a_ca_shortens_what_was_asked_for(tmp_path):
    """RFC 9483 4.1.1: grantedWithMods where the client asked for longer; else only the log tells, for nobody asked."""
    cmf = Cmf(tmp_path / "cmf")
    issuing = cmf.dir / "ca/issuing.pem"
    end = ends_in(issuing, cmf.root, cmf.root.with_suffix(".key"), 20)
    cmf.start()
    try:
        vnfm = Vnfm(cmf, "vnfm-e", tmp_path / "e", register_on_ir=True)
        for subject, extra, told in (("long", ["-days", "40"], True), ("short", ["-days", "10"], False), ("any", [], False)):
            key, cert = vnfm.key(), vnfm.out()
            done = vnfm.cmp("ir", "-newkey", key, "-subject", f"/CN={subject}", "-certout", cert, *extra,
                            path=".well-known/cmp/p/VnfciCert")
            assert done.ok, done.text
            assert ("grantedWithMods" in done.text and "validity shortened" in done.text) == told, done.text
            got = x509.load_pem_x509_certificate(cert.read_bytes()).not_valid_after.strftime("%Y-%m-%dT%H:%M:%SZ")
            assert (got == end) == (subject != "short")
        assert cmf.log.read_text().count("validity ends with the path of the CA") == 1
    finally:
        cmf.stop()
