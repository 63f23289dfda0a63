# SPDX-License-Identifier: Apache-2.0
"""MACs of RFC 9481 6 against another implementation: Python's hashlib and hmac, `openssl mac` and
pyasn1 make the messages and verify the answers."""
import http.client
import sys

import pytest

from conftest import PATIENCE, ROOT

sys.path.insert(0, str(ROOT / "tests" / "interop"))
from pycmp import Client, Gmac, Hmac, Kmac, PasswordBasedMac, Pbmac1, genm  # noqa: E402

SIGN_KEY_PAIR_TYPES = "1.3.6.1.5.5.7.4.2"
BAD_ALG, BAD_MESSAGE_CHECK = 0, 1

SCHEMES = [
    PasswordBasedMac(), PasswordBasedMac(mac=Gmac()), PasswordBasedMac(mac=Kmac(256)),
    Pbmac1(), Pbmac1(prf="sha512", mac=Hmac("sha512")), Pbmac1(prf="sha384", mac=Hmac("sha384")),
    Pbmac1(prf="sha224", mac=Hmac("sha224")), Pbmac1(mac=Kmac(128)), Pbmac1(mac=Gmac(32)),
    Hmac("sha224"), Hmac("sha256"), Hmac("sha384"), Hmac("sha512"), Kmac(128), Kmac(256),
    Gmac(32), Gmac(32, length=12),
    PasswordBasedMac(owf="sha3_256", mac=Hmac("sha3_256")), Pbmac1(prf="sha3_256", mac=Hmac("sha3_256")),
    Pbmac1(prf="sha3_512", mac=Hmac("sha3_512")), Pbmac1(prf="sha3_224", mac=Hmac("sha3_384")), Hmac("sha3_224"),
]


@pytest.fixture(scope="module")
def client(shared, tmp_path_factory):
    secret = tmp_path_factory.mktemp("mac") / "secret"
    secret.write_text("a secret of thirty-two octets...")
    shared.ctl("client", "add", "py", "--trust-domain", "mano", "--mac", "--ref", "py-ref",
               "--secret-file", secret)
    shared.set("protection", "mac_algorithms", "PasswordBasedMac, PBMAC1, hmacWithSHA224, hmacWithSHA256, "
               "hmacWithSHA384, hmacWithSHA512, hmacWithSHA3-224, KMACWithSHAKE128, KMACWithSHAKE256, aes256-GMAC")
    shared.stop()
    shared.start()
    return Client(f"{shared.url}/.well-known/cmp", b"py-ref", secret.read_bytes())


@pytest.mark.parametrize("mac", SCHEMES, ids=lambda m: type(m).__name__ + "-" + type(getattr(m, "mac", m)).__name__)
def test_rfc9481_6_request_and_answer(client, mac):
    answer = client.ask(genm(SIGN_KEY_PAIR_TYPES), mac)
    assert answer.body_type == 22 and not answer.signed, answer.text
    # RFC 9481 6.2.2: the same nonce never; RFC 9483 4.1.5: the rest stays
    assert (answer.algorithm == mac.algorithm()) == (type(getattr(mac, "mac", mac)) is not Gmac)


def test_rfc9483_3_5_wrong_secret(client):
    other = Client(client.url, client.reference, b"another of thirty-two octets....")
    for mac in (Pbmac1(), Hmac("sha256"), Kmac(256)):
        answer = other.ask(genm(SIGN_KEY_PAIR_TYPES), mac)
        assert answer.signed and answer.failinfo == {BAD_MESSAGE_CHECK}


def test_rfc9481_refused_parameters(client):
    for mac in (Pbmac1(iterations=99), Pbmac1(iterations=100001), Pbmac1(key_len=8), Gmac(16)):
        mac.compute = lambda key, data: bytes(32)
        answer = client.ask(genm(SIGN_KEY_PAIR_TYPES), mac)
        assert answer.signed and answer.failinfo == {BAD_ALG}


def test_dear_macs_by_policy(shared, client, tmp_path):
    """PBMAC1 of today's clients: 262144 or 600000 iterations, and a key longer than the digest. What one
    client may, another is refused once it has proved who it is, and nobody is told whose reference it is."""
    secret = tmp_path / "secret"
    secret.write_text("another secret of forty octets or so....")
    shared.set("client_policy dear", "mac_iterations_max", "600000")
    shared.set("client_policy dear", "mac_key_length_max", "256")
    shared.set("protection", "stranger_cpu_share", "0")  # which nobody would have used up at once
    shared.stop()
    shared.start()
    shared.ctl("client", "add", "dear", "--trust-domain", "mano", "--mac", "--ref", "dear-ref", "--secret-file",
               secret, "--policy", "dear")
    dear = Client(client.url, b"dear-ref", secret.read_bytes())
    nobody = Client(client.url, b"no-ref", secret.read_bytes())
    ask = genm(SIGN_KEY_PAIR_TYPES)
    for mac in Pbmac1(iterations=600000), Pbmac1(iterations=262144, key_len=256), Pbmac1(key_len=65):
        assert dear.ask(ask, mac).body_type == 22
        answer = client.ask(ask, mac)
        assert not answer.signed and answer.failinfo == {BAD_ALG}
        answer = nobody.ask(ask, mac)
        assert answer.signed and answer.failinfo == {BAD_MESSAGE_CHECK}
    for mac in Pbmac1(iterations=600001), Pbmac1(key_len=257):
        for asker in dear, client, nobody:
            answer = asker.ask(ask, mac)
            assert answer.signed and answer.failinfo == {BAD_ALG}


def post_from(cmf, source, body):
    """HTTP status and Retry-After of a message that comes from that address."""
    connection = http.client.HTTPConnection("127.0.0.1", cmf.port, timeout=PATIENCE, source_address=(source, 0))
    try:
        connection.request("POST", "/.well-known/cmp", body, {"Content-Type": "application/pkixcmp"})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("Retry-After")
    finally:
        connection.close()


def test_wrong_macs_cost_their_sender_alone(shared, client):
    """RFC 4210 5.1.3.1: iterationCount and denial of service. The same reference, from two addresses."""
    shared.set("protection", "stranger_cpu_share", "1")
    shared.stop()
    shared.start()
    dear = Pbmac1(prf="sha512", iterations=100000)
    right = client.message(genm(SIGN_KEY_PAIR_TYPES), Pbmac1())[0]
    dear.compute = lambda key, data: bytes(32)
    wrong = client.message(genm(SIGN_KEY_PAIR_TYPES), dear)[0]
    assert post_from(shared, "127.0.0.1", right)[0] == 200
    for _ in range(1000):
        status, retry_after = post_from(shared, "127.0.0.2", wrong)
        if status != 200:
            break
    assert (status, retry_after) == (503, "1")
    again = client.message(genm(SIGN_KEY_PAIR_TYPES), Pbmac1(iterations=100000))[0]
    assert post_from(shared, "127.0.0.1", again)[0] == 200
    assert "\ncmfd_strangers_refused_total 1\n" in shared.metrics()
