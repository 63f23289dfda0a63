# SPDX-License-Identifier: Apache-2.0
"""`cmfctl store copy`: a database of SQLite becomes one of PostgreSQL, whole or not at all, and cmfd goes on with it."""
import contextlib
import json
import os
import signal
import sqlite3

import pytest

import postgresql
from conftest import BUILD, Cmf, MacClient, Vnfm, run, serial_of, wait_for
from json_door import SUBSCRIPTIONS, door_of, pkcs10
from relay import Relay

if not postgresql.programs():
    pytest.skip("PostgreSQL is not installed (package postgresql)", allow_module_level=True)
if os.environ.get("CMFD_E2E_STORE"):
    pytest.skip("begins with SQLite", allow_module_level=True)

FAULT = 4


def copy(cmf, url, *options, check=True, **environment):
    return run([BUILD / "cmfctl", "store", "copy", "--from", cmf.dir / "cmf.db", "--to", url, *options], check=check,
               env={**os.environ, **environment})


def tables_of(db):
    return [name for name, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")]


def fill(db):
    """A row in every table that has none, with values at the edges of their types."""
    db.execute("PRAGMA foreign_keys = ON")
    for name, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    special = {"key_id": b"12345678", "in_force": 0}
    empty = [t for t in tables_of(db) if not db.execute(f"SELECT count(*) FROM {t}").fetchone()[0]]
    while empty:
        table = empty.pop(0)
        parents = {row[3]: (row[2], row[4]) for row in db.execute(f"PRAGMA foreign_key_list({table})")}
        if any(parent in empty for parent, _ in parents.values()):
            empty.append(table)
            continue
        values = {}
        for _, column, kind, *_ in db.execute(f"PRAGMA table_info({table})").fetchall():
            if column in parents:
                parent, key = parents[column]
                values[column] = db.execute(f"SELECT {key or 'id'} FROM {parent}").fetchone()[0]
            else:
                values[column] = special.get(column, {"INTEGER": 2**63 - 1, "TEXT": "zwölf\t\\N\n\"", "BLOB": bytes(range(256))}[kind])
        db.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", list(values.values()))


def rows_of_sqlite(db, table):
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    rows = db.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
    return columns, sorted(json.dumps(["\\x" + v.hex() if isinstance(v, bytes) else v for v in row]) for row in rows)


def rows_of_postgresql(url, table, columns):
    text = postgresql.server().sql(url, f"SELECT json_agg(json_build_array({', '.join(columns)})) FROM {table}")
    return sorted(json.dumps(row) for row in json.loads(text or "[]"))


def test_every_kind_of_row(tmp_path):
    """Killed after each of the first batches: cmfd does not serve half of a copy, and the next one goes on."""
    cmf = Cmf(tmp_path / "cmf").start()
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    cmf.register("vnfm-a", "vnfci-1")
    vnfm.enrol("vnfci-1")
    url = postgresql.server().database_new()
    served = copy(cmf, url, check=False)
    assert served.returncode == FAULT and "is served by another cmfd" in served.stdout
    assert cmf.stop() == 0
    with contextlib.closing(sqlite3.connect(cmf.dir / "cmf.db")) as db:
        with db:
            fill(db)
        assert all(db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables_of(db))
    for batch in (1, 1, 5):
        assert copy(cmf, url, check=False, CMFD_FAULT_POINT=f"store-copy-batch:{batch}").returncode == -signal.SIGKILL
    half = Cmf(tmp_path / "half")
    half.set("store", "database", url)
    half.start(ready=False)
    assert half.process.wait(90) == 1 and "has half of a copy" in half.tail()
    done = copy(cmf, url, "--keep")
    assert "all rows are there, and the same" in done.stdout
    with contextlib.closing(sqlite3.connect(cmf.dir / "cmf.db")) as db:
        for table in tables_of(db):
            columns, rows = rows_of_sqlite(db, table)
            assert rows == rows_of_postgresql(url, table, columns), table
    again = copy(cmf, url, check=False)
    assert again.returncode == FAULT and "is not empty" in again.stdout


def test_what_was_changed_meanwhile_is_found(tmp_path):
    """The file was served between two parts of the copy: nothing of that is taken for a copy."""
    cmf = Cmf(tmp_path / "cmf").start()
    Vnfm(cmf, "vnfm-a", tmp_path / "a")
    cmf.register("vnfm-a", "vnfci-1")
    assert cmf.stop() == 0
    url = postgresql.server().database_new()
    assert copy(cmf, url, check=False, CMFD_FAULT_POINT="store-copy-batch:10").returncode == -signal.SIGKILL
    with contextlib.closing(sqlite3.connect(cmf.dir / "cmf.db")) as db, db:
        db.execute("UPDATE audit SET detail = 'another'")
        db.execute("UPDATE client SET trust_domain = 'another'")
    refused = copy(cmf, url, check=False)
    assert refused.returncode == FAULT and "has not become the same" in refused.stdout


def test_the_file_is_not_served_any_more(tmp_path):
    """Before the copy and after the way back it is; meanwhile all say where its rows are, and a backup of it is made."""
    cmf = Cmf(tmp_path / "cmf").start()
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    cmf.register("vnfm-a", "vnfci-1")
    assert cmf.stop() == 0
    url, other = (postgresql.server().database_new() for _ in range(2))
    assert "as well" in copy(cmf, other, "--keep").stdout
    cmf.start()
    number = cmf.ctl_json("ca", "show")[0]["crl_number"]
    assert cmf.stop() == 0
    assert "any more" in copy(cmf, url).stdout
    said = f"was copied to {url}, which has gone on since: set [store] database to that"
    cmf.start(ready=False)
    assert cmf.process.wait(120) == 1 and said in cmf.tail()
    again = copy(cmf, postgresql.server().database_new(), check=False)
    assert again.returncode == FAULT and said in again.stdout
    for command in (("tidy",), ("check", "--database")):
        refused = cmf.ctl(*command, check=False)
        assert refused.returncode and said in refused.stdout, refused.stdout
    cmf.ctl("backup", tmp_path / "backup.tar")
    cmf.ctl("store", "put-back")
    cmf.start()
    try:
        wait_for("a CRL", lambda: cmf.ctl_json("ca", "show")[0]["crl_number"] > number + 1)
        assert vnfm.enrol("vnfci-1")
    finally:
        cmf.stop()


def test_goes_on_as_it_was(tmp_path):
    """Transactions that were open, secrets that were sealed, requests that are read again, and numbers that go on."""
    cmf = Cmf(tmp_path / "cmf").serve_tls().start()
    vnfm, mano = Vnfm(cmf, "vnfm-a", tmp_path / "a"), MacClient(cmf, "nfvo", tmp_path / "mano")
    door = door_of(vnfm)
    cmf.register("vnfm-a", *(f"vnfci-{i}" for i in range(6)))
    cmf.register("nfvo", "nfvo.example", cert_type="ManoCert")
    first, key = vnfm.enrol("vnfci-0")
    assert vnfm.cmp("rr", "-oldcert", vnfm.enrol("vnfci-1")[0], "-revreason", "1").ok
    csr = pkcs10(vnfm.key(), "/CN=vnfci-2")
    resource = door.request(csr, "vnfci-2")
    assert door.post(SUBSCRIPTIONS, {"callbackUri": "https://127.0.0.1:9/"}).status in (201, 422)
    moved = []

    class Moving(Relay):
        """The server moves between ip and certConf."""

        def forward(self, path, body):
            answer = super().forward(path, body)
            if not moved:
                assert cmf.stop() == 0
                url = postgresql.server().database_new()
                copy(cmf, url)
                cmf.set("store", "database", url)
                cmf.set("store", "replication", "none")
                cmf.start()
                moved.append(url)
            return answer

    before = cmf.snapshot()
    relay = Moving(cmf.port)
    command = vnfm.command("ir", "-newkey", vnfm.key(), "-subject", "/CN=vnfci-3", "-certout", vnfm.out(),
                           path=".well-known/cmp/p/VnfciCert")
    command[command.index("-server") + 1] = relay.address
    run(command)
    relay.stop()
    try:
        assert moved and cmf.states("vnfci-3") == ["active"]
        registrations, certificates = cmf.snapshot()
        assert registrations == before[0]
        assert [c for c in certificates if c["subject_id"] != "vnfci-3"] == before[1]
        # The secret of the MAC client; the same request, and its certificate; a number that nobody has had.
        mano.enrol("nfvo.example", profile="ManoCert")
        again = door.request(csr, "vnfci-2")
        assert again.status == 200 and again.doc == resource.doc
        assert vnfm.cmp("kur", "-oldcert", first, "-cert", first, "-key", key, "-newkey", vnfm.key(), "-certout", vnfm.out(),
                        path=".well-known/cmp/p/VnfciCert").ok
        assert vnfm.cmp("rr", "-oldcert", first, "-revreason", "4").ok
        wait_for("the CRL", lambda: serial_of(first).upper() in run(
            ["sh", "-c", f"curl -sf {cmf.url}/crl/issuing.crl | openssl crl -inform DER -noout -text"]).stdout)
        vnfm.enrol("vnfci-4")
        assert cmf.ctl("check", "--database").returncode == 0
        assert cmf.ctl("audit", "verify", check=False).returncode == 0
    finally:
        cmf.stop()
