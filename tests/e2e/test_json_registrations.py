# SPDX-License-Identifier: Apache-2.0
"""Register and registrations over the JSON door: IFA 033 11.2.2, and what of it is safe to repeat."""
import unicodedata

import pytest

from conftest import Vnfm
from json_door import CERTIFICATES, REGISTRATIONS, door_of

NAMED = {"certType": "VNFCI_CERT", "typeOfVnfcCertHandling": "DELEGATION_MODE"}


def ids(answer):
    return [r["id"] for r in answer.doc]


# --- IFA 033 11.2.2.2: what is registered ---

def test_ifa033_11_2_2_2_list_in_the_order_of_the_request(doors):
    answer = doors.a.register("r-3", "r-1", "r-2")
    assert answer.status == 201 and "location" not in answer.headers
    assert [r["subjectId"] for r in answer.doc] == ["r-3", "r-1", "r-2"]
    for r in answer.doc:
        assert (r["manager"], r["trustDomain"], r["state"]) == ("vnfm-a", "operator-a", "REGISTERED")
        assert r["certType"] == "VNFCI_CERT" and r["typeOfVnfcCertHandling"] == "DELEGATION_MODE" and r["ca"] == "issuing"
        assert "vnfInstanceId" not in r
        assert doors.a.get(f"{REGISTRATIONS}/{r['id']}").doc == r
    again = doors.a.register("r-2", "r-3", "r-1")
    assert again.status == 200 and ids(again) == [answer.doc[i]["id"] for i in (2, 0, 1)]


def test_location_of_one(doors):
    answer = doors.a.register("r-one")
    assert answer.status == 201 and doors.a.get(answer.location).doc == answer.doc[0]


def test_some_new_and_some_known(doors):
    known = doors.a.register("r-known").doc[0]
    answer = doors.a.register("r-new", "r-known")
    assert answer.status == 201 and answer.doc[1] == known


def test_nothing_is_written_where_nothing_changes(doors):
    first = doors.a.register("r-same")
    with doors.database() as db:
        before = db.execute("SELECT sum(id) AS ids, count(*) FROM registration").fetchone()
    assert doors.a.register("r-same").doc == first.doc
    with doors.database() as db:
        assert db.execute("SELECT sum(id) AS ids, count(*) FROM registration").fetchone() == before


@pytest.mark.parametrize("asked, written", [("VNFCI_CERT", "VNFCI_CERT"), ("VnfciCert", "VNFCI_CERT"),
                                            ("VNFOAM_CERT", "VNFOAM_CERT"), ("VnfOAMCert", "VNFOAM_CERT")])
def test_spellings_of_cert_type(doors, asked, written):
    answer = doors.a.register(f"r-{asked}", cert_type=asked)
    assert answer.status == 201 and answer.doc[0]["certType"] == written
    assert doors.a.register(f"r-{asked}", cert_type=written).doc == answer.doc


def test_ifa033_11_2_2_2_mano_has_no_handling(doors):
    for spelling in ("MANO_CERT", "ManoCert"):
        body = {"certType": spelling, "subjectId": ["mano.operator-a.example"]}
        answer = doors.a.post(REGISTRATIONS, body)
        assert answer.status in (200, 201) and "typeOfVnfcCertHandling" not in answer.doc[0], answer
    for handling in ("DELEGATION_MODE", "DIRECT_MODE"):
        answer = doors.a.post(REGISTRATIONS, {**body, "typeOfVnfcCertHandling": handling})
        assert answer.status == 422 and "reason" in answer.doc
    assert doors.a.post(REGISTRATIONS, {**body, "subjectId": ["not a fqdn"]}).status == 422


def test_ifa033_11_2_2_2_direct_mode_is_for_the_lcm_interface_only(doors):
    answer = doors.a.register("r-direct", typeOfVnfcCertHandling="DIRECT_MODE")
    assert answer.status == 422 and answer.doc["reason"] == "handling_not_supported"
    assert doors.a.listed(f"{REGISTRATIONS}?filter=(eq,subjectId,r-direct)") == []


# --- who an entity is ---

def test_a_vnf_instance_is_a_name_space(doors):
    answers = [doors.a.register("r-vnfc", **({"vnfInstanceId": i} if i else {})) for i in ("", "vnf-1", "vnf-2")]
    assert [a.status for a in answers] == [201] * 3 and len({a.doc[0]["id"] for a in answers}) == 3
    assert [a.doc[0].get("vnfInstanceId") for a in answers] == [None, "vnf-1", "vnf-2"]
    assert doors.a.register("r-vnfc", vnfInstanceId="vnf-2").doc == answers[2].doc


def test_a_trust_domain_is_a_name_space(doors):
    a, b = doors.a.register("r-domain"), doors.b.register("r-domain")
    assert a.status == b.status == 201 and ids(a) != ids(b)
    assert b.doc[0]["trustDomain"] == "operator-b"


def test_cert_types_are_registrations_of_their_own(doors):
    assert ids(doors.a.register("r-types")) != ids(doors.a.register("r-types", cert_type="VNFOAM_CERT"))


def test_an_entity_of_another_manager_of_the_domain(doors):
    """409, and no link: its registration is none of this client's business."""
    at = doors.a.register("r-mine").location
    answer = doors.a2.register("r-mine")
    assert answer.status == 409 and "existing" not in answer.doc
    assert doors.a2.get(at).status == 404
    assert doors.a2.register("r-free", "r-mine").status == 409
    assert doors.a2.listed(f"{REGISTRATIONS}?filter=(in,subjectId,r-free,r-mine)") == []
    # Another certType of the same entity has the same manager.
    assert doors.a2.register("r-mine", cert_type="VNFOAM_CERT").status == 409


def test_other_parameters_are_a_conflict_with_a_link(doors):
    first = doors.a.register("r-profile")
    answer = doors.a.register("r-profile", profile="Short")
    assert answer.status == 409, answer
    assert doors.a.get(answer.doc["existing"]).doc == first.doc[0]
    assert doors.a.get(first.location).doc == first.doc[0]


# --- identifiers ---

LONG = "n" * 64


@pytest.mark.parametrize("subject_id", [
    "a", LONG, "VNFC 7", "vnfc/ä%?#", "日本語-1", unicodedata.normalize("NFC", "é"), "x,y=z", "'quoted'", "<a&b>", "a" + "\u00a0" + "b",
    "7d444840-9dc0-11d1-b245-5ffdce74fad2",
])
def test_identifiers_are_any_text(doors, subject_id):
    answer = doors.a.register(subject_id)
    assert answer.status == 201 and answer.doc[0]["subjectId"] == subject_id, answer
    assert doors.a.get(answer.location).doc["subjectId"] == subject_id


@pytest.mark.parametrize("subject_id", [
    "", " ", "a\n", "\ta", "a\x7fb", "a\u0085b", "a\u202eb", "a\u2066b", "a\u200fb", "n" * 254, "n" * 5000,
    unicodedata.normalize("NFD", "é"),
])
def test_identifiers_that_are_refused(doors, subject_id):
    answer = doors.a.register("r-good", subject_id)
    assert answer.status == 422, answer
    assert [p["name"] for p in answer.doc["invalidParams"]] == ["subjectId/1"]
    assert doors.a.listed(f"{REGISTRATIONS}?filter=(eq,subjectId,r-good)") == []


def test_identifiers_are_unique_as_names_compare(doors):
    first = doors.a.register("R-Fold")
    assert first.status == 201
    answer = doors.a.register("r-fold")
    assert answer.status in (200, 409)
    assert len(doors.a.listed(f"{REGISTRATIONS}?filter=(in,subjectId,R-Fold,r-fold)")) == 1


def test_an_identifier_twice_in_one_request(doors):
    answer = doors.a.register("r-twice", "r-other", "r-twice")
    assert answer.status == 422, answer
    assert [p["name"] for p in answer.doc["invalidParams"]] == ["subjectId/2"]
    assert doors.a.register("r-Twice", "r-tWice").status == 422
    assert doors.a.listed(f"{REGISTRATIONS}?filter=(eq,subjectId,r-other)") == []


def test_the_first_ten_bad_ones_are_named(doors):
    bad = range(0, 60, 5)
    answer = doors.a.register(*("" if i in bad else f"r-bad-{i}" for i in range(60)))
    assert answer.status == 422
    assert [p["name"] for p in answer.doc["invalidParams"]] == [f"subjectId/{i}" for i in list(bad)[:10]]


def test_ten_thousand_in_one_call(doors):
    many = [f"r-many-{i:05}" for i in range(10000)]
    answer = doors.a.register(*many)
    assert answer.status == 201 and [r["subjectId"] for r in answer.doc] == many
    again = doors.a.register(*many)
    assert again.status == 200 and ids(again) == ids(answer)
    assert doors.a.register(*many, "one-more").status == 422


def test_long_identifiers_in_one_call(doors):
    """The body limit of Register is one of its own: ten thousand identifiers of the greatest length."""
    many = [f"{i:05}" + "x" * 248 for i in range(10000)]
    answer = doors.a.register(*many)
    assert answer.status in (201, 422), (answer.status, answer.body[:300]) # 422: the profile needs the CN
    assert answer.status == 201 or answer.doc["invalidParams"][0]["name"] == "subjectId/0"


# --- reading, changing, removing ---

def test_etag_says_the_state(doors):
    at = doors.a.register("r-etag").location
    before = doors.a.get(at).headers["etag"]
    assert doors.a.get(at).headers["etag"] == before
    changed = doors.a.patch(at, {"profile": "Short"}, If_Match=before)
    assert changed.status == 200 and changed.doc["profile"] == "Short"
    assert changed.headers["etag"] != before
    assert doors.a.patch(at, {"profile": "VnfciCert"}, If_Match=before).status == 412
    assert doors.a.delete(at, If_Match=before).status == 412
    assert doors.a.get(at).doc == changed.doc
    assert doors.a.delete(at, If_Match=f'"x", {changed.headers["etag"]}').status == 204
    assert doors.a.get(at).status == 404


def test_if_match_star_and_none(doors):
    at = doors.a.register("r-star").location
    assert doors.a.patch(at, {"profile": "VnfciCert"}, If_Match="*").status == 200
    assert doors.a.delete(at).status == 204


@pytest.mark.parametrize("change", [{"profile": "NoSuchProfile"}, {"profile": 1}, {"profile": ["x"]},
                                    {"attester": {"statementTypes": ["1.2.3"]}}])
def test_changes_that_are_refused(doors, change):
    answer = doors.a.register("r-change")
    at = f"{REGISTRATIONS}/{answer.doc[0]['id']}"
    assert doors.a.patch(at, change).status == 422
    assert doors.a.get(at).doc == answer.doc[0]


def test_a_merge_patch_leaves_what_it_does_not_name(doors):
    """RFC 7396; what a registration is by cannot be changed."""
    answer = doors.a.register("r-merge")
    at = answer.location
    changed = doors.a.patch(at, {"subjectId": "r-else", "manager": "vnfm-b"})
    assert changed.status in (200, 422)
    assert doors.a.get(at).doc == answer.doc[0]


def test_removing_needs_that_nothing_is_valid_or_revokes_it(doors):
    at = doors.a.register("r-remove").location
    csr, _ = doors.a.enrol(doors.vnfm_a, "r-remove")
    answer = doors.a.delete(at)
    assert answer.status == 409
    assert doors.a.get(at).status == 200
    assert doors.a.delete(at + "?revoke=no").status == 400
    assert doors.a.delete(at + "?revoke=true").status == 204
    assert doors.a.get(at).status == 404 and doors.a.delete(at).status == 404
    cert = doors.a.get(f"{CERTIFICATES}/{csr['certificateId']}").doc
    assert (cert["status"], cert["revocation"]["reason"]) == ("REVOKED", "cessationOfOperation")
    again = doors.a.register("r-remove")
    assert again.status == 201 and again.location != at


def test_removed_is_not_listed(doors):
    doors.a.delete(doors.a.register("r-gone").location)
    assert doors.a.listed(f"{REGISTRATIONS}?filter=(eq,subjectId,r-gone)") == []


def test_a_client_that_may_not_register(doors, tmp_path):
    """403 for what is one's own to ask and not allowed; nothing of it happens."""
    door = door_of(Vnfm(doors, "vnfm-reads", tmp_path / "reads", trust_domain="operator-a", may="request"))
    answer = door.register("r-forbidden")
    assert answer.status == 403 and answer.doc["failInfo"] == "notAuthorized"
    assert door.get(REGISTRATIONS).doc == []


def test_what_was_refused_is_in_the_audit(doors, tmp_path):
    """Who asked for what, and which request it was; also where the path is no UTF-8, and for a resource that is not there."""
    door = door_of(Vnfm(doors, "vnfm-curious", tmp_path / "curious", trust_domain="operator-a", may="request"))

    def refused(method, path):
        return [(line["actor_kind"], line["actor"], line["action"], line["target"], line["detail"])
                for line in doors.ctl_json("audit", "list", "--actor", "vnfm-curious", "--outcome", "notAuthorized")
                if line["action"] == method and line["target"] == path]
    assert door.register("r-curious").status == 403
    assert refused("POST", REGISTRATIONS) == [("client", "vnfm-curious", "POST", REGISTRATIONS, "client_not_permitted")]
    assert door.get(REGISTRATIONS + "/caf%c3%a9%ff").status == 404
    shown = REGISTRATIONS + "/caf\u00e9\\ufffd"
    assert refused("GET", shown) == [("client", "vnfm-curious", "GET", shown, "nfv_not_found")]
    line = doors.ctl_json("audit", "list", "--target", shown)[0]
    assert "octets" not in line
    log = (doors.dir / "cmfd.log").read_text()
    assert f"id={line['request_id']} " in log
    # What is wrong with a request otherwise is in the log alone.
    assert door.post(REGISTRATIONS, {}).status == 422 and door.get(REGISTRATIONS + "/%ff/x").status == 404
    assert len(doors.ctl_json("audit", "list", "--actor", "vnfm-curious")) == 2
    assert doors.ctl("audit", "verify").returncode == 0


def test_clients_that_are_added_and_removed_while_it_runs(doors, tmp_path):
    """The TLS handshake proves possession only; who it is, is decided for each request, on a connection that stays."""
    vnfm = Vnfm(doors, "vnfm-late", tmp_path / "late", trust_domain="operator-a")
    door = door_of(vnfm)
    assert door.register("r-late").status == 201
    doors.ctl("client", "remove", "vnfm-late")
    assert door.get(REGISTRATIONS).status == 401
    doors.ctl("client", "add", "vnfm-late", "--trust-anchor", vnfm.anchor, "--subject", "/CN=vnfm-late", "--trust-domain",
              "operator-a")
    assert door.get(REGISTRATIONS).status == 200
    stranger = door_of(vnfm)
    doors.ctl("client", "remove", "vnfm-late")
    assert stranger.get(REGISTRATIONS).status == 401


def test_registered_over_json_is_registered_over_cmp_and_for_the_operator(doors):
    doors.a.register("r-both", vnfInstanceId="vnf-7")
    doors.register("vnfm-a", "r-operator")
    rows = doors.ctl_json("registration", "list", "--manager", "vnfm-a")
    assert [r["vnf_instance_id"] for r in rows if r["subject_id"] == "r-both"] == ["vnf-7"]
    assert doors.a.register("r-operator").status == 200
    doors.vnfm_a.enrol("r-operator")
    assert len(doors.a.listed(f"{CERTIFICATES}?filter=(eq,subjectId,r-operator)")) == 1
