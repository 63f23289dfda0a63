// SPDX-License-Identifier: Apache-2.0
/*
 * Providers of OpenSSL that hold keys of ours outside this process, as tpm2-openssl does. Each has
 * a library context of its own, with the default provider beside it, so that it serves its keys and
 * nothing else: a TPM that is active for the whole process would hash and give random numbers for
 * everything. Who computes with a private key asks here for the context and the properties; without
 * them OpenSSL would export the public half to the default provider, and miss the private one.
 *
 * Functions may be called from any thread. What was loaded stays, since its keys do.
 */
#pragma once

#include "base/cleanup.h"

#include <openssl/evp.h>

struct key_provider {
	OSSL_LIB_CTX *context;  /* NULL: that of the process */
	const char *properties; /* of a query for an algorithm of the private key; NULL: any */
};

/* Loads it, unless it is. 0, -ENOPKG (there is none of that name, or it does not start), -ENOMEM.
 */
_must_check_ int key_provider_load(const char *name, struct key_provider *providerp);
/* That of a key. */
struct key_provider key_provider_of(const EVP_PKEY *key);
/* For an operation with the private key; NULL out of memory. The caller owns it. */
EVP_PKEY_CTX *key_provider_context(EVP_PKEY *key);
