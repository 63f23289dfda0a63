// SPDX-License-Identifier: Apache-2.0
/*
 * Comparing what a VNFM shows of a VNF with what is registered from it. Every event, every resync
 * and every start of the server goes this way. Comes after lcm/, which asked the VNFM; what has
 * gone is marked here, and ended by ending.c.
 */
#include "direct/reconcile.h"

#include <errno.h>
#include <string.h>

enum {
	/* VNFCs whose changes are one unit: what is in memory, and what a conflict repeats. */
	BATCH = 100,
	/* Somebody else may change the same rows, housekeeping above all; hardly so often. */
	ATTEMPTS = 10,
};

/* --- the VNF --- */

static bool has_vnfc_info(const struct cmf_vnf *vnf)
{
	for (size_t i = 0; i < vnf->n_vnfcs; i++)
		if (vnf->vnfcs[i].vnfc_id)
			return true;
	return false;
}

/* Kept from the first VNFC on: SOL 002 and 003 name one VNFC differently, and it must not become
 * another. */
static enum store_vnf_names names_decide(const struct reconciling *r)
{
	if (r->vnf.names != STORE_VNF_NAMES_UNKNOWN || !comparison_shown(r->view))
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

/* --- who may read --- */

static int registration_count(void *arg, const struct store_registration *reg)
{
	(void)reg;
	++*(size_t *)arg;
	return 0;
}

/* Whether the entity has a registration that is not of this VNFM: all of one entity have one
 * manager. */
static int is_shared(const struct reconciling *r, const struct store_vnfc *vnfc, bool *sharedp)
{
	const struct store_registration_filter filter = {
		.subject_id = vnfc->subject_id,
		.vnf_instance = r->view->vnf_instance_id,
		.trust_domain = vnfc->trust_domain,
		.cert_type = -1,
		.limit = 2,
	};
	size_t n = 0;
	int err = store_registration_list(r->call.reader, &filter, registration_count, &n);

	*sharedp = n > 1;
	return err;
}

/* The configuration names another client than the one that could read it until now. */
static int reader_change(struct reconciling *r, const struct store_vnfc *vnfc, const char *reader)
{
	bool shared = false;
	int err = is_shared(r, vnfc, &shared);

	if (err < 0)
		return err;
	if (shared) {
		log_event(LOG_LEVEL_WARNING,
			  "the client of a VNFC stays: another registration of it has the same",
			  F_TEXT("vnfm", r->vnfm->name),
			  F_TEXT("vnfInstanceId", r->view->vnf_instance_id),
			  F_TEXT("vnfcId", vnfc->subject_id), F_TEXT("client", vnfc->manager));
		return 0;
	}
	err = store_registration_set_manager(r->call.unit, vnfc->registration_id, vnfc->manager,
					     reader, r->call.now_ms);
	if (err == 0)
		err = cmf_audit_add(&r->call,
				    &(struct cmf_audit){.action = "change client",
							.target = vnfc->subject_id,
							.vnf_instance = r->view->vnf_instance_id,
							.before = vnfc->manager,
							.after = reader});
	return err == 0 ? batch_grow(r) : err;
}

static int readers_compare(struct reconciling *r)
{
	const char *reader = principal_manager(&r->source.who);
	int err = 0;

	for (size_t i = 0; i < r->n_known && err == 0; i++)
		if (strcmp(r->known[i].row.manager, reader) != 0)
			err = reader_change(r, &r->known[i].row, reader);
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
		err = readers_compare(r);
	if (err == 0)
		err = present_compare(r);
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
		r.call.origin.operation_id = view->why;
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
