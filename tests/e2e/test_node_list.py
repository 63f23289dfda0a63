# SPDX-License-Identifier: Apache-2.0
"""What is told of the nodes that serve a database: cmfctl node list and status, /metrics, /readyz, the log."""
import os

import pytest

import postgresql
from conftest import Cmf, wait_for

if postgresql.programs():
    from test_nodes import Nodes


@pytest.fixture
def nodes(tmp_path):
    if not postgresql.programs():
        pytest.skip("PostgreSQL is not installed (package postgresql)")
    both = Nodes(tmp_path)
    try:
        yield both.start()
    finally:
        both.stop()


def listed(cmf):
    return {row["name"]: row for row in cmf.ctl_json("node", "list")}


def line_of(text, title):
    return next((line[len(title):].strip() for line in text.splitlines() if line.startswith(title)), None)


@pytest.mark.skipif(os.environ.get("CMFD_E2E_STORE") == "postgresql", reason="on a server there are nodes")
def test_one_that_serves_alone(tmp_path):
    """A file has no nodes; the cmfd that serves it is listed all the same."""
    cmf = Cmf(tmp_path / "cmf")
    cmf.set("store", "node", "alone")
    cmf.start()
    try:
        (row,) = cmf.ctl_json("node", "list")
        assert (row["name"], row["state"], row["this"], row["jobs"]) == ("alone", "alive", True, None)
        assert row["address"] == f"127.0.0.1:{cmf.port}" and row["configuration_compared"] == "same"
        assert line_of(cmf.ctl("status").stdout, "nodes") == "alone (this one)"
    finally:
        cmf.stop()
    status = cmf.ctl("status", check=False)
    assert status.returncode == 3 and line_of(status.stdout, "nodes") is None


def test_nodes_and_their_jobs(nodes):
    """Each lists both, and itself as the one that answers."""
    wait_for("jobs", lambda: {"cmf", "cmp", "notifications", "ca issuing"} <= nodes.jobs().keys())
    for node, other in ((nodes.one, "two"), (nodes.two, "one")):
        rows = listed(node)
        assert rows.keys() == {"one", "two"}
        assert [name for name, row in rows.items() if row["this"]] == [node.dir.name]
        assert {row["state"] for row in rows.values()} == {"alive"}
        assert {row["configuration_compared"] for row in rows.values()} == {"same"}
        assert rows["one"]["address"] == f"127.0.0.1:{nodes.one.port}"
        assert all(abs(row["clock_skew_ms"]) < 60000 and row["schema"] > 40 for row in rows.values())
        jobs = sorted(job for row in rows.values() for job in row["jobs"])
        assert jobs == sorted(nodes.jobs())
        assert other in line_of(node.ctl("status").stdout, "nodes")
    table = nodes.one.ctl("node", "list", "--columns", "name,state,jobs").stdout.splitlines()
    assert table[0].split() == ["NAME", "STATE", "JOBS"] and table[1].startswith("one")


def test_one_is_gone(nodes):
    """It is listed as such, without jobs, until it is back."""
    first = nodes.holder("cmf")
    other = nodes.other(first)
    first.kill()
    wait_for("the other one's jobs", lambda: set(nodes.jobs().values()) == {other.dir.name})
    row = listed(other)[first.dir.name]
    assert row["state"] == "gone" and row["jobs"] == []
    assert line_of(other.ctl("status").stdout, "nodes gone") == first.dir.name
    first.start()
    wait_for("one that is back", lambda: listed(other)[first.dir.name]["state"] == "alive")
    other.kill()
    first.kill()
    status = first.ctl("status", check=False)
    assert status.returncode == 3 and line_of(status.stdout, "nodes") is not None


def test_configurations_that_differ(nodes):
    """What all nodes should have in common is compared, with what a reload brings."""
    nodes.two.set("log", "level", "debug")
    nodes.two.ctl("reload")
    assert listed(nodes.one)["two"]["configuration_compared"] == "same"
    nodes.two.set("cmf", "confirm_wait", "77s")
    nodes.two.ctl("reload")
    wait_for("the other configuration", lambda: listed(nodes.one)["two"]["configuration_compared"] == "differs")
    assert listed(nodes.one)["one"]["configuration_compared"] == "same"
