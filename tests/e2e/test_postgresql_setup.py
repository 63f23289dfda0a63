# SPDX-License-Identifier: Apache-2.0
"""A server as docs/deployment.md, "First steps", has it: a role that is no superuser and has a password, TLS, and names that are not
the simplest."""
import re
import shutil
import subprocess

import pytest

import postgresql
from conftest import Cmf, Vnfm, free_port, issue, make_ca
from test_database import enrol

if not postgresql.programs():
    pytest.skip("PostgreSQL is not installed (package postgresql)", allow_module_level=True)

DATABASE, IN_URL = "CMF-db 1", "CMF-db%201"
PASSWORD = r"o:pen\sesame"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """With TLS, under the name localhost."""
    keys = tmp_path_factory.mktemp("keys")
    server = postgresql.Server("postgres", free_port(), ("--listen_addresses=127.0.0.1",))
    server.ca, data = keys / "db-ca.pem", server.dir / "data"
    make_ca(server.ca, keys / "db-ca.key", "/CN=CA of the databases")
    issue(server.ca, keys / "db-ca.key", keys / "server.crt", keys / "server.key", "/CN=localhost",
          "subjectAltName=DNS:localhost\n")
    for name in ("server.crt", "server.key"):
        shutil.copy(keys / name, data / name)
        (data / name).chmod(0o600)
        shutil.chown(data / name, server.dir.owner())
    with open(data / "postgresql.conf", "a", encoding="utf-8") as conf:
        conf.write("ssl = on\npassword_encryption = 'scram-sha-256'\n")
    (data / "pg_hba.conf").write_text(f'local all postgres trust\nhostssl "{DATABASE}" cmfd 127.0.0.0/24 scram-sha-256\n')
    server.kill()
    server.start()
    subprocess.run([f"{postgresql.programs()}/createuser", *server.place, "--pwprompt", "cmfd"], check=True, text=True,
                   input=f"{PASSWORD}\n{PASSWORD}\n", start_new_session=True)
    yield server
    server.remove()


@pytest.fixture
def database(server):
    """Empty, and with the schema of the role in front of the one that all share."""
    subprocess.run([f"{postgresql.programs()}/createdb", *server.place, "--owner=cmfd", "--encoding=UTF8", "--template=template0",
                    DATABASE], check=True)
    server.sql(DATABASE, "CREATE SCHEMA cmf AUTHORIZATION cmfd")
    server.sql("postgres", "ALTER ROLE cmfd SET search_path = cmf, public")
    yield
    server.sql("postgres", f'DROP DATABASE "{DATABASE}" WITH (FORCE)')


def by_passfile(server, tmp_path, _):
    passfile = tmp_path / "pgpass"
    passfile.touch(0o600)
    escaped = re.sub(r"([:\\])", r"\\\1", PASSWORD)
    passfile.write_text(f"localhost:{server.port}:{DATABASE}:cmfd:{escaped}\n")
    return f"postgresql://cmfd@localhost:{server.port}/{IN_URL}?passfile={passfile}&sslrootcert={server.ca}"


def by_service(server, tmp_path, monkeypatch):
    services = tmp_path / "services"
    services.touch(0o600)
    services.write_text(f"[cmf]\nhost=localhost\nport={server.port}\ndbname={DATABASE}\nuser=cmfd\npassword={PASSWORD}\n"
                        f"sslrootcert={server.ca}\n")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    return "postgresql:///?service=cmf"


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("url_of", [by_passfile, by_service])
@pytest.mark.parametrize("copied", [False, True], ids=["created", "copied"])
def test_first_steps(server, tmp_path, monkeypatch, url_of, copied):
    """All that a role may do to its own database is enough, from the first command to the second start."""
    url = url_of(server, tmp_path, monkeypatch)
    cmf = Cmf(tmp_path / "cmf")
    if copied:
        cmf.ctl("store", "copy", "--from", cmf.dir / "cmf.db", "--to", url)
    cmf.set("store", "database", url)
    cmf.set("store", "replication", "none")
    if not copied:
        cmf.ctl("store", "create")
    cmf.ctl("check")
    cmf.start()
    try:
        vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
        cmf.register("vnfm-a", "vnfci-1", "vnfci-2")
        assert enrol(vnfm, "vnfci-1").ok
        cmf.stop()
        cmf.start()
        assert enrol(vnfm, "vnfci-2").ok
        assert cmf.states("vnfci-1") == ["active"]
        tables = "SELECT DISTINCT schemaname FROM pg_tables WHERE tableowner = 'cmfd'"
        assert server.sql(DATABASE, tables) == "cmf"
        sessions = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'cmfd'"
        assert server.sql("postgres", sessions) == "t"
    finally:
        cmf.stop()


@pytest.mark.usefixtures("database")
def test_server_under_another_name(server, tmp_path, monkeypatch):
    """Its certificate is not for that one, so it gets no password."""
    cmf = Cmf(tmp_path / "cmf")
    cmf.set("store", "database", by_passfile(server, tmp_path, monkeypatch).replace("localhost", "127.0.0.1"))
    said = cmf.ctl("store", "create", check=False)
    assert said.returncode != 0 and "does not match host name" in said.stdout
