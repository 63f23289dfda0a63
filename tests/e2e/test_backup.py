# SPDX-License-Identifier: Apache-2.0
"""cmfctl backup and restore: what was told of is in a backup, whatever goes on meanwhile; what cannot be in it is said; and
a restored CMF goes on without touching the one that serves."""
import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tarfile
import threading

import pytest

from conftest import BUILD, OPENSSL, Cmf, Vnfm, about_a_file, run, serial_of, wait_for

pytestmark = about_a_file # A server has tools of its own for it, and tests/cluster/test_point_in_time.py goes that way.

PASSPHRASE = "correct horse battery staple"


def restored_of(cmf, directory):
    """A restored directory as a CMF, with ports of its own, that can be started."""
    copy = object.__new__(Cmf)
    copy.__dict__.update(cmf.__dict__)
    copy.dir, copy.process = directory, None
    copy.conf, copy.log = directory / "cmf.cnf", directory / "cmfd.log"
    copy.root = directory / "ca" / "root.pem"
    return copy


def restore(backup, directory, *args, check=True):
    return run([BUILD / "cmfctl", "restore", backup, "--dir", directory, *args], check=check)


def sound(database):
    with contextlib.closing(sqlite3.connect(database)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        for state, n in db.execute("SELECT state, n FROM counter WHERE name = 'certificate'"):
            assert db.execute("SELECT count(*) FROM certificate WHERE state = ?", (state,)).fetchone() == (n,)
        return {row[0].hex() for row in db.execute("SELECT serial FROM certificate WHERE serial IS NOT NULL")}


def crl_number(crl):
    said = run([OPENSSL, "crl", "-inform", "DER", "-in", crl, "-noout", "-crlnumber"]).stdout
    return int(said.strip().split("=")[1], 16)


@pytest.fixture
def passphrase(tmp_path):
    path = tmp_path / "passphrase"
    path.write_text(PASSPHRASE + "\n")
    return path


def test_round_trip(tmp_path, passphrase):
    cmf = Cmf(tmp_path / "cmf")
    (cmf.dir / "crl").mkdir()
    cmf.set("ca issuing", "crl_directory", cmf.dir / "crl")
    # Names that lead out of the directory, and one that is absolute within it.
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    shutil.move(cmf.dir / "cmf.pem", outside / "cmf.pem")
    cmf.set("protection", "certificate", outside / "cmf.pem")
    cmf.set("store", "database", cmf.dir / "cmf.db")
    cmf.start()
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    cmf.register("vnfm-a", "vnfci-1", "vnfci-2")
    first, key = vnfm.enrol("vnfci-1")
    backup = tmp_path / "backup.tar"
    said = cmf.ctl("backup", backup, "--keys", "--passphrase-file", passphrase).stdout
    assert "Private keys and secrets are not in it" not in said
    assert oct(backup.stat().st_mode & 0o777) == "0o600"
    assert [p.name for p in tmp_path.glob("backup.tar*")] == ["backup.tar"]
    again = cmf.ctl("backup", backup, check=False)
    assert again.returncode == 1 and "exists, and is not replaced" in again.stdout

    # Nothing that is secret is in it as it is, and others than cmfctl can read all of it.
    octets = backup.read_bytes()
    assert b"PRIVATE KEY" not in octets and (cmf.dir / "store.key").read_bytes().strip() not in octets
    with tarfile.open(backup) as tar:
        assert tar.getnames()[0] == "cmf-backup.json"
        manifest = json.load(tar.extractfile("cmf-backup.json"))
        tar.extract("keys.cms", tmp_path)
    assert manifest["format"] == 1 and manifest["database"]["name"] == "cmf.db"
    run([OPENSSL, "cms", "-decrypt", "-inform", "DER", "-in", tmp_path / "keys.cms", "-pwri_password", PASSPHRASE, "-binary",
         "-out", tmp_path / "keys.tar"])
    with tarfile.open(tmp_path / "keys.tar") as tar:
        assert tar.extractfile("store.key").read() == (cmf.dir / "store.key").read_bytes()
        assert {"ca/issuing.key", "cmf.key", "store.key"} == set(tar.getnames())

    # What comes after the backup.
    second, _ = vnfm.enrol("vnfci-2")
    assert vnfm.cmp("rr", "-oldcert", first, "-revreason", "4").ok
    published = wait_for("CRLs", lambda: (cmf.dir / "crl" / "issuing.crl").exists()
                         and crl_number(cmf.dir / "crl" / "issuing.crl"))
    audit = tmp_path / "audit.json"
    audit.write_text(cmf.ctl("--json", "audit", "list", stderr=None).stdout)
    cmf.stop()

    said = restore(backup, tmp_path / "restored", "--passphrase-file", passphrase, "--audit", audit).stdout
    assert f"vnfci-2 {serial_of(second)}" in said.lower() and f"vnfci-1 {serial_of(first)}" in said.lower()
    assert "revoke them again" in said and "are not in the backup" not in said
    # Lines that the backup has are not listed, though they be of the same second.
    rows = json.loads(audit.read_text())
    for row in rows:
        row["time"] = rows[-1]["time"]
    audit.write_text(json.dumps(rows))
    again = restore(backup, tmp_path / "again", "--passphrase-file", passphrase, "--audit", audit).stdout.lower()
    issued = again[again.index("issued:"):again.index("revoked:")]
    assert f"vnfci-2 {serial_of(second)}" in issued and "vnfci-1" not in issued
    copy = restored_of(cmf, tmp_path / "restored")
    assert sound(copy.dir / "cmf.db") == {serial_of(first)}
    assert not re.search(rf"= *{tmp_path}", copy.conf.read_text())
    assert (copy.dir / "cmf.cnf.original").read_bytes() == cmf.conf.read_bytes()
    # It serves, with a CRL of a number above every one that was published, and knows who was enrolled.
    copy.start()
    assert wait_for("a CRL", lambda: (copy.dir / "crl" / "issuing.crl").exists()
                    and crl_number(copy.dir / "crl" / "issuing.crl")) > published
    assert copy.states("vnfci-1") == ["active"]
    assert vnfm.cmp("kur", "-oldcert", first, "-cert", first, "-key", key, "-newkey", vnfm.key(), "-certout", vnfm.out(),
                    "-untrusted", copy.dir / "ca" / "issuing.pem", path=".well-known/cmp/p/VnfciCert").ok
    assert copy.stop() == 0


def test_without_keys(cmf, tmp_path):
    """They are told of, by their place in what was restored; and so is a passphrase that is not the right one."""
    backup = tmp_path / "backup.tar"
    said = cmf.ctl("backup", backup).stdout
    assert "Private keys and secrets are not in it" in said and f"  {cmf.dir}/store.key" in said
    with tarfile.open(backup) as tar:
        assert "keys.cms" not in tar.getnames()
    said = restore(backup, tmp_path / "r").stdout
    for key, path in (("[protection] key", "cmf.key"), ("[store] secret_key", "store.key"), ("[ca issuing] key", "ca/issuing.key")):
        assert f"{key}: {tmp_path}/r/{path}\n" in said
    with_keys = tmp_path / "with-keys.tar"
    wrong, right = tmp_path / "wrong", tmp_path / "right"
    wrong.write_text("a guess\n")
    right.write_text(PASSPHRASE)
    cmf.ctl("backup", with_keys, "--keys", "--passphrase-file", right)
    refused = restore(with_keys, tmp_path / "w", "--passphrase-file", wrong, check=False)
    assert refused.returncode == 1 and "the passphrase is not that of its private keys" in refused.stdout
    assert not (tmp_path / "w").exists()
    assert "or restore again with --passphrase-file" in restore(with_keys, tmp_path / "w").stdout


def test_backup_of_the_file_alone(tmp_path):
    """No cmfd runs, and the last commits stand in the write-ahead log alone."""
    cmf = Cmf(tmp_path / "cmf").start()
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    cmf.register("vnfm-a", "vnfci-1")
    cert, _ = vnfm.enrol("vnfci-1")
    cmf.kill()
    cmf.ctl("backup", tmp_path / "b")
    restore(tmp_path / "b", tmp_path / "r")
    assert serial_of(cert) in sound(tmp_path / "r" / "cmf.db")


def test_directory_that_is_not_empty(cmf, tmp_path):
    cmf.ctl("backup", tmp_path / "b")
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "mine").write_text("")
    refused = restore(tmp_path / "b", tmp_path / "r", check=False)
    assert refused.returncode == 1 and "is not empty, and restore overwrites nothing" in refused.stdout
    assert [p.name for p in (tmp_path / "r").iterdir()] == ["mine"]


def repacked(source, target, change):
    """The same archive with other members: change(name, octets) gives those that stand in its place."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for member in old:
            for name, octets in change(member.name, old.extractfile(member).read()):
                (new_member := tarfile.TarInfo(name)).size = len(octets)
                new.addfile(new_member, __import__("io").BytesIO(octets))
    return target


def test_archive_that_is_bent(cmf, tmp_path):
    """Nothing of it is left, and above all nothing outside of the directory."""
    backup = tmp_path / "b"
    cmf.ctl("backup", backup)
    octets = backup.read_bytes()
    (tmp_path / "cut").write_bytes(octets[:len(octets) // 2])
    (tmp_path / "none").write_bytes(b"no archive\n" * 100)

    def flip(name, content):
        return [(name, content[:-1] + bytes([content[-1] ^ 1]) if name == "cmf.db" else content)]

    def climbing(name, content):
        if name == "cmf-backup.json":
            manifest = json.loads(content)
            manifest["files"].append({"name": "../climbed", "mode": "0644", "sha256": "00"})
            content = json.dumps(manifest).encode()
        return [(name, content), ("../climbed", b"x")] if name == "cmf.cnf" else [(name, content)]

    def newer(name, content):
        return [(name, content.replace(b'"format": 1', b'"format": 2'))]

    def without(name, content):
        return [] if name == "ca/issuing.pem" else [(name, content)]

    def more(name, content):
        return [(name, content), ("more", b"x")] if name == "cmf.cnf" else [(name, content)]

    for n, (archive, why) in enumerate([
            (tmp_path / "cut", "cut short or damaged"), (tmp_path / "none", "is no backup"),
            (repacked(backup, tmp_path / "flip", flip), "is not what it was"),
            (repacked(backup, tmp_path / "climbing", climbing), "leads elsewhere"),
            (repacked(backup, tmp_path / "newer", newer), "it is of a newer one"),
            (repacked(backup, tmp_path / "without", without), "a file lacks"),
            (repacked(backup, tmp_path / "more", more), "more in it than it says")]):
        (place := tmp_path / f"place{n}").mkdir()
        refused = restore(archive, place / "r", check=False)
        assert refused.returncode == 1 and why in refused.stdout, refused.stdout
        assert list(place.iterdir()) == []


def test_write_load(tmp_path):
    """Backups that are made while clients enrol are each one state: with all that was told of before, and in itself sound."""
    cmf = Cmf(tmp_path / "cmf").start()
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    names = [f"vnfci-{i}" for i in range(40)]
    cmf.register("vnfm-a", *names)
    told, stop = [], threading.Event()

    def enrol(mine):
        client = object.__new__(Vnfm)
        client.__dict__.update(vnfm.__dict__)
        client.dir = tmp_path / f"client-{mine[0]}"
        client.dir.mkdir()
        for name in mine:
            cert, _ = client.enrol(name)
            told.append(serial_of(cert))
        stop.set()

    clients = [threading.Thread(target=enrol, args=(names[i::4],)) for i in range(4)]
    for client in clients:
        client.start()
    backups = []
    while not stop.is_set() or len(backups) < 2:
        before = list(told)
        cmf.ctl("backup", tmp_path / f"b{len(backups)}")
        backups.append(before)
    for client in clients:
        client.join(600)
    assert len(told) == len(names)
    for n, before in enumerate(backups):
        restore(tmp_path / f"b{n}", tmp_path / f"r{n}")
        assert set(before) <= sound(tmp_path / f"r{n}" / "cmf.db") <= set(told)
    assert cmf.stop() == 0


@pytest.mark.parametrize("point", ["store-copy", "backup-copied", "backup-written"])
def test_kill_9_of_backup(cmf, tmp_path, point):
    """There is no half of a backup, and the next one is whole."""
    killed = cmf.ctl("backup", tmp_path / "b", check=False, env=dict(os.environ, CMFD_FAULT_POINT=point))
    assert killed.returncode == -9
    assert not (tmp_path / "b").exists()
    cmf.ctl("backup", tmp_path / "b")
    assert sorted(p.name for p in tmp_path.glob("b*")) == ["b"]
    restore(tmp_path / "b", tmp_path / "r")
    sound(tmp_path / "r" / "cmf.db")


def test_file_that_was_put_back_by_other_means(cmf, tmp_path):
    """A snapshot of the disk knows as little as a backup of what was published since."""
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    crl = cmf.dir / "crl" / "issuing.crl"
    crl.parent.mkdir()
    cmf.set("ca issuing", "crl_directory", "crl")
    cmf.register("vnfm-a", "vnfci-1")
    cmf.stop()
    shutil.copy(cmf.dir / "cmf.db", tmp_path / "snapshot.db")
    cmf.start()
    before = wait_for("a CRL", lambda: crl.exists() and crl_number(crl))
    first, _ = vnfm.enrol("vnfci-1")
    cmf.ctl("certificate", "revoke", serial_of(first))
    published = wait_for("the next one", lambda: crl_number(crl) > before and crl_number(crl))
    served = cmf.ctl("store", "put-back", check=False)
    assert served.returncode == 4 and "is served by another cmfd" in served.stdout
    cmf.stop()
    for end in ("-wal", "-shm"):
        (cmf.dir / f"cmf.db{end}").unlink(missing_ok=True)
    shutil.copy(tmp_path / "snapshot.db", cmf.dir / "cmf.db")
    said, = json.loads(cmf.ctl("--json", "store", "put-back", stderr=None).stdout)
    assert said["crls"] == [{"ca": "issuing", "above": said["crls"][0]["above"]}] and said["crls"][0]["above"] >= published
    cmf.start()
    wait_for("a CRL of the new numbers", lambda: crl_number(crl) > said["crls"][0]["above"])


@pytest.mark.parametrize("point", ["restore-laid-out", "store-before-commit", "store-after-commit"])
def test_kill_9_of_restore(cmf, tmp_path, point):
    """The directory is there as a whole or not at all."""
    cmf.ctl("backup", tmp_path / "b")
    command = [BUILD / "cmfctl", "restore", tmp_path / "b", "--dir", tmp_path / "r"]
    killed = run(command, check=False, env=dict(os.environ, CMFD_FAULT_POINT=point))
    assert killed.returncode == -9 and not (tmp_path / "r").exists()
    run(command)
    sound(tmp_path / "r" / "cmf.db")


def test_no_room(cmf, tmp_path):
    """It is told before anything is written, with how much there would have to be."""
    room = tmp_path / "room"
    room.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", room], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        refused = cmf.ctl("backup", room / "b", check=False)
        assert refused.returncode == 4 and "needs room for twice the database" in refused.stdout
        assert list(room.iterdir()) == []
    finally:
        run(["umount", room])
