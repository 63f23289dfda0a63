// SPDX-License-Identifier: Apache-2.0
/* What may go, what stays however old it is, and what stays of what has gone. */
#include "fixture.h"

#include "store/retention.h"

#include <string.h>

/* The samples end at 90 s. */
enum { ENDED_MS = 90000, LATER_MS = 1000000 };

struct past_world {
	struct fixture f;
	int64_t registration_id;
	int64_t certificate_id; /* expired, of that registration */
};

static struct store_certificate certificate_of(int64_t registration_id, uint64_t serial)
{
	struct store_certificate cert = sample_certificate(registration_id, serial);

	cert.state = STORE_CERT_ACTIVE;
	cert.confirm_by_ms = 0;
	return cert;
}

/* An expired one, and a newer one of another entity: the newest of all never goes. */
static void world_begin(struct past_world *w, int backend)
{
	const struct store_registration reg = sample_registration("a"),
					other = sample_registration("b");
	struct store_certificate cert;

	fixture_begin(&w->f, backend);
	w->registration_id = put_registration(&w->f, &reg);
	cert = certificate_of(w->registration_id, 1);
	w->certificate_id = put_certificate(&w->f, &cert);
	cert = certificate_of(put_registration(&w->f, &other), 2);
	memset(cert.key_digest, 0x77, sizeof(cert.key_digest));
	cert.not_after_ms = 10 * LATER_MS;
	put_certificate(&w->f, &cert);
}

static bool certificate_is_there(struct past_world *w)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	int err = store_certificate_get(w->f.reader, w->certificate_id, &cert);

	ck_assert(err == 0 || err == STORE_NOT_FOUND);
	return err == 0;
}

/* Lists it, and purges whatever is listed, whether it may go or not: that is asked again. */
static bool certificate_goes(struct past_world *w, int64_t before_ms)
{
	struct store_past_page page;
	int64_t n = 0;
	bool may_go = false;

	for (int kind = STORE_PAST_EXPIRED; kind <= STORE_PAST_ENDED; kind++) {
		OK(store_past_list(w->f.reader, (enum store_past_kind)kind, &(struct store_past){0},
				   LATER_MS, before_ms, &page));
		for (size_t i = 0; i < page.len; i++) {
			may_go = may_go || (page.item[i].may_go && !page.item[i].has_names);
			OK(store_certificate_purge(w->f.unit, &page.item[i], before_ms, &n));
		}
	}
	OK(store_unit_commit(w->f.unit));
	ck_assert_int_eq(may_go, !certificate_is_there(w));
	return may_go;
}

/* --- what keeps a certificate --- */

static void keep_nothing(struct past_world *w)
{
}

static void keep_archived_key(struct past_world *w)
{
	struct store_archived_key key = {.certificate_id = w->certificate_id,
					 .secret = OCTETS("sealed")};

	OK(store_archived_key_insert(w->f.unit, &key));
}

static void keep_name(struct past_world *w)
{
	struct name_key key = {0};

	OK(store_held_name_take(w->f.unit, &(struct name_keys){&key, 1}, NULL, w->certificate_id,
				ENTITY("a")));
}

static void keep_transaction(struct past_world *w)
{
	struct store_transaction txn = sample_transaction(OCTETS("transaction id 1"));

	txn.certificate_id = w->certificate_id;
	OK(store_transaction_insert(w->f.unit, &txn, NULL));
}

static void keep_item(struct past_world *w)
{
	struct store_transaction txn = sample_transaction(OCTETS("transaction id 1"));
	struct store_transaction_item item = {
		.certificate_id = w->certificate_id, .failinfo = -1, .reason = STORE_REASON_NONE};
	int64_t id;

	txn.n_items = 1;
	OK(store_transaction_insert(w->f.unit, &txn, &id));
	OK(store_transaction_item_insert(w->f.unit, &item, 0, id));
}

static void keep_request(struct past_world *w)
{
	struct store_csr csr = {.state = STORE_CSR_COMPLETED,
				.certificate_id = w->certificate_id,
				.client = TEXT("client:a"),
				.until_ms = 5,
				.failinfo = -1};

	OK(store_csr_insert(w->f.unit, &csr, NULL));
}

static void keep_open_exchange(struct past_world *w)
{
	struct store_exchange exchange = sample_exchange(w->certificate_id);

	OK(store_exchange_insert(w->f.unit, &exchange, NULL));
}

static void keep_ended_exchange(struct past_world *w)
{
	struct store_exchange exchange = sample_exchange(w->certificate_id);

	exchange.state = STORE_EXCHANGE_DONE;
	OK(store_exchange_insert(w->f.unit, &exchange, NULL));
}

static void keep_replaced(struct past_world *w)
{
	struct store_certificate cert = certificate_of(w->registration_id, 3);

	cert.replaces_id = w->certificate_id;
	cert.not_after_ms = LATER_MS;
	OK(store_certificate_insert(w->f.unit, &cert, NULL));
}

static void keep_revoked(struct past_world *w)
{
	OK(store_certificate_revoke(w->f.unit, w->certificate_id, STORE_CERT_ACTIVE,
				    STORE_CERT_REVOKED, 1, 20000));
}

static void crl_make(struct past_world *w, int64_t scheduled_ms, int64_t changes)
{
	struct store_crl crl = {.ca = TEXT("issuing"),
				.number = 1,
				.this_update_ms = scheduled_ms,
				.next_update_ms = scheduled_ms + 1,
				.scheduled_ms = scheduled_ms,
				.changes = changes,
				.scheduled_changes = changes,
				.der = VIEW("crl")};

	OK(store_crl_insert(w->f.unit, &crl, NULL));
}

/* RFC 5280 3.3: on one regularly scheduled CRL after its end. */
static void keep_listed(struct past_world *w)
{
	keep_revoked(w);
	crl_make(w, ENDED_MS + 60001, 1);
}

static void keep_listed_too_early(struct past_world *w)
{
	keep_revoked(w);
	crl_make(w, ENDED_MS - 1, 1);
}

static void keep_not_in_crl(struct past_world *w)
{
	keep_revoked(w);
	crl_make(w, ENDED_MS + 60001, 0);
}

static void keep_revoked_upstream(struct past_world *w)
{
	keep_ended_exchange(w);
	keep_revoked(w);
}

static const struct {
	void (*make)(struct past_world *w);
	bool goes;
} keepers[] = {
	{keep_nothing, true},        {keep_archived_key, false},
	{keep_name, false},          {keep_transaction, false},
	{keep_item, false},          {keep_request, false},
	{keep_open_exchange, false}, {keep_ended_exchange, true},
	{keep_replaced, false},      {keep_revoked, false},
	{keep_listed, true},         {keep_listed_too_early, false},
	{keep_not_in_crl, false},    {keep_revoked_upstream, true},
};

START_TEST(test_what_keeps_a_certificate)
{
	struct past_world w;

	world_begin(&w, _i % backends_count);
	keepers[_i / backends_count].make(&w);
	OK(store_unit_commit(w.f.unit));
	ck_assert_int_eq(certificate_goes(&w, LATER_MS), keepers[_i / backends_count].goes);
	fixture_end(&w.f);
}
END_TEST

START_TEST(test_certificate_is_kept_for_its_time)
{
	struct past_world w;

	world_begin(&w, _i);
	ck_assert(!certificate_goes(&w, 0));
	ck_assert(!certificate_goes(&w, ENDED_MS));
	ck_assert(certificate_goes(&w, ENDED_MS + 1));
	fixture_end(&w.f);
}
END_TEST

/* The newest id is not given again. */
START_TEST(test_newest_certificate_stays)
{
	const struct store_registration reg = sample_registration("a");
	struct past_world w;
	struct store_certificate cert;

	fixture_begin(&w.f, _i);
	w.registration_id = put_registration(&w.f, &reg);
	cert = certificate_of(w.registration_id, 1);
	w.certificate_id = put_certificate(&w.f, &cert);
	ck_assert(!certificate_goes(&w, LATER_MS));
	fixture_end(&w.f);
}
END_TEST

/* key_reuse = no: another entity does not get the key of one that has gone, its own does. */
START_TEST(test_key_stays_taken)
{
	uint8_t digest[32], rejected[32];
	struct store_certificate cert;
	struct past_world w;
	bool taken;

	memset(digest, 0x5a, sizeof(digest));
	memset(rejected, 0x11, sizeof(rejected));
	world_begin(&w, _i);
	cert = certificate_of(w.registration_id, 9);
	cert.state = STORE_CERT_REJECTED;
	memcpy(cert.key_digest, rejected, sizeof(rejected));
	put_certificate(&w.f, &cert);
	keep_replaced(&w); /* so that there is a newer one */
	OK(store_unit_commit(w.f.unit));
	cert = certificate_of(w.registration_id, 10);
	memset(cert.key_digest, 0x44, sizeof(cert.key_digest));
	cert.not_after_ms = 10 * LATER_MS;
	put_certificate(&w.f, &cert);
	ck_assert(certificate_goes(&w, LATER_MS + 1));
	OK(store_key_taken(w.f.reader, digest, ENTITY("b"), &taken));
	ck_assert(taken);
	OK(store_key_taken(w.f.reader, digest, ENTITY("A"), &taken));
	ck_assert(!taken);
	OK(store_key_taken(w.f.reader, rejected, ENTITY("b"), &taken));
	ck_assert(!taken);
	OK(store_key_require(w.f.unit, digest, ENTITY("b")));
	CONFLICT(store_unit_commit(w.f.unit));
	fixture_end(&w.f);
}
END_TEST

static int key_note(void *arg, const struct name_key *key)
{
	*(struct name_key *)arg = *key;
	return 0;
}

START_TEST(test_name_is_released)
{
	struct past_world w;
	struct name_key key, found = {0};
	int64_t id, n;

	world_begin(&w, _i);
	memset(key.octet, 7, sizeof(key.octet));
	OK(store_held_name_take(w.f.unit, &(struct name_keys){&key, 1}, NULL, w.certificate_id,
				ENTITY("a")));
	OK(store_unit_commit(w.f.unit));
	OK(store_held_names_of(w.f.reader, w.certificate_id, key_note, &found));
	ck_assert_mem_eq(found.octet, key.octet, sizeof(key.octet));
	/* Of a certificate that does not have it any more nothing happens. */
	OK(store_held_name_release(w.f.unit, &key, w.certificate_id + 1, &n));
	OK(store_unit_commit(w.f.unit));
	ck_assert_int_eq(store_unit_id(w.f.unit, n), 0);
	OK(store_held_name_find(w.f.reader, &key, &id));
	OK(store_held_name_release(w.f.unit, &key, w.certificate_id, &n));
	OK(store_unit_commit(w.f.unit));
	ck_assert_int_eq(store_unit_id(w.f.unit, n), 1);
	ABSENT(store_held_name_find(w.f.reader, &key, &id));
	ck_assert(certificate_goes(&w, LATER_MS));
	fixture_end(&w.f);
}
END_TEST

static int64_t registrations_purge(struct fixture *f, int64_t before_ms)
{
	struct store_past_page page;
	int64_t n = 0, sum = 0, numbers[STORE_PAST_MAX];

	OK(store_past_list(f->reader, STORE_PAST_REGISTRATIONS, &(struct store_past){0}, before_ms,
			   before_ms, &page));
	for (size_t i = 0; i < page.len; i++)
		OK(store_registration_purge(f->unit, &page.item[i], before_ms, &numbers[n++]));
	OK(store_unit_commit(f->unit));
	for (int64_t i = 0; i < n; i++) {
		sum += store_unit_id(f->unit, numbers[i]);
		ck_assert_int_eq(page.item[i].may_go, store_unit_id(f->unit, numbers[i]));
	}
	return sum;
}

/* It goes behind its certificates, and its attester and passphrases go with it. */
START_TEST(test_registrations)
{
	struct store_attester attester = {.kind = STORE_ATTESTER_KEY,
					  .content = OCTETS("key"),
					  .statement_types = TEXT("1.2.3")};
	struct past_world w;
	struct store_registration reg = {0};
	struct store_rev_passphrase passphrase = {.reference = OCTETS("reference"),
						  .secret = OCTETS("sealed")};

	world_begin(&w, _i);
	passphrase.registration_id = w.registration_id;
	OK(store_rev_passphrase_put(w.f.unit, &passphrase));
	OK(store_registration_set_attester(w.f.unit, w.registration_id, 0, &attester, 5));
	OK(store_registration_deregister(w.f.unit, w.registration_id, 50000));
	OK(store_unit_commit(w.f.unit));
	ck_assert_int_eq(registrations_purge(&w.f, LATER_MS), 0);
	ck_assert(certificate_goes(&w, LATER_MS));
	ck_assert_int_eq(registrations_purge(&w.f, 50000), 0);
	ck_assert_int_eq(registrations_purge(&w.f, 50001), 1);
	ABSENT(store_registration_get(w.f.reader, w.registration_id, &reg));
	ABSENT(store_rev_passphrase_find(w.f.reader, VIEW("reference"), &passphrase));
	fixture_end(&w.f);
}
END_TEST

/* Pages go on behind the row that was looked at last, also where many have the same time. */
START_TEST(test_pages)
{
	enum { MANY = 2 * STORE_PAST_MAX + 17 };
	const struct store_registration reg = sample_registration("a");
	struct store_past at = {0};
	struct store_past_page page;
	size_t seen = 0;
	struct fixture f;
	int64_t registration_id;

	fixture_begin(&f, _i);
	registration_id = put_registration(&f, &reg);
	for (uint64_t i = 1; i <= MANY; i++) {
		struct store_certificate cert = certificate_of(registration_id, i);

		OK(store_certificate_insert(f.unit, &cert, NULL));
	}
	OK(store_unit_commit(f.unit));
	do {
		OK(store_past_list(f.reader, STORE_PAST_EXPIRED, &at, LATER_MS, LATER_MS, &page));
		for (size_t i = 0; i < page.len; i++) {
			ck_assert_int_gt(page.item[i].id, at.id);
			at = page.item[i];
		}
		seen += page.len;
	} while (page.len == STORE_PAST_MAX);
	ck_assert_uint_eq(seen, MANY);
	fixture_end(&f);
}
END_TEST

TCase *retention_cases(void)
{
	TCase *cases = tcase_create("retention");

	tcase_add_loop_test(cases, test_what_keeps_a_certificate, 0,
			    (int)ARRAY_LEN(keepers) * backends_count);
	tcase_add_loop_test(cases, test_certificate_is_kept_for_its_time, 0, backends_count);
	tcase_add_loop_test(cases, test_newest_certificate_stays, 0, backends_count);
	tcase_add_loop_test(cases, test_key_stays_taken, 0, backends_count);
	tcase_add_loop_test(cases, test_name_is_released, 0, backends_count);
	tcase_add_loop_test(cases, test_registrations, 0, backends_count);
	tcase_add_loop_test(cases, test_pages, 0, backends_count);
	return cases;
}
