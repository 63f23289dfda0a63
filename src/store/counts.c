// SPDX-License-Identifier: Apache-2.0
/* Differences of counters between changes and COMMIT. See counts.h. */
#include "counts.h"

#include "unit.h"

#include <assert.h>
#include <string.h>

static void count_add(struct counts *counts, enum count_kind kind, int state, int64_t n)
{
	assert(state < COUNT_STATES);
	if (state != COUNT_NONE)
		counts->batch[(int)kind * COUNT_STATES + state] += n;
}

void counts_add(struct counts *counts, const struct change *change)
{
	/* Of one row, or of those that a purge has found. */
	int64_t rows = change_rows[change->kind] == CHANGE_ROWS_ANY ? change->result : 1;

	count_add(counts, change->counted, change->from, -rows);
	count_add(counts, change->counted, change->to, rows);
}

void counts_clear(struct counts *counts)
{
	memset(counts->batch, 0, sizeof(counts->batch));
}

const char *counts_name(size_t i)
{
	return i / COUNT_STATES == COUNT_CERTIFICATES ? "certificate" : "cmp_transaction";
}

int counts_state(size_t i)
{
	return (int)(i % COUNT_STATES);
}
