# SPDX-License-Identifier: Apache-2.0
"""Proof of possession by decryption with the real client: `openssl cmp -popo 2` asks for an encrypted
certificate (RFC 9810 5.2.8.3.2), with pvno 2 and keyEncipherment whatever the key."""
import os

import pytest

from conftest import BUILD, OPENSSL, run, x509

OPENSSL35 = os.environ.get("CMFD_OPENSSL35")


def rsa_key(client):
    key = client.out("key")
    run([OPENSSL, "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key])
    return key


def ask(client, openssl, subject, key, *args):
    """Asks for an encrypted certificate; what `openssl cmp` said, and where the certificate is."""
    cert = client.out()
    command = client.command("ir", "-newkey", key, "-subject", f"/CN={subject}", "-certout", cert,
                             "-popo", "2", *args, path=".well-known/cmp/p/VnfciCert")
    return run([openssl, *command[1:]], check=False), cert


CLIENTS = [OPENSSL] + ([OPENSSL35] if OPENSSL35 else [])


@pytest.mark.parametrize("openssl", CLIENTS)
def test_encrypted_certificate(shared, openssl):
    """The client decrypts it, and proves it by certConf; implicitConfirm is asked for in vain."""
    subject = f"vnfci-popo-{CLIENTS.index(openssl)}"
    shared.register("vnfm-a", subject)
    a = shared.vnfm_a
    key = rsa_key(a)
    result, cert = ask(a, openssl, subject, key, "-implicit_confirm")
    assert result.returncode == 0, f"{result.stdout}\n{shared.tail()}"
    assert x509(cert, "-pubkey") == run([OPENSSL, "pkey", "-in", key, "-pubout"]).stdout
    assert shared.states(subject) == ["active"]


def test_explain(shared):
    """What the client asked for, as cmfctl prints it."""
    shared.register("vnfm-a", "vnfci-popo-explain")
    a = shared.vnfm_a
    request, answer = a.out("der"), a.out("der")
    result, _ = ask(a, OPENSSL, "vnfci-popo-explain", rsa_key(a), "-disable_confirm", "-reqout", request,
                    "-rspout", answer)
    assert result.returncode == 0, result.stdout
    told = run([BUILD / "cmfctl", "explain", request]).stdout
    assert "popo: keyEncipherment" in told and "subsequentMessage: encrCert" in told, told
    told = run([BUILD / "cmfctl", "explain", answer]).stdout
    assert "encryptedCert" in told and "certificate:" not in told, told


def test_not_decrypted_is_not_confirmed(shared):
    """Without certConf nothing is proved: the certificate stays pending."""
    shared.register("vnfm-a", "vnfci-popo-pending")
    a = shared.vnfm_a
    result, _ = ask(a, OPENSSL, "vnfci-popo-pending", rsa_key(a), "-disable_confirm")
    assert result.returncode == 0, result.stdout
    assert shared.states("vnfci-popo-pending") == ["pending"]


def test_key_that_only_signs(shared):
    shared.register("vnfm-a", "vnfci-popo-ed")
    a = shared.vnfm_a
    key = a.out("key")
    run([OPENSSL, "genpkey", "-algorithm", "ED25519", "-out", key])
    result, _ = ask(a, OPENSSL, "vnfci-popo-ed", key)
    assert "badPOP" in result.stdout and "by a signature" in result.stdout, result.stdout


def test_pvno_2_promises_encrypted_value(shared):
    """There is no EncryptedValue for an EC key, and EnvelopedData is for pvno 3."""
    shared.register("vnfm-a", "vnfci-popo-ec")
    a = shared.vnfm_a
    result, _ = ask(a, OPENSSL, "vnfci-popo-ec", a.key())
    assert "badPOP" in result.stdout and "pvno 3" in result.stdout, result.stdout


@pytest.mark.skipif(not OPENSSL35, reason="OpenSSL 3.5 reads EnvelopedData in an answer")
@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_enveloped_data_always(cmf, tmp_path, kind):
    """By the policy of the client, which says pvno 2 and can read EnvelopedData all the same."""
    from conftest import Vnfm

    cmf.set("client_policy default", "enveloped_data_always", "yes")
    cmf.stop()
    cmf.start()
    a = Vnfm(cmf, "vnfm-env", tmp_path / "vnfm")
    cmf.register("vnfm-env", "vnfci-env")
    key = rsa_key(a) if kind == "rsa" else a.key()
    result, cert = ask(a, OPENSSL35, "vnfci-env", key)
    assert result.returncode == 0, f"{result.stdout}\n{cmf.tail()}"
    assert x509(cert, "-pubkey") == run([OPENSSL, "pkey", "-in", key, "-pubout"]).stdout
    assert cmf.states("vnfci-env") == ["active"]
