# SPDX-License-Identifier: Apache-2.0
"""Two nodes on one database: what follows a message comes to the other one, and what one of them is told of clients and
certificates holds at the other one at once."""
import base64
import itertools
import shutil
import subprocess
import threading
import types

import pytest

import postgresql
import test_bouncycastle as bouncycastle
from conftest import OPENSSL, Cmf, MacClient, Requester, Vnfm, serial_of, wait_for
from json_door import CERTIFICATES, REQUESTS, door_of, pkcs10
from relay import Relay
from test_attestation_tpm import Attested
from test_nodes import Nodes
from test_pop import ask as ask_encrypted, rsa_key
from two_nodes import Turns, body_type, post

IR, CR, P10CR, POPDECR, KUR, KRR, RR, CCR, CERT_CONF = 0, 2, 4, 6, 7, 9, 11, 13, 24
numbers = itertools.count()


class Served(Nodes):
    """Over HTTPS, too."""

    def __init__(self, directory):
        super().__init__(directory)
        self.one.serve_tls()
        self.two.serve_tls()


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    both = Served(tmp_path_factory.mktemp("nodes"))
    try:
        yield both.start()
    finally:
        both.stop()


@pytest.fixture
def turns(nodes):
    relay = Turns(nodes.two, nodes.one)
    yield relay
    relay.stop()


@pytest.fixture
def vnfm(nodes, tmp_path):
    """One that only this test has; `.cmf` is the node that it asks."""
    return Vnfm(nodes.one, f"vnfm-{next(numbers)}", tmp_path / "vnfm")


def door_at(node, vnfm):
    """The JSON door of a node for a VNFM."""
    return door_of(types.SimpleNamespace(cmf=node, cert=vnfm.cert, private_key=vnfm.private_key))


def entity(vnfm):
    name = f"{vnfm.name}-entity-{next(numbers)}"
    vnfm.cmf.register(vnfm.name, name)
    return name


# --- what follows a message ---

def test_enrolment_update_revocation(nodes, turns, vnfm):
    """Each message, and each retransmission, comes to another node than the one before."""
    name = entity(vnfm)
    vnfm.cmf = turns
    cert, _ = vnfm.enrol(name)
    assert nodes.one.states(name) == nodes.two.states(name) == ["active"]
    newer = vnfm.out()
    updated = vnfm.cmp("kur", "-oldcert", cert, "-newkey", vnfm.key(), "-certout", newer, path=".well-known/cmp/p/VnfciCert")
    assert updated.ok, f"{updated.text}\n{turns.tail()}"
    revoked = vnfm.cmp("rr", "-oldcert", newer)
    assert revoked.ok, f"{revoked.text}\n{turns.tail()}"
    assert nodes.one.states(name)[-1] == nodes.two.states(name)[-1] == "revoked"
    assert (turns.same, turns.differ) == ({IR, CERT_CONF, KUR, RR}, set())


class Caught(Relay):
    """Everything goes to one node; the certConf that comes is kept, and what both nodes say to it when they get it at the
    same time: the second one has read the transaction before the first one's commit, and all else after it."""
    TRANSACTION = "state, deadline_ms, changed_ms, sent_nonce, request_digest, response"
    CERTIFICATE = "state, confirm_by_ms"

    def __init__(self, nodes, requester):
        self.nodes, self.requester, self.said = nodes, requester, []
        super().__init__(nodes.one.port)

    root = property(lambda self: self.nodes.one.root)

    def tail(self):
        return self.nodes.one.tail() + self.nodes.two.tail()

    def keep(self, name):
        self.nodes.sql(f"CREATE TABLE t_{name} AS SELECT * FROM cmp_transaction WHERE requester = '{self.requester}'")
        self.nodes.sql(f"CREATE TABLE c_{name} AS SELECT * FROM certificate WHERE id IN (SELECT certificate_id FROM t_{name})")

    def put(self, name):
        return (f"UPDATE cmp_transaction u SET ({self.TRANSACTION}) = (SELECT {self.TRANSACTION} FROM t_{name} t WHERE t.id = u.id)"
                f" WHERE id IN (SELECT id FROM t_{name}); "
                f"UPDATE certificate u SET ({self.CERTIFICATE}) = (SELECT {self.CERTIFICATE} FROM c_{name} c WHERE c.id = u.id)"
                f" WHERE id IN (SELECT id FROM c_{name});")

    def forward(self, path, body):
        if body_type(body) != CERT_CONF:
            return super().forward(path, body)
        self.keep("before")
        first = super().forward(path, body)
        self.keep("after")
        self.nodes.sql(self.put("before"))
        with subprocess.Popen([f"{postgresql.programs()}/psql", "-qAtX", "-h", str(postgresql.server().dir), "-U", "cmfd",
                               self.nodes.database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as psql:
            print(f"BEGIN; LOCK TABLE certificate IN ACCESS EXCLUSIVE MODE; {self.put('after')}\n\\echo locked", file=psql.stdin,
                  flush=True)
            assert psql.stdout.readline() == "locked\n"
            asking = threading.Thread(target=lambda: self.said.append(post(self.nodes.two.port, path, body)))
            asking.start()
            wait_for("the second one's question", lambda: self.nodes.sql(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'SELECT c.id, c.id,%'") != "0")
            psql.communicate("COMMIT;\n")
        asking.join()
        self.said.append(first)
        return first


def test_a_message_at_both_while_one_commits(nodes, vnfm):
    """RFC 9483 3.1: it has one answer, whoever gives it; the second one must not take what was done for somebody else's."""
    name = entity(vnfm)
    vnfm.cmf = caught = Caught(nodes, vnfm.name)
    try:
        vnfm.enrol(name)
    finally:
        caught.stop()
    assert caught.said[0] == caught.said[1], nodes.two.tail()
    assert nodes.two.states(name) == ["active"]


def test_encrypted_certificate(nodes, turns, vnfm):
    """The other node has what the certificate was encrypted for, and what proves that it was decrypted."""
    name = entity(vnfm)
    vnfm.cmf = turns
    result, _ = ask_encrypted(vnfm, OPENSSL, name, rsa_key(vnfm))
    assert result.returncode == 0, f"{result.stdout}\n{turns.tail()}"
    assert nodes.two.states(name) == ["active"] and not turns.differ


def test_shared_secret(nodes, turns, tmp_path):
    client = MacClient(nodes.one, "nfvo", tmp_path / "nfvo")
    nodes.two.register("nfvo", "nfvo.example.net", cert_type="ManoCert")
    client.cmf = turns
    client.enrol("nfvo.example.net", profile="ManoCert")
    assert nodes.two.states("nfvo.example.net") == ["active"] and not turns.differ


class Behind:
    """As test_upstream.Pair: the nodes are the RA."""

    def __init__(self, base):
        self.ca = Cmf(base / "ca").start()
        credential = Vnfm(self.ca, "ra", base / "credential", may="register,request,revoke,ra")
        self.nodes = Nodes(base)
        self.ra = self.nodes.one
        self.ra.put_before(self.ca, credential)


@bouncycastle.pytestmark[0]
@bouncycastle.pytestmark[1]
def test_bouncy_castle(tmp_path):
    """All that Bouncy Castle can ask for, challenges and pollReq among it."""
    pair = Behind(tmp_path)
    one, two = pair.nodes.one, pair.nodes.two
    old_root = one.root
    bouncycastle.configure(one, tmp_path)
    port, metrics = two.port, two.metrics_port
    two.conf.write_text(one.conf.read_text().replace(f"127.0.0.1:{one.port}", f"127.0.0.1:{port}")
                        .replace(f"127.0.0.1:{one.metrics_port}", f"127.0.0.1:{metrics}"))
    two.set("store", "node", "two")
    pair.nodes.start()
    turns = Turns(two, one)
    try:
        arguments = bouncycastle.populate(pair, tmp_path)
        new = one.dir / "new"
        said = bouncycastle.play(pair, [
            *arguments, f"url=http://{turns.address}", f"root={new}/root.pem", f"old_root={old_root}",
            f"issuing={new}/issuing.pem", f"cross={new}/root.pem", f"secret={bouncycastle.SECRET}",
            f"answers={tmp_path}/answers"], tmp_path)
        assert [line.split()[1] for line in said if line.startswith("ok ")] == bouncycastle.CHECKS, "\n".join(said)
        # An ir that waits for the other CA, and a certConf for what was confirmed before, are answered anew.
        assert {IR, CR, P10CR, POPDECR, KUR, KRR, RR, CCR, CERT_CONF} <= turns.same
        assert not {CR, P10CR, POPDECR, KUR, KRR, RR, CCR} & turns.differ
    finally:
        turns.stop()
        pair.nodes.stop()
        pair.ca.stop()


def test_request_over_json(nodes, vnfm):
    """It is a resource of both nodes, and the same request again is the same resource."""
    door, other = door_at(nodes.one, vnfm), door_at(nodes.two, vnfm)
    name = f"{vnfm.name}-json"
    assert other.register(name).status == 201
    csr = pkcs10(vnfm.key(), f"/CN={name}")
    made = door.request(csr, name)
    assert made.status == 201, made
    assert other.get(made.location).doc == door.get(made.location).doc
    again = other.request(csr, name)
    assert again.doc == made.doc and again.location == made.location, again
    assert len(other.listed(CERTIFICATES)) == len(door.listed(CERTIFICATES)) == 1


@pytest.mark.skipif(not shutil.which("swtpm"), reason="no TPM (package swtpm)")
def test_nonce_of_the_other_node(tmp_path):
    """It is good at both, once."""
    both = Served(tmp_path)
    attested = Attested(tmp_path, [both.one, both.two])
    other = door_at(both.two, attested.vnfm)
    try:
        attested.register("tpm-1")
        _, nonce = attested.nonce(attested.door)
        asked = [{"certType": "VNFCI_CERT", "vnfcId": "tpm-1", "certChainRequest": False,
                  "csr": base64.b64encode(attested.csr("tpm-1", nonce)).decode()} for _ in range(2)]
        assert other.post(REQUESTS, asked[0]).status == 201
        again = attested.door.post(REQUESTS, asked[1])
        assert (again.status, again.doc["reason"]) == (422, "nonce_used"), again
    finally:
        attested.close()


# --- who may ---

def asks(vnfm, node, name):
    vnfm.cmf = node
    return vnfm.cmp("ir", "-newkey", vnfm.key(), "-subject", f"/CN={name}", "-certout", vnfm.out(),
                    path=".well-known/cmp/p/VnfciCert")


def test_a_client_that_goes_and_comes_back(nodes, vnfm):
    """Each node knows at once, whatever it remembers of the client."""
    name = entity(vnfm)
    for node in (nodes.one, nodes.two):
        assert asks(vnfm, node, name).ok
    doors = {node: door_at(node, vnfm) for node in (nodes.one, nodes.two)}
    assert [door.get(CERTIFICATES).status for door in doors.values()] == [200, 200]
    added = ["client", "add", vnfm.name, "--trust-anchor", vnfm.anchor, "--subject", f"/CN={vnfm.name}", "--trust-domain",
             vnfm.name]
    for here, there in ((nodes.one, nodes.two), (nodes.two, nodes.one)):
        here.ctl("client", "remove", vnfm.name)
        assert asks(vnfm, there, name).failinfo == "signerNotTrusted"
        assert doors[there].get(CERTIFICATES).status == 401
        here.ctl(*added)
        assert asks(vnfm, there, name).ok
        assert doors[there].get(CERTIFICATES).status == 200


def test_a_secret_that_is_replaced(nodes, tmp_path):
    client = MacClient(nodes.one, "secret", tmp_path / "secret")
    nodes.one.register("secret", "secret.example.net", cert_type="ManoCert")
    for node in (nodes.one, nodes.two):
        client.cmf = node
        client.enrol("secret.example.net", profile="ManoCert")
    nodes.one.ctl("client", "remove", "secret")
    client.cmf = nodes.two
    refused = client.cmp("ir", "-newkey", client.key(), "-subject", "/CN=secret.example.net", "-certout", client.out(),
                         path=".well-known/cmp/p/ManoCert")
    assert not refused.ok and refused.failinfo == "badMessageCheck", refused.text


def test_a_certificate_that_is_held_and_revoked(nodes, vnfm):
    """Its holder asks with it, and the other node has seen that before."""
    name = entity(vnfm)
    cert, key = vnfm.enrol(name)
    serial = serial_of(cert)
    holder = Requester(nodes.two, vnfm.dir, ["-cert", cert, "-key", key])

    def informed(node):
        holder.cmf = node
        return holder.cmp("genm", "-infotype", "signKeyPairTypes").ok

    assert informed(nodes.two) and informed(nodes.one)
    for here, there in ((nodes.one, nodes.two), (nodes.two, nodes.one)):
        here.ctl("certificate", "revoke", "--serial", serial, "--reason", "certificateHold")
        assert not informed(there)
        here.ctl("certificate", "revoke", "--serial", serial, "--reason", "removeFromCRL")
        assert informed(there)
    nodes.one.ctl("certificate", "revoke", "--serial", serial)
    assert not informed(nodes.two)
