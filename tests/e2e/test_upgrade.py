# SPDX-License-Identifier: Apache-2.0
"""A database that a newer cmfd has migrated: this one goes on with it where that says so, and else refuses. What the newer
one would write is written by hand; where CMFD_NEWER names what tools/newer-versions has built, there is a newer one, too."""
import itertools
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import threading

import pytest

import postgresql
from conftest import BUILD, ROOT, Cmf, Requester, Vnfm, about_a_file, serial_of, wait_for
from test_node_list import nodes  # noqa: F401  (the fixture)
from two_nodes import Whoever

if postgresql.programs():
    from test_nodes import Nodes
    from test_postgresql import on_postgresql

NEWER = os.environ.get("CMFD_NEWER")


def log_of(cmf):
    return (cmf.dir / "cmfd.log").read_text()


def refused(cmf):
    cmf.start(ready=False)
    assert cmf.process.wait(120) == 1
    return cmf.tail()


def unready(cmf):
    return subprocess.run(["curl", "-s", f"http://127.0.0.1:{cmf.metrics_port}/readyz"], stdout=subprocess.PIPE,
                          text=True).stdout


@about_a_file
def test_the_way_back_of_a_file(tmp_path):
    cmf = Cmf(tmp_path / "cmf")
    with sqlite3.connect(cmf.dir / "cmf.db") as database:
        (known,) = database.execute("PRAGMA user_version").fetchone()
        assert database.execute("SELECT value FROM meta WHERE name = 'schema_needs'").fetchone() <= (known,)
        database.execute(f"PRAGMA user_version = {known + 1}")
    cmf.start()
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    cmf.register("vnfm-a", "vnfci-1")
    assert vnfm.enrol("vnfci-1")
    cmf.stop()
    assert "event=schema_newer" in log_of(cmf) and cmf.ctl("check", "--database").returncode == 0
    with sqlite3.connect(cmf.dir / "cmf.db") as database:
        assert database.execute("PRAGMA user_version").fetchone() == (known + 1,)
        database.execute(f"UPDATE meta SET value = {known + 1} WHERE name = 'schema_needs'")
    assert "is of a newer cmfd than this one, which cannot go on with it" in refused(cmf)
    assert "cannot go on with it" in cmf.ctl("check", "--database", check=False).stdout


def test_older_nodes_go_on(nodes, tmp_path):
    """The first of the nodes was upgraded, and has migrated the database."""
    known = int(nodes.sql("SELECT version FROM schema_version"))
    assert int(nodes.sql("SELECT needs FROM schema_version")) <= known
    nodes.sql("UPDATE schema_version SET version = version + 1")
    for node in (nodes.one, nodes.two):
        wait_for("the log's word", lambda: "event=schema_newer" in log_of(node))
    nodes.one.stop()
    nodes.one.start()
    vnfm = Vnfm(nodes.one, "vnfm-a", tmp_path / "a")
    nodes.two.register("vnfm-a", "vnfci-1")
    assert vnfm.enrol("vnfci-1")


def test_older_nodes_must_not_go_on(nodes):
    """Whoever cannot work with the new schema is ready for nothing any more, and does not start."""
    nodes.sql("UPDATE schema_version SET version = version + 1, needs = version + 1")
    for node in (nodes.one, nodes.two):
        wait_for("503", lambda: "cannot go on with the database, which a newer cmfd has migrated" in unready(node))
    nodes.one.stop()
    assert "cannot go on with it" in refused(nodes.one)


def test_older_nodes_serve(tmp_path):
    """A schema that they cannot work with is not made before they have ended."""
    if not postgresql.programs():
        pytest.skip("PostgreSQL is not installed (package postgresql)")
    cmf = on_postgresql(tmp_path / "cmf")
    name = postgresql.database_of(cmf)
    sql = postgresql.server().sql
    sql(name, "UPDATE schema_version SET version = version - 1")
    sql(name, "INSERT INTO node VALUES (7, 'old', 'a', '0.0', 40, 'c', 0, now_ms(), now_ms(), now_ms() + 3600000)")
    psql = subprocess.Popen([f"{postgresql.programs()}/psql", "-h", str(postgresql.server().dir), "-U", "cmfd", "-At",
                             name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    psql.stdin.write("SELECT pg_try_advisory_lock_shared(4, 40);\n")
    psql.stdin.flush()
    assert psql.stdout.readline() == "t\n"
    said = refused(cmf)
    psql.communicate("")
    assert "older cmfd that cannot go on with the schema of this one: stop those first" in said
    assert "old (0.0)" in said


def test_index_of_keys_waits_for_a_dump(tmp_path):
    """It is told for whom, SIGTERM ends it, and the next one goes on when that has ended."""
    if not postgresql.programs():
        pytest.skip("PostgreSQL is not installed (package postgresql)")
    cmf = on_postgresql(tmp_path / "cmf")
    cmf.set("cmf", "key_reuse", "no")
    name, sql = postgresql.database_of(cmf), postgresql.server().sql
    dump = subprocess.Popen([f"{postgresql.programs()}/psql", "-h", str(postgresql.server().dir), "-U", "cmfd", "-At",
                             f"dbname={name} application_name=dump"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    dump.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM certificate;\n")
    dump.stdin.flush()
    wait_for("one that is at work for long", lambda: sql(name, "SELECT count(*) FROM pg_stat_activity WHERE"
                                                         " application_name = 'dump' AND xact_start < now() -"
                                                         " interval '2 s' AND state LIKE 'idle in%'") == "1")
    waits = re.compile(r'event=key_index_waits locked_by="dump \(process \d+, user cmfd\)"')
    cmf.start(ready=False)
    wait_for("the log's word", lambda: waits.search(log_of(cmf)))
    assert cmf.stop() == -signal.SIGTERM
    assert 'event=stopped signal=Terminated problem="it had not begun to serve"' in log_of(cmf)
    cmf.start(ready=False)
    wait_for("the log's word", lambda: len(waits.findall(log_of(cmf))) == 2)
    dump.communicate("")
    wait_for("the index", lambda: sql(name, "SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid ="
                                            " to_regclass('certificate_key')") == "1")
    wait_for("200", lambda: "ready" in unready(cmf))
    cmf.stop()


def embedded(directory, *texts):
    files = []
    for i, text in enumerate(texts):
        files.append(directory / f"{i + 7:04}-x.sql")
        files[-1].write_text(text)
    done = subprocess.run([ROOT / "tools/embed_sql.py", directory / "out.c", "a", *files], stderr=subprocess.PIPE, text=True)
    return done.stderr or re.findall(r"^\t\{(\d+), (\d+),", (directory / "out.c").read_text(), flags=re.M)


def test_what_a_migration_says_that_it_needs(tmp_path):
    """Itself, unless it says less; never less than one before it."""
    assert embedded(tmp_path, "A;\n", "-- x\n-- needs 7\nB;\n", "C;\n") == [("7", "7"), ("8", "7"), ("9", "9")]
    assert "0009-x.sql: needs 7" in embedded(tmp_path, "A;\n", "B;\n", "-- needs 7\nC;\n")
    assert "0007-x.sql: needs 7" in embedded(tmp_path, "-- needs 7\nA;\n")


# --- one after the other ---


class Load:
    """Clients that enrol and revoke all the time, whichever node answers, and note what they were told."""

    def __init__(self, vnfm, nodes, threads=2):
        self.relay, self.stopping = Whoever(*nodes), False
        self.told, self.failures = {}, [] # state by serial
        self.names = itertools.count()
        clients = [Requester(self.relay, vnfm.dir / f"client-{i}", vnfm.credential) for i in range(threads)]
        self.threads = [threading.Thread(target=self.run, args=(client,)) for client in clients]
        for client, thread in zip(clients, self.threads):
            client.dir.mkdir()
            thread.start()

    def run(self, client):
        try:
            while not self.stopping:
                cert, _ = client.enrol(f"load-{next(self.names)}")
                self.told[serial_of(cert)] = "active"
                if len(self.told) % 3 == 0:
                    assert client.cmp("rr", "-oldcert", cert).ok
                    self.told[serial_of(cert)] = "revoked"
        except BaseException as failure: # what pytest.fail() raises is no Exception
            self.failures.append(failure)

    def goes_on(self, n=6):
        before = len(self.told)
        wait_for("certificates", lambda: self.failures or len(self.told) >= before + n)
        assert not self.failures, self.failures[0]

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join()
        self.relay.stop()
        assert not self.failures, self.failures[0]


@pytest.mark.skipif(not NEWER, reason="there is no newer cmfd (CMFD_NEWER=DIR; tools/newer-versions DIR makes it)")
def test_nodes_are_upgraded_one_after_the_other(tmp_path):
    """Nothing that was told is lost, and clients notice nothing but connections that break."""
    following, after = (pathlib.Path(NEWER) / name for name in ("next", "after"))
    both = Nodes(tmp_path)
    one, two = both.one, both.two
    both.start()
    vnfm = Vnfm(one, "vnfm-a", tmp_path / "a", register_on_ir=True)
    known = int(both.sql("SELECT version FROM schema_version"))

    def becomes(node, build):
        node.stop()
        node.build = build
        node.start()

    def serve():
        versions = {n["name"]: (n["version"], n["schema"]) for n in two.ctl_json("node", "list") if n["state"] == "alive"}
        for node in (one, two):
            client = Requester(node, node.dir, vnfm.credential)
            client.enrol(f"direct-{node.dir.name}-{len(load.told)}")
        return versions
    load = Load(vnfm, (one, two))
    try:
        load.goes_on()
        becomes(two, following)
        assert both.sql("SELECT version, needs FROM schema_version") == f"{known + 1}|{known}"
        wait_for("the log's word", lambda: "event=schema_newer" in log_of(one))
        load.goes_on()
        assert serve()["two"] == ("99.0.0", known + 1) and serve()["one"][1] == known
        becomes(one, following)
        load.goes_on()
        assert {version for version, _ in serve().values()} == {"99.0.0"}
        # The way back is open.
        becomes(one, BUILD)
        load.goes_on()
        assert serve()["one"][1] == known
        # The version after that cannot have others beside it.
        one.stop()
        one.build = after
        assert "older cmfd that cannot go on with the schema of this one: stop those first" in refused(one)
        assert "two (99.0.0)" in one.tail()
        load.goes_on()
    finally:
        load.stop()
        two.stop()
    try:
        one.start()
        assert both.sql("SELECT version, needs FROM schema_version") == f"{known + 2}|{known + 2}"
        states = {c["serial"].lower(): c["state"] for c in one.certificates()}
        assert len(load.told) > 24 and {serial: states.get(serial) for serial in load.told} == load.told
        assert one.ctl("audit", "verify").returncode == 0
        for build in (BUILD, following):
            two.build = build
            assert "is of a newer cmfd than this one, which cannot go on with it" in refused(two)
    finally:
        both.stop()
