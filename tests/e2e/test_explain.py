# SPDX-License-Identifier: Apache-2.0
"""cmfctl explain: what cmfd would answer to a message and why, while it runs, and nothing changes."""
import json

import pytest

PROFILE = "VnfciCert"


@pytest.fixture
def message(shared):
    """Makes a function that catches the request of openssl cmp without sending it to cmfd."""
    a = shared.vnfm_a

    def make(subject="/CN=vnfci-explain", cmd="ir", *args):
        out = a.out("der")
        a.cmp(cmd, "-newkey", a.key(), "-subject", subject, "-certout", a.out(), "-reqout", out, "-total_timeout",
              "2", *args, path=f".well-known/cmp/p/{PROFILE}-not-served/x/y")
        return out
    if not any(r["subject_id"] == "vnfci-explain" for r in shared.ctl_json("registration", "list")):
        shared.register("vnfm-a", "vnfci-explain")
    return make


def explained(shared, path, *args):
    before = shared.snapshot(), shared.ctl_json("transaction", "list")
    text = shared.ctl("explain", path, "--profile", PROFILE, *args).stdout
    found = json.loads(shared.ctl("explain", path, "--profile", PROFILE, "--json", *args).stdout)
    assert (shared.snapshot(), shared.ctl_json("transaction", "list")) == before
    return text, found


def refusals(found):
    return {s["stage"]: s["refusal"]["reason"] for s in found["stages"] if s["refusal"]}


def test_good_request(shared, message):
    text, found = explained(shared, message())
    assert refusals(found) == {} and found["sender"] == "vnfm-a" and found["answer"] == "ip"
    assert found["requests"] == [{"cert_req_id": 0, "upstream": False, "attestation": "none", "refusal": None}]
    assert found["status"] == [{"cert_req_id": 0, "status": "accepted", "failinfo": [], "text": None}]
    assert found["inner"] == []
    assert "nothing was changed" in text and "granted" in text


def test_unregistered_entity(shared, message):
    text, found = explained(shared, message("/CN=vnfci-unheard"))
    assert refusals(found) == {"body": "entity_not_authorized"} and found["answer"] == "ip"
    assert [(x["status"], x["failinfo"]) for x in found["status"]] == [("rejection", ["notAuthorized"])]
    assert "notAuthorized" in text


def test_broken_protection_and_as_client(shared, message):
    path = message()
    octets = bytearray(path.read_bytes())
    at = octets.rfind(b"vnfci-explain")
    octets[at] ^= 0x20
    path.write_bytes(octets)
    _, found = explained(shared, path)
    assert refusals(found) == {"protection": "protection_wrong"} and found["sender"] is None
    assert not found["stages"][3]["reached"]
    # As if it had verified: the subject is another now, and its proof of possession wrong.
    text, found = explained(shared, path, "--as-client", "vnfm-a")
    assert refusals(found) == {"protection": "protection_wrong", "body": "pop_signature_wrong"}
    assert found["sender"] == "vnfm-a" and found["assumed"] and "assumed by --as-client" in text


def test_unknown_client(shared, message):
    _, found = explained(shared, message(), "--as-client", "nobody")
    assert found["sender"] is None and found["answer"] == "error"
    assert found["decided"]["reason"] == "client_not_permitted"


def test_no_message(shared, tmp_path):
    path = tmp_path / "garbage"
    path.write_bytes(b"\x30\x03\x02\x01\x05")
    result = shared.ctl("explain", path, check=False)
    assert result.returncode == 1 and "not_a_pkimessage" in result.stdout


def test_used_transaction(shared):
    a = shared.vnfm_a
    out = a.out("der")
    a.cmp("ir", "-newkey", a.key(), "-subject", "/CN=vnfci-0001", "-certout", a.out(), "-reqout", out,
          path=f".well-known/cmp/p/{PROFILE}")
    _, found = explained(shared, out)
    assert found["replayed"] or refusals(found).get("transaction") == "transaction_id_in_use"


def test_reason(shared):
    """A code of the log, with a slip of the pen too, and the name of a failInfo."""
    [row] = json.loads(shared.ctl("--json", "explain", "--reason", "entity_not_authorized").stdout)
    assert (row["failinfo"], row["http_status"]) == ("notAuthorized", 404) and "cmfctl register" in row["advice"]
    result = shared.ctl("explain", "--reason", "entity_not_autorised", check=False)
    assert result.returncode == 2 and "the nearest: entity_not_authorized" in result.stdout
    rows = json.loads(shared.ctl("--json", "explain", "--reason", "badPOP").stdout)
    assert "pop_missing" in [r["reason"] for r in rows] and {r["failinfo"] for r in rows} == {"badPOP"}
