# SPDX-License-Identifier: Apache-2.0
"""What cmfctl prints as tables and JSON: filters, columns, order, the width of the terminal, and which of many is refused."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

import pytest
from conftest import BUILD, ROOT, Requester, run

DOCUMENTED = (ROOT / "docs" / "operator-json.md").read_text()


@pytest.fixture(scope="module")
def inventory(shared):
    """t1 with a certificate that was replaced, t2 with one, t3 with none."""
    shared.register("vnfm-a", "t1", "t2", "t3")
    vnfm = shared.vnfm_a
    chain = vnfm.out()
    cert, key = vnfm.enrol("t1", extra=["-chainout", chain])
    vnfm.enrol("t2")
    entity = Requester(shared, vnfm.dir, ["-cert", cert, "-key", key, "-extracerts", chain])
    entity.count = 1000
    done = entity.cmp("kur", "-newkey", entity.key(), "-certout", entity.out(),
                      path=".well-known/cmp/p/VnfciCert/keyupdate")
    assert done.ok, done.text
    return shared


def on_terminal(command, width):
    """Its output on a terminal of that width, line by line."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 25, width, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
    process = subprocess.Popen([str(c) for c in command], stdout=slave, stderr=subprocess.STDOUT, env=environment)
    os.close(slave)
    out = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        out += part
    os.close(master)
    assert process.wait() == 0, out
    return out.decode().replace("\r", "").splitlines()


def test_expires_within_and_replaced(inventory):
    soon = inventory.ctl_json("certificate", "list", "--expires-within", "400d")
    assert {c["subject_id"] for c in soon} >= {"t1", "t2"}
    assert inventory.ctl_json("certificate", "list", "--expires-within", "1d") == []
    old, new = sorted(inventory.certificates("t1"), key=lambda c: c["id"])
    assert old["replaced_by"] == new["serial"] and new["replaced_by"] is None
    left = inventory.ctl_json("certificate", "list", "--subject-id", "t1", "--not-replaced")
    assert [c["serial"] for c in left] == [new["serial"]]
    inventory.ctl("certificate", "revoke", new["serial"])
    within = ("certificate", "list", "--subject-id", "t1", "--expires-within", "400d")
    assert [c["serial"] for c in inventory.ctl_json(*within)] == [old["serial"]]
    assert [c["serial"] for c in inventory.ctl_json(*within, "--state", "revoked")] == [new["serial"]]
    refused = inventory.ctl("certificate", "list", "--expires-within", "soon", check=False)
    assert refused.returncode == 1 and "as 30d" in refused.stdout


def test_filters_of_type_and_profile(inventory):
    for command in ("certificate", "registration"):
        rows = inventory.ctl_json(command, "list", "--cert-type", "VnfciCert", "--profile", "VnfciCert")
        assert {r["subject_id"] for r in rows} >= {"t1", "t2"}
        assert inventory.ctl_json(command, "list", "--cert-type", "ManoCert", "--subject-id", "t1") == []
        assert inventory.ctl_json(command, "list", "--profile", "none", "--subject-id", "t1") == []
        assert inventory.ctl_json(command, "list", "--trust-domain", "none") == []
    assert inventory.ctl("certificate", "list", "--cert-type", "x", check=False).returncode == 1
    clients = inventory.ctl_json("client", "list", "--trust-domain", "vnfs")
    assert {c["name"] for c in clients} == {"vnfm-a", "vnfm-b"}


def test_columns_order_and_headers(inventory):
    table = inventory.ctl("registration", "list", "--columns", "subject_id,state,created_at", "--sort", "-subject_id")
    lines = [line.split() for line in table.stdout.splitlines()]
    assert lines[0] == ["SUBJECT", "ID", "STATE", "created_at"]
    names = [line[0] for line in lines[1:]]
    assert names == sorted(names, reverse=True) and {"t1", "t2", "t3"} <= set(names)
    bare = inventory.ctl("registration", "list", "--columns", "subject_id", "--no-headers", "--sort", "subject_id",
                         "--limit", "2").stdout.split()
    assert bare == sorted(names)[:2]
    rows = inventory.ctl_json("registration", "list", "--columns", "subject_id,id", "--sort", "-id")
    assert [list(row) for row in rows] == [["subject_id", "id"]] * len(rows)
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
    # Numbers as numbers, and what has no value last, whichever the order.
    certificates = inventory.ctl_json("certificate", "list", "--subject-id", "t1", "--sort", "replaced_by")
    assert [c["replaced_by"] is None for c in certificates] == [False, True]
    certificates = inventory.ctl_json("certificate", "list", "--subject-id", "t1", "--sort", "-replaced_by")
    assert [c["replaced_by"] is None for c in certificates] == [False, True]
    for option in ("--columns", "--sort"):
        refused = inventory.ctl("registration", "list", option, "nothing", check=False)
        assert refused.returncode == 2 and "there is no field 'nothing'; there are id, subject_id" in refused.stdout


def test_table_fits_the_terminal(inventory):
    command = [BUILD / "cmfctl", "--config", inventory.conf, "certificate", "list"]
    serials = [c["serial"] for c in inventory.certificates()]
    wide = run(command).stdout.splitlines()
    assert max(map(len, wide)) > 100 and not any("~" in line for line in wide)
    narrow = on_terminal(command, 100)
    assert max(map(len, narrow)) <= 100 and any("~" in line for line in narrow)
    # What names a row is never cut.
    assert [line.split()[0] for line in narrow[1:]] == serials
    assert on_terminal(command, 400) == wide


def test_transaction_by_the_id_that_the_log_prints(inventory):
    inventory.register("vnfm-a", "t4")
    inventory.vnfm_a.enrol("t4")
    line = [l for l in inventory.log.read_text().splitlines() if "operation=ir" in l and "t4" in l][-1]
    logged = re.search(r" transaction=([0-9a-f]+)", line).group(1)
    row = inventory.ctl_json("transaction", "show", logged)[0]
    assert row["transaction_id"] == logged and row["operation"] == "ir" and row["response"]
    assert inventory.ctl_json("transaction", "list", "--transaction-id", logged)[0]["id"] == row["id"]
    assert inventory.ctl_json("transaction", "show", str(row["id"]))[0] == row
    assert "no such transaction" in inventory.ctl("transaction", "show", "00" * 16, check=False).stdout


def test_bulk_refusals_name_subject_and_line(inventory, tmp_path):
    names = tmp_path / "names"
    names.write_text("# of the rack\nb1\n\nb2\nb1\n" + "x" * 300 + "\n")
    refused = inventory.ctl("register", "--requester", "vnfm-a", "--cert-type", "VnfciCert", "--subject-file", names,
                            check=False)
    assert refused.returncode == 1
    assert re.search(rf"{names}:5: b1: ", refused.stdout), refused.stdout
    assert re.search(rf"{names}:6: xxx", refused.stdout), refused.stdout
    names.write_text("\n".join(f"b{i}" for i in range(2500)) + "\n")
    register = ("register", "--requester", "vnfm-a", "--cert-type", "VnfciCert", "--subject-file", names)
    inventory.ctl(*register)
    names.write_text("\n".join(f"b{i}" for i in range(2400)) + "\nb2400-not\nb2400\nb2400\n")
    end = ("deregister", "--cert-type", "VnfciCert", "--subject-file", names)
    refused = inventory.ctl(*end, check=False)
    assert refused.returncode == 1
    assert f"{names}:2401: b2400-not: the entity is not registered" in refused.stdout
    assert "2000 of 2403 entities are deregistered" in refused.stdout
    left = {r["subject_id"] for r in inventory.ctl_json("registration", "list") if r["subject_id"].startswith("b")}
    assert left == {f"b{i}" for i in range(2000, 2500)}
    names.write_text("\n".join(f"b{i}" for i in range(2000, 2500)) + "\nb2100\n")
    assert inventory.ctl(*end).stdout == "deregistered 501 entities\n"
    refused = inventory.ctl("deregister", "--cert-type", "VnfciCert", "--subject-id", "b1", check=False)
    assert refused.returncode == 1 and "b1: the entity is not registered" in refused.stdout


@pytest.mark.parametrize("command", ["registration", "certificate", "client", "transaction", "audit"])
def test_members_are_documented(inventory, command):
    """docs/operator-json.md has every member of what the operator's lists answer."""
    section = re.split(r"^## ", DOCUMENTED, flags=re.M)
    section = next(part for part in section if part.startswith(command))
    rows = inventory.ctl_json(command, "list", "--limit", "20") if command != "client" else inventory.ctl_json(command, "list")
    assert rows
    for row in rows:
        for member in row:
            assert f"`{member}`" in section, f"{command}: {member}"


def test_members_of_status_and_cas_are_documented(inventory):
    status = inventory.ctl_json("status")[0]
    for member in list(status) + list(status["cas"][0]) + list(status["own_certificates"][0]) + list(status["counts"]):
        assert f"`{member}`" in DOCUMENTED, member
    for member in inventory.ctl_json("node", "list")[0]:
        assert f"`{member}`" in DOCUMENTED, member
    for member in inventory.ctl_json("ca", "show")[0]:
        assert f"`{member}`" in DOCUMENTED, member
