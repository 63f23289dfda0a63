#!/usr/bin/python3
"""A PKCS#10 for a key in a TPM 2.0, with a statement of TPM2_Certify over a nonce of the CMF.

    tpm_attest.py KEY AK NONCE CN [CERT.pem ...] > request.pem

KEY and AK are persistent handles, as 0x81000010: the key of the certificate (EC P-256 or RSA 2048, which may sign) and the
attestation key. NONCE is in hexadecimal. CERTs are those of the attestation key and of CAs above it, unless the CMF has them
already. TPM2TOOLS_TCTI says which TPM, as for tpm2-tools.

Debian 12: apt install python3-tpm2-pytss python3-cryptography. tpm2_certify of tpm2-tools takes no nonce, hence this."""
import hashlib
import os
import sys
from base64 import encodebytes

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier
from tpm2_pytss import ESAPI, TCTILdr
from tpm2_pytss.constants import TPM2_ALG, TPM2_RH, TPM2_ST
from tpm2_pytss.types import TPM2B_DATA, TPM2B_DIGEST, TPM2_HANDLE, TPMT_SIG_SCHEME, TPMT_TK_HASHCHECK


def tlv(tag, *parts):
    content = b"".join(parts)
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8 or 1, "big")
    return bytes([tag]) + (size if len(content) < 128 else bytes([0x80 | len(size)]) + size) + content


def oid(text):
    """The DER of an OID, out of a name that has it as the type of an attribute."""
    name = x509.Name([x509.NameAttribute(ObjectIdentifier(text), "x")]).public_bytes()
    at = name.index(b"\x06")
    return name[at:at + 2 + name[at + 1]]


def scheme_of(public):
    """How the key signs, and the AlgorithmIdentifier of that."""
    scheme = TPMT_SIG_SCHEME()
    if public.publicArea.type == TPM2_ALG.ECC:
        scheme.scheme, algorithm = TPM2_ALG.ECDSA, tlv(0x30, oid("1.2.840.10045.4.3.2"))
    else:
        scheme.scheme, algorithm = TPM2_ALG.RSASSA, tlv(0x30, oid("1.2.840.113549.1.1.11"), b"\x05\x00")
    scheme.details.any.hashAlg = TPM2_ALG.SHA256
    return scheme, algorithm


def sign(tpm, key, scheme, octets):
    digest = TPM2B_DIGEST(hashlib.sha256(octets).digest())
    unchecked = TPMT_TK_HASHCHECK(tag=TPM2_ST.HASHCHECK, hierarchy=TPM2_RH.NULL)
    made = tpm.sign(key, digest, scheme, unchecked)
    if scheme.scheme == TPM2_ALG.RSASSA:
        return bytes(made.signature.rsassa.sig)
    pair = made.signature.ecdsa
    return encode_dss_signature(*(int.from_bytes(bytes(n), "big") for n in (pair.signatureR, pair.signatureS)))


def main(key_handle, ak_handle, nonce, name, *cert_files):
    tcti, _, conf = os.environ.get("TPM2TOOLS_TCTI", "device:/dev/tpmrm0").partition(":")
    with ESAPI(TCTILdr(tcti, conf)) as tpm:
        key, ak = (tpm.tr_from_tpmpublic(TPM2_HANDLE(int(h, 16))) for h in (key_handle, ak_handle))
        public, _, _ = tpm.read_public(key)
        attest, signature = tpm.certify(key, ak, TPM2B_DATA(bytes.fromhex(nonce)),
                                        TPMT_SIG_SCHEME(scheme=TPM2_ALG.NULL))
        # TcgAttestTpmCertify ::= SEQUENCE { tpmSAttest, signature, tpmTPublic OCTET STRING }
        statement = tlv(0x30, tlv(4, bytes(attest)),
                        tlv(4, signature.marshal()), tlv(4, public.publicArea.marshal()))
        certs = b"".join(x509.load_pem_x509_certificate(open(f, "rb").read()).public_bytes(Encoding.DER) for f in cert_files)
        # AttestationBundle, in the attribute id-aa-attestation
        bundle = tlv(0x30, tlv(0x30, tlv(0x30, oid("2.23.133.20.1"), statement)), tlv(0x30, certs) if certs else b"")
        attribute = tlv(0x30, oid("1.2.840.113549.1.9.16.2.59"), tlv(0x31, bundle))
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]).public_bytes()
        info = tlv(0x30, b"\x02\x01\x00", subject, public.to_der(), tlv(0xa0, attribute))
        scheme, algorithm = scheme_of(public)
        request = tlv(0x30, info, algorithm, tlv(3, b"\x00", sign(tpm, key, scheme, info)))
    print("-----BEGIN CERTIFICATE REQUEST-----\n%s-----END CERTIFICATE REQUEST-----" % encodebytes(request).decode())


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
