// SPDX-License-Identifier: Apache-2.0
/*
 * What the CMP door refuses: each row bends one thing of a message that is good otherwise. The
 * answer must be of the right kind, with the right failInfo, protected, and nothing may have
 * changed in registrations and certificates.
 */
#include "ask.h"

#include "asn1/cmf_types.h"

#include <check.h>
#include <string.h>

static struct house house;
static struct octets active; /* a certificate of vnfm-a's entity, confirmed */
static EVP_PKEY *active_key;

enum who { A, B, RA, STRANGER, NO_SIGNATURE, EXPIRED, MAC };

static const struct house_credential *credential(enum who who)
{
	const struct house_credential *const list[] = {[A] = &house.vnfm_a,
						       [B] = &house.vnfm_b,
						       [RA] = &house.ra,
						       [STRANGER] = &house.stranger,
						       [NO_SIGNATURE] = &house.no_signature,
						       [EXPIRED] = &house.expired,
						       [MAC] = NULL};

	return list[who];
}

/* --- the state that must not change --------------------------------------------------------------
 */

struct state {
	int64_t certificates[6];
	int registrations;
};

static int registration_count(void *arg, const struct store_registration *reg)
{
	(void)reg;
	(*(int *)arg)++;
	return 0;
}

static struct state state_now(void)
{
	const struct store_registration_filter all = {.cert_type = -1, .with_deregistered = true};
	struct state s = {0};

	ck_assert_int_eq(store_certificate_counts(house.worker.reader, s.certificates), 0);
	ck_assert_int_eq(store_registration_list(house.worker.reader, &all, registration_count,
						 &s.registrations),
			 0);
	return s;
}

/* --- bending
 * -------------------------------------------------------------------------------------- */

static void set_integer(ASN1_INTEGER **ip, long value)
{
	if (!*ip)
		*ip = ASN1_INTEGER_new();
	ck_assert(ASN1_INTEGER_set(*ip, value));
}

static CertTemplate *template_of(struct ask *a)
{
	return ask_request(a)->certReq->certTemplate;
}

static void none(struct ask *a)
{
	(void)a;
}

static void pvno_1(struct ask *a)
{
	a->out.pvno = 1;
}

static void pvno_4(struct ask *a)
{
	a->out.pvno = 4;
}

static void transaction_id_none(struct ask *a)
{
	a->out.transaction_id = BYTES_NULL;
}

static void transaction_id_short(struct ask *a)
{
	a->out.transaction_id.len = CMP_NONCE_LEN - 1;
}

static void transaction_id_long(struct ask *a)
{
	a->out.transaction_id.len = CMP_NONCE_MAX + 1;
}

static void sender_nonce_none(struct ask *a)
{
	a->out.sender_nonce = BYTES_NULL;
}

static void sender_nonce_short(struct ask *a)
{
	a->out.sender_nonce.len = CMP_NONCE_LEN - 1;
}

static void sender_nonce_long(struct ask *a)
{
	a->out.sender_nonce.len = CMP_NONCE_MAX + 1;
}

static void recip_nonce_set(struct ask *a)
{
	a->out.recip_nonce = BYTES_OF(a->recip_nonce);
}

static void message_time_early(struct ask *a)
{
	a->out.message_time_ms -= 2 * 3600 * 1000;
}

static void message_time_late(struct ask *a)
{
	a->out.message_time_ms += 2 * 3600 * 1000;
}

static void body_pkiconf(struct ask *a)
{
	PKIBody_free(a->body);
	a->body = cmp_body_new(PKI_BODY_PKICONF);
}

static void extra_certs_none(struct ask *a)
{
	a->out.n_extra_certs = 0;
}

static void extra_certs_many(struct ask *a)
{
	while (a->out.n_extra_certs < 9)
		a->certs[a->out.n_extra_certs++] = octets_view(&house.root.der);
}

static void sender_other(struct ask *a)
{
	a->out.sender = octets_view(&house.vnfm_b.sender);
}

static void sender_kid_other(struct ask *a)
{
	a->out.sender_kid = octets_view(&house.vnfm_b.sender_kid);
}

static void reference_unknown(struct ask *a)
{
	a->out.sender_kid = bytes_of_string("nobody");
}

static void secret_wrong(struct ask *a)
{
	a->secret = bytes_of_string("guess");
}

static void mac_weak(struct ask *a)
{
	X509_ALGOR_free(a->mac_algorithm);
	ck_assert_int_eq(cmp_mac_algorithm_new(99, &a->mac_algorithm), 0);
}

static void mac_expensive(struct ask *a)
{
	X509_ALGOR_free(a->mac_algorithm);
	ck_assert_int_eq(cmp_mac_algorithm_new(100001, &a->mac_algorithm), 0);
}

static void label_kur(struct ask *a)
{
	a->operation_label = "keyupdate";
}

static void profile_two(struct ask *a)
{
	ask_info_profile(a, (const char *const[]){"VnfciCert", "VnfciCert"}, 2);
}

static void profile_twice(struct ask *a)
{
	ask_info_profile(a, (const char *const[]){"VnfciCert"}, 1);
	ask_info_profile(a, (const char *const[]){"VnfciCert"}, 1);
}

static void profile_empty(struct ask *a)
{
	ask_info_profile(a, (const char *const[]){""}, 1);
}

static void profile_unknown(struct ask *a)
{
	ask_info_profile(a, (const char *const[]){"NoSuchProfile"}, 1);
}

static void profile_against_url(struct ask *a)
{
	ask_info_profile(a, (const char *const[]){"ManoCert"}, 1);
	a->profile_label = "VnfciCert";
}

static void implicit_confirm_valued(struct ask *a)
{
	ask_info_text(a, "1.3.6.1.5.5.7.4.13", "yes");
}

static void cert_type_3(struct ask *a)
{
	ask_info_integer(a, OID_CMF_CERT_TYPE, 3);
}

static void cert_type_against_pairs(struct ask *a)
{
	ask_info_integer(a, OID_CMF_CERT_TYPE, 1);
	ask_reg_info(a, "certType?VnfOAMCert%");
}

static void vnfc_id_other(struct ask *a)
{
	ask_info_text(a, OID_CMF_VNFC_ID, "vnfci-b");
}

static void vnfc_id_contradicts(struct ask *a)
{
	ask_info_text(a, OID_CMF_VNFC_ID, "vnfci-a");
	ask_reg_info(a, "vnfcId?vnfci-a2%");
}

static void vnfc_id_integer(struct ask *a)
{
	ask_info_integer(a, OID_CMF_VNFC_ID, 1);
}

static void vnfc_id_control(struct ask *a)
{
	ask_info_text(a, OID_CMF_VNFC_ID, "vnfci-a\n");
}

static void chain_request_2(struct ask *a)
{
	ask_info_integer(a, OID_CMF_CERT_CHAIN_REQUEST, 2);
}

static void chain_request_contradicts(struct ask *a)
{
	ask_info_integer(a, OID_CMF_CERT_CHAIN_REQUEST, 0);
	ask_reg_info(a, "certChainRequest?1%");
}

static void pairs_digit(struct ask *a)
{
	ask_reg_info(a, "1x?y%");
}

static void pairs_unended(struct ask *a)
{
	ask_reg_info(a, "vnfcId?vnfci-a");
}

static void pairs_no_value(struct ask *a)
{
	ask_reg_info(a, "vnfcId?%");
}

static void requests_two(struct ask *a)
{
	unsigned char *der = NULL;
	const unsigned char *p;
	int len;

	ask_encode(a);
	a->keep_pop = true;
	len = i2d_CertReqMsg(ask_request(a), &der);
	p = der;
	ck_assert(sk_CertReqMsg_push(a->body->value.certReqMessages,
				     d2i_CertReqMsg(NULL, &p, len)) > 0);
	OPENSSL_free(der);
}

static void cert_req_id_1(struct ask *a)
{
	set_integer(&ask_request(a)->certReq->certReqId, 1);
}

static void version_1(struct ask *a)
{
	set_integer(&template_of(a)->version, 0);
}

static void serial_set(struct ask *a)
{
	set_integer(&template_of(a)->serialNumber, 5);
}

static void signing_alg_set(struct ask *a)
{
	template_of(a)->signingAlg = X509_ALGOR_dup(template_of(a)->publicKey->algorithm);
}

static void issuer_uid_set(struct ask *a)
{
	template_of(a)->issuerUID = ASN1_BIT_STRING_new();
}

static void issuer_other(struct ask *a)
{
	template_of(a)->issuer = X509_NAME_dup(X509_get_subject_name(house.root.cert));
}

static void public_key_none(struct ask *a)
{
	SubjectPublicKeyInfo_free(template_of(a)->publicKey);
	template_of(a)->publicKey = NULL;
}

static void public_key_empty(struct ask *a)
{
	ck_assert(ASN1_BIT_STRING_set(template_of(a)->publicKey->subjectPublicKey,
				      (unsigned char *)"", 0));
}

static void public_key_off_curve(struct ask *a)
{
	ASN1_BIT_STRING *point = template_of(a)->publicKey->subjectPublicKey;

	point->data[point->length - 1] ^= 1;
}

static void public_key_unsupported(struct ask *a)
{
	X509_ALGOR *alg = template_of(a)->publicKey->algorithm;

	ck_assert(X509_ALGOR_set0(alg, OBJ_txt2obj("1.2.3.4", 1), V_ASN1_UNDEF, NULL));
}

static void pop_none(struct ask *a)
{
	ProofOfPossession_free(ask_request(a)->popo);
	ask_request(a)->popo = NULL;
	a->keep_pop = true;
}

static void pop_ra_verified(struct ask *a)
{
	pop_none(a);
	ask_request(a)->popo = ProofOfPossession_new();
	ask_request(a)->popo->type = POPO_RA_VERIFIED;
	ask_request(a)->popo->value.raVerified = ASN1_NULL_new();
}

/* Signed, and then the subject is another one. */
static void pop_wrong(struct ask *a)
{
	ask_encode(a);
	a->keep_pop = true;
	ck_assert(X509_NAME_add_entry_by_txt(template_of(a)->subject, "O", MBSTRING_UTF8,
					     (const unsigned char *)"x", -1, -1, 0));
	/* The kept encoding is of the old one. */
	ask_request(a)->certReq->enc.modified = 1;
}

static void pop_algorithm(struct ask *a, int nid)
{
	ask_encode(a);
	a->keep_pop = true;
	ck_assert(X509_ALGOR_set0(ask_request(a)->popo->value.signature->algorithmIdentifier,
				  OBJ_nid2obj(nid), V_ASN1_UNDEF, NULL));
}

static void pop_sha1(struct ask *a)
{
	pop_algorithm(a, NID_ecdsa_with_SHA1);
}

static void pop_md5(struct ask *a)
{
	pop_algorithm(a, NID_md5WithRSAEncryption);
}

static void pop_other_kind(struct ask *a)
{
	pop_algorithm(a, NID_sha256WithRSAEncryption);
}

static void san_foreign(struct ask *a)
{
	ask_extension(a, NID_subject_alt_name, "DNS:vnfci-b.example.net");
}

static void extension_critical(struct ask *a)
{
	ask_extension(a, NID_policy_constraints, "critical,requireExplicitPolicy:3");
}

static void subject_none(struct ask *a)
{
	X509_NAME_free(template_of(a)->subject);
	template_of(a)->subject = X509_NAME_new();
}

static void subject_unregistered(struct ask *a)
{
	X509_NAME_free(template_of(a)->subject);
	template_of(a)->subject = X509_NAME_new();
	ck_assert(X509_NAME_add_entry_by_txt(template_of(a)->subject, "CN", MBSTRING_UTF8,
					     (const unsigned char *)"nobody", -1, -1, 0));
}

static void old_cert_none(struct ask *a)
{
	sk_AttributeTypeAndValue_pop_free(ask_request(a)->certReq->controls,
					  AttributeTypeAndValue_free);
	ask_request(a)->certReq->controls = NULL;
}

static void old_cert_foreign(struct ask *a)
{
	old_cert_none(a);
	ask_old_cert_id(a, octets_view(&house.vnfm_b.der));
}

static void p10_signature_wrong(struct ask *a)
{
	ASN1_BIT_STRING *s = a->body->value.p10cr->signature;

	s->data[s->length - 1] ^= 1;
}

static void p10_version_2(struct ask *a)
{
	CertificationRequestInfo *info = a->body->value.p10cr->certificationRequestInfo;

	set_integer(&info->version, 1);
	info->enc.modified = 1;
}

static RevDetails *details_of(struct ask *a)
{
	return sk_RevDetails_value(a->body->value.rr, 0);
}

static void rr_serial_none(struct ask *a)
{
	ASN1_INTEGER_free(details_of(a)->certDetails->serialNumber);
	details_of(a)->certDetails->serialNumber = NULL;
}

static void rr_serial_unknown(struct ask *a)
{
	set_integer(&details_of(a)->certDetails->serialNumber, 12345);
}

static void rr_reason_7(struct ask *a)
{
	ASN1_ENUMERATED *code = ASN1_ENUMERATED_new();

	sk_X509_EXTENSION_pop_free(details_of(a)->crlEntryDetails, X509_EXTENSION_free);
	details_of(a)->crlEntryDetails = NULL;
	ck_assert(ASN1_ENUMERATED_set(code, 7));
	ck_assert(X509V3_add1_i2d(&details_of(a)->crlEntryDetails, NID_crl_reason, code, 0,
				  X509V3_ADD_DEFAULT) == 1);
	ASN1_ENUMERATED_free(code);
}

static void rr_two(struct ask *a)
{
	unsigned char *der = NULL;
	const unsigned char *p;
	int len = i2d_RevDetails(details_of(a), &der);

	p = der;
	ck_assert(sk_RevDetails_push(a->body->value.rr, d2i_RevDetails(NULL, &p, len)) > 0);
	OPENSSL_free(der);
}

static void genm_two(struct ask *a)
{
	ask_genm(a, "1.3.6.1.5.5.7.4.17", BYTES_NULL);
}

static void genm_value(struct ask *a)
{
	static const uint8_t null[] = {5, 0};

	PKIBody_free(a->body);
	a->body = NULL;
	ask_genm(a, "1.3.6.1.5.5.7.4.17", BYTES_OF(null));
}

static void genm_other(struct ask *a, const char *oid, struct bytes value)
{
	PKIBody_free(a->body);
	a->body = NULL;
	ask_genm(a, oid, value);
}

static void genm_unknown(struct ask *a)
{
	genm_other(a, "1.2.3.4", BYTES_NULL);
}

static void register_null(struct ask *a)
{
	static const uint8_t null[] = {5, 0};

	genm_other(a, OID_CMF_REGISTER_REQUEST, BYTES_OF(null));
}

static void register_again(struct ask *a, const char *type, const char *id, int handling)
{
	PKIBody_free(a->body);
	a->body = NULL;
	ask_register(a, type, id, handling);
}

static void register_direct(struct ask *a)
{
	register_again(a, "VnfciCert", "vnfci-new", 0);
}

static void register_no_handling(struct ask *a)
{
	register_again(a, "VnfciCert", "vnfci-new", -1);
}

static void register_mano_handling(struct ask *a)
{
	register_again(a, "ManoCert", "mano.example.net", 1);
}

static void register_type_unknown(struct ask *a)
{
	register_again(a, "RouterCert", "vnfci-new", 1);
}

static void register_id_empty(struct ask *a)
{
	register_again(a, "VnfciCert", "", 1);
}

static void register_foreign(struct ask *a)
{
	register_again(a, "VnfciCert", "vnfci-b", 1);
}

/* --- the table
 * ------------------------------------------------------------------------------------- */

enum {
	IR = PKI_BODY_IR,
	CR = PKI_BODY_CR,
	KUR = PKI_BODY_KUR,
	P10 = PKI_BODY_P10CR,
	RR = PKI_BODY_RR,
	GENM = PKI_BODY_GENM
};
enum {
	IP = PKI_BODY_IP,
	CP = PKI_BODY_CP,
	KUP = PKI_BODY_KUP,
	RP = PKI_BODY_RP,
	ERR = PKI_BODY_ERROR
};

static const struct row {
	const char *name;
	int base;
	enum who who;
	void (*bend)(struct ask *a);
	int failinfo;
	int answer;
} rows[] = {
	{"RFC 9483 3.5 pvno 1", IR, A, pvno_1, FAIL_UNSUPPORTED_VERSION, ERR},
	{"RFC 9483 3.5 pvno 4", IR, A, pvno_4, FAIL_UNSUPPORTED_VERSION, ERR},
	{"RFC 9483 3.5 no transactionID", IR, A, transaction_id_none, FAIL_BAD_DATA_FORMAT, ERR},
	{"RFC 9483 3.1 short transactionID", IR, A, transaction_id_short, FAIL_BAD_DATA_FORMAT,
	 ERR},
	{"long transactionID", IR, A, transaction_id_long, FAIL_BAD_DATA_FORMAT, ERR},
	{"RFC 9483 3.5 no senderNonce", IR, A, sender_nonce_none, FAIL_BAD_SENDER_NONCE, ERR},
	{"RFC 9483 3.5 short senderNonce", IR, A, sender_nonce_short, FAIL_BAD_SENDER_NONCE, ERR},
	{"long senderNonce", IR, A, sender_nonce_long, FAIL_BAD_SENDER_NONCE, ERR},
	{"RFC 9483 3.1 recipNonce in ir", IR, A, recip_nonce_set, FAIL_BAD_RECIPIENT_NONCE, ERR},
	{"RFC 9483 3.5 messageTime early", IR, A, message_time_early, FAIL_BAD_TIME, ERR},
	{"RFC 9483 3.5 messageTime late", IR, A, message_time_late, FAIL_BAD_TIME, ERR},
	{"RFC 9483 3.5 body type", IR, A, body_pkiconf, FAIL_BAD_REQUEST, ERR},
	{"RFC 9483 6.1 label", IR, A, label_kur, FAIL_BAD_REQUEST, ERR},
	{"RFC 9483 3.3 no extraCerts", IR, A, extra_certs_none, FAIL_BAD_MESSAGE_CHECK, ERR},
	{"too many extraCerts", IR, A, extra_certs_many, FAIL_BAD_DATA_FORMAT, ERR},
	{"RFC 9483 3.5 sender", IR, A, sender_other, FAIL_BAD_MESSAGE_CHECK, ERR},
	{"RFC 9483 3.5 senderKID", IR, A, sender_kid_other, FAIL_BAD_MESSAGE_CHECK, ERR},
	{"RFC 9483 3.5 stranger", IR, STRANGER, none, FAIL_SIGNER_NOT_TRUSTED, ERR},
	{"RFC 9483 3.5 keyUsage", IR, NO_SIGNATURE, none, FAIL_SIGNER_NOT_TRUSTED, ERR},
	{"RFC 9483 3.5 expired signer", IR, EXPIRED, none, FAIL_SIGNER_NOT_TRUSTED, ERR},
	{"RFC 9483 3.5 unknown reference", IR, MAC, reference_unknown, FAIL_BAD_MESSAGE_CHECK, ERR},
	{"RFC 9483 3.5 wrong secret", IR, MAC, secret_wrong, FAIL_BAD_MESSAGE_CHECK, ERR},
	{"RFC 9045 iterations below", IR, MAC, mac_weak, FAIL_BAD_ALG, ERR},
	{"RFC 9045 iterations above", IR, MAC, mac_expensive, FAIL_BAD_ALG, ERR},
	{"RFC 9483 3.1 two profiles", IR, A, profile_two, FAIL_BAD_DATA_FORMAT, ERR},
	{"RFC 9483 3.1 certProfile twice", IR, A, profile_twice, FAIL_BAD_DATA_FORMAT, ERR},
	{"RFC 9483 3.1 empty profile", IR, A, profile_empty, FAIL_BAD_DATA_FORMAT, ERR},
	{"RFC 9483 3.1 implicitConfirm", IR, A, implicit_confirm_valued, FAIL_BAD_DATA_FORMAT, ERR},
	{"IFA 033 11.2.3 certType 3", IR, A, cert_type_3, FAIL_BAD_DATA_FORMAT, ERR},
	{"IFA 033 11.2.3 vnfcId INTEGER", IR, A, vnfc_id_integer, FAIL_BAD_DATA_FORMAT, ERR},
	{"IFA 033 11.2.3 vnfcId control", IR, A, vnfc_id_control, FAIL_BAD_DATA_FORMAT, ERR},
	{"IFA 033 11.2.3 chain 2", IR, A, chain_request_2, FAIL_BAD_DATA_FORMAT, ERR},
	{"IFA 033 11.2.3 unknown profile", IR, A, profile_unknown, FAIL_BAD_REQUEST, IP},
	{"IFA 033 11.2.3 profile and URL", IR, A, profile_against_url, FAIL_BAD_REQUEST, IP},
	{"IFA 033 11.2.3 certType pairs", IR, A, cert_type_against_pairs, FAIL_BAD_REQUEST, IP},
	{"IFA 033 11.2.3 vnfcId pairs", IR, A, vnfc_id_contradicts, FAIL_BAD_REQUEST, IP},
	{"IFA 033 11.2.3 chain pairs", IR, A, chain_request_contradicts, FAIL_BAD_REQUEST, IP},
	{"IFA 033 11.2.3 foreign vnfcId", IR, A, vnfc_id_other, FAIL_NOT_AUTHORIZED, IP},
	{"RFC 4211 7.1 digit", IR, A, pairs_digit, FAIL_BAD_DATA_FORMAT, IP},
	{"RFC 4211 7.1 no end", IR, A, pairs_unended, FAIL_BAD_DATA_FORMAT, IP},
	{"RFC 4211 7.1 no value", IR, A, pairs_no_value, FAIL_BAD_DATA_FORMAT, IP},
	{"RFC 9483 4.1.1 two requests", IR, A, requests_two, FAIL_BAD_REQUEST, IP},
	{"RFC 9483 4.1.1 certReqId", CR, A, cert_req_id_1, FAIL_BAD_REQUEST, CP},
	{"RFC 9483 4.1.1 version", IR, A, version_1, FAIL_BAD_CERT_TEMPLATE, IP},
	{"RFC 4211 5 serialNumber", IR, A, serial_set, FAIL_BAD_CERT_TEMPLATE, IP},
	{"RFC 4211 5 signingAlg", IR, A, signing_alg_set, FAIL_BAD_CERT_TEMPLATE, IP},
	{"RFC 4211 5 issuerUID", IR, A, issuer_uid_set, FAIL_BAD_CERT_TEMPLATE, IP},
	{"issuer", IR, A, issuer_other, FAIL_WRONG_AUTHORITY, IP},
	{"RFC 9483 4.1.6 no key", IR, A, public_key_none, FAIL_BAD_CERT_TEMPLATE, IP},
	{"RFC 9483 4.1.6 empty key", IR, A, public_key_empty, FAIL_BAD_CERT_TEMPLATE, IP},
	{"point not on the curve", IR, A, public_key_off_curve, FAIL_BAD_CERT_TEMPLATE, IP},
	{"unsupported key", IR, A, public_key_unsupported, FAIL_BAD_ALG, IP},
	{"RFC 9483 5.1.1 no POP", IR, A, pop_none, FAIL_BAD_POP, IP},
	{"RFC 9483 5.1.1 raVerified", IR, A, pop_ra_verified, FAIL_NOT_AUTHORIZED, IP},
	{"RFC 9483 5.1.1 POP wrong", IR, A, pop_wrong, FAIL_BAD_POP, IP},
	{"RFC 9481 3 POP SHA-1", IR, A, pop_sha1, FAIL_BAD_ALG, IP},
	{"RFC 9481 3 POP MD5", IR, A, pop_md5, FAIL_BAD_ALG, IP},
	{"RFC 9483 4.1.1 POP algorithm", IR, A, pop_other_kind, FAIL_BAD_ALG, IP},
	{"another entity's dNSName", IR, A, san_foreign, FAIL_BAD_CERT_TEMPLATE, IP},
	{"RFC 5280 4.2 critical", IR, A, extension_critical, FAIL_UNACCEPTED_EXTENSION, IP},
	{"IFA 033 11.2.3.2 nobody named", IR, A, subject_none, FAIL_BAD_CERT_TEMPLATE, IP},
	{"IFA 033 11.2.3 unregistered", IR, A, subject_unregistered, FAIL_NOT_AUTHORIZED, IP},
	{"IFA 033 11.2.3 foreign, ir", IR, B, none, FAIL_NOT_AUTHORIZED, IP},
	{"IFA 033 11.2.3 foreign, cr", CR, B, none, FAIL_NOT_AUTHORIZED, CP},
	{"IFA 033 11.2.3 foreign, p10cr", P10, B, none, FAIL_NOT_AUTHORIZED, CP},
	{"RFC 9483 4.1.4 signature", P10, A, p10_signature_wrong, FAIL_BAD_POP, CP},
	{"RFC 9483 4.1.4 version", P10, A, p10_version_2, FAIL_BAD_CERT_TEMPLATE, CP},
	{"RFC 9483 4.1.3 no oldCertId", KUR, A, old_cert_none, FAIL_BAD_CERT_ID, KUP},
	{"RFC 9483 4.1.3 foreign CA", KUR, A, old_cert_foreign, FAIL_BAD_CERT_ID, KUP},
	{"RFC 9483 4.1.3 foreign", KUR, B, none, FAIL_NOT_AUTHORIZED, KUP},
	{"RFC 9483 4.2 no serialNumber", RR, A, rr_serial_none, FAIL_ADD_INFO_NOT_AVAILABLE, RP},
	{"RFC 9483 5.1.3 unknown", RR, A, rr_serial_unknown, FAIL_BAD_CERT_ID, RP},
	{"RFC 5280 5.3.1 reason 7", RR, A, rr_reason_7, FAIL_BAD_REQUEST, RP},
	{"RFC 9483 4.2 two", RR, A, rr_two, FAIL_BAD_REQUEST, RP},
	{"RFC 9483 4.2 foreign", RR, B, none, FAIL_NOT_AUTHORIZED, RP},
	{"RFC 9483 4.3 two", GENM, A, genm_two, FAIL_BAD_REQUEST, ERR},
	{"RFC 9483 4.3.1 value", GENM, A, genm_value, FAIL_BAD_DATA_FORMAT, ERR},
	{"RFC 9483 4.3 unknown", GENM, A, genm_unknown, FAIL_BAD_REQUEST, ERR},
	{"Register: malformed", GENM, A, register_null, FAIL_BAD_DATA_FORMAT, ERR},
	{"IFA 033 11.2.2.2 direct", GENM, A, register_direct, FAIL_BAD_REQUEST, ERR},
	{"IFA 033 11.2.2.2 no handling", GENM, A, register_no_handling, FAIL_BAD_REQUEST, ERR},
	{"IFA 033 11.2.2.2 MANO", GENM, A, register_mano_handling, FAIL_BAD_REQUEST, ERR},
	{"IFA 033 11.2.2.2 certType", GENM, A, register_type_unknown, FAIL_BAD_REQUEST, ERR},
	{"IFA 033 11.2.2.2 subjectId", GENM, A, register_id_empty, FAIL_BAD_DATA_FORMAT, ERR},
	{"IFA 033 11.2.2 foreign", GENM, A, register_foreign, FAIL_NOT_AUTHORIZED, ERR},
};

static void base_make(struct ask *a, const struct row *row)
{
	ask_new(a, &house, credential(row->who));
	switch (row->base) {
	case IR:
	case CR:
		ask_certreq(a, row->base, "vnfci-a");
		break;
	case KUR:
		ask_certreq(a, KUR, "vnfci-a");
		ask_old_cert_id(a, octets_view(&active));
		break;
	case P10:
		ask_p10cr(a, "vnfci-a");
		break;
	case RR:
		ask_rr(a, octets_view(&active), 1);
		break;
	case GENM:
	default:
		ask_genm(a, "1.3.6.1.5.5.7.4.2", BYTES_NULL);
		break;
	}
}

START_TEST(refusal)
{
	const struct row *row = &rows[_i];
	struct state before = state_now(), after;
	struct told told;
	struct ask a;

	base_make(&a, row);
	row->bend(&a);
	ask_send(&a, &told);
	ck_assert_msg(told.msg->body_type == row->answer, "%s: body %s", row->name,
		      pki_body_type_name(told.msg->body_type));
	ck_assert_msg(told_status_value(&told) == PKI_STATUS_REJECTION, "%s: status", row->name);
	ck_assert_msg(told_failinfo(&told) == row->failinfo, "%s: %s", row->name,
		      failinfo_name(told_failinfo(&told)));
	ck_assert(!told.not_a_message && !told_certificate(&told).len);
	after = state_now();
	ck_assert_msg(!memcmp(&before, &after, sizeof(before)), "%s: state changed", row->name);
	told_clear(&told);
	ask_clear(&a);
}
END_TEST

/* What every row bends must be accepted unbent, else the rows would prove nothing. */
START_TEST(unbent_is_accepted)
{
	static const int bases[] = {IR, CR, P10, KUR, GENM};
	struct told told;
	struct ask a;

	for (size_t i = 0; i < ARRAY_LEN(bases); i++) {
		base_make(&a, &(struct row){.base = bases[i], .who = A});
		ask_send(&a, &told);
		ck_assert_int_eq(told_failinfo(&told), -1);
		ck_assert_int_ne(told.msg->body_type, ERR);
		told_clear(&told);
		ask_clear(&a);
	}
}
END_TEST

/* RFC 9483 3.5: one wrong octet anywhere in header, body or protection. */
START_TEST(rfc9483_3_5_one_octet_changed)
{
	struct state before = state_now(), after;
	struct refusal ignored;
	struct told told;
	struct ask a;
	size_t step;

	base_make(&a, &(struct row){.base = IR, .who = A});
	ask_encode(&a);
	step = a.sent.len / 97 + 1;
	for (size_t i = 0; i < a.sent.len; i += step) {
		a.sent.data[i] ^= 0x11;
		told = (struct told){0};
		house_serve(&house, &house.worker, octets_view(&a.sent), NULL, NULL, &told.der,
			    &told.not_a_message);
		ck_assert_int_eq(cmp_message_decode(octets_view(&told.der), &told.msg, &ignored),
				 0);
		/* extraCerts are not protected: what is changed there may do no harm. */
		if (told_status_value(&told) != PKI_STATUS_REJECTION)
			ck_assert(bytes_equal(told.msg->transaction_id, a.out.transaction_id));
		else
			ck_assert_int_ge(told_failinfo(&told), 0);
		if (told_status_value(&told) == PKI_STATUS_REJECTION) {
			after = state_now();
			ck_assert(!memcmp(&before, &after, sizeof(before)));
		}
		before = state_now();
		told_clear(&told);
		a.sent.data[i] ^= 0x11;
	}
	ask_clear(&a);
}
END_TEST

/* Not a PKIMessage at all, and one cut short at every octet. */
START_TEST(rfc9811_garbage_and_truncation)
{
	static const uint8_t garbage[] = "garbage";
	struct state before = state_now(), after;
	struct told told;
	struct ask a;

	base_make(&a, &(struct row){.base = IR, .who = A});
	ask_send_octets(&a, &house.worker, BYTES_OF(garbage), &told);
	ck_assert(told.not_a_message);
	ck_assert_int_eq(told.msg->body_type, ERR);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_DATA_FORMAT);
	told_clear(&told);
	ask_encode(&a);
	for (size_t len = 0; len < a.sent.len; len += 7) {
		ask_send_octets(&a, &house.worker, (struct bytes){a.sent.data, len}, &told);
		ck_assert_int_eq(told.msg->body_type, ERR);
		ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_DATA_FORMAT);
		told_clear(&told);
	}
	after = state_now();
	ck_assert(!memcmp(&before, &after, sizeof(before)));
	ask_clear(&a);
}
END_TEST

/* RFC 9483 3.5: messages without protection are rejected. */
START_TEST(rfc9483_3_5_unprotected)
{
	struct cmp_protector nothing = {.kind = CMP_PROTECTION_NONE};
	struct octets der = OCTETS_NULL;
	struct told told;
	struct ask a;

	base_make(&a, &(struct row){.base = GENM, .who = A});
	a.out.body = a.body;
	ck_assert_int_eq(cmp_message_encode(&a.out, &nothing, &der), 0);
	ask_send_octets(&a, &house.worker, octets_view(&der), &told);
	ck_assert_int_eq(told.msg->body_type, ERR);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_MESSAGE_CHECK);
	told_clear(&told);
	octets_clear(&der);
	ask_clear(&a);
}
END_TEST

/* An end entity: kur and rr of its own certificate, nothing else. */
START_TEST(end_entity_only_its_own)
{
	struct house_credential ee;
	struct told told;
	struct ask a;

	house_credential_adopt(&ee, active_key, octets_view(&active));
	ee.issuer = &house.issuing;
	ask_new(&a, &house, &ee);
	ask_certreq(&a, IR, "vnfci-a");
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, IP);
	ck_assert_int_eq(told_failinfo(&told), FAIL_NOT_AUTHORIZED);
	told_clear(&told);
	ask_clear(&a);
	ask_new(&a, &house, &ee);
	ask_genm(&a, "1.3.6.1.5.5.7.4.2", BYTES_NULL);
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), FAIL_NOT_AUTHORIZED);
	told_clear(&told);
	ask_clear(&a);
	house_credential_clear(&ee);
}
END_TEST

static void setup(void)
{
	struct told told;
	struct ask a;

	house_open(&house, "", "");
	house_register(&house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	house_register(&house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a2");
	house_register(&house, "vnfm-b", CERT_TYPE_VNFCI, "vnfci-b");
	ask_new(&a, &house, &house.vnfm_a);
	ask_certreq(&a, IR, "vnfci-a");
	ask_implicit_confirm(&a);
	ask_send(&a, &told);
	ck_assert_int_eq(octets_dup(told_certificate(&told), &active), 0);
	active_key = a.key;
	a.key = NULL;
	told_clear(&told);
	ask_clear(&a);
}

static void teardown(void)
{
	EVP_PKEY_free(active_key);
	octets_clear(&active);
	house_close(&house);
}

int main(void)
{
	Suite *suite = suite_create("door_refusals");
	TCase *tcase = tcase_create("refusals");
	SRunner *runner;
	int failed;

	log_setup(2, LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
	tcase_add_unchecked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, refusal, 0, ARRAY_LEN(rows));
	tcase_add_test(tcase, unbent_is_accepted);
	tcase_add_test(tcase, rfc9483_3_5_one_octet_changed);
	tcase_add_test(tcase, rfc9811_garbage_and_truncation);
	tcase_add_test(tcase, rfc9483_3_5_unprotected);
	tcase_add_test(tcase, end_entity_only_its_own);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	/* The committer is a thread: it would not live in a fork. */
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
