// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/registrations: list (GET), Register (POST), deregister (DELETE).
 */
#include "call.h"
#include "encode.h"

#include <errno.h>

/* --- list --- */

static int registration_row(void *arg, const struct store_registration *reg)
{
	return operator_page_add(arg, reg->id, operator_registration_json(reg));
}

/* The filter from the query; false with the problem if a value is wrong. */
static bool registration_filter(struct operator_call *call,
				struct store_registration_filter *filterp, const char **problemp)
{
	const char *cert_type = json_query_get(&call->query, "cert_type");
	int64_t all = 0;
	enum cert_type type;

	*filterp = (struct store_registration_filter){
		.subject_id = json_query_get(&call->query, "subject_id"),
		.manager = json_query_get(&call->query, "manager"),
		.trust_domain = json_query_get(&call->query, "trust_domain"),
		.cert_type = -1,
	};
	if (cert_type && cert_type_parse(cert_type, &type)) {
		*problemp = "cert_type must be ManoCert, VnfciCert or VnfOAMCert";
		return false;
	}
	if (cert_type)
		filterp->cert_type = (int)type;
	if (json_query_number(&call->query, "all", 1, &all)) {
		*problemp = "all must be 0 or 1";
		return false;
	}
	filterp->with_deregistered = all;
	return true;
}

static int registration_list(struct operator_call *call)
{
	struct store_registration_filter filter;
	struct operator_page page;
	const char *problem;
	int status;

	if (!registration_filter(call, &filter, &problem))
		return operator_problem(call, 400, problem);
	status = operator_page_begin(call, &page);
	if (status)
		return status;
	filter.after_id = page.after_id;
	filter.limit = page.limit;
	return operator_page_end(
		call, &page,
		store_registration_list(call->worker->reader, &filter, registration_row, &page));
}

/* --- Register, IFA 033 11.2.2 --- */

static int register_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	const struct operator_register *reg = arg;
	_cleanup_(cmf_principal_clear) struct cmf_principal who = {0};
	struct cmf_call op = operator_cmf_call(call, NULL, refusal);
	int err;

	err = cmf_admin_for_client(&op, reg->requester, &who);
	if (err)
		return err;
	op.who = &who;
	return cmf_register(&op, &reg->request);
}

static int registration_add(struct operator_call *call)
{
	struct operator_register reg = {0};
	struct refusal refusal = REFUSAL_NULL;
	char detail[200];
	json_t *body = operator_body(call, detail, sizeof(detail));
	int err, status;

	if (!body)
		return operator_problem(call, 400, detail);
	err = operator_register_decode(body, &reg, detail, sizeof(detail));
	if (err == -EINVAL) {
		status = operator_problem(call, 400, detail);
	} else {
		if (!err)
			err = operator_commit(call, register_decide, &reg, &refusal);
		status = err == 0         ? operator_ok(call, 200,
							json_pack("{s:I}", "registered",
								  (json_int_t)reg.request.n_subject_ids))
			 : err == REFUSED ? operator_refusal(call, &refusal)
					  : operator_fault(call, err);
	}
	operator_register_clear(&reg);
	json_decref(body);
	return status;
}

/* --- deregister --- */

struct deregister {
	enum cert_type cert_type;
	const char *subject_id;
};

static int deregister_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	const struct deregister *d = arg;
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	struct cmf_principal who = {0};
	const struct cmf_call op = operator_cmf_call(call, &who, refusal);
	int err;

	err = store_registration_find(call->worker->reader, d->cert_type, d->subject_id, &reg);
	if (err)
		return err;
	who = operator_principal(call, reg.trust_domain);
	return cmf_deregister(&op, d->cert_type, d->subject_id);
}

static int registration_remove(struct operator_call *call)
{
	const char *cert_type = json_query_get(&call->query, "cert_type");
	struct deregister d = {.subject_id = json_query_get(&call->query, "subject_id")};
	struct refusal refusal = REFUSAL_NULL;
	int err;

	if (json_query_unknown(&call->query))
		return operator_problem(call, 400, "the query has an unknown parameter");
	if (!d.subject_id || !cert_type || cert_type_parse(cert_type, &d.cert_type))
		return operator_problem(call, 400, "subject_id and cert_type are required");
	err = operator_commit(call, deregister_decide, &d, &refusal);
	if (err == REFUSED)
		return operator_refusal(call, &refusal);
	if (err == STORE_NOT_FOUND)
		return operator_problem(call, 404,
					"the entity is not registered for that certType");
	if (err)
		return operator_fault(call, err);
	return operator_ok(call, 200, json_pack("{s:I}", "deregistered", (json_int_t)1));
}

int operator_registrations(struct operator_call *call)
{
	switch (call->request->method) {
	case HTTP_GET:
		return registration_list(call);
	case HTTP_POST:
		return registration_add(call);
	case HTTP_DELETE:
		return registration_remove(call);
	case HTTP_PUT:
	case HTTP_PATCH:
	case HTTP_OTHER:
		break;
	}
	return operator_method_refused(call, "GET, POST, DELETE");
}
