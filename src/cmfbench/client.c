// SPDX-License-Identifier: Apache-2.0
/* One connection of the benchmark and the course of a transaction on it. */
#include "client.h"
#include "asn1/cmf_types.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <openssl/rand.h>
#include <string.h>

enum { ANSWER_MAX = 1 << 20, MAC_ITERATIONS = 500, REQUEST_TIMEOUT_S = 60 };

static size_t answer_receive(char *data, size_t size, size_t n, void *arg)
{
	struct bench_client *c = arg;

	(void)size;
	if (c->answer.len + n > ANSWER_MAX)
		return 0;
	if (c->answer.len + n > c->answer_size) {
		size_t grown = 2 * (c->answer.len + n);
		uint8_t *p = realloc(c->answer.data, grown);

		if (!p)
			return 0;
		c->answer.data = p;
		c->answer_size = grown;
	}
	memcpy(c->answer.data + c->answer.len, data, n);
	c->answer.len += n;
	return n;
}

/* "host!" keeps it from being taken for the name of an interface. */
static int source_set(struct bench_client *c, const char *source)
{
	char *text = NULL;
	CURLcode code;

	if (!source)
		return 0;
	if (asprintf(&text, "host!%s", source) < 0)
		return -ENOMEM;
	code = curl_easy_setopt(c->curl, CURLOPT_INTERFACE, text);
	free(text);
	return code == CURLE_OK ? 0 : -EINVAL;
}

int bench_client_new(const struct bench_setup *setup, unsigned number, const char *source,
		     struct bench_client **clientp)
{
	struct bench_client *c = calloc(1, sizeof(*c));
	int err = 0;

	if (!c)
		return -ENOMEM;
	c->setup = setup;
	c->url = setup->options->servers[number % setup->options->n_servers];
	c->curl = curl_easy_init();
	c->headers = curl_slist_append(NULL, "Content-Type: application/pkixcmp");
	c->headers = c->headers ? curl_slist_append(c->headers, "Expect:") : NULL;
	if (!c->curl || !c->headers)
		err = -ENOMEM;
	if (!err)
		err = source_set(c, source);
	if (!err && setup->options->operation == BENCH_JSON)
		err = web_connection_new(&c->web);
	else if (!err && !setup->credential.signer)
		err = cmp_mac_algorithm_new(MAC_ITERATIONS, &c->mac_algorithm);
	if (err) {
		bench_client_free(c);
		return err;
	}
	curl_easy_setopt(c->curl, CURLOPT_URL, c->url);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers);
	curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, answer_receive);
	curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c->curl, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, (long)REQUEST_TIMEOUT_S);
	curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	if (setup->options->tls_trusted)
		curl_easy_setopt(c->curl, CURLOPT_CAINFO, setup->options->tls_trusted);
	*clientp = c;
	return 0;
}

static void known_key_clear(struct bench_known_key *known)
{
	octets_clear(&known->certificate);
	EVP_PKEY_free(known->key);
}

void bench_client_free(struct bench_client *c)
{
	if (!c)
		return;
	curl_easy_cleanup(c->curl);
	web_connection_free(c->web);
	curl_slist_free_all(c->headers);
	octets_clear(&c->answer);
	X509_ALGOR_free(c->mac_algorithm);
	known_key_clear(&c->server);
	known_key_clear(&c->issuer);
	bench_credential_clear(&c->own);
	free(c);
}

static CURLcode request_post(struct bench_client *c, struct bytes request, long *statusp)
{
	CURLcode code;

	c->answer.len = 0;
	curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, (const char *)request.data);
	curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request.len);
	code = curl_easy_perform(c->curl);
	if (code == CURLE_OK)
		curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, statusp);
	return code;
}

long bench_client_post(struct bench_client *c, struct bytes request)
{
	long status = 0;

	return request_post(c, request, &status) == CURLE_OK ? status : 0;
}

static int octets_post(struct bench_client *c, const struct octets *request,
		       struct bench_failure *failurep)
{
	long status = 0;
	CURLcode code = request_post(c, octets_view(request), &status);

	if (code != CURLE_OK)
		return bench_fail(failurep, "transfer: %s", curl_easy_strerror(code));
	return status == 200 ? 0 : bench_fail(failurep, "http %ld", status);
}

int bench_encode(struct bench_client *c, struct bench_transaction *t, const PKIBody *body,
		 bool implicit_confirm, struct octets *derp)
{
	const struct bench_credential *own = t->credential;
	const struct cmp_info vnf_instance = {OID_CMF_VNF_INSTANCE_ID,
					      octets_view(&c->setup->vnf_instance)};
	struct cmp_outgoing out = {
		.pvno = 2,
		.sender = octets_view(&own->sender),
		.message_time_ms = clock_now_ms(&clock_system),
		.sender_kid = octets_view(&own->kid),
		.transaction_id = BYTES_OF(t->id),
		.sender_nonce = BYTES_OF(t->nonce),
		.recip_nonce = octets_view(&t->server_nonce),
		.implicit_confirm = implicit_confirm,
		.infos = &vnf_instance,
		.n_infos = vnf_instance.value.len ? 1 : 0,
		.body = body,
		.extra_certs = own->certs,
		.n_extra_certs = own->n_certs,
	};
	struct cmp_protector protector = {
		.kind = own->signer ? CMP_PROTECTION_SIGNATURE : CMP_PROTECTION_MAC,
		.signer = own->signer,
		.secret = octets_view(&c->setup->secret),
		.mac_algorithm = c->mac_algorithm,
	};

	if (RAND_bytes(t->nonce, sizeof(t->nonce)) != 1)
		return -EIO;
	return cmp_message_encode(&out, &protector, derp);
}

/* Computes behind the gate, waits for the server outside of it. */
static int exchange_octets(struct bench_client *c, struct bench_transaction *t, const PKIBody *body,
			   bool implicit_confirm, struct bench_failure *failurep)
{
	_cleanup_(octets_clear) struct octets request = OCTETS_NULL;
	int err;

	bench_gate_enter(c->setup->gate);
	err = bench_encode(c, t, body, implicit_confirm, &request);
	bench_gate_leave(c->setup->gate);
	if (err)
		return bench_fail(failurep, "encoding: %s", error_text(err));
	return octets_post(c, &request, failurep);
}

int bench_exchange(struct bench_client *c, struct bench_transaction *t, PKIBody *body,
		   bool implicit_confirm, struct cmp_message **answerp,
		   struct bench_failure *failurep)
{
	struct refusal refusal = REFUSAL_NULL;
	int err = exchange_octets(c, t, body, implicit_confirm, failurep);

	PKIBody_free(body);
	if (err)
		return -1;
	bench_gate_enter(c->setup->gate);
	err = cmp_message_decode(octets_view(&c->answer), answerp, &refusal);
	if (err) {
		cmp_message_free(*answerp);
		*answerp = NULL;
		err = bench_fail(failurep, "answer is no PKIMessage");
	} else {
		err = bench_answer_check(c, *answerp, t, failurep);
	}
	bench_gate_leave(c->setup->gate);
	return err;
}

static int certificate_confirm(struct bench_client *c, struct bench_transaction *t,
			       struct bench_failure *failurep)
{
	_cleanup_(cmp_message_freep) struct cmp_message *answer = NULL;
	PKIBody *body = NULL;
	int err;

	err = bench_certconf_new(t, &body);
	if (err)
		return bench_fail(failurep, "certConf: %s", error_text(err));
	if (bench_exchange(c, t, body, false, &answer, failurep))
		return -1;
	return answer->body_type == PKI_BODY_PKICONF ? 0 : bench_fail_body(failurep, answer);
}

bool bench_implicitly_confirmed(const struct cmp_message *answer)
{
	return cmp_message_general_info(answer, OBJ_nid2obj(NID_id_it_implicitConfirm)) != NULL;
}

int bench_answer_type(enum bench_operation operation)
{
	static const enum pki_body_type types[] = {PKI_BODY_IP, PKI_BODY_CP, PKI_BODY_KUP,
						   PKI_BODY_CP, PKI_BODY_GENP};

	return (int)types[operation];
}

static int transaction_run(struct bench_client *c, enum bench_operation operation,
			   unsigned long number, struct bench_transaction *t,
			   struct bench_failure *failurep)
{
	_cleanup_(cmp_message_freep) struct cmp_message *answer = NULL;
	bool implicit = c->setup->options->implicit_confirm && operation != BENCH_GENM;
	PKIBody *body = NULL;
	int err;

	if (RAND_bytes(t->id, sizeof(t->id)) != 1)
		return bench_fail(failurep, "no random numbers");
	err = bench_request_new(c->setup, operation, number, t, &body);
	if (err)
		return bench_fail(failurep, "request: %s", error_text(err));
	if (bench_exchange(c, t, body, implicit, &answer, failurep))
		return -1;
	if (answer->body_type != bench_answer_type(operation))
		return bench_fail_body(failurep, answer);
	if (operation == BENCH_GENM)
		return 0;
	if (bench_answer_certificate(c, answer, t, failurep))
		return -1;
	return implicit && bench_implicitly_confirmed(answer) ? 0
							      : certificate_confirm(c, t, failurep);
}

void bench_transaction_clear(struct bench_transaction *t)
{
	octets_clear(&t->server_nonce);
	octets_clear(&t->certificate);
	EVP_PKEY_free(t->key);
	SubjectPublicKeyInfo_free(t->spki);
}

int bench_client_run(struct bench_client *c, unsigned long number, struct bench_failure *failurep)
{
	enum bench_operation operation = c->setup->options->operation;
	struct bench_transaction t = {.credential = &c->setup->credential};
	bool update = operation == BENCH_KUR;
	struct bytes cert;
	int err;

	/* Each connection's first key update needs a certificate: it enrols for one. */
	if (update && !c->own.signer)
		operation = BENCH_IR;
	else if (update)
		t.credential = &c->own;
	err = transaction_run(c, operation, number, &t, failurep);
	if (!err && update) {
		cert = octets_view(&t.certificate);
		if (bench_credential_set(&c->own, &cert, 1, t.key))
			err = bench_fail(failurep, "out of memory");
	}
	bench_transaction_clear(&t);
	return err;
}
