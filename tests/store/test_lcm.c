// SPDX-License-Identifier: Apache-2.0
/* Subscriptions with VNFMs, and VNFs to be looked at. */
#include "fixture.h"

#include "store/direct.h"
#include "store/lcm.h"

#include <stdio.h>
#include <string.h>

static void put_subscription(struct fixture *f, const char *vnfm, const char *id)
{
	struct store_lcm_subscription s = {.vnfm = (char *)vnfm,
					   .subscription = (char *)id,
					   .callback_uri = TEXT("http://x/"),
					   .created_ms = 7};

	memset(s.request_digest, 0xa5, sizeof(s.request_digest));
	OK(store_lcm_subscription_set(f->unit, &s));
	OK(store_unit_commit(f->unit));
}

START_TEST(test_lcm_subscription)
{
	struct store_lcm_subscription s = {0};
	struct fixture f;

	fixture_begin(&f, _i);
	ABSENT(store_lcm_subscription_get(f.reader, "a", &s));
	put_subscription(&f, "a", "one");
	put_subscription(&f, "b", "two");
	put_subscription(&f, "a", "three");
	OK(store_lcm_subscription_get(f.reader, "a", &s));
	ck_assert_str_eq(s.vnfm, "a");
	ck_assert_str_eq(s.subscription, "three");
	ck_assert_str_eq(s.callback_uri, "http://x/");
	ck_assert_uint_eq(s.request_digest[STORE_LCM_DIGEST_LEN - 1], 0xa5);
	ck_assert_int_eq(s.created_ms, 7);
	store_lcm_subscription_clear(&s);
	/* One that is not the one any more stays forgotten, and the other is kept. */
	OK(store_lcm_subscription_remove(f.unit, "a", "one"));
	OK(store_lcm_subscription_remove(f.unit, "b", "two"));
	OK(store_unit_commit(f.unit));
	OK(store_lcm_subscription_get(f.reader, "a", &s));
	store_lcm_subscription_clear(&s);
	ABSENT(store_lcm_subscription_get(f.reader, "b", &s));
	fixture_end(&f);
}
END_TEST

static void note(struct fixture *f, const struct store_lcm_event *e)
{
	OK(store_lcm_event_note(f->unit, e));
	OK(store_unit_commit(f->unit));
}

static const char *next_vnfm(struct fixture *f, const char *name)
{
	static char next[16];
	char *found = NULL;
	int err = store_vnfm_next(f->reader, name, &found);

	snprintf(next, sizeof(next), "%s", err == 0 ? found : "");
	ck_assert(err == 0 || err == STORE_NOT_FOUND);
	free(found);
	return next;
}

START_TEST(test_lcm_vnfms_and_forgetting_one)
{
	const struct store_vnf vnf = {
		.vnfm = TEXT("c"), .vnf_instance = TEXT("v"), .names = STORE_VNF_NAMES_UNKNOWN};
	struct store_lcm_event event = {.vnfm = TEXT("b"), .vnf_instance = TEXT("v")};
	struct store_lcm_subscription s = {0};
	struct fixture f;
	uint32_t n;
	int64_t vnfcs;

	fixture_begin(&f, _i);
	ck_assert_str_eq(next_vnfm(&f, ""), "");
	put_subscription(&f, "a", "one");
	put_subscription(&f, "b", "two");
	OK(store_lcm_event_note(f.unit, &event));
	OK(store_vnf_insert(f.unit, &vnf, NULL));
	OK(store_unit_commit(f.unit));
	ck_assert_str_eq(next_vnfm(&f, ""), "a");
	ck_assert_str_eq(next_vnfm(&f, "a"), "b");
	ck_assert_str_eq(next_vnfm(&f, "b"), "c");
	ck_assert_str_eq(next_vnfm(&f, "c"), "");
	OK(store_lcm_forget(f.unit, "b"));
	OK(store_vnfs_forget(f.unit, "c", &vnfcs));
	OK(store_unit_commit(f.unit));
	ck_assert_int_eq(store_unit_id(f.unit, vnfcs), 0);
	ck_assert_str_eq(next_vnfm(&f, "a"), "");
	OK(store_lcm_event_count(f.reader, "b", 10, &n));
	ck_assert_uint_eq(n, 0);
	OK(store_lcm_subscription_get(f.reader, "a", &s));
	store_lcm_subscription_clear(&s);
	fixture_end(&f);
}
END_TEST

START_TEST(test_lcm_event_coalesces)
{
	const struct store_lcm_event first = {.vnfm = TEXT("a"),
					      .vnf_instance = TEXT("v"),
					      .noted_ms = 100,
					      .removed = true,
					      .unfinished = true,
					      .operation_id = TEXT("o-1")};
	const struct store_lcm_event second = {
		.vnfm = TEXT("a"), .vnf_instance = TEXT("v"), .noted_ms = 200, .deleted = true};
	struct store_lcm_event seen = {0}, again = {0};
	struct fixture f;
	uint32_t n;

	fixture_begin(&f, _i);
	note(&f, &first);
	ABSENT(store_lcm_event_due(f.reader, "a", 99, &seen));
	ABSENT(store_lcm_event_due(f.reader, "b", 1000, &seen));
	OK(store_lcm_event_due(f.reader, "a", 100, &seen));
	ck_assert_str_eq(seen.vnf_instance, "v");
	ck_assert(seen.removed && !seen.deleted && seen.unfinished);
	ck_assert_int_eq(seen.noted_ms, 100);
	/* What comes while it is looked at is not lost: */
	note(&f, &second);
	OK(store_lcm_event_done(f.unit, &seen));
	OK(store_unit_commit(f.unit));
	OK(store_lcm_event_due(f.reader, "a", 200, &again));
	ck_assert(again.removed && again.deleted && !again.unfinished);
	ck_assert_str_eq(again.operation_id, "o-1");
	ck_assert_int_eq(again.noted_ms, 100);
	ck_assert_int_eq(again.next_ms, 200);
	/* nor put off. */
	seen.next_ms = 9000;
	OK(store_lcm_event_retry(f.unit, &seen));
	OK(store_unit_commit(f.unit));
	OK(store_lcm_event_count(f.reader, "a", 9, &n));
	ck_assert_uint_eq(n, 1);
	store_lcm_event_clear(&seen);
	OK(store_lcm_event_due(f.reader, "a", 200, &seen));
	OK(store_lcm_event_done(f.unit, &again));
	OK(store_unit_commit(f.unit));
	OK(store_lcm_event_count(f.reader, "a", 9, &n));
	ck_assert_uint_eq(n, 0);
	store_lcm_event_clear(&seen);
	store_lcm_event_clear(&again);
	fixture_end(&f);
}
END_TEST

START_TEST(test_lcm_event_waits)
{
	struct store_lcm_event e = {.vnfm = TEXT("a"), .vnf_instance = TEXT("v"), .noted_ms = 100};
	struct store_lcm_event seen = {0};
	struct fixture f;
	uint32_t n;

	fixture_begin(&f, _i);
	note(&f, &e);
	e.vnf_instance = TEXT("w");
	e.noted_ms = 50;
	note(&f, &e);
	OK(store_lcm_event_due(f.reader, "a", 100, &seen));
	ck_assert_str_eq(seen.vnf_instance, "w");
	seen.next_ms = 300;
	seen.attempts = 4;
	OK(store_lcm_event_retry(f.unit, &seen));
	OK(store_unit_commit(f.unit));
	store_lcm_event_clear(&seen);
	OK(store_lcm_event_due(f.reader, "a", 400, &seen));
	ck_assert_str_eq(seen.vnf_instance, "v");
	OK(store_lcm_event_done(f.unit, &seen));
	OK(store_unit_commit(f.unit));
	store_lcm_event_clear(&seen);
	ABSENT(store_lcm_event_due(f.reader, "a", 299, &seen));
	OK(store_lcm_event_due(f.reader, "a", 300, &seen));
	ck_assert_uint_eq(seen.attempts, 4);
	store_lcm_event_clear(&seen);
	/* A notification lets it be asked at once. */
	e.noted_ms = 200;
	note(&f, &e);
	OK(store_lcm_event_due(f.reader, "a", 200, &seen));
	ck_assert_uint_eq(seen.attempts, 0);
	store_lcm_event_clear(&seen);
	OK(store_lcm_event_count(f.reader, "a", 1, &n));
	ck_assert_uint_eq(n, 1);
	fixture_end(&f);
}
END_TEST

TCase *lcm_cases(void)
{
	TCase *tc = tcase_create("lcm");

	tcase_add_loop_test(tc, test_lcm_subscription, 0, backends_count);
	tcase_add_loop_test(tc, test_lcm_vnfms_and_forgetting_one, 0, backends_count);
	tcase_add_loop_test(tc, test_lcm_event_coalesces, 0, backends_count);
	tcase_add_loop_test(tc, test_lcm_event_waits, 0, backends_count);
	return tc;
}
