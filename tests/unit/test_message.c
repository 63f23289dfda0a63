// SPDX-License-Identifier: Apache-2.0
/*
 * The message layer against OpenSSL: messages of `openssl cmp` decoded, verified and encoded again,
 * and messages of ours read by OpenSSL's CMP module. Hostile input: test_hostile.c.
 */
#include "message.h"
#include "suite.h"

#include "asn1/certificate.h"
#include "asn1/der.h"
#include "asn1/mac.h"
#include "vectors.h"

#include <openssl/cmp.h>
#include <openssl/crmf.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <string.h>

/* As in tests/vectors/make.sh. */
#define MAC_SECRET "vector-secret"

static const struct cmp_mac_policy mac_policy = {100, 100000};

static const struct vector {
	const char *name;
	int body_type;
	enum cmp_protection_kind kind;
	size_t n_extra_certs;
} vectors[] = {
	{"ir_p256", PKI_BODY_IR, CMP_PROTECTION_SIGNATURE, 1},
	{"ip_p256", PKI_BODY_IP, CMP_PROTECTION_SIGNATURE, 2},
	{"certconf_p256", PKI_BODY_CERTCONF, CMP_PROTECTION_SIGNATURE, 1},
	{"pkiconf_p256", PKI_BODY_PKICONF, CMP_PROTECTION_SIGNATURE, 1},
	{"ir_p384", PKI_BODY_IR, CMP_PROTECTION_SIGNATURE, 1},
	{"ir_p521", PKI_BODY_IR, CMP_PROTECTION_SIGNATURE, 1},
	{"ir_rsa", PKI_BODY_IR, CMP_PROTECTION_SIGNATURE, 1},
	{"ir_mac", PKI_BODY_IR, CMP_PROTECTION_MAC, 0},
	{"ip_mac", PKI_BODY_IP, CMP_PROTECTION_MAC, 1},
	{"certconf_mac", PKI_BODY_CERTCONF, CMP_PROTECTION_MAC, 0},
	{"pkiconf_mac", PKI_BODY_PKICONF, CMP_PROTECTION_MAC, 0},
	{"ir_raverified", PKI_BODY_IR, CMP_PROTECTION_MAC, 0},
	{"ir_error", PKI_BODY_IR, CMP_PROTECTION_SIGNATURE, 1},
	{"error_p256", PKI_BODY_ERROR, CMP_PROTECTION_SIGNATURE, 1},
	{"cr_p256", PKI_BODY_CR, CMP_PROTECTION_SIGNATURE, 1},
	{"cp_p256", PKI_BODY_CP, CMP_PROTECTION_SIGNATURE, 2},
	{"cr_poll", PKI_BODY_CR, CMP_PROTECTION_SIGNATURE, 1},
	{"cp_waiting", PKI_BODY_CP, CMP_PROTECTION_SIGNATURE, 1},
	{"pollreq_p256", PKI_BODY_POLLREQ, CMP_PROTECTION_SIGNATURE, 1},
	{"pollrep_p256", PKI_BODY_POLLREP, CMP_PROTECTION_SIGNATURE, 1},
	{"kur_p256", PKI_BODY_KUR, CMP_PROTECTION_SIGNATURE, 1},
	{"kup_p256", PKI_BODY_KUP, CMP_PROTECTION_SIGNATURE, 2},
	{"p10cr_p256", PKI_BODY_P10CR, CMP_PROTECTION_SIGNATURE, 1},
	{"p10cp_p256", PKI_BODY_CP, CMP_PROTECTION_SIGNATURE, 2},
	{"rr_p256", PKI_BODY_RR, CMP_PROTECTION_SIGNATURE, 1},
	{"rp_p256", PKI_BODY_RP, CMP_PROTECTION_SIGNATURE, 1},
	{"genm_mac", PKI_BODY_GENM, CMP_PROTECTION_MAC, 0},
	{"genp_mac", PKI_BODY_GENP, CMP_PROTECTION_MAC, 0},
};

static struct cmp_message *decoded(struct octets der)
{
	struct refusal refusal = REFUSAL_NULL;
	struct cmp_message *msg = NULL;
	int err = cmp_message_decode(octets_view(&der), &msg, &refusal);

	ck_assert_msg(err == 0, "%d %s", err, refusal_code(refusal.reason));
	ck_assert_ptr_nonnull(msg);
	return msg;
}

static EVP_PKEY *key_of(struct bytes certificate)
{
	struct certificate_view v;
	struct spki_kind kind;
	EVP_PKEY *key = NULL;

	ck_assert_int_eq(certificate_view(certificate, &v), 0);
	ck_assert_int_eq(spki_key_from_der(v.spki, &key, &kind), 0);
	return key;
}

static int verify(const struct cmp_message *msg, struct refusal *refusal)
{
	EVP_PKEY *key;
	int err;

	if (cmp_message_protection_kind(msg) == CMP_PROTECTION_MAC)
		return cmp_protection_verify_mac(msg, bytes_of_string(MAC_SECRET), &mac_policy,
						 refusal);
	key = key_of(cmp_message_extra_cert(msg, 0));
	err = cmp_protection_verify_signature(msg, key, refusal);
	EVP_PKEY_free(key);
	return err;
}

START_TEST(test_decode_openssl)
{
	const struct vector *v = &vectors[_i];
	_cleanup_(octets_clear) struct octets der = vector_read(v->name);
	_cleanup_(cmp_message_freep) struct cmp_message *msg = decoded(der);
	struct refusal refusal = REFUSAL_NULL;

	ck_assert_int_eq(msg->body_type, v->body_type);
	ck_assert_int_eq(msg->body->type, v->body_type);
	ck_assert_int_eq(cmp_message_protection_kind(msg), v->kind);
	ck_assert_uint_eq(msg->n_extra_certs, v->n_extra_certs);
	ck_assert_int_eq(cmp_message_extra_cert(msg, v->n_extra_certs).len, 0);
	ck_assert_int_eq(msg->pvno, 2);
	ck_assert_uint_eq(msg->transaction_id.len, CMP_NONCE_LEN);
	ck_assert_uint_eq(msg->sender_nonce.len, CMP_NONCE_LEN);
	ck_assert_msg(verify(msg, &refusal) == 0, "%s", refusal_code(refusal.reason));
}
END_TEST

/* OpenSSL's own parser sees the same values. */
START_TEST(test_decode_header_fields)
{
	_cleanup_(octets_clear) struct octets der = vector_read(vectors[_i].name);
	_cleanup_(cmp_message_freep) struct cmp_message *msg = decoded(der);
	const unsigned char *p = der.data;
	OSSL_CMP_MSG *theirs = d2i_OSSL_CMP_MSG(NULL, &p, (long)der.len);
	OSSL_CMP_PKIHEADER *header = OSSL_CMP_MSG_get0_header(theirs);
	const ASN1_OCTET_STRING *recip_nonce = OSSL_CMP_HDR_get0_recipNonce(header);

	ck_assert_mem_eq(msg->transaction_id.data, OSSL_CMP_HDR_get0_transactionID(header)->data,
			 msg->transaction_id.len);
	if (recip_nonce)
		ck_assert_mem_eq(msg->recip_nonce.data, recip_nonce->data, recip_nonce->length);
	ck_assert_uint_eq(msg->recip_nonce.len, recip_nonce ? recip_nonce->length : 0);
	OSSL_CMP_MSG_free(theirs);
}
END_TEST

/* Any octet of what is protected, or of the protection, changed. */
START_TEST(test_protection_covers_header_and_body)
{
	_cleanup_(octets_clear) struct octets der = vector_read(vectors[_i].name);
	_cleanup_(octets_clear) struct octets header = OCTETS_NULL;
	_cleanup_(cmp_message_freep) struct cmp_message *msg = decoded(der);
	struct refusal refusal = REFUSAL_NULL;

	ck_assert_int_eq(octets_dup(msg->header_der, &header), 0);
	header.data[header.len - 1] ^= 1;
	msg->header_der = octets_view(&header);
	ck_assert_int_eq(verify(msg, &refusal), REFUSED);
	ck_assert_int_eq(refusal.reason, REFUSAL_protection_wrong);
	ck_assert_int_eq(refusal.failinfo, FAIL_BAD_MESSAGE_CHECK);
}
END_TEST

START_TEST(test_protection_malformed)
{
	_cleanup_(octets_clear) struct octets der = vector_read("ir_p256");
	_cleanup_(cmp_message_freep) struct cmp_message *msg = decoded(der);
	struct refusal refusal = REFUSAL_NULL;

	msg->protection_unused_bits = 1;
	ck_assert_int_eq(verify(msg, &refusal), REFUSED);
	ck_assert_int_eq(refusal.reason, REFUSAL_protection_unused_bits);
	msg->protection_unused_bits = 0;
	msg->protection.len = 0;
	ck_assert_int_eq(verify(msg, &refusal), REFUSED);
	ck_assert_int_eq(refusal.reason, REFUSAL_protection_empty);
	msg->has_protection = false;
	ck_assert_int_eq(verify(msg, &refusal), REFUSED);
	ck_assert_int_eq(refusal.reason, REFUSAL_protection_missing_alg_given);
}
END_TEST

START_TEST(test_protection_algorithm)
{
	_cleanup_(octets_clear) struct octets der = vector_read("ir_p256");
	_cleanup_(cmp_message_freep) struct cmp_message *msg = decoded(der);
	X509_ALGOR *alg = msg->protection_alg;
	struct refusal refusal = REFUSAL_NULL;

	X509_ALGOR_set0(alg, OBJ_nid2obj(NID_ecdsa_with_SHA1), V_ASN1_UNDEF, NULL);
	ck_assert_int_eq(verify(msg, &refusal), REFUSED);
	ck_assert_int_eq(refusal.reason, REFUSAL_protection_alg_unsupported);
	ck_assert_int_eq(refusal.failinfo, FAIL_BAD_ALG);
	X509_ALGOR_set0(alg, OBJ_nid2obj(NID_sha256WithRSAEncryption), V_ASN1_NULL, NULL);
	ck_assert_int_eq(verify(msg, &refusal), REFUSED);
	ck_assert_int_eq(refusal.reason, REFUSAL_protection_alg_mismatch);
	X509_ALGOR_set0(alg, OBJ_nid2obj(NID_pbmac1), V_ASN1_UNDEF, NULL);
	ck_assert_int_eq(cmp_message_protection_kind(msg), CMP_PROTECTION_MAC);
	ck_assert_int_eq(verify(msg, &refusal), REFUSED);
	ck_assert_int_eq(refusal.reason, REFUSAL_mac_parameters);
	X509_ALGOR_set0(alg, OBJ_nid2obj(NID_id_DHBasedMac), V_ASN1_UNDEF, NULL);
	ck_assert_int_eq(cmp_message_protection_kind(msg), CMP_PROTECTION_MAC);
	ck_assert_int_eq(verify(msg, &refusal), REFUSED);
	ck_assert_int_eq(refusal.reason, REFUSAL_protection_alg_unsupported);
	/* id-KemBasedMac has no NID */
	X509_ALGOR_set0(alg, OBJ_txt2obj("1.2.840.113533.7.66.16", 1), V_ASN1_UNDEF, NULL);
	ck_assert_int_eq(cmp_message_protection_kind(msg), CMP_PROTECTION_KEM);
}
END_TEST

/*
 * RFC 9810 5.1.3.4, made by Python's hmac (tests/vectors/make.py): the first with HKDF-SHA256 and
 * HMAC-SHA256, the second with SHA-512 for both and a kemContext.
 */
START_TEST(rfc9810_5_1_3_4_kem_based_mac)
{
	static const char *const names[] = {"plain", "context"};
	const struct mac_algorithm *kem = mac_algorithm_by_name("KemBasedMac");
	_cleanup_(octets_clear) struct octets der = vector_read_of("kem", names[_i]);
	_cleanup_(cmp_message_freep) struct cmp_message *msg = decoded(der);
	struct cmp_mac_policy policy = {.algorithms = mac_algorithm_bit(kem)};
	struct refusal refusal = REFUSAL_NULL;
	uint8_t id[CMP_NONCE_LEN], secret[32];

	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)i;
	ck_assert_int_eq(cmp_message_protection_kind(msg), CMP_PROTECTION_KEM);
	ck_assert_int_eq(cmp_protection_verify_mac(msg, BYTES_OF(secret), &policy, &refusal), 0);
	/* Under another transactionID it is another key. */
	memcpy(id, msg->transaction_id.data, sizeof(id));
	id[0] ^= 1;
	msg->transaction_id = BYTES_OF(id);
	ck_assert_int_eq(cmp_protection_verify_mac(msg, BYTES_OF(secret), &policy, &refusal),
			 REFUSED);
	ck_assert_int_eq(refusal.reason, REFUSAL_protection_wrong);
	policy.algorithms = ~mac_algorithm_bit(kem);
	ck_assert_int_eq(cmp_protection_verify_mac(msg, BYTES_OF(secret), &policy, &refusal),
			 REFUSED);
	ck_assert_int_eq(refusal.reason, REFUSAL_protection_alg_not_allowed);
}
END_TEST

/* RFC 4211 4.1: the signature over the received octets of certReq. */
START_TEST(test_pop_octets_rfc4211_4_1)
{
	static const char *const names[] = {"ir_p256", "ir_rsa", "kur_p256", "cr_p256"};
	_cleanup_(octets_clear) struct octets der = vector_read(names[_i]);
	_cleanup_(cmp_message_freep) struct cmp_message *msg = decoded(der);
	CertReqMsg *m = sk_CertReqMsg_value(msg->body->value.certReqMessages, 0);
	POPOSigningKey *pop = m->popo->value.signature;
	enum signature_result result;
	struct spki_kind kind;
	EVP_PKEY *key = NULL;

	ck_assert_int_eq(m->popo->type, POPO_SIGNATURE);
	ck_assert_ptr_null(pop->poposkInput);
	ck_assert_int_eq(spki_key(m->certReq->certTemplate->publicKey, &key, &kind), 0);
	ck_assert_int_eq(signature_verify(key, pop->algorithmIdentifier,
					  cert_request_der(m->certReq),
					  (struct bytes){pop->signature->data,
							 (size_t)pop->signature->length},
					  &result),
			 0);
	ck_assert_int_eq(result, SIGNATURE_OK);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(test_p10_octets_rfc2986_4_2)
{
	_cleanup_(octets_clear) struct octets der = vector_read("p10cr_p256");
	_cleanup_(cmp_message_freep) struct cmp_message *msg = decoded(der);
	CertificationRequest *r = msg->body->value.p10cr;
	enum signature_result result;
	struct spki_kind kind;
	EVP_PKEY *key = NULL;

	ck_assert_int_eq(spki_key(r->certificationRequestInfo->subjectPKInfo, &key, &kind), 0);
	ck_assert_int_eq(
		signature_verify(key, r->signatureAlgorithm, certification_request_info_der(r),
				 (struct bytes){r->signature->data, (size_t)r->signature->length},
				 &result),
		0);
	ck_assert_int_eq(result, SIGNATURE_OK);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(test_general_info)
{
	_cleanup_(octets_clear) struct octets der = vector_read("ir_mac");
	_cleanup_(octets_clear) struct octets other = vector_read("ir_rsa");
	_cleanup_(cmp_message_freep) struct cmp_message *msg = decoded(der);
	_cleanup_(cmp_message_freep) struct cmp_message *implicit = decoded(other);
	ASN1_OBJECT *type = OBJ_txt2obj("1.2.3.4", 1);
	const InfoTypeAndValue *info = cmp_message_general_info(msg, type);

	ck_assert_ptr_nonnull(info);
	ck_assert_int_eq(info->infoValue->type, V_ASN1_INTEGER);
	ck_assert_int_eq(ASN1_INTEGER_get(info->infoValue->value.integer), 56789);
	ck_assert_ptr_null(cmp_message_general_info(msg, OBJ_nid2obj(NID_id_it_implicitConfirm)));
	ck_assert_ptr_null(cmp_message_general_info(implicit, type));
	info = cmp_message_general_info(implicit, OBJ_nid2obj(NID_id_it_implicitConfirm));
	ck_assert_ptr_nonnull(info);
	ck_assert_int_eq(info->infoValue->type, V_ASN1_NULL);
	ASN1_OBJECT_free(type);
}
END_TEST

/* --- PasswordBasedMac --- */

static struct bytes protected_part(struct der_writer *w, const struct cmp_message *msg)
{
	der_put(w, msg->body_der);
	der_put(w, msg->header_der);
	der_put_header(w, 0x30, 0);
	return der_written(w);
}

static const struct {
	int owf_nid, mac_nid;
	size_t salt_len;
	int64_t iterations;
	enum refusal_reason reason; /* NONE: accepted */
} macs[] = {
	{NID_sha1, NID_hmac_sha1, 16, 500, REFUSAL_NONE},
	{NID_sha256, NID_hmac_sha1, 16, 500, REFUSAL_NONE},
	{NID_sha256, NID_hmacWithSHA1, 16, 100, REFUSAL_NONE},
	{NID_sha224, NID_hmacWithSHA224, 8, 101, REFUSAL_NONE},
	{NID_sha256, NID_hmacWithSHA256, 128, 1000, REFUSAL_NONE},
	{NID_sha384, NID_hmacWithSHA384, 1, 100000, REFUSAL_NONE},
	{NID_sha512, NID_hmacWithSHA512, 32, 500, REFUSAL_NONE},
	{NID_sha256, NID_hmacWithSHA256, 129, 500, REFUSAL_mac_costly},
	{NID_sha256, NID_hmacWithSHA256, 16, 99, REFUSAL_mac_weak},
	{NID_sha256, NID_hmacWithSHA256, 16, 100001, REFUSAL_mac_costly},
	{NID_sha256, NID_hmacWithSHA256, 16, 0, REFUSAL_mac_parameters},
	{NID_sha256, NID_hmacWithSHA256, 16, -500, REFUSAL_mac_parameters},
	{NID_sha256, NID_hmacWithSHA256, 16, INT64_MAX, REFUSAL_mac_costly},
	{NID_md5, NID_hmac_sha1, 16, 500, REFUSAL_mac_parameters},
	{NID_sha256, NID_hmac_md5, 16, 500, REFUSAL_mac_parameters},
	{NID_shake256, NID_hmacWithSHA256, 16, 500, REFUSAL_mac_parameters},
	{NID_sha256, NID_sha256, 16, 500, REFUSAL_mac_parameters},
};

static X509_ALGOR *mac_algorithm(int i)
{
	PBMParameter *p = PBMParameter_new();
	X509_ALGOR *alg = X509_ALGOR_new();
	uint8_t salt[256];

	memset(salt, 0x5a, sizeof(salt));
	ASN1_OCTET_STRING_set(p->salt, salt, (int)macs[i].salt_len);
	X509_ALGOR_set0(p->owf, OBJ_nid2obj(macs[i].owf_nid), V_ASN1_UNDEF, NULL);
	X509_ALGOR_set0(p->mac, OBJ_nid2obj(macs[i].mac_nid), V_ASN1_NULL, NULL);
	ASN1_INTEGER_set_int64(p->iterationCount, macs[i].iterations);
	X509_ALGOR_set0(alg, OBJ_nid2obj(NID_id_PasswordBasedMAC), V_ASN1_SEQUENCE,
			ASN1_item_pack(p, ASN1_ITEM_rptr(PBMParameter), NULL));
	PBMParameter_free(p);
	return alg;
}

/* The MAC by OpenSSL. */
static void mac_by_openssl(const X509_ALGOR *alg, struct bytes text, ASN1_BIT_STRING *bits)
{
	const unsigned char *p = alg->parameter->value.sequence->data;
	OSSL_CRMF_PBMPARAMETER *pbm =
		d2i_OSSL_CRMF_PBMPARAMETER(NULL, &p, alg->parameter->value.sequence->length);
	unsigned char *mac = NULL;
	size_t len = 0;

	ck_assert(OSSL_CRMF_pbm_new(NULL, NULL, pbm, text.data, text.len,
				    (const unsigned char *)MAC_SECRET, strlen(MAC_SECRET), &mac,
				    &len));
	ck_assert(ASN1_BIT_STRING_set(bits, mac, (int)len));
	OPENSSL_free(mac);
	OSSL_CRMF_PBMPARAMETER_free(pbm);
}

START_TEST(test_mac_rfc4210_5_1_3_1)
{
	_cleanup_(octets_clear) struct octets der = vector_read("ir_mac");
	_cleanup_(cmp_message_freep) struct cmp_message *msg = decoded(der);
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	struct refusal refusal = REFUSAL_NULL;
	struct der_writer w = DER_WRITER_NULL;

	X509_ALGOR_free(msg->protection_alg);
	msg->protection_alg = mac_algorithm(_i);
	if (macs[_i].reason == REFUSAL_NONE) {
		mac_by_openssl(msg->protection_alg, protected_part(&w, msg), bits);
		msg->protection = (struct bytes){bits->data, (size_t)bits->length};
	}
	ck_assert_int_eq(verify(msg, &refusal), macs[_i].reason == REFUSAL_NONE ? 0 : REFUSED);
	ck_assert_int_eq(refusal.reason, macs[_i].reason);
	if (macs[_i].reason == REFUSAL_NONE) {
		ck_assert_int_eq(cmp_protection_verify_mac(msg, bytes_of_string("wrong"),
							   &mac_policy, &refusal),
				 REFUSED);
		ck_assert_int_eq(refusal.reason, REFUSAL_protection_wrong);
		msg->protection.len--;
		ck_assert_int_eq(verify(msg, &refusal), REFUSED);
	}
	ck_assert_uint_eq(ERR_peek_error(), 0);
	der_writer_clear(&w);
	ASN1_BIT_STRING_free(bits);
}
END_TEST

static const char *const mac_parameters_malformed[] = {
	"",                     /* none */
	"0500",                 /* NULL */
	"3000",                 /* empty */
	"30060401000201640500", /* other types */
};

START_TEST(test_mac_parameters_malformed)
{
	_cleanup_(octets_clear) struct octets der = vector_read("ir_mac");
	_cleanup_(cmp_message_freep) struct cmp_message *msg = decoded(der);
	struct refusal refusal = REFUSAL_NULL;
	const unsigned char *p;
	uint8_t octets[32];
	size_t len;

	ck_assert_int_eq(hex_to_bytes(mac_parameters_malformed[_i], octets, sizeof(octets), &len),
			 0);
	ASN1_TYPE_free(msg->protection_alg->parameter);
	p = octets;
	msg->protection_alg->parameter = len ? d2i_ASN1_TYPE(NULL, &p, (long)len) : NULL;
	ck_assert_int_eq(verify(msg, &refusal), REFUSED);
	ck_assert_int_eq(refusal.reason, REFUSAL_mac_parameters);
	ck_assert_int_eq(refusal.failinfo, FAIL_BAD_ALG);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

static Suite *message_suite(void)
{
	Suite *suite = suite_create("message");
	TCase *tc = tcase_create("message");

	tcase_add_loop_test(tc, test_decode_openssl, 0, ARRAY_LEN(vectors));
	tcase_add_loop_test(tc, test_decode_header_fields, 0, ARRAY_LEN(vectors));
	tcase_add_loop_test(tc, test_protection_covers_header_and_body, 0, ARRAY_LEN(vectors));
	tcase_add_test(tc, test_protection_malformed);
	tcase_add_test(tc, test_protection_algorithm);
	tcase_add_loop_test(tc, rfc9810_5_1_3_4_kem_based_mac, 0, 2);
	tcase_add_loop_test(tc, test_pop_octets_rfc4211_4_1, 0, 4);
	tcase_add_test(tc, test_p10_octets_rfc2986_4_2);
	tcase_add_test(tc, test_general_info);
	tcase_add_loop_test(tc, test_mac_rfc4210_5_1_3_1, 0, ARRAY_LEN(macs));
	tcase_add_loop_test(tc, test_mac_parameters_malformed, 0,
			    ARRAY_LEN(mac_parameters_malformed));
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(message_suite, SUITE_FORKS)
