// SPDX-License-Identifier: Apache-2.0
/*
 * Signatures, verified by AlgorithmIdentifier under the policy of algorithm.h. Keys and
 * certificates are not judged here; signer.c makes signatures.
 */
#include "asn1/spki.h"

#include "asn1/algorithm.h"
#include "base/log.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <string.h>

/* RSASSA-PSS may be made with keys that are not restricted to it, RFC 4055 1.2. */
static bool key_fits(const struct signature_algorithm *a, const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, a->key) ||
	       (strcmp(a->key, "RSA-PSS") == 0 && EVP_PKEY_is_a(key, "RSA"));
}

/*
 * RFC 4055 5: with RSA PKCS#1 the parameters are NULL, absence is accepted; RFC 5758 3.2,
 * RFC 8410 3, RFC 8702 3.2, RFC 9881 2: with all others they are absent.
 */
static bool parameters_fit(const struct signature_algorithm *a, const X509_ALGOR *alg,
			   struct pss_parameters *pssp)
{
	switch (a->scheme) {
	case SIGNATURE_PKCS1:
		return algorithm_parameters_empty(alg);
	case SIGNATURE_PSS:
		return !pss_parameters_read(alg, pssp);
	case SIGNATURE_PSS_SHAKE:
	case SIGNATURE_ECDSA:
	case SIGNATURE_ECDSA_SHAKE:
	case SIGNATURE_PURE:
	default:
		return !alg->parameter;
	}
}

static EVP_PKEY_CTX *ecdsa_prepare(EVP_PKEY *key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

	if (ctx && EVP_PKEY_verify_init(ctx) > 0)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

/*
 * ECDSA of a digest, which costs a third of what EVP_DigestVerifyInit() does to get ready; and by
 * which SHAKE can be had, of as many octets as RFC 8702 3.2.2 says.
 */
static int ecdsa_verify(const struct signature_verifier *v, const EVP_MD *md, struct bytes data,
			struct bytes signature, bool *okp)
{
	EVP_PKEY_CTX *ctx = v->prepared ? EVP_PKEY_CTX_dup(v->prepared) : ecdsa_prepare(v->key);
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t len;
	int err = digest_compute(md, data.data, data.len, digest, &len);

	if (!err && v->prepared && !ctx)
		err = log_fault("verify a signature", -ENOMEM, NULL);
	*okp = !err && ctx && EVP_PKEY_verify(ctx, signature.data, signature.len, digest, len) == 1;
	EVP_PKEY_CTX_free(ctx);
	return err;
}

static int digest_verify(EVP_PKEY *key, const struct signature_algorithm *a,
			 const struct pss_parameters *pss, struct bytes data,
			 struct bytes signature, bool *okp)
{
	bool is_pss = a->scheme == SIGNATURE_PSS;
	const EVP_MD *md = digest_by_nid(is_pss ? pss->digest_nid : a->digest_nid);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;

	if (!ctx)
		return log_fault("verify a signature", -ENOMEM, NULL);
	*okp = EVP_DigestVerifyInit(ctx, &pctx, md, NULL, key) > 0 &&
	       (!is_pss || pss_context_set(pctx, md, pss->salt_len)) &&
	       EVP_DigestVerify(ctx, signature.data, signature.len, data.data, data.len) == 1;
	EVP_MD_CTX_free(ctx);
	return 0;
}

int signature_verify_by(const struct signature_verifier *v, const X509_ALGOR *alg,
			struct bytes data, struct bytes signature, enum signature_result *resultp)
{
	const struct signature_algorithm *a = signature_algorithm_find(alg->algorithm);
	struct pss_parameters pss;
	bool ok = false;
	int err;

	*resultp = SIGNATURE_ALG_REFUSED;
	if (!a)
		return 0;
	*resultp = SIGNATURE_ALG_MISMATCH;
	if (!key_fits(a, v->key))
		return 0;
	*resultp = SIGNATURE_ALG_PARAMETERS;
	if (!parameters_fit(a, alg, &pss))
		return 0;
	*resultp = SIGNATURE_ALG_UNAVAILABLE;
	if (!signature_algorithm_available(a))
		return 0;
	if (a->scheme == SIGNATURE_ECDSA || a->scheme == SIGNATURE_ECDSA_SHAKE)
		err = ecdsa_verify(v, digest_by_nid(a->digest_nid), data, signature, &ok);
	else
		err = digest_verify(v->key, a, &pss, data, signature, &ok);
	*resultp = ok ? SIGNATURE_OK : SIGNATURE_WRONG;
	if (!ok)
		ERR_clear_error();
	return err;
}

int signature_verify(EVP_PKEY *key, const X509_ALGOR *alg, struct bytes data,
		     struct bytes signature, enum signature_result *resultp)
{
	const struct signature_verifier once = {.key = key};

	return signature_verify_by(&once, alg, data, signature, resultp);
}

void signature_verifier_prepare(struct signature_verifier *v)
{
	if (!v->prepared && EVP_PKEY_is_a(v->key, "EC"))
		v->prepared = ecdsa_prepare(v->key);
	ERR_clear_error();
}

void signature_verifier_clear(struct signature_verifier *v)
{
	EVP_PKEY_CTX_free(v->prepared);
	EVP_PKEY_free(v->key);
	*v = (struct signature_verifier){NULL, NULL};
}

const EVP_MD *cert_hash_digest(const X509_ALGOR *signature_algorithm)
{
	const struct signature_algorithm *a =
		signature_algorithm_find(signature_algorithm->algorithm);
	struct pss_parameters pss;
	int digest_nid;

	if (a && a->scheme == SIGNATURE_PSS)
		return pss_parameters_read(signature_algorithm, &pss)
			       ? NULL
			       : digest_by_nid(pss.digest_nid);
	if (a)
		return digest_by_nid(a->cert_hash_nid);
	/* Of an upstream CA that signs with what we would not. */
	if (!OBJ_find_sigid_algs(OBJ_obj2nid(signature_algorithm->algorithm), &digest_nid, NULL))
		return NULL;
	return digest_by_nid(digest_nid);
}

int cert_hash_compute(const EVP_MD *digest, struct bytes certificate, uint8_t *out, size_t *lenp)
{
	return digest_compute(digest, certificate.data, certificate.len, out, lenp);
}
