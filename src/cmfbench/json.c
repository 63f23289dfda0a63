// SPDX-License-Identifier: Apache-2.0
/*
 * One enrolment over the JSON interface (docs/json-api.md): Register, then the Certificate Signing
 * Request, on a connection that stays open. Nothing is confirmed there. The certificate is checked
 * as one that comes over CMP.
 */
#include "client.h"

#include "base/error.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

enum { ANSWER_MAX = 1 << 20, REQUEST_TIMEOUT_MS = 60 * 1000, BASE64_LEN_MAX = 8192 };

/* What a transaction of JSON holds on to. */
struct enrolment {
	struct bench_transaction t;
	CertificationRequest *request;
	struct octets chain[BENCH_CHAIN_MAX];
	size_t n_chain;
};

static void enrolment_clear(struct enrolment *e)
{
	bench_transaction_clear(&e->t);
	CertificationRequest_free(e->request);
	for (size_t i = 0; i < e->n_chain; i++)
		octets_clear(&e->chain[i]);
}

/* --- requests --- */

/* The entity is called as the CN of the request says, as over CMP. */
static json_t *subject_id_of(const CertificationRequest *request)
{
	const X509_NAME *name = request->certificationRequestInfo->subject;
	int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	unsigned char *text = NULL;
	json_t *id = NULL;
	int len = -1;

	if (at >= 0)
		len = ASN1_STRING_to_UTF8(&text,
					  X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	if (len >= 0)
		id = json_stringn((const char *)text, (size_t)len);
	OPENSSL_free(text);
	return id;
}

static json_t *register_body(const struct bench_options *o, const CertificationRequest *request)
{
	bool mano = strcmp(o->cert_type, "MANO_CERT") == 0;

	return json_pack("{s:s, s:[o], s:s*, s:s*}", "certType", o->cert_type, "subjectId",
			 subject_id_of(request), "vnfInstanceId", o->vnf_instance,
			 "typeOfVnfcCertHandling", mano ? NULL : "DELEGATION_MODE");
}

static json_t *csr_body(const struct bench_options *o, const CertificationRequest *request)
{
	unsigned char base64[BASE64_LEN_MAX], *der = NULL;
	int len = i2d_CertificationRequest(request, &der);
	json_t *body = NULL;

	if (len > 0 && (len + 2) / 3 * 4 < BASE64_LEN_MAX) {
		EVP_EncodeBlock(base64, der, len);
		body = json_pack("{s:s, s:o, s:s*, s:b, s:s}", "certType", o->cert_type, "vnfcId",
				 subject_id_of(request), "vnfInstanceId", o->vnf_instance,
				 "certChainRequest", 1, "csr", (const char *)base64);
	}
	OPENSSL_free(der);
	return body;
}

/* Sends a body (taken over). The status of the answer, which may be no JSON: *answerp NULL; or -1.
 */
static long body_post(struct bench_client *c, const char *resource, json_t *body, json_t **answerp,
		      struct bench_failure *failurep)
{
	const struct bench_setup *s = c->setup;
	static const char *const headers[] = {"Version: 1.0.0", "Accept: application/json"};
	_cleanup_(freep) char *text = body ? json_dumps(body, JSON_COMPACT) : NULL, *url = NULL;
	struct web_answer answer = {0};
	struct web_request request = {
		.method = "POST",
		.headers = headers,
		.n_headers = ARRAY_LEN(headers),
		.content_type = "application/json",
		.body = bytes_of_string(text ? text : ""),
		.bearer = s->token,
		.identity = s->identity,
		.tls_trusted = s->options->tls_trusted,
		.http_on_loopback = true,
		.timeout_ms = REQUEST_TIMEOUT_MS,
		.answer_max = ANSWER_MAX,
	};
	long status = -1;
	int err = -ENOMEM;

	json_decref(body);
	if (text && asprintf(&url, "%s/cmf-certmgmt/v1/%s", c->url, resource) >= 0) {
		request.url = url;
		bench_gate_leave(s->gate);
		err = web_exchange(c->web, &request, &answer);
		bench_gate_enter(s->gate);
	}
	if (err) {
		bench_fail(failurep, "transfer: %s",
			   answer.problem[0] ? answer.problem : error_text(err));
	} else {
		status = answer.status;
		*answerp = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
	}
	web_answer_clear(&answer);
	return status;
}

/* --- answers --- */

static const char *text_of(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

/* ProblemDetails, RFC 9457, has the reason of the table of refusals where there is one. */
static int fail_status(struct bench_failure *failurep, long status, const json_t *answer)
{
	const char *reason = text_of(answer, "reason");

	return bench_fail(failurep, "http %ld%s%s", status, reason ? " " : "",
			  reason ? reason : "");
}

static int pem_read(const char *pem, struct octets *derp)
{
	BIO *in = pem ? BIO_new_mem_buf(pem, -1) : NULL;
	unsigned char *der = NULL;
	long len = 0;
	int err = -EBADMSG;

	if (in && PEM_bytes_read_bio(&der, &len, NULL, PEM_STRING_X509, in, NULL, NULL) == 1)
		err = octets_dup((struct bytes){der, (size_t)len}, derp);
	OPENSSL_free(der);
	BIO_free(in);
	ERR_clear_error();
	return err;
}

/* The certificate and its chain, the issuer first. */
static int certificates_take(struct enrolment *e, const json_t *answer)
{
	const json_t *chain = json_object_get(answer, "certificateChain");
	int err = pem_read(text_of(answer, "certificate"), &e->t.certificate);

	for (size_t i = 0; !err && i < json_array_size(chain) && i < BENCH_CHAIN_MAX; i++) {
		err = pem_read(json_string_value(json_array_get(chain, i)), &e->chain[i]);
		e->n_chain += !err;
	}
	return err;
}

static int certificate_check(struct bench_client *c, struct enrolment *e,
			     struct bench_failure *failurep)
{
	struct bytes chain[BENCH_CHAIN_MAX];

	for (size_t i = 0; i < e->n_chain; i++)
		chain[i] = octets_view(&e->chain[i]);
	return bench_certificate_check(c, &e->t, chain, e->n_chain,
				       e->n_chain ? chain[0] : BYTES_NULL, failurep);
}

/* --- the transaction --- */

static int entity_register(struct bench_client *c, struct enrolment *e,
			   struct bench_failure *failurep)
{
	_cleanup_(json_decrefp) json_t *answer = NULL;
	long status = body_post(c, "registrations", register_body(c->setup->options, e->request),
				&answer, failurep);

	/* 200: it is registered already, by an earlier round. */
	if (status == 200 || status == 201)
		return 0;
	return status < 0 ? -1 : fail_status(failurep, status, answer);
}

static int certificate_get(struct bench_client *c, struct enrolment *e,
			   struct bench_failure *failurep)
{
	_cleanup_(json_decrefp) json_t *answer = NULL;
	long status = body_post(c, "certificate_signing_requests",
				csr_body(c->setup->options, e->request), &answer, failurep);

	if (status == 202)
		return bench_fail(failurep, "waiting (polling is not measured)");
	if (status != 201)
		return status < 0 ? -1 : fail_status(failurep, status, answer);
	if (certificates_take(e, answer))
		return bench_fail(failurep, "no certificate");
	return certificate_check(c, e, failurep);
}

int bench_client_run_json(struct bench_client *c, unsigned long number,
			  struct bench_failure *failurep)
{
	struct enrolment e = {.n_chain = 0};
	int err;

	bench_gate_enter(c->setup->gate);
	err = bench_p10_new(c->setup, number, &e.t, &e.request);
	if (err)
		err = bench_fail(failurep, "request: %s", error_text(err));
	if (!err)
		err = entity_register(c, &e, failurep);
	if (!err)
		err = certificate_get(c, &e, failurep);
	enrolment_clear(&e);
	bench_gate_leave(c->setup->gate);
	return err;
}
