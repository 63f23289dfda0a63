# SPDX-License-Identifier: Apache-2.0
"""A client of the JSON door, over HTTPS with a client certificate, or with a token. Every answer that it gets is held
against the OpenAPI file (binding.py): a test that goes through it need not look for what holds of all answers."""
import http.client
import json
import re
import ssl
import urllib.parse

import pytest

import binding
from conftest import OPENSSL, PATIENCE, run

V1 = "/cmf-certmgmt/v1"
REGISTRATIONS, REQUESTS = V1 + "/registrations", V1 + "/certificate_signing_requests"
CERTIFICATES, SUBSCRIPTIONS = V1 + "/certificates", V1 + "/subscriptions"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.doc = json.loads(body) if body and "json" in headers.get("content-type", "") else None

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:2000]!r}"

    @property
    def location(self):
        """The path of Location."""
        return urllib.parse.urlsplit(self.headers["location"]).path

    @property
    def next(self):
        """The path and query of the next page, or None."""
        found = re.match(r'<([^>]*)>; *rel="?next"?$', self.headers.get("link", ""))
        parts = urllib.parse.urlsplit(found.group(1)) if found else None
        return f"{parts.path}?{parts.query}" if parts else None


class JsonDoor:
    """`cert` and `key`: files of a TLS client certificate, with its chain; `token`: a bearer token."""

    def __init__(self, cmf, cert=None, key=None, token=None):
        self.cmf, self.token = cmf, token
        self.tls = ssl.create_default_context(cafile=cmf.root)
        if cert:
            self.tls.load_cert_chain(cert, key)
        self.connection = None

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def exchange(self, method, path, body, headers):
        """One request, over the connection of the last one if it is still there."""
        for again in (self.connection is not None, False):
            if not self.connection:
                self.connection = http.client.HTTPSConnection("127.0.0.1", self.cmf.tls_port, context=self.tls,
                                                              timeout=PATIENCE)
            try:
                self.connection.request(method, path, body, headers)
                answer = self.connection.getresponse()
                return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
            except (OSError, http.client.HTTPException):
                self.close()
                if not again:
                    raise
        raise AssertionError("not reached")

    def ask(self, method, path, body=None, version="1.0.0", accept="application/json", ctype="application/json", **headers):
        """body: a document, or text or octets as they are to be sent. None: that header is not sent."""
        sent = {k.replace("_", "-"): v for k, v in headers.items()}
        sent.update({k: v for k, v in (("Version", version), ("Accept", accept)) if v is not None})
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        doc = None
        if body is not None:
            if not isinstance(body, (bytes, str)):
                doc, body = body, json.dumps(body)
            body = body.encode() if isinstance(body, str) else body
            if ctype is not None:
                sent["Content-Type"] = ctype
        answer = self.exchange(method, path, body, sent)
        self.check(method, path, doc, answer)
        return answer

    @staticmethod
    def check(method, path, doc, answer):
        errors = binding.answer_errors(method, path, answer.status, answer.headers, answer.body, answer.doc)
        if doc is not None and answer.status < 300:
            errors += binding.request_errors(method, path, doc)
        if errors:
            pytest.fail("\n".join([f"{method} {path[:500]}: not as {binding.FILE.name} has it", *errors, repr(answer)]))

    def get(self, path, **kwargs):
        return self.ask("GET", path, **kwargs)

    def post(self, path, body, **kwargs):
        return self.ask("POST", path, body, **kwargs)

    def patch(self, path, body, **kwargs):
        return self.ask("PATCH", path, body, ctype="application/merge-patch+json", **kwargs)

    def delete(self, path, **kwargs):
        return self.ask("DELETE", path, **kwargs)

    def pages(self, path):
        """The items of each page, one page after another."""
        while path:
            answer = self.get(path)
            assert answer.status == 200, answer
            yield answer.doc
            path = answer.next

    def listed(self, path):
        return [item for page in self.pages(path) for item in page]

    def register(self, *subject_ids, cert_type="VNFCI_CERT", **members):
        """The answer to Register; delegation mode where it must be said."""
        body = {"certType": cert_type, "subjectId": list(subject_ids), **members}
        if cert_type != "MANO_CERT":
            body.setdefault("typeOfVnfcCertHandling", "DELEGATION_MODE")
        return self.post(REGISTRATIONS, body)

    def request(self, csr, vnfc_id=None, cert_type="VNFCI_CERT", chain=True, **members):
        """The answer to Certificate Signing Request."""
        body = {"certType": cert_type, "certChainRequest": chain, "csr": csr, **members}
        if vnfc_id is not None:
            body["vnfcId"] = vnfc_id
        return self.post(REQUESTS, body)

    def enrol(self, requester, subject, **members):
        """Gets a certificate for a new key of the requester (conftest.Requester): the resource, the key's file."""
        key = requester.key()
        answer = self.request(pkcs10(key, f"/CN={subject}"), subject, **members)
        assert answer.status == 201, answer
        return answer.doc, key


def door_of(vnfm):
    """The JSON door for a VNFM of the tests, with its credential for CMP."""
    return JsonDoor(vnfm.cmf, vnfm.cert, vnfm.private_key)


def pkcs10(key, subject, *args):
    """A PKCS#10 as PEM. Further arguments of `openssl req`, as -addext."""
    return run([OPENSSL, "req", "-new", "-key", key, "-subj", subject, *args]).stdout
