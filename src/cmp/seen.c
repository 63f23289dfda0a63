// SPDX-License-Identifier: Apache-2.0
/*
 * Messages that come again when their transaction has gone from the store. One with a messageTime
 * that was in time is late by then. One without is remembered, by requester and transactionID, as
 * long as it can do harm: a request for a certificate as long as there are certificates, rr until
 * what it names has expired. transaction.c asks here where it finds no transaction.
 */
#include "asn1/algorithm.h"
#include "request.h"
#include "transaction.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

/* authenticate.c has compared the time that there is. */
static bool is_dated(const struct cmp_request *rq)
{
	return rq->conf->protection.message_time_window_ms && rq->msg->message_time.data;
}

static int seen_digest(struct cmp_request *rq)
{
	struct bytes id = rq->msg->transaction_id;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	/* The NUL ends the name. */
	bool ok = ctx && EVP_DigestInit_ex2(ctx, digest_by_nid(NID_sha256), NULL) &&
		  EVP_DigestUpdate(ctx, rq->who.name, strlen(rq->who.name) + 1) &&
		  EVP_DigestUpdate(ctx, id.data, id.len) &&
		  EVP_DigestFinal_ex(ctx, rq->attempt.seen.digest, NULL);

	EVP_MD_CTX_free(ctx);
	return ok ? 0 : log_fault("digest of a transactionID", -EIO, NULL);
}

int cmp_seen_check(struct cmp_request *rq)
{
	bool seen;
	int err;

	if (is_dated(rq) || !rq->who.name)
		return 0;
	err = seen_digest(rq);
	if (!err)
		err = store_seen_find(rq->worker->reader, rq->attempt.seen.digest, &seen);
	if (err)
		return err;
	return seen ? refuse_detail(&rq->refusal, REFUSAL_transaction_id_in_use,
				    "a message without messageTime that was answered before")
		    : 0;
}

int cmp_seen_add(struct cmp_request *rq)
{
	int err;

	if (is_dated(rq) || !rq->who.name)
		return 0;
	err = seen_digest(rq);
	return err ? err : store_seen_insert(rq->worker->unit, &rq->attempt.seen);
}
