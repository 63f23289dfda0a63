# SPDX-License-Identifier: Apache-2.0
"""A key of one CA, or of the TLS listeners, that cannot be used: that part does nothing and it is told; the rest serves."""
import ssl
import urllib.error
import urllib.request

import pytest

from conftest import BUILD, Vnfm, issue, new_key, run, wait_for
from test_rotate import second_ca, section_add


def ready(cmf):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{cmf.metrics_port}/readyz") as answer:
            return answer.status, ""
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def check(cmf):
    return run([BUILD / "cmfd", "--config", cmf.conf, "--check"], check=False)


@pytest.fixture
def two(cmf, tmp_path):
    """OAM certificates come from a second CA."""
    cmf.vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a", register_on_ir=True)
    second_ca(cmf)
    section_add(cmf, "ca_rule oam", cert_type="VnfOAMCert", ca="second")
    cmf.set("cmf", "ca_rules", "oam")
    cmf.ctl("reload")
    cmf.vnfm.enrol("oam-1", profile="VnfOAMCert")
    return cmf


def oam(cmf, subject):
    return cmf.vnfm.cmp("ir", "-newkey", cmf.vnfm.key(), "-subject", f"/CN={subject}", "-certout", cmf.vnfm.out(),
                        path=".well-known/cmp/p/VnfOAMCert")


@pytest.mark.parametrize("how", ["start", "reload"])
def test_key_of_one_ca(two, tmp_path, how):
    key = two.dir / "ca" / "second.key"
    key.rename(tmp_path / "away")
    if how == "start":
        two.stop()
        two.start()
    else:
        two.ctl("reload")
    wait_for("the line", lambda: "event=ca_unfit" in two.tail(200) and "[ca second] key: cannot read" in two.tail(200))
    assert ready(two)[0] == 200
    two.vnfm.enrol(f"vnfci-{how}")
    refused = oam(two, f"oam-{how}")
    assert refused.failinfo == "systemUnavail"
    found = check(two)
    assert found.returncode == 1 and f"[ca second] key: cannot read {key}: No such file or directory\n" in found.stdout
    why = f"[ca second] key: cannot read {key}: No such file or directory"
    status = two.ctl_json("status")[0]
    assert {ca["name"]: ca["problem"] for ca in status["cas"]} == {"issuing": None, "second": why}
    assert f"{why}: this CA issues nothing, and makes no CRL" in status["problems"]
    assert why in two.ctl("status").stdout
    # It comes back by itself.
    (tmp_path / "away").rename(key)
    wait_for("its key", lambda: oam(two, f"oam-{how}").ok)
    assert [ca["problem"] for ca in two.ctl_json("ca", "show")] == [None, None]
    assert check(two).returncode == 0


def test_another_key_than_that_of_the_certificate(two):
    new_key(two.dir / "ca" / "second.key")
    said = "[ca second] key: does not belong to the certificate"
    assert f"warning: {said}" in two.ctl("reload").stdout
    assert [p for p in two.ctl_json("reload")[0]["problems"] if p.startswith(said)]
    assert oam(two, "oam-2").failinfo == "systemUnavail"
    two.vnfm.enrol("vnfci-2")
    assert "[ca second] key: does not belong to the certificate" in check(two).stdout


def test_keys_of_all_cas(cmf, tmp_path):
    key = cmf.dir / "ca" / "issuing.key"
    key.rename(tmp_path / "away")
    cmf.ctl("reload")
    status, why = ready(cmf)
    assert status == 503 and "keys cannot be used" in why
    (tmp_path / "away").rename(key)
    wait_for("being ready", lambda: ready(cmf)[0] == 200)


def tls_answers(cmf):
    context = ssl.create_default_context(cafile=cmf.root)
    try:
        urllib.request.urlopen(f"https://localhost:{cmf.tls_port}/crl/issuing.crl", context=context, timeout=20).close()
    except urllib.error.URLError:
        return False
    return True


def test_key_of_tls(cmf, tmp_path):
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a", register_on_ir=True)
    cmf.stop()
    cmf.serve_tls().start()
    wait_for("TLS", lambda: tls_answers(cmf))
    key = cmf.dir / "tls.key"
    key.rename(tmp_path / "away")
    # A reload leaves what is in force, and says so.
    said = cmf.ctl("reload").stdout
    assert "warning: [server] tls_key: " in said and said.count("the certificate from before the reload stays") == 1
    assert "event=tls_unfit" in cmf.tail() and tls_answers(cmf)
    found = check(cmf)
    assert found.returncode == 1 and "[server] tls_key" in found.stdout
    # After a start there is none; the rest is served.
    cmf.stop()
    cmf.start()
    assert not tls_answers(cmf)
    vnfm.enrol("over-http")
    (tmp_path / "away").rename(key)
    cmf.ctl("reload")
    assert tls_answers(cmf)


def test_tls_alone(cmf):
    """Where there is nothing else to serve on, it does not start."""
    cmf.stop()
    cmf.serve_tls()
    cmf.conf.write_text("".join(line for line in cmf.conf.read_text().splitlines(True)
                                if not line.startswith("listen = ")))
    issue(cmf.root, cmf.dir / "ca" / "root.key", cmf.dir / "tls.pem", cmf.dir / "other.key", "/CN=localhost")
    result = run([BUILD / "cmfd", "--config", cmf.conf], check=False)
    assert result.returncode == 1 and "[server] tls_key" in result.stdout
