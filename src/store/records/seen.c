// SPDX-License-Identifier: Apache-2.0
/* Requests that are remembered. */
#include "reader.h"
#include "unit.h"

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

/* --- changes --- */

int store_seen_insert(struct store_unit *u, const struct store_seen *seen)
{
	return unit_add(
		u, CHANGE_SEEN_INSERT,
		VALUES(value_bytes(BYTES_OF(seen->digest)), value_int_unless(seen->until_ms, 0)));
}

int store_seen_purge(struct store_unit *u, int64_t before_ms, uint32_t limit)
{
	return unit_add(u, CHANGE_SEEN_PURGE, VALUES(value_int(before_ms), value_int(limit)));
}
