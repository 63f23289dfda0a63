// SPDX-License-Identifier: Apache-2.0
/*
 * Messages of ours: read back, and validated by OpenSSL's CMP module. Decoding: test_message.c.
 */
#include "message.h"
#include "suite.h"

#include "asn1/certificate.h"
#include "asn1/der.h"

#include <check.h>
#include <errno.h>
#include <openssl/cmp.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <string.h>

static const uint8_t name_der[] = {0x30, 0x0e, 0x31, 0x0c, 0x30, 0x0a, 0x06, 0x03,
				   0x55, 0x04, 0x03, 0x0c, 0x03, 'c',  'm',  'f'};
static const uint8_t transaction_id[] = "0123456789abcde";
static const uint8_t sender_nonce[] = "sender-nonce-16";
static const uint8_t recip_nonce[] = "recip-nonce--16";
static const uint8_t sender_kid[] = {1, 2, 3, 4};

/* A message with every field that we ever set. */
static struct cmp_outgoing outgoing(const PKIBody *body, struct bytes sender)
{
	return (struct cmp_outgoing){
		.pvno = 2,
		.sender = sender,
		.message_time_ms = 1795424400123, /* 2026-11-23 09:00:00 */
		.sender_kid = BYTES_OF(sender_kid),
		.transaction_id = BYTES_OF(transaction_id),
		.sender_nonce = BYTES_OF(sender_nonce),
		.recip_nonce = BYTES_OF(recip_nonce),
		.body = body,
	};
}

static struct octets sender_of(void)
{
	struct octets sender;

	ck_assert_int_eq(cmp_general_name_of_dn(BYTES_OF(name_der), &sender), 0);
	return sender;
}

static struct cmp_message *decoded(struct octets der)
{
	struct refusal refusal = REFUSAL_NULL;
	struct cmp_message *msg = NULL;

	ck_assert_msg(cmp_message_decode(octets_view(&der), &msg, &refusal) == 0, "%s",
		      refusal_code(refusal.reason));
	return msg;
}

static struct octets encoded(const struct cmp_outgoing *out, const struct cmp_protector *protector)
{
	struct octets der = OCTETS_NULL;

	ck_assert_int_eq(cmp_message_encode(out, protector, &der), 0);
	ck_assert_int_eq(der_check(octets_view(&der)), 0);
	return der;
}

static const struct {
	const char *algorithm;
	const char *option;
	const char *digest;
} signers[] = {
	{"EC", "P-256", "sha256"}, {"EC", "P-384", "sha384"},   {"EC", "P-521", "sha512"},
	{"RSA", NULL, "sha256"},   {"RSA-PSS", NULL, "sha256"}, {"ED25519", NULL, NULL},
	{"ED448", NULL, NULL},
};

static EVP_PKEY *signer_key(int i)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, signers[i].algorithm, NULL);
	EVP_PKEY *key = NULL;

	ck_assert_int_gt(EVP_PKEY_keygen_init(ctx), 0);
	if (signers[i].option)
		ck_assert_int_gt(EVP_PKEY_CTX_set_group_name(ctx, signers[i].option), 0);
	ck_assert_int_gt(EVP_PKEY_generate(ctx, &key), 0);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* subjectKeyIdentifier: 01 */
static const uint8_t ski_der[] = {0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d,
				  0x0e, 0x04, 0x03, 0x04, 0x01, 0x01};

static struct octets self_signed(EVP_PKEY *key, const struct signer *signer)
{
	const struct bytes extensions[] = {BYTES_OF(ski_der)};
	static const struct serial serial = {1, {1}};
	unsigned char *spki = NULL;
	int len = i2d_PUBKEY(key, &spki);
	struct certificate_parts parts = {
		.serial = &serial,
		.issuer = BYTES_OF(name_der),
		.subject = BYTES_OF(name_der),
		.spki = {spki, (size_t)len},
		.not_after_ms = 4102444800000, /* 2100 */
		.extensions = extensions,
		.n_extensions = ARRAY_LEN(extensions),
	};
	struct octets der;

	ck_assert_int_eq(certificate_build(&parts, signer, &der), 0);
	OPENSSL_free(spki);
	return der;
}

/* OpenSSL's CMP module accepts the protection: under the secret, or the certificate. */
static bool valid_for_openssl(struct octets der, const char *secret, struct octets certificate)
{
	const unsigned char *p = der.data, *q = certificate.data;
	OSSL_CMP_MSG *msg = d2i_OSSL_CMP_MSG(NULL, &p, (long)der.len);
	X509 *cert = certificate.data ? d2i_X509(NULL, &q, (long)certificate.len) : NULL;
	OSSL_CMP_CTX *ctx = OSSL_CMP_CTX_new(NULL, NULL);
	bool valid;

	ck_assert_ptr_nonnull(msg);
	OSSL_CMP_CTX_set_log_verbosity(ctx, OSSL_CMP_LOG_EMERG);
	if (secret)
		OSSL_CMP_CTX_set1_secretValue(ctx, (const unsigned char *)secret,
					      (int)strlen(secret));
	if (cert)
		OSSL_CMP_CTX_set1_srvCert(ctx, cert);
	valid = OSSL_CMP_validate_msg(ctx, msg) == 1;
	ERR_clear_error();
	OSSL_CMP_CTX_free(ctx);
	X509_free(cert);
	OSSL_CMP_MSG_free(msg);
	return valid;
}

START_TEST(test_encode_signed)
{
	_cleanup_(octets_clear) struct octets sender = sender_of(), der = OCTETS_NULL;
	_cleanup_(octets_clear) struct octets certificate = OCTETS_NULL;
	_cleanup_(signer_freep) struct signer *signer = NULL;
	PKIBody *body = cmp_error_body_new(PKI_STATUS_REJECTION, "no", FAIL_BAD_POP);
	struct cmp_outgoing out = outgoing(body, octets_view(&sender));
	EVP_PKEY *key = signer_key(_i), *other = signer_key(_i);
	struct refusal refusal = REFUSAL_NULL;
	struct cmp_protector protector;
	struct cmp_message *msg;
	struct bytes certs[1];

	ck_assert_int_eq(signer_new(key, signers[_i].digest, &signer), 0);
	certificate = self_signed(key, signer);
	certs[0] = octets_view(&certificate);
	out.extra_certs = certs;
	out.n_extra_certs = 1;
	protector = (struct cmp_protector){.kind = CMP_PROTECTION_SIGNATURE, .signer = signer};
	der = encoded(&out, &protector);
	ck_assert(valid_for_openssl(der, NULL, certificate));

	msg = decoded(der);
	ck_assert_int_eq(cmp_message_protection_kind(msg), CMP_PROTECTION_SIGNATURE);
	ck_assert_int_eq(cmp_protection_verify_signature(msg, key, &refusal), 0);
	ck_assert_int_eq(cmp_protection_verify_signature(msg, other, &refusal), REFUSED);
	ck_assert_int_eq(refusal.reason, REFUSAL_protection_wrong);
	ck_assert(bytes_equal(cmp_message_extra_cert(msg, 0), certs[0]));
	cmp_message_free(msg);
	EVP_PKEY_free(other);
	EVP_PKEY_free(key);
	PKIBody_free(body);
}
END_TEST

START_TEST(test_encode_mac)
{
	static const struct cmp_mac_policy policy = {100, 100000};
	_cleanup_(octets_clear) struct octets sender = sender_of(), der = OCTETS_NULL;
	PKIBody *body = cmp_body_new(PKI_BODY_PKICONF);
	struct cmp_outgoing out = outgoing(body, octets_view(&sender));
	struct refusal refusal = REFUSAL_NULL;
	X509_ALGOR *alg = NULL, *second = NULL;
	struct cmp_protector protector;
	struct cmp_message *msg;

	ck_assert_int_eq(cmp_mac_algorithm_new(500, &alg), 0);
	ck_assert_int_eq(cmp_mac_algorithm_new(500, &second), 0);
	ck_assert_int_ne(X509_ALGOR_cmp(alg, second), 0); /* fresh salt */
	protector = (struct cmp_protector){.kind = CMP_PROTECTION_MAC,
					   .secret = bytes_of_string("secret"),
					   .mac_algorithm = alg};
	der = encoded(&out, &protector);
	ck_assert(valid_for_openssl(der, "secret", OCTETS_NULL));
	ck_assert(!valid_for_openssl(der, "other", OCTETS_NULL));
	msg = decoded(der);
	ck_assert_int_eq(cmp_message_protection_kind(msg), CMP_PROTECTION_MAC);
	ck_assert_int_eq(cmp_protection_verify_mac(msg, protector.secret, &policy, &refusal), 0);
	cmp_message_free(msg);
	X509_ALGOR_free(second);
	X509_ALGOR_free(alg);
	PKIBody_free(body);
}
END_TEST

static PKIHeader *header_of(const struct cmp_message *msg)
{
	const unsigned char *p = msg->header_der.data;
	PKIHeader *header = d2i_PKIHeader(NULL, &p, (long)msg->header_der.len);

	ck_assert_ptr_nonnull(header);
	return header;
}

START_TEST(test_encode_header_rfc4210_5_1_1)
{
	static const uint8_t cert_profile[] = {0x30, 0x03, 0x0c, 0x01, 'x'};
	static const struct cmp_protector none = {.kind = CMP_PROTECTION_NONE};
	const struct cmp_info infos[] = {{"1.3.6.1.5.5.7.4.21", BYTES_OF(cert_profile)},
					 {"1.3.6.1.5.5.7.4.2", {NULL, 0}}};
	_cleanup_(octets_clear) struct octets sender = sender_of(), der = OCTETS_NULL;
	PKIBody *body = cmp_body_new(PKI_BODY_PKICONF);
	struct cmp_outgoing out = outgoing(body, octets_view(&sender));
	const InfoTypeAndValue *info;
	struct cmp_message *msg;
	PKIHeader *h;

	out.pvno = 3;
	out.implicit_confirm = true;
	out.confirm_wait_time_ms = 1795424700000;
	out.infos = infos;
	out.n_infos = 2;
	der = encoded(&out, &none);
	msg = decoded(der);
	h = header_of(msg);
	ck_assert_int_eq(msg->pvno, 3);
	ck_assert(bytes_equal(msg->transaction_id, BYTES_OF(transaction_id)));
	ck_assert(bytes_equal(msg->sender_nonce, BYTES_OF(sender_nonce)));
	ck_assert(bytes_equal(msg->recip_nonce, BYTES_OF(recip_nonce)));
	ck_assert(bytes_equal(msg->sender_kid, BYTES_OF(sender_kid)));
	ck_assert_str_eq((const char *)h->messageTime->data, "20261123090000Z");
	ck_assert_int_eq(h->sender->type, GEN_DIRNAME);
	ck_assert_int_eq(X509_NAME_entry_count(h->sender->d.directoryName), 1);
	ck_assert_int_eq(h->recipient->type, GEN_DIRNAME);
	ck_assert_int_eq(X509_NAME_entry_count(h->recipient->d.directoryName), 0);
	ck_assert_int_eq(cmp_message_protection_kind(msg), CMP_PROTECTION_NONE);
	ck_assert(!msg->has_protection);
	ck_assert_uint_eq(msg->n_extra_certs, 0);
	ck_assert_int_eq(sk_InfoTypeAndValue_num(h->generalInfo), 4);
	info = cmp_message_general_info(msg, OBJ_nid2obj(NID_id_it_implicitConfirm));
	ck_assert_int_eq(info->infoValue->type, V_ASN1_NULL);
	info = cmp_message_general_info(msg, OBJ_nid2obj(NID_id_it_confirmWaitTime));
	ck_assert_int_eq(info->infoValue->type, V_ASN1_GENERALIZEDTIME);
	ck_assert_str_eq((const char *)info->infoValue->value.generalizedtime->data,
			 "20261123090500Z");
	info = sk_InfoTypeAndValue_value(h->generalInfo, 2);
	ck_assert_int_eq(info->infoValue->type, V_ASN1_SEQUENCE);
	info = sk_InfoTypeAndValue_value(h->generalInfo, 3);
	ck_assert_int_eq(OBJ_obj2nid(info->infoType), NID_id_it_signKeyPairTypes);
	ck_assert_ptr_null(info->infoValue);
	PKIHeader_free(h);
	cmp_message_free(msg);
	PKIBody_free(body);
}
END_TEST

/* What is empty or zero is left out. */
START_TEST(test_encode_header_minimal)
{
	static const struct cmp_protector none = {.kind = CMP_PROTECTION_NONE};
	_cleanup_(octets_clear) struct octets sender = sender_of(), der = OCTETS_NULL;
	PKIBody *body = cmp_body_new(PKI_BODY_PKICONF);
	const struct cmp_outgoing out = {.pvno = 2, .sender = octets_view(&sender), .body = body};
	struct cmp_message *msg;
	PKIHeader *h;

	der = encoded(&out, &none);
	msg = decoded(der);
	h = header_of(msg);
	ck_assert(!h->messageTime && !h->protectionAlg && !h->senderKID && !h->recipKID);
	ck_assert(!h->transactionID && !h->senderNonce && !h->recipNonce && !h->freeText);
	ck_assert_ptr_null(h->generalInfo);
	PKIHeader_free(h);
	cmp_message_free(msg);
	PKIBody_free(body);
}
END_TEST

START_TEST(test_encode_bad_oid)
{
	static const struct cmp_protector none = {.kind = CMP_PROTECTION_NONE};
	static const struct cmp_info info = {"not an oid", {NULL, 0}};
	_cleanup_(octets_clear) struct octets sender = sender_of(), der = OCTETS_NULL;
	PKIBody *body = cmp_body_new(PKI_BODY_PKICONF);
	struct cmp_outgoing out = outgoing(body, octets_view(&sender));

	out.infos = &info;
	out.n_infos = 1;
	ck_assert_int_eq(cmp_message_encode(&out, &none, &der), -EINVAL);
	ck_assert_ptr_null(der.data);
	PKIBody_free(body);
}
END_TEST

START_TEST(test_body_new)
{
	PKIBody *body = cmp_body_new((enum pki_body_type)_i);

	ck_assert_ptr_nonnull(body);
	ck_assert_int_eq(body->type, _i);
	ck_assert_ptr_nonnull(body->value.certReqMessages);
	PKIBody_free(body);
}
END_TEST

/* RFC 4210 5.2.3; trailing zero bits of a named bit list are not encoded, X.690 11.2.2 */
static const struct {
	int failinfo;
	const char *hex; /* of the PKIStatusInfo */
} statuses[] = {
	{-1, "3003020102"},
	{FAIL_BAD_ALG, "300702010203020780"},
	{FAIL_BAD_POP, "30080201020303060040"},
	{FAIL_DUPLICATE_CERT_REQ, "300a02010203050500000020"},
};

START_TEST(test_status_info)
{
	PKIStatusInfo *info =
		cmp_status_info_new(PKI_STATUS_REJECTION, NULL, statuses[_i].failinfo);
	unsigned char *der = NULL;
	uint8_t expected[32];
	size_t len;

	ck_assert_int_eq(hex_to_bytes(statuses[_i].hex, expected, sizeof(expected), &len), 0);
	ck_assert_int_eq(i2d_PKIStatusInfo(info, &der), (int)len);
	ck_assert_mem_eq(der, expected, len);
	OPENSSL_free(der);
	PKIStatusInfo_free(info);
}
END_TEST

START_TEST(test_status_text)
{
	PKIStatusInfo *info = cmp_status_info_new(PKI_STATUS_WAITING, "wait", -1);

	ck_assert_int_eq(ASN1_INTEGER_get(info->status), 3);
	ck_assert_ptr_null(info->failInfo);
	ck_assert_int_eq(sk_ASN1_UTF8STRING_num(info->statusString), 1);
	ck_assert_mem_eq(sk_ASN1_UTF8STRING_value(info->statusString, 0)->data, "wait", 4);
	PKIStatusInfo_free(info);
}
END_TEST

static Suite *encode_suite(void)
{
	Suite *suite = suite_create("encode");
	TCase *tc = tcase_create("encode");

	tcase_add_loop_test(tc, test_encode_signed, 0, ARRAY_LEN(signers));
	tcase_add_test(tc, test_encode_mac);
	tcase_add_test(tc, test_encode_header_rfc4210_5_1_1);
	tcase_add_test(tc, test_encode_header_minimal);
	tcase_add_test(tc, test_encode_bad_oid);
	tcase_add_loop_test(tc, test_body_new, 0, PKI_BODY_COUNT);
	tcase_add_loop_test(tc, test_status_info, 0, ARRAY_LEN(statuses));
	tcase_add_test(tc, test_status_text);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(encode_suite, SUITE_FORKS)
