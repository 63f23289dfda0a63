# SPDX-License-Identifier: Apache-2.0
"""Keys that are certified for another entity, and how many certificates an entity may have: as the
configuration says, from one start to the next (RFC 9483 3.6.4)."""

import postgresql
from conftest import Vnfm, wait_for

PROFILE = ".well-known/cmp/p/VnfciCert"


def restart(cmf, section, key, value):
    assert cmf.stop() == 0
    cmf.set(section, key, value)
    cmf.start()


def key_index(cmf):
    """Whether the store has its index of keys, which every enrolment pays for."""
    with cmf.database() as db:
        return bool(db.execute(f"SELECT 1 FROM {'pg_indexes WHERE indexname' if postgresql.database_of(cmf) else 'sqlite_schema WHERE name'}"
                               " = 'certificate_key'").fetchall())


def ask(vnfm, subject, key, cmd="cr", *args):
    return vnfm.cmp(cmd, "-newkey", key, "-subject", f"/CN={subject}", "-certout", vnfm.out(), *args,
                    path=PROFILE)


def test_key_of_another_entity(cmf, tmp_path):
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    cmf.register("vnfm-a", "vnfci-1", "vnfci-2", "vnfci-3")
    cert, key = vnfm.enrol("vnfci-1")
    assert ask(vnfm, "vnfci-2", key).ok
    assert not key_index(cmf)
    restart(cmf, "cmf", "key_reuse", "no")
    assert key_index(cmf)
    refused = ask(vnfm, "vnfci-3", key)
    assert refused.failinfo == "badCertTemplate" and "another entity" not in refused.text
    assert cmf.states("vnfci-3") == []
    # Why is the operator's to know.
    wait_for("the log", lambda: "public_key_taken" in cmf.log.read_text())
    # A renewal, whose key is new by RFC 9483 4.1.3; a key again for the same entity.
    assert vnfm.cmp("kur", "-oldcert", cert, "-cert", cert, "-key", key, "-newkey", vnfm.key(),
                    "-certout", vnfm.out(), path=PROFILE).ok
    _, key_3 = vnfm.enrol("vnfci-3")
    assert ask(vnfm, "vnfci-3", key_3).ok
    restart(cmf, "cmf", "key_reuse", "yes")
    assert not key_index(cmf)
    assert ask(vnfm, "vnfci-3", key).ok


def test_live_certificates(cmf, tmp_path):
    vnfm = Vnfm(cmf, "vnfm-a", tmp_path / "a")
    cmf.register("vnfm-a", "vnfci-1")
    restart(cmf, "client_policy default", "live_certificates_per_entity", "1")
    cert, key = vnfm.enrol("vnfci-1")
    request = tmp_path / "request.der"
    assert ask(vnfm, "vnfci-1", vnfm.key(), "cr", "-reqout", request).failinfo == "notAuthorized"
    assert "as many valid certificates" in cmf.ctl("explain", "--profile", "VnfciCert", request).stdout
    assert vnfm.cmp("kur", "-oldcert", cert, "-cert", cert, "-key", key, "-newkey", vnfm.key(),
                    "-certout", vnfm.out(), path=PROFILE).ok
    assert cmf.states("vnfci-1") == ["active", "active"]
    assert ask(vnfm, "vnfci-1", vnfm.key()).failinfo == "notAuthorized"
    restart(cmf, "client_policy default", "live_certificates_per_entity", "3")
    assert ask(vnfm, "vnfci-1", vnfm.key()).ok
