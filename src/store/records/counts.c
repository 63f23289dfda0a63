// SPDX-License-Identifier: Apache-2.0
/* Reading how many certificates and transactions are in each state. What counts them is counts.h.
 */
#include "reader.h"

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
