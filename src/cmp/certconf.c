// SPDX-License-Identifier: Apache-2.0
/*
 * certConf: the client accepts or rejects its new certificate, RFC 9483 4.1.1, 5.1.2. Answered by
 * pkiConf.
 */
#include "door_private.h"

#include "asn1/algorithm.h"

#include <errno.h>
#include <openssl/crypto.h>

/* Whether certConf may come now. */
static int state_check(struct cmp_request *rq)
{
	const struct store_transaction *txn = &rq->txn;
	bool enrolment = txn->body_type == PKI_BODY_IR || txn->body_type == PKI_BODY_CR ||
			 txn->body_type == PKI_BODY_KUR || txn->body_type == PKI_BODY_P10CR ||
			 txn->body_type == PKI_BODY_CCR;

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
	static const int allowed[] = {NID_sha256, NID_sha384, NID_sha512};
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

/* What the client says about its certificate. */
static int content_check(struct cmp_request *rq, const struct store_certificate *cert,
			 bool *acceptedp)
{
	const STACK_OF(CertStatus) *list = rq->msg->body->value.certConf;
	const CertStatus *status = sk_CertStatus_value(list, 0);
	int64_t id, value = PKI_STATUS_ACCEPTED;

	*acceptedp = false;
	/* RFC 4210 5.3.18: an empty list rejects all certificates. */
	if (!sk_CertStatus_num(list))
		return 0;
	/* RFC 9483 4.1.1: a sequence of one CertStatus. */
	if (sk_CertStatus_num(list) != 1 || ASN1_INTEGER_get_int64(&id, status->certReqId) != 1 ||
	    id != rq->txn.cert_req_id)
		return refuse(&rq->refusal, REFUSAL_conf_count);
	/* "Omission indicates acceptance of the indicated certificate" */
	if (status->statusInfo && ASN1_INTEGER_get_int64(&value, status->statusInfo->status) != 1)
		return refuse(&rq->refusal, REFUSAL_conf_count);
	if (value != PKI_STATUS_ACCEPTED && value != PKI_STATUS_GRANTED_WITH_MODS &&
	    value != PKI_STATUS_REJECTION)
		return refuse(&rq->refusal, REFUSAL_conf_count);
	*acceptedp = value != PKI_STATUS_REJECTION;
	return hash_check(rq, status, octets_view(&cert->der));
}

static int confirm(struct cmp_request *rq, const struct store_certificate *cert)
{
	bool accepted;
	int err;

	/*
	 * RFC 9483 3.6.4: a refusal ends the operation; the certificate stays unconfirmed and is
	 * revoked when its time is over.
	 */
	rq->keep_refusal = true;
	err = content_check(rq, cert, &accepted);
	if (err)
		return err;
	if (cmp_is_forwarded(rq, cert))
		return cmp_forward_confirm(rq, cert, accepted);
	err = cmf_confirm(rq->door->cmf, &rq->who, cert, accepted, rq->worker->unit);
	if (!err)
		err = cmp_reply_pkiconf(rq);
	if (err)
		return err;
	rq->txn.deadline_ms = 0;
	err = cmp_transaction_answer(rq, accepted ? STORE_TXN_DONE : STORE_TXN_FAILED);
	if (!err)
		err = cmp_transaction_commit(rq);
	if (!err)
		cmp_quota_count(rq, -1);
	return err;
}

int cmp_certconf_serve(struct cmp_request *rq)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	int err;

	err = state_check(rq);
	if (err)
		return err;
	err = store_certificate_get(rq->worker->reader, rq->txn.certificate_id, &cert);
	if (err)
		return err < 0 ? err : log_fault("certificate of a transaction", -ENOENT, NULL);
	cmp_log_certificate(rq, cert.subject_id, cert.serial, cert.serial_len);
	/* The upstream has answered it, and we did not get to say so. */
	if (cert.state != STORE_CERT_PENDING) {
		err = cmp_forward_confirmed(rq, &cert);
		if (err != STORE_NOT_FOUND)
			return err;
	}
	if (cert.state == STORE_CERT_ACTIVE)
		return refuse(&rq->refusal, REFUSAL_conf_already);
	if (cert.state != STORE_CERT_PENDING)
		return refuse(&rq->refusal, REFUSAL_transaction_ended);
	err = confirm(rq, &cert);
	/* The unit may point into cert. */
	store_unit_clear(rq->worker->unit);
	return err;
}
