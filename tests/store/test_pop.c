// SPDX-License-Identifier: Apache-2.0
/* Challenges that a client has to answer. */
#include "fixture.h"

#include <string.h>

static struct store_pop sample_pop(int64_t transaction_id)
{
	struct store_pop pop = {.transaction_id = transaction_id,
				.answer_digests = OCTETS("digests\0of answers"),
				.request = OCTETS("a message\0with octets")};

	return pop;
}

static struct store_transaction awaiting(const char *id, int64_t deadline_ms)
{
	struct store_transaction t = sample_transaction(OCTETS("0123456789abcdef"));

	t.transaction_id = (struct octets){(uint8_t *)id, strlen(id)};
	t.state = STORE_TXN_AWAIT_POP;
	t.deadline_ms = deadline_ms;
	t.certificate_id = 0;
	return t;
}

START_TEST(test_pop_comes_back_as_inserted)
{
	struct store_transaction t = awaiting("first", 100);
	struct store_pop pop = sample_pop(0), found = {0};
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	OK(store_transaction_insert(f.unit, &t, &id));
	pop.transaction_id = id;
	OK(store_pop_insert(f.unit, &pop));
	OK(store_unit_commit(f.unit));
	id = store_unit_id(f.unit, id);
	OK(store_pop_get(f.reader, id, &found));
	ck_assert_int_eq(found.transaction_id, id);
	ck_assert(bytes_equal(octets_view(&found.request), octets_view(&pop.request)));
	ck_assert(
		bytes_equal(octets_view(&found.answer_digests), octets_view(&pop.answer_digests)));
	store_pop_clear(&found);
	ABSENT(store_pop_get(f.reader, id + 1, &found));
	pop.transaction_id = id;
	OK(store_pop_insert(f.unit, &pop));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_pop_remove(f.unit, id));
	OK(store_pop_remove(f.unit, id));
	OK(store_unit_commit(f.unit));
	ABSENT(store_pop_get(f.reader, id, &found));
	fixture_end(&f);
}
END_TEST

START_TEST(test_pop_goes_with_its_transaction)
{
	struct store_transaction t = awaiting("first", 100);
	struct store_pop pop = sample_pop(0), found = {0};
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	t.state = STORE_TXN_FAILED;
	t.changed_ms = 1;
	OK(store_transaction_insert(f.unit, &t, &id));
	pop.transaction_id = id;
	OK(store_pop_insert(f.unit, &pop));
	OK(store_unit_commit(f.unit));
	id = store_unit_id(f.unit, id);
	OK(store_transaction_purge(f.unit, STORE_TXN_FAILED, 2, 10, NULL));
	OK(store_unit_commit(f.unit));
	ABSENT(store_pop_get(f.reader, id, &found));
	fixture_end(&f);
}
END_TEST

static int count(void *arg, const struct store_transaction *txn)
{
	++*(int *)arg;
	return 0;
}

START_TEST(test_transaction_awaits_pop)
{
	struct store_transaction early = awaiting("early", 100), late = awaiting("late", 200);
	const struct store_transaction_filter all = {.state = STORE_TXN_AWAIT_POP};
	struct store_due due;
	int64_t counts[5];
	struct fixture f;
	int n = 0;

	fixture_begin(&f, _i);
	put_transaction(&f, &early);
	put_transaction(&f, &late);
	OK(store_transaction_due(f.reader, STORE_TXN_AWAIT_POP, 101, &due));
	ck_assert_uint_eq(due.len, 1);
	OK(store_transaction_list(f.reader, &all, count, &n));
	ck_assert_int_eq(n, 2);
	OK(store_transaction_counts(f.reader, counts));
	ck_assert_int_eq(counts[STORE_TXN_AWAIT_POP], 2);
	ck_assert_int_eq(counts[STORE_TXN_DONE], 0);
	fixture_end(&f);
}
END_TEST

START_TEST(test_transaction_gets_its_certificate_once)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct store_transaction t = awaiting("first", 100), found = {0};
	struct store_certificate cert;
	struct fixture f;
	int64_t id, cert_id;

	fixture_begin(&f, _i);
	cert = sample_certificate(put_registration(&f, &reg), 1);
	cert_id = put_certificate(&f, &cert);
	id = put_transaction(&f, &t);
	OK(store_transaction_set_certificate(f.unit, id, cert_id));
	OK(store_unit_commit(f.unit));
	OK(store_transaction_get(f.reader, id, &found));
	ck_assert_int_eq(found.certificate_id, cert_id);
	store_transaction_clear(&found);
	OK(store_transaction_set_certificate(f.unit, id, cert_id));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_transaction_set_certificate(f.unit, id + 1, cert_id));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

TCase *pop_cases(void)
{
	TCase *tc = tcase_create("pop");

	tcase_add_loop_test(tc, test_pop_comes_back_as_inserted, 0, backends_count);
	tcase_add_loop_test(tc, test_pop_goes_with_its_transaction, 0, backends_count);
	tcase_add_loop_test(tc, test_transaction_awaits_pop, 0, backends_count);
	tcase_add_loop_test(tc, test_transaction_gets_its_certificate_once, 0, backends_count);
	return tc;
}
