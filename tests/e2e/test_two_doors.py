# SPDX-License-Identifier: Apache-2.0
"""One table of requests, each sent through CMP (genm id-cmf.10, p10cr) and through JSON: the two doors say the same, for
the same reason, and leave the same in the store. What is allowed is decided in one place, whichever door it came by."""
import datetime
import ipaddress
import itertools
import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cmp_door import CmpDoor, Outcome
from conftest import Cmf, Vnfm, wait_for
from json_door import door_of

CONFIGURATION = """
[profile Small]
cert_type = VnfciCert
validity = 5d
validity_max = 5d
key_types = ec:P-256
common_name = subjectId
extension_section = tls_extensions

[profile NoCommonName]
cert_type = VnfciCert
validity = 5d
key_types = ec:P-256
common_name = any
dns_names = subjectIdLabel
vnfci_uri = yes
extension_section = tls_extensions

[trust_domain narrow]
cert_types = VnfciCert
subject_ids = n-*
dns_suffixes = narrow.example
ip_addresses = 10.7.0.0/16
profiles = VnfciCert, Small

[trust_domain wide]
dns_suffixes = wide.example
"""


# --- certificate requests ---

def key_of(kind):
    if kind.startswith("rsa"):
        bits, _, exponent = kind[3:].partition("e")
        return rsa.generate_private_key(int(exponent or 65537), int(bits))
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key({"p256": ec.SECP256R1(), "p224": ec.SECP224R1(), "k256": ec.SECP256K1(),
                                    "p384": ec.SECP384R1()}[kind])


SAN = {"dns": x509.DNSName, "ip": lambda t: x509.IPAddress(ipaddress.ip_address(t)), "uri": x509.UniformResourceIdentifier,
       "mail": x509.RFC822Name}
ATTRIBUTE = {"CN": NameOID.COMMON_NAME, "O": NameOID.ORGANIZATION_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
             "C": NameOID.COUNTRY_NAME, "UID": NameOID.USER_ID, "E": NameOID.EMAIL_ADDRESS}


def csr_of(name, key="p256", subject=("CN={}",), sans=(), extensions=(), digest="sha256", bent=False, reuse=None):
    """The DER of a PKCS#10. {} in subject and sans is the name of the entity."""
    private = reuse or key_of(key)
    names = [x509.NameAttribute(ATTRIBUTE[kind], value.format(name)) for kind, value in (s.split("=", 1) for s in subject)]
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names))
    if sans:
        builder = builder.add_extension(x509.SubjectAlternativeName(
            [SAN[kind](value.format(name)) for kind, value in (s.split(":", 1) for s in sans)]), False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    algorithm = None if key == "ed25519" else getattr(hashes, digest.upper())()
    der = builder.sign(private, algorithm).public_bytes(serialization.Encoding.DER)
    return der[:-1] + bytes([der[-1] ^ 1]) if bent else der


# --- the two doors, in the same words ---

def words_of(problem, several):
    """As CMP has them: of several subjectIds, those that are refused for that reason are part of the text."""
    words = problem["detail"]
    places = [bad["name"].removeprefix("subjectId/") for bad in problem.get("invalidParams", []) if bad["reason"] == words]
    return f"{words}: subjectIds {', '.join(places)}, counted from 0" if several and places else words


def with_json(door, vnfm):
    """JsonDoor as CmpDoor is: outcomes."""
    class Door:
        def outcome(self, answer, several=False):
            if answer.status == 202:
                return Outcome(False, waiting=True)
            if answer.status >= 400:
                return Outcome(False, answer.doc.get("failInfo"), words_of(answer.doc, several))
            certificate = answer.doc.get("certificate") if isinstance(answer.doc, dict) else None
            der = x509.load_pem_x509_certificate(certificate.encode()).public_bytes(
                serialization.Encoding.DER) if certificate else None
            return Outcome(True, certificate=der)

        def register(self, *subject_ids, cert_type="VNFCI_CERT", typeOfVnfcCertHandling="DELEGATION_MODE", **members):
            members = {k: v for k, v in members.items() if v is not None}
            if typeOfVnfcCertHandling:
                members["typeOfVnfcCertHandling"] = typeOfVnfcCertHandling
            return self.outcome(door.post("/cmf-certmgmt/v1/registrations", {
                "certType": cert_type, "subjectId": list(subject_ids), **members}), several=len(subject_ids) > 1)

        def request(self, csr, vnfc_id=None, **members):
            pem = x509.load_der_x509_csr(csr).public_bytes(serialization.Encoding.PEM).decode()
            return self.outcome(door.request(pem, vnfc_id, chain=False, **members))
    return Door()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    base = tmp_path_factory.mktemp("two")
    cmf = Cmf(base / "cmf").serve_tls()
    cmf.conf.write_text(cmf.conf.read_text() + CONFIGURATION)
    cmf.set("client_policy default", "live_certificates_per_entity", "3")
    cmf.set("cmf", "key_reuse", "no")
    cmf.set("profile VnfciCert", "ip_addresses", "10.0.0.0/8")
    cmf.start()
    cmf.doors = {}
    for name, domain, may in (("wide-1", "wide", None), ("wide-2", "wide", None), ("other", "free", None),
                              ("narrow", "narrow", None), ("asks", "wide", "request"), ("files", "wide", "register")):
        vnfm = Vnfm(cmf, name, base / name, trust_domain=domain, may=may)
        cmf.doors[name] = (CmpDoor(vnfm), with_json(door_of(vnfm), vnfm))
    cmf.numbers = itertools.count()
    yield cmf
    assert cmf.stop() == 0, cmf.tail()


class Lane:
    """One of the doors for one row: its names differ in a letter from those of the other lane, and are as long."""

    def __init__(self, cmf, which, number):
        self.cmf, self.which, self.name = cmf, which, f"n-{number:03}{'cj'[which]}"
        self.keys = {}

    def door(self, who):
        return self.cmf.doors[who][self.which]

    def named(self, text):
        return text.replace("{}", self.name)

    def address(self):
        """One of the domain `narrow` that no other row has."""
        return f"10.7.{int(self.name[2:5])}.{self.which + 1}"

    def register(self, who, *ids, **members):
        ids = [self.named(i) for i in ids or ("{}",)]
        return self.door(who).register(*ids, **members)

    def request(self, who, vnfc_id="{}", cert_type="VNFCI_CERT", profile=None, vnfInstanceId=None, reuse=None, bent=None, **csr):
        if reuse:
            csr["reuse"] = self.keys.setdefault(reuse, key_of("p256"))
        csr["sans"] = [san.replace("{address}", self.address()) for san in csr.get("sans", ())]
        der = csr_of(self.name, **csr)
        if bent:
            der = der[:-1] + bytes([der[-1] ^ 1])
        members = {k: v for k, v in (("profile", profile), ("vnfInstanceId", vnfInstanceId)) if v}
        return self.door(who).request(der, self.named(vnfc_id) if vnfc_id else None, cert_type=cert_type, **members)

    def left(self):
        """What is in the store of this row's names, without what cannot be equal; over JSON nothing is to be confirmed."""
        def rows(kind):
            found = [r for r in self.cmf.ctl_json(kind, "list") if self.name in r["subject_id"]]
            text = re.sub(re.escape(self.name), "{}", str([{k: v for k, v in r.items() if k not in (
                "id", "serial", "registered_at", "created_at", "not_before", "not_after", "registration_id",
                "confirm_by")} for r in found]))
            text = text.replace(self.address(), "{address}")
            return re.sub(r"\b\d{9,}\b|\d{4}-\d\d-\d\dT[\d:.]+Z|[0-9a-f]{24,}", "#", text)
        return rows("registration"), rows("certificate")


def certificate_read(der, name):
    """What a certificate says, but for what is new in each: key, serial number, times."""
    cert = x509.load_der_x509_certificate(der)
    new = (x509.SubjectKeyIdentifier, x509.SubjectAlternativeName)
    san = [e.value for e in cert.extensions if isinstance(e.value, x509.SubjectAlternativeName)]
    return ([(a.oid.dotted_string, a.value.replace(name, "{}")) for a in cert.subject],
            [re.sub(r"10\.7\.\d+\.\d+", "{address}", str(n.value)).replace(name, "{}") for names in san for n in names], cert.not_valid_after - cert.not_valid_before,
            [(e.oid.dotted_string, e.critical, repr(e.value)) for e in cert.extensions if not isinstance(e.value, new)],
            cert.issuer.rfc4514_string())


# --- the table: what is done before, what is asked, and what comes of it (None: granted) ---

def reg(who="wide-1", *ids, **members):
    return ("register", who, ids, members)


def csr(who="wide-1", **members):
    return ("request", who, (), members)


TEMPLATE, DENIED, REQUEST, EXTENSION = "badCertTemplate", "notAuthorized", "badRequest", "unacceptedExtension"
EKU_CODE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
CA_TRUE = x509.BasicConstraints(True, None)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")

REGISTER = {
    "an entity": ([], reg(), None),
    "three": ([], reg("wide-1", "{}-1", "{}-2", "{}-3"), None),
    "of a VNF": ([], reg(vnfInstanceId="vnf-1"), None),
    "another profile": ([], reg(profile="Small"), None),
    "VNF OAM": ([], reg(cert_type="VNFOAM_CERT"), None),
    "MANO": ([], reg("wide-1", "{}.wide.example", cert_type="MANO_CERT", typeOfVnfcCertHandling=None), None),
    "the same again": ([reg()], reg(), None),
    "the same in another VNF": ([reg()], reg(vnfInstanceId="vnf-1"), None),
    "the other certType": ([reg()], reg(cert_type="VNFOAM_CERT"), None),
    "the same in another domain": ([reg("other")], reg("wide-1"), None),
    "as one more that folds": ([reg("wide-1", "{}-A")], reg("wide-1", "{}-a"), "any"),
    "another manager's": ([reg("wide-2")], reg("wide-1"), "any"),
    "another manager's other certType": ([reg("wide-2")], reg(cert_type="VNFOAM_CERT"), "any"),
    "another profile than before": ([reg()], reg(profile="Small"), "any"),
    "one good, one bad": ([], reg("wide-1", "{}", "{}\n"), "any"),
    "one twice": ([], reg("wide-1", "{}", "{}"), "any"),
    "one twice as names compare": ([], reg("wide-1", "{}-X", "{}-x"), "any"),
    "an empty one": ([], reg("wide-1", "{}", ""), "any"),
    "a control character": ([], reg("wide-1", "{}\x07"), "any"),
    "text that changes its direction": ([], reg("wide-1", "{}\u202e"), "any"),
    "not in NFC": ([], reg("wide-1", "{}e\u0301"), "any"),
    "of 254 characters": ([], reg("wide-1", "{}" + "x" * 248), "any"),
    "of 100 characters where the CN holds it": ([], reg("wide-1", "{}" + "x" * 94), "any"),
    "MANO that is no host": ([], reg("wide-1", "{} x", cert_type="MANO_CERT", typeOfVnfcCertHandling=None), "any"),
    "MANO with handling": ([], reg("wide-1", "{}.wide.example", cert_type="MANO_CERT"), "any"),
    "without handling": ([], reg(typeOfVnfcCertHandling=None), "any"),
    "direct mode": ([], reg(typeOfVnfcCertHandling="DIRECT_MODE"), "any"),
    "no such profile": ([], reg(profile="NoSuch"), "any"),
    "a profile of another certType": ([], reg(profile="VnfOAMCert"), "any"),
    "a client that may not": ([], reg("asks"), DENIED),
    "a name of the CMF": ([], reg("wide-1", "cmf"), "any"),
    "a certType that the domain may not have": ([], reg("narrow", cert_type="VNFOAM_CERT"), DENIED),
    "an identifier that the domain may not have": ([], reg("narrow", "x{}"), DENIED),
    "a profile that the domain may not have": ([], reg("narrow", profile="NoCommonName"), DENIED),
    "what the domain may have": ([], reg("narrow", profile="Small"), None),
    "MANO of another domain": ([], reg("wide-1", "{}.narrow.example", cert_type="MANO_CERT", typeOfVnfcCertHandling=None), DENIED),
}

CSR = {
    "a certificate": ([reg()], csr(), None),
    "of a VNF": ([reg(vnfInstanceId="vnf-1")], csr(vnfInstanceId="vnf-1"), None),
    "of the one VNF that has it": ([reg(vnfInstanceId="vnf-1")], csr(), None),
    "of none of several VNFs": ([reg(vnfInstanceId="vnf-1"), reg(vnfInstanceId="vnf-2")], csr(), TEMPLATE),
    "of none, where there is one without": ([reg(), reg(vnfInstanceId="vnf-1")], csr(), None),
    "of a VNF that has none": ([reg()], csr(vnfInstanceId="vnf-7"), DENIED),
    "VNF OAM by the CN": ([reg(cert_type="VNFOAM_CERT")], csr(vnfc_id=None, cert_type="VNFOAM_CERT"), None),
    "MANO": ([reg("wide-1", "{}.wide.example", cert_type="MANO_CERT", typeOfVnfcCertHandling=None)],
             csr(vnfc_id=None, cert_type="MANO_CERT", subject=("CN={}.wide.example",)), None),
    "twice": ([reg(), csr()], csr(), None),
    "the same key again": ([reg(), csr(reuse="k")], csr(reuse="k", sans=("uri:urn:etsi:nfv:vnfci:{}",)), None),
    "RSA": ([reg()], csr(key="rsa2048"), None),
    "P-384": ([reg()], csr(key="p384", digest="sha384"), None),
    "Ed25519": ([reg()], csr(key="ed25519"), None),
    "attributes that are allowed": ([reg()], csr(subject=("C=DE", "CN={}")), None),
    "an attribute that is not": ([reg()], csr(subject=("UID=x", "CN={}")), None),
    "a dNSName of the domain": ([reg()], csr(sans=("dns:{}.wide.example",)), None),
    "a URI that names the entity": ([reg()], csr(sans=("uri:urn:etsi:nfv:vnfci:{}",)), None),
    "an address that is allowed": ([reg("narrow")], csr("narrow", sans=("ip:{address}",)), None),
    "an extension that is left out": ([reg()], csr(extensions=[(EKU_CODE, False)]), "any"),
    "the profile of the registration": ([reg(profile="Small")], csr(profile="Small"), None),
    "the profile of the registration, not named": ([reg(profile="Small")], csr(), None),
    "not registered": ([], csr(), DENIED),
    "registered for another certType": ([reg(cert_type="VNFOAM_CERT")], csr(), DENIED),
    "another manager's": ([reg("wide-2")], csr(), DENIED),
    "another domain's": ([reg("other")], csr(), DENIED),
    "a client that may not": ([reg("files")], csr("files"), DENIED),
    "another CN": ([reg()], csr(subject=("CN=x{}",)), TEMPLATE),
    "two CNs": ([reg()], csr(subject=("CN={}", "CN=x{}")), TEMPLATE),
    "no such profile": ([reg()], csr(profile="NoSuch"), "any"),
    "a profile of another certType": ([reg()], csr(profile="VnfOAMCert"), "any"),
    "RSA of 1024 bits": ([reg()], csr(key="rsa1024"), TEMPLATE),
    "RSA of 8192 bits": ([reg()], csr(key="rsa4104"), TEMPLATE),
    "RSA with exponent 3": ([reg()], csr(key="rsa2048e3"), TEMPLATE),
    "P-224": ([reg()], csr(key="p224"), "any"),
    "secp256k1": ([reg()], csr(key="k256"), "any"),
    "a kind of key that the profile has not": ([reg(profile="Small")], csr(key="p384", digest="sha384"), TEMPLATE),
    "a signature that is none": ([reg()], csr(bent=True), "badPOP"),
    "a signature with SHA-1": ([reg()], csr(digest="sha1"), "badAlg"),
    "the key of another entity": ([reg("wide-2", "o{}"), csr("wide-2", vnfc_id="o{}", subject=("CN=o{}",), reuse="k"), reg()],
                                  csr(reuse="k"), TEMPLATE),
    "a dNSName of nobody's": ([reg()], csr(sans=("dns:www.wide.example",)), TEMPLATE),
    "a dNSName of another domain": ([reg()], csr(sans=("dns:{}.narrow.example",)), TEMPLATE),
    "a wildcard": ([reg()], csr(sans=("dns:*.wide.example",)), TEMPLATE),
    "an address that the profile has not": ([reg()], csr(sans=("ip:192.0.2.1",)), TEMPLATE),
    "an address that the domain has not": ([reg("narrow")], csr("narrow", sans=("ip:10.8.0.1",)), TEMPLATE),
    "an address in another spelling": ([reg("narrow")], csr("narrow", sans=("ip:::ffff:{address}",)), TEMPLATE),
    "a URI of another entity": ([reg()], csr(sans=("uri:urn:etsi:nfv:vnfci:x{}",)), TEMPLATE),
    "a URI of any kind": ([reg()], csr(sans=("uri:https://{}.wide.example/",)), TEMPLATE),
    "a mail address": ([reg()], csr(sans=("mail:x@wide.example",)), TEMPLATE),
    "to be a CA": ([reg()], csr(extensions=[(CA_TRUE, True)]), "any"),
    "an extension nobody knows, critical": ([reg()], csr(extensions=[(UNKNOWN, True)]), "any"),
    "an extension nobody knows": ([reg()], csr(extensions=[(UNKNOWN, False)]), "any"),
    "one certificate too many": ([reg(), csr(), csr(), csr()], csr(), DENIED),
    "a name that another entity has": ([reg("wide-1", "{}"), csr(sans=("dns:{}.wide.example",)), reg("wide-1", "{}", vnfInstanceId="v")],
                                       csr(vnfInstanceId="v", sans=("dns:{}.wide.example",)), TEMPLATE),
}

ROWS = [(f"Register {k}", *v) for k, v in REGISTER.items()] + [(f"CSR {k}", *v) for k, v in CSR.items()]


def lane_run(lane, row):
    _, before, asked, _ = row
    for verb, who, ids, members in before:
        done = getattr(lane, verb)(who, *ids, **members)
        assert done.granted, done
    verb, who, ids, members = asked
    return getattr(lane, verb)(who, *ids, **members)


@pytest.mark.parametrize("row", ROWS, ids=[r[0] for r in ROWS])
def test_ifa033_11_2_both_doors_say_the_same(world, row):
    number = next(world.numbers)
    lanes = [Lane(world, which, number) for which in (0, 1)]
    by_cmp, by_json = [lane_run(lane, row) for lane in lanes]
    expected = row[3]
    assert by_cmp.granted == by_json.granted, (by_cmp, by_json)
    if expected is None:
        assert by_json.granted, (by_cmp, by_json)
    elif expected != "any":
        assert by_json.fail_info == expected, (by_cmp, by_json)
    assert by_cmp.fail_info == by_json.fail_info, (by_cmp, by_json)
    assert by_cmp.text == by_json.text, (by_cmp, by_json)
    if by_cmp.certificate:
        assert certificate_read(by_cmp.certificate, lanes[0].name) == certificate_read(by_json.certificate, lanes[1].name)
    assert lanes[0].left() == lanes[1].left()


# --- where another CA decides ---

@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    """A CMF that is the RA of another one (`ca`)."""
    base = tmp_path_factory.mktemp("behind")
    ca = Cmf(base / "ca")
    ca.start()
    credential = Vnfm(ca, "ra", base / "ra-credential", may="register,request,revoke,ra")
    cmf = Cmf(base / "ra").serve_tls()
    cmf.put_before(ca, credential, request="cr", upstream_wait="1s")
    cmf.set("cmf", "default_ca", "corporate")
    cmf.start()
    vnfm = Vnfm(cmf, "vnfm", base / "vnfm")
    cmf.doors = {"vnfm": (CmpDoor(vnfm), with_json(door_of(vnfm), vnfm))}
    cmf.ca = ca
    yield cmf
    assert (cmf.stop(), ca.stop()) == (0, 0), cmf.tail()


def both(behind, number, asked=csr("vnfm")):
    lanes = [Lane(behind, which, number) for which in (0, 1)]
    for lane in lanes:
        assert lane.register("vnfm").granted
    return lanes, lambda: [getattr(lane, asked[0])(asked[1], *asked[2], **asked[3]) for lane in lanes]


def test_a_ca_that_refuses(behind):
    lanes, ask = both(behind, 1)
    by_cmp, by_json = ask()
    assert not by_cmp.granted and not by_json.granted and not by_json.waiting
    assert (by_cmp.fail_info, by_cmp.text) == (by_json.fail_info, by_json.text)
    assert lanes[0].left() == lanes[1].left()


def test_a_ca_that_signs(behind):
    lanes, ask = both(behind, 2)
    behind.ca.register("ra", *(lane.name for lane in lanes))
    by_cmp, by_json = ask()
    assert by_cmp.granted and by_json.granted
    assert certificate_read(by_cmp.certificate, lanes[0].name) == certificate_read(by_json.certificate, lanes[1].name)
    assert lanes[0].left() == lanes[1].left()


def test_a_ca_that_is_waited_for(behind):
    lanes, ask = both(behind, 3)
    behind.ca.register("ra", *(lane.name for lane in lanes))
    assert behind.ca.stop() == 0
    try:
        by_cmp, by_json = ask()
        assert by_cmp.waiting and by_json.waiting, (by_cmp, by_json)
        assert lanes[0].left() == lanes[1].left()
    finally:
        behind.ca.start()
    wait_for("both certificates", lambda: [behind.ca.states(lane.name) for lane in lanes] == [["active"], ["active"]])
