// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/registrations: list (GET), Register (POST), another attester or profile (PATCH), deregister
 * (DELETE).
 */
#include "call.h"
#include "encode.h"
#include "values.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- list --- */

struct registration_walk {
	struct operator_page page;
	struct store_reader *reader;
};

static int registration_row(void *arg, const struct store_registration *reg)
{
	struct registration_walk *walk = arg;
	_cleanup_(cmf_attester_clear) struct cmf_attester attester = {0};
	int err = cmf_attester_get(walk->reader, reg, &attester);

	if (err < 0)
		return err;
	return operator_page_add(&walk->page, reg->id,
				 operator_registration_json(reg, err == 0 ? &attester : NULL));
}

bool operator_registration_filter(struct operator_call *call,
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
		.profile = json_query_get(&call->query, "profile"),
		.ca = json_query_get(&call->query, "ca"),
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
	struct registration_walk walk = {.reader = call->worker->reader};
	const char *problem;
	int status;

	if (!operator_registration_filter(call, &filter, &problem))
		return operator_problem(call, 400, problem);
	status = operator_page_begin(call, &walk.page);
	if (status)
		return status;
	filter.after_id = walk.page.after_id;
	filter.limit = walk.page.limit;
	return operator_page_end(
		call, &walk.page,
		store_registration_list(walk.reader, &filter, registration_row, &walk));
}

/* --- Register, IFA 033 11.2.2 --- */

static int register_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	const struct operator_register *reg = arg;
	_cleanup_(cmf_principal_clear) struct cmf_principal who = {0};
	struct cmf_call op = operator_cmf_call(call, NULL, refusal);
	int err;

	reg->request.bad->n = 0; /* of the attempt before */
	err = cmf_admin_for_client(&op, reg->requester, &who);
	if (err)
		return err;
	op.who = &who;
	return cmf_register(&op, &reg->request);
}

/* [{"index", "subject_id", "reason", "detail"}], of the first that were refused. */
static json_t *bad_json(const struct operator_register *reg)
{
	const struct cmf_register_bad *bad = reg->request.bad;
	json_t *subjects = json_array();

	for (size_t i = 0; subjects && i < bad->n; i++) {
		const struct refusal refusal = {.reason = bad->reason[i]};

		json_array_append_new(subjects,
				      json_pack("{s:I, s:o, s:s, s:s}", "index",
						(json_int_t)bad->index[i], "subject_id",
						json_text(reg->subject_ids[bad->index[i]]),
						"reason", refusal_code(refusal.reason), "detail",
						refusal_words(&refusal)));
	}
	return subjects;
}

static int registration_add(struct operator_call *call)
{
	struct cmf_register_bad bad = {0};
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
		reg.request.bad = &bad;
		if (!err)
			err = operator_commit(call, register_decide, &reg, &refusal);
		status = err == 0         ? operator_ok(call, 200,
							json_pack("{s:I}", "registered",
								  (json_int_t)reg.request.n_subject_ids))
			 : err == REFUSED ? operator_refusal_of(call, &refusal, bad_json(&reg))
					  : operator_fault(call, err);
	}
	operator_register_clear(&reg);
	json_decref(body);
	return status;
}

/* --- the one that a query names --- */

enum { SEVERAL = 2 };

struct named {
	enum cert_type cert_type;
	const char *subject_id;
	const char *vnf_instance; /* NULL: not said */
	const char *trust_domain; /* NULL: not said */
};

/* 0, or the status of the problem that was answered. */
static int named_read(struct operator_call *call, struct named *namedp)
{
	const char *cert_type = json_query_get(&call->query, "cert_type");

	*namedp = (struct named){.subject_id = json_query_get(&call->query, "subject_id"),
				 .vnf_instance = json_query_get(&call->query, "vnf_instance_id"),
				 .trust_domain = json_query_get(&call->query, "trust_domain")};
	if (json_query_unknown(&call->query))
		return operator_problem(call, 400, "the query has an unknown parameter");
	if (!namedp->subject_id || !cert_type || cert_type_parse(cert_type, &namedp->cert_type))
		return operator_problem(call, 400, "subject_id and cert_type are required");
	return 0;
}

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
static int meant_list(struct operator_call *call, const struct named *named, struct meant *meant)
{
	struct store_registration_filter filter = {
		.subject_id = named->subject_id,
		.vnf_instance = named->vnf_instance ? named->vnf_instance : "",
		.trust_domain = named->trust_domain,
		.cert_type = (int)named->cert_type,
		.limit = SEVERAL,
	};
	int err = store_registration_list(call->worker->reader, &filter, meant_row, meant);

	if (err || meant->n || named->vnf_instance)
		return err;
	filter.vnf_instance = NULL;
	return store_registration_list(call->worker->reader, &filter, meant_row, meant);
}

/* 0, STORE_NOT_FOUND, -ENOTUNIQ, or another negative errno. */
static int meant_find(struct operator_call *call, const struct named *named, struct meant *meant)
{
	int err = meant_list(call, named, meant);

	if (!err && meant->n == 0)
		err = STORE_NOT_FOUND;
	if (!err && meant->n == SEVERAL)
		err = -ENOTUNIQ;
	return err;
}

static const char meant_unknown[] = "the entity is not registered for that certType";
static const char meant_several[] = "several entities have that subject_id: name the VNF instance "
				    "and the trust domain";

static int meant_failed(struct operator_call *call, const struct refusal *refusal, int err)
{
	if (err == REFUSED)
		return operator_refusal(call, refusal);
	if (err == STORE_NOT_FOUND)
		return operator_problem(call, 404, meant_unknown);
	if (err == -ENOTUNIQ)
		return operator_problem(call, 409, meant_several);
	return operator_fault(call, err);
}

/* --- another attester or profile --- */

struct update {
	struct named named;
	const json_t *attester; /* a merge patch; null: none; NULL: it stays */
	const json_t *profile;  /* a text; null: the default of the certType; NULL: it stays */
	char *detail;
	size_t size;
};

/* -EINVAL with the problem in update->detail. */
static int attester_update(const struct update *update, const struct cmf_call *op,
			   const struct store_registration *reg)
{
	_cleanup_(cmf_attester_clear) struct cmf_attester before = {0};
	_cleanup_(json_attester_clear) struct json_attester attester = {0};
	json_t *merged;
	int err;

	if (json_is_null(update->attester))
		return cmf_registration_set_attester(op, reg, NULL);
	err = cmf_attester_get(op->reader, reg, &before);
	if (err < 0)
		return err;
	merged = json_attester_merge(err == 0 ? &before : NULL, update->attester,
				     &json_attester_operator);
	err = merged ? operator_attester_decode(merged, &attester, update->detail, update->size)
		     : -ENOMEM;
	if (!err)
		err = cmf_registration_set_attester(op, reg, &attester.said);
	json_decref(merged);
	return err;
}

static int update_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	const struct update *update = arg;
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	_cleanup_(freep) char *trust_domain = NULL;
	struct meant meant = {0};
	struct cmf_principal who = {0};
	const struct cmf_call op = operator_cmf_call(call, &who, refusal);
	int err = meant_find(call, &update->named, &meant);

	trust_domain = meant.trust_domain;
	who = operator_principal(call, trust_domain);
	if (!err)
		err = cmf_registration_find(&op, meant.id, &reg);
	if (!err && update->profile)
		err = cmf_registration_change(&op, &reg, json_string_value(update->profile));
	if (!err && update->attester)
		err = attester_update(update, &op, &reg);
	return err;
}

static int update_decode(const json_t *body, struct update *update)
{
	json_error_t error;

	if (json_unpack_ex((json_t *)(uintptr_t)body, &error, JSON_STRICT, "{s?o, s?o}", "attester",
			   &update->attester, "profile", &update->profile))
		return operator_decode_refused(&error, update->detail, update->size);
	if ((update->attester && !json_is_object(update->attester) &&
	     !json_is_null(update->attester)) ||
	    (update->profile && !json_is_string(update->profile) &&
	     !json_is_null(update->profile))) {
		snprintf(update->detail, update->size,
			 "attester must be an object or null, profile a text or null");
		return -EINVAL;
	}
	return 0;
}

static int registration_update(struct operator_call *call)
{
	char detail[240];
	struct update update = {.detail = detail, .size = sizeof(detail)};
	struct refusal refusal = REFUSAL_NULL;
	int status = named_read(call, &update.named), err;
	json_t *body;

	if (status)
		return status;
	body = operator_body(call, detail, sizeof(detail));
	if (!body)
		return operator_problem(call, 400, detail);
	err = update_decode(body, &update);
	if (!err)
		err = operator_commit(call, update_decide, &update, &refusal);
	status = err == -EINVAL ? operator_problem(call, 400, detail)
		 : err          ? meant_failed(call, &refusal, err)
		       : operator_ok(call, 200, json_pack("{s:I}", "updated", (json_int_t)1));
	json_decref(body);
	return status;
}

/* --- deregister --- */

static int deregister_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	struct meant meant = {0};
	struct cmf_principal who = {0};
	const struct cmf_call op = operator_cmf_call(call, &who, refusal);
	int err = meant_find(call, arg, &meant);

	if (!err) {
		who = operator_principal(call, meant.trust_domain);
		err = cmf_deregister_id(&op, meant.id);
	}
	free(meant.trust_domain);
	return err;
}

static int registration_remove(struct operator_call *call)
{
	struct named named;
	struct refusal refusal = REFUSAL_NULL;
	int status = named_read(call, &named), err;

	if (status)
		return status;
	err = operator_commit(call, deregister_decide, &named, &refusal);
	return err ? meant_failed(call, &refusal, err)
		   : operator_ok(call, 200, json_pack("{s:I}", "deregistered", (json_int_t)1));
}

/* --- deregister many --- */

enum { DEREGISTER_MAX = 10000 };

struct removal {
	struct named named; /* subject_id: of the one that is looked for */
	const char **subject_ids;
	size_t n;
	int64_t *ids; /* of those that were found */
	size_t at;    /* the one that it came to */
};

static bool found_before(const struct removal *removal, size_t n, int64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (removal->ids[i] == id)
			return true;
	return false;
}

static int removal_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	struct removal *removal = arg;
	struct cmf_principal who = {0};
	const struct cmf_call op = operator_cmf_call(call, &who, refusal);
	int err = 0;

	for (removal->at = 0; removal->at < removal->n && !err; removal->at++) {
		struct meant meant = {0};
		size_t i = removal->at;

		removal->named.subject_id = removal->subject_ids[i];
		err = meant_find(call, &removal->named, &meant);
		removal->ids[i] = meant.id;
		who = operator_principal(call, meant.trust_domain);
		if (!err && !found_before(removal, i, meant.id))
			err = cmf_deregister_id(&op, meant.id);
		free(meant.trust_domain);
		if (err)
			return err;
	}
	return err;
}

/* Takes what of it is borrowed from the body. NULL, or what is wrong with it. */
static const char *removal_decode(json_t *body, struct removal *removal)
{
	const char *cert_type;
	json_t *ids, *id;
	size_t i;

	if (json_unpack_ex(body, NULL, JSON_STRICT, "{s:s, s:o, s?s, s?s}", "cert_type", &cert_type,
			   "subject_ids", &ids, "vnf_instance_id", &removal->named.vnf_instance,
			   "trust_domain", &removal->named.trust_domain))
		return "cert_type and subject_ids are required; vnf_instance_id and trust_domain "
		       "may be given";
	if (cert_type_parse(cert_type, &removal->named.cert_type))
		return "cert_type must be ManoCert, VnfciCert or VnfOAMCert";
	removal->n = json_array_size(ids);
	if (removal->n == 0 || removal->n > DEREGISTER_MAX)
		return "subject_ids must be an array of 1 to 10000 strings";
	removal->subject_ids = calloc(removal->n, sizeof(*removal->subject_ids));
	removal->ids = calloc(removal->n, sizeof(*removal->ids));
	if (!removal->subject_ids || !removal->ids)
		return "out of memory";
	json_array_foreach(ids, i, id)
	{
		removal->subject_ids[i] = json_string_value(id);
		if (!removal->subject_ids[i])
			return "subject_ids must be an array of strings";
	}
	return NULL;
}

static int removal_failed(struct operator_call *call, const struct removal *removal,
			  const struct refusal *refusal, int err)
{
	const char *subject_id = removal->subject_ids[removal->at];

	if (err == STORE_NOT_FOUND)
		return operator_subject_problem(call, 404, meant_unknown, removal->at, subject_id);
	if (err == REFUSED)
		return operator_refusal_of(
			call, refusal,
			json_pack("[{s:I, s:o, s:s, s:s}]", "index", (json_int_t)removal->at,
				  "subject_id", json_text(subject_id), "reason",
				  refusal_code(refusal->reason), "detail", refusal_words(refusal)));
	if (err == -ENOTUNIQ)
		return operator_subject_problem(call, 409, meant_several, removal->at, subject_id);
	return meant_failed(call, refusal, err);
}

/* POST /v1/registrations/deregister: all of them or none. */
int operator_deregister(struct operator_call *call)
{
	struct removal removal = {0};
	struct refusal refusal = REFUSAL_NULL;
	char detail[200];
	json_t *body;
	const char *problem;
	int status, err;

	if (json_query_unknown(&call->query))
		return operator_problem(call, 400, "the query has an unknown parameter");
	body = operator_body(call, detail, sizeof(detail));
	if (!body)
		return operator_problem(call, 400, detail);
	problem = removal_decode(body, &removal);
	if (problem) {
		status = operator_problem(call, 400, problem);
	} else {
		err = operator_commit(call, removal_decide, &removal, &refusal);
		status = err ? removal_failed(call, &removal, &refusal, err)
			     : operator_ok(
				       call, 200,
				       json_pack("{s:I}", "deregistered", (json_int_t)removal.n));
	}
	free(removal.subject_ids);
	free(removal.ids);
	json_decref(body);
	return status;
}

int operator_registrations(struct operator_call *call)
{
	switch (call->request->method) {
	case HTTP_GET:
		return registration_list(call);
	case HTTP_POST:
		return registration_add(call);
	case HTTP_PATCH:
		return registration_update(call);
	case HTTP_DELETE:
		return registration_remove(call);
	case HTTP_PUT:
	case HTTP_OTHER:
		break;
	}
	return operator_method_refused(call, "GET, POST, PATCH, DELETE");
}
