// SPDX-License-Identifier: Apache-2.0
/* The key of the identifiers of resources: each database has one of its own, and keeps it. */
#include "fixture.h"

#include <string.h>

START_TEST(test_resource_key_is_kept)
{
	uint8_t before[STORE_RESOURCE_KEY_LEN], after[STORE_RESOURCE_KEY_LEN];
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_resource_key(f.reader, before));
	fixture_close(&f);
	fixture_open(&f);
	OK(store_resource_key(f.reader, after));
	ck_assert_mem_eq(before, after, sizeof(before));
	fixture_end(&f);
}
END_TEST

START_TEST(test_resource_key_is_of_one_database)
{
	uint8_t one[STORE_RESOURCE_KEY_LEN], other[STORE_RESOURCE_KEY_LEN];
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_resource_key(f.reader, one));
	fixture_end(&f);
	fixture_begin(&f, _i);
	OK(store_resource_key(f.reader, other));
	ck_assert_mem_ne(one, other, sizeof(one));
	fixture_end(&f);
}
END_TEST

TCase *resource_key_cases(void)
{
	TCase *tc = tcase_create("resource key");

	tcase_add_loop_test(tc, test_resource_key_is_kept, 0, backends_count);
	tcase_add_loop_test(tc, test_resource_key_is_of_one_database, 0, backends_count);
	return tc;
}
