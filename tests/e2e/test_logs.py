# SPDX-License-Identifier: Apache-2.0
"""What the log says of those who are not served: who, and why; and never a secret."""
import socket
import urllib.error
import urllib.request

from conftest import BUILD, Requester, issue, make_ca, run, wait_for


def status(url, data=None, method=None, content_type="text/plain"):
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": content_type} if data else {})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def lines(cmf, event):
    return [line for line in cmf.log.read_text().splitlines() if f" event={event} " in line]


def test_http_refusals_are_told_and_counted(cmf):
    assert status(cmf.url + "/nothing/here?secret=1") == 404
    assert status(cmf.url + "/.well-known/cmp", method="DELETE") == 405
    assert status(cmf.url + "/.well-known/cmp", data=b"x") == 415
    assert status(cmf.url + "/.well-known/cmp", data=b"x" * 70000, content_type="application/pkixcmp") == 413
    wait_for("the lines", lambda: len(lines(cmf, "http_refused")) >= 4)
    for code, uri in ((404, "/nothing/here"), (405, "method=DELETE"), (415, "method=POST"), (413, "peer=127.0.0.1")):
        assert any(f"status={code}" in line and uri in line for line in lines(cmf, "http_refused")), code
        assert f'cmfd_http_refused_total{{status="{code}"}} 1' in cmf.metrics()


def test_lines_of_refused_requests_are_few(cmf):
    """Anybody can ask for what is not there: the disk is not filled with it, and all are counted."""
    for _ in range(300):
        status(cmf.url + "/nothing")
    assert 'cmfd_http_refused_total{status="404"} 300' in cmf.metrics()
    told = lines(cmf, "http_refused")
    # ten a second: so many that are left out are told with the next one
    assert len(told) <= 300 and sum(int(line.split("left_out=")[1].split()[0]) for line in told) + len(told) <= 300


def test_tls_failures_are_told(cmf):
    cmf.stop()
    cmf.serve_tls().start()
    with socket.create_connection(("127.0.0.1", cmf.tls_port), timeout=60) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        plain.recv(100)
    wait_for("the line", lambda: lines(cmf, "tls_failed"))
    assert "peer=127.0.0.1" in lines(cmf, "tls_failed")[0] and "http request" in lines(cmf, "tls_failed")[0]
    assert "cmfd_tls_failed_total 1" in cmf.metrics()


def test_a_refused_signer_is_named(cmf, tmp_path):
    """Subject, issuer, serial number and what was wrong with the path, in the log alone."""
    make_ca(tmp_path / "other-ca.pem", tmp_path / "other-ca.key", "/CN=some other CA")
    issue(tmp_path / "other-ca.pem", tmp_path / "other-ca.key", tmp_path / "other.pem", tmp_path / "other.key", "/CN=stranger")
    stranger = Requester(cmf, tmp_path, ["-cert", tmp_path / "other.pem", "-key", tmp_path / "other.key"])
    result = stranger.cmp("ir", "-newkey", stranger.key(), "-subject", "/CN=s1", "-certout", stranger.out(),
                          path=".well-known/cmp/p/VnfciCert")
    assert not result.ok
    refused = lines(cmf, "signer_refused")[0]
    serial = run(["openssl", "x509", "-in", tmp_path / "other.pem", "-noout", "-serial"]).stdout.strip().split("=")[1]
    assert 'subject="CN=stranger"' in refused and 'issuer="CN=some other CA"' in refused
    assert f"serial={serial.lower()}" in refused and "no client has this subject" in refused
    # joined with the line of the request, which says where it was sent
    number = refused.split(" id=")[1].split()[0]
    request = next(line for line in lines(cmf, "request") if f" id={number} " in line)
    assert "path=/.well-known/cmp/p/VnfciCert" in request and "profile=VnfciCert" in request


def test_a_pin_is_shown_nowhere(cmf):
    before = next(line.split(" = ")[1] for line in cmf.conf.read_text().split("[protection]")[1].splitlines()
                  if line.startswith("key = "))
    uri = "pkcs11:token=none;object=none?pin-value=471147"
    cmf.stop()
    cmf.set("protection", "key", uri)
    for command in ([BUILD / "cmfd", "--config", cmf.conf, "--check"], [BUILD / "cmfd", "--config", cmf.conf, "--print-config"],
                    [BUILD / "cmfctl", "--config", cmf.conf, "check"], [BUILD / "cmfd", "--config", cmf.conf]):
        result = run(command, check=False)
        assert "pin-value=*" in result.stdout and "471147" not in result.stdout, command
    cmf.set("protection", "key", before)
