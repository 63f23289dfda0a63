# SPDX-License-Identifier: Apache-2.0
"""A CMP client in Python for messages that no client makes: pyasn1 encodes and decodes, hashlib, hmac
and the openssl command compute. Nothing of cmfd's own code is used.

    client = Client(url, reference=b"ref", secret=b"secret")
    answer = client.ask(genm("1.3.6.1.5.5.7.4.2"), mac=Pbmac1(iterations=1000))
    answer.body_type, answer.algorithm, answer.failinfo

Client.ask() raises unless the answer's protection verifies with the same secret, or it is signed
(answer.signed); transactionID and nonces are checked too."""
import datetime
import hashlib
import hmac
import os
import pathlib
import subprocess
import tempfile
import urllib.error
import urllib.request

from pyasn1.codec.der import decoder, encoder
from pyasn1.type import char, univ, useful
from pyasn1_modules import rfc2459, rfc4210

from strict import strict_answer

OPENSSL = os.environ.get("CMFD_OPENSSL", "openssl")

HMAC = {"sha224": "1.2.840.113549.2.8", "sha256": "1.2.840.113549.2.9", "sha384": "1.2.840.113549.2.10",
        "sha512": "1.2.840.113549.2.11", "sha3_224": "2.16.840.1.101.3.4.2.13",
        "sha3_256": "2.16.840.1.101.3.4.2.14", "sha3_384": "2.16.840.1.101.3.4.2.15",
        "sha3_512": "2.16.840.1.101.3.4.2.16"}
GMAC = {16: "2.16.840.1.101.3.4.1.9", 24: "2.16.840.1.101.3.4.1.29", 32: "2.16.840.1.101.3.4.1.49"}
KMAC = {128: "2.16.840.1.101.3.4.2.19", 256: "2.16.840.1.101.3.4.2.20"}
PBKDF2, PBMAC1, PBM = "1.2.840.113549.1.5.12", "1.2.840.113549.1.5.14", "1.2.840.113533.7.66.13"
HKDF = {"sha256": "1.2.840.113549.1.9.16.3.28", "sha384": "1.2.840.113549.1.9.16.3.29",
        "sha512": "1.2.840.113549.1.9.16.3.30"}
KEM_BASED_MAC, KEM_CIPHERTEXT_INFO = "1.2.840.113533.7.66.16", "1.3.6.1.5.5.7.4.24"


# --- DER, where pyasn1's modules have no type -----------------------------------------------------

def tlv(der, at=0):
    """(identifier octet, content, end) of the element at that place."""
    length, start = der[at + 1], at + 2
    if length & 0x80:
        n = length & 0x7F
        length, start = int.from_bytes(der[start:start + n], "big"), start + n
    return der[at], der[start:start + length], start + length


def elements(content):
    """The encodings of the elements of a SEQUENCE's content."""
    out, at = [], 0
    while at < len(content):
        end = tlv(content, at)[2]
        out.append(content[at:end])
        at = end
    return out


def tagged(identifier, *parts):
    """An element with that identifier octet."""
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([identifier, len(content)]) + content
    size = (len(content).bit_length() + 7) // 8
    return bytes([identifier, 0x80 | size]) + len(content).to_bytes(size, "big") + content


def sequence(*parts):
    return tagged(0x30, *parts)


def oid(dotted):
    return encoder.encode(univ.ObjectIdentifier(dotted))


def integer(n):
    return encoder.encode(univ.Integer(n))


def octet_string(octets):
    return encoder.encode(univ.OctetString(octets))


def dotted(der):
    return str(decoder.decode(der, asn1Spec=univ.ObjectIdentifier())[0])


NULL = b"\x05\x00"


# --- MACs, RFC 9481 6 -----------------------------------------------------------------------------

def openssl_mac(name, key, data, *options):
    """The octets that `openssl mac` computes."""
    args = [OPENSSL, "mac", "-binary", "-macopt", f"hexkey:{key.hex()}"]
    for option in options:
        args += ["-macopt", option]
    return subprocess.run([*args, "-in", "/dev/stdin", name], input=data, stdout=subprocess.PIPE,
                          check=True).stdout


def hmac_algorithm(digest):
    return sequence(oid(HMAC[digest]), *([] if digest.startswith("sha3") else [NULL]))


class Hmac:
    """HMAC directly under the key. RFC 4231 3.1: with NULL; RFC 9688: with SHA-3 parameters are absent."""

    def __init__(self, digest="sha256"):
        self.digest = digest
        self.key_len = hashlib.new(digest).digest_size

    def algorithm(self):
        return hmac_algorithm(self.digest)

    def compute(self, key, data):
        return hmac.new(key, data, self.digest).digest()


class Gmac:
    """AES-GMAC: the size of the key says which; RFC 9044."""

    def __init__(self, key_len=16, nonce=None, length=16):
        self.key_len, self.nonce, self.length = key_len, nonce or os.urandom(12), length

    def algorithm(self):
        return sequence(oid(GMAC[self.key_len]), sequence(octet_string(self.nonce), integer(self.length)))

    def compute(self, key, data):
        return openssl_mac("GMAC", key, data, f"cipher:AES-{8 * self.key_len}-GCM",
                           f"hexiv:{self.nonce.hex()}")[:self.length]


class Kmac:
    """KMAC128 or KMAC256 with the default length; RFC 8702 3.4."""

    def __init__(self, strength=256):
        self.strength = strength
        self.key_len = strength // 8

    def algorithm(self):
        return sequence(oid(KMAC[self.strength]))

    def compute(self, key, data):
        return openssl_mac(f"KMAC-{self.strength}", key, data, f"size:{self.strength // 4}")


class Pbmac1:
    """PBKDF2 with HMAC, then a MAC; RFC 8018."""

    def __init__(self, iterations=1000, prf="sha256", mac=None, key_len=None, salt=None):
        self.iterations, self.prf, self.mac = iterations, prf, mac or Hmac()
        self.salt, self.key_len = salt or os.urandom(16), key_len or self.mac.key_len

    def algorithm(self):
        kdf = sequence(octet_string(self.salt), integer(self.iterations), integer(self.key_len),
                       hmac_algorithm(self.prf))
        return sequence(oid(PBMAC1), sequence(sequence(oid(PBKDF2), kdf), self.mac.algorithm()))

    def compute(self, key, data):
        derived = hashlib.pbkdf2_hmac(self.prf, key, self.salt, self.iterations, self.key_len)
        return self.mac.compute(derived, data)


class PasswordBasedMac:
    """RFC 4210 5.1.3.1."""

    OWF = {"sha256": "2.16.840.1.101.3.4.2.1", "sha3_256": "2.16.840.1.101.3.4.2.8"}

    def __init__(self, iterations=500, mac=None, salt=None, owf="sha256"):
        self.iterations, self.mac, self.salt = iterations, mac or Hmac(), salt or os.urandom(16)
        self.owf = owf

    def algorithm(self):
        return sequence(oid(PBM), sequence(octet_string(self.salt), sequence(oid(self.OWF[self.owf])),
                                           integer(self.iterations), self.mac.algorithm()))

    def compute(self, key, data):
        base = key + self.salt
        for _ in range(self.iterations):
            base = hashlib.new(self.owf, base).digest()
        return self.mac.compute(base[:self.mac.key_len] if isinstance(self.mac, Gmac) else base, data)


class Ecdsa:
    """No MAC but a signature, ecdsa-with-SHA256: the secret is the name of a file with the key."""

    def algorithm(self):
        return sequence(oid("1.2.840.10045.4.3.2"))

    def compute(self, key, data):
        return openssl_signature(key, data)


def openssl_signature(key, data):
    return subprocess.run([OPENSSL, "dgst", "-sha256", "-sign", key], input=data, stdout=subprocess.PIPE,
                          check=True).stdout


def hkdf(digest, secret, info, length):
    """RFC 5869 without salt."""
    key = hmac.new(bytes(hashlib.new(digest).digest_size), secret, digest).digest()
    block = okm = b""
    while len(okm) < length:
        block = hmac.new(key, block + info + bytes([len(okm) // len(key) + 1]), digest).digest()
        okm += block
    return okm[:length]


class KemBasedMac:
    """RFC 9810 5.1.3.4: the key it computes with is the shared secret of the KEM."""

    def __init__(self, transaction_id, digest="sha256", mac=None, context=None):
        self.transaction_id, self.digest, self.mac, self.context = transaction_id, digest, mac or Hmac(), context

    def tagged_context(self):
        return b"" if self.context is None else explicit(0, octet_string(self.context))

    def algorithm(self):
        return sequence(oid(KEM_BASED_MAC),
                        sequence(sequence(oid(HKDF[self.digest])), self.tagged_context(),
                                 integer(self.mac.key_len), self.mac.algorithm()))

    def compute(self, secret, data):
        other_info = sequence(sequence(encoder.encode(char.UTF8String("CMP-KEM"))),
                              octet_string(self.transaction_id), self.tagged_context())
        return self.mac.compute(hkdf(self.digest, secret, other_info, self.mac.key_len), data)


def mac_of(algorithm):
    """The reverse of .algorithm(): one of the classes above, from an AlgorithmIdentifier."""
    parts = elements(tlv(algorithm)[1])
    name = dotted(parts[0])
    inner = elements(tlv(parts[1])[1]) if len(parts) > 1 and parts[1][0] == 0x30 else []
    for digest, value in HMAC.items():
        if name == value:
            return Hmac(digest)
    for key_len, value in GMAC.items():
        if name == value:
            return Gmac(key_len, tlv(inner[0])[1], int.from_bytes(tlv(inner[1])[1], "big") if inner[1:] else 12)
    for strength, value in KMAC.items():
        if name == value:
            return Kmac(strength)
    if name == PBM:
        owf = [d for d, v in PasswordBasedMac.OWF.items() if v == dotted(elements(tlv(inner[1])[1])[0])][0]
        return PasswordBasedMac(int.from_bytes(tlv(inner[2])[1], "big"), mac_of(inner[3]), tlv(inner[0])[1], owf)
    if name == PBMAC1:
        kdf = elements(tlv(elements(tlv(inner[0])[1])[1])[1])
        prf = [d for d, v in HMAC.items() if v == dotted(elements(tlv(kdf[3])[1])[0])][0]
        return Pbmac1(int.from_bytes(tlv(kdf[1])[1], "big"), prf, mac_of(inner[1]),
                      int.from_bytes(tlv(kdf[2])[1], "big"), tlv(kdf[0])[1])
    raise ValueError(f"no MAC of ours: {name}")


# --- messages -------------------------------------------------------------------------------------

def explicit(number, der):
    return tagged(0xA0 | number, der)


def genm(info_type, value=b""):
    """The body genm [21] with one InfoTypeAndValue."""
    return explicit(21, sequence(sequence(oid(info_type), value)))


def cert_req_msg(common_name, key, cert_req_id=0, controls=b"", reg_info=b"", subject=None, extensions=b""):
    """A CertReqMsg for a key in a file, with POPOSigningKey; controls, regInfo, subject (instead of a CN) and
    extensions are encodings."""
    spki = subprocess.run([OPENSSL, "pkey", "-in", key, "-pubout", "-outform", "DER"], stdout=subprocess.PIPE,
                          check=True).stdout
    template = sequence(tagged(0xA5, subject or name(common_name)), tagged(0xA6, tlv(spki)[1]),
                        tagged(0xA9, extensions) if extensions else b"")
    request = sequence(integer(cert_req_id), template, controls)
    signature = encoder.encode(univ.BitString.fromOctetString(openssl_signature(key, request)))
    return sequence(request, tagged(0xA1, Ecdsa().algorithm(), signature), reg_info)


def ir(*messages):
    return explicit(0, sequence(*messages))


def cert_status(cert_hash, cert_req_id=0, *rest):
    return sequence(octet_string(cert_hash), integer(cert_req_id), *rest)


def cert_conf(*statuses):
    return explicit(24, sequence(*statuses))


def directory_name(common_name=""):
    """A GeneralName with that CN; without it the NULL-DN."""
    return explicit(4, name(common_name))


def name(common_name=""):
    out = rfc2459.Name()
    rdns = rfc2459.RDNSequence()
    if common_name:
        attribute = rfc2459.AttributeTypeAndValue()
        attribute["type"] = rfc2459.id_at_commonName
        attribute["value"] = univ.Any(encoder.encode(char.UTF8String(common_name)))
        rdn = rfc2459.RelativeDistinguishedName()
        rdn.setComponentByPosition(0, attribute)
        rdns.setComponentByPosition(0, rdn)
    out.setComponentByName("", rdns)
    return encoder.encode(out)


def now():
    return encoder.encode(useful.GeneralizedTime(datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d%H%M%SZ")))


class Answer:
    """What came back. The parts of the header are encodings, by the number of their tag."""

    def __init__(self, der, http_status=200):
        strict_answer(der)
        self.der, self.http_status = der, http_status
        parts = elements(tlv(der)[1])
        self.protected = sequence(parts[0], parts[1])
        self.body_type = parts[1][0] & 0x1F
        # Of EncryptedKey, which krp is made of, pyasn1's modules have EncryptedValue alone; of the names in revCerts of rp
        # no directoryName.
        if self.body_type != 10 and not (self.body_type == 12 and len(elements(tlv(tlv(parts[1])[1])[1])) > 1):
            self.message, rest = decoder.decode(der, asn1Spec=rfc4210.PKIMessage())
            if rest:
                raise ValueError("octets after the PKIMessage")
        self.body = tlv(parts[1])[1]
        self.header = {e[0] & 0x1F: tlv(e)[1] for e in elements(tlv(parts[0])[1])[3:]}
        self.algorithm = self.header[1]
        self.protection = tlv(tlv([p for p in parts if p[0] == 0xA0][0])[1])[1][1:]
        self.signed = False

    @property
    def failinfo(self):
        """Bits of failInfo of an error body; None: it is none."""
        if self.body_type != 23:
            return None
        bits = self.message["body"]["error"]["pKIStatusInfo"]["failInfo"]
        return {i for i, bit in enumerate(bits) if bit}

    @property
    def text(self):
        status = self.message["body"]["error"]["pKIStatusInfo"]
        return str(status["statusString"][0]) if self.body_type == 23 else ""


class Client:
    """One requester with a shared secret, or with the file of a private key and the name `sender`."""

    def __init__(self, url, reference, secret, sender=directory_name()):
        self.url, self.reference, self.secret, self.sender = url, reference, secret, sender

    def message(self, body, mac, transaction_id=None, recip_nonce=None, pvno=2, bend=None, extra_certs=None):
        """The octets of a PKIMessage, and those of its nonce and transactionID; without a MAC it is not
        protected. `bend` gets the fields of the header, by their names or the numbers of their tags, and
        changes them; or it returns the octets of another header."""
        transaction_id, nonce = transaction_id or os.urandom(16), os.urandom(16)
        fields = {"pvno": integer(pvno), "sender": self.sender, "recipient": directory_name(), 0: explicit(0, now()),
                  1: explicit(1, mac.algorithm()) if mac else b"", 2: explicit(2, octet_string(self.reference)), 3: b"",
                  4: explicit(4, octet_string(transaction_id)), 5: explicit(5, octet_string(nonce)),
                  6: explicit(6, octet_string(recip_nonce)) if recip_nonce else b"", 7: b"", 8: b"", "end": b""}
        header = bend(fields) if bend else None
        header = header or sequence(*fields.values())
        protection = b""
        if mac:
            value = mac.compute(self.secret, sequence(header, body))
            protection = explicit(0, encoder.encode(univ.BitString.fromOctetString(value)))
        extra = b"" if extra_certs is None else explicit(1, sequence(*extra_certs))
        return sequence(header, body, protection, extra), nonce, transaction_id

    def post(self, der):
        request = urllib.request.Request(self.url, der, {"Content-Type": "application/pkixcmp"})
        try:
            with urllib.request.urlopen(request, timeout=600) as reply:
                return Answer(reply.read())
        except urllib.error.HTTPError as error:
            return Answer(error.read(), error.code)

    def ask(self, body, mac, **header):
        der, nonce, transaction_id = self.message(body, mac, **header)
        answer = self.post(der)
        if answer.http_status == 200 and (tlv(answer.header[4])[1] != transaction_id or
                                          tlv(answer.header[6])[1] != nonce):
            raise ValueError("transactionID or recipNonce is not that of the request")
        answer.transaction_id = transaction_id
        try:
            expected = mac_of(answer.algorithm).compute(self.secret, answer.protected)
        except ValueError:
            answer.signed = True
            return answer
        if not hmac.compare_digest(expected, answer.protection):
            raise ValueError("the MAC of the answer does not verify")
        return answer


class KemClient(Client):
    """The holder of a certificate (DER) with a KEM key, which the openssl command of OpenSSL 3.5 uses."""

    def __init__(self, url, cert, key, common_name, openssl=OPENSSL):
        super().__init__(url, key_identifier(cert), None, directory_name(common_name))
        self.cert, self.key, self.openssl, self.answer = cert, key, openssl, None

    def open(self):
        """RFC 9810 E, figure 3: gets a ciphertext, and the secret out of it; the transactionID."""
        self.answer = self.ask(genm(KEM_CIPHERTEXT_INFO), None, pvno=3, extra_certs=[self.cert])
        if self.answer.body_type == 22:
            info = elements(tlv(elements(tlv(self.answer.body)[1])[0])[1])
            _, ciphertext = elements(tlv(info[1])[1])
            self.secret = self.decapsulate(tlv(ciphertext)[1])
        return self.answer.transaction_id

    def decapsulate(self, ciphertext):
        with tempfile.TemporaryDirectory() as directory:
            sealed, secret = pathlib.Path(directory, "ct"), pathlib.Path(directory, "ss")
            sealed.write_bytes(ciphertext)
            subprocess.run([self.openssl, "pkeyutl", "-decap", "-inkey", self.key, "-in", sealed, "-secret", secret],
                           check=True)
            return secret.read_bytes()


def key_identifier(cert):
    """The subjectKeyIdentifier of a certificate (DER)."""
    extensions = decoder.decode(cert, asn1Spec=rfc2459.Certificate())[0]["tbsCertificate"]["extensions"]
    value = bytes([e["extnValue"] for e in extensions if e["extnID"] == rfc2459.id_ce_subjectKeyIdentifier][0])
    return tlv(value)[1]
