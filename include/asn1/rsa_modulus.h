// SPDX-License-Identifier: Apache-2.0
/*
 * RSA moduli that somebody else than the owner can factor. Finding out costs about as much as
 * signing with the key, so that it is done for who is known only.
 */
#pragma once

#include "base/bytes.h"

#include <openssl/evp.h>

enum rsa_flaw {
	RSA_FLAW_NONE,
	RSA_FLAW_SMALL_FACTOR,
	RSA_FLAW_PRIME,        /* there is one factor only */
	RSA_FLAW_CLOSE_PRIMES, /* Fermat's method finds them */
	RSA_FLAW_ROCA,         /* CVE-2017-15361 */
};

/* Of a key of RSA or RSASSA-PSS. 0 or -ENOMEM. Thread-safe. */
_must_check_ int rsa_modulus_examine(const EVP_PKEY *key, enum rsa_flaw *flawp);
/* The public exponent; UINT64_MAX of larger ones. 0 or -ENOMEM. */
_must_check_ int rsa_exponent(const EVP_PKEY *key, uint64_t *exponentp);
