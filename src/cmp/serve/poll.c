// SPDX-License-Identifier: Apache-2.0
/*
 * pollReq: asks for the answer that was not there yet, RFC 9483 4.4, RFC 4210 5.3.22. It is passed
 * on, if it is the upstream CA that asked to wait (forward.c); otherwise polling does not work on
 * an exchange with an upstream: the first request and housekeeping do. upstream.c and rr_delayed.c
 * make the answers.
 */
#include "request.h"
#include "serve/forward.h"
#include "serve/items.h"
#include "serve/revocations.h"
#include "serve/services.h"

/*
 * RFC 9810 5.3.22: certReqIds of CertResponses that wait, or -1 for the answer as a whole; each
 * once.
 */
static int poll_req_ids_check(struct cmp_request *rq, const struct cmp_stored_items *items)
{
	const STACK_OF(PollReq) *list = rq->msg->body->value.pollReq;
	bool seen[CMP_ITEMS_MAX] = {false};
	const struct cmp_stored_item *item;
	int64_t id = 0;

	for (int i = 0; i < sk_PollReq_num(list); i++) {
		item = NULL;
		if (ASN1_INTEGER_get_int64(&id, sk_PollReq_value(list, i)->certReqId) == 1)
			item = cmp_stored_item_find(rq, items, id);
		if (!item && id == -1 && sk_PollReq_num(list) == 1)
			return 0;
		/* One that was refused has been told so. */
		if (!item || !item->cert->id || seen[item - items->item])
			return refuse(&rq->refusal, REFUSAL_poll_req_id_wrong);
		seen[item - items->item] = true;
	}
	return sk_PollReq_num(list) > 0 ? 0 : refuse(&rq->refusal, REFUSAL_poll_req_id_wrong);
}

static int state_check(struct cmp_request *rq)
{
	switch (rq->attempt.txn.state) {
	case STORE_TXN_AWAIT_UPSTREAM:
		return 0;
	case STORE_TXN_FAILED:
		/* Ended while the client waited: it is told why by the certificate's state. */
		if (rq->attempt.txn.certificate_id)
			return 0;
		return refuse(&rq->refusal, REFUSAL_transaction_ended);
	case STORE_TXN_AWAIT_CONF:
	case STORE_TXN_DONE:
	case STORE_TXN_AWAIT_POP:
	default:
		return refuse(&rq->refusal, REFUSAL_poll_unexpected);
	}
}

/* What went on to an upstream CA is one request. */
static const struct store_certificate *certificate_asked(const struct cmp_request *rq,
							 const struct cmp_stored_items *items)
{
	bool waits = rq->attempt.txn.state == STORE_TXN_AWAIT_UPSTREAM && items->len == 1;

	return waits && items->item[0].cert->id ? items->item[0].cert : NULL;
}

/* RFC 9483 4.4: "handle or forward pollReq" */
static int certificates_poll(struct cmp_request *rq, struct cmp_stored_items *items,
			     struct cmp_outcome *outcome)
{
	const struct store_certificate *cert = certificate_asked(rq, items);
	int err = poll_req_ids_check(rq, items);

	if (!err && cert && cert->state == STORE_CERT_REQUESTED)
		err = cmp_forward_poll(rq, cert, STORE_EXCHANGE_ISSUE, outcome);
	return err || outcome->resumes ? err : cmp_upstream_answer(rq, items, true, outcome);
}

/* What is waited for is the answer to certConf, which was passed on. */
static int confirmation_poll(struct cmp_request *rq, const struct store_certificate *cert,
			     struct cmp_outcome *outcome)
{
	int err = cmp_poll_whole_check(rq);

	if (!err)
		err = cmp_forward_poll(rq, cert, STORE_EXCHANGE_CONFIRM, outcome);
	if (err)
		return err;
	/* RFC 9483 6: "can be closed cleanly with an error" */
	rq->attempt.keep_refusal = true;
	return outcome->resumes ? 0 : cmp_forward_confirm_answer(rq, cert, true, outcome);
}

int cmp_poll_serve(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(cmp_stored_items_clear) struct cmp_stored_items items = {0};
	const struct store_certificate *cert;
	int err;

	if (rq->attempt.txn.body_type == PKI_BODY_RR)
		return cmp_revocations_poll(rq, outcome);
	err = state_check(rq);
	if (!err)
		err = cmp_stored_items_get(rq, &items);
	if (err)
		return err;
	cert = certificate_asked(rq, &items);
	err = cert ? cmp_forward_confirm_find(rq, cert) : STORE_NOT_FOUND;
	if (err < 0)
		return err;
	return err ? certificates_poll(rq, &items, outcome) : confirmation_poll(rq, cert, outcome);
}

/* pollReq was passed on: what came back may have brought the certificate. */
static int certificates_poll_resume(struct cmp_request *rq, struct cmp_stored_items *items,
				    struct cmp_outcome *outcome)
{
	int err = cmp_forward_run(rq, items->item[0].cert, STORE_EXCHANGE_ISSUE);

	cmp_stored_items_clear(items);
	if (!err)
		err = cmp_stored_items_get(rq, items);
	return err ? err : cmp_upstream_answer(rq, items, true, outcome);
}

int cmp_poll_resume(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(cmp_stored_items_clear) struct cmp_stored_items items = {0};
	const struct store_certificate *cert;
	int err;

	if (rq->attempt.txn.body_type == PKI_BODY_RR)
		return cmp_revocations_poll_resume(rq, outcome);
	err = cmp_stored_items_get(rq, &items);
	if (err)
		return err;
	cert = items.item[0].cert;
	err = cmp_forward_confirm_find(rq, cert);
	if (err)
		return err < 0 ? err : certificates_poll_resume(rq, &items, outcome);
	err = cmp_forward_run(rq, cert, STORE_EXCHANGE_CONFIRM);
	return err ? err : cmp_forward_confirm_answer(rq, cert, true, outcome);
}
