// SPDX-License-Identifier: Apache-2.0
/*
 * The hashes and MACs of the audit's chains, over the values of lines as they are in the database.
 * Numbers are eight octets, the most significant first.
 *
 *	begin(chain)  = SHA-256("cmfd audit begin" || chain || begun_ms || before.sequence
 *				|| before.hash); of chain 0: 32 octets of zero
 *	hash(line)    = SHA-256(hash of the line before || chain || sequence || value ...)
 *	value         = 0x00 for none
 *		      | 0x01 || number
 *		      | 0x02 || length of the text in octets || text
 *	MAC           = HMAC-SHA-256(audit key, label || chain || sequence || hash)
 *	MAC of a head = HMAC-SHA-256(audit key, "cmfd audit head" || chain || sequence || hash
 *				     || id of the line || seconds since 1970)
 *
 * The values are those of AUDIT_ADD, in its order. The audit key is cmf/'s.
 */
#pragma once

#include "store/audit.h"
#include "value.h"

#include <openssl/evp.h>

/* Of a line: those that are hashed. */
enum { AUDIT_VALUES = 12 };

/*
 * A key that makes MACs, one thread at a time: what OpenSSL does to get ready, which is to look for
 * names in its tables and to hash the key, is done with the first one. Begins with the key alone.
 */
struct audit_mac_key {
	struct store_audit_key key;
	EVP_MAC_CTX *prepared; /* NULL: not yet */
};
/* Cleanses it. */
void audit_mac_key_clear(struct audit_mac_key *key);

/* store_audit_begin(), store_audit_mac(). */
_must_check_ int audit_hash_begin(const struct store_audit_chain *chain,
				  struct store_audit_place *placep);
_must_check_ int audit_hash_mac(struct audit_mac_key *key, enum store_audit_mac_of of,
				const struct store_audit_place *place,
				struct store_audit_mac *macp);
/* store_audit_head_mac(). */
_must_check_ int audit_hash_head_mac(struct audit_mac_key *key, const struct store_audit_head *head,
				     struct store_audit_mac *macp);
/* A MAC as it is in the database: id of the key || MAC. NULL: none. The octets are `buffer`. */
enum { AUDIT_MAC_LEN = STORE_AUDIT_KEY_ID_LEN + STORE_AUDIT_HASH_LEN };
struct value audit_hash_mac_value(const struct store_audit_mac *mac, uint8_t buffer[AUDIT_MAC_LEN]);
/* Goes on by a line. 0 or -EIO. */
_must_check_ int audit_hash_line(struct store_audit_place *place,
				 const struct value values[AUDIT_VALUES]);
