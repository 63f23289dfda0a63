// SPDX-License-Identifier: Apache-2.0
/*
 * certConf of a registration authority for a key update that it passed on. It cannot replace the
 * protection of a kur (RFC 9483 5.2.3), but some replace that of all other messages: then the
 * transaction is the entity's, and its end the authority's. transaction.c asks here when there is
 * no transaction of who sent the message.
 */
#include "openers.h"
#include "request.h"
#include "serve/items.h"
#include "transaction.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

/* It answers what was sent in that transaction last, or has been answered there. */
static bool message_belongs(const struct cmp_request *rq, const struct store_transaction *txn)
{
	struct bytes nonce = rq->msg->recip_nonce;

	if (txn->body_type != PKI_BODY_KUR)
		return false;
	return !memcmp(txn->request_digest, rq->digest, sizeof(rq->digest)) ||
	       (nonce.len && nonce.len == txn->sent_nonce.len &&
		!CRYPTO_memcmp(nonce.data, txn->sent_nonce.data, nonce.len));
}

static int authority_check(struct cmp_request *rq, const struct store_transaction *txn, bool *mayp)
{
	_cleanup_(store_transaction_items_clear) struct store_transaction_items rows = {0};
	_cleanup_(cmf_order_clear) struct cmf_order order = {0};
	const struct cmf_call call = cmp_call(rq);
	int err = cmp_transaction_order(&call, txn, &rows, &order);

	*mayp = err == 0;
	for (size_t i = 0; err == 0 && i < order.len; i++)
		*mayp = *mayp &&
			(!order.item[i].cert.id || cmf_may_confirm(&rq->who, &order.item[i].cert));
	return err;
}

/* Whether the transaction of that requester is the one. */
static int candidate_try(struct cmp_request *rq, const char *requester, bool *foundp)
{
	_cleanup_(store_transaction_clear) struct store_transaction txn = {0};
	int err = store_transaction_find(rq->worker->reader, requester, rq->msg->transaction_id,
					 &txn);

	*foundp = false;
	if (err || !message_belongs(rq, &txn))
		return err == STORE_NOT_FOUND ? 0 : err;
	err = authority_check(rq, &txn, foundp);
	if (err || !*foundp)
		return err;
	store_transaction_clear(&rq->attempt.txn);
	rq->attempt.txn = txn;
	txn = (struct store_transaction){0};
	return 0;
}

int cmp_on_behalf_find(struct cmp_request *rq)
{
	_cleanup_(cmp_openers_clear) struct cmp_openers all = {.n = 0};
	bool found = false;
	int err;

	if (rq->msg->body_type != PKI_BODY_CERTCONF || rq->who.kind != CMF_PRINCIPAL_CLIENT ||
	    !rq->who.policy->confirm_on_behalf)
		return STORE_NOT_FOUND;
	err = cmp_openers_find(rq, &all);
	for (size_t i = 0; err == 0 && i < all.n && !found; i++)
		err = candidate_try(rq, all.item[i].requester, &found);
	return err == 0 && !found ? STORE_NOT_FOUND : err;
}
