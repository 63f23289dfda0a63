# SPDX-License-Identifier: Apache-2.0
"""What is told of the nodes that serve a database: cmfctl node list and status, /metrics, /readyz, the log."""
import os
import urllib.error
import urllib.request

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


def logged(cmf, event):
    return [line for line in (cmf.dir / "cmfd.log").read_text().splitlines() if f"event={event} " in line]


def metric(cmf, name):
    return float(next(line.rsplit(" ", 1)[1] for line in cmf.metrics().splitlines() if line.startswith(name + " ")))


def problems(cmf):
    return " ".join(cmf.ctl_json("status")[0]["problems"])


def readiness(cmf):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{cmf.metrics_port}/readyz") as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def clock_set(nodes, ahead_ms):
    nodes.sql("CREATE OR REPLACE FUNCTION now_ms() RETURNS BIGINT LANGUAGE sql VOLATILE "
              f"RETURN floor(extract(epoch FROM clock_timestamp()) * 1000)::BIGINT + {ahead_ms}")


def test_clocks_that_differ(nodes):
    """The database's clock goes wrong for both: each tells it once, and its end."""
    assert not logged(nodes.one, "node_clock") and "node " not in problems(nodes.one)
    clock_set(nodes, -30000)
    for node in (nodes.one, nodes.two):
        wait_for("a clock that differs", lambda: logged(node, "node_clock"))
        assert 25 < metric(node, "cmfd_node_clock_skew_seconds") < 60
    wait_for("both in the list", lambda: all(r["clock_skew_ms"] > 25000 for r in listed(nodes.one).values()))
    assert "node one: its clock is" in problems(nodes.two) and "ahead of that of the database" in problems(nodes.two)
    clock_set(nodes, 0)
    for node in (nodes.one, nodes.two):
        wait_for("clocks that agree", lambda: "they agree again" in logged(node, "node_clock")[-1])
        assert len(logged(node, "node_clock")) == 2
    wait_for("no problem", lambda: "node " not in problems(nodes.one))


def test_a_node_that_cannot_beat(nodes):
    """It commits, but cannot say that it is there: requests and jobs go to the other one until it can."""
    wait_for("jobs", lambda: {"cmf", "cmp", "notifications"} <= nodes.jobs().keys())
    assert readiness(nodes.one)[0] == readiness(nodes.two)[0] == 200
    assert metric(nodes.one, "cmfd_node_alive") == 1
    nodes.sql("ALTER TABLE node ADD CONSTRAINT not_one CHECK (name <> 'one') NOT VALID")
    wait_for("503", lambda: readiness(nodes.one)[0] == 503)
    assert "this node could not say for [store] lease that it is there" in readiness(nodes.one)[1]
    wait_for("the log's word", lambda: logged(nodes.one, "node_away"))
    assert metric(nodes.one, "cmfd_node_alive") == 0 and metric(nodes.one, 'cmfd_node_beats_total{result="failed"}') > 0
    wait_for("the other one's jobs", lambda: set(nodes.jobs().values()) == {"two"})
    assert metric(nodes.two, 'cmfd_node_lease_held{lease="cmf"}') == 1
    assert metric(nodes.one, 'cmfd_node_lease_held{lease="cmf"}') == 0
    assert readiness(nodes.two)[0] == 200 and listed(nodes.two)["one"]["state"] == "gone"
    nodes.sql("ALTER TABLE node DROP CONSTRAINT not_one")
    wait_for("200", lambda: readiness(nodes.one)[0] == 200)
    wait_for("the log's word", lambda: "it is there again" in logged(nodes.one, "node_away")[-1])
    assert set(nodes.jobs().values()) == {"two"}


def test_which_node_is_scraped(nodes):
    assert f'node="one",address="127.0.0.1:{nodes.one.port}"' in nodes.one.metrics()
    assert 'cmfd_node_info{node="two"' in nodes.two.metrics()
    before = metric(nodes.one, 'cmfd_node_beats_total{result="ok"}')
    wait_for("a beat", lambda: metric(nodes.one, 'cmfd_node_beats_total{result="ok"}') > before)
    assert metric(nodes.one, "cmfd_node_last_beat_timestamp_seconds") > 1e9


def test_configurations_that_differ(nodes):
    """What all nodes should have in common is compared, with what a reload brings."""
    nodes.two.set("log", "level", "debug")
    nodes.two.ctl("reload")
    assert listed(nodes.one)["two"]["configuration_compared"] == "same"
    nodes.two.set("cmf", "confirm_wait", "77s")
    nodes.two.ctl("reload")
    wait_for("the other configuration", lambda: listed(nodes.one)["two"]["configuration_compared"] == "differs")
    assert listed(nodes.one)["one"]["configuration_compared"] == "same"
    for node, other in ((nodes.one, "two"), (nodes.two, "one")):
        wait_for("the log's word", lambda: logged(node, "node_configuration"))
        assert f"nodes={other}" in logged(node, "node_configuration")[0]
        assert metric(node, "cmfd_node_configurations_different") == 1
        assert f"node {other}: its configuration is another one" in problems(node)
    nodes.one.set("cmf", "confirm_wait", "77s")
    nodes.one.ctl("reload")
    for node in (nodes.one, nodes.two):
        wait_for("the end of it", lambda: "all nodes have the same again" in logged(node, "node_configuration")[-1])
        assert metric(node, "cmfd_node_configurations_different") == 0 and "node" not in problems(node)
