// SPDX-License-Identifier: Apache-2.0
/*
 * ir, cr, kur: certificate requests as CRMF (RFC 4211), each judged by itself. Checks form and
 * proof of possession; names and rights are cmf/'s.
 */
#include "serve/certreq.h"
#include "asn1/name.h"
#include "carriers.h"
#include "reply.h"
#include "request.h"
#include "serve/items.h"
#include "serve/private_key.h"
#include "serve/services.h"
#include "transaction.h"

#include <errno.h>

static int pop_by_signature(struct cmp_request *rq, const CertReqMsg *msg, EVP_PKEY *key,
			    bool update)
{
	const CertTemplate *t = msg->certReq->certTemplate;
	struct cmf_proof proof = cmp_proof(rq);
	struct bytes old = BYTES_NULL;
	int err = cmf_proof_signing_key(&proof, msg, key);

	if (err || msg->popo->value.signature->poposkInput)
		return err;
	/* RFC 9483 4.1.3: the certificate that is updated says whose key it is, too. */
	if (update)
		err = cmp_control_find(rq, msg->certReq, CMP_OID_OLD_CERT_ID, V_ASN1_SEQUENCE,
				       REFUSAL_update_cert_not_identified, &old);
	return err || old.len ? err : cmf_proof_names(&proof, t->subject, t->extensions);
}

static int pop_by_decryption(struct cmp_request *rq, const CertReqMsg *msg, EVP_PKEY *key)
{
	struct cmf_proof proof = cmp_proof(rq);
	int64_t method;
	int err = cmf_proof_decryption(&proof, msg->popo->value.keyEncipherment, key,
				       cmp_envelope_understood(rq), &method);

	if (!err)
		rq->attempt.pop =
			method == POPO_SUBSEQUENT_ENCR_CERT ? CMP_POP_ENCR_CERT : CMP_POP_CHALLENGE;
	return err;
}

/* RFC 9483 4.1.1, 5.1.1: popo. */
static int pop_check(struct cmp_request *rq, const CertReqMsg *msg, EVP_PKEY *key,
		     struct cmp_item *item)
{
	if (!msg->popo)
		return item->csr.archive.proves ? 0 : refuse(&rq->refusal, REFUSAL_pop_missing);
	switch (msg->popo->type) {
	case POPO_RA_VERIFIED:
		if (!cmf_principal_verified_pop(&rq->who))
			return refuse(&rq->refusal, REFUSAL_ra_verified_not_permitted);
		return 0;
	case POPO_SIGNATURE:
		return pop_by_signature(rq, msg, key, item->csr.operation == CMF_UPDATE);
	case POPO_KEY_ENCIPHERMENT:
	case POPO_KEY_AGREEMENT:
		if (msg->popo->value.keyEncipherment->type == POPO_PRIV_KEY_ENCRYPTED_KEY)
			return cmp_archive_pop(rq, msg, key, item);
		return pop_by_decryption(rq, msg, key);
	default:
		return refuse(&rq->refusal, REFUSAL_pop_unsupported);
	}
}

/* RFC 9483 4.1.3: the oldCertId control; NULL if there is none. */
static int old_cert_id_find(struct cmp_request *rq, const CertRequest *request, CertId **idp)
{
	const unsigned char *p;
	struct bytes value;
	int err = cmp_control_find(rq, request, CMP_OID_OLD_CERT_ID, V_ASN1_SEQUENCE,
				   REFUSAL_update_cert_not_identified, &value);

	*idp = NULL;
	if (err || !value.len)
		return err;
	p = value.data;
	*idp = d2i_CertId(NULL, &p, (long)value.len);
	if (*idp && p == value.data + value.len && (*idp)->issuer->type == GEN_DIRNAME)
		return 0;
	CertId_free(*idp);
	*idp = NULL;
	return refuse(&rq->refusal, REFUSAL_update_cert_not_identified);
}

static int old_certificate_find(struct cmp_request *rq, const CertRequest *request,
				struct store_certificate *oldp)
{
	const struct cmf_call call = cmp_call(rq);
	struct serial serial = SERIAL_NULL;
	struct bytes issuer = BYTES_NULL;
	CertId *id = NULL;
	int err;

	err = old_cert_id_find(rq, request, &id);
	if (err)
		return err;
	if (id) {
		issuer = name_der(id->issuer->d.directoryName);
		/* One that no certificate here has, if it is too long. */
		if (serial_of_integer(id->serialNumber, &serial) < 0)
			serial = SERIAL_NULL;
	}
	err = cmf_update_find(&call, issuer, &serial, oldp);
	CertId_free(id);
	return err;
}

/*
 * The issuer that the template asks for. Clients fill it in from the certificate they sign with
 * (`openssl cmp` always does), which says nothing about the CA that they want. Behind an RA that
 * replaces the protection that certificate is not to be seen.
 */
static const X509_NAME *issuer_wanted(const struct cmp_request *rq, const CertTemplate *t)
{
	struct bytes cert = octets_view(&rq->who.certificate);
	struct certificate_view signer;

	if (!t->issuer)
		return NULL;
	if (rq->who.policy->issuer_unknown &&
	    !ca_next_by_issuer(cmf_cas(rq->door->cmf), name_der(t->issuer), NULL))
		return NULL;
	if (!cert.len || certificate_view(cert, &signer))
		return t->issuer;
	return bytes_equal(name_der(t->issuer), signer.issuer) ? NULL : t->issuer;
}

/* The template: what it asks for goes into item->csr, which borrows from it. */
int cmp_template_read(struct cmp_request *rq, const CertReqMsg *msg, struct cmp_item *item)
{
	const CertTemplate *t = msg->certReq->certTemplate;
	struct cmf_csr *csr = &item->csr;
	EVP_PKEY *key = NULL;
	int err;

	rq->attempt.pop = CMP_POP_PROVEN;
	err = cmp_template_check(rq, t);
	if (!err && cmp_central_key_wanted(t))
		err = cmp_central_key_ask(rq, msg, csr);
	else if (!err)
		err = cmf_public_key_read(t->publicKey, &key, &csr->key_kind, &rq->refusal);
	if (!err)
		err = cmp_archive_read(rq, msg, key, item);
	if (!err && key)
		err = pop_check(rq, msg, key, item);
	EVP_PKEY_free(key);
	item->pop = rq->attempt.pop;
	csr->subject = t->subject;
	csr->extensions = t->extensions;
	csr->validity = t->validity;
	csr->issuer = issuer_wanted(rq, t);
	csr->spki = t->publicKey;
	return err;
}

/*
 * Whether there are controls beside those of RFC 4211 6, id-regCtrl 1 to 6: an altCertTemplate
 * (RFC 4210 C), say, asks for something else than the template.
 */
static bool has_other_controls(const CertRequest *request)
{
	static const uint8_t reg_ctrl[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x05, 0x01};

	for (int i = 0; i < sk_AttributeTypeAndValue_num(request->controls); i++) {
		const ASN1_OBJECT *type =
			sk_AttributeTypeAndValue_value(request->controls, i)->type;
		const uint8_t *oid = OBJ_get0_data(type);

		if (OBJ_length(type) != sizeof(reg_ctrl) + 1 ||
		    memcmp(oid, reg_ctrl, sizeof(reg_ctrl)) != 0 || oid[sizeof(reg_ctrl)] < 1 ||
		    oid[sizeof(reg_ctrl)] > 6)
			return true;
	}
	return false;
}

static int item_read(struct cmp_request *rq, const struct cmp_message *asked, int i,
		     struct cmp_items *items)
{
	const CertReqMsg *msg = sk_CertReqMsg_value(asked->body->value.certReqMessages, i);
	struct cmp_item *item = &items->item[i];
	int err;

	item->csr.may_register = asked->body_type == PKI_BODY_IR;
	item->csr.operation = asked->body_type == PKI_BODY_KUR ? CMF_UPDATE : CMF_ISSUE;
	err = cmp_carriers_of_reg_info(rq, msg->regInfo, &item->carriers);
	item->csr.unjudged = item->carriers.more || has_other_controls(msg->certReq) ||
			     msg->certReq->certTemplate->signingAlg ||
			     msg->certReq->certTemplate->serialNumber;
	if (!err)
		err = cmp_template_read(rq, msg, item);
	if (!err && item->pop == CMP_POP_CHALLENGE && rq->attempt.pop_answered)
		err = cmp_challenge_check(rq, (size_t)i, items->len);
	if (err || item->csr.operation != CMF_UPDATE)
		return err;
	item->csr.update.old = &item->old;
	return old_certificate_find(rq, msg->certReq, &item->old);
}

/* The certReqIds tell the requests apart. RFC 9483 4.1.1: 0 where there is one. */
static int cert_req_ids_check(struct cmp_request *rq, const struct cmp_items *items)
{
	if (items->len == 1 && items->item[0].cert_req_id != 0 && !rq->who.policy->cert_req_id_any)
		return refuse(&rq->refusal, REFUSAL_cert_req_id_wrong);
	for (size_t i = 0; i < items->len; i++) {
		if (items->item[i].cert_req_id < 0)
			return refuse(&rq->refusal, REFUSAL_cert_req_id_invalid);
		for (size_t j = 0; j < i; j++)
			if (items->item[j].cert_req_id == items->item[i].cert_req_id)
				return refuse(&rq->refusal, REFUSAL_cert_req_id_duplicate);
	}
	return 0;
}

static int items_read(struct cmp_request *rq, const struct cmp_message *asked,
		      struct cmp_items *items)
{
	const CertReqMessages *msgs = asked->body->value.certReqMessages;
	int n = sk_CertReqMsg_num(msgs), err;

	rq->attempt.cert_req_id = cmp_cert_req_id(sk_CertReqMsg_value(msgs, 0));
	if (rq->attempt.cert_req_id < 0)
		rq->attempt.cert_req_id = 0;
	if (n > (int)rq->conf->cmf.requests_max)
		return refuse(&rq->refusal, REFUSAL_cert_req_count);
	err = cmp_items_new((size_t)n, items);
	for (int i = 0; i < n && !err; i++)
		items->item[i].cert_req_id = cmp_cert_req_id(sk_CertReqMsg_value(msgs, i));
	if (!err)
		err = cert_req_ids_check(rq, items);
	for (int i = 0; i < n && !err; i++)
		err = cmp_item_judge(rq, &items->item[i], item_read(rq, asked, i, items));
	return err;
}

/* RFC 9810 5.2.8.3.3: certificates are not made until each proof is there. */
static bool any_challenged(const struct cmp_request *rq, const struct cmp_items *items)
{
	for (size_t i = 0; i < items->len && !rq->attempt.pop_answered; i++)
		if (!items->item[i].refused && items->item[i].pop == CMP_POP_CHALLENGE)
			return true;
	return false;
}

int cmp_certreq_decide(struct cmp_request *rq, const struct cmp_message *asked,
		       struct cmp_outcome *outcome)
{
	_cleanup_(cmp_items_clear) struct cmp_items items = {NULL, 0};
	int err = items_read(rq, asked, &items);

	if (err)
		return err;
	return any_challenged(rq, &items) ? cmp_challenge_send(rq, &items, outcome)
					  : cmp_certificates_issue(rq, &items, outcome);
}

int cmp_certreq_serve(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	int err = cmp_quota_check(rq);

	if (err)
		return err;
	rq->attempt.in_body = rq->attempt.keep_refusal = true;
	return cmp_certreq_decide(rq, rq->msg, outcome);
}
