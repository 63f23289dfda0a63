# SPDX-License-Identifier: Apache-2.0
"""Base stations as in 3GPP TS 33.310, set up as docs/3gpp.md says, with the real `openssl cmp`: certificates of the
vendor's own PKI for ir, the operator's root and chain in the answer, then kur with the operator's certificate."""
import json
import os

import pytest

from conftest import OPENSSL, Cmf, Requester, issue, make_ca, run, x509

OPENSSL35 = os.environ.get("CMFD_OPENSSL35")
CLIENTS = [OPENSSL] + ([OPENSSL35] if OPENSSL35 else [])


class BaseStation(Requester):
    """With a certificate of its vendor's issuing CA, or another that it has got."""

    def __init__(self, vendor, name, openssl, credential=None):
        self.openssl, self.name, self.vendor = openssl, name, vendor
        directory = vendor.dir / name
        directory.mkdir(exist_ok=True)
        if not credential:
            issue(vendor.ca, vendor.dir / "ca.key", directory / "vendor.pem", directory / "vendor.key",
                  f"/O=Vendor X/CN={name}/serialNumber=SN-{name}")
            credential = ["-cert", directory / "vendor.pem", "-key", directory / "vendor.key", "-extracerts",
                          vendor.ca]
        super().__init__(vendor.cmf, directory, credential)

    def command(self, cmd, *args, path=".well-known/cmp"):
        return [self.openssl, *super().command(cmd, *args, path=path)[1:]]


class Vendor:
    def __init__(self, cmf, directory):
        directory.mkdir()
        self.cmf, self.dir = cmf, directory
        self.root, self.ca = directory / "root.pem", directory / "ca.pem"
        make_ca(self.root, directory / "root.key", "/O=Vendor X/CN=Root")
        issue(self.root, directory / "root.key", self.ca, directory / "ca.key", "/O=Vendor X/CN=Factory CA",
              "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n")
        cmf.ctl("client", "add", "vendor-x", "--trust-anchor", self.root, "--trust-domain", "ran", "--may",
                "request,revoke", "--default-profile", "BaseStation", "--policy", "base-stations")

    def expect(self, *names):
        self.cmf.ctl("register", "--requester", "vendor-x", "--cert-type", "VnfciCert", "--profile", "BaseStation",
                     *[arg for name in names for arg in ("--subject-id", name)])


@pytest.fixture(scope="module")
def vendor(tmp_path_factory):
    base = tmp_path_factory.mktemp("3gpp")
    cmf = Cmf(base / "cmf")
    for key in "ca_pubs_when_signed", "root_in_extra_certs":
        cmf.set("client_policy base-stations", key, "yes")
    cmf.set("client_policy base-stations", "entity_from_signer", "commonName")
    for key, value in (("cert_type", "VnfciCert"), ("key_types", "rsa:2048-4096, ec:P-256, ec:P-384"),
                       ("common_name", "subjectId"), ("dns_names", "subjectIdLabel"),
                       ("dns_name_from_subject_id", "yes"), ("implicit_confirm", "no"),
                       ("extension_section", "base_station")):
        cmf.set("profile BaseStation", key, value)
    cmf.set("base_station", "keyUsage", "critical, digitalSignature")
    cmf.set("base_station", "extendedKeyUsage", "serverAuth, clientAuth")
    cmf.start()
    yield Vendor(cmf, base / "vendor")
    status = cmf.stop()
    assert status == 0, f"cmfd ended with {status}\n{cmf.tail()}"


def pem_certificates(path):
    return path.read_text().count("BEGIN CERTIFICATE")


@pytest.mark.parametrize("openssl", CLIENTS)
@pytest.mark.parametrize("confirm", [[], ["-implicit_confirm"]], ids=["certConf", "implicit"])
def test_ts33310_ir_and_kur(vendor, openssl, confirm):
    cmf = vendor.cmf
    name = f"enb-{CLIENTS.index(openssl)}-{len(confirm)}.vendor-x.example"
    vendor.expect(name)
    station = BaseStation(vendor, name, openssl)
    key, cert, chain, root, extra = station.key(), *(station.out() for _ in range(4))
    result = station.cmp("ir", "-newkey", key, "-certout", cert, "-chainout", chain, "-cacertsout", root,
                         "-extracertsout", extra, *confirm)
    assert result.ok, f"{result.text}\n{cmf.tail()}"
    assert x509(cert, "-subject", "-nameopt", "RFC2253").strip() == f"subject=CN={name}"
    assert f"DNS:{name}" in x509(cert, "-text")
    # The operator's root in caPubs, and all up to it in extraCerts.
    assert pem_certificates(root) == 1
    assert x509(root, "-fingerprint") == x509(cmf.root, "-fingerprint")
    assert pem_certificates(extra) == 3
    run([OPENSSL, "verify", "-CAfile", root, "-untrusted", extra, cert])
    assert cmf.states(name) == ["active"]
    # With what it received, and nothing of the vendor's.
    updated, newer = station.out(), station.key()
    later = BaseStation(vendor, name, openssl, ["-cert", cert, "-key", key, "-extracerts", chain])
    later.count = 100
    command = later.command("kur", "-newkey", newer, "-certout", updated)
    command[command.index("-trusted") + 1] = root
    run(command)
    assert x509(updated, "-subject") == x509(cert, "-subject")
    assert x509(updated, "-pubkey") == run([OPENSSL, "pkey", "-in", newer, "-pubout"]).stdout


def test_explain_as_a_base_station(vendor):
    """cmfctl explain --as-client CLIENT/ENTITY: what that station would get, and what any other."""
    vendor.expect("enb-e.vendor-x.example", "enb-f.vendor-x.example")
    station, request = BaseStation(vendor, "enb-e.vendor-x.example", OPENSSL), vendor.dir / "e.der"
    command = station.command("ir", "-newkey", station.key(), "-certout", station.out(), "-reqout", request)
    command[command.index("-server") + 1] = "127.0.0.1:9"
    run(command, check=False)
    for as_client, reason in (([], None), (["vendor-x/enb-e.vendor-x.example"], None),
                              (["vendor-x/enb-f.vendor-x.example"], "entity_not_authorized"),
                              (["vendor-x"], "entity_not_authorized"), (["other/enb-e"], "client_not_permitted")):
        args = [arg for name in as_client for arg in ("--as-client", name)]
        found = json.loads(vendor.cmf.ctl("explain", request, *args, "--json", check=False).stdout)
        assert found["answer"] == ("error" if reason == "client_not_permitted" else "ip")
        assert (found["decided"] or {}).get("reason") == reason, found
    assert vendor.cmf.certificates("enb-e.vendor-x.example") == []


@pytest.mark.parametrize("openssl", CLIENTS)
def test_a_base_station_is_itself_only(vendor, openssl):
    cmf = vendor.cmf
    n = CLIENTS.index(openssl)
    mine, other, unknown = (f"enb-{n}-{what}.vendor-x.example" for what in ("mine", "other", "unknown"))
    vendor.expect(mine, other)
    them = BaseStation(vendor, other, openssl)
    cert = them.out()
    assert them.cmp("ir", "-newkey", them.key(), "-certout", cert).ok
    station = BaseStation(vendor, mine, openssl)
    before = cmf.snapshot()
    for args in (["ir", "-newkey", station.key(), "-subject", f"/CN={other}", "-certout", station.out()],
                 ["rr", "-oldcert", cert],
                 ["kur", "-oldcert", cert, "-newkey", station.key(), "-certout", station.out()]):
        result = station.cmp(*args)
        assert result.failinfo == "notAuthorized", result.text
    stranger = BaseStation(vendor, unknown, openssl)
    result = stranger.cmp("ir", "-newkey", stranger.key(), "-certout", stranger.out())
    assert result.failinfo == "notAuthorized", result.text
    assert cmf.snapshot() == before
    assert any(f"vendor-x/{other}" in line for line in cmf.tail(200).splitlines())
