// SPDX-License-Identifier: Apache-2.0
/*
 * Key encapsulation mechanisms (RFC 9629 1), found by name where the library has them, and the
 * derivation of keys from shared secrets. What a derived key is for, its users say.
 */
#pragma once

#include "base/bytes.h"

#include <openssl/evp.h>

struct kem_algorithm {
	const char *name;
	const char *oid; /* of the key and of the mechanism alike; parameters are absent */
};

/* NULL: the key is of none. */
const struct kem_algorithm *kem_algorithm_for(const EVP_PKEY *key);
/* Whether the library has any. Thread-safe. */
bool kem_available(void);
/* A fresh secret and its ciphertext, which the caller owns. 0 or -EIO. */
_must_check_ int kem_encapsulate(EVP_PKEY *key, struct octets *ciphertextp, struct octets *secretp);

/* X9.63 with its SharedInfo, RFC 5753 7.1; HKDF with its info and no salt, RFC 5869. */
enum kdf { KDF_X963, KDF_HKDF };
/* Derives a key of len octets. 0 or -EIO. */
_must_check_ int kdf_derive(enum kdf kdf, int digest_nid, struct bytes secret, struct bytes context,
			    uint8_t *key, size_t len);
