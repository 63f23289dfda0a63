// SPDX-License-Identifier: Apache-2.0
/*
 * Public keys that prove nothing, since anybody has the private key or needs none: refused, each by
 * its own reason, once the requester is known to ask for its own entity.
 */
#include "granted.h"
#include "suite.h"

#include <check.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <string.h>

#define h granted_house

static void keys_setup(void)
{
	house_open(&h, "", "");
	house_register(&h, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
}

/* An RSA key of that modulus and exponent, which are freed. */
static EVP_PKEY *rsa_public(BIGNUM *n, BN_ULONG exponent)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *e = BN_new();
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;

	HOUSE_CHECK(BN_set_word(e, exponent) &&
		    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
		    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e));
	params = OSSL_PARAM_BLD_to_param(builder);
	HOUSE_CHECK(params && EVP_PKEY_fromdata_init(ctx) > 0 &&
		    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) > 0);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(ctx);
	BN_free(e);
	BN_free(n);
	return key;
}

static BIGNUM *prime(int bits)
{
	BIGNUM *p = BN_new();

	HOUSE_CHECK(BN_generate_prime_ex(p, bits, 0, NULL, NULL, NULL));
	return p;
}

static BIGNUM *product(BIGNUM *p, BIGNUM *q)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *n = BN_new();

	HOUSE_CHECK(BN_mul(n, p, q, ctx));
	BN_CTX_free(ctx);
	BN_free(p);
	BN_free(q);
	return n;
}

static EVP_PKEY *good(void)
{
	return rsa_public(product(prime(1024), prime(1024)), 65537);
}

static EVP_PKEY *exponent_3(void)
{
	return rsa_public(product(prime(1024), prime(1024)), 3);
}

static EVP_PKEY *of_one_prime(void)
{
	return rsa_public(prime(2048), 65537);
}

static EVP_PKEY *of_a_small_prime(void)
{
	BIGNUM *p = BN_new();

	HOUSE_CHECK(BN_set_word(p, 751));
	return rsa_public(product(p, prime(2040)), 65537);
}

static EVP_PKEY *of_neighbours(void)
{
	BIGNUM *p = prime(1024), *q = BN_dup(p);

	do
		BN_add_word(q, 2);
	while (BN_check_prime(q, NULL, NULL) != 1);
	return rsa_public(product(p, q), 65537);
}

/* As in test_keys.c. */
static EVP_PKEY *of_roca(void)
{
	BIGNUM *n = NULL;

	HOUSE_CHECK(BN_hex2bn(&n,
			      "d4008acfb6ded49c8d031147e790553c5f011098a78dfeb6eeac8d286a22a5a5"
			      "0f5621890adac8f6480159b61edf822de5cb9033154656e659e21e85ca7cf9c0"
			      "4fc648cad4e5ba374ddbef12c02c039fdcfe260c4628f293940ba7858a800cd6"
			      "1051723b3ee4d981ec0f650994b9bfb815cea39003b2630b9ce49ba9b31518e4"
			      "25150160f4b82f32b0ddde906a20649e95053ace6024791b1dbb883c88d8e62f"
			      "e0d14327cb5f3f0565f4007561ee476443b7bf40c099e06150ede05242c603ba"
			      "c08d233be7078beabe5e0b117322afeea800fd18b19fafeb36385b3dd3ab8e0a"
			      "599bf6e481ad21de73bb642bc2ec745c9ac0fc9eb37dfbd1e4535fc1bb926f91"));
	return rsa_public(n, 65537);
}

static EVP_PKEY *raw_key(int type, size_t len)
{
	static const uint8_t one[57] = {1};

	return EVP_PKEY_new_raw_public_key(type, NULL, one, len);
}

static EVP_PKEY *ed25519_identity(void)
{
	return raw_key(EVP_PKEY_ED25519, 32);
}

static EVP_PKEY *ed448_identity(void)
{
	return raw_key(EVP_PKEY_ED448, 57);
}

static EVP_PKEY *x25519_one(void)
{
	return raw_key(EVP_PKEY_X25519, 32);
}

static EVP_PKEY *x448_one(void)
{
	return raw_key(EVP_PKEY_X448, 56);
}

enum { GRANTED = REFUSAL_NONE };

static const struct key_row {
	const char *name;
	EVP_PKEY *(*make)(void);
	int reason;
} key_rows[] = {
	{"RSA", good, GRANTED},
	{"RSA, e = 3", exponent_3, REFUSAL_public_key_exponent},
	{"RSA, n is a prime", of_one_prime, REFUSAL_public_key_prime},
	{"RSA, 751 is a factor", of_a_small_prime, REFUSAL_public_key_small_factor},
	{"RSA, primes side by side", of_neighbours, REFUSAL_public_key_close_primes},
	{"RSA, CVE-2017-15361", of_roca, REFUSAL_public_key_roca},
	{"Ed25519, the identity", ed25519_identity, REFUSAL_public_key_proves_nothing},
	{"Ed448, the identity", ed448_identity, REFUSAL_public_key_proves_nothing},
	{"X25519, order 4", x25519_one, REFUSAL_public_key_proves_nothing},
	{"X448, order 4", x448_one, REFUSAL_public_key_proves_nothing},
};

static void text_check(const struct key_row *row, const struct told *told, int reason)
{
	const ASN1_UTF8STRING *text;

	if (reason == GRANTED) {
		ck_assert_msg(told_failinfo(told) == -1, "%s: refused", row->name);
		return;
	}
	text = sk_ASN1_UTF8STRING_value(told_status(told)->statusString, 0);
	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq((const char *)ASN1_STRING_get0_data(text),
			 refusal_text((enum refusal_reason)reason));
}

/* The RA has seen the proof of possession: nobody here has the private keys. */
static void ask_for_key(struct ask *a, const struct house_credential *who, const char *cn,
			EVP_PKEY *key)
{
	CertReqMsg *msg;

	ask_new(a, &h, who);
	ask_certreq(a, PKI_BODY_CR, cn);
	msg = ask_request(a);
	SubjectPublicKeyInfo_free(msg->certReq->certTemplate->publicKey);
	HOUSE_CHECK(!spki_from_key(key, &msg->certReq->certTemplate->publicKey));
	EVP_PKEY_free(key);
	ProofOfPossession_free(msg->popo);
	msg->popo = ProofOfPossession_new();
	msg->popo->type = POPO_RA_VERIFIED;
	msg->popo->value.raVerified = ASN1_NULL_new();
	a->keep_pop = true;
}

START_TEST(keys_that_prove_nothing)
{
	const struct key_row *row = &key_rows[_i];
	struct told told;
	struct ask a;

	ask_for_key(&a, &h.ra, "vnfci-a", row->make());
	ask_send(&a, &told);
	text_check(row, &told, row->reason);
	granted_done(&a, &told);
}
END_TEST

/* Looking at a modulus costs as much as signing with it: not for who may not ask. */
START_TEST(requester_before_modulus)
{
	static const struct key_row row = {"of another", of_one_prime, GRANTED};
	struct told told;
	struct ask a;

	ask_for_key(&a, &h.ra, "vnfci-unknown", row.make());
	ask_send(&a, &told);
	text_check(&row, &told, REFUSAL_entity_not_authorized);
	granted_done(&a, &told);
}
END_TEST

START_TEST(exponent_by_configuration)
{
	struct told told;
	struct ask a;

	granted_teardown();
	house_open(&h, "rsa_exponent_min = 3\n", "");
	house_register(&h, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	ask_for_key(&a, &h.ra, "vnfci-a", exponent_3());
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	granted_done(&a, &told);
}
END_TEST

/* R is the identity, S is 0: a signature of any message. */
START_TEST(proof_of_possession_is_none)
{
	static const uint8_t signature[64] = {1};
	POPOSigningKey *pop;
	struct told told;
	struct ask a;

	ask_for_key(&a, &h.vnfm_a, "vnfci-a", ed25519_identity());
	ProofOfPossession_free(ask_request(&a)->popo);
	ask_request(&a)->popo = ProofOfPossession_new();
	ask_request(&a)->popo->type = POPO_SIGNATURE;
	pop = ask_request(&a)->popo->value.signature = POPOSigningKey_new();
	HOUSE_CHECK(X509_ALGOR_set0(pop->algorithmIdentifier, OBJ_nid2obj(NID_ED25519),
				    V_ASN1_UNDEF, NULL));
	HOUSE_CHECK(ASN1_BIT_STRING_set(pop->signature, (uint8_t *)(uintptr_t)signature,
					sizeof(signature)));
	pop->signature->flags |= ASN1_STRING_FLAG_BITS_LEFT;
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_CERT_TEMPLATE);
	granted_done(&a, &told);
}
END_TEST

static Suite *door_keys_suite(void)
{
	Suite *suite = suite_create("door_keys");
	TCase *tc = tcase_create("keys");

	tcase_add_checked_fixture(tc, keys_setup, granted_teardown);
	tcase_add_loop_test(tc, keys_that_prove_nothing, 0, ARRAY_LEN(key_rows));
	tcase_add_test(tc, requester_before_modulus);
	tcase_add_test(tc, exponent_by_configuration);
	tcase_add_test(tc, proof_of_possession_is_none);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(door_keys_suite, SUITE_FORKS)
