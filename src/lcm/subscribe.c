// SPDX-License-Identifier: Apache-2.0
/*
 * Our subscription with a VNFM (SOL 003 5.4.18, 5.4.19): one that it still has, made of what the
 * configuration says now, and no other one of ours. Which one it is the store remembers; what a
 * VNFM made and we did not get to know of is a stray, and is removed as such. When to look is
 * lcm.c's.
 */
#include "lcm_local.h"

#include "base/fault_point.h"
#include "base/log.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#define SUBSCRIPTIONS "/vnflcm/v2/subscriptions"

/* Strays that are removed at a time; more wait for the next look. */
enum { STRAYS_MAX = 64 };

static void json_freep(json_t **json)
{
	json_decref(*json);
}

/* --- what we ask for --- */

static json_t *filter_make(const struct conf_vnfm *conf)
{
	json_t *filter =
		json_pack("{s:[s,s,s], s:[s,s,s,s]}", "notificationTypes",
			  "VnfLcmOperationOccurrenceNotification",
			  "VnfIdentifierCreationNotification", "VnfIdentifierDeletionNotification",
			  "operationStates", "COMPLETED", "FAILED_TEMP", "FAILED", "ROLLED_BACK");
	json_t *ids = conf->vnfd_ids.len ? json_array() : NULL;

	for (size_t i = 0; i < conf->vnfd_ids.len; i++)
		json_array_append_new(ids, json_string(conf->vnfd_ids.item[i]));
	if (ids)
		json_object_set_new(filter, "vnfInstanceSubscriptionFilter",
				    json_pack("{s:o}", "vnfdIds", ids));
	return filter;
}

/* SOL 013 8.3.4 SubscriptionAuthentication; NULL: none. */
static json_t *authentication_make(const struct lcm_job *job)
{
	const struct conf_vnfm *conf = job->conf;
	const struct lcm_credentials *own = &job->vnfm->credentials;

	if (conf->callback_user)
		return json_pack("{s:[s], s:{s:s, s:s}}", "authType", "BASIC", "paramsBasic",
				 "userName", conf->callback_user, "password",
				 (const char *)own->callback_password.data);
	if (conf->callback_token == CONF_CALLBACK_TOKEN_JWT)
		return json_pack("{s:[s], s:{s:s, s:s, s:s}}", "authType",
				 "OAUTH2_CLIENT_CREDENTIALS", "paramsOauth2ClientCredentials",
				 "clientId", conf->callback_oauth2_client_id, "clientPassword",
				 (const char *)own->callback_oauth2_secret.data, "tokenEndpoint",
				 conf->callback_oauth2_token_uri);
	if (conf->callback_certificate)
		return json_pack("{s:[s]}", "authType", "TLS_CERT");
	return NULL;
}

/* FULL: without it notifications say nothing of VNFCs. */
static json_t *request_make(const struct lcm_job *job)
{
	json_t *request = json_pack("{s:o, s:s, s:s}", "filter", filter_make(job->conf),
				    "callbackUri", job->conf->callback_uri, "verbosity", "FULL");
	json_t *authentication = authentication_make(job);

	if (authentication)
		json_object_set_new(request, "authentication", authentication);
	return request;
}

/* --- what it was made of --- */

enum { SALT_LEN = 16, DIGEST_ITERATIONS = 100000 };

static int digest_with(const json_t *request, const uint8_t salt[SALT_LEN],
		       uint8_t out[STORE_LCM_DIGEST_LEN])
{
	char *text = json_dumps(request, JSON_COMPACT | JSON_SORT_KEYS);
	int ok;

	if (!text)
		return -ENOMEM;
	memmove(out, salt, SALT_LEN);
	ok = PKCS5_PBKDF2_HMAC(text, (int)strlen(text), out, SALT_LEN, DIGEST_ITERATIONS,
			       EVP_sha256(), STORE_LCM_DIGEST_LEN - SALT_LEN, out + SALT_LEN);
	OPENSSL_cleanse(text, strlen(text));
	free(text);
	return ok == 1 ? 0 : log_fault("digest of a subscription", -EIO, NULL);
}

static int digest_make(const json_t *request, uint8_t out[STORE_LCM_DIGEST_LEN])
{
	uint8_t salt[SALT_LEN];

	if (RAND_bytes(salt, sizeof(salt)) != 1)
		return log_fault("digest of a subscription", -EIO, NULL);
	return digest_with(request, salt, out);
}

static bool digest_fits(const json_t *request, const uint8_t digest[STORE_LCM_DIGEST_LEN])
{
	uint8_t of_now[STORE_LCM_DIGEST_LEN];

	return digest_with(request, digest, of_now) == 0 &&
	       memcmp(of_now, digest, STORE_LCM_DIGEST_LEN) == 0;
}

/* --- one subscription --- */

/* Only by its identifier: a link of the VNFM's could lead anywhere. */
static int subscription_ask(const struct lcm_job *job, const char *method, const char *id,
			    struct lcm_answer *answer)
{
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	struct lcm_request request = {.method = method};

	strbuf_add(&path, SUBSCRIPTIONS "/");
	lcm_segment_add(&path, id);
	if (path.failed)
		return -ENOMEM;
	request.path = path.text;
	return lcm_exchange(job, &request, answer);
}

static bool has_callback(const json_t *subscription, const char *callback_uri)
{
	const char *uri = json_string_value(json_object_get(subscription, "callbackUri"));

	return uri && strcmp(uri, callback_uri) == 0;
}

/* Whether the VNFM has it, and it is ours by its callback. 0 or negative errno, logged. */
static int subscription_check(const struct lcm_job *job, const char *id, const char *callback_uri,
			      bool *therep)
{
	_cleanup_(lcm_answer_clear) struct lcm_answer answer = {0};
	int err = subscription_ask(job, "GET", id, &answer);
	const char *shown;

	*therep = false;
	if (err < 0)
		return err;
	if (answer.status == 404)
		return 0;
	if (answer.status != 200)
		return lcm_unexpected(job, "GET " SUBSCRIPTIONS "/{id}", &answer);
	shown = lcm_id_of(answer.body, "id");
	*therep = shown && strcmp(shown, id) == 0 && has_callback(answer.body, callback_uri);
	return 0;
}

/* 204, or it is gone already. */
static int subscription_end(const struct lcm_job *job, const char *id)
{
	_cleanup_(lcm_answer_clear) struct lcm_answer answer = {0};
	int err = subscription_ask(job, "DELETE", id, &answer);

	if (err < 0)
		return err;
	if (answer.status != 204 && answer.status != 404)
		return lcm_unexpected(job, "DELETE " SUBSCRIPTIONS "/{id}", &answer);
	log_event(LOG_LEVEL_INFO, "vnfm_subscription_removed", F_TEXT("vnfm", job->vnfm->name),
		  F_TEXT("subscription", id));
	return 0;
}

/* --- strays --- */

struct strays {
	const char *callback_uri;
	const char *kept; /* NULL: none */
	char *id[STRAYS_MAX];
	size_t len;
};

static void strays_clear(struct strays *strays)
{
	for (size_t i = 0; i < strays->len; i++)
		free(strays->id[i]);
}

/* Another consumer's has another callback. */
static int stray_take(void *arg, const json_t *item)
{
	struct strays *strays = arg;
	const char *id = lcm_id_of(item, "id");

	if (!id || !has_callback(item, strays->callback_uri) || strays->len == STRAYS_MAX ||
	    (strays->kept && strcmp(id, strays->kept) == 0))
		return 0;
	strays->id[strays->len] = strdup(id);
	return strays->id[strays->len++] ? 0 : -ENOMEM;
}

/* What cannot be listed or removed now is tried at the next look. */
static void strays_end(const struct lcm_job *job, const char *kept)
{
	_cleanup_(strays_clear) struct strays strays = {.callback_uri = job->conf->callback_uri,
							.kept = kept};
	int err = lcm_list(job, SUBSCRIPTIONS, stray_take, &strays);

	for (size_t i = 0; i < strays.len && err == 0; i++)
		err = strays.id[i] ? subscription_end(job, strays.id[i]) : -ENOMEM;
}

/* --- a new one --- */

/*
 * The identifier of what was made, or was there already: 201 has it in the body, 303 in Location
 * alone. NULL: there is none.
 */
static char *id_of_answer(const struct lcm_answer *answer)
{
	const char *id = answer->status == 201 ? lcm_id_of(answer->body, "id") : NULL;

	return id ? strdup(id) : lcm_segment_last(answer->location);
}

static int subscription_keep(const struct lcm_job *job, const json_t *request, char *id)
{
	struct store_lcm_subscription row = {.vnfm = job->vnfm->name,
					     .subscription = id,
					     .callback_uri = job->conf->callback_uri,
					     .created_ms = lcm_now_ms(job->vnfm)};
	int err = digest_make(request, row.request_digest);

	if (err == 0)
		err = store_lcm_subscription_set(job->worker->unit, &row);
	if (err == 0)
		err = store_unit_commit(job->worker->unit);
	if (err < 0)
		return err;
	log_event(LOG_LEVEL_INFO, "vnfm_subscribed", F_TEXT("vnfm", job->vnfm->name),
		  F_TEXT("subscription", id));
	return 0;
}

static int subscription_make(const struct lcm_job *job, json_t *body, char **idp)
{
	const struct lcm_request request = {.method = "POST", .path = SUBSCRIPTIONS, .body = body};
	_cleanup_(lcm_answer_clear) struct lcm_answer answer = {0};
	bool there = true;
	int err = lcm_exchange(job, &request, &answer);

	if (err < 0)
		return err;
	fault_point("lcm-after-subscribe");
	if (answer.status != 201 && answer.status != 303)
		return lcm_unexpected(job, "POST " SUBSCRIPTIONS, &answer);
	*idp = id_of_answer(&answer);
	/* What is said to be there already has to be ours. */
	if (*idp && answer.status == 303)
		err = subscription_check(job, *idp, job->conf->callback_uri, &there);
	if (err < 0)
		return err;
	return *idp && there ? subscription_keep(job, body, *idp)
			     : lcm_unexpected(job, "POST " SUBSCRIPTIONS, &answer);
}

/* Notifications come as soon as the VNFM has it, before we know what it is called. */
static int subscription_renew(const struct lcm_job *job, json_t *request)
{
	_cleanup_(freep) char *id = NULL;
	int err;

	atomic_store(&job->vnfm->subscribing, true);
	err = subscription_make(job, request, &id);
	atomic_store(&job->vnfm->subscribing, false);
	if (err == 0)
		strays_end(job, id);
	return err;
}

/* --- all of it --- */

static int subscription_forget(const struct lcm_job *job, const struct store_lcm_subscription *row)
{
	int err = store_lcm_subscription_remove(job->worker->unit, row->vnfm, row->subscription);

	if (err == 0)
		err = store_unit_commit(job->worker->unit);
	if (err == 0)
		log_event(LOG_LEVEL_WARNING, "vnfm_subscription_lost",
			  F_TEXT("vnfm", job->vnfm->name),
			  F_TEXT("subscription", row->subscription));
	return err;
}

/* What was asked for with other credentials, or another callback, is not ours any more. */
static int subscription_good(const struct lcm_job *job, const json_t *request,
			     const struct store_lcm_subscription *row, bool *goodp)
{
	bool there;
	int err = subscription_check(job, row->subscription, row->callback_uri, &there);

	*goodp = false;
	if (err < 0)
		return err;
	if (there && digest_fits(request, row->request_digest)) {
		*goodp = true;
		return 0;
	}
	err = there ? subscription_end(job, row->subscription) : 0;
	return err < 0 ? err : subscription_forget(job, row);
}

int lcm_subscription_keep(const struct lcm_job *job, bool *newp)
{
	_cleanup_(store_lcm_subscription_clear) struct store_lcm_subscription row = {0};
	_cleanup_(json_freep) json_t *request = request_make(job);
	bool good = false;
	int err = request ? lcm_version_learn(job) : -ENOMEM;

	*newp = false;
	if (err < 0)
		return err;
	err = store_lcm_subscription_get(job->worker->reader, job->vnfm->name, &row);
	if (err == 0)
		err = subscription_good(job, request, &row, &good);
	if (err < 0)
		return err;
	if (good) {
		strays_end(job, row.subscription);
		return 0;
	}
	err = subscription_renew(job, request);
	*newp = err == 0;
	return err;
}
