# SPDX-License-Identifier: Apache-2.0
"""cmfctl --server: a VNF Manager's commands against a server that plays the JSON interface of docs/json-api.md as badly
as that allows: answers get lost, it is busy, certificates come later, lists come in pages."""
import http.server
import json
import re
import ssl
import subprocess
import threading
import urllib.parse
import uuid

import pytest

from conftest import BUILD, OPENSSL, free_port, issue, make_ca, run, wait_for

V1 = "/cmf-certmgmt/v1"


class Peer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def give(self, status, doc=None, **headers):
        body = b"" if doc is None else json.dumps(doc).encode()
        self.send_response(status)
        self.send_header("Version", "1.0.0-impl:cmfd:cmf-certmgmt:1")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 204:
            self.send_header("Content-Type", "application/json" if status < 400 else "application/problem+json")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def lose(self):
        """The request is done, and its answer never comes."""
        self.close_connection = True
        self.connection.close()

    def serve(self):
        door = self.server.door
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        if self.headers.get("Version") != "1.0.0" or not self.headers.get("Accept"):
            return self.give(400, {"status": 400, "detail": "Version or Accept"})
        subject = dict(x[0] for x in self.connection.getpeercert()["subject"]) if self.connection.getpeercert() else {}
        if subject.get("commonName") != "vnfm" and self.headers.get("Authorization") != "Bearer good-token":
            return self.give(401, {"status": 401, "detail": "who asks?", "failInfo": "notAuthorized", "reason": "nobody"})
        path, _, query = self.path.partition("?")
        door.asked.append((self.command, path, body))
        return door.answer(self, path.removeprefix(V1), urllib.parse.parse_qs(query), body)

    do_GET = do_POST = serve


class Door:
    """What the server knows."""

    def __init__(self, directory):
        self.dir = directory
        self.asked, self.registrations, self.certificates, self.csrs = [], [], [], {}
        self.mishaps = []  # what happens to the next POSTs: "lose", "busy"
        self.waits = 0     # how often a request is PROCESSING
        make_ca(directory / "ca.pem", directory / "ca.key", "/CN=Door CA")
        issue(directory / "ca.pem", directory / "ca.key", directory / "tls.pem", directory / "tls.key", "/CN=door",
              extensions="subjectAltName=IP:127.0.0.1\n")
        issue(directory / "ca.pem", directory / "ca.key", directory / "vnfm.pem", directory / "vnfm.key", "/CN=vnfm")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "tls.pem", directory / "tls.key")
        context.load_verify_locations(directory / "ca.pem")
        context.verify_mode = ssl.CERT_OPTIONAL
        self.port = free_port()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Peer)
        self.server.door = self
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, peer, path, query, body):
        mishap = self.mishaps.pop(0) if peer.command == "POST" and self.mishaps else None
        if mishap == "busy":
            return peer.give(503, {"status": 503, "detail": "busy"}, Retry_After="1")
        if path == "/registrations" and body:
            fresh = [s for s in body["subjectId"] if s not in [r["subjectId"] for r in self.registrations]]
            if "" in body["subjectId"]:
                return peer.give(422, {"status": 422, "detail": "bad ids", "invalidParams": [
                    {"name": f"subjectId/{body['subjectId'].index('')}", "reason": "it is empty"}]})
            for s in fresh:
                self.registrations.append({"id": str(uuid.uuid4()), "certType": body["certType"], "subjectId": s,
                                           "vnfInstanceId": body.get("vnfInstanceId"), "state": "REGISTERED"})
            if mishap == "lose":
                return peer.lose()
            rows = [r for s in body["subjectId"] for r in self.registrations if r["subjectId"] == s]
            return peer.give(201 if fresh else 200, rows)
        if path in ("/registrations", "/certificates"):
            return self.page(peer, path, query)
        if path == "/certificate_signing_requests":
            return self.request(peer, body, mishap)
        if path.startswith("/certificate_signing_requests/"):
            return self.poll(peer, self.csrs[path.rsplit("/", 1)[1]])
        if path.endswith("/revoke"):
            cert = next(c for c in self.certificates if c["id"] == path.split("/")[2])
            cert["status"] = "REVOKED"
            return peer.lose() if mishap == "lose" else peer.give(204)
        return peer.give(404, {"status": 404, "detail": "there is no such path"})

    def page(self, peer, path, query):
        rows = self.registrations if path == "/registrations" else self.certificates
        if "filter" in query:
            assert re.fullmatch(r"\(eq,status,VALID\);\(lt,notAfter,\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\)", query["filter"][0])
            rows = [c for c in rows if c["status"] == "VALID" and c["notAfter"] < query["filter"][0].split(",")[-1]]
        at = int(query.get("nextpage_opaque_marker", ["0"])[0])
        link = {"Link": f'<{V1}{path}?nextpage_opaque_marker={at + 2}>; rel="next"'} if len(rows) > at + 2 else {}
        peer.give(200, rows[at:at + 2], **link)

    def request(self, peer, body, mishap):
        """The same CSR is the same request."""
        key = (body["certType"], body["vnfcId"], body.get("vnfInstanceId"), body["csr"])
        place = next((i for i, c in self.csrs.items() if c["key"] == key), None)
        known = place is not None
        if not known:
            place = str(uuid.uuid4())
            self.csrs[place] = {"key": key, "waits": self.waits, "id": place, "body": body}
        if mishap == "lose":
            return peer.lose()
        return self.poll(peer, self.csrs[place], 200 if known else 201)

    def poll(self, peer, csr, status=200):
        location = {"Location": f"{V1}/certificate_signing_requests/{csr['id']}"}
        if csr["waits"] > 0:
            csr["waits"] -= 1
            return peer.give(202 if peer.command == "POST" else 200, {"id": csr["id"], "status": "PROCESSING"},
                             Retry_After="1", **location)
        if "certificateId" not in csr:
            self.certify(csr)
        doc = {"id": csr["id"], "status": "COMPLETED", "certificateId": csr["certificateId"], "certificate": csr["pem"],
               "certificateChain": [(self.dir / "ca.pem").read_text()]}
        return peer.give(status, doc, **location)

    def certify(self, csr):
        body = csr["body"]
        request, cert = self.dir / "in.csr", self.dir / "out.pem"
        request.write_text(body["csr"])
        run([OPENSSL, "req", "-verify", "-in", request, "-noout"])
        run([OPENSSL, "x509", "-req", "-in", request, "-CA", self.dir / "ca.pem", "-CAkey", self.dir / "ca.key", "-days",
             "30", "-set_serial", str(len(self.certificates) + 1), "-out", cert])
        csr["pem"], csr["certificateId"] = cert.read_text(), str(uuid.uuid4())
        for old in self.certificates:
            if old["id"] == body.get("replaces"):
                old["replacedBy"] = csr["certificateId"]
        self.certificates.append({"id": csr["certificateId"], "status": "VALID", "certType": body["certType"],
                                  "subjectId": body["vnfcId"], "vnfInstanceId": body.get("vnfInstanceId"),
                                  "serialNumber": "%02x" % (len(self.certificates) + 1), "notAfter": "2027-01-01T00:00:00Z"})

    def ctl(self, *args, check=True, port=None, cert="vnfm"):
        options = ["--server", f"https://127.0.0.1:{port or self.port}", "--tls-trusted", self.dir / "ca.pem"]
        options += ["--cert", self.dir / f"{cert}.pem", "--key", self.dir / f"{cert}.key"] if cert else []
        return run([BUILD / "cmfctl", *options, *args], check=check)


@pytest.fixture
def door(tmp_path):
    d = Door(tmp_path)
    yield d
    d.server.shutdown()
    d.server.server_close()


def request(door, name, *more, **kwargs):
    return door.ctl("request", "--cert-type", "VNFCI_CERT", "--subject-id", name, "--new-key", door.dir / f"{name}.key",
                    "--out", door.dir / f"{name}.crt", *more, **kwargs)


def same_key(key, cert):
    return run([OPENSSL, "pkey", "-in", key, "-pubout"]).stdout == run([OPENSSL, "x509", "-in", cert, "-noout", "-pubkey"]).stdout


def test_register_is_repeated_after_a_lost_answer(door):
    door.mishaps = ["lose", "busy"]
    told = door.ctl("register", "--cert-type", "VnfciCert", "--subject-id", "a", "--subject-id", "b", "--vnf-instance",
                    "vnf-1", "--json")
    assert [r["subjectId"] for r in json.loads(told.stdout)] == ["a", "b"] and len(door.registrations) == 2
    assert [body for _, _, body in door.asked] == 3 * [{
        "certType": "VNFCI_CERT", "subjectId": ["a", "b"], "typeOfVnfcCertHandling": "DELEGATION_MODE", "vnfInstanceId": "vnf-1"}]
    door.ctl("register", "--cert-type", "MANO_CERT", "--subject-id", "nfvo.example.net")
    assert "typeOfVnfcCertHandling" not in door.asked[-1][2]
    refused = door.ctl("register", "--cert-type", "VNFCI_CERT", "--subject-id", "c", "--subject-id", "", check=False)
    assert refused.returncode == 1 and "subjectId/1: it is empty" in refused.stdout


def test_request_waits_and_asks_the_same_again(door):
    door.mishaps, door.waits = ["lose", "busy", "lose"], 2
    told = request(door, "vnfc-1", "--vnf-instance", "vnf-1", "--json")
    assert json.loads(told.stdout)[0]["status"] == "COMPLETED"
    posts = [body for method, path, body in door.asked if path == V1 + "/certificate_signing_requests"]
    assert len(posts) == 4 and all(p == posts[0] for p in posts) and len(door.certificates) == 1
    assert posts[0]["vnfInstanceId"] == "vnf-1" and posts[0]["certChainRequest"] is True
    assert same_key(door.dir / "vnfc-1.key", door.dir / "vnfc-1.crt")
    assert (door.dir / "vnfc-1.crt").read_text().count("BEGIN CERTIFICATE") == 2
    assert (door.dir / "vnfc-1.key").stat().st_mode & 0o777 == 0o600
    assert not (door.dir / "vnfc-1.crt.csr").exists()


def test_request_goes_on_after_an_interruption(door):
    """ECDSA signs otherwise each time: the request that was sent is kept, and sent again."""
    door.waits = 1000
    process = subprocess.Popen([str(a) for a in [
        BUILD / "cmfctl", "--server", f"https://127.0.0.1:{door.port}", "--tls-trusted", door.dir / "ca.pem", "--cert",
        door.dir / "vnfm.pem", "--key", door.dir / "vnfm.key", "request", "--cert-type", "VNFCI_CERT", "--subject-id", "vnfc-2",
        "--new-key", door.dir / "vnfc-2.key", "--out", door.dir / "vnfc-2.crt"]])
    wait_for("the request", lambda: door.csrs)
    process.kill()
    process.wait()
    next(iter(door.csrs.values()))["waits"] = door.waits = 0
    request(door, "vnfc-2")
    assert len(door.csrs) == 1 and len(door.certificates) == 1
    assert same_key(door.dir / "vnfc-2.key", door.dir / "vnfc-2.crt")
    # Another one is another request, with the key that is there.
    request(door, "vnfc-2")
    assert len(door.csrs) == 2 and same_key(door.dir / "vnfc-2.key", door.dir / "vnfc-2.crt")


def test_renew_all_that_are_due(door):
    for name in ("r1", "r2", "r3"):
        request(door, name, *(["--vnf-instance", "vnf/1"] if name == "r3" else []))
    door.certificates[1]["notAfter"] = "9999-01-01T00:00:00Z"
    (door.dir / "new").mkdir()
    told = door.ctl("renew", "--expires-within", "900d", "--dir", door.dir / "new", "--json")
    assert [r["subjectId"] for r in json.loads(told.stdout)] == ["r1", "r3"]
    names = sorted(f.name for f in (door.dir / "new").iterdir())
    assert names == ["VNFCI_CERT::r1:01.key", "VNFCI_CERT::r1:01.pem", "VNFCI_CERT:vnf%2F1:r3:03.key", "VNFCI_CERT:vnf%2F1:r3:03.pem"]
    assert door.certificates[0]["replacedBy"] == door.certificates[3]["id"] and "replacedBy" not in door.certificates[1]
    assert same_key(door.dir / "new" / names[0], door.dir / "new" / names[1])
    assert not same_key(door.dir / "r1.key", door.dir / "new" / names[1])
    for renewed in door.certificates[3:]:
        renewed["notAfter"] = "9999-01-01T00:00:00Z"
    assert json.loads(door.ctl("renew", "--expires-within", "900d", "--dir", door.dir / "new", "--json").stdout) == []


def test_list_follows_pages_and_watch_tells_changes(door):
    for name in ("l1", "l2", "l3", "l4", "l5"):
        request(door, name)
    assert [c["subjectId"] for c in json.loads(door.ctl("list", "certificates", "--json").stdout)] == ["l1", "l2", "l3", "l4", "l5"]
    assert "l5" in door.ctl("list", "certificates").stdout
    watch = subprocess.Popen([str(a) for a in [
        BUILD / "cmfctl", "--server", f"https://127.0.0.1:{door.port}", "--tls-trusted", door.dir / "ca.pem", "--cert",
        door.dir / "vnfm.pem", "--key", door.dir / "vnfm.key", "--json", "watch", "--interval", "1"]],
        stdout=subprocess.PIPE, text=True)
    wait_for("the first round", lambda: [p for _, p, _ in door.asked].count(V1 + "/certificates") >= 9)
    door.mishaps = ["lose"]
    door.ctl("revoke", door.certificates[2]["id"], "--reason", "keyCompromise")
    line = json.loads(watch.stdout.readline())
    assert (line["change"], line["certificate"]["subjectId"]) == ("REVOKED", "l3")
    request(door, "l6")
    assert json.loads(watch.stdout.readline())["change"] == "issued"
    watch.kill()
    watch.wait()
    assert [b for _, p, b in door.asked if p.endswith("/revoke")] == 2 * [{"reason": "keyCompromise"}]


def test_who_asks_and_whom(door):
    token = door.dir / "token"
    token.write_text("good-token\n")
    assert door.ctl("--token-file", token, "list", "registrations", "--json", cert=None).stdout.strip() == "[]"
    token.write_text("bad\n")
    refused = door.ctl("--token-file", token, "list", "registrations", cert=None, check=False)
    assert refused.returncode == 1 and "who asks? (notAuthorized, nobody)" in refused.stdout
    assert door.ctl("list", "registrations", cert=None, check=False).returncode == 2
    assert door.ctl("client", "list", check=False).returncode == 2
    assert door.ctl("list", "registrations", port=free_port(), check=False).returncode == 3
    make_ca(door.dir / "other.pem", door.dir / "other.key", "/CN=Other")
    untrusted = run([BUILD / "cmfctl", "--server", f"https://127.0.0.1:{door.port}", "--tls-trusted", door.dir / "other.pem",
                     "--cert", door.dir / "vnfm.pem", "--key", door.dir / "vnfm.key", "list", "registrations"], check=False)
    assert untrusted.returncode == 3
    plain = run([BUILD / "cmfctl", "--server", "http://192.0.2.1:80", "--token-file", token, "list", "registrations"], check=False)
    assert plain.returncode == 2 and "https" in plain.stdout


def test_credentials_go_to_no_other_server(door):
    door.registrations = [{"id": str(i), "subjectId": str(i)} for i in range(3)]
    page = door.page
    door.page = lambda peer, path, query: peer.give(200, [], Link=f'<https://127.0.0.1:{door.port}0{V1}{path}?nextpage_opaque_marker=2>; rel="next"')
    refused = door.ctl("list", "registrations", check=False)
    assert refused.returncode == 4 and "another server" in refused.stdout
    door.page = page
    assert len(json.loads(door.ctl("list", "registrations", "--json").stdout)) == 3
