# SPDX-License-Identifier: Apache-2.0
"""What happens to the files of the database while cmfd runs, and what it makes of what it finds."""
import contextlib
import re
import sqlite3
import urllib.error
import urllib.request

from conftest import OPENSSL, Cmf, Vnfm, about_a_file, run, wait_for
from json_door import CERTIFICATES, REQUESTS, door_of, pkcs10


def readiness(cmf):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{cmf.metrics_port}/readyz", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def enrol(vnfm, name):
    return vnfm.cmp("ir", "-newkey", vnfm.key(), "-subject", f"/CN={name}", "-certout", vnfm.out(),
                    path=".well-known/cmp/p/VnfciCert")


@about_a_file
def test_database_taken_away(cmf, tmp_path):
    """Nothing is issued that nobody would find again; what was there goes on where it was."""
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    cmf.register("vnfm-a", "vnfci-1")
    cmf.register("vnfm-a", "vnfci-2")
    assert enrol(vnfm, "vnfci-1").ok
    assert readiness(cmf) == (200, "ready\n")
    database, aside = cmf.dir / "cmf.db", cmf.dir / "aside.db"
    database.rename(aside)
    wait_for("cmfd saying so", lambda: "event=database_lost" in cmf.log.read_text())
    status, why = readiness(cmf)
    assert status == 503 and "the database is gone" in why
    refused = enrol(vnfm, "vnfci-2")
    assert not refused.ok and "systemUnavail" in refused.text
    aside.rename(database)
    wait_for("being ready again", lambda: readiness(cmf)[0] == 200)
    assert enrol(vnfm, "vnfci-2").ok
    assert cmf.running()


@contextlib.contextmanager
def hidden(cmf, table):
    """Every reading of it fails."""
    for names in ((table, "hidden"), ("hidden", table)):
        with cmf.database("rw") as db:
            db.execute("ALTER TABLE {} RENAME TO {}".format(*names))
        if names[0] == table:
            yield


def test_reading_fails_while_an_answer_is_made(tmp_path):
    """Whoever asks is told in the form that the interface has, also where the reading is the last of several."""
    cmf = Cmf(tmp_path / "cmf").serve_tls().start()
    door = door_of(Vnfm(cmf, "vnfm-a", tmp_path / "a"))
    door.register("vnfci-1")
    key = tmp_path / "key.pem"
    run([OPENSSL, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key])
    csr = pkcs10(key, "/CN=vnfci-1")
    assert door.request(csr, "vnfci-1").status == 201
    with hidden(cmf, "certificate_attestation"):
        lost = door.request(csr, "vnfci-1")
        assert (lost.status, lost.doc["reason"]) == (500, "system_failure"), lost
        for path in (REQUESTS, CERTIFICATES):
            listed = door.get(path)
            assert (listed.status, listed.doc["reason"]) == (500, "system_failure"), listed
        shown = cmf.ctl("certificate", "list", check=False)
        assert shown.returncode == 4 and "the server failed; its log says why" in shown.stdout
    again = door.request(csr, "vnfci-1")
    assert again.status == 200 and len(door.listed(CERTIFICATES)) == 1
    assert cmf.stop() == 0


@about_a_file
def test_second_server(tmp_path):
    """One cmfd serves a database; who looks at it is not kept off."""
    cmf = Cmf(tmp_path / "cmf").start()
    second = Cmf(tmp_path / "second")
    second.set("store", "database", cmf.dir / "cmf.db")
    second.set("store", "secret_key", cmf.dir / "store.key")
    second.start(ready=False)
    assert second.process.wait(90) == 1
    assert f"is served by another cmfd, process {cmf.process.pid}: stop that first" in second.tail()
    checked = cmf.ctl("check", "--database")
    assert re.search(r"database: client: \d+ rows?\n", checked.stdout) and " 1 rows\n" not in checked.stdout
    cmf.kill()
    second.start()
    second.stop()


@about_a_file
def test_database_of_another_program(tmp_path):
    cmf = Cmf(tmp_path / "cmf")
    database = cmf.dir / "cmf.db"
    database.unlink()
    with contextlib.closing(sqlite3.connect(database)) as other:
        other.execute("CREATE TABLE tune (name)")
    octets = database.read_bytes()
    cmf.start(ready=False)
    assert cmf.process.wait(90) == 1
    assert "is a database of another program, not of cmfd" in cmf.tail()
    checked = cmf.ctl("check", "--database", check=False)
    assert checked.returncode == 1 and "is a database of another program, not of cmfd" in checked.stdout
    assert database.read_bytes() == octets
    database.write_bytes(b"no database at all")
    cmf.start(ready=False)
    assert cmf.process.wait(90) == 1
    assert "is no SQLite database, or it is damaged" in cmf.tail()


@about_a_file
def test_damaged_log(cmf, tmp_path):
    """What was committed is not dropped without a word, and the words say what to do."""
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    for name in ("vnfci-1", "vnfci-2"):
        cmf.register("vnfm-a", name)
        assert enrol(vnfm, name).ok
    cmf.kill()
    log = cmf.dir / "cmf.db-wal"
    octets = bytearray(log.read_bytes())
    octets[32 + 24 + 100] ^= 1
    log.write_bytes(octets)
    cmf.start(ready=False)
    assert cmf.process.wait(90) == 1
    assert "DAMAGED LOG in cmfd(8)" in cmf.tail()
    assert log.read_bytes() == bytes(octets)
    checked = cmf.ctl("check", "--database", check=False)
    assert checked.returncode == 1 and "DAMAGED LOG in cmfd(8)" in checked.stdout
    # As the manual says, to go on with what is left.
    with cmf.database("rw") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    cmf.start()
