# SPDX-License-Identifier: Apache-2.0
"""Forwarding to an upstream CA, RFC 9483 5.2: a second cmfd is the CA. It knows the client where the
client's own protection reaches it, and the RA where ours does."""
import os
import signal
import subprocess
import threading

import pytest

import postgresql
from conftest import OPENSSL, MacClient, run, serial_of, wait_for
from relay import Relay
from test_upstream import Pair, upstream_of_upstream

OPENSSL35 = os.environ.get("CMFD_OPENSSL35")


class Forwarding(Pair):
    """The client is a client of the CA, too; `how` is the RA's `forwarding`."""

    def __init__(self, base, how):
        super().__init__(base)
        self.how = how
        self.protection_root = self.ca.root
        # Requests have to stand there with the client's own name, or with the RA's.
        self.requester = "ra" if how == "replaced" else "vnfm-a"
        domain = "vnfm-a"
        self.ca.ctl("client", "remove", "ra")
        self.ca.ctl("client", "add", "ra", "--trust-anchor", self.ra_client.anchor, "--subject", "/CN=ra",
                    "--trust-domain", domain, "--may", "register,request,revoke,ra")
        self.ca.ctl("client", "add", "vnfm-a", "--trust-anchor", self.vnfm.anchor, "--subject", "/CN=vnfm-a",
                    "--trust-domain", domain, "--may", "register,request,revoke")
        self.ra.set("ca corporate", "server_url", f"{self.ca.url}/.well-known/cmp/p/VnfciCert")
        self.ra.set("ca corporate", "forwarding", how)
        # The CA checks it against the message that it comes with.
        self.ra.set("ca corporate", "forward_original", "yes")
        self.restart()

    def restart(self, **env):
        self.ra.stop()
        self.ra.start(**env)

    def register(self, name):
        self.ca.register(self.requester, name)
        self.ra.ctl("register", "--requester", "vnfm-a", "--cert-type", "VnfciCert", "--ca", "corporate",
                    "--subject-id", name)

    def command(self, name, address, cert, cmd="ir", *extra):
        command = super().command(name, address, cert, cmd, *extra)
        at = command.index("-trusted") + 1
        command[at] = f"{command[at]},{self.protection_root}"
        return command

    def patient(self, command):
        """Where there may be nodes the exchange of one that was killed waits until that has had time for it, and the client polls:
        what comes at last has the nonce of its first request, which OpenSSL knows from 3.3 on."""
        if not postgresql.database_of(self.ra):
            return command
        if not OPENSSL35:
            pytest.skip("needs Debian 13's openssl (tools/debian13-openssl)")
        return [OPENSSL35, *command[1:]]

    def rr(self, cert, reason="1", *extra):
        command = self.vnfm.command("rr", "-oldcert", cert, "-revreason", reason, *extra)
        at = command.index("-trusted") + 1
        command[at] = f"{command[at]},{self.protection_root}"
        return command


HOWS = ["unchanged", "added", "replaced"]


@pytest.fixture(params=HOWS)
def pair(tmp_path, request):
    both = Forwarding(tmp_path, request.param)
    yield both
    both.stop()


@pytest.mark.parametrize("cmd", ["ir", "cr"])
def test_enrolment(pair, cmd):
    pair.register("fw-1")
    cert = pair.vnfm.out()
    run(pair.command("fw-1", pair.ra.address, cert, cmd))
    pair.check_one("fw-1", cert)


def test_implicit_confirm_is_the_upstreams(pair):
    pair.register("fw-implicit")
    cert = pair.vnfm.out()
    result = run(pair.command("fw-implicit", pair.ra.address, cert, "ir", "-implicit_confirm"))
    assert "CERTCONF" not in result.stdout
    pair.check_one("fw-implicit", cert)


def test_p10cr(pair):
    pair.register("fw-p10")
    key, csr, cert = pair.vnfm.key(), pair.vnfm.out("csr"), pair.vnfm.out()
    run([OPENSSL, "req", "-new", "-key", key, "-subj", "/CN=fw-p10", "-out", csr])
    command = pair.command("fw-p10", pair.ra.address, cert, "p10cr", "-csr", csr)
    at = command.index("-newkey")
    del command[at:at + 4]
    run(command)
    pair.check_one("fw-p10", cert)


def test_rejection_upstream_comes_through(pair):
    pair.ra.ctl("register", "--requester", "vnfm-a", "--cert-type", "VnfciCert", "--ca", "corporate",
                "--subject-id", "fw-unknown")
    result = run(pair.command("fw-unknown", pair.ra.address, pair.vnfm.out()), check=False)
    assert result.returncode != 0 and "notAuthorized" in result.stdout, result.stdout
    assert pair.ra.states("fw-unknown") == ["rejected"]
    assert pair.ca.certificates("fw-unknown") == []


def test_certificate_rejected_by_the_client(pair):
    pair.register("fw-rej")
    command = pair.command("fw-rej", pair.ra.address, pair.vnfm.out())
    command[command.index("-out_trusted") + 1] = pair.vnfm.anchor
    assert run(command, check=False).returncode != 0
    assert pair.ra.states("fw-rej") == ["rejected"]
    assert pair.ca.states("fw-rej")[0] in ("rejected", "revoked")


@pytest.mark.skipif(not OPENSSL35, reason="needs Debian 13's openssl (tools/debian13-openssl)")
def test_slow_upstream(pair):
    """The answer that comes at last has the nonce of the first request: clients from OpenSSL 3.3 on."""
    pair.register("fw-slow")
    pair.ca.process.send_signal(signal.SIGSTOP)
    timer = threading.Timer(5, lambda: pair.ca.process.send_signal(signal.SIGCONT))
    timer.start()
    cert = pair.vnfm.out()
    command = pair.command("fw-slow", pair.ra.address, cert, "ir", "-total_timeout", "600")
    result = run([OPENSSL35, *command[1:]])
    assert "POLLREQ" in result.stdout, result.stdout
    pair.check_one("fw-slow", cert)


@pytest.mark.parametrize("point", ["upstream-before-send", "upstream-after-send", "door-after-sign:3",
                                   "door-after-commit:2"])
def test_kill_9_of_the_ra(pair, point):
    pair.register("fw-kill")
    pair.ra.stop()
    pair.ra.start(ready=False, CMFD_FAULT_POINT=point)
    relay = Relay(pair.ra.port)
    cert = pair.vnfm.out()
    outcome = {}
    command = pair.patient(pair.command("fw-kill", relay.address, cert, "ir", "-msg_timeout", "600", "-total_timeout", "600"))
    client = threading.Thread(target=lambda: outcome.update(result=run(command, check=False)))
    client.start()
    assert pair.ra.process.wait(600) == -9
    pair.ra.start()
    client.join(600)
    relay.stop()
    assert outcome["result"].returncode == 0, f"{outcome['result'].stdout}\n{pair.ra.tail()}"
    pair.check_one("fw-kill", cert)


def test_kur_keeps_its_protection(pair):
    """RFC 9483 5.2.3: never replaced; with `replaced` it goes in a nested message."""
    pair.register("fw-kur")
    old, new = pair.vnfm.out(), pair.vnfm.out()
    command = pair.command("fw-kur", pair.ra.address, old)
    key = command[command.index("-newkey") + 1]
    run(command)
    update = pair.command("fw-kur", pair.ra.address, new, "kur", "-extracerts", pair.ca.dir / "ca/issuing.pem")
    update[update.index("-cert") + 1], update[update.index("-key") + 1] = old, key
    update[update.index("-path") + 1] = ".well-known/cmp/p/VnfciCert/keyupdate"
    run(update)
    assert pair.ra.states("fw-kur") == pair.ca.states("fw-kur") == ["active", "active"]
    assert serial_of(new) in [c["serial"].lower() for c in pair.ca.certificates("fw-kur")]


def test_mac_is_always_replaced(tmp_path):
    """RFC 9483 5.2: the CA does not know the secret."""
    both = Forwarding(tmp_path, "unchanged")
    client = MacClient(both.ra, "ref-client", tmp_path / "mac", default_profile="VnfciCert",
                       trust_domain="vnfm-a")
    both.ca.register("ra", "fw-mac")
    both.ra.ctl("register", "--requester", "ref-client", "--cert-type", "VnfciCert", "--ca", "corporate",
                "--subject-id", "fw-mac")
    cert = client.out()
    result = client.cmp("ir", "-newkey", client.key(), "-subject", "/CN=fw-mac", "-certout", cert,
                        "-out_trusted", both.ca.root, path=".well-known/cmp/p/VnfciCert")
    assert result.ok, f"{result.text}\n{both.ra.tail()}"
    both.check_one("fw-mac", cert)
    both.stop()


def test_a_request_that_would_be_changed(pair):
    """A validity beyond the profile's is shortened: the message cannot go on as it is, unless ours."""
    pair.register("fw-long")
    cert = pair.vnfm.out()
    result = run(pair.command("fw-long", pair.ra.address, cert, "ir", "-days", "9000"), check=False)
    if pair.how == "replaced":
        assert result.returncode == 0, result.stdout
        pair.check_one("fw-long", cert)
    else:
        assert "badCertTemplate" in result.stdout, result.stdout
        assert pair.ca.certificates("fw-long") == []


@pytest.mark.parametrize("point", [None, "upstream-before-send:2", "upstream-after-send:2",
                                   "upstream-after-send:4"])
def test_polling_goes_through(pair, point):
    """RFC 9483 4.4: it is the upstream that says `waiting`; pollReq and pollRep pass, over a kill -9."""
    if point and pair.how != "replaced" and postgresql.database_of(pair.ra):
        pytest.xfail("the client polls while the pollReq of the node that was killed is claimed, and the answer has that one's nonce")
    pair.register("fw-poll")
    pair.ra.stop()
    upstream_of_upstream(pair, "fw-poll", pair.requester)
    pair.ra.start(**({"ready": False, "CMFD_FAULT_POINT": point} if point else {}))
    relay = Relay(pair.ra.port)
    cert = pair.vnfm.out()
    outcome = {}
    command = pair.patient(pair.command("fw-poll", relay.address, cert, "ir", "-msg_timeout", "600", "-total_timeout", "600"))
    client = threading.Thread(target=lambda: outcome.update(result=run(command, check=False)))
    client.start()
    if point:
        assert pair.ra.process.wait(600) == -9
        pair.ra.start()
    client.join(600)
    relay.stop()
    result = outcome["result"]
    assert result.returncode == 0 and "received POLLREP" in result.stdout, f"{result.stdout}\n{pair.ra.tail()}"
    pair.check_one("fw-poll", cert)


class Gate(Relay):
    """In front of the CA: lets the first message through, and the others when it is opened."""

    def __init__(self, port):
        super().__init__(port)
        self.count = 0
        self.opened = threading.Event()

    def forward(self, path, body):
        self.count += 1
        if self.count > 1:
            self.opened.wait(600)
        return super().forward(path, body)


@pytest.mark.skipif(not OPENSSL35, reason="needs Debian 13's openssl (tools/debian13-openssl)")
@pytest.mark.parametrize("kill", [False, True])
def test_certconf_with_a_slow_upstream(pair, kill):
    """RFC 9483 4.4: error with status waiting, pollReq for -1, pkiConf; over a kill -9."""
    gate = Gate(pair.ca.port)
    pair.ra.set("ca corporate", "server_url", f"http://{gate.address}/.well-known/cmp/p/VnfciCert")
    pair.restart()
    pair.register("fw-conf")
    relay = Relay(pair.ra.port)
    cert = pair.vnfm.out()
    command = pair.command("fw-conf", relay.address, cert, "ir", "-keep_alive", "0", "-total_timeout", "600")
    client = subprocess.Popen([OPENSSL35, *map(str, command[1:])], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
    wait_for("certConf at the CA", lambda: gate.count > 1)
    wait_for("ip and the answer to certConf", lambda: relay.answers > 1)
    assert pair.ra.states("fw-conf") == ["pending"]
    if kill:
        pair.ra.process.kill()
        pair.ra.process.wait()
        pair.ra.start()
    gate.opened.set()
    out, _ = client.communicate(timeout=600)
    relay.stop()
    gate.stop()
    assert client.returncode == 0 and "POLLREQ" in out, f"{out}\n{pair.ra.tail()}"
    pair.check_one("fw-conf", cert)


def last_rr(cmf):
    """The log line of the last rr: its fields."""
    lines = [line for line in cmf.log.read_text(errors="replace").splitlines() if " operation=rr " in line]
    return dict(field.split("=", 1) for field in lines[-1].split() if "=" in field) if lines else None


def check_rr_was_the_clients(pair):
    assert last_rr(pair.ca)["transaction"] == last_rr(pair.ra)["transaction"]
    assert last_rr(pair.ca)["client"] == pair.requester


def test_rr_is_the_clients(pair):
    """RFC 9483 5.2: under its own transactionID; a hold, its end, and for good."""
    pair.register("fw-rr")
    cert = pair.vnfm.out()
    run(pair.command("fw-rr", pair.ra.address, cert))
    for reason, state in (("6", "on hold"), ("8", "active"), ("1", "revoked")):
        run(pair.rr(cert, reason))
        pair.check_one("fw-rr", cert, state)
        check_rr_was_the_clients(pair)


def test_rr_refused_upstream_is_seen_through(pair):
    """The client hears it; what was authorised here is revoked there with an rr of ours."""
    pair.register("fw-rr-no")
    cert = pair.vnfm.out()
    run(pair.command("fw-rr-no", pair.ra.address, cert))
    if pair.how == "unchanged":
        pair.ca.ctl("client", "remove", "vnfm-a")
        pair.ca.ctl("client", "add", "vnfm-a", "--trust-anchor", pair.vnfm.anchor, "--subject", "/CN=vnfm-a",
                    "--trust-domain", "vnfm-a", "--may", "request")
    result = run(pair.rr(cert), check=False)
    # Where an RA has approved it, it does not matter what the client may.
    assert (result.returncode == 0) == (pair.how != "unchanged"), result.stdout
    assert ("notAuthorized" in result.stdout) == (pair.how == "unchanged"), result.stdout
    wait_for("revocation upstream", lambda: pair.ca.states("fw-rr-no") == ["revoked"])
    wait_for("revocation here", lambda: pair.ra.states("fw-rr-no") == ["revoked"])


@pytest.mark.parametrize("point", ["upstream-before-send", "upstream-after-send", "door-after-sign:2",
                                   "door-after-commit:1", "door-after-commit:2"])
def test_kill_9_of_the_ra_during_rr(pair, point):
    pair.register("fw-rr-kill")
    cert = pair.vnfm.out()
    run(pair.command("fw-rr-kill", pair.ra.address, cert))
    pair.ra.stop()
    pair.ra.start(ready=False, CMFD_FAULT_POINT=point)
    relay = Relay(pair.ra.port)
    command = pair.patient(pair.rr(cert, "1", "-msg_timeout", "600", "-total_timeout", "600"))
    command[command.index("-server") + 1] = relay.address
    outcome = {}
    client = threading.Thread(target=lambda: outcome.update(result=run(command, check=False)))
    client.start()
    assert pair.ra.process.wait(600) == -9
    pair.ra.start()
    client.join(600)
    relay.stop()
    assert outcome["result"].returncode == 0, f"{outcome['result'].stdout}\n{pair.ra.tail()}"
    pair.check_one("fw-rr-kill", cert, "revoked")
    check_rr_was_the_clients(pair)


@pytest.mark.skipif(not OPENSSL35, reason="needs Debian 13's openssl (tools/debian13-openssl)")
def test_rr_with_a_slow_upstream(pair):
    """RFC 9483 4.4: what comes at last is the upstream's answer."""
    pair.register("fw-rr-slow")
    cert = pair.vnfm.out()
    run(pair.command("fw-rr-slow", pair.ra.address, cert))
    pair.ca.process.send_signal(signal.SIGSTOP)
    timer = threading.Timer(5, lambda: pair.ca.process.send_signal(signal.SIGCONT))
    timer.start()
    result = run([OPENSSL35, *pair.rr(cert, "1", "-total_timeout", "600")[1:]])
    assert "POLLREQ" in result.stdout, result.stdout
    pair.check_one("fw-rr-slow", cert, "revoked")
    check_rr_was_the_clients(pair)


@pytest.mark.skipif(not OPENSSL35, reason="needs Debian 13's openssl (tools/debian13-openssl)")
def test_polling_for_rp_goes_through(pair):
    """RFC 9483 4.4: it is the upstream that says `waiting`, with an error message; pollReq and pollRep pass."""
    pair.register("fw-rr-poll")
    pair.ra.stop()
    upstream_of_upstream(pair, "fw-rr-poll", pair.requester)
    pair.ra.start()
    cert = pair.vnfm.out()
    run(pair.command("fw-rr-poll", pair.ra.address, cert, "ir", "-total_timeout", "600"))
    pair.check_one("fw-rr-poll", cert)
    pair.third.process.send_signal(signal.SIGSTOP)
    timer = threading.Timer(5, lambda: pair.third.process.send_signal(signal.SIGCONT))
    timer.start()
    result = run([OPENSSL35, *pair.rr(cert, "1", "-total_timeout", "600")[1:]])
    assert "received POLLREP" in result.stdout, result.stdout
    pair.check_one("fw-rr-poll", cert, "revoked")
    check_rr_was_the_clients(pair)
    polls = [line for line in pair.ca.log.read_text(errors="replace").splitlines() if "operation=pollReq" in line]
    assert any(last_rr(pair.ra)["transaction"] in line for line in polls)
