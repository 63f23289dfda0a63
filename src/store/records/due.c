// SPDX-License-Identifier: Apache-2.0
/*
 * Reading what is due: ids only, and at most a round of them, in the order of an index. However
 * much is due at once, a round costs the same.
 */
#include "reader.h"

/* The last parameter of each statement here is how many are wanted. */
static int due_read(struct reader *r, struct binder *b, struct store_due *duep)
{
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = b->stmt;
	int result;

	duep->len = 0;
	bind_int(b, STORE_DUE_MAX);
	result = reader_first(r, b);
	while (result == 0) {
		duep->id[duep->len++] = sqlite3_column_int64(stmt, 0);
		result = reader_step(r, stmt);
	}
	return result == STORE_NOT_FOUND ? 0 : result;
}

int store_certificate_due(struct store_reader *handle, int64_t due_ms, struct store_due *duep)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	struct binder b = BINDER(r->stmt[READ_CERTIFICATE_DUE]);

	bind_int(&b, due_ms);
	return due_read(r, &b, duep);
}

int store_transaction_due(struct store_reader *handle, enum store_transaction_state state,
			  int64_t due_ms, struct store_due *duep)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	struct binder b = BINDER(r->stmt[READ_TRANSACTION_DUE]);

	bind_int(&b, state);
	bind_int(&b, due_ms);
	return due_read(r, &b, duep);
}

int store_exchange_due(struct store_reader *handle, const char *ca, int64_t due_ms,
		       struct store_due *duep)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	struct binder b = BINDER(r->stmt[READ_EXCHANGE_DUE]);

	bind_text(&b, ca);
	bind_int(&b, due_ms);
	return due_read(r, &b, duep);
}

int store_exchange_expired(struct store_reader *handle, const char *ca, int64_t now_ms,
			   struct store_due *duep)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	struct binder b = BINDER(r->stmt[READ_EXCHANGE_EXPIRED]);

	bind_text(&b, ca);
	bind_int(&b, now_ms);
	return due_read(r, &b, duep);
}

int store_transaction_open_count(struct store_reader *handle, const char *requester, uint32_t max,
				 uint32_t *np)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);
	int result;

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_TRANSACTION_OPEN_COUNT];
	struct binder b = BINDER(stmt);

	bind_text(&b, requester);
	bind_int(&b, max);
	result = reader_first(r, &b);
	if (result == 0)
		*np = (uint32_t)sqlite3_column_int64(stmt, 0);
	return result;
}
