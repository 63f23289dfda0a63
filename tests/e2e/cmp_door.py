# SPDX-License-Identifier: Apache-2.0
"""Register and Certificate Signing Request over CMP (genm id-cmf.10, p10cr), by the suite's own CMP client and signed as
a VNFM: what JsonDoor does over JSON. For tests that hold the two doors against each other."""
import dataclasses
import pathlib
import subprocess
import sys
from typing import Optional

from conftest import OPENSSL, ROOT

sys.path.insert(0, str(ROOT / "tests" / "interop"))

import pycmp # noqa: E402
from pycmp import explicit, oid, sequence, tagged # noqa: E402

CMF = "2.25.222147897761693879604210948217677133715"
CERT_PROFILE = "1.3.6.1.5.5.7.4.21"
UTF8, ENUMERATED = 0x0C, 0x0A
P10CR, CP, GENP, ERROR = 4, 3, 22, 23
HANDLING = {"DIRECT_MODE": 0, "DELEGATION_MODE": 1}
# RFC 9810 5.2.3
FAIL_INFO = ["badAlg", "badMessageCheck", "badRequest", "badTime", "badCertId", "badDataFormat", "wrongAuthority", "incorrectData",
             "missingTimeStamp", "badPOP", "certRevoked", "certConfirmed", "wrongIntegrity", "badRecipientNonce",
             "timeNotAvailable", "unacceptedPolicy", "unacceptedExtension", "addInfoNotAvailable", "badSenderNonce",
             "badCertTemplate", "signerNotTrusted", "transactionIdInUse", "unsupportedVersion", "notAuthorized",
             "systemUnavail", "systemFailure", "duplicateCertReq"]


@dataclasses.dataclass
class Outcome:
    """What a door said: granted; or failInfo and the sentence; or that it waits."""
    granted: bool
    fail_info: Optional[str] = None
    text: str = ""
    certificate: Optional[bytes] = None # DER
    waiting: bool = False


def utf8(text):
    return tagged(UTF8, text.encode("utf-8", "surrogatepass"))


def status_outcome(status):
    bits = [i for i, bit in enumerate(status["failInfo"]) if bit] if status["failInfo"].hasValue() else []
    return Outcome(False, FAIL_INFO[bits[0]] if bits else None, " ".join(map(str, status["statusString"])))


class CmpDoor:
    def __init__(self, vnfm):
        der = subprocess.run([OPENSSL, "x509", "-in", vnfm.cert, "-outform", "DER"], stdout=subprocess.PIPE, check=True).stdout
        self.certs = [der]
        self.client = pycmp.Client(f"{vnfm.cmf.url}/.well-known/cmp", pycmp.key_identifier(der), pathlib.Path(vnfm.private_key),
                                   pycmp.directory_name(vnfm.name))

    def ask(self, body, infos=()):
        def bend(fields):
            # RFC 9483 3.1: implicitConfirm, so that what is issued is active, as it is over JSON.
            fields[8] = explicit(8, sequence(*infos)) if infos else b""
        return self.client.ask(body, pycmp.Ecdsa(), bend=bend, extra_certs=self.certs)

    def register(self, *subject_ids, cert_type="VNFCI_CERT", typeOfVnfcCertHandling="DELEGATION_MODE", profile=None,
                 vnfInstanceId=None):
        request = sequence(
            utf8(cert_type), sequence(*map(utf8, subject_ids)),
            tagged(ENUMERATED, bytes([HANDLING[typeOfVnfcCertHandling]])) if typeOfVnfcCertHandling else b"",
            explicit(0, utf8(profile)) if profile else b"", explicit(2, utf8(vnfInstanceId)) if vnfInstanceId else b"")
        answer = self.ask(pycmp.genm(f"{CMF}.10", request))
        if answer.body_type == ERROR:
            return status_outcome(answer.message["body"]["error"]["pKIStatusInfo"])
        assert answer.body_type == GENP
        return Outcome(True)

    def request(self, csr, vnfc_id=None, cert_type="VNFCI_CERT", profile=None, vnfInstanceId=None):
        """csr: DER."""
        infos = [sequence(oid("1.3.6.1.5.5.7.4.13"), pycmp.NULL)]
        infos += [sequence(oid(kind), value) for kind, value in (
            (f"{CMF}.1", utf8(cert_type)), (CERT_PROFILE, sequence(utf8(profile)) if profile else b""), (f"{CMF}.2", utf8(vnfc_id or "")),
            (f"{CMF}.4", utf8(vnfInstanceId or ""))) if len(value) > 2]
        answer = self.ask(explicit(P10CR, csr), infos)
        if answer.body_type == ERROR:
            status = answer.message["body"]["error"]["pKIStatusInfo"]
            return Outcome(False, waiting=True) if int(status["status"]) == 3 else status_outcome(status)
        assert answer.body_type == CP
        status = answer.message["body"]["cp"]["response"][0]["status"]
        if int(status["status"]) not in (0, 1):
            return Outcome(False, waiting=True) if int(status["status"]) == 3 else status_outcome(status)
        responses = pycmp.elements(pycmp.tlv(pycmp.elements(pycmp.tlv(answer.body)[1])[-1])[1])
        pair = pycmp.elements(pycmp.tlv(responses[0])[1])[2]
        return Outcome(True, certificate=pycmp.tlv(pycmp.elements(pycmp.tlv(pair)[1])[0])[1])
