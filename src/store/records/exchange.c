// SPDX-License-Identifier: Apache-2.0
/* Exchanges with upstream CAs in the store, and their messages. */
#include "reader.h"
#include "unit.h"

#include "base/log.h"

#include <errno.h>

void store_exchange_clear(struct store_exchange *e)
{
	free(e->ca);
	free(e->refusal);
	octets_clear(&e->request);
	memset(e, 0, sizeof(*e));
}

void store_exchange_messages_clear(struct store_exchange_messages *m)
{
	for (size_t i = 0; i < m->len; i++)
		octets_clear(&m->item[i].der);
	free(m->item);
	memset(m, 0, sizeof(*m));
}

static int exchange_read(sqlite3_stmt *stmt, struct store_exchange *e)
{
	struct columns col = COLUMNS(stmt);

	e->id = column_int(&col);
	e->kind = (enum store_exchange_kind)column_int(&col);
	e->state = (enum store_exchange_state)column_int(&col);
	e->certificate_id = column_int(&col);
	e->failinfo = (int)column_int(&col);
	e->deadline_ms = column_int_or(&col, 0);
	e->next_ms = column_int(&col);
	e->created_ms = column_int(&col);
	e->ca = column_text(&col);
	e->request = column_octets(&col);
	e->refusal = column_text(&col);
	return reader_complete(&col);
}

static int exchange_one(struct reader *r, const struct binder *b, struct store_exchange *ep)
{
	_cleanup_(store_exchange_clear) struct store_exchange e = {0};
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = b->stmt;
	int result = reader_first(r, b);

	if (result == 0)
		result = exchange_read(stmt, &e);
	if (result == 0) {
		*ep = e;
		e = (struct store_exchange){0};
	}
	return result;
}

int store_exchange_get(struct store_reader *handle, int64_t id, struct store_exchange *ep)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	struct binder b = BINDER(r->stmt[READ_EXCHANGE_GET]);

	bind_int(&b, id);
	return exchange_one(r, &b, ep);
}

int store_exchange_find(struct store_reader *handle, int64_t certificate_id,
			enum store_exchange_kind kind, struct store_exchange *ep)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	struct binder b = BINDER(r->stmt[READ_EXCHANGE_FIND]);

	bind_int(&b, certificate_id);
	bind_int(&b, kind);
	return exchange_one(r, &b, ep);
}

struct answer_walk {
	store_exchange_answer *each;
	void *arg;
};

static int answer_row(void *arg, sqlite3_stmt *stmt)
{
	const struct answer_walk *walk = arg;
	struct bytes der = {sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0)};

	return walk->each(walk->arg, der);
}

int store_exchange_answers(struct store_reader *r, int64_t certificate_id,
			   enum store_exchange_kind kind, store_exchange_answer *each, void *arg)
{
	_cleanup_(query_clear) struct query q = QUERY_NULL;
	struct answer_walk walk = {each, arg};

	query_begin(&q, "SELECT m.der FROM exchange e JOIN exchange_message m"
			" ON m.exchange_id = e.id");
	query_where_int(&q, "e.certificate_id = ?", certificate_id);
	query_where_int(&q, "e.kind = ?", kind);
	query_where(&q, "m.sent = 0");
	query_end(&q, "e.id DESC, m.seq DESC", 0);
	return query_walk(r, &q, answer_row, &walk);
}

static int message_add(struct store_exchange_messages *m, sqlite3_stmt *stmt)
{
	struct columns col = COLUMNS(stmt);
	struct store_exchange_message *item;

	item = reallocarray(m->item, m->len + 1, sizeof(*item));
	if (!item)
		return log_fault("store: read exchange messages", -ENOMEM, NULL);
	m->item = item;
	item = &m->item[m->len++];
	item->seq = (int)column_int(&col);
	item->sent = column_int(&col) != 0;
	item->der = column_octets(&col);
	return reader_complete(&col);
}

int store_exchange_messages_get(struct store_reader *handle, int64_t exchange_id,
				struct store_exchange_messages *mp)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_EXCHANGE_MESSAGES];
	_cleanup_(store_exchange_messages_clear) struct store_exchange_messages m = {0};
	struct binder b = BINDER(stmt);
	int result;

	bind_int(&b, exchange_id);
	result = reader_first(r, &b);
	while (result == 0) {
		result = message_add(&m, stmt);
		if (result == 0)
			result = reader_step(r, stmt);
	}
	if (result != STORE_NOT_FOUND)
		return result;
	*mp = m;
	m = (struct store_exchange_messages){0};
	return 0;
}

/* --- changes --- */

int store_exchange_insert(struct store_unit *u, const struct store_exchange *e, int64_t *idp)
{
	return unit_add_result(u, CHANGE_EXCHANGE_INSERT, idp,
			       VALUES(value_int(e->kind), value_int(e->state),
				      value_id(e->certificate_id), value_int(e->failinfo),
				      value_int_unless(e->deadline_ms, 0), value_int(e->next_ms),
				      value_int(e->created_ms), value_text(e->ca),
				      value_octets(&e->request)));
}

int store_exchange_add_message(struct store_unit *u, int64_t exchange_id,
			       const struct store_exchange_message *message)
{
	return unit_add(u, CHANGE_EXCHANGE_ADD_MESSAGE,
			VALUES(value_id(exchange_id), value_int(message->seq),
			       value_int(message->sent), value_octets(&message->der)));
}

int store_exchange_set_next(struct store_unit *u, int64_t id, int64_t next_ms)
{
	return unit_add(u, CHANGE_EXCHANGE_SET_NEXT, VALUES(value_id(id), value_int(next_ms)));
}

int store_exchange_finish(struct store_unit *u, int64_t id, enum store_exchange_state state,
			  int failinfo, const char *refusal)
{
	return unit_add(
		u, CHANGE_EXCHANGE_FINISH,
		VALUES(value_id(id), value_int(state), value_int(failinfo), value_text(refusal)));
}
