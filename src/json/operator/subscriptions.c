// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/subscriptions: list and read the subscriptions of all clients to events (GET), and end one
 * (DELETE). Clients make them, over the door of VNF Managers. Passwords are not shown.
 */
#include "call.h"
#include "cmf/subscription.h"
#include "values.h"

static json_t *subscription_json(const struct store_subscription *s)
{
	static const char *const authentications[] = {
		[STORE_CALLBACK_NO_AUTH] = "none",
		[STORE_CALLBACK_BASIC] = "basic",
		[STORE_CALLBACK_OAUTH2_SECRET] = "oauth2 client credentials",
		[STORE_CALLBACK_OAUTH2_CERT] = "oauth2 client certificate",
	};
	bool active = s->state == STORE_SUBSCRIPTION_ACTIVE;

	return json_pack("{s:I, s:o, s:o, s:o, s:s, s:o, s:s, s:o, s:o, s:I, s:o, s:o, s:o}", "id",
			 (json_int_t)s->id, "client", json_text(s->client), "trust_domain",
			 json_text(s->trust_domain), "callback_uri", json_text(s->callback_uri),
			 "state", active ? "active" : "failed", "filter",
			 *s->filter ? json_loads(s->filter, 0, NULL) : json_object(),
			 "authentication", authentications[s->auth], "user_name",
			 json_text(s->user_name), "token_endpoint", json_text(s->token_endpoint),
			 "attempts", (json_int_t)s->attempts, "failing_since",
			 json_time(s->failing_since_ms), "next_try",
			 json_time(active && s->attempts ? s->next_ms : 0), "created_at",
			 json_time(s->created_ms));
}

static int subscription_row(void *arg, const struct store_subscription *s)
{
	return operator_page_add(arg, s->id, subscription_json(s));
}

int operator_subscriptions(struct operator_call *call)
{
	struct store_subscription_filter filter = {
		.client = json_query_get(&call->query, "client"),
		.trust_domain = json_query_get(&call->query, "trust_domain"),
	};
	struct operator_page page;
	int status = operator_page_begin(call, &page);

	if (status)
		return status;
	filter.after_id = page.after_id;
	filter.limit = page.limit;
	return operator_page_end(
		call, &page,
		store_subscription_list(call->worker->reader, &filter, subscription_row, &page));
}

static int remove_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	const struct cmf_principal who = operator_principal(call, NULL);
	const struct cmf_call op = operator_cmf_call(call, &who, refusal);
	const int64_t *id = arg;

	return cmf_unsubscribe(&op, *id);
}

static int subscription_remove(struct operator_call *call, int64_t id)
{
	struct refusal unused = REFUSAL_NULL;
	int err = operator_commit(call, remove_decide, &id, &unused);

	return err ? operator_fault(call, err)
		   : operator_ok(call, 200, json_pack("{s:I}", "removed", (json_int_t)id));
}

int operator_subscription(struct operator_call *call)
{
	_cleanup_(store_subscription_clear) struct store_subscription subscription = {0};
	const char *verb;
	int64_t id;
	int err;

	if (json_path_id(call->request->path_rest, &id, &verb) || *verb)
		return operator_problem(call, 404, "there is no such path");
	if (json_query_unknown(&call->query))
		return operator_problem(call, 400, "the query has an unknown parameter");
	if (call->request->method == HTTP_DELETE)
		return subscription_remove(call, id);
	err = store_subscription_get(call->worker->reader, id, &subscription);
	return err ? operator_fault(call, err)
		   : operator_ok(call, 200, subscription_json(&subscription));
}
