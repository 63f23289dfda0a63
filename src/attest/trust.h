// SPDX-License-Identifier: Apache-2.0
/* What is in a set of trusted attesters, for trust.c and path.c. */
#pragma once

#include "verify.h"

#include <openssl/x509_vfy.h>
#include <stdatomic.h>

struct attest_trust {
	X509_STORE *store; /* certs, and CRLs */
	STACK_OF(X509) * certs;
	struct attest_key *keys;
	size_t n_keys;
	bool checks_crls;
};

struct attest_crls {
	atomic_int refs;
	STACK_OF(X509_CRL) * stack; /* immutable */
};
