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

/* --- reading --- */

static int transaction_read(struct row *row, void *arg)
{
	struct store_transaction *t = arg;
	int err;

	*t = (struct store_transaction){0};
	t->id = row_int(row);
	t->state = (enum store_transaction_state)row_int(row);
	t->body_type = (int)row_int(row);
	t->protection = (int)row_int(row);
	t->implicit_confirm = row_int(row) != 0;
	t->chain_request = row_int(row) != 0;
	t->cert_req_id = (int)row_int(row);
	t->certificate_id = row_int_or(row, 0);
	t->deadline_ms = row_int_or(row, 0);
	t->created_ms = row_int(row);
	t->changed_ms = row_int(row);
	t->requester = row_text(row);
	t->transaction_id = row_octets(row);
	t->request_nonce = row_octets(row);
	t->sent_nonce = row_octets(row);
	row_array(row, t->request_digest, sizeof(t->request_digest));
	t->status_text = row_text(row);
	t->response = row_octets(row);
	t->n_items = (size_t)row_int(row);
	t->crl_id = row_int_or(row, 0);
	t->crl_at = (size_t)row_int_or(row, 0);
	t->reason = (int)row_int_or(row, STORE_REASON_NONE);
	err = row_complete(row);
	if (err < 0)
		store_transaction_clear(t);
	return err;
}

int store_transaction_find(struct store_reader *r, const char *requester,
			   struct bytes transaction_id, struct store_transaction *txnp)
{
	return read_one(r, READ_TRANSACTION_FIND,
			VALUES(value_bytes(transaction_id), value_text(requester)),
			transaction_read, txnp);
}

int store_transaction_get(struct store_reader *r, int64_t id, struct store_transaction *txnp)
{
	return read_one(r, READ_TRANSACTION_GET, VALUES(value_int(id)), transaction_read, txnp);
}

struct signer_walk {
	store_signer_each *each;
	void *arg;
};

static int signer_give(struct row *row, void *arg)
{
	const struct signer_walk *walk = arg;
	_cleanup_(store_signer_clear) struct store_signer signer = {0};
	int err;

	signer.requester = row_text(row);
	signer.certificates = row_octets(row);
	err = row_complete(row);
	return err == 0 ? walk->each(walk->arg, &signer) : err;
}

int store_transaction_signers(struct store_reader *r, struct bytes transaction_id, int protection,
			      store_signer_each *each, void *arg)
{
	struct signer_walk walk = {each, arg};

	return read_each(r, READ_TRANSACTION_SIGNERS,
			 VALUES(value_bytes(transaction_id), value_int(protection)), signer_give,
			 &walk);
}

static int item_add(struct row *row, void *arg)
{
	struct store_transaction_items *items = arg;
	struct store_transaction_item *item;

	item = reallocarray(items->item, items->len + 1, sizeof(*item));
	if (!item)
		return log_fault("store: read the requests of a transaction", -ENOMEM, NULL);
	items->item = item;
	item = &items->item[items->len++];
	item->cert_req_id = (int)row_int(row);
	item->certificate_id = row_int_or(row, 0);
	item->failinfo = (int)row_int(row);
	item->status_text = row_text(row);
	item->reason = (int)row_int_or(row, STORE_REASON_NONE);
	return row_complete(row);
}

int store_transaction_items_get(struct store_reader *r, int64_t transaction_id,
				struct store_transaction_items *itemsp)
{
	int err;

	*itemsp = (struct store_transaction_items){0};
	err = read_each(r, READ_TRANSACTION_ITEMS, VALUES(value_int(transaction_id)), item_add,
			itemsp);
	if (err < 0)
		store_transaction_items_clear(itemsp);
	return err;
}

struct transaction_walk {
	store_transaction_each *each;
	void *arg;
};

static int transaction_give(struct row *row, void *arg)
{
	const struct transaction_walk *walk = arg;
	_cleanup_(store_transaction_clear) struct store_transaction txn = {0};
	int err = transaction_read(row, &txn);

	return err < 0 ? err : walk->each(walk->arg, &txn);
}

int store_transaction_list(struct store_reader *r, const struct store_transaction_filter *filter,
			   store_transaction_each *each, void *arg)
{
	_cleanup_(query_clear) struct query q = query_begin(r, LIST_TRANSACTIONS);
	struct transaction_walk walk = {each, arg};

	query_where(&q, WHERE_ID_AFTER, value_int(filter->after_id));
	if (filter->requester)
		query_where(&q, WHERE_REQUESTER, value_text(filter->requester));
	if (filter->transaction_id.len > 0)
		query_where(&q, WHERE_TRANSACTION_ID, value_bytes(filter->transaction_id));
	if (filter->certificate_id != 0)
		query_where(&q, WHERE_TRANSACTION_CERTIFICATE, value_int(filter->certificate_id));
	if (filter->state >= 0)
		query_where(&q, WHERE_TRANSACTION_STATE, value_int(filter->state));
	if (filter->state >= 0 && filter->state != STORE_TXN_DONE)
		query_if(&q, IF_TRANSACTION_NOT_DONE);
	query_end(&q, ORDER_ID, filter->limit);
	return query_walk(&q, transaction_give, &walk);
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
			       value_int_unless((int64_t)t->crl_at, 0), value_bytes(signer_digest),
			       value_int_unless(t->reason, STORE_REASON_NONE)));
	return transaction_counted(u, err, COUNT_NONE, t->state);
}

int store_transaction_item_insert(struct store_unit *u, const struct store_transaction_item *item,
				  int seq, int64_t transaction_id)
{
	return unit_add(u, CHANGE_TRANSACTION_ITEM_INSERT,
			VALUES(value_id(transaction_id), value_int(seq),
			       value_int(item->cert_req_id), value_id(item->certificate_id),
			       value_int(item->failinfo), value_text(item->status_text),
			       value_int_unless(item->reason, STORE_REASON_NONE)));
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
