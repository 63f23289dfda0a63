# SPDX-License-Identifier: Apache-2.0
"""Certificate Signing Request over JSON where another CA decides, or answers are lost: what waits goes on over
restarts, who asks again gets the same, and nobody gets a second certificate."""
import re
import threading

import pytest

from conftest import Cmf, Vnfm, wait_for
from json_door import CERTIFICATES, REQUESTS, door_of, pkcs10


class Behind:
    """A CMF that is the RA of another one (`ca`), and a VNFM that speaks JSON to it."""

    def __init__(self, base, request="cr", timeout="1h"):
        self.ca = Cmf(base / "ca")
        self.ca.start()
        credential = Vnfm(self.ca, "ra", base / "ra-credential", may="register,request,revoke,ra")
        self.cmf = Cmf(base / "ra").serve_tls()
        self.cmf.put_before(self.ca, credential, request=request, upstream_wait="1s", upstream_timeout=timeout)
        self.cmf.set("cmf", "default_ca", "corporate")
        self.cmf.start()
        self.vnfm = Vnfm(self.cmf, "vnfm", base / "vnfm")
        self.door = door_of(self.vnfm)

    def entity(self, name, known=True):
        """A PKCS#10 of a registered entity, which the CA knows or not."""
        self.cmf.register("vnfm", name)
        if known:
            self.ca.register("ra", name)
        return pkcs10(self.vnfm.key(), f"/CN={name}")

    def states(self, name):
        """Here, and at the CA."""
        return tuple(sorted(c["state"] for c in cmf.certificates(name)) for cmf in (self.cmf, self.ca))

    def restart(self, kill):
        if kill:
            self.cmf.kill()
        else:
            assert self.cmf.stop() == 0
        self.cmf.start()

    def status(self, location):
        return self.door.get(location).doc["status"]

    def end(self):
        if not self.ca.running():
            self.ca.start()
        assert (self.cmf.stop(), self.ca.stop()) == (0, 0), self.cmf.tail()


@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    behind = Behind(tmp_path_factory.mktemp("behind"))
    yield behind
    behind.end()


@pytest.fixture
def dark(behind):
    """As `behind`; the test may stop the CA."""
    yield behind
    if not behind.ca.running():
        behind.ca.start()


def assert_waiting(answer):
    assert answer.status == 202 and answer.doc["status"] == "PROCESSING", answer
    assert int(answer.headers["retry-after"]) >= 1 and answer.location.startswith(REQUESTS + "/")
    assert not [member for member in answer.doc if member.startswith("certificate")]


@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "kill -9"])
def test_rfc9483_4_4_waiting_goes_on_over_restarts(dark, kill):
    name = f"w-{'kill' if kill else 'stop'}"
    csr = dark.entity(name)
    assert dark.ca.stop() == 0
    first = dark.door.request(csr, name)
    assert_waiting(first)
    # The answer was lost, and that to the next request, too.
    for _ in range(2):
        again = dark.door.request(csr, name)
        assert_waiting(again)
        assert again.location == first.location
        dark.restart(kill)
    answer = dark.door.get(first.location)
    assert answer.doc["status"] == "PROCESSING" and int(answer.headers["retry-after"]) >= 1
    dark.ca.start()
    wait_for("certificate", lambda: dark.status(first.location) == "COMPLETED")
    last = dark.door.request(csr, name)
    assert last.status == 200 and last.location == first.location
    assert last.doc == dark.door.get(first.location).doc
    assert dark.states(name) == (["active"], ["active"])


def test_a_certificate_that_nobody_asks_for_again_is_active(dark):
    """There is no confirmation step: the VNFM may have gone."""
    csr = dark.entity("w-gone")
    assert dark.ca.stop() == 0
    first = dark.door.request(csr, "w-gone")
    assert_waiting(first)
    dark.ca.start()
    wait_for("certificate", lambda: dark.states("w-gone")[0] == ["active"])
    assert dark.status(first.location) == "COMPLETED"


def test_given_up(dark):
    csr = dark.entity("w-up")
    assert dark.ca.stop() == 0
    first = dark.door.request(csr, "w-up")
    assert_waiting(first)
    assert dark.door.delete(first.location).status == 204
    answer = dark.door.get(first.location)
    assert answer.doc["status"] == "FAILED" and answer.doc["error"]["detail"], answer
    assert dark.door.delete(first.location).status == 409
    # It may be wanted again; what the first one has left behind is none of it.
    second = dark.door.request(csr, "w-up")
    assert_waiting(second)
    assert second.location != first.location
    dark.ca.start()
    wait_for("certificate", lambda: dark.status(second.location) == "COMPLETED")
    assert dark.status(first.location) == "FAILED"
    assert dark.door.delete(second.location).status == 409
    assert dark.states("w-up")[0] == ["active", "rejected"]
    # Whatever was issued for the one that was given up is revoked there.
    wait_for("one certificate there", lambda: dark.states("w-up")[1].count("active") == 1)


def test_refused_by_the_other_ca(behind):
    csr = behind.entity("w-refused", known=False)
    answer = behind.door.request(csr, "w-refused")
    assert answer.status == 403 and answer.doc["failInfo"] == "notAuthorized", answer
    assert answer.doc["reason"] == "upstream_rejected"
    # What was rejected is asked for anew.
    behind.ca.register("ra", "w-refused")
    assert behind.door.request(csr, "w-refused").status == 201
    assert behind.states("w-refused") == (["active", "rejected"], ["active"])


def test_the_same_request_by_many_at_the_same_time(behind):
    csr = behind.entity("w-many")
    answers, start = [], threading.Barrier(8)

    def ask():
        door = door_of(behind.vnfm)
        start.wait()
        answers.append(door.request(csr, "w-many"))
        door.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8 and {a.status for a in answers} <= {200, 201, 202}, answers
    assert len({a.location for a in answers}) == 1
    assert sum(a.status == 201 for a in answers) <= 1
    wait_for("certificate", lambda: behind.status(answers[0].location) == "COMPLETED")
    assert behind.states("w-many") == (["active"], ["active"])


def test_revocation_that_another_ca_decides(dark):
    csr = dark.entity("w-rev")
    at = f"{CERTIFICATES}/{dark.door.request(csr, 'w-rev').doc['certificateId']}"
    assert dark.ca.stop() == 0
    for _ in range(2):
        answer = dark.door.post(at + "/revoke", {"reason": "keyCompromise"})
        assert answer.status == 202 and int(answer.headers["retry-after"]) >= 1, answer
        assert answer.location == at
    # Another reason is another wish.
    assert dark.door.post(at + "/revoke", {"reason": "certificateHold"}).status == 409
    dark.ca.start()
    wait_for("revocation", lambda: dark.states("w-rev") == (["revoked"], ["revoked"]))
    again = dark.door.post(at + "/revoke", {"reason": "keyCompromise"})
    assert again.status == 409 and again.doc["failInfo"] == "certRevoked"
    again = dark.door.request(csr, "w-rev")
    assert (again.status, again.doc["failInfo"], again.doc["existing"]) == (409, "certRevoked", at)


def test_renewal_whose_old_certificate_goes(behind):
    csr = behind.entity("w-new")
    old = behind.door.request(csr, "w-new").doc["certificateId"]
    asked = pkcs10(behind.vnfm.key(), "/CN=w-new")
    new = behind.door.request(asked, "w-new", replaces=old, revokeReplaced=True)
    assert new.status == 201, new
    wait_for("revocation", lambda: behind.states("w-new") == (["active", "revoked"], ["active", "revoked"]))
    # The answer was lost; the old certificate is gone.
    again = behind.door.request(asked, "w-new", replaces=old, revokeReplaced=True)
    assert again.status == 200 and again.doc["certificateId"] == new.doc["certificateId"]


@pytest.mark.parametrize("kind", ["cr", "p10cr"])
def test_what_the_other_ca_is_asked(tmp_path, kind):
    """The PKCS#10 goes on as it came where that is configured, unless more is asked for than it says."""
    behind = Behind(tmp_path, request=kind)
    asked = {"w-p10": {}, "w-end": {"notAfter": "2027-01-01T00:00:00Z"}}
    bodies = []
    for name, members in asked.items():
        csr = behind.entity(name)
        before = len(behind.ca.log.read_text())
        assert behind.door.request(csr, name, **members).status == 201
        bodies += re.findall(r"\boperation=(cr|p10cr)\b", behind.ca.log.read_text()[before:])
    assert bodies == [kind, "cr"]
    behind.end()


def test_a_ca_that_does_not_answer_in_time(tmp_path):
    behind = Behind(tmp_path, timeout="2s")
    csr = behind.entity("w-late")
    assert behind.ca.stop() == 0
    first = behind.door.request(csr, "w-late")
    assert_waiting(first)
    wait_for("the end of its time", lambda: behind.status(first.location) == "FAILED")
    error = behind.door.get(first.location).doc["error"]
    assert (error["status"], error["reason"]) == (504, "upstream_unavailable")
    assert [c["state"] for c in behind.cmf.certificates("w-late")] == ["rejected"]
    behind.end()
