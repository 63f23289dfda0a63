// SPDX-License-Identifier: Apache-2.0
/* Registrations: IFA 033 11.2.2. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

START_TEST(test_registration_comes_back_as_inserted)
{
	struct store_registration reg = sample_registration("vnfci-1"), found = {0};
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	id = put_registration(&f, &reg);
	OK(store_registration_find(f.reader, CERT_TYPE_VNFCI, "vnfci-1", &found));
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
	ABSENT(store_registration_find(f.reader, CERT_TYPE_MANO, "vnfci-1", &found));
	ABSENT(store_registration_find(f.reader, CERT_TYPE_VNFCI, "vnfci-2", &found));
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
	ABSENT(store_registration_find(f.reader, CERT_TYPE_VNFCI, "vnfci-1", &found));
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

START_TEST(test_registration_subject_has_one_manager)
{
	struct store_registration vnfci = sample_registration("vnfci-1");
	struct store_registration oam = sample_registration("vnfci-1");
	_cleanup_(freep) char *manager = NULL;
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	ABSENT(store_subject_manager(f.reader, "vnfci-1", &manager));
	id = put_registration(&f, &vnfci);
	OK(store_subject_manager(f.reader, "vnfci-1", &manager));
	ck_assert_str_eq(manager, "vnfm-a");

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

/* It becomes a name in certificates, and those are compared without regard to case. */
START_TEST(test_registration_subject_without_regard_to_case)
{
	struct store_registration reg = sample_registration("nfvo.example.net");
	struct store_registration upper = sample_registration("NFVO.Example.net"), found = {0};
	_cleanup_(freep) char *manager = NULL;
	struct fixture f;

	fixture_begin(&f, _i);
	put_registration(&f, &reg);
	OK(store_registration_insert(f.unit, &upper, NULL));
	CONFLICT(store_unit_commit(f.unit));
	upper.cert_type = CERT_TYPE_MANO;
	upper.manager = TEXT("vnfm-b");
	OK(store_registration_insert(f.unit, &upper, NULL));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_registration_find(f.reader, CERT_TYPE_VNFCI, "NFVO.EXAMPLE.NET", &found));
	ck_assert_str_eq(found.subject_id, "nfvo.example.net"); /* as it was registered */
	store_registration_clear(&found);
	OK(store_subject_manager(f.reader, "Nfvo.example.net", &manager));
	ck_assert_str_eq(manager, "vnfm-a");
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

static int count_registration(void *arg, const struct store_registration *reg)
{
	++*(int *)arg;
	return 0;
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

TCase *registration_cases(void)
{
	TCase *tc = tcase_create("registration");

	tcase_add_loop_test(tc, test_registration_comes_back_as_inserted, 0, backends_count);
	tcase_add_loop_test(tc, test_registration_one_active_per_type_and_subject, 0,
			    backends_count);
	tcase_add_loop_test(tc, test_registration_subject_has_one_manager, 0, backends_count);
	tcase_add_loop_test(tc, test_registration_subject_without_regard_to_case, 0,
			    backends_count);
	tcase_add_loop_test(tc, test_registration_list_filters, 0, backends_count);
	tcase_add_loop_test(tc, test_registration_of_thousands_is_all_or_nothing, 0,
			    backends_count);
	return tc;
}
