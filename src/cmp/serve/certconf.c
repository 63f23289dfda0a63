// SPDX-License-Identifier: Apache-2.0
/*
 * certConf: the client accepts or rejects its new certificates, RFC 9483 4.1.1, RFC 4210 5.3.18.
 * Answered by pkiConf.
 */
#include "asn1/algorithm.h"
#include "outcome.h"
#include "reply.h"
#include "request.h"
#include "serve/forward.h"
#include "serve/items.h"
#include "serve/services.h"

#include <errno.h>
#include <openssl/crypto.h>

/* Whether certConf may come now. */
static int state_check(struct cmp_request *rq)
{
	const struct store_transaction *txn = &rq->attempt.txn;
	bool enrolment = txn->body_type == PKI_BODY_IR || txn->body_type == PKI_BODY_CR ||
			 txn->body_type == PKI_BODY_KUR || txn->body_type == PKI_BODY_P10CR ||
			 txn->body_type == PKI_BODY_CCR ||
			 (txn->body_type == PKI_BODY_KRR && txn->certificate_id);

	switch (txn->state) {
	case STORE_TXN_AWAIT_CONF:
		/* RFC 9483 4.1.1: not in time is handled like a rejection. */
		if (rq->now_ms > txn->deadline_ms)
			return refuse(&rq->refusal, REFUSAL_transaction_ended);
		return 0;
	case STORE_TXN_DONE:
		return refuse(&rq->refusal,
			      enrolment ? REFUSAL_conf_already : REFUSAL_body_type_unexpected);
	case STORE_TXN_FAILED:
		return refuse(&rq->refusal, REFUSAL_transaction_ended);
	case STORE_TXN_AWAIT_UPSTREAM:
	case STORE_TXN_AWAIT_POP:
	default:
		return refuse(&rq->refusal, REFUSAL_body_type_unexpected);
	}
}

/* hashAlg, RFC 9481 2: a hash that is as good as those of signatures. */
static const EVP_MD *hash_allowed(const X509_ALGOR *alg)
{
	/* RFC 9481 2; and SHA-3, which certificates are signed with as well. */
	static const int allowed[] = {NID_sha224,   NID_sha256,   NID_sha384,   NID_sha512,
				      NID_shake128, NID_shake256, NID_sha3_224, NID_sha3_256,
				      NID_sha3_384, NID_sha3_512};
	const ASN1_OBJECT *oid;

	X509_ALGOR_get0(&oid, NULL, NULL, alg);
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
		if (OBJ_obj2nid(oid) == allowed[i] && algorithm_parameters_empty(alg))
			return digest_by_nid(allowed[i]);
	return NULL;
}

/* The digest of the signature algorithm of the certificate; NULL if it has none. */
static const EVP_MD *hash_of_certificate(struct bytes der)
{
	struct certificate_view view;
	const EVP_MD *md = NULL;
	const unsigned char *p;
	X509_ALGOR *alg;

	if (certificate_view(der, &view))
		return NULL;
	p = view.signature_algorithm.data;
	alg = d2i_X509_ALGOR(NULL, &p, (long)view.signature_algorithm.len);
	if (alg)
		md = cert_hash_digest(alg);
	X509_ALGOR_free(alg);
	return md;
}

/* RFC 9483 4.1.1: certHash, by hashAlg where it is given. */
static int hash_check(struct cmp_request *rq, const CertStatus *status, struct bytes der)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	const EVP_MD *md;
	size_t len;
	int err;

	/* "If used, the pvno field in the header MUST be cmp2021 (3)." */
	if (status->hashAlg && rq->msg->pvno != 3)
		return refuse(&rq->refusal, REFUSAL_conf_hash_alg);
	md = status->hashAlg ? hash_allowed(status->hashAlg) : hash_of_certificate(der);
	if (!md)
		return refuse(&rq->refusal, REFUSAL_conf_hash_alg);
	err = cert_hash_compute(md, der, hash, &len);
	if (err)
		return err;
	if ((size_t)ASN1_STRING_length(status->certHash) != len ||
	    CRYPTO_memcmp(ASN1_STRING_get0_data(status->certHash), hash, len))
		return refuse(&rq->refusal, REFUSAL_conf_cert_unknown);
	return 0;
}

/* A status as RFC 4210 5.3.18 knows it: "omission indicates acceptance". */
static int status_read(struct cmp_request *rq, const CertStatus *status, bool *acceptedp)
{
	int64_t value = PKI_STATUS_ACCEPTED;

	if (status->statusInfo && ASN1_INTEGER_get_int64(&value, status->statusInfo->status) != 1)
		value = -1;
	if (value != PKI_STATUS_ACCEPTED && value != PKI_STATUS_GRANTED_WITH_MODS &&
	    value != PKI_STATUS_REJECTION)
		return refuse(&rq->refusal, REFUSAL_conf_status);
	*acceptedp = value != PKI_STATUS_REJECTION;
	/* RFC 9483 4.1.1: failInfo "MUST be absent if status is 'accepted'". */
	if (*acceptedp && status->statusInfo && status->statusInfo->failInfo)
		return refuse(&rq->refusal, REFUSAL_conf_status_contradiction);
	return 0;
}

/* What the client says about its certificates; one that it leaves out is rejected, RFC 4210 5.3.18.
 */
static int content_check(struct cmp_request *rq, const struct cmp_stored_items *items,
			 bool *accepted)
{
	const STACK_OF(CertStatus) *list = rq->msg->body->value.certConf;
	bool seen[CMP_ITEMS_MAX] = {false};

	for (int i = 0; i < sk_CertStatus_num(list); i++) {
		const CertStatus *status = sk_CertStatus_value(list, i);
		const struct cmp_stored_item *item = NULL;
		int64_t id;
		size_t at;
		int err;

		if (ASN1_INTEGER_get_int64(&id, status->certReqId) == 1)
			item = cmp_stored_item_find(rq, items, id);
		if (!item || !item->cert->id)
			return refuse(&rq->refusal, REFUSAL_conf_count);
		at = (size_t)(item - items->item);
		if (seen[at])
			return refuse(&rq->refusal, REFUSAL_conf_duplicate);
		seen[at] = true;
		err = status_read(rq, status, &accepted[at]);
		if (!err)
			err = hash_check(rq, status, octets_view(&item->cert->der));
		if (err)
			return err;
	}
	return 0;
}

/* Whether there is still something to confirm. */
static int certificates_check(struct cmp_request *rq, const struct cmp_stored_items *items)
{
	bool active = false;

	for (size_t i = 0; i < items->len; i++) {
		if (items->item[i].cert->id && items->item[i].cert->state == STORE_CERT_PENDING)
			return 0;
		active = active || (items->item[i].cert->id &&
				    items->item[i].cert->state == STORE_CERT_ACTIVE);
	}
	return refuse(&rq->refusal, active ? REFUSAL_conf_already : REFUSAL_transaction_ended);
}

static int transaction_confirm(struct cmp_request *rq, const struct cmp_stored_items *items,
			       struct cmp_outcome *outcome)
{
	const struct cmf_call call = cmp_call(rq);
	bool accepted[CMP_ITEMS_MAX] = {false}, any;
	int err;

	/*
	 * RFC 9483 3.6.4: a refusal ends the operation; the certificates stay unconfirmed and are
	 * revoked when their time is over.
	 */
	rq->attempt.keep_refusal = true;
	err = content_check(rq, items, accepted);
	if (!err && items->len == 1 && cmp_is_forwarded(rq, items->item[0].cert))
		return cmp_forward_confirm(rq, items->item[0].cert, accepted[0], outcome);
	if (!err)
		err = cmf_order_confirm(&call, &items->order, accepted, &any);
	if (!err)
		err = cmp_reply_pkiconf(rq);
	if (!err)
		cmp_outcome_becomes(outcome, any ? STORE_TXN_DONE : STORE_TXN_FAILED);
	return err;
}

int cmp_certconf_serve(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(cmp_stored_items_clear) struct cmp_stored_items items = {0};
	int err;

	err = state_check(rq);
	if (!err)
		err = cmp_stored_items_get(rq, &items);
	if (err)
		return err;
	cmp_stored_items_log(rq, &items);
	/* The upstream has answered it, and we did not get to say so. */
	if (items.len == 1 && items.item[0].cert->state != STORE_CERT_PENDING) {
		err = cmp_forward_confirmed(rq, items.item[0].cert, outcome);
		if (err != STORE_NOT_FOUND)
			return err;
	}
	err = certificates_check(rq, &items);
	return err ? err : transaction_confirm(rq, &items, outcome);
}

/* It was passed on. */
int cmp_certconf_resume(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(cmp_stored_items_clear) struct cmp_stored_items items = {0};
	int err = cmp_stored_items_get(rq, &items);

	if (!err)
		err = cmp_forward_run(rq, items.item[0].cert, STORE_EXCHANGE_CONFIRM);
	return err ? err : cmp_forward_confirm_answer(rq, items.item[0].cert, false, outcome);
}
