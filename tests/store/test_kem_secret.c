// SPDX-License-Identifier: Apache-2.0
/* Secrets of KemBasedMac. */
#include "fixture.h"

#include <string.h>

static struct store_kem_secret sample_secret(const char *id, const char *requester,
					     int64_t deadline_ms)
{
	return (struct store_kem_secret){
		.deadline_ms = deadline_ms,
		.requester = (char *)requester,
		.transaction_id = {(uint8_t *)id, strlen(id)},
		.sent_nonce = OCTETS("sixteen octets !"),
		.secret = OCTETS("sealed\0octets"),
		.request = OCTETS("a message\0with octets"),
		.response = OCTETS("an answer\0with octets"),
	};
}

static void put_secret(struct fixture *f, const struct store_kem_secret *secret)
{
	OK(store_kem_secret_insert(f->unit, secret));
	OK(store_unit_commit(f->unit));
}

static uint32_t count_of(struct fixture *f, uint32_t max)
{
	uint32_t n = 99;

	OK(store_kem_secret_count(f->reader, max, &n));
	return n;
}

static bool is_there(struct fixture *f, const char *id)
{
	struct store_kem_secret found = {0};
	int err = store_kem_secret_find(f->reader, bytes_of_string(id), &found);

	ck_assert(err == 0 || err == STORE_NOT_FOUND);
	store_kem_secret_clear(&found);
	return err == 0;
}

START_TEST(test_kem_secret_comes_back_as_inserted)
{
	struct store_kem_secret s = sample_secret("first", "vnfm-a", 100), found = {0};
	struct fixture f;

	fixture_begin(&f, _i);
	put_secret(&f, &s);
	OK(store_kem_secret_find(f.reader, bytes_of_string("first"), &found));
	ck_assert(found.id != 0 && !found.used);
	ck_assert_int_eq(found.deadline_ms, 100);
	ck_assert_str_eq(found.requester, "vnfm-a");
	ck_assert(bytes_equal(octets_view(&found.transaction_id), octets_view(&s.transaction_id)));
	ck_assert(bytes_equal(octets_view(&found.sent_nonce), octets_view(&s.sent_nonce)));
	ck_assert(bytes_equal(octets_view(&found.secret), octets_view(&s.secret)));
	ck_assert(bytes_equal(octets_view(&found.request), octets_view(&s.request)));
	ck_assert(bytes_equal(octets_view(&found.response), octets_view(&s.response)));
	store_kem_secret_clear(&found);
	/* One transactionID is one requester's. */
	s.requester = (char *)"vnfm-b";
	OK(store_kem_secret_insert(f.unit, &s));
	CONFLICT(store_unit_commit(f.unit));
	ck_assert(!is_there(&f, "second"));
	fixture_end(&f);
}
END_TEST

START_TEST(test_kem_secret_used_goes_with_its_transaction)
{
	struct store_transaction t = sample_transaction(OCTETS("0123456789abcdef"));
	struct store_kem_secret s = sample_secret("first", "vnfm-a", 100), found = {0};
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	put_secret(&f, &s);
	OK(store_kem_secret_find(f.reader, bytes_of_string("first"), &found));
	t.certificate_id = 0;
	t.state = STORE_TXN_FAILED;
	t.changed_ms = 1;
	OK(store_transaction_insert(f.unit, &t, &id));
	OK(store_kem_secret_use(f.unit, found.id, id));
	OK(store_unit_commit(f.unit));
	store_kem_secret_clear(&found);
	OK(store_kem_secret_find(f.reader, bytes_of_string("first"), &found));
	ck_assert(found.used);
	store_kem_secret_clear(&found);
	/* Neither counts, nor is it dropped as an unused one. */
	ck_assert_uint_eq(count_of(&f, 10), 0);
	OK(store_kem_secret_purge(f.unit, 1000, 10));
	OK(store_kem_secret_trim(f.unit, "vnfm-a", 0));
	OK(store_unit_commit(f.unit));
	ck_assert(is_there(&f, "first"));
	OK(store_transaction_purge(f.unit, STORE_TXN_FAILED, 2, 10, NULL));
	OK(store_unit_commit(f.unit));
	ck_assert(!is_there(&f, "first"));
	/* A transaction without its secret could not go on. */
	OK(store_transaction_insert(f.unit, &t, &id));
	OK(store_kem_secret_use(f.unit, 1, id));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

START_TEST(test_kem_secret_unused_are_bounded)
{
	struct fixture f;
	const struct store_kem_secret rows[] = {
		sample_secret("a-late", "vnfm-a", 300),
		sample_secret("a-early", "vnfm-a", 100),
		sample_secret("a-middle", "vnfm-a", 200),
		sample_secret("b", "vnfm-b", 50),
	};

	fixture_begin(&f, _i);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		put_secret(&f, &rows[i]);
	ck_assert_uint_eq(count_of(&f, 10), 4);
	ck_assert_uint_eq(count_of(&f, 3), 3);
	OK(store_kem_secret_trim(f.unit, "vnfm-a", 2));
	OK(store_unit_commit(f.unit));
	ck_assert(!is_there(&f, "a-early") && is_there(&f, "a-middle") && is_there(&f, "b"));
	OK(store_kem_secret_purge(f.unit, 200, 10));
	OK(store_unit_commit(f.unit));
	ck_assert(is_there(&f, "a-late") && is_there(&f, "a-middle") && !is_there(&f, "b"));
	OK(store_kem_secret_purge(f.unit, 1000, 1));
	OK(store_unit_commit(f.unit));
	ck_assert_uint_eq(count_of(&f, 10), 1);
	fixture_end(&f);
}
END_TEST

TCase *kem_secret_cases(void)
{
	TCase *tc = tcase_create("kem_secret");

	tcase_add_loop_test(tc, test_kem_secret_comes_back_as_inserted, 0, backends_count);
	tcase_add_loop_test(tc, test_kem_secret_used_goes_with_its_transaction, 0, backends_count);
	tcase_add_loop_test(tc, test_kem_secret_unused_are_bounded, 0, backends_count);
	return tc;
}
