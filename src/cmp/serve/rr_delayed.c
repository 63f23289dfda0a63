// SPDX-License-Identifier: Apache-2.0
/*
 * Revocations that are answered only when something else has been done: an upstream CA has been
 * told, or the CRL of a CA of ours lists them (`crl_on_revocation`). rr.c has placed the order,
 * which is durable with the transaction before any of it; see cmf/order.h. Until then delivery is
 * delayed, RFC 9483 4.4: the request is answered by an error message with status waiting, the
 * client polls with certReqId -1, and gets rp when all of them are done or their time is over.
 * upstream.c is the same for certificates.
 */
#include "outcome.h"
#include "reply.h"
#include "request.h"
#include "serve/forward.h"
#include "serve/items.h"
#include "serve/revocations.h"
#include "serve/services.h"

#include <errno.h>
#include <string.h>

/*
 * Upstream CAs are asked one after the other. Who is not heard of in this time is asked again by
 * the housekeeper, and the client waits.
 */
enum { UPSTREAM_TOTAL_US = 20 * 1000 * 1000 };

/* --- beginning --- */

/* Each of several is kept. An rr has no certReqId. */
static int items_keep(const struct cmp_revocations *all, struct cmp_outcome *outcome)
{
	int err = 0;

	for (size_t i = 0; i < all->n && all->n > 1 && !err; i++) {
		const struct cmp_verdict *v = &all->verdict[i];
		struct store_transaction_item row = {.reason = all->item[i].reason,
						     .certificate_id = all->item[i].cert.id,
						     .failinfo = -1};

		if (v->refused) {
			row.certificate_id = 0;
			row.failinfo = v->refusal.failinfo;
			row.status_text = (char *)v->text;
		}
		err = cmp_outcome_add(outcome, &row);
	}
	return err;
}

int cmp_revocations_begin(struct cmp_request *rq, struct cmp_revocations *all, int64_t deadline_ms,
			  struct cmp_outcome *outcome)
{
	int err = items_keep(all, outcome);

	if (err)
		return err;
	rq->attempt.txn.reason = all->item[0].reason;
	rq->attempt.txn.n_items = all->n > 1 ? all->n : 0;
	cmp_outcome_becomes(outcome, STORE_TXN_AWAIT_UPSTREAM);
	outcome->deadline_ms = deadline_ms;
	outcome->certificate_id = all->n == 1 ? all->item[0].cert.id : 0;
	outcome->resumes = !store_unit_is_dry(rq->worker->unit);
	if (outcome->resumes)
		return 0;
	/* Nobody is asked; the answer says no more than that. */
	all->waiting = true;
	cmp_revocations_note(rq, all, outcome);
	return cmp_reply_waiting(rq);
}

/* --- what became of each --- */

static void verdict_read(struct cmp_revocations *all, size_t i)
{
	const struct cmp_stored_item *stored = &all->stored.item[i];
	const struct cmf_order_item *ordered = &all->stored.order.item[i];
	struct cmp_verdict *v = &all->verdict[i];

	*v = (struct cmp_verdict){0};
	if (!stored->cert->id) {
		v->refused = true;
		v->text = stored->text;
		v->refusal.failinfo = stored->failinfo;
		return;
	}
	v->cert = stored->cert;
	if (ordered->state != CMF_ORDER_REFUSED)
		return;
	v->refused = true;
	v->refusal = ordered->refusal;
	v->text = refusal_words(&v->refusal);
}

/* What has become of the order, as it was read. */
static int verdicts_read(struct cmp_request *rq, struct cmp_revocations *all)
{
	const struct cmf_call call = cmp_call(rq);
	int err = cmf_order_state(&call, &all->stored.order);

	for (size_t i = 0; i < all->n && !err; i++)
		verdict_read(all, i);
	all->waiting = all->stored.order.waiting;
	return err;
}

/* The order that rq->attempt.txn stands for. */
static int revocations_get(struct cmp_request *rq, struct cmp_revocations *all)
{
	int err = cmp_stored_items_get(rq, &all->stored);

	return err ? err : cmp_revocations_new(all->stored.len, all);
}

/* --- the answer --- */

static bool revocations_concern(const struct cmp_revocations *all, const struct ca *ca)
{
	for (size_t i = 0; i < all->n; i++)
		if (!all->verdict[i].refused && !strcmp(all->verdict[i].cert->ca, ca_name(ca)))
			return true;
	return false;
}

/* RFC 4210 5.3.10: crls in rp. */
static int crls_add(struct cmp_request *rq, const struct cmp_revocations *all)
{
	_cleanup_(cmp_crls_clear) struct cmp_crls crls = {0};
	struct ca_set *cas = cmf_cas(rq->door->cmf);
	int err = 0;

	for (size_t i = 0; i < ca_count(cas) && !err; i++) {
		_cleanup_(ca_crl_clear) struct ca_crl crl = {0};
		struct ca *ca = ca_at(cas, i);

		if (!ca_crl_in_answer(ca) || !revocations_concern(all, ca))
			continue;
		err = ca_crl_newest(ca, rq->worker->reader, &crl);
		if (!err)
			err = cmp_crls_add(&crls, &crl);
		else if (err == STORE_NOT_FOUND)
			err = 0;
	}
	return err || !crls.first.der ? err : cmp_reply_crls(rq, NULL, true, &crls);
}

static int answer_final(struct cmp_request *rq, const struct cmp_revocations *all,
			struct cmp_outcome *outcome)
{
	int err = cmp_revocations_reply(rq, all);

	cmp_outcome_becomes(outcome,
			    cmp_revocations_any_granted(all) ? STORE_TXN_DONE : STORE_TXN_FAILED);
	return err ? err : crls_add(rq, all);
}

/* RFC 9483 4.4: -1, the message as a whole. */
static int answer_waiting(struct cmp_request *rq, const struct cmp_revocations *all, bool polling,
			  struct cmp_outcome *outcome)
{
	cmp_outcome_becomes(outcome, STORE_TXN_AWAIT_UPSTREAM);
	return polling ? cmp_reply_poll(rq, all->stored.order.check_after) : cmp_reply_waiting(rq);
}

/* What has to be done outside of the store is done, as far as it can be now; then the answer. */
static int work_and_answer(struct cmp_request *rq, struct cmp_revocations *all, int64_t budget_us,
			   bool polling, struct cmp_outcome *outcome)
{
	const struct cmf_call call = cmp_call(rq);
	int err = cmf_order_run(&call, &all->stored.order, budget_us);

	if (err)
		return err;
	if (all->n == 1) {
		err = cmp_forward_revoked(rq, &all->stored.order.item[0], outcome);
		if (err != STORE_NOT_FOUND)
			return err;
	}
	err = verdicts_read(rq, all);
	if (err)
		return err;
	cmp_revocations_note(rq, all, outcome);
	return all->waiting ? answer_waiting(rq, all, polling, outcome)
			    : answer_final(rq, all, outcome);
}

int cmp_revocations_resume(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(cmp_revocations_clear) struct cmp_revocations all = {0};
	int err = revocations_get(rq, &all);

	return err ? err : work_and_answer(rq, &all, UPSTREAM_TOTAL_US, false, outcome);
}

/* --- pollReq: asks no upstream CA, but for one that is passed on --- */

static int poll_check(struct cmp_request *rq)
{
	if (rq->attempt.txn.state == STORE_TXN_FAILED)
		return refuse(&rq->refusal, REFUSAL_transaction_ended);
	if (rq->attempt.txn.state != STORE_TXN_AWAIT_UPSTREAM)
		return refuse(&rq->refusal, REFUSAL_poll_unexpected);
	return cmp_poll_whole_check(rq);
}

static bool is_pending(const struct cmp_revocations *all)
{
	return all->n == 1 && all->stored.item[0].cert->state == STORE_CERT_REVOCATION_PENDING;
}

int cmp_revocations_poll(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(cmp_revocations_clear) struct cmp_revocations all = {0};
	int err = poll_check(rq);

	if (!err)
		err = revocations_get(rq, &all);
	if (!err && is_pending(&all))
		err = cmp_forward_poll(rq, all.stored.item[0].cert, STORE_EXCHANGE_REVOKE_FORWARD,
				       outcome);
	return err || outcome->resumes ? err : work_and_answer(rq, &all, 0, true, outcome);
}

int cmp_revocations_poll_resume(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(cmp_revocations_clear) struct cmp_revocations all = {0};
	int err = revocations_get(rq, &all);

	if (!err && is_pending(&all))
		err = cmp_forward_run(rq, all.stored.item[0].cert, STORE_EXCHANGE_REVOKE_FORWARD);
	return err ? err : work_and_answer(rq, &all, 0, true, outcome);
}
