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
};

/* The revocations of an rr, in its order; of one that was refused there may be no certificate. */
struct cmp_revocations {
	size_t n;
	struct cmf_revocation *item;
	struct cmp_verdict *verdict;
	struct cmp_stored_items stored; /* owns the texts that came from there */
	bool waiting;                   /* for an upstream CA, or a CRL */
	int crl_check_after;            /* seconds until a CRL that is waited for; 0: none */
};

/* revocations.c */
_must_check_ int cmp_revocations_new(size_t n, struct cmp_revocations *all);
void cmp_revocations_clear(struct cmp_revocations *all);
bool cmp_revocations_any_granted(const struct cmp_revocations *all);
/* Adds to the unit what is granted. */
_must_check_ int cmp_revocations_add(struct cmp_request *rq, const struct cmp_revocations *all);
/* rp. */
_must_check_ int cmp_revocations_reply(struct cmp_request *rq, const struct cmp_revocations *all);
/* The CA whose CRL is to have that revocation before it is answered; NULL: none. */
struct ca *cmp_revocation_crl(const struct cmp_request *rq, const struct cmf_revocation *item);
/* For log and metrics. */
void cmp_revocations_note(struct cmp_request *rq, const struct cmp_revocations *all,
			  struct cmp_outcome *outcome);

/*
 * rr_delayed.c: of an rr of which an upstream CA has to be told, or which a CRL has to list. Adds
 * what is asked for, which is seen to after the commit.
 */
_must_check_ int cmp_revocations_begin(struct cmp_request *rq, struct cmp_revocations *all,
				       struct cmp_outcome *outcome);
/* pollReq for it; a pollReq that was passed on goes on with the second. */
cmp_step cmp_revocations_poll, cmp_revocations_poll_resume;
