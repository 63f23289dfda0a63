// SPDX-License-Identifier: Apache-2.0
/* Revocation passphrases. */
#include "fixture.h"

static void put(struct fixture *f, const struct store_rev_passphrase *p, int result)
{
	OK(store_rev_passphrase_put(f->unit, p));
	ck_assert_int_eq(store_unit_commit(f->unit), result);
}

START_TEST(test_rev_passphrase_is_one_for_an_entity)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct store_rev_passphrase p = {
		.created_ms = 7, .reference = OCTETS("ref\0a"), .secret = OCTETS("sealed")};
	struct store_rev_passphrase found = {0};
	struct fixture f;

	fixture_begin(&f, _i);
	p.registration_id = put_registration(&f, &reg);
	put(&f, &p, 0);
	OK(store_rev_passphrase_find(f.reader, VIEW("ref\0a"), &found));
	ck_assert_int_eq(found.registration_id, p.registration_id);
	ck_assert_int_eq(found.created_ms, 7);
	ck_assert(bytes_equal(octets_view(&found.reference), VIEW("ref\0a")));
	ck_assert(bytes_equal(octets_view(&found.secret), VIEW("sealed")));
	store_rev_passphrase_clear(&found);
	ABSENT(store_rev_passphrase_find(f.reader, VIEW("ref"), &found));
	/* The newest takes the place of the one before, under another reference too. */
	p.reference = OCTETS("ref b");
	put(&f, &p, 0);
	ABSENT(store_rev_passphrase_find(f.reader, VIEW("ref\0a"), &found));
	p.secret = OCTETS("sealed anew");
	put(&f, &p, 0);
	OK(store_rev_passphrase_find(f.reader, VIEW("ref b"), &found));
	ck_assert(bytes_equal(octets_view(&found.secret), VIEW("sealed anew")));
	store_rev_passphrase_clear(&found);
	fixture_end(&f);
}
END_TEST

/* The one before, for the transaction that replaced it. */
START_TEST(test_rev_passphrase_before)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct store_rev_passphrase p = {
		.created_ms = 7, .reference = OCTETS("ref a"), .secret = OCTETS("sealed")};
	struct store_rev_passphrase found = {0};
	struct fixture f;

	fixture_begin(&f, _i);
	p.registration_id = put_registration(&f, &reg);
	put(&f, &p, 0);
	p.reference = OCTETS("ref b");
	p.secret = OCTETS("sealed anew");
	p.transaction_id = OCTETS("transaction");
	/* Again, where it is decided again. */
	for (int i = 0; i < 2; i++) {
		put(&f, &p, 0);
		ABSENT(store_rev_passphrase_find(f.reader, VIEW("ref a"), &found));
		OK(store_rev_passphrase_before(f.reader, VIEW("ref a"), VIEW("transaction"),
					       &found));
		ck_assert_int_eq(found.registration_id, p.registration_id);
		ck_assert(bytes_equal(octets_view(&found.secret), VIEW("sealed")));
		store_rev_passphrase_clear(&found);
	}
	ABSENT(store_rev_passphrase_before(f.reader, VIEW("ref a"), VIEW("another"), &found));
	ABSENT(store_rev_passphrase_before(f.reader, VIEW("ref b"), VIEW("transaction"), &found));
	/* One for an entity. */
	p.transaction_id = OCTETS("another");
	put(&f, &p, 0);
	ABSENT(store_rev_passphrase_before(f.reader, VIEW("ref a"), VIEW("transaction"), &found));
	OK(store_rev_passphrase_before(f.reader, VIEW("ref b"), VIEW("another"), &found));
	store_rev_passphrase_clear(&found);
	fixture_end(&f);
}
END_TEST

START_TEST(test_rev_passphrase_conflicts)
{
	struct store_registration one = sample_registration("vnfci-1");
	struct store_registration two = sample_registration("vnfci-2");
	struct store_rev_passphrase p = {.reference = OCTETS("ref"), .secret = OCTETS("sealed")};
	struct store_rev_passphrase found = {0};
	struct fixture f;
	int64_t first, second;

	fixture_begin(&f, _i);
	first = p.registration_id = put_registration(&f, &one);
	put(&f, &p, 0);
	/* The reference is another entity's. */
	second = p.registration_id = put_registration(&f, &two);
	put(&f, &p, STORE_CONFLICT);
	OK(store_rev_passphrase_find(f.reader, VIEW("ref"), &found));
	ck_assert_int_eq(found.registration_id, first);
	store_rev_passphrase_clear(&found);
	/* Who is no longer registered leaves none. */
	OK(store_registration_deregister(f.unit, second, 9));
	OK(store_unit_commit(f.unit));
	p.reference = OCTETS("other");
	put(&f, &p, STORE_CONFLICT);
	fixture_end(&f);
}
END_TEST

TCase *rev_passphrase_cases(void)
{
	TCase *tc = tcase_create("revocation passphrase");

	tcase_add_loop_test(tc, test_rev_passphrase_is_one_for_an_entity, 0, backends_count);
	tcase_add_loop_test(tc, test_rev_passphrase_before, 0, backends_count);
	tcase_add_loop_test(tc, test_rev_passphrase_conflicts, 0, backends_count);
	return tc;
}
