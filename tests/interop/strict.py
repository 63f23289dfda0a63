# SPDX-License-Identifier: Apache-2.0
"""Answers read by pyasn1 with the types of RFC 9810, and written again: strict_answer() raises unless the
octets are the same, down into certificates, their extensions, CRLs, the values of InfoTypeAndValue and CMS. So
they are DER, and what the ASN.1 modules say: no DEFAULT that is written, no SET in another order, no list
that is empty where it must not be, nothing that the type does not have.

pyasn1_modules has the types of RFC 4210; those that RFC 9480 and 9810 changed stand here."""
from pyasn1.codec.der import decoder, encoder
from pyasn1.type import char, constraint, namedtype, tag, univ, useful
from pyasn1_modules import rfc4210, rfc4211, rfc5280, rfc5652, rfc5958, rfc8017

ID_IT = "1.3.6.1.5.5.7.4."
ECDSA, RSA = "1.2.840.10045.4.3.", "1.2.840.113549.1.1.1"


def explicit(number, of):
    return of.subtype(explicitTag=tag.Tag(tag.tagClassContext, tag.tagFormatConstructed, number))


def sequence(*fields):
    """A SEQUENCE of (name, type) and, if it is OPTIONAL, (name, type, True)."""
    class Sequence(univ.Sequence):
        componentType = namedtype.NamedTypes(*(
            (namedtype.OptionalNamedType if len(f) > 2 else namedtype.NamedType)(*f[:2]) for f in fields))
    return Sequence()


def choice(*fields):
    class Choice(univ.Choice):
        componentType = namedtype.NamedTypes(*(namedtype.NamedType(*f) for f in fields))
    return Choice()


def some(of):
    """SEQUENCE SIZE (1..MAX) OF."""
    return univ.SequenceOf(componentType=of).subtype(
        sizeSpec=constraint.ValueSizeConstraint(1, float("inf")))


CERTIFICATE, CRL = rfc5280.Certificate(), rfc5280.CertificateList()
ALGORITHM = rfc5280.AlgorithmIdentifier()
FREE_TEXT = some(char.UTF8String())
INFO = sequence(("infoType", univ.ObjectIdentifier()), ("infoValue", univ.Any(), True))
STATUS_INFO = sequence(("status", univ.Integer()), ("statusString", FREE_TEXT, True),
                       ("failInfo", univ.BitString(), True))
ENCRYPTED_KEY = rfc4211.EncryptedKey()
CERT_ID = sequence(("issuer", rfc5280.GeneralName()), ("serialNumber", univ.Integer()))
KEY_PAIR = sequence(
    ("certOrEncCert", choice(("certificate", explicit(0, CERTIFICATE)), ("encryptedCert", explicit(1, ENCRYPTED_KEY)))),
    ("privateKey", explicit(0, ENCRYPTED_KEY), True),
    ("publicationInfo", explicit(1, rfc4211.PKIPublicationInfo()), True))
CERT_REP = sequence(
    ("caPubs", explicit(1, some(CERTIFICATE)), True),
    ("response", univ.SequenceOf(componentType=sequence(
        ("certReqId", univ.Integer()), ("status", STATUS_INFO), ("certifiedKeyPair", KEY_PAIR, True),
        ("rspInfo", univ.OctetString(), True)))))
CHALLENGES = univ.SequenceOf(componentType=sequence(
    ("owf", ALGORITHM, True), ("witness", univ.OctetString()), ("challenge", univ.OctetString()),
    ("encryptedRand", explicit(0, rfc5652.EnvelopedData()), True)))
KEY_REC_REP = sequence(
    ("status", STATUS_INFO), ("newSigCert", explicit(0, CERTIFICATE), True),
    ("caCerts", explicit(1, some(CERTIFICATE)), True), ("keyPairHist", explicit(2, some(KEY_PAIR)), True))
REV_REP = sequence(("status", some(STATUS_INFO)), ("revCerts", explicit(0, some(CERT_ID)), True),
                   ("crls", explicit(1, some(CRL)), True))
ERROR = sequence(("pKIStatusInfo", STATUS_INFO), ("errorCode", univ.Integer(), True),
                 ("errorDetails", FREE_TEXT, True))
# A SET of certificates would be sorted; but RFC 9483 4.1.6 wants the signer's first.
SIGNED_DATA = sequence(
    ("version", univ.Integer()), ("digestAlgorithms", rfc5652.DigestAlgorithmIdentifiers()),
    ("encapContentInfo", rfc5652.EncapsulatedContentInfo()),
    ("certificates", univ.SequenceOf(componentType=CERTIFICATE).subtype(
        implicitTag=tag.Tag(tag.tagClassContext, tag.tagFormatConstructed, 0))),
    ("signerInfos", rfc5652.SignerInfos()))

# What a server answers with, by the number of the body's tag.
BODIES = {
    1: CERT_REP, 3: CERT_REP, 5: CHALLENGES, 8: CERT_REP, 10: KEY_REC_REP, 12: REV_REP, 14: CERT_REP,
    19: univ.Null(), 20: some(univ.Any()), 22: univ.SequenceOf(componentType=INFO), 23: ERROR,
    26: rfc4210.PollRepContent(),
}
MESSAGE = sequence(
    ("header", sequence(
        ("pvno", univ.Integer()), ("sender", rfc5280.GeneralName()), ("recipient", rfc5280.GeneralName()),
        ("messageTime", explicit(0, useful.GeneralizedTime()), True), ("protectionAlg", explicit(1, ALGORITHM), True),
        ("senderKID", explicit(2, univ.OctetString()), True), ("recipKID", explicit(3, univ.OctetString()), True),
        ("transactionID", explicit(4, univ.OctetString()), True),
        ("senderNonce", explicit(5, univ.OctetString()), True),
        ("recipNonce", explicit(6, univ.OctetString()), True), ("freeText", explicit(7, FREE_TEXT), True),
        ("generalInfo", explicit(8, some(INFO)), True))),
    ("body", choice(*((f"b{n}", explicit(n, of)) for n, of in BODIES.items()))),
    ("protection", explicit(0, univ.BitString()), True),
    ("extraCerts", explicit(1, some(CERTIFICATE)), True))

# Values of InfoTypeAndValue, by the last number of id-it.
INFO_VALUES = {
    1: CERTIFICATE, 2: some(ALGORITHM), 3: some(ALGORITHM), 4: ALGORITHM, 6: CRL, 7: some(univ.ObjectIdentifier()),
    11: ALGORITHM, 13: univ.Null(), 14: useful.GeneralizedTime(), 16: some(char.UTF8String()), 17: some(CERTIFICATE),
    18: sequence(("newWithNew", CERTIFICATE), ("newWithOld", explicit(0, CERTIFICATE), True),
                 ("oldWithNew", explicit(1, CERTIFICATE), True)),
    19: sequence(("certTemplate", rfc4211.CertTemplate()), ("keySpec", rfc4211.Controls(), True)),
    23: some(CRL), 24: sequence(("kem", ALGORITHM), ("ct", univ.OctetString())),
}
# Asked for and answered without a value where there is nothing newer, or nothing to say.
INFO_BARE = (12, 18, 19, 23)


class NotStrict(Exception):
    pass


def again(der, spec=None):
    """The value of these octets, if they are its DER; without a type, that of universal types."""
    value, rest = decoder.decode(der, asn1Spec=spec)
    if rest:
        raise NotStrict(f"{len(rest)} octets too many after {der.hex()}")
    if encoder.encode(value) != der:
        raise NotStrict(f"{der.hex()} is {encoder.encode(value).hex()} in DER:\n{value.prettyPrint()}")
    return value


def parts(value):
    """All values in a value, itself first."""
    yield value
    if isinstance(value, univ.Choice):
        yield from parts(value.getComponent())
    elif isinstance(value, univ.SequenceAndSetBase):
        for name in value:
            if value[name].isValue:
                yield from parts(value[name])
    elif isinstance(value, univ.SequenceOfAndSetOfBase):
        for element in value:
            yield from parts(element)


def strict_info(info):
    kind = str(info["infoType"])
    if not info["infoValue"].isValue:
        if kind.startswith(ID_IT) and int(kind[len(ID_IT):]) not in INFO_BARE:
            raise NotStrict(f"id-it {kind} has no value")
    elif kind.startswith(ID_IT):
        number = int(kind[len(ID_IT):])
        strict(again(bytes(info["infoValue"]), INFO_VALUES[number]), template=number == 19)
    else:
        again(bytes(info["infoValue"]))


def strict_extension(extension, template):
    kind = extension["extnID"]
    # RFC 9483 4.3.3: what is empty the client fills in.
    if template and not bytes(extension["extnValue"]):
        return
    if kind not in rfc5280.certificateExtensionsMap:
        raise NotStrict(f"what is in {kind}?")
    again(bytes(extension["extnValue"]), rfc5280.certificateExtensionsMap[kind])


def strict_signed(algorithm, value):
    """The value of an ECDSA signature is a SEQUENCE."""
    if str(algorithm["algorithm"]).startswith(ECDSA):
        again(value.asOctets())


def strict(value, template=False):
    """What is opaque in a value: strings that hold a value, and whatever may be of any type."""
    for part in parts(value):
        fields = list(part) if isinstance(part, univ.Sequence) else None
        if fields == ["infoType", "infoValue"]:
            strict_info(part)
        elif fields == ["extnID", "critical", "extnValue"]:
            strict_extension(part, template)
        elif fields == ["algorithm", "parameters"]:
            if part["parameters"].isValue:
                again(bytes(part["parameters"]))
        elif fields == ["algorithm", "subjectPublicKey"]:
            if str(part["algorithm"]["algorithm"]) == RSA:
                again(part["subjectPublicKey"].asOctets(), rfc8017.RSAPublicKey())
        elif isinstance(part, (rfc5280.Certificate, rfc5280.CertificateList)):
            strict_signed(part["signatureAlgorithm"], part["signature"])
        elif isinstance(part, rfc5280.AttributeTypeAndValue):
            again(bytes(part["value"]))


def strict_answer(der):
    """The type of the body of a message that a server sent."""
    message = again(der, MESSAGE)
    strict(message)
    name = message["body"].getName()
    strict_signed(message["header"]["protectionAlg"], message["protection"])
    if name == "b20":
        for inner in message["body"].getComponent():
            strict_answer(bytes(inner))
    return int(name[1:])


def strict_key_package(der):
    """AsymmetricKeyPackage in SignedData, RFC 9483 4.1.6."""
    data = again(der, SIGNED_DATA)
    strict(data)
    package = data["encapContentInfo"]["eContent"]
    return again(bytes(package), univ.SequenceOf(componentType=rfc5958.OneAsymmetricKey()))
