# SPDX-License-Identifier: Apache-2.0
"""The conventions of the JSON door (SOL 013): what is looked at first, versions, types, methods, and bodies of all kinds
that are none. What holds of every answer (Version, Content-Type, ProblemDetails) is looked at by JsonDoor."""
import json
import socket
import ssl

import pytest

from conftest import PATIENCE
from json_door import CERTIFICATES, REGISTRATIONS, REQUESTS, SUBSCRIPTIONS, V1

NEVER = "00000000-0000-4000-8000-000000000000"
GOOD = {"certType": "VNFCI_CERT", "subjectId": ["c-1"], "typeOfVnfcCertHandling": "DELEGATION_MODE"}


# --- the order of checks: each request has all the faults from its own on ---

@pytest.mark.parametrize("status, who, method, path, kwargs", [
    (401, "nobody", "PUT", V1 + "/nothing", {"version": None, "accept": "text/html"}),
    (404, "a", "PUT", V1 + "/nothing", {"version": None, "accept": "text/html"}),
    (405, "a", "PUT", REGISTRATIONS, {"version": None, "accept": "text/html", "body": "{", "ctype": "text/plain"}),
    (400, "a", "POST", REGISTRATIONS, {"version": None, "accept": "text/html", "body": "{", "ctype": "text/plain"}),
    (406, "a", "POST", REGISTRATIONS, {"version": "9.0.0", "accept": "text/html", "body": "{", "ctype": "text/plain"}),
    (406, "a", "POST", REGISTRATIONS, {"accept": "text/html", "body": "{", "ctype": "text/plain"}),
    (415, "a", "POST", REGISTRATIONS, {"body": "{", "ctype": "text/plain"}),
    (400, "a", "POST", f"{CERTIFICATES}/{NEVER}/revoke", {"body": "{"}),
    (404, "a", "POST", f"{CERTIFICATES}/{NEVER}/revoke", {"body": {"reason": "nonsense"}}),
    (404, "a", "DELETE", f"{REGISTRATIONS}/{NEVER}", {"If_Match": '"stale"'}),
])
def test_order_of_checks(doors, status, who, method, path, kwargs):
    answer = getattr(doors, who).ask(method, path, **kwargs)
    assert answer.status == status, answer


def test_precondition_before_conflict_before_the_rules(doors):
    """412 before 409: a registration with a valid certificate, and a stale If-Match."""
    at = doors.a.register("c-order").location
    doors.a.enrol(doors.vnfm_a, "c-order")
    assert doors.a.delete(at, If_Match='"stale"').status == 412
    assert doors.a.delete(at).status == 409


def test_a_query_is_looked_at_before_the_resource(doors):
    assert doors.a.get(f"{REGISTRATIONS}/{NEVER}?nonsense=1").status == 400


# --- Version, SOL 013 4.2.2, 9.1 ---

@pytest.mark.parametrize("version, status", [
    (None, 400), ("", 400), ("1", 400), ("1.0", 400), ("v1.0.0", 400), ("01.0.0", 400), ("1.00.0", 400), ("0.1.0", 400),
    ("1.0.0.0", 400), ("1.0.0-", 400), ("1.0.0 x", 400), ("1.0.0-impl:", 400), ("a" * 3000, 400),
    ("1.0.0", 200), ("1.0.0-impl:cmfd:cmf-certmgmt:1", 200),
    ("1.0.1", 406), ("1.1.0", 406), ("2.0.0", 406), ("99999999999999999999.0.0", 406),
])
def test_version(doors, version, status):
    answer = doors.a.get(REGISTRATIONS, version=version)
    assert answer.status == status, answer


@pytest.mark.parametrize("path", ["/cmf-certmgmt/api_versions", "/cmf-certmgmt/v1/api_versions"])
def test_api_versions_needs_neither_version_nor_authentication(doors, path):
    answer = doors.nobody.get(path, version=None)
    assert answer.status == 200 and answer.doc["uriPrefix"].endswith("/cmf-certmgmt/v1/")
    assert [v["version"] for v in answer.doc["apiVersions"]] == ["1.0.0-impl:cmfd:cmf-certmgmt:1"]
    assert doors.nobody.post(path, {}, version=None).status == 405
    assert doors.nobody.get(path + "?x=1", version=None).status == 400


def test_no_uri_is_made_of_the_host_header(doors):
    for path in ("/cmf-certmgmt/api_versions", REGISTRATIONS):
        assert b"evil" not in doors.a.get(path, Host="evil.example").body
    answer = doors.a.post(REGISTRATIONS, {**GOOD, "subjectId": ["c-host"]}, Host="evil.example")
    assert answer.status == 201 and "evil" not in repr(answer)


# --- Accept, Content-Type, methods ---

@pytest.mark.parametrize("accept, status", [
    (None, 200), ("*/*", 200), ("application/*", 200), ("APPLICATION/JSON", 200), ("text/html, application/json;q=0.1", 200),
    ("application/json; charset=utf-8", 200), ("text/html", 406), ("application/json;q=0", 406), ("image/*", 406),
    ("application/xml, text/*;q=0.9", 406), ("*/*;q=0, application/json", 200),
])
def test_accept(doors, accept, status):
    answer = doors.a.get(REGISTRATIONS, accept=accept)
    assert answer.status == status, answer


def test_refusals_are_problem_json_whatever_is_accepted(doors):
    assert doors.a.get(f"{REGISTRATIONS}/{NEVER}", accept="application/json").status == 404
    assert doors.a.get(f"{REGISTRATIONS}/{NEVER}", accept="application/problem+json, application/json").status == 404


@pytest.mark.parametrize("ctype, status", [
    ("application/json; charset=utf-8", 201), ("Application/JSON", 201), (None, 415), ("text/json", 415), ("text/plain", 415),
    ("application/json-patch+json", 415), ("application/merge-patch+json", 415), ("application/jsonx", 415),
])
def test_content_type(doors, ctype, status):
    answer = doors.a.ask("POST", REGISTRATIONS, {**GOOD, "subjectId": [f"c-type-{ctype}"]}, ctype=ctype)
    assert answer.status == status, answer


def test_a_patch_is_a_merge_patch(doors):
    at = doors.a.register("c-patch").location
    assert doors.a.ask("PATCH", at, {"profile": "VnfciCert"}).status == 415
    assert doors.a.patch(at, {}).status == 200


@pytest.mark.parametrize("path, methods", [
    (REGISTRATIONS, "GET POST"), (f"{REGISTRATIONS}/{NEVER}", "GET PATCH DELETE"), (REQUESTS, "GET POST"),
    (f"{REQUESTS}/{NEVER}", "GET DELETE"), (CERTIFICATES, "GET"), (f"{CERTIFICATES}/{NEVER}", "GET"),
    (f"{CERTIFICATES}/{NEVER}/revoke", "POST"), (V1 + "/ca_certificates", "GET"), (SUBSCRIPTIONS, "GET POST"),
    (f"{SUBSCRIPTIONS}/{NEVER}", "GET DELETE"), ("/cmf-certmgmt/api_versions", "GET"), (V1 + "/nonces", "POST"),
    (f"{REGISTRATIONS}/{NEVER}/initial_credential", "POST"),
])
def test_methods(doors, path, methods):
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"):
        answer = doors.a.ask(method, path, {} if method in ("POST", "PUT", "PATCH") else None)
        assert (answer.status == 405) == (method not in methods.split()), answer


@pytest.mark.parametrize("path", [
    V1, V1 + "/", V1 + "/nothing", V1 + "/registrations/", V1 + "/registrations/x/y", V1 + "/nonces/x", "/cmf-certmgmt",
    "/cmf-certmgmt/v2/registrations", V1 + "/REGISTRATIONS", V1 + "//registrations",
    f"{REGISTRATIONS}/{NEVER}/initial_credentials", f"{CERTIFICATES}/{NEVER}/revoke/x",
])
def test_unknown_paths(doors, path):
    assert doors.a.get(path).status == 404


@pytest.mark.parametrize("text", [
    "1", "x", NEVER.upper().replace("0", "A"), "-" * 36, "a" * 5000, "%2e%2e", "..%2f..", "'", NEVER + "0", NEVER[:-1],
    "00000000-0000-1000-8000-000000000000", "ffffffff-ffff-8fff-bfff-ffffffffffff",
])
def test_identifiers_that_are_none(doors, text):
    for path in (REGISTRATIONS, CERTIFICATES, REQUESTS, SUBSCRIPTIONS):
        assert doors.a.get(f"{path}/{text}").status == 404, path


def test_an_octet_that_is_in_no_path(doors):
    assert doors.a.get(f"{REGISTRATIONS}/%00").status == 400


@pytest.mark.parametrize("method, path", [
    ("GET", REGISTRATIONS + "?x=1"), ("GET", REGISTRATIONS + "?filter=(eq,subjectId,x)&Filter=x"),
    ("POST", REGISTRATIONS + "?x=1"), ("GET", REGISTRATIONS + "?filter=%zz"), ("GET", V1 + "/ca_certificates?filter=x"),
    ("GET", REGISTRATIONS + "?filter=(eq,subjectId,a)&filter=(eq,subjectId,b)"), ("GET", REGISTRATIONS + "?fields=%00"),
])
def test_queries_that_are_refused(doors, method, path):
    answer = doors.a.ask(method, path, GOOD if method == "POST" else None)
    assert answer.status == 400, answer


# --- bodies ---

BIG = "1" + "0" * 400
MALFORMED = [
    ("nothing", ""), ("no JSON", "nonsense"), ("the beginning", '{"certType":'), ("an array", "[]"), ("null", "null"),
    ("a number", "1"), ("a string", '"x"'), ("two documents", "{}{}"), ("something behind", json.dumps(GOOD) + "x"),
    ("a member twice", json.dumps(GOOD)[:-1] + ',"subjectId":["c-1"]}'),
    ("a member twice in an unknown member", json.dumps(GOOD)[:-1] + ',"x":{"a":1,"a":1}}'),
    ("an escaped member twice", json.dumps(GOOD)[:-1] + ',"\\u0073ubjectId":["c-1"]}'),
    ("a trailing comma", json.dumps(GOOD)[:-1] + ",}"), ("a comment", "/* x */" + json.dumps(GOOD)),
    ("single quotes", "{'certType':'VNFCI_CERT'}"), ("NaN", '{"x":NaN}'), ("a mark of byte order", b"\xef\xbb\xbf{}"),
    ("a NUL octet", b'{"x":"\0"}'), ("UTF-8 that is none", b'{"x":"\xff"}'), ("overlong UTF-8", b'{"x":"\xc0\xaf"}'),
    ("a surrogate in UTF-8", b'{"x":"\xed\xa0\x80"}'), ("UTF-16", json.dumps(GOOD).encode("utf-16")),
    ("deep arrays", '{"x":' + "[" * 30000 + "]" * 30000 + "}"), ("deep objects", '{"x":' * 15000 + "1" + "}" * 15000),
    ("deep and open", "[" * 60000), ("a number beyond all", '{"x":1e999}'), ("a newline in a string", '{"x":"\n"}'),
    ("a lone high surrogate", '{"x":"\\ud800"}'), ("a lone low surrogate", '{"x":"\\udc00 "}'),
]


@pytest.mark.parametrize("path", [REGISTRATIONS, REQUESTS, f"{CERTIFICATES}/{NEVER}/revoke", SUBSCRIPTIONS])
def test_bodies_that_are_no_json_object(doors, path):
    for what, body in MALFORMED:
        answer = doors.a.post(path, body)
        assert answer.status == 400, (what, answer)
    assert doors.a.get(REGISTRATIONS).status == 200


def test_escaped_nul(doors):
    """JSON, but nobody's identifier."""
    assert doors.a.post(REGISTRATIONS, '{"certType":"VNFCI_CERT","subjectId":["a\\u0000b"],"typeOfVnfcCertHandling":'
                        '"DELEGATION_MODE"}').status in (400, 422)


@pytest.mark.parametrize("member, value", [
    ("certType", None), ("certType", 1), ("certType", "X"), ("certType", ""), ("certType", ["VNFCI_CERT"]), ("certType", {}),
    ("certType", "vnfci_cert"), ("subjectId", None), ("subjectId", "c-1"), ("subjectId", []), ("subjectId", [1]),
    ("subjectId", [None]), ("subjectId", [["c-1"]]), ("subjectId", {}), ("subjectId", {"0": "c-1"}),
    ("typeOfVnfcCertHandling", None), ("typeOfVnfcCertHandling", "X"), ("typeOfVnfcCertHandling", 0),
    ("typeOfVnfcCertHandling", "DIRECT_MODE"), ("vnfInstanceId", 1), ("vnfInstanceId", ["x"]), ("profile", 1),
    ("profile", "NoSuchProfile"), ("profile", {}), ("attester", {"statementTypes": ["1.2.3"]}),
])
def test_register_members_of_another_type(doors, member, value):
    body = {**GOOD, member: value}
    before = doors.snapshot()
    assert doors.a.post(REGISTRATIONS, body).status == 422
    if value is None:
        assert doors.a.post(REGISTRATIONS, {k: v for k, v in body.items() if k != member}).status == 422
    assert doors.snapshot() == before


@pytest.mark.parametrize("member, value", [
    ("certType", None), ("certType", 1), ("certType", "X"), ("certType", []), ("vnfcId", None), ("vnfcId", 1), ("vnfcId", {}),
    ("vnfcId", ["c-csr"]), ("certChainRequest", None), ("certChainRequest", 1), ("certChainRequest", "yes"),
    ("certChainRequest", {}), ("csr", None), ("csr", 1), ("csr", {}), ("csr", ["x"]), ("profile", 1),
    ("profile", "NoSuchProfile"), ("notAfter", 1), ("notAfter", "tomorrow"), ("notAfter", "2026-02-30T00:00:00Z"),
    ("replaces", 1), ("replaces", {}), ("revokeReplaced", "yes"), ("revokeReplaced", 1), ("vnfInstanceId", 1),
])
def test_csr_members_of_another_type(doors, member, value):
    from json_door import pkcs10
    doors.a.register("c-csr")
    if not hasattr(doors, "csr_of_types"):
        doors.csr_of_types = pkcs10(doors.vnfm_a.key(), "/CN=c-csr")
    body = {"certType": "VNFCI_CERT", "vnfcId": "c-csr", "certChainRequest": True, "csr": doors.csr_of_types, member: value}
    answer = doors.a.post(REQUESTS, body)
    assert answer.status == 422, answer
    assert doors.a.get(CERTIFICATES + "?filter=(eq,subjectId,c-csr)").doc == []


def test_unknown_members_are_ignored(doors):
    answer = doors.a.post(REGISTRATIONS, {**GOOD, "subjectId": ["c-more"], "x": [{"y": None}], "subjectid": 1})
    assert answer.status == 201


# --- bodies that are too large ---

def raw(doors, head, body=b""):
    """The status line and headers of the answer to what http.client would not send."""
    tls = doors.a.tls
    with socket.create_connection(("127.0.0.1", doors.tls_port), PATIENCE) as plain:
        with tls.wrap_socket(plain, server_hostname="127.0.0.1") as secured:
            secured.sendall(head.encode() + b"\r\n\r\n")
            try:
                secured.sendall(body)
            except (ssl.SSLError, OSError):
                pass # the answer came before all of it was sent
            lines, stream = [], secured.makefile("rb")
            while (line := stream.readline().strip()):
                lines.append(line.decode())
            return lines


@pytest.mark.parametrize("head, body", [
    ("Content-Length: 20000000", b""),
    ("Transfer-Encoding: chunked", b"100000\r\n" + b" " * 0x100000 + b"\r\n" + b"100000\r\n" + b" " * 0x100000 + b"\r\n"
     + b"1300000\r\n" + b" " * 0x200000),
], ids=["announced", "chunked"])
def test_twenty_megabytes(doors, head, body):
    lines = raw(doors, f"POST {REGISTRATIONS} HTTP/1.1\r\nHost: x\r\nVersion: 1.0.0\r\nContent-Type: application/json\r\n{head}",
                body)
    assert " 413 " in lines[0], lines
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    assert headers["version"] == "1.0.0-impl:cmfd:cmf-certmgmt:1"
    assert headers["content-type"].startswith("application/problem+json")
    assert doors.a.get(REGISTRATIONS).status == 200
