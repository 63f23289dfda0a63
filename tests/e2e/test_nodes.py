# SPDX-License-Identifier: Apache-2.0
"""Several cmfd that serve one database on a PostgreSQL server at the same time."""
import os
import re
import shutil
import signal
import subprocess
import threading

import pytest

import direct_mode
import postgresql
from callback import Callback
from conftest import OPENSSL, PATIENCE, Cmf, Vnfm, run, serial_of, wait_for
from json_door import SUBSCRIPTIONS, door_of
from lcm_vnfm import VnfManager
from test_database import enrol
from test_postgresql import on_postgresql

if not postgresql.programs():
    pytest.skip("PostgreSQL is not installed (package postgresql)", allow_module_level=True)

LEASE = 2


def node_of(directory):
    cmf = on_postgresql(directory)
    cmf.set("store", "lease", f"{LEASE}s")
    cmf.set("store", "node", "one")
    return cmf


def copy_of(cmf, directory, name):
    """Another node: the same configuration and keys, on ports of its own."""
    other = Cmf(directory)
    shutil.rmtree(other.dir)
    shutil.copytree(cmf.dir, other.dir, ignore=shutil.ignore_patterns("*.sock", "cmfd.log"))
    other.set("server", "listen", f"127.0.0.1:{other.port}")
    other.set("server", "listen_metrics", f"127.0.0.1:{other.metrics_port}")
    other.set("store", "node", name)
    return other


class Nodes:
    """Two cmfd, both of which serve."""

    def __init__(self, directory):
        self.dir = directory
        self.one = node_of(directory / "one")
        self.database = postgresql.database_of(self.one)
        self.two = copy_of(self.one, directory / "two", "two")

    def start(self):
        self.one.start()
        self.two.start()
        return self

    def stop(self):
        for node in (self.one, self.two):
            if node.running():
                node.process.send_signal(signal.SIGCONT)
            node.stop()

    def sql(self, statement):
        return postgresql.server().sql(self.database, statement)

    def jobs(self):
        """Whose each job is."""
        rows = self.sql("SELECT l.job, n.name FROM lease l JOIN node n ON n.id = l.node")
        return dict(line.split("|") for line in rows.splitlines())

    def other(self, node):
        return self.two if node is self.one else self.one

    def holder(self, job):
        wait_for(f"somebody who has {job}", lambda: job in self.jobs())
        return getattr(self, self.jobs()[job])


@pytest.fixture
def nodes(tmp_path):
    both = Nodes(tmp_path)
    try:
        yield both.start()
    finally:
        both.stop()


def test_both_serve(nodes, tmp_path):
    """What one has told the other knows at once, whichever is asked."""
    vnfm = Vnfm(nodes.one, "vnfm-a", tmp_path / "a")
    for i in range(4):
        (nodes.one, nodes.two)[i % 2].register("vnfm-a", f"vnfci-{i}")
        vnfm.cmf = (nodes.two, nodes.one)[i % 2]
        assert enrol(vnfm, f"vnfci-{i}").ok
        assert nodes.one.states(f"vnfci-{i}") == nodes.two.states(f"vnfci-{i}") == ["active"]


def test_jobs_are_taken_over(nodes):
    """One node has them; when it ends another one has them at once, and when it dies soon after."""
    wait_for("jobs", lambda: {"cmf", "cmp", "notifications"} <= nodes.jobs().keys())
    first = nodes.holder("cmf")
    second = nodes.other(first)
    first.stop()
    wait_for("the other one's jobs", lambda: set(nodes.jobs().values()) == {second.dir.name})
    assert nodes.sql("SELECT count(*) FROM node") == "1"
    first.start()
    second.kill()
    wait_for("jobs of one that is back", lambda: set(nodes.jobs().values()) == {first.dir.name})


def test_a_node_was_stopped(nodes):
    """It goes on where it was, and what it did for all is another one's by then."""
    stopped = nodes.holder("cmf")
    os.kill(stopped.process.pid, signal.SIGSTOP)
    other = nodes.other(stopped)
    wait_for("the other one's jobs", lambda: set(nodes.jobs().values()) == {other.dir.name})
    os.kill(stopped.process.pid, signal.SIGCONT)
    stopped.wait_ready()
    wait_for("both being there", lambda: nodes.sql(
        "SELECT count(*) FROM node WHERE until_ms > now_ms()") == "2")
    assert set(nodes.jobs().values()) == {other.dir.name}


def test_a_cmfd_that_claims_the_database(tmp_path):
    """One from before there were nodes serves alone: each keeps the other off."""
    cmf = on_postgresql(tmp_path / "cmf")
    name = postgresql.database_of(cmf)
    psql = subprocess.Popen([f"{postgresql.programs()}/psql", "-h", str(postgresql.server().dir), "-U", "cmfd", "-At",
                             name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    psql.stdin.write("SELECT pg_try_advisory_lock(3);\n")
    psql.stdin.flush()
    assert psql.stdout.readline() == "t\n"
    cmf.start(ready=False)
    assert cmf.process.wait(90) == 1
    assert "a cmfd has it for itself" in cmf.tail()
    psql.communicate("SELECT pg_advisory_unlock_all();\n")
    cmf.start()
    try:
        assert postgresql.server().sql(name, "SELECT pg_try_advisory_lock(3)") == "f"
    finally:
        cmf.stop()


# --- notifications ---


@pytest.fixture
def telling(tmp_path):
    """Nodes that may tell a callback on this host, what it is told, and a VNFM that has subscribed."""
    both, callback = Nodes(tmp_path), Callback().start()
    for node in (both.one, both.two):
        node.serve_tls()
        node.set("events", "callback_networks", "127.0.0.0/8")
        node.set("trust_domain vnfm-a", "callback_hosts", "127.0.0.1")
        node.set("profile VnfciCert", "implicit_confirm", "yes")
    try:
        both.start()
        both.vnfm, both.callback = Vnfm(both.one, "vnfm-a", tmp_path / "a"), callback
        door = door_of(both.vnfm)
        answer = door.post(SUBSCRIPTIONS, {"callbackUri": callback.uri})
        assert answer.status == 201, answer
        door.close()
        yield both
    finally:
        both.stop()
        callback.stop()


def issue_at(nodes, node, name):
    """A certificate, of which a subscriber is told."""
    node.register("vnfm-a", name)
    nodes.vnfm.cmf = node
    nodes.vnfm.enrol(name, extra=["-implicit_confirm"])


def told(nodes, *names):
    """Waits until the callback was told of a certificate of each; ids of all that came, in their order."""
    wait_for(f"notifications of {names}", lambda: set(names) <= {n["subjectId"] for n in nodes.callback.seen
                                                                  if n["notificationType"].startswith("CertificateIssued")})
    return [n["id"] for n in nodes.callback.seen]


def test_notifications_are_sent_by_one(telling):
    """Whichever node something happens at, a callback is told once."""
    names = [f"vnfci-{i}" for i in range(8)]
    for i, name in enumerate(names):
        issue_at(telling, (telling.one, telling.two)[i % 2], name)
    ids = told(telling, *names)
    assert len(ids) == len(set(ids))


def test_notifications_go_on(telling):
    """The node that tells is killed while the callback has one in its hands: the other one tells it again, by the same
    id, and goes on."""
    issue_at(telling, telling.one, "vnfci-1")
    told(telling, "vnfci-1")
    teller = telling.holder("notifications")
    other = telling.other(teller)
    asked, go_on = threading.Event(), threading.Event()
    telling.callback.before = lambda: (asked.set(), go_on.wait(PATIENCE))
    issue_at(telling, other, "vnfci-2")
    assert asked.wait(PATIENCE)
    teller.kill()
    telling.callback.before = lambda: None
    go_on.set()
    issue_at(telling, other, "vnfci-3")
    told(telling, "vnfci-2", "vnfci-3")
    by_id = {n["id"]: n for n in telling.callback.seen}
    assert sorted(n["subjectId"] for n in by_id.values() if n["notificationType"].startswith("CertificateIssued")) == [
        "vnfci-1", "vnfci-2", "vnfci-3"]


# --- how old what a node shows may be ---


def revoked_in(crl):
    return crl.exists() and run([OPENSSL, "crl", "-in", crl, "-inform", "DER", "-noout", "-text"]).stdout.lower()


def test_crl_of_the_other_node(tmp_path):
    """Whoever makes it, each node has it in its directory."""
    both = Nodes(tmp_path)
    for node in (both.one, both.two):
        (node.dir / "crl").mkdir()
        node.set("ca issuing", "crl_directory", "crl")
        node.set("ca issuing", "crl_revocation_interval", "0s")
    try:
        both.start()
        vnfm = Vnfm(both.one, "vnfm-a", tmp_path / "a")
        for here in (both.one, both.two):
            name = f"revoked-{here.dir.name}"
            here.register("vnfm-a", name)
            serial = serial_of(vnfm.enrol(name)[0])
            here.ctl("certificate", "revoke", serial)
            for node in (both.one, both.two):
                wait_for("the CRL", lambda node=node: any(
                    serial in (revoked_in(crl) or "") for crl in (node.dir / "crl").glob("*.crl")))
    finally:
        both.stop()


# --- what only one of them does, asked of the other one ---


def test_resync_at_the_node_that_does_not_follow(tmp_path):
    """409, and who does; a dry run only looks, and any node can. When that node has gone this one follows, and resyncs."""
    manager = VnfManager().start()
    both = Nodes(tmp_path)
    for node in (both.one, both.two):
        direct_mode.follow(node, manager, initial_credential_dir=None, callback_uri=f"{both.one.url}/lcm/sim")
    try:
        both.start()
        follower = both.holder("vnfm sim")
        other = both.other(follower)
        direct_mode.settled(follower)
        manager.has("vnf-o", "o-1")
        status, answer = other.operator("POST", "/v1/vnfms/sim/resync", {})
        assert (status, answer["detail"]) == (409, "another node follows the VNFM: `cmfctl node list` says which")
        refused = other.ctl("vnfm", "resync", "sim", check=False)
        assert refused.returncode == 1 and "another node follows the VNFM" in refused.stdout
        assert "vnf-o o-1" in other.ctl("vnfm", "resync", "sim", "--dry-run").stdout
        assert direct_mode.registered(other, "vnf-o") == []
        holds = {node["name"]: node["jobs"] for node in other.ctl_json("node", "list")}
        assert "vnfm sim" in holds[follower.dir.name] and "vnfm sim" not in holds[other.dir.name]
        follower.ctl("vnfm", "resync", "sim")
        direct_mode.becomes(other, "vnf-o", "o-1")
        manager.has("vnf-o", "o-1", "o-2")
        follower.kill()
        wait_for("the other one following", lambda: other.ctl("vnfm", "resync", "sim", check=False).returncode == 0)
        direct_mode.becomes(other, "vnf-o", "o-1", "o-2")
    finally:
        both.stop()
        manager.stop()


# --- nodes whose configurations differ ---


def key_index(nodes):
    return nodes.sql("SELECT count(*) FROM pg_class WHERE oid = to_regclass('certificate_key')") == "1"


def test_index_of_keys_that_another_node_needs(tmp_path):
    """A node that needs none leaves it to the one that does; alone it drops it."""
    both = Nodes(tmp_path)
    both.one.set("cmf", "key_reuse", "no")
    both.two.set("cmf", "key_reuse", "yes")
    try:
        both.start()
        assert key_index(both)
        both.one.stop()
        both.two.stop()
        wait_for("nobody being there", lambda: both.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()") == "0")
        both.two.start()
        assert not key_index(both)
        both.one.start()
        assert key_index(both)
    finally:
        both.stop()


def test_vnfm_of_one_node(tmp_path):
    """A node that does not follow it neither forgets what is to be looked at nor lets it be forgotten."""
    manager = VnfManager().start()
    both = Nodes(tmp_path)
    direct_mode.follow(both.one, manager, initial_credential_dir=None)
    try:
        both.one.start()
        direct_mode.settled(both.one)
        manager.has("vnf-o", "o-1")
        both.one.ctl("vnfm", "resync", "sim")
        direct_mode.becomes(both.one, "vnf-o", "o-1")
        both.two.start()
        assert "vnfm_not_configured" not in both.two.log.read_text()
        assert both.two.ctl_json("vnfm", "list") == []
        refused = both.two.ctl("vnfm", "forget", "sim", check=False)
        assert refused.returncode == 1 and "another node follows it" in refused.stdout
        both.one.stop()
        both.two.ctl("vnfm", "forget", "sim")
    finally:
        both.stop()
        manager.stop()
