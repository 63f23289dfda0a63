// SPDX-License-Identifier: Apache-2.0
/*
 * What the CMP door refuses in bodies: each row bends one thing of a message that is good
 * otherwise. See bent.h for what must hold of each.
 */
#include "bent.h"
#include "suite.h"

#include "asn1/cmf_types.h"

#include <check.h>
#include <string.h>

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

static void subject_uid_set(struct ask *a)
{
	template_of(a)->subjectUID = ASN1_BIT_STRING_new();
}

static void validity_set(struct ask *a, const char *not_before, const char *not_after)
{
	OptionalValidity *v = OptionalValidity_new();

	ck_assert_ptr_nonnull(v);
	if (not_before) {
		v->notBefore = ASN1_TIME_new();
		ck_assert(ASN1_TIME_set_string(v->notBefore, not_before));
	}
	if (not_after) {
		v->notAfter = ASN1_TIME_new();
		ck_assert(ASN1_TIME_set_string(v->notAfter, not_after));
	}
	template_of(a)->validity = v;
}

static void validity_over(struct ask *a)
{
	validity_set(a, NULL, "20200101000000Z");
}

static void validity_reversed(struct ask *a)
{
	validity_set(a, "20270201000000Z", "20270101000000Z");
}

static void validity_far(struct ask *a)
{
	validity_set(a, "20990101000000Z", NULL);
}

static void issuer_other(struct ask *a)
{
	template_of(a)->issuer = X509_NAME_dup(X509_get_subject_name(bent_house.root.cert));
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

static void pop_input(struct ask *a)
{
	static const uint8_t input[] = {0xa0, 2, 5, 0};
	POPOSigningKey *pop = ask_request(a)->popo->value.signature;

	pop->poposkInput = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
	ck_assert(ASN1_STRING_set(pop->poposkInput, input, sizeof(input)));
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

static void extension_twice(struct ask *a)
{
	ask_extension(a, NID_key_usage, "digitalSignature");
	ask_extension(a, NID_key_usage, "digitalSignature");
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
	ask_old_cert_id(a, octets_view(&bent_house.vnfm_b.der));
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

/* More than revocations_max. */
static void rr_too_many(struct ask *a)
{
	unsigned char *der = NULL;
	int len = i2d_RevDetails(details_of(a), &der);

	for (int i = 0; i < 100; i++) {
		const unsigned char *p = der;

		ck_assert(sk_RevDetails_push(a->body->value.rr, d2i_RevDetails(NULL, &p, len)) > 0);
	}
	OPENSSL_free(der);
}

static void rr_none(struct ask *a)
{
	RevDetails_free(sk_RevDetails_pop(a->body->value.rr));
}

static void rr_issuer_foreign(struct ask *a)
{
	X509_NAME_free(details_of(a)->certDetails->issuer);
	details_of(a)->certDetails->issuer =
		X509_NAME_dup(X509_get_subject_name(bent_house.client_root.cert));
}

static void rr_reason_8(struct ask *a)
{
	ASN1_ENUMERATED *code = ASN1_ENUMERATED_new();

	sk_X509_EXTENSION_pop_free(details_of(a)->crlEntryDetails, X509_EXTENSION_free);
	details_of(a)->crlEntryDetails = NULL;
	ck_assert(ASN1_ENUMERATED_set(code, 8));
	ck_assert(X509V3_add1_i2d(&details_of(a)->crlEntryDetails, NID_crl_reason, code, 0,
				  X509V3_ADD_DEFAULT) == 1);
	ASN1_ENUMERATED_free(code);
}

static void genm_many(struct ask *a)
{
	for (int i = 0; i < 16; i++)
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

static void genm_twice(struct ask *a)
{
	ask_genm(a, "1.3.6.1.5.5.7.4.2", BYTES_NULL);
}

static void genm_no_value(struct ask *a)
{
	genm_other(a, "1.3.6.1.5.5.7.4.22", BYTES_NULL);
}

/* "CRLStatusList ... SIZE (1..MAX)" */
static void genm_crl_status_none(struct ask *a)
{
	static const uint8_t empty[] = {0x30, 0};

	genm_other(a, "1.3.6.1.5.5.7.4.22", BYTES_OF(empty));
}

static void genm_param_null(struct ask *a)
{
	static const uint8_t null[] = {5, 0};

	genm_other(a, "1.3.6.1.5.5.7.4.10", BYTES_OF(null));
}

static void genm_language(struct ask *a)
{
	static const uint8_t german[] = {0x30, 4, 0x0c, 2, 'd', 'e'};

	genm_other(a, "1.3.6.1.5.5.7.4.16", BYTES_OF(german));
}

static void rev_passphrase_not_alone(struct ask *a)
{
	ask_genm(a, "1.3.6.1.5.5.7.4.12", BYTES_NULL);
}

static void root_ca_key_update_not_alone(struct ask *a)
{
	ask_genm(a, "1.3.6.1.5.5.7.4.18", BYTES_NULL);
}

static void ca_key_update_info_not_alone(struct ask *a)
{
	ask_genm(a, "1.3.6.1.5.5.7.4.5", BYTES_NULL);
}

static void genm_profile(struct ask *a)
{
	genm_other(a, "1.3.6.1.5.5.7.4.19", BYTES_NULL);
	a->profile_label = "nobody";
}

static void register_null(struct ask *a)
{
	static const uint8_t null[] = {5, 0};

	genm_other(a, OID_CMF_REGISTER_REQUEST, BYTES_OF(null));
}

static void register_not_alone(struct ask *a)
{
	static const uint8_t null[] = {5, 0};

	ask_genm(a, OID_CMF_REGISTER_REQUEST, BYTES_OF(null));
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
	register_again(a, "VnfciCert", "vnfci-c", 1);
}

static const struct bent_row rows[] = {
	{"RFC 9483 4.1.1 two requests", IR, A, requests_two, FAIL_BAD_REQUEST, IP},
	{"RFC 9483 4.1.1 certReqId", CR, A, cert_req_id_1, FAIL_BAD_REQUEST, CP},
	{"RFC 9483 4.1.1 version", IR, A, version_1, FAIL_BAD_CERT_TEMPLATE, IP,
	 REFUSAL_template_version},
	{"RFC 4211 5 serialNumber", IR, A, serial_set, FAIL_BAD_CERT_TEMPLATE, IP,
	 REFUSAL_template_serial_number},
	{"RFC 4211 5 signingAlg", IR, A, signing_alg_set, FAIL_BAD_CERT_TEMPLATE, IP,
	 REFUSAL_template_signing_alg},
	{"RFC 4211 5 issuerUID", IR, A, issuer_uid_set, FAIL_BAD_CERT_TEMPLATE, IP,
	 REFUSAL_template_issuer_uid},
	{"RFC 4211 5 subjectUID", IR, A, subject_uid_set, FAIL_BAD_CERT_TEMPLATE, IP,
	 REFUSAL_template_subject_uid},
	{"RFC 4211 5 validity over", IR, A, validity_over, FAIL_BAD_CERT_TEMPLATE, IP,
	 REFUSAL_template_validity},
	{"RFC 4211 5 validity reversed", IR, A, validity_reversed, FAIL_BAD_CERT_TEMPLATE, IP,
	 REFUSAL_template_validity},
	{"RFC 4211 5 validity far off", IR, A, validity_far, FAIL_BAD_CERT_TEMPLATE, IP,
	 REFUSAL_template_validity},
	{"issuer", IR, A, issuer_other, FAIL_WRONG_AUTHORITY, IP},
	{"RFC 9483 4.1.6 no key", IR, A, public_key_none, FAIL_BAD_CERT_TEMPLATE, IP},
	{"RFC 9483 4.1.6 empty key", IR, A, public_key_empty, FAIL_BAD_CERT_TEMPLATE, IP},
	{"point not on the curve", IR, A, public_key_off_curve, FAIL_BAD_CERT_TEMPLATE, IP},
	{"unsupported key", IR, A, public_key_unsupported, FAIL_BAD_ALG, IP},
	{"RFC 9483 5.1.1 no POP", IR, A, pop_none, FAIL_BAD_POP, IP},
	{"RFC 4211 4.1 poposkInput", IR, A, pop_input, FAIL_BAD_POP, IP, REFUSAL_pop_input_used},
	{"RFC 9483 5.1.1 raVerified", IR, A, pop_ra_verified, FAIL_NOT_AUTHORIZED, IP},
	{"RFC 9483 5.1.1 POP wrong", IR, A, pop_wrong, FAIL_BAD_POP, IP},
	{"RFC 9481 3 POP SHA-1", IR, A, pop_sha1, FAIL_BAD_ALG, IP},
	{"RFC 9481 3 POP MD5", IR, A, pop_md5, FAIL_BAD_ALG, IP},
	{"RFC 9483 4.1.1 POP algorithm", IR, A, pop_other_kind, FAIL_BAD_ALG, IP},
	{"another entity's dNSName", IR, A, san_foreign, FAIL_BAD_CERT_TEMPLATE, IP},
	{"RFC 5280 4.2 critical", IR, A, extension_critical, FAIL_UNACCEPTED_EXTENSION, IP,
	 REFUSAL_template_extension_critical},
	{"RFC 5280 4.2 twice", IR, A, extension_twice, FAIL_BAD_CERT_TEMPLATE, IP,
	 REFUSAL_template_extension_duplicate},
	{"IFA 033 11.2.3.2 nobody named", IR, A, subject_none, FAIL_BAD_CERT_TEMPLATE, IP},
	{"IFA 033 11.2.3 unregistered", IR, A, subject_unregistered, FAIL_NOT_AUTHORIZED, IP},
	{"IFA 033 11.2.3 foreign, ir", IR, C, bent_not, FAIL_NOT_AUTHORIZED, IP},
	{"IFA 033 11.2.3 foreign, cr", CR, C, bent_not, FAIL_NOT_AUTHORIZED, CP},
	{"IFA 033 11.2.3 foreign, p10cr", P10, C, bent_not, FAIL_NOT_AUTHORIZED, CP},
	{"RFC 9483 4.1.4 signature", P10, A, p10_signature_wrong, FAIL_BAD_POP, CP},
	{"RFC 9483 4.1.4 version", P10, A, p10_version_2, FAIL_BAD_CERT_TEMPLATE, CP},
	{"RFC 9483 4.1.3 no oldCertId", KUR, A, old_cert_none, FAIL_BAD_CERT_ID, KUP},
	{"RFC 9483 4.1.3 foreign CA", KUR, A, old_cert_foreign, FAIL_BAD_CERT_ID, KUP},
	{"RFC 9483 4.1.3 foreign", KUR, B, bent_not, FAIL_BAD_CERT_ID, KUP},
	{"RFC 9483 4.2 no serialNumber", RR, A, rr_serial_none, FAIL_ADD_INFO_NOT_AVAILABLE, RP},
	{"RFC 9483 5.1.3 unknown", RR, A, rr_serial_unknown, FAIL_BAD_CERT_ID, RP},
	{"RFC 5280 5.3.1 reason 7", RR, A, rr_reason_7, FAIL_BAD_REQUEST, RP},
	{"RFC 5280 5.3.1 removeFromCRL", RR, A, rr_reason_8, FAIL_BAD_REQUEST, RP},
	{"RFC 9483 5.1.3 issuer", RR, A, rr_issuer_foreign, FAIL_WRONG_AUTHORITY, RP},
	{"RFC 4210 5.3.9 too many", RR, A, rr_too_many, FAIL_BAD_REQUEST, RP},
	{"RFC 4210 5.3.9 none", RR, A, rr_none, FAIL_BAD_REQUEST, RP},
	{"RFC 9483 4.2 foreign", RR, B, bent_not, FAIL_BAD_CERT_ID, RP},
	{"RFC 9483 4.3 too many", GENM, A, genm_many, FAIL_BAD_REQUEST, ERR},
	{"RFC 9483 4.3.1 value", GENM, A, genm_value, FAIL_BAD_DATA_FORMAT, ERR},
	{"RFC 9483 4.3 twice", GENM, A, genm_twice, FAIL_BAD_REQUEST, ERR},
	{"RFC 9483 4.3.4 no value", GENM, A, genm_no_value, FAIL_BAD_DATA_FORMAT, ERR},
	{"RFC 9483 4.3.4 no status", GENM, A, genm_crl_status_none, FAIL_BAD_DATA_FORMAT, ERR},
	{"RFC 9810 5.3.19.8 NULL", GENM, A, genm_param_null, FAIL_BAD_DATA_FORMAT, ERR},
	{"RFC 9810 5.3.19.13 language", GENM, A, genm_language, FAIL_BAD_REQUEST, ERR},
	{"RFC 9483 4.3.3 profile", GENM, A, genm_profile, FAIL_BAD_REQUEST, ERR},
	{"Register: not alone", GENM, A, register_not_alone, FAIL_BAD_REQUEST, ERR,
	 REFUSAL_genm_alone},
	{"RFC 9810 5.3.19.9 not alone", GENM, A, rev_passphrase_not_alone, FAIL_BAD_REQUEST, ERR,
	 REFUSAL_genm_alone},
	{"RFC 9810 5.3.19.15 not alone", GENM, A, root_ca_key_update_not_alone, FAIL_BAD_REQUEST,
	 ERR, REFUSAL_genm_alone},
	{"RFC 9810 5.3.19.5 not alone", GENM, A, ca_key_update_info_not_alone, FAIL_BAD_REQUEST,
	 ERR, REFUSAL_genm_alone},
	{"Register: malformed", GENM, A, register_null, FAIL_BAD_DATA_FORMAT, ERR},
	{"IFA 033 11.2.2.2 direct", GENM, A, register_direct, FAIL_BAD_REQUEST, ERR},
	{"IFA 033 11.2.2.2 no handling", GENM, A, register_no_handling, FAIL_BAD_REQUEST, ERR},
	{"IFA 033 11.2.2.2 MANO", GENM, A, register_mano_handling, FAIL_BAD_REQUEST, ERR},
	{"IFA 033 11.2.2.2 certType", GENM, A, register_type_unknown, FAIL_BAD_REQUEST, ERR},
	{"IFA 033 11.2.2.2 subjectId", GENM, A, register_id_empty, FAIL_BAD_REQUEST, ERR},
	{"IFA 033 11.2.2 foreign", GENM, A, register_foreign, FAIL_NOT_AUTHORIZED, ERR},
};

START_TEST(refusal)
{
	bent_check(&rows[_i]);
}
END_TEST

static Suite *door_bodies_suite(void)
{
	Suite *suite = suite_create("door_bodies");
	TCase *tcase = tcase_create("bodies");

	tcase_add_unchecked_fixture(tcase, bent_setup, bent_teardown);
	tcase_add_loop_test(tcase, refusal, 0, ARRAY_LEN(rows));
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(door_bodies_suite, SUITE_ONE_PROCESS)
