// SPDX-License-Identifier: Apache-2.0
/*
 * Tables of algorithms, and the parameters of RSASSA-PSS. No keys here.
 */
#include "asn1/algorithm.h"

#include "base/log.h"

#include <errno.h>
#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <string.h>

/* More than any digest has octets, less than what costs anything. */
#define PSS_SALT_MAX 512

static const struct {
	int nid;
	const char *name;
} digest_names[] = {
	{NID_sha1, "SHA1"},         {NID_sha224, "SHA2-224"},   {NID_sha256, "SHA2-256"},
	{NID_sha384, "SHA2-384"},   {NID_sha512, "SHA2-512"},   {NID_sha3_224, "SHA3-224"},
	{NID_sha3_256, "SHA3-256"}, {NID_sha3_384, "SHA3-384"}, {NID_sha3_512, "SHA3-512"},
	{NID_shake128, "SHAKE128"}, {NID_shake256, "SHAKE256"},
};

#define NIST_SIG "2.16.840.1.101.3.4.3."
#define PKIX_ALG "1.3.6.1.5.5.7.6."
#define PKCS_1   "1.2.840.113549.1.1."
#define SHA2_SIG "1.2.840.10045.4.3."
/* A row by the digest that is also that of certHash. */
#define ECDSA(name, oid, nid)                              \
	{                                                  \
		name, oid, SIGNATURE_ECDSA, "EC", nid, nid \
	}
#define PKCS1(name, oid, nid)                               \
	{                                                   \
		name, oid, SIGNATURE_PKCS1, "RSA", nid, nid \
	}
#define PURE(name, oid, hash)                                    \
	{                                                        \
		name, oid, SIGNATURE_PURE, name, NID_undef, hash \
	}

/* clang-format off: a row is a line */
const struct signature_algorithm signature_algorithms[] = {
	ECDSA("ecdsa-with-SHA256", SHA2_SIG "2", NID_sha256),
	ECDSA("ecdsa-with-SHA384", SHA2_SIG "3", NID_sha384),
	ECDSA("ecdsa-with-SHA512", SHA2_SIG "4", NID_sha512),
	ECDSA("ecdsa-with-SHA224", SHA2_SIG "1", NID_sha224),
	PKCS1("sha256WithRSAEncryption", PKCS_1 "11", NID_sha256),
	PKCS1("sha384WithRSAEncryption", PKCS_1 "12", NID_sha384),
	PKCS1("sha512WithRSAEncryption", PKCS_1 "13", NID_sha512),
	PKCS1("sha224WithRSAEncryption", PKCS_1 "14", NID_sha224),
	{"RSASSA-PSS", PKCS_1 "10", SIGNATURE_PSS, "RSA-PSS", NID_undef, NID_undef},
	/* RFC 9483 4.1.1, RFC 9481 3.3: EdDSA has its digests of certHash fixed */
	PURE("ED25519", "1.3.101.112", NID_sha512),
	PURE("ED448", "1.3.101.113", NID_shake256),
	/* RFC 8702 */
	{"ecdsa-with-shake128", PKIX_ALG "32", SIGNATURE_ECDSA_SHAKE, "EC", NID_shake128,
	 NID_shake128},
	{"ecdsa-with-shake256", PKIX_ALG "33", SIGNATURE_ECDSA_SHAKE, "EC", NID_shake256,
	 NID_shake256},
	{"RSASSA-PSS-SHAKE128", PKIX_ALG "30", SIGNATURE_PSS_SHAKE, "RSA-PSS", NID_shake128,
	 NID_shake128},
	{"RSASSA-PSS-SHAKE256", PKIX_ALG "31", SIGNATURE_PSS_SHAKE, "RSA-PSS", NID_shake256,
	 NID_shake256},
	/* NIST's register of algorithms; not in RFC 9481 */
	ECDSA("ecdsa-with-SHA3-224", NIST_SIG "9", NID_sha3_224),
	ECDSA("ecdsa-with-SHA3-256", NIST_SIG "10", NID_sha3_256),
	ECDSA("ecdsa-with-SHA3-384", NIST_SIG "11", NID_sha3_384),
	ECDSA("ecdsa-with-SHA3-512", NIST_SIG "12", NID_sha3_512),
	PKCS1("RSA-SHA3-224", NIST_SIG "13", NID_sha3_224),
	PKCS1("RSA-SHA3-256", NIST_SIG "14", NID_sha3_256),
	PKCS1("RSA-SHA3-384", NIST_SIG "15", NID_sha3_384),
	PKCS1("RSA-SHA3-512", NIST_SIG "16", NID_sha3_512),
	/* RFC 9881, RFC 9909: no digest of certHash; RFC 9810 5.3.18: certConf says it in hashAlg
	 */
	PURE("ML-DSA-44", NIST_SIG "17", NID_undef),
	PURE("ML-DSA-65", NIST_SIG "18", NID_undef),
	PURE("ML-DSA-87", NIST_SIG "19", NID_undef),
	PURE("SLH-DSA-SHA2-128s", NIST_SIG "20", NID_undef),
	PURE("SLH-DSA-SHA2-128f", NIST_SIG "21", NID_undef),
	PURE("SLH-DSA-SHA2-192s", NIST_SIG "22", NID_undef),
	PURE("SLH-DSA-SHA2-192f", NIST_SIG "23", NID_undef),
	PURE("SLH-DSA-SHA2-256s", NIST_SIG "24", NID_undef),
	PURE("SLH-DSA-SHA2-256f", NIST_SIG "25", NID_undef),
	PURE("SLH-DSA-SHAKE-128s", NIST_SIG "26", NID_undef),
	PURE("SLH-DSA-SHAKE-128f", NIST_SIG "27", NID_undef),
	PURE("SLH-DSA-SHAKE-192s", NIST_SIG "28", NID_undef),
	PURE("SLH-DSA-SHAKE-192f", NIST_SIG "29", NID_undef),
	PURE("SLH-DSA-SHAKE-256s", NIST_SIG "30", NID_undef),
	PURE("SLH-DSA-SHAKE-256f", NIST_SIG "31", NID_undef),
};
/* clang-format on */
const size_t signature_algorithms_count = ARRAY_LEN(signature_algorithms);

_Static_assert(ARRAY_LEN(signature_algorithms) <= 64, "a set of them is a uint64_t");

/* Constants of the program that need a fetch: written once, under pthread_once. */
static EVP_MD *digests[ARRAY_LEN(digest_names)];
static pthread_once_t digests_once = PTHREAD_ONCE_INIT;
static ASN1_OBJECT *signature_oids[ARRAY_LEN(signature_algorithms)];
static bool signature_available[ARRAY_LEN(signature_algorithms)];
static pthread_once_t signatures_once = PTHREAD_ONCE_INIT;

static void digests_fetch(void)
{
	for (size_t i = 0; i < ARRAY_LEN(digest_names); i++)
		digests[i] = EVP_MD_fetch(NULL, digest_names[i].name, NULL);
	ERR_clear_error();
}

const EVP_MD *digest_by_nid(int nid)
{
	pthread_once(&digests_once, digests_fetch);
	for (size_t i = 0; i < ARRAY_LEN(digest_names); i++)
		if (digest_names[i].nid == nid)
			return digests[i];
	return NULL;
}

size_t digest_len(const EVP_MD *digest)
{
	/* To ask for a name costs more than a thousand instructions. */
	if (!(EVP_MD_get_flags(digest) & EVP_MD_FLAG_XOF))
		return (size_t)EVP_MD_get_size(digest);
	return EVP_MD_is_a(digest, "SHAKE128") ? 32 : 64;
}

int digest_compute(const EVP_MD *digest, const void *data, size_t len, uint8_t *out, size_t *lenp)
{
	bool xof = EVP_MD_get_flags(digest) & EVP_MD_FLAG_XOF;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestInit_ex(ctx, digest, NULL) && EVP_DigestUpdate(ctx, data, len);

	*lenp = digest_len(digest);
	ok = ok && (xof ? EVP_DigestFinalXOF(ctx, out, *lenp) : EVP_DigestFinal_ex(ctx, out, NULL));
	EVP_MD_CTX_free(ctx);
	return ok ? 0 : log_fault("compute a digest", -ENOMEM, NULL);
}

/* A pure one needs the signature itself; OpenSSL has no RSASSA-PSS whose mask is SHAKE. */
static bool algorithm_available(const struct signature_algorithm *a)
{
	EVP_SIGNATURE *signature;

	if (a->scheme == SIGNATURE_PSS_SHAKE)
		return false;
	if (a->scheme != SIGNATURE_PURE)
		return a->digest_nid == NID_undef || digest_by_nid(a->digest_nid);
	signature = EVP_SIGNATURE_fetch(NULL, a->name, NULL);
	EVP_SIGNATURE_free(signature);
	return signature;
}

static void signatures_make(void)
{
	for (size_t i = 0; i < ARRAY_LEN(signature_algorithms); i++) {
		signature_oids[i] = OBJ_txt2obj(signature_algorithms[i].oid, 1);
		signature_available[i] = algorithm_available(&signature_algorithms[i]);
	}
	ERR_clear_error();
}

const struct signature_algorithm *signature_algorithm_find(const ASN1_OBJECT *oid)
{
	pthread_once(&signatures_once, signatures_make);
	for (size_t i = 0; i < ARRAY_LEN(signature_algorithms); i++)
		if (signature_oids[i] && OBJ_cmp(signature_oids[i], oid) == 0)
			return &signature_algorithms[i];
	return NULL;
}

const struct signature_algorithm *signature_algorithm_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(signature_algorithms); i++)
		if (strcmp(signature_algorithms[i].name, name) == 0)
			return &signature_algorithms[i];
	return NULL;
}

const struct signature_algorithm *signature_algorithm_for(const EVP_PKEY *key, int digest_nid)
{
	for (size_t i = 0; i < ARRAY_LEN(signature_algorithms); i++) {
		const struct signature_algorithm *a = &signature_algorithms[i];

		if ((a->digest_nid == NID_undef || a->digest_nid == digest_nid) &&
		    EVP_PKEY_is_a(key, a->key))
			return a;
	}
	return NULL;
}

uint64_t signature_algorithm_bit(const struct signature_algorithm *algorithm)
{
	return UINT64_C(1) << (algorithm - signature_algorithms);
}

bool signature_algorithm_available(const struct signature_algorithm *algorithm)
{
	pthread_once(&signatures_once, signatures_make);
	return signature_available[algorithm - signature_algorithms];
}

bool algorithm_parameters_empty(const X509_ALGOR *alg)
{
	int type;

	X509_ALGOR_get0(NULL, &type, NULL, alg);
	return type == V_ASN1_UNDEF || type == V_ASN1_NULL;
}

/* The SHA-2 or SHA-3 digest of an AlgorithmIdentifier, NID_undef if it is another. */
static int digest_of(const X509_ALGOR *alg)
{
	int nid = OBJ_obj2nid(alg->algorithm);

	if (!algorithm_parameters_empty(alg) || nid == NID_sha1 || nid == NID_shake128 ||
	    nid == NID_shake256 || !digest_by_nid(nid))
		return NID_undef;
	return nid;
}

/* RFC 4055 3.1: maskGenAlgorithm is MGF1 with a HashAlgorithm as its parameter. */
static bool mgf1_uses(const X509_ALGOR *mask, int digest_nid)
{
	const ASN1_TYPE *parameter = mask->parameter;
	const unsigned char *p, *end;
	X509_ALGOR *hash;
	bool same;

	if (OBJ_obj2nid(mask->algorithm) != NID_mgf1 || !parameter ||
	    parameter->type != V_ASN1_SEQUENCE)
		return false;
	p = parameter->value.sequence->data;
	end = p + parameter->value.sequence->length;
	hash = d2i_X509_ALGOR(NULL, &p, parameter->value.sequence->length);
	same = hash && p == end && digest_of(hash) == digest_nid;
	X509_ALGOR_free(hash);
	return same;
}

static int pss_check(const RSA_PSS_PARAMS *params, struct pss_parameters *pssp)
{
	int64_t salt_len = 20; /* RFC 4055 3.1: DEFAULT 20 */
	int64_t trailer = 1;

	/* Absent fields mean SHA-1: not accepted. */
	if (!params->hashAlgorithm || !params->maskGenAlgorithm)
		return -EBADMSG;
	pssp->digest_nid = digest_of(params->hashAlgorithm);
	if (pssp->digest_nid == NID_undef || !mgf1_uses(params->maskGenAlgorithm, pssp->digest_nid))
		return -EBADMSG;
	if (params->saltLength && !ASN1_INTEGER_get_int64(&salt_len, params->saltLength))
		return -EBADMSG;
	if (params->trailerField && !ASN1_INTEGER_get_int64(&trailer, params->trailerField))
		return -EBADMSG;
	if (salt_len < 0 || salt_len > PSS_SALT_MAX || trailer != 1)
		return -EBADMSG;
	pssp->salt_len = (int)salt_len;
	return 0;
}

int pss_parameters_read(const X509_ALGOR *alg, struct pss_parameters *pssp)
{
	RSA_PSS_PARAMS *params = algorithm_parameters_read(alg, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
	int err = params ? pss_check(params, pssp) : -EBADMSG;

	RSA_PSS_PARAMS_free(params);
	if (err)
		ERR_clear_error();
	return err;
}

/* {digest, NULL} as RFC 4055 2.1 has it. */
static X509_ALGOR *digest_algorithm_new(int digest_nid)
{
	X509_ALGOR *alg = X509_ALGOR_new();

	if (alg && !X509_ALGOR_set0(alg, OBJ_nid2obj(digest_nid), V_ASN1_NULL, NULL)) {
		X509_ALGOR_free(alg);
		return NULL;
	}
	return alg;
}

void *algorithm_parameters_read(const X509_ALGOR *alg, const ASN1_ITEM *item)
{
	const ASN1_TYPE *parameter = alg->parameter;
	const unsigned char *p, *end;
	ASN1_VALUE *value;

	if (!parameter || parameter->type != V_ASN1_SEQUENCE)
		return NULL;
	p = parameter->value.sequence->data;
	end = p + parameter->value.sequence->length;
	value = ASN1_item_d2i(NULL, &p, parameter->value.sequence->length, item);
	if (value && p == end)
		return value;
	ASN1_item_free(value, item);
	ERR_clear_error();
	return NULL;
}

X509_ALGOR *algorithm_new(const ASN1_OBJECT *oid, const ASN1_ITEM *item, const void *value)
{
	X509_ALGOR *alg = X509_ALGOR_new();
	ASN1_OBJECT *copy = OBJ_dup(oid);
	ASN1_STRING *packed = ASN1_item_pack((void *)(uintptr_t)value, item, NULL);

	if (!alg || !copy || !packed || !X509_ALGOR_set0(alg, copy, V_ASN1_SEQUENCE, packed)) {
		ASN1_STRING_free(packed);
		ASN1_OBJECT_free(copy);
		X509_ALGOR_free(alg);
		return NULL;
	}
	return alg;
}

/* The same by NID. */
static X509_ALGOR *algorithm_with(int nid, const ASN1_ITEM *item, const void *value)
{
	return value ? algorithm_new(OBJ_nid2obj(nid), item, value) : NULL;
}

bool pss_context_set(EVP_PKEY_CTX *ctx, const EVP_MD *digest, int salt_len)
{
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, digest) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt_len) > 0;
}

X509_ALGOR *pss_algorithm_new(int digest_nid)
{
	const EVP_MD *md = digest_by_nid(digest_nid);
	RSA_PSS_PARAMS *params = RSA_PSS_PARAMS_new();
	X509_ALGOR *hash = digest_algorithm_new(digest_nid);
	X509_ALGOR *alg = NULL;

	if (!md || !params || !hash)
		goto out;
	params->maskGenAlgorithm = algorithm_with(NID_mgf1, ASN1_ITEM_rptr(X509_ALGOR), hash);
	params->hashAlgorithm = TAKE(hash);
	params->saltLength = ASN1_INTEGER_new();
	if (!params->maskGenAlgorithm || !params->saltLength ||
	    !ASN1_INTEGER_set(params->saltLength, EVP_MD_get_size(md)))
		goto out;
	alg = algorithm_with(NID_rsassaPss, ASN1_ITEM_rptr(RSA_PSS_PARAMS), params);
out:
	X509_ALGOR_free(hash);
	RSA_PSS_PARAMS_free(params);
	return alg;
}
