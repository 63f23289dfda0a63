// SPDX-License-Identifier: Apache-2.0
/*
 * pollReq: asks for the answer that was not there yet, RFC 9483 4.4, RFC 4210 5.3.22. Polling does
 * not work on the upstream exchange; the housekeeper and the first request do.
 */
#include "door_private.h"

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
		if (!item || !item->cert.id || seen[item - items->item])
			return refuse(&rq->refusal, REFUSAL_poll_req_id_wrong);
		seen[item - items->item] = true;
	}
	return sk_PollReq_num(list) > 0 ? 0 : refuse(&rq->refusal, REFUSAL_poll_req_id_wrong);
}

/* RFC 9483 4.4: "handle or forward pollReq"; what was forwarded is one request. */
static int forward(struct cmp_request *rq, struct cmp_stored_items *items)
{
	const struct store_certificate *cert = &items->item[0].cert;
	struct ca *ca = items->len == 1 ? ca_find(cmf_cas(rq->door->cmf), cert->ca) : NULL;
	int err;

	if (!ca || !cmp_is_forwarded(rq, cert))
		return 0;
	err = cert->state == STORE_CERT_REQUESTED
		      ? cmp_forward_poll(rq, cert, STORE_EXCHANGE_ISSUE, ca)
		      : 0;
	if (err)
		return err;
	/* What came back may have brought the certificate. */
	cmp_stored_items_clear(items);
	return cmp_stored_items_get(rq, items);
}

static int state_check(struct cmp_request *rq)
{
	switch (rq->txn.state) {
	case STORE_TXN_AWAIT_UPSTREAM:
		return 0;
	case STORE_TXN_FAILED:
		/* Ended while the client waited: it is told why by the certificate's state. */
		if (rq->txn.certificate_id)
			return 0;
		return refuse(&rq->refusal, REFUSAL_transaction_ended);
	case STORE_TXN_AWAIT_CONF:
	case STORE_TXN_DONE:
	case STORE_TXN_AWAIT_POP:
	default:
		return refuse(&rq->refusal, REFUSAL_poll_unexpected);
	}
}

/* What is asked for is certificates. */
static int certificates_poll(struct cmp_request *rq, struct cmp_stored_items *items)
{
	int err = poll_req_ids_check(rq, items);

	if (!err && rq->txn.state == STORE_TXN_AWAIT_UPSTREAM) {
		err = forward(rq, items);
		/* What came from there is in the store now. */
		cmp_stored_items_clear(items);
		if (!err)
			err = cmp_stored_items_get(rq, items);
	}
	return err ? err : cmp_upstream_answer(rq, items, true);
}

int cmp_poll_serve(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(cmp_stored_items_clear) struct cmp_stored_items items = {NULL, 0, {NULL, 0}};
	int err;

	if (rq->txn.body_type == PKI_BODY_RR)
		return cmp_revocations_poll(rq);
	err = state_check(rq);
	if (!err)
		err = cmp_stored_items_get(rq, &items);
	if (err)
		return err;
	err = STORE_NOT_FOUND;
	if (items.len == 1 && rq->txn.state == STORE_TXN_AWAIT_UPSTREAM)
		err = cmp_forward_confirm_poll(rq, &items.item[0].cert);
	if (err == STORE_NOT_FOUND)
		err = certificates_poll(rq, &items);
	/* The unit may point into the items. */
	store_unit_clear(rq->worker->unit);
	return err;
}
