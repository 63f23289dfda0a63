// SPDX-License-Identifier: Apache-2.0
/*
 * The messages in tests/vectors/good, which other implementations made, of every type of body: they
 * decode, have the fields that their makers gave them, and are encoded again as they came. Those in
 * bad: test_vectors_bad.c.
 */
#include "message.h"
#include "suite.h"
#include "vectors.h"

#include <openssl/pem.h>
#include <string.h>

/* As in tests/vectors/make.py. */
#define TIME "20270101000000Z"

/* --- fields --- */

static X509 *anchor; /* of make.py */

static int64_t number_of(const ASN1_INTEGER *i)
{
	int64_t n;

	ck_assert(i && ASN1_INTEGER_get_int64(&n, i) == 1);
	return n;
}

static void cn_check(const X509_NAME *name, const char *cn)
{
	char found[64];

	ck_assert_int_gt(X509_NAME_get_text_by_NID(name, NID_commonName, found, sizeof(found)), 0);
	ck_assert_str_eq(found, cn);
}

static void text_check(const STACK_OF(ASN1_UTF8STRING) * list, const char *text)
{
	const ASN1_STRING *s = sk_ASN1_UTF8STRING_value(list, 0);

	ck_assert_int_eq(sk_ASN1_UTF8STRING_num(list), 1);
	ck_assert_mem_eq(ASN1_STRING_get0_data(s), text, strlen(text));
}

static void cert_check(const ASN1_TYPE *value, const char *cn)
{
	const ASN1_STRING *s = value->value.sequence;
	const unsigned char *p = s->data;
	X509 *cert = d2i_X509(NULL, &p, s->length);

	ck_assert_int_eq(value->type, V_ASN1_SEQUENCE);
	ck_assert(cert && p == s->data + s->length);
	cn_check(X509_get_subject_name(cert), cn);
	X509_free(cert);
}

static void anchor_check(const ASN1_TYPE *value)
{
	const unsigned char *p = value->value.sequence->data;
	X509 *cert = d2i_X509(NULL, &p, value->value.sequence->length);

	ck_assert(cert && X509_cmp(cert, anchor) == 0);
	X509_free(cert);
}

static void status_check(const PKIStatusInfo *info, int64_t status)
{
	ck_assert_int_eq(number_of(info->status), status);
}

/* --- bodies, one function for each --- */

static void request_check(const PKIBody *body, int i, const char *cn)
{
	const CertReqMsg *m = sk_CertReqMsg_value(body->value.certReqMessages, i);
	struct spki_kind kind;
	EVP_PKEY *key = NULL;

	ck_assert_int_eq(number_of(m->certReq->certReqId), i);
	cn_check(m->certReq->certTemplate->subject, cn);
	ck_assert_int_eq(spki_key(m->certReq->certTemplate->publicKey, &key, &kind), 0);
	ck_assert_int_eq(kind.curve_nid, NID_X9_62_prime256v1);
	ck_assert_int_eq(m->popo->type, POPO_SIGNATURE);
	EVP_PKEY_free(key);
}

static void one_request(const PKIBody *body)
{
	ck_assert_int_eq(sk_CertReqMsg_num(body->value.certReqMessages), 1);
	request_check(body, 0, "vnfci-1");
}

static void two_requests(const PKIBody *body)
{
	ck_assert_int_eq(sk_CertReqMsg_num(body->value.certReqMessages), 2);
	request_check(body, 0, "vnfci-1");
	request_check(body, 1, "vnfci-1");
}

static void ra_verified(const PKIBody *body)
{
	ck_assert_int_eq(sk_CertReqMsg_value(body->value.certReqMessages, 0)->popo->type,
			 POPO_RA_VERIFIED);
}

static void key_update(const PKIBody *body)
{
	const CertRequest *r = sk_CertReqMsg_value(body->value.certReqMessages, 0)->certReq;

	ck_assert_int_eq(sk_AttributeTypeAndValue_num(r->controls), 1);
	ck_assert_int_eq(OBJ_obj2nid(sk_AttributeTypeAndValue_value(r->controls, 0)->type),
			 NID_id_regCtrl_oldCertID);
	cn_check(r->certTemplate->subject, "new");
}

/* RFC 9483 4.1.6: no key, or one without octets; and no popo. */
static void central_request(const PKIBody *body)
{
	const CertReqMsg *m = sk_CertReqMsg_value(body->value.certReqMessages, 0);
	const SubjectPublicKeyInfo *key = m->certReq->certTemplate->publicKey;

	ck_assert(!key || ASN1_STRING_length(key->subjectPublicKey) == 0);
	ck_assert_ptr_null(m->popo);
}

/* The RFCs' order of fields: signingAlg, issuer, validity, subject. */
static void cross_request(const PKIBody *body)
{
	const CertTemplate *t =
		sk_CertReqMsg_value(body->value.certReqMessages, 0)->certReq->certTemplate;
	struct tm tm;

	ck_assert_int_eq(OBJ_obj2nid(t->signingAlg->algorithm), NID_ecdsa_with_SHA256);
	cn_check(t->issuer, "issuing");
	cn_check(t->subject, "other CA");
	ck_assert_int_eq(ASN1_TIME_to_tm(t->validity->notAfter, &tm), 1);
	ck_assert_int_eq(tm.tm_year, 2027 - 1900);
}

static const CertResponse *response_of(const PKIBody *body)
{
	ck_assert_int_eq(sk_CertResponse_num(body->value.certRepMessage->response), 1);
	return sk_CertResponse_value(body->value.certRepMessage->response, 0);
}

static void response(const PKIBody *body)
{
	const CertResponse *r = response_of(body);

	ck_assert_int_eq(number_of(r->certReqId), 0);
	status_check(r->status, PKI_STATUS_ACCEPTED);
	ck_assert_int_eq(r->certifiedKeyPair->certOrEncCert->type, CERT_OR_ENC_CERT_CERTIFICATE);
	cert_check(r->certifiedKeyPair->certOrEncCert->value.certificate, "new");
}

/* certReqId of p10cr, RFC 9483 4.1.4. */
static void p10_response(const PKIBody *body)
{
	ck_assert_int_eq(number_of(response_of(body)->certReqId), -1);
	cert_check(response_of(body)->certifiedKeyPair->certOrEncCert->value.certificate, "new");
}

static void waiting(const PKIBody *body)
{
	status_check(response_of(body)->status, PKI_STATUS_WAITING);
	ck_assert_ptr_null(response_of(body)->certifiedKeyPair);
}

/* RFC 4211 2.1: EncryptedKey, its alternative [0] EnvelopedData. */
static void central_response(const PKIBody *body)
{
	const ASN1_TYPE *private_key = response_of(body)->certifiedKeyPair->privateKey;

	response(body);
	ck_assert_int_eq(private_key->type, V_ASN1_OTHER);
	ck_assert_int_eq(private_key->value.asn1_string->data[0], 0xa0);
}

static void cross_response(const PKIBody *body)
{
	response(body);
	text_check(response_of(body)->status->statusString, "reason");
	ck_assert_int_eq(sk_ASN1_TYPE_num(body->value.certRepMessage->caPubs), 1);
	anchor_check(sk_ASN1_TYPE_value(body->value.certRepMessage->caPubs, 0));
}

static void p10(const PKIBody *body)
{
	const CertificationRequestInfo *i = body->value.p10cr->certificationRequestInfo;

	ck_assert_int_eq(number_of(i->version), 0);
	ck_assert_int_eq(OBJ_obj2nid(body->value.p10cr->signatureAlgorithm->algorithm),
			 NID_ecdsa_with_SHA256);
}

static void challenge_2(const PKIBody *body)
{
	const Challenge *c = sk_Challenge_value(body->value.popdecc, 0);

	ck_assert_int_eq(sk_Challenge_num(body->value.popdecc), 1);
	ck_assert_int_eq(OBJ_obj2nid(c->owf->algorithm), NID_sha256);
	ck_assert_int_eq(c->witness->length, 32);
	ck_assert_int_eq(c->challenge->length, 16);
	ck_assert_ptr_null(c->encryptedRand);
}

static void challenge_3(const PKIBody *body)
{
	const Challenge *c = sk_Challenge_value(body->value.popdecc, 0);

	ck_assert(!c->owf && !c->witness->length && !c->challenge->length);
	ck_assert_ptr_nonnull(c->encryptedRand);
}

static void challenge_answer(const PKIBody *body)
{
	ck_assert_int_eq(sk_ASN1_INTEGER_num(body->value.popdecr), 1);
	ck_assert_int_eq(number_of(sk_ASN1_INTEGER_value(body->value.popdecr, 0)), 4711);
}

static void key_recovery(const PKIBody *body)
{
	const KeyRecRepContent *k = body->value.krp;

	status_check(k->status, PKI_STATUS_ACCEPTED);
	cert_check(k->newSigCert, "new");
	ck_assert_int_eq(sk_ASN1_TYPE_num(k->caCerts), 1);
	anchor_check(sk_ASN1_TYPE_value(k->caCerts, 0));
	ck_assert_int_eq(sk_CertifiedKeyPair_num(k->keyPairHist), 1);
	cert_check(sk_CertifiedKeyPair_value(k->keyPairHist, 0)->certOrEncCert->value.certificate,
		   "new");
}

static const RevDetails *details_of(const PKIBody *body, long reason)
{
	const RevDetails *d = sk_RevDetails_value(body->value.rr, 0);
	ASN1_ENUMERATED *code;

	ck_assert_int_eq(sk_RevDetails_num(body->value.rr), 1);
	code = X509V3_get_d2i(d->crlEntryDetails, NID_crl_reason, NULL, NULL);
	ck_assert(code && ASN1_ENUMERATED_get(code) == reason);
	ASN1_ENUMERATED_free(code);
	return d;
}

static void revocation(const PKIBody *body)
{
	const CertTemplate *t = details_of(body, 1)->certDetails;

	cn_check(t->issuer, "issuing");
	ck_assert_int_eq(number_of(t->serialNumber), 4711);
}

static void revocation_superseded(const PKIBody *body)
{
	cn_check(details_of(body, 4)->certDetails->issuer, "Root");
}

static void revoked(const PKIBody *body)
{
	ck_assert_int_eq(sk_PKIStatusInfo_num(body->value.rp->status), 1);
	status_check(sk_PKIStatusInfo_value(body->value.rp->status, 0), PKI_STATUS_ACCEPTED);
	ck_assert_int_eq(sk_CertId_num(body->value.rp->revCerts), 1);
	cn_check(sk_CertId_value(body->value.rp->revCerts, 0)->issuer->d.directoryName, "Root");
}

static void ca_key_update_2(const PKIBody *body)
{
	const CAKeyUpdAnnContent *c = body->value.ckuann->value.cAKeyUpdAnnV2;

	ck_assert_int_eq(body->value.ckuann->type, CA_KEY_UPD_ANN_V2);
	anchor_check(c->newWithNew);
	cert_check(c->oldWithNew, "vectors");
	cert_check(c->newWithOld, "vectors");
}

static void ca_key_update_3(const PKIBody *body)
{
	const RootCaKeyUpdateContent *c = body->value.ckuann->value.cAKeyUpdAnnV3;

	ck_assert_int_eq(body->value.ckuann->type, CA_KEY_UPD_ANN_V3);
	anchor_check(c->newWithNew);
	cert_check(c->oldWithNew, "vectors");
	cert_check(c->newWithOld, "vectors");
}

static void cert_announced(const PKIBody *body)
{
	cert_check(body->value.cann, "new");
}

static void revocation_announced(const PKIBody *body)
{
	const RevAnnContent *r = body->value.rann;

	ck_assert_int_eq(number_of(r->status), 5);
	ck_assert_int_eq(number_of(r->certId->serialNumber), 4711);
	cn_check(r->certId->issuer->d.directoryName, "other CA");
	ck_assert_str_eq((const char *)r->badSinceDate->data, TIME);
}

static void crl_announced(const PKIBody *body)
{
	const ASN1_TYPE *value = sk_ASN1_TYPE_value(body->value.crlann, 0);
	const unsigned char *p = value->value.sequence->data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, value->value.sequence->length);

	ck_assert(crl && !X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(anchor)));
	X509_CRL_free(crl);
}

static void messages_within(const PKIBody *body)
{
	static const int types[] = {PKI_BODY_GENM, PKI_BODY_IR};
	struct refusal refusal = REFUSAL_NULL;

	ck_assert_int_eq(sk_ASN1_TYPE_num(body->value.nested), 2);
	for (int i = 0; i < 2; i++) {
		_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
		const ASN1_STRING *s = sk_ASN1_TYPE_value(body->value.nested, i)->value.sequence;

		ck_assert_int_eq(cmp_message_decode((struct bytes){s->data, (size_t)s->length},
						    &msg, &refusal),
				 0);
		ck_assert_int_eq(msg->body_type, types[i]);
	}
}

/* The first element, whether it has a value, and how many there are. */
static void infos_check(const PKIBody *body, const char *oid, int value_type, int n)
{
	const InfoTypeAndValue *info = sk_InfoTypeAndValue_value(body->value.genmsg, 0);
	char text[64];

	ck_assert_int_eq(sk_InfoTypeAndValue_num(body->value.genmsg), n);
	OBJ_obj2txt(text, sizeof(text), info->infoType, 1);
	ck_assert_str_eq(text, oid);
	ck_assert_int_eq(info->infoValue ? info->infoValue->type : 0, value_type);
}

#define INFOS(name, number, value_type, n)                                        \
	static void name(const PKIBody *body)                                     \
	{                                                                         \
		infos_check(body, "1.3.6.1.5.5.7.4." #number, (value_type), (n)); \
	}
INFOS(sign_key_pair_types, 2, 0, 1)
INFOS(symm_alg_and_others, 4, 0, 3)
INFOS(ca_certs_asked, 17, 0, 1)
INFOS(ca_certs_told, 17, V_ASN1_SEQUENCE, 1)
INFOS(root_update_told, 18, V_ASN1_SEQUENCE, 1)
INFOS(template_asked, 19, 0, 1)
INFOS(template_told, 19, V_ASN1_SEQUENCE, 1)
INFOS(root_asked, 20, V_ASN1_SEQUENCE, 1)
INFOS(crl_status, 22, V_ASN1_SEQUENCE, 1)
INFOS(crls, 23, V_ASN1_SEQUENCE, 1)

static void error(const PKIBody *body)
{
	status_check(body->value.error->pKIStatusInfo, PKI_STATUS_REJECTION);
}

static void confirmation(const PKIBody *body)
{
	const CertStatus *s = sk_CertStatus_value(body->value.certConf, 0);

	ck_assert_int_eq(sk_CertStatus_num(body->value.certConf), 1);
	ck_assert_int_eq(number_of(s->certReqId), 0);
	ck_assert_int_eq(s->certHash->length, 32);
	ck_assert_ptr_null(s->hashAlg);
}

static void confirmation_hash_alg(const PKIBody *body)
{
	const CertStatus *s = sk_CertStatus_value(body->value.certConf, 0);

	status_check(s->statusInfo, PKI_STATUS_ACCEPTED);
	ck_assert_int_eq(OBJ_obj2nid(s->hashAlg->algorithm), NID_sha256);
}

static void confirmed(const PKIBody *body)
{
	ck_assert_ptr_nonnull(body->value.pkiconf);
}

static void poll(const PKIBody *body)
{
	ck_assert_int_eq(number_of(sk_PollReq_value(body->value.pollReq, 0)->certReqId), 0);
}

static void poll_error(const PKIBody *body)
{
	ck_assert_int_eq(number_of(sk_PollReq_value(body->value.pollReq, 0)->certReqId), -1);
}

static void poll_again(const PKIBody *body)
{
	ck_assert_int_eq(number_of(sk_PollRep_value(body->value.pollRep, 0)->certReqId), 0);
	ck_assert_int_eq(number_of(sk_PollRep_value(body->value.pollRep, 0)->checkAfter), 1);
}

static void poll_again_error(const PKIBody *body)
{
	const PollRep *p = sk_PollRep_value(body->value.pollRep, 0);

	ck_assert_int_eq(number_of(p->certReqId), -1);
	ck_assert_int_eq(number_of(p->checkAfter), 60);
	text_check(p->reason, "wait");
}

/* --- good --- */

static const struct vector {
	const char *name;
	int type;
	int pvno;
	enum cmp_protection_kind kind;
	bool ids; /* made by make.py: transactionID and senderNonce follow from the name */
	void (*check)(const PKIBody *body);
} vectors[] = {
	{"ir", PKI_BODY_IR, 2, CMP_PROTECTION_MAC, true, one_request},
	{"ir_p256", PKI_BODY_IR, 2, CMP_PROTECTION_SIGNATURE, false, one_request},
	{"ir_p384", PKI_BODY_IR, 2, CMP_PROTECTION_SIGNATURE, false, one_request},
	{"ir_p521", PKI_BODY_IR, 2, CMP_PROTECTION_SIGNATURE, false, one_request},
	{"ir_rsa", PKI_BODY_IR, 2, CMP_PROTECTION_SIGNATURE, false, one_request},
	{"ir_error", PKI_BODY_IR, 2, CMP_PROTECTION_SIGNATURE, false, one_request},
	{"ir_mac", PKI_BODY_IR, 2, CMP_PROTECTION_MAC, false, one_request},
	{"ir_raverified", PKI_BODY_IR, 2, CMP_PROTECTION_MAC, false, ra_verified},
	{"ir_central", PKI_BODY_IR, 2, CMP_PROTECTION_SIGNATURE, false, central_request},
	{"ip_p256", PKI_BODY_IP, 2, CMP_PROTECTION_SIGNATURE, false, response},
	{"ip_p384", PKI_BODY_IP, 2, CMP_PROTECTION_SIGNATURE, false, response},
	{"ip_p521", PKI_BODY_IP, 2, CMP_PROTECTION_SIGNATURE, false, response},
	{"ip_rsa", PKI_BODY_IP, 2, CMP_PROTECTION_SIGNATURE, false, response},
	{"ip_mac", PKI_BODY_IP, 2, CMP_PROTECTION_MAC, false, response},
	{"ip_central", PKI_BODY_IP, 2, CMP_PROTECTION_SIGNATURE, false, central_response},
	{"cr_p256", PKI_BODY_CR, 2, CMP_PROTECTION_SIGNATURE, false, one_request},
	{"cr_poll", PKI_BODY_CR, 2, CMP_PROTECTION_SIGNATURE, false, one_request},
	{"cr_several", PKI_BODY_CR, 2, CMP_PROTECTION_MAC, true, two_requests},
	{"cp_p256", PKI_BODY_CP, 2, CMP_PROTECTION_SIGNATURE, false, response},
	{"cp_waiting", PKI_BODY_CP, 2, CMP_PROTECTION_SIGNATURE, false, waiting},
	{"p10cp_p256", PKI_BODY_CP, 2, CMP_PROTECTION_SIGNATURE, false, p10_response},
	{"p10cr", PKI_BODY_P10CR, 2, CMP_PROTECTION_MAC, true, p10},
	{"p10cr_p256", PKI_BODY_P10CR, 2, CMP_PROTECTION_SIGNATURE, false, p10},
	{"popdecc", PKI_BODY_POPDECC, 2, CMP_PROTECTION_MAC, true, challenge_2},
	{"popdecc_3", PKI_BODY_POPDECC, 3, CMP_PROTECTION_MAC, true, challenge_3},
	{"popdecr", PKI_BODY_POPDECR, 2, CMP_PROTECTION_MAC, true, challenge_answer},
	{"kur_p256", PKI_BODY_KUR, 2, CMP_PROTECTION_SIGNATURE, false, key_update},
	{"kup_p256", PKI_BODY_KUP, 2, CMP_PROTECTION_SIGNATURE, false, response},
	{"krr", PKI_BODY_KRR, 2, CMP_PROTECTION_MAC, true, one_request},
	{"krp", PKI_BODY_KRP, 2, CMP_PROTECTION_MAC, true, key_recovery},
	{"rr_mac", PKI_BODY_RR, 2, CMP_PROTECTION_MAC, true, revocation},
	{"rr_p256", PKI_BODY_RR, 2, CMP_PROTECTION_SIGNATURE, false, revocation_superseded},
	{"rp_p256", PKI_BODY_RP, 2, CMP_PROTECTION_SIGNATURE, false, revoked},
	{"ccr", PKI_BODY_CCR, 2, CMP_PROTECTION_MAC, true, cross_request},
	{"ccp", PKI_BODY_CCP, 2, CMP_PROTECTION_MAC, true, cross_response},
	{"ckuann_2", PKI_BODY_CKUANN, 2, CMP_PROTECTION_MAC, true, ca_key_update_2},
	{"ckuann_3", PKI_BODY_CKUANN, 3, CMP_PROTECTION_MAC, true, ca_key_update_3},
	{"cann", PKI_BODY_CANN, 2, CMP_PROTECTION_MAC, true, cert_announced},
	{"rann", PKI_BODY_RANN, 2, CMP_PROTECTION_MAC, true, revocation_announced},
	{"crlann", PKI_BODY_CRLANN, 2, CMP_PROTECTION_MAC, true, crl_announced},
	{"pkiconf_mac", PKI_BODY_PKICONF, 2, CMP_PROTECTION_MAC, false, confirmed},
	{"pkiconf_p256", PKI_BODY_PKICONF, 2, CMP_PROTECTION_SIGNATURE, false, confirmed},
	{"nested", PKI_BODY_NESTED, 2, CMP_PROTECTION_SIGNATURE, true, messages_within},
	{"genm", PKI_BODY_GENM, 2, CMP_PROTECTION_MAC, true, ca_certs_asked},
	{"genm_signed", PKI_BODY_GENM, 2, CMP_PROTECTION_SIGNATURE, true, ca_certs_asked},
	{"genm_several", PKI_BODY_GENM, 2, CMP_PROTECTION_MAC, true, symm_alg_and_others},
	{"genm_crl_status", PKI_BODY_GENM, 2, CMP_PROTECTION_MAC, true, crl_status},
	{"genm_mac", PKI_BODY_GENM, 2, CMP_PROTECTION_MAC, false, sign_key_pair_types},
	{"genm_ca_certs", PKI_BODY_GENM, 2, CMP_PROTECTION_MAC, false, ca_certs_asked},
	{"genm_root_ca_cert", PKI_BODY_GENM, 2, CMP_PROTECTION_MAC, false, root_asked},
	{"genm_cert_req_template", PKI_BODY_GENM, 2, CMP_PROTECTION_MAC, false, template_asked},
	{"genm_crl_status_list", PKI_BODY_GENM, 2, CMP_PROTECTION_MAC, false, crl_status},
	{"genp_mac", PKI_BODY_GENP, 2, CMP_PROTECTION_MAC, false, sign_key_pair_types},
	{"genp_ca_certs", PKI_BODY_GENP, 2, CMP_PROTECTION_MAC, false, ca_certs_told},
	{"genp_root_ca_key_update", PKI_BODY_GENP, 2, CMP_PROTECTION_MAC, false, root_update_told},
	{"genp_root_update", PKI_BODY_GENP, 2, CMP_PROTECTION_MAC, true, root_update_told},
	{"genp_template", PKI_BODY_GENP, 2, CMP_PROTECTION_MAC, true, template_told},
	{"genp_crls", PKI_BODY_GENP, 2, CMP_PROTECTION_MAC, false, crls},
	{"error_p256", PKI_BODY_ERROR, 2, CMP_PROTECTION_SIGNATURE, false, error},
	{"certconf_mac", PKI_BODY_CERTCONF, 2, CMP_PROTECTION_MAC, false, confirmation},
	{"certconf_p256", PKI_BODY_CERTCONF, 2, CMP_PROTECTION_SIGNATURE, false, confirmation},
	{"certconf_hash_alg", PKI_BODY_CERTCONF, 3, CMP_PROTECTION_MAC, true,
	 confirmation_hash_alg},
	{"pollreq_p256", PKI_BODY_POLLREQ, 2, CMP_PROTECTION_SIGNATURE, false, poll},
	{"pollreq_error", PKI_BODY_POLLREQ, 2, CMP_PROTECTION_MAC, true, poll_error},
	{"pollrep_p256", PKI_BODY_POLLREP, 2, CMP_PROTECTION_SIGNATURE, false, poll_again},
	{"pollrep_error", PKI_BODY_POLLREP, 2, CMP_PROTECTION_MAC, true, poll_again_error},
};

static struct cmp_message *decoded(const struct octets *der)
{
	struct refusal refusal = REFUSAL_NULL;
	struct cmp_message *msg = NULL;
	int err = cmp_message_decode(octets_view(der), &msg, &refusal);

	ck_assert_msg(err == 0, "%d %s", err, refusal_code(refusal.reason));
	return msg;
}

/* The first octets of SHA-256 of "WHAT NAME". */
static void id_check(struct bytes id, const char *what, const char *name)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	char text[128];

	snprintf(text, sizeof(text), "%s %s", what, name);
	ck_assert(EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL) == 1);
	ck_assert_uint_eq(id.len, CMP_NONCE_LEN);
	ck_assert_mem_eq(id.data, digest, CMP_NONCE_LEN);
}

START_TEST(rfc9810_5_3_good_decodes)
{
	const struct vector *v = &vectors[_i];
	_cleanup_(octets_clear) struct octets der = vector_read(v->name);
	_cleanup_(cmp_message_freep) struct cmp_message *msg = decoded(&der);

	ck_assert_int_eq(msg->body_type, v->type);
	ck_assert_int_eq(msg->pvno, v->pvno);
	ck_assert_int_eq(cmp_message_protection_kind(msg), v->kind);
	if (v->ids) {
		id_check(msg->transaction_id, "transaction", v->name);
		id_check(msg->sender_nonce, "nonce", v->name);
		ck_assert(bytes_equal(msg->message_time, bytes_of_string(TIME)));
	}
	v->check(msg->body);
}
END_TEST

/* Encoding what was decoded gives the same octets. */
START_TEST(good_is_encoded_as_it_came)
{
	_cleanup_(octets_clear) struct octets der = vector_read(vectors[_i].name);
	_cleanup_(cmp_message_freep) struct cmp_message *msg = decoded(&der);
	const unsigned char *p = msg->header_der.data;
	PKIHeader *fields = d2i_PKIHeader(NULL, &p, (long)msg->header_der.len);
	unsigned char *header = NULL, *body = NULL;

	ck_assert_int_eq(i2d_PKIHeader(fields, &header), (int)msg->header_der.len);
	ck_assert_mem_eq(header, msg->header_der.data, msg->header_der.len);
	ck_assert_int_eq(i2d_PKIBody(msg->body, &body), (int)msg->body_der.len);
	ck_assert_mem_eq(body, msg->body_der.data, msg->body_der.len);
	OPENSSL_free(header);
	OPENSSL_free(body);
	PKIHeader_free(fields);
}
END_TEST

static bool is_in_table(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++)
		if (!strcmp(vectors[i].name, name))
			return true;
	return false;
}

START_TEST(good_of_every_type)
{
	bool seen[PKI_BODY_COUNT] = {false};

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++)
		seen[vectors[i].type] = true;
	for (int type = 0; type < PKI_BODY_COUNT; type++)
		ck_assert_msg(seen[type], "no %s", pki_body_type_name(type));
	vectors_each("good", is_in_table);
}
END_TEST

static void setup(void)
{
	BIO *bio = BIO_new_file(VECTORS_DIR "/anchor.pem", "r");

	anchor = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	ck_assert_ptr_nonnull(anchor);
	BIO_free(bio);
}

static void teardown(void)
{
	X509_free(anchor);
}

static Suite *vectors_suite(void)
{
	Suite *suite = suite_create("vectors");
	TCase *tcase = tcase_create("good");

	tcase_add_unchecked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, rfc9810_5_3_good_decodes, 0, (int)ARRAY_LEN(vectors));
	tcase_add_loop_test(tcase, good_is_encoded_as_it_came, 0, (int)ARRAY_LEN(vectors));
	tcase_add_test(tcase, good_of_every_type);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(vectors_suite, SUITE_ONE_PROCESS)
