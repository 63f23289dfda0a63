# SPDX-License-Identifier: Apache-2.0
"""Direct mode (IFA 033 9.3, 11.3): cmfd follows a VNFM, which may lose, repeat, reorder and forge notifications, fail and forget; and
kill -9 at each step. What the VNFM has at the end is what is registered."""
import json
import os
import random
import re
import signal
import socket

import pytest

from conftest import PATIENCE, ROOT, Cmf, Requester, wait_for
from direct_mode import becomes, follow, gauge, registered, settled
from lcm_vnfm import VnfManager, instance

RECORDED = json.loads((ROOT / "tests/vectors/vnfm/notifications.json").read_text())
PATH = ".well-known/cmp/p/VnfciCert"
# 100 seeds in CI; the order of notifications is what a seed makes.
SEEDS = range(int(os.environ.get("CMFD_LCM_SEEDS", "10")))


@pytest.fixture
def world(tmp_path):
    manager = VnfManager(version="2.3.0").start()
    server = Cmf(tmp_path / "cmf")
    follow(server, manager)
    server.manager = manager
    yield server
    server.stop()
    manager.stop()
    assert manager.wrong == []


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """For tests that have VNFs of their own."""
    manager = VnfManager().start()
    server = Cmf(tmp_path_factory.mktemp("direct") / "cmf")
    follow(server, manager)
    server.manager = manager
    server.start()
    wait_for("the subscription", lambda: manager.subscriptions)
    settled(server)
    yield server
    status = server.stop()
    manager.stop()
    assert status == 0, server.tail()
    assert manager.wrong == []


# --- the recordings ---


class Recording:
    """What a real VNFM notified of, and what it had after each operation, under vnfInstanceIds of our own."""

    def __init__(self, seed, of=lambda callback: callback != "/n/short"):
        self.prefix, self.vnfs, self.done = f"seed{seed}-", {}, set()
        self.bodies = [json.loads(json.dumps(n["body"])) for n in RECORDED if n["release"] == "2023.1" and of(n["callback"])]
        for body in self.bodies:
            body["vnfInstanceId"] = self.prefix + body["vnfInstanceId"]

    def happens(self, body):
        """What has happened when this is notified, once whatever it is told how often."""
        vnf, key = body["vnfInstanceId"], (body.get("vnfLcmOpOccId"), body["vnfInstanceId"], body.get("operationState"),
                                           body["notificationType"])
        if key in self.done:
            return
        self.done.add(key)
        if body["notificationType"] == "VnfIdentifierCreationNotification":
            self.vnfs.setdefault(vnf, set())
        elif body["notificationType"] == "VnfIdentifierDeletionNotification":
            self.vnfs.pop(vnf, None)
        elif body["operationState"] == "COMPLETED":
            for change in body.get("affectedVnfcs", []):
                (self.vnfs[vnf].add if change["changeType"] == "ADDED" else self.vnfs[vnf].discard)(change["id"])

    def shown_by(self, manager):
        for vnf in [v for v in manager.instances if v.startswith(self.prefix) and v not in self.vnfs]:
            del manager.instances[vnf]
        for vnf, resources in self.vnfs.items():
            manager.instances[vnf] = instance(manager.root, vnf, {"VDU2-" + r: r for r in resources})


def assert_is_what_there_is(server, recording):
    wait_for("all VNFs being looked at", lambda: gauge(server, "cmfd_vnfm_vnfs_waiting") == 0)
    for vnf in {b["vnfInstanceId"] for b in recording.bodies}:
        becomes(server, vnf, *("VDU2-" + r for r in recording.vnfs.get(vnf, ())))


def test_recording_in_order_with_its_duplicates(followed):
    recording = Recording("order")
    for i, body in enumerate(recording.bodies):
        recording.happens(body)
        recording.shown_by(followed.manager)
        assert followed.manager.tell(body) == 204
        if i % 20 == 0:
            assert_is_what_there_is(followed, recording)
    assert_is_what_there_is(followed, recording)
    assert recording.vnfs == {} or all(not v for v in recording.vnfs.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_recording_in_any_order(followed, seed):
    """The VNFM is where it was at some moment; what was notified until then comes in any order, and every second time only
    two of three come, and a resync after them."""
    chance, recording = random.Random(seed), Recording(seed)
    recording.bodies = recording.bodies[:chance.randrange(1, len(recording.bodies))]
    for body in recording.bodies:
        recording.happens(body)
    recording.shown_by(followed.manager)
    told = chance.sample(recording.bodies, len(recording.bodies))
    if seed % 2:
        told = told[:-len(told) // 3]
    for body in told:
        assert followed.manager.tell(body) == 204
    if seed % 2:
        followed.ctl("vnfm", "resync", "sim")
    assert_is_what_there_is(followed, recording)


# --- a VNFCI ---


def test_enrols_under_its_secret_and_ends_by_scale_in(followed, tmp_path):
    manager = followed.manager
    manager.has("vnf-e", "e-1", "e-2")
    assert manager.operation("vnf-e", "INSTANTIATE", added=["r-e-1", "r-e-2"]) == 204
    becomes(followed, "vnf-e", "e-1", "e-2")
    file = wait_for("the secret", lambda: next(iter((followed.dir / "lcm-secrets" / "vnf-e").glob("e-1.json")), None))
    secret = json.loads(file.read_text())
    vnfci = Requester(followed, tmp_path, ["-ref", secret["reference"], "-secret", "pass:" + secret["secret"]])
    cert, key = vnfci.enrol("e-1")
    wait_for("the secret being gone", lambda: not file.exists())
    (tmp_path / "holder").mkdir()
    holder = Requester(followed, tmp_path / "holder", ["-cert", cert, "-key", key])
    # A notification that the VNFM does not bear out ends nothing.
    manager.operation("vnf-e", "SCALE", removed=["r-e-1"])
    wait_for("all VNFs being looked at", lambda: gauge(followed, "cmfd_vnfm_vnfs_waiting") == 0)
    renewed = holder.cmp("kur", "-newkey", holder.key(), "-certout", holder.out(), path=PATH)
    assert renewed.ok, renewed.text + followed.tail()
    manager.has("vnf-e", "e-2")
    manager.operation("vnf-e", "SCALE", removed=["r-e-1"])
    becomes(followed, "vnf-e", "e-2")
    wait_for("the certificates being revoked", lambda: set(followed.states("e-1")) == {"revoked"})
    assert {c["revocation_reason"] for c in followed.certificates("e-1")} == {"cessationOfOperation"}
    assert not holder.cmp("kur", "-newkey", holder.key(), "-certout", holder.out(), path=PATH).ok


# --- lies ---


def test_forged_misdirected_and_leading_elsewhere(followed):
    manager = followed.manager
    manager.has("vnf-f", "f-1")
    manager.operation("vnf-f", "INSTANTIATE", added=["r-f-1"])
    becomes(followed, "vnf-f", "f-1")
    name, subscription = next(iter(manager.subscriptions.items()))
    asked = len(manager.asked)
    manager.has("vnf-f", "f-1", "f-2")
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.001)
        elsewhere = f"http://127.0.0.1:{trap.getsockname()[1]}/vnflcm/v2/vnf_instances/vnf-f"
        body = {"id": "n", "notificationType": "VnfIdentifierCreationNotification", "subscriptionId": name,
                "vnfInstanceId": "vnf-f", "_links": {"vnfInstance": {"href": elsewhere}}}
        wrong = {**subscription, "authentication": {"paramsBasic": {"userName": "vnfm", "password": "guess"}}}
        assert manager.send("POST", wrong, body) == 401
        assert manager.send("POST", {**subscription, "authentication": None}, body) == 401
        assert manager.send("POST", subscription, {**body, "subscriptionId": "of-another"}) == 404
        assert manager.asked[asked:] == [] and registered(followed, "vnf-f") == ["f-1"]
        actions = [a for a in followed.ctl_json("audit", "list") if a["action"] == "notify"]
        assert len(actions) >= 3 and {a["outcome"] for a in actions} == {"notAuthorized"}
        # Replayed it is good, and leads to where the VNFM is.
        assert manager.send("POST", subscription, body) == 204 == manager.send("POST", subscription, body)
        becomes(followed, "vnf-f", "f-1", "f-2")
        with pytest.raises(TimeoutError):
            trap.accept()
    log = followed.log.read_text()
    assert "a-password-of-the-test" not in log and "SECRET-OF-THE-VIM" not in log


def test_a_vnfm_that_fails_ends_nothing_and_keeps_nobody_waiting(followed):
    manager = followed.manager
    manager.has("vnf-g", "g-1")
    manager.operation("vnf-g", "INSTANTIATE", added=["r-g-1"])
    becomes(followed, "vnf-g", "g-1")
    manager.instances.pop("vnf-g")
    for failing in (lambda method, path: 500, lambda method, path: 401,
                    lambda method, path: 503 if path.endswith("vnf_instances") else None):
        manager.fail = failing
        assert followed.ctl("vnfm", "resync", "sim", check=False).returncode == 1
        assert registered(followed, "vnf-g") == ["g-1"]
        followed.wait_ready()
    manager.fail = lambda method, path: None
    manager.has("vnf-g", "g-1")
    followed.ctl("vnfm", "resync", "sim")
    assert registered(followed, "vnf-g") == ["g-1"]


# --- a VNFM that is followed no longer ---


def test_a_vnfm_is_taken_out_and_comes_back(world):
    manager = world.manager
    manager.has("vnf-o", "o-1")
    world.start()
    settled(world)
    becomes(world, "vnf-o", "o-1")
    assert world.ctl("vnfm", "forget", "sim", check=False).returncode == 1
    assert world.stop() == 0
    followed_by = world.conf.read_text()
    world.conf.write_text(re.sub(r"\n\[vnfm sim\][^\[]*", "\n", followed_by))
    world.start()
    assert "vnfm_not_configured" in world.log.read_text()
    assert next(iter(manager.subscriptions)) in world.log.read_text()
    [shown] = world.ctl_json("vnfm", "list")
    assert (shown["name"], shown["configured"], shown["vnfcs"]) == ("sim", False, 1)
    world.ctl("vnfm", "forget", "sim")
    assert world.ctl_json("vnfm", "list") == [] and registered(world, "vnf-o") == ["o-1"]
    assert world.ctl("vnfm", "forget", "sim", check=False).returncode == 1
    assert world.stop() == 0
    # It has ended what it had before, and has another one now.
    manager.has("vnf-o", "o-2")
    world.conf.write_text(followed_by)
    world.start()
    settled(world)
    becomes(world, "vnf-o", "o-1", "o-2")
    manager.has("vnf-o", "o-1", "o-2")
    world.ctl("vnfm", "resync", "sim")
    manager.has("vnf-o", "o-2")
    manager.operation("vnf-o", "SCALE", removed=["r-o-1"])
    becomes(world, "vnf-o", "o-2")
    wait_for("one subscription", lambda: len(manager.subscriptions) == 1)


# --- kill -9 ---


@pytest.mark.parametrize("point", ["lcm-after-subscribe", "lcm-after-note", "lcm-after-reconcile", "lcm-before-resync-end",
                                   "direct-before-commit", "initial-file-done"])
def test_killed_at_each_step(world, point):
    manager = world.manager
    manager.has("vnf-k", "k-1", "k-2")
    world.start(ready=False, CMFD_FAULT_POINT=f"{point}:1")
    if point in ("lcm-after-note", "lcm-after-reconcile"):
        wait_for("both being registered", lambda: manager.subscriptions and registered(world, "vnf-k") == ["k-1", "k-2"])
        manager.has("vnf-k", "k-2", "k-3")
        try:
            manager.operation("vnf-k", "HEAL", added=["r-k-3"], removed=["r-k-1"])
        except OSError:
            pass # it died before it answered
    assert world.process.wait(PATIENCE) == -signal.SIGKILL
    manager.has("vnf-k", "k-2", "k-3")
    world.start()
    becomes(world, "vnf-k", "k-2", "k-3")
    wait_for("one subscription", lambda: len(manager.subscriptions) == 1)
    ended = [r for r in world.ctl_json("registration", "list", "--all") if r["vnf_instance_id"] == "vnf-k"]
    assert sorted(r["subject_id"] for r in ended) == sorted(set(r["subject_id"] for r in ended))
