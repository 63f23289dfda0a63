// SPDX-License-Identifier: Apache-2.0
/*
 * Ending what is due: certificates that nobody confirmed, transactions past their deadline, old
 * transactions, and secrets of KemBasedMac that nobody used. What upstream exchanges and CRLs need
 * is ca/'s own housekeeping.
 */
#include "cmf_private.h"

#include <errno.h>

/* Rows purged in one unit: what waits for the committer waits for them. */
enum { PURGE_MAX = 500 };

/* Past the upstream's deadline ca/ says why there is no certificate; a client may still ask. */
enum { UPSTREAM_GRACE_MS = 60 * 1000 };

enum { KEM_SECRET_GRACE_MS = 60 * 1000 };

struct housekeeping {
	struct cmf_call call; /* cmfd's own, for revocations and the audit */
	struct cmf *cmf;
	struct store_reader *reader;
	struct store_unit *unit;
	int64_t now_ms;
};

/* RFC 9483 4.1.1: no certConf in time is a rejection. */
static int unconfirmed_add(const struct housekeeping *h, const struct store_certificate *cert)
{
	int err;

	if (cert->state != STORE_CERT_PENDING)
		return 0;
	err = certificate_revoke_add(&h->call, cert, STORE_CERT_REVOKED, 0);
	return err == 0 ? audit_add(&h->call, "revoke",
				    cert->subject_id ? cert->subject_id : cert->ca,
				    "certConf did not come in time")
			: err;
}

static int certificate_end(const struct housekeeping *h, int64_t id)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	int err = store_certificate_get(h->reader, id, &cert);

	if (err != 0)
		return err < 0 ? err : 0;
	return unconfirmed_add(h, &cert);
}

static int certificates_of_transaction_end(const struct housekeeping *h,
					   const struct store_transaction *txn)
{
	_cleanup_(store_transaction_items_clear) struct store_transaction_items items = {0};
	int err = 0;

	if (!txn->n_items)
		return txn->certificate_id ? certificate_end(h, txn->certificate_id) : 0;
	err = store_transaction_items_get(h->reader, txn->id, &items);
	for (size_t i = 0; err == 0 && i < items.len; i++)
		if (items.item[i].certificate_id)
			err = certificate_end(h, items.item[i].certificate_id);
	return err;
}

static int transaction_end(const struct housekeeping *h, int64_t id)
{
	_cleanup_(store_transaction_clear) struct store_transaction txn = {0};
	int err = store_transaction_get(h->reader, id, &txn);

	if (err != 0 || txn.state == STORE_TXN_DONE || txn.state == STORE_TXN_FAILED)
		return err < 0 ? err : 0;
	/* The request was kept to go on with. */
	if (txn.state == STORE_TXN_AWAIT_POP)
		err = store_pop_remove(h->unit, txn.id);
	/* Of an upstream's certificate that nobody fetched yet: when its own time is over. */
	if (txn.state == STORE_TXN_AWAIT_CONF)
		err = certificates_of_transaction_end(h, &txn);
	return err == 0 ? store_transaction_end(h->unit, txn.id, txn.state, h->now_ms) : err;
}

/* Adds to the unit what ends one of them; nothing if there is nothing left to end. */
typedef int due_end(const struct housekeeping *h, int64_t id);

/* Each in a unit of its own. One that cannot be ended does not stop the others. */
static int due_end_singly(const struct housekeeping *h, const struct store_due *due, due_end *end)
{
	int failed = 0;

	for (size_t i = 0; i < due->len; i++) {
		int err = end(h, due->id[i]);

		if (err < 0) {
			store_unit_clear(h->unit);
			failed = err;
			continue;
		}
		err = store_unit_commit(h->unit);
		if (err < 0)
			return err;
		/* STORE_CONFLICT: somebody was faster. */
	}
	return failed;
}

/*
 * All in one unit: when a site goes dark, a hundred thousand are due in the same minute, and a
 * commit for each would be waited for.
 */
static int due_end_all(const struct housekeeping *h, const struct store_due *due, due_end *end,
		       bool *morep)
{
	int err = 0;

	*morep = *morep || due->len == STORE_DUE_MAX;
	for (size_t i = 0; err == 0 && i < due->len; i++)
		err = end(h, due->id[i]);
	if (err < 0) {
		store_unit_clear(h->unit);
		return due_end_singly(h, due, end);
	}
	err = store_unit_commit(h->unit);
	return err == STORE_CONFLICT ? due_end_singly(h, due, end) : err;
}

static int transactions_due(const struct housekeeping *h, enum store_transaction_state state,
			    int64_t due_ms, bool *morep)
{
	struct store_due due;
	int err = store_transaction_due(h->reader, state, due_ms, &due);

	return err == 0 ? due_end_all(h, &due, transaction_end, morep) : err;
}

/* Those whose transaction ended or vanished without them. */
static int certificates_due(const struct housekeeping *h, bool *morep)
{
	struct store_due due;
	int err = store_certificate_due(h->reader, h->now_ms, &due);

	return err == 0 ? due_end_all(h, &due, certificate_end, morep) : err;
}

static int transactions_purge(const struct housekeeping *h, bool *morep)
{
	int64_t before_ms = h->now_ms - cmf_conf(h->cmf)->store.transaction_retention_ms;
	int64_t done = 0, failed = 0;
	int err = store_transaction_purge(h->unit, STORE_TXN_DONE, before_ms, PURGE_MAX, &done);

	if (err == 0)
		err = store_transaction_purge(h->unit, STORE_TXN_FAILED, before_ms, PURGE_MAX,
					      &failed);
	/* Not at once: one that is used just now becomes a transaction's. */
	if (err == 0)
		err = store_kem_secret_purge(h->unit, h->now_ms - KEM_SECRET_GRACE_MS, PURGE_MAX);
	if (err == 0)
		err = store_seen_purge(h->unit, h->now_ms, PURGE_MAX);
	if (err < 0) {
		store_unit_clear(h->unit);
		return err;
	}
	err = store_unit_commit(h->unit);
	*morep = *morep || store_unit_id(h->unit, done) == PURGE_MAX ||
		 store_unit_id(h->unit, failed) == PURGE_MAX;
	return err;
}

int cmf_housekeeping(struct cmf *cmf, struct store_reader *reader, struct store_unit *unit,
		     bool *morep)
{
	static char name[] = "housekeeping";
	const struct cmf_principal who = {.kind = CMF_PRINCIPAL_CLIENT, .name = name};
	const struct cmf_worker worker = {reader, unit};
	const struct housekeeping h = {
		.call = cmf_call_now(cmf, &worker, &who, NULL),
		.cmf = cmf,
		.reader = reader,
		.unit = unit,
		.now_ms = clock_now_ms(cmf->clock),
	};
	int err;

	*morep = false;
	err = transactions_due(&h, STORE_TXN_AWAIT_CONF, h.now_ms, morep);
	if (err == 0)
		err = transactions_due(&h, STORE_TXN_AWAIT_UPSTREAM, h.now_ms - UPSTREAM_GRACE_MS,
				       morep);
	if (err == 0)
		err = transactions_due(&h, STORE_TXN_AWAIT_POP, h.now_ms, morep);
	if (err == 0)
		err = certificates_due(&h, morep);
	return err == 0 ? transactions_purge(&h, morep) : err;
}
