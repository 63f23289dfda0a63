#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the CAs of the unit tests issued (tests/house/issued.c) goes through python3-cryptography, `openssl verify
-x509_strict` and GnuTLS' certtool, as what the servers of the end-to-end tests issued does (tests/e2e/issued.py). The
first sees every certificate and CRL; the other two, which take longer, one of each shape: the same fields, types,
algorithms and extensions. Ends with 77, skipped, where there is nothing to judge, or nothing to judge it with.

usage: check_issued.py FILE    FILE is removed: the next run of the tests begins a new one."""
import os
import pathlib
import shutil
import sys
import tempfile

SKIPPED = 77
sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent / "e2e"))

BOOLEAN, INTEGER, OCTET_STRING, OID = 0x01, 0x02, 0x04, 0x06
CONSTRUCTED = 0x20


def fields(der):
    """(tag, content) of each TLV; ValueError if they are none."""
    at = 0
    while at < len(der):
        if at + 2 > len(der):
            raise ValueError("no TLV")
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            octets = length & 0x7F
            length, at = int.from_bytes(der[at:at + octets], "big"), at + octets
        if at + length > len(der):
            raise ValueError("no TLV")
        yield tag, der[at:at + length]
        at += length


def shape(der):
    """What certificates or CRLs have in common that differ in their values only. Of equal fields in a row, such as the
    entries of a CRL, one counts."""
    parts = []
    for tag, content in fields(der):
        part = (tag,)
        if tag & CONSTRUCTED:
            part = (tag, shape(content))
        elif tag in (BOOLEAN, OID):
            part = (tag, content)
        elif tag == INTEGER:
            part = (tag, len(content))
        elif tag == OCTET_STRING:
            try:
                part = (tag, shape(content))
            except ValueError:
                pass
        if part not in parts[-1:]:
            parts.append(part)
    return tuple(parts)


def one_of_each(ders):
    return {shape(der): der for der in ders}.values()


def main():
    path = pathlib.Path(sys.argv[1])
    if not path.exists():
        print("nothing was issued")
        return SKIPPED
    if not shutil.which("certtool"):
        print("certtool is missing: tools/install-deps --test")
        return SKIPPED
    try:
        import issued
    except ImportError as error:
        print(f"{error}: tools/install-deps --test")
        return SKIPPED
    certificates, crls = {}, set()
    for line in path.read_text().splitlines():
        kind, der, *cas = line.split(" ")
        if kind == "certificate":
            certificates[bytes.fromhex(der)] = [bytes.fromhex(ca) for ca in cas]
        else:
            crls.add(bytes.fromhex(der))
    os.unlink(path)
    problems = [p for der in certificates for p in issued.cryptography_certificate(der)]
    problems += [p for der in crls for p in issued.cryptography_crl(der)]
    shapes, judged = one_of_each(certificates), {}
    # Each below its own CAs: those of other tests have the same names and keys, and other constraints.
    for der in shapes:
        judged.setdefault(tuple(certificates[der]), issued.Issued()).certificates[der] = None
    for cas, below in judged.items():
        below.cas = {ca: issued.x509.load_der_x509_certificate(ca) for ca in cas}
    crl_shapes = one_of_each(crls)
    judged.setdefault((), issued.Issued()).crls = dict.fromkeys(crl_shapes)
    for below in judged.values():
        with tempfile.TemporaryDirectory() as directory:
            problems += below.check(directory)
    print(f"{len(certificates)} certificates of {len(shapes)} shapes, {len(crls)} CRLs of {len(crl_shapes)}")
    for problem in sorted(set(problems)):
        print(problem)
    return 1 if problems else 0


sys.exit(main())
