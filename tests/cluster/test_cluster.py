# SPDX-License-Identifier: Apache-2.0
"""Three cmfd on one database, a PostgreSQL primary with a synchronous standby, behind HAProxy, and sixteen clients, while
anything may be killed, stopped or cut off: what a client was told is there, nothing is there twice, and a subscriber is told
of all of it in order. For CMFD_CLUSTER_SECONDS; CMFD_CLUSTER_SEED has the same faults in the same order."""
import json
import os
import pathlib
import random
import signal
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import servers # noqa: E402  (finds the modules of tests/e2e)
import history # noqa: E402
import postgresql # noqa: E402
from callback import Callback # noqa: E402
from clients import Manager, Poller, Racer, Told, failures_of # noqa: E402
from conftest import PATIENCE, Cmf, Vnfm, run # noqa: E402
from json_door import SUBSCRIPTIONS, door_of # noqa: E402

if servers.missing():
    pytest.skip(servers.missing(), allow_module_level=True)

SECONDS = float(os.environ.get("CMFD_CLUSTER_SECONDS", "60"))
SEED = int(os.environ.get("CMFD_CLUSTER_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
NODES, MANAGERS, POLLERS, RACERS = 3, 10, 2, 4
UPSTREAM_NAMES = 400
LEASE = 2
# Shorter than what a connection bears that has gone (tcp_user_timeout, 15 s), or longer.
CUT_MAX = 20 if SECONDS >= 180 else 8
# What is told of is kept here; cmfd forgets it when all subscribers have it.
EVENTS_KEPT = """CREATE TABLE event_kept (id BIGINT, kind BIGINT, registration_id BIGINT, trust_domain TEXT);
CREATE FUNCTION event_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO event_kept VALUES (NEW.id, NEW.kind,
NEW.registration_id, NEW.trust_domain); RETURN NULL; END $$;
CREATE TRIGGER event_keep AFTER INSERT ON event FOR EACH ROW EXECUTE FUNCTION event_keep()"""


class Cluster:
    def __init__(self, base):
        self.base = base
        ports = [servers.free_port(), servers.free_port()]
        self.databases = [servers.Database(f"db{i}", port) for i, port in enumerate(ports)]
        self.primary, self.standby = self.databases
        # Each node has a way of its own to each server.
        self.links = [[servers.Link(port) for port in ports] for _ in range(NODES)]
        self.nodes, self.front, self.upstream, self.ra = [], None, None, None
        self.subscriber = Callback().start()

    def make(self):
        self.primary.make()
        self.standby.follow(self.primary)
        self.primary.sql("CREATE DATABASE cmfd", "postgres")
        self.upstream = self.upstream_make()
        first = Cmf(self.base / "node1").serve_tls()
        self.configure(first)
        servers.node_of(first, None, self.links[0])
        first.ctl("store", "create")
        self.primary.sql(EVENTS_KEPT)
        others = [servers.node_of(first, self.base / f"node{i + 1}", self.links[i]) for i in range(1, NODES)]
        self.nodes = [servers.Node(cmf) for cmf in (first, *others)]
        self.front = servers.Haproxy(self.base, [node.cmf for node in self.nodes])

    def upstream_make(self):
        """Another CA, which gives certificates to the cluster as its RA."""
        ca = Cmf(self.base / "upstream").start()
        self.ra = Vnfm(ca, "ra", self.base / "ra", may="register,request,revoke,ra", register_on_ir=True)
        return ca

    def configure(self, cmf):
        cmf.set("server", "proxy_protocol_from", f"{servers.HAPROXY_ADDRESS}/32")
        cmf.set("store", "timeout", "3s")
        cmf.set("store", "lease", f"{LEASE}s")
        cmf.set("events", "callback_networks", "127.0.0.0/8")
        cmf.set("trust_domain vnfs", "callback_hosts", "127.0.0.1")
        with open(cmf.conf, "a", encoding="utf-8") as conf:
            conf.write("\n[client_policy one]\nlive_certificates_per_entity = 1\n")
        cmf.put_before(self.upstream, self.ra, "other", upstream_wait="0")

    def start(self):
        """The first node alone, for what an operator does; then all."""
        self.nodes[0].start()
        cmf = self.nodes[0].cmf
        cmf.wait_ready()
        base = self.base / "vnfm"
        self.vnfms = [Vnfm(cmf, f"vnfm-{i}", base / str(i), trust_domain="vnfs") for i in range(MANAGERS // 2)]
        self.poller = Vnfm(cmf, "vnfm-up", base / "up", trust_domain="vnfs")
        self.racer = Vnfm(cmf, "vnfm-race", base / "race", trust_domain="vnfs", may="register,request,revoke")
        cmf.ctl("client", "update", "vnfm-race", "--policy", "one")
        self.up_names = [f"up-{i}" for i in range(UPSTREAM_NAMES)]
        self.race_names = [f"race-{i}" for i in range(3)]
        cmf.register("vnfm-race", *self.race_names)
        cmf.ctl("register", "--requester", "vnfm-up", "--cert-type", "VnfciCert", "--ca", "other",
                *(a for n in self.up_names for a in ("--subject-id", n)))
        self.upstream.register("ra", *self.up_names)
        answer = door_of(self.vnfms[0]).post(SUBSCRIPTIONS, {"callbackUri": self.subscriber.uri})
        assert answer.status == 201, answer
        for node in self.nodes[1:]:
            node.start()
        self.front.start()

    def clients(self, told):
        def made(kind, numbers, vnfm_of, **rest):
            return [kind(i, self.front, vnfm_of(i), told, PATIENCE, **rest) for i in numbers]
        out = made(Manager, range(MANAGERS), lambda i: self.vnfms[i // 2])
        for i in range(POLLERS):
            out += made(Poller, [MANAGERS + i], lambda _: self.poller, subjects=self.up_names[i::POLLERS])
        return out + made(Racer, range(MANAGERS + POLLERS, MANAGERS + POLLERS + RACERS), lambda _: self.racer,
                          subjects=self.race_names)

    # --- faults; each ends with all that it broke whole again ---

    def node_killed(self, chance):
        node = chance.choice(self.nodes)
        node.signal(signal.SIGKILL)

    def node_stopped(self, chance):
        """It does nothing for some seconds, and does not know it; mostly others have its jobs by then."""
        node = chance.choice(self.nodes)
        node.signal(signal.SIGSTOP)
        time.sleep(chance.uniform(1, 4 * LEASE))
        node.signal(signal.SIGCONT)

    def balancer_killed(self, chance):
        self.front.kill()
        time.sleep(chance.uniform(0, 0.5))
        self.front.start()

    def node_cut_off(self, chance):
        """One node reaches no database."""
        links = chance.choice(self.links)
        for link in links:
            link.cut()
        time.sleep(chance.uniform(0.5, CUT_MAX))
        for link in links:
            link.heal()

    def node_and_primary_cut(self, chance):
        """One node reaches the standby, but not the primary."""
        link = chance.choice(self.links)[self.databases.index(self.primary)]
        link.cut()
        time.sleep(chance.uniform(0.5, CUT_MAX))
        link.heal()

    def primary_restarted(self, chance):
        self.primary.kill()
        time.sleep(chance.uniform(0, 1))
        self.primary.start()

    def standby_killed(self, chance):
        """Commits wait for it."""
        self.standby.kill()
        time.sleep(chance.uniform(0, 2))
        self.standby.start()

    def primary_lost(self, chance):
        """Its machine and its disk have gone: the standby is promoted, and gets a standby of its own."""
        self.primary.kill()
        self.primary, self.standby = self.standby, self.primary
        time.sleep(chance.uniform(0, 1))
        self.primary.promote()
        self.standby.follow(self.primary)

    def break_something(self, chance):
        faults = [self.node_killed] * 3 + [self.node_stopped, self.balancer_killed, self.node_cut_off, self.node_and_primary_cut,
                                           self.primary_restarted, self.standby_killed, self.primary_lost, self.primary_lost]
        fault = chance.choice(faults)
        fault(chance)
        return fault.__name__

    def stop(self):
        for node in self.nodes:
            node.signal(signal.SIGCONT)
        statuses = [node.stop() for node in self.nodes if node.thread]
        if self.front and self.front.process:
            self.front.kill()
        if self.upstream:
            self.upstream.stop()
        self.subscriber.stop()
        for links in self.links:
            for link in links:
                link.close()
        for database in self.databases:
            database.stop()
        return statuses


@pytest.fixture
def cluster(tmp_path):
    made = Cluster(tmp_path)
    try:
        made.make()
        yield made
    finally:
        made.stop()


def test_nothing_that_was_told_is_lost(cluster, tmp_path):
    print(f"CMFD_CLUSTER_SEED={SEED}")
    chance = random.Random(SEED)
    told = Told(tmp_path / "history.jsonl")
    cluster.start()
    clients = cluster.clients(told)
    for client in clients:
        client.start()
    end, broken = time.monotonic() + SECONDS, []
    while time.monotonic() < end:
        time.sleep(chance.uniform(0.5, 3))
        broken.append(cluster.break_something(chance))
    for client in clients:
        client.stopping = True
    for client in clients:
        client.join(2 * PATIENCE)
        assert not client.is_alive(), client.name
    print(broken, told.counts, sum(client.again for client in clients))
    database = history.Database(f"host={cluster.primary.dir} port={cluster.primary.port} user=cmfd dbname=cmfd",
                                f"{postgresql.programs()}/psql")
    checker = None

    def right():
        # What is pending has its time yet, and so has the last CRL.
        nonlocal checker
        (tmp_path / "notified.jsonl").write_text("".join(json.dumps(n) + "\n" for n in list(cluster.subscriber.seen)))
        checker = run([sys.executable, history.__file__, tmp_path / "history.jsonl", tmp_path / "notified.jsonl",
                       database.conninfo, database.psql], check=False)
        return checker.returncode == 0
    end = time.monotonic() + PATIENCE
    while not right() and time.monotonic() < end:
        time.sleep(1)
    assert checker.returncode == 0, checker.stdout
    assert not failures_of(clients), "\n".join(failures_of(clients)[:10])
    # The PROXY header says who the clients are.
    logs = "".join(node.cmf.log.read_text() for node in cluster.nodes)
    assert all(f"peer={client.address}:" in logs for client in clients)
    assert f"peer={servers.HAPROXY_ADDRESS}:" not in logs
    # It was no idle run: everything was asked for, and something was broken in it.
    assert all(told.counts.get(what) for what in ("registered", "issued", "confirmed", "revoked", "polled"))
    assert sum(client.again for client in clients) > 0
