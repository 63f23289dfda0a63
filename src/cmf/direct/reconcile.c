// SPDX-License-Identifier: Apache-2.0
/*
 * Comparing what a VNFM shows of a VNF with what is registered from it. Every event, every resync
 * and every start of the server goes this way. Comes after lcm/, which asked the VNFM; what has
 * gone is marked here, and ended by ending.c.
 */
#include "direct/direct.h"

#include "base/fault_point.h"

#include <errno.h>
#include <string.h>

enum {
	/* VNFCs whose changes are one unit: what is in memory, and what a conflict repeats. */
	BATCH = 100,
	/* Somebody else may change the same rows, housekeeping above all; hardly so often. */
	ATTEMPTS = 10,
};

/* A VNFC that is registered, and whether the view has it. */
struct known {
	struct store_vnfc row;
	bool seen;
};

/* By one of its identifiers. */
struct known_by {
	const char *id;
	struct known *known;
};

struct known_index {
	struct known_by *item;
	size_t len;
};

/* A comparison while it is made. */
struct reconciling {
	struct cmf_call call;
	const struct conf_vnfm *vnfm;
	const struct cmf_direct_view *view;
	struct cmf_direct_report *report;
	struct direct_source source;
	struct refusal refusal;
	struct store_vnf vnf;
	struct known *known;
	size_t n_known, size_known;
	struct known_index by_vnfc, by_resource;
	size_t batch; /* as many VNFCs are one unit */
	size_t n_batch;
};

/* --- what is registered --- */

static int known_add(void *arg, const struct store_vnfc *vnfc)
{
	struct reconciling *r = arg;
	struct store_vnfc *row;

	if (r->n_known == r->size_known) {
		size_t size = r->size_known ? 2 * r->size_known : 16;
		struct known *grown = reallocarray(r->known, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		r->known = grown;
		r->size_known = size;
	}
	r->known[r->n_known] = (struct known){.row = *vnfc};
	row = &r->known[r->n_known++].row;
	/* The walk frees its own. */
	row->vnfc_id = vnfc->vnfc_id ? strdup(vnfc->vnfc_id) : NULL;
	row->resource_id = vnfc->resource_id ? strdup(vnfc->resource_id) : NULL;
	row->vdu_id = vnfc->vdu_id ? strdup(vnfc->vdu_id) : NULL;
	row->subject_id = strdup(vnfc->subject_id);
	row->vnfm = row->vnf_instance = row->trust_domain = NULL;
	if (!row->subject_id || (vnfc->vnfc_id && !row->vnfc_id) ||
	    (vnfc->resource_id && !row->resource_id) || (vnfc->vdu_id && !row->vdu_id))
		return -ENOMEM;
	return 0;
}

static int known_order(const void *a, const void *b)
{
	const struct known_by *one = a, *other = b;

	return strcmp(one->id, other->id);
}

static int index_make(struct reconciling *r, bool by_resource, struct known_index *index)
{
	index->len = 0;
	index->item = calloc(r->n_known ? r->n_known : 1, sizeof(*index->item));
	if (!index->item)
		return -ENOMEM;
	for (size_t i = 0; i < r->n_known; i++) {
		struct known *k = &r->known[i];
		const char *id = by_resource ? k->row.resource_id : k->row.vnfc_id;

		if (id)
			index->item[index->len++] = (struct known_by){id, k};
	}
	qsort(index->item, index->len, sizeof(*index->item), known_order);
	return 0;
}

static struct known *index_find(const struct known_index *index, const char *id)
{
	const struct known_by key = {id, NULL};
	const struct known_by *found =
		id && index->len ? bsearch(&key, index->item, index->len, sizeof(key), known_order)
				 : NULL;

	return found ? found->known : NULL;
}

static int known_read(struct reconciling *r)
{
	int err = store_vnfc_list(r->call.reader, r->vnf.id, known_add, r);

	if (err == 0)
		err = index_make(r, false, &r->by_vnfc);
	return err == 0 ? index_make(r, true, &r->by_resource) : err;
}

static void known_forget(struct reconciling *r)
{
	for (size_t i = 0; i < r->n_known; i++)
		store_vnfc_clear(&r->known[i].row);
	free(r->known);
	free(r->by_vnfc.item);
	free(r->by_resource.item);
	store_vnf_clear(&r->vnf);
	r->known = NULL;
	r->n_known = r->size_known = 0;
	r->by_vnfc = r->by_resource = (struct known_index){NULL, 0};
}

/* --- units --- */

static int batch_commit(struct reconciling *r)
{
	r->n_batch = 0;
	/* A dry run has looked, and leaves nothing. */
	if (r->view->dry_run) {
		store_unit_clear(r->call.unit);
		return 0;
	}
	if (store_unit_empty(r->call.unit))
		return 0;
	fault_point("direct-before-commit");
	return store_unit_commit(r->call.unit);
}

/* One VNFC more is in the unit. */
static int batch_grow(struct reconciling *r)
{
	return ++r->n_batch < r->batch ? 0 : batch_commit(r);
}

static void tell(const struct reconciling *r, const char *subject_id, const char *what)
{
	if (r->report->note)
		r->report->note(r->report->note_arg, r->view->vnf_instance_id, subject_id, what);
}

/* --- the VNF --- */

static bool has_vnfc_info(const struct cmf_vnf *vnf)
{
	for (size_t i = 0; i < vnf->n_vnfcs; i++)
		if (vnf->vnfcs[i].vnfc_id)
			return true;
	return false;
}

/* The VNFCs that the view says there are: a VNF that is terminated keeps what it had. */
static size_t shown(const struct cmf_direct_view *view)
{
	return view->vnf && view->vnf->instantiated ? view->vnf->n_vnfcs : 0;
}

/* Kept from the first VNFC on: SOL 002 and 003 name one VNFC differently, and it must not become
 * another. */
static enum store_vnf_names names_decide(const struct reconciling *r)
{
	if (r->vnf.names != STORE_VNF_NAMES_UNKNOWN || !shown(r->view))
		return r->vnf.names;
	return has_vnfc_info(r->view->vnf) ? STORE_VNF_NAMES_VNFC : STORE_VNF_NAMES_RESOURCE;
}

/* The row of the VNF, written before those of its VNFCs. *knownp: there is one, or one was made. */
static int vnf_note(struct reconciling *r, bool *knownp)
{
	int err = store_vnf_find(r->call.reader, r->vnfm->name, r->view->vnf_instance_id, &r->vnf);
	const char *vnfd_id = r->view->vnf ? r->view->vnf->vnfd_id : r->vnf.vnfd_id;
	enum store_vnf_names before;
	struct store_vnf row;
	bool fresh = err == STORE_NOT_FOUND;

	if (err < 0)
		return err;
	if (fresh)
		r->vnf.names = STORE_VNF_NAMES_UNKNOWN;
	*knownp = !fresh || r->view->vnf;
	if (!*knownp)
		return 0;
	before = r->vnf.names;
	r->vnf.names = names_decide(r);
	row = (struct store_vnf){
		.id = r->vnf.id,
		.vnfm = r->vnfm->name,
		.vnf_instance = (char *)(uintptr_t)r->view->vnf_instance_id,
		.vnfd_id = (char *)(uintptr_t)vnfd_id,
		.names = r->vnf.names,
		.resync = r->view->resync ? r->view->resync : r->vnf.resync,
		.seen_ms = r->call.now_ms,
	};
	if (!fresh)
		return store_vnf_update(r->call.unit, &row, before);
	return store_vnf_insert(r->call.unit, &row, &r->vnf.id);
}

/* What the VNFM has no more, and nothing is left of. */
static int vnf_forget(struct reconciling *r)
{
	int err = store_vnf_remove(r->call.unit, r->vnf.id);

	return err == 0 ? batch_commit(r) : err;
}

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
		return by_resource ? index_find(&r->by_resource, vnfc->resource_id)
				   : index_find(&r->by_vnfc, vnfc->vnfc_id);
	return by_resource ? index_find(&r->by_vnfc, vnfc->vnfc_id)
			   : index_find(&r->by_resource, vnfc->resource_id);
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
	tell(r, row->subject_id, "has another resource");
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
	tell(r, row->subject_id, "is back");
	if (row->state == STORE_VNFC_ON_HOLD)
		err = direct_release(&r->call, row, &had_certificate);
	if (err == 0 && !had_certificate)
		err = credential_renew(r, row->registration_id);
	row->state = STORE_VNFC_PRESENT;
	row->state_ms = r->call.now_ms;
	row->due_ms = row->resync = 0;
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
	tell(r, subject_id, refusal_words(&r->refusal));
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

/* 0: *idp stands for the registration in the unit, or is 0: it was not made. */
static int entity_register(struct reconciling *r, const char *subject_id, const char *profile_name,
			   struct store_registration *regp)
{
	const struct conf_profile *profile = conf_profile_find(r->call.cmf->conf, profile_name);
	struct cmf_registered registered = {0};
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
	/* IFA 033 11.2.2: in delegation mode, say. It is shown, and left alone. */
	if (err == REFUSED || !registered.fresh) {
		r->report->others++;
		tell(r, subject_id, "is registered otherwise");
		return 0;
	}
	*regp = (struct store_registration){
		.id = registered.id,
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
	int err;

	if (rule && rule->exclude) {
		r->report->excluded++;
		tell(r, subject_id, "is excluded by a rule");
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
	r->report->registered++;
	tell(r, subject_id, "is new");
	err = store_vnfc_insert(r->call.unit, &row);
	if (err == 0 && !r->view->dry_run)
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

static int shown_compare(struct reconciling *r)
{
	size_t n = shown(r->view), n_fresh = 0;
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
			tell(r, vnfc->resource_id ? vnfc->resource_id : vnfc->vnfc_id,
			     "shows no identifier of the kind that its VNF goes by");
	}
	return err == 0 ? fresh_register(r, fresh, n_fresh) : err;
}

/* --- VNFCs that have gone --- */

enum fate {
	FATE_NONE,   /* nothing can be said yet */
	FATE_END,    /* it has ended */
	FATE_RESYNC, /* it has, if not too many have */
	FATE_HOLD,   /* that is for the operator to say */
};

/* What it means that the view does not have a VNFC. */
static enum fate fate_of(const struct cmf_direct_view *view)
{
	const bool told = view->cause == CMF_DIRECT_EVENT || view->removed;

	/* SOL 003 5.6.2.2: a retry, a rollback or the operation's failure is still to come. */
	if (view->cause == CMF_DIRECT_UNFINISHED)
		return FATE_NONE;
	if (!view->vnf)
		return view->deleted ? FATE_END : FATE_HOLD;
	if (view->vnf->instantiated && view->vnf->n_vnfcs == 0)
		return view->removed ? FATE_END : FATE_HOLD;
	return told ? FATE_END : FATE_RESYNC;
}

/* The state that a VNFC comes to; the one that it has where nothing changes. */
static enum store_vnfc_state gone_state(const struct reconciling *r, enum fate fate,
					enum store_vnfc_state state)
{
	const bool keeps = r->vnfm->on_removed == CONF_ON_REMOVED_KEEP;

	if (fate == FATE_NONE || state == STORE_VNFC_DUE || state == STORE_VNFC_ON_HOLD ||
	    state == STORE_VNFC_KEPT)
		return state;
	if (fate == FATE_HOLD)
		return STORE_VNFC_HELD;
	/* Nothing ends, so there is nothing to be careful with. */
	if (keeps)
		return STORE_VNFC_KEPT;
	return fate == FATE_END ? STORE_VNFC_DUE : STORE_VNFC_GONE;
}

static void gone_count(const struct reconciling *r, enum fate fate, const struct store_vnfc *row)
{
	if (fate == FATE_NONE || row->state == STORE_VNFC_PRESENT)
		return;
	if (row->state == STORE_VNFC_HELD) {
		r->report->held++;
		tell(r, row->subject_id, "has gone, and waits for the operator");
	} else if (row->state == STORE_VNFC_GONE) {
		r->report->gone++;
		tell(r, row->subject_id, "has gone");
	} else {
		r->report->ending++;
		tell(r, row->subject_id, "has gone, and ends");
	}
}

static int vnfc_gone(struct reconciling *r, const struct known *k, enum fate fate)
{
	struct store_vnfc row = k->row;
	int err;

	row.state = gone_state(r, fate, k->row.state);
	gone_count(r, fate, &row);
	if (row.state == k->row.state && row.state != STORE_VNFC_GONE)
		return 0;
	row.state_ms = row.state == k->row.state ? row.state_ms : r->call.now_ms;
	row.due_ms = row.state == STORE_VNFC_DUE ? r->call.now_ms : 0;
	row.resync = row.state == STORE_VNFC_GONE ? r->view->resync : 0;
	err = store_vnfc_update(r->call.unit, &row, k->row.state);
	return err == 0 ? batch_grow(r) : err;
}

static int gone_mark(struct reconciling *r)
{
	enum fate fate = fate_of(r->view);
	int err = 0;

	for (size_t i = 0; i < r->n_known && err == 0; i++)
		if (!r->known[i].seen)
			err = vnfc_gone(r, &r->known[i], fate);
	return err;
}

/* --- all of it --- */

static int vnf_compare(struct reconciling *r)
{
	bool known = false;
	int err = vnf_note(r, &known);

	if (err != 0 || !known)
		return err;
	/* Its number is wanted in the units that follow. */
	if (r->vnf.id < 0 && !r->view->dry_run) {
		int64_t stands_for = r->vnf.id;

		err = batch_commit(r);
		r->vnf.id = err == 0 ? store_unit_id(r->call.unit, stands_for) : 0;
	}
	if (err == 0 && r->vnf.id > 0)
		err = known_read(r);
	if (err == 0)
		err = shown_compare(r);
	if (err == 0)
		err = gone_mark(r);
	if (err == 0)
		err = batch_commit(r);
	if (err == 0 && !r->view->vnf && r->n_known == 0 && !r->view->dry_run)
		err = vnf_forget(r);
	return err;
}

static void log_compared(const struct reconciling *r, const struct cmf_direct_report *before)
{
	const struct cmf_direct_report *now = r->report;

	if (now->registered == before->registered && now->ending == before->ending &&
	    now->gone == before->gone && now->held == before->held &&
	    now->returned == before->returned && now->replaced == before->replaced)
		return;
	log_event(LOG_LEVEL_INFO, r->view->dry_run ? "VNF compared, dry run" : "VNF compared",
		  F_TEXT("vnfm", r->vnfm->name), F_TEXT("vnfInstanceId", r->view->vnf_instance_id),
		  F_TEXT("vnfLcmOpOccId", r->view->why),
		  F_INT("registered", (int64_t)(now->registered - before->registered)),
		  F_INT("replaced", (int64_t)(now->replaced - before->replaced)),
		  F_INT("returned", (int64_t)(now->returned - before->returned)),
		  F_INT("ending", (int64_t)(now->ending - before->ending)),
		  F_INT("gone", (int64_t)(now->gone - before->gone)),
		  F_INT("held", (int64_t)(now->held - before->held)));
}

int cmf_direct_reconcile(struct cmf *cmf, const struct cmf_worker *worker,
			 const struct conf_vnfm *vnfm, const struct cmf_direct_view *view,
			 struct cmf_direct_report *report)
{
	const struct cmf_direct_report before = *report;
	struct reconciling r = {.vnfm = vnfm, .view = view, .report = report};
	int err = direct_source_of(cmf->conf, vnfm->name, &r.source);

	for (int i = 0; err == 0 && i < ATTEMPTS; i++) {
		*report = before;
		r.call = cmf_call_now(cmf, worker, &r.source.who, &r.refusal);
		/* What conflicts with itself is found alone. */
		r.batch = i == 0 ? BATCH : 1;
		r.n_batch = 0;
		r.refusal = REFUSAL_NULL;
		err = vnf_compare(&r);
		known_forget(&r);
		store_unit_clear(worker->unit);
		if (err != STORE_CONFLICT)
			break;
		err = i + 1 < ATTEMPTS ? 0 : log_fault("compare a VNF", -EBUSY, vnfm->name);
	}
	if (err == 0)
		log_compared(&r, &before);
	direct_source_clear(&r.source);
	return err;
}
