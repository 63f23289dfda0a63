# SPDX-License-Identifier: Apache-2.0
"""What an operator is told where the server of the database is set up wrongly, lacks something, or is half there."""
import concurrent.futures
import os
import re
import shutil
import socket
import subprocess

import pytest

import postgresql
from conftest import Cmf, Vnfm, wait_for
from test_database import enrol, readiness

if not postgresql.programs():
    pytest.skip("PostgreSQL is not installed (package postgresql)", allow_module_level=True)

PGBOUNCER = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")


@pytest.fixture(scope="module")
def server():
    """One of these tests alone: they change its settings."""
    server = postgresql.Server()
    yield server
    server.remove()


@pytest.fixture
def cmf(tmp_path, server):
    cmf = Cmf(tmp_path / "cmf")
    cmf.set("store", "database", server.database_new())
    cmf.set("store", "replication", "none")
    cmf.ctl("store", "create")
    yield cmf
    cmf.stop()


def url_set(cmf, pattern, by):
    url = re.search(r"^database = (\S+)", cmf.conf.read_text(), flags=re.M).group(1)
    cmf.set("store", "database", re.sub(pattern, by, url, count=1))


def setting(server, name, value):
    server.sql("postgres", f"ALTER SYSTEM SET {name} = {value}")
    server.sql("postgres", "SELECT pg_reload_conf()")
    wait_for("the setting", lambda: server.sql("postgres", f"SELECT current_setting('{name}') = {value}") == "t")


def problems(cmf):
    return cmf.ctl_json("status")[0]["problems"]


def test_server_that_says_nothing(cmf, tmp_path):
    """It is no reason not to come to the next one; as a machine that was lost it takes a connection and never answers."""
    (tmp_path / "silent").mkdir()
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent/.s.PGSQL.5432"))
        silent.listen(64)
        url_set(cmf, "host=", f"host={tmp_path / 'silent'},")
        cmf.start()
        vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
        cmf.register("vnfm-a", "vnfci-1")
        assert enrol(vnfm, "vnfci-1").ok


def test_each_server_that_was_tried_is_told(cmf, tmp_path):
    url_set(cmf, "host=", f"host={tmp_path},{tmp_path / 'another'},")
    url_set(cmf, r"host=(\S+),[^,]*$", r"host=\1")
    said = cmf.ctl("check", check=False)
    assert said.returncode == 1 and "no server there that answers, is verified and is the primary" in said.stdout
    assert re.search(rf'detail=".*{tmp_path}/\.s.*; .*{tmp_path}/another/\.s', said.stdout), said.stdout


@pytest.mark.parametrize("role, hba, sentence", [
    ("refused", "local all refused reject", "does not let cmfd in"),
    ("secretive", "local all secretive scram-sha-256", "does not let cmfd in"),
    ("crowd", "local all crowd trust", "has no connection left: raise max_connections"),
])
def test_why_nobody_is_let_in(cmf, server, role, hba, sentence):
    """By the server's SQLSTATE: its words are in its own language."""
    if server.sql("postgres", f"SELECT count(*) FROM pg_roles WHERE rolname = '{role}'") == "0":
        server.sql("postgres", f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 0 PASSWORD 'x'")
    file = server.dir / "data/pg_hba.conf"
    file.write_text(f"{hba}\n{file.read_text()}")
    server.sql("postgres", "SELECT pg_reload_conf()")
    url_set(cmf, "cmfd@", f"{role}@")
    wait_for("the refusal", lambda: sentence in cmf.ctl("check", check=False).stdout)
    url_set(cmf, f"{role}@", "cmfd@")


def test_database_that_is_not_there(cmf):
    url_set(cmf, r"/e\w+\?", "/nowhere?")
    said = cmf.ctl("check", check=False).stdout
    assert "there is no such database: make it with createdb" in said
    # What libpq does not find on this machine is no database.
    url_set(cmf, r"\?", "?sslmode=verify-full&sslrootcert=/nowhere/ca.pem&")
    url_set(cmf, "host=/", "host=localhost&hostaddr=127.0.0.1&application_name=/")
    said = cmf.ctl("check", check=False).stdout
    assert "no such database" not in said and "warning: [store] database: sslrootcert: /nowhere/ca.pem: No such file" in said


def test_a_password_is_not_shown(cmf):
    url_set(cmf, "cmfd@", "cmfd:opensesame@")
    for said in (cmf.ctl("check", check=False), cmf.ctl("store", "create", check=False)):
        assert said.returncode != 0 and "there is a password in it" in said.stdout and "opensesame" not in said.stdout


def test_few_connections(cmf, server, tmp_path):
    """Where the server lets us have few, requests wait for each other, and none fails."""
    if server.sql("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'few'") == "0":
        server.sql("postgres", "CREATE ROLE few LOGIN CONNECTION LIMIT 4")
    database = re.search(r"/(e\w+)\?", cmf.conf.read_text()).group(1)
    server.sql(database, "GRANT ALL ON ALL TABLES IN SCHEMA public TO few; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO few")
    url_set(cmf, "cmfd@", "few@")
    cmf.set("store", "timeout", "60s")
    cmf.start()
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    cmf.register("vnfm-a", *(f"vnfci-{i}" for i in range(48)))
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        for first in (0, 24):
            told = list(threads.map(lambda i: enrol(vnfm, f"vnfci-{i}"), range(first, first + 24)))
            assert all(t.ok for t in told), [t.text for t in told if not t.ok][0]
            # Connections that are lost are none that could be waited for; who writes needs one, too.
            server.sql("postgres", "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'few'")
            wait_for("being ready again", lambda: readiness(cmf)[0] == 200)


def test_standby_that_is_awaited(cmf, server):
    """A commit waits for it, and that is what operator and load balancer are told."""
    cmf.start()
    try:
        assert problems(cmf) == []
        setting(server, "synchronous_standby_names", "'db2'")
        wait_for("the reason", lambda: "a commit waits for a standby" in readiness(cmf)[1])
        assert any("not ready: store unavailable: a commit waits for a standby" in p for p in problems(cmf))
        wait_for("a line of the log", lambda: "none has followed so far" in cmf.log.read_text())
        said = cmf.ctl("check").stdout
        assert "warning: [store] database: on its server no standby follows the server: each commit waits" in said
    finally:
        setting(server, "synchronous_standby_names", "''")
    wait_for("being ready again", lambda: readiness(cmf)[0] == 200)


def test_check_says_that_there_are_no_standbys(cmf):
    cmf.set("store", "replication", "required")
    said = cmf.ctl("check").stdout
    assert "warning: [store] database: on its server synchronous_standby_names is empty" in said


def test_status_while_the_server_is_away(cmf, server):
    """What the database does not have to say is told, and that it is away; with cmfd, and without."""
    cmf.start()
    try:
        server.kill()
        status = wait_for("a status", lambda: [s for s in cmf.ctl_json("status") if s["problems"]])[0]
        assert "not ready: store unavailable: the server of the database is away" in status["problems"]
        assert status["running"] and status["counts"] is None and status["own_certificates"]
        cmf.kill()
        said = cmf.ctl("status", check=False)
        assert said.returncode == 3 and "no server there that answers" in said.stdout and "[protection]" in said.stdout
    finally:
        server.start()


@pytest.mark.skipif(not PGBOUNCER, reason="pgbouncer is not installed")
@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_pooler(cmf, server, mode):
    """Sessions that are shared among transactions are none of ours: their locks, and what was prepared."""
    directory = server.dir / f"pooler-{mode}"
    directory.mkdir()
    (directory / "users").write_text('"cmfd" ""\n')
    (directory / "ini").write_text(f"[databases]\n* = host={server.dir}\n[pgbouncer]\nlisten_port = 5432\nunix_socket_dir = {directory}\n"
                                   f"auth_type = trust\nauth_file = {directory}/users\npool_mode = {mode}\n")
    for file in (directory, *directory.iterdir()):
        shutil.chown(file, "nobody")
    pooler = subprocess.Popen([PGBOUNCER, directory / "ini"], stderr=subprocess.DEVNULL,
                              **postgresql.not_root())
    try:
        wait_for("the pooler", (directory / ".s.PGSQL.5432").exists)
        url_set(cmf, r"host=\S+", f"host={directory}")
        said = cmf.ctl("check", check=False)
        if mode == "transaction":
            assert said.returncode == 1 and "is a pooler that shares sessions among transactions" in said.stdout
        else:
            assert said.returncode == 0, said.stdout
            cmf.start()
    finally:
        cmf.stop()
        pooler.terminate()
        pooler.wait()
