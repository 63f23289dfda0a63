// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a message may come now: transaction.c, with on_behalf.c, seen.c and quota.c.
 */
#pragma once

#include "request.h"

/*
 * on_behalf.c: where a registration authority protects the certConf for a kur that an entity
 * protected, that entity's transaction becomes rq->attempt.txn. 0, STORE_NOT_FOUND, negative errno.
 */
_must_check_ int cmp_on_behalf_find(struct cmp_request *rq);

/* Whether this very message has a stored answer. */
_must_check_ int cmp_transaction_answered(struct cmp_request *rq, bool *answeredp);

/* What is to be done with a message, by its transaction. */
enum cmp_admission {
	CMP_ADMIT_SERVE,
	CMP_ADMIT_RESUME,   /* it came before, and there is no answer yet */
	CMP_ADMIT_REPLAYED, /* nothing: rq->attempt.answer holds the stored answer */
};

/* Finds the transaction and decides whether the message may come now. */
_must_check_ int cmp_transaction_admit(struct cmp_request *rq, enum cmp_admission *admissionp);

/*
 * seen.c: REFUSED if a message without messageTime opened a transaction before that has gone;
 * remembers one that opens a transaction, until rq->attempt.seen.until_ms.
 */
_must_check_ int cmp_seen_check(struct cmp_request *rq);
_must_check_ int cmp_seen_add(struct cmp_request *rq);
/* Makes rq->attempt.txn the one that the message opens; it is in the store once it has been
 * committed. */
_must_check_ int cmp_transaction_open(struct cmp_request *rq);
/* REFUSED if the requester has as many open transactions as it may. RFC-free: our own limit. */
_must_check_ int cmp_quota_check(struct cmp_request *rq);
/* The transaction of rq was opened (1) or ended (-1): one of its requester's, whoever ended it. */
void cmp_quota_count(struct cmp_request *rq, int delta);
