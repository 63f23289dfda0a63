# SPDX-License-Identifier: Apache-2.0
"""What the CAs of the tests issued, seen by other implementations: at the end of the session every certificate and
CRL in the stores of all servers that ended in order, or were killed, goes through `openssl verify -x509_strict`,
GnuTLS' certtool and python3-cryptography, each many at a time."""
import configparser
import contextlib
import pathlib
import re
import shutil
import sqlite3
import subprocess
import tempfile

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

# Files for one command line, and the certificates that certtool takes at once.
AT_ONCE = 200
# CRLs of one server: a busy one makes many that differ in their numbers only.
CRLS_MAX = 5
PEM = "-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?"


def internal_cas(conf):
    """(name, [PEM files]) of the internal CAs of a configuration."""
    parser = configparser.ConfigParser(interpolation=None, strict=False, comment_prefixes=("#",))
    try:
        parser.read_string(conf.read_text())
    except (OSError, configparser.Error):
        return
    for section in parser.sections():
        values = parser[section]
        if section.strip().startswith("ca ") and values.get("type", "internal") == "internal":
            yield section.strip()[3:].strip(), [conf.parent / values[k] for k in ("certificate", "chain") if k in values]


@contextlib.contextmanager
def stored(database):
    """The database of a server that has ended. One that was killed leaves a -wal, which belongs to it: then a copy of
    both, since reading writes. Another process copies: who closes a file loses all his locks on it, and with them those
    of a connection that SQLite may have in this one."""
    wal = pathlib.Path(f"{database}-wal")
    with tempfile.TemporaryDirectory() as directory:
        uri = f"file:{database}?mode=ro&immutable=1"
        if wal.exists():
            for file, copy in ((database, "db"), (wal, "db-wal")):
                subprocess.run(["cp", file, f"{directory}/{copy}"], check=True)
            uri = f"file:{directory}/db"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as db:
            yield db


class Issued:
    """Collects; check() gives back what is wrong."""

    def __init__(self):
        self.certificates, self.crls, self.cas = {}, {}, {}

    def collect(self, conf, database):
        for name, files in internal_cas(conf):
            for path in files:
                if path.is_file():
                    for pem in re.findall(PEM, path.read_text(), re.S):
                        cert = x509.load_pem_x509_certificate(pem.encode())
                        self.cas[cert.public_bytes(Encoding.DER)] = cert
            try:
                with stored(database) as db:
                    rows = db.execute("SELECT der FROM certificate WHERE ca = ? AND der IS NOT NULL", (name,))
                    self.certificates.update((der, conf) for der, in rows)
                    rows = db.execute("SELECT der FROM crl WHERE ca = ? ORDER BY number DESC LIMIT ?", (name, CRLS_MAX))
                    self.crls.update((der, conf) for der, in rows)
            except (sqlite3.Error, OSError, subprocess.CalledProcessError):
                pass  # a database that a test broke

    def check(self, directory):
        directory = pathlib.Path(directory)
        problems = [p for der in self.certificates for p in cryptography_certificate(der)]
        problems += [p for der in self.crls for p in cryptography_crl(der)]
        if self.certificates and not problems:
            problems += self.openssl(directory)
        if (self.certificates or self.crls) and not problems:
            problems += self.gnutls(directory)
        return problems

    def openssl(self, directory):
        """Times do not matter: some tests issue for seconds."""
        (directory / "cas.pem").write_bytes(b"".join(c.public_bytes(Encoding.PEM) for c in self.cas.values()))
        files = []
        for number, der in enumerate(self.certificates):
            files.append(directory / f"{number}.pem")
            files[-1].write_bytes(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM))
        problems = []
        for at in range(0, len(files), AT_ONCE):
            done = subprocess.run(["openssl", "verify", "-x509_strict", "-no_check_time", "-CAfile",
                                   directory / "cas.pem", *files[at:at + AT_ONCE]],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            problems += [f"openssl: {line}" for line in done.stdout.splitlines() if not line.endswith(": OK")]
        return problems

    def gnutls(self, directory):
        if not shutil.which("certtool"):
            return ["certtool is missing: tools/install-deps --test"]
        problems, files = [], []
        pems = [x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in self.certificates]
        for at in range(0, len(pems), AT_ONCE):
            files.append(("--certificate-info", b"".join(pems[at:at + AT_ONCE]), len(pems[at:at + AT_ONCE])))
        files += [("--crl-info", x509.load_der_x509_crl(der).public_bytes(Encoding.PEM), 1) for der in self.crls]
        for what, pem, count in files:
            (directory / "certtool.pem").write_bytes(pem)
            done = subprocess.run(["certtool", what, "--infile", directory / "certtool.pem"], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
            told = re.sub("-----BEGIN.*?-----END", "", done.stdout, flags=re.S)  # base64 may spell anything
            if done.returncode or told.count("\tIssuer: ") != count or "error" in told.lower():
                problems.append(f"certtool {what}: {done.stdout[-500:]}")
        return problems


def cryptography_certificate(der):
    """Everything that it reads when it is asked for."""
    try:
        cert = x509.load_der_x509_certificate(der)
        cert.subject.rfc4514_string()
        cert.issuer.rfc4514_string()
        if cert.version is not x509.Version.v3 or not 0 < cert.serial_number < 1 << 159:
            return [f"cryptography: version or serial number of {cert.serial_number:x}"]
        for extension in cert.extensions:
            repr(extension.value)
        try:
            cert.public_key()
        except (UnsupportedAlgorithm, ValueError) as error:
            # Curves and kinds of keys that this one does not know.
            if "nsupported" not in str(error):
                raise
    except (ValueError, TypeError) as error:
        return [f"cryptography: {error}: {der.hex()}"]
    return []


def cryptography_crl(der):
    try:
        crl = x509.load_der_x509_crl(der)
        crl.issuer.rfc4514_string()
        crl.extensions.get_extension_for_class(x509.CRLNumber)
        crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
        if not (crl.next_update_utc if hasattr(crl, "next_update_utc") else crl.next_update):
            return ["cryptography: a CRL without nextUpdate"]
        for entry in crl:
            list(entry.extensions)
    except (ValueError, TypeError, x509.ExtensionNotFound) as error:
        return [f"cryptography: {error}: {der.hex()}"]
    return []
