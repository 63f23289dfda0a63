// SPDX-License-Identifier: Apache-2.0
/*
 * Ending what is due: certificates that nobody confirmed, transactions past their deadline, old
 * transactions, and secrets of KemBasedMac that nobody used. What upstream exchanges and CRLs need
 * is ca/'s own housekeeping.
 */
#include "cmf_private.h"

#include <errno.h>

/* Rows looked at, and rows purged, in one call: a worker is not kept for longer than a moment. */
enum { DUE_MAX = 100, PURGE_MAX = 500 };

/* Past the upstream's deadline ca/ says why there is no certificate; a client may still ask. */
enum { UPSTREAM_GRACE_MS = 60 * 1000 };

enum { KEM_SECRET_GRACE_MS = 60 * 1000 };

struct due {
	int64_t id[DUE_MAX];
	size_t len;
};

struct housekeeping {
	struct cmf *cmf;
	struct store_reader *reader;
	struct store_unit *unit;
	struct cmf_principal who; /* for the audit */
	int64_t now_ms;
};

static int due_transaction(void *arg, const struct store_transaction *txn)
{
	struct due *due = arg;

	due->id[due->len++] = txn->id;
	return 0;
}

static int due_certificate(void *arg, const struct store_certificate *cert)
{
	struct due *due = arg;

	due->id[due->len++] = cert->id;
	return 0;
}

/* Commits one end. Where somebody was faster, there is nothing left to end. */
static int end_commit(const struct housekeeping *h, int r)
{
	if (r < 0) {
		store_unit_clear(h->unit);
		return r;
	}
	r = store_unit_commit(h->unit);
	return r == STORE_CONFLICT ? 0 : r;
}

/* RFC 9483 4.1.1: no certConf in time is a rejection. */
static int unconfirmed_add(const struct housekeeping *h, const struct store_certificate *cert)
{
	int r;

	if (cert->state != STORE_CERT_PENDING)
		return 0;
	r = certificate_revoke_add(h->cmf, cert, STORE_CERT_REVOKED, 0, h->unit);
	return r == 0 ? audit_add(h->cmf, &h->who, "revoke",
				  cert->subject_id ? cert->subject_id : cert->ca,
				  "certConf did not come in time", h->unit)
		      : r;
}

/* Of an upstream's certificate that nobody fetched yet: when its own time is over. */
static int certificate_of_transaction(const struct housekeeping *h, int64_t id,
				      struct store_certificate *certp)
{
	int r = store_certificate_get(h->reader, id, certp);

	if (r != 0)
		return r < 0 ? r : 0;
	return unconfirmed_add(h, certp);
}

/* All certificates of the transaction; they live until the unit is committed. */
static int certificates_of_transaction(const struct housekeeping *h,
				       const struct store_transaction *txn,
				       struct store_certificate **certsp, size_t *np)
{
	_cleanup_(store_transaction_items_clear) struct store_transaction_items items = {0};
	int r = 0;

	*np = txn->n_items ? txn->n_items : 1;
	*certsp = calloc(*np, sizeof(**certsp));
	if (!*certsp)
		return -ENOMEM;
	if (!txn->n_items)
		return txn->certificate_id
			       ? certificate_of_transaction(h, txn->certificate_id, *certsp)
			       : 0;
	r = store_transaction_items_get(h->reader, txn->id, &items);
	for (size_t i = 0; r == 0 && i < items.len && i < *np; i++)
		if (items.item[i].certificate_id)
			r = certificate_of_transaction(h, items.item[i].certificate_id,
						       &(*certsp)[i]);
	return r;
}

static int transaction_end(const struct housekeeping *h, int64_t id)
{
	_cleanup_(store_transaction_clear) struct store_transaction txn = {0};
	struct store_certificate *certs = NULL;
	enum store_transaction_state from;
	size_t n = 0;
	int r = store_transaction_get(h->reader, id, &txn);

	if (r != 0 || txn.state == STORE_TXN_DONE || txn.state == STORE_TXN_FAILED)
		return r < 0 ? r : 0;
	from = txn.state;
	/* The request was kept to go on with. */
	if (from == STORE_TXN_AWAIT_POP)
		r = store_pop_remove(h->unit, txn.id);
	if (from == STORE_TXN_AWAIT_CONF)
		r = certificates_of_transaction(h, &txn, &certs, &n);
	txn.state = STORE_TXN_FAILED;
	txn.deadline_ms = 0;
	txn.changed_ms = h->now_ms;
	if (r == 0)
		r = store_transaction_update(h->unit, &txn, from, NULL, false);
	r = end_commit(h, r);
	for (size_t i = 0; certs && i < n; i++)
		store_certificate_clear(&certs[i]);
	free(certs);
	return r;
}

static int certificate_end(const struct housekeeping *h, int64_t id)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	int r = store_certificate_get(h->reader, id, &cert);

	if (r != 0)
		return r < 0 ? r : 0;
	return end_commit(h, unconfirmed_add(h, &cert));
}

static int transactions_due(const struct housekeeping *h, enum store_transaction_state state,
			    int64_t due_ms, bool *morep)
{
	const struct store_transaction_filter filter = {
		.state = (int)state,
		.due_ms = due_ms,
		.limit = DUE_MAX,
	};
	struct due due = {.len = 0};
	int r = store_transaction_list(h->reader, &filter, due_transaction, &due);

	for (size_t i = 0; r == 0 && i < due.len; i++)
		r = transaction_end(h, due.id[i]);
	*morep = *morep || due.len == DUE_MAX;
	return r;
}

/* Those whose transaction ended or vanished without them. */
static int certificates_due(const struct housekeeping *h, bool *morep)
{
	const struct store_certificate_filter filter = {
		.state = -1,
		.confirm_due_ms = h->now_ms,
		.limit = DUE_MAX,
	};
	struct due due = {.len = 0};
	int r = store_certificate_list(h->reader, &filter, due_certificate, &due);

	for (size_t i = 0; r == 0 && i < due.len; i++)
		r = certificate_end(h, due.id[i]);
	*morep = *morep || due.len == DUE_MAX;
	return r;
}

static int oldest_changed(void *arg, const struct store_transaction *txn)
{
	*(int64_t *)arg = txn->changed_ms;
	return 0;
}

static int transactions_purge(const struct housekeeping *h, bool *morep)
{
	int64_t before_ms = h->now_ms - cmf_conf(h->cmf)->store.transaction_retention_ms;
	const struct store_transaction_filter oldest = {.state = STORE_TXN_DONE, .limit = 1};
	int64_t changed_ms = INT64_MAX;
	int r = store_transaction_list(h->reader, &oldest, oldest_changed, &changed_ms);

	if (r == 0)
		r = store_transaction_purge(h->unit, before_ms, PURGE_MAX);
	/* Not at once: one that is used just now becomes a transaction's. */
	if (r == 0)
		r = store_kem_secret_purge(h->unit, h->now_ms - KEM_SECRET_GRACE_MS, PURGE_MAX);
	r = end_commit(h, r);
	if (r < 0 || changed_ms >= before_ms)
		return r;
	changed_ms = INT64_MAX;
	r = store_transaction_list(h->reader, &oldest, oldest_changed, &changed_ms);
	*morep = *morep || changed_ms < before_ms;
	return r;
}

int cmf_housekeeping(struct cmf *cmf, struct store_reader *reader, struct store_unit *unit,
		     bool *morep)
{
	static char name[] = "housekeeping";
	const struct housekeeping h = {
		.cmf = cmf,
		.reader = reader,
		.unit = unit,
		.who = {.kind = CMF_PRINCIPAL_CLIENT, .name = name},
		.now_ms = clock_now_ms(cmf->clock),
	};
	int r;

	*morep = false;
	r = transactions_due(&h, STORE_TXN_AWAIT_CONF, h.now_ms, morep);
	if (r == 0)
		r = transactions_due(&h, STORE_TXN_AWAIT_UPSTREAM, h.now_ms - UPSTREAM_GRACE_MS,
				     morep);
	if (r == 0)
		r = transactions_due(&h, STORE_TXN_AWAIT_POP, h.now_ms, morep);
	if (r == 0)
		r = certificates_due(&h, morep);
	return r == 0 ? transactions_purge(&h, morep) : r;
}
