// SPDX-License-Identifier: Apache-2.0
/*
 * Revocations that an upstream CA has to be told of: they are durable as pending, with the
 * transaction, before the upstream is asked, and the client hears of success only when the upstream
 * has done it. Until then delivery is delayed, RFC 9483 4.4: the request is answered by an error
 * message with status waiting, the client polls with certReqId -1, and gets rp when the upstream
 * has decided on all of them or its time is over. The exchange with the upstream is ca/'s; what
 * became of it is read from the certificate.
 */
#include "door_private.h"

#include <errno.h>

/*
 * Upstream CAs are asked one after the other. Who is not heard of in this time is asked again by
 * the housekeeper, and the client waits.
 */
enum { UPSTREAM_TOTAL_US = 20 * 1000 * 1000 };

static int ca_of(struct cmp_request *rq, const struct store_certificate *cert, struct ca **cap)
{
	*cap = ca_find(cmf_cas(rq->door->cmf), cert->ca);
	return *cap ? 0 : log_fault("CA of a certificate", -ENOENT, cert->ca);
}

/* --- beginning ----------------------------------------------------------------------------------
 */

/* RFC 9483 4.2: one is what can go on; several would have to go to several CAs, each with its own.
 */
static int forward_make(struct cmp_request *rq, struct cmp_revocations *all,
			struct octets *messagep)
{
	struct ca *ca;
	int err;

	if (all->n != 1 || all->item[0].asked)
		return 0;
	err = ca_of(rq, &all->item[0].cert, &ca);
	if (!err)
		err = cmp_forward_revocation(rq, ca, messagep);
	all->item[0].forward = octets_view(messagep);
	return err;
}

/* The transaction ends with the upstream that may take longest. */
static void transaction_fill(struct cmp_request *rq, const struct cmp_revocations *all)
{
	const struct conf_ca *ca;

	rq->txn.cert_req_id = all->item[0].reason;
	rq->txn.n_items = all->n > 1 ? all->n : 0;
	for (size_t i = 0; i < all->n; i++) {
		if (all->verdict[i].refused || !all->item[i].upstream)
			continue;
		ca = conf_ca_find(rq->conf, all->item[i].cert.ca);
		if (ca && rq->now_ms + ca->upstream_timeout_ms > rq->txn.deadline_ms)
			rq->txn.deadline_ms = rq->now_ms + ca->upstream_timeout_ms;
	}
}

/* Of several, each has a row: the reasonCode in place of the certReqId. */
static int rows_insert(struct cmp_request *rq, struct cmp_revocations *all)
{
	int err = 0;

	for (size_t i = 0; i < all->n && all->n > 1 && !err; i++) {
		const struct cmp_verdict *v = &all->verdict[i];
		struct store_transaction_item *row = &all->row[i];

		*row = (struct store_transaction_item){.cert_req_id = all->item[i].reason,
						       .failinfo = -1};
		if (v->refused) {
			row->failinfo = v->refusal.failinfo;
			row->status_text = (char *)v->text;
		}
		err = store_transaction_item_insert(rq->worker->unit, row, (int)i, &rq->txn.id,
						    v->refused ? NULL : &all->item[i].cert.id);
	}
	return err;
}

int cmp_revocations_begin(struct cmp_request *rq, struct cmp_revocations *all)
{
	_cleanup_(octets_clear) struct octets message = OCTETS_NULL;
	const int64_t *first = all->n == 1 ? &all->item[0].cert.id : NULL;
	int err = cmp_transaction_open(rq);

	if (!err)
		err = forward_make(rq, all, &message);
	if (err)
		return err;
	transaction_fill(rq, all);
	err = cmp_revocations_add(rq, all);
	if (!err)
		err = cmp_transaction_insert(rq, STORE_TXN_AWAIT_UPSTREAM, first);
	if (!err)
		err = rows_insert(rq, all);
	if (!err)
		err = cmp_transaction_commit(rq);
	if (err)
		return err;
	rq->txn.certificate_id = first ? *first : 0;
	/* Nobody is asked; the answer says no more than that. */
	if (store_unit_is_dry(rq->worker->unit)) {
		all->waiting = true;
		cmp_revocations_note(rq, all);
		return cmp_reply_waiting(rq) ? -ENOMEM : cmp_reply_encode(rq);
	}
	cmp_quota_count(rq, 1);
	return cmp_revocations_continue(rq);
}

/* --- what became of each ------------------------------------------------------------------------
 */

/* 0; REFUSED, with what the client is told in *refusal; STORE_NOT_FOUND: nothing yet. */
static int outcome(struct cmp_request *rq, const struct cmf_revocation *item,
		   struct refusal *refusal)
{
	const struct store_certificate *cert = &item->cert;
	int failinfo, err;

	if (!item->upstream || cert->state == item->to)
		return 0;
	if (cert->state == STORE_CERT_REVOKED)
		return refuse(refusal, REFUSAL_rev_cert_revoked);
	err = ca_upstream_revoke_failinfo(rq->worker->reader, cert->id, &failinfo);
	if (err)
		return err;
	if (cert->state == STORE_CERT_REVOCATION_PENDING && failinfo < 0)
		return rq->now_ms <= rq->txn.deadline_ms
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

/* The revocations of rq->txn, as they are now. */
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
		item->reason = stored->cert_req_id;
		item->to = cmf_revocation_state(item->reason);
		ca = item->cert.id ? ca_find(cmf_cas(rq->door->cmf), item->cert.ca) : NULL;
		item->upstream = ca && ca_is_upstream(ca);
		err = verdict_read(rq, all, i);
	}
	return err;
}

/* --- the answer ---------------------------------------------------------------------------------
 */

static int answer_final(struct cmp_request *rq, const struct cmp_revocations *all)
{
	int err = cmp_revocations_reply(rq, all);

	rq->txn.deadline_ms = 0;
	if (!err)
		err = cmp_transaction_answer(
			rq, cmp_revocations_any_granted(all) ? STORE_TXN_DONE : STORE_TXN_FAILED);
	if (!err)
		err = cmp_transaction_commit(rq);
	if (err)
		return err;
	cmp_quota_count(rq, -1);
	return cmp_revocations_crls(rq, all);
}

/* RFC 9483 4.4: -1, the message as a whole. */
static int answer_waiting(struct cmp_request *rq, const struct cmp_revocations *all, bool polling)
{
	int check_after = 0, err = 0;
	struct ca *ca;

	for (size_t i = 0; i < all->n && !err; i++) {
		if (!all->item[i].upstream)
			continue;
		err = ca_of(rq, &all->item[i].cert, &ca);
		if (!err && ca_upstream_check_after(ca) > check_after)
			check_after = ca_upstream_check_after(ca);
	}
	if (!err)
		err = polling ? cmp_reply_poll(rq, check_after) : cmp_reply_waiting(rq);
	if (!err)
		err = cmp_transaction_answer(rq, STORE_TXN_AWAIT_UPSTREAM);
	return err ? err : cmp_transaction_commit(rq);
}

static int answer(struct cmp_request *rq, struct cmp_revocations *all, bool polling)
{
	struct ca *ca;
	int err;

	if (all->n == 1) {
		err = ca_of(rq, &all->item[0].cert, &ca);
		if (!err)
			err = cmp_forward_revoked(rq, &all->item[0].cert, all->item[0].to, ca);
		if (err != STORE_NOT_FOUND)
			return err;
	}
	err = all->waiting ? answer_waiting(rq, all, polling) : answer_final(rq, all);
	cmp_revocations_note(rq, all);
	return err;
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

int cmp_revocations_continue(struct cmp_request *rq)
{
	_cleanup_(cmp_revocations_clear) struct cmp_revocations all = {0};
	int err = revocations_read(rq, &all);

	if (!err)
		err = exchanges_run(rq, &all);
	if (!err)
		err = revocations_read(rq, &all);
	if (!err)
		err = answer(rq, &all, false);
	/* The unit may point into what is here. */
	store_unit_clear(rq->worker->unit);
	return err;
}

/* --- pollReq ------------------------------------------------------------------------------------
 */

static int poll_check(struct cmp_request *rq)
{
	if (rq->txn.state == STORE_TXN_FAILED)
		return refuse(&rq->refusal, REFUSAL_transaction_ended);
	if (rq->txn.state != STORE_TXN_AWAIT_UPSTREAM)
		return refuse(&rq->refusal, REFUSAL_poll_unexpected);
	return cmp_poll_whole_check(rq);
}

static int forward(struct cmp_request *rq, const struct cmp_revocations *all)
{
	struct ca *ca;
	int err;

	if (all->n != 1 || all->item[0].cert.state != STORE_CERT_REVOCATION_PENDING)
		return 0;
	err = ca_of(rq, &all->item[0].cert, &ca);
	return err ? err
		   : cmp_forward_poll(rq, &all->item[0].cert, STORE_EXCHANGE_REVOKE_FORWARD, ca);
}

int cmp_revocations_poll(struct cmp_request *rq)
{
	_cleanup_(cmp_revocations_clear) struct cmp_revocations all = {0};
	int err = poll_check(rq);

	if (!err)
		err = revocations_read(rq, &all);
	if (!err)
		err = forward(rq, &all);
	/* What came from there is in the store now. */
	if (!err)
		err = revocations_read(rq, &all);
	if (!err)
		err = answer(rq, &all, true);
	/* The unit may point into what is here. */
	store_unit_clear(rq->worker->unit);
	return err;
}
