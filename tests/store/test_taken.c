// SPDX-License-Identifier: Apache-2.0
/* What a new certificate may collide with: keys that are certified, how many an entity has. */
#include "fixture.h"

#include <string.h>

/* Opened again with or without the index: what is said is the same. */
static void begin(struct fixture *f, int index, bool index_keys)
{
	fixture_begin(f, index);
	fixture_close(f);
	f->options.index_keys = index_keys;
	fixture_open(f);
}

static int64_t registration(struct fixture *f, enum cert_type type, const char *subject_id)
{
	struct store_registration reg = sample_registration(subject_id);

	reg.cert_type = type;
	return put_registration(f, &reg);
}

static int64_t certificate(struct fixture *f, int64_t registration_id, uint64_t serial,
			   enum store_certificate_state state, uint8_t key)
{
	struct store_certificate cert = sample_certificate(registration_id, serial);

	cert.state = state;
	cert.revoked_ms = state == STORE_CERT_REVOKED ? 15000 : 0;
	memset(cert.key_digest, key, sizeof(cert.key_digest));
	return put_certificate(f, &cert);
}

static void assert_key(struct fixture *f, uint8_t key, const char *subject_id, bool taken)
{
	uint8_t digest[32];
	bool found;

	memset(digest, key, sizeof(digest));
	OK(store_key_taken(f->reader, digest, ENTITY(subject_id), &found));
	ck_assert_int_eq(found, taken);
	OK(store_key_require(f->unit, digest, ENTITY(subject_id)));
	ck_assert_int_eq(store_unit_commit(f->unit), taken ? STORE_CONFLICT : 0);
}

/* RFC 9483 3.6.4: "already in use in some other certificate" */
static void keys_check(int index, bool index_keys)
{
	struct fixture f;
	int64_t a, again;

	begin(&f, index, index_keys);
	a = registration(&f, CERT_TYPE_VNFCI, "vnfci-a");
	registration(&f, CERT_TYPE_VNFCI, "vnfci-b");
	assert_key(&f, 1, "vnfci-a", false);
	certificate(&f, a, 1, STORE_CERT_PENDING, 1);
	certificate(&f, a, 0, STORE_CERT_REQUESTED, 2);
	certificate(&f, a, 2, STORE_CERT_REVOKED, 3);
	certificate(&f, a, 3, STORE_CERT_REJECTED, 4);
	for (uint8_t key = 1; key <= 5; key++) {
		assert_key(&f, key, "vnfci-a", false);
		assert_key(&f, key, "VNFCI-A", false);
		assert_key(&f, key, "vnfci-b", key <= 3);
		assert_key(&f, key, "vnfci-c", key <= 3);
	}
	/* The entity is its subject_id, under any certType and registered anew. */
	OK(store_registration_deregister(f.unit, a, 30000));
	OK(store_unit_commit(f.unit));
	assert_key(&f, 1, "vnfci-a", false);
	again = registration(&f, CERT_TYPE_VNF_OAM, "vnfci-a");
	certificate(&f, again, 4, STORE_CERT_ACTIVE, 1);
	assert_key(&f, 1, "vnfci-a", false);
	assert_key(&f, 1, "vnfci-b", true);
	fixture_end(&f);
}

START_TEST(test_key_taken_rfc9483_3_6_4)
{
	keys_check(_i, true);
}
END_TEST

START_TEST(test_key_taken_without_index)
{
	keys_check(_i, false);
}
END_TEST

/* Of two that were decided at the same time the second is told. */
START_TEST(test_key_required_in_the_unit)
{
	struct store_certificate cert;
	struct store_unit *other;
	struct fixture f;
	int64_t id;

	begin(&f, _i, true);
	cert = sample_certificate(registration(&f, CERT_TYPE_VNFCI, "vnfci-a"), 1);
	OK(store_unit_new(f.store, &other));
	OK(store_key_require(other, cert.key_digest, ENTITY("vnfci-b")));
	add_audit(other);
	OK(store_key_require(f.unit, cert.key_digest, ENTITY("vnfci-a")));
	OK(store_certificate_insert(f.unit, &cert, &id));
	/* Its own does not stand in its way later in the unit. */
	OK(store_key_require(f.unit, cert.key_digest, ENTITY("vnfci-a")));
	OK(store_unit_commit(f.unit));
	CONFLICT(store_unit_commit(other));
	ck_assert_int_eq(f.backend->audit_count(f.database), 0);
	store_unit_free(other);
	fixture_end(&f);
}
END_TEST

static void assert_live(struct fixture *f, struct store_live live, uint32_t number)
{
	for (live.max = 1; live.max < 10; live.max++) {
		bool reached;

		OK(store_live_reached(f->reader, &live, &reached));
		ck_assert_int_eq(reached, number >= live.max);
		OK(store_live_require(f->unit, &live));
		ck_assert_int_eq(store_unit_commit(f->unit), reached ? STORE_CONFLICT : 0);
	}
}

START_TEST(test_live_certificates)
{
	struct store_live live = {.entity = *ENTITY("vnfci-a"), .now_ms = 20000};
	struct fixture f;
	int64_t ids[STORE_CERT_STATE_COUNT], a, last;

	begin(&f, _i, false);
	a = registration(&f, CERT_TYPE_VNFCI, "vnfci-a");
	last = registration(&f, CERT_TYPE_VNFCI, "vnfci-b");
	certificate(&f, last, 100, STORE_CERT_ACTIVE, 1);
	assert_live(&f, live, 0);
	for (int state = 0; state < STORE_CERT_STATE_COUNT; state++)
		ids[state] =
			certificate(&f, a, (uint64_t)state, (enum store_certificate_state)state, 1);
	/* To be issued, to be confirmed, active, on hold. */
	assert_live(&f, live, 4);
	live.except_id = ids[STORE_CERT_ACTIVE];
	assert_live(&f, live, 3);
	live.except_id = ids[STORE_CERT_REVOKED];
	assert_live(&f, live, 4);
	live.except_id = 0;
	live.now_ms = 89999;
	assert_live(&f, live, 4);
	live.now_ms = 90000; /* not_after_ms */
	assert_live(&f, live, 0);
	fixture_end(&f);
}
END_TEST

/* Under each certType, registered anew, and whatever the spelling; but of one entity. */
START_TEST(test_live_certificates_of_an_entity)
{
	struct store_live live = {.entity = *ENTITY("vnfci-a"), .now_ms = 20000};
	struct store_registration other = sample_registration("vnfci-a");
	struct fixture f;
	int64_t first;

	begin(&f, _i, false);
	first = registration(&f, CERT_TYPE_VNFCI, "vnfci-a");
	certificate(&f, first, 1, STORE_CERT_ACTIVE, 1);
	certificate(&f, registration(&f, CERT_TYPE_VNF_OAM, "VNFCI-A"), 2, STORE_CERT_ACTIVE, 1);
	OK(store_registration_deregister(f.unit, first, 30000));
	OK(store_unit_commit(f.unit));
	certificate(&f, registration(&f, CERT_TYPE_VNFCI, "vnfci-a"), 3, STORE_CERT_ACTIVE, 1);
	other.vnf_instance = TEXT("vnf-1");
	certificate(&f, put_registration(&f, &other), 4, STORE_CERT_ACTIVE, 1);
	other = sample_registration("vnfci-a");
	other.trust_domain = TEXT("domain-b");
	certificate(&f, put_registration(&f, &other), 5, STORE_CERT_ACTIVE, 1);
	assert_live(&f, live, 3);
	live.entity.vnf_instance = "vnf-1";
	assert_live(&f, live, 1);
	live.entity = (struct store_entity){"domain-b", "", "Vnfci-a"};
	assert_live(&f, live, 1);
	fixture_end(&f);
}
END_TEST

/* The same identifier in another VNF instance, or another trust domain, is another entity. */
START_TEST(test_key_of_another_entity_of_that_name)
{
	const struct store_entity others[] = {{"domain-a", "vnf-1", "vnfci-a"},
					      {"domain-b", "", "vnfci-a"}};
	uint8_t digest[32];
	struct fixture f;
	bool taken;

	begin(&f, _i, true);
	certificate(&f, registration(&f, CERT_TYPE_VNFCI, "vnfci-a"), 1, STORE_CERT_ACTIVE, 1);
	memset(digest, 1, sizeof(digest));
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		OK(store_key_taken(f.reader, digest, &others[i], &taken));
		ck_assert(taken);
		OK(store_key_require(f.unit, digest, &others[i]));
		CONFLICT(store_unit_commit(f.unit));
	}
	fixture_end(&f);
}
END_TEST

TCase *taken_cases(void)
{
	TCase *tc = tcase_create("taken");

	tcase_add_loop_test(tc, test_key_taken_rfc9483_3_6_4, 0, backends_count);
	tcase_add_loop_test(tc, test_key_taken_without_index, 0, backends_count);
	tcase_add_loop_test(tc, test_key_required_in_the_unit, 0, backends_count);
	tcase_add_loop_test(tc, test_live_certificates, 0, backends_count);
	tcase_add_loop_test(tc, test_live_certificates_of_an_entity, 0, backends_count);
	tcase_add_loop_test(tc, test_key_of_another_entity_of_that_name, 0, backends_count);
	return tc;
}
