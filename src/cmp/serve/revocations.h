// SPDX-License-Identifier: Apache-2.0
/*
 * The revocations of an rr (revocations.c), and those that are answered later (rr_delayed.c).
 */
#pragma once

#include "request.h"
#include "serve/items.h"

/* What the client is told of one revocation. */
struct cmp_verdict {
	bool refused;
	struct refusal refusal; /* refused; the reason is NONE where the store has but its text */
	const char *text;       /* refused */
	const struct store_certificate *cert; /* borrowed; NULL: refused before it was found */
};

/* The revocations of an rr, in its order. */
struct cmp_revocations {
	size_t n;
	struct cmf_revocation *item; /* that are asked for, rr.c */
	struct cmp_verdict *verdict;
	struct cmp_stored_items stored; /* or that were ordered, rr_delayed.c */
	bool waiting;                   /* for an upstream CA, or a CRL */
};

/* revocations.c */
_must_check_ int cmp_revocations_new(size_t n, struct cmp_revocations *all);
void cmp_revocations_clear(struct cmp_revocations *all);
bool cmp_revocations_any_granted(const struct cmp_revocations *all);
/* rp. */
_must_check_ int cmp_revocations_reply(struct cmp_request *rq, const struct cmp_revocations *all);
/* For log and metrics. */
void cmp_revocations_note(struct cmp_request *rq, const struct cmp_revocations *all,
			  struct cmp_outcome *outcome);

/*
 * rr_delayed.c: of an rr of which an upstream CA has to be told, or which a CRL has to list, by
 * that time: what was ordered is seen to after the commit.
 */
_must_check_ int cmp_revocations_begin(struct cmp_request *rq, struct cmp_revocations *all,
				       int64_t deadline_ms, struct cmp_outcome *outcome);
/* pollReq for it; a pollReq that was passed on goes on with the second. */
cmp_step cmp_revocations_poll, cmp_revocations_poll_resume;
