// SPDX-License-Identifier: Apache-2.0
/*
 * What an answer of an upstream CA means, to a message of ours or to a client's that was passed on:
 * the outcome, and in an exchange of our own what is to be said next. The answer has been verified
 * (authentic.c); what becomes of the certificate is finish.c's.
 */
#include "exchange.h"
#include "upstream.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <string.h>

/* -1: none that means something. */
static int64_t status_of(struct exchange *x, const PKIStatusInfo *info,
			 struct exchange_result *result)
{
	int64_t status = -1;

	(void)ASN1_INTEGER_get_int64(&status, info->status);
	/* RFC 9483 4.1.1, 4.2: failInfo "MUST be absent if the status is 'accepted'". */
	if (info->failInfo &&
	    (status == PKI_STATUS_ACCEPTED || status == PKI_STATUS_GRANTED_WITH_MODS))
		return -1;
	for (int i = FAIL_COUNT; info->failInfo && i-- > 0;)
		if (ASN1_BIT_STRING_get_bit(info->failInfo, i))
			result->failinfo = i;
	if (status == PKI_STATUS_REJECTION) {
		free(x->status_text);
		x->status_text = cmp_status_rejection_text(info);
	}
	return status;
}

static void wait_for_it(struct exchange *x, int64_t poll_id, struct exchange_result *result)
{
	result->outcome = EXCHANGE_WAITING;
	x->waiting = true;
	x->poll_id = poll_id;
	x->next = EXCHANGE_SAY_POLL;
}

/* --- a certificate --- */

static bool is_for_the_key(const struct exchange *x, X509 *cert)
{
	uint8_t digest[32], *der = NULL;
	int len;
	bool ok;

	if (!exchange_is_forwarded(x))
		return X509_get0_pubkey(cert) &&
		       EVP_PKEY_eq(X509_get0_pubkey(cert), x->request.key) == 1;
	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	ok = len > 0 && !spki_digest_from_der((struct bytes){der, (size_t)len}, digest) &&
	     memcmp(digest, x->row->key_digest, sizeof(digest)) == 0;
	OPENSSL_free(der);
	return ok;
}

static X509 *certificate_of(const CertResponse *response)
{
	const CertifiedKeyPair *pair = response->certifiedKeyPair;
	const CertOrEncCert *choice = pair ? pair->certOrEncCert : NULL;
	const ASN1_STRING *der;
	const uint8_t *p;

	if (!choice || choice->type != CERT_OR_ENC_CERT_CERTIFICATE ||
	    choice->value.certificate->type != V_ASN1_SEQUENCE)
		return NULL;
	der = choice->value.certificate->value.sequence;
	p = der->data;
	return d2i_X509(NULL, &p, der->length);
}

static void certificate_read(struct exchange *x, const struct cmp_message *msg,
			     const CertResponse *response, struct exchange_result *result)
{
	X509_free(x->cert);
	x->cert = result->cert = certificate_of(response);
	if (!x->cert)
		x->declined = REFUSAL_upstream_rejected;
	else if (!is_for_the_key(x, x->cert))
		x->declined = REFUSAL_upstream_cert_key;
	else
		x->declined = asked_check(x, x->cert);
	x->accepted = x->declined == REFUSAL_NONE;
	result->reason = x->declined;
	result->outcome = x->accepted ? EXCHANGE_GRANTED : EXCHANGE_REFUSED;
	/* Of what is passed on nothing of it is told: the door has its own words. */
	if (exchange_is_forwarded(x) && !x->accepted)
		octets_clear(&x->answer);
	else if (x->cert && !cmp_message_general_info(msg, OBJ_nid2obj(NID_id_it_implicitConfirm)))
		x->next = EXCHANGE_SAY_CONFIRM;
}

/* RFC 9483 4.1.1: one, to the request that was made. */
static const CertResponse *response_find(const struct exchange *x, const CertRepMessage *message)
{
	const CertResponse *response = sk_CertResponse_value(message->response, 0);
	int64_t id;

	if (sk_CertResponse_num(message->response) != 1)
		return NULL;
	if (exchange_is_forwarded(x))
		return response;
	return ASN1_INTEGER_get_int64(&id, response->certReqId) && id == exchange_cert_req_id(x)
		       ? response
		       : NULL;
}

static void response_read(struct exchange *x, const struct cmp_message *msg,
			  struct exchange_result *result)
{
	const CertResponse *response = response_find(x, msg->body->value.certRepMessage);

	if (!response)
		return;
	switch (status_of(x, response->status, result)) {
	case PKI_STATUS_ACCEPTED:
	case PKI_STATUS_GRANTED_WITH_MODS:
		certificate_read(x, msg, response, result);
		break;
	case PKI_STATUS_WAITING:
		wait_for_it(x, exchange_cert_req_id(x), result);
		break;
	case PKI_STATUS_REJECTION:
		result->outcome = EXCHANGE_REFUSED;
		break;
	default:
		break;
	}
}

/* pkiConf to our certConf: it was accepted or, as we wanted, declined. */
static void confirmed_read(struct exchange *x, struct exchange_result *result)
{
	x->confirmed = true;
	result->reason = x->declined;
	result->outcome = x->accepted ? EXCHANGE_GRANTED : EXCHANGE_REFUSED;
}

/* --- a revocation --- */

static bool is_about(const struct exchange *x, const CertId *id)
{
	struct serial theirs, ours = x->row->serial;

	return serial_of_integer(id->serialNumber, &theirs) == 0 &&
	       (!x->revoked || serial_of_integer(X509_get0_serialNumber(x->revoked), &ours) == 0) &&
	       serial_equal(&ours, &theirs);
}

/* RFC 9483 4.2: one status; whose certificate it is about, if it says so. */
static void revocation_read(struct exchange *x, const RevRepContent *rp,
			    struct exchange_result *result)
{
	const CertId *id = sk_CertId_value(rp->revCerts, 0);

	if (sk_PKIStatusInfo_num(rp->status) != 1 || sk_CertId_num(rp->revCerts) > 1 ||
	    (id && !is_about(x, id)))
		return;
	switch (status_of(x, sk_PKIStatusInfo_value(rp->status, 0), result)) {
	case PKI_STATUS_ACCEPTED:
	case PKI_STATUS_GRANTED_WITH_MODS:
	case PKI_STATUS_REVOCATION_WARNING:
	case PKI_STATUS_REVOCATION_NOTIFICATION:
		result->outcome = EXCHANGE_GRANTED;
		break;
	case PKI_STATUS_REJECTION:
		result->outcome = EXCHANGE_REFUSED;
		break;
	default:
		break;
	}
}

/* --- pollRep and error --- */

/* RFC 9483 4.4: only after an answer that asked to wait, for the same request. */
static void poll_read(struct exchange *x, const STACK_OF(PollRep) * pollrep,
		      struct exchange_result *result)
{
	const PollRep *rep = sk_PollRep_value(pollrep, 0);
	int64_t id, seconds;

	if (exchange_is_forwarded(x)) {
		result->outcome = EXCHANGE_WAITING;
		return;
	}
	if (!x->waiting || sk_PollRep_num(pollrep) != 1 ||
	    !ASN1_INTEGER_get_int64(&id, rep->certReqId) || id != x->poll_id ||
	    !ASN1_INTEGER_get_int64(&seconds, rep->checkAfter) || seconds < 0 || seconds > INT_MAX)
		return;
	wait_for_it(x, x->poll_id, result);
	result->check_after_ms = seconds * 1000;
}

/* RFC 9483 4.4: where the answer has no place for the status waiting, error has. */
static void forwarded_error_read(struct exchange *x, int64_t status, struct exchange_result *result)
{
	result->outcome = EXCHANGE_REFUSED;
	if (status == PKI_STATUS_WAITING)
		result->outcome =
			x->kind == STORE_EXCHANGE_ISSUE ? EXCHANGE_NO_ANSWER : EXCHANGE_WAITING;
}

static void own_error_read(struct exchange *x, int64_t status, struct exchange_result *result)
{
	/* "-1 to refer to the whole message" */
	if (status == PKI_STATUS_WAITING)
		wait_for_it(x, -1, result);
	if (status != PKI_STATUS_REJECTION)
		return;
	result->outcome = EXCHANGE_REFUSED;
	if (!x->cert)
		return;
	x->confirmed = true;
	result->reason = x->declined;
	/* A certConf that was received before: it is confirmed, which is what we want. */
	if (x->accepted && result->failinfo == FAIL_CERT_CONFIRMED)
		result->outcome = EXCHANGE_GRANTED;
}

static void error_read(struct exchange *x, const ErrorMsgContent *error,
		       struct exchange_result *result)
{
	int64_t status = status_of(x, error->pKIStatusInfo, result);

	if (exchange_is_forwarded(x))
		forwarded_error_read(x, status, result);
	else
		own_error_read(x, status, result);
}

void answer_read(struct exchange *x, const struct cmp_message *msg, struct exchange_result *result)
{
	bool confirming = x->cert && !exchange_is_forwarded(x);

	result->outcome = EXCHANGE_NO_ANSWER;
	x->next = EXCHANGE_SAY_NOTHING;
	switch (msg->body_type) {
	case PKI_BODY_IP:
	case PKI_BODY_CP:
	case PKI_BODY_KUP:
		if (x->kind == STORE_EXCHANGE_ISSUE && !confirming)
			response_read(x, msg, result);
		break;
	case PKI_BODY_RP:
		if (x->kind == STORE_EXCHANGE_REVOKE || x->kind == STORE_EXCHANGE_REVOKE_FORWARD)
			revocation_read(x, msg->body->value.rp, result);
		break;
	case PKI_BODY_POLLREP:
		poll_read(x, msg->body->value.pollRep, result);
		break;
	case PKI_BODY_PKICONF:
		if (confirming)
			confirmed_read(x, result);
		else if (x->kind == STORE_EXCHANGE_CONFIRM)
			result->outcome = EXCHANGE_GRANTED;
		break;
	case PKI_BODY_ERROR:
		error_read(x, msg->body->value.error, result);
		break;
	default:
		break;
	}
	ERR_clear_error();
}
