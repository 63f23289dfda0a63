# SPDX-License-Identifier: Apache-2.0
"""The JSON binding as schema/openapi/cmf-certmgmt.yaml has it: whether an answer of cmfd, or a request, is one that the
file describes. A member that the file does not name is a mistake in an answer. Knows nothing of how answers are had."""
import copy
import datetime
import functools
import pathlib
import re
import urllib.parse
import uuid

import jsonschema
import yaml

FILE = pathlib.Path(__file__).resolve().parents[2] / "schema" / "openapi" / "cmf-certmgmt.yaml"
DOCUMENT = yaml.safe_load(FILE.read_text())
PREFIX = "/cmf-certmgmt"
PROBLEM = "application/problem+json"
METHODS = ("get", "post", "put", "patch", "delete")

# What is said before a resource is known: no or a wrong credential, a path that there is not, HTTP that is none.
BEFORE_THE_RESOURCE = {400, 401, 404, 405, 406, 413, 415, 429, 500, 503}

FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def is_date_time(value):
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value):
        raise ValueError(value)
    return bool(datetime.datetime.fromisoformat(re.sub(r"\.\d+", "", value).replace("Z", "+00:00")))


@FORMATS.checks("uuid", raises=ValueError)
def is_uuid(value):
    return str(uuid.UUID(value)) == value


@FORMATS.checks("uri-reference", raises=ValueError)
def is_uri_reference(value):
    return bool(value) and bool(urllib.parse.urlsplit(value)) and re.search(r"[\s<>\"{}|\\^`]", value) is None


def resolved(node):
    """The node without the reference that it may be."""
    while "$ref" in node:
        target = DOCUMENT
        for part in node["$ref"].lstrip("#/").split("/"):
            target = target[part]
        node = target
    return node


def judged_schema(node, closed):
    """An OpenAPI 3.0 schema as JSON Schema draft 4, references in place; closed: what it does not name is a mistake."""
    node = copy.copy(resolved(node))
    if "properties" in node:
        node["properties"] = {name: judged_schema(s, closed) for name, s in node["properties"].items()}
        if closed:
            node.setdefault("additionalProperties", False)
    if "items" in node:
        node["items"] = judged_schema(node["items"], closed)
    for of in ("anyOf", "allOf"):
        if of in node:
            node[of] = [judged_schema(s, closed) for s in node[of]]
    if node.get("nullable"):
        node["type"] = [node["type"], "null"]
    return node


@functools.lru_cache(maxsize=None)
def validator(pointer, closed):
    return jsonschema.Draft4Validator(judged_schema({"$ref": pointer}, closed), format_checker=FORMATS)


def errors_of(schema, value, closed=True):
    """What is wrong with a value; a list of sentences."""
    if "$ref" in schema:
        judge = validator(schema["$ref"], closed)
    else:
        judge = jsonschema.Draft4Validator(judged_schema(schema, closed), format_checker=FORMATS)
    return [f"{'/'.join(map(str, e.absolute_path)) or 'the whole'}: {e.message}"[:500] for e in judge.iter_errors(value)]


def errors_of_named(name, value):
    """The same for a schema of components, such as Notification."""
    return errors_of({"$ref": f"#/components/schemas/{name}"}, value)


def path_item(path):
    """The path item of the file that a path of a request is of, or None."""
    path = urllib.parse.urlsplit(path).path
    if not path.startswith(PREFIX + "/"):
        return None
    for template, item in DOCUMENT["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path[len(PREFIX):]):
            return item
    return None


def documented(method, path, status):
    """The response of the file for it, or None."""
    item = path_item(path)
    operation = (item or {}).get(method.lower())
    if operation:
        found = operation["responses"].get(str(status))
        return resolved(found) if found else None
    if status not in BEFORE_THE_RESOURCE:
        return None
    return next(resolved(r) for o in DOCUMENT["paths"].values() for m in METHODS if m in o
                for s, r in o[m]["responses"].items() if s == str(status))


def header_errors(response, headers):
    for name, header in response.get("headers", {}).items():
        header, value = resolved(header), headers.get(name.lower())
        if value is None:
            if header.get("required"):
                yield f"there is no {name}"
        else:
            yield from (f"{name}: {e}" for e in errors_of(header["schema"], value))


def answer_errors(method, path, status, headers, body, doc):
    """What is wrong with an answer: headers by lower-case name, body in octets, doc what its JSON says or None."""
    response = documented(method, path, status)
    if response is None:
        return [f"{status} is not documented"]
    errors = list(header_errors(response, headers))
    kind = headers.get("content-type", "").split(";")[0].strip()
    content = response.get("content")
    if not content:
        return errors + (["a body where there is none to be"] if body else [])
    if kind not in content:
        return errors + [f"Content-Type {kind!r} is not documented"]
    if kind.endswith("json"):
        errors += errors_of(content[kind]["schema"], doc)
    if kind == PROBLEM and isinstance(doc, dict) and doc.get("status") != status:
        errors.append(f"status in the body is {doc.get('status')}")
    return errors


def request_errors(method, path, doc):
    """What is wrong with the body of a request that cmfd has granted."""
    operation = (path_item(path) or {}).get(method.lower(), {})
    content = resolved(operation.get("requestBody", {})).get("content", {})
    return [e for c in content.values() for e in errors_of(c["schema"], doc, closed=False)]
