// SPDX-License-Identifier: Apache-2.0
/* Reading CMP transactions and exchanges with upstream CAs. */
#include "reader.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>

/* --- transactions --- */

static int transaction_read(sqlite3_stmt *stmt, struct store_transaction *t)
{
	struct columns col = COLUMNS(stmt);

	t->id = column_int(&col);
	t->state = (enum store_transaction_state)column_int(&col);
	t->body_type = (int)column_int(&col);
	t->protection = (int)column_int(&col);
	t->implicit_confirm = column_int(&col) != 0;
	t->chain_request = column_int(&col) != 0;
	t->cert_req_id = (int)column_int(&col);
	t->certificate_id = column_int_or(&col, 0);
	t->deadline_ms = column_int_or(&col, 0);
	t->created_ms = column_int(&col);
	t->changed_ms = column_int(&col);
	t->requester = column_text(&col);
	t->transaction_id = column_octets(&col);
	t->request_nonce = column_octets(&col);
	t->sent_nonce = column_octets(&col);
	column_array(&col, t->request_digest, sizeof(t->request_digest));
	t->status_text = column_text(&col);
	t->response = column_octets(&col);
	t->n_items = (size_t)column_int(&col);
	t->crl_id = column_int_or(&col, 0);
	t->crl_at = (size_t)column_int_or(&col, 0);
	return reader_complete(&col);
}

static int transaction_one(struct reader *r, const struct binder *b, struct store_transaction *txnp)
{
	_cleanup_(store_transaction_clear) struct store_transaction txn = {0};
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = b->stmt;
	int result = reader_first(r, b);

	if (result == 0)
		result = transaction_read(stmt, &txn);
	if (result == 0) {
		*txnp = txn;
		txn = (struct store_transaction){0};
	}
	return result;
}

int store_transaction_find(struct store_reader *handle, const char *requester,
			   struct bytes transaction_id, struct store_transaction *txnp)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	struct binder b = BINDER(r->stmt[READ_TRANSACTION_FIND]);

	bind_bytes(&b, transaction_id);
	bind_text(&b, requester);
	return transaction_one(r, &b, txnp);
}

int store_transaction_get(struct store_reader *handle, int64_t id, struct store_transaction *txnp)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	struct binder b = BINDER(r->stmt[READ_TRANSACTION_GET]);

	bind_int(&b, id);
	return transaction_one(r, &b, txnp);
}

int store_transaction_signers(struct store_reader *handle, struct bytes transaction_id,
			      int protection, store_signer_each *each, void *arg)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);
	int result;

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_TRANSACTION_SIGNERS];
	struct binder b = BINDER(stmt);

	bind_bytes(&b, transaction_id);
	bind_int(&b, protection);
	result = reader_first(r, &b);
	while (result == 0) {
		_cleanup_(store_signer_clear) struct store_signer signer = {0};
		struct columns col = COLUMNS(stmt);

		signer.requester = column_text(&col);
		signer.certificates = column_octets(&col);
		result = reader_complete(&col);
		if (result == 0)
			result = each(arg, &signer);
		if (result == 0)
			result = reader_step(r, stmt);
	}
	return result == STORE_NOT_FOUND ? 0 : result;
}

static int item_add(struct store_transaction_items *items, sqlite3_stmt *stmt)
{
	struct columns col = COLUMNS(stmt);
	struct store_transaction_item *item;

	item = reallocarray(items->item, items->len + 1, sizeof(*item));
	if (!item)
		return log_fault("store: read the requests of a transaction", -ENOMEM, NULL);
	items->item = item;
	item = &items->item[items->len++];
	item->cert_req_id = (int)column_int(&col);
	item->certificate_id = column_int_or(&col, 0);
	item->failinfo = (int)column_int(&col);
	item->status_text = column_text(&col);
	return reader_complete(&col);
}

int store_transaction_items_get(struct store_reader *handle, int64_t transaction_id,
				struct store_transaction_items *itemsp)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_TRANSACTION_ITEMS];
	_cleanup_(store_transaction_items_clear) struct store_transaction_items items = {0};
	struct binder b = BINDER(stmt);
	int result;

	bind_int(&b, transaction_id);
	result = reader_first(r, &b);
	while (result == 0) {
		result = item_add(&items, stmt);
		if (result == 0)
			result = reader_step(r, stmt);
	}
	if (result != STORE_NOT_FOUND)
		return result;
	*itemsp = items;
	items = (struct store_transaction_items){0};
	return 0;
}

struct transaction_walk {
	store_transaction_each *each;
	void *arg;
};

static int transaction_row(void *arg, sqlite3_stmt *stmt)
{
	const struct transaction_walk *walk = arg;
	_cleanup_(store_transaction_clear) struct store_transaction txn = {0};
	int err = transaction_read(stmt, &txn);

	return err < 0 ? err : walk->each(walk->arg, &txn);
}

int store_transaction_list(struct store_reader *r, const struct store_transaction_filter *filter,
			   store_transaction_each *each, void *arg)
{
	_cleanup_(query_clear) struct query q = QUERY_NULL;
	struct transaction_walk walk = {each, arg};

	query_begin(&q, "SELECT " TRANSACTION_COLUMNS " FROM cmp_transaction");
	query_where_int(&q, "id > ?", filter->after_id);
	if (filter->requester)
		query_where_text(&q, "requester = ?", filter->requester);
	if (filter->certificate_id != 0)
		query_where_int(&q,
				"id IN (WITH wanted (c) AS (SELECT ?) SELECT id FROM "
				"cmp_transaction, wanted WHERE certificate_id = c UNION ALL SELECT "
				"transaction_id FROM cmp_transaction_item, wanted "
				"WHERE certificate_id = c)",
				filter->certificate_id);
	if (filter->state >= 0)
		query_where_int(&q, "state = ?", filter->state);
	/* Written as in the partial index cmp_transaction_not_done, so that it serves. */
	if (filter->state >= 0 && filter->state != STORE_TXN_DONE)
		query_where(&q, "state <> 2");
	query_end(&q, "id", filter->limit);
	return query_walk(r, &q, transaction_row, &walk);
}

/* --- exchanges --- */

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
