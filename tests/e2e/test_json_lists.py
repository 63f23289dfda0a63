# SPDX-License-Identifier: Apache-2.0
"""Lists over the JSON door: attribute filters (SOL 013 5.2), selectors (5.3), pages (5.4)."""
import urllib.parse

import pytest

from json_door import CERTIFICATES, REGISTRATIONS, REQUESTS, SUBSCRIPTIONS

MARKER = "nextpage_opaque_marker"


def url(path, *filters, **query):
    """A path with a filter and further parameters, percent-encoded as a careful client does it."""
    if filters:
        query["filter"] = ";".join(filters)
    return path + "?" + "&".join(f"{k}={urllib.parse.quote(v, safe='')}" if v is not None else k for k, v in query.items())


NAMES = ["f-1", "f-2", "f-10", "F-3", "f, (x)", "f'quoted'", "f~1/a", "f@b", "f+1 %41", "f-ö"]


@pytest.fixture(scope="module")
def filtered(doors):
    """Registrations to be found: of VNFC instances, one for O&M, and one of a VNF."""
    first = doors.a.register(*NAMES)
    assert first.status == 201, first
    doors.a.register("f-oam", cert_type="VNFOAM_CERT")
    doors.a.register("f-1", vnfInstanceId="f-vnf")
    return doors


def found(door, *filters, path=REGISTRATIONS):
    return [r["subjectId"] for r in door.listed(url(path, *filters))]


OF_NAMES = ["(cont,subjectId,f,F)", "(eq,certType,VNFCI_CERT)", "(neq,vnfInstanceId,f-vnf)"]


@pytest.mark.parametrize("filters, names", [
    (["(eq,subjectId,f-1)", "(neq,vnfInstanceId,f-vnf)"], ["f-1"]),
    (["(eq,subjectId,f-1)", "(eq,vnfInstanceId,f-vnf)"], ["f-1"]),
    (["(eq,vnfInstanceId,f-vnf)"], ["f-1"]),
    (["(in,subjectId,f-1,f-2,no-such)", "(neq,vnfInstanceId,f-vnf)"], ["f-1", "f-2"]),
    (["(nin,subjectId,f-1,f-2)", *OF_NAMES], [n for n in NAMES if n not in ("f-1", "f-2")]),
    (["(cont,subjectId,-1)", *OF_NAMES], ["f-1", "f-10"]),
    (["(cont,subjectId,-10,-3)", *OF_NAMES], ["f-10", "F-3"]),
    (["(ncont,subjectId,-)", *OF_NAMES], ["f, (x)", "f'quoted'", "f~1/a", "f@b", "f+1 %41"]),
    (["(neq,subjectId,f-1)", *OF_NAMES], NAMES[1:]),
    (["(eq,certType,VNFOAM_CERT)", "(cont,subjectId,f-)"], ["f-oam"]),
    (["(eq,subjectId,'f, (x)')"], ["f, (x)"]), (["(eq,subjectId,'f''quoted''')"], ["f'quoted'"]),
    (["(eq,subjectId,f~1/a)"], ["f~1/a"]), (["(eq,subjectId,f@b)"], ["f@b"]), (["(eq,subjectId,'f-1')", "(eq,vnfInstanceId,f-vnf)"], ["f-1"]),
    (["(eq,subjectId,f+1 %41)"], ["f+1 %41"]), (["(eq,subjectId,f-ö)"], ["f-ö"]),
    (["(cont,subjectId,'(')", *OF_NAMES], ["f, (x)"]),
    (["(gt,registeredAt,2020-01-01T00:00:00Z)", *OF_NAMES], NAMES),
    (["(gte,registeredAt,2020-01-01T02:00:00+02:00)", *OF_NAMES], NAMES),
    (["(lt,registeredAt,2020-01-01T00:00:00Z)"], []), (["(lte,registeredAt,2020-01-01T00:00:00.000Z)"], []),
    (["(eq,state,REGISTERED)", *OF_NAMES], NAMES), (["(eq,manager,vnfm-a)", *OF_NAMES], NAMES),
    (["(eq,manager,vnfm-b)"], []), (["(eq,trustDomain,operator-b)"], []),
    (["(eq,subjectId,f-1)", "(eq,subjectId,f-2)"], []), (["(eq,subjectId,no-such)"], []),
    # A missing attribute fits neq and nothing else.
    (["(eq,subjectId,f-2)", "(eq,vnfInstanceId,x)"], []), (["(eq,subjectId,f-2)", "(neq,vnfInstanceId,x)"], ["f-2"]),
    (["(eq,subjectId,f-2)", "(nin,vnfInstanceId,x)"], []), (["(eq,subjectId,f-2)", "(ncont,vnfInstanceId,x)"], []),
    (["(eq,subjectId,f-2)", "(lt,vnfInstanceId,x)"], []),
])
def test_sol013_5_2_filter(filtered, filters, names):
    assert sorted(found(filtered.a, *filters)) == sorted(names)


@pytest.mark.parametrize("text", [
    "", "x", "(", ")", "()", "(eq)", "(eq,)", "(eq,subjectId)", "(eq,subjectId,f-1", "eq,subjectId,f-1", "(eq,subjectId,f-1))",
    "(eq,subjectId,f-1)(eq,subjectId,f-2)", "(eq,subjectId,f-1),(eq,subjectId,f-2)", "(eq,subjectId,f-1);",
    ";(eq,subjectId,f-1)", "(eq,subjectId,f-1);;(eq,subjectId,f-2)", "(eq,subjectId,a,b)", "(gt,subjectId,a,b)", "(EQ,subjectId,a)",
    "(like,subjectId,a)", "(eq,noSuchThing,1)", "(eq,subjectId/x,1)", "(eq,subjectId~2,1)", "(eq,subjectId~,1)", "(eq,'subjectId',1)",
    "(eq,subjectId,'a)", "(eq,subjectId,a')", "(eq,subjectId,'a'b)", "(eq,subjectId,'a',')",
    "(gt,registeredAt,yesterday)", "(gt,registeredAt,2026-13-01T00:00:00Z)", "(gt,registeredAt,2026-01-01)", "(eq,registeredAt,1)",
    "(eq,_links/self/href,x)", "(eq,_links,x)", "(eq,@key,x)", "( eq,subjectId,x)", "(eq, subjectId,x)", "(eq,attester,x)",
    "(eq,SubjectId,x)", "((eq,subjectId,x))", "(eq,subjectId,x)\n",
])
def test_filters_that_are_none(filtered, text):
    answer = filtered.a.get(url(REGISTRATIONS, text))
    assert answer.status == 400, answer


def test_revocation_is_an_attribute_with_attributes(filtered):
    csr, _ = filtered.a.enrol(filtered.vnfm_a, "f-2")
    at = f"{CERTIFICATES}/{csr['certificateId']}"
    assert filtered.a.post(at + "/revoke", {"reason": "superseded"}).status == 204
    by_reason = filtered.a.listed(url(CERTIFICATES, "(eq,revocation/reason,superseded)", "(eq,subjectId,f-2)"))
    assert [c["id"] for c in by_reason] == [csr["certificateId"]]
    assert filtered.a.listed(url(CERTIFICATES, "(eq,revocation/reason,keyCompromise)", "(eq,subjectId,f-2)")) == []
    assert filtered.a.get(url(CERTIFICATES, "(eq,revocation,superseded)")).status == 400


def test_filters_of_certificates_and_requests(filtered):
    csr, _ = filtered.a.enrol(filtered.vnfm_a, "f-10")
    serial = filtered.a.get(f"{CERTIFICATES}/{csr['certificateId']}").doc["serialNumber"]
    for path, *filters in ((CERTIFICATES, "(eq,subjectId,f-10)", "(eq,status,VALID)"), (CERTIFICATES, f"(eq,serialNumber,{serial})"),
                           (CERTIFICATES, f"(eq,id,{csr['certificateId']})"), (REQUESTS, "(eq,vnfcId,f-10)", "(eq,status,COMPLETED)"),
                           (REQUESTS, f"(in,certificateId,{csr['certificateId']},{csr['id']})"),
                           (CERTIFICATES, "(eq,subjectId,f-10)", "(lt,notAfter,2099-01-01T00:00:00Z)")):
        assert len(filtered.a.listed(url(path, *filters))) == 1, filters
    assert filtered.a.listed(url(CERTIFICATES, "(eq,subjectId,f-10)", "(gt,notAfter,2099-01-01T00:00:00Z)")) == []


def test_many_terms_and_long_values(filtered):
    """A thousand terms, or values, and no more."""
    terms = ";".join(["(neq,ca,x)"] * 999 + ["(eq,subjectId,f-10)"])
    assert [r["subjectId"] for r in filtered.a.listed(f"{REGISTRATIONS}?filter={terms}")] == ["f-10"]
    assert filtered.a.get(f"{REGISTRATIONS}?filter={terms};(neq,ca,x)").status == 400
    values = ",".join(f"n{i}" for i in range(1000))
    assert [r["subjectId"] for r in filtered.a.listed(f"{REGISTRATIONS}?filter=(in,subjectId,{values},f-10)")] == ["f-10"]
    assert filtered.a.get(url(REGISTRATIONS, "(eq,subjectId,f-10)")).status == 200


# --- selectors ---

@pytest.mark.parametrize("query, there, not_there", [
    ({}, ["subjectId", "_links"], ["certificate", "certificateChain"]),
    ({"exclude_default": None}, ["subjectId"], ["certificate", "certificateChain"]),
    ({"all_fields": None}, ["certificate", "certificateChain"], []),
    ({"fields": "certificate"}, ["certificate", "id", "subjectId"], ["certificateChain"]),
    ({"fields": "certificate,certificateChain"}, ["certificate", "certificateChain"], []),
    ({"exclude_fields": "certificateChain"}, ["certificate"], ["certificateChain"]),
    ({"exclude_fields": "certificate,certificateChain"}, ["id"], ["certificate", "certificateChain"]),
    ({"fields": "certificate", "exclude_default": None}, ["certificate"], ["certificateChain"]),
])
def test_sol013_5_3_selectors(filtered, query, there, not_there):
    if not filtered.a.listed(url(CERTIFICATES, "(eq,subjectId,F-3)")):
        filtered.a.enrol(filtered.vnfm_a, "F-3")
    cert, = filtered.a.listed(url(CERTIFICATES, "(eq,subjectId,F-3)", **query))
    assert set(there) <= set(cert) and not set(not_there) & set(cert)


@pytest.mark.parametrize("query", [
    {"all_fields": None, "fields": "certificate"}, {"all_fields": None, "exclude_fields": "certificate"},
    {"all_fields": None, "exclude_default": None}, {"fields": "certificate", "exclude_fields": "certificateChain"},
    {"exclude_fields": "certificate", "exclude_default": None}, {"fields": "noSuchThing"}, {"fields": ""}, {"exclude_fields": ""},
    {"exclude_fields": "noSuchThing"}, {"exclude_fields": "id"}, {"exclude_fields": "subjectId"}, {"fields": "certificate,"},
    {"exclude_fields": "_links"}, {"fields": "certificate/x"},
])
def test_selectors_that_are_refused(filtered, query):
    answer = filtered.a.get(url(CERTIFICATES, **query))
    assert answer.status == 400, answer


def test_selectors_are_for_lists(filtered):
    at = filtered.a.listed(url(REGISTRATIONS, "(eq,subjectId,f-2)"))[0]["_links"]["self"]["href"]
    at = urllib.parse.urlsplit(at).path
    assert filtered.a.get(at).status == 200
    assert filtered.a.get(at + "?all_fields").status == filtered.a.get(at + "?filter=(eq,subjectId,f-2)").status == 400
    assert filtered.a.get(SUBSCRIPTIONS + "?fields=filter").status == 400


# --- pages ---

def test_sol013_5_4_pages_are_stable_under_inserts(doors):
    """While somebody reads, somebody writes: what was there at the beginning is had once each."""
    before = [f"q-{i}" for i in range(450)]
    assert doors.a.register(*before).status == 201
    got, path, n = [], url(REGISTRATIONS, "(cont,subjectId,q-)"), 0
    while path:
        answer = doors.a.get(path)
        assert answer.status == 200 and len(answer.doc) <= 100
        got += [r["subjectId"] for r in answer.doc]
        path, n = answer.next, n + 1
        doors.a.register(*(f"q-new-{n}-{i}" for i in range(7)), vnfInstanceId=f"q-{n}")
        if n == 2:
            gone = doors.a.listed(url(REGISTRATIONS, "(eq,subjectId,q-0)"))[0]
            assert doors.a.delete(f"{REGISTRATIONS}/{gone['id']}").status == 204
    assert n >= 5
    old = [name for name in got if not name.startswith("q-new-")]
    assert sorted(old) == sorted(before) and len(got) == len(set(got))


def test_a_page_looks_at_a_bounded_number_of_rows(doors):
    """What fits nothing is a list of pages that may be empty; it ends, and holds what there is."""
    doors.a.register(*(f"e-{i}" for i in range(3000)))
    pages = list(doors.a.pages(url(REGISTRATIONS, "(eq,subjectId,e-2999)")))
    assert [r["subjectId"] for page in pages for r in page] == ["e-2999"]
    assert [r for page in doors.a.pages(url(REGISTRATIONS, "(cont,subjectId,no-such-thing)")) for r in page] == []


def test_the_link_is_opaque_and_says_all(doors):
    """Filter and selectors go on over the pages."""
    doors.a.register(*(f"l-{i}" for i in range(150)), cert_type="VNFOAM_CERT")
    first = doors.a.get(url(REGISTRATIONS, "(eq,certType,VNFOAM_CERT)", "(cont,subjectId,l-)"))
    assert first.status == 200 and first.next
    rest = doors.a.listed(first.next)
    assert len(first.doc) + len(rest) == 150
    assert all(r["certType"] == "VNFOAM_CERT" and r["subjectId"].startswith("l-") for r in rest)


@pytest.mark.parametrize("marker", ["", "!!", "0", "1", "x" * 5000, "00000000-0000-4000-8000-000000000000",
                                    "ffffffff-ffff-8fff-bfff-ffffffffffff", "%00", "'", "-1"])
def test_markers_that_are_none(doors, marker):
    for path in (REGISTRATIONS, CERTIFICATES, REQUESTS):
        answer = doors.a.get(f"{path}?{MARKER}={marker}")
        assert answer.status == 400, answer


def test_markers_show_nothing_of_another_client(doors):
    """A marker is a place: identifiers are none, and at it everybody sees what is one's own."""
    doors.a.register(*(f"m-{i}" for i in range(120)))
    link = doors.a.get(url(REGISTRATIONS, "(cont,subjectId,m-)")).next
    marker = urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)[MARKER][0]
    identifier = doors.a.listed(url(REGISTRATIONS, "(eq,subjectId,m-5)"))[0]["id"]
    for none in (identifier, 2 * identifier, marker[:-1], marker + "0", marker[::-1]):
        assert doors.a.get(f"{REGISTRATIONS}?{MARKER}={none}").status == 400, none
    assert doors.b.listed(f"{REGISTRATIONS}?{MARKER}={marker}") == []
    for path in (CERTIFICATES, REQUESTS):
        assert doors.b.listed(f"{path}?{MARKER}={marker}") == []
