// SPDX-License-Identifier: Apache-2.0
/*
 * rr: revocation of one certificate, RFC 9483 4.2, 5.1.3. Answered by rp.
 */
#include "door_private.h"

#include <errno.h>
#include <openssl/x509v3.h>

/* RFC 9483 4.2: crlEntryDetails is one reasonCode; absent means unspecified. */
static int reason_read(struct cmp_request *rq, const STACK_OF(X509_EXTENSION) * details,
		       int *reasonp)
{
	ASN1_ENUMERATED *code;
	X509_EXTENSION *ext;
	int64_t value = -1;

	*reasonp = CRL_REASON_UNSPECIFIED;
	if (sk_X509_EXTENSION_num(details) <= 0)
		return 0;
	ext = sk_X509_EXTENSION_value(details, 0);
	if (sk_X509_EXTENSION_num(details) != 1 ||
	    OBJ_obj2nid(X509_EXTENSION_get_object(ext)) != NID_crl_reason)
		return refuse(&rq->refusal, REFUSAL_rev_reason_not_allowed);
	code = X509V3_EXT_d2i(ext);
	if (!code || ASN1_ENUMERATED_get_int64(&value, code) != 1)
		value = -1;
	ASN1_ENUMERATED_free(code);
	/* RFC 5280 5.3.1: 7 is not used; removeFromCRL is for delta CRLs and no reason to revoke.
	 */
	if (value < 0 || value > CRL_REASON_AA_COMPROMISE || value == 7 ||
	    value == CRL_REASON_REMOVE_FROM_CRL)
		return refuse(&rq->refusal, REFUSAL_rev_reason_not_allowed);
	*reasonp = (int)value;
	return 0;
}

static int answer_accepted(struct cmp_request *rq, const CertTemplate *details)
{
	return cmp_reply_revocation(rq, PKI_STATUS_ACCEPTED, NULL, -1, details->issuer,
				    details->serialNumber);
}

/*
 * The upstream has to be told first: the revocation is durable as pending before it is tried, and
 * the client hears of success only when the upstream has done it.
 */
static int revoke_upstream(struct cmp_request *rq, const struct store_certificate *cert,
			   const CertTemplate *details)
{
	struct ca *ca = ca_find(cmf_cas(rq->door->cmf), cert->ca);
	int err;

	if (!ca)
		return log_fault("CA of a certificate", -ENOENT, cert->ca);
	err = cmp_transaction_commit(rq);
	if (err)
		return err;
	err = ca_upstream_revoke_run(ca, cert->id, rq->worker->reader, rq->worker->unit);
	if (err < 0)
		store_unit_clear(rq->worker->unit);
	if (err)
		return refuse(&rq->refusal, REFUSAL_upstream_unavailable);
	err = answer_accepted(rq, details);
	if (!err)
		err = cmp_transaction_insert(rq, STORE_TXN_DONE, NULL);
	return err ? err : cmp_transaction_commit(rq);
}

static int revoke(struct cmp_request *rq, const CertTemplate *details, int reason)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	uint8_t serial[CMP_INTEGER_MAX];
	struct cmf_revoke request = {.issuer = cmp_name_der(details->issuer),
				     .serial = cmp_integer_octets(details->serialNumber, serial),
				     .reason = reason};
	bool upstream = false;
	int err;

	if (!request.serial.len)
		return refuse(&rq->refusal, REFUSAL_rev_cert_unknown);
	err = cmf_revoke(rq->door->cmf, &rq->who, &request, rq->worker->reader, rq->worker->unit,
			 &cert, &upstream, &rq->refusal);
	if (!err)
		err = cmp_transaction_open(rq);
	cmp_log_certificate(rq, cert.subject_id, cert.serial, cert.serial_len);
	if (!err && upstream) {
		err = revoke_upstream(rq, &cert, details);
	} else if (!err) {
		err = answer_accepted(rq, details);
		if (!err)
			err = cmp_transaction_insert(rq, STORE_TXN_DONE, NULL);
		if (!err)
			err = cmp_transaction_commit(rq);
	}
	/* The unit points into cert. */
	store_unit_clear(rq->worker->unit);
	return err;
}

int cmp_rr_serve(struct cmp_request *rq)
{
	const STACK_OF(RevDetails) *list = rq->msg->body->value.rr;
	const RevDetails *details = sk_RevDetails_value(list, 0);
	int reason, err;

	rq->in_body = rq->keep_refusal = true;
	/* RFC 9483 4.2: a sequence of one RevDetails. */
	if (sk_RevDetails_num(list) != 1)
		return refuse(&rq->refusal, REFUSAL_rev_details_count);
	/* RFC 9483 4.2: issuer and serialNumber are required. */
	if (!details->certDetails->issuer || !details->certDetails->serialNumber)
		return refuse(&rq->refusal, REFUSAL_rev_cert_not_identified);
	err = reason_read(rq, details->crlEntryDetails, &reason);
	return err ? err : revoke(rq, details->certDetails, reason);
}
