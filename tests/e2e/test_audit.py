# SPDX-License-Identifier: Apache-2.0
"""The audit: who did it, that it is what was written, and where else it goes."""
import getpass
import hashlib
import json
import os
import shutil
import signal
import subprocess

import pytest

from conftest import BUILD, Vnfm, run, wait_for


def verify(cmf, *args):
    return cmf.ctl("audit", "verify", *args, check=False, stderr=subprocess.PIPE)


def lines(cmf, *args):
    return cmf.ctl_json("audit", "list", *args)


def change(cmf, sql):
    """With the server down, so that nothing of it is in the way."""
    with cmf.database("rw") as db:
        db.execute(sql)


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
    assert lines(cmf, "--action", "issue CRL")


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
     " ORDER BY sequence DESC LIMIT 1, 1) WHERE id = 1", "not what its MAC was made of"),
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
    change(written, "UPDATE audit_chain SET mac = zeroblob(40) WHERE id > 0")
    written.start()
    result = verify(written)
    assert result.returncode == 1 and "a store key that is not configured" in result.stderr


def test_an_export_finds_an_audit_that_was_set_back(written, tmp_path):
    """What no look at the database alone can find: all of it as it was, MACs and all."""
    written.stop()
    shutil.copy(written.dir / "cmf.db", tmp_path / "saved.db")
    written.start()
    written.register("vnfm-a", "seven")
    exported = tmp_path / "audit.jsonl"
    written.ctl("audit", "export", "--output", str(exported))
    rows = [json.loads(line) for line in exported.read_text().splitlines()]
    assert rows == lines(written) and rows[-1]["target"] == "seven"
    assert verify(written, "--against", str(exported)).returncode == 0
    written.stop()
    shutil.copy(tmp_path / "saved.db", written.dir / "cmf.db")
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
    written.ctl("store", "rekey")
    wait_for("the MACs", lambda: len(keys()) == 1 and keys() != before)
    assert verify(written).returncode == 0, verify(written).stderr
    written.stop()
    for old in written.dir.glob("store.key.old*"):
        old.unlink()
    written.start()
    assert verify(written).returncode == 0, verify(written).stderr
