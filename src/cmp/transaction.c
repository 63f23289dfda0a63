// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a message may come now, by the transaction that it opens or belongs to: new, going on,
 * replayed. The state of transactions is in the store and nowhere else, keyed by requester and
 * transactionID, with the digest of the last request and the octets of the last answer, so that a
 * retransmission gets the same octets again. door.c asks here once it is known who sent the
 * message; outcome.c writes down what becomes of the transaction.
 */
#include "transaction.h"
#include "header.h"
#include "request.h"
#include "trace.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

/* A retransmission that was answered before: the stored answer, octet for octet. */
static int answer_replay(struct cmp_request *rq)
{
	struct store_transaction *txn = &rq->attempt.txn;
	int err;

	if (txn->crl_id) {
		err = ca_crl_find(cmf_cas(rq->door->cmf), txn->crl_id, rq->worker->reader,
				  &rq->attempt.answer.part);
		if (err)
			return err < 0 ? err : log_fault("CRL of an answer", -ENOENT, NULL);
	}
	rq->attempt.answer.own = txn->response;
	rq->attempt.answer.at = txn->crl_at;
	txn->response = OCTETS_NULL;
	rq->attempt.metric = METRIC_REPLAYED;
	return 0;
}

int cmp_transaction_open(struct cmp_request *rq)
{
	struct store_transaction *txn = &rq->attempt.txn;

	store_transaction_clear(txn);
	*txn = (struct store_transaction){0};
	txn->requester = strdup(rq->who.name);
	if (!txn->requester || octets_dup(rq->msg->transaction_id, &txn->transaction_id) ||
	    octets_dup(rq->msg->sender_nonce, &txn->request_nonce))
		return -ENOMEM;
	txn->body_type = rq->msg->body_type;
	txn->protection = (int)rq->protection;
	txn->chain_request = true;
	txn->cert_req_id = rq->attempt.cert_req_id;
	txn->reason = STORE_REASON_NONE;
	txn->created_ms = rq->now_ms;
	return 0;
}

/* A message that opens a transaction, where there is one of that transactionID already. */
static int admit_opening(struct cmp_request *rq, bool same, enum cmp_admission *admissionp)
{
	if (!same)
		/* RFC 9483 5.1: transactionID in use by another transaction. */
		return refuse(&rq->refusal, REFUSAL_transaction_id_in_use);
	if (rq->attempt.txn.response.len) {
		*admissionp = CMP_ADMIT_REPLAYED;
		return answer_replay(rq);
	}
	if (rq->attempt.txn.state != STORE_TXN_AWAIT_UPSTREAM)
		/* It timed out before its first answer. */
		return refuse(&rq->refusal, REFUSAL_transaction_ended);
	*admissionp = CMP_ADMIT_RESUME;
	return 0;
}

/* A message that belongs to a transaction: certConf, pollReq, error. */
static int admit_continuing(struct cmp_request *rq, bool same, enum cmp_admission *admissionp)
{
	const struct store_transaction *txn = &rq->attempt.txn;
	struct bytes nonce = rq->msg->recip_nonce;
	int err;

	/* RFC 9483 3.2: the same kind of protection for all messages of an operation. */
	if (txn->protection != (int)rq->protection)
		return refuse(&rq->refusal, REFUSAL_protection_kind_changed);
	if (same && txn->response.len) {
		*admissionp = CMP_ADMIT_REPLAYED;
		return answer_replay(rq);
	}
	err = cmp_operation_label_check(rq, txn->body_type);
	if (err)
		return err;
	/* RFC 9483 3.5: recipNonce is the senderNonce of our previous message. */
	if (!nonce.len || nonce.len != txn->sent_nonce.len ||
	    CRYPTO_memcmp(nonce.data, txn->sent_nonce.data, nonce.len))
		return refuse(&rq->refusal, REFUSAL_recip_nonce_wrong);
	/* popdecr once more, while an upstream CA is asked. */
	if (same && txn->state == STORE_TXN_AWAIT_UPSTREAM)
		*admissionp = CMP_ADMIT_RESUME;
	return 0;
}

static bool is_same(const struct cmp_request *rq, const struct store_transaction *txn)
{
	return !memcmp(rq->digest, txn->request_digest, sizeof(rq->digest));
}

int cmp_transaction_answered(struct cmp_request *rq, bool *answeredp)
{
	_cleanup_(store_transaction_clear) struct store_transaction txn = {0};
	/* It may be another's, see on_behalf.c. */
	const char *requester = rq->attempt.txn.requester;
	int err = store_transaction_find(rq->worker->reader, requester ? requester : rq->who.name,
					 rq->msg->transaction_id, &txn);

	*answeredp = !err && is_same(rq, &txn) && txn.response.len;
	return err == STORE_NOT_FOUND ? 0 : err;
}

static int message_admit(struct cmp_request *rq, enum cmp_admission *admissionp)
{
	bool same;
	int err;

	*admissionp = CMP_ADMIT_SERVE;
	err = store_transaction_find(rq->worker->reader, rq->who.name, rq->msg->transaction_id,
				     &rq->attempt.txn);
	if (err == STORE_NOT_FOUND)
		err = cmp_on_behalf_find(rq);
	if (!err && rq->service->opens && cmp_trace_forgets(rq)) {
		err = cmp_trace_before(rq);
		return err ? err : cmp_transaction_open(rq);
	}
	if (err == STORE_NOT_FOUND) {
		/* RFC 9483 3.5; the same answer for a transaction of somebody else. */
		if (!rq->service->opens)
			return refuse(&rq->refusal, REFUSAL_transaction_unknown);
		err = cmp_trace_forgets(rq) ? 0 : cmp_seen_check(rq);
		return err ? err : cmp_transaction_open(rq);
	}
	if (err)
		return err;
	same = is_same(rq, &rq->attempt.txn);
	return rq->service->opens ? admit_opening(rq, same, admissionp)
				  : admit_continuing(rq, same, admissionp);
}

int cmp_transaction_admit(struct cmp_request *rq, enum cmp_admission *admissionp)
{
	int err = message_admit(rq, admissionp);

	/* The stored answer has gone since. */
	if (!err && *admissionp == CMP_ADMIT_SERVE && rq->replay_only)
		err = refuse(&rq->refusal, REFUSAL_message_time_off);
	return err;
}
