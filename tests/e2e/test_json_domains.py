# SPDX-License-Identifier: Apache-2.0
"""Trust domains with disjoint limits: no sequence of requests of one, over either door and with any identifier, reads,
changes or learns the existence of anything of the other.

Two worlds, one where the other domain has entities and certificates and one where it has nothing, answer the same
sequences in the same words. In one world what is another's is answered as what there is not: same octets, same headers, the
same statements and cryptographic operations, which are counted."""
import os
import random
import re
import subprocess
import uuid

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from cmp_door import CmpDoor
import postgresql
from callback import Callback
from conftest import ROOT, Cmf, Vnfm, wait_for
from json_door import CERTIFICATES, REGISTRATIONS, REQUESTS, SUBSCRIPTIONS, V1, door_of, pkcs10

import pycmp

LIMITS = """
[trust_domain operator-a]
dns_suffixes = a.example
callback_hosts = 127.0.0.1
[trust_domain operator-b]
dns_suffixes = b.example
callback_hosts = 127.0.0.1
"""
# What domain b has in the world where it has something.
NAMES = [f"b-{i}" for i in range(6)]
SEEDS, STEPS = 4, 45


def never(rng):
    """An identifier of the form of ours that was never given."""
    return str(uuid.UUID(int=rng.getrandbits(128) & ~(0xF << 76 | 0x3 << 62) | 8 << 76 | 2 << 62))


def cmf_with_limits(base, **environment):
    cmf = Cmf(base / "cmf").serve_tls()
    text = re.sub(r"(?ms)^\[trust_domain [^\]]*\]\n.*?(?=^\[|\Z)", "", cmf.conf.read_text())
    cmf.conf.write_text(text + LIMITS)
    cmf.set("server", "workers", "1")
    cmf.set("events", "callback_networks", "127.0.0.0/8")
    for profile in ("VnfciCert", "VnfOAMCert"):
        # Both domains may have entities of the same name under one CA.
        cmf.set(f"profile {profile}", "subject_trust_domain", "O")
        cmf.set(f"profile {profile}", "subject_vnf_instance", "OU")
    cmf.start(**environment)
    cmf.vnfm_a = Vnfm(cmf, "vnfm-a", base / "a", trust_domain="operator-a")
    cmf.vnfm_b = Vnfm(cmf, "vnfm-b", base / "b", trust_domain="operator-b")
    cmf.a, cmf.b = door_of(cmf.vnfm_a), door_of(cmf.vnfm_b)
    cmf.cmp_a = CmpDoor(cmf.vnfm_a)
    cmf.told_a, cmf.told_b = Callback().start(), Callback().start()
    return cmf


def end(cmf):
    status = cmf.stop()
    cmf.told_a.stop()
    cmf.told_b.stop()
    assert status == 0, cmf.tail()


def subscribe(door, callback, **filter):
    return door.post(SUBSCRIPTIONS, {"callbackUri": callback.uri, "filter": filter})


def populate(cmf):
    """Domain b's: registrations, of a VNF too, certificates valid, renewed and revoked, requests. Identifiers by kind."""
    ids = {"registrations": [r["id"] for r in cmf.b.register(*NAMES).doc]}
    ids["registrations"] += [r["id"] for r in cmf.b.register(NAMES[0], vnfInstanceId="b-vnf").doc]
    requests = [cmf.b.enrol(cmf.vnfm_b, name)[0] for name in NAMES[:4]]
    renewed = cmf.b.request(pkcs10(cmf.vnfm_b.key(), f"/CN={NAMES[1]}"), NAMES[1], replaces=requests[1]["certificateId"])
    assert renewed.status == 201
    revoked = f"{CERTIFICATES}/{requests[2]['certificateId']}/revoke"
    assert cmf.b.post(revoked, {"reason": "superseded"}).status == 204
    requests.append(renewed.doc)
    ids["certificate_signing_requests"] = [r["id"] for r in requests]
    ids["certificates"] = [r["certificateId"] for r in requests]
    ids["subscriptions"] = [subscribe(cmf.b, cmf.told_b, **f).doc["id"] for f in ({}, {"subjectIds": NAMES})]
    cmf.serials = [int(cmf.b.get(f"{CERTIFICATES}/{i}").doc["serialNumber"], 16) for i in ids["certificates"]]
    return ids


def own(cmf):
    """Domain a's own: some of b's names are names of it, too."""
    ids = {"registrations": [r["id"] for r in cmf.a.register("a-0", "a-1", NAMES[3]).doc]}
    requests = [cmf.a.enrol(cmf.vnfm_a, name)[0] for name in ("a-0", NAMES[3])]
    ids["certificate_signing_requests"] = [r["id"] for r in requests]
    ids["certificates"] = [r["certificateId"] for r in requests]
    ids["subscriptions"] = [subscribe(cmf.a, cmf.told_a, certTypes=["VNFCI_CERT"]).doc["id"]]
    return ids


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    """(b has something, b has nothing)"""
    both = []
    for name in ("full", "empty"):
        cmf = cmf_with_limits(tmp_path_factory.mktemp(name))
        # From before the other domain has anything: it would be told of it.
        assert subscribe(cmf.a, cmf.told_a).status == 201
        cmf.of_b = populate(cmf) if name == "full" else {}
        cmf.of_a = own(cmf)
        issuer = x509.load_pem_x509_certificate((cmf.dir / "ca" / "issuing.pem").read_bytes())
        cmf.issuer = issuer.subject.public_bytes()
        both.append(cmf)
    yield both
    for cmf in both:
        end(cmf)


# --- one step of a sequence: what it does is drawn; both worlds do the same ---

class Step:
    """kind: of what; whose: 'b', 'a' or 'never'; number: which of them; name: of an entity; key: a file."""

    def __init__(self, rng, key):
        self.what = rng.choice(sorted(STEPS_BY_NAME))
        self.kind = rng.choice(["registrations", "certificates", "certificate_signing_requests", "subscriptions"])
        self.whose, self.number = rng.choice("bbbbba") if rng.random() < 0.85 else "never", rng.randrange(7)
        self.name = rng.choice([*NAMES, *NAMES, "a-0", "a-1", "x-0"])
        self.vnf = rng.choice([None, None, None, "b-vnf", "a-vnf"])
        self.profile, self.cert_type = rng.choice([None, "VnfciCert", "VnfOAMCert"]), rng.choice(["VNFCI_CERT", "VNFOAM_CERT"])
        self.random = rng.getrandbits(64)
        self.key = key

    def identifier(self, cmf, kind=None):
        """As this world has it; where b has nothing, or it is nobody's, one that was never given."""
        there = {"b": cmf.of_b, "a": cmf.of_a, "never": {}}[self.whose].get(kind or self.kind)
        return there[self.number % len(there)] if there else never(random.Random(self.random))

    def serial(self, cmf):
        serials = getattr(cmf, "serials", None)
        return serials[self.number % len(serials)] if serials else random.Random(self.random).getrandbits(158)

    def csr(self, cmf, *args):
        return pkcs10(self.key, f"/CN={self.name}", *args)


def members(step):
    return {"vnfInstanceId": step.vnf} if step.vnf else {}


def cmp_of(outcome):
    return outcome.granted, outcome.fail_info, outcome.text


def template(step, cmf):
    serial = step.serial(cmf)
    return sequence_of_template(serial.to_bytes(serial.bit_length() // 8 + 1, "big"), cmf.issuer)


def sequence_of_template(serial, issuer):
    return pycmp.sequence(pycmp.tagged(0x81, serial), pycmp.tagged(0xA3, issuer))


def said(answer):
    """(body type, what is said) of an rp, whose statuses come first, or of an error."""
    if answer.body_type == 12:
        return 12, pycmp.elements(pycmp.tlv(answer.body)[1])[0].hex()
    return answer.body_type, answer.failinfo, answer.text


STEPS_BY_NAME = {
    "get": lambda s, c: c.a.get(f"{V1}/{s.kind}/{s.identifier(c)}"),
    "get as PEM": lambda s, c: c.a.get(f"{CERTIFICATES}/{s.identifier(c, 'certificates')}", accept="application/x-pem-file"),
    "delete": lambda s, c: c.a.delete(f"{V1}/{s.kind}/{s.identifier(c)}" + "?revoke=true" * (s.kind == "registrations"))
    if s.whose != "a" else None,
    "patch": lambda s, c: c.a.patch(f"{REGISTRATIONS}/{s.identifier(c, 'registrations')}", {"profile": s.profile}),
    "patch with If-Match": lambda s, c: c.a.patch(f"{REGISTRATIONS}/{s.identifier(c, 'registrations')}",
                                                  {"profile": "NoSuch"}, If_Match='"x"'),
    "revoke": lambda s, c: c.a.post(f"{CERTIFICATES}/{s.identifier(c, 'certificates')}/revoke", {"reason": "superseded"}),
    "hold back": lambda s, c: c.a.post(f"{CERTIFICATES}/{s.identifier(c, 'certificates')}/revoke", {"reason": "removeFromCRL"}),
    "list": lambda s, c: c.a.get(f"{V1}/{s.kind}"),
    "filter by name": lambda s, c: c.a.get(f"{V1}/registrations?filter=(eq,subjectId,{s.name})"),
    "filter by identifier": lambda s, c: c.a.get(f"{V1}/{s.kind}?filter=(eq,id,{s.identifier(c)})"),
    "filter by domain": lambda s, c: c.a.get(f"{REGISTRATIONS}?filter=(neq,trustDomain,operator-a)"),
    "filter by manager": lambda s, c: c.a.get(f"{REGISTRATIONS}?filter=(eq,manager,vnfm-b)"),
    "filter by serial": lambda s, c: c.a.get(f"{CERTIFICATES}?filter=(eq,serialNumber,{s.serial(c):x})"),
    "marker": lambda s, c: c.a.get(f"{V1}/{s.kind}?nextpage_opaque_marker={s.identifier(c)}"),
    "CA certificates": lambda s, c: c.a.get(V1 + "/ca_certificates"),
    "register": lambda s, c: c.a.register(s.name, cert_type=s.cert_type, **members(s)),
    "register with a profile": lambda s, c: c.a.register(s.name, profile=s.profile or "NoSuch", **members(s)),
    "register several": lambda s, c: c.a.register("a-1", s.name, "", **members(s)),
    "register MANO": lambda s, c: c.a.register(f"{s.name}.b.example", cert_type="MANO_CERT"),
    "request": lambda s, c: c.a.request(s.csr(c), s.name, cert_type=s.cert_type, **members(s)),
    "request a name": lambda s, c: c.a.request(s.csr(c, "-addext", f"subjectAltName=DNS:{s.name}.b.example"), s.name),
    "replace": lambda s, c: c.a.request(s.csr(c), s.name, replaces=s.identifier(c, "certificates"), **members(s)),
    "subscribe": lambda s, c: subscribe(c.a, c.told_a, **({"subjectIds": [s.name]} if s.vnf is None else {})),
    "cmp register": lambda s, c: cmp_of(c.cmp_a.register(s.name, cert_type=s.cert_type, profile=s.profile)),
    "cmp request": lambda s, c: cmp_of(c.cmp_a.request(der_of(s.csr(c)), s.name, cert_type=s.cert_type)),
    "cmp revoke": lambda s, c: said(c.cmp_a.ask(pycmp.explicit(11, pycmp.sequence(pycmp.sequence(template(s, c)))))),
}


def der_of(pem):
    return x509.load_pem_x509_csr(pem.encode()).public_bytes(serialization.Encoding.DER)


def normal(answer):
    """An answer without what is new in each: identifiers, times, certificates, serial numbers, ports of callbacks."""
    if answer is None or isinstance(answer, tuple):
        return answer
    body = answer.body.decode("latin-1")
    for pattern in (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", r"\d{4}-\d\d-\d\dT[\d:.]+Z",
                    r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----(\\n)?", r'(?<="serialNumber":")[0-9a-f]+',
                    r'(?<="serialNumber": ")[0-9a-f]+', r"(?<=//127\.0\.0\.1:)\d+"):
        body = re.sub(pattern, "#", body, flags=re.S)
    certificates = answer.headers.get("content-type", "").startswith("application/x-pem-file")
    return answer.status, sorted(answer.headers), "" if certificates else body


def of_domain_b(cmf):
    mine = [[r for r in cmf.ctl_json(kind, "list") if r["trust_domain"] == "operator-b"] for kind in ("registration", "certificate")]
    return mine, [[i for i in cmf.b.listed(f"{V1}/{kind}")] for kind in ("registrations", "certificates",
                                                                        "certificate_signing_requests", "subscriptions")]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_sequence_of_one_domain_learns_of_the_other(worlds, seed):
    full, empty = worlds
    rng, before = random.Random(seed), of_domain_b(full)
    done = []
    for _ in range(STEPS):
        step = Step(rng, full.vnfm_a.key())
        answers = [normal(STEPS_BY_NAME[step.what](step, cmf)) for cmf in worlds]
        done.append((step.what, vars(step)))
        assert answers[0] == answers[1], (done[-3:], answers)
    assert of_domain_b(full) == before
    assert of_domain_b(empty) == ([[], []], [[], [], [], []])
    # Of what there is in one world only it is not told either.
    wait_for("the same events in both worlds", lambda: told(full) == told(empty))


def told(cmf):
    return sorted((n["notificationType"], n["subjectId"], n.get("vnfInstanceId", ""), n["certType"]) for n in cmf.told_a.once())


# --- the same octets, and the same work ---

@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """A world whose statements and cryptographic operations are written down."""
    base = tmp_path_factory.mktemp("counted")
    shim = base / "count_calls.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", shim, ROOT / "tests/e2e/count_calls.c", "-ldl"], check=True)
    preload = " ".join(filter(None, [os.environ.get("LD_PRELOAD"), str(shim)]))
    cmf = cmf_with_limits(base, LD_PRELOAD=preload, CMFD_CALLS=str(base / "calls"), ASAN_OPTIONS="verify_asan_link_order=0")
    cmf.calls = base / "calls"
    cmf.of_b, cmf.of_a = populate(cmf), own(cmf)
    cmf.worker = worker_of(cmf)
    yield cmf
    end(cmf)


def calls_during(cmf, action):
    """(what it returned, [(thread, call)])"""
    begin = cmf.calls.stat().st_size
    result = action()
    with open(cmf.calls) as file:
        file.seek(begin)
        return result, [tuple(line.split(" ", 1)) for line in file]


def worker_of(cmf):
    """The thread that carries requests: it reads in each of them, which housekeeping does not."""
    threads = [{t for t, _ in calls_during(cmf, lambda: cmf.a.get(f"{REGISTRATIONS}/{cmf.of_a['registrations'][0]}"))[1]}
               for _ in range(5)]
    common = set.intersection(*threads)
    assert len(common) == 1, threads
    return common.pop()


def work(cmf, action):
    answer, calls = calls_during(cmf, action)
    return answer, [call for thread, call in calls if thread == cmf.worker]


NEVER = never(random.Random(1))
PAIRS = [(f"{what} of {kind}", kind, what) for kind in ("registrations", "certificates", "certificate_signing_requests", "subscriptions")
         for what in ("get", "delete")] + [
    ("patch", "registrations", "patch"), ("revoke", "certificates", "revoke"), ("PEM", "certificates", "get as PEM"),
    ("renewal", "certificates", "replace"), ("filter", "registrations", "filter by identifier"),
    ("filter", "certificates", "filter by identifier"), ("If-Match", "registrations", "patch with If-Match")]


class Given(Step):
    """A step about one identifier."""

    def __init__(self, cmf, kind, identifier, name="a-0", key=None):
        super().__init__(random.Random(3), key or cmf.vnfm_a.key())
        self.kind, self.given, self.name, self.vnf, self.profile, self.whose = kind, identifier, name, None, "VnfciCert", "b"

    def identifier(self, cmf, kind=None):
        return self.given


@pytest.mark.parametrize("_, kind, what", PAIRS, ids=[p[0] for p in PAIRS])
def test_what_is_anothers_costs_what_there_is_not(counted, _, kind, what):
    key = counted.vnfm_a.key()
    STEPS_BY_NAME[what](Given(counted, kind, NEVER, key=key), counted) # what is done once only
    for identifier in counted.of_b[kind]:
        (theirs, their_work), (none, no_work) = [
            work(counted, lambda i=i: STEPS_BY_NAME[what](Given(counted, kind, i, key=key), counted)) for i in (identifier, NEVER)]
        assert theirs.status == none.status and len(theirs.body) == len(none.body), (theirs, none)
        assert theirs.body.replace(identifier.encode(), b"") == none.body.replace(NEVER.encode(), b"")
        assert {k: v for k, v in theirs.headers.items() if k != "date"} == {k: v for k, v in none.headers.items() if k != "date"}
        # 405, whatever is there, needs no look at the database but at whether clients have changed, where there may be nodes;
        # all else does.
        asked_always = 1 if postgresql.database_of(counted) else 0
        assert their_work == no_work and (len(their_work) > asked_always) == (theirs.status != 405)


def test_names_of_another_domain_cost_what_there_is_not(counted):
    """Over both doors: a CSR for an entity of the other domain, or for nobody; names of equal length."""
    key = counted.vnfm_a.key()
    for asked in ("request", "cmp request"):
        STEPS_BY_NAME[asked](Given(counted, "registrations", NEVER, name="b-7", key=key), counted) # what is done once only
        results = []
        for name in (NAMES[0], NAMES[5], "b-8"):
            step = Given(counted, "registrations", NEVER, name=name, key=key)
            results.append((work(counted, lambda s=step: STEPS_BY_NAME[asked](s, counted)), name))
        for (answer, did), name in results:
            (first, first_did), first_name = results[0]
            assert did == first_did and did, (asked, name)
            if asked == "request":
                assert answer.status == first.status == 404
                assert answer.body.replace(name.encode(), b"") == first.body.replace(first_name.encode(), b"")
            else:
                assert answer == first and not answer[0]


def test_names_outside_the_limits_are_refused_in_the_same_words(counted):
    """Whether anybody has them or not: at Register and in a CSR."""
    assert counted.b.register("taken.b.example", cert_type="MANO_CERT").status == 201
    answers = [work(counted, lambda n=n: counted.a.register(n, cert_type="MANO_CERT"))
               for n in ("first.b.example", "taken.b.example", "other.b.example")][1:]
    assert answers[0][0].status == answers[1][0].status == 403
    assert answers[0][0].body == answers[1][0].body and answers[0][1] == answers[1][1]
    counted.b.enrol(counted.vnfm_b, NAMES[5])
    sans = [f"{n}.b.example" for n in (NAMES[5], "b-9")]
    said_of = [counted.a.request(pkcs10(counted.vnfm_a.key(), "/CN=a-0", "-addext", f"subjectAltName=DNS:{s}"), "a-0") for s in sans]
    assert said_of[0].status == said_of[1].status == 422 and said_of[0].body == said_of[1].body


def test_subscriptions_of_another_domain_are_none(counted):
    for method in ("GET", "DELETE"):
        assert counted.a.ask(method, f"{SUBSCRIPTIONS}/{NEVER}").status == 404
    assert counted.a.get(REQUESTS).status == 200
