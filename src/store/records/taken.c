// SPDX-License-Identifier: Apache-2.0
/* Reading whether a key is certified, or an entity has as many certificates as it may. */
#include "reader.h"

#include <errno.h>

/* Whether there is a row. */
static int row_exists(struct reader *r, const struct binder *b, bool *existsp)
{
	int result = reader_first(r, b);

	sqlite3_reset(b->stmt); /* ends the read transaction */
	*existsp = result == 0;
	return result == STORE_NOT_FOUND ? 0 : result;
}

int store_key_taken(struct store_reader *handle, const uint8_t digest[32], const char *subject_id,
		    bool *takenp)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	struct binder b = BINDER(r->stmt[READ_KEY_TAKEN]);

	bind_bytes(&b, (struct bytes){digest, 32});
	bind_text(&b, subject_id);
	return row_exists(r, &b, takenp);
}

int store_live_reached(struct store_reader *handle, const struct store_live *live, bool *reachedp)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	struct binder b = BINDER(r->stmt[READ_LIVE_REACHED]);

	bind_int(&b, live->registration_id);
	bind_int(&b, live->except_id);
	bind_int(&b, live->now_ms);
	bind_int(&b, live->max);
	return row_exists(r, &b, reachedp);
}
