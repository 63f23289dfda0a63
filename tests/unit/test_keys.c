// SPDX-License-Identifier: Apache-2.0
/*
 * Public keys from SubjectPublicKeyInfo and signatures. Keys, encodings and signatures to compare
 * with are made by OpenSSL.
 */
#include "asn1/algorithm.h"
#include "asn1/der.h"
#include "asn1/rsa_modulus.h"
#include "asn1/signer.h"
#include "asn1/spki.h"
#include "suite.h"
#include "vectors.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <string.h>

struct key_row {
	const char *algorithm;
	const char *option, *value;
	const char *digest;
	int type;
	int curve_nid;
	int bits;
	int signature_nid;
};

static const struct key_row keys[] = {
	{"EC", "group", "P-256", "sha256", EVP_PKEY_EC, NID_X9_62_prime256v1, 256,
	 NID_ecdsa_with_SHA256},
	{"EC", "group", "P-384", "sha384", EVP_PKEY_EC, NID_secp384r1, 384, NID_ecdsa_with_SHA384},
	{"EC", "group", "P-521", "sha512", EVP_PKEY_EC, NID_secp521r1, 521, NID_ecdsa_with_SHA512},
	{"EC", "group", "brainpoolP256r1", "sha256", EVP_PKEY_EC, NID_brainpoolP256r1, 256,
	 NID_ecdsa_with_SHA256},
	{"RSA", "bits", "2048", "sha256", EVP_PKEY_RSA, 0, 2048, NID_sha256WithRSAEncryption},
	{"RSA", "bits", "2048", "sha512", EVP_PKEY_RSA, 0, 2048, NID_sha512WithRSAEncryption},
	{"RSA-PSS", "bits", "2048", "sha384", EVP_PKEY_RSA_PSS, 0, 2048, NID_rsassaPss},
	{"ED25519", NULL, NULL, NULL, EVP_PKEY_ED25519, 0, 256, NID_ED25519},
	{"ED448", NULL, NULL, NULL, EVP_PKEY_ED448, 0, 456, NID_ED448},
};

static EVP_PKEY *key_generate(const struct key_row *row)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, row->algorithm, NULL);
	EVP_PKEY *key = NULL;

	ck_assert_int_gt(EVP_PKEY_keygen_init(ctx), 0);
	if (row->option && strcmp(row->option, "group") == 0)
		ck_assert_int_gt(EVP_PKEY_CTX_set_group_name(ctx, row->value), 0);
	else if (row->option)
		ck_assert_int_gt(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, atoi(row->value)), 0);
	ck_assert_int_gt(EVP_PKEY_generate(ctx, &key), 0);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static struct octets public_der(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	struct octets o;

	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(octets_dup((struct bytes){der, (size_t)len}, &o), 0);
	OPENSSL_free(der);
	return o;
}

START_TEST(test_spki_key)
{
	const struct key_row *row = &keys[_i];
	EVP_PKEY *key = key_generate(row), *made = NULL;
	_cleanup_(octets_clear) struct octets der = public_der(key);
	SubjectPublicKeyInfo *spki = NULL;
	uint8_t digest[32], expected[32];
	struct spki_kind kind;
	unsigned char *again = NULL;

	ck_assert_int_eq(spki_key_from_der(octets_view(&der), &made, &kind), 0);
	ck_assert_int_eq(EVP_PKEY_eq(key, made), 1);
	ck_assert_int_eq(kind.type, row->type);
	ck_assert_int_eq(kind.curve_nid, row->curve_nid);
	ck_assert_int_eq(kind.bits, row->bits);
	ck_assert_int_eq(kind.bits, EVP_PKEY_get_bits(made));

	ck_assert_int_eq(spki_from_key(made, &spki), 0);
	ck_assert_int_eq(i2d_SubjectPublicKeyInfo(spki, &again), (int)der.len);
	ck_assert_mem_eq(again, der.data, der.len);
	ck_assert_int_eq(spki_digest(spki, digest), 0);
	EVP_Digest(der.data, der.len, expected, NULL, EVP_sha256(), NULL);
	/* The digest of one restricted to RSASSA-PSS is that of the RSA key. */
	ck_assert_int_eq(memcmp(digest, expected, sizeof(digest)) == 0,
			 row->type != EVP_PKEY_RSA_PSS);

	OPENSSL_free(again);
	SubjectPublicKeyInfo_free(spki);
	EVP_PKEY_free(made);
	EVP_PKEY_free(key);
}
END_TEST

/* RFC 4211 4: what the owner of a key can prove possession with. */
START_TEST(test_spki_key_uses)
{
	static const struct {
		const char *algorithm;
		unsigned int uses;
	} rows[] = {
		{"RSA", SPKI_SIGNS | SPKI_DECRYPTS},
		{"RSA-PSS", SPKI_SIGNS},
		{"EC", SPKI_SIGNS | SPKI_AGREES},
		{"ED25519", SPKI_SIGNS},
		{"ED448", SPKI_SIGNS},
		{"X25519", SPKI_AGREES},
		{"X448", SPKI_AGREES},
		{"ML-KEM-768", SPKI_DECRYPTS},
		{"ML-DSA-65", SPKI_SIGNS},
	};
	struct key_row row = {rows[_i].algorithm};
	_cleanup_(octets_clear) struct octets der = OCTETS_NULL;
	EVP_PKEY *key, *made = NULL;
	struct spki_kind kind;

	if (strncmp(row.algorithm, "ML-", 3) == 0 && OBJ_txt2nid(row.algorithm) == NID_undef)
		return; /* OpenSSL 3.0 */
	if (strcmp(row.algorithm, "EC") == 0) {
		row.option = "group";
		row.value = "P-256";
	}
	key = key_generate(&row);
	der = public_der(key);
	ck_assert_int_eq(spki_key_from_der(octets_view(&der), &made, &kind), 0);
	ck_assert_uint_eq(spki_key_uses(made), rows[_i].uses);
	if (OBJ_txt2nid(row.algorithm) != NID_undef && strchr(row.algorithm, '-'))
		ck_assert_int_ne(kind.type, NID_undef);
	EVP_PKEY_free(made);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(test_spki_compressed_point)
{
	static const char *const groups[] = {"P-256", "P-384", "P-521"};

	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		EVP_PKEY *key = EVP_EC_gen(groups[i]), *made = NULL;
		_cleanup_(octets_clear) struct octets der = OCTETS_NULL;
		struct spki_kind kind;

		ck_assert_int_gt(EVP_PKEY_set_utf8_string_param(key, "point-format", "compressed"),
				 0);
		der = public_der(key);
		ck_assert_uint_lt(der.len, 100);
		ck_assert_int_eq(spki_key_from_der(octets_view(&der), &made, &kind), 0);
		ck_assert_int_eq(EVP_PKEY_eq(key, made), 1);
		EVP_PKEY_free(made);
		EVP_PKEY_free(key);
	}
}
END_TEST

/* SubjectPublicKeyInfo of an OID and parameters as DER, and key octets. */
static int key_from_parts(const char *oid, const char *parameters_hex, struct bytes octets)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	struct der_writer w = DER_WRITER_NULL;
	uint8_t parameters[64];
	struct spki_kind kind;
	EVP_PKEY *key = NULL;
	size_t len, mark;
	int err;

	ck_assert_int_eq(hex_to_bytes(parameters_hex, parameters, sizeof(parameters), &len), 0);
	der_put(&w, octets);
	der_put(&w, (struct bytes){(const uint8_t *)"", 1});
	der_put_header(&w, 0x03, 0);
	mark = der_mark(&w);
	der_put(&w, (struct bytes){parameters, len});
	der_put_value(&w, 0x06, (struct bytes){OBJ_get0_data(object), OBJ_length(object)});
	der_put_header(&w, 0x30, mark);
	der_put_header(&w, 0x30, 0);
	err = spki_key_from_der(der_written(&w), &key, &kind);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	ck_assert((err == 0) == (key != NULL));
	EVP_PKEY_free(key);
	der_writer_clear(&w);
	ASN1_OBJECT_free(object);
	return err;
}

#define OID_EC      "1.2.840.10045.2.1"
#define PARAM_P256  "06082a8648ce3d030107"
#define OID_RSA     "1.2.840.113549.1.1.1"
#define OID_PSS     "1.2.840.113549.1.1.10"
#define OID_ED25519 "1.3.101.112"

/* The generator of P-256, SEC 2 2.4.2. */
#define P256_GX "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define P256_GY "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"

/* RFC 5639 3.4 */
#define PARAM_BRAINPOOL "06092b2403030208010107"
#define BRAINPOOL_GX    "8bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262"
#define BRAINPOOL_GY    "547ef835c3dac4fd97f8461a14611dc9c27745132ded8e545c1d54c72f046997"

static const struct {
	const char *oid;
	const char *parameters;
	const char *octets;
	int err;
	const char *what;
} key_octets[] = {
	{OID_EC, PARAM_P256, "04" P256_GX P256_GY, 0, "a point of the curve"},
	{OID_EC, PARAM_P256, "04" P256_GX P256_GX, -EBADMSG, "a point not on the curve"},
	{OID_EC, PARAM_P256, "03" P256_GX, 0, "compressed"},
	{OID_EC, PARAM_P256, "06" P256_GX P256_GY, -EBADMSG, "hybrid form"},
	{OID_EC, PARAM_P256, "07" P256_GX P256_GY, -EBADMSG, "hybrid form, odd"},
	{OID_EC, PARAM_P256, "00", -EBADMSG, "the point at infinity"},
	{OID_EC, PARAM_P256, "", -EBADMSG, "no point"},
	{OID_EC, PARAM_BRAINPOOL, "04" BRAINPOOL_GX BRAINPOOL_GY, 0, "of another curve"},
	{OID_EC, PARAM_BRAINPOOL, "00", -EBADMSG, "its point at infinity"},
	{OID_EC, PARAM_BRAINPOOL, "07" BRAINPOOL_GX BRAINPOOL_GY, -EBADMSG, "its hybrid form"},
	{OID_EC, PARAM_BRAINPOOL, "04" BRAINPOOL_GX BRAINPOOL_GX, -EBADMSG, "no point of it"},
	{OID_EC, PARAM_P256, "04" P256_GX, -EBADMSG, "half a point"},
	{OID_EC, PARAM_P256, "04" P256_GX P256_GY "00", -EBADMSG, "an octet too many"},
	{OID_EC, "06052b81040022", "04" P256_GX P256_GY, -EBADMSG, "a point of another curve"},
	{OID_EC, "", "04" P256_GX P256_GY, -ENOTSUP, "no parameters"},
	{OID_EC, "0500", "04" P256_GX P256_GY, -ENOTSUP, "implicitCurve"},
	{OID_EC, "3000", "04" P256_GX P256_GY, -ENOTSUP, "specifiedCurve"},
	{OID_EC, "06032a0304", "04" P256_GX P256_GY, -ENOTSUP, "unknown curve"},
	{OID_ED25519, "", P256_GX, 0, "32 octets"},
	{OID_ED25519, "", P256_GX "00", -EBADMSG, "33 octets"},
	{OID_ED25519, "", "", -EBADMSG, "no octets"},
	{OID_ED25519, "0500", P256_GX, -EBADMSG, "parameters NULL"},
	{"1.3.101.113", "", P256_GX, -EBADMSG, "32 octets for Ed448"},
	{"1.2.3.4", "", P256_GX, -ENOTSUP, "unknown algorithm"},
	{OID_RSA, "0500", "", -EBADMSG, "no octets"},
	{OID_RSA, "0500", "3000", -EBADMSG, "no numbers"},
	{OID_RSA, "0500", "3003020107", -EBADMSG, "one number"},
	{OID_RSA, "0500", "3009020107020103020105", -EBADMSG, "three numbers"},
	{OID_RSA, "0500", "300602010702010300", -EBADMSG, "an octet behind"},
	{OID_RSA, "0500", "3006020187020103", -EBADMSG, "negative modulus"},
	{OID_RSA, "0500", "300702020007020103", -EBADMSG, "modulus with a leading zero"},
	{OID_RSA, "0500", "3006020107020183", -EBADMSG, "negative exponent"},
	{OID_RSA, "0500", "3006020107020103", -ENOTSUP, "a modulus of three bits"},
};

START_TEST(test_spki_octets)
{
	uint8_t octets[128];
	size_t len;

	ck_assert_int_eq(hex_to_bytes(key_octets[_i].octets, octets, sizeof(octets), &len), 0);
	ck_assert_msg(key_from_parts(key_octets[_i].oid, key_octets[_i].parameters,
				     (struct bytes){octets, len}) == key_octets[_i].err,
		      "%s", key_octets[_i].what);
}
END_TEST

/* PSS parameters: {[0] hash, [1] MGF1 with hash, [2] salt length, [3] trailer}. */
#define SHA256_NULL "300d06096086480165030402010500"
#define SHA384_NULL "300d06096086480165030402020500"
#define SHA1_NULL   "300906052b0e03021a0500"
#define MGF1(hash)  "06092a864886f70d010108" hash
#define PSS_SHA256  "a00f" SHA256_NULL "a11c301a" MGF1(SHA256_NULL)

/* A modulus of that many bits, all ones but the lowest octet, and an exponent. */
static const struct {
	const char *oid;
	size_t bits;
	uint8_t last;
	const char *exponent;
	const char *parameters;
	int err;
} rsa_keys[] = {
	{OID_RSA, 2048, 0x01, "010001", "0500", 0},
	{OID_RSA, 2048, 0x01, "010001", "", -EBADMSG}, /* RFC 3279 2.3.1 */
	{OID_RSA, 2048, 0x01, "010001", "3000", -EBADMSG},
	{OID_RSA, 2048, 0x02, "010001", "0500", -EBADMSG}, /* even modulus */
	{OID_RSA, 2048, 0x01, "010002", "0500", -EBADMSG}, /* even exponent */
	{OID_RSA, 2048, 0x01, "01", "0500", -EBADMSG},
	{OID_RSA, 2048, 0x01, "00", "0500", -EBADMSG},
	{OID_RSA, 2048, 0x01, "03", "0500", 0},
	{OID_RSA, 2048, 0x01, "ffffffffffffffff", "0500", 0},
	{OID_RSA, 2048, 0x01, "010000000000000001", "0500", -ENOTSUP},
	{OID_RSA, 16384, 0x01, "010001", "0500", 0},
	{OID_RSA, 16392, 0x01, "010001", "0500", -ENOTSUP},
	{OID_RSA, 131072, 0x01, "010001", "0500", -ENOTSUP},
	{OID_RSA, 512, 0x01, "010001", "0500", 0},
	{OID_RSA, 504, 0x01, "010001", "0500", -ENOTSUP},
	{OID_PSS, 2048, 0x01, "010001", "", 0},
	{OID_PSS, 2048, 0x01, "010001", "3034" PSS_SHA256 "a203020120", 0},
	{OID_PSS, 2048, 0x01, "010001", "3000", -ENOTSUP}, /* SHA-1 by default */
	{OID_PSS, 2048, 0x01, "010001", "3016a00f" SHA256_NULL "a2030201a0", -ENOTSUP},
	{OID_PSS, 2048, 0x01, "010001", "0500", -ENOTSUP},
	{OID_PSS, 16392, 0x01, "010001", "", -ENOTSUP},
	{OID_PSS, 2048, 0x02, "010001", "", -EBADMSG},
};

START_TEST(test_spki_rsa_limits)
{
	size_t len = rsa_keys[_i].bits / 8, exponent_len;
	_cleanup_(octets_clear) struct octets modulus = {malloc(len), len};
	struct der_writer w = DER_WRITER_NULL;
	uint8_t exponent[16];

	memset(modulus.data, 0xff, len);
	modulus.data[len - 1] = rsa_keys[_i].last;
	ck_assert_int_eq(
		hex_to_bytes(rsa_keys[_i].exponent, exponent, sizeof(exponent), &exponent_len), 0);
	der_put_unsigned(&w, (struct bytes){exponent, exponent_len});
	der_put_unsigned(&w, octets_view(&modulus));
	der_put_header(&w, 0x30, 0);
	ck_assert_int_eq(key_from_parts(rsa_keys[_i].oid, rsa_keys[_i].parameters, der_written(&w)),
			 rsa_keys[_i].err);
	der_writer_clear(&w);
}
END_TEST

/* The private side by OpenSSL alone. */
static struct octets sign_with(EVP_PKEY *key, const char *digest, int pss_salt, struct bytes text)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct octets o = {malloc(1024), 1024};
	EVP_PKEY_CTX *pctx;

	ck_assert_int_gt(EVP_DigestSignInit_ex(ctx, &pctx, digest, NULL, NULL, key, NULL), 0);
	if (pss_salt >= 0) {
		ck_assert_int_gt(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING), 0);
		ck_assert_int_gt(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, pss_salt), 0);
	}
	ck_assert_int_gt(EVP_DigestSign(ctx, o.data, &o.len, text.data, text.len), 0);
	EVP_MD_CTX_free(ctx);
	return o;
}

static X509_ALGOR *algorithm_of(int nid, const char *parameters_hex)
{
	struct der_writer w = DER_WRITER_NULL;
	ASN1_OBJECT *object = OBJ_nid2obj(nid);
	uint8_t parameters[128];
	const unsigned char *p;
	X509_ALGOR *alg;
	size_t len;

	ck_assert_int_eq(hex_to_bytes(parameters_hex, parameters, sizeof(parameters), &len), 0);
	der_put(&w, (struct bytes){parameters, len});
	der_put_value(&w, 0x06, (struct bytes){OBJ_get0_data(object), OBJ_length(object)});
	der_put_header(&w, 0x30, 0);
	p = der_written(&w).data;
	alg = d2i_X509_ALGOR(NULL, &p, (long)der_written(&w).len);
	ck_assert_ptr_nonnull(alg);
	der_writer_clear(&w);
	return alg;
}

static enum signature_result verified(EVP_PKEY *key, const X509_ALGOR *alg, struct bytes text,
				      struct bytes signature)
{
	enum signature_result result = SIGNATURE_OK;

	ck_assert_int_eq(signature_verify(key, alg, text, signature, &result), 0);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	return result;
}

START_TEST(test_signer_signs)
{
	const struct key_row *row = &keys[_i];
	struct bytes text = bytes_of_string("to be signed"), other = bytes_of_string("not this");
	EVP_PKEY *key = key_generate(row);
	_cleanup_(signer_freep) struct signer *signer = NULL;
	_cleanup_(octets_clear) struct octets signature = OCTETS_NULL, der = public_der(key);
	_cleanup_(octets_clear) struct octets again = OCTETS_NULL;
	const struct bytes parts[] = {{text.data, 3}, BYTES_NULL, {text.data + 3, text.len - 3}};
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const X509_ALGOR *alg;
	struct spki_kind kind;
	EVP_PKEY *public = NULL;

	ck_assert_int_eq(signer_new(key, row->digest, &signer), 0);
	alg = signer_algorithm(signer);
	ck_assert_int_eq(OBJ_obj2nid(alg->algorithm), row->signature_nid);
	ck_assert_int_eq(signer_sign(signer, text, &signature), 0);

	/* OpenSSL's own verification accepts it. */
	ck_assert_int_gt(EVP_DigestVerifyInit_ex(ctx, NULL, row->digest, NULL, NULL, key, NULL), 0);
	ck_assert_int_eq(EVP_DigestVerify(ctx, signature.data, signature.len, text.data, text.len),
			 1);
	EVP_MD_CTX_free(ctx);

	ck_assert_int_eq(spki_key_from_der(octets_view(&der), &public, &kind), 0);
	ck_assert_int_eq(verified(public, alg, text, octets_view(&signature)), SIGNATURE_OK);
	ck_assert_int_eq(verified(public, alg, other, octets_view(&signature)), SIGNATURE_WRONG);
	ck_assert_int_eq(verified(public, alg, text, BYTES_NULL), SIGNATURE_WRONG);
	ck_assert_int_eq(signer_sign_parts(signer, parts, ARRAY_LEN(parts), &again), 0);
	ck_assert_int_eq(verified(public, alg, text, octets_view(&again)), SIGNATURE_OK);
	signature.data[signature.len / 2] ^= 0x10;
	ck_assert_int_eq(verified(public, alg, text, octets_view(&signature)), SIGNATURE_WRONG);
	EVP_PKEY_free(public);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(test_signer_refuses_weak_digests)
{
	EVP_PKEY *key = key_generate(&keys[0]);
	struct signer *signer = NULL;

	ck_assert_int_eq(signer_new(key, "sha1", &signer), -ENOTSUP);
	ck_assert_int_eq(signer_new(key, "md5", &signer), -ENOTSUP);
	ck_assert_int_eq(signer_new(key, "no-such-digest", &signer), -ENOTSUP);
	ck_assert_int_eq(signer_new(key, NULL, &signer), -ENOTSUP);
	ck_assert_ptr_null(signer);
	EVP_PKEY_free(key);
}
END_TEST

#define EC_KEY  0
#define RSA_KEY 4

static const struct {
	int key;            /* of keys[] */
	const char *digest; /* the signature is made with */
	int pss_salt;
	int nid;
	const char *parameters;
	enum signature_result result;
	const char *what;
} algorithms[] = {
	{EC_KEY, "sha256", -1, NID_ecdsa_with_SHA256, "", SIGNATURE_OK, "ECDSA"},
	{EC_KEY, "sha512", -1, NID_ecdsa_with_SHA512, "", SIGNATURE_OK, "ECDSA, longer digest"},
	{EC_KEY, "sha224", -1, NID_ecdsa_with_SHA224, "", SIGNATURE_OK, "ECDSA, SHA-224"},
	{EC_KEY, "sha256", -1, NID_ecdsa_with_SHA256, "0500", SIGNATURE_ALG_PARAMETERS,
	 "ECDSA with parameters, RFC 5758 3.2"},
	{EC_KEY, "sha1", -1, NID_ecdsa_with_SHA1, "", SIGNATURE_ALG_REFUSED, "ECDSA, SHA-1"},
	{EC_KEY, "sha256", -1, NID_ecdsa_with_SHA384, "", SIGNATURE_WRONG, "another digest"},
	{EC_KEY, "sha256", -1, NID_sha256WithRSAEncryption, "0500", SIGNATURE_ALG_MISMATCH,
	 "RSA with an EC key"},
	{EC_KEY, "sha256", -1, NID_ED25519, "", SIGNATURE_ALG_MISMATCH, "Ed25519 with an EC key"},
	{EC_KEY, "sha256", -1, NID_X9_62_id_ecPublicKey, "", SIGNATURE_ALG_REFUSED, "no signature"},
	{EC_KEY, "sha3-256", -1, NID_ecdsa_with_SHA3_256, "", SIGNATURE_OK, "ECDSA, SHA-3"},
	{EC_KEY, "sha3-512", -1, NID_ecdsa_with_SHA3_512, "", SIGNATURE_OK, "ECDSA, SHA-3"},
	{EC_KEY, "sha256", -1, NID_ecdsa_with_SHA3_256, "", SIGNATURE_WRONG, "SHA-2 as SHA-3"},
	{RSA_KEY, "sha3-384", -1, NID_RSA_SHA3_384, "0500", SIGNATURE_OK, "PKCS#1, SHA-3"},
	{RSA_KEY, "sha256", -1, NID_sha256WithRSAEncryption, "0500", SIGNATURE_OK, "PKCS#1"},
	{RSA_KEY, "sha256", -1, NID_sha256WithRSAEncryption, "", SIGNATURE_OK,
	 "PKCS#1 without parameters, RFC 4055 5"},
	{RSA_KEY, "sha256", -1, NID_sha256WithRSAEncryption, "3000", SIGNATURE_ALG_PARAMETERS,
	 "PKCS#1 with other parameters"},
	{RSA_KEY, "sha1", -1, NID_sha1WithRSAEncryption, "0500", SIGNATURE_ALG_REFUSED, "SHA-1"},
	{RSA_KEY, "md5", -1, NID_md5WithRSAEncryption, "0500", SIGNATURE_ALG_REFUSED, "MD5"},
	{RSA_KEY, "sha256", 32, NID_rsassaPss, "3034" PSS_SHA256 "a203020120", SIGNATURE_OK, "PSS"},
	{RSA_KEY, "sha256", 20, NID_rsassaPss, "302f" PSS_SHA256, SIGNATURE_OK, "default salt"},
	{RSA_KEY, "sha256", 0, NID_rsassaPss, "3034" PSS_SHA256 "a203020100", SIGNATURE_OK,
	 "no salt"},
	{RSA_KEY, "sha256", 32, NID_rsassaPss, "3034" PSS_SHA256 "a203020114", SIGNATURE_WRONG,
	 "another salt length"},
	{RSA_KEY, "sha256", 32, NID_rsassaPss, "3034" PSS_SHA256 "a2030201ff",
	 SIGNATURE_ALG_PARAMETERS, "negative salt length"},
	{RSA_KEY, "sha256", 32, NID_rsassaPss, "3035" PSS_SHA256 "a20402024000",
	 SIGNATURE_ALG_PARAMETERS, "salt longer than any modulus"},
	{RSA_KEY, "sha256", 32, NID_rsassaPss, "3039" PSS_SHA256 "a203020120a303020102",
	 SIGNATURE_ALG_PARAMETERS, "trailer field 2"},
	{RSA_KEY, "sha1", 20, NID_rsassaPss, "3000", SIGNATURE_ALG_PARAMETERS, "defaults: SHA-1"},
	{RSA_KEY, "sha256", 32, NID_rsassaPss,
	 "3034a00f" SHA256_NULL "a11c301a" MGF1(SHA384_NULL) "a203020120", SIGNATURE_ALG_PARAMETERS,
	 "MGF1 with another digest"},
	{RSA_KEY, "sha256", 32, NID_rsassaPss,
	 "3030a00b" SHA1_NULL "a11c301a" MGF1(SHA256_NULL) "a203020120", SIGNATURE_ALG_PARAMETERS,
	 "SHA-1"},
	{RSA_KEY, "sha256", 32, NID_rsassaPss, "", SIGNATURE_ALG_PARAMETERS,
	 "PSS without parameters"},
	{RSA_KEY, "sha256", -1, NID_rsassaPss, "3034" PSS_SHA256 "a203020120", SIGNATURE_WRONG,
	 "PKCS#1 signature as PSS"},
};

START_TEST(test_signature_algorithms_rfc9481_3)
{
	struct bytes text = bytes_of_string("to be signed");
	EVP_PKEY *key = key_generate(&keys[algorithms[_i].key]);
	_cleanup_(octets_clear) struct octets signature =
		sign_with(key, algorithms[_i].digest, algorithms[_i].pss_salt, text);
	X509_ALGOR *alg = algorithm_of(algorithms[_i].nid, algorithms[_i].parameters);

	ck_assert_msg(verified(key, alg, text, octets_view(&signature)) == algorithms[_i].result,
		      "%s", algorithms[_i].what);
	X509_ALGOR_free(alg);
	EVP_PKEY_free(key);
}
END_TEST

/* RFC 8702 3.2.2: ECDSA over 32 octets of SHAKE128, 64 of SHAKE256; RSASSA-PSS OpenSSL lacks. */
START_TEST(test_signature_shake_rfc8702_3_2)
{
	static const struct {
		const char *digest;
		const char *oid;
		size_t len;
	} rows[] = {{"SHAKE128", "1.3.6.1.5.5.7.6.32", 32}, {"SHAKE256", "1.3.6.1.5.5.7.6.33", 64}};
	struct bytes text = bytes_of_string("to be signed");
	EVP_PKEY *key = key_generate(&keys[EC_KEY]), *rsa = key_generate(&keys[RSA_KEY]);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	EVP_MD *md = EVP_MD_fetch(NULL, rows[_i].digest, NULL);
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	X509_ALGOR *alg = X509_ALGOR_new();
	uint8_t octets[64], signature[128];
	size_t len = sizeof(signature);

	ck_assert_int_eq(EVP_DigestInit_ex(digest, md, NULL), 1);
	ck_assert_int_eq(EVP_DigestUpdate(digest, text.data, text.len), 1);
	ck_assert_int_eq(EVP_DigestFinalXOF(digest, octets, rows[_i].len), 1);
	ck_assert_int_gt(EVP_PKEY_sign_init(ctx), 0);
	ck_assert_int_gt(EVP_PKEY_sign(ctx, signature, &len, octets, rows[_i].len), 0);
	X509_ALGOR_set0(alg, OBJ_txt2obj(rows[_i].oid, 1), V_ASN1_UNDEF, NULL);
	ck_assert_int_eq(verified(key, alg, text, (struct bytes){signature, len}), SIGNATURE_OK);
	ck_assert_int_eq(
		verified(key, alg, bytes_of_string("other"), (struct bytes){signature, len}),
		SIGNATURE_WRONG);
	X509_ALGOR_set0(alg, OBJ_txt2obj(rows[_i].oid, 1), V_ASN1_NULL, NULL);
	ck_assert_int_eq(verified(key, alg, text, (struct bytes){signature, len}),
			 SIGNATURE_ALG_PARAMETERS);
	X509_ALGOR_set0(alg, OBJ_txt2obj("1.3.6.1.5.5.7.6.30", 1), V_ASN1_UNDEF, NULL);
	ck_assert_int_eq(verified(rsa, alg, text, (struct bytes){signature, len}),
			 SIGNATURE_ALG_UNAVAILABLE);
	EVP_MD_CTX_free(digest);
	EVP_MD_free(md);
	EVP_PKEY_CTX_free(ctx);
	X509_ALGOR_free(alg);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(key);
}
END_TEST

/* RFC 9881, RFC 9909: where the library has them. */
START_TEST(test_signature_pure)
{
	static const char *const names[] = {"ML-DSA-44", "ML-DSA-87", "SLH-DSA-SHA2-128f"};
	const struct signature_algorithm *a = signature_algorithm_by_name(names[_i]);
	struct bytes text = bytes_of_string("to be signed");
	_cleanup_(octets_clear) struct octets signature = OCTETS_NULL;
	_cleanup_(signer_freep) struct signer *signer = NULL;
	EVP_PKEY *key;

	ck_assert_ptr_nonnull(a);
	if (!signature_algorithm_available(a))
		return;
	key = EVP_PKEY_Q_keygen(NULL, NULL, names[_i]);
	ck_assert_int_eq(signer_new(key, "sha256", &signer), 0);
	ck_assert_int_eq(signer_sign(signer, text, &signature), 0);
	ck_assert_int_eq(OBJ_obj2nid(signer_algorithm(signer)->algorithm), OBJ_txt2nid(names[_i]));
	ck_assert_int_eq(verified(key, signer_algorithm(signer), text, octets_view(&signature)),
			 SIGNATURE_OK);
	ck_assert_int_eq(verified(key, signer_algorithm(signer), bytes_of_string("other"),
				  octets_view(&signature)),
			 SIGNATURE_WRONG);
	/* RFC 9810 5.3.18: hashAlg has to say it. */
	ck_assert_ptr_null(cert_hash_digest(signer_algorithm(signer)));
	EVP_PKEY_free(key);
}
END_TEST

static const struct {
	int nid;
	const char *parameters;
	const char *digest; /* NULL: unknown */
	size_t len;
} cert_hashes[] = {
	{NID_ecdsa_with_SHA256, "", "SHA256", 32},
	{NID_ecdsa_with_SHA384, "", "SHA384", 48},
	{NID_sha512WithRSAEncryption, "0500", "SHA512", 64},
	{NID_sha1WithRSAEncryption, "0500", "SHA1", 20},
	{NID_rsassaPss, "3034" PSS_SHA256 "a203020120", "SHA256", 32},
	{NID_ED25519, "", "SHA512", 64},
	{NID_ED448, "", "SHAKE256", 64},
	{NID_rsaEncryption, "0500", NULL, 0},
	{NID_commonName, "", NULL, 0},
};

START_TEST(test_cert_hash_rfc9483_4_1_1)
{
	X509_ALGOR *alg = algorithm_of(cert_hashes[_i].nid, cert_hashes[_i].parameters);
	const EVP_MD *md = cert_hash_digest(alg);
	struct bytes text = bytes_of_string("a certificate");
	uint8_t hash[EVP_MAX_MD_SIZE], expected[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *ctx;
	EVP_MD *named;
	size_t len;

	X509_ALGOR_free(alg);
	ck_assert((md != NULL) == (cert_hashes[_i].digest != NULL));
	if (!md)
		return;
	ck_assert_int_eq(cert_hash_compute(md, text, hash, &len), 0);
	ck_assert_uint_eq(len, cert_hashes[_i].len);
	named = EVP_MD_fetch(NULL, cert_hashes[_i].digest, NULL);
	ctx = EVP_MD_CTX_new();
	ck_assert(EVP_DigestInit_ex(ctx, named, NULL));
	ck_assert(EVP_DigestUpdate(ctx, text.data, text.len));
	if (strcmp(cert_hashes[_i].digest, "SHAKE256") == 0)
		ck_assert(EVP_DigestFinalXOF(ctx, expected, len));
	else
		ck_assert(EVP_DigestFinal_ex(ctx, expected, NULL));
	ck_assert_mem_eq(hash, expected, len);
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(named);
}
END_TEST

struct shared {
	const struct signer *signer;
	EVP_PKEY *key;
	int verified;
};

static void *sign_often(void *arg)
{
	struct shared *s = arg;
	struct bytes text = bytes_of_string("to be signed");

	for (int i = 0; i < 50; i++) {
		_cleanup_(octets_clear) struct octets signature = OCTETS_NULL;
		enum signature_result result;

		if (signer_sign(s->signer, text, &signature) == 0 &&
		    signature_verify(s->key, signer_algorithm(s->signer), text,
				     octets_view(&signature), &result) == 0 &&
		    result == SIGNATURE_OK)
			s->verified++;
	}
	return NULL;
}

START_TEST(test_signer_shared_by_threads)
{
	EVP_PKEY *key = key_generate(&keys[0]);
	_cleanup_(signer_freep) struct signer *signer = NULL;
	pthread_t threads[4];
	struct shared shared[4];

	ck_assert_int_eq(signer_new(key, "sha256", &signer), 0);
	for (size_t i = 0; i < 4; i++) {
		shared[i] = (struct shared){signer, key, 0};
		ck_assert_int_eq(pthread_create(&threads[i], NULL, sign_often, &shared[i]), 0);
	}
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_int_eq(shared[i].verified, 50);
	}
	EVP_PKEY_free(key);
}
END_TEST

/* --- keys that prove nothing --- */

/* 2^255 - 19 and 2^448 - 2^224 - 1 without their least octet, which stands first. */
#define FF8         "ffffffffffffffff"
#define P25519_REST FF8 FF8 FF8 "ffffffffffff7f"
#define P448_REST   FF8 FF8 FF8 "fffffffe" FF8 FF8 FF8 "ffffff"
#define ZERO8       "0000000000000000"
#define ZERO31      ZERO8 ZERO8 ZERO8 "00000000000000"
#define ZERO55      ZERO8 ZERO8 ZERO8 ZERO31
#define ORDER8_Y1   "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc"
#define ORDER8_Y2   "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03"
#define OID_ED448   "1.3.101.113"
#define OID_X25519  "1.3.101.110"
#define OID_X448    "1.3.101.111"

/*
 * The 8 points of small order of edwards25519, their encodings that are not canonical, and the u of
 * https://cr.yp.to/ecdh.html ("reject public keys"); those of order 4 of edwards448, RFC 8032 5.2,
 * and curve448, RFC 7748 4.2. What follows a row of them is a neighbour that is good.
 */
static const struct {
	const char *oid;
	const char *octets;
	int err;
} weak_points[] = {
	{OID_ED25519, "01" ZERO31, -EKEYREJECTED},
	{OID_ED25519, "ec" P25519_REST, -EKEYREJECTED},
	{OID_ED25519, "00" ZERO31, -EKEYREJECTED},
	{OID_ED25519, "00" ZERO8 ZERO8 ZERO8 "00000000000080", -EKEYREJECTED},
	{OID_ED25519, ORDER8_Y1 "05", -EKEYREJECTED},
	{OID_ED25519, ORDER8_Y1 "85", -EKEYREJECTED},
	{OID_ED25519, ORDER8_Y2 "7a", -EKEYREJECTED},
	{OID_ED25519, ORDER8_Y2 "fa", -EKEYREJECTED},
	{OID_ED25519, "01" ZERO8 ZERO8 ZERO8 "00000000000080", -EKEYREJECTED},
	{OID_ED25519, "ed" P25519_REST, -EKEYREJECTED},
	{OID_ED25519, "ee" P25519_REST, -EKEYREJECTED},
	{OID_ED25519, "ee" FF8 FF8 FF8 "ffffffffffffff", -EKEYREJECTED},
	{OID_ED25519, "f0" P25519_REST, -EKEYREJECTED},
	{OID_ED25519, "ff" FF8 FF8 FF8 "ffffffffffffff", -EKEYREJECTED},
	{OID_ED25519, "03" ZERO31, 0},
	{OID_ED25519, "eb" P25519_REST, 0},
	{OID_ED25519, ORDER8_Y1 "04", 0},
	{OID_ED448, "01" ZERO55 "00", -EKEYREJECTED},
	{OID_ED448, "01" ZERO55 "80", -EKEYREJECTED},
	{OID_ED448, "00" ZERO55 "00", -EKEYREJECTED},
	{OID_ED448, "00" ZERO55 "80", -EKEYREJECTED},
	{OID_ED448, "fe" P448_REST "00", -EKEYREJECTED},
	{OID_ED448, "ff" P448_REST "00", -EKEYREJECTED},
	{OID_ED448, "ff" P448_REST "80", -EKEYREJECTED},
	{OID_ED448, "05" ZERO55 "01", -EKEYREJECTED},
	{OID_ED448, "05" ZERO55 "00", 0},
	{OID_ED448, "fd" P448_REST "80", 0},
	{OID_X25519, "00" ZERO31, -EKEYREJECTED},
	{OID_X25519, "01" ZERO31, -EKEYREJECTED},
	{OID_X25519, "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	 -EKEYREJECTED},
	{OID_X25519, "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	 -EKEYREJECTED},
	{OID_X25519, "ec" P25519_REST, -EKEYREJECTED},
	{OID_X25519, "ed" P25519_REST, -EKEYREJECTED},
	{OID_X25519, "ee" P25519_REST, -EKEYREJECTED},
	{OID_X25519, "cdeb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880",
	 -EKEYREJECTED},
	{OID_X25519, "4c9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7",
	 -EKEYREJECTED},
	{OID_X25519, "d9" FF8 FF8 FF8 "ffffffffffffff", -EKEYREJECTED},
	{OID_X25519, "09" ZERO31, 0},
	{OID_X448, "00" ZERO55, -EKEYREJECTED},
	{OID_X448, "01" ZERO55, -EKEYREJECTED},
	{OID_X448, "fe" P448_REST, -EKEYREJECTED},
	{OID_X448, "ff" P448_REST, -EKEYREJECTED},
	{OID_X448, FF8 FF8 FF8 "ffffffff" FF8 FF8 FF8 "ffffffff", -EKEYREJECTED},
	{OID_X448, "05" ZERO55, 0},
};

START_TEST(rfc8032_rfc7748_small_order)
{
	uint8_t octets[57];
	size_t len;

	ck_assert_int_eq(hex_to_bytes(weak_points[_i].octets, octets, sizeof(octets), &len), 0);
	ck_assert_msg(key_from_parts(weak_points[_i].oid, "", (struct bytes){octets, len}) ==
			      weak_points[_i].err,
		      "%s %s", weak_points[_i].oid, weak_points[_i].octets);
}
END_TEST

/* OpenSSL takes these keys: why cmfd must not. */
START_TEST(small_order_signature_of_nobody)
{
	static const uint8_t identity[32] = {1};
	/* R is the same point, S is 0. */
	static const uint8_t signature[64] = {1};
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, identity, 32);
	X509_ALGOR *alg = algorithm_of(NID_ED25519, "");

	ck_assert_int_eq(verified(key, alg, bytes_of_string("any message"), BYTES_OF(signature)),
			 SIGNATURE_OK);
	ck_assert_int_eq(verified(key, alg, bytes_of_string("another"), BYTES_OF(signature)),
			 SIGNATURE_OK);
	X509_ALGOR_free(alg);
	EVP_PKEY_free(key);
}
END_TEST

/* The same point and modulus in each form that is taken. RFC 5480 2.2, RFC 4055 1.2 */
START_TEST(one_key_one_digest)
{
	static const char *const groups[] = {"P-256", "P-384", "P-521", "brainpoolP256r1"};
	uint8_t digest[32], other[32];
	EVP_PKEY *rsa = EVP_RSA_gen(2048);

	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		EVP_PKEY *key = EVP_EC_gen(groups[i]);
		_cleanup_(octets_clear) struct octets whole = public_der(key), half = OCTETS_NULL;

		ck_assert_int_gt(EVP_PKEY_set_utf8_string_param(key, "point-format", "compressed"),
				 0);
		half = public_der(key);
		ck_assert_uint_lt(half.len, whole.len);
		ck_assert_int_eq(spki_digest_from_der(octets_view(&half), other), 0);
		ck_assert_int_eq(spki_digest_from_der(octets_view(&whole), digest), 0);
		ck_assert_mem_eq(digest, other, 32);
		EVP_Digest(whole.data, whole.len, other, NULL, EVP_sha256(), NULL);
		ck_assert_mem_eq(digest, other, 32);
		EVP_PKEY_free(key);
	}
	_cleanup_(octets_clear) struct octets der = public_der(rsa);
	const unsigned char *p = der.data;
	SubjectPublicKeyInfo *spki = d2i_SubjectPublicKeyInfo(NULL, &p, (long)der.len);

	ck_assert_int_eq(spki_digest(spki, digest), 0);
	X509_ALGOR_set0(spki->algorithm, OBJ_nid2obj(NID_rsassaPss), V_ASN1_UNDEF, NULL);
	ck_assert_int_eq(spki_digest(spki, other), 0);
	ck_assert_mem_eq(digest, other, 32);
	SubjectPublicKeyInfo_free(spki);
	EVP_PKEY_free(rsa);
}
END_TEST

/*
 * Made by the structure of Nemec and others, "The Return of Coppersmith's Attack", 2017, 2: primes
 * are k M + (65537^a mod M), M the product of the first 126 primes.
 */
static const char roca_modulus[] =
	"d4008acfb6ded49c8d031147e790553c5f011098a78dfeb6eeac8d286a22a5a5"
	"0f5621890adac8f6480159b61edf822de5cb9033154656e659e21e85ca7cf9c0"
	"4fc648cad4e5ba374ddbef12c02c039fdcfe260c4628f293940ba7858a800cd6"
	"1051723b3ee4d981ec0f650994b9bfb815cea39003b2630b9ce49ba9b31518e4"
	"25150160f4b82f32b0ddde906a20649e95053ace6024791b1dbb883c88d8e62f"
	"e0d14327cb5f3f0565f4007561ee476443b7bf40c099e06150ede05242c603ba"
	"c08d233be7078beabe5e0b117322afeea800fd18b19fafeb36385b3dd3ab8e0a"
	"599bf6e481ad21de73bb642bc2ec745c9ac0fc9eb37dfbd1e4535fc1bb926f91";

static EVP_PKEY *rsa_of(const BIGNUM *n)
{
	struct der_writer w = DER_WRITER_NULL;
	static const uint8_t exponent[] = {1, 0, 1};
	uint8_t octets[512];
	EVP_PKEY *key = NULL;
	struct bytes in;

	der_put_unsigned(&w, BYTES_OF(exponent));
	der_put_unsigned(&w, (struct bytes){octets, (size_t)BN_bn2bin(n, octets)});
	der_put_header(&w, 0x30, 0);
	in = der_written(&w);
	key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &in.data, (long)in.len);
	ck_assert_ptr_nonnull(key);
	der_writer_clear(&w);
	return key;
}

static enum rsa_flaw flaw_of(const BIGNUM *n)
{
	EVP_PKEY *key = rsa_of(n);
	enum rsa_flaw flaw = RSA_FLAW_NONE;

	ck_assert_int_eq(rsa_modulus_examine(key, &flaw), 0);
	EVP_PKEY_free(key);
	return flaw;
}

/* CA/Browser Forum Baseline Requirements 6.1.1.3, 6.1.6 */
START_TEST(rsa_flaws)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *p = BN_new(), *q = BN_new(), *n = BN_new();

	BN_generate_prime_ex(p, 1024, 0, NULL, NULL, NULL);
	ck_assert_int_eq(flaw_of(p), RSA_FLAW_PRIME);
	BN_sqr(n, p, ctx);
	ck_assert_int_eq(flaw_of(n), RSA_FLAW_CLOSE_PRIMES);
	BN_copy(q, p);
	do
		BN_add_word(q, 2);
	while (BN_check_prime(q, ctx, NULL) != 1);
	BN_mul(n, p, q, ctx);
	ck_assert_int_eq(flaw_of(n), RSA_FLAW_CLOSE_PRIMES);
	BN_generate_prime_ex(q, 1024, 0, NULL, NULL, NULL);
	BN_mul(n, p, q, ctx);
	ck_assert_int_eq(flaw_of(n), RSA_FLAW_NONE);
	/* NIST SP 800-89 5.3.3: the primes below and above 752 */
	BN_copy(n, p);
	BN_mul_word(n, 751);
	ck_assert_int_eq(flaw_of(n), RSA_FLAW_SMALL_FACTOR);
	BN_copy(n, p);
	BN_mul_word(n, 757);
	ck_assert_int_eq(flaw_of(n), RSA_FLAW_NONE);
	BN_copy(n, p);
	BN_mul_word(n, 3);
	ck_assert_int_eq(flaw_of(n), RSA_FLAW_SMALL_FACTOR);
	BN_free(n);
	n = NULL;
	BN_hex2bn(&n, roca_modulus);
	ck_assert_int_eq(flaw_of(n), RSA_FLAW_ROCA);
	BN_free(n);
	BN_free(q);
	BN_free(p);
	BN_CTX_free(ctx);
}
END_TEST

START_TEST(rsa_without_flaws)
{
	EVP_PKEY *key = EVP_RSA_gen(2048 + 256 * (unsigned)_i);
	enum rsa_flaw flaw = RSA_FLAW_PRIME;
	uint64_t exponent = 0;

	ck_assert_int_eq(rsa_modulus_examine(key, &flaw), 0);
	ck_assert_int_eq(flaw, RSA_FLAW_NONE);
	ck_assert_int_eq(rsa_exponent(key, &exponent), 0);
	ck_assert_uint_eq(exponent, 65537);
	EVP_PKEY_free(key);
}
END_TEST

static Suite *keys_suite(void)
{
	Suite *suite = suite_create("keys");
	TCase *tc = tcase_create("keys");

	tcase_add_loop_test(tc, test_spki_key, 0, ARRAY_LEN(keys));
	tcase_add_loop_test(tc, test_spki_key_uses, 0, 9);
	tcase_add_test(tc, test_spki_compressed_point);
	tcase_add_loop_test(tc, test_spki_octets, 0, ARRAY_LEN(key_octets));
	tcase_add_loop_test(tc, test_spki_rsa_limits, 0, ARRAY_LEN(rsa_keys));
	tcase_add_loop_test(tc, rfc8032_rfc7748_small_order, 0, ARRAY_LEN(weak_points));
	tcase_add_test(tc, small_order_signature_of_nobody);
	tcase_add_test(tc, one_key_one_digest);
	tcase_add_test(tc, rsa_flaws);
	tcase_add_loop_test(tc, rsa_without_flaws, 0, 4);
	tcase_add_loop_test(tc, test_signer_signs, 0, ARRAY_LEN(keys));
	tcase_add_test(tc, test_signer_refuses_weak_digests);
	tcase_add_loop_test(tc, test_signature_algorithms_rfc9481_3, 0, ARRAY_LEN(algorithms));
	tcase_add_loop_test(tc, test_signature_shake_rfc8702_3_2, 0, 2);
	tcase_add_loop_test(tc, test_signature_pure, 0, 3);
	tcase_add_loop_test(tc, test_cert_hash_rfc9483_4_1_1, 0, ARRAY_LEN(cert_hashes));
	tcase_add_test(tc, test_signer_shared_by_threads);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(keys_suite, SUITE_FORKS)
