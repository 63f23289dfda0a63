// SPDX-License-Identifier: Apache-2.0
/* Exchanges with an upstream CA. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

static int64_t put_requested_certificate(struct fixture *f)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct store_certificate cert = sample_certificate(put_registration(f, &reg), 0);

	return put_certificate(f, &cert);
}

START_TEST(test_exchange_comes_back_as_inserted)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct store_certificate cert = sample_certificate(0, 0);
	struct store_exchange e = sample_exchange(0), found = {0};
	int64_t reg_id, cert_id, id;
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_registration_insert(f.unit, &reg, &reg_id));
	cert.registration_id = reg_id;
	OK(store_certificate_insert(f.unit, &cert, &cert_id));
	e.certificate_id = cert_id;
	OK(store_exchange_insert(f.unit, &e, &id));
	OK(store_unit_commit(f.unit));
	cert_id = store_unit_id(f.unit, cert_id);
	id = store_unit_id(f.unit, id);
	OK(store_exchange_get(f.reader, id, &found));
	ck_assert_int_eq(found.id, id);
	ck_assert_int_eq(found.kind, STORE_EXCHANGE_ISSUE);
	ck_assert_int_eq(found.state, STORE_EXCHANGE_OPEN);
	ck_assert_str_eq(found.ca, "upstream");
	ck_assert_int_eq(found.certificate_id, cert_id);
	ck_assert(bytes_equal(octets_view(&found.request), VIEW("csr")));
	ck_assert_int_eq(found.failinfo, -1);
	ck_assert_int_eq(found.deadline_ms, 60000);
	ck_assert_int_eq(found.next_ms, 500);
	ck_assert_int_eq(found.created_ms, 400);
	store_exchange_clear(&found);
	ABSENT(store_exchange_get(f.reader, id + 1, &found));
	fixture_end(&f);
}
END_TEST

START_TEST(test_exchange_find_takes_the_newest_of_its_kind)
{
	struct store_exchange e, found = {0};
	int64_t cert_id, revoke_id, issue_id;
	struct fixture f;

	fixture_begin(&f, _i);
	cert_id = put_requested_certificate(&f);
	e = sample_exchange(cert_id);
	ABSENT(store_exchange_find(f.reader, cert_id, STORE_EXCHANGE_ISSUE, &found));
	put_exchange(&f, &e);
	issue_id = put_exchange(&f, &e);
	e.kind = STORE_EXCHANGE_REVOKE;
	revoke_id = put_exchange(&f, &e);
	OK(store_exchange_find(f.reader, cert_id, STORE_EXCHANGE_ISSUE, &found));
	ck_assert_int_eq(found.id, issue_id);
	store_exchange_clear(&found);
	OK(store_exchange_find(f.reader, cert_id, STORE_EXCHANGE_REVOKE, &found));
	ck_assert_int_eq(found.id, revoke_id);
	store_exchange_clear(&found);
	fixture_end(&f);
}
END_TEST

/* The next_ms of what is due, in its order. */
static void assert_cas(struct fixture *f, const char *expected)
{
	char text[64] = "", *ca = NULL;
	int err;

	while ((err = store_exchange_ca_next(f->reader, &ca)) == 0)
		sprintf(text + strlen(text), "%s ", ca);
	ck_assert_int_eq(err, STORE_NOT_FOUND);
	ck_assert_str_eq(text, expected);
	free(ca);
}

START_TEST(test_exchange_cas_that_are_asked)
{
	struct store_exchange e;
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	e = sample_exchange(put_requested_certificate(&f));
	assert_cas(&f, "");
	e.ca = (char *)"north";
	put_exchange(&f, &e);
	id = put_exchange(&f, &e);
	e.ca = (char *)"east";
	put_exchange(&f, &e);
	assert_cas(&f, "east north ");
	OK(store_exchange_finish(f.unit, id - 1, STORE_EXCHANGE_DONE, -1, NULL));
	OK(store_unit_commit(f.unit));
	assert_cas(&f, "east north ");
	OK(store_exchange_finish(f.unit, id, STORE_EXCHANGE_FAILED, 9, NULL));
	OK(store_unit_commit(f.unit));
	assert_cas(&f, "east ");
	fixture_end(&f);
}
END_TEST

static void assert_due(struct fixture *f, const char *ca, int64_t due_ms, const char *expected)
{
	struct store_due due;
	char text[64] = "";

	OK(store_exchange_due(f->reader, ca, due_ms, &due));
	for (size_t i = 0; i < due.len; i++) {
		struct store_exchange e = {0};

		OK(store_exchange_get(f->reader, due.id[i], &e));
		sprintf(text + strlen(text), "%d ", (int)e.next_ms);
		store_exchange_clear(&e);
	}
	ck_assert_str_eq(text, expected);
}

START_TEST(test_exchange_due_and_state)
{
	struct store_exchange e, found = {0};
	int64_t id, open, since_ms;
	struct fixture f;

	fixture_begin(&f, _i);
	e = sample_exchange(put_requested_certificate(&f));
	OK(store_exchange_open(f.reader, e.ca, 10, &open, &since_ms));
	ck_assert(open == 0 && since_ms == 0);
	/* Without a deadline it has none until it gets one. */
	e.deadline_ms = 0;
	id = put_exchange(&f, &e);
	OK(store_exchange_require_deadline(f.unit, id, 0));
	OK(store_exchange_set_deadline(f.unit, id, 750));
	OK(store_unit_commit(f.unit));
	OK(store_exchange_require_deadline(f.unit, id, 0));
	OK(store_exchange_finish(f.unit, id, STORE_EXCHANGE_DONE, -1, NULL));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_exchange_finish(f.unit, id, STORE_EXCHANGE_DONE, -1, NULL));
	OK(store_unit_commit(f.unit));
	e.deadline_ms = 60000;
	e.next_ms = 700;
	put_exchange(&f, &e);
	e.next_ms = 600;
	e.created_ms = 300;
	id = put_exchange(&f, &e);
	OK(store_exchange_open(f.reader, e.ca, 10, &open, &since_ms));
	ck_assert(open == 2 && since_ms == 300);
	assert_due(&f, e.ca, 599, "");
	assert_due(&f, e.ca, 600, "600 ");
	assert_due(&f, e.ca, 700, "600 700 ");
	assert_due(&f, "another", 700, "");
	OK(store_exchange_set_next(f.unit, id, 800));
	OK(store_unit_commit(f.unit));
	assert_due(&f, e.ca, 800, "700 800 ");
	OK(store_exchange_set_deadline(f.unit, id, 750));
	OK(store_unit_commit(f.unit));
	assert_due(&f, e.ca, 750, "700 750 ");
	OK(store_exchange_get(f.reader, id, &found));
	ck_assert(found.deadline_ms == 750 && found.next_ms == 750);
	store_exchange_clear(&found);
	OK(store_exchange_require_deadline(f.unit, id, e.deadline_ms));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_exchange_require_deadline(f.unit, id, 750));
	OK(store_exchange_finish(f.unit, id, STORE_EXCHANGE_FAILED, 9, "upstream_cert_key"));
	OK(store_unit_commit(f.unit));
	assert_due(&f, e.ca, 800, "700 ");
	OK(store_exchange_open(f.reader, e.ca, 10, &open, &since_ms));
	ck_assert(open == 1 && since_ms == 400);
	OK(store_exchange_open(f.reader, "another", 10, &open, &since_ms));
	ck_assert_int_eq(open, 0);
	OK(store_exchange_get(f.reader, id, &found));
	ck_assert_int_eq(found.state, STORE_EXCHANGE_FAILED);
	ck_assert_int_eq(found.failinfo, 9);
	ck_assert_str_eq(found.refusal, "upstream_cert_key");
	store_exchange_clear(&found);
	OK(store_exchange_set_next(f.unit, id, 900));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_exchange_set_deadline(f.unit, id, 900));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_exchange_finish(f.unit, id, STORE_EXCHANGE_DONE, -1, NULL));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

START_TEST(test_exchange_messages)
{
	static const struct store_exchange_message request = {0, true, OCTETS("request")};
	static const struct store_exchange_message answer = {1, false, OCTETS("waiting")};
	struct store_exchange_messages m = {0};
	struct store_exchange e;
	struct fixture f;
	int64_t id, other;

	fixture_begin(&f, _i);
	e = sample_exchange(put_requested_certificate(&f));
	id = put_exchange(&f, &e);
	other = put_exchange(&f, &e);
	OK(store_exchange_messages_get(f.reader, id, &m));
	ck_assert_uint_eq(m.len, 0);
	store_exchange_messages_clear(&m);
	/* In the order of seq, not of insertion. */
	OK(store_exchange_add_message(f.unit, id, &answer));
	OK(store_exchange_add_message(f.unit, id, &request));
	OK(store_exchange_add_message(f.unit, other, &request));
	OK(store_unit_commit(f.unit));
	OK(store_exchange_messages_get(f.reader, id, &m));
	ck_assert_uint_eq(m.len, 2);
	ck_assert_int_eq(m.item[0].seq, 0);
	ck_assert(m.item[0].sent);
	ck_assert(bytes_equal(octets_view(&m.item[0].der), VIEW("request")));
	ck_assert_int_eq(m.item[1].seq, 1);
	ck_assert(!m.item[1].sent);
	ck_assert(bytes_equal(octets_view(&m.item[1].der), VIEW("waiting")));
	store_exchange_messages_clear(&m);

	OK(store_exchange_add_message(f.unit, id, &request));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_exchange_finish(f.unit, other, STORE_EXCHANGE_DONE, -1, NULL));
	OK(store_unit_commit(f.unit));
	OK(store_exchange_add_message(f.unit, other, &answer));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

static int claim(struct fixture *f, int64_t id, int64_t claimant, int64_t ms)
{
	OK(store_exchange_claim(f->unit, id, claimant, ms));
	return store_unit_commit(f->unit);
}

static bool is_claimed_by(struct fixture *f, int64_t id, int64_t claimant)
{
	struct store_exchange e = {0};
	bool claimed;

	OK(store_exchange_get(f->reader, id, &e));
	claimed = e.claim_left_ms > 0 && e.claim_left_ms <= 60000 && e.claimant == claimant;
	store_exchange_clear(&e);
	return claimed;
}

/* One process at a time sends its messages; one that has died does so no longer. */
START_TEST(test_exchange_is_claimed)
{
	struct store_exchange e;
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	e = sample_exchange(put_requested_certificate(&f));
	id = put_exchange(&f, &e);
	ck_assert(!is_claimed_by(&f, id, 0));
	OK(claim(&f, id, 7, 60000));
	ck_assert(is_claimed_by(&f, id, 7));
	CONFLICT(claim(&f, id, 8, 60000));
	CONFLICT(claim(&f, id, 8, 0));
	OK(claim(&f, id, 7, 50000));
	OK(claim(&f, id, 7, 0));
	ck_assert(!is_claimed_by(&f, id, 7));
	OK(claim(&f, id, 8, 1));
	while (claim(&f, id, 7, 60000) == STORE_CONFLICT)
		;
	ck_assert(is_claimed_by(&f, id, 7));
	OK(store_exchange_finish(f.unit, id, STORE_EXCHANGE_DONE, -1, NULL));
	OK(store_unit_commit(f.unit));
	CONFLICT(claim(&f, id, 7, 60000));
	fixture_end(&f);
}
END_TEST

TCase *exchange_cases(void)
{
	TCase *tc = tcase_create("exchange");

	tcase_add_loop_test(tc, test_exchange_comes_back_as_inserted, 0, backends_count);
	tcase_add_loop_test(tc, test_exchange_find_takes_the_newest_of_its_kind, 0, backends_count);
	tcase_add_loop_test(tc, test_exchange_due_and_state, 0, backends_count);
	tcase_add_loop_test(tc, test_exchange_cas_that_are_asked, 0, backends_count);
	tcase_add_loop_test(tc, test_exchange_messages, 0, backends_count);
	tcase_add_loop_test(tc, test_exchange_is_claimed, 0, backends_count);
	return tc;
}
