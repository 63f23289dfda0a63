// SPDX-License-Identifier: Apache-2.0
/*
 * Public keys from SubjectPublicKeyInfo without OpenSSL's decoder machinery (which costs more than
 * verifying a signature), and verification of signatures by AlgorithmIdentifier under our policy.
 */
#pragma once

#include "asn1/crmf.h"
#include "base/bytes.h"

#include <openssl/evp.h>

/* What a key is, for policy. */
struct spki_kind {
	/*
	 * EVP_PKEY_RSA, EVP_PKEY_RSA_PSS, EVP_PKEY_EC, EVP_PKEY_ED25519, EVP_PKEY_ED448,
	 * EVP_PKEY_X25519, EVP_PKEY_X448; of a kind that has no such number the NID of its
	 * AlgorithmIdentifier.
	 */
	int type;
	int curve_nid; /* EC */
	int bits;
};

/*
 * Makes the key. EC P-256/384/521 (named curve, uncompressed or compressed point, checked to be on
 * the curve), RSA, Ed25519, Ed448, X25519, X448 take the short way; other kinds OpenSSL's decoder.
 * RSA moduli over 16384 bits are refused before any arithmetic. -EBADMSG if malformed, -ENOTSUP if
 * unsupported, -EKEYREJECTED if it is a key that proves nothing: a point of small order, or not in
 * its canonical form, of Curve25519 or Curve448. The caller owns *keyp. Thread-safe.
 */
_must_check_ int spki_key(const SubjectPublicKeyInfo *spki, EVP_PKEY **keyp,
			  struct spki_kind *kindp);
/* The same from the DER of a SubjectPublicKeyInfo. */
_must_check_ int spki_key_from_der(struct bytes der, EVP_PKEY **keyp, struct spki_kind *kindp);
/* What the private key can do, and so how its owner can prove that he has it: RFC 4211 4. */
enum spki_use {
	SPKI_SIGNS = 1 << 0,
	SPKI_DECRYPTS = 1 << 1, /* key transport, and key encapsulation: keyEncipherment */
	SPKI_AGREES = 1 << 2,   /* keyAgreement */
};
/* A set of bits; 0 of a kind that we know nothing of. */
unsigned int spki_key_uses(const EVP_PKEY *key);
/*
 * The bits of KeyUsage (1 << number, RFC 5280 4.2.1.3) that a certificate of a key may have, by the
 * OID (content octets) of its algorithm; all of them where no standard says so.
 */
unsigned int spki_key_usages(struct bytes algorithm);
/* Whether spki_key() takes the key of a certificate; its errors. */
_must_check_ int spki_certificate_check(X509 *cert);
/*
 * SHA-256 by which keys are compared: of the DER encoding of the key in its canonical form, so that
 * a compressed point is the same as the whole one, and a key restricted to RSASSA-PSS the same as
 * without. Errors of spki_key().
 */
_must_check_ int spki_digest(const SubjectPublicKeyInfo *spki, uint8_t digest[32]);
_must_check_ int spki_digest_from_der(struct bytes der, uint8_t digest[32]);
/* DER of a key's SubjectPublicKeyInfo. */
_must_check_ int spki_from_key(EVP_PKEY *key, SubjectPublicKeyInfo **spkip);

enum signature_result {
	SIGNATURE_OK = 0,
	SIGNATURE_WRONG = 1,           /* does not verify */
	SIGNATURE_ALG_REFUSED = 2,     /* MD5, SHA-1, unknown algorithm */
	SIGNATURE_ALG_MISMATCH = 3,    /* the algorithm is for another kind of key */
	SIGNATURE_ALG_PARAMETERS = 4,  /* its parameters are malformed or not accepted */
	SIGNATURE_ALG_UNAVAILABLE = 5, /* the library lacks it */
};

/*
 * Verifies `signature` over `data`, by the table of asn1/algorithm.h.
 * Returns 0 with *resultp set, or a negative errno on a fault. Thread-safe.
 */
_must_check_ int signature_verify(EVP_PKEY *key, const X509_ALGOR *alg, struct bytes data,
				  struct bytes signature, enum signature_result *resultp);

/*
 * A public key that verifies more than once. What OpenSSL does to get ready, which is to look for
 * names in its tables, is done once. Whoever has one owns both.
 */
struct signature_verifier {
	EVP_PKEY *key;
	EVP_PKEY_CTX *prepared; /* only copied; NULL: not prepared */
};
/* Prepares it if it is an EC key. Before it is shared by threads. */
void signature_verifier_prepare(struct signature_verifier *verifier);
void signature_verifier_clear(struct signature_verifier *verifier);
/* As signature_verify(). */
_must_check_ int signature_verify_by(const struct signature_verifier *verifier,
				     const X509_ALGOR *alg, struct bytes data,
				     struct bytes signature, enum signature_result *resultp);

/* Digest that certHash uses for a certificate's signature algorithm, RFC 9483 4.1.1: the one of the
 * signature; SHA-512 for Ed25519, SHAKE256 (64 octets) for Ed448. NULL if there is none, as for
 * ML-DSA: then certConf must say it in hashAlg (RFC 9810 5.3.18). */
const EVP_MD *cert_hash_digest(const X509_ALGOR *signature_algorithm);
/* certHash of a certificate with that digest into out[EVP_MAX_MD_SIZE]; SHAKE256 gives 64 octets.
 * Returns 0 or -ENOMEM. */
_must_check_ int cert_hash_compute(const EVP_MD *digest, struct bytes certificate, uint8_t *out,
				   size_t *lenp);
