// SPDX-License-Identifier: Apache-2.0
/*
 * MAC algorithms of RFC 9481 6 and RFC 9810 5.1.3.4: the one table of them, and those of RFC 9481
 * 6.2, which are a function of a key. How a key is made from a secret is the message layer's.
 */
#pragma once

#include "base/bytes.h"

#include <openssl/asn1t.h>
#include <openssl/x509.h>

enum mac_kind {
	MAC_PASSWORD_BASED, /* PasswordBasedMac, RFC 4210 5.1.3.1 */
	MAC_PBMAC1,         /* RFC 8018 7.1 */
	MAC_HMAC,           /* RFC 4231 */
	MAC_GMAC,           /* RFC 9044 */
	MAC_KMAC,           /* RFC 8702 3.4 */
	MAC_KEM_BASED,      /* KemBasedMac, RFC 9810 5.1.3.4 */
};

/* A row of the table; its place there is its bit in a set of MAC algorithms. */
struct mac_algorithm {
	const char *name; /* as in RFC 9481, and in the configuration */
	const char *oid;
	enum mac_kind kind;
	const char *function; /* OpenSSL's name: digest of HMAC, cipher of GMAC, KMAC itself */
	size_t key_min;       /* octets of key: no shorter than the strength asks for */
	size_t key_max;
	size_t output; /* octets of MAC: of GMAC and KMAC where the parameters say nothing */
	bool inside;   /* only as a part of PasswordBasedMac */
};

extern const struct mac_algorithm mac_algorithms[];
extern const size_t mac_algorithms_count;

/* NULL: there is none. By name only those that may protect a message. Thread-safe. */
const struct mac_algorithm *mac_algorithm_find(const ASN1_OBJECT *oid);
const struct mac_algorithm *mac_algorithm_by_name(const char *name);
/* KemBasedMac, which is protection of another kind than a MAC under a shared secret. */
bool mac_algorithm_is_kem_based(const ASN1_OBJECT *oid);
/* Its bit. */
uint64_t mac_algorithm_bit(const struct mac_algorithm *algorithm);

/* Octets of key, nonce, customization and MAC at most; no client has use for more. */
enum { MAC_KEY_MAX = 512, MAC_NONCE_MAX = 64, MAC_OUTPUT_MAX = 64 };

/* HMAC, GMAC or KMAC with its parameters. */
struct mac_function {
	const struct mac_algorithm *algorithm;
	uint8_t octets[MAC_NONCE_MAX]; /* nonce of GMAC, customization of KMAC */
	size_t n_octets;
	size_t output;
};

/*
 * 0; -ENOTSUP if it is no algorithm of these kinds; -EBADMSG if the parameters are malformed, too
 * long, or ask for a shorter MAC than the algorithm's strength.
 */
_must_check_ int mac_function_read(const X509_ALGOR *alg, struct mac_function *functionp);
/* The MAC of `data`. The key's length must be within the algorithm's. 0 or a negative errno;
 * -ENOTSUP if the library lacks the algorithm. */
_must_check_ int mac_function_compute(const struct mac_function *function, struct bytes key,
				      struct bytes data, uint8_t out[MAC_OUTPUT_MAX], size_t *lenp);
/*
 * The same algorithm for another message under the same key: RFC 9481 6.2.2, AES-GMAC never twice
 * with one nonce; a copy of any other. NULL out of memory.
 */
X509_ALGOR *mac_function_again(const X509_ALGOR *alg);

/* Parameters of AES-GMAC, RFC 9044 2. */
typedef struct GMACParameters_st {
	ASN1_OCTET_STRING *nonce;
	ASN1_INTEGER *length; /* NULL: 12 */
} GMACParameters;
DECLARE_ASN1_FUNCTIONS(GMACParameters)

/* Parameters of KMAC, RFC 8702 3.4. */
typedef struct KMACParams_st {
	ASN1_INTEGER *kMACOutputLength; /* bits; NULL: 256 or 512 */
	ASN1_OCTET_STRING *customizationString;
} KMACParams;
DECLARE_ASN1_FUNCTIONS(KMACParams)

/* Parameters of PBMAC1, RFC 8018 A.5. */
typedef struct PBMAC1Params_st {
	X509_ALGOR *keyDerivationFunc;
	X509_ALGOR *messageAuthScheme;
} PBMAC1Params;
DECLARE_ASN1_FUNCTIONS(PBMAC1Params)

/* Parameters of KemBasedMac, RFC 9810 5.1.3.4. */
typedef struct KemBMParameter_st {
	X509_ALGOR *kdf;
	ASN1_OCTET_STRING *kemContext; /* NULL: absent */
	ASN1_INTEGER *len;             /* octets of the key of mac */
	X509_ALGOR *mac;
} KemBMParameter;
DECLARE_ASN1_FUNCTIONS(KemBMParameter)
