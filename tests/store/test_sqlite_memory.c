// SPDX-License-Identifier: Apache-2.0
/* What SQLite keeps of a database in memory is little, however large that is. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

enum { TRANSACTIONS = 20000, UNIT = 100, CACHES_MAX_KIB = 32 * 1024 };

static int64_t resident_kib(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[128];
	long long kib = 0;

	ck_assert_ptr_nonnull(file);
	while (kib == 0 && fgets(line, sizeof(line), file))
		(void)!sscanf(line, "RssAnon: %lld", &kib);
	fclose(file);
	ck_assert_int_gt(kib, 0);
	return kib;
}

static int transaction_count(void *arg, const struct store_transaction *txn)
{
	(*(int *)arg)++;
	return 0;
}

/* 60 MB are written, and read again. */
START_TEST(test_memory_is_bounded)
{
	static uint8_t response[3000];
	const struct store_transaction_filter filter = {.state = -1};
	uint8_t id[16] = {0};
	int64_t before;
	int n = 0;
	struct fixture f;

	fixture_begin(&f, 0);
	before = resident_kib();
	for (int i = 0; i < TRANSACTIONS; i++) {
		struct store_transaction txn = sample_transaction((struct octets){id, sizeof(id)});

		memcpy(id, &i, sizeof(i));
		txn.response = (struct octets){response, sizeof(response)};
		OK(store_transaction_insert(f.unit, &txn, NULL));
		if (i % UNIT == UNIT - 1)
			OK(store_unit_commit(f.unit));
	}
	OK(store_transaction_list(f.reader, &filter, transaction_count, &n));
	ck_assert_int_eq(n, TRANSACTIONS);
	ck_assert_int_lt(resident_kib() - before, CACHES_MAX_KIB);
	fixture_end(&f);
}
END_TEST

TCase *sqlite_memory_cases(void)
{
	TCase *tc = tcase_create("sqlite memory");

#ifdef SANITIZED
	/* A sanitizer has memory of its own. */
	(void)test_memory_is_bounded;
#else
	tcase_add_test(tc, test_memory_is_bounded);
#endif
	return tc;
}
