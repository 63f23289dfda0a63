// SPDX-License-Identifier: Apache-2.0
/*
 * nested: messages within a message, RFC 9483 5.2.2. One with the transactionID of the outer
 * message: a registration authority adds its protection and thereby approves; the answer is the
 * inner one. Otherwise a batch: each is served by itself, and the answers come back in one nested
 * message. What an inner message means is decided as if it had come alone.
 */
#include "header.h"
#include "outcome.h"
#include "reply.h"
#include "request.h"
#include "serve/services.h"
#include "transaction.h"

#include <errno.h>
#include <string.h>

enum {
	/* An LRA may bundle what an RA has approved, and one RA may approve what another did. */
	NESTED_DEPTH_MAX = 2,
	/* Inner messages that wait for an upstream CA add up; whose turn comes later than that is
	 * told to try again. */
	BATCH_TOTAL_US = 30 * 1000 * 1000,
};

static struct bytes inner_octets(const struct cmp_request *rq, int i)
{
	const ASN1_STRING *s = sk_ASN1_TYPE_value(rq->msg->body->value.nested, i)->value.sequence;

	return (struct bytes){s->data, (size_t)s->length};
}

/* --- added protection, RFC 9483 5.2.2.1 --- */

/* "MUST copy the values of the senderNonce and transactionID header fields" */
static int added_check(struct cmp_request *rq, const struct cmp_message *inner)
{
	if (!bytes_equal(rq->msg->sender_nonce, inner->sender_nonce))
		return refuse(&rq->refusal, REFUSAL_nested_sender_nonce);
	/* "check the authorization for the approval it implies" */
	if (!cmf_principal_is_ra(&rq->who))
		return refuse(&rq->refusal, REFUSAL_nested_not_ra);
	return 0;
}

/* "sends the response message as described in Section 5.1, without wrapping it" */
static int added_serve(struct cmp_request *rq, const struct cmp_message *inner)
{
	int err = added_check(rq, inner);

	if (err)
		return err;
	return rq->inner_serve(rq, inner_octets(rq, 0), CMP_INNER_APPROVED,
			       &rq->attempt.answer.own);
}

/* --- batch, RFC 9483 5.2.2.2 --- */

static int batch_check(struct cmp_request *rq)
{
	int n = sk_ASN1_TYPE_num(rq->msg->body->value.nested);

	if (rq->depth)
		return refuse(&rq->refusal, REFUSAL_nested_batch_inside);
	if ((uint32_t)n > rq->conf->cmf.nested_max)
		return refuse(&rq->refusal, REFUSAL_nested_count);
	/* RFC 9483 3.1: the first, and only, message of its transaction. */
	if (rq->msg->recip_nonce.data)
		return refuse(&rq->refusal, REFUSAL_recip_nonce_unexpected);
	return cmp_operation_label_check(rq, PKI_BODY_NESTED);
}

static int answer_add(STACK_OF(ASN1_TYPE) * list, struct bytes der)
{
	const unsigned char *p = der.data;
	ASN1_TYPE *answer = d2i_ASN1_TYPE(NULL, &p, (long)der.len);

	if (!answer || sk_ASN1_TYPE_push(list, answer) <= 0) {
		ASN1_TYPE_free(answer);
		return -ENOMEM;
	}
	return 0;
}

/* "MUST bundle all available individual response messages"; here there is one for each. */
static int answers_gather(struct cmp_request *rq, STACK_OF(ASN1_TYPE) * answers)
{
	const STACK_OF(ASN1_TYPE) *inner = rq->msg->body->value.nested;
	int64_t until_us = clock_monotonic_us() + BATCH_TOTAL_US;
	int err = 0;

	for (int i = 0; i < sk_ASN1_TYPE_num(inner) && !err; i++) {
		_cleanup_(octets_clear) struct octets answer = OCTETS_NULL;
		bool late = clock_monotonic_us() > until_us;

		err = rq->inner_serve(rq, inner_octets(rq, i),
				      late ? CMP_INNER_LATE : CMP_INNER_BATCHED, &answer);
		if (!err)
			err = answer_add(answers, octets_view(&answer));
	}
	return err;
}

static int batch_serve(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	PKIBody *body;
	enum cmp_admission admission;
	int err = batch_check(rq);

	if (!err)
		err = cmp_transaction_admit(rq, &admission);
	outcome->metric = rq->attempt.metric;
	if (err || admission == CMP_ADMIT_REPLAYED)
		return err;
	/* Gathered aside: each inner message is a request with units and answers of its own. */
	body = cmp_body_new(PKI_BODY_NESTED);
	err = body ? answers_gather(rq, body->value.nested) : -ENOMEM;
	if (err) {
		PKIBody_free(body);
		return err;
	}
	cmp_reply_clear(&rq->attempt.reply);
	rq->attempt.reply.body = body;
	cmp_outcome_becomes(outcome, STORE_TXN_DONE);
	return 0;
}

/* --- which of both --- */

int cmp_nested_serve(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(cmp_message_freep) struct cmp_message *inner = NULL;
	struct refusal unused = REFUSAL_NULL;
	int err;

	/* RFC 9483 5.2.2: "using the CMP protection key of the PKI management entity" */
	if (rq->protection != CMP_PROTECTION_SIGNATURE)
		return refuse(&rq->refusal, REFUSAL_nested_mac);
	if (rq->who.kind != CMF_PRINCIPAL_CLIENT)
		return refuse(&rq->refusal, REFUSAL_client_not_permitted);
	if (rq->depth >= NESTED_DEPTH_MAX)
		return refuse(&rq->refusal, REFUSAL_nested_too_deep);
	if (sk_ASN1_TYPE_num(rq->msg->body->value.nested) != 1)
		return batch_serve(rq, outcome);
	err = cmp_message_decode(inner_octets(rq, 0), &inner, &unused);
	if (err < 0)
		return err;
	/* "characterized by the fact that the transactionID [...] is the same" */
	if (inner && bytes_equal(inner->transaction_id, rq->msg->transaction_id))
		return added_serve(rq, inner);
	return batch_serve(rq, outcome);
}

/*
 * What an inner message must be beyond what any message must be. Its own header and protection are
 * checked by those who check them always.
 */
int cmp_inner_check(struct cmp_request *rq)
{
	const struct cmp_request *outer = rq->outer;

	if (!outer)
		return 0;
	/* RFC 9811 3.5: it gets no answer, and so has no place among those that do. */
	if (rq->service && rq->service->announcement)
		return refuse(&rq->refusal, REFUSAL_nested_announcement);
	/* RFC 9483 5.2.2.2: "a fresh transactionID [...] MUST be used in the header" */
	if (rq->inner != CMP_INNER_APPROVED &&
	    bytes_equal(rq->msg->transaction_id, outer->msg->transaction_id))
		return refuse(&rq->refusal, REFUSAL_nested_transaction_id);
	return 0;
}

int cmp_inner_approve(struct cmp_request *rq)
{
	if (!rq->outer || rq->inner != CMP_INNER_APPROVED)
		return 0;
	/* An RA speaks for its trust domain. */
	if (strcmp(rq->who.trust_domain, rq->outer->who.trust_domain) != 0)
		return refuse(&rq->refusal, REFUSAL_nested_other_domain);
	rq->who.approver = &rq->outer->who;
	/* What the RA says of the message it approves belongs to that message's transaction. */
	rq->original = rq->outer->original;
	return 0;
}
