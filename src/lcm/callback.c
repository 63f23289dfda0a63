// SPDX-License-Identifier: Apache-2.0
/*
 * Where a VNFM sends its notifications to (SOL 003 5.4.20): GET is its test, POST a notification.
 * What it says is no more than where to look, so it is stored as that, answered, and acted on by
 * sync.c. Who sends it has to show the credentials that the VNFM was given, and the subscription
 * has to be ours. Every answer that is no 204 has a Content-Type: without one some VNFMs take the
 * callback for broken.
 */
#include "lcm_local.h"

#include "base/fault_point.h"
#include "base/log.h"
#include "base/visible.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

struct callback {
	struct lcm_vnfm *vnfm;
	const struct conf_vnfm *conf;
	struct lcm_service service;
	const struct cmf_worker *worker;
	const struct http_request *request;
	struct http_response *response;
	struct refusal refusal;
};

/* --- answers --- */

/* RFC 7807. */
static void problem_answer(struct callback *callback, int status, const char *detail)
{
	json_t *problem = json_pack("{s:i, s:s, s:s}", "status", status, "title",
				    http_reason_phrase(status), "detail", detail);
	char *text = problem ? json_dumps(problem, JSON_COMPACT) : NULL;

	json_decref(problem);
	callback->response->status = status;
	callback->response->content_type = "application/problem+json";
	callback->response->body = (struct octets){(uint8_t *)text, text ? strlen(text) : 0};
	callback->response->retry_after = status == 503;
}

static void count(struct callback *callback, enum lcm_notification_type type,
		  enum lcm_notification_outcome outcome)
{
	atomic_fetch_add(&callback->vnfm->counters.notification[type][outcome], 1);
}

/*
 * What comes to our door under the name of the VNFM and is not taken is written down, within the
 * allowance that one asker has: it may be somebody who forges.
 */
static void refusal_audit(const struct callback *callback)
{
	struct refusal refusal = callback->refusal;
	_cleanup_(freep) char *name = NULL;
	struct cmf_principal who = {.kind = CMF_PRINCIPAL_CLIENT,
				    .trust_domain = callback->conf->trust_domain};
	struct cmf_call call =
		cmf_call_now(callback->service.cmf, callback->worker, &who, &refusal);
	bool added = false;
	int err = asprintf(&name, "callback of vnfm %s", callback->vnfm->name) < 0 ? -ENOMEM : 0;

	who.name = name;
	call.origin.request_id = callback->request->id;
	if (err == 0)
		err = cmf_audit_refused(&call, "notify", callback->vnfm->name, NULL, &added);
	if (err == 0 && added)
		err = store_unit_commit(callback->worker->unit);
	if (err < 0)
		store_unit_clear(callback->worker->unit);
}

static void refused_answer(struct callback *callback, enum lcm_notification_type type)
{
	int status = refusal_http_status(&callback->refusal);

	count(callback, type, LCM_REFUSED);
	log_event(LOG_LEVEL_WARNING, "vnfm_notification", F_TEXT("vnfm", callback->vnfm->name),
		  F_TEXT("peer", callback->request->peer),
		  F_TEXT("reason", refusal_code(callback->refusal.reason)),
		  F_TEXT("detail", refusal_detail(&callback->refusal)));
	refusal_audit(callback);
	problem_answer(callback, status, refusal_words(&callback->refusal));
}

/* --- who sends it --- */

static bool digest_fits(struct bytes octets, const uint8_t digest[32])
{
	uint8_t of_these[32];

	return EVP_Digest(octets.data, octets.len, of_these, NULL, EVP_sha256(), NULL) == 1 &&
	       CRYPTO_memcmp(of_these, digest, sizeof(of_these)) == 0;
}

static int basic_check(struct callback *callback, const char *authorization)
{
	static const char scheme[] = "Basic ";

	if (authorization && strncasecmp(authorization, scheme, strlen(scheme)) == 0 &&
	    digest_fits(bytes_of_string(authorization + strlen(scheme)),
			callback->vnfm->credentials.callback_basic))
		return 0;
	return refuse(&callback->refusal, REFUSAL_lcm_nobody);
}

static struct bytes certificate_of(const struct http_request *request)
{
	return request->n_tls_certs ? request->tls_certs[0] : BYTES_NULL;
}

static int token_judge(struct callback *callback, const char *authorization)
{
	_cleanup_(token_claims_clear) struct token_claims claims = {0};
	struct bytes token;
	int err;

	if (!callback->service.tokens || !token_of_authorization(authorization, &token))
		return refuse(&callback->refusal, REFUSAL_lcm_nobody);
	err = token_check(callback->service.tokens, token, lcm_now_ms(callback->vnfm), &claims,
			  &callback->refusal);
	if (err)
		return err;
	if (strcmp(claims.client_id, callback->conf->callback_oauth2_client_id) != 0 ||
	    !token_fits_certificate(&claims, certificate_of(callback->request)))
		return refuse(&callback->refusal, REFUSAL_lcm_nobody);
	return 0;
}

/* The very certificate, whose key the handshake has shown: who issued it says nothing here. */
static int certificate_check(struct callback *callback)
{
	const struct lcm_credentials *own = &callback->vnfm->credentials;
	struct bytes certificate = certificate_of(callback->request);

	for (size_t i = 0; i < own->n_callback_certificates && certificate.len; i++) {
		if (digest_fits(certificate, own->callback_certificate[i]))
			return 0;
	}
	return refuse(&callback->refusal, REFUSAL_lcm_nobody);
}

/* 0, REFUSED, or negative errno. */
static int sender_check(struct callback *callback)
{
	const struct http_request *request = callback->request;
	const char *authorization = http_request_header(request, "Authorization");
	int err = 0;

	/* Whoever listens on the wire would have the password of it. */
	if (!request->tls && !request->loopback)
		return refuse(&callback->refusal, REFUSAL_lcm_without_tls);
	if (callback->conf->callback_certificate)
		err = certificate_check(callback);
	if (err == 0 && callback->conf->callback_user)
		err = basic_check(callback, authorization);
	else if (err == 0 && callback->conf->callback_token == CONF_CALLBACK_TOKEN_JWT)
		err = token_judge(callback, authorization ? authorization : "");
	else if (err == 0 && !callback->conf->callback_certificate && !request->loopback)
		err = refuse(&callback->refusal, REFUSAL_lcm_nobody);
	return err;
}

/* RFC 9110 11.6.1: 401 says what would do. */
static void sender_refused(struct callback *callback)
{
	bool bearer = callback->conf->callback_token == CONF_CALLBACK_TOKEN_JWT;

	refused_answer(callback, LCM_OTHER_TYPE);
	if (callback->response->status == 401 &&
	    http_response_add(callback->response, "WWW-Authenticate",
			      bearer ? "Bearer realm=\"lcm\""
				     : "Basic realm=\"lcm\", charset=\"UTF-8\""))
		callback->response->status = 500;
}

/* --- what it says --- */

/*
 * Ours is the one that the store has. While one is asked for, by this node or maybe by another one,
 * its name is not known yet; that is looked at first, since afterwards the store has it.
 */
static int subscription_check(struct callback *callback, const char *id)
{
	_cleanup_(store_lcm_subscription_clear) struct store_lcm_subscription row = {0};
	int err;

	if (atomic_load(&callback->vnfm->subscribing) ||
	    !store_job_held(callback->vnfm->lcm->nodes, callback->vnfm->lease))
		return 0;
	err = store_lcm_subscription_get(callback->worker->reader, callback->vnfm->name, &row);
	if (err < 0)
		return err;
	if (err == 0 && strcmp(row.subscription, id) == 0)
		return 0;
	return refuse(&callback->refusal, REFUSAL_lcm_subscription);
}

/* Where too many wait already, all VNFs are looked at instead of each of them, and first. */
static int notification_store(struct callback *callback, const struct lcm_notification *n)
{
	struct store_lcm_event event = {
		.vnfm = callback->vnfm->name,
		.vnf_instance = (char *)(uintptr_t)n->vnf_instance_id,
		.noted_ms = lcm_now_ms(callback->vnfm),
		.removed = n->removed,
		.deleted = n->type == LCM_DELETION,
		.unfinished = n->failed_temp,
		.operation_id = (char *)(uintptr_t)n->operation_id,
	};
	uint32_t waiting;
	int err = store_lcm_event_count(callback->worker->reader, callback->vnfm->name,
					LCM_EVENTS_MAX, &waiting);

	if (err == 0 && waiting >= LCM_EVENTS_MAX)
		event = (struct store_lcm_event){.vnfm = callback->vnfm->name,
						 .vnf_instance = (char *)(uintptr_t)LCM_ALL};
	if (err == 0)
		err = store_lcm_event_note(callback->worker->unit, &event);
	if (err == 0)
		err = store_unit_commit(callback->worker->unit);
	if (err < 0)
		store_unit_clear(callback->worker->unit);
	return err;
}

static void notification_log(const struct callback *callback, const struct lcm_notification *n)
{
	static const char *const types[LCM_TYPES] = {
		[LCM_OPERATION] = "operation",
		[LCM_CREATION] = "creation",
		[LCM_DELETION] = "deletion",
		[LCM_OTHER_TYPE] = "other",
	};

	log_event(n->terminal ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "vnfm_notification",
		  F_TEXT("vnfm", callback->vnfm->name), F_TEXT("peer", callback->request->peer),
		  F_TEXT("type", types[n->type]), F_TEXT("vnfInstanceId", n->vnf_instance_id),
		  F_TEXT("vnfLcmOpOccId", n->operation_id));
}

static void notification_note_time(struct lcm_vnfm *vnfm)
{
	pthread_mutex_lock(&vnfm->mutex);
	vnfm->status.notified_ms = lcm_now_ms(vnfm);
	pthread_mutex_unlock(&vnfm->mutex);
}

/* 0, REFUSED, or negative errno. */
static int notification_take(struct callback *callback, const json_t *body)
{
	struct lcm_notification n = {.type = LCM_OTHER_TYPE};
	int err = body ? lcm_notification_read(body, &n) : -EBADMSG;

	if (err < 0)
		err = refuse(&callback->refusal, REFUSAL_lcm_notification);
	if (err == 0)
		err = subscription_check(callback, n.subscription_id);
	if (err == 0 && n.terminal)
		err = notification_store(callback, &n);
	if (err == REFUSED) {
		refused_answer(callback, n.type);
		return 0;
	}
	if (err < 0)
		return err;
	fault_point("lcm-after-note");
	notification_log(callback, &n);
	notification_note_time(callback->vnfm);
	count(callback, n.type, n.terminal ? LCM_NOTED : LCM_IGNORED);
	if (n.terminal)
		lcm_poke(callback->vnfm);
	callback->response->status = 204;
	return 0;
}

/* RFC 9110 8.3.1: the type in any case, and parameters behind it. */
static bool is_json(const char *content_type)
{
	static const char json[] = "application/json";

	return content_type && strncasecmp(content_type, json, strlen(json)) == 0 &&
	       strchr("; \t", content_type[strlen(json)]);
}

static int post_serve(struct callback *callback)
{
	const struct http_request *request = callback->request;
	json_t *body;
	int err;

	if (!is_json(http_request_header(request, "Content-Type"))) {
		problem_answer(callback, 415, "a notification is application/json");
		return 0;
	}
	body = json_loadb((const char *)request->body.data, request->body.len,
			  JSON_REJECT_DUPLICATES, NULL);
	err = notification_take(callback, body);
	json_decref(body);
	return err;
}

/* --- a request --- */

static void method_refused(struct callback *callback)
{
	problem_answer(callback, 405, "GET is the test of a callback, POST a notification");
	callback->response->allow = "GET, POST";
}

void lcm_callback_serve(void *arg, struct worker *worker, const struct http_request *request,
			struct http_response *response)
{
	struct lcm_vnfm *vnfm = arg;
	struct callback callback = {
		.vnfm = vnfm,
		.request = request,
		.response = response,
		.refusal = REFUSAL_NULL,
	};
	int err;

	callback.worker = vnfm->lcm->worker_of(worker, &callback.service);
	callback.conf = &cmf_conf(callback.service.cmf)->vnfms[vnfm->index];
	err = sender_check(&callback);
	if (err == REFUSED) {
		sender_refused(&callback);
		return;
	}
	if (err == 0 && request->method == HTTP_GET)
		response->status = 204;
	else if (err == 0 && request->method == HTTP_POST)
		err = post_serve(&callback);
	else if (err == 0)
		method_refused(&callback);
	if (err < 0)
		problem_answer(&callback, 503, "the notification could not be stored");
}
