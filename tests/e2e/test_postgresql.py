# SPDX-License-Identifier: Apache-2.0
"""cmfd on a PostgreSQL server, which may crash."""
import concurrent.futures
import re
import signal
import subprocess

import pytest

import flights
import postgresql
from conftest import BUILD, OPENSSL, PATIENCE, Cmf, Vnfm, run, wait_for
from json_door import CERTIFICATES, REGISTRATIONS, door_of, pkcs10
from test_database import enrol, readiness

if not postgresql.programs():
    pytest.skip("PostgreSQL is not installed (package postgresql)", allow_module_level=True)


def on_postgresql(directory):
    cmf = Cmf(directory)
    if not re.search(r"^database = postgresql:", cmf.conf.read_text(), flags=re.M):
        postgresql.use(cmf)
    return cmf


def test_server_crashes(tmp_path):
    """Requests are told so at once, and nothing that was told is lost."""
    cmf = on_postgresql(tmp_path / "cmf").start()
    try:
        vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
        for i in (1, 2):
            cmf.register("vnfm-a", f"vnfci-{i}")
        assert enrol(vnfm, "vnfci-1").ok
        assert readiness(cmf) == (200, "ready\n")
        postgresql.server().kill()
        refused = enrol(vnfm, "vnfci-2")
        assert not refused.ok and "systemUnavail" in refused.text
        assert readiness(cmf) == (503, "store unavailable: the server of the database is away\n")
        postgresql.server().start()
        wait_for("being ready again", lambda: readiness(cmf)[0] == 200)
        assert enrol(vnfm, "vnfci-2").ok
        assert cmf.states("vnfci-1") == ["active"]
    finally:
        cmf.stop()


def test_table_is_locked_while_an_answer_is_made(tmp_path):
    """The certificate is there, but not all that is said of it can be read: asked again, it is told."""
    cmf = on_postgresql(tmp_path / "cmf").serve_tls()
    cmf.set("store", "timeout", "2s")
    cmf.start()
    lock = None
    try:
        door = door_of(Vnfm(cmf, "vnfm-a", tmp_path / "a"))
        door.register("vnfci-1")
        key = tmp_path / "key.pem"
        run([OPENSSL, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key])
        csr = pkcs10(key, "/CN=vnfci-1")
        assert door.request(csr, "vnfci-1").status == 201
        url = re.search(r"^database = (\S+)", cmf.conf.read_text(), flags=re.M).group(1)
        lock = subprocess.Popen([f"{postgresql.programs()}/psql", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                text=True)
        print("BEGIN; LOCK TABLE certificate_attestation IN ACCESS EXCLUSIVE MODE;\n\\echo locked", file=lock.stdin, flush=True)
        while lock.stdout.readline() != "locked\n":
            assert lock.poll() is None
        refused = door.request(csr, "vnfci-1")
        assert (refused.status, refused.doc["reason"]) == (503, "system_unavailable"), refused
        lock.kill()
        lock.wait()
        wait_for("the certificate", lambda: door.request(csr, "vnfci-1").status == 200)
        assert len(door.listed(CERTIFICATES)) == 1
    finally:
        if lock:
            lock.kill()
        cmf.stop()


def test_standbys_are_required(tmp_path):
    cmf = on_postgresql(tmp_path / "cmf")
    cmf.set("store", "replication", "required")
    cmf.start(ready=False)
    try:
        wait_for("an answer", lambda: cmf.running() and "no standbys" in said(cmf))
    finally:
        cmf.stop()


@pytest.fixture
def alone(tmp_path):
    """A cmfd on a server of its own, which may keep it waiting."""
    server, cmf = postgresql.Server(), Cmf(tmp_path / "cmf")
    for section, key, value in (("store", "database", server.database_new()), ("store", "replication", "none"), ("store", "timeout", "2s"),
                                ("server", "drain_timeout", "1s")):
        cmf.set(section, key, value)
    cmf.ctl("store", "create")
    cmf.start()
    yield server, cmf
    cmf.kill()
    server.remove()


def standby_needed(server, name):
    """Commits wait for that one from now on; "": for none."""
    server.sql("postgres", f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
    server.sql("postgres", "SELECT pg_reload_conf()")


@pytest.mark.parametrize("away", ["standby", "server"])
def test_sigterm_ends_a_cmfd_whose_commit_has_no_answer(alone, tmp_path, away):
    """A COMMIT is not given up, but who ends the process does not wait for it for ever. Nobody is told what is not known."""
    server, cmf = alone
    Vnfm(cmf, "vnfm-a", tmp_path / "a")
    standby_needed(server, "away")
    # Sessions hear of it by and by.
    for name in (f"vnfci-{i}" for i in range(1000)):
        asking = subprocess.Popen([BUILD / "cmfctl", "--config", cmf.conf, "register", "--requester", "vnfm-a", "--cert-type", "VnfciCert",
                                   "--subject-id", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("an answer, or none", lambda: asking.poll() is not None or "it takes long" in cmf.log.read_text())
        if asking.poll() is None:
            break
    assert "it takes long; nothing else is begun meanwhile" in cmf.log.read_text()
    if away == "server":
        server.kill()
        wait_for("the loss", lambda: re.search("wait for the database|connect to the database", cmf.log.read_text()))
    cmf.process.send_signal(signal.SIGTERM)
    assert cmf.process.wait(PATIENCE) == 1
    told, = re.findall(r"event=stopped .* units=(\d+)", cmf.log.read_text())
    assert int(told) > 0
    assert asking.wait(PATIENCE) != 0
    if away == "server":
        server.start()
    standby_needed(server, "")
    cmf.start()
    # Whoever asks again hears what there is.
    cmf.register("vnfm-a", name)
    assert [row["subject_id"] for row in cmf.ctl_json("registration", "list")].count(name) == 1
    assert cmf.ctl("audit", "verify", check=False).returncode == 0
    assert cmf.stop() == 0


def said(cmf):
    try:
        return readiness(cmf)[1]
    except OSError:
        return ""


def test_audit_is_chained(tmp_path):
    cmf = on_postgresql(tmp_path / "cmf")
    database = postgresql.database_of(cmf)
    try:
        cmf.start()
        vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
        cmf.register("vnfm-a", "vnfci-1")
        assert enrol(vnfm, "vnfci-1").ok
        cmf.stop()
        cmf.start()
        cmf.register("vnfm-a", "vnfci-2")
        assert cmf.ctl("audit", "verify", check=False).returncode == 0
        assert {line["chain"] for line in cmf.ctl_json("audit", "list")} == {1, 2}
        postgresql.server().sql(database, "UPDATE audit SET target = 'x' WHERE target = 'vnfci-1'")
        found = cmf.ctl("audit", "verify", check=False, stderr=subprocess.PIPE)
        assert found.returncode == 1 and "was changed" in found.stderr
    finally:
        cmf.stop()


def test_database_without_tables(tmp_path):
    cmf = on_postgresql(tmp_path / "cmf")
    cmf.set("store", "database", postgresql.server().database_new())
    cmf.start(ready=False)
    assert cmf.process.wait(90) == 1
    assert "has no tables of cmfd: run cmfctl store create" in cmf.tail()
    cmf.ctl("store", "create")
    again = cmf.ctl("store", "create", check=False)
    assert again.returncode == 4 and "is a database of cmfd already" in again.stdout


def flights_of_an_enrolment(relay):
    """Those that write, and those that read what the door asks; others are housekeeping's, or say that the node is there."""
    door = (r"FROM meta WHERE name = 'client_generation'|FROM cmp_transaction WHERE transaction_id|"
            r"FROM registration WHERE (subject_key|id)|FROM certificate c JOIN registration")
    change = r"(INSERT INTO|UPDATE) (certificate|cmp_transaction) |nextval\('(certificate|cmp_transaction)_id_seq'"
    flights = relay.taken()
    writes = [f for f in flights if any(re.search(change, text) for text in f)]
    reads = [f for f in flights if f not in writes and any(re.search(door, text) for text in f)]
    return len(reads), len(writes)


def test_flights_of_an_enrolment(tmp_path):
    """ir and certConf: one reads, and one makes all changes."""
    cmf = on_postgresql(tmp_path / "cmf")
    relay = flights.Relay(postgresql.server().dir)
    try:
        relay.use(cmf)
        cmf.start()
        vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
        cmf.register("vnfm-a", "vnfci-1", "vnfci-2")
        # The first one begins the chain of the audit, and finds out who the client is.
        assert enrol(vnfm, "vnfci-1").ok
        relay.taken()
        assert enrol(vnfm, "vnfci-2").ok
        assert flights_of_an_enrolment(relay) == (2, 2)
    finally:
        cmf.stop()
        relay.close()


def test_flights_of_an_update_and_a_revocation(tmp_path):
    """kur and certConf, and rr, by the client and by the certificate that it is about: as few."""
    cmf = on_postgresql(tmp_path / "cmf")
    relay = flights.Relay(postgresql.server().dir)
    try:
        relay.use(cmf)
        cmf.start()
        vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
        cmf.register("vnfm-a", "vnfci-1")
        certs, keys = [vnfm.out() for _ in range(3)], [vnfm.key() for _ in range(3)]
        assert vnfm.cmp("ir", "-newkey", keys[0], "-subject", "/CN=vnfci-1", "-certout", certs[0], path=".well-known/cmp/p/VnfciCert").ok
        relay.taken()
        assert vnfm.cmp("kur", "-oldcert", certs[0], "-newkey", keys[1], "-certout", certs[1]).ok
        assert flights_of_an_enrolment(relay) == (2, 2)
        own = ("-cert", certs[1], "-key", keys[1])
        assert vnfm.cmp("kur", "-oldcert", certs[1], *own, "-newkey", keys[2], "-certout", certs[2]).ok
        assert flights_of_an_enrolment(relay) == (2, 2)
        assert vnfm.cmp("rr", "-oldcert", certs[1], "-revreason", "0").ok
        assert flights_of_an_enrolment(relay) == (1, 1)
        assert vnfm.cmp("rr", "-oldcert", certs[2], "-cert", certs[2], "-key", keys[2], "-revreason", "0").ok
        assert flights_of_an_enrolment(relay) == (1, 1)
    finally:
        cmf.stop()
        relay.close()


def test_flights_of_a_register(tmp_path):
    """However many entities are in a call, few flights ask for them, and two write."""
    cmf = on_postgresql(tmp_path / "cmf").serve_tls()
    relay = flights.Relay(postgresql.server().dir)
    try:
        relay.use(cmf)
        cmf.start()
        door = door_of(Vnfm(cmf, "vnfm-a", tmp_path / "a"))
        assert door.register("vnfci-0").status == 201
        relay.taken()
        assert door.register(*(f"vnfci-{i}" for i in range(1, 101))).status == 201
        taken = relay.taken()
        writes = [f for f in taken if any("INSERT INTO registration " in text or "nextval('registration_id_seq') FROM generate" in text for text in f)]
        reads = [f for f in taken if f not in writes and any(re.search(r"FROM registration WHERE subject_key =", text) for text in f)]
        assert (len(reads), len(writes)) == (4, 2), taken
        conditions = [text for f in writes for text in f if text.startswith("SELECT 0 / ")]
        assert len(conditions) == len(set(conditions)) == 2, "who asks is the same, and so are the clients: once each"
    finally:
        cmf.stop()
        relay.close()


def test_what_a_refused_message_has_asked(tmp_path):
    """It is no answer to the next request of the same worker, which may come after a change by another node."""
    cmf = on_postgresql(tmp_path / "cmf").serve_tls()
    database = postgresql.database_of(cmf)
    cmf.set("server", "workers", "1")
    cmf.start()
    try:
        vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
        assert door_of(vnfm).get(REGISTRATIONS).status == 200
        refused = vnfm.cmp("ir", "-newkey", vnfm.key(), "-subject", "/CN=vnfci-1", "-certout", vnfm.out(), "-unprotected_requests",
                           path=".well-known/cmp/p/VnfciCert")
        assert refused.failinfo == "badMessageCheck", refused.text
        postgresql.server().sql(database, "DELETE FROM credential")
        assert door_of(vnfm).get(REGISTRATIONS).status == 401
    finally:
        cmf.stop()


def test_slow_server(tmp_path):
    """Who has asked waits for it; whoever comes later is told so, and does not queue behind."""
    cmf = on_postgresql(tmp_path / "cmf")
    cmf.set("store", "timeout", "8s")
    relay = flights.Relay(postgresql.server().dir)
    try:
        relay.use(cmf)
        cmf.start()
        vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
        cmf.register("vnfm-a", *(f"vnfci-{i}" for i in range(40)))
        assert enrol(vnfm, "vnfci-0").ok
        with concurrent.futures.ThreadPoolExecutor(9) as threads:
            relay.taken()
            relay.answers.clear()
            first = threads.submit(enrol, vnfm, "vnfci-1")
            wait_for("the first one's question", lambda: any("cmp_transaction" in text for f in relay.taken() for text in f))
            refused = []
            for i in range(2, 40):
                threads.submit(enrol, vnfm, f"vnfci-{i}").add_done_callback(lambda done: refused.append(done.result()))
            wait_for("one that is told", lambda: refused)
            relay.answers.set()
        assert first.result().ok, first.result().text
        assert refused[0].failinfo == "systemUnavail", refused[0].text
    finally:
        relay.answers.set()
        cmf.stop()
        relay.close()
