// SPDX-License-Identifier: Apache-2.0
/* Archived keys. */
#include "fixture.h"

/* Certificate and key in one unit; the id of the certificate. */
static int64_t put_with_key(struct fixture *f, int64_t registration_id, uint64_t serial,
			    enum store_certificate_state state)
{
	struct store_certificate cert = sample_certificate(registration_id, serial);
	struct store_archived_key key = {
		.created_ms = 7, .generated = true, .secret = OCTETS("sealed")};
	int64_t id = 0;

	cert.state = state;
	OK(store_certificate_insert(f->unit, &cert, &id));
	key.certificate_id = id;
	OK(store_archived_key_insert(f->unit, &key));
	OK(store_unit_commit(f->unit));
	return store_unit_id(f->unit, id);
}

static int key_result(struct fixture *f, int64_t certificate_id)
{
	struct store_archived_key key = {0};
	int err = store_archived_key_get(f->reader, certificate_id, &key);

	store_archived_key_clear(&key);
	return err;
}

START_TEST(test_archived_key_of_a_certificate)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct store_archived_key key = {0};
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	id = put_with_key(&f, put_registration(&f, &reg), 1, STORE_CERT_PENDING);
	OK(store_archived_key_get(f.reader, id, &key));
	ck_assert_int_eq(key.certificate_id, id);
	ck_assert_int_eq(key.created_ms, 7);
	ck_assert(key.generated);
	ck_assert(bytes_equal(octets_view(&key.secret), VIEW("sealed")));
	/* One for a certificate. */
	OK(store_archived_key_insert(f.unit, &key));
	CONFLICT(store_unit_commit(f.unit));
	store_archived_key_clear(&key);
	OK(store_archived_key_remove(f.unit, id));
	OK(store_unit_commit(f.unit));
	ABSENT(key_result(&f, id));
	OK(store_archived_key_remove(f.unit, id));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

/* What becomes of the certificate decides about the key. */
START_TEST(test_archived_key_stays_if_accepted)
{
	static const struct {
		enum store_certificate_state from, to;
		int result;
	} rows[] = {
		{STORE_CERT_PENDING, STORE_CERT_REJECTED, STORE_NOT_FOUND},
		{STORE_CERT_PENDING, STORE_CERT_REVOKED, STORE_NOT_FOUND},
		{STORE_CERT_PENDING, STORE_CERT_REVOCATION_PENDING, STORE_NOT_FOUND},
		{STORE_CERT_REQUESTED, STORE_CERT_REJECTED, STORE_NOT_FOUND},
		{STORE_CERT_PENDING, STORE_CERT_ACTIVE, 0},
		{STORE_CERT_ACTIVE, STORE_CERT_REVOKED, 0},
		{STORE_CERT_ACTIVE, STORE_CERT_ON_HOLD, 0},
	};
	struct store_registration reg = sample_registration("vnfci-1");
	struct fixture f;
	int64_t registration_id, id;

	fixture_begin(&f, _i);
	registration_id = put_registration(&f, &reg);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		id = put_with_key(&f, registration_id, i + 1, rows[i].from);
		if (rows[i].to == STORE_CERT_ACTIVE)
			OK(store_certificate_set_state(f.unit, id, rows[i].from, rows[i].to));
		else
			OK(store_certificate_revoke(f.unit, id, rows[i].from, rows[i].to, 0, 9));
		OK(store_unit_commit(f.unit));
		ck_assert_msg(key_result(&f, id) == rows[i].result, "row %zu", i);
	}
	fixture_end(&f);
}
END_TEST

struct listed {
	int64_t id[8];
	size_t len;
};

static int note(void *arg, const struct store_archived_key *key)
{
	struct listed *listed = arg;

	ck_assert(bytes_equal(octets_view(&key->secret), VIEW("sealed")));
	listed->id[listed->len++] = key->certificate_id;
	return 0;
}

START_TEST(test_archived_key_list_of_an_entity)
{
	struct store_registration one = sample_registration("vnfci-1");
	struct store_registration two = sample_registration("vnfci-2");
	struct listed listed = {.len = 0};
	struct fixture f;
	int64_t first, other, old, revoked, newest;

	fixture_begin(&f, _i);
	first = put_registration(&f, &one);
	other = put_registration(&f, &two);
	old = put_with_key(&f, first, 1, STORE_CERT_ACTIVE);
	put_with_key(&f, other, 2, STORE_CERT_ACTIVE);
	revoked = put_with_key(&f, first, 3, STORE_CERT_REVOKED);
	/* Not accepted yet. */
	put_with_key(&f, first, 4, STORE_CERT_PENDING);
	newest = put_with_key(&f, first, 5, STORE_CERT_ACTIVE);
	OK(store_archived_key_list(f.reader, first, 8, note, &listed));
	ck_assert_uint_eq(listed.len, 3);
	ck_assert_int_eq(listed.id[0], newest);
	ck_assert_int_eq(listed.id[1], revoked);
	ck_assert_int_eq(listed.id[2], old);
	listed.len = 0;
	OK(store_archived_key_list(f.reader, first, 2, note, &listed));
	ck_assert_uint_eq(listed.len, 2);
	fixture_end(&f);
}
END_TEST

TCase *archived_key_cases(void)
{
	TCase *tc = tcase_create("archived key");

	tcase_add_loop_test(tc, test_archived_key_of_a_certificate, 0, backends_count);
	tcase_add_loop_test(tc, test_archived_key_stays_if_accepted, 0, backends_count);
	tcase_add_loop_test(tc, test_archived_key_list_of_an_entity, 0, backends_count);
	return tc;
}
