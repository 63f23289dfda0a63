# SPDX-License-Identifier: Apache-2.0
"""CMP over HTTP (RFC 6712, RFC 9811) and hostile clients: status codes, retransmission, slow ones."""
import concurrent.futures
import http.client
import os
import re
import resource
import socket
import subprocess
import threading
import time

import pytest

from conftest import OPENSSL, PATIENCE, Cmf, Vnfm, run, wait_for

TYPE = {"Content-Type": "application/pkixcmp"}


def ask(cmf, method="POST", path="/.well-known/cmp", body=b"", headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", cmf.port, timeout=PATIENCE)
    try:
        connection.request(method, path, body, TYPE if headers is None else headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer
    finally:
        connection.close()


def recorded(vnfm, name, tmp_path, profile="VnfciCert"):
    """The octets of the ir and certConf of an enrolment by openssl cmp, and of their answers."""
    names = [tmp_path / f for f in ("ir", "certconf", "ip", "pkiconf")]
    vnfm.enrol(name, profile=profile, extra=[
        "-reqout", f"{names[0]},{names[1]}", "-rspout", f"{names[2]},{names[3]}"])
    return [f.read_bytes() for f in names]


def test_methods_types_paths_and_sizes(shared):
    assert ask(shared, "GET")[0] == 405
    assert "POST" in ask(shared, "GET")[2].getheader("Allow")
    assert ask(shared, headers={"Content-Type": "text/plain"}, body=b"x")[0] == 415
    assert ask(shared, path="/nowhere", body=b"x")[0] == 404
    assert ask(shared, path="/.well-known/cmp/frobnicate", body=b"x")[0] == 404
    assert ask(shared, body=b"\0" * 200_000)[0] == 413


@pytest.mark.parametrize("media_type", ["application/pkixcmp", "Application/PKIXCMP",
                                        "application/pkixcmp; charset=x"])
def test_garbage_is_http_400_with_a_signed_cmp_error(shared, media_type, tmp_path):
    status, body, answer = ask(shared, body=b"garbage", headers={"Content-Type": media_type})
    assert status == 400 and answer.getheader("Content-Type") == "application/pkixcmp"
    (tmp_path / "e.der").write_bytes(body)
    assert "cont [ 23 ]" in run([OPENSSL, "asn1parse", "-inform", "DER", "-in", tmp_path / "e.der"]).stdout
    told = shared.ctl("explain", tmp_path / "e.der").stdout
    assert "badDataFormat" in told and "protectionAlg" in told


CMP = b"POST /.well-known/cmp HTTP/1.1\r\nHost: x\r\nContent-Type: application/pkixcmp\r\n"


@pytest.mark.parametrize("octets,status", [
    (CMP + b"Content-Length: 3\r\n folded\r\n\r\nabc", 400),                             # RFC 9112 5.2
    (CMP + b"X: a\0b\r\nContent-Length: 3\r\n\r\nabc", 400),                              # RFC 9110 5.5
    (CMP + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),                    # RFC 9112 6.3
    (CMP + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),     # RFC 9112 6.1
    (CMP + b"Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", 400),            # RFC 9112 7.1
    (CMP + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nHost: y\r\n\r\n", 400),   # RFC 9110 6.5.1
    (CMP + b"Content-Type: application/pkixcmp\r\nContent-Length: 3\r\n\r\nabc", 400),
    (CMP + b"Content-Length: 70000\r\n\r\n", 413),
    (CMP + b"X: " + b"x" * 9000, 431),                                                    # RFC 6585 5
    (CMP + b"Expect: tea\r\nContent-Length: 3\r\n\r\n", 417),                            # RFC 9110 10.1.1
    (b"POST //.well-known/cmp HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 404),
    (b"POST /.well-known/cmp%00 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 400),
])
def test_octets_that_two_could_read_differently(shared, octets, status):
    """Refused at once, in text, and the connection is over (RFC 9112 11.2)."""
    with socket.create_connection(("127.0.0.1", shared.port), timeout=PATIENCE) as s:
        s.sendall(octets)
        answer = http.client.HTTPResponse(s)
        answer.begin()
        assert answer.status == status
        assert answer.getheader("Content-Type") == "text/plain" and answer.read().startswith(b"%d " % status)
        if status != 404:
            assert answer.getheader("Connection") == "close" and s.recv(1) == b""


def test_root_path_for_clients_without_one(shared):
    assert shared.vnfm_a.cmp("genm", "-infotype", "signKeyPairTypes", path="").ok


@pytest.fixture(scope="module")
def more_paths(shared):
    """The paths of EJBCA and of others."""
    shared.set("server", "paths", "/pkix/, /ejbca/publicweb/cmp/<profile>")
    shared.stop()
    shared.start()
    return shared


@pytest.mark.parametrize("path", [
    ".well-known/cmp/p/VnfciCert/", ".well-known/cmp/p/VnfciCert/initialization/", "pkix/p/VnfciCert",
    "ejbca/publicweb/cmp/VnfciCert", "ejbca/publicweb/cmp/VnfciCert/",
    "ejbca/publicweb/cmp/VnfciCert/initialization"])
def test_paths_that_clients_know(more_paths, path):
    """The profile is that of the path; slashes at the end say nothing."""
    name, vnfm = "path-" + re.sub(r"\W+", "-", path), more_paths.vnfm_a
    more_paths.register("vnfm-a", name)
    told = vnfm.cmp("ir", "-newkey", vnfm.key(), "-subject", f"/CN={name}", "-certout", vnfm.out(), path=path)
    assert told.ok, told.text
    assert ask(more_paths, path="/" + path.rstrip("/") + "/frobnicate", body=b"x")[0] == 404


@pytest.mark.parametrize("path", [".well-known/cmp/", ".well-known/cmp/getcacerts/", "pkix", "pkix/", "pkix/getcacerts"])
def test_paths_without_a_profile(more_paths, path):
    assert more_paths.vnfm_a.cmp("genm", "-infotype", "caCerts", path=path).ok


@pytest.mark.parametrize("path", ["/pkix//", "/pkixx", "/ejbca/publicweb/cmp", "/ejbca/publicweb/cmp/",
                                  "/.well-known/cmp/p/", "/.well-known/cmp//"])
def test_paths_that_are_none(more_paths, path):
    assert ask(more_paths, path=path, body=b"x")[0] == 404


def test_http_1_0_and_keep_alive(shared):
    with socket.create_connection(("127.0.0.1", shared.port), timeout=PATIENCE) as s:
        for _ in range(3):
            s.sendall(b"POST /.well-known/cmp HTTP/1.1\r\nHost: x\r\nContent-Type: application/pkixcmp\r\n"
                      b"Content-Length: 7\r\n\r\ngarbage")
            assert b"400" in s.recv(65536).split(b"\r\n")[0]
    with socket.create_connection(("127.0.0.1", shared.port), timeout=PATIENCE) as s:
        s.sendall(b"POST /.well-known/cmp HTTP/1.0\r\nContent-Type: application/pkixcmp\r\n"
                  b"Content-Length: 7\r\n\r\ngarbage")
        data = b""
        while chunk := s.recv(65536):
            data += chunk
        assert b" 400 " in data.split(b"\r\n")[0]


def test_retransmission_gets_the_same_octets(shared, tmp_path):
    shared.register("vnfm-a", "vnfci-re")
    ir, certconf, ip, pkiconf = recorded(shared.vnfm_a, "vnfci-re", tmp_path)
    status, body, _ = ask(shared, path="/.well-known/cmp/p/VnfciCert", body=certconf)
    assert (status, body) == (200, pkiconf)
    assert len(shared.certificates("vnfci-re")) == 1


def test_retransmission_before_certconf(shared, tmp_path):
    shared.register("vnfm-a", "vnfci-re2")
    names = [tmp_path / "ir", tmp_path / "ip"]
    shared.vnfm_a.enrol("vnfci-re2", extra=["-disable_confirm", "-reqout", names[0], "-rspout", names[1]])
    ir, ip = (f.read_bytes() for f in names)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(shared, path="/.well-known/cmp/p/VnfciCert", body=ir)[1],
                                range(16)))
    assert set(answers) == {ip}
    assert len(shared.certificates("vnfci-re2")) == 1


def test_two_copies_at_the_same_moment(shared, tmp_path):
    """One certificate, and both get the same answer."""
    shared.register("vnfm-a", *[f"twin-{i}" for i in range(10)])
    a = shared.vnfm_a
    for i in range(10):
        request = tmp_path / f"twin-{i}"
        # The request is made and saved, and goes to a server that is not there.
        command = a.command("ir", "-newkey", a.key(), "-subject", f"/CN=twin-{i}", "-certout", a.out(),
                            "-reqout", request, path=".well-known/cmp/p/VnfciCert")
        command[command.index("-server") + 1] = "127.0.0.1:9"
        run(command, check=False)
        octets = request.read_bytes()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(
                lambda _: ask(shared, path="/.well-known/cmp/p/VnfciCert", body=octets), range(4)))
        assert {status for status, _, _ in answers} == {200}
        assert len({body for _, body, _ in answers}) == 1
        assert len(shared.certificates(f"twin-{i}")) == 1


def test_used_transaction_id(shared, tmp_path):
    """The ir again after its certConf: the transaction has moved on."""
    shared.register("vnfm-a", "vnfci-id")
    ir, _, _, _ = recorded(shared.vnfm_a, "vnfci-id", tmp_path)
    status, body, _ = ask(shared, path="/.well-known/cmp/p/VnfciCert", body=ir)
    (tmp_path / "a.der").write_bytes(body)
    assert status == 200
    assert "transactionIdInUse" in shared.ctl("explain", tmp_path / "a.der").stdout
    assert len(shared.certificates("vnfci-id")) == 1


def test_truncation_at_every_octet(shared, tmp_path):
    shared.register("vnfm-a", "vnfci-cut")
    ir, _, _, _ = recorded(shared.vnfm_a, "vnfci-cut", tmp_path)
    before = shared.snapshot()
    connection = http.client.HTTPConnection("127.0.0.1", shared.port, timeout=PATIENCE)
    for length in range(len(ir)):
        connection.request("POST", "/.well-known/cmp/p/VnfciCert", ir[:length], TYPE)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status in (200, 400) and body[:1] == b"\x30", length
    connection.close()
    assert shared.snapshot() == before


@pytest.mark.parametrize("encrypted_in_store", [False, True])
def test_tls_with_and_without_client_certificate(tmp_path, encrypted_in_store):
    cmf = Cmf(tmp_path / "cmf")
    from conftest import free_port, issue, make_ca
    port = free_port()
    make_ca(tmp_path / "tls-ca.pem", tmp_path / "tls-ca.key", "/CN=TLS CA")
    issue(tmp_path / "tls-ca.pem", tmp_path / "tls-ca.key", tmp_path / "tls.pem", tmp_path / "tls.key",
          "/CN=localhost", extensions="subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    for key, value in (("listen_tls", f"127.0.0.1:{port}"), ("tls_certificate", tmp_path / "tls.pem"),
                       ("tls_key", tmp_path / "tls.key"), ("tls_client_ca", tmp_path / "tls-ca.pem")):
        cmf.set("server", key, value)
    if encrypted_in_store:
        (tmp_path / "passphrase").write_text("open sesame\n")
        run(["openssl", "pkey", "-in", tmp_path / "tls.key", "-aes256", "-passout", f"file:{tmp_path}/passphrase",
             "-out", tmp_path / "encrypted.key"])
        cmf.set("server", "tls_key", f"file:{tmp_path}/encrypted.key")
        cmf.set("server", "tls_passphrase_file", tmp_path / "passphrase")
    cmf.start()
    a = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    issue(tmp_path / "tls-ca.pem", tmp_path / "tls-ca.key", tmp_path / "c.pem", tmp_path / "c.key",
          "/CN=tls client")
    for client in ([], ["-tls_cert", tmp_path / "c.pem", "-tls_key", tmp_path / "c.key"]):
        command = a.command("genm", "-infotype", "signKeyPairTypes", "-tls_used", "-tls_trusted",
                            tmp_path / "tls-ca.pem", "-tls_host", "localhost", *client)
        command[command.index("-server") + 1] = f"127.0.0.1:{port}"
        run(command)
    assert cmf.stop() == 0


def test_a_thousand_slow_clients_cost_no_worker(tmp_path):
    """One octet a second from 1000 connections of other loopback addresses: enrolment goes on, and
    all of them are closed in time."""
    cmf = Cmf(tmp_path / "cmf")
    cmf.set("server", "request_timeout", "5s")
    cmf.start()
    a = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    cmf.register("vnfm-a", *[f"slow-{i}" for i in range(10)])
    head = (b"POST /.well-known/cmp HTTP/1.1\r\nHost: x\r\nContent-Type: application/pkixcmp\r\n"
            b"Content-Length: 60000\r\n\r\n")
    slow = []
    for i in range(1000):
        s = socket.socket()
        s.bind((f"127.0.{1 + i // 250}.{1 + i % 250}", 0))
        s.connect(("127.0.0.1", cmf.port))
        s.sendall(head[: 20 + i % len(head)] if i % 2 else head)
        slow.append(s)
    for i in range(10):
        a.enrol(f"slow-{i}")
    end = time.monotonic() + PATIENCE + 10
    open_ones = list(slow)
    while open_ones and time.monotonic() < end:
        for s in list(open_ones):
            try:
                s.setblocking(False)
                s.send(b"x")
                if s.recv(4096) == b"":
                    open_ones.remove(s)
            except BlockingIOError:
                pass
            except OSError:
                open_ones.remove(s)
        time.sleep(1)
    assert not open_ones
    for s in slow:
        s.close()
    assert cmf.states("slow-9") == ["active"]
    assert cmf.stop() == 0


def test_ten_megabytes(shared):
    with socket.create_connection(("127.0.0.1", shared.port), timeout=PATIENCE) as s:
        s.sendall(b"POST /.well-known/cmp HTTP/1.1\r\nHost: x\r\nContent-Type: application/pkixcmp\r\n"
                  b"Content-Length: 10000000\r\n\r\n")
        try:
            for _ in range(100):
                s.sendall(b"\0" * 100_000)
        except OSError:
            pass  # closed on us: fine
    assert shared.vnfm_a.cmp("genm", "-infotype", "signKeyPairTypes").ok


def test_idle_flood_and_few_descriptors_keep_nobody_out(tmp_path):
    """More idle connections than RLIMIT_NOFILE has descriptors for: health, cmfctl and an honest client go on."""
    cmf = Cmf(tmp_path / "cmf")
    cmf.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (520, 520)))
    a = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    cmf.register("vnfm-a", *[f"flood-{i}" for i in range(3)])
    flood = []
    for i in range(600):
        s = socket.socket()
        s.bind((f"127.0.9.{1 + i % 22}", 0))
        s.connect(("127.0.0.1", cmf.port))
        flood.append(s)
    for i in range(3):
        a.enrol(f"flood-{i}")
    assert len(cmf.ctl_json("certificate", "list")) == 3
    assert "cmfd_connections_gave_way_total" in cmf.metrics()
    told = cmf.log.read_text()
    assert "event=descriptors" in told and "limit=520" in told and told.count("what=accept") <= 1
    for s in flood:
        s.close()
    assert cmf.states("flood-2") == ["active"]
    assert cmf.stop() == 0


def test_check_compares_connections_with_descriptors(tmp_path):
    cmf = Cmf(tmp_path / "cmf")
    cmf.set("server", "connections_max", "100000")
    told = cmf.ctl("check", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1000, 1000))).stdout
    assert "warning: [server] connections_max: 100000 needs RLIMIT_NOFILE" in told
    assert "at most 1000, with which cmfd would serve 616" in told
    cmf.set("server", "connections_max", "8")
    assert "connections_max" not in cmf.ctl("check").stdout


def balance(cmf, client):
    """A load balancer at 127.0.0.9: what it gets goes to cmfd behind a PROXY header of version 2 (proxy-protocol.txt
    2.2) that says `client` and port 4660. Gives back where it listens."""
    listener = socket.create_server(("127.0.0.1", 0))
    header = (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + socket.inet_aton(client) + socket.inet_aton("127.0.0.1")
              + (4660).to_bytes(2, "big") + cmf.port.to_bytes(2, "big"))

    def pump(source, sink):
        try:
            while octets := source.recv(65536):
                sink.sendall(octets)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def serve():
        while True:
            try:
                front, _ = listener.accept()
            except OSError:
                return
            back = socket.create_connection(("127.0.0.1", cmf.port), source_address=("127.0.0.9", 0))
            back.sendall(header)
            for pair in ((front, back), (back, front)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return listener


def test_true_address_of_a_client_behind_a_load_balancer(tmp_path):
    cmf = Cmf(tmp_path / "cmf")
    cmf.set("server", "proxy_protocol_from", "127.0.0.8/31")
    cmf.start()
    a = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    cmf.register("vnfm-a", "vnfci-behind", "vnfci-direct")
    a.enrol("vnfci-direct")
    with balance(cmf, "203.0.113.7") as balancer:
        a.enrol("vnfci-behind", extra=["-server", f"127.0.0.1:{balancer.getsockname()[1]}"])
    assert cmf.stop() == 0
    peers = [re.search(r" peer=(\S+):\d+ ", line).group(1) for line in cmf.log.read_text().splitlines()
             if "event=request" in line]
    assert peers == ["127.0.0.1", "127.0.0.1", "203.0.113.7", "203.0.113.7"]
