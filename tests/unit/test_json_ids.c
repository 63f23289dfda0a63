// SPDX-License-Identifier: Apache-2.0
/*
 * Identifiers of resources: UUIDs of RFC 9562, one to one with numbers of rows, and nothing else is
 * taken for one.
 */
#include "ids.h"
#include "suite.h"

#include <errno.h>
#include <string.h>

static struct json_ids *ids;

static void setup(void)
{
	static const uint8_t key[JSON_ID_KEY_LEN] = "of a test, and of nothing else";

	ck_assert_int_eq(json_ids_new(key, &ids), 0);
}

static void teardown(void)
{
	json_ids_free(ids);
}

static const int64_t numbers[] = {0, 1, 2, 255, 256, 65536, 4294967295, 4294967296, INT64_MAX};

START_TEST(number_comes_back)
{
	char text[JSON_ID_SIZE];
	int64_t id;

	for (enum json_kind kind = JSON_REGISTRATION; kind <= JSON_MARKER; kind++) {
		ck_assert_int_eq(json_id_write(ids, kind, numbers[_i], text), 0);
		ck_assert_int_eq(json_id_read(ids, kind, text, &id), 0);
		ck_assert_int_eq(id, numbers[_i]);
	}
}
END_TEST

/* RFC 9562 4 and 5.8. */
START_TEST(form_is_that_of_a_uuid)
{
	char text[JSON_ID_SIZE];

	for (int64_t id = 1; id < 200; id++) {
		ck_assert_int_eq(json_id_write(ids, JSON_CERTIFICATE, id, text), 0);
		ck_assert_uint_eq(strlen(text), 36);
		ck_assert_uint_eq(strspn(text, "0123456789abcdef-"), 36);
		ck_assert(text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-');
		ck_assert_int_eq(text[14], '8');
		ck_assert_ptr_nonnull(strchr("89ab", text[19]));
	}
}
END_TEST

START_TEST(kinds_do_not_mix)
{
	char text[JSON_ID_SIZE];
	int64_t id;

	ck_assert_int_eq(json_id_write(ids, JSON_REGISTRATION, 7, text), 0);
	ck_assert_int_eq(json_id_read(ids, JSON_CERTIFICATE, text, &id), -EINVAL);
	ck_assert_int_eq(id, -1);
}
END_TEST

START_TEST(keys_do_not_mix)
{
	static const uint8_t key[JSON_ID_KEY_LEN] = "of another database";
	_cleanup_(json_ids_freep) struct json_ids *other = NULL;
	char text[JSON_ID_SIZE];
	int64_t id;

	ck_assert_int_eq(json_ids_new(key, &other), 0);
	ck_assert_int_eq(json_id_write(ids, JSON_REGISTRATION, 7, text), 0);
	ck_assert_int_eq(json_id_read(other, JSON_REGISTRATION, text, &id), -EINVAL);
}
END_TEST

/* An identifier that is wrong in one digit is none: not of that row and of no other one. */
START_TEST(digit_changed_is_no_identifier)
{
	char text[JSON_ID_SIZE], before;
	int64_t id;

	ck_assert_int_eq(json_id_write(ids, JSON_REGISTRATION, 12345, text), 0);
	for (size_t i = 0; i < 36; i++) {
		before = text[i];
		text[i] = before == '8' ? '9' : '8';
		ck_assert_int_eq(json_id_read(ids, JSON_REGISTRATION, text, &id), -EINVAL);
		text[i] = before;
	}
	ck_assert_int_eq(json_id_read(ids, JSON_REGISTRATION, text, &id), 0);
}
END_TEST

static const char *const strangers[] = {
	"",
	"1",
	"00000000-0000-0000-0000-000000000000",
	"00000000-0000-8000-8000-000000000000",
	"ffffffff-ffff-ffff-ffff-ffffffffffff",
	"ffffffff-ffff-8fff-bfff-ffffffffffff",
	"0190d7a2-7e5f-7cc1-a2e9-5d2b0c4d6e7f",
	"919108f7-52d1-4320-9bac-f847db4148a8",
	"919108f7-52d1-8320-9bac-f847db4148a",
	"919108f7-52d1-8320-9bac-f847db4148a8 ",
	"919108f752d183209bacf847db4148a8",
	"919108f7-52d1-8320-9bac-f847db4148ag",
	"{19108f7-52d1-8320-9bac-f847db4148a}",
};

START_TEST(stranger_is_no_identifier)
{
	int64_t id;

	ck_assert_int_eq(json_id_read(ids, JSON_REGISTRATION, strangers[_i], &id), -EINVAL);
	ck_assert_int_eq(id, -1);
}
END_TEST

/* One form only: what is compared as text elsewhere must not have a second one. */
START_TEST(upper_case_is_no_identifier)
{
	char text[JSON_ID_SIZE];
	int64_t id, n = 1;

	do
		ck_assert_int_eq(json_id_write(ids, JSON_CSR, n++, text), 0);
	while (!strpbrk(text, "abcdef"));
	*strpbrk(text, "abcdef") -= 'a' - 'A';
	ck_assert_int_eq(json_id_read(ids, JSON_CSR, text, &id), -EINVAL);
}
END_TEST

static Suite *ids_suite(void)
{
	Suite *suite = suite_create("json ids");
	TCase *tc = tcase_create("ids");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, number_comes_back, 0, ARRAY_LEN(numbers));
	tcase_add_test(tc, form_is_that_of_a_uuid);
	tcase_add_test(tc, kinds_do_not_mix);
	tcase_add_test(tc, keys_do_not_mix);
	tcase_add_test(tc, digit_changed_is_no_identifier);
	tcase_add_loop_test(tc, stranger_is_no_identifier, 0, ARRAY_LEN(strangers));
	tcase_add_test(tc, upper_case_is_no_identifier);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(ids_suite, SUITE_FORKS)
