// SPDX-License-Identifier: Apache-2.0
/*
 * Transactions of CMP: opened, continued, replayed. Their state is in the store and nowhere else,
 * keyed by requester and transactionID, with the digest of the last request and the octets of the
 * last answer, so that a retransmission gets the same octets again.
 */
#include "door_private.h"

#include "asn1/algorithm.h"
#include "base/fault_point.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

/* A retransmission that was answered before: the stored answer, octet for octet. */
static int replay(struct cmp_request *rq)
{
	struct store_transaction *txn = &rq->txn;
	int err;

	if (txn->crl_id) {
		err = ca_crl_find(cmf_cas(rq->door->cmf), txn->crl_id, rq->worker->reader,
				  &rq->answer.part);
		if (err)
			return err < 0 ? err : log_fault("CRL of an answer", -ENOENT, NULL);
	}
	rq->answer.own = txn->response;
	rq->answer.at = txn->crl_at;
	txn->response = OCTETS_NULL;
	rq->outcome = METRIC_REPLAYED;
	return 0;
}

/* A message that opens a transaction, where there is one of that transactionID already. */
static int admit_opening(struct cmp_request *rq, bool same, enum cmp_admission *admissionp)
{
	if (!same)
		/* RFC 9483 5.1: transactionID in use by another transaction. */
		return refuse(&rq->refusal, REFUSAL_transaction_id_in_use);
	if (rq->txn.response.len) {
		*admissionp = CMP_ADMIT_REPLAYED;
		return replay(rq);
	}
	if (rq->txn.state != STORE_TXN_AWAIT_UPSTREAM)
		/* It timed out before its first answer. */
		return refuse(&rq->refusal, REFUSAL_transaction_ended);
	*admissionp = CMP_ADMIT_RESUME;
	return 0;
}

/* A message that belongs to a transaction: certConf, pollReq, error. */
static int admit_continuing(struct cmp_request *rq, bool same, enum cmp_admission *admissionp)
{
	const struct store_transaction *txn = &rq->txn;
	struct bytes nonce = rq->msg->recip_nonce;
	int err;

	/* RFC 9483 3.2: the same kind of protection for all messages of an operation. */
	if (txn->protection != (int)rq->protection)
		return refuse(&rq->refusal, REFUSAL_protection_kind_changed);
	if (same && txn->response.len) {
		*admissionp = CMP_ADMIT_REPLAYED;
		return replay(rq);
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
	int err = store_transaction_find(rq->worker->reader, rq->who.name, rq->msg->transaction_id,
					 &txn);

	*answeredp = !err && is_same(rq, &txn) && txn.response.len;
	return err == STORE_NOT_FOUND ? 0 : err;
}

static int admit(struct cmp_request *rq, enum cmp_admission *admissionp)
{
	bool same;
	int err;

	*admissionp = CMP_ADMIT_SERVE;
	err = store_transaction_find(rq->worker->reader, rq->who.name, rq->msg->transaction_id,
				     &rq->txn);
	if (err == STORE_NOT_FOUND) {
		/* RFC 9483 3.5; the same answer for a transaction of somebody else. */
		return rq->service->opens ? cmp_seen_check(rq)
					  : refuse(&rq->refusal, REFUSAL_transaction_unknown);
	}
	if (err)
		return err;
	same = is_same(rq, &rq->txn);
	return rq->service->opens ? admit_opening(rq, same, admissionp)
				  : admit_continuing(rq, same, admissionp);
}

int cmp_transaction_admit(struct cmp_request *rq, enum cmp_admission *admissionp)
{
	int err = admit(rq, admissionp);

	/* The stored answer has gone since. */
	if (!err && *admissionp == CMP_ADMIT_SERVE && rq->replay_only)
		err = refuse(&rq->refusal, REFUSAL_message_time_off);
	return err;
}

int cmp_transaction_open(struct cmp_request *rq)
{
	struct store_transaction *txn = &rq->txn;

	txn->requester = strdup(rq->who.name);
	if (!txn->requester || octets_dup(rq->msg->transaction_id, &txn->transaction_id) ||
	    octets_dup(rq->msg->sender_nonce, &txn->request_nonce))
		return -ENOMEM;
	txn->body_type = rq->msg->body_type;
	txn->protection = (int)rq->protection;
	txn->chain_request = true;
	txn->cert_req_id = rq->cert_req_id;
	txn->created_ms = rq->now_ms;
	return 0;
}

/* Encodes the reply, if there is one, and notes request and answer in rq->txn. */
static int note_answer(struct cmp_request *rq, enum store_transaction_state state)
{
	struct store_transaction *txn = &rq->txn;
	int err;

	txn->state = state;
	txn->changed_ms = rq->now_ms;
	memcpy(txn->request_digest, rq->digest, sizeof(rq->digest));
	if (!rq->reply.body && !rq->reply.complete)
		return 0;
	err = rq->answer.own.len ? 0 : cmp_reply_encode(rq);
	if (err)
		return err;
	octets_clear(&txn->response);
	octets_clear(&txn->sent_nonce);
	err = octets_dup(octets_view(&rq->answer.own), &txn->response);
	if (err)
		return err;
	/* A CRL is in the store already, and has its own place there. */
	txn->crl_id = rq->reply.crl_id;
	txn->crl_at = rq->answer.at;
	return octets_dup(rq->reply.kept_nonce.len ? octets_view(&rq->reply.kept_nonce)
						   : BYTES_OF(rq->reply.nonce),
			  &txn->sent_nonce);
}

/* Who signed, for the messages that may come yet without certificates. RFC 9483 3.3 */
static int signer_note(struct cmp_request *rq, enum store_transaction_state state)
{
	struct bytes path = rq->signer ? cmf_signer_path(rq->signer) : BYTES_NULL;

	if (!path.len || state == STORE_TXN_DONE || state == STORE_TXN_FAILED)
		return 0;
	if (EVP_Digest(path.data, path.len, rq->txn.signer_digest, NULL, digest_by_nid(NID_sha256),
		       NULL) != 1)
		return log_fault("digest of a signer", -EIO, NULL);
	octets_clear(&rq->txn.signer);
	return octets_dup(path, &rq->txn.signer);
}

int cmp_transaction_insert(struct cmp_request *rq, enum store_transaction_state state,
			   int64_t certificate_id)
{
	int err = note_answer(rq, state);

	if (!err)
		err = signer_note(rq, state);
	if (!err)
		err = cmp_original_audit(rq);
	if (!err)
		err = cmp_seen_add(rq);
	if (err)
		return err;
	rq->txn.certificate_id = certificate_id;
	err = store_transaction_insert(rq->worker->unit, &rq->txn, &rq->txn.id);
	if (err || !rq->kem_secret_id)
		return err;
	return store_kem_secret_use(rq->worker->unit, rq->kem_secret_id, rq->txn.id);
}

int cmp_transaction_answer(struct cmp_request *rq, enum store_transaction_state state)
{
	enum store_transaction_state from = rq->txn.state;
	bool unanswered = !rq->txn.response.len;
	uint8_t from_digest[sizeof(rq->txn.request_digest)];
	int err;

	memcpy(from_digest, rq->txn.request_digest, sizeof(from_digest));
	err = note_answer(rq, state);
	if (err)
		return err;
	return store_transaction_update(rq->worker->unit, &rq->txn, from, from_digest, unanswered);
}

/* The request was kept while its proof of possession was awaited; an answer may have to wait. */
static int challenged_issue(struct cmp_request *rq, enum store_transaction_state state,
			    int64_t certificate_id)
{
	uint8_t from_digest[sizeof(rq->txn.request_digest)];
	int err;

	if (!rq->reply.body)
		octets_clear(&rq->txn.response);
	memcpy(from_digest, rq->txn.request_digest, sizeof(from_digest));
	err = note_answer(rq, state);
	if (!err)
		err = store_transaction_update(rq->worker->unit, &rq->txn, STORE_TXN_AWAIT_POP,
					       from_digest, false);
	if (!err && certificate_id)
		err = store_transaction_set_certificate(rq->worker->unit, rq->txn.id,
							certificate_id);
	rq->txn.certificate_id = certificate_id;
	return err ? err : store_pop_remove(rq->worker->unit, rq->txn.id);
}

int cmp_transaction_issue(struct cmp_request *rq, enum store_transaction_state state,
			  int64_t certificate_id)
{
	return rq->pop_answered ? challenged_issue(rq, state, certificate_id)
				: cmp_transaction_insert(rq, state, certificate_id);
}

void cmp_transaction_committed(struct cmp_request *rq)
{
	rq->txn.id = store_unit_id(rq->worker->unit, rq->txn.id);
	rq->txn.certificate_id = store_unit_id(rq->worker->unit, rq->txn.certificate_id);
}

int cmp_transaction_commit(struct cmp_request *rq)
{
	int err;

	fault_point("door-after-sign");
	err = store_unit_commit(rq->worker->unit);
	cmp_transaction_committed(rq);
	fault_point("door-after-commit");
	return err;
}
