// SPDX-License-Identifier: Apache-2.0
/*
 * One request to the callback of a subscription, with the authentication that it asks for. Where it
 * may lead was judged when it was subscribed to, and is judged again for each connection: names get
 * other addresses, and the configuration changes.
 */
#include "callback.h"

#include "base/error.h"
#include "base/log.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

/* The spec of the interface: as long as a callback may take. */
enum { TIMEOUT_MS = 20 * 1000 };

static const struct conf_events *conf_of(const struct callback *callback)
{
	return &cmf_conf(callback->cmf)->events;
}

/* For the operator; the same for the same callback within a second only once. */
static int problem_log(const struct callback *callback, const char *what, int err,
		       const char *problem)
{
	const struct store_subscription *s = callback->subscription;

	log_event(LOG_LEVEL_WARNING, "callback", F_TEXT("client", s->client),
		  F_INT("subscription", s->id), F_TEXT("uri", s->callback_uri), F_TEXT("at", what),
		  F_TEXT("cause", error_text(err)), F_TEXT("detail", problem));
	return err;
}

int callback_open(struct callback *callback)
{
	const struct conf_events *conf = conf_of(callback);
	const struct key_source key = {.source = conf->tls_key,
				       .passphrase_file = conf->tls_passphrase_file};
	int err = web_connection_new(&callback->connection);

	if (!err && conf->tls_certificate)
		err = web_identity_read(conf->tls_certificate, &key, &callback->identity);
	return err ? log_fault("[events] tls_certificate", err, NULL) : 0;
}

void callback_close(struct callback *callback)
{
	web_identity_free(callback->identity);
	web_connection_free(callback->connection);
	web_token_clear(&callback->token);
}

/* What holds for requests to the callback and to its token endpoint alike. */
static struct web_request request_to(const struct callback *callback, const char *url)
{
	const struct conf_events *conf = conf_of(callback);

	return (struct web_request){
		.url = url,
		.identity = callback->identity,
		.tls_trusted = conf->tls_trusted,
		.may_connect = cmf_callback_may_connect,
		.may_connect_arg = (void *)(uintptr_t)conf,
		.http_on_loopback = true,
		.is_cancelled = callback->is_cancelled,
		.is_cancelled_arg = callback->is_cancelled_arg,
		.timeout_ms = TIMEOUT_MS,
	};
}

static int url_check(const struct callback *callback, const char *url)
{
	struct refusal refusal = REFUSAL_NULL;
	int err = cmf_callback_allowed(cmf_conf(callback->cmf),
				       callback->subscription->trust_domain, url, &refusal);

	return err == REFUSED ? problem_log(callback, url, -EACCES, refusal_words(&refusal)) : err;
}

static int token_get(struct callback *callback)
{
	const struct store_subscription *s = callback->subscription;
	const struct web_token_asker asker = {s->user_name, callback->secret};
	struct web_request request = request_to(callback, s->token_endpoint);
	int err;

	if (web_token_is_good(&callback->token))
		return 0;
	web_token_clear(&callback->token);
	err = url_check(callback, s->token_endpoint);
	if (err)
		return err;
	err = web_token_fetch(&request, &asker, &callback->token);
	return err ? problem_log(callback, s->token_endpoint, err, "no token") : 0;
}

/* The password as text, to be cleared by the caller as a secret. */
static int password_get(const struct callback *callback, struct octets *passwordp)
{
	const struct bytes parts[] = {callback->secret, BYTES_OF("")};

	return bytes_join(parts, ARRAY_LEN(parts), passwordp);
}

static int authenticate(struct callback *callback, struct web_request *request,
			struct octets *password)
{
	int err = 0;

	switch (callback->subscription->auth) {
	case STORE_CALLBACK_NO_AUTH:
		break;
	case STORE_CALLBACK_BASIC:
		err = password_get(callback, password);
		request->user = callback->subscription->user_name;
		request->password = (const char *)password->data;
		break;
	case STORE_CALLBACK_OAUTH2_SECRET:
	case STORE_CALLBACK_OAUTH2_CERT:
		err = token_get(callback);
		request->bearer = (const char *)callback->token.text.data;
		break;
	}
	return err;
}

int callback_send(struct callback *callback, const char *body, long *statusp)
{
	static const char *const version[] = {"Version: 1.0.0"};
	const char *url = callback->subscription->callback_uri;
	struct web_request request = request_to(callback, url);
	_cleanup_(octets_clear_secret) struct octets password = OCTETS_NULL;
	_cleanup_(web_answer_clear) struct web_answer answer = {0};
	int err = url_check(callback, url);

	if (!err)
		err = authenticate(callback, &request, &password);
	if (err)
		return err;
	request.method = body ? "POST" : "GET";
	request.headers = version;
	request.n_headers = ARRAY_LEN(version);
	if (body) {
		request.content_type = "application/json";
		request.body = bytes_of_string(body);
	}
	err = web_exchange(callback->connection, &request, &answer);
	*statusp = answer.status;
	/* RFC 6750 3.1: the token may have been revoked. */
	if (!err && answer.status == 401)
		web_token_clear(&callback->token);
	return err ? problem_log(callback, url, err, answer.problem) : 0;
}

int notify_callback_test(const struct cmf_call *call, const struct store_subscription *subscription,
			 struct bytes secret)
{
	struct callback callback = {
		.cmf = call->cmf, .subscription = subscription, .secret = secret};
	long status = 0;
	int err = callback_open(&callback);

	if (!err)
		err = callback_send(&callback, NULL, &status) || status != 204
			      ? refuse(call->refusal, REFUSAL_callback_not_reached)
			      : 0;
	callback_close(&callback);
	return err;
}
