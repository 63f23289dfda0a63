// SPDX-License-Identifier: Apache-2.0
/* Reading secrets of KemBasedMac. */
#include "reader.h"

static int kem_secret_read(sqlite3_stmt *stmt, struct store_kem_secret *s)
{
	struct columns col = COLUMNS(stmt);

	s->id = column_int(&col);
	s->used = column_int(&col);
	s->deadline_ms = column_int(&col);
	s->requester = column_text(&col);
	s->transaction_id = column_octets(&col);
	s->sent_nonce = column_octets(&col);
	s->secret = column_octets(&col);
	s->request = column_octets(&col);
	s->response = column_octets(&col);
	return reader_complete(&col);
}

int store_kem_secret_find(struct store_reader *handle, struct bytes transaction_id,
			  struct store_kem_secret *secretp)
{
	_cleanup_(store_kem_secret_clear) struct store_kem_secret s = {0};
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);
	int result;

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_KEM_SECRET_FIND];
	struct binder b = BINDER(stmt);

	bind_bytes(&b, transaction_id);
	result = reader_first(r, &b);
	if (result == 0)
		result = kem_secret_read(stmt, &s);
	if (result == 0) {
		*secretp = s;
		s = (struct store_kem_secret){0};
	}
	return result;
}

int store_kem_secret_count(struct store_reader *handle, uint32_t max, uint32_t *np)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);
	int result;

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_KEM_SECRET_COUNT];
	struct binder b = BINDER(stmt);

	bind_int(&b, max);
	result = reader_first(r, &b);
	if (result == 0)
		*np = (uint32_t)sqlite3_column_int64(stmt, 0);
	return result;
}
