// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/registrations of the JSON door: Register of IFA 033 11.2.2 as HTTP, lists with filters and
 * pages, reading, another profile, the end; and that what belongs to another does not exist.
 */
#include "nfv_rig.h"
#include "suite.h"

#include "cmf/direct.h"
#include "values.h"

#include <string.h>

static const char path[] = "/v1/registrations";

static struct nfv_answer post(const struct credential *as, const char *body)
{
	return nfv_asked(
		&(struct nfv_ask){.method = HTTP_POST, .path = path, .body = body, .as = as});
}

static struct nfv_answer get(const struct credential *as, const char *query)
{
	return nfv_asked(&(struct nfv_ask){.path = path, .query = query, .as = as});
}

static const char *item_text(const struct nfv_answer *answer, size_t i, const char *member)
{
	return nfv_text(json_array_get(answer->json, i), member);
}

/* "/v1/registrations/<id>" of the first one in the answer, to be freed. */
static char *path_of_first(const struct nfv_answer *answer)
{
	char *text;

	ck_assert_int_gt(asprintf(&text, "%s/%s", path, item_text(answer, 0, "id")), 0);
	return text;
}

/* Registers that VNFCI for vnfm-a, and gives its path. */
static char *registered(const char *subject_id)
{
	_cleanup_(nfv_answer_clear) struct nfv_answer answer = {0};
	char body[256];

	snprintf(body, sizeof(body),
		 "{\"certType\": \"VNFCI_CERT\", \"subjectId\": [\"%s\"],"
		 " \"typeOfVnfcCertHandling\": \"DELEGATION_MODE\"}",
		 subject_id);
	answer = post(&w.vnfm_a, body);
	ck_assert_int_eq(answer.status, 201);
	return path_of_first(&answer);
}

/* --- Register --- */

static const char two[] = "{\"certType\": \"VNFCI_CERT\", \"subjectId\": [\"b-1\", \"a-2\"],"
			  " \"vnfInstanceId\": \"vnf-1\", \"unknown\": {\"a\": []},"
			  " \"typeOfVnfcCertHandling\": \"DELEGATION_MODE\"}";

START_TEST(ifa033_11_2_2_register)
{
	_cleanup_(nfv_answer_clear) struct nfv_answer first = post(&w.vnfm_a, two);
	_cleanup_(nfv_answer_clear) struct nfv_answer again = {0};
	struct world_count before = world_count();

	ck_assert_int_eq(first.status, 201);
	ck_assert_uint_eq(json_array_size(first.json), 2);
	ck_assert_str_eq(item_text(&first, 0, "subjectId"), "b-1");
	ck_assert_str_eq(item_text(&first, 1, "subjectId"), "a-2");
	ck_assert_str_eq(item_text(&first, 0, "certType"), "VNFCI_CERT");
	ck_assert_str_eq(item_text(&first, 0, "vnfInstanceId"), "vnf-1");
	ck_assert_str_eq(item_text(&first, 0, "typeOfVnfcCertHandling"), "DELEGATION_MODE");
	ck_assert_str_eq(item_text(&first, 0, "manager"), "vnfm-a");
	ck_assert_str_eq(item_text(&first, 0, "trustDomain"), "domain-a");
	ck_assert_str_eq(item_text(&first, 0, "profile"), "VnfciCert");
	ck_assert_str_eq(item_text(&first, 0, "ca"), "main");
	ck_assert_str_eq(item_text(&first, 0, "state"), "REGISTERED");
	ck_assert_str_eq(item_text(&first, 0, "registeredAt"), "2026-11-23T09:00:00Z");
	ck_assert_ptr_null(nfv_header(&first, "Location"));
	ck_assert_int_eq(before.registrations, 2);
	/* The same again: the same list, and nothing is written. */
	w.now_ms += DAY_MS;
	again = post(&w.vnfm_a, two);
	ck_assert_int_eq(again.status, 200);
	ck_assert(json_equal(again.json, first.json));
	world_unchanged(before);
}
END_TEST

START_TEST(location_where_there_is_one)
{
	_cleanup_(nfv_answer_clear) struct nfv_answer answer = post(
		&w.vnfm_a, "{\"certType\": \"ManoCert\", \"subjectId\": [\"vnfm.example.net\"]}");
	const char *location = nfv_header(&answer, "Location");
	const json_t *self =
		json_object_get(json_object_get(json_array_get(answer.json, 0), "_links"), "self");

	ck_assert_int_eq(answer.status, 201);
	ck_assert_str_eq(item_text(&answer, 0, "certType"), "MANO_CERT");
	ck_assert_ptr_nonnull(location);
	ck_assert_str_eq(location, nfv_text(self, "href"));
	ck_assert_str_eq(location + strlen("/cmf-certmgmt/v1/registrations/"),
			 item_text(&answer, 0, "id"));
	ck_assert_ptr_null(json_object_get(json_array_get(answer.json, 0), "vnfInstanceId"));
	ck_assert_ptr_null(
		json_object_get(json_array_get(answer.json, 0), "typeOfVnfcCertHandling"));
	ck_assert_int_eq(nfv_status(&(struct nfv_ask){.path = location + strlen("/cmf-certmgmt"),
						      .as = &w.vnfm_a}),
			 200);
}
END_TEST

#define VNFCI "\"certType\": \"VNFCI_CERT\", \"typeOfVnfcCertHandling\": \"DELEGATION_MODE\""

static const struct {
	const char *body;
	int status;
	const char *reason;
	const char *bad; /* names in invalidParams, joined by spaces */
} refused[] = {
	{"", 400, "nfv_body_malformed", ""},
	{"{", 400, "nfv_body_malformed", ""},
	{"[]", 400, "nfv_body_malformed", ""},
	{"null", 400, "nfv_body_malformed", ""},
	{"{} x", 400, "nfv_body_malformed", ""},
	{"{" VNFCI ", \"subjectId\": [\"a\"], \"subjectId\": [\"a\"]}", 400, "nfv_body_malformed",
	 ""},
	{"{" VNFCI ", \"subjectId\": [\"a\\u0000b\"]}", 400, "nfv_body_malformed", ""},
	{"{" VNFCI ", \"subjectId\": [\"\\ud800\"]}", 400, "nfv_body_malformed", ""},
	{"{" VNFCI ", \"subjectId\": [\"\xed\xa0\x80\"]}", 400, "nfv_body_malformed", ""},
	{"{" VNFCI ", \"subjectId\": [\"\xff\"]}", 400, "nfv_body_malformed", ""},
	{"{}", 422, "nfv_member", ""},
	{"{\"certType\": \"X\", \"subjectId\": [\"a\"]}", 422, "nfv_member", ""},
	{"{\"certType\": 1, \"subjectId\": [\"a\"]}", 422, "nfv_member", ""},
	{"{\"certType\": \"VNFCI_CERT\"}", 422, "nfv_member", ""},
	{"{" VNFCI ", \"subjectId\": \"a\"}", 422, "nfv_member", ""},
	{"{" VNFCI ", \"subjectId\": []}", 422, "nfv_member", ""},
	{"{" VNFCI ", \"subjectId\": [\"a\", 1]}", 422, "nfv_member", ""},
	{"{" VNFCI ", \"subjectId\": [\"a\", null]}", 422, "nfv_member", ""},
	{"{" VNFCI ", \"subjectId\": [\"a\"], \"vnfInstanceId\": 7}", 422, "nfv_member", ""},
	{"{" VNFCI ", \"subjectId\": [\"a\"], \"vnfInstanceId\": \"\"}", 422, "nfv_member", ""},
	{"{" VNFCI ", \"subjectId\": [\"a\"], \"profile\": []}", 422, "nfv_member", ""},
	{"{\"certType\": \"VNFCI_CERT\", \"subjectId\": [\"a\"], \"typeOfVnfcCertHandling\": "
	 "\"X\"}",
	 422, "nfv_member", ""},
	{"{\"certType\": \"VNFCI_CERT\", \"subjectId\": [\"a\"]}", 422, "handling_missing", ""},
	{"{\"certType\": \"VNFCI_CERT\", \"subjectId\": [\"a\"],"
	 " \"typeOfVnfcCertHandling\": \"DIRECT_MODE\"}",
	 422, "handling_not_supported", ""},
	{"{\"certType\": \"MANO_CERT\", \"subjectId\": [\"m.example.net\"],"
	 " \"typeOfVnfcCertHandling\": \"DELEGATION_MODE\"}",
	 422, "handling_unexpected", ""},
	{"{" VNFCI ", \"subjectId\": [\"a\"], \"profile\": \"ManoCert\"}", 422,
	 "profile_cert_type_mismatch", ""},
	{"{" VNFCI ", \"subjectId\": [\"a\"], \"profile\": \"none\"}", 422, "cert_type_unknown",
	 ""},
	{"{" VNFCI ", \"subjectId\": [\"a\"], \"attester\": {}}", 422, "nfv_member", ""},
	{"{" VNFCI ", \"subjectId\": [\"a\"], \"attester\": null}", 422, "nfv_member", ""},
	{"{" VNFCI ", \"subjectId\": [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\"]}", 422,
	 "subject_ids_too_many", ""},
	{"{" VNFCI ", \"subjectId\": [\"a\", \"\", \"b\", \"\\u0007\"]}", 422, "subject_id_invalid",
	 "subjectId/1 subjectId/3"},
	{"{" VNFCI ", \"subjectId\": [\"a\", \"b\", \"A\"]}", 422, "subject_id_duplicate",
	 "subjectId/2"},
};

START_TEST(register_is_refused_whole)
{
	struct world_count before = world_count();
	_cleanup_(nfv_answer_clear) struct nfv_answer answer = post(&w.vnfm_a, refused[_i].body);
	const json_t *bad = json_object_get(answer.json, "invalidParams");
	char names[200] = "";

	ck_assert_int_eq(answer.status, refused[_i].status);
	ck_assert_str_eq(nfv_text(answer.json, "reason"), refused[_i].reason);
	for (size_t i = 0; i < json_array_size(bad); i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i ? " " : "",
			 nfv_text(json_array_get(bad, i), "name"));
	ck_assert_str_eq(names, refused[_i].bad);
	world_unchanged(before);
}
END_TEST

/* One's own with other parameters has a link; another manager's of one's domain has none. */
START_TEST(conflicts_at_register)
{
	_cleanup_(freep) char *own = registered("a");
	_cleanup_(nfv_answer_clear) struct nfv_answer other =
		post(&w.vnfm_a, "{" VNFCI ", \"subjectId\": [\"x\", \"a\"],"
				" \"profile\": \"vnfci-any\"}");
	_cleanup_(nfv_answer_clear) struct nfv_answer held = {0};
	struct credential second = credential_new(
		&(struct credential_spec){.subject = "/CN=vnfm-a2", .issuer = &w.anchor_a});

	ck_assert_int_eq(other.status, 409);
	ck_assert_str_eq(nfv_text(other.json, "reason"), "registration_conflict");
	ck_assert_str_eq(nfv_text(other.json, "existing") + strlen("/cmf-certmgmt"), own);
	client_add(&(struct client_spec){.name = "vnfm-a2",
					 .trust_domain = "domain-a",
					 .permissions = STORE_MAY_REGISTER,
					 .exact = &second});
	held = post(&second, "{" VNFCI ", \"subjectId\": [\"a\"]}");
	ck_assert_int_eq(held.status, 409);
	ck_assert_ptr_null(json_object_get(held.json, "existing"));
	ck_assert_int_eq(world_count().registrations, 1);
	credential_clear(&second);
}
END_TEST

/* Somebody else was faster: it is decided again, and what is told is what there is. */
START_TEST(register_is_decided_again)
{
	const struct store_registration theirs = {
		.cert_type = CERT_TYPE_VNFCI,
		.vnf_instance = (char *)"vnf-1",
		.subject_id = (char *)"b-1",
		.handling = CERT_HANDLING_DELEGATION,
		.manager = (char *)"vnfm-a",
		.trust_domain = (char *)"domain-a",
		.ca = (char *)"main",
		.profile = (char *)"VnfciCert",
		.created_ms = w.now_ms - DAY_MS,
		.changed_ms = w.now_ms - DAY_MS,
	};
	_cleanup_(store_unit_freep) struct store_unit *unit = NULL;
	_cleanup_(nfv_answer_clear) struct nfv_answer answer = {0};

	ck_assert_int_eq(store_unit_new(w.store, &unit), 0);
	ck_assert_int_eq(store_registration_insert(unit, &theirs, NULL), 0);
	w.interfering = unit;
	answer = post(&w.vnfm_a, two);
	ck_assert_ptr_null(w.interfering);
	ck_assert_int_eq(answer.status, 201);
	ck_assert_str_eq(item_text(&answer, 0, "registeredAt"), "2026-11-22T09:00:00Z");
	ck_assert_str_eq(item_text(&answer, 1, "registeredAt"), "2026-11-23T09:00:00Z");
	ck_assert_int_eq(world_count().registrations, 2);
}
END_TEST

START_TEST(some_new_and_some_known)
{
	_cleanup_(freep) char *own = registered("a");
	_cleanup_(nfv_answer_clear) struct nfv_answer answer =
		post(&w.vnfm_a, "{" VNFCI ", \"subjectId\": [\"b\", \"a\"]}");

	ck_assert_int_eq(answer.status, 201);
	ck_assert_str_eq(item_text(&answer, 0, "subjectId"), "b");
	ck_assert_str_eq(item_text(&answer, 1, "id"), own + strlen("/v1/registrations/"));
	ck_assert_int_eq(world_count().registrations, 2);
}
END_TEST

/* --- another's does not exist --- */

static const struct {
	enum http_method method;
	const char *body, *content_type;
} methods[] = {
	{HTTP_GET, NULL, NULL},
	{HTTP_DELETE, NULL, NULL},
	{HTTP_PATCH, "{\"profile\": \"x\"}", "application/merge-patch+json"},
};

START_TEST(what_is_anothers_answers_as_what_there_is_not)
{
	static const char *const none[] = {"/v1/registrations/00000000-0000-0000-0000-000000000000",
					   "/v1/registrations/919108f7-52d1-8320-9bac-f847db4148a8",
					   "/v1/registrations/x"};
	_cleanup_(freep) char *own = registered("a");
	struct nfv_ask ask = {.method = methods[_i].method,
			      .path = own,
			      .body = methods[_i].body,
			      .content_type = methods[_i].content_type,
			      .as = &w.vnfm_b};
	_cleanup_(nfv_answer_clear) struct nfv_answer anothers = nfv_asked(&ask);

	ck_assert_int_eq(anothers.status, 404);
	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		_cleanup_(nfv_answer_clear) struct nfv_answer nothing = {0};

		ask.path = none[i];
		nothing = nfv_asked(&ask);
		ck_assert_int_eq(nothing.status, 404);
		ck_assert(bytes_equal(octets_view(&nothing.response.body),
				      octets_view(&anothers.response.body)));
		ck_assert_uint_eq(nothing.response.n_headers, anothers.response.n_headers);
	}
	ck_assert_int_eq(nfv_status(&(struct nfv_ask){.path = own, .as = &w.vnfm_a}), 200);
}
END_TEST

/* --- lists --- */

static const struct {
	const char *query;
	const char *subjects; /* joined by spaces; NULL: 400 */
} lists[] = {
	{"", "a b c vnfm.example.net"},
	{"filter=(eq,subjectId,b)", "b"},
	{"filter=(eq,subjectId,B)", ""},
	{"filter=(in,subjectId,a,c,z)", "a c"},
	{"filter=(cont,subjectId,example)", "vnfm.example.net"},
	{"filter=(eq,certType,MANO_CERT)", "vnfm.example.net"},
	{"filter=(eq,certType,ManoCert)", ""},
	{"filter=(eq,certType,X)", ""},
	{"filter=(eq,vnfInstanceId,vnf-1)", "c"},
	{"filter=(neq,vnfInstanceId,vnf-1)", "a b vnfm.example.net"},
	{"filter=(eq,certType,VNFCI_CERT);(neq,subjectId,a)", "b c"},
	{"filter=(gt,registeredAt,2026-11-23T10:00:00%2B01:00)", ""},
	{"filter=(gte,registeredAt,2026-11-23T10:00:00+01:00)", "a b c vnfm.example.net"},
	{"filter=(eq,trustDomain,domain-b)", ""},
	{"filter=(eq,noSuchThing,1)", NULL},
	{"filter=(eq,subjectId", NULL},
	{"filter=", NULL},
	{"nextpage_opaque_marker=!!", NULL},
	{"nextpage_opaque_marker=", NULL},
	{"fields=nothing", NULL},
	{"unknown=1", NULL},
	{"filter=(eq,subjectId,a)&filter=(eq,subjectId,b)", NULL},
};

START_TEST(lists_hold_what_fits)
{
	_cleanup_(freep) char *a = registered("a"), *b = registered("b");
	_cleanup_(nfv_answer_clear) struct nfv_answer in_vnf = post(
		&w.vnfm_a, "{" VNFCI ", \"subjectId\": [\"c\"], \"vnfInstanceId\": \"vnf-1\"}");
	_cleanup_(nfv_answer_clear) struct nfv_answer mano = post(
		&w.vnfm_a, "{\"certType\": \"MANO_CERT\", \"subjectId\": [\"vnfm.example.net\"]}");
	_cleanup_(nfv_answer_clear) struct nfv_answer others =
		post(&w.vnfm_b, "{" VNFCI ", \"subjectId\": [\"a\", \"d\"]}");
	_cleanup_(nfv_answer_clear) struct nfv_answer answer = get(&w.vnfm_a, lists[_i].query);
	char subjects[200] = "";

	ck_assert(a && b);
	ck_assert_int_eq(in_vnf.status, 201);
	ck_assert_int_eq(mano.status, 201);
	ck_assert_int_eq(others.status, 201);
	ck_assert_int_eq(answer.status, lists[_i].subjects ? 200 : 400);
	if (!lists[_i].subjects)
		return;
	for (size_t i = 0; i < json_array_size(answer.json); i++)
		snprintf(subjects + strlen(subjects), sizeof(subjects) - strlen(subjects), "%s%s",
			 i ? " " : "", item_text(&answer, i, "subjectId"));
	ck_assert_str_eq(subjects, lists[_i].subjects);
	ck_assert_ptr_null(nfv_header(&answer, "Link"));
}
END_TEST

START_TEST(selectors_leave_out_what_may_be)
{
	_cleanup_(freep) char *a = registered("a");
	_cleanup_(nfv_answer_clear) struct nfv_answer answer =
		get(&w.vnfm_a, "exclude_fields=typeOfVnfcCertHandling");

	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_null(
		json_object_get(json_array_get(answer.json, 0), "typeOfVnfcCertHandling"));
	ck_assert_str_eq(item_text(&answer, 0, "subjectId"), "a");
}
END_TEST

/* The query of the next page, which is a relative reference, to be freed; NULL: there is none. */
static char *next_query(const struct nfv_answer *answer)
{
	static const char head[] = "</cmf-certmgmt/v1/registrations?", tail[] = ">; rel=\"next\"";
	const char *link = nfv_header(answer, "Link");
	size_t len;

	if (!link)
		return NULL;
	len = strlen(link);
	ck_assert_int_eq(strncmp(link, head, strlen(head)), 0);
	ck_assert_str_eq(link + len - strlen(tail), tail);
	return strndup(link + strlen(head), len - strlen(head) - strlen(tail));
}

static void fill(int n)
{
	for (int i = 0; i < n; i += 5) {
		_cleanup_(nfv_answer_clear) struct nfv_answer answer = {0};
		char body[400];

		snprintf(body, sizeof(body),
			 "{" VNFCI ", \"subjectId\": [\"p-%d\", \"p-%d\", \"p-%d\", \"p-%d\","
			 " \"p-%d\"]}",
			 i, i + 1, i + 2, i + 3, i + 4);
		answer = post(&w.vnfm_a, body);
		ck_assert_int_eq(answer.status, 201);
	}
}

/* Each comes once, in pages of at most 100, whatever is registered and removed meanwhile. */
START_TEST(sol013_5_4_pages)
{
	_cleanup_(freep) char *query = strdup("filter=(cont,subjectId,p-)"), *gone = NULL,
			      *late = NULL;
	int n = 0, pages = 0;

	fill(250);
	while (query) {
		_cleanup_(nfv_answer_clear) struct nfv_answer page = get(&w.vnfm_a, query);
		size_t size = json_array_size(page.json);
		char expected[20];

		ck_assert_int_eq(page.status, 200);
		ck_assert_uint_le(size, 100);
		if (++pages == 1) {
			late = registered("p-250");
			gone = path_of_first(&page);
			ck_assert_int_eq(nfv_status(&(struct nfv_ask){.method = HTTP_DELETE,
								      .path = gone,
								      .as = &w.vnfm_a}),
					 204);
		}
		for (size_t i = 0; i < size; i++) {
			snprintf(expected, sizeof(expected), "p-%d", n++);
			ck_assert_str_eq(item_text(&page, i, "subjectId"), expected);
		}
		free(query);
		query = next_query(&page);
	}
	ck_assert_int_eq(n, 251);
	ck_assert_int_eq(pages, 3);
}
END_TEST

/* A filter that nothing fits is answered by pages that are empty and have a next one. */
START_TEST(page_looks_at_so_many_rows)
{
	_cleanup_(freep) char *query = strdup("filter=(eq,profile,none)");
	int pages = 0;

	fill(1500);
	for (; query; pages++) {
		_cleanup_(nfv_answer_clear) struct nfv_answer page = get(&w.vnfm_a, query);

		ck_assert_int_eq(page.status, 200);
		ck_assert_uint_eq(json_array_size(page.json), 0);
		free(query);
		query = next_query(&page);
	}
	ck_assert_int_eq(pages, 2);
}
END_TEST

/* What another client's pages are like tells nothing of one's own. */
START_TEST(others_registrations_make_no_pages)
{
	_cleanup_(nfv_answer_clear) struct nfv_answer page = {0};

	fill(1500);
	page = get(&w.vnfm_b, "");
	ck_assert_uint_eq(json_array_size(page.json), 0);
	ck_assert_ptr_null(nfv_header(&page, "Link"));
}
END_TEST

/* --- one of them --- */

START_TEST(rfc9110_13_1_1_if_match)
{
	_cleanup_(freep) char *own = registered("a");
	_cleanup_(nfv_answer_clear) struct nfv_answer answer =
		nfv_asked(&(struct nfv_ask){.path = own, .as = &w.vnfm_a});
	const char *tag = nfv_header(&answer, "ETag");
	struct nfv_ask del = {.method = HTTP_DELETE, .path = own, .as = &w.vnfm_a};
	struct nfv_ask patch = {.method = HTTP_PATCH,
				.path = own,
				.as = &w.vnfm_a,
				.content_type = "application/merge-patch+json",
				.body = "{\"profile\": \"vnfci-any\"}"};
	char list[200];

	ck_assert_ptr_nonnull(tag);
	ck_assert(tag[0] == '"' && strlen(tag) > 2 && tag[strlen(tag) - 1] == '"');
	del.if_match = "\"stale\"";
	ck_assert_int_eq(nfv_status(&del), 412);
	snprintf(list, sizeof(list), "W/%s", tag);
	del.if_match = list;
	ck_assert_int_eq(nfv_status(&del), 412);
	/* The state changes, and with it the tag. */
	patch.if_match = tag;
	ck_assert_int_eq(nfv_status(&patch), 200);
	ck_assert_int_eq(nfv_status(&patch), 412);
	del.if_match = tag;
	ck_assert_int_eq(nfv_status(&del), 412);
	nfv_answer_clear(&answer);
	answer = nfv_asked(&(struct nfv_ask){.path = own, .as = &w.vnfm_a});
	snprintf(list, sizeof(list), "\"x\", %s", nfv_header(&answer, "ETag"));
	del.if_match = list;
	ck_assert_int_eq(nfv_status(&del), 204);
	ck_assert_int_eq(nfv_status(&del), 404);
	ck_assert_int_eq(world_count().registrations, 0);
}
END_TEST

static const struct {
	const char *body;
	int status;
	const char *profile; /* that it has then, or the reason */
} patches[] = {
	{"{\"profile\": \"vnfci-any\"}", 200, "vnfci-any"},
	{"{\"profile\": \"vnfci-any\", \"unknown\": 1, \"attester\": null}", 200, "vnfci-any"},
	{"{\"profile\": null}", 200, "VnfciCert"},
	{"{}", 200, "VnfciCert"},
	{"{\"profile\": \"VnfciCert\"}", 200, "VnfciCert"},
	{"{\"profile\": \"ManoCert\"}", 422, "profile_cert_type_mismatch"},
	{"{\"profile\": \"none\"}", 422, "cert_type_unknown"},
	{"{\"profile\": 7}", 422, "nfv_member"},
	{"{\"attester\": {}}", 422, "nfv_member"},
	{"{\"attester\": []}", 422, "nfv_member"},
	{"[]", 400, "nfv_body_malformed"},
};

START_TEST(rfc7396_patch)
{
	_cleanup_(freep) char *own = registered("a");
	_cleanup_(nfv_answer_clear) struct nfv_answer answer =
		nfv_asked(&(struct nfv_ask){.method = HTTP_PATCH,
					    .path = own,
					    .as = &w.vnfm_a,
					    .content_type = "application/merge-patch+json",
					    .body = patches[_i].body});
	_cleanup_(nfv_answer_clear) struct nfv_answer read =
		nfv_asked(&(struct nfv_ask){.path = own, .as = &w.vnfm_a});

	ck_assert_int_eq(answer.status, patches[_i].status);
	if (answer.status == 200) {
		ck_assert_str_eq(nfv_text(read.json, "profile"), patches[_i].profile);
		ck_assert(json_equal(read.json, answer.json));
		ck_assert_str_eq(nfv_header(&answer, "ETag"), nfv_header(&read, "ETag"));
	} else {
		ck_assert_str_eq(nfv_text(answer.json, "reason"), patches[_i].profile);
		ck_assert_str_eq(nfv_text(read.json, "profile"), "VnfciCert");
	}
}
END_TEST

static struct nfv_answer attester_patched(const char *own, const struct credential *as,
					  json_t *attester)
{
	json_t *body = json_pack("{s:o}", "attester", attester);
	char *text = json_dumps(body, 0);
	struct nfv_answer answer =
		nfv_asked(&(struct nfv_ask){.method = HTTP_PATCH,
					    .path = own,
					    .as = as,
					    .content_type = "application/merge-patch+json",
					    .body = text});

	free(text);
	json_decref(body);
	return answer;
}

/* IFA 033 11.2.1; changed by who has the permission, and only what the patch says. */
START_TEST(ifa033_11_2_1_attester)
{
	struct credential keeper = credential_new(
		&(struct credential_spec){.subject = "/CN=keeper", .issuer = &w.anchor_a});
	json_t *body = json_pack("{s:s, s:s, s:[s], s:{s:o, s:[s]}}", "certType", "VNFCI_CERT",
				 "typeOfVnfcCertHandling", "DELEGATION_MODE", "subjectId", "att",
				 "attester", "caCertificates",
				 json_pack("[o]", json_pem(octets_view(&w.issuing.der))),
				 "statementTypes", "2.23.133.20.1");
	_cleanup_(freep) char *text = json_dumps(body, 0), *own = NULL;
	_cleanup_(nfv_answer_clear) struct nfv_answer answer = post(&w.vnfm_a, text);
	const json_t *attester;

	json_decref(body);
	client_add(&(struct client_spec){.name = "keeper",
					 .trust_domain = "domain-a",
					 .permissions = STORE_MAY_REGISTER | STORE_IS_RA |
							STORE_MAY_ATTESTER,
					 .exact = &keeper});
	ck_assert_int_eq(answer.status, 201);
	own = strdup(nfv_header(&answer, "Location") + strlen("/cmf-certmgmt"));
	/* A list leaves it out by default. */
	ck_assert_ptr_null(json_object_get(json_array_get(answer.json, 0), "attester"));
	nfv_answer_clear(&answer);
	answer = nfv_asked(&(struct nfv_ask){.path = "/v1/registrations", .as = &w.vnfm_a});
	ck_assert_ptr_null(json_object_get(json_array_get(answer.json, 0), "attester"));
	nfv_answer_clear(&answer);
	answer = nfv_asked(&(struct nfv_ask){
		.path = "/v1/registrations", .query = "all_fields", .as = &w.vnfm_a});
	ck_assert_ptr_nonnull(json_object_get(json_array_get(answer.json, 0), "attester"));
	nfv_answer_clear(&answer);
	answer = nfv_asked(&(struct nfv_ask){.path = own, .as = &w.vnfm_a});
	attester = json_object_get(answer.json, "attester");
	ck_assert_uint_eq(json_array_size(json_object_get(attester, "caCertificates")), 1);
	ck_assert_ptr_null(json_object_get(attester, "policy"));
	nfv_answer_clear(&answer);

	answer = attester_patched(own, &w.vnfm_a, json_null());
	ck_assert_int_eq(answer.status, 403);
	ck_assert_str_eq(nfv_text(answer.json, "reason"), "attester_not_permitted");
	nfv_answer_clear(&answer);
	/* What is not said stays; a key takes the place of the CAs. */
	answer = attester_patched(own, &keeper, json_pack("{s:s}", "policy", "REQUIRE"));
	ck_assert_int_eq(answer.status, 200);
	attester = json_object_get(answer.json, "attester");
	ck_assert_str_eq(nfv_text(attester, "policy"), "REQUIRE");
	ck_assert_uint_eq(json_array_size(json_object_get(attester, "caCertificates")), 1);
	nfv_answer_clear(&answer);
	answer = attester_patched(own, &keeper,
				  json_pack("{s:o, s:n}", "certificate",
					    json_base64(octets_view(&keeper.der)), "policy"));
	ck_assert_int_eq(answer.status, 200);
	attester = json_object_get(answer.json, "attester");
	ck_assert_ptr_null(json_object_get(attester, "caCertificates"));
	ck_assert_ptr_null(json_object_get(attester, "policy"));
	ck_assert_ptr_nonnull(strstr(nfv_text(attester, "certificate"), "BEGIN CERTIFICATE"));
	nfv_answer_clear(&answer);
	answer = attester_patched(own, &keeper, json_null());
	ck_assert_int_eq(answer.status, 200);
	ck_assert_ptr_null(json_object_get(answer.json, "attester"));
	credential_clear(&keeper);
}
END_TEST

START_TEST(patch_is_of_its_own_media_type)
{
	_cleanup_(freep) char *own = registered("a");

	ck_assert_int_eq(nfv_status(&(struct nfv_ask){
				 .method = HTTP_PATCH, .path = own, .as = &w.vnfm_a, .body = "{}"}),
			 415);
}
END_TEST

/* 409 while there are valid certificates, unless they are revoked with it. */
START_TEST(delete_with_certificates)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	_cleanup_(freep) char *own = registered("a");
	struct nfv_ask del = {.method = HTTP_DELETE, .path = own, .as = &w.vnfm_a};

	cert = certificate_issued("vnfm-a", "VnfciCert", "/CN=a", NULL);
	ck_assert_int_eq(nfv_status(&del), 409);
	del.query = "revoke=false";
	ck_assert_int_eq(nfv_status(&del), 409);
	del.query = "revoke=yes";
	ck_assert_int_eq(nfv_status(&del), 400);
	ck_assert_int_eq(certificate_state(cert.id), STORE_CERT_ACTIVE);
	del.query = "revoke=true";
	ck_assert_int_eq(nfv_status(&del), 204);
	ck_assert_int_eq(certificate_state(cert.id), STORE_CERT_REVOKED);
	ck_assert_int_eq(world_count().registrations, 0);
	/* Registered again, it is another one. */
	{
		_cleanup_(freep) char *again = registered("a");

		ck_assert_str_ne(again, own);
	}
}
END_TEST

START_TEST(delete_when_certificates_have_expired)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	_cleanup_(freep) char *own = registered("a");

	cert = certificate_issued("vnfm-a", "VnfciCert", "/CN=a", NULL);
	w.now_ms = cert.not_after_ms + 1000;
	ck_assert_int_eq(
		nfv_status(&(struct nfv_ask){.method = HTTP_DELETE, .path = own, .as = &w.vnfm_a}),
		204);
}
END_TEST

/* One's own entity without the permission: 403. */
START_TEST(without_permission)
{
	struct credential reader = credential_new(
		&(struct credential_spec){.subject = "/CN=reader", .issuer = &w.anchor_a});
	_cleanup_(nfv_answer_clear) struct nfv_answer answer = {0};

	client_add(&(struct client_spec){.name = "reader",
					 .trust_domain = "domain-a",
					 .permissions = STORE_MAY_REVOKE,
					 .exact = &reader});
	answer = post(&reader, two);
	ck_assert_int_eq(answer.status, 403);
	ck_assert_str_eq(nfv_text(answer.json, "reason"), "client_not_permitted");
	credential_clear(&reader);
}
END_TEST

/* --- direct mode --- */

static const char direct_sections[] =
	"[vnfm sim]\napi_root = http://127.0.0.1:9890\ntrust_domain = domain-a\n"
	"client = vnfm-a\nprofile = VnfciCert\n"
	"callback_uri = http://127.0.0.1:8080/lcm/sim\ninitial_credential = secret\n"
	"[vnfm vendor]\napi_root = http://127.0.0.1:9890\ntrust_domain = domain-a\n"
	"client = vnfm-a\nprofile = VnfciCert\n"
	"callback_uri = http://127.0.0.1:8080/lcm/vendor\ninitial_credential = none\n";

static void direct_setup(void)
{
	nfv_setup_with(direct_sections);
}

/* A VNFC that the VNFM of that section shows; the path of its registration. */
static char *shown(const char *vnfm, const char *vnf)
{
	struct cmf_vnfc vnfc = {.vnfc_id = (char *)"c-1", .resource_id = (char *)"r-1"};
	struct cmf_vnf is = {.vnf_instance_id = (char *)(uintptr_t)vnf,
			     .instantiated = true,
			     .vnfcs = &vnfc,
			     .n_vnfcs = 1};
	const struct cmf_direct_view view = {.vnf_instance_id = vnf, .vnf = &is};
	const struct cmf_worker own = {w.reader, w.unit};
	struct cmf_direct_report report = {0};
	_cleanup_(nfv_answer_clear) struct nfv_answer answer = {0};
	char query[80];

	ck_assert_int_eq(
		cmf_direct_reconcile(w.cmf, &own, conf_vnfm_find(w.conf, vnfm), &view, &report), 0);
	ck_assert_uint_eq(report.registered, 1);
	snprintf(query, sizeof(query), "filter=(eq,vnfInstanceId,%s)", vnf);
	answer = get(&w.vnfm_a, query);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_uint_eq(json_array_size(answer.json), 1);
	ck_assert_str_eq(item_text(&answer, 0, "typeOfVnfcCertHandling"), "DIRECT_MODE");
	ck_assert_ptr_null(json_object_get(json_array_get(answer.json, 0), "manager"));
	return path_of_first(&answer);
}

static struct nfv_answer initial_credential(const struct credential *as, const char *of)
{
	char path_of_it[128];

	snprintf(path_of_it, sizeof(path_of_it), "%s/initial_credential", of);
	return nfv_asked(&(struct nfv_ask){.method = HTTP_POST, .path = path_of_it, .as = as});
}

START_TEST(initial_credential_is_made_and_given)
{
	_cleanup_(nfv_answer_clear) struct nfv_answer first = {0}, second = {0}, others = {0};
	_cleanup_(freep) char *of = shown("sim", "vnf-1");
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_principal p = {0};

	first = initial_credential(&w.vnfm_a, of);
	ck_assert_int_eq(first.status, 201);
	ck_assert_str_eq(nfv_header(&first, "Cache-Control"), "no-store");
	ck_assert_str_eq(nfv_text(first.json, "expiry"), "2026-11-24T09:00:00Z");
	second = initial_credential(&w.vnfm_a, of);
	ck_assert_int_eq(second.status, 201);
	ck_assert_str_ne(nfv_text(first.json, "secret"), nfv_text(second.json, "secret"));
	/* The one before is void. */
	ck_assert_int_eq(
		cmf_initial_credential_find(WORLD_CALL(NULL, &refusal),
					    bytes_of_string(nfv_text(first.json, "reference")),
					    BYTES_NULL, &p),
		REFUSED);
	ck_assert_int_eq(
		cmf_initial_credential_find(WORLD_CALL(NULL, &refusal),
					    bytes_of_string(nfv_text(second.json, "reference")),
					    BYTES_NULL, &p),
		0);
	ck_assert(bytes_equal(octets_view(&p.mac_secret),
			      bytes_of_string(nfv_text(second.json, "secret"))));
	cmf_principal_clear(&p);
	others = initial_credential(&w.vnfm_b, of);
	ck_assert_int_eq(others.status, 404);
}
END_TEST

START_TEST(initial_credential_where_there_is_none)
{
	_cleanup_(nfv_answer_clear) struct nfv_answer delegation = {0}, vendor = {0};
	_cleanup_(freep) char *of_delegation = registered("vnfci-1");
	_cleanup_(freep) char *of_vendor = shown("vendor", "vnf-2");

	delegation = initial_credential(&w.vnfm_a, of_delegation);
	ck_assert_int_eq(delegation.status, 409);
	ck_assert_str_eq(nfv_text(delegation.json, "reason"), "initial_credential_none");
	vendor = initial_credential(&w.vnfm_a, of_vendor);
	ck_assert_int_eq(vendor.status, 409);
}
END_TEST

START_TEST(ifa033_11_2_3_direct_mode_is_not_the_vnfms_to_change)
{
	_cleanup_(freep) char *of = shown("sim", "vnf-1");
	_cleanup_(nfv_answer_clear) struct nfv_answer read = {0}, patch = {0}, removed = {0};

	read = nfv_asked(&(struct nfv_ask){.path = of, .as = &w.vnfm_a});
	ck_assert_int_eq(read.status, 200);
	patch = nfv_asked(&(struct nfv_ask){.method = HTTP_PATCH,
					    .path = of,
					    .body = "{\"profile\": \"vnfci-any\"}",
					    .content_type = "application/merge-patch+json",
					    .as = &w.vnfm_a});
	ck_assert_int_eq(patch.status, 403);
	ck_assert_str_eq(nfv_text(patch.json, "reason"), "entity_in_direct_mode");
	removed = nfv_asked(&(struct nfv_ask){.method = HTTP_DELETE, .path = of, .as = &w.vnfm_a});
	ck_assert_int_eq(removed.status, 403);
}
END_TEST

static Suite *registrations_suite(void)
{
	Suite *suite = suite_create("json registrations");
	TCase *tc = tcase_create("registrations");

	tcase_add_checked_fixture(tc, nfv_setup, nfv_teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, ifa033_11_2_2_register);
	tcase_add_test(tc, location_where_there_is_one);
	tcase_add_loop_test(tc, register_is_refused_whole, 0, ARRAY_LEN(refused));
	tcase_add_test(tc, conflicts_at_register);
	tcase_add_test(tc, register_is_decided_again);
	tcase_add_test(tc, some_new_and_some_known);
	tcase_add_loop_test(tc, what_is_anothers_answers_as_what_there_is_not, 0,
			    ARRAY_LEN(methods));
	tcase_add_loop_test(tc, lists_hold_what_fits, 0, ARRAY_LEN(lists));
	tcase_add_test(tc, selectors_leave_out_what_may_be);
	tcase_add_test(tc, sol013_5_4_pages);
	tcase_add_test(tc, page_looks_at_so_many_rows);
	tcase_add_test(tc, others_registrations_make_no_pages);
	tcase_add_test(tc, rfc9110_13_1_1_if_match);
	tcase_add_loop_test(tc, rfc7396_patch, 0, ARRAY_LEN(patches));
	tcase_add_test(tc, ifa033_11_2_1_attester);
	tcase_add_test(tc, patch_is_of_its_own_media_type);
	tcase_add_test(tc, delete_with_certificates);
	tcase_add_test(tc, delete_when_certificates_have_expired);
	tcase_add_test(tc, without_permission);
	suite_add_tcase(suite, tc);
	tc = tcase_create("direct mode");
	tcase_add_checked_fixture(tc, direct_setup, nfv_teardown);
	tcase_add_test(tc, initial_credential_is_made_and_given);
	tcase_add_test(tc, initial_credential_where_there_is_none);
	tcase_add_test(tc, ifa033_11_2_3_direct_mode_is_not_the_vnfms_to_change);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(registrations_suite, SUITE_FORKS)
