// SPDX-License-Identifier: Apache-2.0
/*
 * The end of what has gone: reconcile.c and the operator say what is due, housekeeping does it
 * here, in units of bounded size, and goes on with what is left after a crash. A certificate of the
 * resource that a VNFC had before is revoked here, too, once there is another.
 */
#include "direct/direct.h"

#include "asn1/crmf.h"
#include "cmf/due.h"
#include "cmf/order.h"

#include <string.h>

/* A walk over the certificates of a VNFC. */
struct certificates {
	struct cmf_call call;
	struct refusal refusal;
	int reason;
	int64_t since_ms; /* release: what was put on hold then or later */
	int64_t after_id; /* replace: up to this one they are of the resource before */
	int64_t kept_id;  /* and this is the new one, or what took its place */
	bool any;
};

/* --- one certificate --- */

static int certificate_change(struct certificates *walk, const struct store_certificate *cert)
{
	struct cmf_revocation revocation;
	struct cmf_order_terms terms;
	int err = revocation_of(&walk->call, cert->id, walk->reason, &revocation);

	/* It is revoked, or has expired: nothing is left to do. */
	if (err == REFUSED)
		return 0;
	if (err < 0)
		return err;
	/* The registration ends by itself, or does not. */
	revocation.ceases = false;
	walk->any = true;
	err = cmf_order_place_revocations(&walk->call, &revocation, 1, &terms);
	cmf_revocation_clear(&revocation);
	return err;
}

static int certificate_end(void *arg, const struct store_certificate *cert)
{
	struct certificates *walk = arg;

	/* What an upstream CA has yet to issue, it is to revoke. */
	if (cert->state == STORE_CERT_REQUESTED)
		return certificate_confirm(&walk->call, cert, false);
	/* RFC 5280 5.3.1: a hold is for what is in use. */
	if (cert->state == STORE_CERT_PENDING && walk->reason == STORE_REASON_HOLD)
		return certificate_confirm(&walk->call, cert, false);
	return certificate_change(walk, cert);
}

static int certificate_release(void *arg, const struct store_certificate *cert)
{
	struct certificates *walk = arg;

	/* What somebody else had put on hold before stays there. */
	if (cert->state != STORE_CERT_ON_HOLD || cert->revoked_ms < walk->since_ms)
		return 0;
	return certificate_change(walk, cert);
}

/* In the order of ids, so that what replaces the new one comes behind it. */
static int certificate_supersede(void *arg, const struct store_certificate *cert)
{
	struct certificates *walk = arg;

	if (cert->id == walk->kept_id)
		return 0;
	if (cert->replaces_id == walk->kept_id) {
		walk->kept_id = cert->id;
		return 0;
	}
	return certificate_end(arg, cert);
}

static int certificates_walk(struct certificates *walk, int64_t registration_id,
			     store_certificate_each *each)
{
	const struct store_certificate_filter filter = {.registration_id = registration_id,
							.state = -1};

	return store_certificate_list(walk->call.reader, &filter, each, walk);
}

/* --- one VNFC --- */

static struct certificates walk_of(const struct cmf_call *call, const struct direct_source *source,
				   int reason)
{
	struct certificates walk = {.call = *call, .reason = reason};

	walk.call.who = source ? &source->who : call->who;
	return walk;
}

int direct_release(const struct cmf_call *call, const struct store_vnfc *vnfc, bool *anyp)
{
	struct certificates walk = walk_of(call, NULL, STORE_REASON_RELEASE);
	int err;

	walk.call.refusal = &walk.refusal;
	walk.since_ms = vnfc->state_ms;
	err = certificates_walk(&walk, vnfc->registration_id, certificate_release);
	*anyp = walk.any;
	return err;
}

static int vnfc_end(const struct cmf_call *call, const struct direct_source *source,
		    const struct store_vnfc *vnfc)
{
	struct certificates walk = walk_of(call, source, CRL_REASON_CESSATION_OF_OPERATION);
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	int err = store_registration_get(call->reader, vnfc->registration_id, &reg);

	walk.call.refusal = &walk.refusal;
	if (err == 0)
		err = certificates_walk(&walk, reg.id, certificate_end);
	if (err == 0)
		err = store_registration_require_idle(call->unit, &reg, call->now_ms);
	return err == 0 ? registration_end(&walk.call, &reg) : err;
}

static int vnfc_hold(const struct cmf_call *call, const struct direct_source *source,
		     const struct conf_vnfm *vnfm, const struct store_vnfc *vnfc)
{
	struct certificates walk = walk_of(call, source, STORE_REASON_HOLD);
	struct store_vnfc row = *vnfc;
	int err;

	walk.call.refusal = &walk.refusal;
	row.state = STORE_VNFC_ON_HOLD;
	row.state_ms = call->now_ms;
	row.due_ms = call->now_ms + vnfm->hold_max_ms;
	err = certificates_walk(&walk, row.registration_id, certificate_end);
	if (err == 0)
		err = store_initial_credential_void(call->unit, row.registration_id);
	return err == 0 ? store_vnfc_update(call->unit, &row, vnfc->state) : err;
}

static int vnfc_due(const struct cmf_call *call, const struct store_vnfc *vnfc)
{
	const struct conf_vnfm *vnfm = conf_vnfm_find(call->cmf->conf, vnfc->vnfm);
	struct direct_source source;
	int err = direct_source_of(call->cmf->conf, vnfc->vnfm, &source);

	if (err < 0)
		return err;
	if (vnfc->state == STORE_VNFC_DUE && vnfm && vnfm->on_removed == CONF_ON_REMOVED_HOLD)
		err = vnfc_hold(call, &source, vnfm, vnfc);
	else
		err = vnfc_end(call, &source, vnfc);
	direct_source_clear(&source);
	return err;
}

static int due_end(void *arg, int64_t id)
{
	struct cmf_call call = *(const struct cmf_call *)arg;
	_cleanup_(store_vnfc_clear) struct store_vnfc vnfc = {0};
	int err = store_vnfc_get(call.reader, id, &vnfc);

	if (err != 0 || !vnfc.due_ms || vnfc.due_ms > call.now_ms)
		return err < 0 ? err : 0;
	call.origin.operation_id = vnfc.operation_id;
	return vnfc_due(&call, &vnfc);
}

/* --- resources that were replaced --- */

/* The newest that the new resource has asked for: not with a certificate of the one before. */
static int kept_find(void *arg, const struct store_certificate *cert)
{
	struct certificates *walk = arg;

	if (cert->id > walk->after_id && cert->state == STORE_CERT_ACTIVE && !cert->replaces_id &&
	    strncmp(cert->requester, PRINCIPAL_HOLDER, strlen(PRINCIPAL_HOLDER)) != 0)
		walk->kept_id = cert->id;
	return 0;
}

/* RFC 5280 5.3.1: superseded, for what it was for goes on with another key. */
static int replaced_end(void *arg, int64_t id)
{
	const struct cmf_call *call = arg;
	_cleanup_(store_vnfc_clear) struct store_vnfc vnfc = {0};
	struct direct_source source;
	struct certificates walk;
	int err = store_vnfc_get(call->reader, id, &vnfc);

	if (err != 0 || !vnfc.replaced_id)
		return err < 0 ? err : 0;
	err = direct_source_of(call->cmf->conf, vnfc.vnfm, &source);
	if (err < 0)
		return err;
	walk = walk_of(call, &source, CRL_REASON_SUPERSEDED);
	walk.call.refusal = &walk.refusal;
	walk.after_id = vnfc.replaced_id;
	err = certificates_walk(&walk, id, kept_find);
	if (err == 0 && walk.kept_id)
		err = certificates_walk(&walk, id, certificate_supersede);
	vnfc.replaced_id = 0;
	if (err == 0 && walk.kept_id)
		err = store_vnfc_update(call->unit, &vnfc, vnfc.state);
	direct_source_clear(&source);
	return err;
}

int direct_endings(const struct cmf_call *call, bool *morep)
{
	struct cmf_call own = *call;
	struct store_due due;
	int err = store_vnfc_due(call->reader, call->now_ms, &due);

	if (err == 0)
		err = cmf_due_end_all(call->unit, &due, due_end, &own, morep);
	if (err == 0)
		err = store_vnfc_replaced(call->reader, &due);
	return err == 0 ? cmf_due_end_all(call->unit, &due, replaced_end, &own, morep) : err;
}
