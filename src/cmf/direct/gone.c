// SPDX-License-Identifier: Apache-2.0
/*
 * VNFCs that a VNFM shows no more: what that means is by why it was asked. They are marked here,
 * and ended by ending.c. See reconcile.h.
 */
#include "direct/reconcile.h"

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
		comparison_tell(r, row->subject_id, "has gone, and waits for the operator");
	} else if (row->state == STORE_VNFC_GONE) {
		r->report->gone++;
		comparison_tell(r, row->subject_id, "has gone");
	} else {
		r->report->ending++;
		comparison_tell(r, row->subject_id, "has gone, and ends");
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
	if (row.state != k->row.state && r->view->why)
		row.operation_id = (char *)(uintptr_t)r->view->why;
	err = store_vnfc_update(r->call.unit, &row, k->row.state);
	return err == 0 ? batch_grow(r) : err;
}

int gone_mark(struct reconciling *r)
{
	enum fate fate = fate_of(r->view);
	int err = 0;

	for (size_t i = 0; i < r->n_known && err == 0; i++)
		if (!r->known[i].seen)
			err = vnfc_gone(r, &r->known[i], fate);
	return err;
}
