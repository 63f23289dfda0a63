// SPDX-License-Identifier: Apache-2.0
/* Announcements in the store. */
#include "reader.h"
#include "unit.h"

void store_announcement_clear(struct store_announcement *a)
{
	free(a->sender);
	octets_clear(&a->der);
	memset(a, 0, sizeof(*a));
}

static int announcement_read(sqlite3_stmt *stmt, struct store_announcement *a)
{
	struct columns col = COLUMNS(stmt);

	a->id = column_int(&col);
	a->type = (int)column_int(&col);
	a->created_ms = column_int(&col);
	a->sender = column_text(&col);
	column_array(&col, a->digest, sizeof(a->digest));
	a->der = column_octets(&col);
	return reader_complete(&col);
}

int store_announcement_get(struct store_reader *handle, int64_t id, struct store_announcement *ap)
{
	_cleanup_(store_announcement_clear) struct store_announcement a = {0};
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);
	int result;

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_ANNOUNCEMENT_GET];
	struct binder b = BINDER(stmt);

	bind_int(&b, id);
	result = reader_first(r, &b);
	if (result == 0)
		result = announcement_read(stmt, &a);
	if (result == 0) {
		*ap = a;
		a = (struct store_announcement){0};
	}
	return result;
}

struct announcement_walk {
	store_announcement_each *each;
	void *arg;
};

static int announcement_row(void *arg, sqlite3_stmt *stmt)
{
	const struct announcement_walk *walk = arg;
	_cleanup_(store_announcement_clear) struct store_announcement a = {0};
	int err = announcement_read(stmt, &a);

	return err < 0 ? err : walk->each(walk->arg, &a);
}

int store_announcement_list(struct store_reader *r, const struct store_announcement_filter *filter,
			    store_announcement_each *each, void *arg)
{
	_cleanup_(query_clear) struct query q = QUERY_NULL;
	struct announcement_walk walk = {each, arg};

	query_begin(&q, "SELECT " ANNOUNCEMENT_COLUMNS " FROM announcement");
	query_where_int(&q, "id > ?", filter->after_id);
	if (filter->sender)
		query_where_text(&q, "sender = ?", filter->sender);
	if (filter->type >= 0)
		query_where_int(&q, "type = ?", filter->type);
	query_end(&q, "id", filter->limit);
	return query_walk(r, &q, announcement_row, &walk);
}

/* --- changes --- */

int store_announcement_insert(struct store_unit *u, const struct store_announcement *a,
			      int64_t *idp)
{
	return unit_add_result(u, CHANGE_ANNOUNCEMENT_INSERT, idp,
			       VALUES(value_int(a->type), value_int(a->created_ms),
				      value_text(a->sender), value_bytes(BYTES_OF(a->digest)),
				      value_octets(&a->der)));
}

int store_announcement_trim(struct store_unit *u, const char *sender, uint32_t keep)
{
	return unit_add(u, CHANGE_ANNOUNCEMENT_TRIM, VALUES(value_text(sender), value_int(keep)));
}
