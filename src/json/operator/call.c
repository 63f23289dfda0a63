// SPDX-License-Identifier: Apache-2.0
/*
 * What the endpoints of the admin API share: the body of a request, deciding and committing, and
 * the ways to end a request. operator.c calls the endpoints, which call this.
 */
#include "call.h"

#include "answer.h"
#include "body.h"
#include "commit.h"
#include "values.h"

#include <errno.h>
#include <stdio.h>

/* --- ending a request --- */

int operator_ok(struct operator_call *call, int status, json_t *body)
{
	return json_answer(call->response, status, "application/json", body);
}

int operator_problem(struct operator_call *call, int status, const char *detail)
{
	return json_answer_problem(call->response, status, json_problem(status, detail));
}

int operator_method_refused(struct operator_call *call, const char *allow)
{
	call->response->allow = allow;
	return operator_problem(call, 405, "this method is not for this path");
}

/* Takes `subjects` over. */
static json_t *problem_with(json_t *problem, json_t *subjects)
{
	if (problem && subjects && json_object_set(problem, "subjects", subjects)) {
		json_decref(problem);
		problem = NULL;
	}
	json_decref(subjects);
	return problem;
}

int operator_subject_problem(struct operator_call *call, int status, const char *detail,
			     size_t index, const char *subject_id)
{
	json_t *subjects = json_pack("[{s:I, s:o, s:s}]", "index", (json_int_t)index, "subject_id",
				     json_text(subject_id), "detail", detail);

	return json_answer_problem(call->response, status,
				   problem_with(json_problem(status, detail), subjects));
}

int operator_refusal(struct operator_call *call, const struct refusal *refusal)
{
	return operator_refusal_of(call, refusal, NULL);
}

int operator_refusal_of(struct operator_call *call, const struct refusal *refusal, json_t *subjects)
{
	int status = refusal_http_status(refusal);
	char text[400];

	/* The operator may know what a client is not told. */
	snprintf(text, sizeof(text), refusal->detail ? "%s: %s" : "%s", refusal_words(refusal),
		 refusal->detail);
	call->reason = refusal_code(refusal->reason);
	return json_answer_problem(
		call->response, status,
		problem_with(json_problem_of_refusal(status, refusal, text), subjects));
}

int operator_fault(struct operator_call *call, int err)
{
	switch (err) {
	case STORE_NOT_FOUND:
		return operator_problem(call, 404, "there is nothing of that number");
	case STORE_CONFLICT:
		return operator_problem(call, 409, "somebody else changed it at the same time");
	case -ENOSPC:
	case -EDQUOT:
		return operator_problem(call, 503, "the disk of the server is full");
	case -ESTALE:
		return operator_problem(call, 503,
					"the database of the server is gone, or another "
					"file is in its place");
	default:
		if (store_fault_passes(err))
			return operator_problem(call, 503,
						"the database is away or busy: try again");
		return operator_problem(call, 500, "the server failed; its log says why");
	}
}

/* --- what endpoints share --- */

struct decision {
	struct operator_call *call;
	operator_decide *decide;
	void *arg;
};

static int decision_make(void *arg, struct refusal *refusal)
{
	const struct decision *decision = arg;

	return decision->decide(decision->call, decision->arg, refusal);
}

int operator_commit(struct operator_call *call, operator_decide *decide, void *arg,
		    struct refusal *refusal)
{
	struct decision decision = {call, decide, arg};

	return json_commit(call->worker, decision_make, &decision, refusal);
}

json_t *operator_body(const struct operator_call *call, char *detail, size_t size)
{
	return json_body_read(call->request->body, detail, size);
}

struct cmf_call operator_cmf_call(const struct operator_call *call, const struct cmf_principal *who,
				  struct refusal *refusal)
{
	struct cmf_call made = cmf_call_now(call->cmf, call->worker, who, refusal);

	made.origin = (struct cmf_origin){.request_id = call->request->id,
					  .has_uid = call->request->has_uid,
					  .uid = call->request->uid,
					  .user = call->user};
	return made;
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
