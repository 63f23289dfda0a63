// SPDX-License-Identifier: Apache-2.0
/*
 * Paths from an attester's certificate to those that are trusted, RFC 5280 6. What the certificate
 * says and is used for is its verifier's to judge.
 */
#include "trust.h"

#include "asn1/spki.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

/* As for signers of messages. AUTH_LEVEL 2 is 112 bits: RSA from 2048, no SHA-1. */
enum { DEPTH_MAX = 8, AUTH_LEVEL = 2, SECURITY_BITS = 112 };

static int certs_push(STACK_OF(X509) * to, X509 *cert)
{
	if (sk_X509_push(to, cert) <= 0) {
		X509_free(cert);
		return -ENOMEM;
	}
	return 0;
}

static int bundle_push(const struct attest_bundle *bundle, STACK_OF(X509) * to)
{
	for (size_t i = 0; i < bundle->n_certs; i++) {
		X509 *cert = NULL;
		int err = attest_cert_read(bundle->cert[i], &cert);

		if (err == 0)
			err = certs_push(to, cert);
		if (err < 0)
			return err;
	}
	return 0;
}

static int trust_push(const struct attest_trust *trust, STACK_OF(X509) * to)
{
	for (int i = 0; i < sk_X509_num(trust->certs); i++) {
		X509 *cert = sk_X509_value(trust->certs, i);
		int err = X509_up_ref(cert) == 1 ? certs_push(to, cert) : -ENOMEM;

		if (err < 0)
			return err;
	}
	return 0;
}

int attest_certs_gather(const struct attest_question *q, STACK_OF(X509) * *certsp)
{
	_cleanup_(attest_certs_free) STACK_OF(X509) *certs = sk_X509_new_null();
	int err = certs ? bundle_push(q->bundle, certs) : -ENOMEM;

	if (err == -EBADMSG)
		return refuse_detail(q->refusal, REFUSAL_attestation_malformed,
				     "a certificate of the bundle");
	for (size_t i = 0; i < ATTEST_TRUSTS_MAX && err == 0; i++)
		if (q->rules->trust[i])
			err = trust_push(q->rules->trust[i], certs);
	if (err == 0)
		*certsp = TAKE(certs);
	return err;
}

/* What an error of X509_verify_cert() means; the row of the default is the last. */
static int error_refuse(int error, struct refusal *refusal)
{
	enum refusal_reason reason;

	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		reason = REFUSAL_attestation_attester_expired;
		break;
	case X509_V_ERR_CERT_REVOKED:
		reason = REFUSAL_attestation_attester_revoked;
		break;
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_CRL_NOT_YET_VALID:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
	case X509_V_ERR_DIFFERENT_CRL_SCOPE:
	case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
		reason = REFUSAL_attestation_attester_crl;
		break;
	default:
		reason = REFUSAL_attestation_attester_not_trusted;
		break;
	}
	return refuse_detail(refusal, reason, X509_verify_cert_error_string(error));
}

static void store_ctx_freep(X509_STORE_CTX **ctx)
{
	X509_STORE_CTX_free(*ctx);
}

/* Signatures of such a key are anybody's; OpenSSL takes it. */
static bool keys_prove(X509_STORE_CTX *ctx)
{
	const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);

	for (int i = 1; i < sk_X509_num(chain); i++)
		if (spki_certificate_check(sk_X509_value(chain, i)))
			return false;
	return true;
}

static int signer_take(X509_STORE_CTX *ctx, uint8_t digest[32])
{
	const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);

	return attest_cert_digest(sk_X509_value(chain, sk_X509_num(chain) > 1 ? 1 : 0), digest);
}

/* CRLs of all but the anchor: who is trusted is so by the operator's word. */
static unsigned long flags_of(const struct attest_rules *rules, const struct attest_trust *trust)
{
	/* A trust anchor need not be self-signed (RFC 5280 6.1.1 d). */
	unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;

	return trust->checks_crls ||
			       (rules->needs_crls && trust == rules->trust[ATTEST_TRUST_PROFILE])
		       ? flags | X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL
		       : flags;
}

static int path_verify(const struct attest_question *q, const struct attest_trust *trust,
		       X509 *cert, STACK_OF(X509) * untrusted, uint8_t signer[32])
{
	_cleanup_(store_ctx_freep) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int err;

	if (!ctx || X509_STORE_CTX_init(ctx, trust->store, cert, untrusted) != 1)
		return -ENOMEM;
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	X509_VERIFY_PARAM_set_depth(param, DEPTH_MAX);
	X509_VERIFY_PARAM_set_time(param, (time_t)(q->rules->now_ms / 1000));
	if (X509_VERIFY_PARAM_set_flags(param, flags_of(q->rules, trust)) != 1)
		return -ENOMEM;
	if (q->rules->crls)
		X509_STORE_CTX_set0_crls(ctx, q->rules->crls->stack);
	if (X509_verify_cert(ctx) != 1)
		err = error_refuse(X509_STORE_CTX_get_error(ctx), q->refusal);
	else if (!keys_prove(ctx))
		err = error_refuse(X509_V_ERR_CERT_UNTRUSTED, q->refusal);
	else
		err = signer ? signer_take(ctx, signer) : 0;
	ERR_clear_error(); /* a path that does not verify is a refusal, not a fault */
	return err;
}

static bool has_key(const struct attest_trust *trust, const uint8_t digest[32])
{
	for (size_t i = 0; i < trust->n_keys; i++)
		if (memcmp(trust->keys[i].digest, digest, 32) == 0)
			return true;
	return false;
}

int attest_attester_check(const struct attest_question *q, X509 *cert, const uint8_t digest[32],
			  STACK_OF(X509) * untrusted)
{
	int err = 0;

	for (size_t i = 0; i < ATTEST_TRUSTS_MAX && err == 0; i++) {
		const struct attest_trust *trust = q->rules->trust[i];

		if (!trust || has_key(trust, digest))
			continue;
		err = cert ? path_verify(q, trust, cert, untrusted, NULL)
			   : error_refuse(X509_V_ERR_CERT_UNTRUSTED, q->refusal);
	}
	return err;
}

static bool is_valid_now(const struct attest_question *q, const X509 *cert)
{
	time_t now = (time_t)(q->rules->now_ms / 1000);

	return X509_cmp_time(X509_get0_notBefore(cert), &now) < 0 &&
	       X509_cmp_time(X509_get0_notAfter(cert), &now) > 0;
}

/* The bare key that has signed the certificate; NULL: none has. */
static const struct attest_key *issuing_key(const struct attest_question *q,
					    const struct attest_trust *trust, X509 *cert)
{
	int bits = 0;

	if (trust->n_keys == 0 || X509_get_signature_info(cert, NULL, NULL, &bits, NULL) != 1 ||
	    bits < SECURITY_BITS)
		return NULL;
	for (size_t i = 0; i < trust->n_keys; i++) {
		bool signed_it = X509_verify(cert, trust->keys[i].key) == 1;

		ERR_clear_error();
		if (signed_it)
			return &trust->keys[i];
	}
	return NULL;
}

int attest_issued_check(const struct attest_question *q, X509 *cert, STACK_OF(X509) * untrusted,
			uint8_t signer[32])
{
	int err = 0;

	for (size_t i = 0; i < ATTEST_TRUSTS_MAX && err == 0; i++) {
		const struct attest_trust *trust = q->rules->trust[i];
		const struct attest_key *key = trust ? issuing_key(q, trust, cert) : NULL;

		if (key && !is_valid_now(q, cert))
			err = error_refuse(X509_V_ERR_CERT_HAS_EXPIRED, q->refusal);
		else if (key)
			memcpy(signer, key->digest, sizeof(key->digest));
		else if (trust)
			err = path_verify(q, trust, cert, untrusted, signer);
	}
	return err;
}
