# SPDX-License-Identifier: Apache-2.0
"""Subscriptions and notifications: SOL 013, and what a callback may do to cmfd, or cmfd be made to do to others."""
import signal
import threading
import time

import pytest

import postgresql
from callback import Callback
from conftest import Cmf, Vnfm, wait_for
from json_door import SUBSCRIPTIONS, door_of


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    """A CMF whose vnfm-a of operator-a and vnfm-b of operator-b may have callbacks on this host."""
    base = tmp_path_factory.mktemp("events")
    server = Cmf(base / "cmf").serve_tls()
    server.set("events", "callback_networks", "127.0.0.0/8")
    for name in ("operator-a", "operator-b"):
        server.set(f"trust_domain {name}", "callback_hosts", "127.0.0.1, localhost")
    server.set("profile VnfciCert", "implicit_confirm", "yes")
    server.start()
    server.vnfm_a = Vnfm(server, "vnfm-a", base / "a", trust_domain="operator-a")
    server.vnfm_b = Vnfm(server, "vnfm-b", base / "b", trust_domain="operator-b")
    server.a, server.b = door_of(server.vnfm_a), door_of(server.vnfm_b)
    yield server
    status = server.stop()
    assert status == 0, f"cmfd ended with {status}\n{server.tail()}"


@pytest.fixture
def callback():
    server = Callback().start()
    yield server
    server.stop()


@pytest.fixture
def subscribed(events, callback):
    """A subscription of vnfm-a to everything, for the time of a test."""
    answer = events.a.post(SUBSCRIPTIONS, {"callbackUri": callback.uri})
    assert answer.status == 201, answer
    callback.subscription = answer
    yield callback
    events.a.delete(answer.location)


def enrol(events, subject_id, vnfm=None):
    """Registers and enrols over CMP; the certificate and its key."""
    vnfm = vnfm or events.vnfm_a
    events.register(vnfm.name, subject_id)
    return vnfm.enrol(f"/CN={subject_id}", extra=["-implicit_confirm"])


def seen(callback, n, what="notifications"):
    """Waits for that many different ones: after a kill -9 one may come again."""
    wait_for(f"{n} {what}, {callback.types()}", lambda: len(callback.once()) >= n)
    return callback.once()


# --- subscribing ---

def test_callback_is_tested_first_and_secrets_are_never_given_back(events, callback):
    body = {"callbackUri": callback.uri, "authentication": {
        "authType": ["BASIC"], "paramsBasic": {"userName": "me", "password": "open sesame"}}}
    answer = events.a.post(SUBSCRIPTIONS, body)
    assert answer.status == 201 and answer.doc["state"] == "ACTIVE" and answer.doc["callbackUri"] == callback.uri, answer
    assert callback.tests == 1 and callback.authorizations == ["Basic bWU6b3BlbiBzZXNhbWU="]
    read = events.a.get(answer.location)
    assert read.status == 200 and read.doc == answer.doc and b"sesame" not in read.body + answer.body
    if not postgresql.database_of(events):
        assert b"sesame" not in (events.dir / "cmf.db").read_bytes() + (events.dir / "cmf.db-wal").read_bytes()
    assert "sesame" not in events.log.read_text()
    assert events.a.delete(answer.location).status == 204
    assert events.a.get(answer.location).status == 404 and events.a.delete(answer.location).status == 404


def test_same_callback_and_filter_is_the_same_subscription(events, callback):
    body = {"callbackUri": callback.uri, "filter": {"certTypes": ["VnfciCert", "MANO_CERT"], "subjectIds": ["b", "a"]}}
    first = events.a.post(SUBSCRIPTIONS, body)
    assert first.doc["filter"] == {"certTypes": ["MANO_CERT", "VNFCI_CERT"], "subjectIds": ["a", "b"]}
    body["filter"] = {"subjectIds": ["a", "b", "a"], "certTypes": ["MANO_CERT", "VNFCI_CERT"], "vnfInstanceIds": []}
    again = events.a.post(SUBSCRIPTIONS, body)
    assert (again.status, again.location, again.body) == (303, first.location, b""), again
    other = events.a.post(SUBSCRIPTIONS, {"callbackUri": callback.uri})
    assert other.status == 201 and other.location != first.location
    of_b = events.b.post(SUBSCRIPTIONS, body)
    assert of_b.status == 201
    for door, place in ((events.a, first.location), (events.a, other.location), (events.b, of_b.location)):
        assert door.delete(place).status == 204


def test_subscription_of_another_is_as_none(events, subscribed):
    place = subscribed.subscription.location
    none = SUBSCRIPTIONS + "/00000000-0000-0000-0000-000000000000"
    for method in ("GET", "DELETE"):
        theirs, nothing = events.b.ask(method, place), events.b.ask(method, none)
        assert theirs.status == nothing.status == 404 and len(theirs.body) == len(nothing.body)
    assert events.a.get(place).status == 200


@pytest.mark.parametrize("body, status", [
    ({}, 422),
    ({"callbackUri": 1}, 422),
    ({"callbackUri": "https://127.0.0.1/", "filter": []}, 422),
    ({"callbackUri": "https://127.0.0.1/", "filter": {"notificationTypes": ["Nothing"]}}, 422),
    ({"callbackUri": "https://127.0.0.1/", "filter": {"certTypes": "VNFCI_CERT"}}, 422),
    ({"callbackUri": "https://127.0.0.1/", "filter": {"subjectIds": [1]}}, 422),
    ({"callbackUri": "https://127.0.0.1/", "authentication": {"authType": "NONE"}}, 422),
    ({"callbackUri": "https://127.0.0.1/", "authentication": {"authType": "BASIC", "paramsBasic": {"userName": "a"}}}, 422),
    ({"callbackUri": "https://127.0.0.1/", "authentication": {"authType": "OAUTH2_CLIENT_CERT", "paramsOauth2ClientCert": {
        "clientId": "a", "tokenEndpoint": "https://127.0.0.1/"}}}, 422),
    # No request forgery: neither other hosts nor other schemes nor what only looks like one's own host.
    ({"callbackUri": "https://www.example.com/"}, 422),
    ({"callbackUri": "http://169.254.169.254/latest/meta-data/"}, 422),
    ({"callbackUri": "https://127.0.0.1@www.example.com/"}, 422),
    ({"callbackUri": "https://www.example.com/127.0.0.1"}, 422),
    ({"callbackUri": "file:///etc/passwd"}, 422),
    ({"callbackUri": "gopher://127.0.0.1/x"}, 422),
    ({"callbackUri": "https://127.0.0.1/\r\nX: y"}, 422),
    ({"callbackUri": "https://127.0.0.1:1/"}, 422),  # nobody listens
])
def test_refused(events, body, status):
    answer = events.a.post(SUBSCRIPTIONS, body)
    assert answer.status == status and answer.doc["detail"], answer


@pytest.mark.parametrize("status, headers", [(200, {}), (404, {}), (500, {}), (302, {"Location": "/elsewhere"})])
def test_callback_that_fails_the_test(events, callback, status, headers):
    callback.status, callback.headers = status, headers
    answer = events.a.post(SUBSCRIPTIONS, {"callbackUri": callback.uri})
    assert answer.status == 422 and answer.doc["reason"] == "callback_not_reached", answer
    assert callback.tests == 1  # a redirect leads nowhere


def test_slow_tests_do_not_take_all_workers(events, callback):
    """Others are served meanwhile, and a test too many is refused for now."""
    go_on, answers = threading.Event(), []
    callback.before = lambda: go_on.wait(600)

    def subscribe(i):
        door = door_of(events.vnfm_a)
        answers.append(door.post(SUBSCRIPTIONS, {"callbackUri": callback.uri, "filter": {"subjectIds": [str(i)]}}))
        door.close()
    threads = [threading.Thread(target=subscribe, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    wait_for("two to be refused", lambda: len(answers) == 2)
    assert [a.status for a in answers] == [503, 503] and callback.tests == 4
    assert events.b.get("/cmf-certmgmt/api_versions").status == 200
    go_on.set()
    for thread in threads:
        thread.join()
    assert sorted(a.status for a in answers) == [201] * 4 + [503] * 2
    for answer in answers:
        if answer.status == 201:
            events.a.delete(answer.location)


def test_name_that_leads_into_the_network(events, callback):
    """The name is allowed, what it resolves to is judged when it is connected to."""
    events.set("events", "callback_networks", "192.0.2.0/24")
    events.process.send_signal(signal.SIGHUP)
    wait_for("the reload", lambda: events.log.read_text().count("event=reloaded") == 1)
    answer = events.a.post(SUBSCRIPTIONS, {"callbackUri": callback.uri.replace("127.0.0.1", "localhost")})
    assert answer.status == 422 and answer.doc["reason"] == "callback_not_reached" and callback.tests == 0, answer
    events.set("events", "callback_networks", "127.0.0.0/8")
    events.process.send_signal(signal.SIGHUP)
    wait_for("the reload", lambda: events.log.read_text().count("event=reloaded") == 2)


# --- what is told ---

def test_life_of_a_certificate(events, subscribed):
    cert, key = enrol(events, "life-1")
    events.ctl("certificate", "revoke", events.certificates("life-1")[0]["serial"], "--reason", "superseded")
    events.ctl("deregister", "--cert-type", "VnfciCert", "--subject-id", "life-1")
    told = seen(subscribed, 3)
    assert subscribed.types("life-1") == ["CertificateIssued", "CertificateRevoked", "RegistrationRemoved"]
    for n in told:
        assert n["subscriptionId"] == subscribed.subscription.doc["id"] and n["certType"] == "VNFCI_CERT"
        assert n["_links"]["subscription"]["href"] == subscribed.subscription.location
        assert "BEGIN" not in str(n)
    assert told[0]["certificateId"] == told[1]["certificateId"] and "certificateId" not in told[2]
    assert told[1]["reason"] == "superseded" and "reason" not in told[0]
    assert len({n["registrationId"] for n in told}) == 1 and len({n["id"] for n in told}) == 3


def test_nothing_of_others_is_told(events, subscribed):
    enrol(events, "theirs-1", events.vnfm_b)
    enrol(events, "ours-1")
    seen(subscribed, 1)
    assert [n["subjectId"] for n in subscribed.seen] == ["ours-1"]


def test_filter(events, callback):
    wanted = {"notificationTypes": ["CertificateRevoked"], "subjectIds": ["filter-2"], "certTypes": ["VNFCI_CERT"]}
    answer = events.a.post(SUBSCRIPTIONS, {"callbackUri": callback.uri, "filter": wanted})
    for subject_id in ("filter-1", "filter-2"):
        enrol(events, subject_id)
        events.ctl("certificate", "revoke", events.certificates(subject_id)[0]["serial"])
    seen(callback, 1)
    assert [(n["notificationType"], n["subjectId"]) for n in callback.seen] == [("CertificateRevoked", "filter-2")]
    events.a.delete(answer.location)


def test_oauth2_client_credentials(events, callback):
    """RFC 6749 4.4: one token serves for all of a batch."""
    token = callback.uri.replace("/callback", "/token")
    answer = events.a.post(SUBSCRIPTIONS, {"callbackUri": callback.uri, "authentication": {
        "authType": "OAUTH2_CLIENT_CREDENTIALS", "paramsOauth2ClientCredentials": {
            "clientId": "me", "clientPassword": "a:b c", "tokenEndpoint": token}}})
    assert answer.status == 201, answer
    # RFC 6749 2.3.1: me:a%3Ab%20c
    assert callback.authorizations == ["Basic bWU6YSUzQWIlMjBj", "Bearer a-token"]
    enrol(events, "oauth-1")
    seen(callback, 1)
    assert callback.authorizations[-1] == "Bearer a-token"
    events.a.delete(answer.location)


# --- callbacks that do not do what they should ---

def test_refused_then_taken_in_order(events, subscribed):
    subscribed.status = 503
    for i in range(3):
        enrol(events, f"order-{i}")
    tried = lambda: 'cmfd_notifications_total{result="failed"} 0' not in events.metrics()
    wait_for("a try in vain", tried)
    assert subscribed.seen == []
    subscribed.status = 204
    seen(subscribed, 3)
    assert [n["subjectId"] for n in subscribed.once()] == ["order-0", "order-1", "order-2"]


def test_callback_that_is_away(events, subscribed):
    subscribed.stop()
    enrol(events, "away-1")
    wait_for("a try in vain", lambda: "event=callback" in events.log.read_text())
    subscribed.start()
    assert seen(subscribed, 1)[0]["subjectId"] == "away-1"


def test_slow_callback_holds_up_nobody(events, subscribed):
    """Others go on, whether or not the slow one has been answered."""
    slow, go_on = Callback().start(), threading.Event()
    answer = events.a.post(SUBSCRIPTIONS, {"callbackUri": slow.uri})
    slow.before = lambda: go_on.wait(600)
    enrol(events, "slow-1")
    seen(subscribed, 1)
    enrol(events, "slow-2")
    seen(subscribed, 2)
    assert slow.seen == []
    go_on.set()
    seen(slow, 2)
    assert [n["id"] for n in slow.once()] == [n["id"] for n in subscribed.once()]  # the same for all
    events.a.delete(answer.location)
    slow.stop()


def test_redirect_is_no_delivery(events, subscribed):
    elsewhere = Callback().start()
    subscribed.status, subscribed.headers = 307, {"Location": elsewhere.uri}
    before = events.log.read_text().count("event=callback")
    enrol(events, "redirect-1")
    wait_for("a try in vain", lambda: events.log.read_text().count("event=callback") > before)
    subscribed.status, subscribed.headers = 204, {}
    seen(subscribed, 1)
    assert elsewhere.seen == [] and elsewhere.tests == 0
    elsewhere.stop()


def test_metrics(events, subscribed):
    enrol(events, "metrics-1")
    seen(subscribed, 1)
    wait_for("nothing being queued", lambda: "cmfd_notifications_queued 0\n" in events.metrics())
    assert 'cmfd_notifications_total{result="delivered"}' in events.metrics()
    assert "cmfd_notifications_oldest_seconds 0\n" in events.metrics()


def test_operator_sees_and_removes(events, callback):
    """cmfctl subscription: of all trust domains, without secrets."""
    body = {"callbackUri": callback.uri, "filter": {"subjectIds": ["x"]}, "authentication": {
        "authType": "BASIC", "paramsBasic": {"userName": "me", "password": "open sesame"}}}
    places = [door.post(SUBSCRIPTIONS, body).location for door in (events.a, events.b)]
    rows = events.ctl_json("subscription", "list")
    assert [(r["client"], r["trust_domain"], r["state"]) for r in rows] == [
        ("vnfm-a", "operator-a", "active"), ("vnfm-b", "operator-b", "active")]
    assert [r["id"] for r in events.ctl_json("subscription", "list", "--client", "vnfm-b")] == [rows[1]["id"]]
    shown = events.ctl("subscription", "show", rows[0]["id"], "--json").stdout
    assert '"me"' in shown and callback.uri in shown and "sesame" not in shown
    assert events.ctl("subscription", "remove", rows[0]["id"]).stdout == f"removed subscription {rows[0]['id']}\n"
    assert events.a.get(places[0]).status == 404 and events.b.get(places[1]).status == 200
    assert events.ctl("subscription", "remove", rows[0]["id"], check=False).returncode != 0
    # They end with their client.
    events.ctl("client", "remove", "vnfm-b")
    assert events.ctl_json("subscription", "list") == []


# --- over restarts ---

@pytest.fixture
def lonely(tmp_path):
    """A CMF of its own, for a test that ends it."""
    server = Cmf(tmp_path / "cmf").serve_tls()
    server.set("events", "callback_networks", "127.0.0.0/8")
    server.start()
    server.vnfm_a = Vnfm(server, "vnfm-a", tmp_path / "a", trust_domain="operator-a")
    server.a = door_of(server.vnfm_a)
    yield server
    server.a.close()
    assert server.stop() == 0


def test_kill_9_each_event_at_least_once_and_in_order(lonely, callback):
    """Killed while events are made and sent, five times."""
    assert lonely.a.post(SUBSCRIPTIONS, {"callbackUri": callback.uri}).status == 201
    callback.before = lambda: time.sleep(0.02)
    made = []
    for turn in range(5):
        for i in range(4):
            enrol(lonely, f"kill-{turn}-{i}")
            made.append(f"kill-{turn}-{i}")
        if turn % 2:
            wait_for("something being sent", lambda: callback.seen)
        lonely.kill()
        lonely.start()
    wait_for("all of it", lambda: len(callback.once()) == len(made))
    assert [n["subjectId"] for n in callback.once()] == made
    with lonely.database() as db:
        wait_for("events to be forgotten", lambda: db.execute("SELECT count(*) FROM event").fetchone()[0] <= 1)


def test_subscription_fails_after_its_time_and_is_audited(lonely, callback):
    lonely.stop()
    lonely.set("events", "retry", "1s")
    lonely.start()
    lonely.a.close()
    answer = lonely.a.post(SUBSCRIPTIONS, {"callbackUri": callback.uri})
    callback.status = 500
    enrol(lonely, "fails-1")
    wait_for("the failure", lambda: lonely.a.get(answer.location).doc["state"] == "FAILED")
    with lonely.database() as db:
        rows = db.execute("SELECT target, detail FROM audit WHERE action = 'subscription failed'").fetchall()
    assert rows == [("vnfm-a", callback.uri)]
    # It does not come back by itself, and is in nobody's way.
    callback.status = 204
    again = lonely.a.post(SUBSCRIPTIONS, {"callbackUri": callback.uri})
    assert again.status == 201 and again.location != answer.location
    enrol(lonely, "fails-2")
    seen(callback, 1)
    assert [n["subjectId"] for n in callback.seen] == ["fails-2"]


def test_stop_does_not_wait_for_a_callback(lonely, callback):
    go_on, called = threading.Event(), threading.Event()
    lonely.a.post(SUBSCRIPTIONS, {"callbackUri": callback.uri})
    callback.before = lambda: (called.set(), go_on.wait(600))
    enrol(lonely, "stop-1")
    assert called.wait(600)
    assert lonely.stop() == 0
    go_on.set()
    callback.before = lambda: None
    lonely.start()
    lonely.a.close()
    seen(callback, 1)
    assert {n["subjectId"] for n in callback.seen} == {"stop-1"}


def test_expiring_and_expired(lonely, callback):
    """[events] expiring, once each, over a restart."""
    lonely.set("events", "expiring", "4s")
    lonely.set("profile VnfciCert", "validity", "8s")
    lonely.stop()
    lonely.start()
    lonely.a.close()
    lonely.a.post(SUBSCRIPTIONS, {"callbackUri": callback.uri})
    wait_for("the first mark", lambda: marks(lonely) == 2)
    enrol(lonely, "expires-1")
    seen(callback, 2)
    lonely.kill()
    lonely.start()
    seen(callback, 3)
    time.sleep(3)  # that nothing follows
    assert [n["notificationType"] for n in callback.once()] == [
        "CertificateIssued", "CertificateExpiring", "CertificateExpired"]


def marks(server):
    with server.database() as db:
        return db.execute("SELECT count(*) FROM ending_mark").fetchone()[0]
