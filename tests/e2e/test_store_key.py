# SPDX-License-Identifier: Apache-2.0
"""The store key: a wrong one is found before anything is done with it, and `cmfctl store rekey` while the CMF serves."""
import secrets
import threading

import pytest

from conftest import BUILD, Cmf, MacClient, run, wait_for

SEALED = {"credential": "content", "archived_key": "secret", "kem_secret": "secret", "rev_passphrase": "secret",
          "initial_credential": "secret", "subscription": "secret"}


def key_ids(cmf):
    """By which key the secrets in the store are sealed, and the keys that the store knows, the one in force first."""
    with cmf.database() as db:
        sealed = [row[0] for table, column in SEALED.items()
                  for row in db.execute(f"SELECT substr({column}, 1, 8) FROM {table} WHERE {column} IS NOT NULL"
                                        + (" AND kind = 0" if table == "credential" else ""))]
        return sealed, [row[0] for row in db.execute("SELECT key_id FROM secret_key ORDER BY in_force DESC")]


def clients_add(cmf, directory, n):
    """Secrets enough for several units."""
    secret = directory / "many"
    for i in range(n):
        secret.write_text(f"{secrets.token_hex(16)}\n")
        cmf.ctl("client", "add", f"many-{i}", "--mac", "--ref", f"many-{i}", "--secret-file", secret, "--trust-domain",
                "mano", "--default-profile", "ManoCert")


class Enrolling(threading.Thread):
    """Enrols under a MAC until it is told to stop."""

    def __init__(self, client, name):
        super().__init__(daemon=True)
        self.client, self.name_, self.stopping, self.done, self.failures = client, name, False, 0, []

    def run(self):
        while not self.stopping:
            subject = f"{self.name_}-{self.done}.example.net"
            result = self.client.cmp("ir", "-newkey", self.client.shared_key, "-subject", f"/CN={subject}", "-certout",
                                     self.client.dir / "out.pem", path=".well-known/cmp/p/ManoCert")
            if not result.ok:
                self.failures.append(result.text)
            self.done += 1


@pytest.fixture
def mac(cmf, tmp_path):
    client = MacClient(cmf, "nfvo", tmp_path / "mac")
    cmf.ctl("client", "update", "nfvo", "--register-on-ir", "yes")
    client.shared_key = client.key()
    return client


def rekeyed(cmf):
    """Once housekeeping has sealed something under the key that there is, which among nodes takes it a moment."""
    wait_for("another key", lambda: cmf.ctl("store", "rekey", check=False).returncode == 0)


def test_a_wrong_key_is_found(cmf, mac):
    key = cmf.dir / "store.key"
    right = key.read_text()
    cmf.stop()
    before = (cmf.dir / "cmf.db").read_bytes()
    key.write_text(secrets.token_hex(32) + "\n")
    for command in ([BUILD / "cmfd", "--config", cmf.conf, "--check"], [BUILD / "cmfctl", "--config", cmf.conf, "check"],
                    [BUILD / "cmfd", "--config", cmf.conf]):
        result = run(command, check=False)
        assert result.returncode == 1
        assert f"[store] secret_key: {key} is the key" in result.stdout
    assert (cmf.dir / "cmf.db").read_bytes() == before
    key.write_text(right)
    cmf.start()
    assert mac.enrol("right.example.net", profile="ManoCert")


def test_a_wrong_key_is_found_by_what_it_does_not_open(cmf, mac):
    """In a database of a cmfd that did not write down yet which key it is."""
    key = cmf.dir / "store.key"
    right = key.read_text()
    cmf.stop()
    with cmf.database("rw") as db:
        db.execute("DELETE FROM secret_key")
        # Nor were secrets marked with it.
        db.execute("UPDATE credential SET content = substr(content, 9) WHERE kind = 0")
    key.write_text(secrets.token_hex(32) + "\n")
    result = run([BUILD / "cmfd", "--config", cmf.conf, "--check"], check=False)
    assert result.returncode == 1 and "is not the key under which the secrets" in result.stdout
    key.write_text(right)
    cmf.start()
    assert mac.enrol("before.example.net", profile="ManoCert")
    rekeyed(cmf)
    sealed, keys = key_ids(cmf)
    assert len(keys) == 1 and set(sealed) == set(keys)
    assert mac.enrol("after.example.net", profile="ManoCert")


def test_rekey_loses_no_request(cmf, mac, tmp_path):
    key, old = cmf.dir / "store.key", cmf.dir / "store.key.old"
    clients_add(cmf, tmp_path, 70)
    sealed, before = key_ids(cmf)
    assert len(sealed) == 71 and set(sealed) == set(before)
    content = key.read_text()
    load = Enrolling(mac, "load")
    load.start()
    wait_for("the first enrolment", lambda: load.done)
    for _ in range(3):
        cmf.ctl("store", "rekey")
        done = load.done
        wait_for("another enrolment", lambda done=done: load.done > done + 1)
    load.stopping = True
    load.join()
    assert not load.failures, load.failures[0]
    sealed, after = key_ids(cmf)
    assert len(sealed) == 71 and set(sealed) == set(after) and after != before
    assert key.stat().st_mode & 0o777 == old.stat().st_mode & 0o777 == 0o600
    assert content not in (key.read_text(), old.read_text())
    # The key before is needed no more.
    old.unlink()
    cmf.stop()
    cmf.ctl("check")
    cmf.start()
    assert mac.enrol("last.example.net", profile="ManoCert")
    assert {"store-rekey", "store-rekey-end"} <= {row["action"] for row in cmf.ctl_json("audit", "list")}


def test_rekey_goes_on_after_kill_9(tmp_path):
    cmf = Cmf(tmp_path / "cmf").start(CMFD_FAULT_POINT="cmf-rekey:1")
    mac = MacClient(cmf, "nfvo", tmp_path / "mac")
    cmf.ctl("client", "update", "nfvo", "--register-on-ir", "yes")
    clients_add(cmf, tmp_path, 70)
    assert cmf.ctl("store", "rekey", check=False).returncode == 3
    cmf.process.wait()
    sealed, keys = key_ids(cmf)
    assert len(keys) == 2 and {keys[0], keys[1]} == set(sealed)
    # Without the one before it does not start.
    old = cmf.dir / "store.key.old"
    old.rename(tmp_path / "away")
    assert "secret_key_old" in run([BUILD / "cmfd", "--config", cmf.conf, "--check"], check=False).stdout
    (tmp_path / "away").rename(old)
    cmf.start()
    wait_for("the end of the rekey", lambda: len(key_ids(cmf)[1]) == 1)
    sealed, after = key_ids(cmf)
    assert after == keys[:1] and set(sealed) == set(after)
    assert mac.enrol("after.example.net", profile="ManoCert")
    assert cmf.stop() == 0


def test_rekey_goes_on_where_files_were_changed_only(cmf, mac):
    """cmfctl ended between the files and its request."""
    key, old = cmf.dir / "store.key", cmf.dir / "store.key.old"
    _, before = key_ids(cmf)
    old.write_text(key.read_text())
    key.write_text(secrets.token_hex(32) + "\n")
    cmf.stop()
    cmf.start()
    next_key = key.read_text()
    assert mac.enrol("between.example.net", profile="ManoCert")
    assert key_ids(cmf)[1] == before
    cmf.ctl("store", "rekey")
    assert key.read_text() == next_key and key_ids(cmf)[1] != before
    assert mac.enrol("after.example.net", profile="ManoCert")


def test_a_key_that_cmfd_cannot_read_is_not_taken(cmf, mac):
    key, old = cmf.dir / "store.key", cmf.dir / "store.key.old"
    right = key.read_text()
    cmf.set("store", "secret_key_old", "before.key")
    old.write_text("no key\n")
    # The server reads what it was started with: the default place, in which there is none.
    result = cmf.ctl("store", "rekey", check=False)
    assert result.returncode != 0
    assert key.read_text() == right
    old.unlink()
    assert mac.enrol("still.example.net", profile="ManoCert")


def test_rekey_without_a_server_says_that_it_needs_one(tmp_path):
    cmf = Cmf(tmp_path / "cmf")
    before = (cmf.dir / "store.key").read_text()
    said = cmf.ctl("store", "rekey", check=False)
    assert said.returncode == 3 and "a running cmfd seals the secrets anew; start it" in said.stdout
    assert (cmf.dir / "store.key").read_text() == before and not list(cmf.dir.glob("store.key.old*"))
