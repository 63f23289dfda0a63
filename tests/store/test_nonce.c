// SPDX-License-Identifier: Apache-2.0
/* Nonces for key attestation. */
#include "fixture.h"
#include "store/nonce.h"

static struct store_nonce sample_nonce(const char *octets, int seq)
{
	return (struct store_nonce){.octets = {(uint8_t *)TEXT(octets), 8},
				    .requester = TEXT("vnfm-a"),
				    .transaction_id = OCTETS("transaction"),
				    .request_digest = OCTETS("digest"),
				    .seq = seq,
				    .expires_ms = 5000};
}

static int64_t put_nonce(struct fixture *f, const struct store_nonce *nonce)
{
	int64_t id;

	OK(store_nonce_insert(f->unit, nonce, &id));
	OK(store_unit_commit(f->unit));
	return store_unit_id(f->unit, id);
}

static int seqs_add(void *arg, struct store_nonce *nonce)
{
	int *seqs = arg;

	*seqs = 10 * *seqs + nonce->seq;
	return 0;
}

START_TEST(test_nonce_comes_back_as_inserted)
{
	const struct store_nonce first = sample_nonce("nonce--1", 1);
	const struct store_nonce second = sample_nonce("nonce--2", 2);
	struct store_nonce other = sample_nonce("nonce--3", 1), found = {0};
	struct fixture f;
	int seqs = 0;
	int64_t id;

	fixture_begin(&f, _i);
	put_nonce(&f, &second);
	id = put_nonce(&f, &first);
	OK(store_nonce_find(f.reader, VIEW("nonce--1"), &found));
	ck_assert_int_eq(found.id, id);
	ck_assert(bytes_equal(octets_view(&found.octets), VIEW("nonce--1")));
	ck_assert_str_eq(found.requester, "vnfm-a");
	ck_assert(bytes_equal(octets_view(&found.transaction_id), VIEW("transaction")));
	ck_assert(bytes_equal(octets_view(&found.request_digest), VIEW("digest")));
	ck_assert_int_eq(found.seq, 1);
	ck_assert(!found.used);
	ck_assert_int_eq(found.expires_ms, 5000);
	store_nonce_clear(&found);
	ABSENT(store_nonce_find(f.reader, VIEW("nonce--9"), &found));
	OK(store_nonce_of_transaction(f.reader, "vnfm-a", VIEW("transaction"), seqs_add, &seqs));
	ck_assert_int_eq(seqs, 12);
	seqs = 0;
	OK(store_nonce_of_transaction(f.reader, "vnfm-b", VIEW("transaction"), seqs_add, &seqs));
	ck_assert_int_eq(seqs, 0);

	/* The same place in the transaction, and the same octets. */
	OK(store_nonce_insert(f.unit, &other, NULL));
	CONFLICT(store_unit_commit(f.unit));
	other = sample_nonce("nonce--1", 3);
	OK(store_nonce_insert(f.unit, &other, NULL));
	CONFLICT(store_unit_commit(f.unit));
	/* Of no transaction there may be many. */
	other = sample_nonce("nonce--4", 0);
	other.transaction_id = other.request_digest = OCTETS_NULL;
	put_nonce(&f, &other);
	other.octets = OCTETS("nonce--5");
	put_nonce(&f, &other);
	fixture_end(&f);
}
END_TEST

static uint32_t counted(struct fixture *f, int64_t now_ms, uint32_t max)
{
	uint32_t n;

	OK(store_nonce_count(f->reader, "vnfm-a", now_ms, max, &n));
	return n;
}

START_TEST(test_nonce_is_used_once)
{
	const struct store_nonce one = sample_nonce("nonce--1", 1),
				 two = sample_nonce("nonce--2", 2);
	struct store_nonce found = {0};
	struct store_due due;
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	id = put_nonce(&f, &one);
	put_nonce(&f, &two);
	ck_assert_uint_eq(counted(&f, 4999, 10), 2);
	ck_assert_uint_eq(counted(&f, 4999, 1), 1);
	ck_assert_uint_eq(counted(&f, 5000, 10), 0);
	OK(store_nonce_use(f.unit, id));
	OK(store_unit_commit(f.unit));
	ck_assert_uint_eq(counted(&f, 4999, 10), 1);
	OK(store_nonce_find(f.reader, VIEW("nonce--1"), &found));
	ck_assert(found.used);
	store_nonce_clear(&found);
	OK(store_nonce_use(f.unit, id));
	CONFLICT(store_unit_commit(f.unit));

	OK(store_nonce_due(f.reader, 5000, &due));
	ck_assert_uint_eq(due.len, 0);
	OK(store_nonce_due(f.reader, 5001, &due));
	ck_assert_uint_eq(due.len, 2);
	OK(store_nonce_remove(f.unit, id));
	OK(store_nonce_remove(f.unit, id));
	OK(store_unit_commit(f.unit));
	ABSENT(store_nonce_find(f.reader, VIEW("nonce--1"), &found));
	OK(store_nonce_use(f.unit, id));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

TCase *nonce_cases(void)
{
	TCase *tc = tcase_create("nonce");

	tcase_add_loop_test(tc, test_nonce_comes_back_as_inserted, 0, backends_count);
	tcase_add_loop_test(tc, test_nonce_is_used_once, 0, backends_count);
	return tc;
}
