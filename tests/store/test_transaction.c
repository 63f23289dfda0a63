// SPDX-License-Identifier: Apache-2.0
/* CMP transactions. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

static void assert_same_transaction(const struct store_transaction *a,
				    const struct store_transaction *b)
{
	ck_assert_str_eq(a->requester, b->requester);
	ck_assert(bytes_equal(octets_view(&a->transaction_id), octets_view(&b->transaction_id)));
	ck_assert_int_eq(a->state, b->state);
	ck_assert_int_eq(a->body_type, b->body_type);
	ck_assert_int_eq(a->protection, b->protection);
	ck_assert_int_eq(a->implicit_confirm, b->implicit_confirm);
	ck_assert_int_eq(a->chain_request, b->chain_request);
	ck_assert_int_eq(a->cert_req_id, b->cert_req_id);
	ck_assert_int_eq(a->reason, b->reason);
	ck_assert_int_eq(a->certificate_id, b->certificate_id);
	ck_assert(bytes_equal(octets_view(&a->request_nonce), octets_view(&b->request_nonce)));
	ck_assert(bytes_equal(octets_view(&a->sent_nonce), octets_view(&b->sent_nonce)));
	ck_assert_mem_eq(a->request_digest, b->request_digest, 32);
	ck_assert(bytes_equal(octets_view(&a->response), octets_view(&b->response)));
	ck_assert((a->status_text == NULL) == (b->status_text == NULL));
	if (a->status_text)
		ck_assert_str_eq(a->status_text, b->status_text);
	ck_assert_int_eq(a->deadline_ms, b->deadline_ms);
	ck_assert_int_eq(a->created_ms, b->created_ms);
	ck_assert_int_eq(a->changed_ms, b->changed_ms);
}

static int transaction_count(void *arg, const struct store_transaction *txn)
{
	(void)txn;
	(*(int *)arg)++;
	return 0;
}

/* A transaction with several requests: in order, with the ids of this unit, and purged with it. */
START_TEST(test_transaction_items)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct store_certificate cert = sample_certificate(0, 1), other = sample_certificate(0, 2);
	struct store_transaction t = sample_transaction(OCTETS("0123456789abcdef")), found = {0};
	struct store_transaction_item item[] = {
		{.cert_req_id = 7, .reason = STORE_REASON_NONE, .failinfo = -1},
		{.cert_req_id = 3, .reason = 0, .failinfo = 9, .status_text = TEXT("refused")},
		{.cert_req_id = 5, .reason = 10, .failinfo = -1, .status_text = TEXT("changed")},
	};
	struct store_transaction_filter filter = {.state = -1};
	struct store_transaction_items items = {0};
	int64_t reg_id, cert_id, other_id, id;
	struct fixture f;
	int n = 0;

	fixture_begin(&f, _i);
	t.n_items = 3;
	t.state = STORE_TXN_DONE;
	t.changed_ms = 1;
	OK(store_registration_insert(f.unit, &reg, &reg_id));
	cert.registration_id = other.registration_id = reg_id;
	OK(store_certificate_insert(f.unit, &cert, &cert_id));
	OK(store_certificate_insert(f.unit, &other, &other_id));
	t.certificate_id = item[0].certificate_id = cert_id;
	item[2].certificate_id = other_id;
	OK(store_transaction_insert(f.unit, &t, &id));
	for (int i = 0; i < 3; i++)
		OK(store_transaction_item_insert(f.unit, &item[i], i, id));
	OK(store_unit_commit(f.unit));
	cert_id = store_unit_id(f.unit, cert_id);
	other_id = store_unit_id(f.unit, other_id);
	id = store_unit_id(f.unit, id);
	OK(store_transaction_get(f.reader, id, &found));
	ck_assert_uint_eq(found.n_items, 3);
	store_transaction_clear(&found);
	OK(store_transaction_items_get(f.reader, id, &items));
	ck_assert_uint_eq(items.len, 3);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(items.item[i].cert_req_id, item[i].cert_req_id);
		ck_assert_int_eq(items.item[i].reason, item[i].reason);
	}
	ck_assert_int_eq(items.item[0].certificate_id, cert_id);
	ck_assert_int_eq(items.item[1].certificate_id, 0);
	ck_assert_int_eq(items.item[2].certificate_id, other_id);
	ck_assert_int_eq(items.item[1].failinfo, 9);
	ck_assert_str_eq(items.item[1].status_text, "refused");
	ck_assert_ptr_null(items.item[0].status_text);
	store_transaction_items_clear(&items);
	filter.certificate_id = other_id;
	OK(store_transaction_list(f.reader, &filter, transaction_count, &n));
	ck_assert_int_eq(n, 1);
	OK(store_transaction_purge(f.unit, STORE_TXN_DONE, 2, 10, NULL));
	OK(store_unit_commit(f.unit));
	OK(store_transaction_items_get(f.reader, id, &items));
	ck_assert_uint_eq(items.len, 0);
	fixture_end(&f);
}
END_TEST

START_TEST(test_transaction_comes_back_as_inserted)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct store_certificate cert = sample_certificate(0, 1);
	struct store_transaction t = sample_transaction(OCTETS("0123456789abcde\0")), found = {0};
	struct store_transaction bare = {.requester = TEXT("ee:1"),
					 .transaction_id = OCTETS("bare"),
					 .reason = STORE_REASON_NONE,
					 .state = STORE_TXN_AWAIT_UPSTREAM};
	int64_t reg_id, cert_id, id, bare_id;
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_registration_insert(f.unit, &reg, &reg_id));
	cert.registration_id = reg_id;
	OK(store_certificate_insert(f.unit, &cert, &cert_id));
	t.certificate_id = cert_id;
	t.reason = 0; /* unspecified, which is a reason */
	OK(store_transaction_insert(f.unit, &t, &id));
	OK(store_transaction_insert(f.unit, &bare, &bare_id));
	OK(store_unit_commit(f.unit));
	t.certificate_id = store_unit_id(f.unit, cert_id);
	id = store_unit_id(f.unit, id);
	bare_id = store_unit_id(f.unit, bare_id);
	OK(store_transaction_get(f.reader, id, &found));
	assert_same_transaction(&found, &t);
	ck_assert_int_eq(found.id, id);
	store_transaction_clear(&found);
	OK(store_transaction_find(f.reader, "client:vnfm-a", VIEW("0123456789abcde\0"), &found));
	assert_same_transaction(&found, &t);
	store_transaction_clear(&found);
	OK(store_transaction_find(f.reader, "ee:1", VIEW("bare"), &found));
	assert_same_transaction(&found, &bare);
	ck_assert_int_eq(found.id, bare_id);
	store_transaction_clear(&found);
	ABSENT(store_transaction_find(f.reader, "ee:1", VIEW("0123456789abcde\0"), &found));
	ABSENT(store_transaction_get(f.reader, 99, &found));
	fixture_end(&f);
}
END_TEST

START_TEST(test_transaction_key_is_requester_and_id)
{
	struct store_transaction t = sample_transaction(OCTETS("0123456789abcdef"));
	struct fixture f;

	fixture_begin(&f, _i);
	put_transaction(&f, &t);
	OK(store_transaction_insert(f.unit, &t, NULL));
	CONFLICT(store_unit_commit(f.unit));
	t.requester = TEXT("client:vnfm-b");
	put_transaction(&f, &t);
	fixture_end(&f);
}
END_TEST

START_TEST(test_transaction_update_writes_what_it_says)
{
	struct store_transaction t = sample_transaction(OCTETS("0123456789abcdef"));
	struct store_transaction u = t, found = {0};
	struct fixture f;

	fixture_begin(&f, _i);
	u.id = t.id = put_transaction(&f, &t);
	u.state = STORE_TXN_DONE;
	u.implicit_confirm = false;
	u.sent_nonce = OCTETS("another nonce 16");
	memset(u.request_digest, 0xd2, sizeof(u.request_digest));
	u.response = OCTETS("pkiConf DER, which is longer than the first");
	u.status_text = NULL;
	u.deadline_ms = 0;
	u.changed_ms = 40000;
	OK(store_transaction_update(f.unit, &u, STORE_TXN_AWAIT_CONF, t.request_digest, false));
	OK(store_unit_commit(f.unit));
	OK(store_transaction_get(f.reader, t.id, &found));
	assert_same_transaction(&found, &u);
	store_transaction_clear(&found);
	fixture_end(&f);
}
END_TEST

START_TEST(test_transaction_update_conditions)
{
	struct store_transaction t = sample_transaction(OCTETS("0123456789abcdef"));
	struct store_transaction open = sample_transaction(OCTETS("fedcba9876543210"));
	uint8_t other_digest[32] = {0};
	struct fixture f;

	fixture_begin(&f, _i);
	t.id = put_transaction(&f, &t);
	OK(store_transaction_update(f.unit, &t, STORE_TXN_AWAIT_UPSTREAM, NULL, false));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_transaction_update(f.unit, &t, STORE_TXN_AWAIT_CONF, other_digest, false));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_transaction_update(f.unit, &t, STORE_TXN_AWAIT_CONF, NULL, true));
	CONFLICT(store_unit_commit(f.unit));
	t.id += 1;
	OK(store_transaction_update(f.unit, &t, STORE_TXN_AWAIT_CONF, NULL, false));
	CONFLICT(store_unit_commit(f.unit));
	t.id -= 1;
	OK(store_transaction_update(f.unit, &t, STORE_TXN_AWAIT_CONF, NULL, false));
	OK(store_unit_commit(f.unit));

	/* The answer that is not there yet is given once. */
	open.response = OCTETS_NULL;
	open.state = STORE_TXN_AWAIT_UPSTREAM;
	open.id = put_transaction(&f, &open);
	open.response = OCTETS("first answer");
	OK(store_transaction_update(f.unit, &open, STORE_TXN_AWAIT_UPSTREAM, NULL, true));
	OK(store_unit_commit(f.unit));
	OK(store_transaction_update(f.unit, &open, STORE_TXN_AWAIT_UPSTREAM, NULL, true));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

static int collect_deadline(void *arg, const struct store_transaction *txn)
{
	char *text = arg;

	sprintf(text + strlen(text), "%c ", txn->transaction_id.data[0]);
	return 0;
}

static void assert_list(struct fixture *f, struct store_transaction_filter filter,
			const char *expected)
{
	char text[64] = "";

	OK(store_transaction_list(f->reader, &filter, collect_deadline, text));
	ck_assert_str_eq(text, expected);
}

/* a AWAIT_CONF, b AWAIT_UPSTREAM without deadline, c DONE, d FAILED, e AWAIT_UPSTREAM. */
static void fill_for_lists(struct fixture *f, int64_t certificate_id)
{
	static const struct {
		const char *id;
		enum store_transaction_state state;
		int64_t deadline_ms;
		int64_t changed_ms;
	} rows[] = {
		{"a", STORE_TXN_AWAIT_CONF, 100, 1},     {"b", STORE_TXN_AWAIT_UPSTREAM, 0, 2},
		{"c", STORE_TXN_DONE, 100, 3},           {"d", STORE_TXN_FAILED, 100, 4},
		{"e", STORE_TXN_AWAIT_UPSTREAM, 200, 5},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct store_transaction t =
			sample_transaction((struct octets){(uint8_t *)TEXT(rows[i].id), 1});

		t.state = rows[i].state;
		t.deadline_ms = rows[i].deadline_ms;
		t.changed_ms = rows[i].changed_ms;
		t.certificate_id = i == 1 ? certificate_id : 0;
		if (i == 4)
			t.requester = TEXT("ee:5");
		put_transaction(f, &t);
	}
}

START_TEST(test_transaction_due)
{
	struct store_due due;
	struct fixture f;
	uint32_t n;

	fixture_begin(&f, _i);
	fill_for_lists(&f, 0);
	OK(store_transaction_due(f.reader, STORE_TXN_AWAIT_CONF, 100, &due));
	ck_assert_uint_eq(due.len, 0);
	OK(store_transaction_due(f.reader, STORE_TXN_AWAIT_CONF, 101, &due));
	ck_assert_uint_eq(due.len, 1);
	ck_assert_int_eq(due.id[0], 1);
	/* Not the one without deadline. */
	OK(store_transaction_due(f.reader, STORE_TXN_AWAIT_UPSTREAM, 201, &due));
	ck_assert_uint_eq(due.len, 1);
	ck_assert_int_eq(due.id[0], 5);
	OK(store_transaction_open_count(f.reader, "client:vnfm-a", 10, &n));
	ck_assert_uint_eq(n, 1);
	OK(store_transaction_open_count(f.reader, "ee:5", 10, &n));
	ck_assert_uint_eq(n, 1);
	OK(store_transaction_open_count(f.reader, "ee:5", 0, &n));
	ck_assert_uint_eq(n, 0);
	OK(store_transaction_end(f.unit, due.id[0], STORE_TXN_AWAIT_CONF, 7));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_transaction_end(f.unit, due.id[0], STORE_TXN_AWAIT_UPSTREAM, 7));
	OK(store_unit_commit(f.unit));
	OK(store_transaction_due(f.reader, STORE_TXN_AWAIT_UPSTREAM, INT64_MAX, &due));
	ck_assert_uint_eq(due.len, 0);
	fixture_end(&f);
}
END_TEST

START_TEST(test_transaction_list_filters)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct store_certificate cert;
	struct store_transaction found = {0};
	int64_t cert_id, counts[5];
	struct fixture f;

	fixture_begin(&f, _i);
	cert = sample_certificate(put_registration(&f, &reg), 1);
	cert_id = put_certificate(&f, &cert);
	fill_for_lists(&f, cert_id);
#define LIST(expected, ...) \
	assert_list(&f, (struct store_transaction_filter){__VA_ARGS__}, expected)
	LIST("a b c d e ", .state = -1);
	LIST("e ", .state = -1, .requester = "ee:5");
	LIST("b e ", .state = STORE_TXN_AWAIT_UPSTREAM);
	LIST("a ", .state = STORE_TXN_AWAIT_CONF);
	LIST("c ", .state = STORE_TXN_DONE);
	LIST("d ", .state = STORE_TXN_FAILED);
	LIST("b ", .state = -1, .certificate_id = cert_id);
	LIST("b ", .state = -1, .transaction_id = VIEW("b"));
	LIST("", .state = -1, .transaction_id = VIEW("z"));
	LIST("a b ", .state = -1, .limit = 2);
	OK(store_transaction_find(f.reader, "client:vnfm-a", VIEW("b"), &found));
	LIST("c d ", .state = -1, .limit = 2, .after_id = found.id);
	store_transaction_clear(&found);
#undef LIST
	OK(store_transaction_counts(f.reader, counts));
	ck_assert_int_eq(counts[STORE_TXN_AWAIT_UPSTREAM], 2);
	ck_assert_int_eq(counts[STORE_TXN_AWAIT_CONF], 1);
	ck_assert_int_eq(counts[STORE_TXN_DONE], 1);
	ck_assert_int_eq(counts[STORE_TXN_FAILED], 1);
	fixture_end(&f);
}
END_TEST

struct signers {
	char requester[4][16];
	uint8_t last[4]; /* octet of its certificates; 0: there are none */
	int n;
};

static int signer_note(void *arg, struct store_signer *signer)
{
	struct signers *found = arg;
	struct bytes certs = octets_view(&signer->certificates);

	ck_assert_int_lt(found->n, 4);
	snprintf(found->requester[found->n], sizeof(found->requester[0]), "%s", signer->requester);
	found->last[found->n++] = certs.len ? certs.data[certs.len - 1] : 0;
	return 0;
}

/* Many transactions share a signer; it goes with the last of them. */
START_TEST(test_transaction_signers)
{
	struct store_transaction row[4];
	struct signers found = {.n = 0};
	struct fixture f;

	fixture_begin(&f, _i);
	for (int i = 0; i < 4; i++) {
		row[i] = sample_transaction(OCTETS("0123456789abcdef"));
		row[i].requester = (char *[]){TEXT("a"), TEXT("b"), TEXT("c"), TEXT("d")}[i];
		row[i].state = STORE_TXN_DONE;
		row[i].changed_ms = i;
		row[i].protection = i == 3 ? 2 : 1;
		if (i < 2) {
			row[i].signer = OCTETS("certificates 1");
			row[i].signer_digest[0] = 1;
		}
		OK(store_transaction_insert(f.unit, &row[i], NULL));
	}
	OK(store_unit_commit(f.unit));
	for (int gone = 0; gone < 3; gone++) {
		found.n = 0;
		OK(store_transaction_signers(f.reader, bytes_of_string("0123456789abcdef"), 1,
					     signer_note, &found));
		ck_assert_int_eq(found.n, 3 - gone);
		ck_assert_str_eq(found.requester[found.n - 1], "c");
		ck_assert_int_eq(found.last[found.n - 1], 0);
		for (int i = 0; i < found.n - 1; i++)
			ck_assert_int_eq(found.last[i], '1');
		OK(store_transaction_purge(f.unit, STORE_TXN_DONE, gone + 1, 1, NULL));
		OK(store_unit_commit(f.unit));
	}
	/* Its digest may come again. */
	row[0].transaction_id = OCTETS("fedcba9876543210");
	row[0].signer = OCTETS("certificates 2");
	OK(store_transaction_insert(f.unit, &row[0], NULL));
	OK(store_unit_commit(f.unit));
	found.n = 0;
	OK(store_transaction_signers(f.reader, bytes_of_string("fedcba9876543210"), 1, signer_note,
				     &found));
	ck_assert_int_eq(found.n, 1);
	ck_assert_int_eq(found.last[0], '2');
	fixture_end(&f);
}
END_TEST

/* Both kinds, at most so many of each; how many there were. */
static void purge(struct fixture *f, int64_t before_ms, uint32_t limit, int64_t *donep,
		  int64_t *failedp)
{
	OK(store_transaction_purge(f->unit, STORE_TXN_DONE, before_ms, limit, donep));
	OK(store_transaction_purge(f->unit, STORE_TXN_FAILED, before_ms, limit, failedp));
	OK(store_unit_commit(f->unit));
	*donep = store_unit_id(f->unit, *donep);
	*failedp = store_unit_id(f->unit, *failedp);
}

START_TEST(test_transaction_purge_takes_only_ended_ones)
{
	int64_t done, failed;
	struct fixture f;

	fixture_begin(&f, _i);
	fill_for_lists(&f, 0);
	purge(&f, 3, 10, &done, &failed);
	assert_list(&f, (struct store_transaction_filter){.state = -1}, "a b c d e ");
	ck_assert_int_eq(done + failed, 0);
	purge(&f, 4, 1, &done, &failed);
	ck_assert_int_eq(done, 1);
	ck_assert_int_eq(failed, 0);
	assert_list(&f, (struct store_transaction_filter){.state = -1}, "a b d e ");
	purge(&f, 1000, 10, &done, &failed);
	ck_assert_int_eq(done, 0);
	ck_assert_int_eq(failed, 1);
	assert_list(&f, (struct store_transaction_filter){.state = -1}, "a b e ");
	purge(&f, 1000, 10, &done, &failed);
	ck_assert_int_eq(done + failed, 0);
	fixture_end(&f);
}
END_TEST

/* The limit is one of rows, and the result says when there may be more. */
START_TEST(test_transaction_purge_is_bounded)
{
	int64_t done, failed;
	struct fixture f;

	fixture_begin(&f, _i);
	for (int i = 0; i < 5; i++) {
		struct store_transaction t = sample_transaction(OCTETS("0123456789abcdef"));

		t.requester = (char *[]){TEXT("a"), TEXT("b"), TEXT("c"), TEXT("d"), TEXT("e")}[i];
		t.state = STORE_TXN_DONE;
		put_transaction(&f, &t);
	}
	for (int left = 5; left > 0; left -= 2) {
		purge(&f, INT64_MAX, 2, &done, &failed);
		ck_assert_int_eq(done, left < 2 ? left : 2);
	}
	assert_list(&f, (struct store_transaction_filter){.state = -1}, "");
	fixture_end(&f);
}
END_TEST

TCase *transaction_cases(void)
{
	TCase *tc = tcase_create("transaction");

	tcase_add_loop_test(tc, test_transaction_items, 0, backends_count);
	tcase_add_loop_test(tc, test_transaction_comes_back_as_inserted, 0, backends_count);
	tcase_add_loop_test(tc, test_transaction_key_is_requester_and_id, 0, backends_count);
	tcase_add_loop_test(tc, test_transaction_update_writes_what_it_says, 0, backends_count);
	tcase_add_loop_test(tc, test_transaction_update_conditions, 0, backends_count);
	tcase_add_loop_test(tc, test_transaction_due, 0, backends_count);
	tcase_add_loop_test(tc, test_transaction_list_filters, 0, backends_count);
	tcase_add_loop_test(tc, test_transaction_signers, 0, backends_count);
	tcase_add_loop_test(tc, test_transaction_purge_takes_only_ended_ones, 0, backends_count);
	tcase_add_loop_test(tc, test_transaction_purge_is_bounded, 0, backends_count);
	return tc;
}
