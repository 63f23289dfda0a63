// SPDX-License-Identifier: Apache-2.0
/* Differences of counters between changes and COMMIT. See counts.h. */
#include "counts.h"

#include <assert.h>
#include <string.h>

void counts_add(struct counts *counts, enum count_kind kind, int state, int64_t n)
{
	assert(state < COUNT_STATES);
	if (state != COUNT_NONE)
		counts->unit[(int)kind * COUNT_STATES + state] += n;
}

void counts_begin(struct counts *counts)
{
	memset(counts->unit, 0, sizeof(counts->unit));
}

void counts_keep(struct counts *counts)
{
	for (size_t i = 0; i < ARRAY_LEN(counts->unit); i++)
		counts->batch[i] += counts->unit[i];
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
