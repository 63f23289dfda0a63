// SPDX-License-Identifier: Apache-2.0
/*
 * What a handler decides, and what is made of it: outcome.c.
 */
#pragma once

#include "base/metrics.h"
#include "store.h"

struct cmp_request;

/* What is written down of a step, beside the log line. */
enum cmp_record {
	CMP_RECORD_NOTHING,     /* the answer may be given again at any time */
	CMP_RECORD_UNIT,        /* what the handler has added to the unit */
	CMP_RECORD_TRANSACTION, /* that, and what becomes of the transaction, which may be new */
};

/*
 * What a handler has decided, beside the answer (rq->attempt.reply) and the changes (in the unit):
 * door.c hands it to outcome.c, which does the rest.
 */
struct cmp_outcome {
	enum cmp_record record;
	enum store_transaction_state state; /* of the transaction, from now on */
	int64_t deadline_ms;                /* open: until then; 0: as it was */
	int64_t certificate_id;             /* that it is about from now on; 0: as it was */
	/* Of a message with several requests: each with what the answer says of it. */
	struct store_transaction_items items;
	/* AWAIT_POP: of what popdecr must say; the message is kept until then. */
	struct octets pop_digests;
	enum metric_outcome metric; /* for log and metrics */
	/* There is no answer yet: the service goes on after the commit, see its `resume`. */
	bool resumes;
	/* What the unit adds may be there already: a conflict is no reason to decide again. */
	bool may_be_there;
};

/* A step of a message: decides, and fills in an outcome that was empty. Results: see request.h. */
typedef int cmp_step(struct cmp_request *rq, struct cmp_outcome *outcome);

/* The transaction is in that state from now on. */
void cmp_outcome_becomes(struct cmp_outcome *outcome, enum store_transaction_state state);
/* Copies one of several requests. 0 or -ENOMEM. */
_must_check_ int cmp_outcome_add(struct cmp_outcome *outcome,
				 const struct store_transaction_item *item);
void cmp_outcome_clear(struct cmp_outcome *outcome);
/*
 * What a step came to whose outcome is complete in the unit of the worker, beside 0, REFUSED and
 * STORE_CONFLICT: it is to be committed, and nothing comes before that.
 */
enum { CMP_TO_COMMIT = 4 };
/* Encodes the answer and writes down what was decided: 0 if there is nothing to commit, else
 * CMP_TO_COMMIT; REFUSED, negative errno. */
_must_check_ int cmp_outcome_write(struct cmp_request *rq, const struct cmp_outcome *outcome);
/* The commit of what was written came to `result`: counts. 0, STORE_CONFLICT, negative errno. */
_must_check_ int cmp_outcome_committed(struct cmp_request *rq, int result);
/* Commits what was written, and waits. Results as cmp_outcome_committed(). */
_must_check_ int cmp_outcome_commit(struct cmp_request *rq);
/* Commits it, and does not wait: `told` is called, with a result for cmp_outcome_committed(). The
 * request has no worker any more. */
void cmp_outcome_submit(struct cmp_request *rq, store_unit_told *told, void *arg);
