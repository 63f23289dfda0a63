// SPDX-License-Identifier: Apache-2.0
/*
 * A step of an exchange with an upstream CA: what is to be said is made (own_message.c) and stored
 * (transcript.c), it is sent, the answer is verified (authentic.c) and understood (answer.c), until
 * the upstream has decided, asks to wait or is silent. Called by run.c. See exchange.h.
 */
#include "exchange.h"

#include "base/fault_point.h"
#include "upstream.h"

#include <errno.h>
#include <openssl/err.h>

/* --- one message and its answer --- */

static int exchange_send(struct exchange *x, struct bytes request)
{
	const struct upstream *upstream = x->ca->upstream;
	int64_t start_us = clock_monotonic_us();
	struct ca_transfer_options options = {.url = x->ca->conf->server_url,
					      .tls_trusted = x->ca->conf->tls_trusted,
					      .timeout_ms = (x->deadline_us - start_us) / 1000,
					      .connections = upstream->connections,
					      .http_statusp = &x->http_status,
					      .problem = x->problem};

	octets_clear(&x->answer);
	if (x->offline || options.timeout_ms < 1)
		return x->transfer_error = -ETIMEDOUT;
	x->http_status = 0;
	x->problem[0] = '\0';
	fault_point("upstream-before-send");
	x->transfer_error =
		upstream->transfer(upstream->transfer_arg, &options, request, &x->answer);
	fault_point("upstream-after-send");
	metrics_upstream(x->ca->set->metrics, x->ca->conf->name, clock_monotonic_us() - start_us,
			 x->transfer_error == 0);
	return x->transfer_error;
}

/* RFC 9483 5.1: transactionID and recipNonce say which message it answers. */
static bool answer_fits(struct bytes sent, const struct cmp_message *answer)
{
	_cleanup_(cmp_message_freep) struct cmp_message *request = NULL;
	struct refusal unused = REFUSAL_NULL;

	return cmp_message_decode(sent, &request, &unused) == 0 && request->transaction_id.len &&
	       request->sender_nonce.len &&
	       bytes_equal(request->transaction_id, answer->transaction_id) &&
	       bytes_equal(request->sender_nonce, answer->recip_nonce);
}

/* Sends; *msgp is the answer if one came that is the upstream's to this message, else NULL. */
static void exchange_ask(struct exchange *x, struct bytes request, struct cmp_message **msgp)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;

	*msgp = NULL;
	if (exchange_send(x, request) < 0)
		return;
	if (cmp_message_decode(octets_view(&x->answer), &msg, &refusal) == 0 &&
	    answer_fits(request, msg) && answer_is_authentic(x, msg))
		*msgp = TAKE(msg);
	else
		x->transfer_error = -EBADMSG;
}

/* --- a message of a client --- */

static int forwarded_step(struct exchange *x, struct exchange_result *result)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	int err;

	/* The upstream has said: later. What comes next is the client's pollReq. */
	if (x->transcript.len > 0) {
		result->outcome = x->offline ? EXCHANGE_NO_ANSWER : EXCHANGE_WAITING;
		return 0;
	}
	err = exchange_claim(x);
	if (err)
		return err;
	exchange_ask(x, octets_view(&x->request.message), &msg);
	if (!msg)
		return 0;
	answer_read(x, msg, result);
	if (result->outcome == EXCHANGE_NO_ANSWER)
		x->transfer_error = -EBADMSG;
	return 0;
}

/* --- an exchange of our own --- */

/* The header of the next message follows from those before. */
static int conversation_begin(struct exchange *x, const struct cmp_message *first)
{
	const X509_ALGOR *alg = first->protection_alg;

	if (cmp_message_protection_kind(first) == CMP_PROTECTION_MAC) {
		x->mac_algorithm = X509_ALGOR_dup(alg);
		if (!x->mac_algorithm)
			return -ENOMEM;
	}
	return octets_dup(first->transaction_id, &x->transaction_id);
}

static int answer_take(struct exchange *x, const struct cmp_message *msg,
		       struct exchange_result *result)
{
	*result = (struct exchange_result){.outcome = EXCHANGE_NO_ANSWER, .failinfo = -1};
	answer_read(x, msg, result);
	result->cert = x->cert;
	octets_clear(&x->recip_nonce);
	return octets_dup(msg->sender_nonce, &x->recip_nonce);
}

/* Where the exchange stands, by what was said before. */
static int transcript_recall(struct exchange *x, struct exchange_result *result)
{
	int err = 0;

	for (size_t i = 0; i < x->transcript.len && !err; i++) {
		_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;

		err = transcript_decode(x, i, &msg);
		if (!err && i == 0)
			err = conversation_begin(x, msg);
		else if (!err && !transcript_is_sent(x, i))
			err = answer_take(x, msg, result);
	}
	return err;
}

/* Durable before it leaves: the answer that was verified, and the message that it leads to. */
static int own_message_store(struct exchange *x)
{
	_cleanup_(octets_clear) struct octets request = OCTETS_NULL;
	int err = own_message_make(x, &request);

	if (!err)
		err = transcript_store(x, &request);
	if (err) {
		store_unit_clear(x->unit);
		return err;
	}
	if (x->next == EXCHANGE_SAY_POLL)
		fault_point("upstream-polling");
	else if (x->next == EXCHANGE_SAY_CONFIRM)
		fault_point("upstream-before-certconf");
	return 0;
}

static int own_step(struct exchange *x, struct exchange_result *result)
{
	int err = transcript_recall(x, result);

	while (!err && x->next != EXCHANGE_SAY_NOTHING) {
		_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
		const struct store_exchange_messages *t = &x->transcript;

		*result = (struct exchange_result){
			.outcome = EXCHANGE_NO_ANSWER, .failinfo = -1, .cert = x->cert};
		if (x->offline) {
			x->transfer_error = -ETIMEDOUT;
			return 0;
		}
		err = transcript_awaits_answer(x) ? exchange_claim(x) : own_message_store(x);
		if (err)
			return err;
		exchange_ask(x, octets_view(&t->item[t->len - 1].der), &msg);
		if (!msg)
			return 0;
		err = answer_take(x, msg, result);
		if (!err && result->outcome == EXCHANGE_NO_ANSWER) {
			x->transfer_error = -EBADMSG;
			return 0;
		}
		/* RFC 9483 4.4: the first pollReq follows at once, the next after checkAfter. */
		if (result->outcome == EXCHANGE_WAITING && t->len > 1)
			return err;
	}
	return err;
}

/* --- a step --- */

static enum refusal_reason http_reason(long status)
{
	if (status == 404)
		return REFUSAL_upstream_not_found;
	return status >= 300 && status <= 399 ? REFUSAL_upstream_redirected
					      : REFUSAL_upstream_http_status;
}

/* RFC 9483 6.1: an unexpected HTTP status is told as systemFailure; what may be there already, a
 * certificate that is to be confirmed or revoked, is asked for again. */
static void transfer_error_read(const struct exchange *x, struct exchange_result *result)
{
	if (x->transfer_error != -EREMOTEIO || x->request.kind == EXCHANGE_REQUEST_REVOKE ||
	    result->cert)
		return;
	result->outcome = EXCHANGE_REFUSED;
	result->failinfo = FAIL_SYSTEM_FAILURE;
	result->reason = http_reason(x->http_status);
}

static void no_answer_log(const struct exchange *x)
{
	_cleanup_(strbuf_clear) struct strbuf detail = STRBUF_NULL;

	strbuf_printf(&detail, "%s%s%s", x->ca->conf->name, x->problem[0] ? ": " : "", x->problem);
	(void)log_fault("asking an upstream CA", x->transfer_error ? x->transfer_error : -EBADMSG,
			detail.text);
}

int exchange_step(struct exchange *x, struct exchange_result *resultp)
{
	int err = 0;

	*resultp = (struct exchange_result){.outcome = EXCHANGE_NO_ANSWER, .failinfo = -1};
	if (exchange_is_forwarded(x))
		err = forwarded_step(x, resultp);
	else
		err = own_step(x, resultp);
	if (err == 0 && resultp->outcome == EXCHANGE_NO_ANSWER)
		transfer_error_read(x, resultp);
	/* An answer that was not verified is not kept. */
	if (err == 0 && resultp->outcome == EXCHANGE_NO_ANSWER) {
		octets_clear(&x->answer);
		if (!x->offline)
			no_answer_log(x);
	}
	ERR_clear_error();
	return err;
}

/* --- beginning and end --- */

static int revoked_read(struct exchange *x, struct bytes cert)
{
	const uint8_t *p = cert.data;

	if (x->request.kind != EXCHANGE_REQUEST_REVOKE)
		return 0;
	if (x->request.cert && X509_up_ref(x->request.cert))
		x->revoked = x->request.cert;
	else
		x->revoked = d2i_X509(NULL, &p, (long)cert.len);
	return x->revoked ? 0
			  : log_fault("reading the certificate of a revocation", -EBADMSG,
				      x->ca->conf->name);
}

int exchange_open(const struct ca *ca, const struct store_exchange *e, struct bytes cert,
		  struct store_reader *reader, struct store_unit *unit, struct exchange *x)
{
	int err;

	*x = (struct exchange){.ca = ca,
			       .reader = reader,
			       .unit = unit,
			       .id = e->id,
			       .kind = e->kind,
			       .certificate_id = e->certificate_id};
	err = exchange_request_decode(octets_view(&e->request), &x->request);
	if (err == 0)
		err = transcript_load(x);
	return err < 0 ? err : revoked_read(x, cert);
}

void exchange_clear(struct exchange *x)
{
	X509_free(x->revoked);
	X509_free(x->cert);
	X509_ALGOR_free(x->mac_algorithm);
	free(x->status_text);
	exchange_request_clear(&x->request);
	store_exchange_messages_clear(&x->transcript);
	octets_clear(&x->answer);
	octets_clear(&x->transaction_id);
	octets_clear(&x->recip_nonce);
	*x = (struct exchange){0};
}
