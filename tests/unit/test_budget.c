// SPDX-License-Identifier: Apache-2.0
/* The budget of strangers: who owes what, and what is kept for whom. Costs and times are given. */
#include "base/budget.h"
#include "suite.h"

#include <check.h>
#include <stdio.h>

/* Of one processor a half: a network has an eighth of it, a claim a sixteenth. */
static const struct budget_limits limits = {
	.us_per_s = 500 * 1000, .strangers_at_once = 8, .at_once = 24};

enum { COST_US = 50 * 1000 };

static struct budget *budget;
static int64_t now_ms;

static void setup(void)
{
	/* One under which no two of the few that are told apart here share a place. */
	static const uint8_t seed[BUDGET_SEED_LEN] = {1};

	ck_assert_int_eq(budget_new(seed, &budget), 0);
	now_ms = 1800000000000;
}

static void teardown(void)
{
	budget_free(budget);
}

static struct budget_claim claim_of(uint8_t host, const char *reference, uint64_t connection)
{
	struct budget_claim claim = {.reference = bytes_of_string(reference),
				     .connection = connection,
				     .network.len = 16};

	claim.network.octets[15] = host;
	return claim;
}

/* One message; `authentic` if it is admitted. */
static bool message(uint8_t host, const char *reference, uint64_t connection, int64_t cost_us,
		    bool authentic)
{
	struct budget_claim claim = claim_of(host, reference, connection);
	struct budget_work work;

	if (!budget_take(budget, &limits, &claim, cost_us, now_ms, &work))
		return false;
	budget_end(budget, &work, cost_us);
	if (authentic)
		budget_refund(budget, &work, now_ms);
	return true;
}

static int admitted(uint8_t host, const char *reference, int n)
{
	int yes = 0;

	for (int i = 0; i < n; i++)
		yes += message(host, reference, 0, COST_US, false);
	return yes;
}

/* One reference; another one from there; another address: each has less than all. */
START_TEST(parts)
{
	/* 200 ms, 400 ms, 800 ms */
	ck_assert_int_eq(admitted(1, "a", 100), 4);
	ck_assert_int_eq(admitted(1, "b", 100), 4);
	ck_assert_int_eq(admitted(1, "c", 100), 0);
	ck_assert_int_eq(admitted(2, "a", 100), 4);
	ck_assert_int_eq(admitted(3, "a", 100), 4);
	ck_assert_int_eq(admitted(4, "a", 100), 0);
	/* An eighth of 500 ms a second is paid back: 100 ms of the claim's. */
	now_ms += 1600;
	ck_assert_int_eq(admitted(1, "a", 100), 2);
	now_ms += 3600 * 1000;
	ck_assert_int_eq(admitted(1, "a", 100), 4);
}
END_TEST

/* What is cheap is done before there is room for what is dear. */
START_TEST(cheap_first)
{
	ck_assert_int_eq(admitted(1, "a", 100), 4);
	now_ms += 100;
	ck_assert(!message(1, "a", 0, COST_US, false));
	ck_assert(message(1, "a", 0, 5000, false));
}
END_TEST

/* Whatever an operator allows can be asked for. */
START_TEST(dearer_than_all)
{
	ck_assert(message(1, "a", 0, INT64_C(3600) * 1000 * 1000, false));
	ck_assert(!message(1, "a", 0, 1, false));
	now_ms += 3600 * 1000;
	ck_assert(!message(1, "a", 0, 1, false));
	now_ms += 16 * 3600 * INT64_C(1000);
	ck_assert(message(1, "a", 0, INT64_MAX / 2, false));
}
END_TEST

/* The true cost counts, not what was thought. */
START_TEST(cost_as_it_was)
{
	struct budget_claim claim = claim_of(1, "a", 0);
	struct budget_work work;

	ck_assert(budget_take(budget, &limits, &claim, 1000, now_ms, &work));
	budget_end(budget, &work, 200 * 1000);
	ck_assert(!message(1, "a", 0, 1000, false));
	now_ms += 3600 * 1000;
	ck_assert(budget_take(budget, &limits, &claim, 200 * 1000, now_ms, &work));
	budget_end(budget, &work, 0);
	ck_assert_int_eq(admitted(1, "a", 100), 4);
}
END_TEST

/* Who is authentic owes nothing, however much it asks for. */
START_TEST(authentic_is_free)
{
	for (int i = 0; i < 10000; i++)
		ck_assert(message(1, "a", 0, COST_US, true));
	for (int i = 0; i < 10000; i++) {
		char reference[16];

		snprintf(reference, sizeof(reference), "ref-%d", i);
		ck_assert(message(2, reference, 0, COST_US, true));
	}
	ck_assert_int_eq(admitted(1, "stranger", 100), 4);
}
END_TEST

/* Wrong MACs in its name from elsewhere, and from behind its own address under other names. */
START_TEST(reserve)
{
	ck_assert(message(1, "victim", 0, COST_US, true));
	for (uint8_t host = 2; host < 250; host++)
		admitted(host, "victim", 10);
	admitted(1, "a", 100);
	admitted(1, "b", 100);
	ck_assert(!message(1, "c", 0, COST_US, false));
	for (int i = 0; i < 1000; i++)
		ck_assert(message(1, "victim", 0, COST_US, true));
	/* From elsewhere it is a stranger itself. */
	ck_assert(!message(251, "victim", 0, COST_US, false));
	/* Known is who was authentic within a day. */
	now_ms += 24 * 3600 * INT64_C(1000);
	for (uint8_t host = 2; host < 250; host++)
		admitted(host, "victim", 10);
	ck_assert(!message(1, "victim", 0, COST_US, false));
}
END_TEST

/* Behind its own address, under its own name: the connection on which it has proved itself. */
START_TEST(reserve_behind_nat)
{
	ck_assert(message(1, "victim", 7, COST_US, true));
	/* 2 s */
	ck_assert_int_eq(admitted(1, "victim", 1000), 40);
	ck_assert(!message(1, "victim", 8, COST_US, false));
	for (int i = 0; i < 100; i++)
		ck_assert(message(1, "victim", 7, COST_US, true));
	/* Until it fails there. */
	ck_assert(message(1, "victim", 7, COST_US, false));
	ck_assert(!message(1, "victim", 7, COST_US, false));
}
END_TEST

/* Never more than a share of the workers. */
START_TEST(at_once)
{
	struct budget_work stranger[8], known[16], more;
	struct budget_claim claim;

	ck_assert(message(1, "known", 0, 2000, true));
	for (size_t i = 0; i < ARRAY_LEN(stranger); i++) {
		claim = claim_of((uint8_t)(10 + i), "a", 0);
		ck_assert(budget_take(budget, &limits, &claim, 2000, now_ms, &stranger[i]));
	}
	claim = claim_of(100, "a", 0);
	ck_assert(!budget_take(budget, &limits, &claim, 2000, now_ms, &more));
	/* What is short is no matter. */
	ck_assert(budget_take(budget, &limits, &claim, 1999, now_ms, &more));
	budget_end(budget, &more, 1999);
	claim = claim_of(1, "known", 0);
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		ck_assert(budget_take(budget, &limits, &claim, 2000, now_ms, &known[i]));
	ck_assert(!budget_take(budget, &limits, &claim, 2000, now_ms, &more));
	budget_end(budget, &known[0], 2000);
	ck_assert(budget_take(budget, &limits, &claim, 2000, now_ms, &known[0]));
	budget_end(budget, &stranger[0], 2000);
	claim = claim_of(100, "b", 0);
	ck_assert(budget_take(budget, &limits, &claim, 2000, now_ms, &more));
}
END_TEST

/* A clock that is set back costs nobody anything, nor does it give. */
START_TEST(clock_back)
{
	ck_assert_int_eq(admitted(1, "a", 100), 4);
	now_ms -= 3600 * 1000;
	ck_assert_int_eq(admitted(1, "a", 100), 0);
	now_ms += 1600;
	ck_assert_int_eq(admitted(1, "a", 100), 2);
}
END_TEST

/* Strangers without number share what there is; who is known keeps its reserve. */
START_TEST(strangers_without_number)
{
	char reference[24];
	int yes = 0;

	ck_assert(message(1, "victim", 0, COST_US, true));
	for (int i = 0; i < 100000; i++) {
		snprintf(reference, sizeof(reference), "ref-%d", i);
		yes += message((uint8_t)(i % 200 + 2), reference, 0, COST_US, false);
	}
	ck_assert_int_eq(yes, 16);
	ck_assert(message(1, "victim", 0, COST_US, true));
}
END_TEST

static Suite *budget_suite(void)
{
	Suite *suite = suite_create("budget");
	TCase *tc = tcase_create("budget");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, parts);
	tcase_add_test(tc, cheap_first);
	tcase_add_test(tc, dearer_than_all);
	tcase_add_test(tc, cost_as_it_was);
	tcase_add_test(tc, authentic_is_free);
	tcase_add_test(tc, reserve);
	tcase_add_test(tc, reserve_behind_nat);
	tcase_add_test(tc, at_once);
	tcase_add_test(tc, clock_back);
	tcase_add_test(tc, strangers_without_number);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(budget_suite, SUITE_FORKS)
