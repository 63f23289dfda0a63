// SPDX-License-Identifier: Apache-2.0
/*
 * The end of every step of a message: what its handler has decided is encoded and protected,
 * written down with the transaction, committed, and counted against the requester's quota. Handlers
 * come before (door.c calls them, and then this), the committer of the store comes after. No
 * handler does any of it itself.
 */
#include "outcome.h"

#include "asn1/algorithm.h"
#include "base/fault_point.h"
#include "header.h"
#include "reply.h"
#include "request.h"
#include "transaction.h"

#include <errno.h>
#include <string.h>

void cmp_outcome_becomes(struct cmp_outcome *outcome, enum store_transaction_state state)
{
	outcome->record = CMP_RECORD_TRANSACTION;
	outcome->state = state;
}

int cmp_outcome_add(struct cmp_outcome *outcome, const struct store_transaction_item *item)
{
	struct store_transaction_items *items = &outcome->items;
	struct store_transaction_item *grown = reallocarray(items->item, items->len + 1,
							    sizeof(*grown)),
				      *added;

	if (!grown)
		return -ENOMEM;
	items->item = grown;
	added = &grown[items->len++];
	*added = *item;
	added->status_text = item->status_text ? strdup(item->status_text) : NULL;
	return item->status_text && !added->status_text ? -ENOMEM : 0;
}

void cmp_outcome_clear(struct cmp_outcome *outcome)
{
	store_transaction_items_clear(&outcome->items);
	octets_clear(&outcome->pop_digests);
	*outcome = (struct cmp_outcome){0};
}

/* Whether a transaction in that state counts as open. */
static bool state_is_open(enum store_transaction_state state)
{
	return state != STORE_TXN_DONE && state != STORE_TXN_FAILED;
}

/* Notes request and answer in rq->attempt.txn; the answer has been encoded, unless there is none
 * yet. */
static int transaction_note(struct cmp_request *rq, const struct cmp_outcome *outcome)
{
	struct store_transaction *txn = &rq->attempt.txn;
	struct bytes nonce = rq->attempt.reply.kept_nonce.len
				     ? octets_view(&rq->attempt.reply.kept_nonce)
				     : BYTES_OF(rq->attempt.reply.nonce);
	int err;

	txn->state = outcome->state;
	txn->changed_ms = rq->now_ms;
	/* One that ends has no deadline; one that goes on keeps its own, if there is no other. */
	if (!state_is_open(outcome->state))
		txn->deadline_ms = 0;
	else if (outcome->deadline_ms)
		txn->deadline_ms = outcome->deadline_ms;
	if (outcome->certificate_id)
		txn->certificate_id = outcome->certificate_id;
	memcpy(txn->request_digest, rq->digest, sizeof(rq->digest));
	octets_clear(&txn->response);
	if (!rq->attempt.answer.own.len)
		return 0;
	octets_clear(&txn->sent_nonce);
	/* A CRL is in the store already, and has its own place there. */
	txn->crl_id = rq->attempt.reply.crl_id;
	txn->crl_at = rq->attempt.answer.at;
	err = octets_dup(octets_view(&rq->attempt.answer.own), &txn->response);
	return err ? err : octets_dup(nonce, &txn->sent_nonce);
}

/* Who signed, for the messages that may come yet without certificates. RFC 9483 3.3 */
static int signer_note(struct cmp_request *rq)
{
	struct bytes path = rq->signer ? cmf_signer_path(rq->signer) : BYTES_NULL;

	if (!path.len || !state_is_open(rq->attempt.txn.state))
		return 0;
	if (EVP_Digest(path.data, path.len, rq->attempt.txn.signer_digest, NULL,
		       digest_by_nid(NID_sha256), NULL) != 1)
		return log_fault("digest of a signer", -EIO, NULL);
	octets_clear(&rq->attempt.txn.signer);
	return octets_dup(path, &rq->attempt.txn.signer);
}

static int transaction_insert(struct cmp_request *rq, const struct cmp_outcome *outcome)
{
	int err = transaction_note(rq, outcome);

	if (!err)
		err = signer_note(rq);
	if (!err)
		err = cmp_original_audit(rq);
	if (!err)
		err = cmp_seen_add(rq);
	if (err)
		return err;
	err = store_transaction_insert(rq->worker->unit, &rq->attempt.txn, &rq->attempt.txn.id);
	if (err || !rq->kem_secret_id)
		return err;
	return store_kem_secret_use(rq->worker->unit, rq->kem_secret_id, rq->attempt.txn.id);
}

/* Provided that nobody else has answered meanwhile. */
static int transaction_update(struct cmp_request *rq, const struct cmp_outcome *outcome)
{
	enum store_transaction_state from = rq->attempt.txn.state;
	bool unanswered = !rq->attempt.txn.response.len;
	struct store_unit *unit = rq->worker->unit;
	uint8_t from_digest[sizeof(rq->attempt.txn.request_digest)];
	int err;

	memcpy(from_digest, rq->attempt.txn.request_digest, sizeof(from_digest));
	err = transaction_note(rq, outcome);
	if (!err)
		err = store_transaction_update(unit, &rq->attempt.txn, from, from_digest,
					       unanswered);
	if (!err && outcome->certificate_id)
		err = store_transaction_set_certificate(unit, rq->attempt.txn.id,
							outcome->certificate_id);
	/* The message that waited for its proof of possession is needed no more. */
	if (!err && from == STORE_TXN_AWAIT_POP)
		err = store_pop_remove(unit, rq->attempt.txn.id);
	return err;
}

/* Adds the transaction to what the handler has added to the unit. */
static int transaction_write(struct cmp_request *rq, const struct cmp_outcome *outcome)
{
	struct bytes request = rq->exchange->request;
	struct store_pop pop = {.answer_digests = outcome->pop_digests,
				.request = {(uint8_t *)request.data, request.len}};
	int err;

	err = rq->attempt.txn.id ? transaction_update(rq, outcome)
				 : transaction_insert(rq, outcome);
	for (size_t i = 0; i < outcome->items.len && !err; i++)
		err = store_transaction_item_insert(rq->worker->unit, &outcome->items.item[i],
						    (int)i, rq->attempt.txn.id);
	pop.transaction_id = rq->attempt.txn.id;
	if (!err && pop.answer_digests.len)
		err = store_pop_insert(rq->worker->unit, &pop);
	return err;
}

/* What there is to be known of it once it is durable; nothing of the outcome is needed then. */
static void pending_note(struct cmp_request *rq, const struct cmp_outcome *outcome)
{
	bool was_open = rq->attempt.txn.id && state_is_open(rq->attempt.txn.state);
	bool is_open = outcome->record == CMP_RECORD_TRANSACTION ? state_is_open(outcome->state)
								 : was_open;

	rq->attempt.pending = (struct cmp_pending){.opened = is_open - was_open,
						   .may_be_there = outcome->may_be_there};
}

int cmp_outcome_write(struct cmp_request *rq, const struct cmp_outcome *outcome)
{
	int err = 0;

	pending_note(rq, outcome);
	/* Some answers come encoded: those that are kept elsewhere, and those of an upstream CA. */
	if (cmp_reply_is_made(&rq->attempt.reply) && !rq->attempt.answer.own.len &&
	    !outcome->resumes)
		err = cmp_reply_encode(rq);
	if (!err && outcome->record == CMP_RECORD_TRANSACTION)
		err = transaction_write(rq, outcome);
	if (err)
		return err;
	rq->attempt.metric = outcome->metric;
	if (outcome->record == CMP_RECORD_NOTHING)
		return 0;
	fault_point("door-after-sign");
	return CMP_TO_COMMIT;
}

/* What conflicts is there already, unless it was not for the sender to add any more. */
static int there_already(struct cmp_request *rq)
{
	bool changed;
	int err = cmf_authority_changed(rq->worker->reader, &rq->who, &changed);

	return !err && changed ? STORE_CONFLICT : err;
}

int cmp_outcome_committed(struct cmp_request *rq, int result)
{
	const struct cmp_pending *pending = &rq->attempt.pending;

	fault_point("door-after-commit");
	if (result == STORE_CONFLICT && pending->may_be_there)
		result = there_already(rq);
	if (result == 0 && pending->opened && !rq->trace)
		cmp_quota_count(rq, pending->opened);
	return result;
}

/* The one commit of this door: what a step has decided becomes true, or nothing of it. */
int cmp_outcome_commit(struct cmp_request *rq)
{
	struct store_unit *unit = rq->worker->unit;
	int err = store_unit_commit(unit);

	/* What was asked ahead is as it was before. */
	store_ahead_drop(rq->worker->reader);
	rq->attempt.txn.id = store_unit_id(unit, rq->attempt.txn.id);
	rq->attempt.txn.certificate_id = store_unit_id(unit, rq->attempt.txn.certificate_id);
	return cmp_outcome_committed(rq, err);
}

void cmp_outcome_submit(struct cmp_request *rq, store_unit_told *told, void *arg)
{
	/* Before it is told of, perhaps at once, to somebody who goes on with the request. */
	struct cmf_worker *worker = TAKE(rq->worker);

	store_unit_forget_ids(worker->unit);
	store_unit_submit(&worker->unit, told, arg);
}
