# SPDX-License-Identifier: Apache-2.0
"""Several cmfd that serve one database on a PostgreSQL server at the same time."""
import os
import re
import shutil
import signal
import subprocess

import pytest

import postgresql
from conftest import Cmf, Vnfm, wait_for
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


def database_of(cmf):
    return re.search(r"^database = \S+@/(\w+)\?", cmf.conf.read_text(), flags=re.M)[1]


class Nodes:
    """Two cmfd, both of which serve."""

    def __init__(self, directory):
        self.dir = directory
        self.one = node_of(directory / "one")
        self.database = database_of(self.one)
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
    name = database_of(cmf)
    psql = subprocess.Popen([f"{postgresql.programs()}/psql", "-h", str(postgresql.server().dir), "-U", "cmfd", "-At",
                             name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    psql.stdin.write("SELECT pg_try_advisory_lock(3);\n")
    psql.stdin.flush()
    assert psql.stdout.readline() == "t\n"
    cmf.start(ready=False)
    assert cmf.process.wait(90) == 1
    assert "somebody has it for itself" in cmf.tail()
    psql.communicate("SELECT pg_advisory_unlock_all();\n")
    cmf.start()
    try:
        assert postgresql.server().sql(name, "SELECT pg_try_advisory_lock(3)") == "f"
    finally:
        cmf.stop()
