// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/clients: list (GET), add (POST); /v1/clients/<name>: show (GET), change (PATCH), remove
 * (DELETE). What is below .../<name>/credentials is credentials.c's.
 */
#include "clients.h"
#include "encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- list, show --- */

enum { PAGE_FULL = 1 };

struct client_walk {
	struct operator_page page;
	const char *trust_domain; /* NULL: all */
};

static int client_row(void *arg, struct store_client *client)
{
	struct client_walk *walk = arg;

	if (walk->page.n_seen == walk->page.limit)
		return PAGE_FULL;
	if (walk->trust_domain && strcmp(walk->trust_domain, client->trust_domain) != 0) {
		operator_page_skip(&walk->page, client->id);
		return 0;
	}
	return operator_page_add(&walk->page, client->id, operator_client_json(client));
}

static int client_list(struct operator_call *call)
{
	struct client_walk walk = {.trust_domain = json_query_get(&call->query, "trust_domain")};
	int status = operator_page_begin(call, &walk.page), err;

	if (status)
		return status;
	err = store_client_list(call->worker->reader, walk.page.after_id, client_row, &walk);
	return operator_page_end(call, &walk.page, err == PAGE_FULL ? 0 : err);
}

static int client_show(struct operator_call *call, int status, const char *name,
		       const char *warning)
{
	_cleanup_(store_client_clear) struct store_client client = {0};
	int err = store_client_find(call->worker->reader, name, &client);
	json_t *json;

	if (err == STORE_NOT_FOUND)
		return operator_client_absent(call);
	if (err)
		return operator_fault(call, err);
	json = operator_client_json(&client);
	if (json && warning && json_object_set_new(json, "warning", json_string(warning))) {
		json_decref(json);
		json = NULL;
	}
	return operator_ok(call, status, json);
}

/* --- add --- */

struct client_addition {
	struct operator_client_request request;
	enum cmf_client_verdict verdict;
	char *taken;
};

static int client_add_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	struct client_addition *addition = arg;
	const struct cmf_principal who = operator_principal(call, NULL);
	const struct cmf_call add = operator_cmf_call(call, &who, refusal);

	free(TAKE(addition->taken));
	return cmf_client_add(&add, &addition->request.client, &addition->request.credential,
			      &addition->verdict, &addition->taken);
}

/* A domain without a section has no limits, which a mistyped name has, too. */
static int client_added(struct operator_call *call, const struct store_client *client)
{
	_cleanup_(strbuf_clear) struct strbuf warning = STRBUF_NULL;
	const struct conf *conf = cmf_conf(call->cmf);

	if (!conf_trust_domain_find(conf, client->trust_domain))
		strbuf_printf(&warning, "there is no section [trust_domain %s]: it has no limits",
			      client->trust_domain);
	return warning.failed ? operator_fault(call, -ENOMEM)
			      : client_show(call, 201, client->name, warning.text);
}

static int client_insert(struct operator_call *call, struct client_addition *addition)
{
	struct refusal refusal = REFUSAL_NULL;
	int err = operator_commit(call, client_add_decide, addition, &refusal);

	if (err == REFUSED)
		return operator_verdict_problem(call, addition->verdict, addition->taken);
	if (err == STORE_CONFLICT)
		return operator_problem(call, 409, "there is a client of that name already");
	return err ? operator_fault(call, err) : client_added(call, &addition->request.client);
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

/* --- change --- */

struct client_change {
	const char *name;
	struct operator_client_update update;
	enum cmf_client_verdict verdict;
	char *taken;
};

static int setting_replace(char **setting, const char *value)
{
	free(*setting);
	*setting = value ? strdup(value) : NULL;
	return value && !*setting ? -ENOMEM : 0;
}

static int client_change_apply(struct store_client *client,
			       const struct operator_client_update *update)
{
	int err = 0;

	if (update->permissions)
		client->permissions = update->permissions;
	if (update->register_on_ir >= 0)
		client->register_on_ir = update->register_on_ir;
	if (update->sets_profile)
		err = setting_replace(&client->default_profile, update->default_profile);
	if (!err && update->sets_policy)
		err = setting_replace(&client->policy, update->policy);
	if (!err && update->sets_entity)
		err = setting_replace(&client->entity, update->entity);
	if (!err && update->sets_entity)
		err = setting_replace(&client->entity_vnf_instance, update->entity_vnf_instance);
	return err;
}

static int client_change_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	struct client_change *change = arg;
	_cleanup_(store_client_clear) struct store_client client = {0};
	const struct cmf_principal who = operator_principal(call, NULL);
	const struct cmf_call update = operator_cmf_call(call, &who, refusal);
	int err = store_client_find(call->worker->reader, change->name, &client);

	free(TAKE(change->taken));
	if (!err)
		err = client_change_apply(&client, &change->update);
	return err ? err : cmf_client_update(&update, &client, &change->verdict, &change->taken);
}

static int client_change(struct operator_call *call, const char *name)
{
	struct client_change change = {.name = name};
	struct refusal refusal = REFUSAL_NULL;
	char detail[200];
	json_t *body = operator_body(call, detail, sizeof(detail));
	int err, status;

	if (!body)
		return operator_problem(call, 400, detail);
	err = operator_client_update_decode(body, &change.update, detail, sizeof(detail));
	if (err == -EINVAL) {
		json_decref(body);
		return operator_problem(call, 400, detail);
	}
	err = operator_commit(call, client_change_decide, &change, &refusal);
	if (err == REFUSED)
		status = operator_verdict_problem(call, change.verdict, change.taken);
	else if (err == STORE_NOT_FOUND)
		status = operator_client_absent(call);
	else
		status = err ? operator_fault(call, err) : client_show(call, 200, name, NULL);
	free(change.taken);
	json_decref(body);
	return status;
}

/* --- remove --- */

static int client_remove_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	const struct cmf_principal who = operator_principal(call, NULL);
	const struct cmf_call remove = operator_cmf_call(call, &who, refusal);

	return cmf_client_remove(&remove, arg);
}

static int client_remove(struct operator_call *call, char *name)
{
	struct refusal refusal = REFUSAL_NULL;
	int err = operator_commit(call, client_remove_decide, name, &refusal);

	if (err == STORE_CONFLICT)
		return operator_client_absent(call);
	return err ? operator_fault(call, err)
		   : operator_ok(call, 200, json_pack("{s:s}", "removed", name));
}

/* --- one of them --- */

static int client_serve(struct operator_call *call, char *name)
{
	switch ((unsigned)call->request->method) {
	case HTTP_GET:
		return client_show(call, 200, name, NULL);
	case HTTP_PATCH:
		return client_change(call, name);
	case HTTP_DELETE:
		return client_remove(call, name);
	default:
		return operator_method_refused(call, "GET, PATCH, DELETE");
	}
}

/* <name>, <name>/credentials, <name>/credentials/<id> */
int operator_client(struct operator_call *call)
{
	_cleanup_(freep) char *path = strdup(call->request->path_rest);
	char *rest = path, *name, *below;

	if (!path)
		return operator_fault(call, -ENOMEM);
	name = strsep(&rest, "/");
	if (!rest)
		return client_serve(call, name);
	below = strsep(&rest, "/");
	if (strcmp(below, "credentials") != 0)
		return operator_problem(call, 404, "there is no such resource");
	return operator_credentials(call, name, rest);
}
