# SPDX-License-Identifier: Apache-2.0
"""Two trust domains under what `cmfctl init` makes: identifiers repeat, names do not, and nobody gets what is
another's (RFC 5280 4.1.2.6)."""

import pytest

from conftest import Cmf, Vnfm, run


@pytest.fixture
def domains(tmp_path):
    server = Cmf(tmp_path / "cmf", as_made=True)
    server.start()
    yield (server, Vnfm(server, "vnfm-a", tmp_path / "a", trust_domain="operator-a"),
           Vnfm(server, "vnfm-b", tmp_path / "b", trust_domain="operator-b"))
    server.stop()


def subject_of(cert):
    return run(["openssl", "x509", "-in", cert, "-noout", "-subject", "-nameopt", "RFC2253"]).stdout.strip()


def ask(vnfm, name, *args):
    return vnfm.cmp("cr", "-newkey", vnfm.key(), "-subject", f"/CN={name}", "-certout", vnfm.out(), *args,
                    path=".well-known/cmp/p/VnfciCert")


def test_one_identifier_in_two_domains(domains):
    server, a, b = domains
    for vnfm in "vnfm-a", "vnfm-b":
        server.register(vnfm, "vnfci-1")
    cert, key = a.enrol("vnfci-1")
    assert subject_of(cert) == "subject=CN=vnfci-1,O=operator-a"
    other, _ = b.enrol("vnfci-1")
    assert subject_of(other) == "subject=CN=vnfci-1,O=operator-b"
    # An update says the CN alone, or nothing.
    assert a.cmp("kur", "-oldcert", cert, "-cert", cert, "-key", key, "-newkey", a.key(), "-subject", "/CN=vnfci-1",
                 "-certout", a.out(), path=".well-known/cmp/p/VnfciCert").ok
    # The dNSName is not scoped: the second is refused as any that does not fit.
    assert ask(a, "vnfci-1", "-sans", "vnfci-1.operator-a.example").ok
    # Who revokes what an entity has says which entity, where several have that identifier.
    several = server.ctl("certificate", "revoke", "--subject-id", "vnfci-1", check=False)
    assert several.returncode == 2 and "--trust-domain" in several.stdout
    assert server.states("vnfci-1") == ["active"] * len(server.states("vnfci-1"))
    server.ctl("certificate", "revoke", "--subject-id", "vnfci-1", "--trust-domain", "operator-b", "--vnf-instance", "")
    states = {c["trust_domain"]: c["state"] for c in server.certificates("vnfci-1")}
    assert states == {"operator-a": "active", "operator-b": "revoked"}
    for name in "vnfci-1.operator-a.example", "vnfci-2.operator-a.example", "vnfci-1.elsewhere.example":
        assert ask(b, "vnfci-1", "-sans", name).failinfo == "badCertTemplate"


def test_names_of_another_domain(domains):
    server, _, _ = domains
    words = set()
    for _ in range(2):
        said = server.ctl("register", "--requester", "vnfm-b", "--cert-type", "ManoCert", "--subject-id",
                          "nfvo.operator-a.example", check=False)
        assert said.returncode != 0
        words.add(said.stdout)
        # Whether somebody has it or not.
        server.register("vnfm-a", "nfvo.operator-a.example", cert_type="ManoCert")
    assert len(words) == 1


def test_a_domain_without_section_is_told(domains, tmp_path):
    server, _, _ = domains
    Vnfm(server, "vnfm-c", tmp_path / "c", trust_domain="operator-c")
    said = {name: server.ctl("client", "add", f"of-{name}", "--trust-domain", name, "--mac", "--ref", name).stdout
            for name in ("operator-a", "operator-x")}
    assert "warning: there is no section [trust_domain operator-x]" in said["operator-x"] and "warning" not in said["operator-a"]
    said = server.ctl("check", "--database").stdout
    assert "[trust_domain operator-c]" in said and "[trust_domain operator-a]" not in said
