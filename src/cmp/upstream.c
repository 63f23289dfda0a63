// SPDX-License-Identifier: Apache-2.0
/*
 * Transactions whose certificate comes from an upstream CA: the first wait, status waiting, and the
 * final answer whenever the certificate is there, RFC 9483 4.4. Which request brings it (the first,
 * a retransmission, a pollReq) makes no difference. The upstream exchange itself is ca/'s.
 */
#include "door_private.h"

#include <errno.h>

static int answer_commit(struct cmp_request *rq, enum store_transaction_state state)
{
	enum store_transaction_state from = rq->txn.state;
	int err = cmp_transaction_answer(rq, state);

	if (!err)
		err = cmp_transaction_commit(rq);
	if (!err && from == STORE_TXN_AWAIT_UPSTREAM &&
	    (state == STORE_TXN_DONE || state == STORE_TXN_FAILED))
		cmp_quota_count(rq, -1);
	return err;
}

static int answer_waiting(struct cmp_request *rq, const struct ca *ca, bool polling,
			  int64_t poll_req_id)
{
	int err;

	rq->outcome = METRIC_WAITING;
	if (polling)
		err = cmp_reply_poll(rq, poll_req_id, ca_upstream_check_after(ca));
	else
		err = cmp_reply_cert_status(rq, cmp_answer_type(rq->txn.body_type),
					    PKI_STATUS_WAITING, NULL, -1);
	return err ? err : answer_commit(rq, STORE_TXN_AWAIT_UPSTREAM);
}

static int answer_rejected(struct cmp_request *rq, int failinfo, enum refusal_reason reason)
{
	int err;

	(void)refuse(&rq->refusal, reason);
	/* The upstream's own failInfo is passed on, RFC 9483 5.2. */
	if (failinfo >= 0)
		rq->refusal.failinfo = failinfo;
	rq->outcome = METRIC_REJECTED;
	err = cmp_reply_cert_status(rq, cmp_answer_type(rq->txn.body_type), PKI_STATUS_REJECTION,
				    refusal_text(reason), rq->refusal.failinfo);
	if (err)
		return err;
	rq->txn.deadline_ms = 0;
	return answer_commit(rq, STORE_TXN_FAILED);
}

static int answer_upstream_refusal(struct cmp_request *rq)
{
	int failinfo, err;

	err = ca_upstream_failinfo(rq->worker->reader, rq->txn.certificate_id, &failinfo);
	if (err)
		return err;
	return answer_rejected(rq, failinfo,
			       failinfo == FAIL_SYSTEM_UNAVAIL ? REFUSAL_upstream_unavailable
							       : REFUSAL_upstream_rejected);
}

static int answer_issued(struct cmp_request *rq, const struct store_certificate *cert,
			 const struct ca *ca)
{
	bool confirmed = rq->txn.implicit_confirm;
	int err;

	err = cmp_reply_certificate(rq, cmp_answer_type(rq->txn.body_type), octets_view(&cert->der),
				    rq->txn.status_text, ca);
	/* The certificate becomes active with the answer that says so. */
	if (!err && confirmed && cert->state == STORE_CERT_PENDING)
		err = cmf_confirm(rq->door->cmf, &rq->who, cert, true, rq->worker->unit);
	if (err)
		return err;
	/* The time for certConf runs from this answer, but not beyond that of the certificate. */
	rq->txn.deadline_ms = confirmed ? 0 : rq->now_ms + rq->conf->cmf.confirm_wait_ms;
	if (cert->confirm_by_ms && cert->confirm_by_ms < rq->txn.deadline_ms)
		rq->txn.deadline_ms = cert->confirm_by_ms;
	rq->reply.implicit_confirm = confirmed;
	rq->reply.confirm_wait_ms = rq->txn.deadline_ms;
	return answer_commit(rq, confirmed ? STORE_TXN_DONE : STORE_TXN_AWAIT_CONF);
}

int cmp_upstream_answer(struct cmp_request *rq, bool polling, int64_t poll_req_id)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	struct ca *ca;
	int err;

	err = store_certificate_get(rq->worker->reader, rq->txn.certificate_id, &cert);
	if (err)
		return err < 0 ? err : log_fault("certificate of a transaction", -ENOENT, NULL);
	cmp_log_certificate(rq, cert.subject_id, cert.serial, cert.serial_len);
	ca = ca_find(cmf_cas(rq->door->cmf), cert.ca);
	if (!ca)
		return log_fault("CA of a certificate", -ENOENT, cert.ca);
	rq->cert_req_id = rq->txn.cert_req_id;
	/* An ended transaction may only say why it got no certificate. */
	if (rq->txn.state == STORE_TXN_FAILED &&
	    (cert.state != STORE_CERT_REJECTED || cert.der.len))
		return refuse(&rq->refusal, REFUSAL_transaction_ended);
	err = cmp_forward_answer(rq, &cert, ca);
	if (err != STORE_NOT_FOUND)
		return err;
	switch (cert.state) {
	case STORE_CERT_REQUESTED:
		return answer_waiting(rq, ca, polling, poll_req_id);
	case STORE_CERT_PENDING:
	case STORE_CERT_ACTIVE:
		return answer_issued(rq, &cert, ca);
	case STORE_CERT_REJECTED:
		return answer_upstream_refusal(rq);
	case STORE_CERT_REVOKED:
	case STORE_CERT_ON_HOLD:
	case STORE_CERT_REVOCATION_PENDING:
	default:
		return answer_rejected(rq, -1, REFUSAL_transaction_ended);
	}
}

int cmp_upstream_continue(struct cmp_request *rq)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	struct ca *ca;
	int err;

	err = store_certificate_get(rq->worker->reader, rq->txn.certificate_id, &cert);
	if (err)
		return err < 0 ? err : log_fault("certificate of a transaction", -ENOENT, NULL);
	ca = ca_find(cmf_cas(rq->door->cmf), cert.ca);
	if (!ca)
		return log_fault("CA of a certificate", -ENOENT, cert.ca);
	err = ca_upstream_run(ca, cert.id, rq->worker->reader, rq->worker->unit);
	/* A fault was logged; the exchange is durable and goes on, so the client may wait for it.
	 */
	if (err < 0)
		store_unit_clear(rq->worker->unit);
	return cmp_upstream_answer(rq, false, 0);
}
