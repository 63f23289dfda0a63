// SPDX-License-Identifier: Apache-2.0
/* CRLs in the store, and what the next one must list. */
#include "reader.h"
#include "unit.h"

void store_crl_clear(struct store_crl *c)
{
	free(c->ca);
	memset(c, 0, sizeof(*c));
}

static void column_serial(struct columns *col, struct serial *serialp)
{
	serialp->len = (uint8_t)column_array(col, serialp->octet, sizeof(serialp->octet));
}

int store_crl_newest(struct store_reader *handle, const char *ca, struct store_crl *crlp)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_CRL_NEWEST];
	_cleanup_(store_crl_clear) struct store_crl crl = {0};
	struct columns col = COLUMNS(stmt);
	struct binder b = BINDER(stmt);
	int result;

	bind_text(&b, ca);
	result = reader_first(r, &b);
	if (result != 0)
		return result;
	crl.id = column_int(&col);
	crl.ca = column_text(&col);
	crl.number = column_int(&col);
	crl.this_update_ms = column_int(&col);
	crl.next_update_ms = column_int(&col);
	crl.scheduled_ms = column_int(&col);
	crl.changes = column_int(&col);
	result = reader_complete(&col);
	if (result == 0) {
		*crlp = crl;
		crl = (struct store_crl){0};
	}
	return result;
}

int store_crl_octets(struct store_reader *handle, int64_t id, struct octets *derp)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_CRL_OCTETS];
	struct columns col = COLUMNS(stmt);
	struct binder b = BINDER(stmt);
	int result;

	bind_int(&b, id);
	result = reader_first(r, &b);
	if (result != 0)
		return result;
	*derp = column_octets(&col);
	return reader_complete(&col);
}

int store_crl_changes(struct store_reader *handle, const char *ca, int64_t *changesp)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_CRL_CHANGES];
	struct binder b = BINDER(stmt);
	int result;

	bind_text(&b, ca);
	result = reader_first(r, &b);
	*changesp = result == 0 ? sqlite3_column_int64(stmt, 0) : 0;
	return result == STORE_NOT_FOUND ? 0 : result;
}

static void revoked_read(sqlite3_stmt *stmt, struct store_revoked *item)
{
	struct columns col = COLUMNS(stmt);

	*item = (struct store_revoked){0};
	column_serial(&col, &item->serial);
	item->reason = (int)column_int_or(&col, STORE_REASON_NONE);
	item->revoked_ms = column_int(&col);
	item->invalidity_ms = column_int_or(&col, 0);
}

int store_revoked_page(struct store_reader *handle, const char *ca, int64_t not_after_ms,
		       const struct serial *below, struct store_revoked *page, size_t max,
		       size_t *np)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);
	uint8_t top[SERIAL_MAX + 1];

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_REVOKED_PAGE];
	struct binder b = BINDER(stmt);
	int result;

	/* Above all serials. */
	memset(top, 0xff, sizeof(top));
	*np = 0;
	bind_text(&b, ca);
	bind_bytes(&b, below ? serial_view(below) : BYTES_OF(top));
	bind_int(&b, not_after_ms);
	bind_int(&b, (int64_t)max);
	result = reader_first(r, &b);
	while (result == 0) {
		revoked_read(stmt, &page[(*np)++]);
		result = reader_step(r, stmt);
	}
	return result == STORE_NOT_FOUND ? 0 : result;
}

int store_crl_insert(struct store_unit *u, const struct store_crl *crl, int64_t *idp)
{
	int err = unit_add_result(
		u, CHANGE_CRL_INSERT, idp,
		VALUES(value_text(crl->ca), value_int(crl->number), value_int(crl->this_update_ms),
		       value_int(crl->next_update_ms), value_int(crl->scheduled_ms),
		       value_int(crl->changes), value_bytes(crl->der)));

	if (err < 0)
		return err;
	/* After it, so that its id is a new one. */
	return unit_add(u, CHANGE_CRL_PURGE, VALUES(value_text(crl->ca), value_int(crl->number)));
}
