# SPDX-License-Identifier: Apache-2.0
"""A VNFM that is slow, or says what is not so (IFA 033 9.3): nothing ends by it that has not ended, and what is true in between is
done."""
import json

import pytest

from conftest import Cmf, wait_for
from direct_mode import becomes, follow, gauge, registered, settled
from lcm_vnfm import VnfManager

INSTANCES = "/vnflcm/v2/vnf_instances"


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """Two VNFs to a page; an answer has a second, so that one that does not come is none soon."""
    manager = VnfManager().start()
    server = Cmf(tmp_path_factory.mktemp("lies") / "cmf")
    follow(server, manager, timeout="1s", resync_revoke_max="0")
    server.manager = manager
    server.start()
    wait_for("the subscription", lambda: manager.subscriptions)
    settled(server)
    yield server
    status = server.stop()
    manager.stop()
    assert status == 0, server.tail()


@pytest.fixture
def honest(followed):
    """It is so before the test and after it."""
    manager = followed.manager
    yield manager
    manager.slow, manager.lie = lambda method, path: False, lambda method, path, body: body
    manager.released.set()
    manager.released.clear()
    followed.ctl("vnfm", "resync", "sim")


def resync(server):
    return server.ctl("vnfm", "resync", "sim", check=False).returncode


def body_of(vnf, change):
    """A lie about one VNF: `change` gets a copy of what it would say."""
    return lambda method, path, body: change(json.loads(json.dumps(body))) if path == f"{INSTANCES}/{vnf}" else body


def without_vnfcs(body):
    body["instantiatedVnfInfo"]["vnfcInfo"] = body["instantiatedVnfInfo"]["vnfcResourceInfo"] = []
    return body


def twice(body):
    body["instantiatedVnfInfo"]["vnfcInfo"] *= 2
    return body


# What it says of a VNF that has not changed, and whether that is an answer at all.
LIES = {
    "cut": (lambda body: json.dumps(body)[:-20].encode(), 1),
    "no JSON": (lambda body: b"<html>it works</html>", 1),
    "empty": (lambda body: b"", 1),
    "a list": (lambda body: [body], 1),
    "another VNF": (lambda body: {**body, "id": "vnf-other"}, 1),
    "no id": (lambda body: {k: v for k, v in body.items() if k != "id"}, 1),
    "an id twice": (lambda body: json.dumps(body).replace("{", '{"id": "vnf-l", ', 1).encode(), 1),
    "an unknown state": (lambda body: {**body, "instantiationState": "PERHAPS"}, 1),
    "a number for a state": (lambda body: {**body, "instantiationState": 1}, 1),
    "a VNFC without an id": (lambda body: {**body, "instantiatedVnfInfo": {"vnfcInfo": [{"vduId": "vdu"}]}}, 1),
    "VNFCs that are none": (lambda body: {**body, "instantiatedVnfInfo": {"vnfcInfo": ["l-1", 2]}}, 1),
    "nothing about what it is made of": (lambda body: {k: v for k, v in body.items() if k != "instantiatedVnfInfo"}, 1),
    "everything twice": (twice, 1),
    # These are answers: what is missing in them waits for the operator.
    "INSTANTIATED and nothing in it": (without_vnfcs, 0),
    "NOT_INSTANTIATED, of which nobody was told": (lambda body: {**body, "instantiationState": "NOT_INSTANTIATED"}, 0),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_a_vnf_ends_nothing(followed, honest, lie):
    change, status = LIES[lie]
    honest.has("vnf-l", "l-1", "l-2")
    honest.operation("vnf-l", "INSTANTIATE", added=["r-l-1", "r-l-2"])
    becomes(followed, "vnf-l", "l-1", "l-2")
    honest.lie = body_of("vnf-l", change)
    assert resync(followed) == status
    # Nor with a notification that does not say that something was removed.
    if status:
        honest.operation("vnf-l", "HEAL")
        honest.has("vnf-n", "n-1")
        honest.operation("vnf-n", "INSTANTIATE", added=["r-n-1"])
        becomes(followed, "vnf-n", "n-1")
    assert registered(followed, "vnf-l") == ["l-1", "l-2"]
    honest.lie = lambda method, path, body: body
    assert resync(followed) == 0
    assert registered(followed, "vnf-l") == ["l-1", "l-2"] and gauge(followed, "cmfd_vnfm_held_back") == 0
    wait_for("all VNFs being looked at", lambda: gauge(followed, "cmfd_vnfm_vnfs_waiting") == 0)


LISTS = {
    "nothing": lambda body: [],
    "no list": lambda body: {},
    "half of it": lambda body: json.dumps(body)[:-10].encode(),
    "what has no id": lambda body: [{}],
    "one that it has not": lambda body: [{"id": "vnf-of-nobody"}],
    "the same again and again": lambda body: body * 50,
}


@pytest.mark.parametrize("lie", LISTS)
def test_a_lie_about_the_list_ends_nothing(followed, honest, lie):
    honest.has("vnf-m", "m-1")
    honest.operation("vnf-m", "INSTANTIATE", added=["r-m-1"])
    becomes(followed, "vnf-m", "m-1")
    honest.lie = lambda method, path, body: LISTS[lie](body) if path.partition("?")[0] == INSTANCES else body
    resync(followed)
    assert registered(followed, "vnf-m") == ["m-1"] and gauge(followed, "cmfd_vnfm_held_back") == 0


def test_a_list_that_does_not_come_is_given_up(followed, honest):
    """The operator hears of it, and is not kept waiting for ever."""
    honest.has("vnf-p", "p-1")
    honest.operation("vnf-p", "INSTANTIATE", added=["r-p-1"])
    becomes(followed, "vnf-p", "p-1")
    honest.slow = lambda method, path: path == INSTANCES
    assert resync(followed) == 1
    assert registered(followed, "vnf-p") == ["p-1"]
    [shown] = followed.ctl_json("vnfm", "list")
    assert shown["problem"]


def test_a_slow_vnf_keeps_no_other_one_waiting(followed, honest):
    for vnf in ("vnf-s", "vnf-t"):
        honest.has(vnf, vnf + "-1")
        honest.operation(vnf, "INSTANTIATE", added=[f"r-{vnf}-1"])
        becomes(followed, vnf, vnf + "-1")
    honest.slow = lambda method, path: path == f"{INSTANCES}/vnf-s"
    honest.has("vnf-s", "vnf-s-2")
    honest.has("vnf-t", "vnf-t-2")
    # Both are noted at once; only the one that answers is acted on.
    assert honest.operation("vnf-s", "HEAL", added=["r-vnf-s-2"], removed=["r-vnf-s-1"]) == 204
    assert honest.operation("vnf-t", "HEAL", added=["r-vnf-t-2"], removed=["r-vnf-t-1"]) == 204
    becomes(followed, "vnf-t", "vnf-t-2")
    assert registered(followed, "vnf-s") == ["vnf-s-1"]
    followed.wait_ready()
    # Nor those behind it in a look at all of them, which does not end what it had.
    honest.has("vnf-u", "vnf-u-1")
    assert resync(followed) == 1
    becomes(followed, "vnf-u", "vnf-u-1")
    assert registered(followed, "vnf-s") == ["vnf-s-1"]
    honest.slow = lambda method, path: False
    honest.released.set()
    becomes(followed, "vnf-s", "vnf-s-2")
