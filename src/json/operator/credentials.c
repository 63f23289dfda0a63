// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/clients/<name>/credentials: list (GET), add (POST), remove (DELETE .../<id>). The client
 * itself is clients.c's, which comes here.
 */
#include "clients.h"
#include "encode.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int operator_verdict_problem(struct operator_call *call, enum cmf_client_verdict verdict,
			     const char *taken)
{
	char detail[400];

	switch (verdict) {
	case CMF_CLIENT_PROFILE_UNKNOWN:
		return operator_problem(call, 422, "default_profile: there is no such profile");
	case CMF_CLIENT_POLICY_UNKNOWN:
		return operator_problem(call, 422, "policy: there is no such client_policy");
	case CMF_CLIENT_NAME_TAKEN:
		snprintf(detail, sizeof(detail),
			 "%s is the name of a registered entity; if it is the client, name it as "
			 "entity (--entity)",
			 taken);
		return operator_problem(call, 409, detail);
	case CMF_CLIENT_CREDENTIAL_TAKEN:
		snprintf(detail, sizeof(detail),
			 "the credential, or one by which somebody could be both, is that of %s",
			 taken);
		return operator_problem(call, 409, detail);
	case CMF_CLIENT_CREDENTIAL_UNUSABLE:
		return operator_problem(call, 422, "the credential cannot be used");
	case CMF_CLIENT_FINE:
	default:
		return operator_fault(call, -EINVAL);
	}
}

int operator_client_absent(struct operator_call *call)
{
	return operator_problem(call, 404, "there is no client of that name");
}

/* --- list --- */

static int credentials_list(struct operator_call *call, const char *name)
{
	_cleanup_(store_client_clear) struct store_client client = {0};
	struct operator_page page;
	int status = operator_page_begin(call, &page), err;

	if (status)
		return status;
	err = store_client_find(call->worker->reader, name, &client);
	for (size_t i = 0; err == 0 && i < client.n_credentials; i++) {
		const struct store_credential *c = &client.credentials[i];

		if (c->id > page.after_id && page.n_seen < page.limit)
			err = operator_page_add(&page, c->id, operator_credential_json(c));
	}
	if (err != STORE_NOT_FOUND)
		return operator_page_end(call, &page, err);
	json_decref(page.items);
	return operator_client_absent(call);
}

/* --- add --- */

struct credential_addition {
	const char *client;
	struct store_credential credential;
	enum cmf_client_verdict verdict;
	char *taken;
	int64_t id; /* that stands for it in the unit */
};

static int credential_add_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	struct credential_addition *addition = arg;
	_cleanup_(store_client_clear) struct store_client client = {0};
	const struct cmf_principal who = operator_principal(call, NULL);
	const struct cmf_call add = operator_cmf_call(call, &who, refusal);
	int err = store_client_find(call->worker->reader, addition->client, &client);

	free(TAKE(addition->taken));
	return err == 0 ? cmf_credential_add(&add, &client, &addition->credential,
					     &addition->verdict, &addition->taken, &addition->id)
			: err;
}

static int credential_insert(struct operator_call *call, struct credential_addition *addition)
{
	struct refusal refusal = REFUSAL_NULL;
	int err = operator_commit(call, credential_add_decide, addition, &refusal);

	if (err == REFUSED)
		return operator_verdict_problem(call, addition->verdict, addition->taken);
	if (err == STORE_NOT_FOUND)
		return operator_client_absent(call);
	if (err)
		return operator_fault(call, err);
	addition->credential.id = store_unit_id(call->worker->unit, addition->id);
	addition->credential.created_ms = call->now_ms;
	return operator_ok(call, 201, operator_credential_json(&addition->credential));
}

static int credential_add(struct operator_call *call, const char *name)
{
	struct credential_addition addition = {.client = name};
	char detail[200];
	json_t *body = operator_body(call, detail, sizeof(detail));
	int err, status;

	if (!body)
		return operator_problem(call, 400, detail);
	err = operator_credential_decode(body, &addition.credential, detail, sizeof(detail));
	status = err == -EINVAL ? operator_problem(call, 400, detail)
		 : err          ? operator_fault(call, err)
				: credential_insert(call, &addition);
	store_credential_clear(&addition.credential);
	free(addition.taken);
	json_decref(body);
	return status;
}

/* --- remove --- */

struct credential_removal {
	const char *client;
	int64_t id;
};

static int credential_remove_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	const struct credential_removal *removal = arg;
	const struct cmf_principal who = operator_principal(call, NULL);
	const struct cmf_call remove = operator_cmf_call(call, &who, refusal);

	return cmf_credential_remove(&remove, removal->client, removal->id);
}

static int credential_remove(struct operator_call *call, const char *name, const char *id)
{
	struct credential_removal removal = {name, 0};
	struct refusal refusal = REFUSAL_NULL;
	char *end;
	int err;

	errno = 0;
	removal.id = strtoll(id, &end, 10);
	err = errno || *end || removal.id <= 0
		      ? STORE_NOT_FOUND
		      : operator_commit(call, credential_remove_decide, &removal, &refusal);
	if (err == STORE_NOT_FOUND)
		return operator_problem(call, 404, "the client has no credential of that id");
	return err ? operator_fault(call, err)
		   : operator_ok(call, 200, json_pack("{s:I}", "removed", (json_int_t)removal.id));
}

/* --- both --- */

int operator_credentials(struct operator_call *call, const char *name, const char *id)
{
	if (id)
		return call->request->method == HTTP_DELETE
			       ? credential_remove(call, name, id)
			       : operator_method_refused(call, "DELETE");
	switch ((unsigned)call->request->method) {
	case HTTP_GET:
		return credentials_list(call, name);
	case HTTP_POST:
		return credential_add(call, name);
	default:
		return operator_method_refused(call, "GET, POST");
	}
}
