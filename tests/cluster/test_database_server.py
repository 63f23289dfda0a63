# SPDX-License-Identifier: Apache-2.0
"""What only a PostgreSQL server of one's own shows: a COMMIT whose outcome nobody knows when the standby takes over, settings
with which what was committed can be lost, and TLS."""
import pathlib
import re
import subprocess
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import servers # noqa: E402  (finds the modules of tests/e2e)
import postgresql # noqa: E402
from conftest import BUILD, PATIENCE, Cmf, Vnfm, issue, make_ca, run, wait_for # noqa: E402

if not postgresql.programs():
    pytest.skip("PostgreSQL is not installed (package postgresql)", allow_module_level=True)


@pytest.fixture
def pair(tmp_path):
    """A cmfd before a primary and a standby, with a link that can be cut to each, and one between the two."""
    databases = [servers.Database(f"db{i}", servers.free_port()) for i in range(2)]
    links = [servers.Link(database.port) for database in databases]
    between = servers.Link(databases[0].port)
    cmf = None
    try:
        databases[0].make()
        databases[1].follow(databases[0], between.port)
        databases[0].sql("CREATE DATABASE cmfd", "postgres")
        cmf = servers.node_of(Cmf(tmp_path / "cmf"), None, links)
        cmf.set("store", "timeout", "2s")
        cmf.ctl("store", "create")
        cmf.start()
        yield cmf, databases, links, between
    finally:
        if cmf:
            cmf.stop()
        for link in (*links, between):
            link.close()
        for database in databases:
            database.stop()


def commits_waiting(database):
    return database.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'cmfd'",
                        "postgres")


@pytest.mark.parametrize("outcome", ["committed", "not committed"])
def test_commit_whose_outcome_is_unknown(pair, outcome):
    """The primary is lost while a COMMIT waits for the standby, which has got it, or has not. The client, who waits, gets
    one certificate, and it is the one that is there."""
    cmf, (primary, standby), links, between = pair
    vnfm = Vnfm(cmf, "vnfm-a", cmf.dir.parent / "a")
    cmf.register("vnfm-a", "vnfci-1")
    between.cut()
    cert = vnfm.out()
    command = vnfm.command("ir", "-newkey", vnfm.key(), "-subject", "/CN=vnfci-1", "-certout", cert, "-implicit_confirm",
                           "-msg_timeout", "600", "-total_timeout", "600", path=".well-known/cmp/p/VnfciCert")
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as client:
        wait_for("COMMIT", lambda: commits_waiting(primary) != "0")
        links[0].cut()
        if outcome == "committed":
            between.heal()
            wait_for("the standby", lambda: commits_waiting(primary) == "0")
        primary.kill()
        standby.promote()
        between.heal()
        links[0].heal()
        primary.follow(standby)
        said, _ = client.communicate(timeout=600)
    assert client.returncode == 0, f"{said}\n{cmf.tail()}"
    wait_for("the log", lambda: f'event=commit_looked_up outcome="{outcome}"' in cmf.log.read_text()
             or f"event=commit_looked_up outcome={outcome}" in cmf.log.read_text())
    assert [c["serial"].lower() for c in cmf.certificates("vnfci-1")] == [
        run(["openssl", "x509", "-in", cert, "-noout", "-serial"]).stdout.strip().split("=")[1].lower()]
    assert cmf.states("vnfci-1") == ["active"]


def test_tls_to_the_server(tmp_path):
    """verify-full is what holds when nothing is said: the certificate must be below the CA that is named, and for the host."""
    database = servers.Database("db0", servers.free_port())
    ca, key = tmp_path / "ca.pem", tmp_path / "ca.key"
    make_ca(ca, key, "/CN=CA of the database")
    make_ca(tmp_path / "other.pem", tmp_path / "other.key", "/CN=CA of the database")
    issue(ca, key, database.dir / "server.pem", database.dir / "server.key", "/CN=db.example",
          "keyUsage=critical,digitalSignature\nsubjectAltName=DNS:db.example\n")
    if postgresql.not_root():
        servers.shutil.chown(database.dir / "server.key", "nobody")
    (database.dir / "server.key").chmod(0o600)
    database.make("", f"ssl = on\nssl_cert_file = '{database.dir}/server.pem'\nssl_key_file = '{database.dir}/server.key'\n")
    try:
        database.sql("CREATE DATABASE cmfd", "postgres")
        (database.data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 trust\nlocal all all trust\n")
        database.sql("SELECT pg_reload_conf()", "postgres")
        cmf = Cmf(tmp_path / "cmf")
        cmf.set("store", "replication", "none")

        def create(host, root):
            cmf.set("store", "database", f"postgresql://cmfd@{host}:{database.port}/cmfd?hostaddr=127.0.0.1&sslrootcert={root}")
            return cmf.ctl("store", "create", check=False)
        wrong_ca, wrong_name = create("db.example", tmp_path / "other.pem"), create("elsewhere.example", ca)
        assert wrong_ca.returncode == 4 and "certificate verify failed" in wrong_ca.stdout, wrong_ca.stdout
        assert wrong_name.returncode == 4 and "does not match host name" in wrong_name.stdout, wrong_name.stdout
        assert create("db.example", ca).returncode == 0
        cmf.start()
        assert database.sql("SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
                            " WHERE application_name = 'cmfd'", "postgres") == "t"
        assert cmf.stop() == 0
    finally:
        database.stop()


class Receiver:
    """A pg_receivewal, which is a synchronous standby to a server that takes anybody for one."""

    def __init__(self, database):
        self.database, self.process = database, None
        self.log = tempfile.mkdtemp(prefix="log.", dir=database.dir)
        if postgresql.not_root():
            servers.shutil.chown(self.log, "nobody")

    def start(self):
        self.process = subprocess.Popen([f"{postgresql.programs()}/pg_receivewal", "--synchronous", "-D", self.log, "-h", self.database.dir,
                                         "-p", str(self.database.port), "-U", "cmfd"], **postgresql.not_root())
        wait_for("the receiver", lambda: self.database.sql(
            "SELECT sync_state FROM pg_stat_replication WHERE application_name = 'pg_receivewal'", "postgres") == "sync")

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def weak(tmp_path):
    """A cmfd that wants standbys, on a server that has the settings which lose what was committed."""
    database = servers.Database("db0", servers.free_port())
    receiver = cmf = None
    try:
        database.make("", "full_page_writes = off\ndata_sync_retry = on\n") # fsync is off, too
        database.sql("CREATE DATABASE cmfd", "postgres")
        receiver = Receiver(database)
        cmf = Cmf(tmp_path / "cmf")
        cmf.set("store", "database", f"postgresql://cmfd@/cmfd?host={database.dir}&port={database.port}")
        cmf.set("store", "replication", "required")
        cmf.ctl("store", "create")
        setting(database, "synchronous_standby_names", "*")
        receiver.start()
        yield cmf, database, receiver
    finally:
        if cmf:
            cmf.stop()
        if receiver:
            receiver.stop()
        database.stop()


def setting(database, name, value):
    """Of the running server."""
    quoted = value.replace("'", "''")
    database.sql(f"ALTER SYSTEM SET {name} = '{quoted}'", "postgres")
    database.sql("SELECT pg_reload_conf()", "postgres")
    wait_for(f"{name} = {value}", lambda: database.sql(f"SHOW {name}", "postgres") == value)


def weak_settings(cmf):
    """Those that `cmfctl check` warns of: it exits with 0 all the same."""
    found = [row["finding"] for row in cmf.ctl_json("check") if row["severity"] == "warning"]
    return [match[1] for match in (re.match(r"\[store\] database: on its server (\w+) ", f) for f in found) if match]


def test_settings_that_lose_what_was_committed(weak):
    """They are told, by the command and at the start, and keep nothing from serving."""
    cmf, database, _ = weak
    every = ["fsync", "full_page_writes", "data_sync_retry", "synchronous_standby_names"]
    assert weak_settings(cmf) == every
    cmf.start()
    assert re.findall(r'event=durability problem="(\w+) ', cmf.log.read_text()) == every
    assert cmf.stop() == 0
    for i, name in enumerate(every[:2]):
        setting(database, name, "on")
        assert weak_settings(cmf) == every[i + 1:]
    for names in ("FIRST 1 (*)", "ANY 1 (db1, *)", '"*"', "db1,*", 'pg_receivewal, "*"'):
        setting(database, "synchronous_standby_names", names)
        assert weak_settings(cmf) == every[2:], names
    for names in ("pg_receivewal", 'FIRST 1 (pg_receivewal, "db*")', 'ANY 1 ("*db", pg_receivewal)'):
        setting(database, "synchronous_standby_names", names)
        assert weak_settings(cmf) == every[2:3], names
    setting(database, "synchronous_standby_names", "*")
    cmf.set("store", "replication", "none")
    assert weak_settings(cmf) == every[2:3]


def test_less_than_synchronous_commit(weak):
    """What server and role say counts for other programs: a session of cmfd waits for the standby."""
    cmf, database, receiver = weak
    setting(database, "synchronous_commit", "off")
    database.sql("ALTER ROLE cmfd SET synchronous_commit = local", "postgres")
    cmf.start()
    vnfm = Vnfm(cmf, "vnfm-a", cmf.dir.parent / "a")
    receiver.stop()
    # Who looks why commits wait does not wait for one himself.
    assert cmf.ctl("check", "--database", timeout=PATIENCE).returncode == 0
    with subprocess.Popen([BUILD / "cmfctl", "--config", cmf.conf, "register", "--requester", vnfm.name, "--cert-type", "VnfciCert",
                           "--subject-id", "vnfci-1"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as asking:
        wait_for("COMMIT", lambda: commits_waiting(database) != "0")
        assert asking.poll() is None
        receiver.start()
        assert asking.wait(600) == 0, asking.stdout.read()
