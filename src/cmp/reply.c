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

enum { TAG_SEQUENCE = V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED };

/* Octets of a PKIFailureInfo: its highest bit is 26. */
enum { FAILINFO_OCTETS = 4 };

/* EXPLICIT tag [n]. */
#define TAG_EXPLICIT(n) ((uint8_t)(0xa0 | (n)))

void cmp_reply_clear(struct cmp_reply *reply)
{
	PKIBody_free(reply->body);
	octets_clear(&reply->body_der);
	octets_clear(&reply->kept_nonce);
	shared_unref(reply->crl);
	octets_clear(&reply->crls_behind);
	X509_ALGOR_free(reply->mac_algorithm);
	*reply = (struct cmp_reply){0};
}

bool cmp_reply_is_made(const struct cmp_reply *reply)
{
	return reply->body || reply->body_der.len;
}

/* --- bodies --- */

/* A SEQUENCE that goes in as it is; NULL: no memory. */
static ASN1_TYPE *sequence_new(struct bytes der)
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

bool cmp_reply_has_mac(const struct cmp_request *rq)
{
	return rq->protection == CMP_PROTECTION_MAC && !rq->who.policy->answer_signed;
}

/* RFC 9483 4.1.1: only in ip. 3GPP TS 33.310 wants it there with signatures, too. */
static bool ca_pubs_wanted(const struct cmp_request *rq, int type)
{
	return type == PKI_BODY_IP &&
	       (cmp_reply_has_mac(rq) || rq->who.policy->ca_pubs_when_signed);
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

/* --- ip, cp, kup, ccp: written back to front --- */

/* RFC 4210 5.2.3: PKIStatusInfo */
static void put_status(struct der_writer *w, const struct cmp_response *from)
{
	uint8_t failinfo[1 + FAILINFO_OCTETS] = {0};
	size_t start = der_mark(w), mark, last;

	if (from->failinfo >= 0) {
		/* X.690 11.2.2: a named bit, and none behind it. */
		last = 1 + (size_t)from->failinfo / 8;
		failinfo[0] = (uint8_t)(7 - from->failinfo % 8);
		failinfo[last] = (uint8_t)(0x80 >> from->failinfo % 8);
		der_put_value(w, V_ASN1_BIT_STRING, (struct bytes){failinfo, last + 1});
	}
	if (from->text) {
		mark = der_mark(w);
		der_put_value(w, V_ASN1_UTF8STRING, bytes_of_string(from->text));
		der_put_header(w, TAG_SEQUENCE, mark);
	}
	der_put_integer(w, from->status);
	der_put_header(w, TAG_SEQUENCE, start);
}

static int put_encrypted_certificate(struct cmp_request *rq, struct der_writer *w,
				     struct bytes certificate)
{
	ASN1_TYPE *encrypted = NULL;
	unsigned char *der = NULL;
	int err = cmp_pop_encrypted_certificate(rq, certificate, &encrypted), len;

	if (err)
		return err;
	len = i2d_ASN1_TYPE(encrypted, &der);
	if (len > 0)
		der_put(w, (struct bytes){der, (size_t)len});
	OPENSSL_free(der);
	ASN1_TYPE_free(encrypted);
	return len > 0 ? 0 : -ENOMEM;
}

/* RFC 4210 5.3.4: CertifiedKeyPair, of what is granted. */
static int put_key_pair(struct cmp_request *rq, struct der_writer *w,
			const struct cmp_response *from)
{
	size_t start = der_mark(w), mark;
	int err = 0;

	if (from->private_key.len) {
		der_put(w, from->private_key);
		der_put_header(w, TAG_EXPLICIT(0), start);
	}
	mark = der_mark(w);
	if (from->encrypted)
		err = put_encrypted_certificate(rq, w, from->certificate);
	else
		der_put(w, from->certificate);
	der_put_header(w, TAG_EXPLICIT(from->encrypted), mark);
	der_put_header(w, TAG_SEQUENCE, start);
	return err;
}

/* RFC 4210 5.3.4: CertResponse */
static int put_response(struct cmp_request *rq, struct der_writer *w,
			const struct cmp_response *from)
{
	size_t mark = der_mark(w);
	int err = from->certificate.len ? put_key_pair(rq, w, from) : 0;

	put_status(w, from);
	/* RFC 9483 4.1.1: 0; 4.1.4: -1 in answer to p10cr. The request's, in every case. */
	der_put_integer(w, from->cert_req_id);
	der_put_header(w, TAG_SEQUENCE, mark);
	return err;
}

/* RFC 9483 4.1.1: only the trust anchors, each once; MAC-protected they can be trusted. */
static void put_ca_pubs(struct der_writer *w, const struct cmp_response *responses, size_t n)
{
	size_t mark = der_mark(w);

	for (size_t i = n; i-- > 0;) {
		struct bytes root =
			responses[i].certificate.len ? ca_root(responses[i].issuer) : BYTES_NULL;
		bool before = false;

		for (size_t j = 0; j < i && !before; j++)
			before = responses[j].certificate.len &&
				 bytes_equal(ca_root(responses[j].issuer), root);
		if (!before)
			der_put(w, root);
	}
	if (der_mark(w) == mark)
		return;
	der_put_header(w, TAG_SEQUENCE, mark);
	der_put_header(w, TAG_EXPLICIT(1), mark);
}

int cmp_reply_responses(struct cmp_request *rq, int type, const struct cmp_response *responses,
			size_t n)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	struct cmp_reply *reply = &rq->attempt.reply;
	int err = 0;

	cmp_reply_clear(reply);
	for (size_t i = 0; i < n; i++)
		if (responses[i].certificate.len)
			issuer_add(rq, responses[i].issuer);
	for (size_t i = n; i-- > 0 && !err;)
		err = put_response(rq, &w, &responses[i]);
	if (err)
		return err;
	der_put_header(&w, TAG_SEQUENCE, 0);
	if (ca_pubs_wanted(rq, type))
		put_ca_pubs(&w, responses, n);
	der_put_header(&w, TAG_SEQUENCE, 0);
	der_put_header(&w, TAG_EXPLICIT(type), 0);
	return der_writer_take(&w, &reply->body_der);
}

/* --- others --- */

int cmp_reply_waiting(struct cmp_request *rq)
{
	cmp_reply_clear(&rq->attempt.reply);
	rq->attempt.reply.body = cmp_error_body_new(PKI_STATUS_WAITING, NULL, -1);
	return rq->attempt.reply.body ? 0 : -ENOMEM;
}

int cmp_reply_pkiconf(struct cmp_request *rq)
{
	/* [19] EXPLICIT, PKIConfirmContent ::= NULL */
	static const uint8_t pkiconf[] = {TAG_EXPLICIT(PKI_BODY_PKICONF), 2, V_ASN1_NULL, 0};

	cmp_reply_clear(&rq->attempt.reply);
	return octets_dup(BYTES_OF(pkiconf), &rq->attempt.reply.body_der);
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
	itav->infoValue = sequence_new(value);
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

/* Whether it is there already. */
static bool certificates_contain(const STACK_OF(ASN1_TYPE) * certs, struct bytes root)
{
	const ASN1_STRING *s;

	for (int i = 0; i < sk_ASN1_TYPE_num(certs); i++) {
		s = sk_ASN1_TYPE_value(certs, i)->value.sequence;
		if (bytes_equal((struct bytes){s->data, (size_t)s->length}, root))
			return true;
	}
	return false;
}

static int ca_cert_add(KeyRecRepContent *krp, struct bytes der)
{
	ASN1_TYPE *cert;

	if (!der.len || certificates_contain(krp->caCerts, der))
		return 0;
	if (!krp->caCerts)
		krp->caCerts = sk_ASN1_TYPE_new_null();
	cert = sequence_new(der);
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

/* A certificate with its private key. The caller owns *pairp, also after an error. */
static int key_pair_new(struct bytes certificate, struct bytes private_key,
			CertifiedKeyPair **pairp)
{
	const unsigned char *p = private_key.data;
	CertOrEncCert *cert;

	*pairp = CertifiedKeyPair_new();
	if (!*pairp)
		return -ENOMEM;
	(*pairp)->privateKey = d2i_ASN1_TYPE(NULL, &p, (long)private_key.len);
	cert = (*pairp)->certOrEncCert;
	cert->type = CERT_OR_ENC_CERT_CERTIFICATE;
	cert->value.certificate = sequence_new(certificate);
	return (*pairp)->privateKey && cert->value.certificate ? 0 : -ENOMEM;
}

static int key_pair_add(struct cmp_request *rq, KeyRecRepContent *krp,
			const struct store_certificate *cert, struct bytes sealed)
{
	const struct ca *ca = ca_find(cmf_cas(rq->door->cmf), cert->ca);
	CertifiedKeyPair *made = NULL;
	int err;

	if (!sealed.len)
		return 0;
	if (!krp->keyPairHist)
		krp->keyPairHist = sk_CertifiedKeyPair_new_null();
	err = krp->keyPairHist ? key_pair_new(octets_view(&cert->der), sealed, &made) : -ENOMEM;
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
	krp->newSigCert = sequence_new(response->certificate);
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
