// SPDX-License-Identifier: Apache-2.0
/*
 * The certificates that carry trust from an old key of a CA to its new one (RFC 9810 4.4), and
 * whether they fit together. Knows no time and no trust: whether to believe them is the caller's.
 */
#pragma once

#include "base/bytes.h"
#include "base/cleanup.h"

#include <openssl/x509.h>

struct key_update {
	X509 *new_with_new;
	X509 *new_with_old; /* NULL: none; likewise below */
	X509 *old_with_new;
};

void key_update_clear(struct key_update *u);

/* One certificate from DER, all octets consumed. NULL if it is none. */
X509 *key_update_certificate(struct bytes der);
/* Whether `issuer` bears the name of the issuer of `cert` and its key has signed it. */
bool key_update_signed_by(X509 *cert, X509 *issuer);
/* What does not fit, as a sentence; NULL: they fit. Leaves no errors in OpenSSL's queue. */
const char *key_update_problem(const struct key_update *u);
