// SPDX-License-Identifier: Apache-2.0
/* Algorithms of MAC-based protection for tests: every scheme of RFC 9481 6, right and wrong. */
#pragma once

#include "base/refusal.h"

#include <openssl/x509.h>

struct mac_scheme {
	const char *title;
	const char *algorithm; /* PasswordBasedMac, PBMAC1, or the function itself */
	int owf;               /* or PRF */
	int64_t iterations;
	int key_len; /* of PBKDF2; 0: absent */
	const char *function;
	const char *parameters;
	const char *reference;
	enum refusal_reason reason; /* NONE: accepted */
	bool proved;                /* refused once the MAC has verified */
	bool no_salt;               /* an empty one */
};

/* An AlgorithmIdentifier of a function by its name in the table; parameters: DER in hex, "":
 * absent.
 */
X509_ALGOR *mac_function_algorithm(const char *name, const char *parameters);
/* The whole, with a fresh salt. */
X509_ALGOR *mac_scheme_algorithm(const struct mac_scheme *s);
