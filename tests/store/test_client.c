// SPDX-License-Identifier: Apache-2.0
/* Clients. */
#include "fixture.h"

#include <string.h>

struct seen {
	int count;
	struct store_client *expected; /* [2] */
};

static void assert_same_text(const char *a, const char *b)
{
	if (a && b)
		ck_assert_str_eq(a, b);
	else
		ck_assert(!a && !b);
}

static int compare_client(void *arg, const struct store_client *c)
{
	struct seen *seen = arg;
	const struct store_client *e = &seen->expected[seen->count++];

	ck_assert_int_gt(c->id, 0);
	ck_assert_str_eq(c->name, e->name);
	ck_assert_str_eq(c->trust_domain, e->trust_domain);
	ck_assert_uint_eq(c->permissions, e->permissions);
	ck_assert_int_eq(c->register_on_ir, e->register_on_ir);
	assert_same_text(c->default_profile, e->default_profile);
	assert_same_text(c->policy, e->policy);
	ck_assert(bytes_equal(octets_view(&c->trust_anchor), octets_view(&e->trust_anchor)));
	ck_assert(bytes_equal(octets_view(&c->certificate), octets_view(&e->certificate)));
	assert_same_text(c->subject, e->subject);
	assert_same_text(c->mac_reference, e->mac_reference);
	ck_assert(bytes_equal(octets_view(&c->mac_secret), octets_view(&e->mac_secret)));
	ck_assert_int_eq(c->created_ms, e->created_ms);
	return 0;
}

static struct store_client sample_mac_client(const char *name, const char *reference)
{
	return (struct store_client){.name = TEXT(name),
				     .trust_domain = TEXT("domain-b"),
				     .permissions = STORE_MAY_REQUEST | STORE_MAY_REVOKE,
				     .certificate = OCTETS("exact certificate"),
				     .mac_reference = TEXT(reference),
				     .mac_secret = OCTETS("encrypted \0 secret"),
				     .created_ms = 7};
}

START_TEST(test_client_comes_back_as_inserted)
{
	struct store_client clients[2] = {sample_client("vnfm-a"),
					  sample_mac_client("nfvo", "3078")};
	struct seen seen = {.expected = clients};
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_client_list(f.reader, compare_client, &seen));
	ck_assert_int_eq(seen.count, 0);
	OK(store_client_insert(f.unit, &clients[0]));
	OK(store_client_insert(f.unit, &clients[1]));
	OK(store_unit_commit(f.unit));
	OK(store_client_list(f.reader, compare_client, &seen));
	ck_assert_int_eq(seen.count, 2);
	fixture_end(&f);
}
END_TEST

static int stop_at_once(void *arg, const struct store_client *client)
{
	++*(int *)arg;
	return -42;
}

START_TEST(test_client_list_ends_on_non_zero)
{
	struct store_client a = sample_client("a"), b = sample_client("b");
	struct fixture f;
	int count = 0;

	fixture_begin(&f, _i);
	OK(store_client_insert(f.unit, &a));
	OK(store_client_insert(f.unit, &b));
	OK(store_unit_commit(f.unit));
	ck_assert_int_eq(store_client_list(f.reader, stop_at_once, &count), -42);
	ck_assert_int_eq(count, 1);
	fixture_end(&f);
}
END_TEST

START_TEST(test_client_name_and_reference_are_unique)
{
	struct store_client a = sample_client("vnfm-a");
	struct store_client mac = sample_mac_client("nfvo", "3078");
	struct store_client same_reference = sample_mac_client("other", "3078");
	struct store_client other = sample_client("vnfm-b");
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_client_insert(f.unit, &a));
	OK(store_client_insert(f.unit, &mac));
	OK(store_unit_commit(f.unit));
	OK(store_client_insert(f.unit, &a));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_client_insert(f.unit, &same_reference));
	CONFLICT(store_unit_commit(f.unit));
	/* No reference at all is no conflict. */
	OK(store_client_insert(f.unit, &other));
	OK(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

START_TEST(test_client_generation_counts_changes)
{
	struct store_client a = sample_client("vnfm-a");
	struct store_registration reg = sample_registration("vnfci-1");
	int64_t before, after;
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_client_generation(f.reader, &before));
	OK(store_client_insert(f.unit, &a));
	OK(store_unit_commit(f.unit));
	OK(store_client_generation(f.reader, &after));
	ck_assert_int_ne(before, after);

	before = after;
	put_registration(&f, &reg);
	OK(store_client_insert(f.unit, &a));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_client_generation(f.reader, &after));
	ck_assert_int_eq(before, after);

	OK(store_client_remove(f.unit, "vnfm-a"));
	OK(store_unit_commit(f.unit));
	OK(store_client_generation(f.reader, &after));
	ck_assert_int_ne(before, after);
	OK(store_client_remove(f.unit, "vnfm-a"));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

TCase *client_cases(void)
{
	TCase *tc = tcase_create("client");

	tcase_add_loop_test(tc, test_client_comes_back_as_inserted, 0, backends_count);
	tcase_add_loop_test(tc, test_client_list_ends_on_non_zero, 0, backends_count);
	tcase_add_loop_test(tc, test_client_name_and_reference_are_unique, 0, backends_count);
	tcase_add_loop_test(tc, test_client_generation_counts_changes, 0, backends_count);
	return tc;
}
