// SPDX-License-Identifier: Apache-2.0
/*
 * Orders: certificates that are asked for together, or revocations that are, from the moment when
 * they are decided until whoever asked has been told what became of them. An order may have to wait
 * for an upstream CA, or for the CRL that lists a revocation; certificates have to be confirmed, or
 * are given up. All doors go this way, and none sets the state of a certificate itself.
 *
 * An order has no row of its own. It is the certificates that the door has written down beside what
 * is the door's, as a CMP transaction, and what it waits for is durable (exchanges with upstream
 * CAs, changes of CRLs). So the first request, a retransmission, a poll and housekeeping can all go
 * on with it, in any order and in any process. The life of an order:
 *
 *	cmf_csr() or cmf_revoke_find()   the door asks for each item
 *	cmf_order_place_...()            into the unit of the door, which commits it
 *	cmf_order_run()                  outside of the store, for as long as the client may wait
 *	cmf_order_state()                waiting, granted or refused: what the door answers
 *	cmf_order_confirm()              certificates only; or cmf_order_withdraw()
 *
 * Not here: who may ask for what (cmf.h), and messages of clients that go on to an upstream CA as
 * they are, which stay with the CMP door.
 */
#pragma once

#include "cmf.h"

/* --- placing --- */

/* What holds for all items of an order. */
struct cmf_order_terms {
	bool waiting;          /* there is something to wait for: run it once it is committed */
	bool implicit_confirm; /* the certificates become active without certConf */
	/* Certificates: certConf is due; revocations: nothing is waited for any longer. 0: none. */
	int64_t deadline_ms;
};

/*
 * Adds the n certificates that were granted to the unit. All of an order are confirmed alike:
 * implicitly only if `implicit` says that the client wants it and each may be. Where one has to be
 * waited for, the others wait with it, unconfirmed, so that there is one answer and one
 * confirmation. 0 or negative errno.
 */
_must_check_ int cmf_order_place_certificates(const struct cmf_call *call,
					      struct cmf_csr_result *const *granted, size_t n,
					      bool implicit, struct cmf_order_terms *termsp);
/*
 * Adds to the unit those of the n revocations that were granted, which are those with a
 * certificate. 0 or negative errno.
 */
_must_check_ int cmf_order_place_revocations(const struct cmf_call *call,
					     const struct cmf_revocation *revocations, size_t n,
					     struct cmf_order_terms *termsp);

/* --- orders that were placed --- */

enum cmf_order_kind { CMF_ORDER_CERTIFICATES, CMF_ORDER_REVOCATIONS };
enum cmf_order_state { CMF_ORDER_WAITING, CMF_ORDER_GRANTED, CMF_ORDER_REFUSED };

struct cmf_order_item {
	/* What the door has written down. */
	int64_t certificate_id; /* 0: it was refused at once, and is no part of the order */
	int reason;             /* of a revocation: the reasonCode */
	/* By cmf_order_read(). */
	struct store_certificate cert;
	struct ca *ca; /* NULL: it is not configured any more */
	/* By cmf_order_state(). */
	enum cmf_order_state state;
	struct refusal refusal; /* REFUSED */
	char *mods;             /* GRANTED: what the upstream CA changed; NULL: nothing */
};

struct cmf_order {
	enum cmf_order_kind kind;
	int64_t deadline_ms; /* of the terms; certificates: not looked at */
	struct cmf_order_item *item;
	size_t len;
	bool waiting;    /* by cmf_order_state(): for one item at least */
	int check_after; /* waiting: seconds until it is worth asking again */
};

/* An order of n items, whose first two fields the caller fills in. 0 or -ENOMEM. */
_must_check_ int cmf_order_new(enum cmf_order_kind kind, size_t n, struct cmf_order *orderp);
void cmf_order_clear(struct cmf_order *order);

/* Reads the certificates as they are now. 0 or negative errno. */
_must_check_ int cmf_order_read(const struct cmf_call *call, struct cmf_order *order);
/*
 * Does what the order waits for, which may take longer than the time of the call stays true: what
 * comes then is called anew. In the calling worker, and reads the certificates again. Upstream
 * CAs are asked one after the other; the next one only while less than budget_us is over, none if
 * that is 0. CRLs are made if they need not wait. What fails was logged and is tried again later,
 * by housekeeping at the latest. 0 or negative errno.
 */
_must_check_ int cmf_order_run(const struct cmf_call *call, struct cmf_order *order,
			       int64_t budget_us);
/* What has become of the order, and of each item, as it was read. 0 or negative errno. */
_must_check_ int cmf_order_state(const struct cmf_call *call, struct cmf_order *order);
/* What was changed here and what the upstream CA changed, as one text; either may be NULL. *textp,
 * NULL if nothing was, is the caller's. 0 or -ENOMEM. */
_must_check_ int cmf_mods_join(const char *ours, const char *theirs, char **textp);
/* Whether the CRL that has to list what happened to a certificate is still to come. */
_must_check_ int cmf_order_crl_awaited(const struct cmf_call *call,
				       const struct store_certificate *cert, bool *awaitedp);

/* --- the end of certificates that were ordered, as they were read --- */

/* Until when they may be confirmed by a client that gets them now. */
int64_t cmf_order_confirm_by(const struct cmf_call *call, const struct cmf_order *order);
/*
 * Adds to the unit what the client says of its new certificates, one answer an item; NULL: it
 * accepts them all. Those that it does not accept are revoked, RFC 9483 4.1.1. Certificates that
 * are not pending (any more) are left alone. *anyp (may be NULL): one was accepted.
 */
_must_check_ int cmf_order_confirm(const struct cmf_call *call, const struct cmf_order *order,
				   const bool *accepted, bool *anyp);
/*
 * The client does not want them any more: what is pending is revoked, and what an upstream CA has
 * yet to issue is revoked there as soon as it is issued.
 */
_must_check_ int cmf_order_withdraw(const struct cmf_call *call, const struct cmf_order *order);
/* RFC 9483 4.1.1: certConf has not come in time, which is a rejection. */
_must_check_ int cmf_order_lapse(const struct cmf_call *call, const struct cmf_order *order);
