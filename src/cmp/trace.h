// SPDX-License-Identifier: Apache-2.0
/*
 * Explaining instead of serving: explain.c. Nothing happens without a trace.
 */
#pragma once

#include "request.h"

struct cmp_items;

/* Notes what a stage came to, and gives it back. */
int cmp_trace_stage(struct cmp_request *rq, enum cmp_stage stage, int result);
/* The protection came to `result`: goes on as the client that is to be taken as the sender. */
_must_check_ int cmp_trace_assume(struct cmp_request *rq, int result);
void cmp_trace_items(struct cmp_request *rq, const struct cmp_items *items);
/* Where cmf/ is to note what it finds out of the i-th request; NULL: nobody asks. */
struct cmf_understood *cmp_trace_understood(struct cmp_request *rq, size_t i);
/* Whether what opens a transaction is new, whatever the store has of it. */
bool cmp_trace_forgets(const struct cmp_request *rq);
/* Notes rq->attempt.txn, which is forgotten. 0 or negative errno. */
_must_check_ int cmp_trace_before(struct cmp_request *rq);
/* explain_limits.c: "pvno 1; 2 or 3 are accepted". NULL: the rule has no value, or out of memory.
 */
char *cmp_trace_limit(const struct cmp_request *rq, const struct refusal *refusal);
/* The trace of the next message in a nested one; NULL: it is served, not explained. */
struct cmp_trace *cmp_trace_inner(const struct cmp_request *outer);
/* The request has been answered. */
void cmp_trace_end(struct cmp_request *rq);
