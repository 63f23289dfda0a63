// SPDX-License-Identifier: Apache-2.0
/*
 * How many certificates and transactions there are in each state, and whether that and all else in
 * the database is sound. What counts them is counts.h.
 */
#include "reader.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>

static int counts_read(struct store_reader *handle, const char *name, int64_t *counts, int n)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_COUNTS];
	struct binder b = BINDER(stmt);
	int result;

	memset(counts, 0, (size_t)n * sizeof(counts[0]));
	bind_text(&b, name);
	result = reader_first(r, &b);
	while (result == 0) {
		int64_t state = sqlite3_column_int64(stmt, 0);

		if (state >= 0 && state < n)
			counts[state] = sqlite3_column_int64(stmt, 1);
		result = reader_step(r, stmt);
	}
	return result == STORE_NOT_FOUND ? 0 : result;
}

int store_certificate_counts(struct store_reader *handle, int64_t counts[STORE_CERT_STATE_COUNT])
{
	return counts_read(handle, "certificate", counts, STORE_CERT_STATE_COUNT);
}

int store_transaction_counts(struct store_reader *handle, int64_t counts[5])
{
	return counts_read(handle, "cmp_transaction", counts, 5);
}

/* --- integrity --- */

static int integrity_finding(void *arg, sqlite3_stmt *stmt)
{
	const char *text = (const char *)sqlite3_column_text(stmt, 0);
	int *findings = arg;

	if (text && strcmp(text, "ok") == 0)
		return 0;
	++*findings;
	log_event(LOG_LEVEL_ERROR, "integrity", F_TEXT("finding", text));
	return 0;
}

int store_integrity_check(struct store_reader *r)
{
	static const char *const checks[] = {
		"PRAGMA integrity_check",
		"PRAGMA foreign_key_check",
		"SELECT 'the counter of ' || name || ' in state ' || state || ' is off by ' || "
		"sum(n)"
		" FROM (SELECT name, state, n FROM counter UNION ALL"
		" SELECT 'certificate', state, -count(*) FROM certificate GROUP BY state UNION ALL"
		" SELECT 'cmp_transaction', state, -count(*) FROM cmp_transaction GROUP BY state)"
		" GROUP BY name, state HAVING sum(n) <> 0",
	};
	int findings = 0;

	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		_cleanup_(query_clear) struct query q = QUERY_NULL;
		int result;

		query_begin(&q, checks[i]);
		result = query_walk(r, &q, integrity_finding, &findings);
		if (result < 0)
			return result;
	}
	return findings == 0 ? 0 : -EUCLEAN;
}
