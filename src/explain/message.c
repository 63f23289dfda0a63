// SPDX-License-Identifier: Apache-2.0
/*
 * A whole message: the header, and the bodies of RFC 4210 5.3, field by field. What stands in
 * generalInfo and in a genm is info.c's. A message that lies in a nested one is printed as the
 * outer one is.
 */
#include "explain.h"
#include "value.h"

#include "message.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

/* --- requests for certificates: RFC 4211 --- */

static void attributes_explain(struct explain *e, const char *name,
			       const STACK_OF(AttributeTypeAndValue) * attributes)
{
	if (sk_AttributeTypeAndValue_num(attributes) <= 0)
		return;
	explain_begin(e, name);
	for (int i = 0; i < sk_AttributeTypeAndValue_num(attributes); i++)
		explain_control(e, sk_AttributeTypeAndValue_value(attributes, i));
	explain_end(e);
}

static void pop_priv_key_explain(struct explain *e, const char *name, const POPOPrivKey *pop)
{
	static const char *const choices[] = {
		[POPO_PRIV_KEY_THIS_MESSAGE] = "thisMessage",
		[POPO_PRIV_KEY_DH_MAC] = "dhMAC",
		[POPO_PRIV_KEY_AGREE_MAC] = "agreeMAC",
		[POPO_PRIV_KEY_ENCRYPTED_KEY] = "encryptedKey",
	};
	int64_t method;

	explain_begin(e, name);
	if (pop->type != POPO_PRIV_KEY_SUBSEQUENT_MESSAGE)
		explain_text(e, "choice", choices[pop->type]);
	else if (ASN1_INTEGER_get_int64(&method, pop->value.subsequentMessage) != 1 || method < 0 ||
		 method > POPO_SUBSEQUENT_CHALLENGE_RESP)
		explain_integer(e, "subsequentMessage", pop->value.subsequentMessage);
	else
		explain_text(e, "subsequentMessage",
			     method == POPO_SUBSEQUENT_ENCR_CERT ? "encrCert" : "challengeResp");
	explain_end(e);
}

static void popo_explain(struct explain *e, const ProofOfPossession *popo)
{
	if (!popo)
		return;
	switch (popo->type) {
	case POPO_RA_VERIFIED:
		explain_text(e, "popo", "raVerified");
		return;
	case POPO_SIGNATURE:
		explain_begin(e, "popo: signature");
		explain_string(e, "poposkInput", popo->value.signature->poposkInput);
		explain_algorithm(e, "algorithmIdentifier",
				  popo->value.signature->algorithmIdentifier);
		explain_string(e, "signature", popo->value.signature->signature);
		explain_end(e);
		return;
	case POPO_KEY_ENCIPHERMENT:
		pop_priv_key_explain(e, "popo: keyEncipherment", popo->value.keyEncipherment);
		return;
	case POPO_KEY_AGREEMENT:
		pop_priv_key_explain(e, "popo: keyAgreement", popo->value.keyAgreement);
		return;
	default:
		return;
	}
}

static void certreq_explain(struct explain *e, const CertReqMessages *messages)
{
	for (int i = 0; i < sk_CertReqMsg_num(messages); i++) {
		const CertReqMsg *msg = sk_CertReqMsg_value(messages, i);

		explain_begin(e, "CertReqMsg");
		explain_begin(e, "certReq");
		explain_integer(e, "certReqId", msg->certReq->certReqId);
		explain_template(e, "certTemplate", msg->certReq->certTemplate);
		attributes_explain(e, "controls", msg->certReq->controls);
		explain_end(e);
		popo_explain(e, msg->popo);
		attributes_explain(e, "regInfo", msg->regInfo);
		explain_end(e);
	}
}

static void p10_explain(struct explain *e, const CertificationRequest *p10)
{
	const CertificationRequestInfo *info = p10->certificationRequestInfo;
	STACK_OF(X509_EXTENSION) *extensions = NULL;

	explain_begin(e, "CertificationRequest");
	explain_integer(e, "version", info->version);
	explain_name(e, "subject", info->subject);
	explain_spki(e, "subjectPKInfo", info->subjectPKInfo);
	if (certification_request_extensions(p10, &extensions) == 0)
		explain_extensions(e, "extensionRequest", extensions);
	explain_algorithm(e, "signatureAlgorithm", p10->signatureAlgorithm);
	explain_string(e, "signature", p10->signature);
	explain_end(e);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

/* --- answers --- */

static void key_pair_explain(struct explain *e, const CertifiedKeyPair *pair)
{
	if (!pair)
		return;
	if (pair->certOrEncCert->type == CERT_OR_ENC_CERT_CERTIFICATE)
		explain_certificate_value(e, "certificate", pair->certOrEncCert->value.certificate);
	else
		explain_value(e, "encryptedCert", pair->certOrEncCert->value.encryptedCert);
	if (pair->privateKey)
		explain_text(e, "privateKey", "present, encrypted");
}

static void certrep_explain(struct explain *e, const CertRepMessage *rep)
{
	for (int i = 0; i < sk_ASN1_TYPE_num(rep->caPubs); i++)
		explain_certificate_value(e, "caPubs", sk_ASN1_TYPE_value(rep->caPubs, i));
	for (int i = 0; i < sk_CertResponse_num(rep->response); i++) {
		const CertResponse *response = sk_CertResponse_value(rep->response, i);

		explain_begin(e, "CertResponse");
		explain_integer(e, "certReqId", response->certReqId);
		explain_status_info(e, "status", response->status);
		key_pair_explain(e, response->certifiedKeyPair);
		explain_string(e, "rspInfo", response->rspInfo);
		explain_end(e);
	}
}

static void certconf_explain(struct explain *e, const STACK_OF(CertStatus) * statuses)
{
	for (int i = 0; i < sk_CertStatus_num(statuses); i++) {
		const CertStatus *status = sk_CertStatus_value(statuses, i);

		explain_begin(e, "CertStatus");
		explain_string(e, "certHash", status->certHash);
		explain_integer(e, "certReqId", status->certReqId);
		explain_status_info(e, "statusInfo", status->statusInfo);
		explain_algorithm(e, "hashAlg", status->hashAlg);
		explain_end(e);
	}
}

/* --- the others --- */

static void rr_explain(struct explain *e, const STACK_OF(RevDetails) * details)
{
	for (int i = 0; i < sk_RevDetails_num(details); i++) {
		const RevDetails *d = sk_RevDetails_value(details, i);

		explain_begin(e, "RevDetails");
		explain_template(e, "certDetails", d->certDetails);
		explain_extensions(e, "crlEntryDetails", d->crlEntryDetails);
		explain_end(e);
	}
}

static void rp_explain(struct explain *e, const RevRepContent *rp)
{
	for (int i = 0; i < sk_PKIStatusInfo_num(rp->status); i++)
		explain_status_info(e, "status", sk_PKIStatusInfo_value(rp->status, i));
	for (int i = 0; i < sk_CertId_num(rp->revCerts); i++) {
		const CertId *id = sk_CertId_value(rp->revCerts, i);

		explain_begin(e, "revCerts");
		explain_general_name(e, "issuer", id->issuer);
		explain_serial(e, id->serialNumber);
		explain_end(e);
	}
}

static void infos_explain(struct explain *e, const STACK_OF(InfoTypeAndValue) * infos)
{
	for (int i = 0; i < sk_InfoTypeAndValue_num(infos); i++)
		explain_info(e, sk_InfoTypeAndValue_value(infos, i));
}

static void error_explain(struct explain *e, const ErrorMsgContent *error)
{
	explain_status_info(e, "pKIStatusInfo", error->pKIStatusInfo);
	explain_integer(e, "errorCode", error->errorCode);
	explain_free_text(e, "errorDetails", error->errorDetails);
}

static void poll_explain(struct explain *e, const PKIBody *body)
{
	for (int i = 0; body->type == PKI_BODY_POLLREQ && i < sk_PollReq_num(body->value.pollReq);
	     i++)
		explain_integer(e, "certReqId",
				sk_PollReq_value(body->value.pollReq, i)->certReqId);
	for (int i = 0; body->type == PKI_BODY_POLLREP && i < sk_PollRep_num(body->value.pollRep);
	     i++) {
		const PollRep *rep = sk_PollRep_value(body->value.pollRep, i);

		explain_integer(e, "certReqId", rep->certReqId);
		explain_integer(e, "checkAfter", rep->checkAfter);
		explain_free_text(e, "reason", rep->reason);
	}
}

static void challenges_explain(struct explain *e, const PKIBody *body)
{
	for (int i = 0; body->type == PKI_BODY_POPDECC && i < sk_Challenge_num(body->value.popdecc);
	     i++) {
		const Challenge *c = sk_Challenge_value(body->value.popdecc, i);

		explain_begin(e, "Challenge");
		explain_algorithm(e, "owf", c->owf);
		explain_string(e, "witness", c->witness);
		explain_string(e, "challenge", c->challenge);
		explain_value(e, "encryptedRand", c->encryptedRand);
		explain_end(e);
	}
	for (int i = 0;
	     body->type == PKI_BODY_POPDECR && i < sk_ASN1_INTEGER_num(body->value.popdecr); i++)
		explain_integer(e, "response", sk_ASN1_INTEGER_value(body->value.popdecr, i));
}

static void krp_explain(struct explain *e, const KeyRecRepContent *krp)
{
	explain_status_info(e, "status", krp->status);
	explain_certificate_value(e, "newSigCert", krp->newSigCert);
	for (int i = 0; i < sk_ASN1_TYPE_num(krp->caCerts); i++)
		explain_certificate_value(e, "caCerts", sk_ASN1_TYPE_value(krp->caCerts, i));
	for (int i = 0; i < sk_CertifiedKeyPair_num(krp->keyPairHist); i++)
		key_pair_explain(e, sk_CertifiedKeyPair_value(krp->keyPairHist, i));
}

static void ckuann_explain(struct explain *e, const CAKeyUpdContent *content)
{
	if (content->type == CA_KEY_UPD_ANN_V2) {
		explain_certificate_value(e, "oldWithNew",
					  content->value.cAKeyUpdAnnV2->oldWithNew);
		explain_certificate_value(e, "newWithOld",
					  content->value.cAKeyUpdAnnV2->newWithOld);
		explain_certificate_value(e, "newWithNew",
					  content->value.cAKeyUpdAnnV2->newWithNew);
		return;
	}
	explain_certificate_value(e, "newWithNew", content->value.cAKeyUpdAnnV3->newWithNew);
	explain_certificate_value(e, "newWithOld", content->value.cAKeyUpdAnnV3->newWithOld);
	explain_certificate_value(e, "oldWithNew", content->value.cAKeyUpdAnnV3->oldWithNew);
}

static void rann_explain(struct explain *e, const RevAnnContent *rann)
{
	explain_integer(e, "status", rann->status);
	explain_begin(e, "certId");
	explain_general_name(e, "issuer", rann->certId->issuer);
	explain_serial(e, rann->certId->serialNumber);
	explain_end(e);
	explain_time(e, "willBeRevokedAt", rann->willBeRevokedAt);
	explain_time(e, "badSinceDate", rann->badSinceDate);
	explain_extensions(e, "crlDetails", rann->crlDetails);
}

static void crls_explain(struct explain *e, const STACK_OF(ASN1_TYPE) * crls)
{
	for (int i = 0; i < sk_ASN1_TYPE_num(crls); i++) {
		const ASN1_STRING *der = sk_ASN1_TYPE_value(crls, i)->value.sequence;

		explain_crl(e, "crl", (struct bytes){der->data, (size_t)der->length});
	}
}

static void message_nested(struct explain *e, struct bytes der);

static void nested_explain(struct explain *e, const STACK_OF(ASN1_TYPE) * messages)
{
	for (int i = 0; i < sk_ASN1_TYPE_num(messages); i++) {
		const ASN1_STRING *s = sk_ASN1_TYPE_value(messages, i)->value.sequence;

		message_nested(e, (struct bytes){s->data, (size_t)s->length});
	}
}

/* Requests for certificates, and what answers and follows them. */
static bool certificates_explain(struct explain *e, const PKIBody *body)
{
	switch (body->type) {
	case PKI_BODY_IR:
	case PKI_BODY_CR:
	case PKI_BODY_KUR:
	case PKI_BODY_KRR:
	case PKI_BODY_CCR:
		certreq_explain(e, body->value.certReqMessages);
		return true;
	case PKI_BODY_P10CR:
		p10_explain(e, body->value.p10cr);
		return true;
	case PKI_BODY_POPDECC:
	case PKI_BODY_POPDECR:
		challenges_explain(e, body);
		return true;
	case PKI_BODY_IP:
	case PKI_BODY_CP:
	case PKI_BODY_KUP:
	case PKI_BODY_CCP:
		certrep_explain(e, body->value.certRepMessage);
		return true;
	case PKI_BODY_KRP:
		krp_explain(e, body->value.krp);
		return true;
	case PKI_BODY_CERTCONF:
		certconf_explain(e, body->value.certConf);
		return true;
	default:
		return false;
	}
}

static bool announcement_explain(struct explain *e, const PKIBody *body)
{
	switch (body->type) {
	case PKI_BODY_CKUANN:
		ckuann_explain(e, body->value.ckuann);
		return true;
	case PKI_BODY_CANN:
		explain_certificate_value(e, "certificate", body->value.cann);
		return true;
	case PKI_BODY_RANN:
		rann_explain(e, body->value.rann);
		return true;
	case PKI_BODY_CRLANN:
		crls_explain(e, body->value.crlann);
		return true;
	default:
		return false;
	}
}

/* pkiConf is empty. */
static void other_explain(struct explain *e, const PKIBody *body)
{
	switch (body->type) {
	case PKI_BODY_RR:
		rr_explain(e, body->value.rr);
		break;
	case PKI_BODY_RP:
		rp_explain(e, body->value.rp);
		break;
	case PKI_BODY_GENM:
	case PKI_BODY_GENP:
		infos_explain(e, body->value.genmsg);
		break;
	case PKI_BODY_ERROR:
		error_explain(e, body->value.error);
		break;
	case PKI_BODY_POLLREQ:
	case PKI_BODY_POLLREP:
		poll_explain(e, body);
		break;
	case PKI_BODY_NESTED:
		nested_explain(e, body->value.nested);
		break;
	default:
		break;
	}
}

void explain_body(struct explain *e, const PKIBody *body)
{
	char title[64];

	snprintf(title, sizeof(title), "body: %s [%d]", pki_body_type_name(body->type), body->type);
	explain_begin(e, title);
	if (!certificates_explain(e, body) && !announcement_explain(e, body))
		other_explain(e, body);
	explain_end(e);
}

/* --- messages --- */

/* RFC 4210 5.1.1 */
static void header_explain(struct explain *e, struct bytes der)
{
	const unsigned char *p = der.data;
	PKIHeader *h = d2i_PKIHeader(NULL, &p, (long)der.len);

	if (!h)
		return;
	explain_begin(e, "header");
	explain_integer(e, "pvno", h->pvno);
	explain_general_name(e, "sender", h->sender);
	explain_general_name(e, "recipient", h->recipient);
	explain_time(e, "messageTime", h->messageTime);
	explain_algorithm(e, "protectionAlg", h->protectionAlg);
	explain_string(e, "senderKID", h->senderKID);
	explain_string(e, "recipKID", h->recipKID);
	explain_string(e, "transactionID", h->transactionID);
	explain_string(e, "senderNonce", h->senderNonce);
	explain_string(e, "recipNonce", h->recipNonce);
	explain_free_text(e, "freeText", h->freeText);
	if (sk_InfoTypeAndValue_num(h->generalInfo) > 0) {
		explain_begin(e, "generalInfo");
		for (int i = 0; i < sk_InfoTypeAndValue_num(h->generalInfo); i++)
			explain_info(e, sk_InfoTypeAndValue_value(h->generalInfo, i));
		explain_end(e);
	}
	explain_end(e);
	PKIHeader_free(h);
}

static void message_explain(struct explain *e, const struct cmp_message *msg)
{
	explain_begin(e, "PKIMessage");
	header_explain(e, msg->header_der);
	if (msg->body)
		explain_body(e, msg->body);
	else
		explain_text(e, "body", "malformed");
	explain_octets(e, "protection", msg->protection);
	if (msg->n_extra_certs > 0) {
		explain_begin(e, "extraCerts");
		for (size_t i = 0; i < msg->n_extra_certs; i++)
			explain_certificate(e, "Certificate", cmp_message_extra_cert(msg, i));
		explain_end(e);
	}
	explain_end(e);
}

/* As octets if it is none. How deep they lie is bounded by what the decoder takes of the outermost.
 */
static void message_nested(struct explain *e, struct bytes der)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;

	if (cmp_message_decode(der, &msg, &refusal) < 0 || !msg)
		explain_octets(e, "malformed", der);
	else
		message_explain(e, msg);
}

/* Whatever of the message was printed as it came must not drive the terminal. */
static void text_add(struct strbuf *out, BIO *text)
{
	char *c;
	long len = BIO_get_mem_data(text, &c);

	for (long i = 0; i < len; i++)
		if (c[i] != '\n' && (c[i] < 0x20 || c[i] >= 0x7f))
			c[i] = '?';
	strbuf_add_n(out, c, (size_t)len);
}

void explain_message(const struct cmp_message *msg, struct strbuf *out)
{
	struct explain e = {.out = BIO_new(BIO_s_mem())};

	if (!e.out) {
		out->failed = true;
		return;
	}
	message_explain(&e, msg);
	text_add(out, e.out);
	BIO_free(e.out);
}

void explain_octets_as_message(struct bytes der, struct strbuf *out)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;

	if (!cmp_message_decode(der, &msg, &refusal) && msg)
		explain_message(msg, out);
}
