// SPDX-License-Identifier: Apache-2.0
/*
 * Answers: their bodies, header, protection and extraCerts. Knows how RFC 9483 wants an answer to
 * look, not why it is given.
 */
#include "door_private.h"

#include "asn1/der.h"

#include <errno.h>
#include <openssl/rand.h>
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
	cmp_reply_clear(&rq->reply);
	*bodyp = rq->reply.body = cmp_body_new((enum pki_body_type)type);
	return *bodyp ? 0 : -ENOMEM;
}

int cmp_reply_error(struct cmp_request *rq, const struct refusal *refusal)
{
	cmp_reply_clear(&rq->reply);
	rq->reply.body =
		cmp_error_body_new(PKI_STATUS_REJECTION, refusal_words(refusal), refusal->failinfo);
	return rq->reply.body ? 0 : -ENOMEM;
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

/* RFC 9483 3.2: as the request was, unless its client understands nothing but signatures. */
static bool is_mac_protected(const struct cmp_request *rq)
{
	return rq->protection == CMP_PROTECTION_MAC && !rq->who.policy->answer_signed;
}

/* RFC 9483 4.1.1: only in ip. 3GPP TS 33.310 wants it there with signatures, too. */
static bool ca_pubs_wanted(const struct cmp_request *rq)
{
	return rq->reply.body->type == PKI_BODY_IP &&
	       (is_mac_protected(rq) || rq->who.policy->ca_pubs_when_signed);
}

/* RFC 9483 4.1.1: only the trust anchor; MAC-protected it can be trusted. */
static int ca_pubs_add(struct cmp_request *rq, struct bytes root)
{
	CertRepMessage *message = rq->reply.body->value.certRepMessage;
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
	struct cmp_reply *reply = &rq->reply;

	/* IFA 033 11.2.3.2: certChainRequest */
	if (!rq->txn.chain_request)
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
	    sk_CertResponse_push(rq->reply.body->value.certRepMessage->response, response) <= 0) {
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
	cmp_reply_clear(&rq->reply);
	rq->reply.body = cmp_error_body_new(PKI_STATUS_WAITING, NULL, -1);
	return rq->reply.body ? 0 : -ENOMEM;
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
	PKIBody *body = rq->reply.body;
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
	struct cmp_reply *reply = &rq->reply;
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
	PKIBody *body = rq->reply.body;
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

/* RFC 9483 3.6.2: errors in the body of these are reported in the answer of the operation. */
int cmp_reply_refusal(struct cmp_request *rq)
{
	const struct refusal *r = &rq->refusal;
	const struct cmp_response response = {.cert_req_id = rq->cert_req_id,
					      .status = PKI_STATUS_REJECTION,
					      .text = refusal_words(r),
					      .failinfo = r->failinfo};
	int type = rq->service ? rq->service->answer_type : PKI_BODY_ERROR;

	/* After a challenge the request is decided on. */
	if (rq->in_body && rq->pop_answered)
		type = cmp_answer_type(rq->txn.body_type);

	cmp_reply_clear(&rq->reply);
	if (!rq->in_body || type == PKI_BODY_ERROR)
		return cmp_reply_error(rq, r);
	if (type == PKI_BODY_RP)
		return cmp_reply_revocation(rq, PKI_STATUS_REJECTION, response.text, r->failinfo,
					    NULL, NULL);
	if (type == PKI_BODY_KRP)
		return cmp_reply_recovery(rq, &response, NULL);
	return cmp_reply_responses(rq, type, &response, 1);
}

/* --- header, protection, extraCerts --- */

static bool certs_contain(const struct bytes *certs, size_t n, struct bytes cert)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_equal(certs[i], cert))
			return true;
	return false;
}

/* Certificates for extraCerts, each once. */
struct cert_list {
	struct bytes *cert;
	size_t n;
};

static void cert_list_add(struct cert_list *list, struct bytes cert)
{
	if (cert.len && !certs_contain(list->cert, list->n, cert))
		list->cert[list->n++] = cert;
}

/*
 * RFC 9483 3.3: the protection certificate first, its chain, then the chain of the new certificate;
 * 4.1.5: no protection certificates with MAC-based protection. Roots only where the client's policy
 * asks for them, and last.
 */
static int extra_certs(struct cmp_request *rq, struct bytes **certsp, size_t *np)
{
	const struct cmp_door *door = rq->door;
	const struct cmp_reply *reply = &rq->reply;
	bool roots = rq->who.policy && rq->who.policy->root_in_extra_certs;
	bool is_signed = !is_mac_protected(rq);
	size_t n_chain, max = door->n_certs + 2 + reply->n_issuers;
	struct cert_list list = {NULL, 0};
	const struct bytes *chain;

	for (size_t i = 0; i < reply->n_issuers; i++)
		max += ca_chain(reply->issuers[i], &chain);
	list.cert = calloc(max, sizeof(*list.cert));
	if (!list.cert)
		return -ENOMEM;
	for (size_t i = 0; i < door->n_certs && is_signed; i++)
		cert_list_add(&list, octets_view(&door->certs[i]));
	for (size_t i = 0; i < reply->n_issuers; i++) {
		n_chain = ca_chain(reply->issuers[i], &chain);
		for (size_t j = 0; j < n_chain; j++)
			cert_list_add(&list, chain[j]);
	}
	if (roots && is_signed)
		cert_list_add(&list, octets_view(&door->root));
	for (size_t i = 0; i < reply->n_issuers && roots; i++)
		cert_list_add(&list, ca_root(reply->issuers[i]));
	*certsp = list.cert;
	*np = list.n;
	return 0;
}

/* The request's, unless the client's policy says otherwise. */
static int mac_algorithm_choose(struct cmp_request *rq, struct bytes *keyp)
{
	const struct conf_client_policy *policy = rq->who.policy;
	X509_ALGOR **algp = &rq->reply.mac_algorithm;

	X509_ALGOR_free(TAKE(*algp));
	switch (policy->answer_mac) {
	case CONF_ANSWER_MAC_PASSWORD:
		return cmp_mac_algorithm_new(policy->answer_mac_iterations, algp);
	case CONF_ANSWER_MAC_PBMAC1:
		return cmp_mac_pbmac1_new(policy->answer_mac_iterations, algp);
	case CONF_ANSWER_MAC_REQUEST:
	default:
		/* The key is the request's, too: it was derived to verify that. */
		if (rq->mac.derived)
			*keyp = (struct bytes){rq->mac.key, rq->mac.key_len};
		return cmp_mac_algorithm_again(rq->msg->header->protectionAlg, algp);
	}
}

static int protector_fill(struct cmp_request *rq, struct cmp_protector *protector)
{
	int err;

	*protector = (struct cmp_protector){.kind = CMP_PROTECTION_SIGNATURE,
					    .signer = rq->door->signer};
	if (!is_mac_protected(rq))
		return 0;
	err = mac_algorithm_choose(rq, &protector->mac_key);
	protector->kind = CMP_PROTECTION_MAC;
	protector->secret = octets_view(&rq->who.mac_secret);
	protector->mac_algorithm = rq->reply.mac_algorithm;
	return err;
}

/* What the answer takes from the header of the request, RFC 9483 5.1. */
static void header_fill(const struct cmp_request *rq, struct bytes recipient,
			struct cmp_outgoing *out)
{
	const struct cmp_message *msg = rq->msg;

	out->pvno = 2;
	if (!msg)
		return;
	/* RFC 9810 7: the request's version; of an unsupported one the nearest. */
	out->pvno = msg->pvno > 2 ? 3 : 2;
	out->recipient = recipient;
	if (msg->transaction_id.len <= CMP_NONCE_MAX)
		out->transaction_id = msg->transaction_id;
	if (msg->sender_nonce.len <= CMP_NONCE_MAX)
		out->recip_nonce = msg->sender_nonce;
	out->sender_kid = octets_view(&rq->door->sender_kid);
	if (is_mac_protected(rq))
		out->sender_kid = msg->sender_kid;
}

static void part_fill(const struct cmp_reply *reply, struct cmp_part *part)
{
	*part = (struct cmp_part){.octets = shared_view(reply->crl),
				  .behind = octets_view(&reply->crls_behind),
				  .listed = reply->crl_listed};
	if (reply->crl_oid)
		part->type =
			(struct bytes){OBJ_get0_data(reply->crl_oid), OBJ_length(reply->crl_oid)};
}

int cmp_reply_encode(struct cmp_request *rq)
{
	/* RFC 9810 B: the OID without a value, where the request had it with one. */
	static const struct cmp_info passphrase_kept = {.oid = "1.3.6.1.5.5.7.4.12"};
	struct cmp_outgoing out = {.sender = octets_view(&rq->door->sender),
				   .sender_kid = octets_view(&rq->door->sender_kid),
				   .message_time_ms = rq->now_ms,
				   .body = rq->reply.body};
	struct cmp_protector protector;
	struct cmp_part part;
	struct bytes *certs = NULL;
	unsigned char *recipient = NULL;
	int len = 0, err;

	if (RAND_bytes(rq->reply.nonce, sizeof(rq->reply.nonce)) != 1)
		return log_fault("senderNonce", -EIO, NULL);
	if (rq->msg)
		len = i2d_GENERAL_NAME(rq->msg->header->sender, &recipient);
	if (len < 0)
		return log_fault("recipient", -ENOMEM, NULL);
	header_fill(rq, (struct bytes){recipient, (size_t)len}, &out);
	/* RFC 9483 5.2.3: the nonces of an answer from upstream are kept. */
	out.sender_nonce = rq->reply.kept_nonce.len ? octets_view(&rq->reply.kept_nonce)
						    : BYTES_OF(rq->reply.nonce);
	/* RFC 9483 3.1: confirmWaitTime is prohibited if implicitConfirm is included. */
	out.implicit_confirm = rq->reply.implicit_confirm;
	out.confirm_wait_time_ms = rq->reply.implicit_confirm ? 0 : rq->reply.confirm_wait_ms;
	out.infos = &passphrase_kept;
	out.n_infos = rq->passphrase_kept;
	err = extra_certs(rq, &certs, &out.n_extra_certs);
	if (!err) {
		out.extra_certs = certs;
		spliced_clear(&rq->answer);
		err = protector_fill(rq, &protector);
	}
	if (!err && rq->reply.crl) {
		part_fill(&rq->reply, &part);
		out.part = &part;
		rq->answer.part = shared_ref(rq->reply.crl);
	}
	if (!err)
		err = cmp_message_encode_around(&out, &protector, &rq->answer.own, &rq->answer.at);
	free(certs);
	OPENSSL_free(recipient);
	return err;
}
