// SPDX-License-Identifier: Apache-2.0
/*
 * Signatures: verified by AlgorithmIdentifier under the policy of algorithm.h, and made. Keys and
 * certificates are not judged here.
 */
#include "asn1/spki.h"

#include "asn1/algorithm.h"
#include "base/log.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <string.h>

/* certHash with SHAKE256 has 64 octets, RFC 9483 4.1.1. */
#define SHAKE256_HASH_LEN 64

/* RSASSA-PSS may be made with keys that are not restricted to it, RFC 4055 1.2. */
static bool key_type_fits(const struct signature_algorithm *algorithm, int key_type)
{
	if (algorithm->key_type == EVP_PKEY_RSA_PSS)
		return key_type == EVP_PKEY_RSA || key_type == EVP_PKEY_RSA_PSS;
	return algorithm->key_type == key_type;
}

/*
 * RFC 4055 5: with RSA PKCS#1 the parameters are NULL, absence is accepted; RFC 5758 3.2,
 * RFC 8410 3: with ECDSA and EdDSA they are absent.
 */
static bool parameters_fit(const struct signature_algorithm *algorithm, const X509_ALGOR *alg)
{
	if (algorithm->key_type == EVP_PKEY_RSA)
		return algorithm_parameters_empty(alg);
	return !alg->parameter;
}

static bool pss_set(EVP_PKEY_CTX *pctx, const EVP_MD *md, int salt_len)
{
	return EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(pctx, md) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt_len) > 0;
}

/* Prepares the context; false if the algorithm is not accepted or the key does not allow it. */
static bool verify_init(EVP_MD_CTX *ctx, EVP_PKEY *key, const X509_ALGOR *alg,
			const struct signature_algorithm *algorithm)
{
	struct pss_parameters pss;
	EVP_PKEY_CTX *pctx;
	const EVP_MD *md;

	if (algorithm->nid == NID_rsassaPss) {
		if (pss_parameters_read(alg, &pss))
			return false;
		md = digest_by_nid(pss.digest_nid);
		return EVP_DigestVerifyInit(ctx, &pctx, md, NULL, key) > 0 &&
		       pss_set(pctx, md, pss.salt_len);
	}
	if (!parameters_fit(algorithm, alg))
		return false;
	return EVP_DigestVerifyInit(ctx, NULL, digest_by_nid(algorithm->digest_nid), NULL, key) > 0;
}

int signature_verify(EVP_PKEY *key, const X509_ALGOR *alg, struct bytes data,
		     struct bytes signature, enum signature_result *resultp)
{
	const struct signature_algorithm *algorithm =
		signature_algorithm_find(OBJ_obj2nid(alg->algorithm));
	EVP_MD_CTX *ctx;

	*resultp = SIGNATURE_ALG_REFUSED;
	if (!algorithm)
		return 0;
	if (!key_type_fits(algorithm, EVP_PKEY_get_base_id(key))) {
		*resultp = SIGNATURE_ALG_MISMATCH;
		return 0;
	}
	ctx = EVP_MD_CTX_new();
	if (!ctx)
		return log_fault("verify a signature", -ENOMEM, NULL);
	if (verify_init(ctx, key, alg, algorithm))
		*resultp = EVP_DigestVerify(ctx, signature.data, signature.len, data.data,
					    data.len) == 1
				   ? SIGNATURE_OK
				   : SIGNATURE_WRONG;
	EVP_MD_CTX_free(ctx);
	if (*resultp != SIGNATURE_OK)
		ERR_clear_error();
	return 0;
}

/* `prepared` is initialised once and only copied from then on. */
struct signer {
	EVP_PKEY *key;
	X509_ALGOR *algorithm;
	unsigned char *algorithm_der;
	int algorithm_der_len;
	EVP_MD_CTX *prepared;
	size_t signature_max;
};

static X509_ALGOR *signer_algorithm_new(const struct signature_algorithm *algorithm, int digest_nid)
{
	int type = algorithm->key_type == EVP_PKEY_RSA ? V_ASN1_NULL : V_ASN1_UNDEF;
	X509_ALGOR *alg;

	if (algorithm->nid == NID_rsassaPss)
		return pss_algorithm_new(digest_nid);
	alg = X509_ALGOR_new();
	if (alg && !X509_ALGOR_set0(alg, OBJ_nid2obj(algorithm->nid), type, NULL)) {
		X509_ALGOR_free(alg);
		return NULL;
	}
	return alg;
}

static bool signer_prepare(struct signer *s, const struct signature_algorithm *algorithm,
			   const EVP_MD *md)
{
	EVP_PKEY_CTX *pctx;

	if (algorithm->key_type == EVP_PKEY_ED25519 || algorithm->key_type == EVP_PKEY_ED448)
		md = NULL;
	if (EVP_DigestSignInit(s->prepared, &pctx, md, NULL, s->key) <= 0)
		return false;
	return algorithm->nid != NID_rsassaPss || pss_set(pctx, md, RSA_PSS_SALTLEN_DIGEST);
}

int signer_new(EVP_PKEY *key, const char *digest, struct signer **signerp)
{
	_cleanup_(signer_freep) struct signer *s = NULL;
	const struct signature_algorithm *algorithm;
	const EVP_MD *named = digest ? EVP_get_digestbyname(digest) : NULL;
	int digest_nid = named ? EVP_MD_get_type(named) : NID_undef;
	int key_type = EVP_PKEY_get_base_id(key);
	bool eddsa = key_type == EVP_PKEY_ED25519 || key_type == EVP_PKEY_ED448;
	const EVP_MD *md = digest_by_nid(digest_nid);

	algorithm = signature_algorithm_for(key_type, digest_nid);
	if (!algorithm || (!eddsa && (!md || digest_nid == NID_sha1)))
		return -ENOTSUP;
	s = calloc(1, sizeof(*s));
	if (!s || !EVP_PKEY_up_ref(key))
		return -ENOMEM;
	s->key = key;
	s->signature_max = (size_t)EVP_PKEY_get_size(key);
	s->algorithm = signer_algorithm_new(algorithm, digest_nid);
	s->algorithm_der_len = i2d_X509_ALGOR(s->algorithm, &s->algorithm_der);
	s->prepared = EVP_MD_CTX_new();
	if (!s->algorithm || s->algorithm_der_len <= 0 || !s->prepared)
		return log_fault("prepare a signer", -ENOMEM, NULL);
	if (!signer_prepare(s, algorithm, md))
		return log_fault("prepare a signer", -EINVAL, NULL);
	*signerp = TAKE(s);
	return 0;
}

void signer_free(struct signer *s)
{
	if (!s)
		return;
	EVP_MD_CTX_free(s->prepared);
	OPENSSL_free(s->algorithm_der);
	X509_ALGOR_free(s->algorithm);
	EVP_PKEY_free(s->key);
	free(s);
}

const X509_ALGOR *signer_algorithm(const struct signer *s)
{
	return s->algorithm;
}

struct bytes signer_algorithm_der(const struct signer *s)
{
	return (struct bytes){s->algorithm_der, (size_t)s->algorithm_der_len};
}

int signer_sign(const struct signer *s, struct bytes data, struct octets *signaturep)
{
	uint8_t *signature = malloc(s->signature_max);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = s->signature_max;
	int ok;

	ok = signature && ctx && EVP_MD_CTX_copy_ex(ctx, s->prepared) &&
	     EVP_DigestSign(ctx, signature, &len, data.data, data.len) > 0;
	EVP_MD_CTX_free(ctx);
	if (!ok) {
		free(signature);
		return log_fault("sign", -EIO, NULL);
	}
	*signaturep = (struct octets){signature, len};
	return 0;
}

const EVP_MD *cert_hash_digest(const X509_ALGOR *signature_algorithm)
{
	int nid = OBJ_obj2nid(signature_algorithm->algorithm);
	struct pss_parameters pss;
	int digest_nid;

	/* RFC 9483 4.1.1: EdDSA has its digests fixed */
	if (nid == NID_ED25519)
		return digest_by_nid(NID_sha512);
	if (nid == NID_ED448)
		return digest_by_nid(NID_shake256);
	if (nid == NID_rsassaPss)
		return pss_parameters_read(signature_algorithm, &pss)
			       ? NULL
			       : digest_by_nid(pss.digest_nid);
	if (!OBJ_find_sigid_algs(nid, &digest_nid, NULL) || digest_nid == NID_undef)
		return NULL;
	return digest_by_nid(digest_nid);
}

int cert_hash_compute(const EVP_MD *digest, struct bytes certificate, uint8_t *out, size_t *lenp)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned int len = 0;
	int ok = ctx && EVP_DigestInit_ex(ctx, digest, NULL) &&
		 EVP_DigestUpdate(ctx, certificate.data, certificate.len);

	if (EVP_MD_is_a(digest, "SHAKE256")) {
		len = SHAKE256_HASH_LEN;
		ok = ok && EVP_DigestFinalXOF(ctx, out, len);
	} else {
		ok = ok && EVP_DigestFinal_ex(ctx, out, &len);
	}
	EVP_MD_CTX_free(ctx);
	*lenp = len;
	return ok ? 0 : log_fault("digest a certificate", -ENOMEM, NULL);
}
