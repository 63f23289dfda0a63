// SPDX-License-Identifier: Apache-2.0
/* Direct mode: VNFs, VNFCs and one-time secrets. */
#include "fixture.h"

#include "store/direct.h"

#include <string.h>

static struct store_registration direct_registration(const char *subject_id)
{
	struct store_registration reg = sample_registration(subject_id);

	reg.source = TEXT("vnfm sim");
	reg.handling = CERT_HANDLING_DIRECT;
	return reg;
}

/* A VNF with one VNFC; the registration of that. */
static int64_t put_vnfc(struct fixture *f, const char *subject_id)
{
	const struct store_registration reg = direct_registration(subject_id);
	struct store_vnf vnf = {.vnfm = TEXT("sim"),
				.vnf_instance = TEXT("vnf-1"),
				.names = STORE_VNF_NAMES_VNFC,
				.seen_ms = 10},
			 there = {0};
	struct store_vnfc vnfc = {.vnfc_id = TEXT(subject_id),
				  .resource_id = TEXT("r-1"),
				  .vdu_id = TEXT("vdu"),
				  .state_ms = 10};
	int err = store_vnf_find(f->reader, "sim", "vnf-1", &there);

	vnfc.vnf_id = there.id;
	store_vnf_clear(&there);
	if (err == STORE_NOT_FOUND)
		OK(store_vnf_insert(f->unit, &vnf, &vnfc.vnf_id));
	OK(store_registration_insert(f->unit, &reg, &vnfc.registration_id));
	OK(store_vnfc_insert(f->unit, &vnfc));
	OK(store_unit_commit(f->unit));
	return store_unit_id(f->unit, vnfc.registration_id);
}

static int64_t count_of(struct fixture *f, enum store_vnfc_state state, int64_t resync)
{
	int64_t n = -1;

	OK(store_vnfc_count(f->reader, "sim", state, resync, &n));
	return n;
}

/* Of a VNFM that has none of these. */
static void nothing_of_others(struct fixture *f)
{
	int64_t n = -1;

	OK(store_vnfc_count(f->reader, "other", STORE_VNFC_PRESENT, 0, &n));
	ck_assert_int_eq(n, 0);
}

static void set_state(struct fixture *f, int64_t id, enum store_vnfc_state to, int64_t due_ms,
		      int64_t resync)
{
	struct store_vnfc vnfc = {0};
	enum store_vnfc_state from;

	OK(store_vnfc_get(f->reader, id, &vnfc));
	from = vnfc.state;
	vnfc.state = to;
	vnfc.due_ms = due_ms;
	vnfc.resync = resync;
	OK(store_vnfc_update(f->unit, &vnfc, from));
	OK(store_unit_commit(f->unit));
	store_vnfc_clear(&vnfc);
}

START_TEST(test_vnfc_comes_back_as_inserted)
{
	struct store_vnfc vnfc = {0};
	struct store_vnf vnf = {0};
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	ABSENT(store_vnf_find(f.reader, "sim", "vnf-1", &vnf));
	id = put_vnfc(&f, "c-1");
	OK(store_vnfc_get(f.reader, id, &vnfc));
	ck_assert_int_eq(vnfc.registration_id, id);
	ck_assert_str_eq(vnfc.vnfc_id, "c-1");
	ck_assert_str_eq(vnfc.resource_id, "r-1");
	ck_assert_str_eq(vnfc.vdu_id, "vdu");
	ck_assert_int_eq(vnfc.state, STORE_VNFC_PRESENT);
	ck_assert_int_eq(vnfc.state_ms, 10);
	ck_assert(vnfc.due_ms == 0 && vnfc.resync == 0 && vnfc.replaced_id == 0);
	ck_assert_str_eq(vnfc.vnfm, "sim");
	ck_assert_str_eq(vnfc.vnf_instance, "vnf-1");
	ck_assert_str_eq(vnfc.subject_id, "c-1");
	ck_assert_str_eq(vnfc.trust_domain, "domain-a");
	OK(store_vnf_find(f.reader, "sim", "vnf-1", &vnf));
	ck_assert_int_eq(vnf.id, vnfc.vnf_id);
	ck_assert(!vnf.vnfd_id && vnf.names == STORE_VNF_NAMES_VNFC);
	ck_assert(vnf.n_vnfcs == 1 && vnf.n_gone == 0 && vnf.seen_ms == 10);
	/* One row for a registration. */
	OK(store_vnfc_insert(f.unit, &vnfc));
	CONFLICT(store_unit_commit(f.unit));
	store_vnfc_clear(&vnfc);
	/* And one for a VNF of a VNFM. */
	OK(store_vnf_insert(f.unit, &vnf, NULL));
	CONFLICT(store_unit_commit(f.unit));
	/* It stays as long as it has VNFCs. */
	OK(store_vnf_remove(f.unit, vnf.id));
	CONFLICT(store_unit_commit(f.unit));
	store_vnf_clear(&vnf);
	fixture_end(&f);
}
END_TEST

START_TEST(test_vnfc_keeps_the_operation_in_which_it_went)
{
	struct store_vnfc vnfc = {0};
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	id = put_vnfc(&f, "c-1");
	OK(store_vnfc_get(f.reader, id, &vnfc));
	ck_assert_ptr_null(vnfc.operation_id);
	vnfc.state = STORE_VNFC_HELD;
	vnfc.operation_id = strdup("op-1");
	OK(store_vnfc_update(f.unit, &vnfc, STORE_VNFC_PRESENT));
	OK(store_vnfc_move(f.unit, "sim", STORE_VNFC_HELD, 0, STORE_VNFC_DUE, 20, NULL));
	OK(store_unit_commit(f.unit));
	store_vnfc_clear(&vnfc);
	OK(store_vnfc_get(f.reader, id, &vnfc));
	ck_assert_str_eq(vnfc.operation_id, "op-1");
	store_vnfc_clear(&vnfc);
	fixture_end(&f);
}
END_TEST

START_TEST(test_another_manager_of_a_registration)
{
	struct store_registration other = direct_registration("c-1");
	struct store_vnfc vnfc = {0};
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	id = put_vnfc(&f, "c-1");
	OK(store_registration_set_manager(f.unit, id, "vnfm-a", "vnfm-b", 20));
	OK(store_unit_commit(f.unit));
	OK(store_vnfc_get(f.reader, id, &vnfc));
	ck_assert_str_eq(vnfc.manager, "vnfm-b");
	store_vnfc_clear(&vnfc);
	/* It is not what it was. */
	OK(store_registration_set_manager(f.unit, id, "vnfm-a", "vnfm-c", 30));
	CONFLICT(store_unit_commit(f.unit));
	/* One of the same name elsewhere is another entity. */
	other.vnf_instance = TEXT("vnf-2");
	OK(store_registration_insert(f.unit, &other, NULL));
	OK(store_registration_set_manager(f.unit, id, "vnfm-b", "vnfm-c", 40));
	OK(store_unit_commit(f.unit));
	/* All of one entity have one manager. */
	OK(store_registration_get(f.reader, id, &other));
	other.cert_type = CERT_TYPE_VNF_OAM;
	OK(store_registration_insert(f.unit, &other, NULL));
	OK(store_unit_commit(f.unit));
	OK(store_registration_set_manager(f.unit, id, "vnfm-c", "vnfm-b", 50));
	CONFLICT(store_unit_commit(f.unit));
	store_registration_clear(&other);
	fixture_end(&f);
}
END_TEST

START_TEST(test_registration_has_its_source)
{
	struct store_registration reg = {0};
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	id = put_vnfc(&f, "c-1");
	OK(store_registration_get(f.reader, id, &reg));
	ck_assert_str_eq(reg.source, "vnfm sim");
	store_registration_clear(&reg);
	fixture_end(&f);
}
END_TEST

START_TEST(test_vnfc_ends_with_its_registration)
{
	struct store_vnfc vnfc = {0};
	struct store_vnf vnf = {0};
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	id = put_vnfc(&f, "c-1");
	OK(store_registration_deregister(f.unit, id, 20));
	OK(store_unit_commit(f.unit));
	ABSENT(store_vnfc_get(f.reader, id, &vnfc));
	OK(store_vnf_find(f.reader, "sim", "vnf-1", &vnf));
	ck_assert_int_eq(vnf.n_vnfcs, 0);
	OK(store_vnf_remove(f.unit, vnf.id));
	OK(store_unit_commit(f.unit));
	store_vnf_clear(&vnf);
	fixture_end(&f);
}
END_TEST

START_TEST(test_names_of_a_vnf_change_only_from_what_they_were)
{
	struct store_vnf vnf = {.vnfm = TEXT("sim"),
				.vnf_instance = TEXT("vnf-1"),
				.names = STORE_VNF_NAMES_UNKNOWN};
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_vnf_insert(f.unit, &vnf, &vnf.id));
	OK(store_unit_commit(f.unit));
	vnf.id = store_unit_id(f.unit, vnf.id);
	vnf.names = STORE_VNF_NAMES_RESOURCE;
	OK(store_vnf_update(f.unit, &vnf, STORE_VNF_NAMES_UNKNOWN));
	OK(store_unit_commit(f.unit));
	vnf.names = STORE_VNF_NAMES_VNFC;
	OK(store_vnf_update(f.unit, &vnf, STORE_VNF_NAMES_UNKNOWN));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

START_TEST(test_what_has_gone_is_counted_and_moved)
{
	struct store_due due;
	struct fixture f;
	int64_t one, two, three, n;

	fixture_begin(&f, _i);
	one = put_vnfc(&f, "c-1");
	two = put_vnfc(&f, "c-2");
	three = put_vnfc(&f, "c-3");
	set_state(&f, one, STORE_VNFC_GONE, 0, 7);
	set_state(&f, two, STORE_VNFC_GONE, 0, 8);
	set_state(&f, three, STORE_VNFC_HELD, 0, 0);
	ck_assert_int_eq(count_of(&f, STORE_VNFC_GONE, 7), 1);
	ck_assert_int_eq(count_of(&f, STORE_VNFC_GONE, 0), 2);
	nothing_of_others(&f);
	/* Of that resync, and no other. */
	OK(store_vnfc_move(f.unit, "sim", STORE_VNFC_GONE, 7, STORE_VNFC_DUE, 50, &n));
	OK(store_unit_commit(f.unit));
	ck_assert_int_eq(store_unit_id(f.unit, n), 1);
	OK(store_vnfc_move(f.unit, "other", STORE_VNFC_HELD, 0, STORE_VNFC_DUE, 50, NULL));
	OK(store_unit_commit(f.unit));
	OK(store_vnfc_due(f.reader, 49, &due));
	ck_assert_uint_eq(due.len, 0);
	OK(store_vnfc_due(f.reader, 50, &due));
	ck_assert_uint_eq(due.len, 1);
	ck_assert_int_eq(due.id[0], one);
	ck_assert_int_eq(count_of(&f, STORE_VNFC_HELD, 0), 1);
	ck_assert_int_eq(count_of(&f, STORE_VNFC_GONE, 8), 1);
	fixture_end(&f);
}
END_TEST

START_TEST(test_a_state_changes_only_from_what_it_was)
{
	struct store_vnfc vnfc = {0};
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	id = put_vnfc(&f, "c-1");
	OK(store_vnfc_get(f.reader, id, &vnfc));
	vnfc.state = STORE_VNFC_PRESENT;
	OK(store_vnfc_update(f.unit, &vnfc, STORE_VNFC_DUE));
	CONFLICT(store_unit_commit(f.unit));
	store_vnfc_clear(&vnfc);
	fixture_end(&f);
}
END_TEST

/* Which certificates say that the new resource has enrolled. */
static const struct {
	const char *requester;
	bool replaces;
	enum store_certificate_state state;
	bool counts;
} enrolled[] = {
	{"initialCredential:r", false, STORE_CERT_ACTIVE, true},
	{"initialCredential:r", false, STORE_CERT_PENDING, false},
	{"certificate:ca/01", false, STORE_CERT_ACTIVE, false},
	{"certificate:ca/01", true, STORE_CERT_ACTIVE, false},
};

START_TEST(test_what_the_new_resource_has_got)
{
	struct fixture f;
	int64_t id, old;

	fixture_begin(&f, _i);
	id = put_vnfc(&f, "c-1");
	{
		struct store_certificate cert = sample_certificate(id, 1);

		old = put_certificate(&f, &cert);
	}
	for (size_t i = 0; i < sizeof(enrolled) / sizeof(enrolled[0]); i++) {
		struct store_certificate cert = sample_certificate(id, 2 + i);
		struct store_vnfc vnfc = {0};
		struct store_due due;

		cert.requester = TEXT(enrolled[i].requester);
		cert.state = enrolled[i].state;
		cert.replaces_id = enrolled[i].replaces ? old : 0;
		OK(store_vnfc_get(f.reader, id, &vnfc));
		vnfc.replaced_id = old;
		OK(store_vnfc_update(f.unit, &vnfc, STORE_VNFC_PRESENT));
		store_vnfc_clear(&vnfc);
		OK(store_unit_commit(f.unit));
		OK(store_vnfc_replaced(f.reader, &due));
		ck_assert_uint_eq(due.len, 0);
		old = put_certificate(&f, &cert);
		OK(store_vnfc_replaced(f.reader, &due));
		ck_assert_uint_eq(due.len, enrolled[i].counts);
	}
	fixture_end(&f);
}
END_TEST

/* --- one-time secrets --- */

static struct store_initial_credential sample_initial(int64_t registration_id,
						      const char *reference)
{
	return (struct store_initial_credential){
		.registration_id = registration_id,
		.reference = {(uint8_t *)reference, strlen(reference)},
		.secret = OCTETS("sealed\0octets"),
		.created_ms = 5,
		.expires_ms = 100,
		.file = STORE_INITIAL_FILE_TO_WRITE,
	};
}

static void put_initial(struct fixture *f, const struct store_initial_credential *c)
{
	OK(store_initial_credential_put(f->unit, c));
	OK(store_unit_commit(f->unit));
}

START_TEST(test_initial_credential_comes_back_as_put)
{
	struct store_initial_credential c, found = {0};
	struct store_due due;
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	id = put_vnfc(&f, "c-1");
	c = sample_initial(id, "ref-1");
	put_initial(&f, &c);
	OK(store_initial_credential_find(f.reader, bytes_of_string("ref-1"), &found));
	ck_assert_int_eq(found.registration_id, id);
	ck_assert(bytes_equal(octets_view(&found.secret), octets_view(&c.secret)));
	ck_assert(found.created_ms == 5 && found.expires_ms == 100 && found.spent_ms == 0);
	ck_assert(found.certificate_id == 0 && found.certificate_state == -1 && found.registered);
	ck_assert_str_eq(found.source, "vnfm sim");
	ck_assert_str_eq(found.subject_id, "c-1");
	OK(store_initial_credential_files(f.reader, STORE_INITIAL_FILE_TO_WRITE, &due));
	ck_assert_uint_eq(due.len, 1);
	ck_assert_int_eq(due.id[0], found.id);
	store_initial_credential_clear(&found);
	/* Another takes its place. */
	c = sample_initial(id, "ref-2");
	put_initial(&f, &c);
	ABSENT(store_initial_credential_find(f.reader, bytes_of_string("ref-1"), &found));
	OK(store_initial_credential_of(f.reader, id, &found));
	ck_assert(bytes_equal(octets_view(&found.reference), bytes_of_string("ref-2")));
	store_initial_credential_clear(&found);
	fixture_end(&f);
}
END_TEST

START_TEST(test_initial_credential_is_delivered)
{
	struct store_initial_credential c, found = {0};
	struct fixture f;
	uint32_t n;

	fixture_begin(&f, _i);
	c = sample_initial(put_vnfc(&f, "c-1"), "ref-1");
	c.deliver_to = TEXT("sim");
	put_initial(&f, &c);
	c = sample_initial(put_vnfc(&f, "c-2"), "ref-2");
	put_initial(&f, &c);
	ABSENT(store_initial_credential_to_deliver(f.reader, "other", 1000, &found));
	ABSENT(store_initial_credential_to_deliver(f.reader, "sim", c.created_ms - 1, &found));
	OK(store_initial_credential_to_deliver(f.reader, "sim", c.created_ms, &found));
	ck_assert_str_eq(found.subject_id, "c-1");
	ck_assert_str_eq(found.deliver_to, "sim");
	ck_assert(found.deliver_attempts == 0 && found.delivered_ms == 0);
	OK(store_initial_credential_deliver_again(f.unit, found.id, 500, 3));
	OK(store_unit_commit(f.unit));
	store_initial_credential_clear(&found);
	ABSENT(store_initial_credential_to_deliver(f.reader, "sim", 499, &found));
	OK(store_initial_credential_to_deliver(f.reader, "sim", 500, &found));
	ck_assert_uint_eq(found.deliver_attempts, 3);
	OK(store_initial_credential_undelivered(f.reader, "sim", 10, &n));
	ck_assert_uint_eq(n, 1);
	OK(store_initial_credential_delivered(f.unit, found.id, 600));
	OK(store_unit_commit(f.unit));
	store_initial_credential_clear(&found);
	ABSENT(store_initial_credential_to_deliver(f.reader, "sim", 1000, &found));
	OK(store_initial_credential_find(f.reader, bytes_of_string("ref-1"), &found));
	ck_assert(found.delivered_ms == 600 && !found.deliver_to);
	store_initial_credential_clear(&found);
	OK(store_initial_credential_undelivered(f.reader, "sim", 10, &n));
	ck_assert_uint_eq(n, 0);
	fixture_end(&f);
}
END_TEST

START_TEST(test_initial_credential_is_used_by_one_at_a_time)
{
	struct store_initial_credential c, found = {0};
	struct store_certificate cert;
	struct store_due due;
	struct fixture f;
	int64_t id, cert_id;

	fixture_begin(&f, _i);
	id = put_vnfc(&f, "c-1");
	c = sample_initial(id, "ref-1");
	put_initial(&f, &c);
	cert = sample_certificate(id, 1);
	cert.state = STORE_CERT_PENDING;
	cert_id = put_certificate(&f, &cert);
	OK(store_initial_credential_of(f.reader, id, &found));
	OK(store_initial_credential_use(f.unit, &found, cert_id));
	OK(store_unit_commit(f.unit));
	/* Who has read the same is too late. */
	OK(store_initial_credential_use(f.unit, &found, cert_id));
	CONFLICT(store_unit_commit(f.unit));
	store_initial_credential_clear(&found);
	OK(store_initial_credential_used(f.reader, &due));
	ck_assert_uint_eq(due.len, 0);
	OK(store_certificate_set_state(f.unit, cert_id, STORE_CERT_PENDING, STORE_CERT_ACTIVE));
	OK(store_unit_commit(f.unit));
	OK(store_initial_credential_used(f.reader, &due));
	ck_assert_uint_eq(due.len, 1);
	OK(store_initial_credential_get(f.reader, due.id[0], &found));
	ck_assert_int_eq(found.certificate_state, STORE_CERT_ACTIVE);
	OK(store_initial_credential_spend(f.unit, found.id, 50));
	OK(store_unit_commit(f.unit));
	store_initial_credential_clear(&found);
	OK(store_initial_credential_get(f.reader, due.id[0], &found));
	ck_assert(found.spent_ms == 50 && found.expires_ms == 50);
	ck_assert_int_eq(found.file, STORE_INITIAL_FILE_TO_REMOVE);
	OK(store_initial_credential_used(f.reader, &due));
	ck_assert_uint_eq(due.len, 0);
	store_initial_credential_clear(&found);
	fixture_end(&f);
}
END_TEST

START_TEST(test_initial_credential_ends_with_its_registration)
{
	struct store_initial_credential c, found = {0};
	struct store_due due;
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	id = put_vnfc(&f, "c-1");
	c = sample_initial(id, "ref-1");
	put_initial(&f, &c);
	OK(store_initial_credential_expired(f.reader, 100, &due));
	ck_assert_uint_eq(due.len, 0);
	OK(store_registration_deregister(f.unit, id, 20));
	OK(store_unit_commit(f.unit));
	OK(store_initial_credential_of(f.reader, id, &found));
	ck_assert(!found.registered && found.expires_ms == 0);
	ck_assert_int_eq(found.file, STORE_INITIAL_FILE_TO_REMOVE);
	OK(store_initial_credential_expired(f.reader, 1, &due));
	ck_assert_uint_eq(due.len, 0);
	/* Not before its file. */
	OK(store_initial_credential_remove(f.unit, found.id));
	OK(store_unit_commit(f.unit));
	OK(store_initial_credential_get(f.reader, found.id, &c));
	store_initial_credential_clear(&c);
	OK(store_initial_credential_set_file(f.unit, found.id, STORE_INITIAL_FILE_WRITTEN,
					     STORE_INITIAL_FILE_NONE));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_initial_credential_set_file(f.unit, found.id, STORE_INITIAL_FILE_TO_REMOVE,
					     STORE_INITIAL_FILE_NONE));
	OK(store_initial_credential_remove(f.unit, found.id));
	OK(store_unit_commit(f.unit));
	ABSENT(store_initial_credential_get(f.reader, found.id, &c));
	store_initial_credential_clear(&found);
	/* None for one that has ended. */
	c = sample_initial(id, "ref-2");
	OK(store_initial_credential_put(f.unit, &c));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

TCase *direct_cases(void)
{
	TCase *tc = tcase_create("direct");

	tcase_add_loop_test(tc, test_vnfc_comes_back_as_inserted, 0, backends_count);
	tcase_add_loop_test(tc, test_registration_has_its_source, 0, backends_count);
	tcase_add_loop_test(tc, test_vnfc_keeps_the_operation_in_which_it_went, 0, backends_count);
	tcase_add_loop_test(tc, test_another_manager_of_a_registration, 0, backends_count);
	tcase_add_loop_test(tc, test_vnfc_ends_with_its_registration, 0, backends_count);
	tcase_add_loop_test(tc, test_names_of_a_vnf_change_only_from_what_they_were, 0,
			    backends_count);
	tcase_add_loop_test(tc, test_what_has_gone_is_counted_and_moved, 0, backends_count);
	tcase_add_loop_test(tc, test_a_state_changes_only_from_what_it_was, 0, backends_count);
	tcase_add_loop_test(tc, test_what_the_new_resource_has_got, 0, backends_count);
	tcase_add_loop_test(tc, test_initial_credential_comes_back_as_put, 0, backends_count);
	tcase_add_loop_test(tc, test_initial_credential_is_delivered, 0, backends_count);
	tcase_add_loop_test(tc, test_initial_credential_is_used_by_one_at_a_time, 0,
			    backends_count);
	tcase_add_loop_test(tc, test_initial_credential_ends_with_its_registration, 0,
			    backends_count);
	return tc;
}
