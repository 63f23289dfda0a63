// SPDX-License-Identifier: Apache-2.0
/* Retention of the audit: what goes, the anchors that stay, and that the rest still verifies. */
#include "cmf/audit.h"

#include "cmf_world.h"
#include "suite.h"

#include <string.h>

static void line_put(const char *target)
{
	const struct store_audit line = {
		.time_ms = w.now_ms, .actor = "vnfm-a", .action = "test", .target = target};

	ck_assert_int_eq(store_audit_add(w.unit, &line), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
}

static int line_count(void *arg, const struct store_audit *line)
{
	(void)line;
	++*(int *)arg;
	return 0;
}

static int lines_of(const char *action)
{
	const struct store_audit_filter filter = {.action = action};
	int n = 0;

	ck_assert_int_eq(store_audit_list(w.reader, &filter, line_count, &n), 0);
	return n;
}

static void housekeeping(void)
{
	const struct cmf_worker worker = {.reader = w.reader, .unit = w.unit};
	bool more = true;

	while (more)
		ck_assert_int_eq(cmf_housekeeping(w.cmf, &worker, &more), 0);
}

/* Its only chain that has lines; chain 0 has none. */
static struct store_audit_chain verified(void)
{
	_cleanup_(cmf_audit_report_clear) struct cmf_audit_report report = {0};

	ck_assert_int_eq(cmf_audit_verify(w.cmf, w.reader, &report), 0);
	ck_assert_msg(report.n_findings == 0, "%s", report.finding[0].text);
	ck_assert_uint_eq(report.n_chains, 2);
	return report.chain[1];
}

START_TEST(kept_for_ever_by_default)
{
	line_put("one");
	w.now_ms += 3650 * DAY_MS;
	housekeeping();
	ck_assert_int_eq(lines_of("test"), 1);
	ck_assert_int_eq(verified().anchor.sequence, 0);
}
END_TEST

START_TEST(removed_by_whole_days)
{
	w.conf->retention.audit_ms = 30 * DAY_MS;
	for (int i = 0; i < 1500; i++)
		line_put("old");
	w.now_ms += DAY_MS;
	line_put("young");
	w.now_ms += 30 * DAY_MS - 3600 * 1000;
	housekeeping();
	ck_assert_int_eq(lines_of("test"), 1);
	/* It is told in as many lines as there were pages, and they are in the chain. */
	ck_assert_int_eq(lines_of("purge audit"), 2);
	ck_assert_int_eq(verified().anchor.sequence, 1500);
	ck_assert(verified().anchor_mac.present);
	/* Nothing more before the next day is over. */
	w.now_ms += 2 * 3600 * 1000;
	housekeeping();
	ck_assert_int_eq(lines_of("purge audit"), 2);
	w.now_ms += DAY_MS;
	housekeeping();
	ck_assert_int_eq(lines_of("test"), 0);
	ck_assert_int_eq(verified().anchor.sequence, 1501);
	/* What comes after goes on in the same chain. */
	line_put("new");
	ck_assert_int_eq(verified().last.sequence, 1505);
}
END_TEST

/* A line is put back behind its anchor: it is found. */
START_TEST(what_was_removed_does_not_come_back)
{
	_cleanup_(cmf_audit_report_clear) struct cmf_audit_report report = {0};
	struct store_audit_chain chain;
	struct store_audit_mac none = {0};

	line_put("one");
	line_put("two");
	chain = verified();
	/* An anchor that nobody with the key has made. */
	chain.anchor = chain.last;
	ck_assert_int_eq(store_audit_purge(w.unit, INT64_MAX), 0);
	ck_assert_int_eq(store_audit_anchor(w.unit, &chain.anchor, 0, &none), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	ck_assert_int_eq(cmf_audit_verify(w.cmf, w.reader, &report), 0);
	ck_assert_uint_eq(report.n_findings, 1);
	ck_assert_str_eq(report.finding[0].text, "the anchor that retention left has no MAC");
}
END_TEST

/* --- while it is read --- */

/* Retention takes that many pages between the first two of whoever reads all, each time. */
static int purges;
static bool begun, steals;

int __real_store_audit_list(struct store_reader *r, const struct store_audit_filter *filter,
			    store_audit_each *each, void *arg);
int __wrap_store_audit_list(struct store_reader *r, const struct store_audit_filter *filter,
			    store_audit_each *each, void *arg);

static int64_t anchored(void)
{
	struct store_audit_chain chain;

	ck_assert_int_eq(store_audit_chain_get(w.reader, 1, &chain), 0);
	return chain.anchor.sequence;
}

static void purge_pages(void)
{
	const struct cmf_worker worker = {.reader = w.reader, .unit = w.unit};
	int n = purges;
	bool more;

	purges = 0;
	for (int i = 0; i < n; i++)
		ck_assert_int_eq(cmf_housekeeping(w.cmf, &worker, &more), 0);
	/* Ids are those of the one chain, which begins with its first line. */
	if (steals)
		ck_assert_int_eq(store_audit_purge(w.unit, anchored() + 1), 0);
	if (steals)
		ck_assert_int_eq(store_unit_commit(w.unit), 0);
	purges = n;
}

int __wrap_store_audit_list(struct store_reader *r, const struct store_audit_filter *filter,
			    store_audit_each *each, void *arg)
{
	if (purges > 0 && filter->after_id > 0 && begun)
		purge_pages();
	begun = filter->after_id == 0;
	return __real_store_audit_list(r, filter, each, arg);
}

static void old_lines_put(int n)
{
	for (int i = 1; i <= n; i++) {
		const struct store_audit line = {
			.time_ms = w.now_ms, .actor = "vnfm-a", .action = "test", .target = "old"};

		ck_assert_int_eq(store_audit_add(w.unit, &line), 0);
		if (i % 500 == 0 || i == n)
			ck_assert_int_eq(store_unit_commit(w.unit), 0);
	}
	w.conf->retention.audit_ms = 30 * DAY_MS;
	w.now_ms += 32 * DAY_MS;
}

/* However long retention takes, and however much it takes. */
START_TEST(what_retention_removes_meanwhile_is_not_missing)
{
	static const struct {
		int lines, pages;
		int64_t left;
	} rows[] = {{12500, 2, 2000}, {2500, 3, 2500}, {3000, 3, 3000}};

	old_lines_put(rows[_i].lines);
	purges = rows[_i].pages;
	ck_assert_int_eq(verified().anchor.sequence, rows[_i].left);
	purges = 0;
	ck_assert_int_eq(verified().anchor.sequence, rows[_i].left);
}
END_TEST

START_TEST(what_else_is_removed_meanwhile_is_missing)
{
	_cleanup_(cmf_audit_report_clear) struct cmf_audit_report report = {0};

	old_lines_put(4500);
	purges = 2;
	steals = true;
	ck_assert_int_eq(cmf_audit_verify(w.cmf, w.reader, &report), 0);
	steals = false;
	purges = 0;
	ck_assert_uint_eq(report.n_findings, 1);
	ck_assert_str_eq(report.finding[0].text, "1 lines are missing before this one");
	ck_assert_int_eq(report.finding[0].id, 2002);
}
END_TEST

static Suite *audit_suite(void)
{
	Suite *suite = suite_create("cmf_audit");
	TCase *tcase = tcase_create("audit");

	tcase_add_checked_fixture(tcase, world_setup, world_teardown);
	tcase_add_test(tcase, kept_for_ever_by_default);
	tcase_add_test(tcase, removed_by_whole_days);
	tcase_add_test(tcase, what_was_removed_does_not_come_back);
	tcase_add_loop_test(tcase, what_retention_removes_meanwhile_is_not_missing, 0, 3);
	tcase_add_test(tcase, what_else_is_removed_meanwhile_is_missing);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(audit_suite, SUITE_ONE_PROCESS)
