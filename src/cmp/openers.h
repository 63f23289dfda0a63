// SPDX-License-Identifier: Apache-2.0
/* Who, by a signature, opened the transactions that bear the transactionID of a message. */
#pragma once

#include "store.h"

struct cmp_request;

/* Each is another requester's: more than one are chance or ill will. */
enum { CMP_OPENERS_MAX = 4 };

struct cmp_openers {
	struct store_signer item[CMP_OPENERS_MAX];
	size_t n;
};
/* Finds the first CMP_OPENERS_MAX of them. 0 or negative errno; the caller clears *allp anyway. */
_must_check_ int cmp_openers_find(struct cmp_request *rq, struct cmp_openers *allp);
void cmp_openers_clear(struct cmp_openers *all);
