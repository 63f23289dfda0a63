// SPDX-License-Identifier: Apache-2.0
/*
 * Register, IFA 033 11.2.2: POST /v1/registrations. All or nothing, and safe to repeat. What the
 * values mean is decided by cmf/.
 */
#include "attester.h"
#include "nfv/encode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct registering {
	struct cmf_register request;
	const char **subject_ids; /* borrowed texts of the body */
	struct json_attester attester;
	struct cmf_registered *registered;
	struct cmf_register_bad bad;
};

static void registering_free(void *arg)
{
	struct registering *r = arg;

	for (size_t i = 0; r && i < r->request.n_subject_ids; i++)
		cmf_registered_clear(&r->registered[i]);
	if (r) {
		free(r->subject_ids);
		free(r->registered);
		json_attester_clear(&r->attester);
	}
	free(r);
}

/* --- the request --- */

static int wrong(struct refusal *refusal, const char *member)
{
	return refuse_about(refusal, REFUSAL_nfv_member, "%s", member);
}

/* A text that may be absent, but not be empty. */
static int text_decode(const json_t *body, const char *member, const char **textp,
		       struct refusal *refusal)
{
	const json_t *value = json_object_get(body, member);

	*textp = json_string_value(value);
	return value && (!*textp || !**textp) ? wrong(refusal, member) : 0;
}

static int cert_type_decode(const json_t *body, struct cmf_register *request,
			    struct refusal *refusal)
{
	const char *text = json_string_value(json_object_get(body, "certType"));

	if (!text || cert_type_parse(text, &request->cert_type))
		return wrong(refusal, "certType");
	request->has_cert_type = true;
	return 0;
}

/* IFA 033 11.2.2.2, in the spelling of stage 3. */
static int handling_decode(const json_t *body, struct cmf_register *request,
			   struct refusal *refusal)
{
	static const char member[] = "typeOfVnfcCertHandling";
	const json_t *value = json_object_get(body, member);
	const char *text = json_string_value(value);

	request->handling = CERT_HANDLING_NONE;
	if (!value)
		return 0;
	if (text && strcmp(text, "DELEGATION_MODE") == 0)
		request->handling = CERT_HANDLING_DELEGATION;
	else if (text && strcmp(text, "DIRECT_MODE") == 0)
		request->handling = CERT_HANDLING_DIRECT;
	else
		return wrong(refusal, member);
	return 0;
}

static int subject_ids_decode(const json_t *body, struct registering *r, struct refusal *refusal)
{
	static const char member[] = "subjectId";
	const json_t *array = json_object_get(body, member), *item;
	size_t n = json_array_size(array), i;

	if (n == 0)
		return wrong(refusal, member);
	r->subject_ids = calloc(n, sizeof(*r->subject_ids));
	r->registered = calloc(n, sizeof(*r->registered));
	if (!r->subject_ids || !r->registered)
		return -ENOMEM;
	json_array_foreach(array, i, item)
	{
		r->subject_ids[i] = json_string_value(item);
		if (!r->subject_ids[i])
			return wrong(refusal, member);
	}
	r->request.subject_ids = r->subject_ids;
	r->request.n_subject_ids = n;
	r->request.registered = r->registered;
	r->request.bad = &r->bad;
	return 0;
}

static int attester_decode(const json_t *body, struct registering *r, struct refusal *refusal)
{
	const json_t *value = json_object_get(body, "attester");
	const char *member;
	int err;

	if (!value)
		return 0;
	err = json_attester_read(value, &json_attester_nfv, &r->attester, &member);
	if (err == -EINVAL)
		return wrong(refusal, member);
	r->request.attester = &r->attester.said;
	return err;
}

static int register_decode(const json_t *body, struct registering *r, struct refusal *refusal)
{
	int err = cert_type_decode(body, &r->request, refusal);

	if (err == 0)
		err = subject_ids_decode(body, r, refusal);
	if (err == 0)
		err = text_decode(body, "vnfInstanceId", &r->request.vnf_instance, refusal);
	if (err == 0)
		err = handling_decode(body, &r->request, refusal);
	if (err == 0)
		err = text_decode(body, "profile", &r->request.profile, refusal);
	if (err == 0)
		err = attester_decode(body, r, refusal);
	return err;
}

/* --- what is refused --- */

/* [{"name": "subjectId/3", "reason": ...}] */
static json_t *bad_json(const struct cmf_register_bad *bad)
{
	json_t *array = json_array();
	char name[40];

	for (size_t i = 0; array && i < bad->n; i++) {
		snprintf(name, sizeof(name), "subjectId/%zu", bad->index[i]);
		if (json_array_append_new(array, json_pack("{s:s, s:s}", "name", name, "reason",
							   refusal_text(bad->reason[i])))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* Names which of the subjectIds are refused, and links to one's own that has other parameters. */
static int register_refused(struct nfv_call *call, const struct registering *r,
			    const struct refusal *refusal)
{
	int64_t existing = r->bad.n ? r->bad.existing_id[0] : 0;
	json_t *members = NULL;

	if (r->bad.n)
		members = json_pack("{s:o}", "invalidParams", bad_json(&r->bad));
	if (members && existing) {
		_cleanup_(freep) char *uri = nfv_uri(call, JSON_REGISTRATION, existing);

		json_object_set_new(members, "existing", uri ? json_string(uri) : NULL);
	}
	return nfv_refusal_with(call, refusal, members);
}

/* --- the answer --- */

/*
 * Row by row into the text of the answer: ten thousand registrations are some megabytes as text,
 * and many times that as a tree.
 */
static int row_write(struct nfv_call *call, const struct store_registration *reg,
		     struct strbuf *out)
{
	json_t *json = nfv_registration_json(call, reg);
	_cleanup_(freep) char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	if (!text)
		return -ENOMEM;
	strbuf_add(out, text);
	return 0;
}

static int rows_write(struct nfv_call *call, const struct registering *r, struct strbuf *out)
{
	int err = 0;

	strbuf_add(out, "[");
	for (size_t i = 0; err == 0 && i < r->request.n_subject_ids; i++) {
		strbuf_add(out, i ? "," : "");
		err = row_write(call, &r->registered[i].registration, out);
	}
	strbuf_add(out, "]");
	return out->failed ? -ENOMEM : err;
}

static int rows_answer(struct nfv_call *call, const struct registering *r)
{
	_cleanup_(strbuf_clear) struct strbuf text = STRBUF_NULL;
	int status = 200, err = rows_write(call, r, &text);

	for (size_t i = 0; i < r->request.n_subject_ids; i++) {
		if (r->registered[i].fresh)
			status = 201;
	}
	if (err == 0 && r->request.n_subject_ids == 1)
		err = nfv_location_add(call, JSON_REGISTRATION, r->registered[0].registration.id);
	return err ? nfv_fault(call, err) : nfv_ok_text(call, status, &text);
}

/* --- its way --- */

/* The answer about one is short enough for the loop. */
static int register_decide(struct nfv_call *call, void *arg, struct refusal *refusal)
{
	const struct registering *r = arg;
	const struct cmf_call op = nfv_cmf_call(call, refusal);

	call->needs_worker = r->request.n_subject_ids > 1;
	return cmf_register(&op, &r->request);
}

static void register_take_ids(void *arg, const struct store_unit *unit)
{
	struct registering *r = arg;

	for (size_t i = 0; i < r->request.n_subject_ids; i++) {
		int64_t *idp = &r->registered[i].registration.id;

		*idp = store_unit_id(unit, *idp);
	}
}

static int register_answer(struct nfv_call *call, void *arg, int err, const struct refusal *refusal)
{
	const struct registering *r = arg;

	if (err == REFUSED)
		return register_refused(call, r, refusal);
	return err ? nfv_fault(call, err) : rows_answer(call, r);
}

static const struct nfv_deferred registering = {
	.decide = register_decide,
	.take_ids = register_take_ids,
	.answer = register_answer,
	.free = registering_free,
};

int nfv_register(struct nfv_call *call)
{
	struct registering *r = calloc(1, sizeof(*r));
	struct refusal refusal = REFUSAL_NULL;
	int err = r ? register_decode(call->body, r, &refusal) : -ENOMEM;
	int status;

	if (err == 0)
		return nfv_commit_later(call, &registering, r);
	status = err == REFUSED ? nfv_refusal(call, &refusal) : nfv_fault(call, err);
	registering_free(r);
	return status;
}
