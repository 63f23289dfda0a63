# SPDX-License-Identifier: Apache-2.0
"""A software TPM (swtpm) for the tests: attestation keys, keys to be attested, TPM2_Certify over a nonce, and PKCS#10 that
those keys sign. TPM2_Certify of tpm2-tools takes no nonce, so this goes through the TPM's own interface (tpm2-pytss)."""

import base64
import hashlib
import secrets
import signal
import socket
import subprocess

from tpm2_pytss import (ESAPI, TCTILdr, TPM2_ALG, TPM2B_DATA, TPM2B_DIGEST, TPM2B_PUBLIC, TPM2B_SENSITIVE_CREATE, ESYS_TR,
                        TPMT_SIG_SCHEME, TPMT_TK_HASHCHECK, TPM2_RH, TPM2_ST)

BUNDLE = "1.2.840.113549.1.9.16.2.59"
CERTIFY = "2.23.133.20.1"
FIXED = "fixedtpm|fixedparent|"


# --- DER ---

def der(tag, *parts):
    content = b"".join(parts)
    n = len(content)
    size = bytes([n]) if n < 128 else bytes([0x80 + (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag]) + size + content


def oid(text):
    arcs = [int(arc) for arc in text.split(".")]
    out = bytearray()
    for arc in [40 * arcs[0] + arcs[1]] + arcs[2:]:
        base128 = [arc & 0x7f]
        while arc := arc >> 7:
            base128.append(0x80 | arc & 0x7f)
        out += bytes(reversed(base128))
    return der(0x06, bytes(out))


ECDSA_WITH_SHA256 = der(0x30, oid("1.2.840.10045.4.3.2"))


def bundle(attest, signature, public, *certificates):
    """AttestationBundle with one statement of TPM2_Certify; public None: without the key."""
    parts = [der(0x04, attest), der(0x04, signature)] + ([der(0x04, public)] if public else [])
    statement = der(0x30, oid(CERTIFY), der(0x30, *parts))
    return der(0x30, der(0x30, statement), der(0x30, *certificates) if certificates else b"")


def pkcs10(common_name, spki, sign, attested=None):
    """CertificationRequest; `sign` gives the ECDSA-Sig-Value over its octets."""
    name = der(0x30, der(0x31, der(0x30, oid("2.5.4.3"), der(0x0c, common_name.encode()))))
    attribute = der(0x30, oid(BUNDLE), der(0x31, attested)) if attested else b""
    info = der(0x30, der(0x02, b"\0"), name, spki, der(0xa0, attribute))
    return der(0x30, info, ECDSA_WITH_SHA256, der(0x03, b"\0" + sign(info)))


def nonce_octets(text):
    """Of BASE64URL without padding, RFC 4648 5."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# --- the TPM ---

class Key:
    """A P-256 key in the TPM: an attestation key (restricted) or one that is to be certified."""

    def __init__(self, tpm, attributes):
        self.tpm = tpm
        template = TPM2B_PUBLIC.parse("ecc256:ecdsa-sha256:null", objectAttributes=attributes)
        # Two keys of one template and hierarchy would be the same.
        template.publicArea.unique.ecc.x = secrets.token_bytes(32)
        self.handle, self.public, *_ = tpm.esapi.create_primary(TPM2B_SENSITIVE_CREATE(), template, ESYS_TR.OWNER)

    def spki(self):
        return self.public.publicArea.to_der()

    def area(self):
        """TPMT_PUBLIC"""
        return bytes(self.public.publicArea.marshal())

    def sign(self, octets):
        """ECDSA-Sig-Value over the octets."""
        check = TPMT_TK_HASHCHECK(tag=TPM2_ST.HASHCHECK, hierarchy=TPM2_RH.NULL)
        signature = self.tpm.esapi.sign(self.handle, TPM2B_DIGEST(hashlib.sha256(octets).digest()),
                                        TPMT_SIG_SCHEME(scheme=TPM2_ALG.NULL), check)
        numbers = [bytes(part) for part in (signature.signature.ecdsa.signatureR, signature.signature.ecdsa.signatureS)]
        return der(0x30, *(der(0x02, b"\0" + n.lstrip(b"\0") if n.lstrip(b"\0")[0] & 0x80 else n.lstrip(b"\0"))
                           for n in numbers))

    def certified_by(self, ak, nonce):
        """TPMS_ATTEST and TPMT_SIGNATURE of TPM2_Certify by an attestation key."""
        attest, signature = self.tpm.esapi.certify(self.handle, ak.handle, TPM2B_DATA(nonce),
                                                   TPMT_SIG_SCHEME(scheme=TPM2_ALG.NULL))
        return bytes(attest.attestationData), bytes(signature.marshal())

    def csr(self, common_name, attested=None):
        """PKCS#10 that the TPM signs; attested: an AttestationBundle."""
        return pkcs10(common_name, self.spki(), self.sign, attested)


def two_ports():
    """swtpm's control channel is at the port behind that of its commands."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            try:
                two.bind(("127.0.0.1", port + 1))
                return port
            except (OSError, OverflowError):
                continue


class Tpm:
    def __init__(self, directory):
        self.port = two_ports()
        self.log = open(directory / "swtpm.log", "wb")
        state = directory / "tpm"
        state.mkdir()
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}", "--flags", "not-need-init,startup-clear",
             "--server", f"type=tcp,port={self.port},bindaddr=127.0.0.1",
             "--ctrl", f"type=tcp,port={self.port + 1},bindaddr=127.0.0.1"], stdout=self.log, stderr=self.log)
        self.tcti = self.connect()
        self.esapi = ESAPI(self.tcti)

    def connect(self):
        """As soon as it listens; the TCTI itself waits for nothing."""
        for port in (self.port, self.port + 1):
            while self.process.poll() is None:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
        return TCTILdr("swtpm", f"host=127.0.0.1,port={self.port}")

    def attestation_key(self):
        return Key(self, FIXED + "sensitivedataorigin|userwithauth|restricted|sign")

    def key(self, attributes=FIXED + "sensitivedataorigin|userwithauth|sign"):
        return Key(self, attributes)

    def close(self):
        self.esapi.close()
        self.tcti.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.log.close()
