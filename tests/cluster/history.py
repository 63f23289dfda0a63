#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds what clients of a cluster asked for and were told against what is in its database: reads with psql and
python3-cryptography alone, and knows the tables, but nothing of cmfd's code.

    history.py HISTORY.jsonl NOTIFIED.jsonl CONNINFO [PSQL]

prints what is wrong, a line each, and what it has looked at; the exit status is 1 if something is."""
import collections
import hashlib
import json
import subprocess
import sys

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# Values of certificate.state and cmp_transaction.state that end nothing.
CERTIFICATE_OPEN = {0: "requested", 1: "pending", 5: "revocation pending"}
ACTIVE, REVOKED, REJECTED = 2, 3, 4
TRANSACTION_ENDED = (2, 3)
EXCHANGE_OPEN = 0
# Of event.kind.
EVENTS = ("CertificateIssued", "CertificateRenewed", "CertificateRevoked", "CertificateExpiring", "CertificateExpired",
          "RegistrationRemoved", "CsrCompleted", "CsrFailed")


class Database:
    def __init__(self, conninfo, psql="psql"):
        self.conninfo, self.psql = conninfo, psql

    def rows(self, columns, rest):
        """Rows as lists of text, None for NULL."""
        done = subprocess.run([self.psql, "-AtX", "-F", "\x1f", "-P", "null=\x1e", "-v", "ON_ERROR_STOP=1", "-c",
                               f"SELECT {columns} FROM {rest}", self.conninfo],
                              check=True, stdout=subprocess.PIPE, text=True)
        return [[None if v == "\x1e" else v for v in line.split("\x1f")] for line in done.stdout.splitlines()]

    def pending(self):
        """What has not come to its end, as text."""
        found = [f"certificate {i} is {CERTIFICATE_OPEN[int(s)]}" for i, s in self.rows(
            "id, state", f"certificate WHERE state IN ({','.join(map(str, CERTIFICATE_OPEN))})")]
        found += [f"transaction {i} has state {s}" for i, s in self.rows(
            "id, state", f"cmp_transaction WHERE state NOT IN {TRANSACTION_ENDED}")]
        return found + [f"exchange {i} is open" for i, in self.rows("id", f"exchange WHERE state = {EXCHANGE_OPEN}")]


class History:
    def __init__(self, path):
        self.events = collections.defaultdict(list)
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                event = json.loads(line)
                self.events[event["what"]].append(event)

    def __getitem__(self, what):
        return self.events[what]


def serial_text(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big").hex()


def key_digest(cert):
    return hashlib.sha256(cert.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def registrations(history, database):
    """Each that was told of is there, once."""
    there = collections.Counter(s for s, in database.rows("subject_id", "registration WHERE state = 0"))
    told = {event["subject"] for event in history["registered"]}
    return [f"the registration of {subject} is there {there[subject]} times" for subject in told if there[subject] != 1]


def certificates(history, database):
    """Each that was told of is there as it was told, and in the state that was told. There is none that nobody asked
    for, and none is there twice, by its number or by its key, of which each request has its own."""
    problems, by_digest, serials, keys = [], {}, collections.Counter(), collections.Counter()
    for der, state, ca in database.rows("encode(der, 'hex'), state, ca", "certificate WHERE der IS NOT NULL"):
        cert = x509.load_der_x509_certificate(bytes.fromhex(der))
        serial, key = serial_text(cert.serial_number), key_digest(cert)
        by_digest[hashlib.sha256(bytes.fromhex(der)).hexdigest()] = int(state)
        serials[ca, serial] += 1
        keys[key] += 1
    asked = {event["key"] for event in history["asked"]}
    problems += [f"serial number {serial} of {ca} is there {n} times" for (ca, serial), n in serials.items() if n > 1]
    problems += [f"{n} certificates of key {key}" for key, n in keys.items() if n > 1]
    problems += [f"nobody has asked for the certificate of key {key}" for key in keys if key not in asked]
    confirmed = {(e["subject"], e["serial"]) for e in history["confirmed"]}
    revoking = {(e["subject"], e["serial"]) for e in history["revoking"]}
    revoked = {(e["subject"], e["serial"]) for e in history["revoked"]}
    for event in history["issued"]:
        der = bytes.fromhex(event["der"])
        who = event["subject"], serial_text(x509.load_der_x509_certificate(der).serial_number)
        state = by_digest.get(hashlib.sha256(der).hexdigest())
        if state is None:
            problems.append(f"the certificate {who} is not there")
        elif who in revoked and state != REVOKED:
            problems.append(f"the certificate {who} was revoked, and has state {state}")
        elif who in confirmed and who not in revoking and state != ACTIVE:
            problems.append(f"the certificate {who} was confirmed, and has state {state}")
    return problems


def crls(history, database):
    """Numbers grow with time, and none is there with two contents. Whatever was revoked by our CA is on the last."""
    problems, contents = [], collections.defaultdict(set)
    last, newest = {}, {}
    for ca, number, der in database.rows("ca, number, encode(der, 'hex')", "crl ORDER BY ca, id"):
        crl = x509.load_der_x509_crl(bytes.fromhex(der))
        inside = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        contents[ca, inside].add(hashlib.sha256(bytes.fromhex(der)).hexdigest())
        if inside != int(number):
            problems.append(f"CRL {number} of {ca} says {inside}")
        if ca in last and (inside <= last[ca][0] or crl.last_update < last[ca][1]):
            problems.append(f"CRL {inside} of {ca} comes after {last[ca][0]}")
        last[ca], newest[ca] = (inside, crl.last_update), crl
    for event in history["crl"]:
        contents[event["ca"], event["number"]].add(event["digest"])
    problems += [f"CRL {number} of {ca} has {len(c)} contents" for (ca, number), c in contents.items() if len(c) > 1]
    ours = {serial.lstrip("0"): ca for serial, ca in database.rows("encode(serial, 'hex'), ca", "certificate WHERE serial IS NOT NULL")}
    for event in history["revoked"]:
        serial = event["serial"]
        ca = ours.get(serial.lstrip("0"))
        if ca in newest and not newest[ca].get_revoked_certificate_by_serial_number(int(serial, 16)):
            problems.append(f"{serial} was revoked, and is not on the last CRL of {ca}")
    return problems


def races(history, database):
    """Of an entity that may have one certificate there were never two: between the answer with one and the request to
    revoke it nobody was told of another."""
    problems, ends = [], {}
    for event in history["revoking"]:
        ends[event["subject"], event["serial"]] = event["at"]
    lives = collections.defaultdict(list)
    for event in history["confirmed"]:
        if event["subject"].startswith("race-"):
            lives[event["subject"]].append((event["at"], ends.get((event["subject"], event["serial"]), float("inf"))))
    for subject, spans in lives.items():
        spans.sort()
        problems += [f"{subject} had two certificates at the same time" for one, next_one in zip(spans, spans[1:])
                     if next_one[0] < one[1]]
    problems += [f"{subject} has {n} live certificates" for subject, n in database.rows(
        "r.subject_id, count(*)", "certificate c JOIN registration r ON r.id = c.registration_id WHERE r.subject_id LIKE 'race-%'"
        " AND c.state IN (0, 1, 2) GROUP BY r.subject_id HAVING count(*) > 1")]
    return problems


def notifications(path, database):
    """The subscriber was told of every event of what it manages, and in order for the first time: what was told may be told
    again by a node that did not hear that it was, or was stopped in the middle."""
    problems, by_id = [], {}
    with open(path, encoding="utf-8") as lines:
        told = [json.loads(line) for line in lines]
    for notification in told:
        by_id.setdefault(notification["id"], (notification["notificationType"], notification["subjectId"]))
    first = list(by_id.values())
    happened = [(EVENTS[int(kind)], subject) for kind, subject in database.rows(
        "k.kind, r.subject_id", "event_kept k JOIN registration r ON r.id = k.registration_id JOIN subscription s"
        " ON s.client = r.manager AND s.trust_domain = k.trust_domain ORDER BY k.id")]
    wrong = next((i for i, (a, b) in enumerate(zip(first, happened)) if a != b), None)
    if wrong is not None:
        problems.append(f"event {wrong} was {happened[wrong]}, and told was {first[wrong]}")
    if len(first) != len(happened):
        problems.append(f"{len(happened)} events, of which {len(first)} were told")
    return problems, {"notified": len(told), "events": len(first)}


def check(path, notified, database):
    history = History(path)
    problems = database.pending()
    for look in (registrations, certificates, crls, races):
        problems += look(history, database)
    wrong, counts = notifications(notified, database)
    return problems + wrong, counts | {what: len(events) for what, events in sorted(history.events.items())}


def main(arguments):
    problems, seen = check(*arguments[:2], Database(*arguments[2:]))
    print("\n".join(problems + [" ".join(f"{what}={n}" for what, n in seen.items())]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
