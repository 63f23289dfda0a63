// SPDX-License-Identifier: Apache-2.0
/* Whether a request is remembered. */
#include "reader.h"

int store_seen_find(struct store_reader *handle, const uint8_t digest[32], bool *seenp)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);
	int result;

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_SEEN];
	struct binder b = BINDER(stmt);

	bind_bytes(&b, (struct bytes){digest, 32});
	result = reader_first(r, &b);
	*seenp = result == 0;
	return result == STORE_NOT_FOUND ? 0 : result;
}
