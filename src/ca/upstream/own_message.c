// SPDX-License-Identifier: Apache-2.0
/*
 * The messages of an exchange of our own with an upstream CA: cr or p10cr, rr, pollReq, certConf.
 * Which of them comes next answer.c has decided; exchange.c stores and sends it.
 */
#include "asn1/certificate.h"
#include "asn1/name.h"
#include "exchange.h"
#include "upstream.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#define OID_CERT_PROFILE "1.3.6.1.5.5.7.4.21"

/* RFC 9483 4.1.1, 4.1.4 */
enum { CERT_REQ_ID = 0, CERT_REQ_ID_P10CR = -1 };

/* --- bodies --- */

static PKIBody *p10cr_body(struct bytes der)
{
	const unsigned char *p = der.data;
	CertificationRequest *request = d2i_CertificationRequest(NULL, &p, (long)der.len);
	PKIBody *body = cmp_body_new(PKI_BODY_P10CR);

	if (!request || !body) {
		CertificationRequest_free(request);
		PKIBody_free(body);
		return NULL;
	}
	CertificationRequest_free(body->value.p10cr);
	body->value.p10cr = request;
	return body;
}

static bool reason_add(RevDetails *details, int reason)
{
	ASN1_ENUMERATED *code = ASN1_ENUMERATED_new();
	bool ok = code && ASN1_ENUMERATED_set(code, reason) &&
		  X509V3_add1_i2d(&details->crlEntryDetails, NID_crl_reason, code, 0,
				  X509V3_ADD_APPEND) > 0;

	ASN1_ENUMERATED_free(code);
	return ok;
}

/* RFC 9483 4.2: issuer and serialNumber alone name the certificate. */
static PKIBody *rr_body(const X509 *cert, int reason)
{
	PKIBody *body = cmp_body_new(PKI_BODY_RR);
	RevDetails *details = RevDetails_new();
	CertTemplate *template = details ? details->certDetails : NULL;

	if (template) {
		template->issuer = X509_NAME_dup(X509_get_issuer_name(cert));
		template->serialNumber = ASN1_INTEGER_dup(X509_get0_serialNumber(cert));
	}
	if (!body || !template || !template->issuer || !template->serialNumber ||
	    (reason != STORE_REASON_NONE && !reason_add(details, reason)) ||
	    sk_RevDetails_push(body->value.rr, details) <= 0) {
		RevDetails_free(details);
		PKIBody_free(body);
		return NULL;
	}
	return body;
}

static PKIBody *poll_body(int64_t cert_req_id)
{
	PKIBody *body = cmp_body_new(PKI_BODY_POLLREQ);
	PollReq *request = PollReq_new();

	if (!body || !request || !ASN1_INTEGER_set_int64(request->certReqId, cert_req_id) ||
	    sk_PollReq_push(body->value.pollReq, request) <= 0) {
		PollReq_free(request);
		PKIBody_free(body);
		return NULL;
	}
	return body;
}

/* certHash, and hashAlg where the signature of the certificate names no digest: then *pvnop is 3,
 * RFC 9810 5.3.18. */
static bool cert_hash_set(const X509 *cert, CertStatus *status, int *pvnop)
{
	const X509_ALGOR *signature;
	_cleanup_(octets_clear) struct octets der = OCTETS_NULL;
	uint8_t hash[EVP_MAX_MD_SIZE];
	const EVP_MD *digest;
	size_t hash_len = 0;

	X509_get0_signature(NULL, &signature, cert);
	digest = cert_hash_digest(signature);
	if (!digest) {
		digest = EVP_sha256();
		*pvnop = 3;
		status->hashAlg = X509_ALGOR_new();
		if (status->hashAlg)
			X509_ALGOR_set_md(status->hashAlg, digest);
	}
	return (*pvnop < 3 || status->hashAlg) && certificate_encode(cert, &der) == 0 &&
	       cert_hash_compute(digest, octets_view(&der), hash, &hash_len) == 0 &&
	       ASN1_OCTET_STRING_set(status->certHash, hash, (int)hash_len);
}

static PKIStatusInfo *verdict_status(enum refusal_reason declined)
{
	if (declined == REFUSAL_NONE)
		return cmp_status_info_new(PKI_STATUS_ACCEPTED, NULL, -1);
	return cmp_status_info_new(PKI_STATUS_REJECTION, refusal_text(declined),
				   FAIL_INCORRECT_DATA);
}

static PKIBody *cert_conf_body(const struct exchange *x, int64_t cert_req_id, int *pvnop)
{
	PKIBody *body = cmp_body_new(PKI_BODY_CERTCONF);
	CertStatus *status = CertStatus_new();

	if (status)
		status->statusInfo = verdict_status(x->declined);
	if (!body || !status || !status->statusInfo || !cert_hash_set(x->cert, status, pvnop) ||
	    !ASN1_INTEGER_set_int64(status->certReqId, cert_req_id) ||
	    sk_CertStatus_push(body->value.certConf, status) <= 0) {
		CertStatus_free(status);
		PKIBody_free(body);
		return NULL;
	}
	return body;
}

int64_t exchange_cert_req_id(const struct exchange *x)
{
	return x->request.kind == EXCHANGE_REQUEST_P10CR ? CERT_REQ_ID_P10CR : CERT_REQ_ID;
}

static PKIBody *request_body(const struct exchange *x)
{
	struct bytes asked = octets_view(&x->request.message);

	switch (x->request.kind) {
	case EXCHANGE_REQUEST_CR:
		return cmp_cert_req_body_new(PKI_BODY_CR, asked);
	case EXCHANGE_REQUEST_P10CR:
		return p10cr_body(asked);
	case EXCHANGE_REQUEST_REVOKE:
		return rr_body(x->revoked, x->request.reason);
	case EXCHANGE_REQUEST_FORWARD:
	case EXCHANGE_REQUEST_FORWARD_NAMES:
	default:
		return NULL;
	}
}

static PKIBody *next_body(const struct exchange *x, int *pvnop)
{
	*pvnop = 2;
	switch (x->next) {
	case EXCHANGE_SAY_REQUEST:
		return request_body(x);
	case EXCHANGE_SAY_POLL:
		return poll_body(x->poll_id);
	case EXCHANGE_SAY_CONFIRM:
		return cert_conf_body(x, exchange_cert_req_id(x), pvnop);
	case EXCHANGE_SAY_NOTHING:
	default:
		return NULL;
	}
}

/* --- the header --- */

/* A new transaction, with the parameters of its MAC where it has one. */
static int transaction_begin(struct exchange *x)
{
	uint8_t id[CMP_NONCE_LEN];

	if (x->transaction_id.len)
		return 0;
	if (RAND_bytes(id, sizeof(id)) <= 0)
		return -EIO;
	if (!x->ca->upstream->ra_cert) {
		int err = cmp_mac_algorithm_new(UPSTREAM_MAC_ITERATIONS, &x->mac_algorithm);

		if (err)
			return err;
	}
	return octets_dup(BYTES_OF(id), &x->transaction_id);
}

static int own_message_encode(struct exchange *x, const PKIBody *body, int pvno,
			      const X509_ALGOR *mac_algorithm, struct octets *derp)
{
	const X509 *ra = x->ca->upstream->ra_cert;
	_cleanup_(octets_clear) struct octets profile = OCTETS_NULL;
	struct bytes sender = BYTES_NULL, recipient = BYTES_NULL;
	struct cmp_info info = {.oid = OID_CERT_PROFILE};
	uint8_t nonce[CMP_NONCE_LEN];
	struct cmp_outgoing out = {
		.pvno = pvno,
		.transaction_id = octets_view(&x->transaction_id),
		.sender_nonce = BYTES_OF(nonce),
		.recip_nonce = octets_view(&x->recip_nonce),
		.infos = &info,
		.body = body,
	};
	int err = 0;

	/* RFC 9483 3.1: certProfile is for who asks for certificates. */
	if (x->ca->conf->upstream_profile && x->next == EXCHANGE_SAY_REQUEST && !x->revoked)
		err = upstream_profile_encode(x->ca, &profile);
	if (err)
		return err;
	info.value = octets_view(&profile);
	out.n_infos = profile.len > 0;
	if (RAND_bytes(nonce, sizeof(nonce)) <= 0)
		return -EIO;
	/* The issuer of a certificate has issued the RA's, too, where nothing is configured. */
	if (x->revoked) {
		sender = name_der(X509_get_subject_name(x->revoked));
		recipient = name_der(X509_get_issuer_name(x->revoked));
	} else if (ra) {
		recipient = name_der(X509_get_issuer_name(ra));
	}
	return upstream_protect(x->ca, sender, recipient, mac_algorithm, &out, derp);
}

int own_message_make(struct exchange *x, struct octets *derp)
{
	X509_ALGOR *mac_algorithm = NULL;
	PKIBody *body = NULL;
	int pvno, err = transaction_begin(x);

	/* RFC 9483 4.1.5: the parameters remain the same throughout the transaction. */
	if (!err && x->mac_algorithm)
		err = cmp_mac_algorithm_again(x->mac_algorithm, &mac_algorithm);
	if (!err) {
		body = next_body(x, &pvno);
		err = body ? own_message_encode(x, body, pvno, mac_algorithm, derp) : -ENOMEM;
	}
	PKIBody_free(body);
	X509_ALGOR_free(mac_algorithm);
	return err ? log_fault("making a message to an upstream CA", err, x->ca->conf->name) : 0;
}
