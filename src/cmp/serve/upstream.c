// SPDX-License-Identifier: Apache-2.0
/*
 * The answers to who waits for certificates, RFC 9483 4.4: status waiting, pollRep, and the final
 * answer whenever the certificates are there. Which request brings it (the first, a retransmission,
 * a pollReq) makes no difference. What the certificates wait for, and for how long, is the order's:
 * cmf/order.h. issue.c places it and comes before; rr_delayed.c is the same for revocations.
 */
#include "outcome.h"
#include "reply.h"
#include "request.h"
#include "serve/forward.h"
#include "serve/items.h"
#include "serve/services.h"

#include <errno.h>

/* For all certificates of a message; each waits for upstream_wait at most. */
enum { UPSTREAM_TOTAL_US = 5 * 1000 * 1000 };

/* --- what is said of each request --- */

/* One whose certificate is there, or will never be. */
static int response_final(struct cmp_request *rq, const struct cmp_stored_item *item,
			  const struct cmf_order_item *ordered, struct cmp_response *response,
			  char **textp)
{
	int err = 0;

	if (ordered->state == CMF_ORDER_GRANTED) {
		err = cmf_mods_join(item->text, ordered->mods, textp);
		response->status = *textp ? PKI_STATUS_GRANTED_WITH_MODS : PKI_STATUS_ACCEPTED;
		response->text = *textp;
		response->certificate = octets_view(&item->cert->der);
		response->issuer = ordered->ca;
		return err;
	}
	rq->refusal = ordered->refusal;
	response->status = PKI_STATUS_REJECTION;
	response->text = refusal_text(ordered->refusal.reason);
	response->failinfo = ordered->refusal.failinfo;
	return 0;
}

/* *textp: of the response, the caller's. */
static int response_fill(struct cmp_request *rq, const struct cmp_stored_items *items, size_t i,
			 struct cmp_response *response, char **textp)
{
	const struct cmp_stored_item *item = &items->item[i];

	*response = (struct cmp_response){.cert_req_id = item->cert_req_id, .failinfo = -1};
	if (!item->cert->id) {
		response->status = PKI_STATUS_REJECTION;
		response->text = item->text;
		response->failinfo = item->failinfo;
		return 0;
	}
	if (!items->order.waiting)
		return response_final(rq, item, &items->order.item[i], response, textp);
	response->status = PKI_STATUS_WAITING;
	return 0;
}

/* A client that polls was told of refusals in the answer before. *grantedp: certificates in it. */
static int responses_reply(struct cmp_request *rq, const struct cmp_stored_items *items,
			   bool polling, size_t *grantedp)
{
	struct cmp_response *responses = calloc(items->len, sizeof(*responses));
	char **texts = calloc(items->len, sizeof(*texts));
	size_t n = 0;
	int err = responses && texts ? 0 : -ENOMEM;

	*grantedp = 0;
	for (size_t i = 0; i < items->len && !err; i++) {
		if (polling && !items->item[i].cert->id)
			continue;
		err = response_fill(rq, items, i, &responses[n], &texts[n]);
		*grantedp += responses[n++].certificate.len > 0;
	}
	if (!err)
		err = cmp_reply_responses(rq, cmp_answer_type(rq->attempt.txn.body_type), responses,
					  n);
	while (texts && n > 0)
		free(texts[--n]);
	free(texts);
	free(responses);
	return err;
}

/* --- the answer --- */

static int answer_waiting(struct cmp_request *rq, const struct cmp_stored_items *items,
			  bool polling, struct cmp_outcome *outcome)
{
	size_t granted;

	outcome->metric = METRIC_WAITING;
	cmp_outcome_becomes(outcome, STORE_TXN_AWAIT_UPSTREAM);
	return polling ? cmp_reply_poll(rq, items->order.check_after)
		       : responses_reply(rq, items, false, &granted);
}

/* With implicit confirmation the certificates become active with the answer that says so. */
static int answer_final(struct cmp_request *rq, const struct cmp_stored_items *items, bool polling,
			struct cmp_outcome *outcome)
{
	const struct cmf_call call = cmp_call(rq);
	bool confirmed = rq->attempt.txn.implicit_confirm;
	size_t granted;
	int err = responses_reply(rq, items, polling, &granted);

	if (err)
		return err;
	if (!granted) {
		outcome->metric = METRIC_REJECTED;
		cmp_outcome_becomes(outcome, STORE_TXN_FAILED);
		return 0;
	}
	err = confirmed ? cmf_order_confirm(&call, &items->order, NULL, NULL) : 0;
	if (err)
		return err;
	cmp_outcome_becomes(outcome, confirmed ? STORE_TXN_DONE : STORE_TXN_AWAIT_CONF);
	/* The time for certConf runs from this answer. */
	outcome->deadline_ms = confirmed ? 0 : cmf_order_confirm_by(&call, &items->order);
	rq->attempt.reply.implicit_confirm = confirmed;
	rq->attempt.reply.confirm_wait_ms = outcome->deadline_ms;
	return 0;
}

/* An ended transaction may only say why it got no certificate. */
static int ended_check(struct cmp_request *rq, const struct cmp_stored_items *items)
{
	for (size_t i = 0; i < items->len && rq->attempt.txn.state == STORE_TXN_FAILED; i++) {
		const struct store_certificate *cert = items->item[i].cert;

		if (cert->id && (cert->state != STORE_CERT_REJECTED || cert->der.len))
			return refuse(&rq->refusal, REFUSAL_transaction_ended);
	}
	return 0;
}

int cmp_upstream_answer(struct cmp_request *rq, struct cmp_stored_items *items, bool polling,
			struct cmp_outcome *outcome)
{
	const struct cmf_call call = cmp_call(rq);
	int err;

	cmp_stored_items_log(rq, items);
	rq->attempt.cert_req_id = items->item[0].cert_req_id;
	err = ended_check(rq, items);
	if (err)
		return err;
	if (items->len == 1 && items->item[0].cert->id) {
		err = cmp_forward_answer(rq, &items->order, outcome);
		if (err != STORE_NOT_FOUND)
			return err;
	}
	/*
	 * RFC 4210 5.3.22 would let us answer each certificate when it is ready; all of a message
	 * are answered, and confirmed, together.
	 */
	err = cmf_order_state(&call, &items->order);
	if (err)
		return err;
	return items->order.waiting ? answer_waiting(rq, items, polling, outcome)
				    : answer_final(rq, items, polling, outcome);
}

int cmp_upstream_resume(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(cmp_stored_items_clear) struct cmp_stored_items items = {0};
	const struct cmf_call call = cmp_call(rq);
	int err = cmp_stored_items_get(rq, &items);

	if (!err)
		err = cmf_order_run(&call, &items.order, UPSTREAM_TOTAL_US);
	return err ? err : cmp_upstream_answer(rq, &items, false, outcome);
}
