// SPDX-License-Identifier: Apache-2.0
/*
 * origPKIMessage: the message that a registration authority received and whose protection it
 * replaced, RFC 9810 5.1.1.3, RFC 9483 5.2.3. It is checked against the message that carries it,
 * and its digest goes into log and audit. Nobody but an RA has anything to say with it.
 */
#include "asn1/algorithm.h"
#include "header.h"
#include "request.h"

#include <errno.h>

/* RFC 9483 5.2.3: for which an RA MUST NOT replace the protection. */
static bool may_be_replaced(const struct cmp_message *msg)
{
	const SubjectPublicKeyInfo *key;

	if (msg->body_type == PKI_BODY_KUR)
		return false;
	if (msg->body_type != PKI_BODY_IR && msg->body_type != PKI_BODY_CR)
		return true;
	/* 4.1.6: central key generation is asked for by no key, or an empty one. */
	for (int i = 0; i < sk_CertReqMsg_num(msg->body->value.certReqMessages); i++) {
		key = sk_CertReqMsg_value(msg->body->value.certReqMessages, i)
			      ->certReq->certTemplate->publicKey;
		if (!key || ASN1_STRING_length(key->subjectPublicKey) == 0)
			return false;
	}
	return true;
}

/* RFC 9483 5.2.3: "MUST NOT change the transactionID, the senderNonce, or the recipNonce" */
static int original_check(struct cmp_request *rq, struct bytes der, const struct cmp_message *with)
{
	_cleanup_(cmp_message_freep) struct cmp_message *original = NULL;
	struct refusal unused = REFUSAL_NULL;
	int err = cmp_message_decode(der, &original, &unused);

	if (err < 0)
		return err;
	if (!original || !original->body)
		return refuse(&rq->refusal, REFUSAL_original_malformed);
	if (!bytes_equal(original->transaction_id, with->transaction_id) ||
	    !bytes_equal(original->sender_nonce, with->sender_nonce) ||
	    !bytes_equal(original->recip_nonce, with->recip_nonce))
		return refuse(&rq->refusal, REFUSAL_original_mismatch);
	if (!may_be_replaced(with))
		return refuse(&rq->refusal, REFUSAL_original_not_replaceable);
	return 0;
}

static struct bytes sequence_of(const ASN1_TYPE *type)
{
	if (type->type != V_ASN1_SEQUENCE)
		return BYTES_NULL;
	return (struct bytes){type->value.sequence->data, (size_t)type->value.sequence->length};
}

/* In a nested message: one for each of its messages, in their order. */
static int nested_check(struct cmp_request *rq, const STACK_OF(ASN1_TYPE) * originals)
{
	const STACK_OF(ASN1_TYPE) *inner = rq->msg->body->value.nested;
	int n = sk_ASN1_TYPE_num(inner);

	if ((uint32_t)n > rq->conf->cmf.nested_max)
		return refuse(&rq->refusal, REFUSAL_nested_count);
	if (sk_ASN1_TYPE_num(originals) != n)
		return refuse(&rq->refusal, REFUSAL_original_count);
	for (int i = 0; i < n; i++) {
		_cleanup_(cmp_message_freep) struct cmp_message *with = NULL;
		struct refusal unused = REFUSAL_NULL;
		int err = cmp_message_decode(sequence_of(sk_ASN1_TYPE_value(inner, i)), &with,
					     &unused);

		if (err < 0)
			return err;
		if (!with || !with->body)
			return refuse(&rq->refusal, REFUSAL_original_mismatch);
		err = original_check(rq, sequence_of(sk_ASN1_TYPE_value(originals, i)), with);
		if (err)
			return err;
	}
	return 0;
}

static int originals_check(struct cmp_request *rq, const STACK_OF(ASN1_TYPE) * originals)
{
	if (rq->msg->body_type == PKI_BODY_NESTED)
		return nested_check(rq, originals);
	/* RFC 9810 5.1.1.3: "MUST contain exactly one PKIMessage" */
	if (sk_ASN1_TYPE_num(originals) != 1)
		return refuse(&rq->refusal, REFUSAL_original_count);
	return original_check(rq, sequence_of(sk_ASN1_TYPE_value(originals, 0)), rq->msg);
}

int cmp_original_check(struct cmp_request *rq)
{
	const InfoTypeAndValue *info =
		cmp_message_general_info(rq->msg, rq->door->oids[CMP_OID_ORIG_PKI_MESSAGE]);
	STACK_OF(ASN1_TYPE) * originals;
	const unsigned char *p;
	const ASN1_STRING *s;
	int err;

	if (!info || !cmf_principal_is_ra(&rq->who))
		return 0;
	if (!info->infoValue || info->infoValue->type != V_ASN1_SEQUENCE)
		return refuse(&rq->refusal, REFUSAL_original_malformed);
	s = info->infoValue->value.sequence;
	p = s->data;
	originals = d2i_ASN1_SEQUENCE_ANY(NULL, &p, s->length);
	err = originals ? originals_check(rq, originals)
			: refuse(&rq->refusal, REFUSAL_original_malformed);
	sk_ASN1_TYPE_pop_free(originals, ASN1_TYPE_free);
	if (err)
		return err;
	if (EVP_Digest(s->data, (size_t)s->length, rq->original.digest, NULL,
		       digest_by_nid(NID_sha256), NULL) != 1)
		return log_fault("digest of an original message", -EIO, NULL);
	rq->original.present = true;
	return 0;
}

int cmp_original_audit(struct cmp_request *rq)
{
	const struct cmf_principal *ra = rq->who.approver ? rq->who.approver : &rq->who;
	struct cmf_call call = cmp_call(rq);
	char digest[2 * sizeof(rq->original.digest) + 1], transaction_id[2 * CMP_NONCE_MAX + 1];

	if (!rq->original.present)
		return 0;
	bytes_to_hex(BYTES_OF(rq->original.digest), digest);
	bytes_to_hex(rq->msg->transaction_id, transaction_id);
	call.who = ra;
	return cmf_audit_add(&call, &(struct cmf_audit){.action = "original",
							.target = transaction_id,
							.detail = digest});
}
