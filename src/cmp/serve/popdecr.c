// SPDX-License-Identifier: Apache-2.0
/*
 * popdecr: the numbers that answer the challenges of popdecc, RFC 9810 5.2.8.3.3. With them the
 * message that challenge.c kept is decided on, by certreq.c, as if it had come now.
 */
#include "carriers.h"
#include "request.h"
#include "serve/certreq.h"
#include "serve/services.h"

#include <errno.h>

static int state_check(struct cmp_request *rq)
{
	switch (rq->attempt.txn.state) {
	case STORE_TXN_AWAIT_POP:
		if (rq->now_ms > rq->attempt.txn.deadline_ms)
			return refuse(&rq->refusal, REFUSAL_transaction_ended);
		return 0;
	case STORE_TXN_FAILED:
		return refuse(&rq->refusal, REFUSAL_transaction_ended);
	case STORE_TXN_AWAIT_UPSTREAM:
	case STORE_TXN_AWAIT_CONF:
	case STORE_TXN_DONE:
	default:
		return refuse(&rq->refusal, REFUSAL_body_type_unexpected);
	}
}

/* The request that was kept, decided on as if it had come now. */
static int request_continue(struct cmp_request *rq, const struct store_pop *pop,
			    struct cmp_outcome *outcome)
{
	_cleanup_(cmp_message_freep) struct cmp_message *asked = NULL;
	struct refusal unused = REFUSAL_NULL;
	int err = cmp_message_decode(octets_view(&pop->request), &asked, &unused);

	if (err)
		return err < 0 ? err : log_fault("request of a challenge", -EBADMSG, NULL);
	rq->attempt.cert_req_id = rq->attempt.txn.cert_req_id;
	rq->attempt.pop_answered = true;
	/* Refused, it is the request that is, RFC 9483 3.6.2. */
	rq->attempt.in_body = true;
	rq->implicit_confirm = false;
	cmp_carriers_clear(&rq->carriers);
	err = cmp_carriers_of_message(rq, asked);
	return err ? err : cmp_certreq_decide(rq, asked, outcome);
}

int cmp_popdecr_serve(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(store_pop_clear) struct store_pop pop = {0};
	int err = state_check(rq);

	if (err)
		return err;
	err = store_pop_get(rq->worker->reader, rq->attempt.txn.id, &pop);
	if (err)
		return err < 0 ? err : log_fault("challenge of a transaction", -ENOENT, NULL);
	rq->attempt.keep_refusal = true;
	rq->attempt.pop_digests = octets_view(&pop.answer_digests);
	err = cmp_challenges_check(rq);
	return err ? err : request_continue(rq, &pop, outcome);
}
