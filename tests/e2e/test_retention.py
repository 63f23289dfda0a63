# SPDX-License-Identifier: Apache-2.0
"""[retention] and cmfctl tidy: what is old goes, in steps that may be interrupted at any place, and nothing goes that has to
stay. That it is old the tests say to the database: nobody waits for days."""
import os
import time

import pytest

import postgresql
from conftest import Cmf, Vnfm, serial_of, wait_for

DAY = 24 * 3600 * 1000


def age(cmf, serials, days=10):
    """Certificates that have ended so long ago, while cmfd is stopped."""
    with cmf.database("rw") as database:
        for serial in serials:
            of = (bytes.fromhex(serial),)
            assert database.execute("SELECT count(*) FROM certificate WHERE serial = ?", of).fetchone() == (1,)
            database.execute("UPDATE certificate SET created_ms = 1, not_after_ms = ? WHERE serial = ?",
                             (int(time.time() * 1000) - days * DAY, *of))


def left(cmf):
    cmf.ctl("check", "--database")
    with cmf.database() as database:
        for state, n in database.execute("SELECT state, sum(n) AS n FROM counter WHERE name = 'certificate' GROUP BY state"):
            assert database.execute("SELECT count(*) FROM certificate WHERE state = ?", (state,)).fetchone() == (n,)
        return {row[0].hex() for row in database.execute("SELECT serial FROM certificate")}


@pytest.fixture
def old(tmp_path):
    """Three entities whose certificates have ended ten days ago, one of them revoked, and one that goes on."""
    cmf = Cmf(tmp_path / "cmf").start()
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    cmf.register("vnfm-a", *(f"vnfci-{i}" for i in range(4)))
    certs = [vnfm.enrol(f"vnfci-{i}")[0] for i in range(4)]
    assert vnfm.cmp("rr", "-oldcert", certs[2], "-revreason", "4").ok
    cmf.ctl("deregister", "--cert-type", "VnfciCert", "--subject-id", "vnfci-0")
    assert cmf.stop() == 0
    cmf.serials = [serial_of(cert) for cert in certs]
    age(cmf, cmf.serials[:3])
    with cmf.database("rw") as database:
        # No transaction of them is remembered any more, and the one that was deregistered was so long ago.
        database.execute("UPDATE cmp_transaction SET changed_ms = 1")
        database.execute("UPDATE registration SET changed_ms = 1 WHERE state = 1")
        # Their certificates were not revoked when the registration ended.
        database.execute("UPDATE certificate SET state = 2, reason = NULL, revoked_ms = NULL WHERE serial = ?",
                         (bytes.fromhex(cmf.serials[0]),))
        database.execute("DELETE FROM counter WHERE name = 'certificate'")
        slot, first = (", slot", ", 0") if postgresql.database_of(cmf) else ("", "")
        database.execute(f"INSERT INTO counter (name, state{slot}, n) SELECT 'certificate', state{first}, count(*)"
                         " FROM certificate GROUP BY state")
    return cmf


def test_kept_for_ever_by_default(old):
    said = old.ctl_json("tidy", "--dry-run")[0]
    assert (said["certificates"], said["registrations"]) == (0, 0)
    said = old.ctl("tidy").stdout
    assert "[retention] certificates is not set: certificates are kept for ever." in said
    assert left(old) == set(old.serials)


@pytest.mark.parametrize("serving", [True, False], ids=["asked of cmfd", "of the file"])
def test_tidy(old, serving):
    """What it says that would go goes: not the revoked one, which no scheduled CRL has had after its end."""
    old.set("retention", "certificates", "9d")
    old.set("retention", "registrations", "9d")
    old.set("retention", "transactions", "1h")
    if serving:
        old.start()
        # Housekeeping comes first, perhaps: what both have removed counts.
        old.ctl("tidy")
        wait_for("the transactions", lambda: not old.ctl_json("transaction", "list"))
        old.ctl("tidy")
        assert old.stop() == 0
    else:
        with old.database("rw") as database:
            database.execute("DELETE FROM cmp_transaction")
            database.execute("DELETE FROM counter WHERE name = 'cmp_transaction'")
        would = old.ctl_json("tidy", "--dry-run")[0]
        assert left(old) == set(old.serials)
        assert (would["dry_run"], would["certificates"], would["registrations"]) == (True, 2, 0)
        done = old.ctl_json("tidy")[0]
        assert (done["dry_run"], done["certificates"], done["registrations"]) == (False, 2, 1)
        assert done["names"] == would["names"] >= 2
    assert left(old) == set(old.serials[2:])
    with old.database() as database:
        assert database.execute("SELECT count(*) FROM past_key").fetchone() == (2,)
        assert database.execute("SELECT count(*) FROM registration WHERE state = 1").fetchone() == (0,)
        names = database.execute("SELECT count(*) FROM held_name WHERE certificate_id NOT IN"
                                 " (SELECT id FROM certificate WHERE not_after_ms > ?)", (int(time.time() * 1000),)).fetchone()
        assert names == (0,)


def test_name_that_an_older_certificate_has(tmp_path):
    """The newest certificate of an entity has ended, one before it goes on: the name stays the entity's."""
    cmf = Cmf(tmp_path / "cmf")
    cmf.set("retention", "certificates", "9d")
    cmf.start()
    a = Vnfm(cmf, "vnfm-a", tmp_path / "a", trust_domain="one")
    b = Vnfm(cmf, "vnfm-b", tmp_path / "b", trust_domain="two")
    cmf.register("vnfm-a", "vnfci-1", "vnfci-2")
    cmf.register("vnfm-b", "vnfci-1")
    first, second, other = (serial_of(a.enrol(name)[0]) for name in ("vnfci-1", "vnfci-1", "vnfci-2"))
    assert cmf.stop() == 0
    age(cmf, [second])
    with cmf.database("rw") as database:
        database.execute("DELETE FROM cmp_transaction")
        database.execute("DELETE FROM counter WHERE name = 'cmp_transaction'")
    cmf.ctl("tidy")
    assert left(cmf) == {first, second, other}
    cmf.start()
    taken = b.cmp("ir", "-newkey", b.key(), "-subject", "/CN=vnfci-1", "-certout", b.out(), path=".well-known/cmp/p/VnfciCert")
    assert not taken.ok and "badCertTemplate" in taken.text
    assert cmf.stop() == 0
    age(cmf, [first])
    with cmf.database("rw") as database:
        database.execute("DELETE FROM cmp_transaction")
        database.execute("DELETE FROM counter WHERE name = 'cmp_transaction'")
    cmf.ctl("tidy")
    assert left(cmf) == {other}
    cmf.start()
    b.enrol("vnfci-1")
    assert cmf.stop() == 0


@pytest.mark.parametrize("point", ["store-before-commit", "store-after-commit", "retention-step"])
def test_kill_9_of_tidy(old, point):
    """Each step is made or not; the next call does what is left."""
    old.set("retention", "certificates", "9d")
    with old.database("rw") as database:
        database.execute("DELETE FROM cmp_transaction")
        database.execute("DELETE FROM counter WHERE name = 'cmp_transaction'")
    killed = old.ctl("tidy", check=False, env=dict(os.environ, CMFD_FAULT_POINT=point))
    assert killed.returncode == -9
    assert set(old.serials[2:]) <= left(old)
    old.ctl("tidy")
    assert left(old) == set(old.serials[2:])


def test_kill_9_of_housekeeping(old):
    old.set("retention", "certificates", "9d")
    old.start(ready=False, CMFD_FAULT_POINT="retention-step:2")
    assert old.process.wait(600) == -9
    assert set(old.serials[2:]) <= left(old)
    old.start()
    wait_for("the certificates to go", lambda: left(old) == set(old.serials[2:]) or old.ctl("tidy") is None)
    assert old.stop() == 0
