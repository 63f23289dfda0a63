# SPDX-License-Identifier: Apache-2.0
"""Durable before answered: kill -9 at random and between sign, commit and send. What a client was
told of is there after each start, and every interrupted transaction finishes."""
import http.client
import json
import os
import random
import ssl
import subprocess
import sys
import threading
import time

import pytest

from conftest import BUILD, OPENSSL, ROOT, Cmf, Requester, Vnfm, new_key, run, serial_of
from relay import Relay

sys.path.insert(0, str(ROOT / "tests" / "interop"))
from pycmp import elements, sequence, tlv  # noqa: E402

KILLS = int(os.environ.get("CMFD_KILLS", "24"))
CLIENTS = 8
FAULT_POINTS = ["door-after-sign", "store-before-commit", "store-after-commit", "door-after-commit"]


class Told:
    """What clients were told of, shared by their threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.active, self.revoked, self.registered, self.failures = set(), set(), set(), []
        self.unanswered = 0

    def copy(self):
        with self.lock:
            return set(self.active), set(self.revoked), set(self.registered)


class Client(threading.Thread):
    """One VNFM's worker: registers, enrols, and revokes every third certificate."""

    def __init__(self, number, cmf, vnfm, address, told):
        super().__init__(daemon=True)
        self.number, self.cmf, self.told = number, cmf, told
        directory = cmf.dir.parent / f"client{number}"
        directory.mkdir()
        self.requester = Requester(cmf, directory, vnfm.credential)
        self.vnfm, self.address = vnfm, address
        self.stopping = False
        self.key = new_key(directory / "key.pem")

    def cmp(self, cmd, *args):
        command = self.requester.command(cmd, *args, path=".well-known/cmp/p/VnfciCert")
        command[command.index("-server") + 1] = self.address
        command += ["-msg_timeout", "600", "-total_timeout", "600"]
        return run(command, check=False)

    def register(self, name):
        """Whoever has no answer asks again: the connection to the relay may be lost, too, and who is registered is so."""
        while True:
            result = run([BUILD / "cmfctl", "register", "--server", f"http://{self.address}/.well-known/cmp",
                          "--cert", self.vnfm.cert, "--key", self.vnfm.private_key, "--trusted",
                          self.cmf.root, "--cert-type", "VnfciCert", "--subject-id", name], check=False)
            if "no CMP answer from" not in result.stdout:
                return result
            self.told.unanswered += 1

    def fail(self, what, result):
        with self.told.lock:
            self.told.failures.append(f"{what}: {result.stdout}")

    def run(self):
        count = 0
        while not self.stopping:
            count += 1
            name = f"vnfci-{self.number}-{count}"
            result = self.register(name)
            if result.returncode != 0:
                self.fail(f"register {name}", result)
                continue
            with self.told.lock:
                self.told.registered.add(name)
            cert = self.requester.out()
            result = self.cmp("ir", "-newkey", self.key, "-subject", f"/CN={name}", "-certout", cert)
            if result.returncode != 0:
                self.fail(f"ir {name}", result)
                continue
            serial = serial_of(cert)
            with self.told.lock:
                self.told.active.add(serial)
            if count % 3:
                continue
            with self.told.lock:
                self.told.active.discard(serial)
            result = self.cmp("rr", "-oldcert", cert, "-revreason", "4")
            if result.returncode != 0:
                self.fail(f"rr {name}", result)
                continue
            with self.told.lock:
                self.told.revoked.add(serial)


def check_state(cmf, told):
    """told: a copy made before the process was killed."""
    active, revoked, registered = told
    states = {c["serial"].lower(): c["state"] for c in cmf.certificates()}
    names = {r["subject_id"] for r in cmf.ctl_json("registration", "list")}
    assert not registered - names
    # A certificate that was active may have been revoked since the copy was made.
    assert all(states.get(s) in ("active", "revoked") for s in active), active - states.keys()
    assert all(states.get(s) == "revoked" for s in revoked)


def check_database(cmf):
    cmf.ctl("check", "--database")
    with cmf.database() as database:
        for table, column in (("certificate", "serial"), ("crl", "number")):
            twice = database.execute(f"SELECT ca, {column} FROM {table} WHERE {column} IS NOT NULL GROUP BY ca, {column}"
                                     " HAVING count(*) > 1").fetchall()
            assert twice == [], f"a {column} occurs twice in {table}"


def test_kill_9_loses_nothing_that_was_answered(tmp_path):
    cmf = Cmf(tmp_path / "cmf")
    cmf.start()
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    relay, told = Relay(cmf.port), Told()
    clients = [Client(i, cmf, vnfm, relay.address, told) for i in range(CLIENTS)]
    chance = random.Random(20261123)
    for client in clients:
        client.start()
    for number in range(KILLS):
        if number % 2:
            time.sleep(chance.uniform(0.05, 0.6))
            before = told.copy()
            cmf.kill()
            cmf.start()
        else:
            # The next process kills itself at a point between sign, commit and send.
            before = told.copy()
            cmf.kill()
            point = FAULT_POINTS[number // 2 % len(FAULT_POINTS)]
            cmf.start(ready=False, CMFD_FAULT_POINT=f"{point}:{chance.randint(2, 20)}")
            assert cmf.process.wait(600) == -9
            before = told.copy()
            cmf.start()
        check_state(cmf, before)
        check_database(cmf)
    for client in clients:
        client.stopping = True
    for client in clients:
        client.join(600)
        assert not client.is_alive()
    assert not told.failures, "\n".join(told.failures[:5] + relay.strange[:5])
    assert told.unanswered <= CLIENTS, relay.strange[:5]
    assert relay.retries > 0 and len(told.active) + len(told.revoked) >= CLIENTS
    check_state(cmf, told.copy())
    # One certificate for each entity: no interrupted transaction issued a second one.
    subjects = [c["subject_id"] for c in cmf.certificates()]
    assert len(subjects) == len(set(subjects))
    relay.stop()
    assert cmf.stop() == 0
    check_database(cmf)


class JsonClient(threading.Thread):
    """One VNFM's worker over the JSON door: asks for certificates, each again and again until there is an answer, and
    once more after it."""

    def __init__(self, number, cmf, vnfm, told):
        super().__init__(daemon=True)
        self.number, self.cmf, self.told = number, cmf, told
        self.key = new_key(vnfm.dir / f"json-{number}.key")
        self.tls = ssl.create_default_context(cafile=cmf.root)
        self.tls.load_cert_chain(vnfm.cert, vnfm.private_key)
        self.lost, self.stopping = 0, False

    def ask(self, body):
        """Status and document of the answer, however often it is lost."""
        while True:
            connection = http.client.HTTPSConnection("127.0.0.1", self.cmf.tls_port, context=self.tls, timeout=60)
            try:
                connection.request("POST", "/cmf-certmgmt/v1/certificate_signing_requests", json.dumps(body),
                                   {"Version": "1.0.0", "Content-Type": "application/json"})
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read())
            except (OSError, http.client.HTTPException):
                self.lost += 1
                time.sleep(0.02)
            finally:
                connection.close()

    def run(self):
        count = 0
        while not self.stopping:
            count += 1
            csr = run([OPENSSL, "req", "-new", "-key", self.key, "-subj", f"/CN=json-{self.number}",
                       "-addext", f"1.2.3.4.{count}=DER:0500"]).stdout
            body = {"certType": "VNFCI_CERT", "vnfcId": f"json-{self.number}", "certChainRequest": False, "csr": csr}
            first, again = self.ask(body), self.ask(body)
            with self.told.lock:
                if first[0] not in (200, 201) or again[0] != 200 or first[1] != again[1]:
                    self.told.failures.append(f"{first} {again}")
                else:
                    self.told.active.add(first[1]["certificate"])


def test_kill_9_makes_no_second_certificate_over_json(tmp_path):
    """As many certificates as requests, and each of them is the one that was told of."""
    cmf = Cmf(tmp_path / "cmf").serve_tls()
    cmf.start()
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    cmf.register("vnfm-a", *(f"json-{i}" for i in range(CLIENTS)))
    told = Told()
    clients = [JsonClient(i, cmf, vnfm, told) for i in range(CLIENTS)]
    chance = random.Random(20261129)
    for client in clients:
        client.start()
    for number in range(max(KILLS // 5, len(FAULT_POINTS))):
        cmf.kill()
        point = FAULT_POINTS[number % len(FAULT_POINTS)]
        cmf.start(ready=False, CMFD_FAULT_POINT=f"{point}:{chance.randint(2, 20)}")
        assert cmf.process.wait(600) == -9
        cmf.start()
        time.sleep(chance.uniform(0.05, 0.6))
    for client in clients:
        client.stopping = True
    for client in clients:
        client.join(600)
        assert not client.is_alive()
    assert not told.failures, "\n".join(told.failures[:5])
    assert sum(client.lost for client in clients) > 0
    with cmf.database() as database:
        found = [row[0] for row in database.execute("SELECT der FROM certificate")]
    assert sorted(found) == sorted(ssl.PEM_cert_to_DER_cert(pem) for pem in told.active)
    assert {c["state"] for c in cmf.certificates()} == {"active"}
    assert cmf.stop() == 0
    check_database(cmf)


def without_extra_certs(message):
    """The PKIMessage without extraCerts [1], which its protection does not cover (RFC 9483 3.2)."""
    return sequence(*[part for part in elements(tlv(message)[1]) if part[0] != 0xA1])


@pytest.mark.parametrize("stripped", [False, True], ids=["as it came", "rfc9483_3_3 without extraCerts"])
def test_transaction_begun_before_a_restart_ends_after_it(tmp_path, stripped):
    """certConf of a certificate that was issued before the restart."""
    cmf = Cmf(tmp_path / "cmf")
    cmf.start()
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    cmf.register("vnfm-a", "vnfci-r")
    restarted = []

    class Restarting(Relay):
        def forward(self, path, body):
            answer = super().forward(path, without_extra_certs(body) if stripped and restarted else body)
            if not restarted:
                restarted.append(cmf.stop())
                cmf.start()
            return answer

    relay = Restarting(cmf.port)
    command = vnfm.command("ir", "-newkey", vnfm.key(), "-subject", "/CN=vnfci-r", "-certout", vnfm.out(),
                           path=".well-known/cmp/p/VnfciCert")
    command[command.index("-server") + 1] = relay.address
    run(command)
    assert restarted == [0]
    assert cmf.states("vnfci-r") == ["active"]
    relay.stop()
    cmf.stop()


def test_certificate_without_certconf_is_revoked(tmp_path):
    cmf = Cmf(tmp_path / "cmf")
    cmf.set("cmf", "confirm_wait", "1s")
    cmf.start()
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    cmf.register("vnfm-a", "vnfci-late")
    vnfm.enrol("vnfci-late", extra=["-disable_confirm"])
    from conftest import wait_for
    wait_for("revocation", lambda: cmf.states("vnfci-late") == ["revoked"])
    cmf.stop()


def test_rejected_certificate_is_revoked(tmp_path):
    """certConf with status rejection: the client does not trust the issuer (RFC 9483 4.1.1)."""
    cmf = Cmf(tmp_path / "cmf")
    cmf.start()
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    cmf.register("vnfm-a", "vnfci-rej")
    result = vnfm.cmp("ir", "-newkey", vnfm.key(), "-subject", "/CN=vnfci-rej", "-certout", vnfm.out(),
                      "-out_trusted", vnfm.anchor, path=".well-known/cmp/p/VnfciCert")
    assert not result.ok
    assert cmf.states("vnfci-rej") == ["rejected"]
    cmf.stop()
