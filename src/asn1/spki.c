// SPDX-License-Identifier: Apache-2.0
/*
 * Public keys from SubjectPublicKeyInfo. What a key may be used for is policy and not decided here.
 */
#include "asn1/spki.h"

#include "asn1/algorithm.h"
#include "asn1/der.h"
#include "base/log.h"
#include "key_point.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <pthread.h>

/*
 * RSA keys beyond these sizes cost more to use than any real one is worth; OpenSSL has the same
 * limits, but some of them only after arithmetic.
 */
#define RSA_MODULUS_BITS_MAX  16384
#define RSA_MODULUS_BITS_MIN  512
#define RSA_EXPONENT_BITS_MAX 64

static const struct curve {
	int nid;
	const char *group;
	int bits;
} curves[] = {
	{NID_X9_62_prime256v1, "P-256", 256},
	{NID_secp384r1, "P-384", 384},
	{NID_secp521r1, "P-521", 521},
};

/* Keys with parameters only, to be duplicated: written once, under pthread_once. */
static EVP_PKEY *curve_parameters[ARRAY_LEN(curves)];
static pthread_once_t curve_parameters_once = PTHREAD_ONCE_INIT;

static void curve_parameters_make(void)
{
	for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);

		if (ctx && EVP_PKEY_paramgen_init(ctx) > 0 &&
		    EVP_PKEY_CTX_set_group_name(ctx, curves[i].group) > 0)
			EVP_PKEY_paramgen(ctx, &curve_parameters[i]);
		EVP_PKEY_CTX_free(ctx);
	}
}

/* RFC 5480 2.2: compressed or uncompressed; neither hybrid nor the point at infinity. */
static bool point_form_valid(struct bytes point)
{
	return point.len > 0 && point.data[0] >= 0x02 && point.data[0] <= 0x04;
}

static int ec_key(const struct curve *curve, struct bytes point, EVP_PKEY **keyp)
{
	const EVP_PKEY *parameters;
	EVP_PKEY *key;

	if (!point_form_valid(point))
		return -EBADMSG;
	pthread_once(&curve_parameters_once, curve_parameters_make);
	parameters = curve_parameters[curve - curves];
	key = parameters ? EVP_PKEY_dup((EVP_PKEY *)parameters) : NULL;
	if (!key)
		return log_fault("make an EC key", -ENOMEM, NULL);
	/* Decoding the point checks that it is on the curve. */
	if (EVP_PKEY_set1_encoded_public_key(key, point.data, point.len) <= 0) {
		EVP_PKEY_free(key);
		ERR_clear_error();
		return -EBADMSG;
	}
	*keyp = key;
	return 0;
}

/* RFC 8017 A.1.1: RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER } */
static int rsa_numbers(struct bytes key, struct bytes *modulusp, struct bytes *exponentp)
{
	struct bytes tlv, content;
	uint8_t tag;

	if (der_next(&key, &tag, &tlv, &content) || tag != 0x30 || key.len)
		return -EBADMSG;
	if (der_next(&content, &tag, &tlv, modulusp) || tag != 0x02)
		return -EBADMSG;
	if (der_next(&content, &tag, &tlv, exponentp) || tag != 0x02 || content.len)
		return -EBADMSG;
	return 0;
}

/* Octets of a positive INTEGER without its sign octet; empty if it is not positive and minimal. */
static struct bytes magnitude_of(struct bytes integer)
{
	if (integer.len == 0 || (integer.data[0] & 0x80))
		return BYTES_NULL;
	if (integer.data[0] == 0) {
		integer.data++;
		integer.len--;
		if (integer.len == 0 || !(integer.data[0] & 0x80))
			return BYTES_NULL;
	}
	return integer;
}

/* Limits of size and oddness, before any arithmetic. 0, -EBADMSG, -ENOTSUP. */
static int rsa_check(struct bytes key, struct bytes *modulusp, struct bytes *exponentp)
{
	struct bytes n, e;

	if (rsa_numbers(key, &n, &e))
		return -EBADMSG;
	n = magnitude_of(n);
	e = magnitude_of(e);
	if (n.len == 0 || e.len == 0 || !(n.data[n.len - 1] & 1) || !(e.data[e.len - 1] & 1))
		return -EBADMSG;
	if (n.len > RSA_MODULUS_BITS_MAX / 8 || n.len < RSA_MODULUS_BITS_MIN / 8 ||
	    e.len > RSA_EXPONENT_BITS_MAX / 8)
		return -ENOTSUP;
	if (e.len == 1 && e.data[0] == 1)
		return -EBADMSG;
	*modulusp = n;
	*exponentp = e;
	return 0;
}

static EVP_PKEY *rsa_from_numbers(BIGNUM *n, BIGNUM *e)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (builder && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e))
		params = OSSL_PARAM_BLD_to_param(builder);
	if (ctx && params && EVP_PKEY_fromdata_init(ctx) > 0)
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static int rsa_key(struct bytes der, EVP_PKEY **keyp, int *bitsp)
{
	struct bytes modulus, exponent;
	BIGNUM *n, *e;
	int err = rsa_check(der, &modulus, &exponent);

	if (err)
		return err;
	n = BN_bin2bn(modulus.data, (int)modulus.len, NULL);
	e = BN_bin2bn(exponent.data, (int)exponent.len, NULL);
	*keyp = n && e ? rsa_from_numbers(n, e) : NULL;
	if (*keyp)
		*bitsp = BN_num_bits(n);
	BN_free(n);
	BN_free(e);
	return *keyp ? 0 : log_fault("make an RSA key", -ENOMEM, NULL);
}

/* RFC 8410 3: parameters are absent; 4: the octets of the point. EVP checks the length. */
static int raw_key(const X509_ALGOR *algorithm, int type, struct bytes point, EVP_PKEY **keyp)
{
	if (algorithm->parameter)
		return -EBADMSG;
	if (key_point_proves_nothing(type, point))
		return -EKEYREJECTED;
	*keyp = EVP_PKEY_new_raw_public_key_ex(NULL, OBJ_nid2sn(type), NULL, point.data, point.len);
	if (*keyp)
		return 0;
	ERR_clear_error();
	return -EBADMSG;
}

/* Kinds without a short way. */
static int decoded_key(const SubjectPublicKeyInfo *spki, EVP_PKEY **keyp)
{
	unsigned char *der = NULL;
	const unsigned char *p;
	int len = i2d_SubjectPublicKeyInfo(spki, &der);

	if (len <= 0)
		return log_fault("encode a SubjectPublicKeyInfo", -ENOMEM, NULL);
	p = der;
	*keyp = d2i_PUBKEY(NULL, &p, len);
	OPENSSL_free(der);
	if (*keyp)
		return 0;
	ERR_clear_error();
	return -EBADMSG;
}

/*
 * RFC 4055 3.3: parameters, if any, restrict what the key may be used for. A key restricted to what
 * signature_verify() refuses is of no use.
 */
static int pss_key(const SubjectPublicKeyInfo *spki, struct bytes octets, EVP_PKEY **keyp)
{
	struct bytes modulus, exponent;
	struct pss_parameters pss;
	int err = rsa_check(octets, &modulus, &exponent);

	if (err)
		return err;
	if (spki->algorithm->parameter && pss_parameters_read(spki->algorithm, &pss))
		return -ENOTSUP;
	return decoded_key(spki, keyp);
}

/* RFC 5480 2.1.1: only namedCurve; implicitCurve and specifiedCurve must not be used. */
static int ec_key_any(const SubjectPublicKeyInfo *spki, struct bytes point, EVP_PKEY **keyp,
		      struct spki_kind *kindp)
{
	const ASN1_TYPE *parameter = spki->algorithm->parameter;

	if (!parameter || parameter->type != V_ASN1_OBJECT)
		return -ENOTSUP;
	kindp->type = EVP_PKEY_EC;
	kindp->curve_nid = OBJ_obj2nid(parameter->value.object);
	for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
		if (curves[i].nid == kindp->curve_nid) {
			kindp->bits = curves[i].bits;
			return ec_key(&curves[i], point, keyp);
		}
	}
	if (kindp->curve_nid == NID_undef)
		return -ENOTSUP;
	return point_form_valid(point) ? decoded_key(spki, keyp) : -EBADMSG;
}

static int key_make(const SubjectPublicKeyInfo *spki, struct bytes octets, EVP_PKEY **keyp,
		    struct spki_kind *kindp)
{
	int nid = OBJ_obj2nid(spki->algorithm->algorithm);
	int type;

	X509_ALGOR_get0(NULL, &type, NULL, spki->algorithm);
	switch (nid) {
	case NID_undef:
		return -ENOTSUP;
	case NID_X9_62_id_ecPublicKey:
		return ec_key_any(spki, octets, keyp, kindp);
	case NID_rsaEncryption:
		kindp->type = EVP_PKEY_RSA;
		/* RFC 3279 2.3.1: parameters are NULL */
		return type == V_ASN1_NULL ? rsa_key(octets, keyp, &kindp->bits) : -EBADMSG;
	case NID_rsassaPss:
		return pss_key(spki, octets, keyp);
	case NID_ED25519:
	case NID_ED448:
	case NID_X25519:
	case NID_X448:
		kindp->type = nid;
		return raw_key(spki->algorithm, nid, octets, keyp);
	default:
		return decoded_key(spki, keyp);
	}
}

int spki_key(const SubjectPublicKeyInfo *spki, EVP_PKEY **keyp, struct spki_kind *kindp)
{
	const ASN1_BIT_STRING *bits = spki->subjectPublicKey;
	struct spki_kind kind = {0};
	EVP_PKEY *key = NULL;
	int err;

	/* All kinds of keys are whole octets. */
	if (bits->flags & 0x07)
		return -EBADMSG;
	err = key_make(spki, (struct bytes){bits->data, (size_t)bits->length}, &key, &kind);
	if (err)
		return err;
	if (kind.type == 0)
		kind.type = EVP_PKEY_get_base_id(key);
	/* Of a provider alone: the same OID says the kind and its parameters. */
	if (kind.type == NID_undef)
		kind.type = OBJ_obj2nid(spki->algorithm->algorithm);
	if (kind.bits == 0)
		kind.bits = EVP_PKEY_get_bits(key);
	*keyp = key;
	*kindp = kind;
	return 0;
}

int spki_key_from_der(struct bytes der, EVP_PKEY **keyp, struct spki_kind *kindp)
{
	const unsigned char *p = der.data;
	SubjectPublicKeyInfo *spki = d2i_SubjectPublicKeyInfo(NULL, &p, (long)der.len);
	int err = -EBADMSG;

	if (spki && p == der.data + der.len)
		err = spki_key(spki, keyp, kindp);
	SubjectPublicKeyInfo_free(spki);
	if (err)
		ERR_clear_error();
	return err;
}

unsigned int spki_key_uses(const EVP_PKEY *key)
{
	static const struct {
		const char *name;
		unsigned int uses;
	} kinds[] = {
		/* Asking for a name costs a thousand instructions: the usual kind comes first. */
		{"EC", SPKI_SIGNS | SPKI_AGREES},
		{"RSA", SPKI_SIGNS | SPKI_DECRYPTS},
		{"RSA-PSS", SPKI_SIGNS},
		{"ED25519", SPKI_SIGNS},
		{"ED448", SPKI_SIGNS},
		{"X25519", SPKI_AGREES},
		{"X448", SPKI_AGREES},
		{"ML-KEM-512", SPKI_DECRYPTS},
		{"ML-KEM-768", SPKI_DECRYPTS},
		{"ML-KEM-1024", SPKI_DECRYPTS},
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (EVP_PKEY_is_a(key, kinds[i].name))
			return kinds[i].uses;
	return EVP_PKEY_can_sign(key) ? SPKI_SIGNS : 0;
}

unsigned int spki_key_usages(struct bytes algorithm)
{
	enum {
		SIGNATURE = 1 << 0 | 1 << 1 | 1 << 5 | 1 << 6, /* and of certificates and CRLs */
		TRANSPORT = 1 << 2 | 1 << 3,
		AGREEMENT = 1 << 4 | 1 << 7 | 1 << 8,
		KEY_ENCIPHERMENT = 1 << 2,
		ANY = 0x1ff,
	};
	static const struct {
		int nid;
		unsigned int usages;
	} kinds[] = {
		{NID_rsaEncryption, SIGNATURE | TRANSPORT},        /* RFC 3279 2.3.1 */
		{NID_rsassaPss, SIGNATURE},                        /* RFC 4055 1.2 */
		{NID_X9_62_id_ecPublicKey, SIGNATURE | AGREEMENT}, /* RFC 5480 3, RFC 8813 3 */
		{NID_ED25519, SIGNATURE},                          /* RFC 8410 5 */
		{NID_ED448, SIGNATURE},
		{NID_X25519, AGREEMENT},
		{NID_X448, AGREEMENT},
	};
	/* 2.16.840.1.101.3.4.3 and .4, NIST's signatures and KEMs */
	static const uint8_t nist[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const ASN1_OBJECT *object = OBJ_nid2obj(kinds[i].nid);

		if (bytes_equal(algorithm,
				(struct bytes){OBJ_get0_data(object), OBJ_length(object)}))
			return kinds[i].usages;
	}
	if (algorithm.len != sizeof(nist) + 2 || memcmp(algorithm.data, nist, sizeof(nist)) != 0)
		return ANY;
	switch (algorithm.data[sizeof(nist)]) {
	case 3: /* ML-DSA, SLH-DSA: RFC 9881 5, RFC 9909 6 */
		return SIGNATURE;
	case 4: /* ML-KEM: RFC 9935 5 */
		return KEY_ENCIPHERMENT;
	default:
		return ANY;
	}
}

int spki_certificate_check(X509 *cert)
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	struct spki_kind kind;
	EVP_PKEY *key = NULL;
	int err = -ENOMEM;

	if (len > 0)
		err = spki_key_from_der((struct bytes){der, (size_t)len}, &key, &kind);
	EVP_PKEY_free(key);
	OPENSSL_free(der);
	return err;
}

/* A compressed point as the whole one that it is. */
static int point_decompress(const SubjectPublicKeyInfo *spki, SubjectPublicKeyInfo **wholep)
{
	struct spki_kind kind;
	EVP_PKEY *key = NULL;
	int err = spki_key(spki, &key, &kind);

	if (!err && EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
						   "uncompressed") <= 0)
		err = log_fault("decompress a point", -ENOMEM, NULL);
	if (!err)
		err = spki_from_key(key, wholep);
	EVP_PKEY_free(key);
	return err;
}

/* What is restricted to RSASSA-PSS is an RSA key. */
static int restriction_remove(const SubjectPublicKeyInfo *spki, SubjectPublicKeyInfo **plainp)
{
	SubjectPublicKeyInfo *plain = ASN1_item_dup(ASN1_ITEM_rptr(SubjectPublicKeyInfo), spki);

	if (!plain ||
	    !X509_ALGOR_set0(plain->algorithm, OBJ_nid2obj(NID_rsaEncryption), V_ASN1_NULL, NULL)) {
		SubjectPublicKeyInfo_free(plain);
		return log_fault("digest a public key", -ENOMEM, NULL);
	}
	*plainp = plain;
	return 0;
}

/* Where spki_key() takes several encodings of one key. NULL: this is the one. */
static int canonical_make(const SubjectPublicKeyInfo *spki, SubjectPublicKeyInfo **canonicalp)
{
	const ASN1_BIT_STRING *bits = spki->subjectPublicKey;

	switch (OBJ_obj2nid(spki->algorithm->algorithm)) {
	case NID_X9_62_id_ecPublicKey:
		return bits->length > 0 && bits->data[0] != 0x04
			       ? point_decompress(spki, canonicalp)
			       : 0;
	case NID_rsassaPss:
		return restriction_remove(spki, canonicalp);
	default:
		return 0;
	}
}

int spki_digest(const SubjectPublicKeyInfo *spki, uint8_t digest[32])
{
	SubjectPublicKeyInfo *canonical = NULL;
	unsigned char *der = NULL;
	int err = canonical_make(spki, &canonical), len;

	if (err)
		return err;
	len = i2d_SubjectPublicKeyInfo(canonical ? canonical : spki, &der);
	if (len <= 0 ||
	    !EVP_Digest(der, (size_t)len, digest, NULL, digest_by_nid(NID_sha256), NULL))
		err = log_fault("digest a public key", -ENOMEM, NULL);
	OPENSSL_free(der);
	SubjectPublicKeyInfo_free(canonical);
	return err;
}

int spki_digest_from_der(struct bytes der, uint8_t digest[32])
{
	const unsigned char *p = der.data;
	SubjectPublicKeyInfo *spki = d2i_SubjectPublicKeyInfo(NULL, &p, (long)der.len);
	int err = spki && p == der.data + der.len ? spki_digest(spki, digest) : -EBADMSG;

	SubjectPublicKeyInfo_free(spki);
	if (err)
		ERR_clear_error();
	return err;
}

int spki_from_key(EVP_PKEY *key, SubjectPublicKeyInfo **spkip)
{
	unsigned char *der = NULL;
	const unsigned char *p;
	int len = i2d_PUBKEY(key, &der);

	if (len <= 0)
		return log_fault("encode a public key", -ENOMEM, NULL);
	p = der;
	*spkip = d2i_SubjectPublicKeyInfo(NULL, &p, len);
	OPENSSL_free(der);
	return *spkip ? 0 : log_fault("encode a public key", -ENOMEM, NULL);
}
