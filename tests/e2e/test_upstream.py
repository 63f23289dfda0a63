# SPDX-License-Identifier: Apache-2.0
"""cmfd as RA in front of another CA: a second cmfd is the upstream. kill -9 of the RA at each step
leaves exactly one certificate upstream, and the client gets it."""
import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from conftest import BUILD, OPENSSL, PATIENCE, ROOT, Cmf, Vnfm, free_port, issue, make_ca, run, serial_of, wait_for
from relay import Relay

sys.path.insert(0, str(ROOT / "tests" / "interop"))
from pycmp import (Client, PasswordBasedMac, elements, explicit, integer, octet_string, oid, sequence,  # noqa: E402
                   tagged, tlv)

RP, ERROR, POLLREP, WAITING = 12, 23, 26, 3
OPENSSL35 = os.environ.get("CMFD_OPENSSL35")


class Pair:
    """An RA (`ra`) and the CA behind it (`ca`)."""

    def __init__(self, base, request="cr"):
        self.third = None
        self.ca = Cmf(base / "ca")
        self.ca.start()
        self.ra_client = Vnfm(self.ca, "ra", base / "ra-credential", may="register,request,revoke,ra")
        self.ra = Cmf(base / "ra")
        self.ra.put_before(self.ca, self.ra_client, request=request)
        self.ra.start()
        self.vnfm = Vnfm(self.ra, "vnfm-a", base / "vnfm")

    def register(self, name):
        self.ca.register("ra", name)
        self.ra.ctl("register", "--requester", "vnfm-a", "--cert-type", "VnfciCert", "--ca", "corporate",
                    "--subject-id", name)

    def command(self, name, address, cert, cmd="ir", *extra):
        command = self.vnfm.command(cmd, "-newkey", self.vnfm.key(), "-subject", f"/CN={name}", "-certout",
                                    cert, "-out_trusted", self.ca.root, *extra,
                                    path=".well-known/cmp/p/VnfciCert")
        command[command.index("-server") + 1] = address
        return command

    def enrol(self, name, *extra):
        cert = self.vnfm.out()
        run(self.command(name, self.ra.address, cert, "ir", *extra))
        return cert

    def check_one(self, name, cert, state="active"):
        """The same, only certificate on both sides."""
        wait_for("the upstream's confirmation", lambda: self.ca.states(name) == [state])
        assert self.ra.states(name) == [state]
        serial = serial_of(cert)
        assert [c["serial"].lower() for c in self.ca.certificates(name)] == [serial]
        assert [c["serial"].lower() for c in self.ra.certificates(name)] == [serial]

    def stop(self):
        assert self.ra.stop() == 0
        assert self.ca.stop() == 0
        if self.third:
            assert self.third.stop() == 0


@pytest.fixture
def pair(tmp_path):
    both = Pair(tmp_path)
    yield both
    both.stop()


def test_ir_through_the_ra(pair):
    pair.register("up-1")
    cert = pair.enrol("up-1")
    pair.check_one("up-1", cert)


def test_p10cr_is_passed_on(tmp_path):
    both = Pair(tmp_path, request="p10cr")
    both.register("up-p10")
    key, csr, cert = both.vnfm.key(), both.vnfm.out("csr"), both.vnfm.out()
    run([OPENSSL, "req", "-new", "-key", key, "-subj", "/CN=up-p10", "-out", csr])
    result = both.vnfm.cmp("p10cr", "-csr", csr, "-certout", cert, "-out_trusted", both.ca.root,
                           path=".well-known/cmp/p/VnfciCert")
    assert result.ok, result.text
    both.check_one("up-p10", cert)
    both.stop()


def test_rejection_upstream_reaches_the_client_with_its_failinfo(pair):
    """Registered here but not there: notAuthorized comes through."""
    pair.ra.ctl("register", "--requester", "vnfm-a", "--cert-type", "VnfciCert", "--ca", "corporate",
                "--subject-id", "up-unknown")
    result = run(pair.command("up-unknown", pair.ra.address, pair.vnfm.out()), check=False)
    assert result.returncode != 0 and "notAuthorized" in result.stdout
    assert pair.ra.states("up-unknown") == ["rejected"]
    assert pair.ca.certificates("up-unknown") == []


def test_slow_upstream_means_waiting_and_polling(pair):
    pair.register("up-slow")
    pair.ca.process.send_signal(signal.SIGSTOP)
    timer = threading.Timer(5, lambda: pair.ca.process.send_signal(signal.SIGCONT))
    timer.start()
    cert = pair.vnfm.out()
    result = run(pair.command("up-slow", pair.ra.address, cert, "ir", "-total_timeout", "600"))
    assert "waiting" in result.stdout or "poll" in result.stdout.lower(), result.stdout
    pair.check_one("up-slow", cert)


def test_dead_upstream_disturbs_nobody_else(pair):
    pair.ca.process.send_signal(signal.SIGSTOP)
    try:
        for i in range(20):
            pair.ra.ctl("register", "--requester", "vnfm-a", "--cert-type", "VnfciCert", "--ca",
                        "corporate", "--subject-id", f"dead-{i}")
        waiting = [threading.Thread(target=run, daemon=True, kwargs={"check": False}, args=(
            pair.command(f"dead-{i}", pair.ra.address, pair.vnfm.out(), "ir", "-total_timeout", "8"),))
            for i in range(20)]
        for thread in waiting:
            thread.start()
        pair.ra.register("vnfm-a", *[f"alive-{i}" for i in range(10)])
        for i in range(10):
            pair.vnfm.enrol(f"alive-{i}")
            assert pair.ra.states(f"alive-{i}") == ["active"]
        upstream = pair.ra.ctl_json("status")[0]["upstreams"]
        assert [u["ca"] for u in upstream] == ["corporate"] and upstream[0]["url"].startswith(pair.ca.url)
        assert upstream[0]["open"] > 0 and upstream[0]["open_since"]
    finally:
        pair.ca.process.send_signal(signal.SIGCONT)
    for thread in waiting:
        thread.join(600)


@pytest.mark.parametrize("point", ["upstream-before-send", "upstream-after-send", "upstream-polling",
                                   "upstream-before-certconf"])
def test_kill_9_of_the_ra(pair, point):
    pair.register("up-kill")
    pair.ra.stop()
    if point == "upstream-polling":
        # A waiting answer of the upstream: it stops while it has the request in its hands.
        upstream_of_upstream(pair)
    pair.ra.start(ready=False, CMFD_FAULT_POINT=point)
    relay = Relay(pair.ra.port)
    cert = pair.vnfm.out()
    outcome = {}
    command = pair.command("up-kill", relay.address, cert, "ir", "-msg_timeout", "600", "-total_timeout",
                           "600")
    client = threading.Thread(target=lambda: outcome.update(result=run(command, check=False)))
    client.start()
    assert pair.ra.process.wait(600) == -9
    pair.ra.start()
    client.join(600)
    relay.stop()
    result = outcome["result"]
    assert result.returncode == 0, f"{result.stdout}\n{pair.ra.tail()}"
    pair.check_one("up-kill", cert)


def upstream_of_upstream(pair, name="up-kill", requester="ra"):
    """Makes the upstream CA answer `waiting` first: it becomes an RA itself, in front of a third cmfd
    that is stopped for a while."""
    third = Cmf(pair.ca.dir.parent / "third")
    third.start()
    credential = Vnfm(third, "ra", pair.ca.dir.parent / "third-credential",
                      may="register,request,revoke,ra")
    third.register("ra", name)
    pair.ca.ctl("deregister", "--cert-type", "VnfciCert", "--subject-id", name)
    pair.ca.stop()
    pair.ca.put_before(third, credential, "third", upstream_wait="500ms")
    pair.ca.start()
    pair.ca.ctl("register", "--requester", requester, "--cert-type", "VnfciCert", "--ca", "third",
                "--subject-id", name)
    pair.ra.set("ca corporate", "certificate", third.dir / "ca/issuing.pem")
    pair.ra.set("ca corporate", "chain", third.root)
    third.process.send_signal(signal.SIGSTOP)
    threading.Timer(6, lambda: third.process.send_signal(signal.SIGCONT)).start()
    pair.ca.root = third.root
    pair.third = third


def test_rejected_by_the_client_is_revoked_upstream(pair):
    pair.register("up-rej")
    command = pair.command("up-rej", pair.ra.address, pair.vnfm.out())
    command[command.index("-out_trusted") + 1] = pair.vnfm.anchor
    assert run(command, check=False).returncode != 0
    wait_for("revocation upstream", lambda: pair.ca.states("up-rej") == ["revoked"])


def test_rr_is_forwarded(pair):
    pair.register("up-rr")
    cert = pair.enrol("up-rr")
    assert pair.vnfm.cmp("rr", "-oldcert", cert, "-revreason", "1").ok
    pair.check_one("up-rr", cert, "revoked")


def test_certificate_hold_is_forwarded_and_taken_back(pair):
    """RFC 5280 5.3.1: certificateHold, removeFromCRL."""
    pair.register("up-hold")
    cert = pair.enrol("up-hold")
    for reason, state in (("6", "on hold"), ("8", "active"), ("6", "on hold"), ("1", "revoked")):
        assert pair.vnfm.cmp("rr", "-oldcert", cert, "-revreason", reason).ok
        pair.check_one("up-hold", cert, state)


def test_rr_while_the_upstream_is_dead_is_revocation_pending(pair):
    pair.register("up-rrp")
    cert = pair.enrol("up-rrp")
    pair.ca.process.send_signal(signal.SIGSTOP)
    try:
        # OpenSSL 3.0 cannot poll for rp and stops at the error message with status waiting; 3.5 polls.
        result = pair.vnfm.cmp("rr", "-oldcert", cert, "-revreason", "1", "-total_timeout", "600")
        assert not result.ok and "waiting" in result.text, result.text
        assert pair.ra.states("up-rrp") == ["revocation pending"]
    finally:
        pair.ca.process.send_signal(signal.SIGCONT)
    wait_for("revocation upstream", lambda: pair.ca.states("up-rrp") == ["revoked"])
    wait_for("revocation here", lambda: pair.ra.states("up-rrp") == ["revoked"])


def test_a_revocation_that_is_given_up(pair):
    """The CA does not come back in time. Whoever asked is not told before upstream_timeout that it was done."""
    pair.register("up-lost")
    pair.register("up-next")
    serial = serial_of(pair.enrol("up-lost"))
    give_up = "certificate", "give-up", serial
    nothing = pair.ra.ctl(*give_up, check=False)
    assert nothing.returncode == 1 and "no upstream CA is asked to revoke it" in nothing.stdout
    pair.ca.stop()
    pair.ra.ctl("certificate", "revoke", serial)
    assert pair.ra.states("up-lost") == ["revocation pending"]
    early = pair.ra.ctl(*give_up, check=False)
    assert early.returncode == 1 and "is still told that the upstream CA is waited for; give it up after 20" in early.stdout
    assert pair.ra.states("up-lost") == ["revocation pending"]
    pair.ra.set("ca corporate", "upstream_timeout", "1s")
    pair.ra.ctl("reload")
    wait_for("its time", lambda: pair.ra.ctl(*give_up, check=False).returncode == 0)
    wait_for("the end", lambda: pair.ra.states("up-lost") == ["revoked"])
    line, = pair.ra.ctl_json("audit", "list", "--action", "give up revocation")
    assert (line["target"], line["detail"], line["before"], line["uid"]) == ("up-lost", serial, "revocation pending", os.getuid())
    pair.ca.start()
    pair.ra.set("ca corporate", "upstream_timeout", "1h")
    pair.ra.ctl("reload")
    pair.enrol("up-next")
    assert pair.ca.states("up-lost") == ["active"]
    assert "no upstream CA is asked" in pair.ra.ctl(*give_up, check=False).stdout


class AnswersOnce(Relay):
    """A CA that issues, and is gone before it was told that its certificate has come."""

    asked = 0

    def forward(self, path, body):
        self.asked += 1
        return super().forward(path, body) if self.asked == 1 else (503, b"")


def test_what_nobody_took_is_given_up_by_its_entity(pair):
    """It has no serialNumber here."""
    once = AnswersOnce(pair.ca.port)
    pair.register("up-other")
    serial = serial_of(pair.enrol("up-other"))
    pair.ra.set("ca corporate", "server_url", f"http://{once.address}/.well-known/cmp")

    def row(name):
        return pair.ra.ctl_json("certificate", "list", "--subject-id", name)[0]
    # The certificate has to come before the time is over.
    for seconds in (2 ** i for i in range(1, 8)):
        name, once.asked = f"up-vain-{seconds}", 0
        pair.ra.set("ca corporate", "upstream_timeout", f"{seconds}s")
        pair.ra.ctl("reload")
        pair.register(name)
        assert run(pair.command(name, pair.ra.address, pair.vnfm.out()), check=False).returncode != 0
        wait_for("the end", lambda: pair.ra.states(name) == ["rejected"])
        if row(name)["upstream_asked"]:
            break
    assert row(name)["upstream_asked"] and row(name)["serial"] is None and not row("up-other")["upstream_asked"]
    give_up = "certificate", "give-up", "--subject-id"
    nothing = pair.ra.ctl(*give_up, "up-other", check=False)
    assert nothing.returncode == 1 and "no upstream CA is asked to revoke a certificate of that entity" in nothing.stdout
    assert "say which: SERIAL or --subject-id" in pair.ra.ctl(*give_up[:2], check=False).stdout
    assert "a certificate without a serialNumber: rejected" in pair.ra.ctl(*give_up, name).stdout
    wait_for("the end of it", lambda: not row(name)["upstream_asked"])
    assert pair.ra.ctl_json("audit", "list", "--action", "give up revocation")[0]["target"] == name
    assert pair.ra.states(name) == ["rejected"] and row("up-other")["serial"].lower() == serial
    assert pair.ra.ctl(*give_up, name, check=False).returncode == 1
    once.server.shutdown()


def test_a_ca_with_open_exchanges_cannot_be_taken_out(pair):
    """Nobody would go on with them: the revocation would never reach the CA."""
    pair.register("up-gone")
    cert = pair.enrol("up-gone")
    pair.ca.process.send_signal(signal.SIGSTOP)
    try:
        pair.vnfm.cmp("rr", "-oldcert", cert, "-revreason", "1", "-total_timeout", "600")
        assert pair.ra.states("up-gone") == ["revocation pending"]
        pair.ra.ctl("registration", "update", "--from-ca", "corporate", "--ca", "issuing")
        with_it = pair.ra.conf.read_text()
        pair.ra.conf.write_text(with_it[:with_it.index("[ca corporate]")])
        said = "what was asked of it is still open, for certificates of: up-gone. "
        result = pair.ra.ctl("reload", check=False)
        assert result.returncode == 1 and "[ca corporate]" in result.stdout and said in result.stdout
        result = run([BUILD / "cmfd", "--config", pair.ra.conf, "--check"], check=False)
        assert result.returncode == 1 and said in result.stdout
    finally:
        pair.ca.process.send_signal(signal.SIGCONT)
    wait_for("revocation here", lambda: pair.ra.states("up-gone") == ["revoked"])
    pair.ra.ctl("reload")


@pytest.mark.skipif(not OPENSSL35, reason="needs Debian 13's openssl (tools/debian13-openssl)")
def test_rr_waits_for_the_upstream_over_a_restart(pair):
    """RFC 9483 4.4: a client that can, polls with certReqId -1 until there is rp."""
    pair.register("up-rrw")
    cert = pair.enrol("up-rrw")
    command = pair.vnfm.command("rr", "-oldcert", cert, "-revreason", "1", "-keep_alive", "0",
                                "-total_timeout", "600")
    relay = Relay(pair.ra.port)
    command[command.index("-server") + 1] = relay.address
    pair.ca.process.send_signal(signal.SIGSTOP)
    client = subprocess.Popen([OPENSSL35, *command[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True)
    try:
        wait_for("the upstream's turn", lambda: pair.ra.states("up-rrw") == ["revocation pending"])
        wait_for("the first answer", lambda: relay.answers)
        # What an alert goes by, when nobody asks any more.
        wait_for("its age", lambda: re.search(r'^cmfd_upstream_open_oldest_seconds{ca="\w+"} [1-9]', pair.ra.metrics(), re.M))
        pair.ra.process.kill()
        pair.ra.process.wait()
        pair.ra.start()
    finally:
        pair.ca.process.send_signal(signal.SIGCONT)
    out, _ = client.communicate(timeout=600)
    relay.stop()
    assert client.returncode == 0, out
    pair.check_one("up-rrw", cert, "revoked")


def test_rr_again_after_kill_9_of_the_ra(pair):
    """The upstream has revoked, and the answer was lost with the RA: the same message is granted, not told
    that the certificate is revoked already."""
    pair.register("up-rrk")
    cert = pair.enrol("up-rrk")
    pair.check_one("up-rrk", cert)
    pair.ra.stop()
    pair.ra.start(ready=False, CMFD_FAULT_POINT="upstream-after-send")
    relay = Relay(pair.ra.port)
    command = pair.vnfm.command("rr", "-oldcert", cert, "-revreason", "1", "-total_timeout", "600")
    command[command.index("-server") + 1] = relay.address
    outcome = {}
    client = threading.Thread(target=lambda: outcome.update(result=run(command, check=False)))
    client.start()
    assert pair.ra.process.wait(600) == -9
    relay.target = free_port()
    pair.ra.start()
    wait_for("revocation here", lambda: pair.ra.states("up-rrk") == ["revoked"])
    relay.target = pair.ra.port
    client.join(600)
    relay.stop()
    result = outcome["result"]
    assert result.returncode == 0, f"{result.stdout}\n{pair.ra.tail()}"
    pair.check_one("up-rrk", cert, "revoked")


def rr_of(*certs):
    """The body rr [11] for several certificates: issuer and serialNumber of each, keyCompromise; and for
    one that does not exist."""
    def details(cert, serial=None):
        fields = elements(tlv(elements(tlv(cert)[1])[0])[1])
        return sequence(sequence(tagged(0x81, serial or tlv(fields[1])[1]), tagged(0xA3, fields[3])),
                        sequence(sequence(oid("2.5.29.21"), octet_string(b"\x0a\x01\x01"))))
    return explicit(11, sequence(*(details(cert) for cert in certs), details(certs[0], b"\x01")))


def test_rr_for_several_waits_over_a_restart(pair, tmp_path):
    """RFC 4210 5.3.9, RFC 9483 4.4: no client asks for several, so Python does."""
    secret = tmp_path / "secret"
    secret.write_text("a secret of thirty-two octets...")
    pair.ra.ctl("client", "add", "py", "--trust-domain", "vnfm-a", "--mac", "--ref", "py-ref", "--secret-file",
                secret, "--may", "revoke,ra")
    client = Client(f"{pair.ra.url}/.well-known/cmp", b"py-ref", secret.read_bytes())
    names, certs = ["up-many-0", "up-many-1"], []
    for name in names:
        pair.register(name)
        certs.append(subprocess.run([OPENSSL, "x509", "-in", pair.enrol(name), "-outform", "DER"],
                                    stdout=subprocess.PIPE, check=True).stdout)
        wait_for("the upstream's confirmation", lambda: pair.ca.states(name) == ["active"])
    pair.ca.process.send_signal(signal.SIGSTOP)
    try:
        answer = client.ask(rr_of(*certs), PasswordBasedMac())
        assert answer.body_type == ERROR, answer.text
        assert int(answer.message["body"]["error"]["pKIStatusInfo"]["status"]) == WAITING
        pair.ra.kill()
        pair.ra.start()
    finally:
        pair.ca.process.send_signal(signal.SIGCONT)
    polls = 0
    while answer.body_type in (ERROR, POLLREP) and polls < 2 * PATIENCE:
        polls += 1
        answer = client.ask(explicit(25, sequence(sequence(integer(-1)))), PasswordBasedMac(),
                            transaction_id=answer.transaction_id, recip_nonce=tlv(answer.header[5])[1])
        time.sleep(0.5)
    assert answer.body_type == RP, answer.text
    assert [int(status["status"]) for status in answer.message["body"]["rp"]["status"]] == [0, 0, 2]
    for name in names:
        assert pair.ra.states(name) == pair.ca.states(name) == ["revoked"]


def test_unreachable_upstream_is_systemunavail_in_the_end(tmp_path):
    both = Pair(tmp_path)
    both.ra.set("ca corporate", "upstream_timeout", "4s")
    both.ra.stop()
    both.ra.start()
    both.register("up-dead")
    both.ca.stop()
    result = run(both.command("up-dead", both.ra.address, both.vnfm.out(), "ir", "-total_timeout", "600"),
                 check=False)
    assert result.returncode != 0 and "systemUnavail" in result.stdout, result.stdout
    assert both.ra.stop() == 0
