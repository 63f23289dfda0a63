// SPDX-License-Identifier: Apache-2.0
/* Changes to transactions and to what goes with them: challenges and secrets of KemBasedMac. */
#include "sqlite_unit_local.h"

static int signer_insert(struct sqlite_unit_statements *s, const struct store_transaction *t)
{
	struct binder b = BINDER(s->stmt[TRANSACTION_SIGNER_INSERT]);

	bind_bytes(&b, BYTES_OF(t->signer_digest));
	bind_bytes(&b, octets_view(&t->signer));
	return sqlite_unit_run(s, &b);
}

int sqlite_unit_transaction_insert(struct sqlite_unit_statements *s,
				   const struct store_transaction *t, int64_t certificate_id)
{
	struct binder b = BINDER(s->stmt[TRANSACTION_INSERT]);
	int result = t->signer.len ? signer_insert(s, t) : 0;

	if (result != 0)
		return result;
	bind_int(&b, t->state);
	bind_int(&b, t->body_type);
	bind_int(&b, t->protection);
	bind_int(&b, t->implicit_confirm);
	bind_int(&b, t->chain_request);
	bind_int(&b, t->cert_req_id);
	bind_int_unless(&b, certificate_id, 0);
	bind_int_unless(&b, t->deadline_ms, 0);
	bind_int(&b, t->created_ms);
	bind_int(&b, t->changed_ms);
	bind_text(&b, t->requester);
	bind_bytes(&b, octets_view(&t->transaction_id));
	bind_bytes(&b, octets_view(&t->request_nonce));
	bind_bytes(&b, octets_view(&t->sent_nonce));
	bind_bytes(&b, BYTES_OF(t->request_digest));
	bind_text(&b, t->status_text);
	bind_bytes(&b, octets_view(&t->response));
	bind_int(&b, (int64_t)t->n_items);
	bind_int_unless(&b, t->crl_id, 0);
	bind_int_unless(&b, (int64_t)t->crl_at, 0);
	bind_bytes(&b, t->signer.len ? BYTES_OF(t->signer_digest) : BYTES_NULL);
	return sqlite_unit_counted(s, sqlite_unit_run_conditional(s, &b), COUNT_TRANSACTIONS,
				   COUNT_NONE, t->state);
}

int sqlite_unit_transaction_item_insert(struct sqlite_unit_statements *s, const struct unit_op *op)
{
	const struct store_transaction_item *item = op->transaction_item.row;
	struct binder b = BINDER(s->stmt[TRANSACTION_ITEM_INSERT]);

	bind_int(&b, *op->transaction_item.transaction_ref);
	bind_int(&b, op->transaction_item.seq);
	bind_int(&b, item->cert_req_id);
	bind_int_unless(&b, sqlite_unit_id_or_ref(item->certificate_id, op->transaction_item.ref),
			0);
	bind_int(&b, item->failinfo);
	bind_text(&b, item->status_text);
	return sqlite_unit_run(s, &b);
}

int sqlite_unit_transaction_update(struct sqlite_unit_statements *s, const struct unit_op *op)
{
	const struct store_transaction *t = op->transaction_update.row;
	const uint8_t *from_digest = op->transaction_update.from_digest;
	struct binder b = BINDER(s->stmt[TRANSACTION_UPDATE]);

	bind_int(&b, t->id);
	bind_int(&b, t->state);
	bind_int(&b, t->implicit_confirm);
	bind_int_unless(&b, t->deadline_ms, 0);
	bind_int(&b, t->changed_ms);
	bind_bytes(&b, octets_view(&t->sent_nonce));
	bind_bytes(&b, BYTES_OF(t->request_digest));
	bind_text(&b, t->status_text);
	bind_bytes(&b, octets_view(&t->response));
	bind_int(&b, op->transaction_update.from);
	bind_bytes(&b, from_digest ? (struct bytes){from_digest, sizeof(t->request_digest)}
				   : BYTES_NULL);
	bind_int(&b, op->transaction_update.if_unanswered);
	bind_int_unless(&b, t->crl_id, 0);
	bind_int_unless(&b, (int64_t)t->crl_at, 0);
	return sqlite_unit_counted(s, sqlite_unit_run_conditional(s, &b), COUNT_TRANSACTIONS,
				   op->transaction_update.from, t->state);
}

int sqlite_unit_transaction_end(struct sqlite_unit_statements *s, const struct unit_op *op)
{
	struct binder b = BINDER(s->stmt[TRANSACTION_END]);

	bind_int(&b, op->transaction_end.id);
	bind_int(&b, op->transaction_end.from);
	bind_int(&b, op->transaction_end.now_ms);
	return sqlite_unit_counted(s, sqlite_unit_run_conditional(s, &b), COUNT_TRANSACTIONS,
				   op->transaction_end.from, STORE_TXN_FAILED);
}

int sqlite_unit_transaction_set_certificate(struct sqlite_unit_statements *s, int64_t id,
					    int64_t certificate_id)
{
	struct binder b = BINDER(s->stmt[TRANSACTION_SET_CERTIFICATE]);

	bind_int(&b, id);
	bind_int(&b, certificate_id);
	return sqlite_unit_run_conditional(s, &b);
}

int sqlite_unit_pop_insert(struct sqlite_unit_statements *s, const struct store_pop *pop,
			   int64_t transaction_id)
{
	struct binder b = BINDER(s->stmt[POP_INSERT]);

	bind_int(&b, transaction_id);
	bind_bytes(&b, octets_view(&pop->answer_digests));
	bind_bytes(&b, octets_view(&pop->request));
	return sqlite_unit_run(s, &b);
}

int sqlite_unit_pop_remove(struct sqlite_unit_statements *s, int64_t transaction_id)
{
	struct binder b = BINDER(s->stmt[POP_REMOVE]);

	bind_int(&b, transaction_id);
	return sqlite_unit_run(s, &b);
}

int sqlite_unit_kem_secret_insert(struct sqlite_unit_statements *s,
				  const struct store_kem_secret *secret)
{
	struct binder b = BINDER(s->stmt[KEM_SECRET_INSERT]);

	bind_int(&b, secret->deadline_ms);
	bind_text(&b, secret->requester);
	bind_bytes(&b, octets_view(&secret->transaction_id));
	bind_bytes(&b, octets_view(&secret->sent_nonce));
	bind_bytes(&b, octets_view(&secret->secret));
	bind_bytes(&b, octets_view(&secret->request));
	bind_bytes(&b, octets_view(&secret->response));
	return sqlite_unit_run(s, &b);
}

int sqlite_unit_kem_secret_trim(struct sqlite_unit_statements *s, const char *requester,
				uint32_t keep)
{
	struct binder b = BINDER(s->stmt[KEM_SECRET_TRIM]);

	bind_text(&b, requester);
	bind_int(&b, keep);
	return sqlite_unit_run(s, &b);
}

int sqlite_unit_kem_secret_use(struct sqlite_unit_statements *s, int64_t id, int64_t transaction_id)
{
	struct binder b = BINDER(s->stmt[KEM_SECRET_USE]);

	bind_int(&b, id);
	bind_int(&b, transaction_id);
	return sqlite_unit_run_conditional(s, &b);
}

int sqlite_unit_kem_secret_purge(struct sqlite_unit_statements *s, int64_t before_ms,
				 uint32_t limit)
{
	struct binder b = BINDER(s->stmt[KEM_SECRET_PURGE]);

	bind_int(&b, before_ms);
	bind_int(&b, limit);
	return sqlite_unit_run(s, &b);
}

int sqlite_unit_transaction_purge(struct sqlite_unit_statements *s, const struct unit_op *op)
{
	static const struct {
		enum sqlite_unit_statement statement;
		enum store_transaction_state state;
	} ended[] = {{TRANSACTION_PURGE_DONE, STORE_TXN_DONE},
		     {TRANSACTION_PURGE_FAILED, STORE_TXN_FAILED}};
	uint32_t purged = 0;
	int err = 0;

	for (size_t i = 0; err == 0 && i < ARRAY_LEN(ended); i++) {
		struct binder b = BINDER(s->stmt[ended[i].statement]);
		int n;

		bind_int(&b, op->purge.before_ms);
		bind_int(&b, op->purge.limit - purged);
		err = sqlite_unit_run(s, &b);
		n = err == 0 ? sqlite3_changes(s->db) : 0;
		counts_add(&s->counts, COUNT_TRANSACTIONS, ended[i].state, -n);
		purged += (uint32_t)n;
	}
	if (op->purge.np)
		*op->purge.np = purged;
	return err;
}
