# SPDX-License-Identifier: Apache-2.0
"""The servers of a cluster, as processes of this machine: a PostgreSQL primary with a synchronous standby, cmfd nodes,
HAProxy before them, and the network in between, which can be cut."""
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import postgresql # noqa: E402
from conftest import BUILD, PATIENCE, Cmf, free_port, wait_for # noqa: E402

HAPROXY = shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
# Where HAProxy's own connections come from: whoever comes from elsewhere sends no PROXY header.
HAPROXY_ADDRESS = "127.0.0.2"


def missing():
    """What cannot be done here, or None."""
    if not postgresql.programs():
        return "PostgreSQL is not installed (package postgresql)"
    if not HAPROXY:
        return "HAProxy is not installed (package haproxy)"
    return None


class Database:
    """One PostgreSQL server of two. Not on disk at once: what is killed here are processes, and no machine."""

    def __init__(self, name, port):
        # Not below pytest's own directory, which it closes to whoever runs PostgreSQL.
        self.home = tempfile.TemporaryDirectory(prefix="cmfd-pg.")
        pathlib.Path(self.home.name).chmod(0o755)
        self.dir, self.port = pathlib.Path(self.home.name) / name, port
        self.dir.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(self.dir, "nobody")
        self.process = None

    @property
    def data(self):
        return self.dir / "data"

    def program(self, name, *args, check=True):
        return subprocess.run([f"{postgresql.programs()}/{name}", *map(str, args)], check=check, cwd=self.dir,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **postgresql.not_root())

    def make(self, standbys="FIRST 1 (db0, db1)", settings=""):
        """An empty primary, which waits for one of the standbys that are named: with '*' it would take pg_basebackup
        for one. Checkpoints are written at once: after a promotion a new standby waits for one."""
        self.program("initdb", "--auth=trust", "--username=cmfd", "-E", "UTF8", "--locale=C", "--no-sync", "-D", self.data)
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.write(f"fsync = off\nsynchronous_standby_names = '{standbys}'\nwal_keep_size = '1GB'\n"
                       f"checkpoint_completion_target = 0\n{settings}")
        return self.start()

    def follow(self, primary, port=None):
        """A new standby of that one, which follows it by way of the port."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.program("pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-c", "fast", "--no-sync",
                     "-d", f"host={primary.dir} port={primary.port} user=cmfd application_name={self.dir.name}")
        if port:
            conf = self.data / "postgresql.auto.conf"
            conf.write_text(re.sub(r"host=\S+ port=\d+", f"host=127.0.0.1 port={port}", conf.read_text()))
        return self.start()

    def start(self):
        with open(self.dir / "log", "ab") as log:
            self.process = subprocess.Popen(
                [f"{postgresql.programs()}/postgres", "-D", str(self.data), "-k", str(self.dir), "-p", str(self.port),
                 "--listen_addresses=127.0.0.1"], stdout=log, stderr=log, cwd=self.dir, **postgresql.not_root())
        wait_for("PostgreSQL", lambda: self.program("pg_isready", "-q", "-h", self.dir, "-p", self.port, "-U", "cmfd",
                                                    check=False).returncode == 0)
        return self

    def kill(self):
        """As if the machine had gone: the postmaster and all of its children at once."""
        self.process.send_signal(signal.SIGSTOP)
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for pid in map(int, children):
            os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        (self.data / "postmaster.pid").unlink()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()

    def sql(self, statement, database="cmfd"):
        done = self.program("psql", "-h", self.dir, "-p", self.port, "-U", "cmfd", "-AtX", "-v", "ON_ERROR_STOP=1", "-c",
                            statement, database)
        return done.stdout.strip()

    def promote(self):
        self.sql("SELECT pg_promote()", "postgres")


class Link:
    """A TCP port from which everything goes to another one, both ways; cut() loses what comes, without a word to either
    side, as a broken network does."""

    def __init__(self, target):
        self.target, self.port = target, free_port()
        self.cut_off = threading.Event()
        self.pairs, self.lock = [], threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(near,), daemon=True).start()

    def wait_whole(self):
        while self.cut_off.is_set():
            time.sleep(0.02)

    def carry(self, near):
        self.wait_whole()
        try:
            far = socket.create_connection(("127.0.0.1", self.target), 5)
        except OSError:
            near.close()
            return
        pair = (near, far)
        with self.lock:
            self.pairs.append(pair)
        other = {near: far, far: near}
        try:
            while True:
                for ready in select.select(pair, (), ())[0]:
                    octets = ready.recv(65536)
                    self.wait_whole()
                    if not octets:
                        return
                    other[ready].sendall(octets)
        except (OSError, ValueError):
            pass
        finally:
            with self.lock:
                self.pairs.remove(pair)
            near.close()
            far.close()

    def cut(self):
        self.cut_off.set()

    def heal(self):
        """The connections of before are lost."""
        with self.lock:
            for pair in self.pairs:
                for end in pair:
                    try:
                        end.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
        self.cut_off.clear()

    def close(self):
        self.listener.close()
        self.heal()


class Node:
    """A cmfd that is started again whenever it ends, as systemd does."""

    def __init__(self, cmf):
        self.cmf, self.wanted = cmf, False
        self.ended = [] # the statuses
        self.thread = None

    def start(self):
        self.wanted = True
        self.cmf.start(ready=False)
        self.thread = threading.Thread(target=self.supervise, daemon=True)
        self.thread.start()
        return self

    def supervise(self):
        while True:
            self.ended.append(self.cmf.process.wait())
            if not self.wanted:
                return
            time.sleep(0.2)
            self.cmf.start(ready=False)

    def signal(self, number):
        if self.cmf.running():
            self.cmf.process.send_signal(number)

    def stop(self):
        """The exit status of the last one."""
        self.wanted = False
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        self.thread.join(PATIENCE)
        return self.ended[-1]


def node_of(first, directory, links):
    """A node with the configuration and the keys of `first`, on ports of its own, behind `links` to the databases."""
    cmf = first
    if directory:
        cmf = Cmf(directory)
        shutil.rmtree(cmf.dir)
        shutil.copytree(first.dir, cmf.dir, ignore=shutil.ignore_patterns("*.sock", "cmfd.log"))
        cmf.root = cmf.dir / "ca" / "root.pem"
        cmf.tls_port = free_port()
        for key, port in (("listen", cmf.port), ("listen_metrics", cmf.metrics_port), ("listen_tls", cmf.tls_port)):
            cmf.set("server", key, f"127.0.0.1:{port}")
    hosts = ",".join(f"127.0.0.1:{link.port}" for link in links)
    cmf.set("store", "database", f"postgresql://cmfd@{hosts}/cmfd?sslmode=disable")
    return cmf


class Haproxy:
    """HAProxy with the example of the documentation, its addresses replaced by those of here."""

    def __init__(self, directory, nodes):
        self.port, self.tls_port, self.process = free_port(), free_port(), None
        self.log = directory / "haproxy.log"
        example = (ROOT / "conf" / "haproxy" / "cmfd.cfg").read_text()
        for number, node in enumerate(nodes, 1):
            for old, new in (("8080", node.port), ("8443", node.tls_port)):
                example = example.replace(f"192.0.2.1{number}:{old} port 9180", f"127.0.0.1:{new} port {node.metrics_port}")
        example = example.replace("192.0.2.10:8080", f"127.0.0.1:{self.port}").replace(
            "192.0.2.10:8443", f"127.0.0.1:{self.tls_port}")
        assert "192.0.2." not in example and ":8080" not in example
        self.files = [directory / "global.cfg", directory / "cmfd.cfg"]
        self.files[0].write_text("global\n    log stdout format raw local0 err\n")
        self.files[1].write_text(example.replace("default-server", f"default-server source {HAPROXY_ADDRESS}"))

    def start(self):
        command = [HAPROXY, "-db", *(arg for file in self.files for arg in ("-f", str(file)))]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()
