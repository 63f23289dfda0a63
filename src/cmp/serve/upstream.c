// SPDX-License-Identifier: Apache-2.0
/*
 * Transactions with a certificate that comes from an upstream CA: the first wait, status waiting,
 * and the final answer whenever the certificate is there, RFC 9483 4.4. Which request brings it
 * (the first, a retransmission, a pollReq) makes no difference. The upstream exchange itself is
 * ca/'s.
 */
#include "outcome.h"
#include "reply.h"
#include "request.h"
#include "serve/forward.h"
#include "serve/items.h"
#include "serve/services.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* For all certificates of a message; each waits for upstream_wait at most. */
enum { UPSTREAM_TOTAL_US = 5 * 1000 * 1000 };

/* --- what is said of each request --- */

static int ca_of(struct cmp_request *rq, const struct cmp_stored_item *item, struct ca **cap)
{
	*cap = ca_find(cmf_cas(rq->door->cmf), item->cert.ca);
	return *cap ? 0 : log_fault("CA of a certificate", -ENOENT, item->cert.ca);
}

static void response_refusal(struct cmp_request *rq, enum refusal_reason reason, int failinfo,
			     struct cmp_response *response)
{
	(void)refuse(&rq->refusal, reason);
	/* The upstream's own failInfo is passed on, RFC 9483 5.2. */
	if (failinfo >= 0)
		rq->refusal.failinfo = failinfo;
	response->status = PKI_STATUS_REJECTION;
	response->text = refusal_text(reason);
	response->failinfo = rq->refusal.failinfo;
}

static int response_upstream_refusal(struct cmp_request *rq, const struct cmp_stored_item *item,
				     struct cmp_response *response)
{
	enum refusal_reason reason;
	int failinfo,
		err = ca_upstream_failinfo(rq->worker->reader, item->cert.id, &failinfo, &reason);

	if (err)
		return err;
	response_refusal(rq, reason != REFUSAL_NONE ? reason : REFUSAL_upstream_rejected, failinfo,
			 response);
	return 0;
}

/* What was changed here, and what the upstream changed: *textp is the caller's. */
static int response_mods(struct cmp_request *rq, const struct cmp_stored_item *item, char **textp)
{
	_cleanup_(freep) char *theirs = NULL;
	int err = ca_upstream_mods(rq->worker->reader, &item->cert, &theirs);

	*textp = NULL;
	if (err || (!item->text && !theirs))
		return err;
	if (item->text && theirs)
		return asprintf(textp, "%s; %s", item->text, theirs) < 0 ? -ENOMEM : 0;
	*textp = item->text ? strdup(item->text) : TAKE(theirs);
	return *textp ? 0 : -ENOMEM;
}

/* One whose certificate is there, or will never be. */
static int response_final(struct cmp_request *rq, const struct cmp_stored_item *item,
			  struct cmp_response *response, char **textp)
{
	struct ca *ca;
	int err;

	switch (item->cert.state) {
	case STORE_CERT_PENDING:
	case STORE_CERT_ACTIVE:
		err = ca_of(rq, item, &ca);
		if (!err)
			err = response_mods(rq, item, textp);
		response->status = *textp ? PKI_STATUS_GRANTED_WITH_MODS : PKI_STATUS_ACCEPTED;
		response->text = *textp;
		response->certificate = octets_view(&item->cert.der);
		response->issuer = ca;
		return err;
	case STORE_CERT_REJECTED:
		return response_upstream_refusal(rq, item, response);
	case STORE_CERT_REQUESTED:
	case STORE_CERT_REVOKED:
	case STORE_CERT_ON_HOLD:
	case STORE_CERT_REVOCATION_PENDING:
	default:
		response_refusal(rq, REFUSAL_transaction_ended, -1, response);
		return 0;
	}
}

/* *textp: of the response, the caller's. */
static int response_fill(struct cmp_request *rq, const struct cmp_stored_item *item, bool waiting,
			 struct cmp_response *response, char **textp)
{
	*response = (struct cmp_response){.cert_req_id = item->cert_req_id, .failinfo = -1};
	if (!item->cert.id) {
		response->status = PKI_STATUS_REJECTION;
		response->text = item->text;
		response->failinfo = item->failinfo;
		return 0;
	}
	if (!waiting)
		return response_final(rq, item, response, textp);
	response->status = PKI_STATUS_WAITING;
	return 0;
}

/* A client that polls was told of refusals in the answer before. *grantedp: certificates in it. */
static int responses_reply(struct cmp_request *rq, const struct cmp_stored_items *items,
			   bool waiting, bool polling, size_t *grantedp)
{
	struct cmp_response *responses = calloc(items->len, sizeof(*responses));
	char **texts = calloc(items->len, sizeof(*texts));
	size_t n = 0;
	int err = responses && texts ? 0 : -ENOMEM;

	*grantedp = 0;
	for (size_t i = 0; i < items->len && !err; i++) {
		if (polling && !items->item[i].cert.id)
			continue;
		err = response_fill(rq, &items->item[i], waiting, &responses[n], &texts[n]);
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
	int check_after = 0, err = 0;
	size_t granted;
	struct ca *ca;

	outcome->metric = METRIC_WAITING;
	cmp_outcome_becomes(outcome, STORE_TXN_AWAIT_UPSTREAM);
	for (size_t i = 0; i < items->len && !err && polling; i++) {
		if (!items->item[i].cert.id || items->item[i].cert.state != STORE_CERT_REQUESTED)
			continue;
		err = ca_of(rq, &items->item[i], &ca);
		if (!err && ca_upstream_check_after(ca) > check_after)
			check_after = ca_upstream_check_after(ca);
	}
	if (err)
		return err;
	return polling ? cmp_reply_poll(rq, check_after)
		       : responses_reply(rq, items, true, false, &granted);
}

/* The time for certConf runs from this answer, but not beyond that of the certificates. */
static int64_t confirm_deadline(const struct cmp_request *rq, const struct cmp_stored_items *items)
{
	int64_t deadline_ms = rq->now_ms + rq->conf->cmf.confirm_wait_ms;

	for (size_t i = 0; i < items->len; i++)
		if (items->item[i].cert.confirm_by_ms &&
		    items->item[i].cert.confirm_by_ms < deadline_ms)
			deadline_ms = items->item[i].cert.confirm_by_ms;
	return deadline_ms;
}

/* With implicit confirmation a certificate becomes active with the answer that says so. */
static int certificates_confirm(struct cmp_request *rq, const struct cmp_stored_items *items)
{
	const struct cmf_call call = cmp_call(rq);
	int err = 0;

	for (size_t i = 0; i < items->len && !err; i++)
		if (items->item[i].cert.id && items->item[i].cert.state == STORE_CERT_PENDING)
			err = cmf_confirm(&call, &items->item[i].cert, true);
	return err;
}

static int answer_final(struct cmp_request *rq, const struct cmp_stored_items *items, bool polling,
			struct cmp_outcome *outcome)
{
	bool confirmed = rq->attempt.txn.implicit_confirm;
	size_t granted;
	int err = responses_reply(rq, items, false, polling, &granted);

	if (err)
		return err;
	if (!granted) {
		outcome->metric = METRIC_REJECTED;
		cmp_outcome_becomes(outcome, STORE_TXN_FAILED);
		return 0;
	}
	err = confirmed ? certificates_confirm(rq, items) : 0;
	if (err)
		return err;
	cmp_outcome_becomes(outcome, confirmed ? STORE_TXN_DONE : STORE_TXN_AWAIT_CONF);
	outcome->deadline_ms = confirmed ? 0 : confirm_deadline(rq, items);
	rq->attempt.reply.implicit_confirm = confirmed;
	rq->attempt.reply.confirm_wait_ms = outcome->deadline_ms;
	return 0;
}

int cmp_upstream_answer(struct cmp_request *rq, const struct cmp_stored_items *items, bool polling,
			struct cmp_outcome *outcome)
{
	bool waiting = false;
	struct ca *ca;
	int err;

	cmp_stored_items_log(rq, items);
	rq->attempt.cert_req_id = items->item[0].cert_req_id;
	for (size_t i = 0; i < items->len; i++) {
		const struct store_certificate *cert = &items->item[i].cert;

		if (!cert->id)
			continue;
		/* An ended transaction may only say why it got no certificate. */
		if (rq->attempt.txn.state == STORE_TXN_FAILED &&
		    (cert->state != STORE_CERT_REJECTED || cert->der.len))
			return refuse(&rq->refusal, REFUSAL_transaction_ended);
		waiting = waiting || cert->state == STORE_CERT_REQUESTED;
	}
	if (items->len == 1 && items->item[0].cert.id) {
		err = ca_of(rq, &items->item[0], &ca);
		if (!err)
			err = cmp_forward_answer(rq, &items->item[0].cert, ca, outcome);
		if (err != STORE_NOT_FOUND)
			return err;
	}
	/*
	 * RFC 4210 5.3.22 would let us answer each certificate when it is ready; all of a message
	 * are answered, and confirmed, together.
	 */
	return waiting ? answer_waiting(rq, items, polling, outcome)
		       : answer_final(rq, items, polling, outcome);
}

/*
 * Works on all that is asked for, one after the other, for a bounded time; a fault was logged, the
 * exchanges are durable and go on.
 */
static int exchanges_run(struct cmp_request *rq, const struct cmp_stored_items *items)
{
	int64_t until_us = clock_monotonic_us() + UPSTREAM_TOTAL_US;
	struct ca *ca;
	int err;

	for (size_t i = 0; i < items->len; i++) {
		const struct cmp_stored_item *item = &items->item[i];

		if (!item->cert.id || item->cert.state != STORE_CERT_REQUESTED)
			continue;
		if (i > 0 && clock_monotonic_us() > until_us)
			return 0;
		err = ca_of(rq, item, &ca);
		if (err)
			return err;
		err = ca_upstream_run(ca, item->cert.id, rq->worker->reader, rq->worker->unit);
		if (err < 0)
			store_unit_clear(rq->worker->unit);
	}
	return 0;
}

int cmp_upstream_resume(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(cmp_stored_items_clear) struct cmp_stored_items items = {NULL, 0, {NULL, 0}};
	int err;

	err = cmp_stored_items_get(rq, &items);
	if (!err)
		err = exchanges_run(rq, &items);
	cmp_stored_items_clear(&items);
	if (!err)
		err = cmp_stored_items_get(rq, &items);
	return err ? err : cmp_upstream_answer(rq, &items, false, outcome);
}
