// SPDX-License-Identifier: Apache-2.0
/*
 * Reading private keys of hostile origin. OpenSSL's decoder is given only what has the algorithm of
 * the public key that it is to belong to, so that no parameters come from outside, and no operation
 * is done with numbers that are larger than those of the public key.
 */
#include "asn1/private_key.h"

#include "asn1/der.h"
#include "base/log.h"
#include "envelope_local.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <string.h>

enum {
	TAG_INTEGER = 0x02,
	TAG_OCTET_STRING = 0x04,
	TAG_UTF8_STRING = 0x0c,
	TAG_SEQUENCE = 0x30,
	TAG_ATTRIBUTES = 0xa0,
	TAG_PUBLIC_KEY = 0x81,
	TAG_CONTEXT = 0x80,
};

int private_key_write(EVP_PKEY *key, struct octets *derp)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;
	int len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
	int err = -EIO;

	if (len > 0)
		err = octets_dup((struct bytes){der, (size_t)len}, derp);
	if (der)
		OPENSSL_clear_free(der, (size_t)len);
	PKCS8_PRIV_KEY_INFO_free(info);
	return err ? log_fault("encode a private key", err, NULL) : 0;
}

static EVP_PKEY *pkcs8_decode(struct bytes der)
{
	const unsigned char *p = der.data;
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.len);
	EVP_PKEY *key = info ? EVP_PKCS82PKEY(info) : NULL;

	PKCS8_PRIV_KEY_INFO_free(info);
	ERR_clear_error();
	return key;
}

int private_key_read(struct bytes der, EVP_PKEY **keyp)
{
	*keyp = pkcs8_decode(der);
	return *keyp ? 0 : log_fault("decode a private key", -EIO, NULL);
}

/* --- what lies in the envelope --- */

/*
 * EncKeyWithID ::= SEQUENCE {
 *     privateKey   PrivateKeyInfo,
 *     identifier   CHOICE { string UTF8String, generalName GeneralName } OPTIONAL }
 */
int private_key_view_with_id(struct bytes content, struct private_key_view *view)
{
	struct bytes in, inner;
	uint8_t tag;

	*view = (struct private_key_view){BYTES_NULL, BYTES_NULL};
	if (der_check(content) || envelope_expect(&content, TAG_SEQUENCE, &in) ||
	    der_next(&in, &tag, &view->key, &inner) || tag != TAG_SEQUENCE)
		return -EBADMSG;
	if (in.len == 0)
		return 0;
	if (der_next(&in, &tag, &view->identifier, &inner) || in.len ||
	    (tag != TAG_UTF8_STRING && !(tag & TAG_CONTEXT)))
		return -EBADMSG;
	return 0;
}

int private_key_view_package(struct bytes content, struct private_key_view *view)
{
	struct bytes whole = content, in, inner;
	uint8_t tag;

	*view = (struct private_key_view){content, BYTES_NULL};
	if (der_check(content) || envelope_expect(&whole, TAG_SEQUENCE, &in) || in.len == 0)
		return -EBADMSG;
	/* OneAsymmetricKey begins with its version, the package with its element. */
	if (in.data[0] == TAG_INTEGER)
		return 0;
	if (der_next(&in, &tag, &view->key, &inner) || tag != TAG_SEQUENCE || in.len)
		return -EBADMSG;
	return 0;
}

/* --- one key --- */

struct one_key {
	struct bytes algorithm;   /* TLV */
	struct bytes private_key; /* contents of the OCTET STRING */
};

/*
 * RFC 5958 2
 * OneAsymmetricKey ::= SEQUENCE {
 *     version                  Version,  -- v1(0), v2(1)
 *     privateKeyAlgorithm      PrivateKeyAlgorithmIdentifier,
 *     privateKey               OCTET STRING,
 *     attributes           [0] IMPLICIT Attributes OPTIONAL,
 *     publicKey            [1] IMPLICIT BIT STRING OPTIONAL }
 *
 * publicKey is not looked at: the one that is certified counts.
 */
static int one_key_view(struct bytes one, struct one_key *view)
{
	struct bytes in, version, tlv, content;
	uint8_t tag;

	if (der_check(one) || envelope_expect(&one, TAG_SEQUENCE, &in) ||
	    envelope_expect(&in, TAG_INTEGER, &version) || version.len != 1 || version.data[0] > 1)
		return -EBADMSG;
	if (der_next(&in, &tag, &view->algorithm, &content) || tag != TAG_SEQUENCE ||
	    envelope_expect(&in, TAG_OCTET_STRING, &view->private_key))
		return -EBADMSG;
	if (in.len && in.data[0] == TAG_ATTRIBUTES && der_next(&in, &tag, &tlv, &content))
		return -EBADMSG;
	/* RFC 5958 2: publicKey is of v2. */
	if (in.len && version.data[0] == 1 && in.data[0] == TAG_PUBLIC_KEY &&
	    der_next(&in, &tag, &tlv, &content))
		return -EBADMSG;
	return in.len ? -EBADMSG : 0;
}

/* The algorithm of the public key; of RSA the NULL may be there or not. */
static bool algorithm_fits(struct bytes algorithm, const SubjectPublicKeyInfo *spki)
{
	const unsigned char *p = algorithm.data;
	X509_ALGOR *a = d2i_X509_ALGOR(NULL, &p, (long)algorithm.len);
	bool fits = a && X509_ALGOR_cmp(a, spki->algorithm) == 0;

	if (a && !fits)
		fits = OBJ_obj2nid(a->algorithm) == NID_rsaEncryption &&
		       OBJ_obj2nid(spki->algorithm->algorithm) == NID_rsaEncryption;
	X509_ALGOR_free(a);
	ERR_clear_error();
	return fits;
}

/* PrivateKeyInfo of v1 again, which is what every version of the library reads. */
static EVP_PKEY *key_of(const struct one_key *one, const SubjectPublicKeyInfo *spki)
{
	static const uint8_t version_v1 = 0;
	_cleanup_(der_writer_clear) struct der_writer w = {.secret = true};
	unsigned char *algorithm = NULL;
	int len = i2d_X509_ALGOR(spki->algorithm, &algorithm);

	if (len <= 0)
		return NULL;
	der_put_value(&w, TAG_OCTET_STRING, one->private_key);
	der_put(&w, (struct bytes){algorithm, (size_t)len});
	der_put_value(&w, TAG_INTEGER, (struct bytes){&version_v1, 1});
	der_put_header(&w, TAG_SEQUENCE, 0);
	OPENSSL_free(algorithm);
	return w.failed ? NULL : pkcs8_decode(der_written(&w));
}

/* --- EC --- */

static void bn_clear_freep(BIGNUM **n)
{
	BN_clear_free(*n);
}

static EVP_PKEY *ec_key_make(const char *group, struct bytes point, const BIGNUM *scalar)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (builder &&
	    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) &&
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.data,
					     point.len) &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar))
		params = OSSL_PARAM_BLD_to_param(builder);
	if (ctx && params && EVP_PKEY_fromdata_init(ctx) > 0)
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/*
 * RFC 5915 3
 * ECPrivateKey ::= SEQUENCE {
 *     version        INTEGER { ecPrivkeyVer1(1) },
 *     privateKey     OCTET STRING,
 *     parameters [0] ECParameters {{ NamedCurve }} OPTIONAL,
 *     publicKey  [1] BIT STRING OPTIONAL }
 *
 * Only the number is taken: curve and point are those that are certified.
 */
static int ec_key_of(struct bytes der, EVP_PKEY *key, EVP_PKEY **keyp)
{
	_cleanup_(bn_clear_freep) BIGNUM *scalar = NULL;
	struct bytes in, version, octets;
	char group[64];
	uint8_t point[1 + 2 * 66];
	size_t point_len = 0;

	if (der_check(der) || envelope_expect(&der, TAG_SEQUENCE, &in) ||
	    envelope_expect(&in, TAG_INTEGER, &version) || version.len != 1 ||
	    version.data[0] != 1 || envelope_expect(&in, TAG_OCTET_STRING, &octets) ||
	    octets.len > ((size_t)EVP_PKEY_get_bits(key) + 7) / 8)
		return -EBADMSG;
	if (!EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) ||
	    !EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
					     &point_len))
		return log_fault("read a public key", -EIO, NULL);
	scalar = BN_bin2bn(octets.data, (int)octets.len, NULL);
	if (scalar)
		*keyp = ec_key_make(group, (struct bytes){point, point_len}, scalar);
	ERR_clear_error();
	return *keyp ? 0 : -EKEYREJECTED;
}

/* --- RSA --- */

/* RSAPrivateKey of two factors, RFC 8017 A.1.2, as the library has it. */
enum { RSA_N, RSA_D, RSA_P, RSA_Q, RSA_DP, RSA_DQ, RSA_QINV, RSA_NUMBERS };

static bool rsa_numbers_get(EVP_PKEY *key, BIGNUM *number[RSA_NUMBERS])
{
	static const char *const names[RSA_NUMBERS] = {
		[RSA_N] = OSSL_PKEY_PARAM_RSA_N,
		[RSA_D] = OSSL_PKEY_PARAM_RSA_D,
		[RSA_P] = OSSL_PKEY_PARAM_RSA_FACTOR1,
		[RSA_Q] = OSSL_PKEY_PARAM_RSA_FACTOR2,
		[RSA_DP] = OSSL_PKEY_PARAM_RSA_EXPONENT1,
		[RSA_DQ] = OSSL_PKEY_PARAM_RSA_EXPONENT2,
		[RSA_QINV] = OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
	};
	int bits = EVP_PKEY_get_bits(key);
	BIGNUM *third = NULL;
	bool ok = true;

	for (int i = 0; i < RSA_NUMBERS; i++)
		ok = EVP_PKEY_get_bn_param(key, names[i], &number[i]) &&
		     BN_num_bits(number[i]) <= bits && !BN_is_zero(number[i]) && ok;
	/* A key of three factors has no use. */
	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_FACTOR3, &third))
		ok = false;
	BN_clear_free(third);
	return ok;
}

/* e.g. dP == d mod (p - 1) */
static bool exponent_fits(const BIGNUM *d, const BIGNUM *prime, const BIGNUM *exponent, BN_CTX *ctx)
{
	BIGNUM *order = BN_CTX_get(ctx), *rest = BN_CTX_get(ctx);

	return rest && BN_sub(order, prime, BN_value_one()) && !BN_is_zero(order) &&
	       BN_mod(rest, d, order, ctx) && BN_cmp(rest, exponent) == 0;
}

/*
 * Whether the numbers fit each other, so that every software computes the same with them, and none
 * is larger than the modulus.
 */
static bool rsa_numbers_fit(EVP_PKEY *key)
{
	BIGNUM *n[RSA_NUMBERS] = {NULL}, *product;
	BN_CTX *ctx = BN_CTX_secure_new();
	bool fits = ctx && rsa_numbers_get(key, n);

	if (fits) {
		BN_CTX_start(ctx);
		product = BN_CTX_get(ctx);
		fits = product && BN_mul(product, n[RSA_P], n[RSA_Q], ctx) &&
		       BN_cmp(product, n[RSA_N]) == 0 &&
		       BN_mod_mul(product, n[RSA_Q], n[RSA_QINV], n[RSA_P], ctx) &&
		       BN_is_one(product) && exponent_fits(n[RSA_D], n[RSA_P], n[RSA_DP], ctx) &&
		       exponent_fits(n[RSA_D], n[RSA_Q], n[RSA_DQ], ctx);
		BN_CTX_end(ctx);
	}
	for (int i = 0; i < RSA_NUMBERS; i++)
		BN_clear_free(n[i]);
	BN_CTX_free(ctx);
	return fits;
}

/* Signs with the one and verifies with the other. */
static bool rsa_signs(EVP_PKEY *private_key, EVP_PKEY *key)
{
	static const uint8_t text[] = "does the private key belong to the public key?";
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = (size_t)EVP_PKEY_get_size(key);
	uint8_t *signature = malloc(len);
	bool ok = ctx && signature &&
		  EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, private_key, NULL) > 0 &&
		  EVP_DigestSign(ctx, signature, &len, text, sizeof(text)) > 0;

	ok = ok && EVP_MD_CTX_reset(ctx) &&
	     EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, key, NULL) > 0 &&
	     EVP_DigestVerify(ctx, signature, len, text, sizeof(text)) > 0;
	EVP_MD_CTX_free(ctx);
	free(signature);
	return ok;
}

/* --- any kind --- */

static bool pair_checked(EVP_PKEY *private_key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, private_key, NULL);
	bool ok = ctx && EVP_PKEY_pairwise_check(ctx) > 0;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/* That the library calls two keys equal says nothing of the private part. */
static bool pair_fits(EVP_PKEY *private_key, EVP_PKEY *key)
{
	bool fits = EVP_PKEY_eq(private_key, key) == 1;

	/* The library's own check of RSA keys looks for primes, which takes too long. */
	if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS"))
		fits = fits && rsa_numbers_fit(private_key) && rsa_signs(private_key, key);
	else
		fits = fits && pair_checked(private_key);
	ERR_clear_error();
	return fits;
}

int private_key_take(struct bytes one, const SubjectPublicKeyInfo *spki, EVP_PKEY *key,
		     EVP_PKEY **keyp)
{
	EVP_PKEY *private_key = NULL;
	struct one_key view;
	int err = one_key_view(one, &view);

	if (!err && !algorithm_fits(view.algorithm, spki))
		err = -EKEYREJECTED;
	if (!err && EVP_PKEY_is_a(key, "EC"))
		err = ec_key_of(view.private_key, key, &private_key);
	else if (!err && !(private_key = key_of(&view, spki)))
		err = -EBADMSG;
	if (!err && !pair_fits(private_key, key))
		err = -EKEYREJECTED;
	if (err)
		EVP_PKEY_free(private_key);
	else
		*keyp = private_key;
	return err;
}
