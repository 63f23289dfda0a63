# SPDX-License-Identifier: Apache-2.0
"""Two nodes on one database, before a CA that takes its time: it gets each message from one of them."""
import threading

import pytest

from conftest import Cmf, Vnfm, run, wait_for
from relay import Relay
from test_nodes import Nodes
from two_nodes import Both, Gate

# Longer than it takes for a message to be seen at the gate; a claim lasts a little longer.
UPSTREAM_WAIT = 10


class Behind(Nodes):
    """The nodes, not started yet, the CA and the gate before it."""

    def __init__(self, directory, forwarding="reissue"):
        super().__init__(directory)
        self.ca = Cmf(directory / "ca").start()
        self.ra = Vnfm(self.ca, "ra", directory / "ra", may="register,request,revoke,ra")
        self.gate = Gate(self.ca.port)
        for node in (self.one, self.two):
            node.put_before(self.ca, self.ra, server_url=f"http://{self.gate.address}/.well-known/cmp", forwarding=forwarding,
                            upstream_wait=f"{UPSTREAM_WAIT}s")
        self.start()
        self.vnfm = Vnfm(self.one, "vnfm-a", directory / "vnfm")
        self.ca.register("ra", "vnfci-1")
        self.one.ctl("register", "--requester", "vnfm-a", "--cert-type", "VnfciCert", "--ca", "corporate",
                     "--subject-id", "vnfci-1")

    def enrolling(self, address):
        """`openssl cmp` that asks there, in a thread; its result comes to `.result`."""
        command = self.vnfm.command("ir", "-newkey", self.vnfm.key(), "-subject", "/CN=vnfci-1", "-certout",
                                    self.vnfm.out(), "-out_trusted", self.ca.root, "-msg_timeout", "600",
                                    "-total_timeout", "600", path=".well-known/cmp/p/VnfciCert")
        command[command.index("-server") + 1] = address
        thread = threading.Thread(target=lambda: setattr(thread, "result", run(command, check=False)))
        thread.start()
        return thread

    def check_one(self, client):
        client.join(600)
        assert client.result.returncode == 0, f"{client.result.stdout}\n{self.one.tail()}\n{self.two.tail()}\n{self.ca.tail()}"
        wait_for("the confirmation", lambda: self.ca.states("vnfci-1") == ["active"])
        assert self.one.states("vnfci-1") == self.two.states("vnfci-1") == ["active"]

    def stop(self):
        self.gate.opened.set()
        super().stop()
        self.gate.stop()
        assert self.ca.stop() == 0


@pytest.fixture
def behind(tmp_path, request):
    nodes = Behind(tmp_path, getattr(request, "param", "reissue"))
    try:
        yield nodes
    finally:
        nodes.stop()


@pytest.mark.parametrize("behind", ["reissue", "replaced"], indirect=True)
def test_the_ca_gets_each_message_once(behind):
    """Both nodes have it at the same moment: one of them asks, and the other one answers with what came of that."""
    both = Both(behind.one, behind.two)
    client = behind.enrolling(both.address)
    wait_for("the request at the CA", lambda: behind.gate.seen)
    behind.gate.opened.set()
    behind.check_one(client)
    both.stop()
    assert len(set(behind.gate.seen)) == len(behind.gate.seen), [len(m) for m in behind.gate.seen]


def test_the_node_that_asks_dies(behind):
    """The other one sends the same octets, of which the CA makes the same certificate."""
    relay = Relay(behind.one.port)
    client = behind.enrolling(relay.address)
    wait_for("the request at the CA", lambda: behind.gate.seen)
    relay.target = behind.two.port
    behind.one.kill()
    behind.gate.opened.set()
    client.join(600)
    behind.one.start()
    behind.check_one(client)
    relay.stop()
    assert behind.gate.seen.count(behind.gate.seen[0]) == 2
