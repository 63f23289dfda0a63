// SPDX-License-Identifier: Apache-2.0
/*
 * Private keys of hostile origin: only the one that belongs to the public key is taken, whatever a
 * PrivateKeyInfo that libcrypto makes is changed to.
 */
#include "asn1/private_key.h"
#include "suite.h"

#include "asn1/der.h"
#include "asn1/spki.h"
#include "base/cleanup.h"

#include <check.h>
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

static EVP_PKEY *key_make(const char *kind)
{
	EVP_PKEY *key = kind[0] == 'P'   ? EVP_EC_gen(kind)
			: kind[0] == 'R' ? EVP_RSA_gen(2048)
					 : EVP_PKEY_Q_keygen(NULL, NULL, kind);

	return key;
}

/* The public half as it comes in a template. */
struct public_half {
	SubjectPublicKeyInfo *spki;
	EVP_PKEY *key;
};

static struct public_half public_half(EVP_PKEY *key)
{
	struct public_half half;
	struct spki_kind kind;

	ck_assert_int_eq(spki_from_key(key, &half.spki), 0);
	ck_assert_int_eq(spki_key(half.spki, &half.key, &kind), 0);
	return half;
}

/* What private_key_take() says of the octets; a key that it takes is the right one. */
static int taken(struct bytes der, EVP_PKEY *of)
{
	struct public_half half = public_half(of);
	EVP_PKEY *key = NULL;
	int err = private_key_take(der, half.spki, half.key, &key);

	if (!err)
		ck_assert_int_eq(EVP_PKEY_eq(key, of), 1);
	EVP_PKEY_free(key);
	EVP_PKEY_free(half.key);
	SubjectPublicKeyInfo_free(half.spki);
	return err;
}

static const char *const kinds[] = {"P-256", "P-384", "P-521", "RSA", "ED25519", "ED448", "X25519",
				    "X448",
				    /* Where the library has them. */
				    "ML-KEM-768", "ML-DSA-44", "SLH-DSA-SHA2-128f"};

START_TEST(test_own_and_other)
{
	EVP_PKEY *own = key_make(kinds[_i]), *other = key_make(kinds[_i]), *read = NULL;
	EVP_PKEY *stranger = key_make(kinds[(_i + 3) % 8]);
	struct octets der, again;

	if (!own) {
		EVP_PKEY_free(stranger);
		return;
	}
	ck_assert_int_eq(private_key_write(own, &der), 0);
	ck_assert_int_eq(taken(octets_view(&der), own), 0);
	ck_assert_int_eq(taken(octets_view(&der), other), -EKEYREJECTED);
	ck_assert_int_eq(taken(octets_view(&der), stranger), -EKEYREJECTED);
	/* What is kept can be read again. */
	ck_assert_int_eq(private_key_read(octets_view(&der), &read), 0);
	ck_assert_int_eq(private_key_write(read, &again), 0);
	ck_assert(bytes_equal(octets_view(&der), octets_view(&again)));
	/* Every truncation is refused. */
	for (size_t len = 0; len<der.len; len += der.len> 256 ? 17 : 1)
		ck_assert_int_eq(taken((struct bytes){der.data, len}, own), -EBADMSG);
	octets_clear(&der);
	octets_clear(&again);
	EVP_PKEY_free(read);
	EVP_PKEY_free(own);
	EVP_PKEY_free(other);
	EVP_PKEY_free(stranger);
}
END_TEST

/* Each octet changed: never another key, never a crash. */
START_TEST(test_changed)
{
	EVP_PKEY *own = key_make(kinds[_i]);
	struct octets der;
	int refused = 0, n = 0;

	if (!own)
		return;
	ck_assert_int_eq(private_key_write(own, &der), 0);
	for (size_t i = 0; i<der.len; i += der.len> 256 ? 13 : 1, n++) {
		der.data[i] ^= 0x15;
		refused += taken(octets_view(&der), own) != 0;
		der.data[i] ^= 0x15;
	}
	/* A public key that goes along is not looked at, and a bit of X25519 does not count. */
	ck_assert_int_gt(refused, n / 4);
	octets_clear(&der);
	EVP_PKEY_free(own);
}
END_TEST

/* --- RSAPrivateKey, RFC 8017 A.1.2: each number by itself --- */

enum { N, E, D, P, Q, DP, DQ, QINV, NUMBERS };

/* PrivateKeyInfo of those numbers. */
static struct octets rsa_write(const struct octets number[NUMBERS])
{
	static const uint8_t algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
					    0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
	static const uint8_t zero[] = {0};
	struct der_writer w = DER_WRITER_NULL;
	struct octets out;

	for (int i = NUMBERS; i-- > 0;)
		der_put_unsigned(&w, octets_view(&number[i]));
	der_put_unsigned(&w, BYTES_OF(zero));
	der_put_header(&w, 0x30, 0);
	der_put_header(&w, 0x04, 0);
	der_put(&w, BYTES_OF(algorithm));
	der_put_unsigned(&w, BYTES_OF(zero));
	der_put_header(&w, 0x30, 0);
	ck_assert_int_eq(der_writer_take(&w, &out), 0);
	return out;
}

static struct octets number_of(EVP_PKEY *key, const char *name)
{
	BIGNUM *n = NULL;
	struct octets out;

	ck_assert_int_eq(EVP_PKEY_get_bn_param(key, name, &n), 1);
	out.len = (size_t)BN_num_bytes(n);
	out.data = malloc(out.len);
	BN_bn2bin(n, out.data);
	BN_free(n);
	return out;
}

START_TEST(test_rsa_numbers)
{
	static const char *const names[NUMBERS] = {"n",
						   "e",
						   "d",
						   "rsa-factor1",
						   "rsa-factor2",
						   "rsa-exponent1",
						   "rsa-exponent2",
						   "rsa-coefficient1"};
	EVP_PKEY *own = EVP_RSA_gen(2048);
	struct octets number[NUMBERS], der, kept;

	for (int i = 0; i < NUMBERS; i++)
		number[i] = number_of(own, names[i]);
	der = rsa_write(number);
	ck_assert_int_eq(taken(octets_view(&der), own), 0);
	octets_clear(&der);
	/* Another number; one that is larger than the modulus, 12000 bits. */
	for (int larger = 0; larger < 2; larger++) {
		kept = number[_i];
		number[_i].len = larger ? 1500 : kept.len;
		number[_i].data = malloc(number[_i].len);
		memset(number[_i].data, 0x55, number[_i].len);
		der = rsa_write(number);
		ck_assert_int_eq(taken(octets_view(&der), own), -EKEYREJECTED);
		octets_clear(&der);
		octets_clear(&number[_i]);
		number[_i] = kept;
	}
	for (int i = 0; i < NUMBERS; i++)
		octets_clear(&number[i]);
	EVP_PKEY_free(own);
}
END_TEST

static Suite *private_key_suite(void)
{
	Suite *suite = suite_create("private_key");
	TCase *tcase = tcase_create("private_key");

	tcase_add_loop_test(tcase, test_own_and_other, 0, ARRAY_LEN(kinds));
	tcase_add_loop_test(tcase, test_changed, 0, ARRAY_LEN(kinds));
	tcase_add_loop_test(tcase, test_rsa_numbers, 0, NUMBERS);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(private_key_suite, SUITE_FORKS)
