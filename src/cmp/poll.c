// SPDX-License-Identifier: Apache-2.0
/*
 * pollReq: asks for the answer that was not there yet, RFC 9483 4.4. Polling does not work on the
 * upstream exchange; the housekeeper and the first request do.
 */
#include "door_private.h"

#include <errno.h>

/* RFC 9483 4.4: 0 for the CertResponse of ip, cp, kup; p10cr was answered under -1. */
static int poll_req_id(struct cmp_request *rq, int64_t *idp)
{
	const STACK_OF(PollReq) *list = rq->msg->body->value.pollReq;

	if (sk_PollReq_num(list) != 1 ||
	    ASN1_INTEGER_get_int64(idp, sk_PollReq_value(list, 0)->certReqId) != 1 ||
	    (*idp != rq->txn.cert_req_id && *idp != 0))
		return refuse(&rq->refusal, REFUSAL_poll_req_id_wrong);
	return 0;
}

/* RFC 9483 4.4: "handle or forward pollReq" */
static int forward(struct cmp_request *rq)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	struct ca *ca;
	int err = store_certificate_get(rq->worker->reader, rq->txn.certificate_id, &cert);

	if (err)
		return err < 0 ? err : log_fault("certificate of a transaction", -ENOENT, NULL);
	ca = ca_find(cmf_cas(rq->door->cmf), cert.ca);
	return ca ? cmp_forward_poll(rq, &cert, ca) : 0;
}

int cmp_poll_serve(struct cmp_request *rq)
{
	int64_t id;
	int err;

	if (rq->txn.body_type == PKI_BODY_RR)
		return cmp_revocation_poll(rq);
	switch (rq->txn.state) {
	case STORE_TXN_AWAIT_UPSTREAM:
		break;
	case STORE_TXN_FAILED:
		/* Ended while the client waited: it is told why by the certificate's state. */
		if (rq->txn.certificate_id)
			break;
		return refuse(&rq->refusal, REFUSAL_transaction_ended);
	case STORE_TXN_AWAIT_CONF:
	case STORE_TXN_DONE:
	case STORE_TXN_AWAIT_POP:
	default:
		return refuse(&rq->refusal, REFUSAL_poll_unexpected);
	}
	err = poll_req_id(rq, &id);
	if (!err && rq->txn.state == STORE_TXN_AWAIT_UPSTREAM)
		err = forward(rq);
	return err ? err : cmp_upstream_answer(rq, true, id);
}
