// SPDX-License-Identifier: Apache-2.0
/* Lines of audit. */
#include "fixture.h"

#include <string.h>

static const struct store_audit whole = {.time_ms = 5000,
					 .actor = "cmfctl",
					 .actor_kind = STORE_ACTOR_OPERATOR,
					 .action = "revoke",
					 .target = "vnfci-1",
					 .detail = "0a0b",
					 .before = "active",
					 .after = "revoked, reasonCode 1",
					 .outcome = "notAuthorized",
					 .has_uid = true,
					 .uid = UINT32_MAX - 1,
					 .request_id = INT64_MAX};
static const struct store_audit bare = {
	.time_ms = 6000, .actor = "vnfm-a", .action = "issue", .target = "vnfci-2"};

static void put_audit(struct fixture *f, const struct store_audit *audit)
{
	OK(store_audit_add(f->unit, audit));
	OK(store_unit_commit(f->unit));
}

static void same_text(const char *a, const char *b)
{
	ck_assert_int_eq(a != NULL, b != NULL);
	if (a)
		ck_assert_str_eq(a, b);
}

static int whole_or_bare(void *arg, const struct store_audit *a)
{
	const struct store_audit *expected = a->time_ms == whole.time_ms ? &whole : &bare;
	int *n = arg;

	ck_assert_int_eq(a->id, ++*n);
	ck_assert_int_eq(a->time_ms, expected->time_ms);
	ck_assert_int_eq(a->actor_kind, expected->actor_kind);
	same_text(a->actor, expected->actor);
	same_text(a->action, expected->action);
	same_text(a->target, expected->target);
	same_text(a->detail, expected->detail);
	same_text(a->before, expected->before);
	same_text(a->after, expected->after);
	same_text(a->outcome, expected->outcome ? expected->outcome : "done");
	ck_assert_int_eq(a->has_uid, expected->has_uid);
	if (a->has_uid)
		ck_assert_uint_eq(a->uid, expected->uid);
	ck_assert_uint_eq(a->request_id, expected->request_id);
	return 0;
}

/* vnfc-1 of two VNF instances are two entities. */
static int of_a_vnf(void *arg, const struct store_audit *a)
{
	(void)arg;
	ck_assert_str_eq(a->target, "urn:etsi:nfv:vnfci:vnf%3A1:vnfc-1");
	ck_assert_ptr_null(a->vnf_instance);
	return 0;
}

START_TEST(test_target_in_a_vnf_instance)
{
	const struct store_audit_filter all = {.limit = 10};
	struct store_audit audit = bare;
	struct fixture f;

	fixture_begin(&f, _i);
	audit.target = "vnfc-1";
	audit.vnf_instance = "vnf:1";
	put_audit(&f, &audit);
	OK(store_audit_list(f.reader, &all, of_a_vnf, NULL));
	fixture_end(&f);
}
END_TEST

START_TEST(test_audit_comes_back_as_added)
{
	const struct store_audit_filter all = {.limit = 10};
	struct fixture f;
	int n = 0;

	fixture_begin(&f, _i);
	put_audit(&f, &whole);
	put_audit(&f, &bare);
	OK(store_audit_list(f.reader, &all, whole_or_bare, &n));
	ck_assert_int_eq(n, 2);
	fixture_end(&f);
}
END_TEST

static int count_audit(void *arg, const struct store_audit *a)
{
	(void)a;
	++*(int *)arg;
	return 0;
}

START_TEST(test_audit_filters)
{
	static const struct {
		struct store_audit_filter filter;
		int n;
	} cases[] = {
		{{.limit = 10}, 3},
		{{.limit = 2}, 2},
		{{.limit = 10, .after_id = 1}, 2},
		{{.limit = 10, .actor = "vnfm-a"}, 2},
		{{.limit = 10, .actor = "vnfm-"}, 0},
		{{.limit = 10, .action = "revoke"}, 1},
		{{.limit = 10, .target = "vnfci-2"}, 2},
		{{.limit = 10, .outcome = "done"}, 2},
		{{.limit = 10, .outcome = "notAuthorized"}, 1},
		{{.limit = 10, .request_id = INT64_MAX}, 1},
		{{.limit = 10, .since_ms = 5001}, 2},
		{{.limit = 10, .since_ms = 6001}, 0},
		{{.limit = 10, .actor = "vnfm-a", .action = "issue", .after_id = 2}, 1},
	};
	struct fixture f;

	fixture_begin(&f, _i);
	put_audit(&f, &whole);
	put_audit(&f, &bare);
	put_audit(&f, &bare);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int n = 0;

		OK(store_audit_list(f.reader, &cases[i].filter, count_audit, &n));
		ck_assert_msg(n == cases[i].n, "case %zu: %d", i, n);
	}
	fixture_end(&f);
}
END_TEST

TCase *audit_cases(void)
{
	TCase *tc = tcase_create("audit");

	tcase_add_loop_test(tc, test_audit_comes_back_as_added, 0, backends_count);
	tcase_add_loop_test(tc, test_target_in_a_vnf_instance, 0, backends_count);
	tcase_add_loop_test(tc, test_audit_filters, 0, backends_count);
	return tc;
}
