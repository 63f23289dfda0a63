// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a key is certified, or an entity has as many certificates as it may: looked up when a
 * certificate is decided on, and required again when it is inserted.
 */
#include "reader.h"
#include "unit.h"

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

/* --- conditions of a unit --- */

int store_key_require(struct store_unit *u, const uint8_t digest[32], const char *subject_id)
{
	return unit_add(u, CHANGE_KEY_REQUIRE,
			VALUES(value_bytes((struct bytes){digest, 32}), value_text(subject_id)));
}

int store_live_require(struct store_unit *u, const struct store_live *live)
{
	return unit_add(u, CHANGE_LIVE_REQUIRE,
			VALUES(value_id(live->registration_id), value_int(live->except_id),
			       value_int(live->now_ms), value_int(live->max)));
}
