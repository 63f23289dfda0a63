// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/registrations: list (GET), Register (POST), deregister (DELETE).
 */
#include "call.h"
#include "encode.h"

#include <errno.h>
#include <string.h>

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
		.vnf_instance = json_query_get(&call->query, "vnf_instance_id"),
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

enum { SEVERAL = 2 };

struct deregister {
	enum cert_type cert_type;
	const char *subject_id;
	const char *vnf_instance; /* NULL: not said */
	const char *trust_domain; /* NULL: not said */
};

/* Which registration is meant: how many fit, up to SEVERAL. */
struct meant {
	int64_t id;
	size_t n;
	char *trust_domain;
};

static int meant_row(void *arg, const struct store_registration *reg)
{
	struct meant *meant = arg;

	if (meant->n++ > 0)
		return 0;
	meant->id = reg->id;
	meant->trust_domain = strdup(reg->trust_domain);
	return meant->trust_domain ? 0 : -ENOMEM;
}

/* Without a VNF instance the one without is meant, or else the only one there is. */
static int meant_find(struct operator_call *call, const struct deregister *d, struct meant *meant)
{
	struct store_registration_filter filter = {
		.subject_id = d->subject_id,
		.vnf_instance = d->vnf_instance ? d->vnf_instance : "",
		.trust_domain = d->trust_domain,
		.cert_type = (int)d->cert_type,
		.limit = SEVERAL,
	};
	int err = store_registration_list(call->worker->reader, &filter, meant_row, meant);

	if (err || meant->n || d->vnf_instance)
		return err;
	filter.vnf_instance = NULL;
	return store_registration_list(call->worker->reader, &filter, meant_row, meant);
}

static int deregister_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	struct meant meant = {0};
	struct cmf_principal who = {0};
	const struct cmf_call op = operator_cmf_call(call, &who, refusal);
	int err = meant_find(call, arg, &meant);

	if (!err && meant.n == 0)
		err = STORE_NOT_FOUND;
	if (!err && meant.n == SEVERAL)
		err = -ENOTUNIQ;
	if (!err) {
		who = operator_principal(call, meant.trust_domain);
		err = cmf_deregister_id(&op, meant.id);
	}
	free(meant.trust_domain);
	return err;
}

static int registration_remove(struct operator_call *call)
{
	const char *cert_type = json_query_get(&call->query, "cert_type");
	struct deregister d = {.subject_id = json_query_get(&call->query, "subject_id"),
			       .vnf_instance = json_query_get(&call->query, "vnf_instance_id"),
			       .trust_domain = json_query_get(&call->query, "trust_domain")};
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
	if (err == -ENOTUNIQ)
		return operator_problem(call, 409,
					"several entities have that subject_id: name the VNF "
					"instance and the trust domain");
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
