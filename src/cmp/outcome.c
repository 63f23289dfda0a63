// SPDX-License-Identifier: Apache-2.0
/*
 * The end of every step of a message: what its handler has decided is encoded and protected,
 * written down with the transaction, committed, and counted against the requester's quota. Handlers
 * come before (door.c calls them, and then this), the committer of the store comes after. No
 * handler does any of it itself.
 */
#include "door_private.h"

#include "base/fault_point.h"

/* Whether a transaction in that state counts as open. */
static bool state_is_open(enum store_transaction_state state)
{
	return state != STORE_TXN_DONE && state != STORE_TXN_FAILED;
}

/* One that ends has no deadline; one that goes on keeps its own, if there is no other. */
static void deadline_set(struct store_transaction *txn, const struct cmp_outcome *outcome)
{
	if (!state_is_open(outcome->state))
		txn->deadline_ms = 0;
	else if (outcome->deadline_ms)
		txn->deadline_ms = outcome->deadline_ms;
}

/* Adds the transaction to what the handler has added to the unit. */
static int transaction_add(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	int err = 0;

	if (outcome->record != CMP_RECORD_OPENS && outcome->record != CMP_RECORD_GOES_ON)
		return 0;
	deadline_set(&rq->txn, outcome);
	if (outcome->record == CMP_RECORD_OPENS)
		return cmp_transaction_insert(rq, outcome->state, 0);
	/* The request that was kept is needed no more. */
	if (rq->txn.state == STORE_TXN_AWAIT_POP)
		err = store_pop_remove(rq->worker->unit, rq->txn.id);
	return err ? err : cmp_transaction_answer(rq, outcome->state);
}

/* The one commit of this door: what a step has decided becomes true, or nothing of it. */
static int unit_commit(struct cmp_request *rq, const struct cmp_outcome *outcome)
{
	int err;

	fault_point("door-after-sign");
	err = store_unit_commit(rq->worker->unit);
	cmp_transaction_committed(rq);
	fault_point("door-after-commit");
	return err == STORE_CONFLICT && outcome->may_be_there ? 0 : err;
}

int cmp_outcome_commit(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	bool was_open = rq->txn.id > 0 && state_is_open(rq->txn.state), is_open;
	int err = 0;

	if (rq->reply.body && !rq->answer.own.len && !outcome->resumes)
		err = cmp_reply_encode(rq);
	if (!err)
		err = transaction_add(rq, outcome);
	if (!err && outcome->record != CMP_RECORD_NOTHING)
		err = unit_commit(rq, outcome);
	if (err || outcome->record == CMP_RECORD_NOTHING || outcome->record == CMP_RECORD_UNIT)
		return err;
	is_open = state_is_open(outcome->state);
	if (is_open != was_open)
		cmp_quota_count(rq, is_open ? 1 : -1);
	return 0;
}
