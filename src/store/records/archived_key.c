// SPDX-License-Identifier: Apache-2.0
/* Archived keys in the store. */
#include "reader.h"
#include "unit.h"

void store_archived_key_clear(struct store_archived_key *k)
{
	octets_clear_secret(&k->secret);
	memset(k, 0, sizeof(*k));
}

static int archived_key_read(sqlite3_stmt *stmt, struct store_archived_key *k)
{
	struct columns col = COLUMNS(stmt);

	k->certificate_id = column_int(&col);
	k->created_ms = column_int(&col);
	k->generated = column_int(&col) != 0;
	k->secret = column_octets(&col);
	return reader_complete(&col);
}

int store_archived_key_get(struct store_reader *handle, int64_t certificate_id,
			   struct store_archived_key *keyp)
{
	_cleanup_(store_archived_key_clear) struct store_archived_key k = {0};
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);
	int result;

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_ARCHIVED_KEY_GET];
	struct binder b = BINDER(stmt);

	bind_int(&b, certificate_id);
	result = reader_first(r, &b);
	if (result == 0)
		result = archived_key_read(stmt, &k);
	if (result == 0) {
		*keyp = k;
		k = (struct store_archived_key){0};
	}
	return result;
}

struct key_walk {
	store_archived_key_each *each;
	void *arg;
};

static int key_row(void *arg, sqlite3_stmt *stmt)
{
	_cleanup_(store_archived_key_clear) struct store_archived_key k = {0};
	const struct key_walk *walk = arg;
	int err = archived_key_read(stmt, &k);

	return err == 0 ? walk->each(walk->arg, &k) : err;
}

int store_archived_key_list(struct store_reader *r, int64_t registration_id, uint32_t limit,
			    store_archived_key_each *each, void *arg)
{
	struct key_walk walk = {each, arg};
	_cleanup_(query_clear) struct query q = QUERY_NULL;

	query_begin(&q, "SELECT k.certificate_id, k.created_ms, k.generated, k.secret"
			" FROM certificate c JOIN archived_key k ON k.certificate_id = c.id");
	query_where_int(&q, "c.registration_id = ?", registration_id);
	/* What was not accepted yet, or never will be, is nobody's key. */
	query_where(&q, "c.state NOT IN (0, 1, 4)");
	query_end(&q, "c.id DESC", limit);
	return query_walk(r, &q, key_row, &walk);
}

/* --- changes --- */

int store_archived_key_insert(struct store_unit *u, const struct store_archived_key *key)
{
	return unit_add(u, CHANGE_ARCHIVED_KEY_INSERT,
			VALUES(value_id(key->certificate_id), value_int(key->created_ms),
			       value_int(key->generated), value_octets(&key->secret)));
}

int store_archived_key_remove(struct store_unit *u, int64_t certificate_id)
{
	return unit_add(u, CHANGE_ARCHIVED_KEY_REMOVE, VALUES(value_id(certificate_id)));
}
