// SPDX-License-Identifier: Apache-2.0
/*
 * Statements of TPM2_Certify, TCG's 2.23.133.20.1: an attestation key of a TPM says that another
 * key is loaded in the same TPM. That the attestation key is one of a TPM at all, and signs nothing
 * but what the TPM says itself, is the word of whoever certified or registered it.
 */
#include "tpm2.h"
#include "verify.h"

#include "asn1/algorithm.h"
#include "asn1/der.h"
#include "asn1/spki.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { TAG_OCTET_STRING = 0x04, TAG_SEQUENCE = 0x30 };

/* 112 bits: RSA from 2048 bits. */
enum { SECURITY_BITS = 112 };

/*
 * SEQUENCE { tpmSAttest OCTET STRING, signature OCTET STRING, tpmTPublic OCTET STRING OPTIONAL }
 */
struct certify {
	struct bytes attest;
	struct bytes signature;
	struct bytes public; /* empty: there is none */
};

static int statement_read(struct bytes stmt, struct certify *certify)
{
	struct bytes *const parts[] = {&certify->attest, &certify->signature, &certify->public};
	struct bytes tlv, content;
	uint8_t tag;
	size_t n = 0;

	if (der_next(&stmt, &tag, &tlv, &content) < 0 || tag != TAG_SEQUENCE)
		return -EBADMSG;
	while (content.len > 0) {
		if (n == ARRAY_LEN(parts) || der_next(&content, &tag, &tlv, parts[n]) < 0 ||
		    tag != TAG_OCTET_STRING)
			return -EBADMSG;
		n++;
	}
	return n < 2 ? -EBADMSG : 0;
}

/* --- the signature of the attestation key --- */

static int ecdsa_encode(const struct tpm_signature *signature, struct octets *derp)
{
	struct der_writer w = DER_WRITER_NULL;

	der_put_unsigned(&w, signature->s);
	der_put_unsigned(&w, signature->r);
	der_put_header(&w, TAG_SEQUENCE, 0);
	return der_writer_take(&w, derp);
}

static bool scheme_fits(enum tpm_scheme scheme, const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, scheme == TPM_ECDSA ? "EC" : "RSA");
}

/* TPM 2.0 Part 1, B.7: the salt is as long as it can be, or as the digest. */
static bool padding_set(EVP_PKEY_CTX *ctx, enum tpm_scheme scheme)
{
	if (scheme == TPM_ECDSA)
		return true;
	if (scheme == TPM_RSASSA)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_AUTO) > 0;
}

static int signature_verify_with(EVP_PKEY *key, const struct tpm_signature *signature,
				 struct bytes octets, struct bytes attest, bool *okp)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;

	if (!ctx)
		return -ENOMEM;
	*okp = EVP_DigestVerifyInit(ctx, &pctx, signature->digest, NULL, key) > 0 &&
	       padding_set(pctx, signature->scheme) &&
	       EVP_DigestVerify(ctx, octets.data, octets.len, attest.data, attest.len) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return 0;
}

/*
 * The signature as it was read for a key: implementations of the draft put the bare octets of
 * RSASSA with SHA-256 there, which are as many as the modulus has.
 */
static bool signature_for(const struct certify *certify, EVP_PKEY *key,
			  const struct tpm_signature *read, struct tpm_signature *signaturep)
{
	if (EVP_PKEY_is_a(key, "RSA") && certify->signature.len == (size_t)EVP_PKEY_get_size(key)) {
		*signaturep = (struct tpm_signature){.scheme = TPM_RSASSA,
						     .digest = digest_by_nid(NID_sha256),
						     .rsa = certify->signature};
		return true;
	}
	*signaturep = *read;
	return read->digest && scheme_fits(read->scheme, key);
}

/* Whether that key has signed the statement; *couldp: such a key could have. */
static int key_signed(const struct certify *certify, EVP_PKEY *key,
		      const struct tpm_signature *read, bool *couldp, bool *signedp)
{
	_cleanup_(octets_clear) struct octets der = OCTETS_NULL;
	struct tpm_signature signature;
	int err = 0;

	*signedp = false;
	if (!signature_for(certify, key, read, &signature))
		return 0;
	*couldp = true;
	if (signature.scheme == TPM_ECDSA)
		err = ecdsa_encode(&signature, &der);
	return err < 0 ? err
		       : signature_verify_with(key, &signature,
					       signature.scheme == TPM_ECDSA ? octets_view(&der)
									     : signature.rsa,
					       certify->attest, signedp);
}

/* --- the attestation key --- */

/* tcg-kp-AIKCertificate, 2.23.133.8.3 */
static const uint8_t aik_usage[] = {0x67, 0x81, 0x05, 0x08, 0x03};

static bool has_usage(X509 *cert)
{
	EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	bool has = false;

	for (int i = 0; i < sk_ASN1_OBJECT_num(usages) && !has; i++) {
		const ASN1_OBJECT *usage = sk_ASN1_OBJECT_value(usages, i);

		has = bytes_equal((struct bytes){OBJ_get0_data(usage), OBJ_length(usage)},
				  BYTES_OF(aik_usage));
	}
	EXTENDED_KEY_USAGE_free(usages);
	ERR_clear_error();
	return has && (X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE);
}

/* Whose key it could be, one after the other, and what came of those that have signed. */
struct search {
	const struct attest_question *q;
	const struct certify *certify;
	struct tpm_signature signature;
	STACK_OF(X509) * certs;
	int unread; /* why `signature` is none that can be verified; 0: it is one */
	bool any;   /* key that could have signed it */
	bool found;
	bool refused; /* one that has signed it */
	uint8_t digest[32];
};

/* One that has signed it. cert NULL: a bare key. */
static int signer_judge(struct search *s, EVP_PKEY *key, X509 *cert, const uint8_t digest[32])
{
	int err = 0;

	if (EVP_PKEY_get_security_bits(key) < SECURITY_BITS)
		err = refuse(s->q->refusal, REFUSAL_attestation_algorithm);
	else if (cert && !has_usage(cert))
		err = refuse(s->q->refusal, REFUSAL_attestation_attester_usage);
	if (err == 0)
		err = attest_attester_check(s->q, cert, digest, s->certs);
	if (err == 0)
		memcpy(s->digest, digest, sizeof(s->digest));
	s->found = err == 0;
	s->refused = s->refused || err == REFUSED;
	return err < 0 ? err : 0;
}

static int key_try(struct search *s, EVP_PKEY *key, X509 *cert, const uint8_t digest[32])
{
	bool signed_it;
	int err = key_signed(s->certify, key, &s->signature, &s->any, &signed_it);

	return err == 0 && signed_it ? signer_judge(s, key, cert, digest) : err;
}

static int bare_keys_try(struct search *s, const struct attest_trust *trust)
{
	size_t n;
	const struct attest_key *keys = attest_trust_keys(trust, &n);
	int err = 0;

	for (size_t i = 0; i < n && err == 0 && !s->found; i++)
		err = key_try(s, keys[i].key, NULL, keys[i].digest);
	return err;
}

/* CAs attest nothing: that leaves few, however many are trusted. */
static int certs_try(struct search *s)
{
	uint8_t digest[32];
	int err = 0;

	for (int i = 0; i < sk_X509_num(s->certs) && err == 0 && !s->found; i++) {
		X509 *cert = sk_X509_value(s->certs, i);
		EVP_PKEY *key = X509_check_ca(cert) == 1 ? NULL : X509_get0_pubkey(cert);

		/* What is no key of ours to take has signed nothing. */
		if (key && spki_certificate_check(cert) == 0) {
			err = attest_cert_digest(cert, digest);
			if (err == 0)
				err = key_try(s, key, cert, digest);
		}
	}
	ERR_clear_error();
	return err;
}

/* Nobody has signed it, as far as that can be said. */
static int nobody_refuse(const struct search *s)
{
	if (s->any)
		return refuse(s->q->refusal, REFUSAL_attestation_signature_wrong);
	if (s->unread == -EBADMSG)
		return refuse_detail(s->q->refusal, REFUSAL_attestation_statement_malformed,
				     "signature");
	return refuse(s->q->refusal, s->unread ? REFUSAL_attestation_algorithm
					       : REFUSAL_attestation_attester_missing);
}

/*
 * Certificates come first: with one, a key that one trust names and the other certifies satisfies
 * both.
 */
static int attester_find(struct search *s)
{
	int err = certs_try(s);

	for (size_t i = 0; i < ATTEST_TRUSTS_MAX && err == 0 && !s->found; i++)
		if (s->q->rules->trust[i])
			err = bare_keys_try(s, s->q->rules->trust[i]);
	if (err != 0)
		return err;
	if (s->found) {
		/* What was said of another candidate. */
		*s->q->refusal = REFUSAL_NULL;
		return 0;
	}
	return s->refused ? REFUSED : nobody_refuse(s);
}

static int attester_check(const struct attest_question *q, const struct certify *certify,
			  struct attest_result *result)
{
	_cleanup_(attest_certs_free) STACK_OF(X509) *certs = NULL;
	struct search s = {.q = q, .certify = certify};
	int err = attest_certs_gather(q, &certs);

	s.certs = certs;
	/* Bare octets of RSA may look like anything. */
	s.unread = tpm_signature_read(certify->signature, &s.signature);
	if (s.unread < 0)
		s.signature.digest = NULL;
	if (err == 0)
		err = attester_find(&s);
	memcpy(result->attester, s.digest, sizeof(s.digest));
	return err;
}

/* --- the key that is attested --- */

/* 16 "Names": nameAlg and the digest of the public area. */
static int name_check(const struct attest_question *q, const struct certify *certify,
		      const struct tpm_attest *attest, const struct tpm_public *public)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct bytes name = attest->name;
	size_t len;
	int err = digest_compute(public->name_digest, certify->public.data, certify->public.len,
				 digest, &len);

	if (err < 0)
		return err;
	/* nameAlg is the third and fourth octet of the public area. */
	if (name.len == 2 + len && memcmp(name.data, certify->public.data + 2, 2) == 0 &&
	    memcmp(name.data + 2, digest, len) == 0)
		return 0;
	return refuse(q->refusal, REFUSAL_attestation_name);
}

/* The key exists in this TPM alone, and was made there. */
static int attributes_check(const struct attest_question *q, const struct tpm_public *public)
{
	const uint32_t wanted = TPM_FIXED_TPM | TPM_FIXED_PARENT | TPM_SENSITIVE_DATA_ORIGIN;

	if ((public->attributes & wanted) == wanted)
		return 0;
	return refuse_about(q->refusal, REFUSAL_attestation_key_movable, "objectAttributes %08x",
			    public->attributes);
}

static int key_check(const struct attest_question *q, const struct tpm_public *public)
{
	_cleanup_(octets_clear) struct octets spki = OCTETS_NULL;
	uint8_t digest[32];
	int err = tpm_public_spki(public, &spki);

	if (err == 0)
		err = spki_digest_from_der(octets_view(&spki), digest);
	if (err < 0 && err != -ENOMEM)
		return refuse(q->refusal, REFUSAL_attestation_statement_malformed);
	if (err < 0)
		return err;
	return memcmp(digest, q->key_digest, sizeof(digest)) == 0
		       ? 0
		       : refuse(q->refusal, REFUSAL_attestation_key_other);
}

static int public_check(const struct attest_question *q, const struct certify *certify,
			const struct tpm_attest *attest)
{
	struct tpm_public public;
	int err;

	/* IFA 033 11.2.1: a statement "does not include a public key" */
	if (certify->public.len == 0)
		return refuse(q->refusal, REFUSAL_attestation_no_public_key);
	err = tpm_public_read(certify->public, &public);
	if (err == -ENOTSUP)
		return refuse(q->refusal, REFUSAL_attestation_algorithm);
	if (err < 0)
		return refuse_detail(q->refusal, REFUSAL_attestation_statement_malformed,
				     "tpmTPublic");
	err = name_check(q, certify, attest, &public);
	if (err == 0)
		err = key_check(q, &public);
	return err == 0 ? attributes_check(q, &public) : err;
}

/* The cheap checks come first, and verifying signatures last. */
int attest_tpm2_certify_verify(const struct attest_question *q, struct attest_result *result)
{
	struct certify certify = {BYTES_NULL, BYTES_NULL, BYTES_NULL};
	struct tpm_attest attest;
	int err;

	if (statement_read(q->stmt, &certify) < 0)
		return refuse(q->refusal, REFUSAL_attestation_statement_malformed);
	if (tpm_attest_read(certify.attest, &attest) < 0)
		return refuse_detail(q->refusal, REFUSAL_attestation_statement_malformed,
				     "tpmSAttest");
	/* TPM2_Quote and others are signed by the same key, and say nothing of this one. */
	if (attest.type != TPM_ST_ATTEST_CERTIFY)
		return refuse_about(q->refusal, REFUSAL_attestation_not_certify, "type %04x",
				    attest.type);
	if (attest.nonce.len > sizeof(result->nonce))
		return refuse_detail(q->refusal, REFUSAL_attestation_statement_malformed,
				     "extraData");
	err = public_check(q, &certify, &attest);
	if (err == 0)
		err = attester_check(q, &certify, result);
	result->has_nonce = true;
	result->nonce_len = attest.nonce.len;
	if (attest.nonce.len > 0)
		memcpy(result->nonce, attest.nonce.data, attest.nonce.len);
	return err;
}
