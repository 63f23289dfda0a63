// SPDX-License-Identifier: Apache-2.0
/*
 * Nonces in the store, as store.h has it. What they are for is in include/cmf/nonce.h.
 */
#pragma once

#include "store.h"

struct store_nonce {
	int64_t id;
	struct octets octets;         /* unique */
	char *requester;              /* principal that asked for it */
	struct octets transaction_id; /* of the genm that did; empty: it was none */
	struct octets request_digest; /* SHA-256 of that genm; empty likewise */
	int seq;                      /* among those that it asked for */
	bool used;
	int64_t expires_ms;
};
void store_nonce_clear(struct store_nonce *nonce);

/* By its octets, used and expired or not; or STORE_NOT_FOUND. */
_must_check_ int store_nonce_find(struct store_reader *r, struct bytes octets,
				  struct store_nonce *noncep);
/* Those that were asked for in a transaction of that requester, in the order of seq. Whoever is
 * called may take what is in one; what is not 0 ends the walk, and is the result. */
typedef int store_nonce_each(void *arg, struct store_nonce *nonce);
_must_check_ int store_nonce_of_transaction(struct store_reader *r, const char *requester,
					    struct bytes transaction_id, store_nonce_each *each,
					    void *arg);
/* Those of a requester that were not used and have not expired, counted up to `max`. */
_must_check_ int store_nonce_count(struct store_reader *r, const char *requester, int64_t now_ms,
				   uint32_t max, uint32_t *np);
/* Those that expired before that time. */
_must_check_ int store_nonce_due(struct store_reader *r, int64_t before_ms, struct store_due *duep);

/* Conflict: the octets are there, or one of that transaction with that seq. */
_must_check_ int store_nonce_insert(struct store_unit *u, const struct store_nonce *nonce,
				    int64_t *idp);
/* Conflict: it was used, or has gone. */
_must_check_ int store_nonce_use(struct store_unit *u, int64_t id);
/* Never conflicts. */
_must_check_ int store_nonce_remove(struct store_unit *u, int64_t id);
