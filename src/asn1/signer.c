// SPDX-License-Identifier: Apache-2.0
/* Private keys that sign. See asn1/signer.h. */
#include "asn1/signer.h"

#include "asn1/algorithm.h"
#include "asn1/key_provider.h"
#include "base/log.h"
#include "base/pool.h"

#include <errno.h>
#include <openssl/objects.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>

/* `prepared` is initialised once and only copied from then on. */
struct signer {
	EVP_PKEY *key;
	X509_ALGOR *algorithm;
	unsigned char *algorithm_der;
	int algorithm_der_len;
	EVP_MD_CTX *prepared;
	size_t signature_max;
	bool elsewhere; /* a token has the key: signing is waiting for it */
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
	const struct key_provider provider = key_provider_of(s->key);
	EVP_PKEY_CTX *pctx;

	if (a->scheme == SIGNATURE_PURE)
		md = NULL;
	if (EVP_DigestSignInit_ex(s->prepared, &pctx, md ? EVP_MD_get0_name(md) : NULL,
				  provider.context, provider.properties, s->key, NULL) <= 0)
		return false;
	return a->scheme != SIGNATURE_PSS || pss_context_set(pctx, md, RSA_PSS_SALTLEN_DIGEST);
}

/* A token, or whatever else a provider reaches; keys of engines have none. */
static bool key_is_elsewhere(const EVP_PKEY *key)
{
	const OSSL_PROVIDER *provider = EVP_PKEY_get0_provider(key);

	return !provider || strcmp(OSSL_PROVIDER_get0_name(provider), "default") != 0;
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
	s->elsewhere = key_is_elsewhere(key);
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

static void signing_begin(const struct signer *s)
{
	if (s->elsewhere)
		pool_wait_begin();
}

static void signing_end(const struct signer *s)
{
	if (s->elsewhere)
		pool_wait_end();
}

int signer_sign(const struct signer *s, struct bytes data, struct octets *signaturep)
{
	uint8_t *signature = malloc(s->signature_max);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = s->signature_max;
	int ok;

	signing_begin(s);
	ok = signature && ctx && EVP_MD_CTX_copy_ex(ctx, s->prepared) &&
	     EVP_DigestSign(ctx, signature, &len, data.data, data.len) > 0;
	signing_end(s);
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
	signing_begin(s);
	ok = signature && ctx && EVP_MD_CTX_copy_ex(ctx, s->prepared);
	for (size_t i = 0; i < n && ok; i++)
		ok = EVP_DigestSignUpdate(ctx, parts[i].data, parts[i].len) > 0;
	ok = ok && EVP_DigestSignFinal(ctx, signature, &len) > 0;
	signing_end(s);
	EVP_MD_CTX_free(ctx);
	if (!ok) {
		free(signature);
		return log_fault("sign", -EIO, NULL);
	}
	*signaturep = (struct octets){signature, len};
	return 0;
}

int signer_try(const struct signer *s)
{
	_cleanup_(octets_clear) struct octets signature = OCTETS_NULL;

	return signer_sign(s, bytes_of_string("can this key sign?"), &signature);
}
