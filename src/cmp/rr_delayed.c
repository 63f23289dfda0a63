// SPDX-License-Identifier: Apache-2.0
/*
 * Delayed delivery of rp, RFC 9483 4.4: an upstream CA has not said yet what it makes of a
 * revocation. The request is answered by an error message with status waiting, the client polls
 * with certReqId -1, and gets rp when the upstream has decided or its time is over. The exchange
 * with the upstream is ca/'s; what became of it is read from the certificate.
 */
#include "door_private.h"

#include <errno.h>
#include <openssl/x509v3.h>

int cmp_revocation_outcome(struct cmp_request *rq, int64_t certificate_id,
			   enum store_certificate_state to, struct refusal *refusal)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	int failinfo, err = store_certificate_get(rq->worker->reader, certificate_id, &cert);

	if (err)
		return err < 0 ? err : log_fault("certificate of a revocation", -ENOENT, NULL);
	if (cert.state == to)
		return 0;
	if (cert.state == STORE_CERT_REVOKED)
		return refuse(refusal, REFUSAL_rev_cert_revoked);
	err = ca_upstream_revoke_failinfo(rq->worker->reader, certificate_id, &failinfo);
	if (err)
		return err;
	if (cert.state == STORE_CERT_REVOCATION_PENDING && failinfo < 0)
		return STORE_NOT_FOUND;
	/* RFC 9483 5.2: its own failInfo is passed on. We go on asking. */
	(void)refuse(refusal, REFUSAL_upstream_rejected);
	if (failinfo >= 0)
		refusal->failinfo = failinfo;
	return REFUSED;
}

int cmp_revocation_wait(struct cmp_request *rq, const struct cmf_revocation *revocation)
{
	const struct conf_ca *ca = conf_ca_find(rq->conf, revocation->cert.ca);
	int err = cmp_transaction_open(rq);

	if (err)
		return err;
	rq->outcome = METRIC_WAITING;
	rq->txn.cert_req_id = revocation->reason;
	rq->txn.certificate_id = revocation->cert.id;
	rq->txn.deadline_ms = rq->now_ms + (ca ? ca->upstream_timeout_ms : 0);
	err = cmp_reply_waiting(rq);
	if (!err)
		err = cmp_transaction_insert(rq, STORE_TXN_AWAIT_UPSTREAM, &revocation->cert.id);
	if (!err)
		err = cmp_transaction_commit(rq);
	if (!err)
		cmp_quota_count(rq, 1);
	return err;
}

/* rp, with the certificate that it is about. */
static int answer_build(struct cmp_request *rq, const struct refusal *refusal)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	bool granted = refusal->reason == REFUSAL_NONE;
	const unsigned char *p;
	X509 *x509;
	int err = store_certificate_get(rq->worker->reader, rq->txn.certificate_id, &cert);

	if (err)
		return err < 0 ? err : log_fault("certificate of a revocation", -ENOENT, NULL);
	cmp_log_certificate(rq, cert.subject_id, cert.serial, cert.serial_len);
	p = cert.der.data;
	x509 = d2i_X509(NULL, &p, (long)cert.der.len);
	if (!x509)
		return log_fault("certificate of a revocation", -EBADMSG, NULL);
	cmp_reply_clear(&rq->reply);
	err = cmp_reply_revocation(rq, granted ? PKI_STATUS_ACCEPTED : PKI_STATUS_REJECTION,
				   granted ? NULL : refusal_text(refusal->reason),
				   granted ? -1 : refusal->failinfo, X509_get_issuer_name(x509),
				   X509_get0_serialNumber(x509));
	X509_free(x509);
	return err;
}

static int answer_final(struct cmp_request *rq, const struct refusal *refusal)
{
	bool granted = refusal->reason == REFUSAL_NONE;
	int err = answer_build(rq, refusal);

	rq->refusal = *refusal;
	rq->outcome = granted ? METRIC_ACCEPTED : METRIC_REJECTED;
	rq->txn.deadline_ms = 0;
	if (!err)
		err = cmp_transaction_answer(rq, granted ? STORE_TXN_DONE : STORE_TXN_FAILED);
	if (!err)
		err = cmp_transaction_commit(rq);
	if (!err)
		cmp_quota_count(rq, -1);
	return err;
}

static int answer_waiting(struct cmp_request *rq)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	const struct ca *ca;
	int err = store_certificate_get(rq->worker->reader, rq->txn.certificate_id, &cert);

	if (err)
		return err < 0 ? err : log_fault("certificate of a revocation", -ENOENT, NULL);
	ca = ca_find(cmf_cas(rq->door->cmf), cert.ca);
	if (!ca)
		return log_fault("CA of a certificate", -ENOENT, cert.ca);
	cmp_log_certificate(rq, cert.subject_id, cert.serial, cert.serial_len);
	rq->outcome = METRIC_WAITING;
	/* RFC 9483 4.4: -1, the message as a whole. */
	err = cmp_reply_poll(rq, ca_upstream_check_after(ca));
	if (!err)
		err = cmp_transaction_answer(rq, STORE_TXN_AWAIT_UPSTREAM);
	return err ? err : cmp_transaction_commit(rq);
}

int cmp_revocation_poll(struct cmp_request *rq)
{
	const STACK_OF(PollReq) *list = rq->msg->body->value.pollReq;
	struct refusal refusal = REFUSAL_NULL;
	int64_t id;
	int err;

	if (rq->txn.state == STORE_TXN_FAILED)
		return refuse(&rq->refusal, REFUSAL_transaction_ended);
	if (rq->txn.state != STORE_TXN_AWAIT_UPSTREAM)
		return refuse(&rq->refusal, REFUSAL_poll_unexpected);
	/* RFC 9483 4.4: "else -1 to refer to the whole message" */
	if (sk_PollReq_num(list) != 1 ||
	    ASN1_INTEGER_get_int64(&id, sk_PollReq_value(list, 0)->certReqId) != 1 || id != -1)
		return refuse(&rq->refusal, REFUSAL_poll_req_id_wrong);
	err = cmp_revocation_outcome(rq, rq->txn.certificate_id,
				     cmf_revocation_state(rq->txn.cert_req_id), &refusal);
	if (err < 0)
		return err;
	if (err == STORE_NOT_FOUND && rq->now_ms <= rq->txn.deadline_ms)
		return answer_waiting(rq);
	/* RFC 9483 6: "can be closed cleanly with an error" systemUnavail */
	if (err == STORE_NOT_FOUND)
		(void)refuse(&refusal, REFUSAL_upstream_unavailable);
	return answer_final(rq, &refusal);
}
