// SPDX-License-Identifier: Apache-2.0
/*
 * error from a client: ends its transaction. RFC 9483 3.6.1 has no place for it, but RFC 4210
 * 5.3.21 has, and the answer to it: pkiConf.
 */
#include "door_private.h"

#include <errno.h>

/* What the transaction was about to give is withdrawn. */
static int certificate_withdraw(struct cmp_request *rq, struct store_certificate *cert)
{
	int err;

	/* A revocation is not taken back by it. */
	if (rq->txn.body_type == PKI_BODY_RR)
		return 0;
	err = store_certificate_get(rq->worker->reader, rq->txn.certificate_id, cert);

	if (err)
		return err < 0 ? err : log_fault("certificate of a transaction", -ENOENT, NULL);
	cmp_log_certificate(rq, cert->subject_id, cert->serial, cert->serial_len);
	if (cert->state != STORE_CERT_PENDING && cert->state != STORE_CERT_REQUESTED)
		return 0;
	return cmf_confirm(rq->door->cmf, &rq->who, cert, false, rq->worker->unit);
}

int cmp_error_serve(struct cmp_request *rq)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	bool open = rq->txn.state != STORE_TXN_DONE && rq->txn.state != STORE_TXN_FAILED;
	int err;

	err = cmp_reply_pkiconf(rq);
	if (err)
		return err;
	if (!open)
		return cmp_reply_encode(rq);
	err = rq->txn.state == STORE_TXN_AWAIT_POP ? store_pop_remove(rq->worker->unit, rq->txn.id)
						   : certificate_withdraw(rq, &cert);
	rq->txn.deadline_ms = 0;
	if (!err)
		err = cmp_transaction_answer(rq, STORE_TXN_FAILED);
	if (!err)
		err = cmp_transaction_commit(rq);
	if (!err)
		cmp_quota_count(rq, -1);
	store_unit_clear(rq->worker->unit);
	return err;
}
