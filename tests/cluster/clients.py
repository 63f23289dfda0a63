# SPDX-License-Identifier: Apache-2.0
"""Clients of a cluster: VNFMs that register, enrol, update and revoke, over CMP and JSON, and write down what they asked
for and what they were told (history.py reads it). Whoever gets no answer sends the same octets again, on a new
connection and so to whatever node comes next, and so do, now and then, those who have one."""
import hashlib
import http.client
import json
import random
import ssl
import sys
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from servers import ROOT

sys.path.insert(0, str(ROOT / "tests" / "interop"))

from pycmp import (Client, Ecdsa, NULL, cert_conf, cert_status, directory_name, elements, explicit, integer,  # noqa: E402
                   key_identifier, name, octet_string, oid, sequence, tagged, tlv)

IP, CP, KUP, RP, PKICONF, ERROR, POLLREP = 1, 3, 8, 12, 19, 23, 26
WAITING = 3
IMPLICIT_CONFIRM, OLD_CERT_ID = "1.3.6.1.5.5.7.4.13", "1.3.6.1.5.5.7.5.1.5"
SYSTEM_UNAVAIL, NOT_AUTHORIZED = 24, 23
# A node or a link that is silent is left after so many seconds.
ANSWER_WAIT = 6


class NoAnswer(Exception):
    """Somebody who asked was not answered before the end of the test's patience."""


class Told:
    """The history: a file of lines of JSON, of all clients."""

    def __init__(self, path):
        self.file, self.lock = open(path, "w", encoding="utf-8"), threading.Lock()
        self.counts = {}

    def write(self, what, **fields):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1
            print(json.dumps({"what": what, "at": time.monotonic(), **fields}), file=self.file, flush=True)


class Signature(Ecdsa):
    """ecdsa-with-SHA256 by a key in memory."""

    def compute(self, key, data):
        return key.sign(data, ec.ECDSA(hashes.SHA256()))


def reply_parts(der):
    """(body type, content of the body, header fields by tag) of a PKIMessage."""
    parts = elements(tlv(der)[1])
    header = {e[0] & 0x1F: tlv(tlv(e)[1])[1] for e in elements(tlv(parts[0])[1])[3:] if e[0] & 0xE0 == 0xA0}
    return parts[1][0] & 0x1F, tlv(parts[1])[1], header


def status_parts(der):
    """(status, failInfo bits, text) of a PKIStatusInfo."""
    fields = elements(tlv(der)[1])
    bits, text = set(), ""
    for field in fields[1:]:
        content = tlv(field)[1]
        if field[0] == 0x03:
            bits = {8 * i + bit for i, octet in enumerate(content[1:]) for bit in range(8) if octet << bit & 0x80}
        else:
            text = " ".join(tlv(e)[1].decode() for e in elements(content))
    return int.from_bytes(tlv(fields[0])[1], "big"), bits, text


class Granted:
    """A certificate that a client has, with its key."""

    def __init__(self, der, key):
        self.der, self.key = der, key
        fields = elements(tlv(elements(tlv(der)[1])[0])[1])
        self.serial, self.issuer, self.subject = tlv(fields[1])[1], fields[3], fields[5]

    @property
    def serial_text(self):
        return self.serial.lstrip(b"\0").hex()


class Refused(Exception):
    def __init__(self, bits, text):
        super().__init__(f"{sorted(bits)}: {text}")
        self.bits, self.text = bits, text


class ClusterClient(threading.Thread):
    """One worker of a VNFM. `turn` is what it does again and again."""

    def __init__(self, number, front, vnfm, told, patience):
        super().__init__(daemon=True, name=f"client-{number}")
        self.number, self.front, self.vnfm, self.told, self.patience = number, front, vnfm, told, patience
        self.chance = random.Random(20261130 + number)
        self.address = f"127.0.1.{number + 1}"
        self.cert = x509.load_pem_x509_certificate(vnfm.cert.read_bytes()).public_bytes(Encoding.DER)
        self.key = load_pem_private_key(vnfm.private_key.read_bytes(), None)
        self.manager = Client(None, key_identifier(self.cert), self.key, directory_name(vnfm.name))
        self.tls = ssl.create_default_context(cafile=vnfm.cmf.root)
        self.tls.load_cert_chain(vnfm.cert, vnfm.private_key)
        self.stopping = False
        self.failures, self.again, self.count = [], 0, 0

    # --- the wire ---

    def connection(self, tls):
        if tls:
            return http.client.HTTPSConnection("127.0.0.1", self.front.tls_port, context=self.tls, timeout=ANSWER_WAIT,
                                               source_address=(self.address, 0))
        return http.client.HTTPConnection("127.0.0.1", self.front.port, timeout=ANSWER_WAIT,
                                          source_address=(self.address, 0))

    def until_answered(self, method, path, body, headers, tls=False, good=lambda status, content: status != 503):
        """The answer to octets that are sent until there is one."""
        end = time.monotonic() + self.patience
        while time.monotonic() < end:
            connection = self.connection(tls)
            try:
                connection.request(method, path, body, {**headers, "Connection": "close"})
                answer = connection.getresponse()
                content = answer.read()
                if good(answer.status, content):
                    return answer.status, content
            except (OSError, http.client.HTTPException):
                pass
            finally:
                connection.close()
            self.again += 1
            time.sleep(0.1)
        raise NoAnswer(f"{method} {path}")

    def post(self, path, der):
        def good(status, content):
            if status == 503 or not content:
                return False
            kind, body, _ = reply_parts(content)
            return kind != ERROR or SYSTEM_UNAVAIL not in status_parts(elements(tlv(body)[1])[0])[1]
        return self.until_answered("POST", path, der, {"Content-Type": "application/pkixcmp"}, good=good)[1]

    def ask(self, body, client=None, certs=None, path="/.well-known/cmp/p/VnfciCert", implicit=False, **header):
        """The answer to a message: what reply_parts() makes of it, and the transactionID."""
        def bend(fields):
            if implicit:
                fields[8] = explicit(8, sequence(sequence(oid(IMPLICIT_CONFIRM), NULL)))
        client = client or self.manager
        der, nonce, transaction = client.message(body, Signature(), bend=bend, extra_certs=certs or [self.cert], **header)
        answer = self.post(path, der)
        if self.chance.random() < 0.15:
            # RFC 9483 3.1, retransmission: as long as the transaction has not gone on.
            again = self.post(path, der)
            if reply_parts(again)[0] == ERROR or (reply_parts(again)[0] != POLLREP and again != answer and
                                                  reply_parts(answer)[0] not in (ERROR, POLLREP)):
                first, second = reply_parts(answer), reply_parts(again)
                if first[0] != ERROR:
                    self.failures.append(f"answered otherwise when sent again: {first[0]} {second[0]} {again.hex()}")
            answer = again
        kind, content, fields = reply_parts(answer)
        if fields[4] != transaction or fields.get(6) != nonce:
            self.failures.append(f"transactionID or recipNonce of {answer.hex()}")
        return kind, content, fields

    # --- what there is to do ---

    def new_name(self, kind):
        self.count += 1
        return f"{kind}-{self.number}-{self.count}"

    def json(self, method, path, body=None):
        headers = {"Version": "1.0.0", "Content-Type": "application/json", "Accept": "application/json"}
        status, content = self.until_answered(method, f"/cmf-certmgmt/v1/{path}", json.dumps(body) if body else None, headers,
                                              tls=True)
        return status, json.loads(content) if content else None

    def register(self, subject_id):
        body = {"certType": "VNFCI_CERT", "subjectId": [subject_id], "typeOfVnfcCertHandling": "DELEGATION_MODE"}
        status, doc = self.json("POST", "registrations", body)
        if status not in (200, 201):
            raise Refused({status}, str(doc))
        self.told.write("registered", subject=subject_id, client=self.vnfm.name)

    def enrol(self, subject_id, cmd=0, holder=None, implicit=False):
        """ir [0], cr [2] or, of a certificate that `holder` is, kur [7]."""
        key = ec.generate_private_key(ec.SECP256R1())
        spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        subject = holder.subject if holder else name(subject_id)
        template = sequence(tagged(0xA5, subject), tagged(0xA6, tlv(spki)[1]))
        old = sequence(sequence(oid(OLD_CERT_ID), sequence(explicit(4, holder.issuer), tagged(0x02, holder.serial)))) \
            if holder else b""
        request = sequence(integer(0), template, old)
        signature = b"\0" + key.sign(request, ec.ECDSA(hashes.SHA256()))
        message = sequence(request, tagged(0xA1, Ecdsa().algorithm(), tagged(0x03, signature)))
        # Every request has a key of its own, and so at most one certificate.
        self.told.write("asked", subject=subject_id, key=hashlib.sha256(spki).hexdigest(), client=self.vnfm.name)
        client, certs = None, None
        if holder:
            client = Client(None, key_identifier(holder.der), holder.key, explicit(4, holder.subject))
            certs = [holder.der]
        answer = self.ask(explicit(cmd, sequence(message)), client, certs, implicit=implicit)
        return self.receive(answer, key, subject_id, client, certs)

    def receive(self, answer, key, subject_id, client, certs):
        kind, content, fields = answer
        end = time.monotonic() + self.patience
        while True:
            if kind == ERROR:
                status, bits, text = status_parts(elements(tlv(content)[1])[0])
                if status != WAITING:
                    raise Refused(bits, text)
            elif kind != POLLREP:
                response = elements(tlv([e for e in elements(tlv(content)[1]) if e[0] == 0x30][-1])[1])[0]
                parts = elements(tlv(response)[1])
                status, bits, text = status_parts(parts[1])
                if status not in (0, 1, WAITING):
                    raise Refused(bits, text)
                if status != WAITING:
                    break
            if time.monotonic() > end:
                raise NoAnswer("pollReq")
            time.sleep(0.2)
            kind, content, fields = self.ask(explicit(25, sequence(sequence(integer(0)))), client, certs,
                                             transaction_id=fields[4], recip_nonce=fields[5])
            self.told.write("polled")
        granted = Granted(tlv(elements(tlv(parts[2])[1])[0])[1], key)
        self.told.write("issued", subject=subject_id, der=granted.der.hex(), client=self.vnfm.name)
        if oid(IMPLICIT_CONFIRM) not in fields.get(8, b""):
            conf = cert_conf(cert_status(hashlib.sha256(granted.der).digest()))
            answer = self.ask(conf, client, certs, transaction_id=fields[4], recip_nonce=fields[5])
            while answer[0] in (ERROR, POLLREP) and time.monotonic() < end:
                if answer[0] == ERROR:
                    status, bits, text = status_parts(elements(tlv(answer[1])[1])[0])
                    if status != WAITING:
                        raise Refused(bits, f"certConf: {text}")
                time.sleep(0.2)
                answer = self.ask(explicit(25, sequence(sequence(integer(0)))), client, certs, transaction_id=fields[4],
                                  recip_nonce=answer[2][5])
            if answer[0] != PKICONF:
                raise Refused(set(), f"certConf: body {answer[0]}")
        self.told.write("confirmed", subject=subject_id, serial=granted.serial_text)
        return granted

    def revoke(self, subject_id, granted, reason=4):
        details = sequence(sequence(tagged(0x81, granted.serial), tagged(0xA3, granted.issuer)),
                           sequence(sequence(oid("2.5.29.21"), octet_string(bytes([0x0A, 1, reason])))))
        self.told.write("revoking", subject=subject_id, serial=granted.serial_text)
        answer = self.ask(explicit(11, sequence(details)))
        end = time.monotonic() + self.patience
        while answer[0] in (ERROR, POLLREP):
            if answer[0] == ERROR:
                status, bits, text = status_parts(elements(tlv(answer[1])[1])[0])
                if status != WAITING:
                    raise Refused(bits, f"rr: {text}")
            if time.monotonic() > end:
                raise NoAnswer("pollReq for rr")
            time.sleep(0.2)
            answer = self.ask(explicit(25, sequence(sequence(integer(-1)))), transaction_id=answer[2][4],
                              recip_nonce=answer[2][5])
        status, bits, text = status_parts(elements(tlv(elements(tlv(answer[1])[1])[0])[1])[0])
        if status not in (0, 1):
            raise Refused(bits, f"rr: {text}")
        self.told.write("revoked", subject=subject_id, serial=granted.serial_text)

    def request(self, subject_id):
        """Certificate Signing Request over JSON."""
        key = ec.generate_private_key(ec.SECP256R1())
        csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, subject_id)])).sign(key, hashes.SHA256())
        spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.told.write("asked", subject=subject_id, key=hashlib.sha256(spki).hexdigest(), client=self.vnfm.name)
        body = {"certType": "VNFCI_CERT", "vnfcId": subject_id, "certChainRequest": False,
                "csr": csr.public_bytes(Encoding.PEM).decode()}
        status, doc = self.json("POST", "certificate_signing_requests", body)
        if status not in (200, 201):
            raise Refused({status}, str(doc))
        again = self.json("POST", "certificate_signing_requests", body)
        if again != (200, doc):
            self.failures.append(f"answered otherwise when asked again: {doc} {again}")
        der = ssl.PEM_cert_to_DER_cert(doc["certificate"])
        granted = Granted(der, key)
        self.told.write("issued", subject=subject_id, der=der.hex(), client=self.vnfm.name)
        self.told.write("confirmed", subject=subject_id, serial=granted.serial_text)
        return granted

    def crl(self):
        status, der = self.until_answered("GET", "/crl/issuing.crl", None, {}, good=lambda status, _: status == 200)
        number = x509.load_der_x509_crl(der).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        self.told.write("crl", ca="issuing", number=number, digest=hashlib.sha256(der).hexdigest())

    # --- threads ---

    def turn(self):
        raise NotImplementedError

    def run(self):
        while not self.stopping:
            try:
                self.turn()
            except (Refused, NoAnswer) as error:
                self.failures.append(f"{self.name}: {type(error).__name__} {error}")


class Manager(ClusterClient):
    """The life of an entity, of our CA or of another one behind us."""

    def turn(self):
        subject = self.new_name("vnfci")
        self.register(subject)
        first = self.enrol(subject, implicit=self.chance.random() < 0.3)
        if self.chance.random() < 0.5:
            self.enrol(subject, holder=first, cmd=7)
        if self.chance.random() < 0.3:
            self.enrol(subject, cmd=2)
        if self.chance.random() < 0.3:
            self.request(subject)
        if self.chance.random() < 0.4:
            self.revoke(subject, first, self.chance.choice((1, 4, 5)))
        if self.chance.random() < 0.2:
            self.crl()


class Poller(ClusterClient):
    """Certificates of another CA, which is slow: subjects ends in those that are registered for it."""

    def __init__(self, *args, subjects):
        super().__init__(*args)
        self.subjects = list(subjects)

    def turn(self):
        if not self.subjects:
            return time.sleep(0.2)
        subject = self.subjects.pop()
        granted = self.enrol(subject)
        if self.chance.random() < 0.4:
            self.revoke(subject, granted)
        return None


class Racer(ClusterClient):
    """Several of these want the one certificate that an entity may have; who gets it gives it back."""

    def __init__(self, *args, subjects):
        super().__init__(*args)
        self.subjects = subjects

    def turn(self):
        subject = self.chance.choice(self.subjects)
        try:
            granted = self.enrol(subject, implicit=True)
        except Refused as refused:
            if NOT_AUTHORIZED not in refused.bits:
                raise
            return
        self.revoke(subject, granted)


def failures_of(clients):
    return [failure for client in clients for failure in client.failures]
