// SPDX-License-Identifier: Apache-2.0
/*
 * The JSON door of VNF Managers: the conventions of ETSI GS NFV-SOL 013 that hold for every
 * resource, and the order in which a request is judged.
 */
#include "nfv/accept.h"
#include "nfv/version.h"
#include "nfv_rig.h"
#include "suite.h"

#include <string.h>

/* --- headers --- */

/* SOL 013 9.2, 4.1; what is supported by the binding. */
static const struct {
	const char *text;
	enum nfv_version version;
} versions[] = {
	{NULL, NFV_VERSION_MALFORMED},
	{"", NFV_VERSION_MALFORMED},
	{"1", NFV_VERSION_MALFORMED},
	{"1.0", NFV_VERSION_MALFORMED},
	{"v1.0.0", NFV_VERSION_MALFORMED},
	{"01.0.0", NFV_VERSION_MALFORMED},
	{"0.0.0", NFV_VERSION_MALFORMED},
	{"1.00.0", NFV_VERSION_MALFORMED},
	{"1.0.00", NFV_VERSION_MALFORMED},
	{"1.0.0.0", NFV_VERSION_MALFORMED},
	{"1.0.0 ", NFV_VERSION_MALFORMED},
	{"1.0.0, 1.0.0", NFV_VERSION_MALFORMED},
	{"1.0.0-impl:", NFV_VERSION_MALFORMED},
	{"1.0.0-impl:a b", NFV_VERSION_MALFORMED},
	{"1.0.0-alpha", NFV_VERSION_MALFORMED},
	{"1.0.0", NFV_VERSION_FINE},
	{"1.0.0-impl:cmfd:cmf-certmgmt:1", NFV_VERSION_FINE},
	{"1.0.0-impl:cmfd:cmf-certmgmt:2", NFV_VERSION_UNSUPPORTED},
	{"1.0.0-impl:example.com:product:4", NFV_VERSION_UNSUPPORTED},
	{"1.0.1", NFV_VERSION_UNSUPPORTED},
	{"1.10.0", NFV_VERSION_UNSUPPORTED},
	{"2.0.0", NFV_VERSION_UNSUPPORTED},
	{"10.20.30", NFV_VERSION_UNSUPPORTED},
	{"99999999999999999999.0.0", NFV_VERSION_UNSUPPORTED},
};

START_TEST(sol013_version_header)
{
	ck_assert_int_eq(nfv_version_judge(versions[_i].text), versions[_i].version);
}
END_TEST

/* RFC 9110 12.5.1, with its own example of precedence. */
static const struct {
	const char *accept;
	int chosen; /* of "application/json", "application/x-pem-file", "text/html" */
} accepts[] = {
	{NULL, 0},
	{"*/*", 0},
	{"application/json", 0},
	{"Application/JSON", 0},
	{"application/json;charset=utf-8", 0},
	{"application/*", 0},
	{"application/x-pem-file", 1},
	{"text/html", 2},
	{"text/*;q=0.3, text/html;q=0.7, text/html;level=1, */*;q=0.5", 2},
	{"application/json;q=0.2, application/x-pem-file;q=0.9", 1},
	{"application/json;q=0, */*", 1},
	{"application/json;q=0.500,application/x-pem-file;q=0.50", 0},
	{"application/json; Q=0.1 , application/x-pem-file ; q=0.2", 1},
	{"  ,, application/json ,", 0},
	{"application/json;q=1.000", 0},
	{"application/json;q=0", -1},
	{"application/json;q=0.000", -1},
	{"application/json;q=x", -1},
	{"application/json;q=", -1},
	{"application/problem+json", -1},
	{"application/jsonx", -1},
	{"application/jso", -1},
	{"image/*", -1},
	{"*", -1},
	{"*/json", -1},
	{"", -1},
	{",", -1},
};

START_TEST(rfc9110_12_5_1_accept)
{
	static const char *const types[] = {"application/json", "application/x-pem-file",
					    "text/html"};

	ck_assert_int_eq(nfv_accept_choose(accepts[_i].accept, types, ARRAY_LEN(types)),
			 accepts[_i].chosen);
}
END_TEST

static const struct {
	const char *content_type;
	bool json;
} content_types[] = {
	{NULL, false},
	{"", false},
	{"application/json", true},
	{"APPLICATION/json", true},
	{"application/json; charset=utf-8", true},
	{"application/json ;charset=utf-8", true},
	{"application/json+x", false},
	{"application/jso", false},
	{"text/plain", false},
	{"text/plain; application/json", false},
};

START_TEST(content_type_is_compared_without_parameters)
{
	ck_assert_int_eq(nfv_media_type_is(content_types[_i].content_type, "application/json"),
			 content_types[_i].json);
}
END_TEST

/* --- the door --- */

/* SOL 013 9.3: neither Version nor authentication, and no query. */
START_TEST(sol013_api_versions)
{
	static const char *const paths[] = {"/api_versions", "/v1/api_versions"};
	_cleanup_(nfv_answer_clear) struct nfv_answer answer =
		nfv_asked(&(struct nfv_ask){.path = paths[_i], .version = ""});
	const json_t *version = json_array_get(json_object_get(answer.json, "apiVersions"), 0);

	ck_assert_int_eq(answer.status, 200);
	ck_assert_str_eq(answer.response.content_type, "application/json");
	ck_assert_str_eq(nfv_text(answer.json, "uriPrefix"), "/cmf-certmgmt/v1/");
	ck_assert_str_eq(nfv_text(version, "version"), "1.0.0-impl:cmfd:cmf-certmgmt:1");
	ck_assert_int_eq(nfv_status(&(struct nfv_ask){.path = paths[_i], .method = HTTP_POST}),
			 405);
	ck_assert_int_eq(nfv_status(&(struct nfv_ask){.path = paths[_i], .method = HTTP_OTHER}),
			 405);
	ck_assert_int_eq(nfv_status(&(struct nfv_ask){.path = paths[_i], .query = "a=b"}), 400);
	ck_assert_int_eq(nfv_status(&(struct nfv_ask){.path = paths[_i], .accept = "text/html"}),
			 406);
}
END_TEST

/* Nobody learns which paths there are before it is known who asks. */
START_TEST(nobody_is_401_whatever_is_asked)
{
	static const char *const paths[] = {"",
					    "/",
					    "/v1",
					    "/v1/",
					    "/v1/no_such_thing",
					    "/v2/x",
					    "/v1/api_versions/",
					    "/api_versions/x"};
	_cleanup_(nfv_answer_clear) struct nfv_answer answer =
		nfv_asked(&(struct nfv_ask){.path = paths[_i], .version = ""});

	ck_assert_int_eq(answer.status, 401);
	ck_assert_str_eq(nfv_text(answer.json, "reason"), "nfv_nobody");
	ck_assert_str_eq(nfv_text(answer.json, "failInfo"), "notAuthorized");
	ck_assert_int_eq(nfv_status(&(struct nfv_ask){.path = paths[_i], .as = &w.vnfm_a}), 404);
}
END_TEST

START_TEST(unknown_certificate_is_401)
{
	struct credential stranger = credential_new(&(struct credential_spec){.subject = "/CN=x"});

	ck_assert_int_eq(nfv_status(&(struct nfv_ask){.path = "/v1/x", .as = &stranger}), 401);
	credential_clear(&stranger);
}
END_TEST

/* A certificate beside credentials that are not taken does not help. */
START_TEST(authorization_that_is_not_taken_is_401)
{
	ck_assert_int_eq(nfv_status(&(struct nfv_ask){
				 .path = "/v1/x", .as = &w.vnfm_a, .authorization = "Basic YTpi"}),
			 401);
}
END_TEST

/* What http/ answers itself has the form of all others. */
START_TEST(refused_by_http_has_version_and_problem)
{
	static const int statuses[] = {400, 404, 408, 413, 431, 503};

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		_cleanup_(nfv_answer_clear) struct nfv_answer answer =
			nfv_refused_by_http(statuses[i]);

		ck_assert_int_eq(answer.status, statuses[i]);
	}
}
END_TEST

static Suite *nfv_suite(void)
{
	Suite *suite = suite_create("json nfv");
	TCase *pure = tcase_create("headers"), *door = tcase_create("door");

	tcase_add_loop_test(pure, sol013_version_header, 0, ARRAY_LEN(versions));
	tcase_add_loop_test(pure, rfc9110_12_5_1_accept, 0, ARRAY_LEN(accepts));
	tcase_add_loop_test(pure, content_type_is_compared_without_parameters, 0,
			    ARRAY_LEN(content_types));
	tcase_add_checked_fixture(door, nfv_setup, nfv_teardown);
	tcase_add_loop_test(door, sol013_api_versions, 0, 2);
	tcase_add_loop_test(door, nobody_is_401_whatever_is_asked, 0, 8);
	tcase_add_test(door, unknown_certificate_is_401);
	tcase_add_test(door, authorization_that_is_not_taken_is_401);
	tcase_add_test(door, refused_by_http_has_version_and_problem);
	suite_add_tcase(suite, pure);
	suite_add_tcase(suite, door);
	return suite;
}

SUITE_MAIN(nfv_suite, SUITE_FORKS)
