// SPDX-License-Identifier: Apache-2.0
/*
 * VNFCs that a VNFM shows: what is new is registered, what has another resource gets a new initial
 * credential, and what had gone is back. See reconcile.h.
 */
#include "direct/reconcile.h"

#include <errno.h>
#include <string.h>

/* --- VNFCs that are there --- */

static const char *subject_of(const struct reconciling *r, const struct cmf_vnfc *vnfc)
{
	return r->vnf.names == STORE_VNF_NAMES_RESOURCE ? vnfc->resource_id : vnfc->vnfc_id;
}

/* The registered one that it is: by the identifier that the VNF goes by, or else by the other. */
static struct known *known_find(const struct reconciling *r, const struct cmf_vnfc *vnfc)
{
	const bool by_resource = r->vnf.names == STORE_VNF_NAMES_RESOURCE;

	if (subject_of(r, vnfc))
		return by_resource ? known_index_find(&r->by_resource, vnfc->resource_id)
				   : known_index_find(&r->by_vnfc, vnfc->vnfc_id);
	return by_resource ? known_index_find(&r->by_vnfc, vnfc->vnfc_id)
			   : known_index_find(&r->by_resource, vnfc->resource_id);
}

static bool texts_differ(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") != 0;
}

static int newest_take(void *arg, const struct store_certificate *cert)
{
	*(int64_t *)arg = cert->id;
	return 0;
}

static int newest_certificate(const struct reconciling *r, int64_t registration_id, int64_t *idp)
{
	const struct store_certificate_filter filter = {
		.registration_id = registration_id, .state = -1, .newest_first = true, .limit = 1};

	*idp = 0;
	return store_certificate_list(r->call.reader, &filter, newest_take, idp);
}

static int credential_renew(const struct reconciling *r, int64_t registration_id)
{
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	int err = store_registration_get(r->call.reader, registration_id, &reg);

	if (err != 0 || r->view->dry_run)
		return err < 0 ? err : 0;
	return initial_make(&r->call, r->vnfm, &reg);
}

/* Another resource is another machine, which has neither key nor certificate of the one before. */
static int vnfc_replaced(struct reconciling *r, struct store_vnfc *row)
{
	int err = newest_certificate(r, row->registration_id, &row->replaced_id);

	r->report->replaced++;
	comparison_tell(r, row->subject_id, "has another resource");
	if (err == 0)
		err = credential_renew(r, row->registration_id);
	return err == 0 ? audit_add(&r->call, "replace resource", row->subject_id, row->resource_id)
			: err;
}

/* Back from whatever state it was in. */
static int vnfc_returned(struct reconciling *r, struct store_vnfc *row)
{
	bool had_certificate = true;
	int err = 0;

	r->report->returned++;
	comparison_tell(r, row->subject_id, "is back");
	if (row->state == STORE_VNFC_ON_HOLD)
		err = direct_release(&r->call, row, &had_certificate);
	if (err == 0 && !had_certificate)
		err = credential_renew(r, row->registration_id);
	row->state = STORE_VNFC_PRESENT;
	row->state_ms = r->call.now_ms;
	row->due_ms = row->resync = 0;
	row->operation_id = NULL;
	return err;
}

static int vnfc_keep(struct reconciling *r, struct known *k, const struct cmf_vnfc *vnfc)
{
	struct store_vnfc row = k->row;
	bool other = row.resource_id && vnfc->resource_id &&
		     texts_differ(row.resource_id, vnfc->resource_id);
	bool changed = row.state != STORE_VNFC_PRESENT;
	int err = 0;

	if (k->seen)
		return 0;
	k->seen = true;
	changed = changed || (vnfc->vnfc_id && texts_differ(row.vnfc_id, vnfc->vnfc_id)) ||
		  (vnfc->resource_id && texts_differ(row.resource_id, vnfc->resource_id)) ||
		  (vnfc->vdu_id && texts_differ(row.vdu_id, vnfc->vdu_id));
	if (!changed) {
		r->report->present++;
		return 0;
	}
	/* What is not said is as it was: SOL 002 5.5.3.23, a VNFC may have lost its resources. */
	row.vnfc_id = vnfc->vnfc_id ? vnfc->vnfc_id : row.vnfc_id;
	row.resource_id = vnfc->resource_id ? vnfc->resource_id : row.resource_id;
	row.vdu_id = vnfc->vdu_id ? vnfc->vdu_id : row.vdu_id;
	if (row.state != STORE_VNFC_PRESENT)
		err = vnfc_returned(r, &row);
	else if (!other)
		r->report->present++;
	if (err == 0 && other)
		err = vnfc_replaced(r, &row);
	if (err == 0)
		err = store_vnfc_update(r->call.unit, &row, k->row.state);
	return err == 0 ? batch_grow(r) : err;
}

static void log_refused(const struct reconciling *r, const char *subject_id)
{
	r->report->refused++;
	comparison_tell(r, subject_id, refusal_words(&r->refusal));
	log_event(LOG_LEVEL_WARNING, "VNFC not registered", F_TEXT("vnfm", r->vnfm->name),
		  F_TEXT("vnfInstanceId", r->view->vnf_instance_id), F_TEXT("vnfcId", subject_id),
		  F_TEXT("reason", refusal_code(r->refusal.reason)),
		  F_TEXT("detail", refusal_detail(&r->refusal)));
}

/* Whether it is somebody else's by what register.c says. */
static bool is_of_others(const struct refusal *refusal)
{
	return refusal->reason == REFUSAL_entity_of_another_manager ||
	       refusal->reason == REFUSAL_registration_conflict;
}

/* Whether it came of this VNFM, which was forgotten and is there again. */
static int own_check(const struct reconciling *r, const struct store_registration *reg, bool *ownp)
{
	_cleanup_(store_vnfc_clear) struct store_vnfc vnfc = {0};
	int err;

	*ownp = false;
	if (!reg->source || strcmp(reg->source, r->source.name) != 0)
		return 0;
	err = store_vnfc_get(r->call.reader, reg->id, &vnfc);
	*ownp = err == STORE_NOT_FOUND;
	return err < 0 ? err : 0;
}

/* 0: regp->id stands for the registration in the unit, or is 0: there is none of this VNFM. */
static int entity_register(struct reconciling *r, const char *subject_id, const char *profile_name,
			   struct store_registration *regp)
{
	const struct conf_profile *profile = conf_profile_find(r->call.cmf->conf, profile_name);
	_cleanup_(cmf_registered_clear) struct cmf_registered registered = {0};
	bool own = false;
	const struct cmf_register request = {
		.has_cert_type = profile != NULL,
		.cert_type = profile ? profile->cert_type : CERT_TYPE_VNFCI,
		.vnf_instance = r->view->vnf_instance_id,
		.subject_ids = &subject_id,
		.n_subject_ids = 1,
		.handling = CERT_HANDLING_DIRECT,
		.profile = profile_name,
		.registered = &registered,
	};
	int err;

	r->refusal = REFUSAL_NULL;
	err = cmf_register(&r->call, &request);
	if (err < 0)
		return err;
	if (err == REFUSED && !is_of_others(&r->refusal)) {
		log_refused(r, subject_id);
		return 0;
	}
	if (err == 0 && !registered.fresh)
		err = own_check(r, &registered.registration, &own);
	if (err < 0)
		return err;
	/* IFA 033 11.2.2: in delegation mode, say. It is shown, and left alone. */
	if (err == REFUSED || (!registered.fresh && !own)) {
		r->report->others++;
		comparison_tell(r, subject_id, "is registered otherwise");
		return 0;
	}
	*regp = (struct store_registration){
		.id = registered.registration.id,
		.vnf_instance = (char *)(uintptr_t)r->view->vnf_instance_id,
		.subject_id = (char *)(uintptr_t)subject_id,
		.trust_domain = r->vnfm->trust_domain,
	};
	return 0;
}

static int vnfc_register(struct reconciling *r, const struct cmf_vnfc *vnfc)
{
	const char *vnfd_id = r->view->vnf->vnfd_id, *vdu_id = vnfc->vdu_id;
	/* What is not said fits a rule that asks for nothing. */
	const struct conf_vnfm_rule *rule = conf_vnfm_rule_for(
		r->call.cmf->conf, r->vnfm, vnfd_id ? vnfd_id : "", vdu_id ? vdu_id : "");
	const char *subject_id = subject_of(r, vnfc);
	struct store_registration reg = {0};
	struct store_vnfc row;
	bool fresh;
	int err;

	if (rule && rule->exclude) {
		r->report->excluded++;
		comparison_tell(r, subject_id, "is excluded by a rule");
		return 0;
	}
	err = entity_register(r, subject_id,
			      rule && rule->profile ? rule->profile : r->vnfm->profile, &reg);
	if (err != 0 || !reg.id)
		return err;
	row = (struct store_vnfc){.registration_id = reg.id,
				  .vnf_id = r->vnf.id,
				  .vnfc_id = vnfc->vnfc_id,
				  .resource_id = vnfc->resource_id,
				  .vdu_id = vnfc->vdu_id,
				  .state = STORE_VNFC_PRESENT,
				  .state_ms = r->call.now_ms};
	fresh = reg.id < 0;
	++*(fresh ? &r->report->registered : &r->report->returned);
	comparison_tell(r, subject_id, fresh ? "is new" : "is followed again");
	err = store_vnfc_insert(r->call.unit, &row);
	if (err == 0 && fresh && !r->view->dry_run)
		err = initial_make(&r->call, r->vnfm, &reg);
	return err == 0 ? batch_grow(r) : err;
}

/* One that is not registered. */
struct fresh {
	const char *subject_id;
	const struct cmf_vnfc *vnfc;
};

static int fresh_order(const void *a, const void *b)
{
	const struct fresh *one = a, *other = b;

	return strcmp(one->subject_id, other->subject_id);
}

/* Each once: a VNFM may say the same twice. */
static int fresh_register(struct reconciling *r, struct fresh *fresh, size_t n)
{
	int err = 0;

	qsort(fresh, n, sizeof(*fresh), fresh_order);
	for (size_t i = 0; i < n && err == 0; i++)
		if (i == 0 || strcmp(fresh[i - 1].subject_id, fresh[i].subject_id) != 0)
			err = vnfc_register(r, fresh[i].vnfc);
	return err;
}

int present_compare(struct reconciling *r)
{
	size_t n = comparison_shown(r->view), n_fresh = 0;
	_cleanup_(freep) struct fresh *fresh = calloc(n + 1, sizeof(*fresh));
	int err = fresh ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && err == 0; i++) {
		const struct cmf_vnfc *vnfc = &r->view->vnf->vnfcs[i];
		struct known *k = known_find(r, vnfc);

		if (k)
			err = vnfc_keep(r, k, vnfc);
		else if (subject_of(r, vnfc))
			fresh[n_fresh++] = (struct fresh){subject_of(r, vnfc), vnfc};
		else
			comparison_tell(r, vnfc->resource_id ? vnfc->resource_id : vnfc->vnfc_id,
					"shows no identifier of the kind that its VNF goes by");
	}
	return err == 0 ? fresh_register(r, fresh, n_fresh) : err;
}
