// SPDX-License-Identifier: Apache-2.0
/*
 * The proof of possession of a PKCS#10, and the strength of keys, as any door asks for them:
 * without a CMP message. The requests are OpenSSL's.
 */
#include "cmf/proof.h"
#include "suite.h"

#include <check.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

/* --- PKCS#10 --- */

/* What a request is made of. */
struct request {
	const char *subject; /* CN; NULL: empty */
	const char *san;
	const char *digest; /* NULL: SHA256 */
	uint8_t version;
	bool forged; /* the signature is another */
};

struct bench {
	struct conf_protection conf;
	struct conf_client_policy policy;
	struct cmf_principal who;
	struct refusal refusal;
	struct octets der;
};

static void extension_add(X509_REQ *req, const char *san)
{
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();

	sk_X509_EXTENSION_push(list, X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san));
	ck_assert_int_eq(X509_REQ_add_extensions(req, list), 1);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

static void request_make(const struct request *what, struct octets *derp)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_REQ *req = X509_REQ_new();
	X509_NAME *name = X509_NAME_new();
	static const uint8_t version[] = {V_ASN1_INTEGER, 1, 0};
	unsigned char *der = NULL;
	uint8_t *at;
	int len;

	if (what->subject)
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
					   (const unsigned char *)what->subject, -1, -1, 0);
	X509_REQ_set_subject_name(req, name);
	X509_REQ_set_pubkey(req, key);
	if (what->san)
		extension_add(req, what->san);
	ck_assert_int_gt(
		X509_REQ_sign(req, key,
			      EVP_get_digestbyname(what->digest ? what->digest : "SHA256")),
		0);
	len = i2d_X509_REQ(req, &der);
	ck_assert_int_eq(octets_dup((struct bytes){der, (size_t)len}, derp), 0);
	/* Behind the headers of two sequences; OpenSSL 3.5 itself writes no other version than 0.
	 */
	at = memmem(derp->data, 8 + sizeof(version), version, sizeof(version));
	ck_assert_ptr_nonnull(at);
	at[2] = what->version;
	/* In the INTEGER s. */
	if (what->forged)
		derp->data[derp->len - 1] ^= 1;
	OPENSSL_free(der);
	X509_NAME_free(name);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
}

static void bench_begin(struct bench *b)
{
	*b = (struct bench){
		.conf = {.rsa_bits_min = 2048, .ec_bits_min = 256, .digest_bits_min = 224},
		.refusal = REFUSAL_NULL};
	b->who.policy = &b->policy;
}

static const struct {
	struct request request;
	enum refusal_reason reason;
} requests[] = {
	{{.subject = "vnfci-1"}, REFUSAL_NONE},
	{{.san = "DNS:vnfci-1"}, REFUSAL_NONE},
	{{.subject = "vnfci-1", .forged = true}, REFUSAL_pop_signature_wrong},
	{{.subject = "vnfci-1", .version = 1}, REFUSAL_p10_version},
	{{.subject = "vnfci-1", .digest = "SHA1"}, REFUSAL_pop_algorithm},
	{{0}, REFUSAL_template_names_nobody},
};

START_TEST(rfc9483_4_1_4_pkcs10_of_any_door)
{
	struct bench b;
	struct cmf_proof proof = {.conf = &b.conf, .who = &b.who, .refusal = &b.refusal};
	STACK_OF(X509_EXTENSION) *extensions = NULL;
	struct cmf_csr csr = {0};
	CertificationRequest *request;
	const unsigned char *p;
	int err;

	bench_begin(&b);
	request_make(&requests[_i].request, &b.der);
	p = b.der.data;
	request = d2i_CertificationRequest(NULL, &p, (long)b.der.len);
	ck_assert_ptr_nonnull(request);
	err = cmf_proof_pkcs10(&proof, request, octets_view(&b.der), &csr, &extensions);
	ck_assert_int_eq(err, requests[_i].reason == REFUSAL_NONE ? 0 : REFUSED);
	ck_assert_int_eq(b.refusal.reason, requests[_i].reason);
	if (err == 0) {
		ck_assert_ptr_eq(csr.spki, request->certificationRequestInfo->subjectPKInfo);
		ck_assert_int_eq(csr.key_kind.curve_nid, NID_X9_62_prime256v1);
		ck_assert(bytes_equal(csr.p10, octets_view(&b.der)));
		ck_assert_int_eq(extensions != NULL, requests[_i].request.san != NULL);
	}
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	CertificationRequest_free(request);
	octets_clear(&b.der);
}
END_TEST

/* --- strength --- */

static EVP_PKEY *rsa_key(int bits)
{
	return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
}

static const struct {
	const char *kind;
	const char *group; /* EC */
	int bits;          /* RSA */
	uint32_t conf_rsa, conf_ec, policy_rsa, policy_ec;
	bool strong;
} keys[] = {
	{"RSA", NULL, 2048, 2048, 256, 0, 0, true},
	{"RSA", NULL, 1024, 2048, 256, 0, 0, false},
	{"RSA", NULL, 2048, 2048, 256, 3072, 0, false},
	{"RSA", NULL, 1024, 1024, 521, 0, 521, true},
	{"EC", "P-256", 0, 2048, 256, 0, 0, true},
	{"EC", "P-256", 0, 2048, 257, 0, 0, false},
	{"EC", "P-224", 0, 2048, 256, 0, 0, false},
	{"EC", "P-521", 0, 16384, 521, 16384, 521, true},
	/* RFC 8032 5.1: a group of 253 bits counts as one of 256, as with NIST SP 800-57. */
	{"ED25519", NULL, 0, 2048, 256, 0, 256, true},
	{"ED25519", NULL, 0, 2048, 257, 0, 0, false},
	{"X25519", NULL, 0, 2048, 256, 0, 256, true},
	{"X25519", NULL, 0, 2048, 256, 0, 384, false},
	{"ED448", NULL, 0, 2048, 448, 0, 0, true},
	{"ED448", NULL, 0, 2048, 449, 0, 0, false},
	{"X448", NULL, 0, 2048, 448, 0, 448, true},
	{"X448", NULL, 0, 2048, 256, 0, 449, false},
	/* Of a kind that is none of ours. */
	{"SM2", NULL, 0, 0, 0, 0, 0, false},
};

START_TEST(rfc9481_7_strength)
{
	const struct conf_protection conf = {.rsa_bits_min = keys[_i].conf_rsa,
					     .ec_bits_min = keys[_i].conf_ec};
	const struct conf_client_policy policy = {.rsa_bits_min = keys[_i].policy_rsa,
						  .ec_bits_min = keys[_i].policy_ec};
	EVP_PKEY *key = keys[_i].bits    ? rsa_key(keys[_i].bits)
			: keys[_i].group ? EVP_EC_gen(keys[_i].group)
					 : EVP_PKEY_Q_keygen(NULL, NULL, keys[_i].kind);

	ck_assert_ptr_nonnull(key);
	ck_assert_msg(cmf_key_strong(key, &conf, &policy) == keys[_i].strong, "%d", _i);
	EVP_PKEY_free(key);
}
END_TEST

static Suite *cmf_proof_suite(void)
{
	Suite *suite = suite_create("cmf_proof");
	TCase *tc = tcase_create("proof");

	tcase_add_loop_test(tc, rfc9483_4_1_4_pkcs10_of_any_door, 0, ARRAY_LEN(requests));
	tcase_add_loop_test(tc, rfc9481_7_strength, 0, ARRAY_LEN(keys));
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(cmf_proof_suite, SUITE_FORKS)
