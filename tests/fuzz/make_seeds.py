#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the seeds of fuzz_genm, fuzz_mac, fuzz_nested, fuzz_key_package, fuzz_pop_input and fuzz_lint anew, with
pyasn1 and the openssl command. Their first octets are what those targets say."""
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop"))
import pycmp  # noqa: E402
from pycmp import NULL, elements, explicit, integer, octet_string, oid, sequence, tlv  # noqa: E402

ID_CMF = "2.25.222147897761693879604210948217677133715"
MAC, MANAGER, RA, ANNOUNCER, ENTITY = range(5)
WHOLE = 255
# As in fuzz_genm.c.
TYPES = [1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24]
UNKNOWN, REGISTER, NONCE = (len(TYPES) + i for i in range(3))


def put(target, name, *parts):
    directory = HERE / "corpus" / target
    directory.mkdir(exist_ok=True)
    (directory / name).write_bytes(b"".join(parts))


def text(value):
    return bytes([0x0C, len(value)]) + value.encode()


def id_it(n):
    return oid(f"1.3.6.1.5.5.7.4.{n}")


def openssl(directory, *args):
    subprocess.run(["openssl", *args], cwd=directory, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def links(directory):
    """newWithNew, newWithOld, oldWithNew."""
    for key in ("old", "new"):
        openssl(directory, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", f"{key}.key", "-out", f"{key}.pem", "-subj", "/CN=root", "-days", "3650")
        openssl(directory, "req", "-new", "-key", f"{key}.key", "-out", f"{key}.csr", "-subj", "/CN=root")
    for subject, issuer in (("new", "old"), ("old", "new")):
        openssl(directory, "x509", "-req", "-in", f"{subject}.csr", "-CA", f"{issuer}.pem", "-CAkey",
                f"{issuer}.key", "-days", "3650", "-outform", "DER", "-out", f"{subject}-with-{issuer}")
    openssl(directory, "x509", "-in", "new.pem", "-outform", "DER", "-out", "new-with-new")
    return [(directory / n).read_bytes() for n in ("new-with-new", "new-with-old", "old-with-new")]


def genm(directory):
    def put_genm(name, sender, number, value=b""):
        put("genm", name, bytes([sender, TYPES.index(number) if number in TYPES else number]), value)

    new, new_with_old, old_with_new = links(directory)
    envelope = b"\xa0" + (HERE / "corpus/envelope/rsa").read_bytes()[2:]
    uri = b"\xa0\x14\xa0\x12\x86\x10http://ca/a.crl/"
    time = b"\x18\x0f20260101000000Z"
    put_genm("ca-prot-enc-cert", MAC, 1)
    put_genm("ca-key-update-info", ANNOUNCER, 5, sequence(old_with_new, new_with_old, new))
    put_genm("key-pair-param-req", MANAGER, 10, oid("1.2.840.10045.2.1"))
    put_genm("rev-passphrase", ENTITY, 12, envelope)
    put_genm("supp-lang-tags", MAC, 16, sequence(text("fr"), text("en-US")))
    put_genm("ca-certs", MANAGER, 17)
    put_genm("root-ca-key-update", ANNOUNCER, 18,
             sequence(new, explicit(0, new_with_old), explicit(1, old_with_new)))
    put_genm("cert-req-template", ENTITY, 19)
    put_genm("root-ca-cert", MAC, 20, new)
    put_genm("crl-status-list", MAC, 22,
             sequence(sequence(uri, time), sequence(explicit(1, pycmp.directory_name("issuing")))))
    put_genm("nonce", MANAGER, NONCE, sequence(b"\x02\x01\x20", sequence(oid("2.23.133.20.1"))))
    put_genm("nonce-list", ENTITY, NONCE, sequence(sequence(b"\x02\x01\x20", oid("2.23.133.20.1"), text("h")), sequence()))
    put_genm("register-attester", MANAGER, REGISTER,
             sequence(text("VnfciCert"), sequence(text("a")), b"\x0a\x01\x01",
                      explicit(1, sequence(explicit(2, sequence(new)), sequence(oid("2.23.133.20.1")), b"\x0a\x01\x02"))))
    put_genm("kem-ciphertext-info", MANAGER, 24)
    put_genm("unknown", RA, UNKNOWN, NULL)
    put_genm("register", MANAGER, REGISTER,
             sequence(text("VnfciCert"), sequence(text("vnfci-2")), b"\x0a\x01\x01"))
    put_genm("whole", MAC, WHOLE, sequence(sequence(id_it(17)), sequence(id_it(6)), sequence(oid("1.2.3")),
                                           sequence(id_it(4)), sequence(id_it(10), oid("1.3.101.112"))))
    put_genm("nothing", MAC, WHOLE, sequence())


def macs():
    salt = bytes(range(16))
    sha1 = sequence(octet_string(salt), sequence(oid("1.3.14.3.2.26"), NULL), integer(500),
                    sequence(oid("1.3.6.1.5.5.8.1.2"), NULL))
    sixteen, thirty_two = b"\x01", b"\x03"
    put("mac", "pbm-sha1", b"\0", sequence(oid(pycmp.PBM), sha1))
    put("mac", "pbm-hmac", b"\0", pycmp.PasswordBasedMac(500, salt=salt).algorithm())
    put("mac", "pbm-gmac", b"\0", pycmp.PasswordBasedMac(100, pycmp.Gmac(16, bytes(12)), salt).algorithm())
    put("mac", "pbm-kmac", b"\0", pycmp.PasswordBasedMac(100, pycmp.Kmac(256), salt).algorithm())
    put("mac", "pbmac1-hmac", b"\0", pycmp.Pbmac1(500, salt=salt).algorithm())
    put("mac", "pbmac1-gmac", b"\0", pycmp.Pbmac1(100, "sha512", pycmp.Gmac(32, bytes(12)), salt=salt).algorithm())
    put("mac", "pbmac1-kmac", b"\0", pycmp.Pbmac1(100, "sha384", pycmp.Kmac(128), salt=salt).algorithm())
    put("mac", "pbmac1-costly", b"\0", pycmp.Pbmac1(2**31, salt=salt).algorithm())
    for name, context in (("kem", b""), ("kem-context", explicit(0, octet_string(b"context")))):
        parameters = sequence(sequence(oid("1.2.840.113549.1.9.16.3.28")), context, integer(32),
                              pycmp.Hmac().algorithm())
        put("mac", name, thirty_two, sequence(oid("1.2.840.113533.7.66.16"), parameters))
    put("mac", "hmac", thirty_two, pycmp.Hmac("sha256").algorithm())
    put("mac", "gmac", sixteen, pycmp.Gmac(16, bytes(12), 16).algorithm())
    put("mac", "kmac", thirty_two, pycmp.Kmac(256).algorithm())
    put("mac", "kmac-parameters", thirty_two, sequence(oid(pycmp.KMAC[256]),
                                                       sequence(integer(512), octet_string(b"custom"))))


def nested():
    door = HERE / "corpus/door"
    client = pycmp.Client("", b"vector-ref", b"vector-secret")
    asked = client.message(pycmp.genm("1.3.6.1.5.5.7.4.17"), pycmp.PasswordBasedMac(salt=bytes(16)),
                           transaction_id=bytes(16))[0]
    other = client.message(pycmp.genm("1.3.6.1.5.5.7.4.6"), pycmp.PasswordBasedMac(salt=bytes(16)))[0]
    kur, p10cr = (door / "kur").read_bytes(), (door / "p10cr").read_bytes()
    put("nested", "added", b"\0", p10cr)
    put("nested", "batch", b"\0", asked, p10cr, other)
    put("nested", "added-twice", b"\1", asked)
    put("nested", "batch-twice", b"\1", asked, other)
    put("nested", "as-it-is", b"\2", asked, kur)
    put("nested", "replaced", b"\3", asked, asked)
    put("nested", "replaced-kur", b"\3", kur, kur)
    put("nested", "replaced-in", b"\4", asked, asked)


def key_packages(directory):
    keys = {"ec": ("EC", "ec_paramgen_curve:P-256"), "rsa": ("RSA", "rsa_keygen_bits:512"), "ed25519": ("ED25519",),
            "x448": ("X448",)}
    for name, (algorithm, *options) in keys.items():
        openssl(directory, "genpkey", "-algorithm", algorithm, "-outform", "DER", "-out", name,
                *[a for o in options for a in ("-pkeyopt", o)])
        put("key_package", f"key-{name}", b"\0", (directory / name).read_bytes())
    openssl(directory, "ec", "-inform", "DER", "-in", "ec", "-outform", "DER", "-out", "sec1")
    put("key_package", "key-sec1", b"\0", (directory / "sec1").read_bytes())
    put("key_package", "signed", b"\1", sequence((directory / "ec").read_bytes()))
    put("key_package", "signed-ed25519", b"\2", sequence((directory / "ed25519").read_bytes()))
    password = (HERE / "corpus/envelope/password").read_bytes()[1:]
    put("key_package", "encrypted-key", b"\3\xa0", password[1:])
    put("key_package", "encrypted-value", b"\3", sequence(b"\x03\x02\x00\x01"))


def pop_inputs(directory):
    secret, certificate, registration_authority = 1, 2, 4
    for name, group in (("p256", "P-256"), ("p384", "P-384")):
        openssl(directory, "genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{group}", "-out", f"{name}.key")
        openssl(directory, "pkey", "-in", f"{name}.key", "-pubout", "-outform", "DER", "-out", f"{name}.spki")
    key, other = ((directory / f"{name}.spki").read_bytes() for name in ("p256", "p384"))
    mac = pycmp.PasswordBasedMac(100, salt=bytes(16))
    by_mac = sequence(mac.algorithm(), b"\x03\x21\x00" + mac.compute(b"secret", key))
    by_name = explicit(0, pycmp.directory_name("vnfm-a"))
    for name, who, said, of in (("mac", secret, by_mac, key), ("mac-of-nobody", certificate, by_mac, key),
                                ("sender", certificate, by_name, key), ("other-key", certificate, by_name, other),
                                ("another", registration_authority, explicit(0, pycmp.directory_name("x")), key)):
        put("pop_input", name, bytes([who]), len(key).to_bytes(2, "big"), key, b"\xa0", sequence(said, of)[1:])


def lints(directory):
    """A Name, a certificate and a CRL without their signatures."""
    subject = "/C=DE/O=Example/OU=a+UID=b/emailAddress=a@b.c/DC=example/CN=vnfci-1"
    openssl(directory, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            "lint.key", "-out", "lint.pem", "-subj", subject, "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            "-addext", "subjectAltName=DNS:a,IP:10.0.0.1,IP:::1,URI:urn:x,email:a@b,RID:1.2,dirName:dn",
            "-addext", "nameConstraints=critical,permitted;DNS:a", "-addext", "certificatePolicies=1.2.3",
            "-addext", "extendedKeyUsage=serverAuth", "-config", lint_config(directory))
    openssl(directory, "x509", "-in", "lint.pem", "-outform", "DER", "-out", "lint.der")
    openssl(directory, "ca", "-config", "lint.cnf", "-gencrl", "-out", "lint-crl.pem")
    openssl(directory, "crl", "-in", "lint-crl.pem", "-outform", "DER", "-out", "lint-crl.der")
    tbs = elements(tlv((directory / "lint.der").read_bytes())[1])[0]
    put("lint", "name", b"\0", elements(tlv(tbs)[1])[5])
    put("lint", "certificate", b"\1", tbs)
    put("lint", "crl", b"\2", elements(tlv((directory / "lint-crl.der").read_bytes())[1])[0])


def lint_config(directory):
    """Of one certificate that is revoked."""
    (directory / "lint.cnf").write_text(
        "[req]\ndistinguished_name=dn\nx509_extensions=e\n[dn]\nCN=d\n[e]\nbasicConstraints=critical,CA:TRUE\n"
        "[ca]\ndefault_ca=own\n[own]\ndatabase=index\ncrlnumber=number\ncertificate=lint.pem\nprivate_key=lint.key\n"
        "default_md=sha256\ndefault_crl_days=7\ncrl_extensions=crl\n[crl]\nauthorityKeyIdentifier=keyid\n")
    (directory / "index").write_text("R\t491231235959Z\t260101000000Z,keyCompromise\t01\tunknown\t/CN=x\n")
    (directory / "number").write_text("01\n")
    return "lint.cnf"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        genm(pathlib.Path(scratch))
        macs()
        nested()
        key_packages(pathlib.Path(scratch))
        pop_inputs(pathlib.Path(scratch))
        lints(pathlib.Path(scratch))
