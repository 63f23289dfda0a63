# SPDX-License-Identifier: Apache-2.0
"""docs/deployment.md, "Upgrade, backup": pg_basebackup and an archive of the server's log bring the database back to a
moment, and `cmfctl store put-back` makes of it what a CMF can go on with."""
import json
import re
import shutil
import urllib.error
import urllib.request

import pytest
from cryptography import x509

import servers  # first: it finds the modules of tests/e2e
import postgresql
from conftest import Cmf, Vnfm, serial_of, wait_for

if not postgresql.programs():
    pytest.skip("PostgreSQL is not installed (package postgresql)", allow_module_level=True)

DEPLOYMENT = servers.ROOT / "docs/deployment.md"


@pytest.fixture
def archived():
    """A server that keeps its log in a directory of its own."""
    database = servers.Database("db0", servers.free_port())
    archive = database.dir / "archive"
    archive.mkdir()
    if postgresql.not_root():
        shutil.chown(archive, "nobody")
    command = re.search(r"^ +(archive_command = .*)$", DEPLOYMENT.read_text(encoding="utf-8"), flags=re.M).group(1)
    database.make("", f"archive_mode = on\n{command.replace('/archive', str(archive))}\n")
    database.sql("CREATE DATABASE cmfd", "postgres")
    yield database, archive
    database.stop()


def test_what_is_archived_already_keeps_nothing_back(archived):
    """A standby that is promoted archives once more what its primary has sent."""
    database, archive = archived
    status = database.data / "pg_wal/archive_status"
    segment = database.sql("SELECT pg_walfile_name(pg_switch_wal())")
    wait_for("the archive", (status / f"{segment}.done").exists)
    (status / f"{segment}.done").rename(status / f"{segment}.ready")
    database.sql("CREATE TABLE t (n INTEGER)")
    later = database.sql("SELECT pg_walfile_name(pg_switch_wal())")
    wait_for("what comes after it", (archive / later).exists)
    assert (status / f"{segment}.done").exists()


def bring_back(database, archive, base, name):
    """The server's own way: the backup, then its log up to that moment."""
    database.sql("SELECT pg_switch_wal()")
    last = database.sql("SELECT pg_walfile_name(pg_current_wal_lsn() - 1)")
    wait_for("the archive", lambda: (archive / last).exists() or database.sql(
        "SELECT last_archived_wal FROM pg_stat_archiver") >= last)
    database.stop()
    shutil.rmtree(database.data)
    base.rename(database.data)
    with open(database.data / "postgresql.auto.conf", "a", encoding="utf-8") as conf:
        conf.write(f"restore_command = 'cp {archive}/%f %p'\nrecovery_target_name = '{name}'\n"
                   "recovery_target_action = 'promote'\n")
    (database.data / "recovery.signal").touch()
    database.start()
    wait_for("the end of the recovery", lambda: database.sql("SELECT pg_is_in_recovery()", "postgres") == "f")


def crl_number(cmf):
    """0: there is none yet."""
    try:
        der = urllib.request.urlopen(f"{cmf.url}/crl/issuing.crl", timeout=60).read()
    except urllib.error.HTTPError as error:
        assert error.code == 404
        return 0
    return x509.load_der_x509_crl(der).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def test_back_to_a_moment(archived, tmp_path):
    database, archive = archived
    cmf = Cmf(tmp_path / "cmf")
    cmf.set("store", "database", f"postgresql://cmfd@/cmfd?host={database.dir}&port={database.port}")
    cmf.set("store", "replication", "none")
    cmf.ctl("store", "create")
    cmf.start()
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "vnfm")
    for i in (1, 2, 3):
        cmf.register("vnfm-a", f"vnfci-{i}")
    wait_for("the first CRL", lambda: crl_number(cmf))
    base = database.dir / "base"
    database.program("pg_basebackup", "-D", base, "-X", "stream", "-c", "fast", "-h", database.dir, "-p", database.port, "-U", "cmfd")
    first, _ = vnfm.enrol("vnfci-1")
    second, _ = vnfm.enrol("vnfci-2")
    database.sql("SELECT pg_create_restore_point('before')")
    last = int(database.sql("SELECT max(id) FROM audit"))
    third, _ = vnfm.enrol("vnfci-3")
    for cert in (second, first):
        before = crl_number(cmf)
        assert vnfm.cmp("rr", "-oldcert", cert, "-revreason", "4").ok
        wait_for("a CRL", lambda: crl_number(cmf) > before)
    published = crl_number(cmf)
    # What is lost may be of a node whose clock is behind that of others: it is no older for that.
    audit = tmp_path / "audit.json"
    audit.write_text(json.dumps([{**line, "time": "2026-01-01T00:00:00Z"} if line["id"] > last else line
                                 for line in cmf.ctl_json("audit", "list")]))
    assert cmf.stop() == 0
    bring_back(database, archive, base, "before")

    said = cmf.ctl("store", "put-back", "--audit", audit).stdout.lower()
    issued, revoked = said[said.index("issued:"):said.index("revoked:")], said[said.index("revoked:"):]
    assert f"vnfci-3 {serial_of(third)}" in issued and "vnfci-1" not in issued and "vnfci-2" not in issued
    assert f"vnfci-1 {serial_of(first)}" in revoked and f"vnfci-2 {serial_of(second)}" in revoked
    cmf.start()
    wait_for("a CRL of the new numbers", lambda: crl_number(cmf) > published)
    assert [cmf.states(f"vnfci-{i}") for i in (1, 2, 3)] == [["active"], ["active"], []]
    assert vnfm.cmp("rr", "-oldcert", first, "-revreason", "4").ok
    assert vnfm.enrol("vnfci-3")
    assert cmf.stop() == 0
