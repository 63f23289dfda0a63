// SPDX-License-Identifier: Apache-2.0
/*
 * Which chains of the audit this process has begun: one, and another one behind each commit that
 * failed. Noted by the thread of the committer; read by any.
 */
#pragma once

#include "store/audit.h"

#include <stdatomic.h>

/* More than there will be from one look of a reader to the next. */
enum { AUDIT_OWN_MAX = 16 };

struct audit_own {
	atomic_int_least64_t chain[AUDIT_OWN_MAX]; /* ascending, the newest AUDIT_OWN_MAX */
	atomic_size_t n;                           /* that there were */
};

/* After a COMMIT: the chain that its lines are in; 0: there were none yet. */
static inline void audit_own_note(struct audit_own *own, int64_t chain)
{
	size_t n = atomic_load(&own->n);

	if (chain == 0 || (n > 0 && atomic_load(&own->chain[(n - 1) % AUDIT_OWN_MAX]) == chain))
		return;
	atomic_store(&own->chain[n % AUDIT_OWN_MAX], chain);
	atomic_store(&own->n, n + 1);
}

/* 0: there is none. */
static inline int64_t audit_own_newest(const struct audit_own *own)
{
	size_t n = atomic_load(&own->n);

	return n > 0 ? atomic_load(&own->chain[(n - 1) % AUDIT_OWN_MAX]) : 0;
}

/* The oldest one that is greater; 0: there is none. */
static inline int64_t audit_own_after(const struct audit_own *own, int64_t after)
{
	size_t n = atomic_load(&own->n);

	for (size_t i = n > AUDIT_OWN_MAX ? n - AUDIT_OWN_MAX : 0; i < n; i++) {
		int64_t chain = atomic_load(&own->chain[i % AUDIT_OWN_MAX]);

		if (chain > after)
			return chain;
	}
	return 0;
}

/* The chain behind that one, whoever has begun it; its id is 0 if there is none. */
_must_check_ int audit_chain_after(struct store_reader *r, int64_t after,
				   struct store_audit_chain *nextp);
