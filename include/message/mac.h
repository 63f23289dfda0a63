// SPDX-License-Identifier: Apache-2.0
/*
 * MAC-based protection, RFC 9481 6 and RFC 9810 5.1.3.4: a key made from the shared secret by
 * PasswordBasedMac, by PBMAC1, by KemBasedMac or not at all, and a MAC function. For the message
 * layer, and for the door where it authenticates. How weak or costly parameters may be is the
 * caller's policy.
 */
#pragma once

#include "asn1/mac.h"
#include "base/bytes.h"
#include "message.h"

#include <openssl/evp.h>

/* What a protectionAlg says, ready to be computed. */
struct cmp_mac {
	const struct mac_algorithm *algorithm;
	/* PasswordBasedMac and PBMAC1. */
	struct octets salt;
	const EVP_MD *digest; /* the one-way function, or that of PBKDF2's PRF */
	int64_t iterations;
	/* KemBasedMac. */
	int hkdf_digest_nid;
	struct octets context;       /* data NULL: absent */
	struct bytes transaction_id; /* borrowed: whoever computes sets it */
	/* All three. */
	size_t key_len;
	/* What the key goes into. */
	struct mac_function function;
	/* Derived once, for the message and for the answer under the same parameters. */
	bool derived;
	uint8_t key[MAC_KEY_MAX];
};
void cmp_mac_clear(struct cmp_mac *mac);

/*
 * Reads an AlgorithmIdentifier. 0; -ENOTSUP if it is no MAC that we have; -EBADMSG if the
 * parameters are malformed or name other functions than RFC 9481 does; -ENOMEM. Nothing is
 * computed.
 */
_must_check_ int cmp_mac_read(const X509_ALGOR *alg, struct cmp_mac *macp);
/* Whether the policy allows what it says, before any work depends on it. 0, REFUSED (mac_*,
 * protection_alg_not_allowed). */
_must_check_ int cmp_mac_check(const struct cmp_mac *mac, const struct cmp_mac_policy *policy,
			       struct refusal *refusal);
/* Processor time that deriving the key will take, roughly; 0: next to none. */
int64_t cmp_mac_cost_us(const struct cmp_mac *mac);
/* The MAC of `data`; keeps the derived key, for which the secret must be the same next time. 0 or a
 * negative errno. */
_must_check_ int cmp_mac_compute(struct cmp_mac *mac, struct bytes secret, struct bytes data,
				 uint8_t out[MAC_OUTPUT_MAX], size_t *lenp);

/* --- the protection of a message, protection.c --- */

/*
 * Reads the MAC protection of a message and judges all of it that is to be known without the
 * secret, so that the answer is the same whoever is named. 0; REFUSED with one of the reasons of
 * cmp_protection_verify_mac(); negative errno.
 */
_must_check_ int cmp_protection_read_mac(const struct cmp_message *msg,
					 const struct cmp_mac_policy *policy, struct cmp_mac *macp,
					 struct refusal *refusal);
/* Whether it is right under that secret. 0, REFUSED (protection_wrong, mac_key_length,
 * protection_alg_unavailable), negative errno. */
_must_check_ int cmp_protection_compare_mac(const struct cmp_message *msg, struct cmp_mac *mac,
					    struct bytes secret, struct refusal *refusal);
