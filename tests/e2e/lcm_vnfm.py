# SPDX-License-Identifier: Apache-2.0
"""A VNF Manager as SOL 003 version 2 has it, for direct mode: HTTP on loopback, whose VNFs a test changes, which notifies of it,
and which can be made to fail, to lie and to forget. What it answers and sends, and what cmfd asks for, is held against the types of
SOL 003."""
import base64
import http.client
import http.server
import json
import re
import socketserver
import ssl
import threading
import urllib.parse
import urllib.request
import uuid

import jsonschema

from conftest import PATIENCE, ROOT, free_port

SCHEMA = json.loads((ROOT / "tests/vectors/vnfm/sol003.json").read_text())

LINKS = ("instantiatedVnfInfo", "vimConnectionInfo", "metadata")


def problems(kind, body):
    """What is wrong with it as a `kind` of SOL 003."""
    judge = jsonschema.Draft4Validator({**SCHEMA, "$ref": f"#/definitions/{kind}"})
    return [f"{kind}: {'/'.join(map(str, e.path))}: {e.message[:200]}" for e in judge.iter_errors(body)]


def instance(root, vnf, vnfcs, info=True, state=None):
    """A VnfInstance; vnfcs are {VNFC: resource}."""
    body = {"id": vnf, "vnfdId": "vnfd-1", "vnfProvider": "p", "vnfProductName": "n", "vnfSoftwareVersion": "1",
            "vnfdVersion": "1", "instantiationState": state or ("INSTANTIATED" if vnfcs else "NOT_INSTANTIATED"),
            "vimConnectionInfo": {"vim": {"vimType": "t", "accessInfo": {"bearer_token": "SECRET-OF-THE-VIM"}}},
            "_links": {"self": {"href": f"{root}/vnflcm/v2/vnf_instances/{urllib.parse.quote(vnf, safe='')}"}}}
    if body["instantiationState"] == "INSTANTIATED":
        body["instantiatedVnfInfo"] = {"flavourId": "f", "vnfState": "STARTED", "extCpInfo": [
            {"id": "cp", "cpdId": "cp", "cpConfigId": "cp", "associatedVnfcCpId": "cp",
             "cpProtocolInfo": [{"layerProtocol": "IP_OVER_ETHERNET"}]}], "vnfcResourceInfo": [
            {"id": r, "vduId": "vdu", "computeResource": {"resourceId": "pod-" + r}} for r in vnfcs.values()]}
        if info:
            body["instantiatedVnfInfo"]["vnfcInfo"] = [
                {"id": c, "vduId": "vdu", "vnfcResourceInfoId": r, "vnfcState": "STARTED"} for c, r in vnfcs.items()]
    return body


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class VnfManager:
    """`instances`, `subscriptions` are what it has; `fail` (method, path) -> status or None; `page` items to a page.
    `slow` (method, path) -> whether it answers only once it is `released`; `lie` (method, path, body) -> what it says instead,
    octets as they are. `admits` (headers, certificate) -> whether it knows who asks. With `tls`, a context, it is https; it
    notifies over https with `client`, a context."""

    def __init__(self, version="2.0.0", page=2, tls=None, client=None):
        self.port, self.version, self.page, self.tls, self.client = free_port(), version, page, tls, client
        self.root = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
        self.instances, self.subscriptions, self.asked, self.wrong = {}, {}, [], []
        self.fail = lambda method, path: None
        self.slow = lambda method, path: False
        self.lie = lambda method, path, body: body
        self.admits = lambda headers, certificate: True
        self.released = threading.Event()
        self.tokens = set()
        self.lock = threading.Lock()

    def start(self):
        manager = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                manager.serve(self)
            do_POST = do_DELETE = do_PATCH = do_PUT = do_GET

            def log_message(self, *args):
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads, allow_reuse_address = True, True

            def handle_error(self, *args):
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        if self.tls:
            self.server.socket = self.tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    # --- what it answers ---

    def answer(self, to, status, body=None, **headers):
        if status == 200:
            body = self.lie(to.command, to.path, body)
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        to.send_response(status)
        if status != 204:
            to.send_header("Content-Type", "application/problem+json" if status >= 400 else "application/json")
            to.send_header("Content-Length", str(len(data)))
        for name, value in {"Version": self.version, **headers}.items():
            to.send_header(name, value)
        to.end_headers()
        to.wfile.write(data)

    def problem(self, to, status):
        self.answer(to, status, {"status": status, "detail": http.client.responses[status]})

    def serve(self, to):
        length = int(to.headers.get("Content-Length") or 0)
        body = to.rfile.read(length) if length else None
        body = json.loads(body) if body and to.headers.get("Content-Type") == "application/json" else body
        path, _, query = to.path.partition("?")
        with self.lock:
            self.asked.append((to.command, to.path))
        if self.slow(to.command, path):
            self.released.wait(PATIENCE)
        failure = self.fail(to.command, path)
        if failure:
            return self.problem(to, failure)
        if path == "/token":
            return self.token(to)
        if not self.admits(to.headers, to.connection.getpeercert() if self.tls else None):
            return self.answer(to, 401, {"status": 401, "detail": "who is that"}, **{"WWW-Authenticate": "Basic realm=vnfm"})
        if path == "/vnflcm/api_versions":
            return self.answer(to, 200, {"uriPrefix": "/vnflcm", "apiVersions": [{"version": "1.3.0"}, {"version": self.version}]})
        if to.headers.get("Version", "") != self.version:
            return self.problem(to, 406 if to.headers.get("Version") else 400)
        found = re.fullmatch(r"/vnflcm/v2/(subscriptions|vnf_instances)(?:/([^/]+))?", path)
        if not found:
            return self.problem(to, 404)
        kind, name = found[1], found[2] and urllib.parse.unquote(found[2])
        if kind == "subscriptions" and to.command == "POST":
            return self.subscribe(to, body)
        if kind == "subscriptions" and to.command == "DELETE":
            return self.answer(to, 204) if self.subscriptions.pop(name, None) else self.problem(to, 404)
        if to.command != "GET":
            return self.problem(to, 405)
        items = dict(self.shown() if kind == "subscriptions" else self.instances)
        if name is not None:
            for_whom = "LccnSubscription" if kind == "subscriptions" else "VnfInstance"
            self.wrong += problems(for_whom, items[name]) if name in items else []
            return self.answer(to, 200, items[name]) if name in items else self.problem(to, 404)
        self.list(to, path, urllib.parse.parse_qs(query), items)

    def token(self, to):
        """Of its authorisation server, for who asks as "cmf" (RFC 6749 4.4)."""
        if to.headers.get("Authorization") != "Basic " + base64.b64encode(b"cmf:a-secret-of-the-test").decode():
            return self.problem(to, 401)
        token = str(uuid.uuid4())
        self.tokens.add("Bearer " + token)
        self.answer(to, 200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def list(self, to, path, query, items):
        names, marker = sorted(items), query.get("nextpage_opaque_marker", [None])[0]
        if marker and marker not in names:
            return self.problem(to, 400)
        at = names.index(marker) if marker else 0
        more = {"Link": f'<{self.root}{path}?nextpage_opaque_marker={urllib.parse.quote(names[at + self.page], safe="")}>;rel="next"'} \
            if at + self.page < len(names) else {}
        page = [{k: v for k, v in items[n].items() if k not in LINKS} for n in names[at:at + self.page]]
        self.answer(to, 200, page, **more)

    def shown(self):
        return {i: {"id": i, "callbackUri": s["callbackUri"], "verbosity": "FULL", "_links": {"self": {
            "href": f"{self.root}/vnflcm/v2/subscriptions/{i}"}}} for i, s in list(self.subscriptions.items())}

    def subscribe(self, to, body):
        self.wrong += problems("LccnSubscriptionRequest", body)
        try:
            status = self.send("GET", body)
        except OSError:
            return self.problem(to, 500)
        if status != 204:
            return self.problem(to, 422)
        name = str(uuid.uuid4())
        self.subscriptions[name] = body
        self.answer(to, 201, self.shown()[name], Location=f"{self.root}/vnflcm/v2/subscriptions/{name}")

    # --- what it sends ---

    def send(self, method, subscription, body=None):
        url = urllib.parse.urlsplit(subscription["callbackUri"])
        authentication = subscription.get("authentication") or {}
        headers = {"Version": self.version, "Content-Type": "application/json"}
        if "paramsBasic" in authentication:
            headers["Authorization"] = basic(*(authentication["paramsBasic"][n] for n in ("userName", "password")))
        if "paramsOauth2ClientCredentials" in authentication:
            headers["Authorization"] = self.bearer(authentication["paramsOauth2ClientCredentials"])
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60) if url.scheme == "http" else \
            http.client.HTTPSConnection(url.hostname, url.port, timeout=60, context=self.client)
        connection.request(method, url.path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def bearer(self, params):
        """A new token for every notification, as Tacker has it."""
        request = urllib.request.Request(params["tokenEndpoint"], b"grant_type=client_credentials",
                                         {"Authorization": basic(params["clientId"], params["clientPassword"])})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return "Bearer " + json.load(answer)["access_token"]

    def tell(self, notification):
        """Sends it under the subscription that there is, whatever it says itself."""
        name, subscription = next(iter(self.subscriptions.items()))
        links = {"vnfInstance": {"href": f"{self.root}/vnflcm/v2/vnf_instances/x"}, "subscription": {"href": self.root},
                 "vnfLcmOpOcc": {"href": self.root}}
        if notification["notificationType"] != "VnfLcmOperationOccurrenceNotification":
            del links["vnfLcmOpOcc"]
        body = {"timeStamp": "2026-11-29T08:24:50Z", "_links": links, **notification, "id": str(uuid.uuid4()),
                "subscriptionId": name}
        self.wrong += problems(body["notificationType"], body)
        return self.send("POST", subscription, body)

    def operation(self, vnf, operation, state="COMPLETED", added=(), removed=()):
        changes = [{"id": r, "vduId": "vdu", "changeType": t, "computeResource": {"resourceId": "pod"}}
                   for t, rs in (("ADDED", added), ("REMOVED", removed)) for r in rs]
        return self.tell({"notificationType": "VnfLcmOperationOccurrenceNotification", "notificationStatus": "RESULT",
                          "operationState": state, "vnfInstanceId": vnf,
                          "operation": operation, "isAutomaticInvocation": False, "vnfLcmOpOccId": str(uuid.uuid4()),
                          **({"affectedVnfcs": changes} if changes else {})})

    def deleted(self, vnf):
        return self.tell({"notificationType": "VnfIdentifierDeletionNotification", "vnfInstanceId": vnf})

    def has(self, vnf, *vnfcs, **how):
        self.instances[vnf] = instance(self.root, vnf, {c: "r-" + c for c in vnfcs}, **how)
