# SPDX-License-Identifier: Apache-2.0
"""Several credentials of one client: it begins with a secret, goes on with the certificate that it got, and changes one
for the next without a gap."""
import re

import pytest

from conftest import BUILD, MacClient, Requester, Vnfm, issue, make_ca, run


CTL = BUILD / "cmfctl"


def credentials(cmf, client):
    return cmf.ctl_json("client", "credential", "list", client)


def signed(cmf, directory, cert, key):
    directory.mkdir()
    return Requester(cmf, directory, ["-cert", cert, "-key", key])


@pytest.mark.parametrize("by", ["exact certificate", "anchor and subject"])
def test_from_a_secret_to_a_certificate_to_the_next(cmf, tmp_path, by):
    mac = MacClient(cmf, "vnfm", tmp_path / "mac", trust_domain="d")
    cmf.ctl("register", "--requester", "vnfm", "--cert-type", "ManoCert", "--subject-id", "vnfm.example.net")
    cert, key = mac.enrol("vnfm.example.net", profile="ManoCert")
    credential = ["--cert", cert] if by == "exact certificate" else \
        ["--trust-anchor", cmf.root, "--subject", "/CN=vnfm.example.net"]
    # The name is an entity's: of a client only if that is the client.
    refused = cmf.ctl("client", "credential", "add", "vnfm", *credential, check=False)
    assert refused.returncode == 1 and "is the name of a registered entity" in refused.stdout
    cmf.ctl("client", "update", "vnfm", "--entity", "vnfm.example.net")
    added = cmf.ctl("client", "credential", "add", "vnfm", *credential)
    assert "added credential" in added.stdout
    secret = [c for c in credentials(cmf, "vnfm") if c["kind"] == "mac"][0]
    cmf.ctl("client", "credential", "remove", "vnfm", str(secret["id"]))
    assert mac.cmp("genm", "-infotype", "signKeyPairTypes").failinfo == "badMessageCheck"
    one = signed(cmf, tmp_path / "one", cert, key)
    assert one.cmp("genm", "-infotype", "signKeyPairTypes").ok
    # It gets the next one by the first, and both are good until the first is removed.
    next_cert, next_key = tmp_path / "next.pem", one.key()
    result = one.cmp("kur", "-newkey", next_key, "-oldcert", cert, "-certout", next_cert)
    assert result.ok, result.text
    if by == "exact certificate":
        cmf.ctl("client", "credential", "add", "vnfm", "--cert", next_cert)
    two = signed(cmf, tmp_path / "two", next_cert, next_key)
    assert one.cmp("genm", "-infotype", "signKeyPairTypes").ok and two.cmp("genm", "-infotype", "signKeyPairTypes").ok
    # The log says by which credential it was known, so that one sees when the old one may go.
    ids = [str(c["id"]) for c in credentials(cmf, "vnfm")]
    assert re.findall(r" client=vnfm credential=(\d+) .*operation=genm", cmf.log.read_text())[-2:] == [ids[0], ids[-1]]
    assert [c["kind"] for c in credentials(cmf, "vnfm")] == \
        (["certificate", "certificate"] if by == "exact certificate" else ["trust_anchor"])
    # Each was the client's, never the holder's of a certificate.
    assert {c["requester"] for c in cmf.ctl_json("certificate", "list")} == {"vnfm"}


@pytest.mark.parametrize("reference", ["72656620c3bc", "00ff0a80", "aa" * 255])
def test_reference_of_any_octets(cmf, tmp_path, reference):
    """RFC 9483 3.1: senderKID is an OCTET STRING; `openssl cmp -ref` takes text, so the client here is pycmp's kin."""
    secret = tmp_path / "secret"
    secret.write_text("a-secret-of-more-than-128-bits-0123456789\n")
    cmf.ctl("client", "add", "x", "--trust-domain", "d", "--mac", "--ref-hex", reference, "--secret-file", secret)
    row = credentials(cmf, "x")[0]
    assert row["mac_reference_hex"] == reference
    text = bytes.fromhex(reference)
    if b"\x00" not in text and b"\n" not in text and text.isascii() is False and reference.startswith("72"):
        assert row["mac_reference"] == text.decode()
        requester = Requester(cmf, tmp_path, ["-ref", text.decode(), "-secret", f"file:{secret}"])
        assert requester.cmp("genm", "-infotype", "signKeyPairTypes").ok
    else:
        assert row["mac_reference"] is None
    again = cmf.ctl("client", "add", "y", "--trust-domain", "d", "--mac", "--ref-hex", reference, check=False)
    assert again.returncode == 1 and "is that of x" in again.stdout


def test_the_same_credential_in_two_clients(cmf, tmp_path):
    vnfm = Vnfm(cmf, "a", tmp_path / "a")
    sub, sub_key = tmp_path / "sub.pem", tmp_path / "sub.key"
    issue(vnfm.anchor, str(vnfm.anchor)[:-3] + "key", sub, sub_key, "/CN=sub",
          "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n")
    other = tmp_path / "other.pem"
    make_ca(other, tmp_path / "other.key", "/CN=a demo CA")

    def add(*credential):
        done = cmf.ctl("client", "add", "b", "--trust-domain", "d", *credential, check=False)
        if done.returncode == 0:
            cmf.ctl("client", "remove", "b")
        return done.returncode, done.stdout

    for taken in (["--trust-anchor", vnfm.anchor, "--subject", "/CN=A"], ["--trust-anchor", sub, "--subject", "/CN=a"]):
        code, said = add(*taken)
        assert code == 1 and "is that of a" in said
    for free in (["--trust-anchor", other, "--subject", "/CN=a"], ["--trust-anchor", vnfm.anchor, "--subject", "/CN=c"],
                 ["--cert", vnfm.cert], ["--oauth2-client", "a"]):
        assert add(*free)[0] == 0
    cmf.ctl("client", "credential", "add", "a", "--cert", vnfm.cert)
    cmf.ctl("client", "credential", "add", "a", "--oauth2-client", "client-a")
    assert add("--cert", vnfm.cert)[0] == 1 and add("--oauth2-client", "client-a")[0] == 1


def test_validity_of_a_secret(cmf, tmp_path):
    """Over, or not begun, it is as if there were none."""
    for name, args in (("over", ["--not-after", "2020-01-01T00:00:00Z"]),
                       ("soon", ["--not-before", "2099-01-01T00:00:00Z"]),
                       ("now", ["--not-before", "2020-01-01T00:00:00Z", "--not-after", "2099-01-01T00:00:00Z"])):
        (tmp_path / name).write_text("a-secret-of-more-than-128-bits-0123456789\n")
        cmf.ctl("client", "add", name, "--trust-domain", "d", "--mac", "--ref", name, "--secret-file", tmp_path / name,
                *args)
        requester = Requester(cmf, tmp_path, ["-ref", name, "-secret", f"file:{tmp_path / name}"])
        assert requester.cmp("genm", "-infotype", "signKeyPairTypes").ok == (name == "now")
    for bad in (["--not-after", "tomorrow"], ["--not-before", "2026-02-30T00:00:00Z"]):
        done = cmf.ctl("client", "credential", "add", "now", "--mac", *bad, check=False)
        assert done.returncode == 1 and "must be a time" in done.stdout


def test_update(cmf, tmp_path):
    vnfm = Vnfm(cmf, "a", tmp_path / "a")
    before = cmf.ctl_json("client", "list")[-1]
    cmf.ctl("client", "update", "a", "--may", "revoke", "--default-profile", "ManoCert", "--register-on-ir", "yes")
    after = cmf.ctl_json("client", "list")[-1]
    assert after == {**before, "may": ["revoke"], "default_profile": "ManoCert", "register_on_ir": True}
    assert vnfm.cmp("ir", "-newkey", vnfm.key(), "-subject", "/CN=x", "-certout", vnfm.out()).failinfo == "notAuthorized"
    cmf.ctl("client", "update", "a", "--no-default-profile")
    assert cmf.ctl_json("client", "list")[-1]["default_profile"] is None
    for args, said in ((["a", "--policy", "none"], "no such client_policy"), (["z", "--no-policy"], "no client of that"),
                       (["a", "--default-profile", "none"], "no such profile")):
        done = cmf.ctl("client", "update", *args, check=False)
        assert done.returncode == 1 and said in done.stdout
    assert cmf.ctl("client", "update", "a", check=False).returncode == 2


def test_operators_json(cmf):
    """Beside what cmfctl does."""
    ask = cmf.operator
    client = {"name": "c", "trust_domain": "d", "may": ["request"], "oauth2_client": "c-id"}
    status, made = ask("POST", "/v1/clients", client)
    assert status == 201 and made["credential"] == ["oauth2"] and made["credentials"][0]["oauth2_client"] == "c-id"
    assert made.pop("warning") == "there is no section [trust_domain d]: it has no limits"
    assert ask("GET", "/v1/clients/c") == (200, made)
    assert ask("GET", "/v1/clients/none")[0] == 404 and ask("GET", "/v1/clients/none/credentials")[0] == 404
    assert ask("GET", "/v1/clients/c/nonsense")[0] == 404
    status, one = ask("POST", "/v1/clients/c/credentials", {"mac_reference": "r", "secret": "long enough"})
    assert status == 201 and "secret" not in one and one["mac_reference_hex"] == "72"
    assert ask("POST", "/v1/clients/none/credentials", {"oauth2_client": "x"})[0] == 404
    assert ask("POST", "/v1/clients/c/credentials", {"oauth2_client": "x", "more": 1})[0] == 400
    assert ask("POST", "/v1/clients/c/credentials", {"oauth2_client": "c-id"})[0] == 409
    assert [c["id"] for c in ask("GET", "/v1/clients/c/credentials")[1]["items"]] == \
        [made["credentials"][0]["id"], one["id"]]
    assert ask("PUT", f"/v1/clients/c/credentials/{one['id']}", {})[0] == 405
    for wrong in ("0", "-1", "x", "99999999999999999999", f"{one['id']}x", "4711"):
        assert ask("DELETE", f"/v1/clients/c/credentials/{wrong}")[0] == 404
    assert ask("DELETE", f"/v1/clients/c/credentials/{one['id']}")[0] == 200
    assert ask("PATCH", "/v1/clients/c", {"may": []})[0] == 400
    assert ask("PATCH", "/v1/clients/c", {"name": "d"})[0] == 400
    assert ask("PATCH", "/v1/clients/c", {"policy": 1})[0] == 400
    status, changed = ask("PATCH", "/v1/clients/c", {"default_profile": "ManoCert"})
    assert status == 200 and changed == {**made, "default_profile": "ManoCert"}


def test_help_and_words(cmf):
    for words in (["client", "credential"], ["client", "credential", "none"], ["client", "none"]):
        done = run([CTL, *words], check=False)
        assert done.returncode == 2 and "client credential add" in done.stdout
    assert "--ref-hex" in run([CTL, "client", "credential", "add", "--help"]).stdout
