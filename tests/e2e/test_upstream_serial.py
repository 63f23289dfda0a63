# SPDX-License-Identifier: Apache-2.0
"""Serial numbers of other CAs, RFC 5280 4.1.2.2: at most 20 octets, which MUST be handled, and what there is
beside. Enrolled, shown, updated and revoked through an upstream CA that is OpenSSL's."""
import pytest

from conftest import Cmf, Vnfm, run, serial_of, wait_for
from openssl_ca import OpensslCa

SERIALS = ["0x7f", "0x80", "0xff", "0", "-0x80",
           "0x7fffffffffffffffffffffffffffffffffffffff",    # 20 octets
           "0x9f00ffeeddccbbaa99887766554433221100ffee",    # 20, and one for the sign
           "0xff00000000000000000000000000000000000000ff"]  # 22, and one for the sign


@pytest.fixture(scope="module")
def ra(tmp_path_factory):
    base = tmp_path_factory.mktemp("serial")
    other = OpensslCa(base / "other")
    server = Cmf(base / "ra")
    with open(server.conf, "a", encoding="utf-8") as conf:
        conf.write(other.section())
    server.start()
    server.other = other
    server.vnfm = Vnfm(server, "vnfm-a", base / "vnfm")
    yield server
    other.stop()
    assert server.stop() == 0


def enrol(ra, name, serial, cmd, *credential):
    """(certificate, key)"""
    key = ra.vnfm.key()
    cert = ra.other.certify(ra.other.dir / f"{key.name}.pem", key, f"/CN={name}", "-set_serial", serial)
    ra.other.serve(cert)
    out = ra.vnfm.out()
    command = ra.vnfm.command(cmd, "-newkey", key, "-certout", out, "-out_trusted", ra.other.cert,
                              path=".well-known/cmp/p/VnfciCert")
    if credential:
        command[command.index("-cert") + 1], command[command.index("-key") + 1] = credential
    else:
        command += ["-subject", f"/CN={name}"]
    result = run(command, check=False)
    assert result.returncode == 0, f"{result.stdout}\n{ra.tail()}"
    assert out.read_text() == cert.read_text()
    return out, key


@pytest.mark.parametrize("serial", SERIALS)
def test_rfc5280_4_1_2_2(ra, serial):
    name = f"serial-{SERIALS.index(serial)}"
    ra.ctl("register", "--requester", "vnfm-a", "--cert-type", "VnfciCert", "--ca", "other", "--subject-id", name)
    old, old_key = enrol(ra, name, serial, "ir")
    [shown] = ra.ctl_json("certificate", "show", f"--serial={serial_of(old)}")
    assert (shown["serial"], shown["state"]) == (serial_of(old), "active")
    # By its holder, who signs with it.
    new, new_key = enrol(ra, name, f"{serial}1" if serial != "0" else "1", "kur", old, old_key)
    states = {c["serial"]: c["state"] for c in ra.certificates(name)}
    assert states == {serial_of(old): "active", serial_of(new): "active"}
    # Revoked by its holder, and by the operator.
    command = ra.vnfm.command("rr", "-oldcert", new, "-revreason", "1")
    command[command.index("-cert") + 1], command[command.index("-key") + 1] = new, new_key
    run(command)
    ra.other.serve(old)
    ra.ctl("certificate", "revoke", f"--serial={serial_of(old)}", "--reason", "superseded")
    wait_for("the revocation", lambda: ra.states(name) == ["revoked", "revoked"])
