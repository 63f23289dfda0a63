// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/subscriptions: a client asks to be told of events (POST), reads and ends its subscriptions.
 * Who may have what is cmf/subscription.h's; the callback is tested by notify.h.
 */
#include "cmf/subscription.h"
#include "nfv/list.h"
#include "nfv/notification.h"
#include "notify.h"

#include <errno.h>
#include <string.h>

/* --- reading a request --- */

/* A text that a member has, or NULL; *wrongp is set if it has something else. */
static const char *text_member(const json_t *object, const char *name, bool *wrongp)
{
	const json_t *value = json_object_get(object, name);

	*wrongp = *wrongp || (value && !json_is_string(value));
	return json_string_value(value);
}

/* SOL 013 has a list of ways of authentication, of which the client names one. */
static const char *auth_type(const json_t *authentication)
{
	const json_t *type = json_object_get(authentication, "authType");

	return json_string_value(
		json_is_array(type) && json_array_size(type) == 1 ? json_array_get(type, 0) : type);
}

/* Each way of authentication: where its parameters are, and what they are called. */
static const struct {
	const char *name;
	enum store_callback_auth auth;
	const char *params, *user, *secret;
} auth_ways[] = {
	{"BASIC", STORE_CALLBACK_BASIC, "paramsBasic", "userName", "password"},
	{"OAUTH2_CLIENT_CREDENTIALS", STORE_CALLBACK_OAUTH2_SECRET, "paramsOauth2ClientCredentials",
	 "clientId", "clientPassword"},
	{"OAUTH2_CLIENT_CERT", STORE_CALLBACK_OAUTH2_CERT, "paramsOauth2ClientCert", "clientId",
	 NULL},
};

/* What it says of authentication, if anything. Whether it is well-formed. */
static bool authentication_read(const json_t *body, struct cmf_subscribe *request)
{
	const json_t *authentication = json_object_get(body, "authentication"), *params;
	const char *type = auth_type(authentication), *secret;
	bool wrong = false;

	if (!authentication)
		return true;
	for (size_t i = 0; type && i < ARRAY_LEN(auth_ways); i++) {
		if (strcmp(auth_ways[i].name, type) != 0)
			continue;
		params = json_object_get(authentication, auth_ways[i].params);
		request->auth = auth_ways[i].auth;
		request->user_name = text_member(params, auth_ways[i].user, &wrong);
		request->token_endpoint = text_member(params, "tokenEndpoint", &wrong);
		secret = auth_ways[i].secret ? text_member(params, auth_ways[i].secret, &wrong)
					     : NULL;
		if (secret)
			request->secret = bytes_of_string(secret);
		return !wrong && json_is_object(params);
	}
	return false;
}

/* Borrows of the body; *filterp is the caller's. 0, or the status of the problem. */
static int request_read(struct nfv_call *call, struct cmf_subscribe *request, char **filterp)
{
	const json_t *uri = json_object_get(call->body, "callbackUri");
	int err = nfv_event_filter_read(json_object_get(call->body, "filter"), filterp);

	*request =
		(struct cmf_subscribe){.callback_uri = json_string_value(uri), .filter = *filterp};
	if (err == -ENOMEM)
		return nfv_fault(call, err);
	if (!request->callback_uri)
		return nfv_problem(call, 422, "callbackUri is missing or no text");
	if (err)
		return nfv_problem(call, 422, "filter has a value that is not known");
	if (!authentication_read(call->body, request))
		return nfv_problem(call, 422, "authentication has a value that is not known");
	return 0;
}

/* --- answers --- */

static json_t *subscription_json(const struct nfv_call *call, const struct store_subscription *s)
{
	const char *state = s->state == STORE_SUBSCRIPTION_ACTIVE ? "ACTIVE" : "FAILED";
	json_t *filter = nfv_event_filter_json(s->filter);
	json_t *json =
		json_pack("{s:o, s:s, s:s, s:{s:o}}", "id", nfv_id(call, JSON_SUBSCRIPTION, s->id),
			  "callbackUri", s->callback_uri, "state", state, "_links", "self",
			  nfv_link(call, JSON_SUBSCRIPTION, s->id));

	if (filter && (!json || json_object_set(json, "filter", filter))) {
		json_decref(json);
		json = NULL;
	}
	json_decref(filter);
	return json;
}

/* RFC 9110 15.4.4; SOL 013: without a body. */
static int existing_answer(struct nfv_call *call, int64_t id)
{
	_cleanup_(freep) char *uri = nfv_uri(call, JSON_SUBSCRIPTION, id);
	int err = uri ? http_response_add(call->response, "Location", uri) : -ENOMEM;

	if (err)
		return nfv_fault(call, err);
	call->response->status = 303;
	return 303;
}

/* --- POST --- */

struct subscribing {
	const struct cmf_subscribe *request;
	int64_t existing_id;
	int64_t id;
};

/* Somebody may have been faster while the callback was tested. */
static int subscribe_decide(struct nfv_call *call, void *arg, struct refusal *refusal)
{
	const struct cmf_call op = nfv_cmf_call(call, refusal);
	struct subscribing *s = arg;
	int err = cmf_subscribe_check(&op, s->request, &s->existing_id);

	return err || s->existing_id ? err : cmf_subscribe(&op, s->request, &s->id);
}

static int subscribed_answer(struct nfv_call *call, const struct subscribing *s)
{
	struct refusal unused = REFUSAL_NULL;
	const struct cmf_call op = nfv_cmf_call(call, &unused);
	struct store_subscription row;
	int64_t id;

	if (s->existing_id)
		return existing_answer(call, s->existing_id);
	id = store_unit_id(call->worker->unit, s->id);
	row = cmf_subscribe_row(&op, s->request);
	row.id = id;
	return nfv_created(call, 201, JSON_SUBSCRIPTION, id, subscription_json(call, &row));
}

/* A test holds a worker for as long as the callback takes: that must not be all of them. */
enum { CALLBACK_TESTS_MAX = 4 };

static int callback_test(struct nfv_call *call, const struct cmf_call *op,
			 const struct cmf_subscribe *request)
{
	const struct store_subscription row = cmf_subscribe_row(op, request);
	int err = atomic_fetch_add(call->callback_tests, 1) < CALLBACK_TESTS_MAX
			  ? notify_callback_test(op, &row, request->secret)
			  : refuse(op->refusal, REFUSAL_system_unavailable);

	atomic_fetch_sub(call->callback_tests, 1);
	return err;
}

/* What does not need the callback is asked before it is called. */
static int subscribe(struct nfv_call *call, const struct cmf_subscribe *request)
{
	struct subscribing s = {.request = request};
	struct refusal refusal = REFUSAL_NULL;
	const struct cmf_call op = nfv_cmf_call(call, &refusal);
	int err = cmf_subscribe_check(&op, request, &s.existing_id);

	if (!err && !s.existing_id)
		err = callback_test(call, &op, request);
	if (!err && !s.existing_id)
		err = nfv_commit(call, subscribe_decide, &s, &refusal);
	if (err)
		return err == REFUSED ? nfv_refusal(call, &refusal) : nfv_fault(call, err);
	return subscribed_answer(call, &s);
}

int nfv_subscribe(struct nfv_call *call)
{
	_cleanup_(freep) char *filter = NULL;
	struct cmf_subscribe request;
	int status = request_read(call, &request, &filter);

	return status ? status : subscribe(call, &request);
}

/* --- list --- */

static const struct nfv_attribute subscription_table[] = {
	{"id", NFV_TEXT, NFV_ALWAYS},
	{"callbackUri", NFV_TEXT, NFV_ALWAYS},
	{"state", NFV_TEXT, NFV_ALWAYS},
	{"filter", NFV_WHOLE, NFV_OPTIONAL},
	{"filter/notificationTypes", NFV_TEXT, NFV_OPTIONAL},
	{"filter/certTypes", NFV_TEXT, NFV_OPTIONAL},
	{"filter/subjectIds", NFV_TEXT, NFV_OPTIONAL},
	{"filter/vnfInstanceIds", NFV_TEXT, NFV_OPTIONAL},
	{"_links", NFV_WHOLE, NFV_ALWAYS},
};
static const struct nfv_attributes subscription_attributes = {subscription_table,
							      ARRAY_LEN(subscription_table)};

/* SOL 013 has no selectors here. */
const char *const nfv_subscriptions_query[] = {"filter", "nextpage_opaque_marker", NULL};

static int subscription_row(void *arg, const struct store_subscription *s)
{
	struct nfv_list *list = arg;
	json_t *item;

	if (!cmf_may_see_subscription(&list->call->principal, s)) {
		nfv_list_skip(list, s->id, 0);
		return 0;
	}
	item = subscription_json(list->call, s);
	if (!item)
		return -ENOMEM;
	if (nfv_list_fits(list, s->id, 0, item))
		return nfv_list_add(list, item);
	json_decref(item);
	return 0;
}

int nfv_subscriptions_list(struct nfv_call *call)
{
	const char *name = call->principal.name;
	struct store_subscription_filter filter = {.client = name ? name : ""};
	struct nfv_list list;
	int status = nfv_list_begin(call, &subscription_attributes, &list);

	if (status)
		return status;
	filter.after_id = list.after.id;
	filter.limit = list.rows_max;
	return nfv_list_end(&list, store_subscription_list(call->worker->reader, &filter,
							   subscription_row, &list));
}

/* --- one of them --- */

int nfv_subscription_get(struct nfv_call *call)
{
	_cleanup_(store_subscription_clear) struct store_subscription subscription = {0};
	struct refusal unused = REFUSAL_NULL;
	const struct cmf_call op = nfv_cmf_call(call, &unused);
	int64_t id;
	int err = nfv_path_id(call, JSON_SUBSCRIPTION, &id);

	if (!err)
		err = cmf_subscription_find(&op, id, &subscription);
	return err ? nfv_fault(call, err)
		   : nfv_ok(call, 200, subscription_json(call, &subscription));
}

static int unsubscribe_decide(struct nfv_call *call, void *arg, struct refusal *refusal)
{
	const struct cmf_call op = nfv_cmf_call(call, refusal);
	const int64_t *id = arg;

	return cmf_unsubscribe(&op, *id);
}

int nfv_unsubscribe(struct nfv_call *call)
{
	struct refusal refusal = REFUSAL_NULL;
	int64_t id;
	int err = nfv_path_id(call, JSON_SUBSCRIPTION, &id);

	if (!err)
		err = nfv_commit(call, unsubscribe_decide, &id, &refusal);
	if (err == REFUSED)
		return nfv_refusal(call, &refusal);
	return err ? nfv_fault(call, err) : nfv_no_content(call);
}
