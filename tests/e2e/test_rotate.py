# SPDX-License-Identifier: Apache-2.0
"""Keys, CAs and credentials are replaced while clients enrol: none of their requests is lost."""
import subprocess
import threading
import urllib.error
import urllib.request

import pytest

from conftest import BUILD, OPENSSL, Requester, Vnfm, issue, make_ca, run, serial_of, wait_for, x509


class Load:
    """Clients that enrol one certificate after the other, each for entities of its own."""

    def __init__(self, cmf, requesters):
        self.cmf, self.failures, self.done, self.stopping = cmf, [], 0, False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.work, args=(n, r), daemon=True) for n, r in enumerate(requesters)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        self.more()
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.more()
        self.stopping = True
        for thread in self.threads:
            thread.join()
        if kind is None:
            assert not self.failures, f"{self.failures[0]}\n{self.cmf.tail(40)}"

    def more(self):
        """Each client has begun, and ended, a request since."""
        wanted = self.done + 2 * len(self.threads) + 1
        wait_for("enrolments", lambda: self.done >= wanted or self.failures)

    def work(self, number, requester):
        key, count = requester.key(), 0
        while not self.stopping:
            count += 1
            result = requester.cmp("ir", "-newkey", key, "-subject", f"/CN=load-{number}-{count}", "-certout",
                                   requester.dir / "load.pem", path=".well-known/cmp/p/VnfciCert")
            with self.lock:
                self.done += 1
                if not result.ok:
                    self.failures.append(result.text)


@pytest.fixture
def vnfm(cmf, tmp_path):
    return Vnfm(cmf, "vnfm-a", tmp_path / "a", trust_domain="vnfs", register_on_ir=True)


def section_add(cmf, name, **keys):
    with open(cmf.conf, "a", encoding="utf-8") as conf:
        conf.write(f"\n[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items()))


def section_remove(cmf, name):
    text = cmf.conf.read_text()
    begin = text.index(f"[{name}]")
    end = text.find("\n[", begin)
    cmf.conf.write_text(text[:begin] + (text[end + 1:] if end >= 0 else ""))


def second_ca(cmf, name="second"):
    """Another issuing CA below the same root."""
    cert, key = cmf.dir / "ca" / f"{name}.pem", cmf.dir / "ca" / f"{name}.key"
    issue(cmf.root, cmf.dir / "ca" / "root.key", cert, key, f"/CN=CMF {name} CA",
          "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n", days=900)
    section_add(cmf, f"ca {name}", type="internal", certificate=cert, key=key, chain=cmf.root)
    return cert


def issuers(cmf, prefix):
    return {c["ca"] for c in cmf.certificates() if c["subject_id"].startswith(prefix)}


def test_protection_certificate_under_load(cmf, vnfm):
    with Load(cmf, [vnfm]) as load:
        for new_key in ([], ["--new-key"]):
            serial = serial_of(cmf.dir / "cmf.pem")
            cmf.ctl("protection", "renew", *new_key)
            cmf.ctl("reload")
            load.more()
            assert serial_of(cmf.dir / "cmf.pem") != serial
    # It is in use.
    vnfm.enrol("after", extra=["-srvcert", cmf.dir / "cmf.pem"])


def test_root_under_load(cmf, vnfm):
    """cmfctl ca rollover, and what it prints, with a reload."""
    with Load(cmf, [vnfm]) as load:
        for row in cmf.ctl_json("ca", "rollover", "issuing", "--dir", cmf.dir / "ca" / "rollover"):
            cmf.set(row["section"], row["key"], row["value"])
        cmf.ctl("reload")
        load.more()
    # Who trusts the new root alone is answered, too.
    cmf.root = cmf.dir / "ca" / "rollover" / "root.pem"
    vnfm.enrol("after")


def test_issuing_key_under_load(cmf, vnfm):
    """cmfctl ca renew, and what it says to do, without a restart; certificates of both keys are good, each by its CRL."""
    cmf.set("ca issuing", "crl_distribution_points", f"{cmf.url}/crl/issuing.crl")
    cmf.ctl("reload")
    before, _ = vnfm.enrol("before")
    directory = cmf.dir / "ca" / "second"
    with Load(cmf, [vnfm]) as load:
        made = cmf.ctl_json("ca", "renew", "issuing", "--dir", directory, "--days", "500")[0]
        assert made["name"] == "issuing-2"
        with open(cmf.conf, "a", encoding="utf-8") as conf:
            conf.write((directory / "ca.cnf").read_text())
        for row in made["keys"]:
            cmf.set(row["section"], row["key"], row["value"])
        cmf.ctl("check")
        cmf.ctl("reload")
        load.more()
        cmf.ctl("registration", "update", "--from-ca", "issuing", "--ca", "issuing-2")
        load.more()
    after, _ = vnfm.enrol("before", cmd="cr")
    new, old = directory / "issuing.pem", cmf.dir / "ca" / "issuing.pem"
    assert "CMF Issuing CA 2" in x509(new, "-subject") and "CMF Issuing CA 2" in x509(after, "-issuer")
    assert x509(new, "-pubkey") != x509(old, "-pubkey")
    for field in ("basicConstraints", "keyUsage"):
        assert x509(new, "-ext", field) == x509(old, "-ext", field)
    assert "/crl/issuing-2.crl" in x509(after, "-ext", "crlDistributionPoints")
    assert {"issuing", "issuing-2"} == issuers(cmf, "load-")
    # Both are revoked, each on the CRL of its own issuer.
    for cert, issuer, name in ((before, old, "issuing"), (after, new, "issuing-2")):
        crl = cmf.dir / f"{name}.crl"
        verify = [OPENSSL, "verify", "-trusted", cmf.root, "-untrusted", issuer, "-CRLfile", crl, "-crl_check", cert]

        def read(crl=crl, name=name):
            try:
                with urllib.request.urlopen(f"{cmf.url}/crl/{name}.crl") as answer:
                    crl.with_suffix(".der").write_bytes(answer.read())
            except urllib.error.HTTPError:
                return None
            run([OPENSSL, "crl", "-inform", "DER", "-in", crl.with_suffix(".der"), "-out", crl])
            return crl

        wait_for("a CRL", lambda: read() and run(verify, check=False).returncode == 0)
        cmf.ctl("certificate", "revoke", "--serial", serial_of(cert), "--reason", "keyCompromise")
        wait_for("the revocation", lambda: read() and "certificate revoked" in run(verify, check=False).stdout)
    # genm caCerts has both.
    out = vnfm.out("der")
    assert vnfm.cmp("genm", "-infotype", "caCerts", "-rspout", out).ok
    for cert in (old, new):
        run([OPENSSL, "x509", "-in", cert, "-outform", "DER", "-out", cmf.dir / "cert.der"])
        assert (cmf.dir / "cert.der").read_bytes() in out.read_bytes()
    # Nothing of this needed a restart, and a restart needs nothing more.
    cmf.stop()
    cmf.start()


def test_issuing_key_signed_elsewhere(cmf, vnfm, tmp_path):
    directory = cmf.dir / "ca" / "second"
    (cmf.dir / "ca" / "root.key").rename(tmp_path / "root.key")
    refused = cmf.ctl("ca", "renew", "issuing", "--dir", directory, check=False)
    assert refused.returncode == 4 and "--csr" in refused.stdout and not directory.exists()
    cmf.ctl("ca", "renew", "issuing", "--dir", directory, "--csr", "--subject", "/O=Example/CN=Elsewhere", "--new-name", "e")
    request = run([OPENSSL, "req", "-in", directory / "issuing.csr", "-noout", "-verify", "-text"]).stdout
    assert "CN = Elsewhere" in request and "CA:TRUE" in request and "CRL Sign" in request
    run([OPENSSL, "x509", "-req", "-in", directory / "issuing.csr", "-CA", cmf.root, "-CAkey", tmp_path / "root.key",
         "-days", "400", "-copy_extensions", "copyall", "-out", directory / "issuing.pem"])
    cmf.conf.write_text(cmf.conf.read_text() + (directory / "ca.cnf").read_text())
    cmf.set("cmf", "default_ca", "e")
    cmf.ctl("reload")
    cert, _ = vnfm.enrol("first")
    run([OPENSSL, "verify", "-trusted", cmf.root, "-untrusted", directory / "issuing.pem", cert])


def test_client_credentials_under_load(cmf, vnfm, tmp_path):
    """Two at a time: the next one is added, the client goes over to it, the one before is removed."""
    anchor, key = tmp_path / "next-ca.pem", tmp_path / "next-ca.key"
    make_ca(anchor, key, "/CN=next CA")
    issue(anchor, key, tmp_path / "next.pem", tmp_path / "next.key", "/CN=vnfm-a")
    after = Requester(cmf, tmp_path, ["-cert", tmp_path / "next.pem", "-key", tmp_path / "next.key"])
    before = [row["id"] for row in cmf.ctl_json("client", "credential", "list", "vnfm-a")]
    with Load(cmf, [vnfm]):
        cmf.ctl("client", "credential", "add", "vnfm-a", "--trust-anchor", anchor, "--subject", "/CN=vnfm-a")
        after.enrol("both")
    with Load(cmf, [after]):
        for number in before:
            cmf.ctl("client", "credential", "remove", "vnfm-a", str(number))
    assert not vnfm.cmp("ir", "-newkey", vnfm.key(), "-subject", "/CN=late", "-certout", vnfm.out(),
                        path=".well-known/cmp/p/VnfciCert").ok


def test_tls_certificate_under_load(cmf, vnfm, tmp_path):
    cmf.stop()
    cmf.serve_tls().start()
    tls = Requester(cmf, tmp_path, [*vnfm.credential, "-tls_used", "-tls_trusted", cmf.root])
    command = tls.command

    def over_tls(*args, **kwargs):
        line = command(*args, **kwargs)
        line[line.index("-server") + 1] = f"localhost:{cmf.tls_port}"
        return line

    tls.command = over_tls

    def served():
        shown = subprocess.run([OPENSSL, "s_client", "-connect", f"localhost:{cmf.tls_port}"], input=b"",
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        return subprocess.run([OPENSSL, "x509", "-noout", "-serial"], input=shown, stdout=subprocess.PIPE).stdout

    before = served()
    with Load(cmf, [tls]) as load:
        issue(cmf.root, cmf.dir / "ca" / "root.key", cmf.dir / "tls-2.pem", cmf.dir / "tls-2.key", "/CN=localhost",
              "keyUsage=critical,digitalSignature\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n")
        cmf.set("server", "tls_certificate", "tls-2.pem")
        cmf.set("server", "tls_key", "tls-2.key")
        cmf.ctl("reload")
        load.more()
    assert served() != before


def test_registrations_move_to_another_ca_under_load(cmf, vnfm):
    """A CA comes with a reload, registrations move to it, and the one before can be taken out after that alone."""
    cert = second_ca(cmf)
    for n in range(3):
        vnfm.enrol(f"old-{n}")
    with Load(cmf, [vnfm]) as load:
        cmf.ctl("reload")
        load.more()
        moved = cmf.ctl_json("registration", "update", "--from-ca", "issuing", "--ca", "second", "--dry-run")[0]
        assert moved["moved"] >= 3 and not moved["refused"]
        assert {r["ca"] for r in cmf.ctl_json("registration", "list")} == {"issuing"}
        cmf.set("cmf", "default_ca", "second")
        cmf.ctl("reload")
        cmf.ctl("registration", "update", "--from-ca", "issuing", "--ca", "second")
        load.more()
    rows = cmf.ctl_json("registration", "list")
    assert {r["ca"] for r in rows} == {"second"} and len(rows) > 3
    assert {"issuing", "second"} <= issuers(cmf, "load-")
    new, _ = vnfm.enrol("old-0", cmd="cr")
    run([OPENSSL, "verify", "-trusted", cmf.root, "-untrusted", cert, new])
    section_remove(cmf, "ca issuing")
    cmf.ctl("reload")
    vnfm.enrol("old-1", cmd="cr")
    cmf.stop()
    cmf.ctl("check")
    cmf.start()


def test_a_ca_that_registrations_have_cannot_be_taken_out(cmf, vnfm):
    vnfm.enrol("user-of-it")
    second_ca(cmf)
    cmf.set("cmf", "default_ca", "second")
    section_remove(cmf, "ca issuing")
    said = "registrations of trust domain vnfs use it: user-of-it"
    result = cmf.ctl("reload", check=False)
    assert result.returncode == 1 and said in result.stdout
    vnfm.enrol("user-of-it", cmd="cr")
    cmf.stop()
    assert said in cmf.ctl("check", check=False).stdout
    result = run([BUILD / "cmfd", "--config", cmf.conf], check=False)
    assert result.returncode == 1 and said in result.stdout


def test_registrations_move_by_filter(cmf, tmp_path):
    first = Vnfm(cmf, "vnfm-a", tmp_path / "a", trust_domain="vnfs", register_on_ir=True)
    second = Vnfm(cmf, "vnfm-b", tmp_path / "b", trust_domain="vnfs", register_on_ir=True)
    Vnfm(cmf, "vnfm-c", tmp_path / "c", trust_domain="others")
    ids = [f"vnfci-{n}" for n in range(1200)]
    cmf.register("vnfm-a", *ids)
    cmf.register("vnfm-a", "vnfci-7", cert_type="VnfOAMCert")
    assert cmf.ctl("registration", "update", "--from-manager", "vnfm-a", "--manager", "nobody",
                   check=False).returncode == 1
    # Nobody can act for an entity of another trust domain.
    refused = cmf.ctl("registration", "update", "vnfci-1", "--manager", "vnfm-c", check=False)
    assert refused.returncode == 1 and "domain_limits" in refused.stdout
    cmf.ctl("registration", "update", "--from-manager", "vnfm-a", "--manager", "vnfm-b")
    rows = cmf.ctl_json("registration", "list")
    assert len(rows) == 1201 and {r["manager"] for r in rows} == {"vnfm-b"}
    second.enrol("vnfci-7")
    assert first.cmp("ir", "-newkey", first.key(), "-subject", "/CN=vnfci-7", "-certout", first.out(),
                     path=".well-known/cmp/p/VnfciCert").failinfo == "notAuthorized"
    # A profile of another certType is refused for each, and nothing changes.
    result = cmf.ctl("registration", "update", "--cert-type", "VnfOAMCert", "--profile", "VnfciCert", check=False)
    assert result.returncode == 1 and "vnfci-7 (VnfOAMCert" in result.stdout
    assert "--all" in cmf.ctl("registration", "update", "--manager", "vnfm-a", check=False).stdout
