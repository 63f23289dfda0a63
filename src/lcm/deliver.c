// SPDX-License-Identifier: Apache-2.0
/*
 * One-time secrets to whom initial_credential_uri says, by HTTP: a POST for each, with the
 * configured credentials, to an address that a callback could have. 2xx acknowledges it; anything
 * else, and it is sent again until it has expired. Which ones there are is cmf/direct.h's.
 */
#include "lcm_local.h"

#include "base/clock.h"
#include "base/fault_point.h"
#include "base/log.h"
#include "cmf/subscription.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

static void secret_text_freep(char **text)
{
	if (*text)
		OPENSSL_cleanse(*text, strlen(*text));
	free(*text);
}

static bool is_stopping(void *arg)
{
	return atomic_load(&((const struct lcm *)arg)->stopping);
}

/* NULL: no memory. */
static char *body_make(const struct lcm_job *job, const struct cmf_initial_delivery *delivery)
{
	char expiry[21];
	json_t *json;
	char *text;

	clock_format(delivery->credential.expires_ms, expiry);
	json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "vnfm", job->vnfm->name,
			 "trustDomain", delivery->trust_domain, "vnfInstanceId",
			 delivery->vnf_instance, "subjectId", delivery->subject_id, "reference",
			 delivery->credential.reference, "secret", delivery->credential.secret,
			 "expiry", expiry);
	text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	return text;
}

static int failure_log(const struct lcm_job *job, const struct cmf_initial_delivery *delivery,
		       int64_t status, const char *cause)
{
	log_event(LOG_LEVEL_WARNING, "initial_credential_uri", F_TEXT("vnfm", job->vnfm->name),
		  F_TEXT("vnfInstanceId", delivery->vnf_instance),
		  F_TEXT("vnfcId", delivery->subject_id), F_INT("status", status),
		  F_TEXT("cause", cause));
	return -EPROTO;
}

/* 0: it is acknowledged; -EPROTO: this one is not; another negative errno: nobody was reached. */
static int secret_send(const struct lcm_job *job, const struct cmf_initial_delivery *delivery)
{
	const struct conf_vnfm *conf = job->conf;
	_cleanup_(octets_clear_secret) struct octets token = OCTETS_NULL;
	_cleanup_(secret_text_freep) char *body = body_make(job, delivery);
	_cleanup_(web_answer_clear) struct web_answer answer = {0};
	struct web_request request = {
		.method = "POST",
		.url = conf->initial_credential_uri,
		.content_type = "application/json",
		.identity = job->vnfm->credentials.identity,
		.tls_trusted = conf->initial_credential_trusted,
		.may_connect = cmf_callback_may_connect,
		.may_connect_arg = (void *)(uintptr_t)&cmf_conf(job->cmf)->events,
		.http_on_loopback = true,
		.is_cancelled = is_stopping,
		.is_cancelled_arg = job->vnfm->lcm,
		.timeout_ms = conf->timeout_ms,
	};
	/* Read each time: whoever gives tokens out may give another. */
	int err = lcm_first_line_read(conf->initial_credential_token_file, &token);

	if (err < 0 || !body) {
		failure_log(job, delivery, 0, "initial_credential_token_file cannot be read");
		return err < 0 ? err : -ENOMEM;
	}
	request.bearer = (const char *)token.data;
	request.body = bytes_of_string(body);
	err = web_exchange(job->vnfm->webhook, &request, &answer);
	if (err < 0 && err != -ECANCELED)
		failure_log(job, delivery, 0, answer.problem);
	if (err < 0)
		return err;
	return answer.status >= 200 && answer.status <= 299
		       ? 0
		       : failure_log(job, delivery, answer.status, NULL);
}

/* 0: go on; STORE_NOT_FOUND: there is none; negative errno: not now. */
static int secret_next(const struct lcm_job *job)
{
	_cleanup_(cmf_initial_delivery_clear) struct cmf_initial_delivery delivery = {0};
	struct cmf_call call = cmf_call_now(job->cmf, job->worker, NULL, NULL);
	int err = cmf_initial_delivery_next(&call, job->vnfm->name, &delivery), sent;

	if (err != 0)
		return err;
	sent = secret_send(job, &delivery);
	if (sent < 0 && sent != -EPROTO)
		return sent;
	fault_point("initial-delivered");
	/* It may have taken its time. */
	call = cmf_call_now(job->cmf, job->worker, NULL, NULL);
	err = sent == 0 ? cmf_initial_delivery_done(&call, &delivery)
			: cmf_initial_delivery_retry(
				  &call, &delivery,
				  call.now_ms + lcm_retry_after_ms(delivery.attempts + 1));
	return err < 0 ? err : store_unit_commit(job->worker->unit);
}

void lcm_secrets_deliver(const struct lcm_job *job, int max, bool *morep)
{
	struct lcm_vnfm *vnfm = job->vnfm;
	int err = 0;

	*morep = false;
	if (!job->conf->initial_credential_uri || lcm_now_ms(vnfm) < vnfm->secrets_ms)
		return;
	for (int i = 0; i < max && err == 0 && !is_stopping(vnfm->lcm); i++)
		err = secret_next(job);
	*morep = err == 0;
	if (err < 0)
		store_unit_clear(job->worker->unit);
	vnfm->secrets_failures = err < 0 ? vnfm->secrets_failures + 1 : 0;
	vnfm->secrets_ms =
		err < 0 ? lcm_now_ms(vnfm) + lcm_retry_after_ms(vnfm->secrets_failures) : 0;
}
