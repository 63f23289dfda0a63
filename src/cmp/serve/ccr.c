// SPDX-License-Identifier: Apache-2.0
/*
 * ccr: another CA asks for a cross-certificate (RFC 9810 5.3.11, 6.6, D.6). Form and proof of
 * possession, as certreq.c has them for end entities; who may ask and for what is cmf/'s.
 */
#include "request.h"
#include "serve/certreq.h"
#include "serve/items.h"
#include "serve/services.h"

#include <errno.h>

/* RFC 9810 D.6: version v1 or v3; what is given of a certificate of ours is always v3. */
static int template_check(struct cmp_request *rq, const CertTemplate *t)
{
	int64_t version;

	if (t->version && (ASN1_INTEGER_get_int64(&version, t->version) != 1 ||
			   (version != X509_VERSION_1 && version != X509_VERSION_3)))
		return refuse(&rq->refusal, REFUSAL_template_version);
	if (!t->subject || !t->publicKey)
		return refuse(&rq->refusal, REFUSAL_cross_template_incomplete);
	return cmp_template_never(rq, t);
}

/* RFC 9810 5.3.11: the private key MUST NOT be sent. */
static int controls_check(struct cmp_request *rq, const CertRequest *request)
{
	struct bytes value;
	int err = cmp_control_find(rq, request, CMP_OID_ARCHIVE_OPTIONS, V_ASN1_OTHER,
				   REFUSAL_cross_private_key, &value);

	return err || !value.len ? err : refuse(&rq->refusal, REFUSAL_cross_private_key);
}

/* RFC 9810 D.6: POPOSigningKey; nobody else may vouch for the key of a CA. */
static int pop_check(struct cmp_request *rq, const CertReqMsg *msg, EVP_PKEY *key)
{
	struct cmf_proof proof = cmp_proof(rq);

	if (!msg->popo)
		return refuse(&rq->refusal, REFUSAL_pop_missing);
	if (msg->popo->type != POPO_SIGNATURE)
		return refuse(&rq->refusal, REFUSAL_pop_unsupported);
	return cmf_proof_signing_key(&proof, msg, key);
}

static int request_read(struct cmp_request *rq, const CertReqMsg *msg, struct cmf_csr *csr)
{
	const CertTemplate *t = msg->certReq->certTemplate;
	EVP_PKEY *key = NULL;
	int err = template_check(rq, t);

	if (!err)
		err = controls_check(rq, msg->certReq);
	if (!err)
		err = cmf_public_key_read(t->publicKey, &key, &csr->key_kind, &rq->refusal);
	if (!err)
		err = pop_check(rq, msg, key);
	EVP_PKEY_free(key);
	csr->operation = CMF_CROSS;
	csr->cross.signing_alg = t->signingAlg;
	csr->issuer = t->issuer;
	csr->validity = t->validity;
	csr->subject = t->subject;
	csr->spki = t->publicKey;
	csr->extensions = t->extensions;
	return err;
}

int cmp_ccr_serve(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(cmp_items_clear) struct cmp_items items = {NULL, 0};
	const CertReqMsg *msg;
	/* RFC 9810 D.6: only one CertReqMsg. */
	int err = cmp_certreq_one(rq, REFUSAL_cross_req_count, &msg);

	if (err)
		return err;
	err = cmp_items_new(1, &items);
	if (!err)
		err = cmp_item_judge(rq, items.item, request_read(rq, msg, &items.item->csr));
	return err ? err : cmp_certificates_issue(rq, &items, outcome);
}
