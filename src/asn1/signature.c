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

static bool pss_set(EVP_PKEY_CTX *pctx, const EVP_MD *md, int salt_len)
{
	return EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(pctx, md) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt_len) > 0;
}

/* RFC 8702 3.2.2: ECDSA of so many octets of SHAKE, which OpenSSL takes as a digest made elsewhere.
 */
static int shake_verify(EVP_PKEY *key, const EVP_MD *md, struct bytes data, struct bytes signature,
			bool *okp)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t len;
	int err = ctx ? digest_compute(md, data.data, data.len, digest, &len) : -ENOMEM;

	*okp = !err && EVP_PKEY_verify_init(ctx) > 0 &&
	       EVP_PKEY_verify(ctx, signature.data, signature.len, digest, len) == 1;
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
	       (!is_pss || pss_set(pctx, md, pss->salt_len)) &&
	       EVP_DigestVerify(ctx, signature.data, signature.len, data.data, data.len) == 1;
	EVP_MD_CTX_free(ctx);
	return 0;
}

int signature_verify(EVP_PKEY *key, const X509_ALGOR *alg, struct bytes data,
		     struct bytes signature, enum signature_result *resultp)
{
	const struct signature_algorithm *a = signature_algorithm_find(alg->algorithm);
	struct pss_parameters pss;
	bool ok = false;
	int err;

	*resultp = SIGNATURE_ALG_REFUSED;
	if (!a)
		return 0;
	*resultp = SIGNATURE_ALG_MISMATCH;
	if (!key_fits(a, key))
		return 0;
	*resultp = SIGNATURE_ALG_PARAMETERS;
	if (!parameters_fit(a, alg, &pss))
		return 0;
	*resultp = SIGNATURE_ALG_UNAVAILABLE;
	if (!signature_algorithm_available(a))
		return 0;
	if (a->scheme == SIGNATURE_ECDSA_SHAKE)
		err = shake_verify(key, digest_by_nid(a->digest_nid), data, signature, &ok);
	else
		err = digest_verify(key, a, &pss, data, signature, &ok);
	*resultp = ok ? SIGNATURE_OK : SIGNATURE_WRONG;
	if (!ok)
		ERR_clear_error();
	return err;
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

static X509_ALGOR *signer_algorithm_new(const struct signature_algorithm *a, int digest_nid)
{
	int type = a->scheme == SIGNATURE_PKCS1 ? V_ASN1_NULL : V_ASN1_UNDEF;
	ASN1_OBJECT *oid;
	X509_ALGOR *alg;

	if (a->scheme == SIGNATURE_PSS)
		return pss_algorithm_new(digest_nid);
	alg = X509_ALGOR_new();
	oid = OBJ_txt2obj(a->oid, 1);
	if (alg && oid && X509_ALGOR_set0(alg, oid, type, NULL))
		return alg;
	ASN1_OBJECT_free(oid);
	X509_ALGOR_free(alg);
	return NULL;
}

static bool signer_prepare(struct signer *s, const struct signature_algorithm *a, const EVP_MD *md)
{
	EVP_PKEY_CTX *pctx;

	if (a->scheme == SIGNATURE_PURE)
		md = NULL;
	if (EVP_DigestSignInit(s->prepared, &pctx, md, NULL, s->key) <= 0)
		return false;
	return a->scheme != SIGNATURE_PSS || pss_set(pctx, md, RSA_PSS_SALTLEN_DIGEST);
}

int signer_new(EVP_PKEY *key, const char *digest, struct signer **signerp)
{
	_cleanup_(signer_freep) struct signer *s = NULL;
	const struct signature_algorithm *algorithm;
	const EVP_MD *named = digest ? EVP_get_digestbyname(digest) : NULL;
	int digest_nid = named ? EVP_MD_get_type(named) : NID_undef;
	const EVP_MD *md = digest_by_nid(digest_nid);

	/* SHAKE is for verifying alone. */
	algorithm = signature_algorithm_for(key, digest_nid);
	if (!algorithm || algorithm->scheme == SIGNATURE_ECDSA_SHAKE ||
	    (algorithm->scheme != SIGNATURE_PURE && (!md || digest_nid == NID_sha1)))
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

/* Where there is no digest that takes it piece by piece: EdDSA, ML-DSA. */
static int sign_joined(const struct signer *s, const struct bytes *parts, size_t n,
		       struct octets *signaturep)
{
	_cleanup_(octets_clear) struct octets data = OCTETS_NULL;
	int err = bytes_join(parts, n, &data);

	return err ? err : signer_sign(s, octets_view(&data), signaturep);
}

int signer_sign_parts(const struct signer *s, const struct bytes *parts, size_t n,
		      struct octets *signaturep)
{
	uint8_t *signature;
	EVP_MD_CTX *ctx;
	size_t len = s->signature_max;
	bool ok;

	if (!EVP_MD_CTX_get0_md(s->prepared))
		return sign_joined(s, parts, n, signaturep);
	signature = malloc(s->signature_max);
	ctx = EVP_MD_CTX_new();
	ok = signature && ctx && EVP_MD_CTX_copy_ex(ctx, s->prepared);
	for (size_t i = 0; i < n && ok; i++)
		ok = EVP_DigestSignUpdate(ctx, parts[i].data, parts[i].len) > 0;
	ok = ok && EVP_DigestSignFinal(ctx, signature, &len) > 0;
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
