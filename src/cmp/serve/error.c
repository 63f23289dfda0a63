// SPDX-License-Identifier: Apache-2.0
/*
 * error from a client: ends its transaction. RFC 9483 3.6.1 has no place for it, but RFC 4210
 * 5.3.21 has, and the answer to it: pkiConf.
 */
#include "outcome.h"
#include "reply.h"
#include "request.h"
#include "serve/items.h"
#include "serve/services.h"

#include <errno.h>

/* What the transaction was about to give is withdrawn. */
static int certificates_withdraw(struct cmp_request *rq)
{
	const struct cmf_call call = cmp_call(rq);
	_cleanup_(cmp_stored_items_clear) struct cmp_stored_items items = {0};
	int err;

	/* A revocation is not taken back by it. */
	if (rq->attempt.txn.body_type == PKI_BODY_RR)
		return 0;
	err = cmp_stored_items_get(rq, &items);
	if (err)
		return err;
	cmp_stored_items_log(rq, &items);
	return cmf_order_withdraw(&call, &items.order);
}

int cmp_error_serve(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	bool open = rq->attempt.txn.state != STORE_TXN_DONE &&
		    rq->attempt.txn.state != STORE_TXN_FAILED;
	int err;

	err = cmp_reply_pkiconf(rq);
	if (err)
		return err;
	if (!open)
		return 0;
	cmp_outcome_becomes(outcome, STORE_TXN_FAILED);
	return rq->attempt.txn.state == STORE_TXN_AWAIT_POP ? 0 : certificates_withdraw(rq);
}
