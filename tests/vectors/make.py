#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the messages in good/ that no command makes, and those in bad/: pyasn1 encodes, the openssl
command makes keys, certificates and signatures. Each bad one is a good one with one thing bent, and is
called after the rule; what must be said of it stands in tests/unit/test_vectors.c. So that their header
can be checked, transactionID and senderNonce are the first octets of SHA-256 of "transaction NAME" and
"nonce NAME"; messageTime is always TIME. Keys are thrown away: anchor.pem is the CA of the signed ones.

make.sh goes first: it empties good/."""
import hashlib
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop"))
from pyasn1.codec.der import decoder, encoder  # noqa: E402
from pyasn1.type import char, univ, useful  # noqa: E402
from pyasn1_modules import rfc4210  # noqa: E402

import pycmp  # noqa: E402
from pycmp import NULL, directory_name, explicit, integer, octet_string, oid, sequence, tlv  # noqa: E402

TIME = "20270101000000Z"
REFERENCE, SECRET = b"vector-ref", b"vector-secret"
ECDSA_SHA256, RSA_SHA256 = "1.2.840.10045.4.3.2", "1.2.840.113549.1.1.11"
SHA256 = sequence(oid("2.16.840.1.101.3.4.2.1"))
(IR, IP, CR, CP, P10CR, POPDECC, POPDECR, KUR, KUP, KRR, KRP, RR, RP, CCR, CCP, CKUANN, CANN, RANN, CRLANN, PKICONF,
 NESTED, GENM, GENP, ERROR, CERTCONF, POLLREQ, POLLREP) = range(27)

SCRATCH = pathlib.Path(tempfile.mkdtemp())


def digest(text, n=16):
    return hashlib.sha256(text.encode()).digest()[:n]


def openssl(*args, stdin=None):
    return subprocess.run(["openssl", *args], cwd=SCRATCH, input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True).stdout


# --- DER ------------------------------------------------------------------------------------------

def implicit(number, der):
    """The element with the tag [number] in place of its own."""
    return bytes([(der[0] & 0x20) | 0x80 | number]) + der[1:]


def time(value=TIME):
    return encoder.encode(useful.GeneralizedTime(value))


def text(value):
    return encoder.encode(char.UTF8String(value))


def bit_string(octets):
    return encoder.encode(univ.BitString.fromOctetString(octets))


def name(common_name):
    return tlv(directory_name(common_name))[1]


def id_it(n):
    return f"1.3.6.1.5.5.7.4.{n}"


def info(info_type, value=b""):
    return sequence(oid(info_type), value)


# --- keys and certificates ------------------------------------------------------------------------

def key(label):
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", f"{label}.key")


def self_signed(label, subject):
    key(label)
    openssl("req", "-x509", "-key", f"{label}.key", "-subj", subject, "-days", "7300", "-out", f"{label}.pem")


def issue(label, issuer, subject, out=None):
    """A certificate for the key `label`."""
    out = out or label
    (SCRATCH / "ext.cnf").write_text("subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n"
                                     "keyUsage = critical, digitalSignature\n")
    openssl("req", "-new", "-key", f"{label}.key", "-subj", subject, "-out", "csr.pem")
    openssl("x509", "-req", "-in", "csr.pem", "-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-days", "7200",
            "-extfile", "ext.cnf", "-out", f"{out}.pem")


def certificate(label):
    return openssl("x509", "-in", f"{label}.pem", "-outform", "DER")


def public_key(label):
    return openssl("pkey", "-in", f"{label}.key", "-pubout", "-outform", "DER")


def sign(label, octets):
    return openssl("dgst", "-sha256", "-sign", f"{label}.key", stdin=octets)


def key_identifier(label):
    lines = openssl("x509", "-in", f"{label}.pem", "-noout", "-ext", "subjectKeyIdentifier").decode().split("\n")
    return bytes.fromhex(lines[1].strip().replace(":", ""))


def crl(label):
    (SCRATCH / "index.txt").write_text("")
    (SCRATCH / "ca.cnf").write_text("[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ndefault_md=sha256\n")
    openssl("ca", "-gencrl", "-config", "ca.cnf", "-keyfile", f"{label}.key", "-cert", f"{label}.pem",
            "-crldays", "30", "-out", "crl.pem")
    return openssl("crl", "-in", "crl.pem", "-outform", "DER")


def enveloped_data(label, content):
    """EnvelopedData for the certificate, without ContentInfo."""
    (SCRATCH / "content").write_bytes(content)
    der = openssl("cms", "-encrypt", "-binary", "-aes128", "-in", "content", "-outform", "DER", f"{label}.pem")
    return tlv(pycmp.elements(tlv(der)[1])[1])[1]


# --- messages -------------------------------------------------------------------------------------

class Message:
    """What a vector is made of; each part may be replaced before it is encoded. `header` holds the
    optional fields by their tag, None for those left out."""

    def __init__(self, label, body, pvno=2, signer=None):
        self.label, self.body, self.pvno, self.signer = label, body, pvno, signer
        self.mac = pycmp.PasswordBasedMac(500, salt=digest(f"salt {label}"))
        self.algorithm = sequence(oid(ECDSA_SHA256)) if signer else None
        self.sender = directory_name(signer) if signer else directory_name()
        self.header = {2: octet_string(key_identifier(signer) if signer else REFERENCE),
                       4: octet_string(digest(f"transaction {label}")), 5: octet_string(digest(f"nonce {label}"))}
        self.time, self.infos = time(), []
        self.certs = [certificate(signer)] if signer else []
        self.protection = None

    def protected_part(self):
        algorithm = self.mac.algorithm() if self.algorithm is None else self.algorithm
        fields = {0: self.time, 1: algorithm, 8: sequence(*self.infos) if self.infos else b"", **self.header}
        return (sequence(integer(self.pvno), self.sender, directory_name(),
                         *[explicit(n, fields[n]) for n in sorted(fields) if fields[n]]), self.body)

    def encoded(self):
        header, body = self.protected_part()
        octets = sequence(header, body)
        protection = self.protection
        if protection is None:
            value = sign(self.signer, octets) if self.signer else self.mac.compute(SECRET, octets)
            protection = explicit(0, bit_string(value))
        certs = explicit(1, sequence(*self.certs)) if self.certs else b""
        return sequence(header, body, protection, certs)


def put(directory, label, der):
    (HERE / directory / f"{label}.der").write_bytes(der)


def good(label, body, unread=False, **options):
    """Writes it; rfc4210 of pyasn1_modules must read it, and encode what it read to the same, unless that
    is older than the message, or has no such type."""
    der = Message(label, body, **options).encoded()
    if not unread:
        read, rest = decoder.decode(der, asn1Spec=rfc4210.PKIMessage())
        if rest or encoder.encode(read) != der:
            raise ValueError(f"{label}: pyasn1 reads something else")
    put("good", label, der)


def bad(label, body, bend=None, **options):
    message = Message(label, body, **options)
    if bend:
        bend(message)
    put("bad", label, message.encoded())


# --- bodies ---------------------------------------------------------------------------------------

def template(subject="vnfci-1", key_label="new", first=b"", last=b""):
    return sequence(first, explicit(5, name(subject)) if subject else b"",
                    implicit(6, public_key(key_label)) if key_label else b"", last)


def cert_request(number=0, fields=None, controls=b""):
    return sequence(integer(number), fields or template(), controls)


def popo(request, key_label="new"):
    return implicit(1, sequence(sequence(oid(ECDSA_SHA256)), bit_string(sign(key_label, request))))


def cert_req_msg(request=None, proof=None):
    request = request or cert_request()
    return sequence(request, popo(request) if proof is None else proof)


def status(number=0, failinfo=None):
    parts = [integer(number), sequence(text("reason"))]
    if failinfo is not None:
        parts.append(encoder.encode(univ.BitString("0" * failinfo + "1")))
    return sequence(*parts)


def cert_response(*parts):
    return sequence(*(parts or (integer(0), status(), sequence(explicit(0, certificate("new"))))))


def cert_rep(*responses):
    return sequence(explicit(1, sequence(certificate("anchor"))), sequence(*responses))


def rev_details(fields):
    return sequence(sequence(fields, sequence(sequence(oid("2.5.29.21"), octet_string(b"\x0a\x01\x01")))))


def rev_template(issuer="issuing", serial=4711):
    return sequence(implicit(1, integer(serial)) if serial else b"", explicit(3, name(issuer)))


def challenge(*parts):
    return sequence(sequence(*(parts or (SHA256, octet_string(digest("witness", 32)),
                                         octet_string(digest("challenge"))))))


def cross_template():
    validity = sequence(explicit(0, time("20261124000000Z")), explicit(1, time("20271124000000Z")))
    return template("other CA", first=implicit(2, sequence(oid(ECDSA_SHA256))) + explicit(3, name("issuing")) +
                    implicit(4, validity))


def crl_status(*names):
    return sequence(*[sequence(explicit(1, sequence(directory_name(n))), time("20260101000000Z")) for n in names])


def csr(version=0):
    request = sequence(integer(version), name("vnfci-1"), public_key("new"), b"\xa0\x00")
    return sequence(request, sequence(oid(ECDSA_SHA256)), bit_string(sign("new", request)))


def rev_ann(*parts):
    return sequence(*(parts or (integer(5), sequence(directory_name("other CA"), integer(4711)), time(), time())))


def make_good():
    good("ir", explicit(IR, sequence(cert_req_msg())))
    good("cr_several", explicit(CR, sequence(cert_req_msg(cert_request(0)), cert_req_msg(cert_request(1)))))
    good("p10cr", explicit(P10CR, csr()))
    good("popdecc", explicit(POPDECC, challenge()))
    good("popdecc_3", explicit(POPDECC, challenge(
        octet_string(b""), octet_string(b""),
        explicit(0, enveloped_data("client", sequence(integer(4711), directory_name("cmf")))))), unread=True, pvno=3)
    good("popdecr", explicit(POPDECR, sequence(integer(4711))))
    good("krr", explicit(KRR, sequence(cert_req_msg())))
    good("krp", explicit(KRP, sequence(status(), explicit(0, certificate("new")),
                                       explicit(1, sequence(certificate("anchor"))),
                                       explicit(2, sequence(sequence(explicit(0, certificate("new"))))))))
    good("rr_mac", explicit(RR, rev_details(rev_template())))
    good("ccr", explicit(CCR, sequence(cert_req_msg(cert_request(0, cross_template())))))
    good("ccp", explicit(CCP, cert_rep(cert_response())))
    good("ckuann_2", explicit(CKUANN, sequence(certificate("oldwithnew"), certificate("newwithold"),
                                               certificate("anchor"))))
    good("ckuann_3", explicit(CKUANN, explicit(0, sequence(certificate("anchor"),
                                                           explicit(0, certificate("newwithold")),
                                                           explicit(1, certificate("oldwithnew"))))), unread=True, pvno=3)
    good("cann", explicit(CANN, certificate("new")))
    good("rann", explicit(RANN, rev_ann()), unread=True)
    good("crlann", explicit(CRLANN, sequence(crl("anchor"))))
    good("genm", pycmp.genm(id_it(17)))
    good("genm_signed", pycmp.genm(id_it(17)), signer="client")
    good("genm_several", explicit(GENM, sequence(info(id_it(4)), info(id_it(6)), info("1.2.3.4"))))
    good("genm_crl_status", pycmp.genm(id_it(22), crl_status("issuing")))
    good("genp_root_update", explicit(GENP, sequence(info(id_it(18), sequence(
        certificate("anchor"), explicit(0, certificate("newwithold")), explicit(1, certificate("oldwithnew")))))))
    good("genp_template", explicit(GENP, sequence(info(id_it(19), sequence(
        sequence(explicit(5, name(""))),
        sequence(sequence(oid("1.3.6.1.5.5.7.5.1.11"), sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7"))),
                 sequence(oid("1.3.6.1.5.5.7.5.1.12"), integer(2048))))))))
    good("certconf_hash_alg", explicit(CERTCONF, sequence(sequence(
        octet_string(hashlib.sha256(certificate("new")).digest()), integer(0), status(), explicit(0, SHA256)))),
        unread=True, pvno=3)
    good("pollreq_error", explicit(POLLREQ, sequence(sequence(integer(-1)))))
    good("pollrep_error", explicit(POLLREP, sequence(sequence(integer(-1), integer(60), sequence(text("wait"))))))
    first = Message("nested, first", pycmp.genm(id_it(17))).encoded()
    second = Message("nested, second", explicit(IR, sequence(cert_req_msg()))).encoded()
    good("nested", explicit(NESTED, sequence(first, second)), signer="client")


# --- what is bent ---------------------------------------------------------------------------------

def make_bad_der():
    """X.690 10, 11; RFC 9483 3.5: DER."""
    der = Message("der_indefinite_length", pycmp.genm(id_it(17))).encoded()
    put("bad", "der_indefinite_length", b"\x30\x80" + tlv(der)[1] + b"\0\0")
    put("bad", "der_octet_behind", Message("der_octet_behind", pycmp.genm(id_it(17))).encoded() + b"\0")
    message = Message("der_integer_padded", explicit(POLLREQ, sequence(sequence(b"\x02\x02\x00\x01"))))
    put("bad", "der_integer_padded", message.encoded())


def make_bad_bodies():
    """RFC 9810 5.3: a field that is not OPTIONAL is left out, or is of another type."""
    not_integer, new = b"\x01\x01\xff", certificate("new")
    request = cert_request()
    bodies = {
        "ir_cert_req_missing": (IR, sequence(sequence(popo(request)))),
        "ip_response_missing": (IP, sequence(explicit(1, sequence(new)))),
        "cr_cert_template_missing": (CR, sequence(sequence(sequence(integer(0))))),
        "cp_status_missing": (CP, cert_rep(cert_response(integer(0)))),
        "p10cr_signature_missing": (P10CR, sequence(*pycmp.elements(tlv(csr())[1])[:2])),
        "popdecc_challenge_missing": (POPDECC, challenge(SHA256, octet_string(b"witness"))),
        "popdecr_not_integer": (POPDECR, sequence(not_integer)),
        "kur_cert_req_id_missing": (KUR, sequence(sequence(sequence(template())))),
        "kup_cert_req_id_missing": (KUP, cert_rep(cert_response(status()))),
        "krr_cert_req_id_not_integer": (KRR, sequence(sequence(sequence(not_integer, template())))),
        "krp_status_missing": (KRP, sequence(explicit(0, new))),
        "rr_cert_details_missing": (RR, sequence(sequence())),
        "rp_status_missing": (RP, sequence(explicit(0, sequence(sequence(directory_name("a"), integer(1)))))),
        "ccr_popo_unknown": (CCR, sequence(cert_req_msg(request, implicit(4, sequence())))),
        "ccp_certificate_choice": (CCP, cert_rep(cert_response(integer(0), status(), sequence(explicit(2, new))))),
        "ckuann_new_with_new_missing": (CKUANN, sequence(new, new)),
        "cann_not_certificate": (CANN, octet_string(new)),
        "rann_cert_id_missing": (RANN, rev_ann(integer(5), time(), time())),
        "crlann_not_crl": (CRLANN, sequence(integer(1))),
        "pkiconf_not_null": (PKICONF, integer(0)),
        "nested_not_message": (NESTED, sequence(integer(1))),
        "genm_info_type_missing": (GENM, sequence(sequence())),
        "genp_info_type_not_oid": (GENP, sequence(sequence(NULL))),
        "error_status_missing": (ERROR, sequence(integer(1))),
        "certconf_cert_req_id_missing": (CERTCONF, sequence(sequence(octet_string(digest("hash", 32))))),
        "pollreq_cert_req_id_missing": (POLLREQ, sequence(sequence())),
        "pollrep_check_after_missing": (POLLREP, sequence(sequence(integer(0)))),
        "body_unknown": (27, sequence()),
    }
    for label, (number, content) in bodies.items():
        bad(label, explicit(number, content))


def make_bad_headers():
    """RFC 9483 3.1, 3.5."""
    def header(label, bend, body=None):
        bad(f"header_{label}", body or pycmp.genm(id_it(17)), bend)

    ir = explicit(IR, sequence(cert_req_msg()))
    header("pvno_1", lambda m: setattr(m, "pvno", 1))
    header("transaction_id_missing", lambda m: m.header.update({4: None}))
    header("transaction_id_15_octets", lambda m: m.header.update({4: octet_string(bytes(15))}))
    header("sender_nonce_missing", lambda m: m.header.update({5: None}))
    header("sender_nonce_15_octets", lambda m: m.header.update({5: octet_string(bytes(15))}))
    header("recip_nonce_set", lambda m: m.header.update({6: octet_string(bytes(16))}))
    header("message_time_10_minutes_ago", lambda m: setattr(m, "time", time("20261231235000Z")))
    header("general_info_twice", lambda m: m.infos.extend([info(id_it(13), NULL)] * 2), ir)
    header("implicit_confirm_not_null", lambda m: m.infos.append(info(id_it(13), integer(0))), ir)
    header("implicit_confirm_in_genm", lambda m: m.infos.append(info(id_it(13), NULL)))
    header("confirm_wait_time_not_time", lambda m: m.infos.append(info(id_it(14), integer(60))), ir)
    header("cert_profile_two_names", lambda m: m.infos.append(info(id_it(21), sequence(text("a"), text("b")))), ir)


def make_bad_protection():
    """RFC 9483 3.2, 3.5; RFC 9481 6."""
    def protection(label, bend, **options):
        bad(f"protection_{label}", pycmp.genm(id_it(17)), bend, **options)

    def empty(m):
        m.protection = b"\xa0\x03\x03\x01\x00"

    protection("missing", lambda m: setattr(m, "protection", b""))
    protection("empty", empty)
    protection("alg_missing", lambda m: (setattr(m, "protection", explicit(0, bit_string(bytes(32)))),
                                         setattr(m, "algorithm", b"")))
    protection("unused_bits", lambda m: setattr(m, "protection", b"\xa0\x23\x03\x21\x01" + bytes(32)))
    protection("mac_wrong", lambda m: setattr(m, "protection", explicit(0, bit_string(bytes(32)))))
    protection("alg_unknown", lambda m: setattr(m, "algorithm", sequence(oid("1.2.3.4"))))
    protection("pbm_10_iterations", lambda m: setattr(m.mac, "iterations", 10))
    protection("pbm_2_31_iterations", lambda m: (setattr(m, "algorithm", pycmp.PasswordBasedMac(2**31).algorithm())))
    protection("pbmac1_prf_sha1", lambda m: setattr(m, "algorithm", sequence(oid(pycmp.PBMAC1), sequence(
        sequence(oid(pycmp.PBKDF2), sequence(octet_string(bytes(16)), integer(1000))), pycmp.Hmac().algorithm()))))
    protection("hmac_short_secret", lambda m: setattr(m, "mac", pycmp.Hmac()))
    protection("signature_wrong", lambda m: setattr(m, "protection", explicit(0, bit_string(sign("client", b"other")))),
               signer="client")
    protection("signature_alg_of_rsa", lambda m: setattr(m, "algorithm", sequence(oid(RSA_SHA256), NULL)),
               signer="client")
    protection("signer_missing", lambda m: setattr(m, "certs", []), signer="client")
    protection("signer_not_trusted", None, signer="stranger")
    protection("sender_kid_of_another", lambda m: m.header.update({2: octet_string(bytes(20))}), signer="client")


def make_bad_requests():
    """RFC 9483 4; RFC 4211."""
    def ir(label, request=None, proof=None, number=IR):
        bad(label, explicit(number, sequence(cert_req_msg(request, proof))))

    request = cert_request()
    ir("ir_cert_req_id_1", cert_request(1))
    ir("ir_serial_number", cert_request(0, template(first=implicit(1, integer(1)))))
    ir("ir_version_2", cert_request(0, template(first=implicit(0, integer(1)))))
    ir("ir_subject_of_another", cert_request(0, template("vnfci-2")))
    ir("ir_pop_missing", request, b"")
    ir("ir_pop_ra_verified", request, b"\x80\x00")
    ir("ir_pop_signature_of_another_key", request, popo(request, "client"))
    ir("ir_pop_this_message", request, explicit(2, b"\x80\x02\x00\x01"))
    ir("cr_signing_alg", cert_request(0, template(first=implicit(2, sequence(oid(ECDSA_SHA256))))), number=CR)
    bad("p10cr_version_1", explicit(P10CR, csr(1)))
    ir("kur_mac", number=KUR)
    bad("rr_serial_number_missing", explicit(RR, rev_details(rev_template(serial=0))))
    bad("rr_issuer_unknown", explicit(RR, rev_details(rev_template("nobody"))))
    bad("rr_cert_unknown", explicit(RR, rev_details(rev_template())))
    bad("genm_value_unexpected", pycmp.genm(id_it(17), NULL))
    bad("genm_crl_status_list_empty", pycmp.genm(id_it(22), sequence()))
    bad("genm_twice", explicit(GENM, sequence(info(id_it(17)), info(id_it(17)))))
    bad("nested_mac", explicit(NESTED, sequence(Message("nested in MAC", pycmp.genm(id_it(17))).encoded())))
    for label, number, content in (
            ("certconf", CERTCONF, sequence(sequence(octet_string(digest("hash", 32)), integer(0)))),
            ("pollreq", POLLREQ, sequence(sequence(integer(0)))),
            ("popdecr", POPDECR, sequence(integer(4711))),
            ("error", ERROR, sequence(status(2)))):
        bad(f"{label}_transaction_unknown", explicit(number, content),
            lambda m: m.header.update({6: octet_string(bytes(16))}))
    bad("pkiconf_from_client", explicit(PKICONF, NULL), lambda m: m.header.update({6: octet_string(bytes(16))}))


def make_kem():
    """KemBasedMac (RFC 9810 5.1.3.4): the shared secret of the KEM is the octets 00 to 1f."""
    transaction_id, client = digest("transaction kem"), pycmp.Client("", b"kem-holder", bytes(range(32)))
    for label, options in (("plain", {}),
                           ("context", {"digest": "sha512", "context": b"context", "mac": pycmp.Hmac("sha512")})):
        mac = pycmp.KemBasedMac(transaction_id, **options)
        put("kem", label, client.message(pycmp.genm(id_it(17)), mac, transaction_id=transaction_id, pvno=3)[0])


if __name__ == "__main__":
    self_signed("anchor", "/CN=vectors")
    self_signed("old", "/CN=vectors")
    issue("anchor", "old", "/CN=vectors", "newwithold")
    issue("old", "anchor", "/CN=vectors", "oldwithnew")
    for owner in ("client", "new"):
        key(owner)
        issue(owner, "anchor", f"/CN={owner}")
    self_signed("stranger", "/CN=stranger")
    (HERE / "anchor.pem").write_bytes((SCRATCH / "anchor.pem").read_bytes())
    make_good()
    make_bad_der()
    make_bad_bodies()
    make_bad_headers()
    make_bad_protection()
    make_bad_requests()
    make_kem()
    subprocess.run(["rm", "-rf", str(SCRATCH)], check=True)
