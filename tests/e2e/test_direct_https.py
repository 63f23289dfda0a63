# SPDX-License-Identifier: Apache-2.0
"""Direct mode as it is where VNFM and CMF are on two machines: https and certificates on either side, basic authentication, access
tokens towards the VNFM and of it (SOL 013 8.3), and one-time secrets that are sent to an orchestrator."""
import base64
import http.server
import json
import signal
import ssl
import threading
import urllib.parse

import pytest

from conftest import PATIENCE, Cmf, Requester, free_port, issue, wait_for
from direct_mode import becomes, follow, gauge, settled
from lcm_vnfm import VnfManager, basic
from test_tokens import Key


def server_context(server, name, client_ca=None):
    """A TLS server with a certificate of the CMF's root."""
    cert, key = server.dir / f"{name}.pem", server.dir / f"{name}.key"
    issue(server.root, server.root.with_suffix(".key"), cert, key, f"/CN={name}",
          "keyUsage=critical,digitalSignature\nsubjectAltName=IP:127.0.0.1,DNS:localhost\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_ca)
    return context


def client_context(server, name):
    cert, key = server.dir / f"{name}.pem", server.dir / f"{name}.key"
    issue(server.root, server.root.with_suffix(".key"), cert, key, f"/CN={name}",
          "keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n")
    context = ssl.create_default_context(cafile=server.root)
    context.load_cert_chain(cert, key)
    return context


@pytest.fixture
def server(tmp_path):
    server = Cmf(tmp_path / "cmf").serve_tls()
    yield server
    status = server.stop()
    server.manager.stop()
    assert status == 0, server.tail()
    assert server.manager.wrong == []


def enters_and_leaves(server):
    """A VNFC appears, and is there no more, each told by the VNFM."""
    manager = server.manager
    wait_for("the subscription", lambda: manager.subscriptions)
    settled(server)
    manager.has("vnf-1", "c-1")
    assert manager.operation("vnf-1", "INSTANTIATE", added=["r-c-1"]) == 204
    becomes(server, "vnf-1", "c-1")
    manager.has("vnf-1")
    assert manager.operation("vnf-1", "TERMINATE", removed=["r-c-1"]) == 204
    becomes(server, "vnf-1")


def test_certificates_on_either_side(server):
    """https to the VNFM, which wants a certificate, and https of the VNFM, with one."""
    manager = server.manager = VnfManager(tls=server_context(server, "vnfm", server.root), client=client_context(server, "notifier"))
    issue(server.root, server.root.with_suffix(".key"), server.dir / "cmf-client.pem", server.dir / "cmf-client.key", "/CN=cmf",
          "keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n")
    manager.admits = lambda headers, certificate: (("commonName", "cmf"),) in certificate["subject"]
    follow(server, manager, api_root=manager.root, callback_uri=f"https://127.0.0.1:{server.tls_port}/lcm/sim", callback_user=None,
           callback_password_file=None, callback_certificate="notifier.pem", tls_trusted=server.root,
           tls_certificate="cmf-client.pem", tls_key="cmf-client.key")
    manager.start()
    server.start()
    enters_and_leaves(server)
    [subscription] = manager.subscriptions.values()
    assert subscription["authentication"] == {"authType": ["TLS_CERT"]}
    # Another certificate of the same issuer is not the VNFM's.
    manager.client = client_context(server, "somebody")
    assert manager.send("POST", subscription, {}) == 401


def test_a_vnfm_with_another_certificate_is_not_talked_to(server):
    manager = server.manager = VnfManager(tls=server_context(server, "vnfm")).start()
    follow(server, manager, api_root=manager.root, tls_trusted="tls.pem")
    server.start()
    wait_for("a problem", lambda: server.ctl_json("vnfm", "list")[0]["problem"])
    assert manager.asked == [] and server.ctl("vnfm", "resync", "sim", check=False).returncode == 1
    server.wait_ready()


def test_basic_towards_the_vnfm(server):
    manager = server.manager = VnfManager(tls=server_context(server, "vnfm"))
    manager.admits = lambda headers, certificate: headers.get("Authorization") == basic("cmf", "a-password-of-the-cmf")
    (server.dir / "towards.pass").write_text("a-password-of-the-cmf\n")
    follow(server, manager, api_root=manager.root, tls_trusted=server.root, user="cmf", password_file="towards.pass")
    manager.start()
    server.start()
    enters_and_leaves(server)
    assert "a-password-of-the-cmf" not in server.log.read_text()


def test_tokens_towards_the_vnfm(server):
    """Also where the VNFM has had enough of one."""
    manager = server.manager = VnfManager(tls=server_context(server, "vnfm"))
    manager.admits = lambda headers, certificate: headers.get("Authorization") in manager.tokens
    (server.dir / "towards.secret").write_text("a-secret-of-the-test\n")
    follow(server, manager, api_root=manager.root, tls_trusted=server.root, oauth2_token_uri=manager.root + "/token",
           oauth2_client_id="cmf", oauth2_client_secret_file="towards.secret")
    manager.start()
    server.start()
    enters_and_leaves(server)
    assert len(manager.tokens) == 1
    manager.tokens.clear()
    server.ctl("vnfm", "resync", "sim")
    assert len(manager.tokens) == 1
    log = server.log.read_text()
    assert "a-secret-of-the-test" not in log and not any(t.partition(" ")[2] in log for t in manager.tokens)


class TokenServer:
    """Gives out what `token` makes to who asks as "vnfm" (RFC 6749 4.4), and nothing to others."""

    def __init__(self):
        self.token, outer = None, self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                asked = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                good = asked["grant_type"] == ["client_credentials"] and \
                    base64.b64decode(self.headers["Authorization"].partition(" ")[2]) == b"vnfm:a-secret-of-the-vnfm"
                body = json.dumps({"access_token": outer.token(), "token_type": "Bearer"} if good else {}).encode()
                self.send_response(200 if good else 401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/token"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def test_tokens_of_the_vnfm(server):
    manager, key, tokens = VnfManager(client=ssl.create_default_context(cafile=server.root)), Key("k1"), TokenServer()
    server.manager = manager
    tokens.token = lambda: key.token(client_id="vnfm")
    (server.dir / "jwks.json").write_text(json.dumps({"keys": [key.jwk()]}))
    (server.dir / "vnfm.secret").write_text("a-secret-of-the-vnfm\n")
    follow(server, manager, callback_uri=f"https://127.0.0.1:{server.tls_port}/lcm/sim", callback_user=None,
           callback_password_file=None, callback_token="jwt", callback_oauth2_token_uri=tokens.url,
           callback_oauth2_client_id="vnfm", callback_oauth2_client_secret_file="vnfm.secret")
    with open(server.conf, "a") as conf:
        conf.write("\n[oauth2]\nissuer = https://as.example\naudience = cmf\njwks_file = jwks.json\n")
    manager.start()
    server.start()
    enters_and_leaves(server)
    [subscription] = manager.subscriptions.values()
    assert subscription["authentication"]["authType"] == ["OAUTH2_CLIENT_CREDENTIALS"]
    body = {"notificationType": "VnfIdentifierCreationNotification", "vnfInstanceId": "vnf-2"}
    # Somebody else's, of somebody else's issuer, with another key, and one that has ended.
    for token in (key.token(client_id="other"), key.token(iss="https://other.example"), Key("k1").token(), key.token(exp=1)):
        tokens.token = lambda: token
        assert manager.tell(body) == 401
    assert manager.send("POST", {**subscription, "authentication": None}, body) == 401
    tokens.token = lambda: key.token(client_id="vnfm")
    assert manager.tell(body) == 204
    assert "a-secret-of-the-vnfm" not in server.log.read_text()
    tokens.stop()


# --- a listener of its own ---


@pytest.mark.parametrize("tls", [False, True])
def test_a_listener_for_the_callback_alone(server, tls):
    manager = server.manager = VnfManager(client=ssl.create_default_context(cafile=server.root))
    own = free_port()
    scheme = "https" if tls else "http"
    follow(server, manager, callback_uri=f"{scheme}://127.0.0.1:{own}/lcm/sim", callback_listen=f"127.0.0.1:{own}")
    manager.start()
    server.start()
    enters_and_leaves(server)
    [subscription] = manager.subscriptions.values()

    def status(port, path, scheme):
        return manager.send("GET", {**subscription, "callbackUri": f"{scheme}://127.0.0.1:{port}{path}"})

    assert status(own, "/lcm/sim", scheme) == 204
    # It is nowhere else, and nothing else is there.
    assert status(server.port, "/lcm/sim", "http") == status(server.tls_port, "/lcm/sim", "https") == 404
    for path in ("/.well-known/cmp", "/crl/x.crl", "/cmf-certmgmt/api_versions", "/metrics", "/readyz", "/v1/vnfms"):
        assert status(own, path, scheme) == 404, path


# --- one-time secrets ---


class Orchestrator:
    """Takes one-time secrets: `taken` in the order in which they came, with what says who sends them."""

    def __init__(self, context=None):
        self.taken, self.status, outer = [], 204, self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                peer = self.connection.getpeercert() if context else None
                outer.taken.append((self.path, body, self.headers.get("Authorization"), peer))
                self.send_response(outer.status)
                if outer.status != 204:
                    self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.server.daemon_threads = True
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.server.server_port}/secrets"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def sends_secrets(server, orchestrator, **keys):
    server.set("events", "callback_networks", "127.0.0.0/8")
    manager = server.manager = VnfManager().start()
    follow(server, manager, initial_credential_dir=None, initial_credential_uri=orchestrator.url, **keys)
    manager.has("vnf-1", "c-1")
    return manager


def enrols_with(server, tmp_path, secret):
    vnfci = Requester(server, tmp_path, ["-ref", secret["reference"], "-secret", "pass:" + secret["secret"]])
    vnfci.enrol(secret["subjectId"])


def test_secrets_are_sent_with_a_token(server, tmp_path):
    """Again until they are acknowledged; then the VNFCI enrols with what was sent."""
    orchestrator = Orchestrator()
    (server.dir / "orchestrator.token").write_text("a-token-of-the-orchestrator\n")
    sends_secrets(server, orchestrator, initial_credential_token_file="orchestrator.token")
    orchestrator.status = 503
    server.start()
    wait_for("two attempts", lambda: len(orchestrator.taken) >= 2)
    assert gauge(server, "cmfd_vnfm_secrets_waiting") == 1
    orchestrator.status = 204
    wait_for("the secret being acknowledged", lambda: gauge(server, "cmfd_vnfm_secrets_waiting") == 0)
    assert {(path, token, json.dumps(body)) for path, body, token, peer in orchestrator.taken} == \
        {("/secrets", "Bearer a-token-of-the-orchestrator", json.dumps(orchestrator.taken[0][1]))}
    secret = orchestrator.taken[0][1]
    assert (secret["vnfm"], secret["trustDomain"], secret["vnfInstanceId"], secret["subjectId"]) == ("sim", "operator-a", "vnf-1", "c-1")
    assert server.ctl_json("vnf", "show", "vnf-1")[0]["one_time_secret_delivered_at"]
    enrols_with(server, tmp_path, secret)
    log = server.log.read_text()
    assert secret["secret"] not in log and "a-token-of-the-orchestrator" not in log
    assert [a["detail"] for a in server.ctl_json("audit", "list", "--action", "deliver initial credential")] == [secret["reference"]]
    orchestrator.stop()


def test_secrets_are_sent_with_a_certificate(server, tmp_path):
    issue(server.root, server.root.with_suffix(".key"), server.dir / "cmf-client.pem", server.dir / "cmf-client.key", "/CN=cmf",
          "keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n")
    orchestrator = Orchestrator(server_context(server, "orchestrator", server.root))
    sends_secrets(server, orchestrator, initial_credential_trusted=server.root, tls_certificate="cmf-client.pem",
                  tls_key="cmf-client.key")
    server.start()
    wait_for("the secret", lambda: orchestrator.taken)
    path, secret, token, peer = orchestrator.taken[0]
    assert (("commonName", "cmf"),) in peer["subject"] and token is None
    enrols_with(server, tmp_path, secret)
    orchestrator.stop()


def test_secrets_and_kill_9(server):
    """What was sent and not yet noted is sent again, the same."""
    orchestrator = Orchestrator()
    sends_secrets(server, orchestrator)
    server.start(ready=False, CMFD_FAULT_POINT="initial-delivered:1")
    assert server.process.wait(PATIENCE) == -signal.SIGKILL
    server.start()
    wait_for("the secret being acknowledged", lambda: gauge(server, "cmfd_vnfm_secrets_waiting") == 0)
    assert len(orchestrator.taken) == 2 and orchestrator.taken[0][1] == orchestrator.taken[1][1]
    orchestrator.stop()
