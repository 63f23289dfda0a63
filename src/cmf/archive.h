// SPDX-License-Identifier: Apache-2.0
/*
 * The archive of private keys, RFC 4211 6.4: which are kept, and the keeping.
 */
#pragma once

#include "cmf_private.h"

/* Whether the private key of what is asked for is to be archived, and is there or will be. */
bool archive_wanted(const struct cmf_csr *csr, const struct conf_profile *profile);
/*
 * Adds the key to the unit that inserts the certificate of the result, encrypted under the store
 * key, with a line of audit.
 */
_must_check_ int archive_add(const struct cmf_call *call, EVP_PKEY *key,
			     const struct cmf_csr_result *result);
/* The reverse: PrivateKeyInfo of the key with that digest of its public key, a secret. */
_must_check_ int archive_open(const struct cmf *cmf, const uint8_t key_digest[32],
			      struct bytes secret, struct octets *derp);
