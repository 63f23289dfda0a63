// SPDX-License-Identifier: Apache-2.0
/* Clients. */
#include "fixture.h"

#include <string.h>

struct seen {
	int count;
	struct store_client *expected; /* [2] */
};

static void assert_same_text(const char *a, const char *b)
{
	if (a && b)
		ck_assert_str_eq(a, b);
	else
		ck_assert(!a && !b);
}

static void assert_same_credential(const struct store_credential *c,
				   const struct store_credential *e)
{
	ck_assert_int_gt(c->id, 0);
	ck_assert_int_eq(c->kind, e->kind);
	ck_assert_int_eq(c->not_before_ms, e->not_before_ms);
	ck_assert_int_eq(c->not_after_ms, e->not_after_ms);
	ck_assert_int_eq(c->created_ms, e->created_ms);
	ck_assert(bytes_equal(octets_view(&c->known_by), octets_view(&e->known_by)));
	assert_same_text(c->subject, e->subject);
	ck_assert(bytes_equal(octets_view(&c->content), octets_view(&e->content)));
}

static void assert_same_client(const struct store_client *c, const struct store_client *e)
{
	ck_assert_int_gt(c->id, 0);
	ck_assert_str_eq(c->name, e->name);
	ck_assert_str_eq(c->trust_domain, e->trust_domain);
	ck_assert_uint_eq(c->permissions, e->permissions);
	ck_assert_int_eq(c->register_on_ir, e->register_on_ir);
	assert_same_text(c->default_profile, e->default_profile);
	assert_same_text(c->policy, e->policy);
	assert_same_text(c->entity, e->entity);
	assert_same_text(c->entity_vnf_instance, e->entity_vnf_instance);
	ck_assert_int_eq(c->created_ms, e->created_ms);
	ck_assert_uint_eq(c->n_credentials, e->n_credentials);
	for (size_t i = 0; i < e->n_credentials; i++)
		assert_same_credential(&c->credentials[i], &e->credentials[i]);
}

static int compare_client(void *arg, struct store_client *c)
{
	struct seen *seen = arg;

	assert_same_client(c, &seen->expected[seen->count++]);
	return 0;
}

/* A secret with any octets in its reference, and what has none of the optional parts. */
static struct store_credential both[] = {
	{.kind = STORE_CREDENTIAL_SECRET,
	 .created_ms = 7,
	 .known_by = OCTETS("30\0\xff 78"),
	 .content = OCTETS("encrypted \0 secret")},
	{.kind = STORE_CREDENTIAL_CERTIFICATE, .content = OCTETS("exact certificate")}};

static struct store_client sample_mac_client(const char *name)
{
	return (struct store_client){.name = TEXT(name),
				     .trust_domain = TEXT("domain-b"),
				     .permissions = STORE_MAY_REQUEST | STORE_MAY_REVOKE,
				     .created_ms = 7,
				     .credentials = both,
				     .n_credentials = ARRAY_LEN(both)};
}

START_TEST(test_client_comes_back_as_inserted)
{
	struct store_client clients[2] = {sample_client("vnfm-a"), sample_mac_client("nfvo")};
	struct seen seen = {.expected = clients};
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_client_list(f.reader, 0, compare_client, &seen));
	ck_assert_int_eq(seen.count, 0);
	OK(store_client_insert(f.unit, &clients[0]));
	OK(store_client_insert(f.unit, &clients[1]));
	OK(store_unit_commit(f.unit));
	OK(store_client_list(f.reader, 0, compare_client, &seen));
	ck_assert_int_eq(seen.count, 2);
	fixture_end(&f);
}
END_TEST

static int stop_at_once(void *arg, struct store_client *client)
{
	++*(int *)arg;
	return -42;
}

START_TEST(test_client_list_ends_on_non_zero)
{
	struct store_client a = sample_client("a"), b = sample_client("b");
	struct fixture f;
	int count = 0;

	fixture_begin(&f, _i);
	OK(store_client_insert(f.unit, &a));
	OK(store_client_insert(f.unit, &b));
	OK(store_unit_commit(f.unit));
	ck_assert_int_eq(store_client_list(f.reader, 0, stop_at_once, &count), -42);
	ck_assert_int_eq(count, 1);
	fixture_end(&f);
}
END_TEST

/* A client without any credential is one all the same. */
START_TEST(test_clients_in_the_order_of_ids)
{
	struct store_client clients[3] = {sample_client("a"), sample_client("b"),
					  sample_mac_client("c")};
	struct seen seen = {.expected = clients + 1};
	struct store_client found = {0};
	struct fixture f;

	clients[1].n_credentials = 0;
	fixture_begin(&f, _i);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++)
		OK(store_client_insert(f.unit, &clients[i]));
	OK(store_unit_commit(f.unit));
	OK(store_client_find(f.reader, "a", &found));
	assert_same_client(&found, &clients[0]);
	OK(store_client_list(f.reader, found.id, compare_client, &seen));
	ck_assert_int_eq(seen.count, 2);
	store_client_clear(&found);
	OK(store_client_find(f.reader, "b", &found));
	assert_same_client(&found, &clients[1]);
	store_client_clear(&found);
	ck_assert_int_eq(store_client_find(f.reader, "d", &found), STORE_NOT_FOUND);
	fixture_end(&f);
}
END_TEST

static int kept(void *arg, struct store_client *client)
{
	*(struct store_client *)arg = *client;
	*client = (struct store_client){0};
	return 1;
}

START_TEST(test_client_may_be_taken)
{
	struct store_client a = sample_client("a"), taken = {0};
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_client_insert(f.unit, &a));
	OK(store_unit_commit(f.unit));
	ck_assert_int_eq(store_client_list(f.reader, 0, kept, &taken), 1);
	assert_same_client(&taken, &a);
	store_client_clear(&taken);
	fixture_end(&f);
}
END_TEST

START_TEST(test_client_is_changed)
{
	struct store_client a = sample_client("a"), found = {0};
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_client_insert(f.unit, &a));
	OK(store_unit_commit(f.unit));
	a.permissions = STORE_IS_RA;
	a.register_on_ir = false;
	a.default_profile = NULL;
	a.policy = TEXT("new-clients");
	a.entity = TEXT("vnfm.example.net");
	a.entity_vnf_instance = TEXT("vnf-1");
	OK(store_client_update(f.unit, &a));
	OK(store_unit_commit(f.unit));
	OK(store_client_find(f.reader, "a", &found));
	assert_same_client(&found, &a);
	store_client_clear(&found);
	a.name = TEXT("b");
	OK(store_client_update(f.unit, &a));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

START_TEST(test_client_name_and_reference_are_unique)
{
	struct store_client a = sample_client("vnfm-a");
	struct store_client mac = sample_mac_client("nfvo");
	struct store_client same_reference = sample_mac_client("other");
	struct store_client other = sample_client("vnfm-b");
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_client_insert(f.unit, &a));
	OK(store_client_insert(f.unit, &mac));
	OK(store_unit_commit(f.unit));
	OK(store_client_insert(f.unit, &a));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_client_insert(f.unit, &same_reference));
	CONFLICT(store_unit_commit(f.unit));
	/* The same anchor and subject: whether that may be, is decided above the store. */
	OK(store_client_insert(f.unit, &other));
	OK(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

struct known {
	int count;
	char names[64];
};

static int known_add(void *arg, const struct store_credential *c, const char *client)
{
	struct known *known = arg;

	ck_assert_int_gt(c->id, 0);
	known->count++;
	strcat(strcat(known->names, client), " ");
	return 0;
}

START_TEST(test_credentials_are_found_by_what_they_are_known_by)
{
	static const struct {
		enum store_credential_kind kind;
		struct octets known_by;
		const char *names;
	} cases[] = {
		{STORE_CREDENTIAL_ANCHOR, OCTETS("hash"), "a b "},
		{STORE_CREDENTIAL_ANCHOR, OCTETS(""), ""},
		{STORE_CREDENTIAL_SECRET, OCTETS("hash"), ""},
		{STORE_CREDENTIAL_SECRET, OCTETS("30\0\xff 78"), "c "},
		{STORE_CREDENTIAL_SECRET, OCTETS("30"), ""},
		{STORE_CREDENTIAL_CERTIFICATE, OCTETS(""), "c "},
	};
	struct store_client clients[3] = {sample_client("a"), sample_client("b"),
					  sample_mac_client("c")};
	struct fixture f;

	fixture_begin(&f, _i);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++)
		OK(store_client_insert(f.unit, &clients[i]));
	OK(store_unit_commit(f.unit));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct known known = {0};

		OK(store_credentials_known_by(f.reader, cases[i].kind,
					      octets_view(&cases[i].known_by), known_add, &known));
		ck_assert_str_eq(known.names, cases[i].names);
	}
	fixture_end(&f);
}
END_TEST

START_TEST(test_credentials_come_and_go)
{
	struct store_client a = sample_client("a"), b = sample_client("b"), found = {0};
	const struct store_credential oauth2 = {.kind = STORE_CREDENTIAL_OAUTH2,
						.known_by = OCTETS("vnfm")};
	int64_t id, before, after;
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_client_insert(f.unit, &a));
	OK(store_client_insert(f.unit, &b));
	OK(store_unit_commit(f.unit));
	OK(store_client_find(f.reader, "a", &found));
	OK(store_client_generation(f.reader, &before));
	OK(store_credential_insert(f.unit, found.id, &oauth2, &id));
	OK(store_unit_commit(f.unit));
	id = store_unit_id(f.unit, id);
	ck_assert_int_gt(id, 0);
	OK(store_client_generation(f.reader, &after));
	ck_assert_int_ne(before, after);
	/* Its id is nobody else's, and it is not there twice. */
	OK(store_credential_insert(f.unit, found.id + 1, &oauth2, NULL));
	CONFLICT(store_unit_commit(f.unit));
	store_client_clear(&found);
	OK(store_client_find(f.reader, "a", &found));
	ck_assert_uint_eq(found.n_credentials, 2);
	assert_same_credential(&found.credentials[1], &oauth2);
	/* Of another client's it is not. */
	OK(store_credential_remove(f.unit, "b", id));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_credential_remove(f.unit, "a", id));
	OK(store_unit_commit(f.unit));
	OK(store_client_generation(f.reader, &before));
	ck_assert_int_ne(before, after);
	OK(store_credential_remove(f.unit, "a", id));
	CONFLICT(store_unit_commit(f.unit));
	/* They go with their client, which is gone then for those that come. */
	OK(store_client_remove(f.unit, "a"));
	OK(store_unit_commit(f.unit));
	OK(store_credential_insert(f.unit, found.id, &oauth2, NULL));
	CONFLICT(store_unit_commit(f.unit));
	store_client_clear(&found);
	fixture_end(&f);
}
END_TEST

START_TEST(test_client_generation_counts_changes)
{
	struct store_client a = sample_client("vnfm-a");
	struct store_registration reg = sample_registration("vnfci-1");
	int64_t before, after;
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_client_generation(f.reader, &before));
	OK(store_client_insert(f.unit, &a));
	OK(store_unit_commit(f.unit));
	OK(store_client_generation(f.reader, &after));
	ck_assert_int_ne(before, after);

	before = after;
	put_registration(&f, &reg);
	OK(store_client_insert(f.unit, &a));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_client_generation(f.reader, &after));
	ck_assert_int_eq(before, after);

	OK(store_client_remove(f.unit, "vnfm-a"));
	OK(store_unit_commit(f.unit));
	OK(store_client_generation(f.reader, &after));
	ck_assert_int_ne(before, after);
	OK(store_client_remove(f.unit, "vnfm-a"));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

/* Whether what is asked for by that client, who was known by then, is still to be. */
static int required(struct fixture *f, const char *name, int64_t generation)
{
	struct store_registration reg = sample_registration("vnfci-1");

	OK(store_client_require(f->unit, name, generation));
	OK(store_registration_insert(f->unit, &reg, NULL));
	OK(store_registration_deregister(f->unit, -2, 1));
	return store_unit_commit(f->unit);
}

START_TEST(test_client_is_required_as_it_was_known)
{
	struct store_client a = sample_client("a"), b = sample_client("b"), found = {0};
	const struct store_credential oauth2 = {.kind = STORE_CREDENTIAL_OAUTH2,
						.known_by = OCTETS("vnfm")};
	int64_t generation, id;
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_client_insert(f.unit, &a));
	OK(store_unit_commit(f.unit));
	OK(store_client_find(f.reader, "a", &found));
	OK(store_client_generation(f.reader, &generation));
	OK(required(&f, "a", generation));
	/* Others come, change and go. */
	OK(store_client_insert(f.unit, &b));
	b.permissions = 0;
	OK(store_client_update(f.unit, &b));
	OK(store_client_remove(f.unit, "b"));
	OK(store_unit_commit(f.unit));
	OK(required(&f, "a", generation));
	CONFLICT(required(&f, "b", generation));
	/* It gets a credential, loses it, and is changed. */
	OK(store_credential_insert(f.unit, found.id, &oauth2, &id));
	OK(store_unit_commit(f.unit));
	id = store_unit_id(f.unit, id);
	CONFLICT(required(&f, "a", generation));
	OK(store_client_generation(f.reader, &generation));
	OK(required(&f, "a", generation));
	OK(store_credential_remove(f.unit, "a", id));
	OK(store_unit_commit(f.unit));
	CONFLICT(required(&f, "a", generation));
	OK(store_client_generation(f.reader, &generation));
	OK(required(&f, "a", generation));
	OK(store_client_update(f.unit, &a));
	OK(store_unit_commit(f.unit));
	CONFLICT(required(&f, "a", generation));
	OK(store_client_generation(f.reader, &generation));
	OK(store_client_remove(f.unit, "a"));
	OK(store_unit_commit(f.unit));
	CONFLICT(required(&f, "a", generation));
	store_client_clear(&found);
	fixture_end(&f);
}
END_TEST

/* Conditions alone are nothing to commit, whether they hold or not. */
START_TEST(test_conditions_open_a_unit)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_client_require(f.unit, "nobody", -1));
	ck_assert(!store_unit_empty(f.unit));
	store_unit_opened(f.unit);
	ck_assert(store_unit_empty(f.unit));
	OK(store_unit_commit(f.unit));
	OK(store_client_require(f.unit, "nobody", -1));
	store_unit_opened(f.unit);
	OK(store_registration_insert(f.unit, &reg, NULL));
	ck_assert(!store_unit_empty(f.unit));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_registration_insert(f.unit, &reg, NULL));
	OK(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

TCase *client_cases(void)
{
	TCase *tc = tcase_create("client");

	tcase_add_loop_test(tc, test_client_comes_back_as_inserted, 0, backends_count);
	tcase_add_loop_test(tc, test_client_list_ends_on_non_zero, 0, backends_count);
	tcase_add_loop_test(tc, test_client_name_and_reference_are_unique, 0, backends_count);
	tcase_add_loop_test(tc, test_client_generation_counts_changes, 0, backends_count);
	tcase_add_loop_test(tc, test_client_is_required_as_it_was_known, 0, backends_count);
	tcase_add_loop_test(tc, test_conditions_open_a_unit, 0, backends_count);
	tcase_add_loop_test(tc, test_clients_in_the_order_of_ids, 0, backends_count);
	tcase_add_loop_test(tc, test_client_may_be_taken, 0, backends_count);
	tcase_add_loop_test(tc, test_client_is_changed, 0, backends_count);
	tcase_add_loop_test(tc, test_credentials_are_found_by_what_they_are_known_by, 0,
			    backends_count);
	tcase_add_loop_test(tc, test_credentials_come_and_go, 0, backends_count);
	return tc;
}
