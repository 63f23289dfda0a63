// SPDX-License-Identifier: Apache-2.0
/*
 * What is due at the CMP door: transactions past their deadline, old ones, secrets of KemBasedMac
 * that nobody used, and requests that need not be remembered any more. The certificates of a
 * transaction that nobody confirmed end with it, as cmf/ says. Called by the housekeeper of cmfd.
 */
#include "cmf/due.h"
#include "serve/items.h"
#include "setup.h"

#include <errno.h>

/* Rows purged in one unit: what waits for the committer waits for them. */
enum { PURGE_MAX = 500 };

/* Past the upstream's deadline ca/ says why there is no certificate; a client may still ask. */
enum { UPSTREAM_GRACE_MS = 60 * 1000 };

enum { KEM_SECRET_GRACE_MS = 60 * 1000 };

struct housekeeping {
	struct cmf_call call;
	struct store_reader *reader;
	struct store_unit *unit;
	int64_t now_ms;
};

static int certificates_end(const struct housekeeping *h, const struct store_transaction *txn)
{
	_cleanup_(store_transaction_items_clear) struct store_transaction_items rows = {0};
	_cleanup_(cmf_order_clear) struct cmf_order order = {0};
	int err = cmp_transaction_order(&h->call, txn, &rows, &order);

	return err ? err : cmf_order_lapse(&h->call, &order);
}

static int transaction_end(void *arg, int64_t id)
{
	const struct housekeeping *h = arg;
	_cleanup_(store_transaction_clear) struct store_transaction txn = {0};
	int err = store_transaction_get(h->reader, id, &txn);

	if (err || txn.state == STORE_TXN_DONE || txn.state == STORE_TXN_FAILED)
		return err < 0 ? err : 0;
	/* The request was kept to go on with. */
	if (txn.state == STORE_TXN_AWAIT_POP)
		err = store_pop_remove(h->unit, txn.id);
	/* A certificate that an upstream CA issued and nobody fetched has a time of its own. */
	if (txn.state == STORE_TXN_AWAIT_CONF)
		err = certificates_end(h, &txn);
	return err ? err : store_transaction_end(h->unit, txn.id, txn.state, h->now_ms);
}

static int transactions_due(struct housekeeping *h, enum store_transaction_state state,
			    int64_t due_ms, bool *morep)
{
	struct store_due due;
	int err = store_transaction_due(h->reader, state, due_ms, &due);

	return err ? err : cmf_due_end_all(h->unit, &due, transaction_end, h, morep);
}

static int old_purge(const struct housekeeping *h, bool *morep)
{
	int64_t before_ms = h->now_ms - cmf_conf(h->call.cmf)->store.transaction_retention_ms;
	int64_t done = 0, failed = 0;
	int err = store_transaction_purge(h->unit, STORE_TXN_DONE, before_ms, PURGE_MAX, &done);

	if (!err)
		err = store_transaction_purge(h->unit, STORE_TXN_FAILED, before_ms, PURGE_MAX,
					      &failed);
	/* Not at once: one that is used just now becomes a transaction's. */
	if (!err)
		err = store_kem_secret_purge(h->unit, h->now_ms - KEM_SECRET_GRACE_MS, PURGE_MAX);
	if (!err)
		err = store_seen_purge(h->unit, h->now_ms, PURGE_MAX);
	if (err) {
		store_unit_clear(h->unit);
		return err;
	}
	/* What the CMP door need not keep any more goes by its own commit, not by a request's. */
	err = store_unit_commit(h->unit);
	*morep = *morep || store_unit_id(h->unit, done) == PURGE_MAX ||
		 store_unit_id(h->unit, failed) == PURGE_MAX;
	return err;
}

int cmp_housekeeping(struct cmp_door *door, struct cmf_worker *worker, bool *morep)
{
	const struct cmf_call call = cmf_call_now(door->cmf, worker, NULL, NULL);
	struct housekeeping h = {call, call.reader, call.unit, call.now_ms};
	int err;

	*morep = false;
	err = transactions_due(&h, STORE_TXN_AWAIT_CONF, h.now_ms, morep);
	if (!err)
		err = transactions_due(&h, STORE_TXN_AWAIT_UPSTREAM, h.now_ms - UPSTREAM_GRACE_MS,
				       morep);
	if (!err)
		err = transactions_due(&h, STORE_TXN_AWAIT_POP, h.now_ms, morep);
	return err ? err : old_purge(&h, morep);
}
