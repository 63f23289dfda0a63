# SPDX-License-Identifier: Apache-2.0
"""The audit: who did it, that it is what was written, and where else it goes."""
import calendar
import contextlib
import getpass
import hashlib
import hmac
import http.server
import itertools
import json
import os
import re
import shutil
import signal
import socket
import socketserver
import subprocess
import threading
import time
import types

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

import postgresql
from conftest import BUILD, OPENSSL, Cmf, Vnfm, about_a_file, run, serial_of, wait_for
from test_store_key import rekeyed


def verify(cmf, *args):
    return cmf.ctl("audit", "verify", *args, check=False, stderr=subprocess.PIPE)


def lines(cmf, *args):
    return cmf.ctl_json("audit", "list", *args)


def exported_lines(text):
    """Without what is said about them."""
    return [o for o in map(json.loads, text.splitlines()) if "action" in o]


def change(cmf, sql):
    """With the server down, so that nothing of it is in the way."""
    with cmf.database("rw") as db:
        db.execute(sql)


def keep(cmf, directory):
    """With the server down: keeps the whole database, and gives what puts it back."""
    name = postgresql.database_of(cmf)
    if not name:
        shutil.copy(cmf.dir / "cmf.db", directory / "saved.db")
        return lambda: shutil.copy(directory / "saved.db", cmf.dir / "cmf.db")

    def copy(source, target):
        postgresql.server().sql("postgres", f"DROP DATABASE IF EXISTS {target}")
        postgresql.server().sql("postgres", f"CREATE DATABASE {target} TEMPLATE {source}")
    copy(name, f"{name}_saved")
    return lambda: copy(f"{name}_saved", name)


@pytest.fixture
def served(cmf, tmp_path):
    Vnfm(cmf, "vnfm-a", tmp_path)
    return cmf


@pytest.fixture
def written(served):
    """A server that was started twice, so that there are two chains, with some lines in each."""
    cmf = served
    cmf.register("vnfm-a", "one", "two", "three")
    cmf.stop()
    cmf.start()
    cmf.register("vnfm-a", "four", "five", "six")
    assert verify(cmf).returncode == 0, verify(cmf).stderr
    return cmf


def test_who(served):
    cmf = served
    cmf.register("vnfm-a", "one")
    line = lines(cmf, "--action", "register")[0]
    assert (line["actor"], line["uid"], line["user"]) == ("cmfctl", os.getuid(), getpass.getuser())
    assert lines(cmf, "--actor", getpass.getuser(), "--action", "register") == [line]
    assert getpass.getuser() in cmf.ctl("audit", "list").stdout


def fingerprint(path):
    said = run([OPENSSL, "x509", "-in", path, "-noout", "-fingerprint", "-sha256"]).stdout
    return "sha256:" + said.strip().split("=")[1].replace(":", "").lower()


def test_certificates_that_the_cmf_lives_by(cmf):
    """A file that is replaced under its name is another certificate, which the fingerprint of the configuration hides."""
    def used(*args):
        return lines(cmf, "--action", "use certificate", *args)

    assert {(line["target"], line["after"]) for line in used()} >= {
        ("[protection] certificate", fingerprint(cmf.dir / "cmf.pem")), ("[ca issuing] certificate", fingerprint(cmf.dir / "ca/issuing.pem"))}
    before, n = fingerprint(cmf.dir / "cmf.pem"), len(used())
    cmf.ctl("protection", "renew")
    cmf.ctl("reload")
    wait_for("the line", lambda: len(used()) > n)
    new, = [line for line in used() if line["before"]]
    after = fingerprint(cmf.dir / "cmf.pem")
    assert (new["target"], new["before"], new["after"]) == ("[protection] certificate", before, after) and before != after
    assert new["detail"] == "CN=cmf" and new["uid"] == os.getuid()
    cmf.ctl("reload")
    cmf.stop()
    cmf.start()
    assert len(used()) == 2 * n + 1


def test_what_becomes_of_the_server(cmf):
    start = lines(cmf, "--action", "start")[0]
    assert start["actor"] == "cmfd" and start["uid"] == os.getuid()
    # what it says is what anybody can compute
    printed = run([BUILD / "cmfd", "--config", cmf.conf, "--print-config"]).stdout
    assert start["after"] == "sha256:" + hashlib.sha256(printed.encode()).hexdigest()
    cmf.set("cmf", "expiry_warning", "20d")
    cmf.ctl("reload")
    wait_for("the reload", lambda: lines(cmf, "--action", "reload"))
    reload = lines(cmf, "--action", "reload")[0]
    assert reload["before"] == start["after"] and reload["after"] != start["after"] and reload["outcome"] == "done"
    assert reload["uid"] == os.getuid()
    socket = "--socket", cmf.dir / "cmfd.sock"
    cmf.set("cmf", "expiry_warning", "never")
    cmf.process.send_signal(signal.SIGHUP)
    wait_for("the refusal", lambda: lines(cmf, *socket, "--outcome", "refused"))
    refused = lines(cmf, *socket, "--outcome", "refused")[0]
    assert refused["before"] == refused["after"] == reload["after"]
    assert refused["detail"].startswith("[cmf] expiry_warning: ")
    cmf.set("cmf", "expiry_warning", "20d")
    cmf.stop()
    cmf.start()
    assert [line["uid"] for line in lines(cmf, "--action", "stop")] == [os.getuid()]
    wait_for("a CRL", lambda: lines(cmf, "--action", "issue CRL"))


def test_crl_is_made_by_who_asked_for_the_revocation(cmf, tmp_path):
    cmf.stop()
    cmf.set("ca issuing", "crl_on_revocation", "yes")
    cmf.start()
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a", register_on_ir=True)
    wait_for("a CRL", lambda: lines(cmf, "--action", "issue CRL"))
    assert lines(cmf, "--action", "issue CRL")[0]["actor"] == "housekeeping"

    def crls_asked_for():
        """Housekeeping may come first, but not to each."""
        who = "actor_kind", "actor", "uid", "user", "request_id"
        revoked = [[line[m] for m in who] for line in lines(cmf, "--action", "revoke")]
        return {line["actor"] for line in lines(cmf, "--action", "issue CRL") if [line[m] for m in who] in revoked}
    for name in "one", "two", "three":
        cmf.ctl("certificate", "revoke", serial_of(vnfm.enrol(name)[0]))
    assert crls_asked_for() == {"cmfctl"}
    for name in "four", "five", "six":
        assert vnfm.cmp("rr", "-oldcert", vnfm.enrol(name)[0], "-revreason", "4").ok
    assert crls_asked_for() == {"cmfctl", "vnfm-a"}


@pytest.mark.parametrize("sql, problem", [
    ("UPDATE audit SET target = 'x' WHERE id = (SELECT max(id) - 1 FROM audit)", "was changed"),
    ("UPDATE audit SET detail = NULL WHERE id = (SELECT min(id) FROM audit WHERE detail IS NOT NULL)", "was changed"),
    ("UPDATE audit SET uid = uid + 1 WHERE id = (SELECT min(id) FROM audit WHERE uid IS NOT NULL)", "was changed"),
    ("DELETE FROM audit WHERE target = 'two'", "1 lines are missing"),
    ("DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)", "its last 1 lines are missing"),
    ("DELETE FROM audit WHERE id > (SELECT max(id) - 2 FROM audit)", "its last 2 lines are missing"),
    ("DELETE FROM audit WHERE id < (SELECT min(id) + 2 FROM audit)", "2 lines are missing"),
    ("INSERT INTO audit (time_ms, actor, action, target, chain, sequence, hash) SELECT time_ms, actor, action, 'y', chain,"
     " sequence + 1, hash FROM audit WHERE id = (SELECT max(id) FROM audit)", "was changed"),
    ("INSERT INTO audit (time_ms, actor, action, target, chain, sequence, hash) SELECT time_ms, actor, action, 'y', chain,"
     " sequence + 9, hash FROM audit WHERE id = (SELECT max(id) FROM audit)", "lines behind the newest"),
    ("INSERT INTO audit (time_ms, actor, action, target) VALUES (1, 'a', 'b', 'c')", "behind the newest"),
    ("INSERT INTO audit (time_ms, actor, action, target, chain) VALUES (1, 'a', 'b', 'c', 99)", "chain that there is not"),
    ("UPDATE audit SET target = CASE target WHEN 'one' THEN 'two' ELSE 'one' END WHERE target IN ('one', 'two')", "was changed"),
    ("DELETE FROM audit WHERE chain = 2", "lines are missing"),
    ("DELETE FROM audit_chain WHERE id = 1", "chain 1 is missing"),
    ("UPDATE audit_chain SET last_sequence = last_sequence - 1, last_hash = (SELECT hash FROM audit WHERE chain = 1"
     " ORDER BY sequence DESC LIMIT 1 OFFSET 1) WHERE id = 1", "not what its MAC was made of"),
    ("UPDATE audit_chain SET mac = NULL WHERE id = 1", "has no MAC"),
    ("UPDATE audit_chain SET before_sequence = before_sequence + 1 WHERE id = 2", "was changed"),
    ("UPDATE audit_chain SET anchor_sequence = 2, anchor_hash = (SELECT hash FROM audit WHERE chain = 1 AND sequence = 2)"
     " WHERE id = 1", "has no MAC"),
])
def test_what_was_done_to_it_is_found(written, sql, problem):
    written.stop()
    change(written, sql)
    written.start()
    result = verify(written)
    assert result.returncode == 1 and problem in result.stderr, result.stderr


def test_a_chain_that_was_taken_away_whole_is_found(written):
    """The newest one, so that no other knows of it; of its MAC the number of chains remains."""
    written.stop()
    change(written, "DELETE FROM audit WHERE chain = 2")
    change(written, "DELETE FROM audit_chain WHERE id = 2")
    written.start()
    result = verify(written)
    assert result.returncode == 1 and "chain 2 is missing" in result.stderr
    assert "chains of the audit are missing" in written.tail()


def test_with_another_key_nothing_verifies(written):
    written.stop()
    with written.database("rw") as db:
        db.execute("UPDATE audit_chain SET mac = ? WHERE id > 0", (bytes(40),))
    written.start()
    result = verify(written)
    assert result.returncode == 1 and "a store key that is not configured" in result.stderr
    # An export proves nothing of them either.
    heads = [o for o in map(json.loads, written.ctl("audit", "export").stdout.splitlines()) if o.get("head")]
    assert [bool(head["mac"]) for head in heads] == [False, False, True]


def test_an_export_finds_an_audit_that_was_set_back(written, tmp_path):
    """What no look at the database alone can find: all of it as it was, MACs and all."""
    written.stop()
    put_back = keep(written, tmp_path)
    written.start()
    written.register("vnfm-a", "seven")
    exported = tmp_path / "audit.jsonl"
    written.ctl("audit", "export", "--output", str(exported))
    rows = exported_lines(exported.read_text())
    assert rows == lines(written) and rows[-1]["target"] == "seven"
    assert verify(written, "--against", str(exported)).returncode == 0
    written.stop()
    put_back()
    written.start()
    assert verify(written).returncode == 0
    result = verify(written, "--against", str(exported))
    assert result.returncode == 1 and "set back" in result.stderr
    exported.write_text("{}\n")
    assert "line 1 is no line of an exported audit" in verify(written, "--against", str(exported)).stderr


def test_another_store_key(written):
    """What the key before has a MAC of gets one of the new key, so that the old one can go."""
    def keys():
        with written.database() as db:
            return {row[0][:8] for row in db.execute("SELECT mac FROM audit_chain")}
    before = keys()
    assert len(before) == 1
    rekeyed(written)
    wait_for("the MACs", lambda: len(keys()) == 1 and keys() != before)
    assert verify(written).returncode == 0, verify(written).stderr
    written.stop()
    for old in written.dir.glob("store.key.old*"):
        old.unlink()
    written.start()
    assert verify(written).returncode == 0, verify(written).stderr


# --- outside of the database: [audit] ---


def audit_file(cmf):
    """The lines, and the remarks about them; none while there is no file, which cmfd makes after it is ready."""
    path = cmf.dir / "audit.jsonl"
    text = path.read_text() if path.exists() else ""
    objects = [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]
    return [o for o in objects if "action" in o], [o for o in objects if "action" not in o]


def places(cmf):
    return {place["place"]: place for place in cmf.ctl_json("status")[0]["audit"]}


def all_is_written(cmf):
    wait_for("the lines", lambda: audit_file(cmf)[0] == lines(cmf))


@pytest.fixture
def filed(tmp_path):
    """A server whose audit goes to a file from its first line on."""
    cmf = Cmf(tmp_path / "cmf")
    cmf.set("audit", "file", "audit.jsonl")
    cmf.start()
    Vnfm(cmf, "vnfm-a", tmp_path)
    yield cmf
    assert cmf.stop() == 0, cmf.tail()


def test_file_has_each_line_of_this_process_on(cmf, tmp_path):
    Vnfm(cmf, "vnfm-a", tmp_path)
    cmf.register("vnfm-a", "one")
    cmf.stop()
    known = len(lines_offline(cmf))
    cmf.set("audit", "file", "audit.jsonl")
    cmf.start()
    cmf.register("vnfm-a", "two")
    wait_for("the line", lambda: audit_file(cmf)[0] == lines(cmf)[known:])
    assert audit_file(cmf)[0][0]["action"] == "start"
    # from then on nothing is left out, whatever happens to the process
    cmf.register("vnfm-a", "three")
    cmf.kill()
    cmf.start()
    cmf.register("vnfm-a", "four")
    cmf.stop()
    cmf.start()
    wait_for("all of it", lambda: audit_file(cmf)[0] == lines(cmf)[known:])


def lines_offline(cmf):
    with cmf.database() as db:
        return db.execute("SELECT id FROM audit ORDER BY id").fetchall()


def test_at_a_stop_all_is_written(filed):
    filed.register("vnfm-a", *[f"v-{i}" for i in range(50)])
    filed.stop()
    written, remarks = audit_file(filed)
    assert [line["id"] for line in written] == [row[0] for row in lines_offline(filed)]
    assert written[-1]["action"] == "stop"
    assert remarks[-1]["head"] and remarks[-1]["hash"] == written[-1]["hash"]


def test_file_is_another_one_after_a_reload(filed):
    all_is_written(filed)
    first = filed.dir / "audit.jsonl.1"
    (filed.dir / "audit.jsonl").rename(first)
    filed.ctl("reload")
    filed.register("vnfm-a", "one")
    wait_for("the new file", lambda: (filed.dir / "audit.jsonl").exists() and
             any(line["action"] == "register" for line in audit_file(filed)[0]))
    before = [json.loads(line) for line in first.read_text().splitlines()]
    together = [o for o in before if "action" in o] + audit_file(filed)[0]
    wait_for("all of it", lambda: [o for o in before if "action" in o] + audit_file(filed)[0] == lines(filed))
    # by a signal, and where the configuration is refused, too
    filed.set("cmf", "expiry_warning", "never")
    (filed.dir / "audit.jsonl").unlink()
    filed.process.send_signal(signal.SIGHUP)
    socket_option = "--socket", filed.dir / "cmfd.sock"
    wait_for("the refusal", lambda: lines(filed, *socket_option, "--outcome", "refused"))
    wait_for("the line of it", lambda: (filed.dir / "audit.jsonl").exists() and
             [line["outcome"] for line in audit_file(filed)[0]] == ["refused"])
    filed.set("cmf", "expiry_warning", "20d")
    assert together


def test_disk_that_is_full_is_told_and_stops_nothing(filed):
    """/dev/full takes nothing: ENOSPC, as a disk has it."""
    all_is_written(filed)
    kept = (filed.dir / "audit.jsonl").rename(filed.dir / "kept.jsonl")
    (filed.dir / "audit.jsonl").symlink_to("/dev/full")
    filed.ctl("reload")
    filed.register("vnfm-a", *[f"v-{i}" for i in range(700)])
    wait_for("the problem", lambda: places(filed)["file"]["problem"])
    assert places(filed)["file"]["problem"] == "No space left on device"
    assert any("[audit] file: " in problem and "No space left" in problem
               for problem in filed.ctl_json("status")[0]["problems"])
    assert 'cmfd_audit_place_working{place="file"} 0' in filed.metrics()
    log = (filed.dir / "cmfd.log").read_text()
    assert "event=audit_place place=file" in log and "lines of the audit wait in the database" in log
    filed.register("vnfm-a", "served")
    (filed.dir / "audit.jsonl").unlink()
    kept.rename(filed.dir / "audit.jsonl")
    all_is_written(filed)
    wait_for("the end of it", lambda: places(filed)["file"]["problem"] is None)
    assert 'cmfd_audit_place_working{place="file"} 1' in filed.metrics()
    assert not [remark for remark in audit_file(filed)[1] if "gap" in remark]


def test_line_that_a_crash_cut_off_comes_again_whole(filed):
    all_is_written(filed)
    filed.kill()
    with open(filed.dir / "audit.jsonl", "r+b") as file:
        file.seek(-30, os.SEEK_END)
        file.truncate()
    with filed.database("rw") as db:
        last = db.execute("SELECT max(id) FROM audit").fetchone()[0]
        db.execute("UPDATE audit_sink SET line = ?, sequence = sequence - 1", (last - 1,))
    filed.start()
    all_is_written(filed)


def test_what_retention_removed_meanwhile_is_named(filed):
    all_is_written(filed)
    last = lines(filed)[-1]["id"]
    filed.stop()
    written = audit_file(filed)[0][-1]
    (filed.dir / "audit.jsonl").rename(filed.dir / "kept.jsonl")
    (filed.dir / "audit.jsonl").symlink_to("/dev/full")
    filed.start()
    filed.register("vnfm-a", "one", "two", "three", "four")
    wait_for("the problem", lambda: places(filed)["file"]["problem"])
    filed.stop()
    assert written["id"] > last
    with filed.database("rw") as db:
        # as a day of retention would, but for the anchor
        db.execute("DELETE FROM audit WHERE target IN ('one', 'two') OR action = 'start' AND id > ?", (last,))
        gone = [row[0] for row in db.execute("SELECT id FROM audit WHERE id > ? ORDER BY id", (written["id"],))]
    (filed.dir / "audit.jsonl").unlink()
    filed.start()
    wait_for("the lines", lambda: audit_file(filed)[0] and audit_file(filed)[0][0]["id"] == gone[0])
    gap = [remark for remark in audit_file(filed)[1] if "gap" in remark][0]
    assert gap["after_id"] == written["id"] and gap["before_id"] == gone[0]
    assert gap["lines"] == gone[0] - written["id"] - 1


@pytest.fixture
def system_log(tmp_path):
    """Somebody who listens where the system's log would."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(str(tmp_path / "log"))
        s.settimeout(60)
        yield s


def test_system_log_gets_each_line(cmf, tmp_path, system_log):
    cmf.stop()
    cmf.set("audit", "syslog", "local3")
    cmf.set("audit", "syslog_socket", str(tmp_path / "log"))
    cmf.start()

    def received(n):
        got = [system_log.recv(65536).decode() for _ in range(n)]
        # RFC 3164 4.1.1: 8 x 19 (local3) + 6 (informational)
        heads = [re.fullmatch(r"<(158|157)>([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) cmfd\[(\d+)\]: (\{.*\})", text, re.S)
                 for text in got]
        assert all(heads), got
        return [json.loads(head[4]) for head in heads]
    here = [line for line in lines(cmf) if line["chain"] == 2]
    assert [o for o in received(len(here) + 1) if "action" in o] == here
    known = len(lines(cmf))
    # a system's log that is gone, and comes back
    system_log.close()
    (tmp_path / "log").unlink()
    Vnfm(cmf, "vnfm-a", tmp_path)
    cmf.register("vnfm-a", "one")
    wait_for("the problem", lambda: places(cmf)["syslog"]["problem"])
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as again:
        again.bind(str(tmp_path / "log"))
        again.settimeout(60)
        system_log = again
        assert received(len(lines(cmf)) - known) == lines(cmf)[known:]


def test_heads_find_that_the_whole_database_was_set_back(cmf, tmp_path):
    heads = cmf.dir / "heads"
    heads.mkdir()
    Vnfm(cmf, "vnfm-a", tmp_path)
    cmf.stop()
    put_back = keep(cmf, tmp_path)
    cmf.set("audit", "heads", "heads")
    cmf.set("audit", "heads_interval", "1s")
    cmf.start()
    cmf.register("vnfm-a", "one")

    def told():
        return [json.loads(file.read_text()) for file in sorted(heads.glob("audit-head-*.json"))]
    wait_for("the head", lambda: any(head["hash"] == lines(cmf)[-1]["hash"] for head in told()))
    cmf.stop()
    assert told()[-1]["id"] == lines_offline(cmf)[-1][0]
    cmf.start()
    both = "".join(file.read_text() for file in sorted(heads.glob("*.json")))
    (tmp_path / "heads.jsonl").write_text(both)
    assert verify(cmf, "--against", str(tmp_path / "heads.jsonl")).returncode == 0
    assert verify(cmf, "--against", str(heads)).returncode == 0
    cmf.stop()
    put_back()
    cmf.start()
    assert verify(cmf).returncode == 0
    for against in heads, tmp_path / "heads.jsonl":
        result = verify(cmf, "--against", str(against))
        assert result.returncode == 1 and "set back" in result.stderr


def test_file_serves_to_verify_against(filed):
    all_is_written(filed)
    assert verify(filed, "--against", str(filed.dir / "audit.jsonl")).returncode == 0


def test_text_that_was_changed_in_an_export_is_found(written, tmp_path):
    """The hash says nothing of the text beside it: each line is compared, not the newest alone."""
    exported, changed = tmp_path / "audit.jsonl", tmp_path / "changed.jsonl"
    written.ctl("audit", "export", "--output", exported)
    assert verify(written, "--against", exported).returncode == 0
    text = exported.read_text()
    for old, new in ('"target":"two"', '"target":"2"'), ('"outcome":"done"', '"outcome":"refused"'), (',"target":"two"', ""):
        assert old in text
        changed.write_text(text.replace(old, new, 1))
        result = verify(written, "--against", changed)
        assert result.returncode == 1 and "another text than the audit, but the same hash" in result.stderr


def test_head_that_this_cmf_has_not_made_is_found(cmf, tmp_path):
    heads = cmf.dir / "heads"
    heads.mkdir()
    cmf.stop()
    cmf.set("audit", "heads", "heads")
    cmf.start()
    wait_for("a head", lambda: list(heads.glob("audit-head-*.json")))
    cmf.stop()
    cmf.start()
    file = sorted(heads.glob("audit-head-*.json"))[0]
    head = json.loads(file.read_text())
    assert len(head["mac"]) == 64 and len(head["key"]) == 16
    assert verify(cmf, "--against", heads).returncode == 0
    # each member is under the MAC; the time, too, by which somebody could say when
    for change in {"time": "2026-01-01T00:00:00Z"}, {"mac": "00" * 32}, {"mac": None}:
        file.write_text(json.dumps(head | change))
        result = verify(cmf, "--against", heads)
        assert result.returncode == 1 and "no MAC of this CMF" in result.stderr, change
    # one of a store key that has gone proves that much less, and is no finding
    file.write_text(json.dumps(head | {"key": "00" * 8}))
    result = verify(cmf, "--against", heads)
    assert result.returncode == 0 and "1 heads have no MAC of a store key that is known" in result.stderr
    assert json.loads(cmf.ctl("--json", "audit", "verify", "--against", heads).stdout)[0]["heads_unproven"] == 1


def test_export_goes_chain_by_chain(written):
    """Each chain whole, whatever ids the others have got meanwhile; and what is wanted of them alone."""
    def exported(*args):
        return exported_lines(written.ctl("audit", "export", *args).stdout)
    chains = written.ctl_json("audit", "verify")[0]["chains"]
    written.stop()
    with written.database("rw") as db:
        # as if two nodes had written at once: the lines of chain 1 are visible behind those of chain 2
        last = db.execute("SELECT max(id) FROM audit").fetchone()[0]
        db.execute("UPDATE audit SET id = id + ? WHERE chain = 1 AND sequence > 3", (last,))
    written.start()
    assert verify(written).returncode == 0, verify(written).stderr
    for chain in chains[1:]:
        got = [line["sequence"] for line in exported() if line["chain"] == chain["chain"]]
        assert got[:chain["sequence"]] == list(range(1, chain["sequence"] + 1))
    assert [(line["chain"], line["sequence"]) for line in exported()] == sorted(
        (line["chain"], line["sequence"]) for line in exported())
    for args in ("--action", "register"), ("--target", "two"), ("--actor", getpass.getuser()), ("--since", "2026-01-01"):
        assert sorted(line["id"] for line in exported(*args)) == sorted(line["id"] for line in lines(written, *args))
        assert exported(*args)
    assert exported("--since", "2100-01-01") == [] and len(exported("--limit", "3")) == 3


# --- a file by itself ---


ACTOR_KINDS = "client", "holder", "revoker", "operator", "system"
HASHED = ("time_ms", "actor_kind", "actor", "uid", "action", "target", "detail", "before", "after", "outcome", "request_id",
          "user")


def number(value):
    return value.to_bytes(8, "big", signed=True)


def line_hash(before, line):
    """docs/operator-json.md, "The hash of a line"."""
    values = {**line, **{name: bytes.fromhex(octets) for name, octets in line.get("octets", {}).items()},
              "actor_kind": ACTOR_KINDS.index(line["actor_kind"]),
              "request_id": int(line["request_id"], 16) if line["request_id"] else None}
    octets = bytes.fromhex(before) + number(line["chain"]) + number(line["sequence"])
    for value in map(values.get, HASHED):
        if value is None:
            octets += b"\0"
        elif isinstance(value, int):
            octets += b"\1" + number(value if value < 1 << 63 else value - (1 << 64))
        else:
            text = value if isinstance(value, bytes) else value.encode()
            octets += b"\2" + number(len(text)) + text
    return hashlib.sha256(octets).hexdigest()


def audit_key(store_key):
    return HKDF(hashes.SHA256(), 32, None, b"cmfd audit chain").derive(bytes.fromhex(store_key))


def head_mac(store_key, head):
    key = audit_key(store_key)
    at = calendar.timegm(time.strptime(head["time"], "%Y-%m-%dT%H:%M:%SZ"))
    octets = (b"cmfd audit head" + number(head["chain"]) + number(head["sequence"]) + bytes.fromhex(head["hash"]) +
              number(head["id"]) + number(at))
    return hmac.new(key, octets, "sha256").hexdigest()


def test_an_export_says_all_that_its_hashes_are_made_of(written):
    """Whoever has the file and the store key needs no program of ours."""
    objects = [json.loads(line) for line in written.ctl("audit", "export").stdout.splitlines()]
    store_key = (written.dir / "store.key").read_text().strip()
    at, heads = {}, []
    for o in objects:
        if o.get("begin"):
            at[o["chain"]] = o["hash"]
        elif o.get("head"):
            assert o["hash"] == at[o["chain"]] and o["mac"] == head_mac(store_key, o)
            heads.append(o["chain"])
        else:
            at[o["chain"]] = line_hash(at[o["chain"]], o)
            assert at[o["chain"]] == o["hash"], o
            assert o["time_ms"] // 1000 == calendar.timegm(time.strptime(o["time"], "%Y-%m-%dT%H:%M:%SZ"))
    assert heads == [1, 2]


def head_of(line, key):
    """As cmfd writes it."""
    line = json.loads(line)
    head = {m: line[m] for m in ("time", "id", "chain", "sequence", "hash")}
    secret = key.read_text().strip()
    key_id = HKDF(hashes.SHA256(), 8, None, b"cmfd store key id").derive(bytes.fromhex(secret))
    head |= {"head": True, "key": key_id.hex(), "mac": head_mac(secret, head)}
    return json.dumps(head)


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    """The lines of an export, its store key, and what is said of a file with other lines."""
    base = tmp_path_factory.mktemp("export")
    cmf = Cmf(base / "cmf").start()
    Vnfm(cmf, "vnfm-a", base)
    cmf.register("vnfm-a", "one", "two", "three")
    cmf.stop()
    cmf.start()
    cmf.register("vnfm-a", "four", "five", "six")
    text = cmf.ctl("audit", "export").stdout.splitlines()
    cmf.stop()
    file = base / "audit.jsonl"

    def verify_file(changed, *args):
        file.write_text("".join(line + "\n" for line in changed))
        done = run([BUILD / "cmfctl", "--json", "audit", "verify", "--file", file, *args], check=False, stderr=subprocess.PIPE)
        return done.returncode, json.loads(done.stdout)[0] if done.stdout else done.stderr
    return types.SimpleNamespace(text=text, key=cmf.dir / "store.key", verify=verify_file, conf=cmf.conf)


def test_file_is_verified_without_a_cmf(export):
    n = sum("action" in line for line in export.text)
    status, report = export.verify(export.text, "--secret-key", export.key)
    assert (status, report["verified"], report["lines"]) == (0, True, n)
    assert report["lines_unproven"] == report["heads_unproven"] == report["lines_missing"] == 0
    assert [(c["chain"], c["from"]) for c in report["chains"] if c["chain"]] == [(1, 1), (2, 1)]
    assert all(c["proven"] == c["to"] for c in report["chains"])
    status, report = export.verify(export.text)
    assert (status, report["lines_unproven"], report["heads_unproven"]) == (0, n, 2)
    said = run([BUILD / "cmfctl", "audit", "verify", "--file", "-"], input="\n".join(export.text) + "\n").stdout
    assert f"{n} lines in 2 chains: as they were written" in said and "--secret-key" in said


def place(export, text):
    found, = [i for i, line in enumerate(export.text) if text in line]
    return found


def replaced(old, new):
    def change(export):
        i = place(export, old)
        return export.text[:i] + [export.text[i].replace(old, new)] + export.text[i + 1:]
    return change


def without(*texts):
    return lambda export: [line for i, line in enumerate(export.text) if i not in [place(export, t) for t in texts]]


def seconds_alone(export):
    """A millisecond that the time for people does not show."""
    i = place(export, '"target":"two"')
    line = json.loads(export.text[i])
    line["time_ms"] += 1 if line["time_ms"] % 1000 < 999 else -1
    return export.text[:i] + [json.dumps(line)] + export.text[i + 1:]


def cut_off(export):
    """The last lines of chain 1, but not its head."""
    heads = [i for i, line in enumerate(export.text) if '"head":true' in line]
    return export.text[:heads[0] - 2] + export.text[heads[0]:]


def swapped(export):
    i = place(export, '"target":"one"')
    return export.text[:i] + [export.text[i + 1], export.text[i]] + export.text[i + 2:]


def inserted(export):
    i = place(export, '"target":"two"')
    line = json.loads(export.text[i])
    return export.text[:i + 1] + [json.dumps(line | {"target": "x"})] + export.text[i + 1:]


def another_head(export):
    i = [i for i, line in enumerate(export.text) if '"head":true' in line][0]
    return export.text[:i] + [json.dumps(json.loads(export.text[i]) | {"time": "2026-01-01T00:00:00Z"})] + export.text[i + 1:]


@pytest.mark.parametrize("change, problem", [
    (replaced('"target":"two"', '"target":"2"'), "the line was changed"),
    (seconds_alone, "the line was changed"),
    (without('"target":"two"'), "1 lines are missing before this one"),
    (without('"target":"two"', '"target":"three"'), "2 lines are missing before this one"),
    (cut_off, "the last 2 lines before the head are missing"),
    (swapped, "1 lines are missing before this one"),
    (inserted, "the line was changed"),
    (another_head, "the head has no MAC of that store key"),
])
def test_what_was_done_to_a_file_is_found(export, change, problem):
    status, report = export.verify(change(export), "--secret-key", export.key)
    assert status == 1 and problem in report["findings"][0]["problem"], report


def forged(export, first, last):
    """Lines of chain 2 from that place to that one, with another actor, and hashes that follow from its begin."""
    lines_of = [o for o in map(json.loads, export.text) if o.get("chain") == 2]
    at, made = lines_of[0]["hash"], []
    for line in lines_of:
        if "action" in line and first <= line["sequence"] <= last:
            line["actor"] = "nobody"
            at = line["hash"] = line_hash(at, line)
            made.append(json.dumps(line))
    return made


def test_gap_does_not_make_what_is_before_it_proven(export):
    """Lines that were made anew up to a gap, and behind it genuine ones with their head."""
    of_2 = [line for line in export.text if json.loads(line)["chain"] == 2]
    genuine = [json.loads(line) for line in of_2 if '"action"' in line]
    gap = {"gap": True, "after_id": genuine[1]["id"], "before_id": genuine[3]["id"], "lines": 1}
    changed = of_2[:1] + forged(export, 1, 2) + [json.dumps(gap)] + of_2[4:]
    status, report = export.verify(changed, "--secret-key", export.key)
    assert (status, report["lines_missing"], report["lines_unproven"]) == (0, 1, 3)
    chain, = report["chains"]
    assert (chain["from"], chain["proven"]) == (5, chain["to"])


@pytest.mark.parametrize("change", [
    {"detail": 1}, {"detail": {}}, {"before": []}, {"user": True}, {"uid": "0"}, {"uid": os.getuid() + (1 << 32)}, {"uid": -1},
    {"request_id": "x"}, {"request_id": "+1"}, {"time_ms": 0}, {"time_ms": -1}, {"time": "2026-01-01T00:00:00Z"},
    {"time_ms": 0, "time": "2026-01-01T00:00:00Z"}, {"note": "x"}, {"outcome": None}, {"hash": "00"}, {"hash": ""}, {"hash": 1}, {"id": 0},
    {"sequence": -1}, {"sequence": (1 << 63) - 1}, {"chain": -(1 << 63)}, {"chain": (1 << 63) - 1}, {"sequence": "1"}])
def test_line_has_what_its_hash_is_made_of_and_no_more(export, change):
    """Each would have the same hash as before, or none that can be counted on."""
    i = place(export, '"target":"two"')
    line = json.loads(export.text[i]) | change
    if "request_id" in change:
        line["request_id"] = json.loads(export.text[i])["request_id"] + change["request_id"]
    status, said = export.verify(export.text[:i] + [json.dumps(line)] + export.text[i + 1:])
    assert status == 1 and f"line {i + 1} is no line of an exported audit" in said


@pytest.mark.parametrize("remark, change", [
    ("head", {"sequence": -1}), ("head", {"sequence": (1 << 63) - 1}), ("head", {"chain": 0}), ("head", {"id": 0}), ("head", {"id": None}),
    ("head", {"mac": None}), ("head", {"mac": "00"}), ("begin", {"sequence": (1 << 63) - 1}), ("begin", {"sequence": -1}),
    ("begin", {"hash": None}), ("begin", {"hash": "00"}), ("begin", {"chain": -1})])
def test_remark_has_a_place(export, remark, change):
    i = [i for i, line in enumerate(export.text) if f'"{remark}":true' in line][0]
    changed = json.dumps(json.loads(export.text[i]) | change)
    status, said = export.verify(export.text[:i] + [changed] + export.text[i + 1:], "--secret-key", export.key)
    assert status == 1 and f"line {i + 1} is no line of an exported audit" in said


def test_head_without_a_mac_proves_nothing_and_is_no_finding(export):
    """There was no store key when it was written."""
    heads = [i for i, line in enumerate(export.text) if '"head":true' in line]
    bare = json.dumps(json.loads(export.text[heads[0]]) | {"mac": None, "key": None})
    status, report = export.verify(export.text[:heads[0]] + [bare] + export.text[heads[0] + 1:], "--secret-key", export.key)
    assert (status, report["heads_unproven"], report["chains"][-2]["proven"]) == (0, 1, 0)
    assert report["lines_unproven"] == report["chains"][-2]["to"]


def test_what_a_line_hides_is_seen(export):
    """Behind a NUL, or where it is longer than any that is written."""
    for changed in export.text[1] + "\0x", export.text[1] + " " * (1 << 20):
        status, said = export.verify([export.text[0], changed] + export.text[2:])
        assert status == 1 and "line 2 is no line of an exported audit" in said
    assert export.verify([export.text[0], export.text[1] + " " * 1000] + export.text[2:])[0] == 0


def test_head_of_the_newest_line_comes_as_late_as_it_may(export):
    """Files that were put together have lines of others between: more of them than are remembered."""
    of_1 = [line for line in export.text if json.loads(line)["chain"] == 1]
    one = json.loads(of_1[1])
    others = [json.dumps(one | {"chain": 10 + i}) for i in range(1100)]
    status, report = export.verify(of_1[:-1] + others + of_1[-1:], "--secret-key", export.key)
    assert (status, report["lines_unproven"], report["heads_unproven"]) == (0, len(others), 0)


def test_sequences_that_are_as_far_apart_as_can_be(export):
    """Of many chains: what is missing is counted as far as there are numbers."""
    def line(chain, sequence, line_id):
        return json.dumps(json.loads(export.text[place(export, '"target":"two"')]) | {"chain": chain, "sequence": sequence, "id": line_id})
    text = []
    for chain in 7, 8, 9:
        text += [line(chain, 1, 2 * chain), json.dumps({"gap": True, "before_id": 2 * chain + 1}), line(chain, (1 << 62) - 1, 2 * chain + 1)]
    status, report = export.verify(text)
    assert (status, report["lines_missing"], [c["chain"] for c in report["chains"]]) == (0, (1 << 63) - 1, [7, 8, 9])


def test_export_of_a_cmf_at_work_verifies(served):
    """The head of a chain is of the moment that its lines were read at, however long that takes."""
    cmf, key = served, ("--secret-key", served.dir / "store.key")
    cmf.register("vnfm-a", *[f"before-{i}" for i in range(1500)])
    at_work = threading.Event()

    def work():
        for i in range(30):
            cmf.register("vnfm-a", *[f"v-{i}-{j}" for j in range(100)])
            at_work.set()
    worker = threading.Thread(target=work)
    worker.start()
    at_work.wait(30)
    exports = []
    while worker.is_alive() or not exports:
        exports.append(cmf.ctl("audit", "export").stdout)
    worker.join()
    file = cmf.dir / "export.jsonl"
    for text in exports:
        file.write_text(text)
        report = json.loads(cmf.ctl("--json", "audit", "verify", "--file", file, *key).stdout)[0]
        assert report["verified"] and report["lines_unproven"] == 0, report
        assert '"head":true' in text.splitlines()[-1]
    assert len(exports) > 1 and len({text.splitlines()[-1] for text in exports}) > 1


@contextlib.contextmanager
def small_pages(cmf, before_page):
    """A socket for cmfctl, on which something happens before each page of the audit, `before_page(n)`, and those of a chain have three lines."""
    n = itertools.count(1)

    class Relay(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path
            if path.startswith("/v1/audit?"):
                before_page(next(n))
                path += "&limit=3" if "chain=" in path else ""
            status, answer = cmf.operator("GET", path)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = cmf.operator("POST", self.path, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def address_string(self):
            return "unix"

        def log_message(self, *args):
            pass
    path = cmf.dir / "relay.sock"
    with socketserver.UnixStreamServer(str(path), Relay) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield "--socket", path
        server.shutdown()
    path.unlink()


@pytest.fixture
def aged(served):
    """Ten lines are older than a month, and more are not."""
    cmf = served
    cmf.register("vnfm-a", *[f"v-{i}" for i in range(20)])
    cmf.stop()
    older_ms = 40 * 24 * 3600 * 1000
    rewrite(cmf, 1, lambda line: {"time_ms": line["time_ms"] - older_ms} if line["sequence"] <= 10 else {}, older_ms)
    cmf.start()
    assert verify(cmf).returncode == 0, verify(cmf).stderr
    return cmf


def retain(cmf):
    cmf.set("retention", "audit", "30d")
    cmf.ctl("reload")
    wait_for("retention", lambda: lines(cmf)[0]["sequence"] == 11)


def test_what_retention_removes_from_under_an_export_is_a_gap(aged):
    cmf, file, key = aged, aged.dir / "export.jsonl", aged.dir / "store.key"
    # Chain 0 has a page without lines.
    with small_pages(cmf, lambda n: retain(cmf) if n == 3 else None) as socket_option:
        text = cmf.ctl("audit", "export", *socket_option).stdout.splitlines()
    objects = [json.loads(line) for line in text]
    assert [o["sequence"] for o in objects if "action" in o and o["chain"] == 1][:4] == [1, 2, 3, 11]
    at = [i for i, o in enumerate(objects) if "gap" in o]
    assert len(at) == 1
    before, gap, begin, behind = objects[at[0] - 1:at[0] + 3]
    assert (gap["after_id"], gap["before_id"], gap["lines"]) == (before["id"], behind["id"], 7)
    assert begin["begin"] and begin["sequence"] == 10 and line_hash(begin["hash"], behind) == behind["hash"]

    def report(changed):
        file.write_text("\n".join(changed) + "\n")
        return json.loads(cmf.ctl("--json", "audit", "verify", "--file", file, "--secret-key", key, check=False).stdout)[0]
    said = report(text)
    assert (said["verified"], said["lines_missing"], said["lines_unproven"]) == (True, 7, 3), said
    assert all(chain["proven"] == chain["to"] for chain in said["chains"] if chain["chain"])
    assert verify(cmf, "--against", file).returncode == 0
    # A begin elsewhere, and without a gap, is none.
    for changed in text[:at[0]] + text[at[0] + 1:], text[:at[0] + 3] + [text[at[0] + 1]] + text[at[0] + 3:]:
        assert "its begin is not where the chain begins" in report(changed)["findings"][0]["problem"]
    # Nor may anything behind it be missing.
    assert "1 lines are missing" in report(text[:at[0] + 2] + text[at[0] + 3:])["findings"][0]["problem"]


def test_what_retention_removes_while_it_is_held_against_a_file_is_not_missing(aged, tmp_path):
    cmf, file = aged, tmp_path / "export.jsonl"
    file.write_text(cmf.ctl("audit", "export").stdout)
    with small_pages(cmf, lambda n: retain(cmf) if n == 1 else None) as socket_option:
        result = verify(cmf, *socket_option, "--against", file)
    assert result.returncode == 0, result.stderr
    assert lines(cmf)[0]["sequence"] == 11
    # What retention has not removed is missing all the same, also if somebody says that it has: its MAC is asked for.
    cmf.stop()
    change(cmf, "DELETE FROM audit WHERE chain = 1 AND sequence <= 12")
    cmf.start()

    def anchor_forge(n):
        if n == 1:
            change(cmf, "UPDATE audit_chain SET anchor_sequence = 12 WHERE id = 1")
    with small_pages(cmf, anchor_forge) as socket_option:
        result = verify(cmf, *socket_option, "--against", file)
    assert result.returncode == 1 and "is not what its MAC was made of" in result.stderr


def test_what_a_file_does_not_prove_is_told(export, tmp_path):
    """The first lines of a chain were taken away with its begin, the last ones with its head; or the key is another one."""
    n = sum("action" in line for line in export.text)
    first = place(export, '"target":"one"')
    status, report = export.verify(export.text[first:], "--secret-key", export.key)
    assert (status, report["lines_unproven"]) == (0, 1) and report["chains"][0]["from"] > 1
    last = max(i for i, line in enumerate(export.text) if '"head":true' in line)
    status, report = export.verify(export.text[:last], "--secret-key", export.key)
    assert status == 0 and report["lines_unproven"] == report["chains"][-1]["to"] and report["chains"][-1]["proven"] == 0
    other = tmp_path / "other.key"
    other.write_text("00" * 32 + "\n")
    status, report = export.verify(export.text, "--secret-key", other)
    assert (status, report["heads_unproven"], report["lines_unproven"]) == (0, 2, n)
    (tmp_path / "other.key.old").write_text(export.key.read_text())
    assert export.verify(export.text, "--secret-key", other)[1]["lines_unproven"] == 0
    status, said = export.verify(export.text, "--secret-key", tmp_path / "none")
    assert status == 4 and "No such file" in said


def test_file_of_before_has_no_milliseconds(export):
    old = [json.dumps({k: v for k, v in json.loads(line).items() if k != "time_ms"}) for line in export.text]
    status, said = export.verify(old)
    assert status == 1 and "has no time_ms" in said and "--against" in said
    status, said = export.verify(["{}"])
    assert status == 1 and "line 1 is no line of an exported audit" in said


def test_file_of_before_is_held_against_the_audit(written, tmp_path):
    """As the message of the test before says."""
    exported = tmp_path / "audit.jsonl"

    def against(change):
        old = [json.loads(line) for line in written.ctl("audit", "export").stdout.splitlines()]
        exported.write_text("".join(json.dumps(change({k: v for k, v in o.items() if k != "time_ms"})) + "\n" for o in old))
        return verify(written, "--against", exported)
    result = against(lambda o: o)
    assert result.returncode == 0, result.stderr
    result = against(lambda o: o | {"time": "2026-01-01T00:00:00Z"} if o.get("target") == "two" else o)
    assert result.returncode == 1 and "another text than the audit, but the same hash" in result.stderr


def test_what_a_line_hides_is_seen_against_the_audit(written, tmp_path):
    """As --file does (test_what_a_line_hides_is_seen): files come from elsewhere."""
    exported = tmp_path / "audit.jsonl"
    text = written.ctl("audit", "export").stdout.splitlines()
    for changed in text[1] + "\0x", text[1] + " " * (1 << 20):
        exported.write_text("\n".join([text[0], changed] + text[2:]) + "\n")
        result = verify(written, "--against", exported)
        assert result.returncode == 1 and "line 2 is no line of an exported audit" in result.stderr
    exported.write_text("\n".join([text[0], text[1] + " " * 1000] + text[2:]) + "\n")
    assert verify(written, "--against", exported).returncode == 0


def rewrite(cmf, chain, change, older_ms=0):
    """With the server down: makes the lines of the newest chain anew, each as `change` has it, with hashes and a MAC that fit; the chain has
    begun so much earlier."""
    columns = ", ".join("user_name" if name == "user" else name for name in HASHED)
    secret = (cmf.dir / "store.key").read_text().strip()
    with cmf.database("rw") as db:
        begun, before, hashed, old_mac = db.execute(
            f"SELECT begun_ms, before_sequence, before_hash, mac FROM audit_chain WHERE id = {chain}").fetchone()
        at = hashlib.sha256(b"cmfd audit begin" + number(chain) + number(begun - older_ms) + number(before) + hashed).digest()
        rows = db.execute(f"SELECT id, sequence, {columns} FROM audit WHERE chain = {chain} ORDER BY id").fetchall()
        for line_id, sequence, *values in rows:
            line = dict(zip(HASHED, values)) | {"chain": chain, "sequence": sequence}
            line |= {"actor_kind": ACTOR_KINDS[line["actor_kind"]], "request_id": line["request_id"] and f"{line['request_id'] % (1 << 64):x}"}
            line |= change(line)
            at = bytes.fromhex(line_hash(at.hex(), line))
            db.execute("UPDATE audit SET hash = ?, time_ms = ? WHERE id = ?", (at, line["time_ms"], line_id))
            if "octets" in line:
                db.execute("UPDATE audit SET target = CAST(? AS TEXT) WHERE id = ?", (bytes.fromhex(line["octets"]["target"]), line_id))
        mac = hmac.new(audit_key(secret), b"cmfd audit last" + number(chain) + number(sequence) + at, "sha256").digest()
        db.execute(f"UPDATE audit_chain SET begun_ms = {begun - older_ms}, last_hash = ?, mac = ? WHERE id = {chain}", (at, old_mac[:8] + mac))


@about_a_file
def test_line_of_before_that_is_no_utf8(written, tmp_path):
    """Versions before wrote to SQLite what clients had sent. JSON has no such text; the octets, of which the hash is made, it has."""
    written.stop()
    rewrite(written, 2, lambda line: {"octets": {"target": b"/caf\xe9\xff".hex()}} if line["target"] == "five" else {})
    written.start()
    assert verify(written).returncode == 0, verify(written).stderr
    exported = tmp_path / "audit.jsonl"
    exported.write_text(written.ctl("audit", "export").stdout)
    line, = [o for o in exported_lines(exported.read_text()) if "octets" in o]
    assert (line["target"], line["octets"]) == ("/caf??", {"target": "2f636166e9ff"})

    def report():
        return json.loads(written.ctl("--json", "audit", "verify", "--file", exported, "--secret-key", written.dir / "store.key",
                                      check=False, stderr=subprocess.PIPE).stdout or "[{}]")[0]
    assert report()["verified"] and report()["lines_unproven"] == 0
    assert verify(written, "--against", exported).returncode == 0
    text = exported.read_text()
    exported.write_text(text.replace("2f636166e9ff", "2f636166e9fe"))
    assert [finding["problem"] for finding in report()["findings"]] == ["the line was changed"]
    assert "another text than the audit" in verify(written, "--against", exported).stderr
    # What is shown is what the octets are, and text that JSON has is no octets.
    for old, new in ("/caf??", "/coffee"), ("2f636166e9ff", "2f636166e900"), ("2f636166e9ff", "2f636166"), ('"target":"2f', '"targets":"2f'):
        assert old in text
        exported.write_text(text.replace(old, new))
        assert report() == {}, new
    # As versions before have exported it.
    exported.write_text(text.replace(',"octets":{"target":"2f636166e9ff"}', ""))
    assert verify(written, "--against", exported).returncode == 0


def test_lines_since_a_time_by_themselves(written):
    text = written.ctl("audit", "export", "--since", "2026-01-01").stdout
    assert '"begin"' not in text and text.count('"head":true') == 2
    file = written.dir / "since.jsonl"
    file.write_text(text)
    key = "--secret-key", written.dir / "store.key"
    report = json.loads(written.ctl("--json", "audit", "verify", "--file", file, *key).stdout)[0]
    assert report["verified"] and report["lines_unproven"] == 2
    # What else is chosen of it is no chain, and nothing pretends that it is.
    assert "head" not in written.ctl("audit", "export", "--action", "register").stdout


def test_audit_file_by_itself(filed):
    """What [audit] file has, with lines that come twice, and such that it never got."""
    filed.register("vnfm-a", "one", "two", "three")
    all_is_written(filed)
    filed.stop()
    file, key = filed.dir / "audit.jsonl", ("--secret-key", filed.dir / "store.key")

    def report(text):
        file.write_text("".join(line + "\n" for line in text))
        done = run([BUILD / "cmfctl", "--json", "audit", "verify", "--file", file, *key], check=False, stderr=subprocess.PIPE)
        return json.loads(done.stdout)[0]
    text = file.read_text().splitlines()
    whole = report(text)
    assert whole["verified"] and whole["lines_unproven"] == 1 and whole["chains"][0]["proven"] == whole["lines"]
    # A head may have come before its line; the one of the stop has all before it.
    text = [line for line in text[:-1] if '"head"' not in line] + text[-1:]
    assert report(text[:4] + text[2:]) == whole
    twice = report(text[:4] + [text[2].replace('"outcome":"done"', '"outcome":"x"')] + text[3:])
    assert [f["problem"] for f in twice["findings"]] == ["the line was changed"]
    # The first one has nothing before it, but is there twice as well as another.
    assert report(text[:3] + text) == whole
    # A head may stand before its line, however many come between; one alone is what lines would go on from.
    assert report(text[-1:] + text[:-1]) == whole
    alone = report(text[-1:])
    assert alone["verified"] and alone["chains"][0]["proven"] == alone["chains"][0]["to"] == json.loads(text[-1])["sequence"]
    later = report([head_of(text[2], key[1])] + text[3:])
    assert later["verified"] and later["lines_unproven"] == later["heads_unproven"] == 0 and later["chains"][0]["from"] == json.loads(text[3])["sequence"]
    missing = report([head_of(text[2], key[1])] + text[4:])
    assert [f["problem"] for f in missing["findings"]] == ["1 lines are missing before this one"]
    # Where such a file goes on with the line of its head, or that head comes again.
    for again in [head_of(text[2], key[1])] + text[2:], [head_of(text[2], key[1])] + text[3:6] + [head_of(text[2], key[1])] + text[6:]:
        said = report(again)
        assert said["verified"] and said["lines"] == sum('"action"' in line for line in again)
    gap = {"gap": True, "after_id": json.loads(text[2])["id"], "before_id": json.loads(text[5])["id"], "lines": 2}
    said = report(text[:3] + [json.dumps(gap)] + text[5:])
    # Nothing ties what is before the gap to the head behind it.
    assert said["verified"] and said["lines_missing"] == 2 and said["lines_unproven"] == 4
    assert said["chains"][0]["from"] == json.loads(text[5])["sequence"] + 1
    # The line of a head may be among those that the file never got.
    said = report(text[:2] + [head_of(text[3], key[1])] + text[2:3] + [json.dumps(gap)] + text[5:])
    assert said["verified"] and said["lines_unproven"] == 4


@pytest.mark.skipif(not postgresql.programs(), reason="no PostgreSQL server is installed")
def test_places_are_of_the_node(tmp_path):
    """Two nodes on one machine have two places: by the name of the node, not of the machine."""
    cmf = Cmf(tmp_path / "cmf")
    if "postgresql://" not in cmf.conf.read_text():
        postgresql.use(cmf)
    cmf.set("store", "node", "north")
    cmf.set("audit", "file", "audit.jsonl")
    cmf.start()
    try:
        wait_for("what is noted", lambda: postgresql.sql(cmf, "SELECT name FROM audit_sink") == "file north")
    finally:
        cmf.stop()


def test_place_that_is_not_there_is_told_by_check_and_serves_all_the_same(cmf):
    cmf.stop()
    cmf.set("audit", "file", "/nowhere/audit.jsonl")
    cmf.set("audit", "heads", "/nowhere")
    cmf.start()
    wait_for("the problem", lambda: places(cmf).keys() == {"file", "heads"})
    assert all("No such file" in place["problem"] for place in places(cmf).values())
    checked = run([BUILD / "cmfctl", "--config", cmf.conf, "check"], check=False).stdout
    assert "[audit] file: /nowhere/audit.jsonl: No such file or directory" in checked
    assert "[audit] heads: /nowhere: No such file or directory" in checked
