// SPDX-License-Identifier: Apache-2.0
/* Revocation passphrases in the store. */
#include "reader.h"
#include "unit.h"

void store_rev_passphrase_clear(struct store_rev_passphrase *p)
{
	octets_clear(&p->reference);
	octets_clear_secret(&p->secret);
	octets_clear(&p->transaction_id);
	memset(p, 0, sizeof(*p));
}

static int rev_passphrase_read(sqlite3_stmt *stmt, struct store_rev_passphrase *p)
{
	struct columns col = COLUMNS(stmt);

	p->registration_id = column_int(&col);
	p->created_ms = column_int(&col);
	p->reference = column_octets(&col);
	p->secret = column_octets(&col);
	return reader_complete(&col);
}

static int rev_passphrase_first(struct reader *r, const struct binder *b,
				struct store_rev_passphrase *passphrasep)
{
	_cleanup_(store_rev_passphrase_clear) struct store_rev_passphrase p = {0};
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = b->stmt;
	int result = reader_first(r, b);

	if (result == 0)
		result = rev_passphrase_read(stmt, &p);
	if (result == 0) {
		*passphrasep = p;
		p = (struct store_rev_passphrase){0};
	}
	return result;
}

int store_rev_passphrase_find(struct store_reader *handle, struct bytes reference,
			      struct store_rev_passphrase *passphrasep)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	struct binder b = BINDER(r->stmt[READ_REV_PASSPHRASE_FIND]);

	bind_bytes(&b, reference);
	return rev_passphrase_first(r, &b, passphrasep);
}

int store_rev_passphrase_before(struct store_reader *handle, struct bytes reference,
				struct bytes transaction_id,
				struct store_rev_passphrase *passphrasep)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	struct binder b = BINDER(r->stmt[READ_REV_PASSPHRASE_BEFORE]);

	bind_bytes(&b, reference);
	bind_bytes(&b, transaction_id);
	return rev_passphrase_first(r, &b, passphrasep);
}

/* --- changes --- */

int store_rev_passphrase_put(struct store_unit *u, const struct store_rev_passphrase *p)
{
	int err = 0;

	if (p->transaction_id.len)
		err = unit_add(
			u, CHANGE_REV_PASSPHRASE_KEEP,
			VALUES(value_id(p->registration_id), value_octets(&p->transaction_id)));
	if (err == 0)
		err = unit_add(u, CHANGE_REV_PASSPHRASE_REMOVE,
			       VALUES(value_id(p->registration_id)));
	if (err == 0)
		err = unit_add(u, CHANGE_REV_PASSPHRASE_INSERT,
			       VALUES(value_id(p->registration_id), value_int(p->created_ms),
				      value_octets(&p->reference), value_octets(&p->secret)));
	return err;
}
