// SPDX-License-Identifier: Apache-2.0
/*
 * Algorithms of messages and certificates: digests fetched from the provider once for the process
 * (a fetch at each use costs microseconds), and the signature algorithms that are accepted.
 */
#pragma once

#include "base/cleanup.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

/* SHA-1, SHA-2, SHA-3 and SHAKE by NID of the digest; NULL for any other. Never freed, thread-safe.
 */
const EVP_MD *digest_by_nid(int nid);
/*
 * Octets that CMP takes of a digest: of SHAKE128 and SHAKE256, which give any number, 32 and 64
 * (RFC 9481 2.2).
 */
size_t digest_len(const EVP_MD *digest);
/* The digest of `data` into out[EVP_MAX_MD_SIZE], that long. 0 or a negative errno. */
_must_check_ int digest_compute(const EVP_MD *digest, const void *data, size_t len, uint8_t *out,
				size_t *lenp);

/* How a signature is made of a digest. */
enum signature_scheme {
	SIGNATURE_PKCS1,     /* RSASSA-PKCS1-v1_5 */
	SIGNATURE_PSS,       /* RSASSA-PSS, the parameters say which digest */
	SIGNATURE_PSS_SHAKE, /* RSASSA-PSS with SHAKE as mask too, RFC 8702 3.2.1 */
	SIGNATURE_ECDSA,
	SIGNATURE_ECDSA_SHAKE, /* RFC 8702 3.2.2 */
	SIGNATURE_PURE,        /* no digest of its own: EdDSA, ML-DSA, SLH-DSA */
};

/*
 * A row of the one table of signature algorithms: RFC 9481 3, and what newer OpenSSL has. Its place
 * in the table is its bit in a set. SHA-1 and MD5 are not accepted anywhere.
 */
struct signature_algorithm {
	const char *name; /* as the RFC or OpenSSL spells it, and in the configuration */
	const char *oid;
	enum signature_scheme scheme;
	const char *key;   /* OpenSSL's name of the kind of key */
	int digest_nid;    /* NID_undef: the parameters say, or none */
	int cert_hash_nid; /* of certHash; NID_undef: the parameters say, or no rule does */
};

extern const struct signature_algorithm signature_algorithms[];
extern const size_t signature_algorithms_count;

/* NULL: there is none. Thread-safe. */
const struct signature_algorithm *signature_algorithm_find(const ASN1_OBJECT *oid);
const struct signature_algorithm *signature_algorithm_by_name(const char *name);
/* By key and digest (ignored where the key says it); NULL if there is none. */
const struct signature_algorithm *signature_algorithm_for(const EVP_PKEY *key, int digest_nid);
/* Its bit in a set. */
uint64_t signature_algorithm_bit(const struct signature_algorithm *algorithm);
/* Whether the library has it. */
bool signature_algorithm_available(const struct signature_algorithm *algorithm);

/* Whether the parameters are absent or NULL. */
bool algorithm_parameters_empty(const X509_ALGOR *alg);

/* Parameters of RSASSA-PSS (RFC 4055 3.1) that are accepted: SHA-2 or SHA-3, MGF1 with the same. */
struct pss_parameters {
	int digest_nid;
	int salt_len;
};
/* 0, or -EBADMSG if malformed or not accepted. */
_must_check_ int pss_parameters_read(const X509_ALGOR *alg, struct pss_parameters *pssp);
/* Makes a context sign or verify with RSASSA-PSS, MGF1 with the same digest. */
bool pss_context_set(EVP_PKEY_CTX *ctx, const EVP_MD *digest, int salt_len);
/* AlgorithmIdentifier id-RSASSA-PSS with that digest and a salt of its length; NULL: no memory. */
X509_ALGOR *pss_algorithm_new(int digest_nid);

/*
 * The parameters, which must be one whole SEQUENCE of that type; the caller frees them with the
 * type's function. NULL: they are not.
 */
void *algorithm_parameters_read(const X509_ALGOR *alg, const ASN1_ITEM *item);
/* An AlgorithmIdentifier of that OID, whose parameters are the encoding of `value`. NULL out of
 * memory. */
X509_ALGOR *algorithm_new(const ASN1_OBJECT *oid, const ASN1_ITEM *item, const void *value);
