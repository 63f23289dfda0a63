// SPDX-License-Identifier: Apache-2.0
/*
 * Tables of algorithms, and the parameters of RSASSA-PSS. No keys here.
 */
#include "asn1/algorithm.h"

#include <errno.h>
#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <pthread.h>

/* More than any digest has octets, less than what costs anything. */
#define PSS_SALT_MAX 512

static const struct {
	int nid;
	const char *name;
} digest_names[] = {
	{NID_sha1, "SHA1"},       {NID_sha224, "SHA2-224"}, {NID_sha256, "SHA2-256"},
	{NID_sha384, "SHA2-384"}, {NID_sha512, "SHA2-512"}, {NID_shake256, "SHAKE256"},
};

/* Constants of the program that need a fetch: written once, under pthread_once. */
static EVP_MD *digests[ARRAY_LEN(digest_names)];
static pthread_once_t digests_once = PTHREAD_ONCE_INIT;

static void digests_fetch(void)
{
	for (size_t i = 0; i < ARRAY_LEN(digest_names); i++)
		digests[i] = EVP_MD_fetch(NULL, digest_names[i].name, NULL);
}

const EVP_MD *digest_by_nid(int nid)
{
	pthread_once(&digests_once, digests_fetch);
	for (size_t i = 0; i < ARRAY_LEN(digest_names); i++)
		if (digest_names[i].nid == nid)
			return digests[i];
	return NULL;
}

static const struct signature_algorithm signature_algorithms[] = {
	{NID_ecdsa_with_SHA256, EVP_PKEY_EC, NID_sha256},
	{NID_ecdsa_with_SHA384, EVP_PKEY_EC, NID_sha384},
	{NID_ecdsa_with_SHA512, EVP_PKEY_EC, NID_sha512},
	{NID_ecdsa_with_SHA224, EVP_PKEY_EC, NID_sha224},
	{NID_sha256WithRSAEncryption, EVP_PKEY_RSA, NID_sha256},
	{NID_sha384WithRSAEncryption, EVP_PKEY_RSA, NID_sha384},
	{NID_sha512WithRSAEncryption, EVP_PKEY_RSA, NID_sha512},
	{NID_sha224WithRSAEncryption, EVP_PKEY_RSA, NID_sha224},
	{NID_rsassaPss, EVP_PKEY_RSA_PSS, NID_undef},
	{NID_ED25519, EVP_PKEY_ED25519, NID_undef},
	{NID_ED448, EVP_PKEY_ED448, NID_undef},
};

const struct signature_algorithm *signature_algorithm_find(int nid)
{
	for (size_t i = 0; i < ARRAY_LEN(signature_algorithms); i++)
		if (signature_algorithms[i].nid == nid)
			return &signature_algorithms[i];
	return NULL;
}

const struct signature_algorithm *signature_algorithm_for(int key_type, int digest_nid)
{
	for (size_t i = 0; i < ARRAY_LEN(signature_algorithms); i++) {
		const struct signature_algorithm *a = &signature_algorithms[i];

		if (a->key_type == key_type &&
		    (a->digest_nid == NID_undef || a->digest_nid == digest_nid))
			return a;
	}
	return NULL;
}

bool algorithm_parameters_empty(const X509_ALGOR *alg)
{
	int type;

	X509_ALGOR_get0(NULL, &type, NULL, alg);
	return type == V_ASN1_UNDEF || type == V_ASN1_NULL;
}

/* The SHA-2 digest of an AlgorithmIdentifier, NID_undef if it is another. */
static int sha2_of(const X509_ALGOR *alg)
{
	int nid = OBJ_obj2nid(alg->algorithm);

	if (!algorithm_parameters_empty(alg) || nid == NID_sha1 || nid == NID_shake256 ||
	    !digest_by_nid(nid))
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
	same = hash && p == end && sha2_of(hash) == digest_nid;
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
	pssp->digest_nid = sha2_of(params->hashAlgorithm);
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
