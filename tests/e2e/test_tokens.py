# SPDX-License-Identifier: Apache-2.0
"""Access tokens of an authorization server that is another implementation (python3-cryptography): by file and by URL,
keys that change, a server that cannot be reached, and tokens that are bound to a TLS certificate (RFC 8705)."""
import base64
import hashlib
import hmac
import http.server
import json
import signal
import ssl
import threading
import time
import urllib.error
import urllib.request

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from conftest import BUILD, Vnfm, run, wait_for

HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
CURVES = {"ES256": (ec.SECP256R1(), "P-256"), "ES384": (ec.SECP384R1(), "P-384"), "ES512": (ec.SECP521R1(), "P-521")}


def b64(value):
    octets = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def number(value, size):
    return b64(value.to_bytes(size, "big"))


class Key:
    """A key of the authorization server, for one family of algorithms."""

    def __init__(self, kid, alg="RS256"):
        self.kid, self.alg = kid, alg
        self.key = ec.generate_private_key(CURVES[alg][0]) if alg in CURVES else rsa.generate_private_key(65537, 2048)

    def jwk(self):
        public = self.key.public_key().public_numbers()
        if self.alg in CURVES:
            size = (self.key.curve.key_size + 7) // 8
            return {"kty": "EC", "kid": self.kid, "crv": CURVES[self.alg][1], "x": number(public.x, size),
                    "y": number(public.y, size)}
        return {"kty": "RSA", "kid": self.kid, "n": number(public.n, 256), "e": number(public.e, 3)}

    def signature(self, alg, octets):
        digest = HASHES[alg[2:]]
        if alg[0] == "E":
            r, s = utils.decode_dss_signature(self.key.sign(octets, ec.ECDSA(digest)))
            size = (self.key.curve.key_size + 7) // 8
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        pad = padding.PSS(padding.MGF1(digest), digest.digest_size) if alg[0] == "P" else padding.PKCS1v15()
        return self.key.sign(octets, pad, digest)

    def token(self, alg=None, header=None, **claims):
        """A good token, but for what is said."""
        alg = alg or self.alg
        payload = {"iss": "https://as.example", "aud": ["other", "cmf"], "client_id": "vnfm", "exp": time.time() + 300,
                   **claims}
        head = {"typ": "at+jwt", "alg": alg, "kid": self.kid, **(header or {})}
        signed = f"{b64({k: v for k, v in head.items() if v is not None})}." \
                 f"{b64({k: v for k, v in payload.items() if v is not None})}"
        return f"{signed}.{b64(self.signature(alg, signed.encode()))}"


class AuthorizationServer:
    """Where the JWKS is; `keys` None: it answers 500."""

    def __init__(self):
        self.keys, self.asked = [], 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                body = b"" if outer.keys is None else json.dumps({"keys": [k.jwk() for k in outer.keys]}).encode()
                self.send_response(500 if outer.keys is None else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def ask(cmf, token=None, context=None, authorization=None):
    """(status, reason or None, WWW-Authenticate). What there is not is 404 for those who are somebody."""
    base = f"https://127.0.0.1:{cmf.tls_port}" if context else cmf.url
    request = urllib.request.Request(f"{base}/cmf-certmgmt/v1/nothing", headers={"Version": "1.0.0"})
    if token or authorization:
        request.add_header("Authorization", authorization or f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=600, context=context) as answer:
            return answer.status, None, None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read()).get("reason"), error.headers.get("WWW-Authenticate")


def reload(cmf, event="reloaded"):
    before = cmf.log.read_text().count(f"event={event}")
    cmf.process.send_signal(signal.SIGHUP)
    wait_for(event, lambda: cmf.log.read_text().count(f"event={event}") > before)


def configure(cmf, **keys):
    for key, value in {"issuer": "https://as.example", "audience": "cmf", **keys}.items():
        cmf.set("oauth2", key, value)


@pytest.fixture
def by_file(cmf, tmp_path):
    """The CMF with the keys of every algorithm in a file, and a client of tokens."""
    cmf.stop()
    cmf.keys = {alg: Key(alg.lower(), alg) for alg in ("RS256", *CURVES)}
    (cmf.dir / "jwks.json").write_text(json.dumps({"keys": [k.jwk() for k in cmf.keys.values()]}))
    with cmf.conf.open("a") as conf:
        conf.write("\n[oauth2]\n")
    configure(cmf, jwks_file="jwks.json")
    cmf.serve_tls()
    cmf.start()
    cmf.ctl("client", "add", "c", "--trust-domain", "d", "--oauth2-client", "vnfm")
    return cmf


def test_algorithms(by_file):
    keys = by_file.keys
    for alg in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"):
        assert ask(by_file, keys["RS256"].token(alg))[0] == 404
    for alg in CURVES:
        assert ask(by_file, keys[alg].token())[0] == 404


def test_tokens_that_are_refused(by_file):
    key, stranger = by_file.keys["RS256"], Key("rs256")
    public = key.key.public_key().public_bytes(serialization.Encoding.PEM,
                                               serialization.PublicFormat.SubjectPublicKeyInfo)
    head, payload, _ = key.token(header={"alg": "HS256"}).split(".")
    forged = f"{head}.{payload}.{b64(hmac.new(public, f'{head}.{payload}'.encode(), hashlib.sha256).digest())}"
    head, payload, _ = key.token(header={"alg": "none"}).split(".")
    cases = {
        forged: "token_algorithm",
        f"{head}.{payload}.": "token_malformed",
        f"{head}.{payload}.AA": "token_algorithm",
        key.token(header={"kid": None}): "token_header",
        key.token(header={"jku": "http://127.0.0.1:1/jwks"}): "token_header",
        key.token(header={"crit": ["b64"], "b64": False}): "token_header",
        key.token(exp=time.time() - 60): "token_expired",
        key.token(exp=None): "token_claims",
        key.token(nbf=time.time() + 600): "token_not_yet",
        key.token(iss="https://evil.example"): "token_issuer",
        key.token(aud="other"): "token_audience",
        key.token(client_id="nobody"): "oauth2_client_unknown",
        key.token(client_id="c"): "oauth2_client_unknown",
        stranger.token(): "token_signature_wrong",
        Key("none").token(): "token_key_unknown",
        key.token()[:-8] + "AAAAAAAA": "token_signature_wrong",
        "x": "token_malformed",
        "." * 1000: "token_malformed",
    }
    for token, reason in cases.items():
        status, said, challenge = ask(by_file, token)
        assert (status, said) == (401, reason), token
        assert 'error="invalid_token"' in challenge
    # RFC 6750 3.1: who brings no token is told that there could be one, and nothing else.
    for authorization in (None, "Basic dm5mbTpzZWNyZXQ=", "Bearer"):
        status, _, challenge = ask(by_file, authorization=authorization)
        assert status == 401 and challenge.startswith("Bearer ") and "error" not in challenge
    assert ask(by_file, key.token())[0] == 404


def test_our_programs_bring_tokens(by_file, tmp_path):
    """Over http, which is served on loopback addresses only; a token may be as long as the server takes it."""
    file = tmp_path / "token"
    file.write_text(by_file.keys["ES256"].token(roles=["r" * 40] * 120) + "\n")
    assert 6000 < file.stat().st_size < 8192
    report = run([BUILD / "cmfbench", "--server", by_file.url, "--operation", "json", "--token-file", file, "--trusted",
                  by_file.root, "--connections", "2", "--duration", "1", "--json"])
    assert json.loads(report.stdout)["transactions"] > 0
    listed = run([BUILD / "cmfctl", "--server", by_file.url, "--token-file", file, "list", "certificates", "--json"])
    assert {c["status"] for c in json.loads(listed.stdout)} == {"VALID"}


def test_bound_to_a_certificate(by_file, tmp_path):
    """RFC 8705 3: the token is of no use to who has another certificate, or none."""
    vnfm = Vnfm(by_file, "tls", tmp_path / "tls")
    digest = x509.load_pem_x509_certificate(vnfm.cert.read_bytes()).fingerprint(hashes.SHA256())
    bound = by_file.keys["ES256"].token(cnf={"x5t#S256": b64(digest)})
    other = by_file.keys["ES256"].token(cnf={"x5t#S256": b64(hashlib.sha256(b"").digest())})
    proven = by_file.keys["ES256"].token(cnf={"jkt": b64(digest)})
    plain, mutual = (ssl.create_default_context(cafile=by_file.root) for _ in range(2))
    mutual.load_cert_chain(vnfm.cert, vnfm.private_key)
    assert ask(by_file, bound, mutual)[0] == 404
    for token, context in ((bound, plain), (bound, None), (other, mutual), (other, None), (proven, mutual)):
        assert ask(by_file, token, context)[:2] == (401, "token_binding")
    # A token that is bound to nothing may come with any certificate: who it names asks.
    assert ask(by_file, by_file.keys["ES256"].token(), mutual)[0] == 404
    assert ask(by_file, by_file.keys["ES256"].token(client_id="x"), mutual)[:2] == (401, "oauth2_client_unknown")
    assert ask(by_file, None, mutual)[0] == 404


def test_keys_by_url(cmf):
    server = AuthorizationServer()
    first, second = Key("first", "ES256"), Key("second")
    cmf.stop()
    with cmf.conf.open("a") as conf:
        conf.write("\n[oauth2]\n")
    configure(cmf, jwks_url=server.url)
    server.keys = None
    cmf.start()
    cmf.ctl("client", "add", "c", "--trust-domain", "d", "--oauth2-client", "vnfm")
    # Nothing has been read yet: it is not the token's fault.
    assert ask(cmf, first.token())[:2] == (503, "token_keys_missing")
    server.keys = [first]
    wait_for("the first JWKS", lambda: ask(cmf, first.token())[0] == 404)
    # A key that is new is found by the token that names it, without waiting for it.
    server.keys = [second]
    assert ask(cmf, second.token())[:2] == (401, "token_key_unknown")
    assert ask(cmf, first.token())[0] == 404
    wait_for("the next JWKS", lambda: ask(cmf, second.token())[0] == 404)
    assert ask(cmf, first.token())[:2] == (401, "token_key_unknown")
    # Strangers cannot make it ask at their pace.
    before = server.asked
    for i in range(200):
        assert ask(cmf, Key.token(second, header={"kid": f"none-{i}"}))[:2] == (401, "token_key_unknown")
    assert server.asked - before <= 2
    # Out of reach, the keys that were read serve on, over a reload too.
    server.stop()
    reload(cmf)
    assert ask(cmf, second.token())[0] == 404


def test_reload_takes_the_file_again(by_file):
    """With the keys of the file as it is then, or not at all."""
    new = Key("new", "ES384")
    (by_file.dir / "jwks.json").write_text("{}")
    reload(by_file, "reload_refused")
    assert ask(by_file, by_file.keys["RS256"].token())[0] == 404
    (by_file.dir / "jwks.json").write_text(json.dumps({"keys": [new.jwk()]}))
    configure(by_file, client_claim="azp")
    reload(by_file)
    assert ask(by_file, new.token(azp="vnfm", client_id=None))[0] == 404
    assert ask(by_file, new.token())[:2] == (401, "token_claims")
    assert ask(by_file, by_file.keys["RS256"].token(azp="vnfm"))[:2] == (401, "token_key_unknown")


def test_mistakes_in_the_section(cmf):
    with cmf.conf.open("a") as conf:
        conf.write("\n[oauth2]\nissuer = https://as.example\naudience = cmf\njwks_file = cmf.cnf\n")
    done = cmf.ctl("check", check=False)
    assert done.returncode == 1 and "[oauth2] jwks_file: cannot be used: it is no JWKS" in done.stdout
