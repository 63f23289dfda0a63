// SPDX-License-Identifier: Apache-2.0
/*
 * PasswordBasedMac, RFC 4210 5.1.3.1 and RFC 9045. How weak or costly its parameters may be is the
 * caller's policy.
 */
#include "mac.h"

#include "asn1/algorithm.h"
#include "base/log.h"
#include "cmp/message.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include <pthread.h>

#define SALT_LEN 16

/* HMAC under both of its families of OIDs: RFC 4210 (1.3.6.1.5.5.8.1.2) and RFC 8018 B.1.1. */
static const struct {
	int mac_nid;
	int digest_nid;
} mac_digests[] = {
	{NID_hmac_sha1, NID_sha1},        {NID_hmacWithSHA1, NID_sha1},
	{NID_hmacWithSHA224, NID_sha224}, {NID_hmacWithSHA256, NID_sha256},
	{NID_hmacWithSHA384, NID_sha384}, {NID_hmacWithSHA512, NID_sha512},
};

/* A constant of the program that needs a fetch: written once, under pthread_once. */
static EVP_MAC *hmac;
static pthread_once_t hmac_once = PTHREAD_ONCE_INIT;

static void hmac_fetch(void)
{
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
}

void password_based_mac_clear(struct password_based_mac *pbm)
{
	octets_clear(&pbm->salt);
}

static const EVP_MD *owf_digest(const X509_ALGOR *owf)
{
	int nid = OBJ_obj2nid(owf->algorithm);

	if (!algorithm_parameters_empty(owf) || nid == NID_shake256)
		return NULL;
	return digest_by_nid(nid);
}

static const EVP_MD *mac_digest(const X509_ALGOR *mac)
{
	int nid = OBJ_obj2nid(mac->algorithm);

	if (!algorithm_parameters_empty(mac))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(mac_digests); i++)
		if (mac_digests[i].mac_nid == nid)
			return digest_by_nid(mac_digests[i].digest_nid);
	return NULL;
}

static int parameters_read(const PBMParameter *p, struct password_based_mac *pbmp)
{
	struct bytes salt = {p->salt->data, (size_t)p->salt->length};

	pbmp->owf = owf_digest(p->owf);
	pbmp->mac_digest = mac_digest(p->mac);
	if (!pbmp->owf || !pbmp->mac_digest ||
	    !ASN1_INTEGER_get_int64(&pbmp->iterations, p->iterationCount) || pbmp->iterations < 1)
		return -EBADMSG;
	return octets_dup(salt, &pbmp->salt);
}

int password_based_mac_read(const X509_ALGOR *alg, struct password_based_mac *pbmp)
{
	struct password_based_mac pbm = {0};
	const unsigned char *p, *end;
	PBMParameter *parameter;
	int err = -EBADMSG;

	if (OBJ_obj2nid(alg->algorithm) != NID_id_PasswordBasedMAC)
		return -ENOTSUP;
	if (!alg->parameter || alg->parameter->type != V_ASN1_SEQUENCE)
		return -EBADMSG;
	p = alg->parameter->value.sequence->data;
	end = p + alg->parameter->value.sequence->length;
	parameter = d2i_PBMParameter(NULL, &p, alg->parameter->value.sequence->length);
	if (parameter && p == end)
		err = parameters_read(parameter, &pbm);
	PBMParameter_free(parameter);
	if (err) {
		ERR_clear_error();
		return err;
	}
	*pbmp = pbm;
	return 0;
}

/* BASEKEY: OWF applied iterationCount times, first to secret || salt. */
static bool base_key_derive(const struct password_based_mac *pbm, struct bytes secret, uint8_t *key,
			    unsigned int *lenp)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestInit_ex(ctx, pbm->owf, NULL) &&
		  EVP_DigestUpdate(ctx, secret.data, secret.len) &&
		  EVP_DigestUpdate(ctx, pbm->salt.data, pbm->salt.len) &&
		  EVP_DigestFinal_ex(ctx, key, lenp);

	for (int64_t i = 1; ok && i < pbm->iterations; i++)
		ok = EVP_DigestInit_ex(ctx, NULL, NULL) && EVP_DigestUpdate(ctx, key, *lenp) &&
		     EVP_DigestFinal_ex(ctx, key, lenp);
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* HMAC takes a key of any length: BASEKEY is used whole, as OpenSSL does. */
int password_based_mac_compute(const struct password_based_mac *pbm, struct bytes secret,
			       struct bytes data, uint8_t *out, size_t *lenp)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
						 (char *)EVP_MD_get0_name(pbm->mac_digest), 0),
		OSSL_PARAM_END,
	};
	uint8_t key[EVP_MAX_MD_SIZE];
	unsigned int key_len = 0;
	EVP_MAC_CTX *ctx;
	bool ok;

	pthread_once(&hmac_once, hmac_fetch);
	ctx = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
	ok = ctx && base_key_derive(pbm, secret, key, &key_len) &&
	     EVP_MAC_init(ctx, key, key_len, params) && EVP_MAC_update(ctx, data.data, data.len) &&
	     EVP_MAC_final(ctx, out, lenp, EVP_MAX_MD_SIZE);
	EVP_MAC_CTX_free(ctx);
	OPENSSL_cleanse(key, sizeof(key));
	return ok ? 0 : log_fault("compute a PasswordBasedMac", -ENOMEM, NULL);
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
	X509_ALGOR *alg = X509_ALGOR_new();
	ASN1_STRING *packed = NULL;

	if (p && alg && parameter_fill(p, iterations))
		packed = ASN1_item_pack(p, ASN1_ITEM_rptr(PBMParameter), NULL);
	PBMParameter_free(p);
	if (!packed ||
	    !X509_ALGOR_set0(alg, OBJ_nid2obj(NID_id_PasswordBasedMAC), V_ASN1_SEQUENCE, packed)) {
		ASN1_STRING_free(packed);
		X509_ALGOR_free(alg);
		return log_fault("make PasswordBasedMac parameters", -ENOMEM, NULL);
	}
	*algp = alg;
	return 0;
}
