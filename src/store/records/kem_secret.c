// SPDX-License-Identifier: Apache-2.0
/* Secrets of KemBasedMac in the store. */
#include "reader.h"
#include "unit.h"

void store_kem_secret_clear(struct store_kem_secret *s)
{
	free(s->requester);
	octets_clear(&s->transaction_id);
	octets_clear(&s->sent_nonce);
	octets_clear(&s->secret);
	octets_clear(&s->request);
	octets_clear(&s->response);
	*s = (struct store_kem_secret){0};
}

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

/* --- changes --- */

int store_kem_secret_insert(struct store_unit *u, const struct store_kem_secret *secret)
{
	return unit_add(u, CHANGE_KEM_SECRET_INSERT,
			VALUES(value_int(secret->deadline_ms), value_text(secret->requester),
			       value_octets(&secret->transaction_id),
			       value_octets(&secret->sent_nonce), value_octets(&secret->secret),
			       value_octets(&secret->request), value_octets(&secret->response)));
}

int store_kem_secret_trim(struct store_unit *u, const char *requester, uint32_t keep)
{
	return unit_add(u, CHANGE_KEM_SECRET_TRIM, VALUES(value_text(requester), value_int(keep)));
}

int store_kem_secret_use(struct store_unit *u, int64_t id, int64_t transaction_id)
{
	return unit_add(u, CHANGE_KEM_SECRET_USE, VALUES(value_id(id), value_id(transaction_id)));
}

int store_kem_secret_purge(struct store_unit *u, int64_t before_ms, uint32_t limit)
{
	return unit_add(u, CHANGE_KEM_SECRET_PURGE, VALUES(value_int(before_ms), value_int(limit)));
}
