// SPDX-License-Identifier: Apache-2.0
/*
 * What the endpoints of the admin API share: the body of a request, deciding and committing, and
 * the ways to end a request. operator.c calls the endpoints, which call this.
 */
#include "call.h"
#include "encode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* How often a decision is made again after others changed what it rested on. */
enum { OPERATOR_ATTEMPTS = 8 };

/* --- ending a request --- */

/* Serialises body (taken over) into the response; out of memory leaves an empty 500. */
static int operator_answer(struct operator_call *call, int status, const char *type, json_t *body)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	json_decref(body);
	if (!text)
		status = 500;
	call->response->status = status;
	call->response->content_type = type;
	call->response->body = (struct octets){(uint8_t *)text, text ? strlen(text) : 0};
	return status;
}

int operator_ok(struct operator_call *call, int status, json_t *body)
{
	return operator_answer(call, status, "application/json", body);
}

static const char *status_title(int status)
{
	switch (status) {
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 409:
		return "Conflict";
	case 422:
		return "Unprocessable Content";
	case 503:
		return "Service Unavailable";
	default:
		return "Internal Server Error";
	}
}

static json_t *problem_json(int status, const char *detail)
{
	return json_pack("{s:s, s:i, s:s, s:o}", "type", "about:blank", "status", status, "title",
			 status_title(status), "detail", json_text(detail));
}

static int operator_answer_problem(struct operator_call *call, int status, json_t *problem)
{
	if (status == 503)
		call->response->retry_after = 1;
	return operator_answer(call, status, "application/problem+json", problem);
}

int operator_problem(struct operator_call *call, int status, const char *detail)
{
	return operator_answer_problem(call, status, problem_json(status, detail));
}

int operator_method_refused(struct operator_call *call, const char *allow)
{
	call->response->allow = allow;
	return operator_problem(call, 405, "this method is not for this path");
}

int operator_refusal(struct operator_call *call, const struct refusal *refusal)
{
	int status = refusal_http_status(refusal);
	json_t *problem;
	char text[400];

	/* The operator may know what a client is not told. */
	snprintf(text, sizeof(text), refusal->detail ? "%s: %s" : "%s", refusal_words(refusal),
		 refusal->detail);
	problem = problem_json(status, text);
	call->reason = refusal_code(refusal->reason);
	if (problem && refusal->failinfo >= 0)
		json_object_set_new(problem, "failInfo",
				    json_string(failinfo_name(refusal->failinfo)));
	if (problem)
		json_object_set_new(problem, "reason", json_string(call->reason));
	return operator_answer_problem(call, status, problem);
}

int operator_fault(struct operator_call *call, int err)
{
	switch (err) {
	case STORE_NOT_FOUND:
		return operator_problem(call, 404, "there is nothing of that number");
	case STORE_CONFLICT:
		return operator_problem(call, 409, "somebody else changed it at the same time");
	case -ENOSPC:
		return operator_problem(call, 503, "the disk of the server is full");
	case -ESTALE:
		return operator_problem(call, 503,
					"the database of the server is gone, or another "
					"file is in its place");
	default:
		return operator_problem(call, 500, "the server failed; its log says why");
	}
}

/* --- what endpoints share --- */

int operator_commit(struct operator_call *call, operator_decide *decide, void *arg,
		    struct refusal *refusal)
{
	struct store_unit *unit = call->worker->unit;
	int err = STORE_CONFLICT;

	for (int i = 0; i < OPERATOR_ATTEMPTS && err == STORE_CONFLICT; i++) {
		store_unit_clear(unit);
		err = decide(call, arg, refusal);
		if (err) {
			store_unit_clear(unit);
			return err;
		}
		/* The one commit of this door: what the operator was told of is durable. */
		err = store_unit_commit(unit);
	}
	return err;
}

json_t *operator_body(const struct operator_call *call, char *detail, size_t size)
{
	struct bytes body = call->request->body;
	json_error_t error;
	json_t *json =
		json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, &error);

	if (!json) {
		snprintf(detail, size, "the body is no JSON: line %d: %s", error.line, error.text);
		return NULL;
	}
	if (!json_is_object(json)) {
		snprintf(detail, size, "the body must be a JSON object");
		json_decref(json);
		return NULL;
	}
	return json;
}

struct cmf_call operator_cmf_call(const struct operator_call *call, const struct cmf_principal *who,
				  struct refusal *refusal)
{
	return cmf_call_now(call->cmf, call->worker, who, refusal);
}

struct cmf_principal operator_principal(const struct operator_call *call, char *trust_domain)
{
	return (struct cmf_principal){.kind = CMF_PRINCIPAL_ADMIN,
				      .name = (char *)"cmfctl",
				      .trust_domain = trust_domain,
				      .policy = conf_client_policy_find(cmf_conf(call->cmf), NULL),
				      .permissions = STORE_MAY_REGISTER | STORE_MAY_REQUEST |
						     STORE_MAY_REVOKE | STORE_IS_OPERATOR};
}
