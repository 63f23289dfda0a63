// SPDX-License-Identifier: Apache-2.0
/*
 * The bodies of answers. Knows how RFC 9483 wants each to look, not why it is given: that is the
 * handler's of the request. reply_encode.c makes a message of what is here.
 */
#include "reply.h"
#include "asn1/der.h"
#include "request.h"

#include <errno.h>
#include <string.h>

void cmp_reply_clear(struct cmp_reply *reply)
{
	PKIBody_free(reply->body);
	octets_clear(&reply->kept_nonce);
	shared_unref(reply->crl);
	octets_clear(&reply->crls_behind);
	X509_ALGOR_free(reply->mac_algorithm);
	*reply = (struct cmp_reply){0};
}

/* --- bodies --- */

/* A SEQUENCE that goes in as it is. */
ASN1_TYPE *cmp_sequence_new(struct bytes der)
{
	ASN1_STRING *s = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
	ASN1_TYPE *type = ASN1_TYPE_new();

	if (!s || !type || !ASN1_STRING_set(s, der.data, (int)der.len)) {
		ASN1_STRING_free(s);
		ASN1_TYPE_free(type);
		return NULL;
	}
	ASN1_TYPE_set(type, V_ASN1_SEQUENCE, s);
	return type;
}

static int body_new(struct cmp_request *rq, int type, PKIBody **bodyp)
{
	cmp_reply_clear(&rq->attempt.reply);
	*bodyp = rq->attempt.reply.body = cmp_body_new((enum pki_body_type)type);
	return *bodyp ? 0 : -ENOMEM;
}

int cmp_reply_error(struct cmp_request *rq, const struct refusal *refusal)
{
	cmp_reply_clear(&rq->attempt.reply);
	rq->attempt.reply.body =
		cmp_error_body_new(PKI_STATUS_REJECTION, refusal_words(refusal), refusal->failinfo);
	return rq->attempt.reply.body ? 0 : -ENOMEM;
}

bool cmp_certificates_contain(const STACK_OF(ASN1_TYPE) * certs, struct bytes root)
{
	const ASN1_STRING *s;

	for (int i = 0; i < sk_ASN1_TYPE_num(certs); i++) {
		s = sk_ASN1_TYPE_value(certs, i)->value.sequence;
		if (bytes_equal((struct bytes){s->data, (size_t)s->length}, root))
			return true;
	}
	return false;
}

bool cmp_reply_has_mac(const struct cmp_request *rq)
{
	return rq->protection == CMP_PROTECTION_MAC && !rq->who.policy->answer_signed;
}

/* RFC 9483 4.1.1: only in ip. 3GPP TS 33.310 wants it there with signatures, too. */
static bool ca_pubs_wanted(const struct cmp_request *rq)
{
	return rq->attempt.reply.body->type == PKI_BODY_IP &&
	       (cmp_reply_has_mac(rq) || rq->who.policy->ca_pubs_when_signed);
}

/* RFC 9483 4.1.1: only the trust anchor; MAC-protected it can be trusted. */
static int ca_pubs_add(struct cmp_request *rq, struct bytes root)
{
	CertRepMessage *message = rq->attempt.reply.body->value.certRepMessage;
	ASN1_TYPE *cert;

	if (!root.len || !ca_pubs_wanted(rq) || cmp_certificates_contain(message->caPubs, root))
		return 0;
	if (!message->caPubs)
		message->caPubs = sk_ASN1_TYPE_new_null();
	cert = cmp_sequence_new(root);
	if (!message->caPubs || !cert || sk_ASN1_TYPE_push(message->caPubs, cert) <= 0) {
		ASN1_TYPE_free(cert);
		return -ENOMEM;
	}
	return 0;
}

static void issuer_add(struct cmp_request *rq, const struct ca *issuer)
{
	struct cmp_reply *reply = &rq->attempt.reply;

	/* IFA 033 11.2.3.2: certChainRequest */
	if (!rq->attempt.txn.chain_request)
		return;
	for (size_t i = 0; i < reply->n_issuers; i++)
		if (reply->issuers[i] == issuer)
			return;
	/* One for each CertResponse at most. */
	reply->issuers[reply->n_issuers++] = issuer;
}

/* What is granted goes into certifiedKeyPair. */
int cmp_key_pair_new(const struct cmp_request *rq, const struct cmp_response *from,
		     CertifiedKeyPair **pairp)
{
	const unsigned char *p = from->private_key.data;
	CertOrEncCert *cert;

	*pairp = CertifiedKeyPair_new();
	if (!*pairp)
		return -ENOMEM;
	if (from->private_key.len) {
		(*pairp)->privateKey = d2i_ASN1_TYPE(NULL, &p, (long)from->private_key.len);
		if (!(*pairp)->privateKey)
			return -ENOMEM;
	}
	cert = (*pairp)->certOrEncCert;
	if (from->encrypted) {
		cert->type = CERT_OR_ENC_CERT_ENCRYPTED;
		return cmp_pop_encrypted_certificate(rq, from->certificate,
						     &cert->value.encryptedCert);
	}
	cert->type = CERT_OR_ENC_CERT_CERTIFICATE;
	cert->value.certificate = cmp_sequence_new(from->certificate);
	return cert->value.certificate ? 0 : -ENOMEM;
}

static int response_add(struct cmp_request *rq, const struct cmp_response *from)
{
	CertResponse *response = CertResponse_new();
	int err;

	if (!response ||
	    sk_CertResponse_push(rq->attempt.reply.body->value.certRepMessage->response,
				 response) <= 0) {
		CertResponse_free(response);
		return -ENOMEM;
	}
	/* RFC 9483 4.1.1: 0; 4.1.4: -1 in answer to p10cr. The request's, in every case. */
	if (!ASN1_INTEGER_set_int64(response->certReqId, from->cert_req_id))
		return -ENOMEM;
	PKIStatusInfo_free(response->status);
	response->status = cmp_status_info_new(from->status, from->text, from->failinfo);
	if (!response->status)
		return -ENOMEM;
	if (!from->certificate.len)
		return 0;
	err = cmp_key_pair_new(rq, from, &response->certifiedKeyPair);
	if (err)
		return err;
	issuer_add(rq, from->issuer);
	return ca_pubs_add(rq, ca_root(from->issuer));
}

int cmp_reply_responses(struct cmp_request *rq, int type, const struct cmp_response *responses,
			size_t n)
{
	PKIBody *body;
	int err = body_new(rq, type, &body);

	for (size_t i = 0; i < n && !err; i++)
		err = response_add(rq, &responses[i]);
	return err;
}

int cmp_reply_waiting(struct cmp_request *rq)
{
	cmp_reply_clear(&rq->attempt.reply);
	rq->attempt.reply.body = cmp_error_body_new(PKI_STATUS_WAITING, NULL, -1);
	return rq->attempt.reply.body ? 0 : -ENOMEM;
}

int cmp_reply_pkiconf(struct cmp_request *rq)
{
	PKIBody *body;

	return body_new(rq, PKI_BODY_PKICONF, &body);
}

int cmp_reply_poll(struct cmp_request *rq, int check_after)
{
	const STACK_OF(PollReq) *asked = rq->msg->body->value.pollReq;
	PKIBody *body;
	PollRep *poll;
	int err = body_new(rq, PKI_BODY_POLLREP, &body);

	for (int i = 0; i < sk_PollReq_num(asked) && !err; i++) {
		poll = PollRep_new();
		if (!poll || sk_PollRep_push(body->value.pollRep, poll) <= 0) {
			PollRep_free(poll);
			return -ENOMEM;
		}
		if (!ASN1_STRING_copy(poll->certReqId, sk_PollReq_value(asked, i)->certReqId) ||
		    !ASN1_INTEGER_set_int64(poll->checkAfter, check_after))
			err = -ENOMEM;
	}
	return err;
}

int cmp_reply_genp(struct cmp_request *rq, const ASN1_OBJECT *type, struct bytes value)
{
	PKIBody *body = rq->attempt.reply.body;
	InfoTypeAndValue *itav;
	int err = 0;

	if (!body || body->type != PKI_BODY_GENP)
		err = body_new(rq, PKI_BODY_GENP, &body);
	if (err)
		return err;
	itav = InfoTypeAndValue_new();
	if (!itav || sk_InfoTypeAndValue_push(body->value.genmsg, itav) <= 0) {
		InfoTypeAndValue_free(itav);
		return -ENOMEM;
	}
	ASN1_OBJECT_free(itav->infoType);
	itav->infoType = OBJ_dup(type);
	if (!itav->infoType)
		return -ENOMEM;
	if (!value.len)
		return 0;
	itav->infoValue = cmp_sequence_new(value);
	return itav->infoValue ? 0 : -ENOMEM;
}

int cmp_crls_add(struct cmp_crls *crls, struct ca_crl *crl)
{
	_cleanup_(octets_clear) struct octets before = crls->behind;
	const struct bytes parts[] = {octets_view(&before), shared_view(crl->der)};

	if (!crls->first.der) {
		crls->first = *crl;
		*crl = (struct ca_crl){0};
		return 0;
	}
	crls->behind = OCTETS_NULL;
	return bytes_join(parts, ARRAY_LEN(parts), &crls->behind);
}

void cmp_crls_clear(struct cmp_crls *crls)
{
	ca_crl_clear(&crls->first);
	octets_clear(&crls->behind);
}

/* A second element with CRLs, of one message. */
static int crls_copy(struct cmp_request *rq, const ASN1_OBJECT *type, bool listed,
		     const struct cmp_crls *crls)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;

	der_put(&w, octets_view(&crls->behind));
	der_put(&w, shared_view(crls->first.der));
	if (listed)
		der_put_header(&w, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED, 0);
	return w.failed ? -ENOMEM : cmp_reply_genp(rq, type, der_written(&w));
}

int cmp_reply_crls(struct cmp_request *rq, const ASN1_OBJECT *type, bool listed,
		   struct cmp_crls *crls)
{
	struct cmp_reply *reply = &rq->attempt.reply;
	PKIBody *body;
	int err = 0;

	if (reply->crl)
		return crls_copy(rq, type, listed, crls);
	if (type && (!reply->body || reply->body->type != PKI_BODY_GENP))
		err = body_new(rq, PKI_BODY_GENP, &body);
	if (err)
		return err;
	reply->crl = shared_ref(crls->first.der);
	reply->crl_id = crls->first.row.id;
	reply->crls_behind = crls->behind;
	crls->behind = OCTETS_NULL;
	reply->crl_oid = type;
	reply->crl_listed = listed;
	return 0;
}

static int rev_cert_add(RevRepContent *rp, const X509_NAME *issuer, const ASN1_INTEGER *serial)
{
	CertId *id = CertId_new();

	if (!rp->revCerts)
		rp->revCerts = sk_CertId_new_null();
	if (!id || !rp->revCerts || sk_CertId_push(rp->revCerts, id) <= 0) {
		CertId_free(id);
		return -ENOMEM;
	}
	id->issuer->type = GEN_DIRNAME;
	id->issuer->d.directoryName = X509_NAME_dup(issuer);
	return id->issuer->d.directoryName && ASN1_STRING_copy(id->serialNumber, serial) ? 0
											 : -ENOMEM;
}

int cmp_reply_revocation(struct cmp_request *rq, int status, const char *text, int failinfo,
			 const X509_NAME *issuer, const ASN1_INTEGER *serial)
{
	PKIBody *body = rq->attempt.reply.body;
	PKIStatusInfo *info;
	int err = 0;

	if (!body || body->type != PKI_BODY_RP)
		err = body_new(rq, PKI_BODY_RP, &body);
	if (err)
		return err;
	/* RFC 9483 4.2, RFC 4210 5.3.10: one status for each that was asked for. */
	info = cmp_status_info_new(status, text, failinfo);
	if (!info || sk_PKIStatusInfo_push(body->value.rp->status, info) <= 0) {
		PKIStatusInfo_free(info);
		return -ENOMEM;
	}
	return issuer ? rev_cert_add(body->value.rp, issuer, serial) : 0;
}

/* --- krp, RFC 4210 5.3.8 --- */

static int ca_cert_add(KeyRecRepContent *krp, struct bytes der)
{
	ASN1_TYPE *cert;

	if (!der.len || cmp_certificates_contain(krp->caCerts, der))
		return 0;
	if (!krp->caCerts)
		krp->caCerts = sk_ASN1_TYPE_new_null();
	cert = cmp_sequence_new(der);
	if (!krp->caCerts || !cert || sk_ASN1_TYPE_push(krp->caCerts, cert) <= 0) {
		ASN1_TYPE_free(cert);
		return -ENOMEM;
	}
	return 0;
}

/* The chain of the CA that issued, and its root: who has lost all has lost that too. */
static int ca_certs_add(KeyRecRepContent *krp, const struct ca *ca)
{
	const struct bytes *chain;
	size_t n = ca_chain(ca, &chain);
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = ca_cert_add(krp, chain[i]);
	return err ? err : ca_cert_add(krp, ca_root(ca));
}

static int key_pair_add(struct cmp_request *rq, KeyRecRepContent *krp,
			const struct store_certificate *cert, struct bytes sealed)
{
	const struct cmp_response pair = {.certificate = octets_view(&cert->der),
					  .private_key = sealed};
	const struct ca *ca = ca_find(cmf_cas(rq->door->cmf), cert->ca);
	CertifiedKeyPair *made = NULL;
	int err;

	if (!sealed.len)
		return 0;
	if (!krp->keyPairHist)
		krp->keyPairHist = sk_CertifiedKeyPair_new_null();
	err = krp->keyPairHist ? cmp_key_pair_new(rq, &pair, &made) : -ENOMEM;
	if (!err && sk_CertifiedKeyPair_push(krp->keyPairHist, made) > 0)
		made = NULL;
	else if (!err)
		err = -ENOMEM;
	CertifiedKeyPair_free(made);
	return err || !ca ? err : ca_certs_add(krp, ca);
}

static int new_cert_set(KeyRecRepContent *krp, const struct cmp_response *response)
{
	if (!response->certificate.len)
		return 0;
	krp->newSigCert = cmp_sequence_new(response->certificate);
	if (!krp->newSigCert)
		return -ENOMEM;
	return ca_certs_add(krp, response->issuer);
}

static int status_set(KeyRecRepContent *krp, const struct cmp_response *response,
		      const struct cmp_recovery *recovery)
{
	bool cut = recovery && response->status == PKI_STATUS_ACCEPTED && recovery->keys.more;

	PKIStatusInfo_free(krp->status);
	krp->status = cmp_status_info_new(cut ? PKI_STATUS_GRANTED_WITH_MODS : response->status,
					  cut ? "older keys left out" : response->text,
					  response->failinfo);
	return krp->status ? 0 : -ENOMEM;
}

int cmp_reply_recovery(struct cmp_request *rq, const struct cmp_response *response,
		       const struct cmp_recovery *recovery)
{
	KeyRecRepContent *krp;
	int err = 0;

	cmp_reply_clear(&rq->attempt.reply);
	rq->attempt.reply.body = cmp_body_new(PKI_BODY_KRP);
	if (!rq->attempt.reply.body)
		return -ENOMEM;
	krp = rq->attempt.reply.body->value.krp;
	err = status_set(krp, response, recovery);
	if (err)
		return err;
	/* RFC 4210 5.3.8: of a rejection there is the status alone. */
	if (response->status == PKI_STATUS_REJECTION)
		return 0;
	err = new_cert_set(krp, response);
	for (size_t i = 0; i < recovery->keys.len && !err; i++)
		err = key_pair_add(rq, krp, &recovery->keys.item[i].cert,
				   octets_view(&recovery->sealed[i]));
	return err;
}

/* --- refusals --- */

int cmp_answer_type(int body_type)
{
	if (body_type == PKI_BODY_IR)
		return PKI_BODY_IP;
	if (body_type == PKI_BODY_CCR)
		return PKI_BODY_CCP;
	return body_type == PKI_BODY_KUR ? PKI_BODY_KUP : PKI_BODY_CP;
}

/* RFC 9483 3.6.2: errors in the body of these are reported in the answer of the operation. */
int cmp_reply_refusal(struct cmp_request *rq)
{
	const struct refusal *r = &rq->refusal;
	const struct cmp_response response = {.cert_req_id = rq->attempt.cert_req_id,
					      .status = PKI_STATUS_REJECTION,
					      .text = refusal_words(r),
					      .failinfo = r->failinfo};
	int type = rq->service ? rq->service->answer_type : PKI_BODY_ERROR;

	/* After a challenge the request is decided on. */
	if (rq->attempt.in_body && rq->attempt.pop_answered)
		type = cmp_answer_type(rq->attempt.txn.body_type);

	cmp_reply_clear(&rq->attempt.reply);
	if (!rq->attempt.in_body || type == PKI_BODY_ERROR)
		return cmp_reply_error(rq, r);
	if (type == PKI_BODY_RP)
		return cmp_reply_revocation(rq, PKI_STATUS_REJECTION, response.text, r->failinfo,
					    NULL, NULL);
	if (type == PKI_BODY_KRP)
		return cmp_reply_recovery(rq, &response, NULL);
	return cmp_reply_responses(rq, type, &response, 1);
}
