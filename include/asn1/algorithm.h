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

/* SHA-1, SHA-2 and SHAKE256 by NID of the digest; NULL for any other. Never freed, thread-safe. */
const EVP_MD *digest_by_nid(int nid);

/* RFC 9481 3, without SHAKE; SHA-1 and MD5 are not accepted anywhere. */
struct signature_algorithm {
	int nid;        /* of the signature algorithm */
	int key_type;   /* EVP_PKEY_RSA, EVP_PKEY_EC, EVP_PKEY_ED25519, EVP_PKEY_ED448 */
	int digest_nid; /* NID_undef: the parameters say (RSASSA-PSS), or none (EdDSA) */
};
/* By NID of the signature algorithm; NULL if it is not accepted. */
const struct signature_algorithm *signature_algorithm_find(int nid);
/* By key type and digest (ignored for EdDSA and EVP_PKEY_RSA_PSS); NULL if there is none. */
const struct signature_algorithm *signature_algorithm_for(int key_type, int digest_nid);

/* Whether the parameters are absent or NULL. */
bool algorithm_parameters_empty(const X509_ALGOR *alg);

/* Parameters of RSASSA-PSS (RFC 4055 3.1) that are accepted: SHA-2, MGF1 with the same digest. */
struct pss_parameters {
	int digest_nid;
	int salt_len;
};
/* 0, or -EBADMSG if malformed or not accepted. */
_must_check_ int pss_parameters_read(const X509_ALGOR *alg, struct pss_parameters *pssp);
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
