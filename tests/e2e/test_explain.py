# SPDX-License-Identifier: Apache-2.0
"""cmfctl explain: what cmfd would answer to a message and why, while it runs, and nothing changes."""
import base64
import datetime
import json

import pytest

from conftest import BUILD, OPENSSL, run

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
    [request] = found["requests"]
    assert (request["cert_req_id"], request["upstream"], request["attestation"]) == (0, False, "none")
    assert request["refusal"] is None and found["problem"] is None and found["before"] is None
    [status] = found["status"]
    assert (status["cert_req_id"], status["status"], status["failinfo"]) == (0, "accepted", [])
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


@pytest.fixture
def sent(shared):
    """Sends a request with openssl cmp, and gives what it sent and got."""
    def send(subject, *args, key=None):
        a = shared.vnfm_a
        request, answer = a.out("der"), a.out("der")
        a.cmp("ir", "-newkey", key or a.key(), "-subject", subject, "-certout", a.out(), "-reqout", request, "-rspout",
              answer, *args, path=f".well-known/cmp/p/{PROFILE}")
        return request, answer
    if not any(r["subject_id"] == "vnfci-sent" for r in shared.ctl_json("registration", "list")):
        shared.register("vnfm-a", "vnfci-sent")
    return send


def test_message_that_was_sent(shared, sent):
    """It is explained as new, and what became of it is told beside."""
    request, _ = sent("/CN=vnfci-sent")
    text, found = explained(shared, request)
    assert refusals(found) == {} and not found["replayed"] and found["answer"] == "ip"
    assert found["before"]["same"] and "granted" in text and "these very octets came" in text
    assert "answer        pkiconf" in text
    assert "transactionIdInUse" not in text and "retransmission" not in text
    # As the server has it, the transaction has gone on with certConf.
    _, found = explained(shared, request, "--in-transaction")
    assert refusals(found) == {"transaction": "transaction_id_in_use"}
    assert found["before"] is None


def test_stored_refusal_has_its_reason(shared, sent):
    request, _ = sent("/CN=vnfci-nobody")
    text, found = explained(shared, request)
    [status] = found["before"]["status"]
    assert status["reason"] == "entity_not_authorized" and status["failinfo"] == ["notAuthorized"]
    assert "what to do" in text and "cmfctl register" in text
    text, found = explained(shared, request, "--in-transaction")
    assert found["replayed"] and [s["reason"] for s in found["status"]] == ["entity_not_authorized"]
    assert "a retransmission" in text


def test_what_was_understood(shared, message):
    text, found = explained(shared, message())
    [request] = found["requests"]
    told = request["understood"]
    assert (told["subject_id"], told["entity_from"]) == ("vnfci-explain", "commonName of the subject")
    assert (told["cert_type"], told["cert_type_from"]) == (PROFILE, "the URL")
    assert (told["profile"], told["ca"], told["trust_domain"]) == (PROFILE, "issuing", "vnfs")
    assert "vnfci-explain (from commonName of the subject)" in text
    # Another carrier, and nothing in the URL.
    urn = message("/CN=vnfci-explain", "ir", "-sans", "critical", "-sans", "urn:etsi:nfv:vnfci:vnfci-explain")
    found = json.loads(shared.ctl("explain", urn, "--profile", PROFILE, "--json").stdout)
    assert found["requests"][0]["understood"]["entity_from"] == "the URN in subjectAltName"
    found = json.loads(shared.ctl("explain", message(), "--json").stdout)
    assert found["requests"][0]["refusal"]["reason"] == "cert_type_missing"


def test_values_beside_limits(shared, message, tmp_path):
    key = tmp_path / "k"
    run([OPENSSL, "ecparam", "-name", "secp224r1", "-genkey", "-noout", "-out", key])
    text, _ = explained(shared, message("/CN=vnfci-explain", "ir", "-newkey", key))
    assert "ec:P-224, not one of" in text and "ec:P-256" in text
    path = message()
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=30)
    text, found = explained(shared, path, "--as-of", then.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert refusals(found) == {"protection": "message_time_off"}
    assert "allowed: 300 s apart" in found["stages"][2]["refusal"]["limit"] and "[protection] message_time_window" in text
    result = shared.ctl("explain", path, "--as-of", "yesterday", check=False)
    assert result.returncode == 2 and "2026-" in result.stdout


def test_malformed_is_told_with_place_and_rule(shared, message, tmp_path):
    whole = message().read_bytes()
    path = tmp_path / "cut.der"
    path.write_bytes(whole[:150])
    result = shared.ctl("explain", path, check=False)
    assert result.returncode == 1 and "offset 150, " in result.stdout
    assert f"{len(whole) - 150} octets are missing" in result.stdout
    path.write_bytes(whole[:12])
    assert "offset 12, header.sender" in shared.ctl("explain", path, check=False).stdout
    path.write_bytes(whole + b"\0")
    found = json.loads(shared.ctl("explain", path, "--json", check=False).stdout)
    assert found["problem"] == {"offset": len(whole), "path": "", "rule": "something follows behind the value"}


def test_encodings_and_what_is_no_message(shared, message, tmp_path):
    der = message()
    want = run([BUILD / "cmfctl", "explain", der]).stdout
    octets = der.read_bytes()
    base64_text = base64.encodebytes(octets)
    forms = {"base64": base64_text, "hex": octets.hex("\n", 32).encode(),
             "pem": b"-----BEGIN PKIXCMP-----\n" + base64_text + b"-----END PKIXCMP-----\n"}
    for name, text in forms.items():
        (tmp_path / name).write_bytes(text)
        assert run([BUILD / "cmfctl", "explain", tmp_path / name]).stdout == want, name
    run([OPENSSL, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
         tmp_path / "key", "-subj", "/CN=x", "-out", tmp_path / "csr"])
    mistakes = {"csr": "certification request (CSR)", "key": "private key"}
    (tmp_path / "cert").write_bytes(shared.root.read_bytes())
    mistakes["cert"] = "a certificate"
    (tmp_path / "http").write_bytes(b"HTTP/1.1 200 OK\r\n\r\n" + octets)
    mistakes["http"] = "HTTP message with its header"
    for name, told in mistakes.items():
        result = shared.ctl("explain", tmp_path / name, check=False)
        assert result.returncode == 1 and f"{name} is " in result.stdout and told in result.stdout, name


def test_answers_are_explained_as_answers(shared, sent):
    _, answer = sent("/CN=vnfci-unheard", "-disable_confirm")
    text = shared.ctl("explain", answer).stdout
    assert "This is an answer (ip) of this CMF, whose signature verifies" in text
    assert "rejection, notAuthorized, entity_not_authorized" in text and "what to do" in text
    assert "What the server would do" not in text


def test_reason(shared):
    """A code of the log, with a slip of the pen too, and the name of a failInfo."""
    [row] = json.loads(shared.ctl("--json", "explain", "--reason", "entity_not_authorized").stdout)
    assert (row["failinfo"], row["http_status"]) == ("notAuthorized", 404) and "cmfctl register" in row["advice"]
    result = shared.ctl("explain", "--reason", "entity_not_autorised", check=False)
    assert result.returncode == 2 and "the nearest: entity_not_authorized" in result.stdout
    rows = json.loads(shared.ctl("--json", "explain", "--reason", "badPOP").stdout)
    assert "pop_missing" in [r["reason"] for r in rows] and {r["failinfo"] for r in rows} == {"badPOP"}
