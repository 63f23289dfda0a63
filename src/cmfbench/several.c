// SPDX-License-Identifier: Apache-2.0
/*
 * Several certificate requests in one ir or cr, RFC 4210 5.3.1, confirmed by one certConf. Every
 * certificate is checked like one that was asked for alone.
 */
#include "client.h"

#include "base/error.h"

#include <errno.h>
#include <openssl/rand.h>
#include <string.h>

/* Moves the one request of `from` (taken over) to the end of *intop, which may be NULL. */
static int request_move(PKIBody *from, PKIBody **intop)
{
	CertReqMsg *msg;

	if (!*intop) {
		*intop = from;
		return 0;
	}
	msg = sk_CertReqMsg_shift(from->value.certReqMessages);
	PKIBody_free(from);
	if (sk_CertReqMsg_push((*intop)->value.certReqMessages, msg) > 0)
		return 0;
	CertReqMsg_free(msg);
	return -ENOMEM;
}

/* The same for the status of a certConf. */
static int status_move(PKIBody *from, PKIBody **intop)
{
	CertStatus *status;

	if (!*intop) {
		*intop = from;
		return 0;
	}
	status = sk_CertStatus_shift(from->value.certConf);
	PKIBody_free(from);
	if (sk_CertStatus_push((*intop)->value.certConf, status) > 0)
		return 0;
	CertStatus_free(status);
	return -ENOMEM;
}

/* All requests are of the first one's transaction; each item has its own key and certReqId. */
static int certificates_ask(struct bench_client *c, struct bench_transaction *item,
			    unsigned long number, struct cmp_message **answerp,
			    struct bench_failure *failurep)
{
	const struct bench_options *o = c->setup->options;
	PKIBody *body = NULL, *one;
	int err = RAND_bytes(item->id, sizeof(item->id)) == 1 ? 0 : -EIO;

	for (unsigned i = 0; i < o->requests && !err; i++) {
		item[i].cert_req_id = i;
		err = bench_request_new(c->setup, o->operation, (number + i) % o->subject_count,
					&item[i], &one);
		if (!err)
			err = request_move(one, &body);
	}
	if (err) {
		PKIBody_free(body);
		return bench_fail(failurep, "request: %s", error_text(err));
	}
	if (bench_exchange(c, item, body, o->implicit_confirm, answerp, failurep))
		return -1;
	if ((*answerp)->body_type != bench_answer_type(o->operation))
		return bench_fail_body(failurep, *answerp);
	for (unsigned i = 0; i < o->requests; i++)
		if (bench_answer_certificate(c, *answerp, &item[i], failurep))
			return -1;
	return 0;
}

static int certificates_confirm(struct bench_client *c, struct bench_transaction *item,
				struct bench_failure *failurep)
{
	_cleanup_(cmp_message_freep) struct cmp_message *answer = NULL;
	PKIBody *body = NULL, *one;
	int err = 0;

	for (unsigned i = 0; i < c->setup->options->requests && !err; i++) {
		err = bench_certconf_new(&item[i], &one);
		if (!err)
			err = status_move(one, &body);
	}
	if (err) {
		PKIBody_free(body);
		return bench_fail(failurep, "certConf: %s", error_text(err));
	}
	if (bench_exchange(c, item, body, false, &answer, failurep))
		return -1;
	return answer->body_type == PKI_BODY_PKICONF ? 0 : bench_fail_body(failurep, answer);
}

int bench_client_run_several(struct bench_client *c, unsigned long number,
			     struct bench_failure *failurep)
{
	const struct bench_options *o = c->setup->options;
	_cleanup_(cmp_message_freep) struct cmp_message *answer = NULL;
	struct bench_transaction *item = calloc(o->requests, sizeof(*item));
	int err;

	if (!item)
		return bench_fail(failurep, "out of memory");
	for (unsigned i = 0; i < o->requests; i++)
		item[i].credential = &c->setup->credential;
	err = certificates_ask(c, item, number, &answer, failurep);
	if (!err && !(o->implicit_confirm && bench_implicitly_confirmed(answer)))
		err = certificates_confirm(c, item, failurep);
	for (unsigned i = 0; i < o->requests; i++)
		bench_transaction_clear(&item[i]);
	free(item);
	return err;
}
