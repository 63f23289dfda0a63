# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server for the end-to-end tests: made by initdb in a folder of its own, on a socket there, and run by a
user that is not root. With CMFD_E2E_STORE=postgresql every Cmf has its database there."""
import atexit
import functools
import itertools
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time


def programs():
    """Where initdb and postgres are, of the newest version; None: they are not installed."""
    told = os.environ.get("CMFD_POSTGRESQL_BIN")
    found = [told] if told else sorted(map(str, pathlib.Path("/usr/lib/postgresql").glob("*/bin")))
    return found[-1] if found else None


def not_root():
    """For subprocess: a server refuses to be root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


class Server:
    numbers = itertools.count()

    def __init__(self, superuser="cmfd", port=5432, options=("--listen_addresses=",)):
        self.superuser, self.port, self.options = superuser, port, options
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="cmfd-pg."))
        if os.geteuid() == 0:
            shutil.chown(self.dir, "nobody")
        self.process = None
        subprocess.run([f"{programs()}/initdb", "--auth=trust", f"--username={superuser}", "-E", "UTF8", "--locale=C",
                        "--no-sync", str(self.dir / "data")], check=True, stdout=subprocess.DEVNULL,
                       cwd=self.dir, **not_root())
        self.start()
        atexit.register(self.remove)

    def start(self):
        with open(self.dir / "log", "ab") as log:
            self.process = subprocess.Popen([f"{programs()}/postgres", "-D", str(self.dir / "data"), "-k",
                                             str(self.dir), f"--port={self.port}", *self.options],
                                            stdout=log, stderr=log, cwd=self.dir, **not_root())
        until = time.monotonic() + 300
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < until, (self.dir / "log").read_text()
            time.sleep(0.1)

    @property
    def place(self):
        """For PostgreSQL's own programs."""
        return ["-h", str(self.dir), "-p", str(self.port), "-U", self.superuser]

    def answers(self):
        return subprocess.run([f"{programs()}/pg_isready", "-q", *self.place]).returncode == 0

    def kill(self):
        """Backends end with the postmaster, and what was not on disk is gone. SIGQUIT is the crash that frees memory."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(300)

    def remove(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def sql(self, database, statement):
        done = subprocess.run([f"{programs()}/psql", *self.place, "-At", "-v", "ON_ERROR_STOP=1", "-c", statement, database],
                              check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout.strip()

    def database_new(self):
        """The URL of an empty database."""
        name = f"e{os.getpid()}_{next(self.numbers)}"
        self.sql("postgres", f"CREATE DATABASE {name}")
        return f"postgresql://cmfd@/{name}?host={self.dir}"


@functools.cache
def server():
    return Server()


def database_of(cmf):
    """The name of its database; None: it is a file."""
    found = re.search(r"^database = postgresql://[^/]*/(\w+)", cmf.conf.read_text(), flags=re.M)
    return found and found[1]


def sql(cmf, statement):
    """In the database of that cmfd; what psql prints."""
    return server().sql(database_of(cmf), statement)


def literal(value):
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'::bytea"
    return "NULL" if value is None else str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


class Rows(list):
    """As a cursor of sqlite3 has them."""

    def fetchone(self):
        return self[0] if self else None

    def fetchall(self):
        return self


class Connection:
    """What tests use of sqlite3.Connection, for a test that looks into either kind of database."""

    def __init__(self, cmf):
        self.database = database_of(cmf)

    def execute(self, statement, parameters=()):
        values = iter(parameters)
        statement = re.sub(r"\?", lambda _: literal(next(values)), statement)
        if not statement.startswith("SELECT"):
            server().sql(self.database, statement)
            return Rows()
        rows = server().sql(self.database, f"SELECT coalesce(json_agg(r), '[]') FROM ({statement}) r")
        return Rows(tuple(bytes.fromhex(v[2:]) if isinstance(v, str) and re.fullmatch(r"\\x[0-9a-f]*", v) else v
                          for v in row.values()) for row in json.loads(rows))


def use(cmf):
    """Gives a Cmf that was not started yet a database there."""
    cmf.set("store", "database", server().database_new())
    cmf.set("store", "replication", "none")
    cmf.ctl("store", "create")
