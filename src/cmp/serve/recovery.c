// SPDX-License-Identifier: Apache-2.0
/*
 * krr: the holder of a certificate, or who acts for it, asks for the archived private keys of its
 * entity (RFC 4210 5.3.7), and for a certificate for a new key where the template has one. Form,
 * proof of possession, and the keys on their way out; who gets which is cmf/'s.
 */
#include "asn1/envelope.h"
#include "carriers.h"
#include "outcome.h"
#include "reply.h"
#include "request.h"
#include "serve/certreq.h"
#include "serve/items.h"
#include "serve/private_key.h"
#include "serve/services.h"

#include <errno.h>
#include <openssl/sha.h>

static void recovery_free(struct cmp_recovery *recovery)
{
	if (!recovery)
		return;
	EVP_PKEY_free(recovery->to);
	cmf_recovery_clear(&recovery->keys);
	for (size_t i = 0; i < CMF_RECOVER_MAX; i++)
		octets_clear(&recovery->sealed[i]);
	free(recovery);
}

DEFINE_CLEANUP(struct cmp_recovery, recovery_free);

/* --- protocolEncrKey, RFC 4211 6.6 --- */

static int control_find(struct cmp_request *rq, const CertRequest *request,
			SubjectPublicKeyInfo **spkip)
{
	const unsigned char *p;
	struct bytes value;
	int err = cmp_control_find(rq, request, CMP_OID_PROTOCOL_ENCR_KEY, V_ASN1_SEQUENCE,
				   REFUSAL_recovery_key_malformed, &value);

	if (err)
		return err;
	/* RFC 4210 5.3.7: "if a key history is required, the requester must supply" it */
	if (!value.len)
		return refuse(&rq->refusal, REFUSAL_recovery_key_missing);
	p = value.data;
	*spkip = d2i_SubjectPublicKeyInfo(NULL, &p, (long)value.len);
	if (!*spkip || p != value.data + value.len)
		return refuse(&rq->refusal, REFUSAL_recovery_key_malformed);
	return 0;
}

static int recipient_check(struct cmp_request *rq, EVP_PKEY *key)
{
	int err;

	if (!(spki_key_uses(key) & (SPKI_DECRYPTS | SPKI_AGREES)))
		return refuse(&rq->refusal, REFUSAL_recovery_key_algorithm);
	/* What recovered keys are encrypted for is no weaker than what may sign. */
	if (!cmf_key_strong(key, &rq->conf->protection, rq->who.policy))
		return refuse(&rq->refusal, REFUSAL_recovery_key_weak);
	err = envelope_key_check(key);
	return err == -ENOTSUP ? refuse(&rq->refusal, REFUSAL_recovery_key_algorithm) : err;
}

/* RFC 5280 4.2.1.2 (1): how the recipient is named, there being no certificate. */
static void recipient_name(struct cmp_recovery *recovery, const SubjectPublicKeyInfo *spki)
{
	SHA1(ASN1_STRING_get0_data(spki->subjectPublicKey),
	     (size_t)ASN1_STRING_length(spki->subjectPublicKey), recovery->to_id);
}

static int recipient_read(struct cmp_request *rq, const CertRequest *request,
			  struct cmp_recovery *recovery)
{
	SubjectPublicKeyInfo *spki = NULL;
	struct spki_kind kind;
	int err = control_find(rq, request, &spki);

	if (!err)
		err = spki_key(spki, &recovery->to, &kind);
	if (err == -EBADMSG)
		err = refuse(&rq->refusal, REFUSAL_recovery_key_malformed);
	else if (err == -ENOTSUP || err == -EKEYREJECTED)
		err = refuse(&rq->refusal, REFUSAL_recovery_key_algorithm);
	if (!err) {
		recipient_name(recovery, spki);
		err = recipient_check(rq, recovery->to);
	}
	SubjectPublicKeyInfo_free(spki);
	return err;
}

/* --- the request --- */

/* Without a key only the entity is named. */
static int entity_read(struct cmp_request *rq, const CertReqMsg *msg, struct cmp_item *item)
{
	const CertTemplate *t = msg->certReq->certTemplate;
	int err = cmp_template_check(rq, t);

	if (!err && msg->popo)
		err = refuse(&rq->refusal, REFUSAL_recovery_pop);
	item->csr.subject = t->subject;
	item->csr.extensions = t->extensions;
	return err;
}

static int request_read(struct cmp_request *rq, const CertReqMsg *msg, struct cmp_item *item,
			struct cmp_recovery *recovery)
{
	const CertTemplate *t = msg->certReq->certTemplate;
	int err;

	/* RFC 9810 5.2.2: what is encrypted is EnvelopedData. */
	if (!cmp_envelope_understood(rq))
		return refuse(&rq->refusal, REFUSAL_recovery_pvno);
	item->csr.operation = CMF_RECOVER;
	err = cmp_carriers_of_reg_info(rq, msg->regInfo, &item->carriers);
	if (err)
		return err;
	if (!t->publicKey)
		err = entity_read(rq, msg, item);
	else if (cmp_central_key_wanted(t))
		err = refuse(&rq->refusal, REFUSAL_public_key_malformed);
	else
		err = cmp_template_read(rq, msg, item);
	if (!err && item->pop != CMP_POP_PROVEN)
		err = refuse(&rq->refusal, REFUSAL_pop_unsupported);
	return err ? err : recipient_read(rq, msg->certReq, recovery);
}

/* --- the answer --- */

static int keys_seal(struct cmp_request *rq, struct cmp_recovery *recovery)
{
	const struct envelope_recipient to = {.key = recovery->to,
					      .ski = BYTES_OF(recovery->to_id)};
	int err = 0;

	/* To explain a message gives nothing away. */
	if (store_unit_is_dry(rq->worker->unit))
		return 0;
	for (size_t i = 0; i < recovery->keys.len && !err; i++)
		err = cmp_private_key_seal(rq, recovery->keys.item[i].key, &to,
					   &recovery->sealed[i]);
	return err == -ENOTSUP ? refuse(&rq->refusal, REFUSAL_recovery_key_algorithm) : err;
}

/* --- serving --- */

/* There is no new certificate: the transaction is done with the answer. */
static int keys_answer(struct cmp_request *rq, const struct cmp_recovery *recovery,
		       struct cmp_outcome *outcome)
{
	const struct store_certificate *cert = &recovery->keys.item[0].cert;
	const struct cmp_response response = {.status = PKI_STATUS_ACCEPTED, .failinfo = -1};

	cmp_log_certificate(rq, cert->subject_id, cert->vnf_instance, &cert->serial);
	cmp_outcome_becomes(outcome, STORE_TXN_DONE);
	return cmp_reply_recovery(rq, &response, recovery);
}

static int keys_recover(struct cmp_request *rq, const CertReqMsg *msg, struct cmp_items *items,
			struct cmp_recovery *recovery, struct cmp_outcome *outcome)
{
	const struct cmf_call call = cmp_call(rq);
	struct cmp_item *item = &items->item[0];
	int err = request_read(rq, msg, item, recovery);

	cmp_item_carriers(rq, item);
	if (!err)
		err = cmf_recover(&call, &item->csr, &recovery->keys);
	if (!err)
		err = keys_seal(rq, recovery);
	if (err)
		return err;
	rq->attempt.recovery = recovery;
	return item->csr.spki ? cmp_certificates_issue(rq, items, outcome)
			      : keys_answer(rq, recovery, outcome);
}

int cmp_krr_serve(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(cmp_items_clear) struct cmp_items items = {NULL, 0};
	_cleanup_(recovery_freep) struct cmp_recovery *recovery = NULL;
	const CertReqMsg *msg;
	/* krp has room for one answer, RFC 4210 5.3.8. */
	int err = cmp_certreq_one(rq, REFUSAL_recovery_count, &msg);

	if (err)
		return err;
	if (!rq->door->kga.signer)
		return refuse(&rq->refusal, REFUSAL_recovery_not_offered);
	recovery = calloc(1, sizeof(*recovery));
	err = recovery ? cmp_items_new(1, &items) : -ENOMEM;
	if (!err)
		err = keys_recover(rq, msg, &items, recovery, outcome);
	rq->attempt.recovery = NULL;
	return err;
}
