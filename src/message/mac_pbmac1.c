// SPDX-License-Identifier: Apache-2.0
/* PBMAC1 with PBKDF2, RFC 8018 7.1 and A.5, RFC 9481 6.1.2. */
#include "mac_schemes.h"

#include "asn1/algorithm.h"
#include "base/log.h"
#include "message.h"

#include <errno.h>
#include <limits.h>
#include <openssl/objects.h>
#include <openssl/rand.h>

#define SALT_LEN 16

enum { KEY_LEN_NEW = 32 };

/*
 * RFC 8018 A.2: DEFAULT hmacWithSHA1, which RFC 9481 6.2.1 does not have; nor may it be AES-GMAC
 * (RFC 9481 6.2.2). RFC 9688 adds HMAC with SHA-3.
 */
static const EVP_MD *prf_digest(const X509_ALGOR *prf)
{
	switch (prf && algorithm_parameters_empty(prf) ? OBJ_obj2nid(prf->algorithm) : NID_undef) {
	case NID_hmacWithSHA224:
		return digest_by_nid(NID_sha224);
	case NID_hmacWithSHA256:
		return digest_by_nid(NID_sha256);
	case NID_hmacWithSHA384:
		return digest_by_nid(NID_sha384);
	case NID_hmacWithSHA512:
		return digest_by_nid(NID_sha512);
	case NID_hmac_sha3_224:
		return digest_by_nid(NID_sha3_224);
	case NID_hmac_sha3_256:
		return digest_by_nid(NID_sha3_256);
	case NID_hmac_sha3_384:
		return digest_by_nid(NID_sha3_384);
	case NID_hmac_sha3_512:
		return digest_by_nid(NID_sha3_512);
	default:
		return NULL;
	}
}

/* keyLength, or what the function's strength asks for where it is absent. */
static int key_len_read(const ASN1_INTEGER *given, struct cmp_mac *mac)
{
	const struct mac_algorithm *a = mac->function.algorithm;
	int64_t len;

	mac->key_len = a->kind == MAC_HMAC ? a->output : a->key_min;
	if (!given)
		return 0;
	if (!ASN1_INTEGER_get_int64(&len, given) || len < 1 || len > MAC_KEY_MAX)
		return -EBADMSG;
	mac->key_len = (size_t)len;
	return 0;
}

static int pbkdf2_read(const PBKDF2PARAM *p, struct cmp_mac *mac)
{
	const ASN1_STRING *salt;

	/* RFC 8018 A.2: otherSource of the salt is for future versions. */
	if (p->salt->type != V_ASN1_OCTET_STRING)
		return -EBADMSG;
	salt = p->salt->value.octet_string;
	mac->digest = prf_digest(p->prf);
	if (!mac->digest || key_len_read(p->keylength, mac) ||
	    !ASN1_INTEGER_get_int64(&mac->iterations, p->iter) || mac->iterations < 1)
		return -EBADMSG;
	return octets_dup((struct bytes){salt->data, (size_t)salt->length}, &mac->salt);
}

static int parameters_read(const PBMAC1Params *p, struct cmp_mac *mac)
{
	PBKDF2PARAM *kdf;
	int err;

	if (OBJ_obj2nid(p->keyDerivationFunc->algorithm) != NID_id_pbkdf2 ||
	    mac_function_read(p->messageAuthScheme, &mac->function) ||
	    mac->function.algorithm->inside)
		return -EBADMSG;
	kdf = algorithm_parameters_read(p->keyDerivationFunc, ASN1_ITEM_rptr(PBKDF2PARAM));
	err = kdf ? pbkdf2_read(kdf, mac) : -EBADMSG;
	PBKDF2PARAM_free(kdf);
	return err;
}

int mac_pbmac1_read(const X509_ALGOR *alg, struct cmp_mac *macp)
{
	PBMAC1Params *p = algorithm_parameters_read(alg, ASN1_ITEM_rptr(PBMAC1Params));
	int err = p ? parameters_read(p, macp) : -EBADMSG;

	PBMAC1Params_free(p);
	return err;
}

int64_t mac_pbmac1_blocks(const struct cmp_mac *mac)
{
	size_t digest_len = (size_t)EVP_MD_get_size(mac->digest);

	return (int64_t)((mac->key_len + digest_len - 1) / digest_len);
}

bool mac_pbmac1_derive(const struct cmp_mac *mac, struct bytes secret, uint8_t *key)
{
	if (secret.len > INT_MAX || mac->iterations > INT_MAX)
		return false;
	return PKCS5_PBKDF2_HMAC((const char *)secret.data, (int)secret.len, mac->salt.data,
				 (int)mac->salt.len, (int)mac->iterations, mac->digest,
				 (int)mac->key_len, key) == 1;
}

/*
 * RFC 9483 4.1.5: the parameters of the key derivation should remain constant throughout the
 * operation.
 */
X509_ALGOR *mac_pbmac1_again(const X509_ALGOR *alg)
{
	PBMAC1Params *p = algorithm_parameters_read(alg, ASN1_ITEM_rptr(PBMAC1Params));
	X509_ALGOR *mac = p ? mac_function_again(p->messageAuthScheme) : NULL, *again = NULL;

	if (mac) {
		X509_ALGOR_free(p->messageAuthScheme);
		p->messageAuthScheme = mac;
		again = algorithm_new(alg->algorithm, ASN1_ITEM_rptr(PBMAC1Params), p);
	}
	PBMAC1Params_free(p);
	return again;
}

int cmp_mac_pbmac1_new(uint32_t iterations, X509_ALGOR **algp)
{
	PBMAC1Params *p = PBMAC1Params_new();
	X509_ALGOR *kdf = NULL, *alg = NULL;
	uint8_t salt[SALT_LEN];

	if (p && iterations <= INT_MAX && RAND_bytes(salt, sizeof(salt)) > 0)
		kdf = PKCS5_pbkdf2_set((int)iterations, salt, sizeof(salt), NID_hmacWithSHA256,
				       KEY_LEN_NEW);
	if (kdf) {
		X509_ALGOR_free(p->keyDerivationFunc);
		p->keyDerivationFunc = kdf;
		if (X509_ALGOR_set0(p->messageAuthScheme, OBJ_nid2obj(NID_hmacWithSHA256),
				    V_ASN1_NULL, NULL))
			alg = algorithm_new(OBJ_nid2obj(NID_pbmac1), ASN1_ITEM_rptr(PBMAC1Params),
					    p);
	}
	PBMAC1Params_free(p);
	if (!alg)
		return log_fault("make PBMAC1 parameters", -ENOMEM, NULL);
	*algp = alg;
	return 0;
}
