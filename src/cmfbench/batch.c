// SPDX-License-Identifier: Apache-2.0
/*
 * Several transactions at a time in nested messages, RFC 9483 5.2.2.2: the requests in one, the
 * certConfs in another. Every answer in them is checked like one that comes alone.
 */
#include "client.h"

#include "base/error.h"

#include <errno.h>
#include <openssl/rand.h>
#include <string.h>

struct batch {
	struct bench_client *client;
	enum bench_operation operation;
	bool implicit_confirm;
	struct bench_transaction *item;
	bool *open; /* certConf is due */
	size_t n;
};

static struct bytes octets_of(const ASN1_TYPE *message)
{
	const ASN1_STRING *s = message->value.sequence;

	return (struct bytes){s->data, (size_t)s->length};
}

/* Encodes a body (taken over) as the next message of a transaction, into the nested one. */
static int message_add(struct batch *b, struct bench_transaction *t, PKIBody *body,
		       bool implicit_confirm, PKIBody *nested)
{
	_cleanup_(octets_clear) struct octets der = OCTETS_NULL;
	int err = bench_encode(b->client, t, body, implicit_confirm, &der);
	const unsigned char *p = der.data;
	ASN1_TYPE *message;

	PKIBody_free(body);
	if (err)
		return err;
	message = d2i_ASN1_TYPE(NULL, &p, (long)der.len);
	if (message && sk_ASN1_TYPE_push(nested->value.nested, message) > 0)
		return 0;
	ASN1_TYPE_free(message);
	return -ENOMEM;
}

static int request_add(struct batch *b, size_t i, unsigned long number, PKIBody *nested)
{
	struct bench_transaction *t = &b->item[i];
	PKIBody *body = NULL;
	int err = RAND_bytes(t->id, sizeof(t->id)) == 1 ? 0 : -EIO;

	if (!err)
		err = bench_request_new(b->client->setup, b->operation, number, t, &body);
	return err ? err : message_add(b, t, body, b->implicit_confirm, nested);
}

static int request_check(struct batch *b, size_t i, const struct cmp_message *msg,
			 struct bench_failure *failurep)
{
	if (msg->body_type != bench_answer_type(b->operation))
		return bench_fail_body(failurep, msg);
	if (b->operation == BENCH_GENM)
		return 0;
	if (bench_answer_certificate(b->client, msg, &b->item[i], failurep))
		return -1;
	b->open[i] = !b->implicit_confirm || !bench_implicitly_confirmed(msg);
	return 0;
}

static int confirmation_add(struct batch *b, size_t i, PKIBody *nested)
{
	PKIBody *body = NULL;
	int err = bench_certconf_new(&b->item[i], &body);

	return err ? err : message_add(b, &b->item[i], body, false, nested);
}

/* Sends the nested body (taken over); the answer holds as many messages. */
static int batch_exchange(struct batch *b, PKIBody *nested, struct cmp_message **answerp,
			  struct bench_failure *failurep)
{
	struct bench_transaction outer = {.credential = &b->client->setup->credential};
	int n = sk_ASN1_TYPE_num(nested->value.nested), err;

	if (RAND_bytes(outer.id, sizeof(outer.id)) != 1) {
		PKIBody_free(nested);
		return bench_fail(failurep, "no random numbers");
	}
	err = bench_exchange(b->client, &outer, nested, false, answerp, failurep);
	octets_clear(&outer.server_nonce);
	if (err)
		return err;
	if ((*answerp)->body_type != PKI_BODY_NESTED)
		return bench_fail_body(failurep, *answerp);
	if (sk_ASN1_TYPE_num((*answerp)->body->value.nested) != n)
		return bench_fail(failurep, "not as many answers as requests");
	return 0;
}

/* The next answer: decoded, and checked against its transaction. */
static int inner_check(struct batch *b, struct bytes der, size_t i, bool confirming,
		       struct bench_failure *failurep)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;

	if (cmp_message_decode(der, &msg, &refusal))
		return bench_fail(failurep, "answer is no PKIMessage");
	if (bench_answer_check(b->client, msg, &b->item[i], failurep))
		return -1;
	if (!confirming)
		return request_check(b, i, msg, failurep);
	return msg->body_type == PKI_BODY_PKICONF ? 0 : bench_fail_body(failurep, msg);
}

/* One nested message and its answer; certConf goes only where it is due. */
static int round_run(struct batch *b, unsigned long number, bool confirming,
		     struct bench_failure *failurep)
{
	unsigned long count = b->client->setup->options->subject_count;
	_cleanup_(cmp_message_freep) struct cmp_message *answer = NULL;
	PKIBody *nested = cmp_body_new(PKI_BODY_NESTED);
	int err = nested ? 0 : -ENOMEM, at = 0;

	for (size_t i = 0; i < b->n && !err; i++) {
		if (!confirming)
			err = request_add(b, i, (number + i) % count, nested);
		else if (b->open[i])
			err = confirmation_add(b, i, nested);
	}
	if (err) {
		PKIBody_free(nested);
		return bench_fail(failurep, "request: %s", error_text(err));
	}
	if (sk_ASN1_TYPE_num(nested->value.nested) == 0) {
		PKIBody_free(nested);
		return 0;
	}
	err = batch_exchange(b, nested, &answer, failurep);
	for (size_t i = 0; i < b->n && !err; i++)
		if (!confirming || b->open[i])
			err = inner_check(
				b, octets_of(sk_ASN1_TYPE_value(answer->body->value.nested, at++)),
				i, confirming, failurep);
	return err;
}

int bench_client_run_batch(struct bench_client *c, unsigned long number,
			   struct bench_failure *failurep)
{
	const struct bench_options *o = c->setup->options;
	struct batch b = {.client = c,
			  .operation = o->operation,
			  .implicit_confirm = o->implicit_confirm && o->operation != BENCH_GENM,
			  .n = o->batch};
	int err;

	b.item = calloc(b.n, sizeof(*b.item));
	b.open = calloc(b.n, sizeof(*b.open));
	err = b.item && b.open ? 0 : bench_fail(failurep, "out of memory");
	for (size_t i = 0; i < b.n && !err; i++)
		b.item[i].credential = &c->setup->credential;
	if (!err)
		err = round_run(&b, number, false, failurep);
	if (!err)
		err = round_run(&b, number, true, failurep);
	for (size_t i = 0; b.item && i < b.n; i++)
		bench_transaction_clear(&b.item[i]);
	free(b.item);
	free(b.open);
	return err;
}
