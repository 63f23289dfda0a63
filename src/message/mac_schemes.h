// SPDX-License-Identifier: Apache-2.0
/*
 * The schemes that derive the key of a MAC from a shared secret, one a file. mac.c alone calls them
 * and chooses between them.
 */
#pragma once

#include "message/mac.h"

/* Into *macp, but for `algorithm`; results as cmp_mac_read(). */
_must_check_ int mac_password_read(const X509_ALGOR *alg, struct cmp_mac *macp);
_must_check_ int mac_pbmac1_read(const X509_ALGOR *alg, struct cmp_mac *macp);
_must_check_ int mac_kem_read(const X509_ALGOR *alg, struct cmp_mac *macp);
/* key_len octets of key. */
bool mac_password_derive(const struct cmp_mac *mac, struct bytes secret, uint8_t *key);
bool mac_pbmac1_derive(const struct cmp_mac *mac, struct bytes secret, uint8_t *key);
bool mac_kem_derive(const struct cmp_mac *mac, struct bytes secret, uint8_t *key);
/* How often PBKDF2 does all its iterations: once for each digest of key. */
int64_t mac_pbmac1_blocks(const struct cmp_mac *mac);
/* Another AlgorithmIdentifier, under which the same secret may be used once more; NULL. */
X509_ALGOR *mac_password_again(const X509_ALGOR *alg);
X509_ALGOR *mac_pbmac1_again(const X509_ALGOR *alg);
