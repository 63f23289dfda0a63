// SPDX-License-Identifier: Apache-2.0
/* Registrations: IFA 033 11.2.2. */
#include "fixture.h"

#include "base/name_fold.h"

#include <stdio.h>
#include <string.h>

START_TEST(test_registration_comes_back_as_inserted)
{
	struct store_registration reg = sample_registration("vnfci-1"), found = {0};
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	id = put_registration(&f, &reg);
	OK(store_registration_find(f.reader, ENTITY("vnfci-1"), CERT_TYPE_VNFCI, &found));
	ck_assert_int_eq(found.id, id);
	ck_assert_int_eq(found.cert_type, CERT_TYPE_VNFCI);
	ck_assert_str_eq(found.subject_id, "vnfci-1");
	ck_assert_int_eq(found.handling, CERT_HANDLING_DELEGATION);
	ck_assert_str_eq(found.manager, "vnfm-a");
	ck_assert_str_eq(found.trust_domain, "domain-a");
	ck_assert_str_eq(found.ca, "issuing");
	ck_assert_str_eq(found.profile, "VnfciCert");
	ck_assert_int_eq(found.state, STORE_REGISTRATION_ACTIVE);
	ck_assert_int_eq(found.created_ms, 1000);
	ck_assert_int_eq(found.changed_ms, 2000);
	store_registration_clear(&found);
	OK(store_registration_get(f.reader, id, &found));
	ck_assert_str_eq(found.subject_id, "vnfci-1");
	store_registration_clear(&found);
	ABSENT(store_registration_get(f.reader, id + 1, &found));
	ABSENT(store_registration_find(f.reader, ENTITY("vnfci-1"), CERT_TYPE_MANO, &found));
	ABSENT(store_registration_find(f.reader, ENTITY("vnfci-2"), CERT_TYPE_VNFCI, &found));
	fixture_end(&f);
}
END_TEST

START_TEST(test_registration_one_active_per_type_and_subject)
{
	struct store_registration reg = sample_registration("vnfci-1"), found = {0};
	struct fixture f;
	int64_t id, second;

	fixture_begin(&f, _i);
	id = put_registration(&f, &reg);
	OK(store_registration_insert(f.unit, &reg, &second));
	CONFLICT(store_unit_commit(f.unit));
	ck_assert_int_eq(store_unit_id(f.unit, second), 0);

	OK(store_registration_deregister(f.unit, id, 5000));
	OK(store_unit_commit(f.unit));
	ABSENT(store_registration_find(f.reader, ENTITY("vnfci-1"), CERT_TYPE_VNFCI, &found));
	OK(store_registration_get(f.reader, id, &found));
	ck_assert_int_eq(found.state, STORE_REGISTRATION_DEREGISTERED);
	ck_assert_int_eq(found.changed_ms, 5000);
	store_registration_clear(&found);
	OK(store_registration_deregister(f.unit, id, 5001));
	CONFLICT(store_unit_commit(f.unit));

	/* Then it can be registered again, also by someone else. */
	reg.manager = TEXT("vnfm-b");
	ck_assert_int_ne(put_registration(&f, &reg), id);
	fixture_end(&f);
}
END_TEST

static bool managed(struct fixture *f, struct store_entity entity, const char *manager)
{
	bool found;

	OK(store_entity_managed(f->reader, &entity, manager, &found));
	return found;
}

START_TEST(test_registration_entity_has_one_manager)
{
	struct store_registration vnfci = sample_registration("vnfci-1");
	struct store_registration oam = sample_registration("vnfci-1");
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	ck_assert(!managed(&f, *ENTITY("vnfci-1"), "vnfm-b"));
	id = put_registration(&f, &vnfci);
	ck_assert(managed(&f, *ENTITY("vnfci-1"), "vnfm-b"));
	ck_assert(!managed(&f, *ENTITY("vnfci-1"), "vnfm-a"));

	oam.cert_type = CERT_TYPE_VNF_OAM;
	oam.manager = TEXT("vnfm-b");
	OK(store_registration_insert(f.unit, &oam, NULL));
	CONFLICT(store_unit_commit(f.unit));
	oam.manager = TEXT("vnfm-a");
	put_registration(&f, &oam);
	/* One of the two still holds it. */
	OK(store_registration_deregister(f.unit, id, 5000));
	OK(store_unit_commit(f.unit));
	vnfci.manager = TEXT("vnfm-b");
	OK(store_registration_insert(f.unit, &vnfci, NULL));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

/* SOL 002: identifiers of VNFCs are unique within one VNF instance; trust domains are apart. */
START_TEST(test_registration_of_each_vnf_instance)
{
	static const struct store_entity entities[] = {
		{"domain-a", "", "vnfc-1"},
		{"domain-a", "vnf-1", "vnfc-1"},
		{"domain-a", "vnf-2", "vnfc-1"},
		{"domain-a", "VNF-2", "vnfc-1"}, /* no name: octet for octet */
		{"domain-b", "vnf-1", "vnfc-1"},
		{"Domain-b", "vnf-1", "vnfc-1"},
	};
	int64_t ids[ARRAY_LEN(entities)];
	struct store_registration found = {0};
	struct fixture f;

	fixture_begin(&f, _i);
	for (size_t i = 0; i < ARRAY_LEN(entities); i++) {
		struct store_registration reg = sample_registration("vnfc-1");
		char manager[16];

		snprintf(manager, sizeof(manager), "vnfm-%zu", i);
		reg.trust_domain = TEXT(entities[i].trust_domain);
		reg.vnf_instance = TEXT(entities[i].vnf_instance);
		reg.manager = manager;
		ids[i] = put_registration(&f, &reg);
		OK(store_registration_insert(f.unit, &reg, NULL));
		CONFLICT(store_unit_commit(f.unit));
	}
	for (size_t i = 0; i < ARRAY_LEN(entities); i++) {
		OK(store_registration_find(f.reader, &entities[i], CERT_TYPE_VNFCI, &found));
		ck_assert_int_eq(found.id, ids[i]);
		ck_assert_str_eq(found.vnf_instance, entities[i].vnf_instance);
		store_registration_clear(&found);
	}
	ck_assert(!managed(&f, entities[1], "vnfm-1"));
	ck_assert(managed(&f, entities[1], "vnfm-0"));
	/* In whatever VNF instance: before or behind it in order. */
	ck_assert(managed(&f, (struct store_entity){"domain-a", NULL, "vnfc-1"}, "vnfm-3"));
	ck_assert(managed(&f, (struct store_entity){"domain-a", NULL, "vnfc-1"}, "vnfm-0"));
	ck_assert(!managed(&f, (struct store_entity){"domain-b", NULL, "VNFC-1"}, "vnfm-4"));
	ck_assert(managed(&f, (struct store_entity){"domain-b", NULL, "VNFC-1"}, "vnfm-5"));
	fixture_end(&f);
}
END_TEST

static int count_registration(void *arg, const struct store_registration *reg)
{
	++*(int *)arg;
	return 0;
}

START_TEST(test_registrations_of_a_subject)
{
	static const char *const instances[] = {"", "vnf-1", "vnf-2", "vnf-3"};
	struct fixture f;
	int count = 0;

	fixture_begin(&f, _i);
	for (size_t i = 0; i < ARRAY_LEN(instances); i++) {
		struct store_registration reg = sample_registration("vnfc-1");

		reg.vnf_instance = TEXT(instances[i]);
		reg.manager = TEXT(i == 3 ? "vnfm-b" : "vnfm-a");
		put_registration(&f, &reg);
		reg.trust_domain = TEXT("domain-b");
		put_registration(&f, &reg);
		reg = sample_registration("vnfc-2");
		reg.vnf_instance = TEXT(instances[i]);
		put_registration(&f, &reg);
	}
	OK(store_registration_of_subject(f.reader, "domain-a", "VNFC-1", CERT_TYPE_VNFCI, NULL,
					 count_registration, &count));
	ck_assert_int_eq(count, 4);
	OK(store_registration_of_subject(f.reader, "domain-a", "vnfc-1", CERT_TYPE_VNFCI, "vnfm-a",
					 count_registration, &count));
	ck_assert_int_eq(count, 7);
	OK(store_registration_of_subject(f.reader, "domain-a", "vnfc-1", CERT_TYPE_MANO, NULL,
					 count_registration, &count));
	ck_assert_int_eq(count, 7);
	fixture_end(&f);
}
END_TEST

/* It becomes a name in certificates, and those are compared in a form of their own. */
START_TEST(test_registration_subject_as_names_compare)
{
	struct store_registration reg = sample_registration("b\xc3\xbc"
							    "ro.example.net");
	struct store_registration upper = sample_registration("B\xc3\x9cRO.Example.net");
	struct store_registration found = {0};
	struct fixture f;

	fixture_begin(&f, _i);
	put_registration(&f, &reg);
	OK(store_registration_insert(f.unit, &upper, NULL));
	CONFLICT(store_unit_commit(f.unit));
	upper.cert_type = CERT_TYPE_MANO;
	upper.manager = TEXT("vnfm-b");
	OK(store_registration_insert(f.unit, &upper, NULL));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_registration_find(f.reader, ENTITY("xn--bro-hoa.EXAMPLE.net"), CERT_TYPE_VNFCI,
				   &found));
	ck_assert_str_eq(found.subject_id, reg.subject_id); /* as it was registered */
	store_registration_clear(&found);
	ck_assert(managed(&f, *ENTITY("B\xc3\x9cro.example.net."), "vnfm-b"));
	fixture_end(&f);
}
END_TEST

/* A client may have the name of the entity that it is, and of no other. */
START_TEST(test_subject_taken)
{
	struct store_registration reg = sample_registration("vnfm");
	struct fixture f;
	bool taken;

	fixture_begin(&f, _i);
	OK(store_subject_taken(f.reader, "vnfm", NULL, &taken));
	ck_assert(!taken);
	put_registration(&f, &reg);
	OK(store_subject_taken(f.reader, "VNFM", NULL, &taken));
	ck_assert(taken);
	OK(store_subject_taken(f.reader, "VNFM", ENTITY("vnfm"), &taken));
	ck_assert(!taken);
	OK(store_subject_require(f.unit, "VNFM", ENTITY("vnfm")));
	OK(store_unit_commit(f.unit));
	reg.vnf_instance = TEXT("vnf-1");
	put_registration(&f, &reg);
	OK(store_subject_taken(f.reader, "vnfm", ENTITY("vnfm"), &taken));
	ck_assert(taken);
	OK(store_subject_require(f.unit, "VNFM", ENTITY("vnfm")));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

struct subjects {
	char text[512];
	int64_t last_id;
};

static int collect_subject(void *arg, const struct store_registration *reg)
{
	struct subjects *s = arg;

	ck_assert_int_gt(reg->id, s->last_id);
	s->last_id = reg->id;
	strcat(s->text, reg->subject_id);
	strcat(s->text, " ");
	return 0;
}

static int64_t assert_list(struct fixture *f, struct store_registration_filter filter,
			   const char *expected)
{
	struct subjects s = {0};

	OK(store_registration_list(f->reader, &filter, collect_subject, &s));
	ck_assert_str_eq(s.text, expected);
	return s.last_id;
}

START_TEST(test_registration_list_filters)
{
	struct store_registration a = sample_registration("a"), b = sample_registration("b");
	struct store_registration c = sample_registration("c"), gone = sample_registration("gone");
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	b.manager = TEXT("vnfm-b");
	b.trust_domain = TEXT("domain-b");
	b.vnf_instance = TEXT("vnf-1");
	c.cert_type = CERT_TYPE_MANO;
	put_registration(&f, &a);
	put_registration(&f, &b);
	id = put_registration(&f, &gone);
	put_registration(&f, &c);
	OK(store_registration_deregister(f.unit, id, 1));
	OK(store_unit_commit(f.unit));

#define LIST(expected, ...)                                                                        \
	assert_list(&f,                                                                            \
		    (struct store_registration_filter){.cert_type = -1, .limit = 10, __VA_ARGS__}, \
		    expected)
	LIST("a b c ", .after_id = 0);
	LIST("a b gone c ", .with_deregistered = true);
	LIST("b ", .subject_id = "b");
	LIST("b ", .subject_id = "B");
	LIST("", .subject_id = "gone");
	LIST("gone ", .subject_id = "gone", .with_deregistered = true);
	LIST("b ", .manager = "vnfm-b");
	LIST("b ", .profile = "VnfciCert", .manager = "vnfm-b");
	LIST("", .profile = "ManoCert");
	LIST("b ", .vnf_instance = "vnf-1");
	LIST("a c ", .vnf_instance = "");
	LIST("a c ", .trust_domain = "domain-a");
	assert_list(&f, (struct store_registration_filter){.cert_type = CERT_TYPE_MANO}, "c ");
	assert_list(&f, (struct store_registration_filter){.cert_type = CERT_TYPE_VNFCI}, "a b ");
	/* Pages. */
	struct store_registration_filter page = {.cert_type = -1, .limit = 2};
	page.after_id = assert_list(&f, page, "a b ");
	page.after_id = assert_list(&f, page, "c ");
	assert_list(&f, page, "");
#undef LIST
	fixture_end(&f);
}
END_TEST

enum { MANY = 10000 };

static void name_many(struct store_registration *regs, char (*names)[16])
{
	for (int i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "vnfci-%d", i);
		regs[i] = sample_registration(names[i]);
	}
}

START_TEST(test_registration_of_thousands_is_all_or_nothing)
{
	struct store_registration_filter all = {.cert_type = -1};
	struct store_registration *regs = calloc(MANY, sizeof(*regs));
	struct store_registration last;
	char(*names)[16] = calloc(MANY, sizeof(*names));
	struct fixture f;
	int count = 0;
	int64_t id;

	fixture_begin(&f, _i);
	name_many(regs, names);
	last = regs[MANY - 1];
	id = put_registration(&f, &last);
	for (int i = 0; i < MANY; i++)
		OK(store_registration_insert(f.unit, &regs[i], &regs[i].id));
	CONFLICT(store_unit_commit(f.unit));
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(store_unit_id(f.unit, regs[i].id), 0);
	OK(store_registration_list(f.reader, &all, count_registration, &count));
	ck_assert_int_eq(count, 1);

	OK(store_registration_deregister(f.unit, id, 5000));
	for (int i = 0; i < MANY; i++)
		OK(store_registration_insert(f.unit, &regs[i], &regs[i].id));
	OK(store_unit_commit(f.unit));
	for (int i = 0; i < MANY; i++)
		regs[i].id = store_unit_id(f.unit, regs[i].id);
	count = 0;
	OK(store_registration_list(f.reader, &all, count_registration, &count));
	ck_assert_int_eq(count, MANY);
	ck_assert_int_gt(regs[0].id, 0);
	ck_assert_int_ne(regs[0].id, regs[MANY - 1].id);
	fixture_end(&f);
	free(names);
	free(regs);
}
END_TEST

START_TEST(test_registration_change)
{
	struct store_registration reg = sample_registration("a"), found;
	struct fixture f;

	fixture_begin(&f, _i);
	reg.id = put_registration(&f, &reg);
	OK(store_registration_change(f.unit, &reg, "other", "upstream", 3000));
	OK(store_unit_commit(f.unit));
	OK(store_registration_get(f.reader, reg.id, &found));
	ck_assert_str_eq(found.profile, "other");
	ck_assert_str_eq(found.ca, "upstream");
	ck_assert_int_eq(found.changed_ms, 3000);
	ck_assert_int_eq(found.created_ms, 1000);
	/* It is not any more what was read before. */
	OK(store_registration_change(f.unit, &reg, "third", "issuing", 4000));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_registration_require_idle(f.unit, &reg, 1000));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_registration_require_idle(f.unit, &found, 1000));
	OK(store_unit_commit(f.unit));
	OK(store_registration_deregister(f.unit, reg.id, 5000));
	OK(store_unit_commit(f.unit));
	OK(store_registration_change(f.unit, &found, "third", "issuing", 6000));
	CONFLICT(store_unit_commit(f.unit));
	store_registration_clear(&found);
	fixture_end(&f);
}
END_TEST

/* Which states of a certificate its registration has to wait for. */
static const struct {
	enum store_certificate_state state;
	bool expired;
	bool idle;
} certificate_states[] = {
	{STORE_CERT_REQUESTED, false, false},
	{STORE_CERT_PENDING, false, false},
	{STORE_CERT_ACTIVE, false, false},
	{STORE_CERT_ACTIVE, true, true},
	{STORE_CERT_REVOKED, false, true},
	{STORE_CERT_REJECTED, false, true},
	{STORE_CERT_REVOCATION_PENDING, false, true},
	{STORE_CERT_ON_HOLD, false, false},
	{STORE_CERT_ON_HOLD, true, true},
};

START_TEST(test_registration_idle)
{
	struct store_registration reg = sample_registration("a");
	struct fixture f;
	bool idle;

	for (size_t i = 0; i < ARRAY_LEN(certificate_states); i++) {
		bool requested = certificate_states[i].state == STORE_CERT_REQUESTED;
		struct store_certificate cert;
		int64_t now_ms;

		fixture_begin(&f, _i);
		reg.id = put_registration(&f, &reg);
		OK(store_registration_idle(f.reader, reg.id, 0, &idle));
		ck_assert(idle);
		cert = sample_certificate(reg.id, requested ? 0 : 7);
		cert.state = certificate_states[i].state;
		now_ms = cert.not_after_ms + certificate_states[i].expired;
		put_certificate(&f, &cert);
		OK(store_registration_idle(f.reader, reg.id, now_ms, &idle));
		ck_assert_int_eq(idle, certificate_states[i].idle);
		OK(store_registration_require_idle(f.unit, &reg, now_ms));
		ck_assert_int_eq(store_unit_commit(f.unit),
				 certificate_states[i].idle ? 0 : STORE_CONFLICT);
		fixture_end(&f);
	}
}
END_TEST

START_TEST(test_registration_ca_used)
{
	struct store_registration reg = sample_registration("a");
	struct fixture f;
	bool used;

	fixture_begin(&f, _i);
	reg.id = put_registration(&f, &reg);
	OK(store_registration_ca_used(f.reader, "domain-a", "vnfm-a", "issuing", &used));
	ck_assert(used);
	OK(store_registration_ca_used(f.reader, "domain-a", NULL, "issuing", &used));
	ck_assert(used);
	OK(store_registration_ca_used(f.reader, "domain-a", "vnfm-b", "issuing", &used));
	ck_assert(!used);
	OK(store_registration_ca_used(f.reader, "domain-b", NULL, "issuing", &used));
	ck_assert(!used);
	OK(store_registration_ca_used(f.reader, "domain-a", NULL, "other", &used));
	ck_assert(!used);
	OK(store_registration_deregister(f.unit, reg.id, 3000));
	OK(store_unit_commit(f.unit));
	OK(store_registration_ca_used(f.reader, "domain-a", NULL, "issuing", &used));
	ck_assert(!used);
	fixture_end(&f);
}
END_TEST

/* By what tells them apart. */
static struct store_attester sample_attester(const char *digest)
{
	struct store_attester a = {.kind = STORE_ATTESTER_CAS,
				   .content = OCTETS("\x30\x00"),
				   .statement_types = TEXT("1.2.3 2.23.133.20.1"),
				   .policy = STORE_ATTESTER_REQUIRE};

	memcpy(a.digest, digest, sizeof(a.digest));
	return a;
}

static int64_t attester_of(struct fixture *f, int64_t registration_id)
{
	struct store_registration reg = {0};
	int64_t id;

	OK(store_registration_get(f->reader, registration_id, &reg));
	id = reg.attester_id;
	store_registration_clear(&reg);
	return id;
}

static int attester_set(struct fixture *f, int64_t id, int64_t from,
			const struct store_attester *attester)
{
	OK(store_registration_set_attester(f->unit, id, from, attester, 7000));
	return store_unit_commit(f->unit);
}

#define DIGEST_1 "11111111111111111111111111111111"
#define DIGEST_2 "22222222222222222222222222222222"

START_TEST(test_registration_attester)
{
	struct store_registration first = sample_registration("a");
	struct store_registration second = sample_registration("b");
	const struct store_attester one = sample_attester(DIGEST_1);
	const struct store_attester two = sample_attester(DIGEST_2);
	struct store_attester found = {0};
	struct fixture f;
	int64_t id, a, b;

	fixture_begin(&f, _i);
	a = put_registration(&f, &first);
	/* In the unit that inserts it, too; and the same one is one row. */
	OK(store_registration_insert(f.unit, &second, &b));
	OK(store_registration_set_attester(f.unit, b, 0, &one, 7000));
	OK(store_unit_commit(f.unit));
	b = store_unit_id(f.unit, b);
	ck_assert_int_eq(attester_of(&f, a), 0);
	OK(attester_set(&f, a, 0, &one));
	id = attester_of(&f, a);
	ck_assert_int_ne(id, 0);
	ck_assert_int_eq(attester_of(&f, b), id);
	OK(store_attester_get(f.reader, id, &found));
	ck_assert_mem_eq(found.digest, DIGEST_1, sizeof(found.digest));
	ck_assert_int_eq(found.kind, STORE_ATTESTER_CAS);
	ck_assert_str_eq(found.statement_types, "1.2.3 2.23.133.20.1");
	ck_assert_int_eq(found.policy, STORE_ATTESTER_REQUIRE);
	ck_assert(bytes_equal(octets_view(&found.content), VIEW("\x30\x00")));
	store_attester_clear(&found);

	/* It is not the one that was there. */
	CONFLICT(attester_set(&f, a, 0, &two));
	CONFLICT(attester_set(&f, a, id + 1, &two));
	OK(attester_set(&f, a, id, &two));
	OK(store_attester_get(f.reader, id, &found));
	store_attester_clear(&found);
	/* The last one takes it along; one that stays the same stays. */
	OK(attester_set(&f, b, id, &one));
	OK(store_attester_get(f.reader, id, &found));
	store_attester_clear(&found);
	OK(attester_set(&f, b, id, NULL));
	ck_assert_int_eq(attester_of(&f, b), 0);
	ABSENT(store_attester_get(f.reader, id, &found));

	OK(store_registration_deregister(f.unit, a, 8000));
	OK(store_unit_commit(f.unit));
	CONFLICT(attester_set(&f, a, attester_of(&f, a), NULL));
	fixture_end(&f);
}
END_TEST

START_TEST(test_registration_cas_in_use)
{
	struct store_registration reg = sample_registration("a");
	struct store_ca_use use = {0};
	struct fixture f;
	static const char *const expected[][2] = {
		{"domain-a", "issuing"}, {"domain-a", "second"}, {"domain-b", "issuing"}};
	int64_t gone;

	fixture_begin(&f, _i);
	put_registration(&f, &reg);
	reg.subject_id = TEXT("b");
	put_registration(&f, &reg);
	reg.ca = TEXT("second");
	reg.subject_id = TEXT("c");
	put_registration(&f, &reg);
	reg.subject_id = TEXT("d");
	reg.ca = TEXT("third");
	gone = put_registration(&f, &reg);
	reg.trust_domain = TEXT("domain-b");
	reg.ca = TEXT("issuing");
	put_registration(&f, &reg);
	OK(store_registration_deregister(f.unit, gone, 1));
	OK(store_unit_commit(f.unit));
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		OK(store_ca_use_next(f.reader, &use));
		ck_assert_str_eq(use.trust_domain, expected[i][0]);
		ck_assert_str_eq(use.ca, expected[i][1]);
	}
	ABSENT(store_ca_use_next(f.reader, &use));
	store_ca_use_clear(&use);
	fixture_end(&f);
}
END_TEST

static void assert_manager(struct fixture *f, int64_t id, const char *manager)
{
	struct store_registration found = {0};

	OK(store_registration_get(f->reader, id, &found));
	ck_assert_str_eq(found.manager, manager);
	store_registration_clear(&found);
}

/* All registrations of an entity go, those of others stay. */
START_TEST(test_registration_pass_on)
{
	struct store_registration reg = sample_registration("a");
	struct fixture f;
	int64_t vnfci, oam, other;

	fixture_begin(&f, _i);
	vnfci = put_registration(&f, &reg);
	reg.cert_type = CERT_TYPE_VNF_OAM;
	oam = put_registration(&f, &reg);
	reg.subject_id = TEXT("b");
	other = put_registration(&f, &reg);
	reg.subject_id = TEXT("A"); /* as names compare */
	OK(store_registration_pass_on(f.unit, &reg, "vnfm-b", 9));
	OK(store_registration_pass_on(f.unit, &reg, "vnfm-b", 9));
	OK(store_unit_commit(f.unit));
	assert_manager(&f, vnfci, "vnfm-b");
	assert_manager(&f, oam, "vnfm-b");
	assert_manager(&f, other, "vnfm-a");
	/* Of another manager by now. */
	OK(store_registration_pass_on(f.unit, &reg, "vnfm-c", 10));
	OK(store_unit_commit(f.unit));
	assert_manager(&f, vnfci, "vnfm-b");
	fixture_end(&f);
}
END_TEST

#define ENTITY_OF_A(id)            \
	{                          \
		"domain-a", "", id \
	}

/* Of each entity what the verbs that ask of one say. */
START_TEST(test_entities_look)
{
	struct store_registration own = sample_registration("vnfci-1");
	struct store_registration others = sample_registration("vnfci-2");
	struct store_registration mano = sample_registration("vnfci-3");
	const struct store_entity entities[] = {
		ENTITY_OF_A("VNFCI-1"),      ENTITY_OF_A("vnfci-2"),
		ENTITY_OF_A("vnfci-3"),      ENTITY_OF_A("vnfci-4"),
		{"domain-b", "", "vnfci-1"}, {"domain-a", "vnf-1", "vnfci-2"}};
	static const struct {
		bool registered, managed;
	} expected[] = {{true, false}, {true, true}, {false, false}, {false, false}};
	struct store_entity_known known[STORE_ENTITIES_MAX];
	struct fixture f;

	fixture_begin(&f, _i);
	others.manager = TEXT("vnfm-b");
	mano.cert_type = CERT_TYPE_MANO;
	put_registration(&f, &own);
	put_registration(&f, &others);
	put_registration(&f, &mano);
	OK(store_entities_look(f.reader, entities, ARRAY_LEN(entities), CERT_TYPE_VNFCI, "vnfm-a",
			       known));
	for (size_t i = 0; i < ARRAY_LEN(entities); i++) {
		bool registered = i < ARRAY_LEN(expected) && expected[i].registered;

		ck_assert_int_eq(known[i].registration.id != 0, registered);
		ck_assert_int_eq(known[i].managed, i < ARRAY_LEN(expected) && expected[i].managed);
		if (registered)
			ck_assert(names_equal(bytes_of_string(known[i].registration.subject_id),
					      bytes_of_string(entities[i].subject_id)));
		store_entity_known_clear(&known[i]);
	}
	fixture_end(&f);
}
END_TEST

TCase *registration_cases(void)
{
	TCase *tc = tcase_create("registration");

	tcase_add_loop_test(tc, test_registration_comes_back_as_inserted, 0, backends_count);
	tcase_add_loop_test(tc, test_registration_one_active_per_type_and_subject, 0,
			    backends_count);
	tcase_add_loop_test(tc, test_registration_entity_has_one_manager, 0, backends_count);
	tcase_add_loop_test(tc, test_registration_of_each_vnf_instance, 0, backends_count);
	tcase_add_loop_test(tc, test_registrations_of_a_subject, 0, backends_count);
	tcase_add_loop_test(tc, test_registration_subject_as_names_compare, 0, backends_count);
	tcase_add_loop_test(tc, test_subject_taken, 0, backends_count);
	tcase_add_loop_test(tc, test_registration_list_filters, 0, backends_count);
	tcase_add_loop_test(tc, test_registration_change, 0, backends_count);
	tcase_add_loop_test(tc, test_registration_idle, 0, backends_count);
	tcase_add_loop_test(tc, test_registration_ca_used, 0, backends_count);
	tcase_add_loop_test(tc, test_registration_attester, 0, backends_count);
	tcase_add_loop_test(tc, test_registration_cas_in_use, 0, backends_count);
	tcase_add_loop_test(tc, test_registration_pass_on, 0, backends_count);
	tcase_add_loop_test(tc, test_entities_look, 0, backends_count);
	tcase_add_loop_test(tc, test_registration_of_thousands_is_all_or_nothing, 0,
			    backends_count);
	return tc;
}
