# SPDX-License-Identifier: Apache-2.0
"""schema/openapi/cmf-certmgmt.yaml is OpenAPI 3.0.3, whole and consistent, and answers are held against it strictly."""
import json
import pathlib
import re

import jsonschema
import pytest

import binding

OAS = pathlib.Path("/usr/share/openapi-specification/schemas/v3.0/schema.json") # of Debian's openapi-specification
VERSION = "1.0.0-impl:cmfd:cmf-certmgmt:1"


def operations():
    for path, item in binding.DOCUMENT["paths"].items():
        for method in binding.METHODS:
            if method in item:
                parameters = [binding.resolved(p) for p in item.get("parameters", []) + item[method].get("parameters", [])]
                yield path, method, item[method], parameters


def nodes(node):
    """Each mapping in the file."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(child)


@pytest.mark.skipif(not OAS.exists(), reason="the schema of OpenAPI is missing (tools/install-deps --test)")
def test_valid_openapi_3_0_3():
    judge = jsonschema.Draft4Validator(json.loads(OAS.read_text()))
    assert [e.message for e in judge.iter_errors(json.loads(json.dumps(binding.DOCUMENT)))] == []
    assert binding.DOCUMENT["openapi"] == "3.0.3"


def test_says_what_it_is():
    about = binding.DOCUMENT["info"]
    assert about["version"] == VERSION
    assert "cmfd's own binding" in about["description"] and "no conformance to SOL 023 is claimed" in about["description"]


def test_consistent():
    """What the schema of OpenAPI cannot say."""
    for node in nodes(binding.DOCUMENT):
        if isinstance(node.get("$ref"), str):
            binding.resolved(node)
        if isinstance(node.get("properties"), dict):
            assert set(node.get("required", [])) <= set(node["properties"]), node
    ids = [o["operationId"] for _, _, o, _ in operations()]
    assert len(ids) == len(set(ids))
    for path, _, operation, parameters in operations():
        in_path = {p["name"] for p in parameters if p["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", path)), path
        assert ("Version" in {p["name"] for p in parameters}) == ("api_versions" not in path), path


def test_every_answer_has_what_sol_013_asks_of_it():
    """SOL 013 4.2.3: Version; 401 has WWW-Authenticate, 503 Retry-After; refusals are ProblemDetails."""
    for path, method, operation, _ in operations():
        for status, response in operation["responses"].items():
            response = binding.resolved(response)
            where = f"{method} {path} {status}"
            assert binding.resolved(response["headers"]["Version"])["required"], where
            if int(status) >= 400:
                assert list(response["content"]) == [binding.PROBLEM], where
            if status in ("401", "503"):
                assert {"401": "WWW-Authenticate", "503": "Retry-After"}[status] in response["headers"], where


REGISTRATION = {"id": "7d444840-9dc0-11d1-b245-5ffdce74fad2", "certType": "VNFCI_CERT", "subjectId": "a", "manager": "m",
                "trustDomain": "d", "ca": "c", "profile": "VnfciCert", "state": "REGISTERED",
                "registeredAt": "2026-01-01T00:00:00Z", "_links": {"self": {"href": "/x"}}}
PROBLEM = {"status": 404, "detail": "there is none"}
GOOD = {"version": VERSION, "content-type": "application/json", "etag": '"1"'}


@pytest.mark.parametrize("what, status, doc, headers, wrong", [
    ("as it should be", 200, REGISTRATION, {}, None),
    ("a member that is not documented", 200, {**REGISTRATION, "secret": 1}, {}, "secret"),
    ("one further down", 200, {**REGISTRATION, "_links": {"self": {"href": "/x", "y": 1}}}, {}, "'y'"),
    ("a member is missing", 200, {k: v for k, v in REGISTRATION.items() if k != "ca"}, {}, "'ca'"),
    ("another type", 200, {**REGISTRATION, "subjectId": ["a"]}, {}, "subjectId"),
    ("an unknown value", 200, {**REGISTRATION, "certType": "VnfciCert"}, {}, "certType"),
    ("no UUID", 200, {**REGISTRATION, "id": "1"}, {}, "id"),
    ("no time", 200, {**REGISTRATION, "registeredAt": "2026-13-01T00:00:00Z"}, {}, "registeredAt"),
    ("no Version", 200, REGISTRATION, {"version": None}, "Version"),
    ("another Version", 200, REGISTRATION, {"version": "2.0.0"}, "Version"),
    ("no ETag", 200, REGISTRATION, {"etag": None}, "ETag"),
    ("another status", 201, REGISTRATION, {}, "201 is not documented"),
    ("another type of content", 200, REGISTRATION, {"content-type": "text/html"}, "text/html"),
    ("a refusal", 404, PROBLEM, {"content-type": binding.PROBLEM}, None),
    ("one that is no ProblemDetails", 404, PROBLEM, {}, "application/json"),
    ("one of another status", 404, {**PROBLEM, "status": 403}, {"content-type": binding.PROBLEM}, "status"),
    ("one without WWW-Authenticate", 401, {**PROBLEM, "status": 401}, {"content-type": binding.PROBLEM}, "WWW-Auth"),
])
def test_answers_are_held_against_it(what, status, doc, headers, wrong):
    headers = {k: v for k, v in {**GOOD, **headers}.items() if v is not None}
    path = "/cmf-certmgmt/v1/registrations/7d444840-9dc0-11d1-b245-5ffdce74fad2"
    errors = binding.answer_errors("GET", path, status, headers, json.dumps(doc).encode(), doc)
    assert (errors == []) if wrong is None else (errors and all(wrong in e for e in errors)), (what, errors)


def test_no_body_where_there_is_none_to_be():
    at = ("DELETE", "/cmf-certmgmt/v1/subscriptions/7d444840-9dc0-11d1-b245-5ffdce74fad2", 204, {"version": VERSION})
    assert binding.answer_errors(*at, b"", None) == []
    assert binding.answer_errors(*at, b"{}", {}) == ["a body where there is none to be"]


def test_paths_and_methods_that_there_are_not():
    for method, path, status in (("GET", "/cmf-certmgmt/v1/nothing", 404), ("PUT", "/cmf-certmgmt/v1/registrations", 405)):
        doc = {"status": status, "detail": "no"}
        headers = {"version": VERSION, "content-type": binding.PROBLEM}
        assert binding.answer_errors(method, path, status, headers, b"x", doc) == []
        assert binding.answer_errors(method, path, 200, headers, b"x", doc) == ["200 is not documented"]
