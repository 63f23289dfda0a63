// SPDX-License-Identifier: Apache-2.0
/* PasswordBasedMac, RFC 4210 5.1.3.1 and RFC 9045. */
#include "mac_schemes.h"

#include "asn1/algorithm.h"
#include "asn1/crmf.h"
#include "base/log.h"
#include "message.h"

#include <errno.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include <string.h>

#define SALT_LEN 16

/*
 * SHA-1 too: RFC 4210 made it mandatory, and clients use it. RFC 9481 2, and RFC 9688 for SHA-3,
 * for the others.
 */
static const EVP_MD *owf_digest(const X509_ALGOR *owf)
{
	int nid = algorithm_parameters_empty(owf) ? OBJ_obj2nid(owf->algorithm) : NID_undef;

	switch (nid) {
	case NID_sha1:
	case NID_sha224:
	case NID_sha256:
	case NID_sha384:
	case NID_sha512:
	case NID_sha3_224:
	case NID_sha3_256:
	case NID_sha3_384:
	case NID_sha3_512:
		return digest_by_nid(nid);
	default:
		return NULL;
	}
}

/*
 * RFC 4211 4.4: where the MAC needs a key of a fixed length, it is the first octets of BASEKEY.
 * HMAC and KMAC take a key of any length: BASEKEY is used whole, as OpenSSL does.
 */
static int key_len_find(struct cmp_mac *mac)
{
	size_t base_key_len = (size_t)EVP_MD_get_size(mac->digest);
	const struct mac_algorithm *a = mac->function.algorithm;

	mac->key_len = base_key_len < a->key_max ? base_key_len : a->key_max;
	return mac->key_len < a->key_min ? -EBADMSG : 0;
}

static int parameters_read(const PBMParameter *p, struct cmp_mac *mac)
{
	struct bytes salt = {p->salt->data, (size_t)p->salt->length};
	int err = mac_function_read(p->mac, &mac->function);

	mac->digest = owf_digest(p->owf);
	if (err || !mac->digest || key_len_find(mac) ||
	    !ASN1_INTEGER_get_int64(&mac->iterations, p->iterationCount) || mac->iterations < 1)
		return -EBADMSG;
	return octets_dup(salt, &mac->salt);
}

int mac_password_read(const X509_ALGOR *alg, struct cmp_mac *macp)
{
	PBMParameter *p = algorithm_parameters_read(alg, ASN1_ITEM_rptr(PBMParameter));
	int err = p ? parameters_read(p, macp) : -EBADMSG;

	PBMParameter_free(p);
	return err;
}

/* BASEKEY: OWF applied iterationCount times, first to secret || salt. */
bool mac_password_derive(const struct cmp_mac *mac, struct bytes secret, uint8_t *key)
{
	uint8_t base[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned int len = 0;
	bool ok = ctx && EVP_DigestInit_ex(ctx, mac->digest, NULL) &&
		  EVP_DigestUpdate(ctx, secret.data, secret.len) &&
		  EVP_DigestUpdate(ctx, mac->salt.data, mac->salt.len) &&
		  EVP_DigestFinal_ex(ctx, base, &len);

	for (int64_t i = 1; ok && i < mac->iterations; i++)
		ok = EVP_DigestInit_ex(ctx, NULL, NULL) && EVP_DigestUpdate(ctx, base, len) &&
		     EVP_DigestFinal_ex(ctx, base, &len);
	EVP_MD_CTX_free(ctx);
	if (ok)
		memcpy(key, base, mac->key_len);
	OPENSSL_cleanse(base, sizeof(base));
	return ok;
}

/* RFC 4210 5.1.3.1: the parameters remain constant throughout a transaction. */
X509_ALGOR *mac_password_again(const X509_ALGOR *alg)
{
	PBMParameter *p = algorithm_parameters_read(alg, ASN1_ITEM_rptr(PBMParameter));
	X509_ALGOR *mac = p ? mac_function_again(p->mac) : NULL, *again = NULL;

	if (mac) {
		X509_ALGOR_free(p->mac);
		p->mac = mac;
		again = algorithm_new(alg->algorithm, ASN1_ITEM_rptr(PBMParameter), p);
	}
	PBMParameter_free(p);
	return again;
}

static bool parameter_fill(PBMParameter *p, uint32_t iterations)
{
	uint8_t salt[SALT_LEN];

	return RAND_bytes(salt, sizeof(salt)) > 0 &&
	       ASN1_OCTET_STRING_set(p->salt, salt, sizeof(salt)) &&
	       X509_ALGOR_set0(p->owf, OBJ_nid2obj(NID_sha256), V_ASN1_UNDEF, NULL) &&
	       ASN1_INTEGER_set_uint64(p->iterationCount, iterations) &&
	       X509_ALGOR_set0(p->mac, OBJ_nid2obj(NID_hmacWithSHA256), V_ASN1_NULL, NULL);
}

int cmp_mac_algorithm_new(uint32_t iterations, X509_ALGOR **algp)
{
	PBMParameter *p = PBMParameter_new();
	X509_ALGOR *alg = NULL;

	if (p && parameter_fill(p, iterations))
		alg = algorithm_new(OBJ_nid2obj(NID_id_PasswordBasedMAC),
				    ASN1_ITEM_rptr(PBMParameter), p);
	PBMParameter_free(p);
	if (!alg)
		return log_fault("make PasswordBasedMac parameters", -ENOMEM, NULL);
	*algp = alg;
	return 0;
}
