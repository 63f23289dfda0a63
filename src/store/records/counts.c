// SPDX-License-Identifier: Apache-2.0
/*
 * How many certificates and transactions there are in each state, how much of all else, and whether
 * what is in the database is sound. What counts them is counts.h.
 */
#include "reader.h"

#include "base/log.h"

#include <errno.h>

struct state_counts {
	int64_t *n;
	int states;
};

static int count_take(struct row *row, void *arg)
{
	const struct state_counts *counts = arg;
	int64_t state = row_int(row);

	if (state >= 0 && state < counts->states)
		counts->n[state] = row_int(row);
	return 0;
}

static int counts_read(struct store_reader *r, const char *name, int64_t *n, int states)
{
	struct state_counts counts = {n, states};

	memset(n, 0, (size_t)states * sizeof(n[0]));
	return read_each(r, READ_COUNTS, VALUES(value_text(name)), count_take, &counts);
}

int store_certificate_counts(struct store_reader *r, int64_t counts[STORE_CERT_STATE_COUNT])
{
	return counts_read(r, "certificate", counts, STORE_CERT_STATE_COUNT);
}

int store_transaction_counts(struct store_reader *r, int64_t counts[5])
{
	return counts_read(r, "cmp_transaction", counts, 5);
}

struct tables {
	store_table_each *each;
	void *arg;
};

static int table_take(struct row *row, void *arg)
{
	const struct tables *tables = arg;
	_cleanup_(freep) char *table = row_text(row);
	int64_t rows = row_int(row);
	int err = row_complete(row);

	return err ? err : tables->each(tables->arg, table, rows);
}

int store_table_counts(struct store_reader *r, store_table_each *each, void *arg)
{
	struct tables tables = {each, arg};

	return read_each(r, READ_TABLE_COUNTS, NULL, 0, table_take, &tables);
}

static int totals_read(struct row *row, void *arg)
{
	struct store_totals *totals = arg;

	totals->registrations = row_int(row);
	totals->clients = row_int(row);
	totals->expired = row_int(row);
	totals->ending = row_int(row);
	return 0;
}

int store_totals_get(struct store_reader *r, int64_t now_ms, int64_t until_ms, uint32_t max,
		     struct store_totals *totalsp)
{
	return read_one(r, READ_TOTALS,
			VALUES(value_int(now_ms), value_int(until_ms), value_int(max)), totals_read,
			totalsp);
}

static int integrity_finding(struct row *row, void *arg)
{
	_cleanup_(freep) char *text = row_text(row);
	int *findings = arg;

	if (text && strcmp(text, "ok") == 0)
		return 0;
	++*findings;
	log_event(LOG_LEVEL_ERROR, "integrity", F_TEXT("finding", text));
	return 0;
}

int store_integrity_check(struct store_reader *r)
{
	int findings = 0;

	for (const char *const *sql = r->driver->integrity_sql; *sql; sql++) {
		_cleanup_(query_clear) struct query q = query_of(r, *sql);
		int err = query_walk(&q, integrity_finding, &findings);

		if (err < 0)
			return err;
	}
	return findings == 0 ? 0 : -EUCLEAN;
}
