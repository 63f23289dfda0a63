// SPDX-License-Identifier: Apache-2.0
/*
 * What a VNFM says: recordings of a real one, and what is no answer at all. vnf_instances and
 * notifications of SOL 003 5.5.2 and 5.5.3.
 */
#include "../../src/lcm/lcm_local.h"

#include "suite.h"

#include <check.h>
#include <errno.h>
#include <string.h>

static json_t *json_of(const char *text)
{
	json_error_t error;
	json_t *json = json_loads(text, 0, &error);

	ck_assert_msg(json != NULL, "%s: %s", error.text, text);
	return json;
}

static json_t *recorded(const char *name)
{
	char path[256];
	json_t *json;

	snprintf(path, sizeof(path), "%s/vnfm/%s.json", VECTORS_DIR, name);
	json = json_load_file(path, 0, NULL);
	ck_assert_msg(json != NULL, "%s", path);
	return json;
}

/* --- identifiers --- */

static const struct {
	const char *id, *segment;
} segments[] = {
	{"f186b488-3cdd-4cdf-91c6-2c3ae69259e5", "f186b488-3cdd-4cdf-91c6-2c3ae69259e5"},
	{"vdu2.a_b~c", "vdu2.a_b~c"},
	{"vnf-x/../vnf-a1", "vnf-x%2F..%2Fvnf-a1"},
	{"..", "%2E%2E"},
	{".", "%2E"},
	{"a b?c#d%2F", "a%20b%3Fc%23d%252F"},
	{"\xc3\xa4", "%C3%A4"},
};

START_TEST(test_segment)
{
	_cleanup_(strbuf_clear) struct strbuf out = STRBUF_NULL;
	_cleanup_(freep) char *uri = NULL, *back = NULL;

	lcm_segment_add(&out, segments[_i].id);
	ck_assert_str_eq(out.text, segments[_i].segment);
	ck_assert_int_gt(asprintf(&uri, "http://x/y/%s?q=/z", out.text), 0);
	back = lcm_segment_last(uri);
	ck_assert_str_eq(back, segments[_i].id);
}
END_TEST

START_TEST(test_segment_last_of_none)
{
	static const char *const none[] = {"",      "x",     "http://x/y/", "/a%2",
					   "/a%zz", "/a%00", "/?a/b"};
	char longest[LCM_ID_MAX + 3] = "/";

	ck_assert_ptr_null(lcm_segment_last(NULL));
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		ck_assert_msg(!lcm_segment_last(none[i]), "%s", none[i]);
	memset(longest + 1, 'x', LCM_ID_MAX + 1);
	ck_assert_ptr_null(lcm_segment_last(longest));
}
END_TEST

/* RFC 8288 3; SOL 013 5.4.2.3 */
static const struct {
	const char *link, *query;
} links[] = {
	{"<http://127.0.0.1:19175/vnflcm/v2/"
	 "subscriptions?nextpage_opaque_marker=546a>;rel=\"next\"",
	 "nextpage_opaque_marker=546a"},
	{"<?a=1>; rel=next", "a=1"},
	{"<http://x/?p>; rel=\"prev\", <http://y/?n>; title=\"a\"; REL=\"next\"", "n"},
	{"<http://x/?p>; rel=\"nextish\"", NULL},
	{"<http://x/p>; rel=\"next\"", NULL},
	{"<http://x/?p", NULL},
	{"http://x/?p; rel=\"next\"", NULL},
	{"", NULL},
};

START_TEST(test_link)
{
	_cleanup_(freep) char *query = lcm_link_next(links[_i].link);

	if (links[_i].query)
		ck_assert_str_eq(query, links[_i].query);
	else
		ck_assert_ptr_null(query);
}
END_TEST

/* --- versions, SOL 013 9.3 --- */

static const struct {
	const char *list, *picked;
} versions[] = {
	{"[{\"version\":\"1.3.0\"},{\"version\":\"2.0.0\"}]", "2.0.0"},
	{"[{\"version\":\"2.3.0\"},{\"version\":\"2.0.0\"},{\"version\":\"2.1.0\"}]", "2.3.0"},
	{"[{\"version\":\"2.3.0-impl:x:1\"}]", "2.3.0"},
	{"[{\"version\":\"2.9.0\"},{\"version\":\"2.3.0\"}]", "2.3.0"},
	{"[{\"version\":\"2.9.0\"},{\"version\":\"2.7.0\"}]", "2.7.0"},
	{"[{\"version\":\"1.3.0\"},{\"version\":\"3.0.0\"}]", NULL},
	{"[{\"version\":\"2.0\"},{\"version\":2},{},\"2.0.0\",{\"version\":\"2.0.0\\r\\nX: y\"}]",
	 NULL},
	/* Found by fuzzing: such a space would end the line of a header. */
	{"[{\"version\":\"2.0.\\n0\"},{\"version\":\"2.0. 0\"},{\"version\":\" 2.0.0\"}]", NULL},
	{"[{\"version\":\"2.0.+0\"},{\"version\":\"2.0.-0\"},{\"version\":\"2.0.0.1\"}]", NULL},
	{"{}", NULL},
	{"[]", NULL},
};

START_TEST(test_version)
{
	json_t *list = json_of(versions[_i].list);
	json_t *object = json_pack("{s:o, s:s}", "apiVersions", list, "uriPrefix", "/elsewhere");
	char picked[16] = "";

	ck_assert_int_eq(lcm_version_pick(object, picked), versions[_i].picked != NULL);
	ck_assert_str_eq(picked, versions[_i].picked ? versions[_i].picked : "");
	json_decref(object);
}
END_TEST

START_TEST(test_version_recorded)
{
	json_t *object = recorded("api-versions");
	char picked[16];

	ck_assert(lcm_version_pick(object, picked));
	ck_assert_str_eq(picked, "2.0.0");
	json_decref(object);
}
END_TEST

/* --- VNF instances --- */

START_TEST(test_instance_recorded)
{
	json_t *object = recorded("instance");
	struct cmf_vnf vnf;

	ck_assert_int_eq(lcm_vnf_read(object, &vnf), 0);
	ck_assert_str_eq(vnf.vnf_instance_id, "f186b488-3cdd-4cdf-91c6-2c3ae69259e5");
	ck_assert_str_eq(vnf.vnfd_id, "b1bb0ce7-ebca-4fa7-95ed-4840d7000000");
	ck_assert(vnf.instantiated);
	ck_assert_uint_eq(vnf.n_vnfcs, 2);
	ck_assert_str_eq(vnf.vnfcs[0].vnfc_id, "VDU2-vdu2-f863918df-77lqp");
	ck_assert_str_eq(vnf.vnfcs[0].resource_id, "vdu2-f863918df-77lqp");
	ck_assert_str_eq(vnf.vnfcs[0].vdu_id, "VDU2");
	ck_assert_str_eq(vnf.vnfcs[1].resource_id, "vdu2-f863918df-nldqs");
	cmf_vnf_clear(&vnf);
	json_decref(object);
	/* What it keeps of its last life says nothing. */
	object = recorded("instance-terminated");
	ck_assert_int_eq(lcm_vnf_read(object, &vnf), 0);
	ck_assert(!vnf.instantiated);
	ck_assert_uint_eq(vnf.n_vnfcs, 0);
	cmf_vnf_clear(&vnf);
	json_decref(object);
}
END_TEST

#define INSTANCE(info) \
	"{\"id\":\"v\",\"instantiationState\":\"INSTANTIATED\",\"instantiatedVnfInfo\":" info "}"

/* `vnfcs`: vnfc/resource/vdu of each; NULL: it is no VNF. */
static const struct {
	const char *text, *vnfcs;
} instances[] = {
	/* SOL 003 alone: no vnfcInfo. */
	{INSTANCE("{\"vnfcResourceInfo\":[{\"id\":\"r\",\"vduId\":\"d\"}]}"), "-/r/d "},
	/* SOL 002: a VNFC that has lost its resources, and a resource of none. */
	{INSTANCE("{\"vnfcInfo\":[{\"id\":\"c\",\"vduId\":\"d\",\"vnfcResourceInfoId\":\"r\"},"
		  "{\"id\":\"e\"}],\"vnfcResourceInfo\":[{\"id\":\"s\"},{\"id\":\"r\"}]}"),
	 "c/r/d e/-/- -/s/- "},
	/* A resource that is named and not shown. */
	{INSTANCE("{\"vnfcInfo\":[{\"id\":\"c\",\"vnfcResourceInfoId\":\"r\"}]}"), "c/r/- "},
	{INSTANCE("{\"vnfcInfo\":null,\"vnfcResourceInfo\":[]}"), ""},
	{INSTANCE("{}"), ""},
	{"{\"id\":\"v\",\"instantiationState\":\"NOT_INSTANTIATED\"}", ""},
	/* Half of a VNF is no VNF. */
	{"{\"id\":\"v\",\"instantiationState\":\"INSTANTIATED\"}", NULL},
	{INSTANCE("[]"), NULL},
	{INSTANCE("{\"vnfcInfo\":{}}"), NULL},
	{INSTANCE("{\"vnfcResourceInfo\":\"r\"}"), NULL},
	{INSTANCE("{\"vnfcResourceInfo\":[{}]}"), NULL},
	{INSTANCE("{\"vnfcResourceInfo\":[null]}"), NULL},
	{INSTANCE("{\"vnfcResourceInfo\":[{\"id\":\"\"}]}"), NULL},
	{INSTANCE("{\"vnfcResourceInfo\":[{\"id\":7}]}"), NULL},
	{INSTANCE("{\"vnfcInfo\":[{\"vduId\":\"d\"}]}"), NULL},
	{INSTANCE("{\"vnfcInfo\":[{\"id\":\"c\",\"vnfcResourceInfoId\":1}]}"), NULL},
	/* One name for two. */
	{INSTANCE("{\"vnfcInfo\":[{\"id\":\"c\"},{\"id\":\"c\"}]}"), NULL},
	{INSTANCE("{\"vnfcResourceInfo\":[{\"id\":\"r\"},{\"id\":\"r\"}]}"), NULL},
	{INSTANCE("{\"vnfcInfo\":[{\"id\":\"c\",\"vnfcResourceInfoId\":\"r\"},"
		  "{\"id\":\"e\",\"vnfcResourceInfoId\":\"r\"}]}"),
	 NULL},
	{"{\"id\":\"v\",\"instantiationState\":\"instantiated\"}", NULL},
	{"{\"id\":\"v\"}", NULL},
	{"{\"instantiationState\":\"NOT_INSTANTIATED\"}", NULL},
	{"{\"id\":[],\"instantiationState\":\"NOT_INSTANTIATED\"}", NULL},
	{"[]", NULL},
	{"{}", NULL},
};

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

START_TEST(test_instance)
{
	_cleanup_(strbuf_clear) struct strbuf found = STRBUF_NULL;
	json_t *object = json_of(instances[_i].text);
	struct cmf_vnf vnf;
	int err = lcm_vnf_read(object, &vnf);

	ck_assert_int_eq(err, instances[_i].vnfcs ? 0 : -EBADMSG);
	strbuf_add(&found, "");
	for (size_t i = 0; i < vnf.n_vnfcs; i++)
		strbuf_printf(&found, "%s/%s/%s ", or_dash(vnf.vnfcs[i].vnfc_id),
			      or_dash(vnf.vnfcs[i].resource_id), or_dash(vnf.vnfcs[i].vdu_id));
	if (err == 0)
		ck_assert_str_eq(found.text, instances[_i].vnfcs);
	cmf_vnf_clear(&vnf);
	json_decref(object);
}
END_TEST

START_TEST(test_instance_long_identifier)
{
	char id[LCM_ID_MAX + 2];
	struct cmf_vnf vnf;
	json_t *object;

	memset(id, 'x', sizeof(id));
	for (size_t len = LCM_ID_MAX; len <= LCM_ID_MAX + 1; len++) {
		object = json_pack("{s:s%, s:s}", "id", id, len, "instantiationState",
				   "NOT_INSTANTIATED");
		ck_assert_int_eq(lcm_vnf_read(object, &vnf), len > LCM_ID_MAX ? -EBADMSG : 0);
		cmf_vnf_clear(&vnf);
		json_decref(object);
	}
}
END_TEST

/* --- notifications --- */

/* Of all that was recorded: what they tell is what their own members say. */
START_TEST(test_notifications_recorded)
{
	json_t *list = recorded("notifications"), *item;
	size_t i, told = 0, removed = 0, failed_temp = 0;

	json_array_foreach(list, i, item)
	{
		const json_t *body = json_object_get(item, "body");
		const char *state = json_string_value(json_object_get(body, "operationState"));
		struct lcm_notification n;

		ck_assert_int_eq(lcm_notification_read(body, &n), 0);
		ck_assert_str_eq(n.vnf_instance_id,
				 json_string_value(json_object_get(body, "vnfInstanceId")));
		ck_assert_int_eq(n.type == LCM_OPERATION, state != NULL);
		ck_assert_int_eq(n.terminal, !state || (strcmp(state, "STARTING") != 0 &&
							strcmp(state, "PROCESSING") != 0));
		told += n.terminal;
		removed += n.removed;
		failed_temp += n.failed_temp;
	}
	ck_assert_uint_gt(told, 0);
	ck_assert_uint_gt(removed, 0);
	ck_assert_uint_gt(failed_temp, 0);
	json_decref(list);
}
END_TEST

#define OPERATION(operation, state, more)                                               \
	"{\"notificationType\":\"VnfLcmOperationOccurrenceNotification\",\"id\":\"n\"," \
	"\"subscriptionId\":\"s\",\"vnfInstanceId\":\"v\",\"vnfLcmOpOccId\":\"o\","     \
	"\"operation\":\"" operation "\",\"operationState\":\"" state "\"" more "}"

static const struct {
	const char *text;
	int err;
	bool terminal, failed_temp, removed;
} notifications[] = {
	{OPERATION("SCALE", "COMPLETED", ",\"affectedVnfcs\":[{\"changeType\":\"ADDED\"}]"), 0,
	 true, false, false},
	{OPERATION("SCALE", "COMPLETED",
		   ",\"affectedVnfcs\":[{\"changeType\":\"TEMPORARY\"},{},"
		   "{\"changeType\":\"REMOVED\"}]"),
	 0, true, false, true},
	/* SOL 003: an operation of another release. */
	{OPERATION("SELECT_DEPL_MODS", "COMPLETED",
		   ",\"affectedVnfcs\":[{\"changeType\":\"REMOVED\"}]"),
	 0, true, false, true},
	{OPERATION("TERMINATE", "COMPLETED", ""), 0, true, false, true},
	{OPERATION("TERMINATE", "STARTING", ""), 0, false, false, false},
	{OPERATION("TERMINATE", "ROLLING_BACK", ""), 0, false, false, false},
	{OPERATION("TERMINATE", "FAILED_TEMP", ",\"affectedVnfcs\":[{\"changeType\":\"REMOVED\"}]"),
	 0, true, true, false},
	{OPERATION("HEAL", "FAILED", ",\"affectedVnfcs\":null"), 0, true, false, false},
	{OPERATION("HEAL", "ROLLED_BACK", ""), 0, true, false, false},
	{OPERATION("HEAL", "NO_STATE", ""), 0, false, false, false},
	{OPERATION("HEAL", "COMPLETED", ",\"affectedVnfcs\":{}"), -EBADMSG, false, false, false},
	{"{\"notificationType\":\"Other\",\"subscriptionId\":\"s\"}", 0, false, false, false},
	{"{\"notificationType\":\"VnfIdentifierDeletionNotification\",\"subscriptionId\":\"s\","
	 "\"vnfInstanceId\":\"v\"}",
	 0, true, false, false},
	{"{\"notificationType\":\"VnfIdentifierDeletionNotification\",\"subscriptionId\":\"s\"}",
	 -EBADMSG, false, false, false},
	{"{\"notificationType\":\"VnfIdentifierDeletionNotification\",\"vnfInstanceId\":\"v\"}",
	 -EBADMSG, false, false, false},
	{"{\"notificationType\":\"VnfLcmOperationOccurrenceNotification\",\"subscriptionId\":\"s\","
	 "\"vnfInstanceId\":\"v\"}",
	 -EBADMSG, false, false, false},
	{"{}", -EBADMSG, false, false, false},
	{"[]", -EBADMSG, false, false, false},
};

START_TEST(test_notification)
{
	json_t *object = json_of(notifications[_i].text);
	struct lcm_notification n;

	ck_assert_int_eq(lcm_notification_read(object, &n), notifications[_i].err);
	if (notifications[_i].err == 0) {
		ck_assert_int_eq(n.terminal, notifications[_i].terminal);
		ck_assert_int_eq(n.failed_temp, notifications[_i].failed_temp);
		ck_assert_int_eq(n.removed, notifications[_i].removed);
	}
	json_decref(object);
}
END_TEST

static Suite *lcm_read_suite(void)
{
	Suite *s = suite_create("lcm_read");
	TCase *tc = tcase_create("read");

	tcase_add_loop_test(tc, test_segment, 0, ARRAY_LEN(segments));
	tcase_add_test(tc, test_segment_last_of_none);
	tcase_add_loop_test(tc, test_link, 0, ARRAY_LEN(links));
	tcase_add_loop_test(tc, test_version, 0, ARRAY_LEN(versions));
	tcase_add_test(tc, test_version_recorded);
	tcase_add_test(tc, test_instance_recorded);
	tcase_add_loop_test(tc, test_instance, 0, ARRAY_LEN(instances));
	tcase_add_test(tc, test_instance_long_identifier);
	tcase_add_test(tc, test_notifications_recorded);
	tcase_add_loop_test(tc, test_notification, 0, ARRAY_LEN(notifications));
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(lcm_read_suite, SUITE_FORKS)
