// SPDX-License-Identifier: Apache-2.0
/*
 * The life of orders: see include/cmf/order.h. The certificates and revocations come decided, from
 * csr.c and revoke.c. Exchanges with upstream CAs and the making of CRLs are ca/'s; here is when
 * they are begun, how long they are waited for, and what their results mean for an order.
 */
#include "cmf/order.h"
#include "cmf/nonce.h"

#include "csr/csr.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	/* A CRL that has not come so long after its time keeps nobody waiting. */
	CRL_GRACE_MS = 60 * 1000,
	/* One that could not be made is tried again. */
	CRL_CHECK_AFTER_S = 5,
};

/* --- placing --- */

static bool any_waiting(struct cmf_csr_result *const *granted, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (granted[i]->waiting)
			return true;
	return false;
}

static struct cmf_order_terms terms_of(struct cmf_csr_result *const *granted, size_t n,
				       bool implicit)
{
	struct cmf_order_terms terms = {.waiting = any_waiting(granted, n),
					.implicit_confirm = implicit};
	int64_t until_ms = 0;

	for (size_t i = 0; i < n; i++) {
		terms.implicit_confirm = terms.implicit_confirm && granted[i]->implicit_confirm;
		if (granted[i]->confirm_by_ms > until_ms)
			until_ms = granted[i]->confirm_by_ms;
	}
	if (terms.waiting || !terms.implicit_confirm)
		terms.deadline_ms = until_ms;
	return terms;
}

static enum store_certificate_state state_placed(const struct cmf_csr_result *result,
						 const struct cmf_order_terms *terms)
{
	if (result->waiting)
		return STORE_CERT_REQUESTED;
	return terms->deadline_ms ? STORE_CERT_PENDING : STORE_CERT_ACTIVE;
}

int cmf_order_place_certificates(const struct cmf_call *call, struct cmf_csr_result *const *granted,
				 size_t n, bool implicit, struct cmf_order_terms *termsp)
{
	const struct cmf_order_terms terms = terms_of(granted, n, implicit);
	int err = 0;

	for (size_t i = 0; i < n && err == 0; i++) {
		granted[i]->certificate.state = state_placed(granted[i], &terms);
		if (!granted[i]->at_once)
			granted[i]->certificate.confirm_by_ms = terms.deadline_ms;
		err = csr_result_add(granted[i]);
		if (err == 0 && granted[i]->nonce_id)
			err = cmf_nonce_use(call, granted[i]->nonce_id);
	}
	*termsp = terms;
	return err;
}

/* The CA whose CRL has to list what happens to a certificate before that is answered; or NULL. */
static struct ca *crl_issuer(const struct cmf *cmf, const struct store_certificate *cert)
{
	struct ca *ca = ca_find(cmf->cas, cert->ca);

	return ca && ca_crl_on_revocation(ca) ? ca : NULL;
}

/* How long what a revocation waits for may take; 0: it waits for nothing. */
static int64_t revocation_time_ms(const struct cmf *cmf, const struct cmf_revocation *revocation)
{
	const struct conf_ca *ca = conf_ca_find(cmf->conf, revocation->cert.ca);

	if (!ca || (!revocation->upstream && !crl_issuer(cmf, &revocation->cert)))
		return 0;
	return revocation->upstream ? ca->upstream_timeout_ms
				    : ca->crl_revocation_interval_ms + CRL_GRACE_MS;
}

int cmf_order_place_revocations(const struct cmf_call *call,
				const struct cmf_revocation *revocations, size_t n,
				struct cmf_order_terms *termsp)
{
	int64_t longest_ms = 0;
	int err = 0;

	*termsp = (struct cmf_order_terms){0};
	for (size_t i = 0; i < n && err == 0; i++) {
		const struct cmf_revocation *revocation = &revocations[i];
		int64_t ms;

		if (!revocation->cert.id)
			continue;
		ms = revocation_time_ms(call->cmf, revocation);
		if (ms > longest_ms)
			longest_ms = ms;
		/* Of what is not committed no CRL is made. */
		termsp->waiting = termsp->waiting || revocation->upstream ||
				  (!store_unit_is_dry(call->unit) &&
				   crl_issuer(call->cmf, &revocation->cert));
		err = revocation_add(call, revocation);
	}
	if (termsp->waiting)
		termsp->deadline_ms = call->now_ms + longest_ms;
	return err;
}

/* --- reading --- */

int cmf_order_new(enum cmf_order_kind kind, size_t n, struct cmf_order *orderp)
{
	*orderp = (struct cmf_order){.kind = kind, .item = calloc(n, sizeof(*orderp->item))};
	if (!orderp->item)
		return -ENOMEM;
	orderp->len = n;
	return 0;
}

static void item_clear(struct cmf_order_item *item)
{
	store_certificate_clear(&item->cert);
	free(item->mods);
	*item = (struct cmf_order_item){.certificate_id = item->certificate_id,
					.reason = item->reason};
}

void cmf_order_clear(struct cmf_order *order)
{
	for (size_t i = 0; i < order->len; i++)
		item_clear(&order->item[i]);
	free(order->item);
	*order = (struct cmf_order){.kind = order->kind};
}

int cmf_order_read(const struct cmf_call *call, struct cmf_order *order)
{
	int err = 0;

	for (size_t i = 0; i < order->len && err == 0; i++) {
		struct cmf_order_item *item = &order->item[i];

		item_clear(item);
		if (!item->certificate_id)
			continue;
		err = store_certificate_get(call->reader, item->certificate_id, &item->cert);
		if (err == STORE_NOT_FOUND)
			err = log_fault("certificate of an order", -ENOENT, NULL);
		if (err == 0)
			item->ca = ca_find(call->cmf->cas, item->cert.ca);
	}
	return err;
}

/* --- running --- */

/* What an upstream CA still has to be asked for. */
static bool item_is_open(const struct cmf_order *order, const struct cmf_order_item *item)
{
	if (!item->cert.id)
		return false;
	if (order->kind == CMF_ORDER_CERTIFICATES)
		return item->cert.state == STORE_CERT_REQUESTED;
	return item->cert.state == STORE_CERT_REVOCATION_PENDING;
}

static int ca_is_there(const struct cmf_order_item *item)
{
	return item->ca ? 0 : log_fault("CA of a certificate", -ENOENT, item->cert.ca);
}

/* A fault was logged; the exchange is durable and goes on. */
static void exchange_run(const struct cmf_call *call, const struct cmf_order *order,
			 const struct cmf_order_item *item)
{
	int err =
		order->kind == CMF_ORDER_CERTIFICATES
			? ca_upstream_run(item->ca, item->cert.id, call->reader, call->unit)
			: ca_upstream_revoke_run(item->ca, item->cert.id, call->reader, call->unit);

	if (err < 0)
		store_unit_clear(call->unit);
}

static int exchanges_run(const struct cmf_call *call, const struct cmf_order *order,
			 int64_t budget_us)
{
	int64_t until_us = clock_monotonic_us() + budget_us;
	bool first = budget_us > 0;
	int err = 0;

	for (size_t i = 0; i < order->len && err == 0; i++) {
		const struct cmf_order_item *item = &order->item[i];

		if (!item_is_open(order, item))
			continue;
		if (!first && clock_monotonic_us() >= until_us)
			break;
		first = false;
		err = ca_is_there(item);
		if (err == 0)
			exchange_run(call, order, item);
	}
	return err;
}

/* Has CRLs made that need not wait; check_after: until the others, and those that failed. */
static void crls_run(const struct cmf_call *call, struct cmf_order *order)
{
	const struct store_audit asker = audit_asker(call, call->who);

	for (size_t i = 0; i < order->len; i++) {
		const struct store_certificate *cert = &order->item[i].cert;
		struct ca *ca = cert->id ? crl_issuer(call->cmf, cert) : NULL;
		int64_t wait_ms;
		int err;

		if (!ca)
			continue;
		err = ca_crl_cover(ca, cert->crl_change, &asker, call->reader, call->unit,
				   &wait_ms);
		store_unit_clear(call->unit);
		if (err < 0)
			wait_ms = CRL_CHECK_AFTER_S * 1000;
		if (err != 0 && order->check_after < (wait_ms + 999) / 1000)
			order->check_after = (int)((wait_ms + 999) / 1000);
	}
}

int cmf_order_run(const struct cmf_call *call, struct cmf_order *order, int64_t budget_us)
{
	int err;

	/* What a CA says or makes is true, whoever asked. */
	store_unit_clear(call->unit);
	err = exchanges_run(call, order, budget_us);
	order->check_after = 0;
	if (err == 0 && order->kind == CMF_ORDER_REVOCATIONS)
		crls_run(call, order);
	/* What is revoked is so, and may be the certificate that its holder has asked with: what
	 * follows only tells it. */
	if (order->kind == CMF_ORDER_REVOCATIONS)
		store_unit_clear(call->unit);
	else if (err == 0)
		err = cmf_unit_begin(call);
	return err == 0 ? cmf_order_read(call, order) : err;
}

/* --- what has become of it --- */

int cmf_mods_join(const char *ours, const char *theirs, char **textp)
{
	*textp = NULL;
	if (!ours && !theirs)
		return 0;
	if (ours && theirs)
		return asprintf(textp, "%s; %s", ours, theirs) < 0 ? -ENOMEM : 0;
	*textp = strdup(ours ? ours : theirs);
	return *textp ? 0 : -ENOMEM;
}

int cmf_order_crl_awaited(const struct cmf_call *call, const struct store_certificate *cert,
			  bool *awaitedp)
{
	const struct ca *ca = crl_issuer(call->cmf, cert);
	bool lists = true;
	int err = ca ? ca_crl_lists(ca, cert->crl_change, call->reader, &lists) : 0;

	*awaitedp = !lists;
	return err;
}

/* The upstream's own failInfo is passed on, RFC 9483 5.2. */
static void item_refuse(struct cmf_order_item *item, enum refusal_reason reason, int failinfo)
{
	item->state = CMF_ORDER_REFUSED;
	(void)refuse(&item->refusal, reason);
	if (failinfo >= 0)
		item->refusal.failinfo = failinfo;
}

static int certificate_state(const struct cmf_call *call, struct cmf_order_item *item)
{
	enum refusal_reason reason;
	int failinfo, err;

	switch (item->cert.state) {
	case STORE_CERT_REQUESTED:
		item->state = CMF_ORDER_WAITING;
		return ca_is_there(item);
	case STORE_CERT_PENDING:
	case STORE_CERT_ACTIVE:
		item->state = CMF_ORDER_GRANTED;
		err = ca_is_there(item);
		return err == 0 ? ca_upstream_mods(call->reader, &item->cert, &item->mods) : err;
	case STORE_CERT_REJECTED:
		err = ca_upstream_failinfo(call->reader, item->cert.id, &failinfo, &reason);
		item_refuse(item, reason != REFUSAL_NONE ? reason : REFUSAL_upstream_rejected,
			    failinfo);
		return err;
	case STORE_CERT_REVOKED:
	case STORE_CERT_ON_HOLD:
	case STORE_CERT_REVOCATION_PENDING:
	default:
		item_refuse(item, REFUSAL_transaction_ended, -1);
		return 0;
	}
}

/* Of a CA of ours: done at once, but the CRL may still have to come. */
static int revocation_state_here(const struct cmf_call *call, bool in_time,
				 struct cmf_order_item *item)
{
	bool awaited = false;
	int err = in_time ? cmf_order_crl_awaited(call, &item->cert, &awaited) : 0;

	item->state = awaited ? CMF_ORDER_WAITING : CMF_ORDER_GRANTED;
	return err;
}

static int revocation_state_upstream(const struct cmf_call *call, bool in_time,
				     struct cmf_order_item *item)
{
	const struct store_certificate *cert = &item->cert;
	int failinfo, err;

	if (cert->state == cmf_revocation_state(item->reason)) {
		item->state = CMF_ORDER_GRANTED;
		return 0;
	}
	if (cert->state == STORE_CERT_REVOKED) {
		item_refuse(item, REFUSAL_rev_cert_revoked, -1);
		return 0;
	}
	err = ca_upstream_revoke_failinfo(call->reader, cert->id, &failinfo);
	if (err != 0)
		return err;
	if (cert->state != STORE_CERT_REVOCATION_PENDING || failinfo >= 0)
		/* It is asked again all the same. */
		item_refuse(item, REFUSAL_upstream_rejected, failinfo);
	else if (in_time)
		item->state = CMF_ORDER_WAITING;
	else
		/* RFC 9483 6: "can be closed cleanly with an error" */
		item_refuse(item, REFUSAL_upstream_unavailable, -1);
	return 0;
}

static int item_state(const struct cmf_call *call, const struct cmf_order *order,
		      struct cmf_order_item *item)
{
	bool in_time = call->now_ms <= order->deadline_ms;

	if (order->kind == CMF_ORDER_CERTIFICATES)
		return certificate_state(call, item);
	return item->ca && ca_is_upstream(item->ca) ? revocation_state_upstream(call, in_time, item)
						    : revocation_state_here(call, in_time, item);
}

int cmf_order_state(const struct cmf_call *call, struct cmf_order *order)
{
	int err = 0;

	order->waiting = false;
	for (size_t i = 0; i < order->len && err == 0; i++) {
		struct cmf_order_item *item = &order->item[i];

		item->refusal = REFUSAL_NULL;
		free(item->mods);
		item->mods = NULL;
		item->state = CMF_ORDER_REFUSED;
		if (!item->cert.id)
			continue;
		err = item_state(call, order, item);
		if (err != 0 || item->state != CMF_ORDER_WAITING)
			continue;
		order->waiting = true;
		if (item->ca && ca_is_upstream(item->ca) &&
		    ca_upstream_check_after(item->ca) > order->check_after)
			order->check_after = ca_upstream_check_after(item->ca);
	}
	return err;
}

/* --- the end --- */

int64_t cmf_order_confirm_by(const struct cmf_call *call, const struct cmf_order *order)
{
	int64_t until_ms = call->now_ms + call->cmf->conf->cmf.confirm_wait_ms;

	/* Not beyond the time of the certificates. */
	for (size_t i = 0; i < order->len; i++)
		if (order->item[i].cert.confirm_by_ms &&
		    order->item[i].cert.confirm_by_ms < until_ms)
			until_ms = order->item[i].cert.confirm_by_ms;
	return until_ms;
}

int cmf_order_confirm(const struct cmf_call *call, const struct cmf_order *order,
		      const bool *accepted, bool *anyp)
{
	bool any = false;
	int err = 0;

	for (size_t i = 0; i < order->len && err == 0; i++) {
		const struct store_certificate *cert = &order->item[i].cert;
		bool accepts = !accepted || accepted[i];

		/* Another may have ended meanwhile: revoked by its manager, say. */
		if (!cert->id || cert->state != STORE_CERT_PENDING)
			continue;
		any = any || accepts;
		err = certificate_confirm(call, cert, accepts);
	}
	if (anyp)
		*anyp = any;
	return err;
}

int cmf_order_withdraw(const struct cmf_call *call, const struct cmf_order *order)
{
	int err = 0;

	for (size_t i = 0; i < order->len && err == 0; i++) {
		const struct store_certificate *cert = &order->item[i].cert;

		if (cert->id &&
		    (cert->state == STORE_CERT_PENDING || cert->state == STORE_CERT_REQUESTED))
			err = certificate_confirm(call, cert, false);
	}
	return err;
}

int cmf_order_lapse(const struct cmf_call *call, const struct cmf_order *order)
{
	int err = 0;

	for (size_t i = 0; i < order->len && err == 0; i++)
		if (order->item[i].cert.id && order->item[i].cert.state == STORE_CERT_PENDING)
			err = certificate_lapse(call, &order->item[i].cert);
	return err;
}
