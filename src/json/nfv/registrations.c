// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/registrations: the list of them (GET), and one of them: read (GET), another profile or
 * attester (PATCH), its end (DELETE). Register is register.c's.
 */
#include "nfv/registrations.h"
#include "attester.h"
#include "nfv/encode.h"

#include <errno.h>
#include <string.h>

/* --- list --- */

static int registration_row(void *arg, const struct store_registration *reg)
{
	struct nfv_list *list = arg;
	json_t *item;
	int err = 0;

	if (reg->state != STORE_REGISTRATION_ACTIVE ||
	    !cmf_may_see_registration(&list->call->principal, reg)) {
		nfv_list_skip(list, reg->id, 0);
		return 0;
	}
	item = nfv_registration_json(list->call, reg);
	if (!item)
		return -ENOMEM;
	if (nfv_list_fits(list, reg->id, 0, item)) {
		if (nfv_selected(&list->selection, "attester"))
			err = nfv_registration_json_complete(list->call, reg, item);
		if (!err)
			return nfv_list_add(list, item);
	}
	json_decref(item);
	return err;
}

struct store_registration_filter nfv_registrations_asked(const struct nfv_list *list,
							 const struct cmf_scope *scope)
{
	const char *cert_type = nfv_filter_text(list->filter, "certType");
	enum cert_type type;

	return (struct store_registration_filter){
		.subject_id = nfv_filter_text(list->filter, "subjectId"),
		.vnf_instance = nfv_filter_text(list->filter, "vnfInstanceId"),
		.manager = scope->manager,
		.trust_domain = scope->manager ? NULL : scope->trust_domain,
		.cert_type = cert_type && cert_type_parse(cert_type, &type) == 0 ? (int)type : -1,
		.with_deregistered = true,
		.after_id = list->after.id,
		.limit = list->rows_max,
	};
}

int nfv_registrations_list(struct nfv_call *call)
{
	const struct cmf_scope scope = cmf_scope(&call->principal);
	struct store_registration_filter filter;
	struct nfv_list list;
	int status = nfv_list_begin(call, &nfv_registration_attributes, &list);

	if (status)
		return status;
	/* The holder of a certificate has no registrations. */
	if (!scope.trust_domain)
		return nfv_list_end(&list, 0);
	filter = nfv_registrations_asked(&list, &scope);
	return nfv_list_end(&list, store_registration_list(call->worker->reader, &filter,
							   registration_row, &list));
}

/* --- one of them --- */

/* All that is said of it. 0 or negative errno. */
static int registration_json(const struct nfv_call *call, const struct store_registration *reg,
			     json_t **jsonp)
{
	json_t *json = nfv_registration_json(call, reg);
	int err = json ? nfv_registration_json_complete(call, reg, json) : -ENOMEM;

	if (err)
		json_decref(json);
	else
		*jsonp = json;
	return err;
}

/* One that there is for who asks, as JSON. 0, STORE_NOT_FOUND, negative errno. */
static int registration_read(struct nfv_call *call, int64_t id, json_t **jsonp)
{
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	int err = store_registration_get(call->worker->reader, id, &reg);

	if (err)
		return err;
	if (reg.state != STORE_REGISTRATION_ACTIVE ||
	    !cmf_may_see_registration(&call->principal, &reg))
		return STORE_NOT_FOUND;
	return registration_json(call, &reg, jsonp);
}

static int registration_answer(struct nfv_call *call, int64_t id)
{
	json_t *json;
	int err = registration_read(call, id, &json);

	return err ? nfv_fault(call, err) : nfv_ok_tagged(call, json);
}

int nfv_registration_get(struct nfv_call *call)
{
	int64_t id;
	int err = nfv_path_id(call, JSON_REGISTRATION, &id);

	return err ? nfv_fault(call, err) : registration_answer(call, id);
}

/* --- changing one --- */

/* One's own, in the state that If-Match names, if it names one. 0, REFUSED, STORE_NOT_FOUND,
 * negative errno. */
static int registration_find(struct nfv_call *call, int64_t id, struct store_registration *regp,
			     struct refusal *refusal)
{
	const struct cmf_call op = nfv_cmf_call(call, refusal);
	json_t *json;
	bool fits;
	int err = cmf_registration_find(&op, id, regp);

	if (err)
		return err;
	err = registration_json(call, regp, &json);
	if (err)
		return err;
	fits = nfv_if_match(call, json);
	json_decref(json);
	return fits ? 0 : refuse(refusal, REFUSAL_nfv_precondition);
}

static int change_failed(struct nfv_call *call, const struct refusal *refusal, int err)
{
	return err == REFUSED ? nfv_refusal(call, refusal) : nfv_fault(call, err);
}

/* RFC 7396: null takes the attester away; of an object, what it does not say stays. */
static int attester_patch(const struct cmf_call *op, const struct store_registration *reg,
			  const json_t *patch)
{
	_cleanup_(json_attester_clear) struct json_attester attester = {0};
	_cleanup_(cmf_attester_clear) struct cmf_attester before = {0};
	const char *member = "attester";
	json_t *merged;
	int err;

	if (json_is_null(patch))
		return cmf_registration_set_attester(op, reg, NULL);
	if (!json_is_object(patch))
		return refuse_about(op->refusal, REFUSAL_nfv_member, "%s", member);
	err = cmf_attester_get(op->reader, reg, &before);
	if (err < 0)
		return err;
	merged = json_attester_merge(err == 0 ? &before : NULL, patch, &json_attester_nfv);
	err = merged ? json_attester_read(merged, &json_attester_nfv, &attester, &member) : -ENOMEM;
	if (err == 0)
		err = cmf_registration_set_attester(op, reg, &attester.said);
	else if (err == -EINVAL)
		err = refuse_about(op->refusal, REFUSAL_nfv_member, "%s", member);
	json_decref(merged);
	return err;
}

/* RFC 7396: null takes the profile away, and that of the certType holds again. */
static int patch_decide(struct nfv_call *call, void *arg, struct refusal *refusal)
{
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	const struct cmf_call op = nfv_cmf_call(call, refusal);
	const json_t *profile = json_object_get(call->body, "profile");
	const json_t *attester = json_object_get(call->body, "attester");
	const int64_t *id = arg;
	int err = registration_find(call, *id, &reg, refusal);

	if (err)
		return err;
	if (profile && !json_is_string(profile) && !json_is_null(profile))
		return refuse_about(refusal, REFUSAL_nfv_member, "profile");
	if (profile)
		err = cmf_registration_change(&op, &reg, json_string_value(profile));
	if (!err && attester)
		err = attester_patch(&op, &reg, attester);
	return err;
}

int nfv_registration_patch(struct nfv_call *call)
{
	struct refusal refusal = REFUSAL_NULL;
	int64_t id;
	int err = nfv_path_id(call, JSON_REGISTRATION, &id);

	if (err == 0)
		err = nfv_commit(call, patch_decide, &id, &refusal);
	return err ? change_failed(call, &refusal, err) : registration_answer(call, id);
}

struct removal {
	int64_t id;
	bool revoke;
};

static int remove_decide(struct nfv_call *call, void *arg, struct refusal *refusal)
{
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	const struct cmf_call op = nfv_cmf_call(call, refusal);
	const struct removal *removal = arg;
	int err = registration_find(call, removal->id, &reg, refusal);

	return err ? err : cmf_registration_remove(&op, &reg, removal->revoke);
}

const char *const nfv_registration_delete_query[] = {"revoke", NULL};

int nfv_registration_delete(struct nfv_call *call)
{
	const char *revoke = json_query_get(&call->query, "revoke");
	struct removal removal = {.revoke = revoke && strcmp(revoke, "true") == 0};
	struct refusal refusal = REFUSAL_NULL;
	int err;

	if (revoke && !removal.revoke && strcmp(revoke, "false") != 0)
		return nfv_refuse(call, REFUSAL_nfv_query_value);
	err = nfv_path_id(call, JSON_REGISTRATION, &removal.id);
	if (err == 0)
		err = nfv_commit(call, remove_decide, &removal, &refusal);
	return err ? change_failed(call, &refusal, err) : nfv_no_content(call);
}
