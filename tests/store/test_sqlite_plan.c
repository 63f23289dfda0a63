// SPDX-License-Identifier: Apache-2.0
/*
 * No statement reads or sorts what grows from end to end. Those that the other tests run are looked
 * at by the fixture; here are the kept ones, whether a test runs them or not, and the lists with
 * each filter and each pair of filters.
 */
#include "fixture.h"

#include "../../src/store/sql.h"
#include "plan.h"

START_TEST(test_kept_statements)
{
	struct fixture f;

	fixture_begin(&f, 0);
	for (int i = 0; i < READ_KINDS; i++)
		plan_assert(store_read_sql[i]);
	for (int i = 0; i < CHANGE_KINDS; i++)
		plan_assert(store_change_sql[i]);
	fixture_end(&f);
}
END_TEST

static int certificate_row(void *arg, const struct store_certificate *cert)
{
	(void)arg;
	(void)cert;
	return 0;
}

static int registration_row(void *arg, const struct store_registration *reg)
{
	(void)arg;
	(void)reg;
	return 0;
}

static int transaction_row(void *arg, const struct store_transaction *txn)
{
	(void)arg;
	(void)txn;
	return 0;
}

static int announcement_row(void *arg, const struct store_announcement *a)
{
	(void)arg;
	(void)a;
	return 0;
}

static int audit_row(void *arg, const struct store_audit *a)
{
	(void)arg;
	(void)a;
	return 0;
}

static int csr_row(void *arg, const struct store_csr *csr)
{
	(void)arg;
	(void)csr;
	return 0;
}

/* Bit k of `mask`: filter number k is there. */
#define IF(k, value, none) (mask & 1U << (k) ? (value) : (none))

START_TEST(test_lists_with_each_filter)
{
	const struct serial some_serial = {1, {7}};
	const enum cert_type type = CERT_TYPE_MANO;
	struct fixture f;

	fixture_begin(&f, 0);
	for (unsigned mask = 0; mask < 1 << 9; mask++) {
		const struct store_certificate_filter certificates = {
			.subject_id = IF(0, "a", NULL),
			.manager = IF(1, "m", NULL),
			.ca = IF(2, "ca", NULL),
			.serial = IF(3, some_serial, SERIAL_NULL),
			.state = IF(4, STORE_CERT_REVOKED, IF(5, STORE_CERT_ACTIVE, -1)),
			.registration_id = IF(6, 1, 0),
			.trust_domain = IF(7, "d", NULL),
			.vnf_instance = IF(8, "v", NULL),
			/* No index has these: they go with others. */
			.cert_type = IF(8, &type, NULL),
			.profile = IF(7, "p", NULL),
			.ends_by_ms = IF(1, 1, 0),
			.limit = 1000,
		};
		const struct store_registration_filter registrations = {
			.subject_id = IF(0, "a", NULL),
			.vnf_instance = IF(5, "v", NULL),
			.manager = IF(1, "m", NULL),
			.trust_domain = IF(2, "d", NULL),
			.cert_type = IF(3, 1, -1),
			.with_deregistered = IF(4, true, false),
			.profile = IF(6, "p", NULL),
			.limit = 1000,
		};
		const struct store_transaction_filter transactions = {
			.requester = IF(0, "a", NULL),
			.state = IF(1, STORE_TXN_FAILED, IF(2, STORE_TXN_DONE, -1)),
			.certificate_id = IF(3, 1, 0),
			.transaction_id = IF(4, bytes_of_string("t"), BYTES_NULL),
			.limit = 1000,
		};
		const struct store_announcement_filter announcements = {
			.sender = IF(0, "a", NULL),
			.type = IF(1, 1, -1),
			.limit = 1000,
		};
		const struct store_audit_filter audit = {
			.actor = IF(0, "a", NULL),
			.action = IF(1, "b", NULL),
			.target = IF(2, "c", NULL),
			.outcome = IF(3, "done", NULL),
			.request_id = IF(4, 1, 0),
			.since_ms = IF(5, 1, 0),
			.chain = IF(6, 1, 0),
			.limit = 1000,
		};
		const struct store_csr_filter csrs = {
			.client = "a", .trust_domain = "d", .limit = 1000};

		OK(store_csr_list(f.reader, &csrs, csr_row, NULL));
		OK(store_certificate_list(f.reader, &certificates, certificate_row, NULL));
		OK(store_registration_list(f.reader, &registrations, registration_row, NULL));
		OK(store_transaction_list(f.reader, &transactions, transaction_row, NULL));
		OK(store_audit_list(f.reader, &audit, audit_row, NULL));
		OK(store_announcement_list(f.reader, &announcements, announcement_row, NULL));
	}
	fixture_end(&f); /* looks at the plans of what ran */
}
END_TEST

TCase *sqlite_plan_cases(void)
{
	TCase *tc = tcase_create("sqlite_plan");

	tcase_add_test(tc, test_kept_statements);
	tcase_add_test(tc, test_lists_with_each_filter);
	return tc;
}
