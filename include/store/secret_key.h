// SPDX-License-Identifier: Apache-2.0
/*
 * Store keys, by their ids, and the secrets in the store that are sealed under them. Sealing is
 * cmf/'s; here a secret is octets that begin with the id of a key.
 */
#pragma once

#include "store.h"

/*
 * The store keys under which secrets are sealed, the one in force first; *np is 0 before the first
 * secret was sealed, and 2 while a rekey is under way.
 */
enum { STORE_KEY_ID_LEN = 8, STORE_SECRET_KEYS_MAX = 2 };
struct store_secret_key {
	uint8_t id[STORE_KEY_ID_LEN];
	bool in_force; /* what is sealed from now on is sealed under it */
	int64_t created_ms;
};
_must_check_ int store_secret_keys(struct store_reader *r,
				   struct store_secret_key keys[STORE_SECRET_KEYS_MAX], size_t *np);

/* What holds a sealed secret. A passphrase before comes behind those that it may be a copy of. */
enum store_sealed_kind {
	STORE_SEALED_CREDENTIAL, /* the secret of a client */
	STORE_SEALED_KEM_SECRET,
	STORE_SEALED_REV_PASSPHRASE,
	STORE_SEALED_REV_PASSPHRASE_BEFORE,
	STORE_SEALED_ARCHIVED_KEY,
	STORE_SEALED_SUBSCRIPTION,
	STORE_SEALED_INITIAL_CREDENTIAL,
	STORE_SEALED_KINDS
};
/* As cmf/ sealed it; borrowed, but for its octets. */
struct store_sealed {
	enum store_sealed_kind kind;
	int64_t id;
	struct octets reference; /* whose it is */
	struct octets secret;
};
void store_sealed_clear(struct store_sealed *s);
/*
 * Those of a kind, by id from behind after_id, that do not begin with the id of that key (NULL:
 * all), at most limit.
 */
typedef int store_sealed_each(void *arg, const struct store_sealed *sealed);
_must_check_ int store_sealed_list(struct store_reader *r, enum store_sealed_kind kind,
				   int64_t after_id, const uint8_t *not_under, uint32_t limit,
				   store_sealed_each *each, void *arg);

/* A secret is sealed under that key in this unit: it becomes the first one, if there is none yet.
 * Conflict: another one is in force. */
_must_check_ int store_secret_key_require(struct store_unit *u, const uint8_t id[STORE_KEY_ID_LEN],
					  int64_t now_ms);
/* From `before` on to `next`. Conflict: `before` is not in force, or `next` is still there. */
_must_check_ int store_secret_key_replace(struct store_unit *u,
					  const uint8_t before[STORE_KEY_ID_LEN],
					  const uint8_t next[STORE_KEY_ID_LEN], int64_t now_ms);
/* Nothing is sealed under it any more. Conflict: it is not there, or in force. */
_must_check_ int store_secret_key_remove(struct store_unit *u, const uint8_t id[STORE_KEY_ID_LEN]);
/* The same secret, sealed anew. Conflict: it is another by now, or gone. */
_must_check_ int store_sealed_replace(struct store_unit *u, const struct store_sealed *before,
				      struct bytes secret);
