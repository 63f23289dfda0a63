// SPDX-License-Identifier: Apache-2.0
/* Names under a CA, each held by one entity; how many registrations a trust domain has. */
#include "fixture.h"

#include <string.h>

static struct name_keys keys_of(struct name_key key[2], uint8_t first, uint8_t second)
{
	memset(key[0].octet, first, NAME_KEY_LEN);
	memset(key[1].octet, second, NAME_KEY_LEN);
	return (struct name_keys){key, 2};
}

static int64_t certificate(struct fixture *f, const char *subject_id, uint64_t serial)
{
	const struct store_registration reg = sample_registration(subject_id);
	const struct store_certificate cert = sample_certificate(put_registration(f, &reg), serial);

	return put_certificate(f, &cert);
}

static void assert_holder(struct fixture *f, uint8_t octet, int64_t expected)
{
	struct name_key key[2];
	int64_t id = 0;

	(void)keys_of(key, octet, 0);
	ck_assert_int_eq(store_held_name_find(f->reader, &key[0], &id),
			 expected ? 0 : STORE_NOT_FOUND);
	if (expected)
		ck_assert_int_eq(id, expected);
}

START_TEST(test_names_are_taken)
{
	struct name_key key[2];
	struct name_keys keys = keys_of(key, 1, 2);
	int64_t a, again, b, released[2] = {0};
	struct fixture f;

	fixture_begin(&f, _i);
	a = certificate(&f, "a", 1);
	b = certificate(&f, "b", 2);
	assert_holder(&f, 1, 0);
	OK(store_held_name_take(f.unit, &keys, NULL, a, ENTITY("a")));
	OK(store_unit_commit(f.unit));
	assert_holder(&f, 1, a);
	assert_holder(&f, 2, a);
	/* Another entity gets neither, nor a third name beside them. */
	keys = keys_of(key, 3, 2);
	OK(store_held_name_take(f.unit, &keys, NULL, b, ENTITY("b")));
	CONFLICT(store_unit_commit(f.unit));
	assert_holder(&f, 3, 0);
	/* The same in another VNF instance or trust domain is another one. */
	keys = keys_of(key, 1, 1);
	OK(store_held_name_take(f.unit, &keys, NULL, b,
				&(struct store_entity){"domain-a", "vnf-1", "a"}));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_held_name_take(f.unit, &keys, NULL, b,
				&(struct store_entity){"domain-b", "", "a"}));
	CONFLICT(store_unit_commit(f.unit));
	/* A newer certificate of the same entity, in whatever spelling and registration. */
	OK(store_registration_deregister(f.unit, 1, 1000));
	OK(store_unit_commit(f.unit));
	again = certificate(&f, "A", 3);
	OK(store_held_name_take(f.unit, &keys, NULL, again, ENTITY("A")));
	OK(store_unit_commit(f.unit));
	assert_holder(&f, 1, again);
	/* Taken over from what had it last, and from nothing else. */
	released[0] = a;
	keys = keys_of(key, 1, 4);
	OK(store_held_name_take(f.unit, &keys, released, b, ENTITY("b")));
	CONFLICT(store_unit_commit(f.unit));
	released[0] = again;
	OK(store_held_name_take(f.unit, &keys, released, b, ENTITY("b")));
	OK(store_unit_commit(f.unit));
	assert_holder(&f, 1, b);
	assert_holder(&f, 2, a);
	assert_holder(&f, 4, b);
	fixture_end(&f);
}
END_TEST

/* Of two that were decided at the same time the second is told. */
START_TEST(test_names_in_the_unit)
{
	struct name_key key[2];
	const struct name_keys keys = keys_of(key, 1, 2);
	struct store_unit *other;
	struct fixture f;
	int64_t a, b;

	fixture_begin(&f, _i);
	a = certificate(&f, "a", 1);
	b = certificate(&f, "b", 2);
	OK(store_unit_new(f.store, &other));
	OK(store_held_name_take(other, &keys, NULL, b, ENTITY("b")));
	add_audit(other);
	OK(store_held_name_take(f.unit, &keys, NULL, a, ENTITY("a")));
	OK(store_unit_commit(f.unit));
	CONFLICT(store_unit_commit(other));
	ck_assert_int_eq(f.backend->audit_count(f.database), 0);
	store_unit_free(other);
	fixture_end(&f);
}
END_TEST

static void assert_registrations(struct fixture *f, const char *domain, int64_t expected)
{
	int64_t n = -1;

	OK(store_trust_domain_registrations(f->reader, domain, &n));
	ck_assert_int_eq(n, expected);
}

START_TEST(test_registrations_of_a_trust_domain)
{
	struct store_registration reg = sample_registration("a");
	struct fixture f;
	int64_t a;

	fixture_begin(&f, _i);
	assert_registrations(&f, "domain-a", 0);
	a = put_registration(&f, &reg);
	reg = sample_registration("b");
	put_registration(&f, &reg);
	reg = sample_registration("c");
	reg.trust_domain = TEXT("domain-b");
	put_registration(&f, &reg);
	assert_registrations(&f, "domain-a", 2);
	assert_registrations(&f, "domain-b", 1);
	OK(store_trust_domain_require(f.unit, "domain-a", 2));
	OK(store_trust_domain_require(f.unit, "domain-c", 0));
	OK(store_unit_commit(f.unit));
	OK(store_trust_domain_require(f.unit, "domain-a", 1));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_registration_deregister(f.unit, a, 1000));
	OK(store_trust_domain_require(f.unit, "domain-a", 1));
	OK(store_unit_commit(f.unit));
	assert_registrations(&f, "domain-a", 1);
	fixture_end(&f);
}
END_TEST

TCase *held_name_cases(void)
{
	TCase *tc = tcase_create("held names");

	tcase_add_loop_test(tc, test_names_are_taken, 0, backends_count);
	tcase_add_loop_test(tc, test_names_in_the_unit, 0, backends_count);
	tcase_add_loop_test(tc, test_registrations_of_a_trust_domain, 0, backends_count);
	return tc;
}
