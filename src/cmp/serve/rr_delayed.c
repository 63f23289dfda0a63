// SPDX-License-Identifier: Apache-2.0
/*
 * Revocations that are answered only when something else has been done: an upstream CA has been
 * told, or the CRL of a CA of ours lists them (`crl_on_revocation`). They are durable, with the
 * transaction, before that; those of an upstream as pending. Until then delivery is delayed, RFC
 * 9483 4.4: the request is answered by an error message with status waiting, the client polls with
 * certReqId -1, and gets rp when all of them are done or their time is over. The exchange with an
 * upstream and the making of CRLs are ca/'s; what became of each is read from the certificate.
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

enum {
	/* A CRL that has not come so long after its time does not keep the client waiting. */
	CRL_GRACE_MS = 60 * 1000,
	/* One that could not be made is tried again. */
	CRL_CHECK_AFTER_S = 5,
};

static int ca_of(struct cmp_request *rq, const struct store_certificate *cert, struct ca **cap)
{
	*cap = ca_find(cmf_cas(rq->door->cmf), cert->ca);
	return *cap ? 0 : log_fault("CA of a certificate", -ENOENT, cert->ca);
}

/* --- beginning --- */

/* RFC 9483 4.2: one is what can go on; several would have to go to several CAs, each with its own.
 */
static int forward_make(struct cmp_request *rq, struct cmp_revocations *all,
			struct octets *messagep)
{
	struct ca *ca;
	int err;

	if (all->n != 1 || all->item[0].asked || !all->item[0].upstream)
		return 0;
	err = ca_of(rq, &all->item[0].cert, &ca);
	if (!err)
		err = cmp_forward_revocation(rq, ca, messagep);
	all->item[0].forward = octets_view(messagep);
	return err;
}

/* How long what one waits for may take. */
static int64_t time_allowed(const struct cmp_request *rq, const struct cmf_revocation *item)
{
	const struct conf_ca *ca = conf_ca_find(rq->conf, item->cert.ca);

	if (!ca || (!item->upstream && !cmp_revocation_crl(rq, item)))
		return 0;
	return item->upstream ? ca->upstream_timeout_ms
			      : ca->crl_revocation_interval_ms + CRL_GRACE_MS;
}

/* The transaction ends with what may take longest. */
static void transaction_fill(struct cmp_request *rq, const struct cmp_revocations *all,
			     struct cmp_outcome *outcome)
{
	int64_t longest_ms = 0;

	rq->attempt.txn.reason = all->item[0].reason;
	rq->attempt.txn.n_items = all->n > 1 ? all->n : 0;
	for (size_t i = 0; i < all->n; i++) {
		int64_t ms = all->verdict[i].refused ? 0 : time_allowed(rq, &all->item[i]);

		if (ms > longest_ms)
			longest_ms = ms;
	}
	outcome->deadline_ms = rq->now_ms + longest_ms;
}

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

int cmp_revocations_begin(struct cmp_request *rq, struct cmp_revocations *all,
			  struct cmp_outcome *outcome)
{
	_cleanup_(octets_clear) struct octets message = OCTETS_NULL;
	int err = forward_make(rq, all, &message);

	if (!err)
		err = cmp_revocations_add(rq, all);
	if (!err)
		err = items_keep(all, outcome);
	if (err)
		return err;
	cmp_outcome_becomes(outcome, STORE_TXN_AWAIT_UPSTREAM);
	transaction_fill(rq, all, outcome);
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

/* 0: the CRL lists what has happened to it, or none has to; STORE_NOT_FOUND: not yet. */
static int crl_outcome(struct cmp_request *rq, const struct cmf_revocation *item)
{
	const struct ca *ca = cmp_revocation_crl(rq, item);
	bool lists;
	int err;

	if (!ca || rq->now_ms > rq->attempt.txn.deadline_ms)
		return 0;
	err = ca_crl_lists(ca, item->cert.crl_change, rq->worker->reader, &lists);
	return err || lists ? err : STORE_NOT_FOUND;
}

/* 0; REFUSED, with what the client is told in *refusal; STORE_NOT_FOUND: nothing yet. */
static int outcome(struct cmp_request *rq, const struct cmf_revocation *item,
		   struct refusal *refusal)
{
	const struct store_certificate *cert = &item->cert;
	int failinfo, err;

	if (!item->upstream)
		return crl_outcome(rq, item);
	if (cert->state == item->to)
		return 0;
	if (cert->state == STORE_CERT_REVOKED)
		return refuse(refusal, REFUSAL_rev_cert_revoked);
	err = ca_upstream_revoke_failinfo(rq->worker->reader, cert->id, &failinfo);
	if (err)
		return err;
	if (cert->state == STORE_CERT_REVOCATION_PENDING && failinfo < 0)
		return rq->now_ms <= rq->attempt.txn.deadline_ms
			       ? STORE_NOT_FOUND
			       /* RFC 9483 6: "can be closed cleanly with an error" */
			       : refuse(refusal, REFUSAL_upstream_unavailable);
	/* RFC 9483 5.2: its own failInfo is passed on. We go on asking. */
	(void)refuse(refusal, REFUSAL_upstream_rejected);
	if (failinfo >= 0)
		refusal->failinfo = failinfo;
	return REFUSED;
}

static int verdict_read(struct cmp_request *rq, struct cmp_revocations *all, size_t i)
{
	const struct cmp_stored_item *stored = &all->stored.item[i];
	struct cmp_verdict *v = &all->verdict[i];
	int err;

	if (!all->item[i].cert.id) {
		v->refused = true;
		v->text = stored->text;
		v->refusal.failinfo = stored->failinfo;
		return 0;
	}
	err = outcome(rq, &all->item[i], &v->refusal);
	if (err == STORE_NOT_FOUND)
		all->waiting = true;
	if (err == REFUSED) {
		v->refused = true;
		v->text = refusal_words(&v->refusal);
	}
	return err < 0 ? err : 0;
}

/* The revocations of rq->attempt.txn, as they are now. */
static int revocations_read(struct cmp_request *rq, struct cmp_revocations *all)
{
	int err;

	cmp_revocations_clear(all);
	err = cmp_stored_items_get(rq, &all->stored);
	if (!err)
		err = cmp_revocations_new(all->stored.len, all);
	for (size_t i = 0; i < all->n && !err; i++) {
		struct cmp_stored_item *stored = &all->stored.item[i];
		struct cmf_revocation *item = &all->item[i];
		const struct ca *ca;

		item->cert = stored->cert;
		stored->cert = (struct store_certificate){0};
		item->reason = stored->reason;
		item->to = cmf_revocation_state(item->reason);
		ca = item->cert.id ? ca_find(cmf_cas(rq->door->cmf), item->cert.ca) : NULL;
		item->upstream = ca && ca_is_upstream(ca);
		err = verdict_read(rq, all, i);
	}
	return err;
}

/* --- the answer --- */

static bool concerns(const struct cmp_revocations *all, const struct ca *ca)
{
	for (size_t i = 0; i < all->n; i++)
		if (!all->verdict[i].refused && !strcmp(all->item[i].cert.ca, ca_name(ca)))
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

		if (!ca_crl_in_answer(ca) || !concerns(all, ca))
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
	int check_after = all->crl_check_after, err = 0;
	struct ca *ca;

	for (size_t i = 0; i < all->n && !err; i++) {
		if (!all->item[i].upstream)
			continue;
		err = ca_of(rq, &all->item[i].cert, &ca);
		if (!err && ca_upstream_check_after(ca) > check_after)
			check_after = ca_upstream_check_after(ca);
	}
	cmp_outcome_becomes(outcome, STORE_TXN_AWAIT_UPSTREAM);
	if (err)
		return err;
	return polling ? cmp_reply_poll(rq, check_after) : cmp_reply_waiting(rq);
}

static int revocations_answer(struct cmp_request *rq, struct cmp_revocations *all, bool polling,
			      struct cmp_outcome *outcome)
{
	struct ca *ca;
	int err;

	if (all->n == 1 && all->item[0].upstream) {
		err = ca_of(rq, &all->item[0].cert, &ca);
		if (!err)
			err = cmp_forward_revoked(rq, &all->item[0].cert, all->item[0].to, ca,
						  outcome);
		if (err != STORE_NOT_FOUND)
			return err;
	}
	cmp_revocations_note(rq, all, outcome);
	return all->waiting ? answer_waiting(rq, all, polling, outcome)
			    : answer_final(rq, all, outcome);
}

/* One after the other, for a bounded time; a fault was logged, the exchanges are durable and go on.
 */
static int exchanges_run(struct cmp_request *rq, const struct cmp_revocations *all)
{
	int64_t until_us = clock_monotonic_us() + UPSTREAM_TOTAL_US;
	struct ca *ca;
	int err;

	for (size_t i = 0; i < all->n && clock_monotonic_us() < until_us; i++) {
		const struct cmf_revocation *item = &all->item[i];

		if (!item->upstream || item->cert.state != STORE_CERT_REVOCATION_PENDING)
			continue;
		err = ca_of(rq, &item->cert, &ca);
		if (err)
			return err;
		if (ca_upstream_revoke_run(ca, item->cert.id, rq->worker->reader,
					   rq->worker->unit) < 0)
			store_unit_clear(rq->worker->unit);
	}
	return 0;
}

/*
 * Has CRLs made that are not to wait. *check_afterp: seconds until the others; also those that
 * could not be made, which was logged.
 */
static void crls_run(struct cmp_request *rq, const struct cmp_revocations *all, int *check_afterp)
{
	int64_t wait_ms;
	int err;

	*check_afterp = 0;
	for (size_t i = 0; i < all->n; i++) {
		const struct cmf_revocation *item = &all->item[i];
		struct ca *ca = all->verdict[i].refused ? NULL : cmp_revocation_crl(rq, item);

		if (!ca)
			continue;
		err = ca_crl_cover(ca, item->cert.crl_change, rq->worker->reader, rq->worker->unit,
				   &wait_ms);
		store_unit_clear(rq->worker->unit);
		if (err < 0)
			wait_ms = CRL_CHECK_AFTER_S * 1000;
		if (err && *check_afterp < (wait_ms + 999) / 1000)
			*check_afterp = (int)((wait_ms + 999) / 1000);
	}
}

/* What has to be done outside of the store is done, as far as it can be now; then the answer. */
static int work_and_answer(struct cmp_request *rq, struct cmp_revocations *all, bool polling,
			   struct cmp_outcome *outcome)
{
	int check_after, err;

	crls_run(rq, all, &check_after);
	err = revocations_read(rq, all);
	all->crl_check_after = check_after;
	return err ? err : revocations_answer(rq, all, polling, outcome);
}

int cmp_revocations_resume(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(cmp_revocations_clear) struct cmp_revocations all = {0};
	int err = revocations_read(rq, &all);

	if (!err)
		err = exchanges_run(rq, &all);
	return err ? err : work_and_answer(rq, &all, false, outcome);
}

/* --- pollReq --- */

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
	return all->n == 1 && all->item[0].cert.state == STORE_CERT_REVOCATION_PENDING;
}

int cmp_revocations_poll(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(cmp_revocations_clear) struct cmp_revocations all = {0};
	int err = poll_check(rq);

	if (!err)
		err = revocations_read(rq, &all);
	if (!err && is_pending(&all))
		err = cmp_forward_poll(rq, &all.item[0].cert, STORE_EXCHANGE_REVOKE_FORWARD,
				       outcome);
	return err || outcome->resumes ? err : work_and_answer(rq, &all, true, outcome);
}

int cmp_revocations_poll_resume(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(cmp_revocations_clear) struct cmp_revocations all = {0};
	int err = revocations_read(rq, &all);

	if (!err && is_pending(&all))
		err = cmp_forward_run(rq, &all.item[0].cert, STORE_EXCHANGE_REVOKE_FORWARD);
	return err ? err : work_and_answer(rq, &all, true, outcome);
}
