// SPDX-License-Identifier: Apache-2.0
/*
 * What is due at the CMP door: transactions past their deadline, and old ones. Certificates whose
 * own time is over are in test_cmf_revoke.c.
 */
#include "granted.h"
#include "suite.h"

#include <check.h>
#include <string.h>

static int64_t start_ms;

static void setup(void)
{
	granted_setup_open();
	start_ms = granted_house.now_ms;
}

static bool housekeeping(void)
{
	bool more = false;

	ck_assert_int_eq(cmp_housekeeping(granted_house.door, &granted_house.worker, &more), 0);
	ck_assert(store_unit_empty(granted_house.worker.unit));
	return more;
}

static int certificate_id(void *arg, const struct store_certificate *cert)
{
	*(int64_t *)arg = cert->id;
	return 0;
}

/* One that waits for certConf. */
static struct store_certificate certificate_pending(void)
{
	const struct store_certificate_filter filter = {
		.state = STORE_CERT_PENDING, .newest_first = true, .limit = 1};
	struct store_certificate cert = {0};
	struct told told;
	struct ask a;
	int64_t id = 0;

	granted_enrol(&a, PKI_BODY_IR, &granted_house.vnfm_a, &told);
	granted_done(&a, &told);
	ck_assert_int_eq(
		store_certificate_list(granted_house.worker.reader, &filter, certificate_id, &id),
		0);
	ck_assert_int_eq(store_certificate_get(granted_house.worker.reader, id, &cert), 0);
	return cert;
}

static int certificate_state(int64_t id)
{
	struct store_certificate cert = {0};
	int state;

	ck_assert_int_eq(store_certificate_get(granted_house.worker.reader, id, &cert), 0);
	state = (int)cert.state;
	store_certificate_clear(&cert);
	return state;
}

static void certificate_confirm(int64_t id)
{
	ck_assert_int_eq(store_certificate_set_state(granted_house.worker.unit, id,
						     STORE_CERT_PENDING, STORE_CERT_ACTIVE),
			 0);
	ck_assert_int_eq(store_unit_commit(granted_house.worker.unit), 0);
}

static int64_t transaction_add(enum store_transaction_state state, int64_t certificate_id,
			       int64_t deadline_ms)
{
	static uint8_t count;
	uint8_t transaction_id[16] = {++count};
	int64_t id = 0;
	struct store_transaction txn = {
		.requester = (char[]){"vnfm-a"},
		.transaction_id = {transaction_id, sizeof(transaction_id)},
		.state = state,
		.certificate_id = certificate_id,
		.deadline_ms = deadline_ms,
		.created_ms = granted_house.now_ms,
		.changed_ms = granted_house.now_ms,
	};

	ck_assert_int_eq(store_transaction_insert(granted_house.worker.unit, &txn, &id), 0);
	ck_assert_int_eq(store_unit_commit(granted_house.worker.unit), 0);
	return store_unit_id(granted_house.worker.unit, id);
}

/* -1: there is none any more. */
static int transaction_state(int64_t id)
{
	struct store_transaction txn = {0};
	int err = store_transaction_get(granted_house.worker.reader, id, &txn);
	int state = err == 0 ? (int)txn.state : -1;

	ck_assert_int_ge(err, 0);
	store_transaction_clear(&txn);
	return state;
}

START_TEST(rfc9483_4_1_1_no_cert_conf)
{
	struct store_certificate cert = certificate_pending();
	struct store_certificate confirmed = certificate_pending();
	int64_t txn = transaction_add(STORE_TXN_AWAIT_CONF, cert.id, cert.confirm_by_ms);
	int64_t done = transaction_add(STORE_TXN_DONE, confirmed.id, 0);

	certificate_confirm(confirmed.id);
	granted_house.now_ms = cert.confirm_by_ms;
	ck_assert(!housekeeping());
	ck_assert_int_eq(certificate_state(cert.id), STORE_CERT_PENDING);
	ck_assert_int_eq(transaction_state(txn), STORE_TXN_AWAIT_CONF);
	granted_house.now_ms = cert.confirm_by_ms + 1;
	ck_assert(!housekeeping());
	ck_assert_int_eq(certificate_state(cert.id), STORE_CERT_REVOKED);
	ck_assert_int_eq(transaction_state(txn), STORE_TXN_FAILED);
	ck_assert_int_eq(certificate_state(confirmed.id), STORE_CERT_ACTIVE);
	ck_assert_int_eq(transaction_state(done), STORE_TXN_DONE);
	store_certificate_clear(&cert);
	store_certificate_clear(&confirmed);
}
END_TEST

/* ca/ says first why the upstream gave nothing; a client that asks within a minute hears it. */
START_TEST(upstream_deadline_has_a_grace)
{
	int64_t txn = transaction_add(STORE_TXN_AWAIT_UPSTREAM, 0, start_ms + 1000);

	granted_house.now_ms = start_ms + 2000;
	ck_assert(!housekeeping());
	ck_assert_int_eq(transaction_state(txn), STORE_TXN_AWAIT_UPSTREAM);
	granted_house.now_ms = start_ms + 1000 + 61 * 1000;
	ck_assert(!housekeeping());
	ck_assert_int_eq(transaction_state(txn), STORE_TXN_FAILED);
}
END_TEST

START_TEST(old_transactions_are_purged)
{
	int64_t retention = granted_house.conf->store.transaction_retention_ms;
	int64_t done = transaction_add(STORE_TXN_DONE, 0, 0);
	int64_t failed = transaction_add(STORE_TXN_FAILED, 0, 0);
	int64_t open = transaction_add(STORE_TXN_AWAIT_CONF, 0, start_ms + 10 * retention);
	int64_t young;

	granted_house.now_ms = start_ms + retention;
	ck_assert(!housekeeping());
	ck_assert_int_eq(transaction_state(done), STORE_TXN_DONE);
	young = transaction_add(STORE_TXN_DONE, 0, 0);
	granted_house.now_ms++;
	ck_assert(!housekeeping());
	ck_assert_int_eq(transaction_state(done), -1);
	ck_assert_int_eq(transaction_state(failed), -1);
	ck_assert_int_eq(transaction_state(open), STORE_TXN_AWAIT_CONF);
	ck_assert_int_eq(transaction_state(young), STORE_TXN_DONE);
}
END_TEST

/* More than one call does: it says so, and the next calls do the rest. */
START_TEST(housekeeping_is_bounded)
{
	enum { MANY = 130 };
	int64_t txn[MANY];
	int failed = 0;

	for (int i = 0; i < MANY; i++)
		txn[i] = transaction_add(STORE_TXN_AWAIT_CONF, 0, start_ms + 1000);
	granted_house.now_ms += 2000;
	ck_assert(housekeeping());
	for (int i = 0; i < MANY; i++)
		failed += transaction_state(txn[i]) == STORE_TXN_FAILED;
	ck_assert_int_gt(failed, 0);
	ck_assert_int_lt(failed, MANY);
	ck_assert(!housekeeping());
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(transaction_state(txn[i]), STORE_TXN_FAILED);
}
END_TEST

/* What is ended together is ended one by one where one of them stands against the others. */
START_TEST(housekeeping_after_a_conflict)
{
	struct store_certificate cert = certificate_pending();
	struct store_certificate other = certificate_pending();
	int64_t txn[] = {transaction_add(STORE_TXN_AWAIT_CONF, cert.id, cert.confirm_by_ms),
			 transaction_add(STORE_TXN_AWAIT_CONF, cert.id, cert.confirm_by_ms),
			 transaction_add(STORE_TXN_AWAIT_CONF, other.id, cert.confirm_by_ms)};

	granted_house.now_ms = cert.confirm_by_ms + 1;
	ck_assert(!housekeeping());
	for (size_t i = 0; i < ARRAY_LEN(txn); i++)
		ck_assert_int_eq(transaction_state(txn[i]), STORE_TXN_FAILED);
	ck_assert_int_eq(certificate_state(cert.id), STORE_CERT_REVOKED);
	ck_assert_int_eq(certificate_state(other.id), STORE_CERT_REVOKED);
	store_certificate_clear(&cert);
	store_certificate_clear(&other);
}
END_TEST

static Suite *door_housekeeping_suite(void)
{
	Suite *suite = suite_create("door_housekeeping");
	TCase *tc = tcase_create("housekeeping");

	tcase_add_checked_fixture(tc, setup, granted_teardown);
	tcase_add_test(tc, rfc9483_4_1_1_no_cert_conf);
	tcase_add_test(tc, upstream_deadline_has_a_grace);
	tcase_add_test(tc, old_transactions_are_purged);
	tcase_add_test(tc, housekeeping_is_bounded);
	tcase_add_test(tc, housekeeping_after_a_conflict);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(door_housekeeping_suite, SUITE_FORKS)
