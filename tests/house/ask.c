// SPDX-License-Identifier: Apache-2.0
/* A client of the CMP door. See ask.h. */
#include "ask.h"

#include "asn1/certificate.h"
#include "asn1/cmf_types.h"
#include "asn1/der.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

/* --- messages --- */

void ask_new(struct ask *ask, struct house *house, const struct house_credential *signer)
{
	*ask = (struct ask){.house = house, .signer = signer};
	RAND_bytes(ask->transaction_id, sizeof(ask->transaction_id));
	RAND_bytes(ask->sender_nonce, sizeof(ask->sender_nonce));
	ask->out = (struct cmp_outgoing){
		.pvno = 2,
		.recipient = octets_view(&house->cmf_credential.sender),
		.message_time_ms = house->now_ms,
		.transaction_id = {ask->transaction_id, CMP_NONCE_LEN},
		.sender_nonce = {ask->sender_nonce, CMP_NONCE_LEN},
		.infos = ask->infos,
		.extra_certs = ask->certs,
	};
	if (signer) {
		ask->out.sender = octets_view(&signer->sender);
		ask->out.sender_kid = octets_view(&signer->sender_kid);
		for (; signer; signer = signer->issuer)
			if (signer->issuer || signer == ask->signer)
				ask->certs[ask->out.n_extra_certs++] = octets_view(&signer->der);
		return;
	}
	ask->out.sender = octets_view(&house->stranger.sender);
	ask->out.sender_kid = bytes_of_string(HOUSE_MAC_REFERENCE);
	ask->secret = bytes_of_string(HOUSE_MAC_SECRET);
	HOUSE_CHECK(!cmp_mac_algorithm_new(500, &ask->mac_algorithm));
}

void ask_clear(struct ask *ask)
{
	PKIBody_free(ask->body);
	X509_ALGOR_free(ask->mac_algorithm);
	EVP_PKEY_free(ask->key);
	for (size_t i = 0; i < ASK_INFOS_MAX; i++)
		octets_clear(&ask->info_values[i]);
	octets_clear(&ask->sent);
	*ask = (struct ask){0};
}

static void body_make(struct ask *ask, int type)
{
	ask->body = cmp_body_new((enum pki_body_type)type);
	HOUSE_CHECK(ask->body);
}

static X509_NAME *name_make(const char *cn)
{
	X509_NAME *name = X509_NAME_new();

	HOUSE_CHECK(name);
	if (cn)
		HOUSE_CHECK(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
						       (const uint8_t *)cn, -1, -1, 0));
	return name;
}

CertReqMsg *ask_request(struct ask *ask)
{
	return sk_CertReqMsg_value(ask->body->value.certReqMessages, 0);
}

void ask_certreq(struct ask *ask, int type, const char *cn)
{
	body_make(ask, type);
	ask->key = pki_key(NULL);
	ask_certreq_add(ask, 0, cn);
}

void ask_certreq_add(struct ask *ask, long id, const char *cn)
{
	CertReqMsg *msg = CertReqMsg_new();
	CertTemplate *t;

	HOUSE_CHECK(msg && sk_CertReqMsg_push(ask->body->value.certReqMessages, msg));
	HOUSE_CHECK(ASN1_INTEGER_set(msg->certReq->certReqId, id));
	t = msg->certReq->certTemplate;
	t->subject = name_make(cn);
	HOUSE_CHECK(!spki_from_key(ask->key, &t->publicKey));
	msg->popo = ProofOfPossession_new();
	HOUSE_CHECK(msg->popo);
	msg->popo->type = POPO_SIGNATURE;
	msg->popo->value.signature = POPOSigningKey_new();
	HOUSE_CHECK(msg->popo->value.signature);
}

static void request_sign(struct ask *ask, CertReqMsg *msg)
{
	/* One that a test put together has its own idea of it. */
	POPOSigningKey *pop =
		msg->popo && msg->popo->type == POPO_SIGNATURE ? msg->popo->value.signature : NULL;
	struct octets signature = OCTETS_NULL;
	struct signer *signer = NULL;
	unsigned char *der = NULL;
	int len = i2d_CertRequest(msg->certReq, &der);

	if (!pop) {
		OPENSSL_free(der);
		return;
	}
	HOUSE_CHECK(len > 0 && !signer_new(ask->key, "sha256", &signer));
	HOUSE_CHECK(!signer_sign(signer, (struct bytes){der, (size_t)len}, &signature));
	X509_ALGOR_free(pop->algorithmIdentifier);
	pop->algorithmIdentifier = X509_ALGOR_dup(signer_algorithm(signer));
	HOUSE_CHECK(ASN1_BIT_STRING_set(pop->signature, signature.data, (int)signature.len));
	/* No unused bits. */
	pop->signature->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 7);
	pop->signature->flags |= ASN1_STRING_FLAG_BITS_LEFT;
	octets_clear(&signature);
	signer_free(signer);
	OPENSSL_free(der);
}

void ask_p10cr(struct ask *ask, const char *cn)
{
	X509_REQ *req = X509_REQ_new();
	X509_NAME *name = name_make(cn);
	const unsigned char *p;
	unsigned char *der = NULL;
	int len;

	body_make(ask, PKI_BODY_P10CR);
	ask->key = pki_key(NULL);
	HOUSE_CHECK(req && X509_REQ_set_version(req, X509_REQ_VERSION_1) &&
		    X509_REQ_set_subject_name(req, name) && X509_REQ_set_pubkey(req, ask->key) &&
		    X509_REQ_sign(req, ask->key, EVP_sha256()));
	len = i2d_X509_REQ(req, &der);
	p = der;
	CertificationRequest_free(ask->body->value.p10cr);
	ask->body->value.p10cr = d2i_CertificationRequest(NULL, &p, len);
	HOUSE_CHECK(ask->body->value.p10cr);
	OPENSSL_free(der);
	X509_REQ_free(req);
	X509_NAME_free(name);
}

static X509 *cert_parse(struct bytes der)
{
	const unsigned char *p = der.data;
	X509 *cert = d2i_X509(NULL, &p, (long)der.len);

	HOUSE_CHECK(cert);
	return cert;
}

void ask_rr(struct ask *ask, struct bytes cert_der, int reason)
{
	RevDetails *details = RevDetails_new();
	X509 *cert = cert_parse(cert_der);
	ASN1_ENUMERATED *code = ASN1_ENUMERATED_new();

	if (!ask->body)
		body_make(ask, PKI_BODY_RR);
	HOUSE_CHECK(details && code && sk_RevDetails_push(ask->body->value.rr, details));
	details->certDetails->issuer = X509_NAME_dup(X509_get_issuer_name(cert));
	details->certDetails->serialNumber = ASN1_INTEGER_dup(X509_get0_serialNumber(cert));
	if (reason >= 0) {
		HOUSE_CHECK(ASN1_ENUMERATED_set(code, reason));
		HOUSE_CHECK(X509V3_add1_i2d(&details->crlEntryDetails, NID_crl_reason, code, 0,
					    X509V3_ADD_DEFAULT) == 1);
	}
	ASN1_ENUMERATED_free(code);
	X509_free(cert);
}

static ASN1_TYPE *any_parse(struct bytes der)
{
	const unsigned char *p = der.data;
	ASN1_TYPE *any = d2i_ASN1_TYPE(NULL, &p, (long)der.len);

	HOUSE_CHECK(any);
	return any;
}

void ask_genm(struct ask *ask, const char *oid, struct bytes value)
{
	InfoTypeAndValue *itav = InfoTypeAndValue_new();

	if (!ask->body)
		body_make(ask, PKI_BODY_GENM);
	HOUSE_CHECK(itav && sk_InfoTypeAndValue_push(ask->body->value.genmsg, itav));
	ASN1_OBJECT_free(itav->infoType);
	itav->infoType = OBJ_txt2obj(oid, 1);
	if (value.len)
		itav->infoValue = any_parse(value);
}

void ask_register(struct ask *ask, const char *cert_type, const char *subject_id, int handling)
{
	ask_register_in(ask, cert_type, NULL, subject_id, handling);
}

void ask_register_in(struct ask *ask, const char *cert_type, const char *vnf_instance,
		     const char *subject_id, int handling)
{
	ask_register_attested(ask, cert_type, vnf_instance, subject_id, handling, NULL);
}

void ask_register_attested(struct ask *ask, const char *cert_type, const char *vnf_instance,
			   const char *subject_id, int handling, Attester *attester)
{
	RegisterRequest *request = RegisterRequest_new();
	ASN1_UTF8STRING *id = ASN1_UTF8STRING_new();
	unsigned char *der = NULL;
	int len;

	HOUSE_CHECK(request && id && ASN1_STRING_set(request->certType, cert_type, -1) &&
		    ASN1_STRING_set(id, subject_id, -1) &&
		    sk_ASN1_UTF8STRING_push(request->subjectIds, id));
	if (handling >= 0) {
		request->handling = ASN1_ENUMERATED_new();
		HOUSE_CHECK(ASN1_ENUMERATED_set(request->handling, handling));
	}
	if (vnf_instance) {
		request->vnfInstanceId = ASN1_UTF8STRING_new();
		HOUSE_CHECK(ASN1_STRING_set(request->vnfInstanceId, vnf_instance, -1));
	}
	request->attester = attester;
	len = i2d_RegisterRequest(request, &der);
	ask_genm(ask, OID_CMF_REGISTER_REQUEST, (struct bytes){der, (size_t)len});
	OPENSSL_free(der);
	RegisterRequest_free(request);
}

void ask_nested(struct ask *ask, struct bytes message)
{
	if (!ask->body)
		body_make(ask, PKI_BODY_NESTED);
	HOUSE_CHECK(sk_ASN1_TYPE_push(ask->body->value.nested, any_parse(message)) > 0);
}

void ask_added(struct ask *ask, struct ask *inner)
{
	ask_encode(inner);
	ask->out.transaction_id = inner->out.transaction_id;
	ask->out.sender_nonce = inner->out.sender_nonce;
	ask_nested(ask, octets_view(&inner->sent));
}

void ask_next(struct ask *ask, const struct ask *before, const struct told *told)
{
	ask_new(ask, before->house, before->signer);
	memcpy(ask->transaction_id, before->transaction_id, sizeof(ask->transaction_id));
	HOUSE_CHECK(told->msg->sender_nonce.len == sizeof(ask->recip_nonce));
	memcpy(ask->recip_nonce, told->msg->sender_nonce.data, sizeof(ask->recip_nonce));
	ask->out.recip_nonce = BYTES_OF(ask->recip_nonce);
	ask->out.pvno = before->out.pvno;
}

void ask_certconf_new(struct ask *ask, const struct ask *before, const struct told *told)
{
	ask_next(ask, before, told);
	body_make(ask, PKI_BODY_CERTCONF);
}

void ask_certconf(struct ask *ask, const struct ask *before, const struct told *told, int status)
{
	ask_certconf_new(ask, before, told);
	ask_certconf_add(ask, told, 0, status);
}

void ask_certconf_add(struct ask *ask, const struct told *told, int response, int status)
{
	bool given = response < told_responses(told);
	struct bytes cert = given ? told_certificate_at(told, response) : BYTES_NULL;
	CertStatus *s = CertStatus_new();
	uint8_t hash[32];

	HOUSE_CHECK(s && sk_CertStatus_push(ask->body->value.certConf, s));
	/* ecdsa-with-SHA256 */
	HOUSE_CHECK(EVP_Digest(cert.data, cert.len, hash, NULL, EVP_sha256(), NULL) == 1);
	HOUSE_CHECK(ASN1_OCTET_STRING_set(s->certHash, hash, sizeof(hash)));
	if (given)
		HOUSE_CHECK(
			ASN1_STRING_copy(s->certReqId, told_response(told, response)->certReqId));
	else
		HOUSE_CHECK(ASN1_INTEGER_set(s->certReqId, 0));
	if (status >= 0) {
		s->statusInfo = cmp_status_info_new(status, NULL, -1);
		HOUSE_CHECK(s->statusInfo);
	}
}

void ask_pollreq(struct ask *ask, const struct ask *before, const struct told *told, int64_t id)
{
	PollReq *poll = PollReq_new();

	ask_next(ask, before, told);
	body_make(ask, PKI_BODY_POLLREQ);
	HOUSE_CHECK(poll && sk_PollReq_push(ask->body->value.pollReq, poll));
	HOUSE_CHECK(ASN1_INTEGER_set_int64(poll->certReqId, id));
}

/* --- bending --- */

void ask_info_add(struct ask *ask, const char *oid, struct bytes value)
{
	size_t i = ask->out.n_infos++;

	HOUSE_CHECK(i < ASK_INFOS_MAX && !octets_dup(value, &ask->info_values[i]));
	ask->infos[i] = (struct cmp_info){oid, octets_view(&ask->info_values[i])};
}

void ask_info_integer(struct ask *ask, const char *oid, long value)
{
	ASN1_INTEGER *i = ASN1_INTEGER_new();
	unsigned char *der = NULL;
	int len;

	HOUSE_CHECK(i && ASN1_INTEGER_set(i, value));
	len = i2d_ASN1_INTEGER(i, &der);
	ask_info_add(ask, oid, (struct bytes){der, (size_t)len});
	OPENSSL_free(der);
	ASN1_INTEGER_free(i);
}

static void text_put(struct der_writer *w, const char *text)
{
	der_put_value(w, V_ASN1_UTF8STRING, bytes_of_string(text));
}

void ask_info_text(struct ask *ask, const char *oid, const char *text)
{
	struct der_writer w = DER_WRITER_NULL;

	text_put(&w, text);
	ask_info_add(ask, oid, der_written(&w));
	der_writer_clear(&w);
}

void ask_info_profile(struct ask *ask, const char *const *names, size_t n)
{
	struct der_writer w = DER_WRITER_NULL;
	size_t mark = der_mark(&w);

	while (n)
		text_put(&w, names[--n]);
	der_put_header(&w, V_ASN1_CONSTRUCTED | V_ASN1_SEQUENCE, mark);
	ask_info_add(ask, "1.3.6.1.5.5.7.4.21", der_written(&w));
	der_writer_clear(&w);
}

void ask_implicit_confirm(struct ask *ask)
{
	ask->out.implicit_confirm = true;
}

void ask_extension(struct ask *ask, int nid, const char *value)
{
	CertTemplate *t = ask_request(ask)->certReq->certTemplate;
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	if (!t->extensions)
		t->extensions = sk_X509_EXTENSION_new_null();
	HOUSE_CHECK(ext && t->extensions && sk_X509_EXTENSION_push(t->extensions, ext));
}

static AttributeTypeAndValue *control_make(int nid, int type, struct bytes value)
{
	AttributeTypeAndValue *control = AttributeTypeAndValue_new();
	ASN1_STRING *s = ASN1_STRING_type_new(type);

	HOUSE_CHECK(control && s && ASN1_STRING_set(s, value.data, (int)value.len));
	ASN1_OBJECT_free(control->type);
	control->type = OBJ_nid2obj(nid);
	if (!control->value)
		control->value = ASN1_TYPE_new();
	ASN1_TYPE_set(control->value, type, s);
	return control;
}

void ask_reg_info(struct ask *ask, const char *pairs)
{
	CertReqMsg *msg = ask_request(ask);

	if (!msg->regInfo)
		msg->regInfo = sk_AttributeTypeAndValue_new_null();
	HOUSE_CHECK(sk_AttributeTypeAndValue_push(
		msg->regInfo,
		control_make(NID_id_regInfo_utf8Pairs, V_ASN1_UTF8STRING, bytes_of_string(pairs))));
}

void ask_old_cert_id(struct ask *ask, struct bytes cert_der)
{
	CertRequest *request = ask_request(ask)->certReq;
	X509 *cert = cert_parse(cert_der);
	CertId *id = CertId_new();
	unsigned char *der = NULL;
	int len;

	HOUSE_CHECK(id);
	id->issuer->type = GEN_DIRNAME;
	id->issuer->d.directoryName = X509_NAME_dup(X509_get_issuer_name(cert));
	HOUSE_CHECK(ASN1_STRING_copy(id->serialNumber, X509_get0_serialNumber(cert)));
	len = i2d_CertId(id, &der);
	if (!request->controls)
		request->controls = sk_AttributeTypeAndValue_new_null();
	HOUSE_CHECK(sk_AttributeTypeAndValue_push(
		request->controls, control_make(NID_id_regCtrl_oldCertID, V_ASN1_SEQUENCE,
						(struct bytes){der, (size_t)len})));
	OPENSSL_free(der);
	CertId_free(id);
	X509_free(cert);
}

/* --- sending --- */

void ask_encode(struct ask *ask)
{
	struct cmp_protector protector = {.kind = CMP_PROTECTION_SIGNATURE};

	if (ask->unprotected) {
		protector.kind = CMP_PROTECTION_NONE;
	} else if (ask->signer) {
		protector.signer = ask->signer->signer;
	} else {
		protector.kind = CMP_PROTECTION_MAC;
		protector.secret = ask->secret;
		protector.mac_algorithm = ask->mac_algorithm;
	}
	if ((ask->body->type == PKI_BODY_IR || ask->body->type == PKI_BODY_CR ||
	     ask->body->type == PKI_BODY_KUR || ask->body->type == PKI_BODY_CCR ||
	     ask->body->type == PKI_BODY_KRR) &&
	    !ask->keep_pop)
		for (int i = 0; i < sk_CertReqMsg_num(ask->body->value.certReqMessages); i++)
			request_sign(ask, sk_CertReqMsg_value(ask->body->value.certReqMessages, i));
	ask->out.body = ask->body;
	octets_clear(&ask->sent);
	HOUSE_CHECK(!cmp_message_encode(&ask->out, &protector, &ask->sent));
}

void ask_claim_algorithm(struct ask *ask, const X509_ALGOR *alg)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	struct bytes in = octets_view(&ask->sent), tlv, parts, header_der, content;
	unsigned char *der = NULL;
	PKIHeader *header;
	uint8_t tag;
	int len;

	HOUSE_CHECK(!der_next(&in, &tag, &tlv, &parts) &&
		    !der_next(&parts, &tag, &header_der, &content));
	header = d2i_PKIHeader(NULL, &header_der.data, (long)header_der.len);
	X509_ALGOR_free(header->protectionAlg);
	header->protectionAlg = X509_ALGOR_dup((X509_ALGOR *)alg);
	len = i2d_PKIHeader(header, &der);
	der_put(&w, parts);
	der_put(&w, (struct bytes){der, (size_t)len});
	der_put_header(&w, 0x30, 0);
	octets_clear(&ask->sent);
	HOUSE_CHECK(!der_writer_take(&w, &ask->sent));
	OPENSSL_free(der);
	PKIHeader_free(header);
}

/* RFC 9483 3.2, 3.3: signed by the CMF's certificate, the first in extraCerts; or the MAC. */
static void protection_check(const struct ask *ask, const struct told *told)
{
	const struct house_credential *cmf = &ask->house->cmf_credential;
	const struct cmp_mac_policy policy = {.iterations_min = 1, .iterations_max = 1000000};
	struct refusal refusal = REFUSAL_NULL;

	if (told_mac(told)) {
		/* One of the two: a test may send under a secret that is wrong. */
		HOUSE_CHECK(!cmp_protection_verify_mac(told->msg, ask->secret, &policy, &refusal) ||
			    !cmp_protection_verify_mac(told->msg, bytes_of_string(HOUSE_MAC_SECRET),
						       &policy, &refusal));
		return;
	}
	HOUSE_CHECK(cmp_message_protection_kind(told->msg) == CMP_PROTECTION_SIGNATURE);
	HOUSE_CHECK(!cmp_protection_verify_signature(told->msg, cmf->key, &refusal));
	HOUSE_CHECK(bytes_equal(cmp_message_extra_cert(told->msg, 0), octets_view(&cmf->der)));
}

/* RFC 9483 3.1, 5.1.1: what the header of every answer has. */
static void header_check(const struct ask *ask, const struct told *told)
{
	const struct cmp_message *msg = told->msg;
	int64_t time_ms;

	HOUSE_CHECK(msg->pvno == (ask->out.pvno > 2 ? 3 : 2));
	HOUSE_CHECK(bytes_equal(msg->transaction_id, ask->out.transaction_id) ||
		    ask->out.transaction_id.len > CMP_NONCE_MAX);
	HOUSE_CHECK(bytes_equal(msg->recip_nonce, ask->out.sender_nonce) ||
		    ask->out.sender_nonce.len > CMP_NONCE_MAX);
	HOUSE_CHECK(msg->sender_nonce.len == CMP_NONCE_LEN);
	HOUSE_CHECK(cmp_message_time_read(msg, &time_ms) &&
		    time_ms / 1000 == ask->house->now_ms / 1000);
	HOUSE_CHECK(bytes_equal(msg->sender, octets_view(&ask->house->cmf_credential.sender)));
	HOUSE_CHECK(bytes_equal(msg->recipient, ask->out.sender));
}

void ask_send_octets(struct ask *ask, struct cmf_worker *worker, struct bytes der,
		     struct told *told)
{
	struct refusal refusal = REFUSAL_NULL;

	*told = (struct told){0};
	house_serve(ask->house, worker, der, ask->profile_label, ask->operation_label, &told->der,
		    &told->not_a_message);
	HOUSE_CHECK(!cmp_message_decode(octets_view(&told->der), &told->msg, &refusal));
	protection_check(ask, told);
}

void told_of(const struct ask *ask, struct bytes der, struct told *told)
{
	struct refusal refusal = REFUSAL_NULL;

	*told = (struct told){0};
	HOUSE_CHECK(!octets_dup(der, &told->der));
	HOUSE_CHECK(!cmp_message_decode(octets_view(&told->der), &told->msg, &refusal));
	protection_check(ask, told);
	header_check(ask, told);
}

void ask_send(struct ask *ask, struct told *told)
{
	ask_encode(ask);
	ask_send_octets(ask, &ask->house->worker, octets_view(&ask->sent), told);
	header_check(ask, told);
}

void told_clear(struct told *told)
{
	cmp_message_free(told->msg);
	octets_clear(&told->der);
	*told = (struct told){0};
}

const PKIStatusInfo *told_status(const struct told *told)
{
	const PKIBody *body = told->msg->body;
	const CertResponse *response;

	switch (told->msg->body_type) {
	case PKI_BODY_IP:
	case PKI_BODY_CP:
	case PKI_BODY_KUP:
	case PKI_BODY_CCP:
		HOUSE_CHECK(sk_CertResponse_num(body->value.certRepMessage->response) == 1);
		response = sk_CertResponse_value(body->value.certRepMessage->response, 0);
		return response->status;
	case PKI_BODY_RP:
		HOUSE_CHECK(sk_PKIStatusInfo_num(body->value.rp->status) == 1);
		return sk_PKIStatusInfo_value(body->value.rp->status, 0);
	case PKI_BODY_KRP:
		return body->value.krp->status;
	case PKI_BODY_ERROR:
		return body->value.error->pKIStatusInfo;
	default:
		return NULL;
	}
}

int told_status_value(const struct told *told)
{
	const PKIStatusInfo *info = told_status(told);

	return info ? (int)ASN1_INTEGER_get(info->status) : -1;
}

static int failinfo_of(const PKIStatusInfo *info)
{
	int found = -1;

	for (int i = 0; info && i < FAIL_COUNT; i++) {
		if (!ASN1_BIT_STRING_get_bit(info->failInfo, i))
			continue;
		HOUSE_CHECK(found < 0);
		found = i;
	}
	return found;
}

int told_failinfo(const struct told *told)
{
	return failinfo_of(told_status(told));
}

int told_responses(const struct told *told)
{
	if (told->msg->body_type != PKI_BODY_IP && told->msg->body_type != PKI_BODY_CP &&
	    told->msg->body_type != PKI_BODY_KUP && told->msg->body_type != PKI_BODY_CCP)
		return 0;
	return sk_CertResponse_num(told->msg->body->value.certRepMessage->response);
}

const CertResponse *told_response(const struct told *told, int i)
{
	HOUSE_CHECK(i < told_responses(told));
	return sk_CertResponse_value(told->msg->body->value.certRepMessage->response, i);
}

int told_failinfo_at(const struct told *told, int i)
{
	return failinfo_of(told_response(told, i)->status);
}

struct bytes told_certificate(const struct told *told)
{
	return told_responses(told) ? told_certificate_at(told, 0) : BYTES_NULL;
}

struct bytes told_certificate_at(const struct told *told, int i)
{
	const CertResponse *response = told_response(told, i);
	const ASN1_TYPE *cert;

	if (!response->certifiedKeyPair)
		return BYTES_NULL;
	cert = response->certifiedKeyPair->certOrEncCert->value.certificate;
	return (struct bytes){cert->value.sequence->data, (size_t)cert->value.sequence->length};
}

bool told_mac(const struct told *told)
{
	return cmp_message_protection_kind(told->msg) == CMP_PROTECTION_MAC;
}
