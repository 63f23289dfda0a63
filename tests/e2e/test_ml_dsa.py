# SPDX-License-Identifier: Apache-2.0
"""ML-DSA with the real client (RFC 9881, RFC 9810): a certificate, then protection of messages with it.
Where cmfd has an older library it refuses such a key by its name, and nothing else changes."""
import os

import pytest

from conftest import OPENSSL, Vnfm, run, x509

OPENSSL35 = os.environ.get("CMFD_OPENSSL35")
# The openssl of this machine and cmfd have the same library.
HERE = not run([OPENSSL, "version"]).stdout.startswith("OpenSSL 3.0.")

pytestmark = pytest.mark.skipif(not OPENSSL35, reason="Debian 13's openssl could not be made here "
                                                      "(tools/debian13-openssl)")


@pytest.fixture
def cmf_pq(cmf):
    cmf.set("profile VnfciCert", "key_types", "ec:P-256, ml-dsa-65" if HERE else "ec:P-256")
    cmf.stop()
    cmf.start()
    return cmf


def ml_dsa_key(client):
    key = client.out("key")
    run([OPENSSL35, "genpkey", "-algorithm", "ML-DSA-65", "-out", key])
    return key


def newer(client, cmd, *args):
    command = client.command(cmd, *args, path=".well-known/cmp/p/VnfciCert")
    return run([OPENSSL35, *command[1:]], check=False)


@pytest.mark.skipif(not HERE, reason="cmfd has no ML-DSA here")
def test_certificate_then_protection(cmf_pq, tmp_path):
    a = Vnfm(cmf_pq, "vnfm-pq", tmp_path / "vnfm")
    cmf_pq.register("vnfm-pq", "vnfci-pq")
    key, cert = ml_dsa_key(a), a.out()
    result = newer(a, "ir", "-newkey", key, "-subject", "/CN=vnfci-pq", "-certout", cert)
    assert result.returncode == 0, f"{result.stdout}\n{cmf_pq.tail()}"
    assert "Public Key Algorithm: ML-DSA-65" in x509(cert, "-text")

    # kur and rr are signed with ML-DSA; the certificate updated gets a key of the same kind.
    new_key, new_cert = ml_dsa_key(a), a.out()
    credential = ["-cert", cert, "-key", key]
    result = newer(a, "kur", *credential, "-oldcert", cert, "-newkey", new_key, "-certout", new_cert)
    assert result.returncode == 0, f"{result.stdout}\n{cmf_pq.tail()}"
    result = newer(a, "rr", "-cert", new_cert, "-key", new_key, "-oldcert", new_cert, "-revreason", "1")
    assert result.returncode == 0, f"{result.stdout}\n{cmf_pq.tail()}"
    assert "revoked" in cmf_pq.states("vnfci-pq")


@pytest.mark.skipif(HERE, reason="cmfd has ML-DSA here")
def test_refused_where_the_library_lacks_it(cmf_pq, tmp_path):
    a = Vnfm(cmf_pq, "vnfm-pq", tmp_path / "vnfm")
    cmf_pq.register("vnfm-pq", "vnfci-pq")
    result = newer(a, "ir", "-newkey", ml_dsa_key(a), "-subject", "/CN=vnfci-pq", "-certout", a.out())
    assert result.returncode != 0 and "badAlg" in result.stdout, result.stdout
    assert cmf_pq.states("vnfci-pq") == []
    # The next client is served.
    result = newer(a, "ir", "-newkey", a.key(), "-subject", "/CN=vnfci-pq", "-certout", a.out())
    assert result.returncode == 0, f"{result.stdout}\n{cmf_pq.tail()}"
