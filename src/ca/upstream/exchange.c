// SPDX-License-Identifier: Apache-2.0
/* One exchange with an upstream CA over its stored transcript. See exchange.h. */
#include "exchange.h"

#include "asn1/pkimessage.h"
#include "base/fault_point.h"
#include "upstream.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

/* Requests and answers alternate; of FORWARD the request is not in the transcript. */
static bool is_sent(const struct exchange *x, size_t index)
{
	return index % 2 == 0 && x->request.kind != EXCHANGE_REQUEST_FORWARD;
}

static void asn1_octetsp(ASN1_OCTET_STRING **octetsp)
{
	ASN1_OCTET_STRING_free(*octetsp);
}

/* --- the transcript --- */

/* Takes der over. Requests and answers alternate, from the first request on. */
static int transcript_append(struct exchange *x, struct octets *der)
{
	struct store_exchange_messages *t = &x->transcript;
	struct store_exchange_message *grown = reallocarray(t->item, t->len + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	t->item = grown;
	t->item[t->len] = (struct store_exchange_message){
		.seq = (int)t->len, .sent = is_sent(x, t->len), .der = *der};
	t->len++;
	*der = OCTETS_NULL;
	x->next = t->len;
	return 0;
}

static int transcript_load(struct exchange *x, struct store_reader *reader)
{
	int err = store_exchange_messages_get(reader, x->id, &x->transcript);

	if (err < 0)
		return err;
	for (size_t i = 0; i < x->transcript.len; i++) {
		const struct store_exchange_message *m = &x->transcript.item[i];

		if (m->seq != (int)i || m->sent != is_sent(x, i))
			return log_fault("reading an exchange with an upstream CA: not in order",
					 -EUCLEAN, x->ca->conf->name);
	}
	return 0;
}

int exchange_add_answer(struct exchange *x)
{
	struct store_exchange_message message;

	if (x->answer.len == 0)
		return 0;
	message = (struct store_exchange_message){
		.seq = (int)x->transcript.len, .sent = false, .der = x->answer};
	return store_exchange_add_message(x->unit, x->id, &message);
}

int exchange_answer_stored(struct exchange *x)
{
	return x->answer.len > 0 ? transcript_append(x, &x->answer) : 0;
}

/* Durable: the answer that OpenSSL has verified by now, and the request that it led to. */
static int request_store(struct exchange *x, struct octets *request)
{
	struct store_exchange_message sent;
	int err = exchange_add_answer(x);

	sent = (struct store_exchange_message){
		.seq = (int)x->transcript.len + (x->answer.len > 0), .sent = true, .der = *request};
	if (err == 0)
		err = store_exchange_add_message(x->unit, x->id, &sent);
	if (err == 0)
		err = store_unit_commit(x->unit);
	if (err == 0)
		err = exchange_answer_stored(x);
	if (err == 0)
		err = transcript_append(x, request);
	return err;
}

/* --- the transfer callback --- */

static int64_t time_left_ms(const struct exchange *x)
{
	return (x->deadline_us - clock_monotonic_us()) / 1000;
}

int exchange_send(struct exchange *x, struct bytes request)
{
	const struct upstream *upstream = x->ca->upstream;
	struct ca_transfer_options options = {.url = x->ca->conf->server_url,
					      .tls_trusted = x->ca->conf->tls_trusted,
					      .timeout_ms = time_left_ms(x),
					      .connections = upstream->connections,
					      .http_statusp = &x->http_status};
	int64_t start_us = clock_monotonic_us();

	if (x->offline || options.timeout_ms < 1)
		return x->transfer_error = -ETIMEDOUT;
	x->sent = true;
	x->http_status = 0;
	fault_point("upstream-before-send");
	x->transfer_error =
		upstream->transfer(upstream->transfer_arg, &options, request, &x->answer);
	fault_point("upstream-after-send");
	metrics_upstream(x->ca->set->metrics, x->ca->index, x->ca->conf->name,
			 clock_monotonic_us() - start_us, x->transfer_error == 0);
	return x->transfer_error;
}

/* Sends the last message of the transcript, as it is stored. */
static OSSL_CMP_MSG *send_last(struct exchange *x)
{
	OSSL_CMP_MSG *answer;

	x->next = x->transcript.len;
	if (exchange_send(x, octets_view(&x->transcript.item[x->transcript.len - 1].der)) < 0)
		return NULL;
	answer = exchange_message_decode(octets_view(&x->answer));
	if (!answer)
		x->transfer_error = -EPROTO;
	return answer;
}

static int encode(const OSSL_CMP_MSG *message, struct octets *derp)
{
	uint8_t *der = NULL;
	int len = i2d_OSSL_CMP_MSG(message, &der);
	int err;

	if (len <= 0)
		return -ENOMEM;
	err = octets_dup((struct bytes){der, (size_t)len}, derp);
	OPENSSL_free(der);
	return err;
}

static OSSL_CMP_MSG *send_new(struct exchange *x, const OSSL_CMP_MSG *message)
{
	_cleanup_(octets_clear) struct octets request = OCTETS_NULL;
	int type = OSSL_CMP_MSG_get_bodytype(message);
	int err;

	if (x->offline) {
		x->transfer_error = -ETIMEDOUT;
		return NULL;
	}
	err = encode(message, &request);
	if (err == 0)
		err = request_store(x, &request);
	if (err != 0) {
		store_unit_clear(x->unit);
		x->store_result = err;
		return NULL;
	}
	if (type == PKI_BODY_POLLREQ)
		fault_point("upstream-polling");
	else if (type == PKI_BODY_CERTCONF)
		fault_point("upstream-before-certconf");
	return send_last(x);
}

static int body_type(const struct store_exchange_message *message)
{
	OSSL_CMP_MSG *decoded = exchange_message_decode(octets_view(&message->der));
	int type = decoded ? OSSL_CMP_MSG_get_bodytype(decoded) : -1;

	OSSL_CMP_MSG_free(decoded);
	return type;
}

/* Where in the transcript OpenSSL is now. Of all the polls only the last one matters: what came of
 * the others is that there was another one. */
static size_t replay_index(const struct exchange *x, int type)
{
	const struct store_exchange_messages *t = &x->transcript;
	size_t last = is_sent(x, t->len - 1) ? t->len - 1 : t->len - 2;

	if (type != PKI_BODY_POLLREQ)
		return x->next;
	if (last > x->next && body_type(&t->item[last]) != PKI_BODY_POLLREQ)
		last -= 2;
	return last;
}

/* Gives the stored answer to the stored request, in place of the one that OpenSSL made anew; if
 * that request has no answer yet, it is sent again, the same octets. */
static OSSL_CMP_MSG *replay(struct exchange *x, const OSSL_CMP_MSG *message)
{
	_cleanup_(asn1_octetsp) ASN1_OCTET_STRING *nonce = NULL;
	const struct store_exchange_messages *t = &x->transcript;
	size_t i = replay_index(x, OSSL_CMP_MSG_get_bodytype(message));

	if (body_type(&t->item[i]) != OSSL_CMP_MSG_get_bodytype(message) ||
	    exchange_message_sender_nonce(octets_view(&t->item[i].der), &nonce) < 0 ||
	    !OSSL_CMP_CTX_set1_senderNonce(x->ctx, nonce)) {
		x->store_result = log_fault("going on with an exchange with an upstream CA: its "
					    "stored messages do not fit",
					    -EUCLEAN, x->ca->conf->name);
		return NULL;
	}
	if (i + 1 == t->len)
		return send_last(x);
	x->next = i + 2;
	return exchange_message_decode(octets_view(&t->item[i + 1].der));
}

static OSSL_CMP_MSG *transfer(OSSL_CMP_CTX *ctx, const OSSL_CMP_MSG *message)
{
	struct exchange *x = OSSL_CMP_CTX_get_transfer_cb_arg(ctx);

	/* certProfile belongs to the request; OpenSSL would repeat it in certConf and pollReq. */
	(void)OSSL_CMP_CTX_reset_geninfo_ITAVs(ctx);
	return x->next < x->transcript.len ? replay(x, message) : send_new(x, message);
}

/* --- the certificate --- */

/* OpenSSL has compared the public keys before: fail_info. */
static int certificate_check(OSSL_CMP_CTX *ctx, X509 *cert, int fail_info, const char **textp)
{
	struct exchange *x = OSSL_CMP_CTX_get_certConf_cb_arg(ctx);

	x->declined = fail_info != 0 ? REFUSAL_upstream_cert_key : asked_check(x, cert);
	x->accepted = x->declined == REFUSAL_NONE;
	if (x->accepted)
		return 0;
	*textp = refusal_text(x->declined);
	return fail_info != 0 ? fail_info : 1 << FAIL_INCORRECT_DATA;
}

/* --- the context --- */

static int log_message(const char *function, const char *file, int line, OSSL_CMP_severity level,
		       const char *message)
{
	log_event(level <= OSSL_CMP_LOG_WARNING ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "upstream cmp",
		  F_TEXT("detail", message));
	return 1;
}

/* id-it-certProfile, CertProfileValue ::= SEQUENCE SIZE (1..MAX) OF UTF8String, RFC 9480 2.15 */
#if OPENSSL_VERSION_NUMBER >= 0x30300000L
static OSSL_CMP_ITAV *profile_itav(const char *profile)
{
	STACK_OF(ASN1_UTF8STRING) *names = sk_ASN1_UTF8STRING_new_null();
	ASN1_UTF8STRING *name = ASN1_UTF8STRING_new();
	OSSL_CMP_ITAV *itav = NULL;

	if (names && name && ASN1_STRING_set(name, profile, -1) &&
	    sk_ASN1_UTF8STRING_push(names, name) > 0) {
		name = NULL;
		itav = OSSL_CMP_ITAV_new0_certProfile(names);
		if (itav)
			names = NULL;
	}
	ASN1_UTF8STRING_free(name);
	sk_ASN1_UTF8STRING_pop_free(names, ASN1_UTF8STRING_free);
	return itav;
}
#else
static OSSL_CMP_ITAV *profile_itav(const char *profile)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	ASN1_OBJECT *type = OBJ_txt2obj("1.3.6.1.5.5.7.4.21", 1);
	ASN1_STRING *sequence = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
	ASN1_TYPE *value = ASN1_TYPE_new();
	OSSL_CMP_ITAV *itav = NULL;

	der_put_value(&w, V_ASN1_UTF8STRING, bytes_of_string(profile));
	der_put_header(&w, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED, 0);
	if (type && sequence && value && !w.failed &&
	    ASN1_STRING_set(sequence, der_written(&w).data, (int)der_written(&w).len)) {
		ASN1_TYPE_set(value, V_ASN1_SEQUENCE, TAKE(sequence));
		itav = OSSL_CMP_ITAV_create(type, value);
	}
	ASN1_STRING_free(sequence);
	if (!itav) {
		ASN1_OBJECT_free(type);
		ASN1_TYPE_free(value);
	}
	return itav;
}
#endif

static int profile_set(OSSL_CMP_CTX *ctx, const char *profile)
{
	OSSL_CMP_ITAV *itav = profile_itav(profile);

	if (itav && OSSL_CMP_CTX_push0_geninfo_ITAV(ctx, itav))
		return 0;
	OSSL_CMP_ITAV_free(itav);
	return -ENOMEM;
}

static bool protection_set(OSSL_CMP_CTX *ctx, const struct ca *ca)
{
	const struct upstream *upstream = ca->upstream;
	const char *reference = ca->conf->ra_reference;

	if (upstream->ra_cert)
		return OSSL_CMP_CTX_set1_cert(ctx, upstream->ra_cert) &&
		       OSSL_CMP_CTX_set1_pkey(ctx, upstream->ra_key);
	return OSSL_CMP_CTX_set1_referenceValue(ctx, (const unsigned char *)reference,
						(int)strlen(reference)) &&
	       OSSL_CMP_CTX_set1_secretValue(ctx, upstream->ra_secret.data,
					     (int)upstream->ra_secret.len) &&
	       OSSL_CMP_CTX_set_option(ctx, OSSL_CMP_OPT_MAC_ALGNID, NID_hmacWithSHA256);
}

static bool request_set(struct exchange *x, X509 *cert)
{
	OSSL_CMP_CTX *ctx = x->ctx;
	const struct exchange_request *request = &x->request;

	switch (request->kind) {
	case EXCHANGE_REQUEST_CR:
		if (!EVP_PKEY_up_ref(request->key))
			return false;
		if (!OSSL_CMP_CTX_set0_newPkey(ctx, 0, request->key)) {
			EVP_PKEY_free(request->key);
			return false;
		}
		return OSSL_CMP_CTX_set_option(ctx, OSSL_CMP_OPT_POPO_METHOD,
					       OSSL_CRMF_POPO_RAVERIFIED);
	case EXCHANGE_REQUEST_P10CR:
		return OSSL_CMP_CTX_set1_p10CSR(ctx, request->p10);
	case EXCHANGE_REQUEST_FORWARD:
	case EXCHANGE_REQUEST_FORWARD_NAMES:
		return true;
	case EXCHANGE_REQUEST_REVOKE:
		return cert && OSSL_CMP_CTX_set1_oldCert(ctx, cert) &&
		       OSSL_CMP_CTX_set_option(ctx, OSSL_CMP_OPT_REVOCATION_REASON,
					       request->reason);
	}
	return false;
}

/* Whom the signer of an answer may be found among: ours, those of the configuration; and of a
 * revocation, which is a transaction of its own, who has signed what was said before. */
static bool untrusted_set(struct exchange *x)
{
	_cleanup_(x509_stackp) STACK_OF(X509) *certs = sk_X509_new_null();
	STACK_OF(X509) *ours = x->ca->upstream->ra_chain;
	bool ok = certs && exchange_signers_pinned(x->ca, certs) == 0;

	for (int i = 0; ok && i < sk_X509_num(ours); i++)
		ok = exchange_signer_add(certs, sk_X509_value(ours, i)) == 0;
	if (ok && x->request.kind == EXCHANGE_REQUEST_REVOKE)
		ok = exchange_signers_known(x, certs) == 0;
	/* With none, OpenSSL 3.0 would be left without a place for extraCerts. */
	return ok && (sk_X509_num(certs) < 1 || OSSL_CMP_CTX_set1_untrusted(x->ctx, certs));
}

/* The transaction is the one of the stored first message. */
static bool transaction_set(struct exchange *x)
{
	OSSL_CMP_MSG *first;
	bool ok;

	if (x->transcript.len == 0 || x->request.kind == EXCHANGE_REQUEST_FORWARD)
		return true;
	first = exchange_message_decode(octets_view(&x->transcript.item[0].der));
	ok = first &&
	     OSSL_CMP_CTX_set1_transactionID(
		     x->ctx, OSSL_CMP_HDR_get0_transactionID(OSSL_CMP_MSG_get0_header(first)));
	OSSL_CMP_MSG_free(first);
	return ok;
}

static int context_set(struct exchange *x, struct bytes cert_der)
{
	const struct upstream *upstream = x->ca->upstream;
	const uint8_t *p = cert_der.data;
	_cleanup_(X509_freep) X509 *cert = NULL;
	OSSL_CMP_CTX *ctx = x->ctx = OSSL_CMP_CTX_new(NULL, NULL);

	if (!ctx)
		return -ENOMEM;
	if (x->request.kind == EXCHANGE_REQUEST_REVOKE && !x->request.cert)
		cert = d2i_X509(NULL, &p, (long)cert_der.len);
	if (!OSSL_CMP_CTX_set_log_cb(ctx, log_message) ||
	    !OSSL_CMP_CTX_set_transfer_cb(ctx, transfer) ||
	    !OSSL_CMP_CTX_set_transfer_cb_arg(ctx, x) ||
	    !OSSL_CMP_CTX_set_certConf_cb(ctx, certificate_check) ||
	    !OSSL_CMP_CTX_set_certConf_cb_arg(ctx, x) ||
	    (upstream->recipient && !OSSL_CMP_CTX_set1_recipient(ctx, upstream->recipient)) ||
	    (upstream->expected_sender &&
	     !OSSL_CMP_CTX_set1_expected_sender(ctx, upstream->expected_sender)) ||
	    !protection_set(ctx, x->ca) || !untrusted_set(x) ||
	    !request_set(x, x->request.cert ? x->request.cert : cert) || !transaction_set(x))
		return -EINVAL;
	if (x->ca->conf->upstream_profile && profile_set(ctx, x->ca->conf->upstream_profile) < 0)
		return -ENOMEM;
	return exchange_trust_set(x);
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
		err = transcript_load(x, reader);
	if (err < 0)
		return err;
	err = context_set(x, cert);
	return err < 0 ? log_fault("setting up an exchange with an upstream CA", err,
				   ca->conf->name)
		       : 0;
}

void exchange_clear(struct exchange *x)
{
	OSSL_CMP_CTX_free(x->ctx);
	X509_free(x->cert);
	exchange_request_clear(&x->request);
	store_exchange_messages_clear(&x->transcript);
	octets_clear(&x->answer);
	*x = (struct exchange){0};
}

/* --- a step --- */

/* 1 done, -1 the upstream asks to wait, 0 neither; as OSSL_CMP_try_certreq(). */
static int perform(struct exchange *x, int *check_after)
{
	switch (x->request.kind) {
	case EXCHANGE_REQUEST_CR:
		return OSSL_CMP_try_certreq(x->ctx, OSSL_CMP_CR, x->request.crm, check_after);
	case EXCHANGE_REQUEST_P10CR:
		return OSSL_CMP_try_certreq(x->ctx, OSSL_CMP_P10CR, NULL, check_after);
	case EXCHANGE_REQUEST_REVOKE:
		return OSSL_CMP_exec_RR_ses(x->ctx);
	case EXCHANGE_REQUEST_FORWARD:
	case EXCHANGE_REQUEST_FORWARD_NAMES:
		break;
	}
	return 0;
}

static int lowest_bit(int bits)
{
	return bits > 0 ? __builtin_ctz((unsigned)bits) : -1;
}

/* OpenSSL sets the status `rejection` from verified answers only. */
static void refusal_read(struct exchange *x, struct exchange_result *result)
{
	/* OpenSSL 3.0 calls this a rejection too, 3.5 does not; it has no failInfo of theirs. */
	if (x->declined != REFUSAL_NONE) {
		result->outcome = EXCHANGE_REFUSED;
		result->reason = x->declined;
		return;
	}
	if (OSSL_CMP_CTX_get_status(x->ctx) != OSSL_CMP_PKISTATUS_rejection) {
		result->outcome = EXCHANGE_NO_ANSWER;
		return;
	}
	result->outcome = EXCHANGE_REFUSED;
	result->failinfo = lowest_bit(OSSL_CMP_CTX_get_failInfoCode(x->ctx));
	/* A certConf that was received before: it is confirmed, which is what we want. */
	if (x->accepted && result->failinfo == FAIL_CERT_CONFIRMED)
		result->outcome = EXCHANGE_GRANTED;
}

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
	result->outcome = EXCHANGE_NO_ANSWER;
	if (x->transfer_error != -EREMOTEIO || x->request.kind == EXCHANGE_REQUEST_REVOKE ||
	    result->cert)
		return;
	result->outcome = EXCHANGE_REFUSED;
	result->failinfo = FAIL_SYSTEM_FAILURE;
	result->reason = http_reason(x->http_status);
}

static int openssl_step(struct exchange *x, struct exchange_result *resultp)
{
	int check_after = 0, err;

	do {
		err = perform(x, &check_after);
		/* A stored pollRep asked to wait; that time is over. */
	} while (err < 0 && !x->sent && !x->offline);
	if (x->store_result != 0)
		return x->store_result;
	resultp->check_after_ms = (int64_t)check_after * 1000;
	resultp->cert = OSSL_CMP_CTX_get0_newCert(x->ctx);
	if (err != 0)
		resultp->outcome = err > 0 ? EXCHANGE_GRANTED : EXCHANGE_WAITING;
	else if (x->transfer_error == 0)
		refusal_read(x, resultp);
	return 0;
}

static void no_answer_log(const struct exchange *x)
{
	char detail[128];

	if (x->http_status != 0 && x->http_status != 200)
		snprintf(detail, sizeof(detail), "%s: HTTP status %ld", x->ca->conf->name,
			 x->http_status);
	else
		snprintf(detail, sizeof(detail), "%s", x->ca->conf->name);
	(void)log_fault("asking an upstream CA", x->transfer_error ? x->transfer_error : -EBADMSG,
			detail);
}

int exchange_step(struct exchange *x, struct exchange_result *resultp)
{
	int err = 0;

	*resultp = (struct exchange_result){.outcome = EXCHANGE_NO_ANSWER, .failinfo = -1};
	octets_clear(&x->answer);
	x->sent = false;
	x->transfer_error = x->store_result = 0;
	if (x->request.kind == EXCHANGE_REQUEST_FORWARD)
		exchange_forward_step(x, resultp);
	else
		err = openssl_step(x, resultp);
	if (err == 0 && resultp->outcome == EXCHANGE_NO_ANSWER && x->transfer_error != 0)
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
