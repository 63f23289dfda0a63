// SPDX-License-Identifier: Apache-2.0
/* Units: all or nothing; opening, closing and what is there afterwards. */
#include "fixture.h"

#include <errno.h>
#include <string.h>

START_TEST(test_unit_that_is_empty)
{
	struct fixture f;

	fixture_begin(&f, _i);
	ck_assert(store_unit_empty(f.unit));
	OK(store_unit_commit(f.unit));
	add_audit(f.unit);
	ck_assert(!store_unit_empty(f.unit));
	store_unit_clear(f.unit);
	ck_assert(store_unit_empty(f.unit));
	OK(store_unit_commit(f.unit));
	ck_assert_int_eq(f.backend->audit_count(f.database), 0);
	fixture_end(&f);
}
END_TEST

START_TEST(test_unit_conflict_undoes_all_of_it)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct store_certificate cert = sample_certificate(0, 1), found = {0};
	struct store_transaction t = sample_transaction(OCTETS("0123456789abcdef"));
	struct store_transaction taken = sample_transaction(OCTETS("fedcba9876543210"));
	int64_t reg_id = 0, cert_id = 0, txn_id = 0, id = 0;
	struct store_registration found_reg = {0};
	struct store_transaction found_txn = {0};
	struct fixture f;

	fixture_begin(&f, _i);
	put_transaction(&f, &taken);
	for (int round = 0; round < 2; round++) {
		OK(store_registration_insert(f.unit, &reg, &reg_id));
		OK(store_certificate_insert(f.unit, &cert, &reg_id, &cert_id));
		OK(store_transaction_insert(f.unit, &t, &cert_id, &txn_id));
		add_audit(f.unit);
		if (round == 0) {
			OK(store_transaction_insert(f.unit, &taken, NULL, &id));
			CONFLICT(store_unit_commit(f.unit));
			ck_assert(store_unit_empty(f.unit));
			ck_assert_int_eq(reg_id, 0);
			ck_assert_int_eq(cert_id, 0);
			ck_assert_int_eq(txn_id, 0);
			ABSENT(store_registration_find(f.reader, reg.cert_type, "vnfci-1",
						       &found_reg));
			ABSENT(store_certificate_find(f.reader, "issuing", &cert.serial, &found));
			ABSENT(store_transaction_find(f.reader, t.requester,
						      octets_view(&t.transaction_id), &found_txn));
			ck_assert_int_eq(f.backend->audit_count(f.database), 0);
		}
	}
	/* The second round had nothing in its way. */
	OK(store_unit_commit(f.unit));
	OK(store_certificate_get(f.reader, cert_id, &found));
	store_certificate_clear(&found);
	ck_assert_int_eq(f.backend->audit_count(f.database), 1);
	fixture_end(&f);
}
END_TEST

/* A certificate that is not there is no condition of store.h but a bug: a fault. */
START_TEST(test_unit_with_a_reference_to_nothing)
{
	struct store_transaction t = sample_transaction(OCTETS("0123456789abcdef"));
	struct store_transaction found = {0};
	struct fixture f;

	fixture_begin(&f, _i);
	t.certificate_id = 7;
	add_audit(f.unit);
	OK(store_transaction_insert(f.unit, &t, NULL, NULL));
	ck_assert_int_lt(store_unit_commit(f.unit), 0);
	ABSENT(store_transaction_find(f.reader, t.requester, octets_view(&t.transaction_id),
				      &found));
	ck_assert_int_eq(f.backend->audit_count(f.database), 0);
	fixture_end(&f);
}
END_TEST

START_TEST(test_unit_frees_what_it_keeps)
{
	struct store_audit *audit;
	struct fixture f;

	fixture_begin(&f, _i);
	for (int round = 0; round < 20; round++) {
		audit = calloc(1, sizeof(*audit));
		*audit = (struct store_audit){1, "a", "b", "c", "d"};
		OK(store_unit_keep(f.unit, audit));
		OK(store_audit_add(f.unit, audit));
	}
	OK(store_unit_keep(f.unit, NULL));
	OK(store_unit_commit(f.unit));
	ck_assert_int_eq(f.backend->audit_count(f.database), 20);
	OK(store_unit_keep(f.unit, strdup("freed with the unit")));
	fixture_end(&f); /* the leak checker does the rest */
}
END_TEST

START_TEST(test_store_keeps_everything_when_reopened)
{
	struct store_client client = sample_client("vnfm-a");
	struct store_registration reg = sample_registration("vnfci-1"), found = {0};
	int64_t before, after;
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_client_insert(f.unit, &client));
	OK(store_unit_commit(f.unit));
	put_registration(&f, &reg);
	OK(store_client_generation(f.reader, &before));
	fixture_close(&f);
	fixture_open(&f);
	OK(store_registration_find(f.reader, CERT_TYPE_VNFCI, "vnfci-1", &found));
	store_registration_clear(&found);
	OK(store_client_generation(f.reader, &after));
	ck_assert_int_eq(before, after);
	fixture_end(&f);
}
END_TEST

START_TEST(test_store_is_created_once_and_opened_if_it_is_there)
{
	struct fixture f = {.backend = backends[_i]};

	f.database = f.backend->database_new();
	f.options = (struct store_options){.database = f.database, .batch_max = 1};
	ck_assert_int_eq(store_open(&f.options, &f.store), -ENOENT);
	ck_assert_ptr_null(f.store);
	OK(store_create(&f.options));
	ck_assert_int_eq(store_create(&f.options), -EEXIST);
	fixture_open(&f);
	fixture_end(&f);
}
END_TEST

START_TEST(test_store_newer_than_the_program_is_refused)
{
	struct fixture f;

	fixture_begin(&f, _i);
	fixture_close(&f);
	f.backend->database_make_newer(f.database);
	ck_assert_int_eq(store_open(&f.options, &f.store), -EPROTO);
	ck_assert_ptr_null(f.store);
	f.backend->database_drop(f.database);
}
END_TEST

TCase *unit_cases(void)
{
	TCase *tc = tcase_create("unit");

	tcase_add_loop_test(tc, test_unit_that_is_empty, 0, backends_count);
	tcase_add_loop_test(tc, test_unit_conflict_undoes_all_of_it, 0, backends_count);
	tcase_add_loop_test(tc, test_unit_with_a_reference_to_nothing, 0, backends_count);
	tcase_add_loop_test(tc, test_unit_frees_what_it_keeps, 0, backends_count);
	tcase_add_loop_test(tc, test_store_keeps_everything_when_reopened, 0, backends_count);
	tcase_add_loop_test(tc, test_store_is_created_once_and_opened_if_it_is_there, 0,
			    backends_count);
	tcase_add_loop_test(tc, test_store_newer_than_the_program_is_refused, 0, backends_count);
	return tc;
}
