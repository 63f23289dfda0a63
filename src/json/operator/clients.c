// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/clients: list (GET), add (POST), remove (DELETE .../<name>).
 */
#include "call.h"
#include "encode.h"

#include <errno.h>
#include <stdio.h>

/* --- list --- */

/* Clients are few, but the page holds here too: rows behind it are not encoded. */
static int client_row(void *arg, const struct store_client *client)
{
	struct operator_page *page = arg;

	if (client->id <= page->after_id || page->n_seen == page->limit)
		return 0;
	return operator_page_add(page, client->id, operator_client_json(client));
}

static int client_list(struct operator_call *call)
{
	struct operator_page page;
	int status = operator_page_begin(call, &page);

	if (status)
		return status;
	return operator_page_end(call, &page,
				 store_client_list(call->worker->reader, client_row, &page));
}

/* --- add --- */

struct client_addition {
	struct operator_client_request request;
	enum cmf_client_verdict verdict;
	char *taken; /* the name, if it is */
};

static int client_add_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	struct client_addition *addition = arg;
	const struct cmf_principal who = operator_principal(call, NULL);
	const struct cmf_call add = operator_cmf_call(call, &who, refusal);

	free(addition->taken);
	addition->taken = NULL;
	return cmf_client_add(&add, &addition->request.client,
			      octets_view(&addition->request.secret), &addition->verdict,
			      &addition->taken);
}

static int verdict_problem(struct operator_call *call, const struct client_addition *addition)
{
	char detail[400];

	switch (addition->verdict) {
	case CMF_CLIENT_PROFILE_UNKNOWN:
		return operator_problem(call, 422, "default_profile: there is no such profile");
	case CMF_CLIENT_POLICY_UNKNOWN:
		return operator_problem(call, 422, "policy: there is no such client_policy");
	case CMF_CLIENT_NAME_TAKEN:
		snprintf(detail, sizeof(detail),
			 "%s is the name of a registered entity; if it is the client, name it as "
			 "entity (--entity)",
			 addition->taken);
		return operator_problem(call, 409, detail);
	case CMF_CLIENT_FINE:
	default:
		return operator_fault(call, -EINVAL);
	}
}

static int client_insert(struct operator_call *call, struct client_addition *addition)
{
	struct refusal refusal = REFUSAL_NULL;
	int err = operator_commit(call, client_add_decide, addition, &refusal);

	if (err == REFUSED)
		return verdict_problem(call, addition);
	if (err == STORE_CONFLICT)
		return operator_problem(call, 409,
					"there is a client of that name or MAC reference already");
	return err ? operator_fault(call, err)
		   : operator_ok(call, 201, operator_client_json(&addition->request.client));
}

static int client_add(struct operator_call *call)
{
	struct client_addition addition = {0};
	char detail[200];
	json_t *body = operator_body(call, detail, sizeof(detail));
	int err, status;

	if (!body)
		return operator_problem(call, 400, detail);
	err = operator_client_decode(body, &addition.request, detail, sizeof(detail));
	status = err == -EINVAL ? operator_problem(call, 400, detail)
		 : err          ? operator_fault(call, err)
				: client_insert(call, &addition);
	operator_client_request_clear(&addition.request);
	free(addition.taken);
	json_decref(body);
	return status;
}

int operator_clients(struct operator_call *call)
{
	return call->request->method == HTTP_GET ? client_list(call) : client_add(call);
}

/* --- remove --- */

static int client_remove_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	const struct cmf_principal who = operator_principal(call, NULL);
	const struct cmf_call remove = operator_cmf_call(call, &who, refusal);

	return cmf_client_remove(&remove, arg);
}

int operator_client(struct operator_call *call)
{
	char *name = (char *)(uintptr_t)call->request->path_rest;
	struct refusal refusal = REFUSAL_NULL;
	int err = operator_commit(call, client_remove_decide, name, &refusal);

	if (err == STORE_CONFLICT)
		return operator_problem(call, 404, "there is no client of that name");
	return err ? operator_fault(call, err)
		   : operator_ok(call, 200, json_pack("{s:s}", "removed", name));
}
