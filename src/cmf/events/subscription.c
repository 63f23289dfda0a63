// SPDX-License-Identifier: Apache-2.0
/* Who may subscribe, and to what. See include/cmf/subscription.h. */
#include "cmf/subscription.h"

#include "cmf_private.h"

#include <errno.h>
#include <string.h>

/* Beside the URLs, what a client can make us keep for a subscription. */
enum { FILTER_LEN_MAX = 64 * 1024, NAME_LEN_MAX = 1024, SECRET_LEN_MAX = 8192 };

/* A client itself: neither one of its devices nor who holds a certificate and nothing else. */
static bool may_subscribe(const struct cmf_principal *who)
{
	return who->kind == CMF_PRINCIPAL_CLIENT && !who->entity && !who->manager;
}

/* RFC 6749 2.3.1, RFC 8705 2, RFC 7617 2: what each needs. */
static bool auth_is_complete(const struct conf_events *conf, const struct cmf_subscribe *request)
{
	bool user = request->user_name && *request->user_name;

	switch (request->auth) {
	case STORE_CALLBACK_NO_AUTH:
		return true;
	case STORE_CALLBACK_BASIC:
		/* RFC 7617 2: the first colon ends the name. */
		return user && !strchr(request->user_name, ':') && request->secret.len;
	case STORE_CALLBACK_OAUTH2_SECRET:
		return user && request->secret.len && request->token_endpoint;
	case STORE_CALLBACK_OAUTH2_CERT:
		return user && request->token_endpoint && conf->tls_certificate;
	}
	return false;
}

static int request_check(const struct cmf_call *call, const struct cmf_subscribe *request)
{
	const struct conf *conf = call->cmf->conf;
	const char *domain = call->who->trust_domain;
	int err;

	if (!auth_is_complete(&conf->events, request) ||
	    (request->user_name && strlen(request->user_name) > NAME_LEN_MAX) ||
	    request->secret.len > SECRET_LEN_MAX)
		return refuse(call->refusal, REFUSAL_subscription_authentication);
	if (strlen(request->filter) > FILTER_LEN_MAX)
		return refuse(call->refusal, REFUSAL_subscription_filter_long);
	err = cmf_callback_allowed(conf, domain, request->callback_uri, call->refusal);
	return err == 0 && request->token_endpoint
		       ? cmf_callback_allowed(conf, domain, request->token_endpoint, call->refusal)
		       : err;
}

int cmf_subscribe_check(const struct cmf_call *call, const struct cmf_subscribe *request,
			int64_t *existing_idp)
{
	uint32_t max = call->cmf->conf->events.subscriptions_max, n;
	int err;

	*existing_idp = 0;
	if (!may_subscribe(call->who))
		return refuse(call->refusal, REFUSAL_client_not_permitted);
	err = request_check(call, request);
	if (err != 0)
		return err;
	err = store_subscription_find(call->reader, call->who->name, request->callback_uri,
				      request->filter, existing_idp);
	if (err != STORE_NOT_FOUND)
		return err;
	err = store_subscription_count(call->reader, call->who->name, max, &n);
	if (err < 0)
		return err;
	return n < max ? 0 : refuse(call->refusal, REFUSAL_subscriptions_max);
}

/* --- secrets --- */

/* Sealed for whose it is and where it is sent. */
static int sealed_for(const struct store_subscription *s, char **textp)
{
	const struct bytes parts[] = {
		{(const uint8_t *)s->client, strlen(s->client) + 1},
		{(const uint8_t *)s->callback_uri, strlen(s->callback_uri) + 1},
		bytes_of_string(s->token_endpoint ? s->token_endpoint : ""),
	};
	_cleanup_(octets_clear) struct octets whose = OCTETS_NULL;
	int err = bytes_join(parts, ARRAY_LEN(parts), &whose);

	return err < 0 ? err
		       : secret_reference(STORE_SEALED_SUBSCRIPTION, octets_view(&whose), textp);
}

int cmf_subscription_secret(struct cmf *cmf, const struct store_subscription *subscription,
			    struct octets *secretp)
{
	_cleanup_(freep) char *reference = NULL;
	int err;

	*secretp = OCTETS_NULL;
	if (!subscription->secret.len)
		return 0;
	err = sealed_for(subscription, &reference);
	return err < 0 ? err
		       : secret_open(cmf, bytes_of_string(reference),
				     octets_view(&subscription->secret), secretp);
}

/* --- subscriptions --- */

struct store_subscription cmf_subscribe_row(const struct cmf_call *call,
					    const struct cmf_subscribe *request)
{
	return (struct store_subscription){
		.client = call->who->name,
		.trust_domain = call->who->trust_domain,
		.callback_uri = (char *)(uintptr_t)request->callback_uri,
		.filter = (char *)(uintptr_t)request->filter,
		.auth = request->auth,
		.user_name = (char *)(uintptr_t)request->user_name,
		.token_endpoint = (char *)(uintptr_t)request->token_endpoint,
		.created_ms = call->now_ms,
	};
}

int cmf_subscribe(const struct cmf_call *call, const struct cmf_subscribe *request, int64_t *idp)
{
	struct store_subscription row = cmf_subscribe_row(call, request);
	_cleanup_(octets_clear) struct octets sealed = OCTETS_NULL;
	_cleanup_(freep) char *reference = NULL;
	int err = 0;

	if (request->secret.len)
		err = sealed_for(&row, &reference);
	if (err == 0 && reference)
		err = cmf_secret_seal(call, bytes_of_string(reference), request->secret, &sealed);
	row.secret = sealed;
	if (err == 0)
		err = store_subscriptions_require(call->unit, row.client,
						  call->cmf->conf->events.subscriptions_max);
	if (err == 0)
		err = store_subscription_insert(call->unit, &row, idp);
	return err == 0 ? audit_add(call, "subscribe", row.client, row.callback_uri) : err;
}

bool cmf_may_see_subscription(const struct cmf_principal *who,
			      const struct store_subscription *subscription)
{
	return who->kind == CMF_PRINCIPAL_ADMIN ||
	       (may_subscribe(who) && strcmp(who->name, subscription->client) == 0);
}

int cmf_subscription_find(const struct cmf_call *call, int64_t id,
			  struct store_subscription *subscriptionp)
{
	int err = store_subscription_get(call->reader, id, subscriptionp);

	if (err != 0 || cmf_may_see_subscription(call->who, subscriptionp))
		return err;
	store_subscription_clear(subscriptionp);
	return STORE_NOT_FOUND;
}

int cmf_unsubscribe(const struct cmf_call *call, int64_t id)
{
	_cleanup_(store_subscription_clear) struct store_subscription subscription = {0};
	int err = cmf_subscription_find(call, id, &subscription);

	if (err == 0)
		err = store_subscription_remove(call->unit, id);
	return err == 0 ? audit_add(call, "unsubscribe", subscription.client,
				    subscription.callback_uri)
			: err;
}

int cmf_subscription_fail(const struct cmf_call *call,
			  const struct store_subscription *subscription)
{
	static char name[] = "housekeeping";
	const struct cmf_principal nobody = {.kind = CMF_PRINCIPAL_CLIENT, .name = name};
	struct store_subscription failed = *subscription;
	struct cmf_call fail = *call;
	int err;

	fail.who = &nobody;
	failed.state = STORE_SUBSCRIPTION_FAILED;
	err = store_subscription_update(call->unit, &failed);
	return err == 0
		       ? audit_add(&fail, "subscription failed", failed.client, failed.callback_uri)
		       : err;
}

bool cmf_event_is_for(const struct cmf_principal *who, const struct store_event *event)
{
	const struct store_registration reg = {.manager = event->manager,
					       .trust_domain = event->trust_domain,
					       .vnf_instance = event->vnf_instance,
					       .subject_id = event->subject_id};

	return may_subscribe(who) && cmf_may_see_registration(who, &reg);
}
