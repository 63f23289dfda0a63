# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the end-to-end tests: one class per actor, driving the real programs and the real
`openssl cmp`. Nothing of cmfd is imported or linked; what is seen is what a user sees."""
import contextlib
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.request

import pytest

import postgresql
from issued import Issued

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CMFD_BUILD", ROOT / "build"))
OPENSSL = os.environ.get("CMFD_OPENSSL", "openssl")
# A deadline is for what hangs: no test fails because a machine, or a sanitizer, is slow.
PATIENCE = float(os.environ.get("CMFD_PATIENCE", "120"))


# Of a test that is about SQLite's file.
about_a_file = pytest.mark.skipif(os.environ.get("CMFD_E2E_STORE") == "postgresql", reason="about a file of SQLite")


def run(args, check=True, timeout=600, **kwargs):
    """Runs a program, standard output and error together in .stdout."""
    result = subprocess.run([str(a) for a in args], stdout=subprocess.PIPE, text=True, timeout=timeout,
                            **{"stderr": subprocess.STDOUT, **kwargs})
    if check and result.returncode != 0:
        pytest.fail(f"{' '.join(map(str, args))}\nexit {result.returncode}\n{result.stdout}")
    return result


def wait_for(what, condition, patience=None):
    """Polls until the condition holds and gives back what it returned."""
    end = time.monotonic() + (patience or PATIENCE)
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    pytest.fail(f"{what} did not happen in time")


PORTS_EACH = 1000


def ports_reserve():
    """Ports for this process alone, whoever else tests on this machine: who has them has bound an abstract socket with
    their name. They lie below those that the system gives to connections: one of these could take a port between
    here and the server that is to listen on it. quickstart gives the metrics a port that is 1000 higher: nobody's."""
    for begin in range(10000, 31000, 2 * PORTS_EACH):
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0cmfd-test-ports-{begin}")
        except OSError:
            claim.close()
            continue
        return claim, itertools.cycle(range(begin, begin + PORTS_EACH))
    raise RuntimeError("all ports are taken by other sessions")


PORTS_CLAIM, PORTS = ports_reserve()


def free_port():
    for port in itertools.islice(PORTS, PORTS_EACH):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    pytest.fail("there is no free port")


def new_key(path):
    run([OPENSSL, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path])
    return path


ISSUED = Issued()


@pytest.fixture(scope="session", autouse=True)
def issued(tmp_path_factory):
    """All that was issued in this session is read by others, too: the last test fails if it is not."""
    yield
    problems = ISSUED.check(tmp_path_factory.mktemp("issued"))
    if problems:
        pytest.fail("\n".join(problems[:20]))


class PortTaken(Exception):
    """Somebody else listens where cmfd was to."""


class Cmf:
    """The server: a directory, a configuration, a process."""

    def __init__(self, directory, as_made=False):
        self.dir = pathlib.Path(directory)
        self.port = free_port()
        self.metrics_port = free_port()
        self.tls_port = None
        self.process = None
        self.build = BUILD # of cmfd and cmfctl
        self.has_run = False
        self.environment = dict(os.environ)
        run([BUILD / "cmfctl", "init", "--dir", self.dir, "--listen", f"127.0.0.1:{self.port}"])
        self.conf = self.dir / "cmf.cnf"
        if not as_made:
            # Most requests of these tests say a CN alone, and are to be granted as they are; names are of any domain.
            text = re.sub(r"^subject_(trust_domain|vnf_instance) = .*\n", "", self.conf.read_text(), flags=re.M)
            text = re.sub(r"^\[trust_domain [^\[]*", "", text, flags=re.M)
            self.conf.write_text(text)
        self.set("server", "listen_metrics", f"127.0.0.1:{self.metrics_port}")
        self.log = self.dir / "cmfd.log"
        self.root = self.dir / "ca" / "root.pem"
        if os.environ.get("CMFD_E2E_STORE") == "postgresql":
            postgresql.use(self)

    def serve_tls(self):
        """HTTPS on tls_port from the next start on, with a certificate of the root for 127.0.0.1 and localhost."""
        self.tls_port = free_port()
        issue(self.root, self.root.with_suffix(".key"), self.dir / "tls.pem", self.dir / "tls.key", "/CN=localhost",
              "keyUsage=critical,digitalSignature\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n")
        for key, value in (("listen_tls", f"127.0.0.1:{self.tls_port}"), ("tls_certificate", "tls.pem"),
                           ("tls_key", "tls.key")):
            self.set("server", key, value)
        return self

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"http://{self.address}"

    def set(self, section, key, value):
        """Sets a key of a section in cmf.cnf, as an operator with an editor would."""
        lines, out, inside, done = self.conf.read_text().splitlines(), [], False, False
        for line in lines:
            header = re.match(r"\s*\[\s*(.*?)\s*\]", line)
            if header:
                if inside and not done:
                    out.append(f"{key} = {value}")
                    done = True
                inside = header.group(1) == section
            elif inside and re.match(rf"\s*{re.escape(key)}\s*=", line):
                if done:
                    continue
                line, done = f"{key} = {value}", True
            out.append(line)
        if not done:
            if not inside:
                out.append(f"[{section}]")
            out.append(f"{key} = {value}")
        self.conf.write_text("\n".join(out) + "\n")

    def put_before(self, ca, credential, name="corporate", **keys):
        """Makes this CMF the RA of another cmfd, `ca`, by a section [ca NAME]; the credential is that of a client there."""
        keys = {"type": "upstream", "certificate": ca.dir / "ca/issuing.pem", "chain": ca.root,
                "server_url": f"{ca.url}/.well-known/cmp", "ra_certificate": credential.cert,
                "ra_key": credential.private_key, "recipient": "/CN=cmf", "expect_sender": "/CN=cmf", "trusted": ca.root,
                "upstream_profile": "VnfciCert", "upstream_wait": "2s", "upstream_retry": "500ms", **keys}
        with open(self.conf, "a", encoding="utf-8") as conf:
            conf.write(f"\n[ca {name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()))

    def start(self, ready=True, preexec_fn=None, **environment):
        env = dict(self.environment, **environment)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(self.build / "cmfd"), "--config", str(self.conf)],
                                            stdout=log, stderr=log, env=env, preexec_fn=preexec_fn)
        if ready:
            try:
                self.wait_ready()
            except PortTaken:
                self.other_ports()
                return self.start(ready, preexec_fn, **environment)
            self.has_run = True
        return self

    def other_ports(self):
        """A stranger may take a port between free_port() and the first start, before anybody was told of it."""
        for name in ("port", "metrics_port", "tls_port"):
            old = getattr(self, name)
            if old is not None:
                setattr(self, name, free_port())
                text = self.conf.read_text()
                self.conf.write_text(text.replace(f"127.0.0.1:{old}", f"127.0.0.1:{getattr(self, name)}"))

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                if not self.has_run and self.tail(1).endswith("Address already in use"):
                    raise PortTaken
                pytest.fail(f"cmfd ended with {self.process.returncode}\n{self.tail()}")
            try:
                url = f"http://127.0.0.1:{self.metrics_port}/readyz"
                with urllib.request.urlopen(url, timeout=2) as answer:
                    return answer.status == 200
            except OSError:
                return False
        wait_for("cmfd being ready", ready)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, sig=signal.SIGTERM):
        """Ends cmfd; gives back its exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(sig)
        try:
            status = self.process.wait(PATIENCE)
            if status in (0, -signal.SIGKILL):
                ISSUED.collect(self.conf, self.dir / "cmf.db")
            return status
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail(f"cmfd did not end on {sig!r}\n{self.tail()}")

    def kill(self):
        return self.stop(signal.SIGKILL)

    @contextlib.contextmanager
    def database(self, mode="ro"):
        """A connection to the store, which ends with the block: sqlite3's own `with` only commits. One that went on
        over a restart would see the log that the next cmfd has replaced, and take the database for damaged."""
        if postgresql.database_of(self):
            yield postgresql.Connection(self)
            return
        with contextlib.closing(sqlite3.connect(f"file:{self.dir / 'cmf.db'}?mode={mode}", uri=True)) as db, db:
            yield db

    def tail(self, lines=20):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def ctl(self, *args, check=True, **kwargs):
        return run([self.build / "cmfctl", "--config", self.conf, *args], check=check, **kwargs)

    def ctl_json(self, *args):
        return json.loads(self.ctl(*args, "--json", stderr=None).stdout)  # warnings are no JSON

    def operator(self, method, path, body=None, *curl):
        """Status and answer of the operator's socket, for what cmfctl does not ask so."""
        args = [*curl, "-H", "Content-Type: application/json", "-d", json.dumps(body)] if body is not None else curl
        said = run(["curl", "-s", "-o", "-", "-w", "\n%{http_code}", "--unix-socket", self.dir / "cmfd.sock", "-X", method,
                    f"http://cmf{path}", *args]).stdout
        text, status = said.rsplit("\n", 1)
        return int(status), json.loads(text) if text.startswith("{") else text

    def certificates(self, subject_id=None):
        args = ["--subject-id", subject_id] if subject_id else []
        return self.ctl_json("certificate", "list", *args)

    def states(self, subject_id):
        """States of the certificates of an entity, newest last by serial (serials grow)."""
        return [c["state"] for c in sorted(self.certificates(subject_id), key=lambda c: c["serial"])]

    def register(self, requester, *subject_ids, cert_type="VnfciCert"):
        args = [a for s in subject_ids for a in ("--subject-id", s)]
        return self.ctl("register", "--requester", requester, "--cert-type", cert_type, *args)

    def snapshot(self):
        """What a refusal must leave unchanged."""
        return (self.ctl_json("registration", "list"), self.ctl_json("certificate", "list"))

    def metrics(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=600) as a:
            return a.read().decode()


class CmpResult:
    """What `openssl cmp` said."""

    def __init__(self, completed):
        self.ok = completed.returncode == 0
        self.text = completed.stdout
        found = re.search(r"PKIFailureInfo: ([A-Za-z, ]+)", self.text)
        self.failinfo = re.sub(r"[^A-Za-z, ].*", "", found.group(1)).strip() if found else None
        if self.failinfo:
            self.failinfo = self.failinfo.split(";")[0].split(",")[0].strip()


class Requester:
    """A CMP client: `openssl cmp` with a credential."""

    def __init__(self, cmf, directory, credential):
        self.cmf = cmf
        self.dir = pathlib.Path(directory)
        self.credential = credential
        self.count = 0

    def key(self):
        self.count += 1
        return new_key(self.dir / f"k{self.count}.key")

    def out(self, suffix="pem"):
        self.count += 1
        return self.dir / f"o{self.count}.{suffix}"

    def command(self, cmd, *args, path=".well-known/cmp"):
        return [OPENSSL, "cmp", "-config", "", "-server", self.cmf.address, "-path", path,
                "-recipient", "/CN=cmf", "-trusted", self.cmf.root, *self.credential, "-cmd", cmd,
                *args]

    def cmp(self, cmd, *args, path=".well-known/cmp", **kwargs):
        return CmpResult(run(self.command(cmd, *args, path=path), check=False, **kwargs))

    def enrol(self, subject, cmd="ir", profile="VnfciCert", extra=()):
        """Gets a certificate; (certificate path, key path)."""
        key, cert = self.key(), self.out()
        result = self.cmp(cmd, "-newkey", key, "-subject", f"/CN={subject}", "-certout", cert, *extra,
                          path=f".well-known/cmp/p/{profile}")
        assert result.ok, f"{result.text}\n{self.cmf.tail()}"
        return cert, key


class Vnfm(Requester):
    """A VNF Manager with a signature credential of its own CA, configured as a client of the CMF."""

    def __init__(self, cmf, name, directory, trust_domain=None, register_on_ir=False, may=None):
        directory = pathlib.Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.cert, self.private_key = directory / f"{name}.pem", directory / f"{name}.key"
        self.anchor = directory / f"{name}-ca.pem"
        make_ca(self.anchor, directory / f"{name}-ca.key", f"/CN={name} demo CA")
        issue(self.anchor, directory / f"{name}-ca.key", self.cert, self.private_key, f"/CN={name}")
        super().__init__(cmf, directory, ["-cert", self.cert, "-key", self.private_key])
        args = ["--trust-anchor", self.anchor, "--subject", f"/CN={name}", "--trust-domain",
                trust_domain or name]
        if register_on_ir:
            args.append("--register-on-ir")
        if may:
            args += ["--may", may]
        cmf.ctl("client", "add", name, *args)


class MacClient(Requester):
    """An entity with a reference and a shared secret."""

    def __init__(self, cmf, name, directory, default_profile="ManoCert", trust_domain="mano"):
        directory = pathlib.Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        self.name, self.reference = name, f"ref-{name}"
        self.secret = directory / "secret.txt"
        self.secret.write_text("a-secret-of-more-than-128-bits-0123456789\n")
        cmf.ctl("client", "add", name, "--mac", "--ref", self.reference, "--secret-file", self.secret,
                "--trust-domain", trust_domain, "--default-profile", default_profile)
        super().__init__(cmf, directory, ["-ref", self.reference, "-secret", f"file:{self.secret}"])


def make_ca(cert, key, subject):
    new_key(key)
    run([OPENSSL, "req", "-x509", "-new", "-key", key, "-subj", subject, "-days", "3650", "-out", cert,
         "-addext", "basicConstraints=critical,CA:TRUE", "-addext",
         "keyUsage=critical,keyCertSign,cRLSign"])


def issue(ca_cert, ca_key, cert, key, subject, extensions="keyUsage=critical,digitalSignature\n",
          days=30, algorithm=None, digest="sha256"):
    """An end-entity certificate made with openssl, for credentials that cmfd did not issue."""
    if algorithm:
        run([OPENSSL, "genpkey", *algorithm, "-out", key])
    else:
        new_key(key)
    request, ext = pathlib.Path(f"{cert}.csr"), pathlib.Path(f"{cert}.ext")
    run([OPENSSL, "req", "-new", "-key", key, "-subj", subject, "-out", request])
    ext.write_text(extensions + "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
    run([OPENSSL, "x509", "-req", "-in", request, "-CA", ca_cert, "-CAkey", ca_key, "-days", days,
         f"-{digest}", "-extfile", ext, "-set_serial", str(int.from_bytes(os.urandom(8), "big")), "-out",
         cert])


def x509(cert, *args):
    return run([OPENSSL, "x509", "-in", cert, "-noout", *args]).stdout


def serial_of(cert):
    return x509(cert, "-serial").strip().split("=")[1].lower()


@pytest.fixture
def cmf(tmp_path):
    """A CMF that runs."""
    server = Cmf(tmp_path / "cmf")
    server.start()
    yield server
    status = server.stop()
    assert status == 0, f"cmfd ended with {status}\n{server.tail()}"
    shutil.rmtree(server.dir, ignore_errors=True)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One running CMF with two VNFMs and a MAC client for a whole module of tests that do not
    disturb each other (each uses entities of its own)."""
    base = tmp_path_factory.mktemp("shared")
    server = Cmf(base / "cmf")
    server.start()
    # In one trust domain, so that what one has is not the other's. Identifiers of two domains: test_trust_domains.py.
    server.vnfm_a = Vnfm(server, "vnfm-a", base / "a", trust_domain="vnfs")
    server.vnfm_b = Vnfm(server, "vnfm-b", base / "b", trust_domain="vnfs", register_on_ir=True)
    server.mano = MacClient(server, "nfvo", base / "mano")
    yield server
    status = server.stop()
    assert status == 0, f"cmfd ended with {status}\n{server.tail()}"


@pytest.fixture(scope="module")
def doors(tmp_path_factory):
    """One running CMF that serves HTTPS, for a whole module of tests: VNFMs of two trust domains with their doors (a, b),
    a second VNFM of the first domain (a2), and who has no credential (nobody). VNFC instances may have the profile Short."""
    from json_door import JsonDoor, door_of # which has its words from here

    base = tmp_path_factory.mktemp("doors")
    server = Cmf(base / "cmf").serve_tls()
    server.conf.write_text(server.conf.read_text() + "\n[profile Short]\ncert_type = VnfciCert\nvalidity = 2d\n"
                           "key_types = ec:P-256\ncommon_name = subjectId\nextension_section = tls_extensions\n")
    server.set("server", "header_max", "65536") # for filters of a thousand terms
    server.set("events", "callback_networks", "127.0.0.0/8")
    server.start()
    server.vnfm_a = Vnfm(server, "vnfm-a", base / "a", trust_domain="operator-a")
    server.vnfm_a2 = Vnfm(server, "vnfm-a2", base / "a2", trust_domain="operator-a")
    server.vnfm_b = Vnfm(server, "vnfm-b", base / "b", trust_domain="operator-b")
    server.a, server.a2, server.b = map(door_of, (server.vnfm_a, server.vnfm_a2, server.vnfm_b))
    server.nobody = JsonDoor(server)
    yield server
    status = server.stop()
    assert status == 0, f"cmfd ended with {status}\n{server.tail()}"
