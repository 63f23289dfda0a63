// SPDX-License-Identifier: Apache-2.0
/* Announcements of other CAs. */
#include "fixture.h"

#include <string.h>

static struct store_announcement sample_announcement(const char *sender, uint8_t n)
{
	struct store_announcement a = {.type = 17,
				       .created_ms = 1000 + n,
				       .sender = TEXT(sender),
				       .der = OCTETS("\x30\x00")};

	memset(a.digest, n, sizeof(a.digest));
	return a;
}

static void put_announcement(struct fixture *f, const struct store_announcement *a, int64_t *idp)
{
	OK(store_announcement_insert(f->unit, a, idp));
	OK(store_unit_commit(f->unit));
	if (idp)
		*idp = store_unit_id(f->unit, *idp);
}

START_TEST(test_announcement_comes_back_as_inserted)
{
	struct store_announcement a = sample_announcement("ca-a", 1), found = {0};
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	put_announcement(&f, &a, &id);
	OK(store_announcement_get(f.reader, id, &found));
	ck_assert_int_eq(found.id, id);
	ck_assert_int_eq(found.type, 17);
	ck_assert_int_eq(found.created_ms, 1001);
	ck_assert_str_eq(found.sender, "ca-a");
	ck_assert_mem_eq(found.digest, a.digest, sizeof(a.digest));
	ck_assert(bytes_equal(octets_view(&found.der), VIEW("\x30\x00")));
	store_announcement_clear(&found);
	ABSENT(store_announcement_get(f.reader, id + 1, &found));
	fixture_end(&f);
}
END_TEST

START_TEST(test_announcement_is_kept_once_for_a_sender)
{
	struct store_announcement a = sample_announcement("ca-a", 1);
	struct store_announcement b = sample_announcement("ca-b", 1);
	struct fixture f;

	fixture_begin(&f, _i);
	put_announcement(&f, &a, NULL);
	OK(store_announcement_insert(f.unit, &a, NULL));
	CONFLICT(store_unit_commit(f.unit));
	put_announcement(&f, &b, NULL);
	fixture_end(&f);
}
END_TEST

struct seen {
	int n;
	int64_t first_ms;
};

static int see(void *arg, const struct store_announcement *a)
{
	struct seen *seen = arg;

	if (seen->n++ == 0)
		seen->first_ms = a->created_ms;
	return 0;
}

static struct seen list(struct fixture *f, struct store_announcement_filter filter)
{
	struct seen seen = {0};

	OK(store_announcement_list(f->reader, &filter, see, &seen));
	return seen;
}

START_TEST(test_announcement_list_filters)
{
	struct store_announcement other = sample_announcement("ca-b", 9);
	struct fixture f;
	int64_t id = 0;

	fixture_begin(&f, _i);
	for (uint8_t n = 0; n < 4; n++) {
		struct store_announcement a = sample_announcement("ca-a", n);

		put_announcement(&f, &a, n == 1 ? &id : NULL);
	}
	other.type = 18;
	put_announcement(&f, &other, NULL);
	ck_assert_int_eq(list(&f, (struct store_announcement_filter){.type = -1}).n, 5);
	ck_assert_int_eq(list(&f, (struct store_announcement_filter){.type = 18}).n, 1);
	ck_assert_int_eq(list(&f, (struct store_announcement_filter){.type = -1, .limit = 2}).n, 2);
	ck_assert_int_eq(
		list(&f, (struct store_announcement_filter){.type = -1, .sender = "ca-a"}).n, 4);
	ck_assert_int_eq(
		list(&f, (struct store_announcement_filter){.type = -1, .after_id = id}).first_ms,
		1002);
	fixture_end(&f);
}
END_TEST

START_TEST(test_announcement_trim_drops_the_oldest_of_a_sender)
{
	struct store_announcement other = sample_announcement("ca-b", 9);
	struct seen seen;
	struct fixture f;

	fixture_begin(&f, _i);
	put_announcement(&f, &other, NULL);
	for (uint8_t n = 0; n < 5; n++) {
		struct store_announcement a = sample_announcement("ca-a", n);

		put_announcement(&f, &a, NULL);
	}
	OK(store_announcement_trim(f.unit, "ca-a", 2));
	OK(store_unit_commit(f.unit));
	seen = list(&f, (struct store_announcement_filter){.type = -1, .sender = "ca-a"});
	ck_assert_int_eq(seen.n, 2);
	ck_assert_int_eq(seen.first_ms, 1003);
	ck_assert_int_eq(list(&f, (struct store_announcement_filter){.type = -1}).n, 3);
	fixture_end(&f);
}
END_TEST

TCase *announcement_cases(void)
{
	TCase *tc = tcase_create("announcement");

	tcase_add_loop_test(tc, test_announcement_comes_back_as_inserted, 0, backends_count);
	tcase_add_loop_test(tc, test_announcement_is_kept_once_for_a_sender, 0, backends_count);
	tcase_add_loop_test(tc, test_announcement_list_filters, 0, backends_count);
	tcase_add_loop_test(tc, test_announcement_trim_drops_the_oldest_of_a_sender, 0,
			    backends_count);
	return tc;
}
