// SPDX-License-Identifier: Apache-2.0
/* CMP transactions in the store, and the requests of those that have several. */
#include "reader.h"
#include "unit.h"

#include "base/log.h"

#include <errno.h>

void store_transaction_clear(struct store_transaction *t)
{
	free(t->requester);
	octets_clear(&t->transaction_id);
	octets_clear(&t->request_nonce);
	octets_clear(&t->sent_nonce);
	octets_clear(&t->response);
	octets_clear(&t->signer);
	free(t->status_text);
	memset(t, 0, sizeof(*t));
}

void store_signer_clear(struct store_signer *s)
{
	free(s->requester);
	octets_clear(&s->certificates);
	*s = (struct store_signer){0};
}

void store_transaction_items_clear(struct store_transaction_items *items)
{
	for (size_t i = 0; i < items->len; i++)
		free(items->item[i].status_text);
	free(items->item);
	memset(items, 0, sizeof(*items));
}

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

/* --- changes --- */

/* The change that was added last, if err says so, takes transactions from state to state. */
static int transaction_counted(struct store_unit *u, int err, int from, int to)
{
	if (err == 0)
		unit_count(u, COUNT_TRANSACTIONS, from, to);
	return err;
}

int store_transaction_insert(struct store_unit *u, const struct store_transaction *t, int64_t *idp)
{
	struct bytes signer_digest = t->signer.len ? BYTES_OF(t->signer_digest) : BYTES_NULL;
	int err = 0;

	if (t->signer.len)
		err = unit_add(u, CHANGE_TRANSACTION_SIGNER_INSERT,
			       VALUES(value_bytes(signer_digest), value_octets(&t->signer)));
	if (err == 0)
		err = unit_add_result(
			u, CHANGE_TRANSACTION_INSERT, idp,
			VALUES(value_int(t->state), value_int(t->body_type),
			       value_int(t->protection), value_int(t->implicit_confirm),
			       value_int(t->chain_request), value_int(t->cert_req_id),
			       value_id(t->certificate_id), value_int_unless(t->deadline_ms, 0),
			       value_int(t->created_ms), value_int(t->changed_ms),
			       value_text(t->requester), value_octets(&t->transaction_id),
			       value_octets(&t->request_nonce), value_octets(&t->sent_nonce),
			       value_bytes(BYTES_OF(t->request_digest)), value_text(t->status_text),
			       value_octets(&t->response), value_int((int64_t)t->n_items),
			       value_int_unless(t->crl_id, 0),
			       value_int_unless((int64_t)t->crl_at, 0),
			       value_bytes(signer_digest)));
	return transaction_counted(u, err, COUNT_NONE, t->state);
}

int store_transaction_item_insert(struct store_unit *u, const struct store_transaction_item *item,
				  int seq, int64_t transaction_id)
{
	return unit_add(u, CHANGE_TRANSACTION_ITEM_INSERT,
			VALUES(value_id(transaction_id), value_int(seq),
			       value_int(item->cert_req_id), value_id(item->certificate_id),
			       value_int(item->failinfo), value_text(item->status_text)));
}

int store_transaction_update(struct store_unit *u, const struct store_transaction *t,
			     enum store_transaction_state from, const uint8_t *from_digest,
			     bool if_unanswered)
{
	struct bytes digest_before = {from_digest, from_digest ? sizeof(t->request_digest) : 0};
	int err = unit_add(
		u, CHANGE_TRANSACTION_UPDATE,
		VALUES(value_id(t->id), value_int(t->state), value_int(t->implicit_confirm),
		       value_int_unless(t->deadline_ms, 0), value_int(t->changed_ms),
		       value_octets(&t->sent_nonce), value_bytes(BYTES_OF(t->request_digest)),
		       value_text(t->status_text), value_octets(&t->response), value_int(from),
		       value_bytes(digest_before), value_int(if_unanswered),
		       value_int_unless(t->crl_id, 0), value_int_unless((int64_t)t->crl_at, 0)));

	return transaction_counted(u, err, from, t->state);
}

int store_transaction_end(struct store_unit *u, int64_t id, enum store_transaction_state from,
			  int64_t now_ms)
{
	int err = unit_add(u, CHANGE_TRANSACTION_END,
			   VALUES(value_id(id), value_int(from), value_int(now_ms)));

	return transaction_counted(u, err, from, STORE_TXN_FAILED);
}

int store_transaction_set_certificate(struct store_unit *u, int64_t id, int64_t certificate_id)
{
	return unit_add(u, CHANGE_TRANSACTION_SET_CERTIFICATE,
			VALUES(value_id(id), value_id(certificate_id)));
}

int store_transaction_purge(struct store_unit *u, enum store_transaction_state ended,
			    int64_t before_ms, uint32_t limit, int64_t *np)
{
	int err = unit_add_result(u,
				  ended == STORE_TXN_DONE ? CHANGE_TRANSACTION_PURGE_DONE
							  : CHANGE_TRANSACTION_PURGE_FAILED,
				  np, VALUES(value_int(before_ms), value_int(limit)));

	return transaction_counted(u, err, ended, COUNT_NONE);
}
