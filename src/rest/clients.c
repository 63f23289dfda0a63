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
	struct rest_page *page = arg;

	if (client->id <= page->after_id || page->n_seen == page->limit)
		return 0;
	return rest_page_add(page, client->id, rest_client_json(client));
}

static int client_list(struct rest_call *call)
{
	struct rest_page page;
	int status = rest_page_begin(call, &page);

	if (status)
		return status;
	return rest_page_end(call, &page,
			     store_client_list(call->worker->reader, client_row, &page));
}

/* --- add --- */

/* A change to the clients, kept together since the unit keeps pointers until it is committed. */
struct client_change {
	struct rest_client_request request;
	const char *name; /* to be removed */
	char *taken;      /* the name of an entity that it is not */
	struct store_audit audit;
};

static int client_add_decide(struct rest_call *call, void *arg, struct refusal *refusal)
{
	struct client_change *change = arg;
	struct store_client *client = &change->request.client;
	int err;

	err = cmf_client_name_taken(call->worker->reader, client, call->worker->unit,
				    &change->taken);
	if (err)
		return err;
	if (change->taken)
		return REFUSED;
	client->created_ms = call->now_ms;
	octets_clear_secret(&client->mac_secret);
	if (client->mac_reference) {
		err = cmf_secret_seal(call->cmf, client->mac_reference,
				      octets_view(&change->request.secret), &client->mac_secret);
		if (err)
			return err;
	}
	err = store_client_insert(call->worker->unit, client);
	return err ? err : store_audit_add(call->worker->unit, &change->audit);
}

/* A profile, or a certType in either spelling, which means its default. */
static bool profile_exists(const struct cmf *cmf, const char *name)
{
	enum cert_type type;

	if (cert_type_parse(name, &type) == 0)
		return conf_profile_default(cmf_conf(cmf), type);
	return conf_profile_find(cmf_conf(cmf), name);
}

static int client_insert(struct rest_call *call, struct client_change *change)
{
	struct store_client *client = &change->request.client;
	struct refusal refusal = REFUSAL_NULL;
	char detail[400];
	int err;

	if (client->default_profile && !profile_exists(call->cmf, client->default_profile))
		return rest_problem(call, 422, "default_profile: there is no such profile");
	if (!conf_client_policy_find(cmf_conf(call->cmf), client->policy))
		return rest_problem(call, 422, "policy: there is no such client_policy");
	change->audit = (struct store_audit){.time_ms = call->now_ms,
					     .actor = "cmfctl",
					     .action = "client add",
					     .target = client->name};
	err = rest_commit(call, client_add_decide, change, &refusal);
	if (change->taken) {
		snprintf(detail, sizeof(detail),
			 "%s is the name of a registered entity; if it is the client, name it as "
			 "entity (--entity)",
			 change->taken);
		free(change->taken);
		return rest_problem(call, 409, detail);
	}
	if (err == STORE_CONFLICT)
		return rest_problem(call, 409,
				    "there is a client of that name or MAC reference already");
	return err ? rest_fault(call, err) : rest_ok(call, 201, rest_client_json(client));
}

static int client_add(struct rest_call *call)
{
	struct client_change change = {0};
	char detail[200];
	json_t *body = rest_body(call, detail, sizeof(detail));
	int err, status;

	if (!body)
		return rest_problem(call, 400, detail);
	err = rest_client_decode(body, &change.request, detail, sizeof(detail));
	status = err == -EINVAL ? rest_problem(call, 400, detail)
		 : err          ? rest_fault(call, err)
				: client_insert(call, &change);
	rest_client_request_clear(&change.request);
	json_decref(body);
	return status;
}

int rest_clients(struct rest_call *call)
{
	return call->request->method == HTTP_GET ? client_list(call) : client_add(call);
}

/* --- remove --- */

static int client_remove_decide(struct rest_call *call, void *arg, struct refusal *refusal)
{
	const struct client_change *change = arg;
	int err = store_client_remove(call->worker->unit, change->name);

	return err ? err : store_audit_add(call->worker->unit, &change->audit);
}

int rest_client(struct rest_call *call)
{
	struct client_change change = {.name = call->request->path_rest};
	struct refusal refusal = REFUSAL_NULL;
	int err;

	change.audit = (struct store_audit){.time_ms = call->now_ms,
					    .actor = "cmfctl",
					    .action = "client remove",
					    .target = change.name};
	err = rest_commit(call, client_remove_decide, &change, &refusal);
	if (err == STORE_CONFLICT)
		return rest_problem(call, 404, "there is no client of that name");
	return err ? rest_fault(call, err)
		   : rest_ok(call, 200, json_pack("{s:s}", "removed", change.name));
}
