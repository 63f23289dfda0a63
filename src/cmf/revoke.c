// SPDX-License-Identifier: Apache-2.0
/*
 * What happens to certificates that exist: finding them by issuer and serial number, confirmation,
 * revocation, and whose they are. Issuing is csr.c's.
 */
#include "cmf_private.h"
#include "store/direct.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* reasonCode, RFC 5280 5.3.1 */
enum {
	REASON_UNSPECIFIED = 0,
	REASON_CESSATION_OF_OPERATION = 5,
	REASON_CERTIFICATE_HOLD = STORE_REASON_HOLD,
	REASON_REMOVE_FROM_CRL = STORE_REASON_RELEASE,
	REASON_PRIVILEGE_WITHDRAWN = 9,
	REASON_AA_COMPROMISE = 10,
};

int certificate_lookup(const struct cmf_call *call, struct bytes issuer,
		       const struct serial *serial, struct store_certificate *certp)
{
	const struct ca *ca = NULL;
	int err = STORE_NOT_FOUND;

	if (serial->len == 0)
		return STORE_NOT_FOUND;
	while (err == STORE_NOT_FOUND && (ca = ca_next_by_issuer(call->cmf->cas, issuer, ca)))
		err = store_certificate_find(call->reader, ca_name(ca), serial, certp);
	return err;
}

/* Adds a revocation, also where the CA is no longer configured. */
static int certificate_revoke_add(const struct cmf_call *call, const struct store_certificate *cert,
				  enum store_certificate_state to, int reason)
{
	struct ca *ca = ca_find(call->cmf->cas, cert->ca);

	if (ca)
		return ca_revoke(ca, cert, to, reason, call->unit);
	if (to == STORE_CERT_ACTIVE)
		return store_certificate_release(call->unit, cert->id, cert->state, call->now_ms);
	return store_certificate_revoke(call->unit, cert->id, cert->state, to, reason,
					call->now_ms);
}

static const char *state_name(enum store_certificate_state state)
{
	static const char *const names[] = {
		[STORE_CERT_REQUESTED] = "requested",
		[STORE_CERT_PENDING] = "pending",
		[STORE_CERT_ACTIVE] = "active",
		[STORE_CERT_REVOKED] = "revoked",
		[STORE_CERT_REJECTED] = "rejected",
		[STORE_CERT_REVOCATION_PENDING] = "revocation pending",
		[STORE_CERT_ON_HOLD] = "on hold",
	};

	return names[state];
}

/* What becomes of the state of a certificate; `after` says more than a state, perhaps. */
static int certificate_audit(const struct cmf_call *call, const char *action,
			     const struct store_certificate *cert, const char *after)
{
	char serial[SERIAL_HEX_SIZE];
	const struct cmf_audit audit = {
		.action = action,
		.target = cert->subject_id ? cert->subject_id : cert->ca,
		.vnf_instance = cert->vnf_instance,
		.detail = serial,
		.before = state_name(cert->state),
		.after = after,
	};

	serial_hex(&cert->serial, serial);
	return cmf_audit_add(call, &audit);
}

/* The asker may do it to that certificate: its holder, its manager, an RA of the trust domain. */
static int certificate_authorize(const struct cmf_principal *who,
				 const struct store_certificate *cert, struct refusal *refusal)
{
	const struct entity_owner owner = certificate_owner(cert);

	/* RFC 9483 4.1.3, 4.2: an end entity its own */
	if (principal_holds(who, cert))
		return 0;
	/* RFC 9810 B: all certificates of the entity that left the passphrase */
	if (who->kind == CMF_PRINCIPAL_REVOKER && cert->registration_id == who->registration_id)
		return 0;
	if (who->kind == CMF_PRINCIPAL_END_ENTITY && !who->approver)
		return refuse(refusal, REFUSAL_end_entity_only_own);
	if (!principal_may_act(who, &owner))
		return principal_refuse_act(who, &owner, refusal);
	return 0;
}

/* A certificate of another trust domain is none, for whoever asks: its existence is nothing to
 * tell. */
static bool is_of_another_domain(const struct cmf_principal *who,
				 const struct store_certificate *cert)
{
	if (who->kind == CMF_PRINCIPAL_ADMIN || principal_holds(who, cert))
		return false;
	if (who->kind == CMF_PRINCIPAL_REVOKER)
		return cert->registration_id != who->registration_id;
	return !who->trust_domain || strcmp(who->trust_domain, cert->trust_domain) != 0;
}

/* What looking for a certificate came to, for who asks. */
static int visible_only(const struct cmf_call *call, int found,
			const struct store_certificate *cert)
{
	return found == 0 && is_of_another_domain(call->who, cert) ? STORE_NOT_FOUND : found;
}

/* --- key update: the old certificate --- */

static int update_lookup(const struct cmf_call *call, struct bytes issuer,
			 const struct serial *serial, struct store_certificate *certp)
{
	int err;

	if (issuer.len == 0) {
		if (!call->who->certificate_id)
			return refuse(call->refusal, REFUSAL_update_cert_not_identified);
		err = store_certificate_get(call->reader, call->who->certificate_id, certp);
	} else {
		err = certificate_lookup(call, issuer, serial, certp);
	}
	err = visible_only(call, err, certp);
	return err == STORE_NOT_FOUND ? refuse(call->refusal, REFUSAL_update_cert_unknown) : err;
}

/* Whether it may update certificates that others hold. */
static int update_permit(const struct cmf_principal *who, struct refusal *refusal)
{
	if (who->kind == CMF_PRINCIPAL_CLIENT && !who->policy->update_on_behalf)
		return refuse(refusal, REFUSAL_update_not_by_holder);
	if (who->kind != CMF_PRINCIPAL_END_ENTITY &&
	    !principal_permitted(who, STORE_MAY_REQUEST | STORE_IS_RA | STORE_IS_OPERATOR))
		return refuse(refusal, REFUSAL_client_not_permitted);
	return 0;
}

/* `found`: what looking for the certificate came to. */
static int update_authorize(const struct cmf_call *call, int found,
			    const struct store_certificate *cert)
{
	struct cmf_principal self = *call->who;
	int permit = 0;

	if (found < 0)
		return found;
	/* RFC 9483 5.2.3: what counts for kur is its own protection, whoever approves. */
	self.approver = NULL;
	/* Who may not do it to others' certificates does not learn which there are. */
	if (found != 0 || !principal_holds(&self, cert))
		permit = update_permit(&self, call->refusal);
	if (found != 0 || permit != 0)
		return permit != 0 ? permit : found;
	return certificate_authorize(&self, cert, call->refusal);
}

int certificate_update_check(const struct cmf_call *call, const struct store_certificate *cert)
{
	/* RFC 5280 5.3.1: on hold is revoked for the time being. */
	if (cert->state == STORE_CERT_ON_HOLD)
		return refuse(call->refusal, REFUSAL_update_cert_on_hold);
	/* RFC 9483 4.1.3: neither expired nor revoked */
	if (cert->state != STORE_CERT_ACTIVE || cert->not_after_ms < call->now_ms)
		return refuse(call->refusal, REFUSAL_update_cert_not_active);
	return 0;
}

int certificate_update_find(const struct cmf_call *call, int64_t id,
			    struct store_certificate *certp)
{
	int err = visible_only(call, store_certificate_get(call->reader, id, certp), certp);

	if (err == STORE_NOT_FOUND)
		err = refuse(call->refusal, REFUSAL_update_cert_unknown);
	return update_authorize(call, err, certp);
}

int cmf_update_find(const struct cmf_call *call, struct bytes issuer, const struct serial *serial,
		    struct store_certificate *certp)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	int err = update_authorize(call, update_lookup(call, issuer, serial, &cert), &cert);

	if (err == 0)
		err = certificate_update_check(call, &cert);
	if (err != 0)
		return err;
	*certp = cert;
	cert = (struct store_certificate){0};
	return 0;
}

/* --- certConf --- */

int certificate_confirm(const struct cmf_call *call, const struct store_certificate *cert,
			bool accepted)
{
	int err;

	/* RFC 9483 4.1.1: a certificate that is not accepted must not stay valid. One that an
	 * upstream CA has not issued yet is revoked there as soon as it is: ca/'s. */
	if (!accepted && cert->state == STORE_CERT_REQUESTED)
		err = store_certificate_set_state(call->unit, cert->id, STORE_CERT_REQUESTED,
						  STORE_CERT_REJECTED);
	else if (accepted)
		err = store_certificate_set_state(call->unit, cert->id, STORE_CERT_PENDING,
						  STORE_CERT_ACTIVE);
	else
		err = certificate_revoke_add(call, cert, STORE_CERT_REJECTED, REASON_UNSPECIFIED);
	if (err == 0 && accepted && call->who && call->who->kind == CMF_PRINCIPAL_VNFCI)
		err = store_initial_credential_spend(call->unit, call->who->initial_id,
						     call->now_ms);
	return err == 0 ? certificate_audit(
				  call, accepted ? "confirm" : "reject", cert,
				  state_name(accepted ? STORE_CERT_ACTIVE : STORE_CERT_REJECTED))
			: err;
}

int certificate_lapse(const struct cmf_call *call, const struct store_certificate *cert)
{
	static char name[] = "housekeeping";
	const struct cmf_principal nobody = {.kind = CMF_PRINCIPAL_CLIENT, .name = name};
	struct cmf_call lapse = *call;
	int err;

	lapse.who = &nobody;
	err = certificate_revoke_add(&lapse, cert, STORE_CERT_REVOKED, REASON_UNSPECIFIED);
	lapse.who = NULL;
	return err == 0 ? certificate_audit(&lapse, "revoke", cert,
					    "revoked: certConf did not come in time")
			: err;
}

/* --- revocation --- */

/* 7 is unused. RFC 5280 5.3.1 */
static bool reason_allowed(int reason)
{
	return (reason >= REASON_UNSPECIFIED && reason <= REASON_CERTIFICATE_HOLD) ||
	       (reason >= REASON_REMOVE_FROM_CRL && reason <= REASON_AA_COMPROMISE);
}

/* RFC 5280 5.3.2: "known or suspected": of what has been, and of what is revoked. */
static int invalidity_check(const struct cmf_call *call, const struct cmf_revoke *request)
{
	if (request->invalidity_ms && request->reason == REASON_REMOVE_FROM_CRL)
		return refuse(call->refusal, REFUSAL_rev_invalidity_malformed);
	if (request->invalidity_ms > call->now_ms)
		return refuse(call->refusal, REFUSAL_rev_invalidity_future);
	return 0;
}

/* RFC 5280 5.3.1: a hold can be taken back by removeFromCRL; all other reasons are final. */
enum store_certificate_state cmf_revocation_state(int reason)
{
	if (reason == REASON_CERTIFICATE_HOLD)
		return STORE_CERT_ON_HOLD;
	return reason == REASON_REMOVE_FROM_CRL ? STORE_CERT_ACTIVE : STORE_CERT_REVOKED;
}

/* The upstream has been asked for something, and has not answered yet. */
static int pending_check(const struct store_certificate *cert, enum store_certificate_state to,
			 struct refusal *refusal)
{
	enum store_certificate_state asked = cmf_revocation_state(cert->reason);

	if (asked == to)
		return 0;
	return refuse(refusal,
		      asked == STORE_CERT_REVOKED ? REFUSAL_rev_cert_revoked : REFUSAL_rev_pending);
}

static int transition_check(const struct store_certificate *cert, enum store_certificate_state to,
			    struct refusal *refusal)
{
	bool release = to == STORE_CERT_ACTIVE;

	switch (cert->state) {
	case STORE_CERT_REVOKED:
	case STORE_CERT_REJECTED:
		return refuse(refusal, REFUSAL_rev_cert_revoked);
	case STORE_CERT_ON_HOLD:
		return to == STORE_CERT_ON_HOLD ? refuse(refusal, REFUSAL_rev_cert_on_hold) : 0;
	case STORE_CERT_ACTIVE:
		return release ? refuse(refusal, REFUSAL_rev_not_on_hold) : 0;
	case STORE_CERT_PENDING:
		if (to == STORE_CERT_ON_HOLD)
			return refuse(refusal, REFUSAL_rev_hold_unconfirmed);
		return release ? refuse(refusal, REFUSAL_rev_not_on_hold) : 0;
	case STORE_CERT_REVOCATION_PENDING:
		return pending_check(cert, to, refusal);
	case STORE_CERT_REQUESTED:
	default:
		return refuse(refusal, REFUSAL_rev_cert_unknown);
	}
}

/* RFC 9483 5.1.3: issued by the addressed CA, and known. */
static int revocable_lookup(const struct cmf_call *call, const struct cmf_revoke *request,
			    struct store_certificate *certp)
{
	int err;

	if (request->certificate_id) {
		err = store_certificate_get(call->reader, request->certificate_id, certp);
	} else if (request->by_key) {
		err = certificate_by_key(call, request->details, certp);
	} else {
		if (!ca_next_by_issuer(call->cmf->cas, request->issuer, NULL))
			return refuse(call->refusal, REFUSAL_rev_issuer_unknown);
		err = certificate_lookup(call, request->issuer, &request->serial, certp);
	}
	err = visible_only(call, err, certp);
	return err == STORE_NOT_FOUND ? refuse(call->refusal, REFUSAL_rev_cert_unknown) : err;
}

/* The certificate as what stands earlier in the message leaves it. *pendingp: upstream has to be
 * told of that first. */
static void earlier_apply(const struct cmf_revocation *earlier, size_t n,
			  struct store_certificate *cert, bool *pendingp)
{
	*pendingp = false;
	for (size_t i = 0; i < n; i++) {
		if (earlier[i].cert.id != cert->id)
			continue;
		cert->state = earlier[i].to;
		cert->reason = earlier[i].reason;
		cert->invalidity_ms = earlier[i].invalidity_ms;
		*pendingp = earlier[i].upstream;
	}
}

/* Whether it is the first in the message to say that the entity's operation has ceased. */
static bool ceases_first(const struct cmf_revocation *earlier, size_t n,
			 const struct cmf_revocation *revocation)
{
	for (size_t i = 0; i < n; i++)
		if (earlier[i].ceases &&
		    earlier[i].cert.registration_id == revocation->cert.registration_id)
			return false;
	return revocation->reason == REASON_CESSATION_OF_OPERATION && !revocation->asked;
}

/* Who may ask for revocations of more than the certificate that it signed with. */
static int revoker_check(const struct cmf_principal *who, struct refusal *refusal)
{
	uint32_t permissions = STORE_MAY_REVOKE | STORE_IS_RA | STORE_IS_OPERATOR;

	if (who->kind == CMF_PRINCIPAL_END_ENTITY || who->kind == CMF_PRINCIPAL_REVOKER)
		return 0;
	/* What an RA has approved, it has signed. */
	if (who->approver && principal_permitted(who->approver, permissions))
		return 0;
	/* RFC 9483 4.2, 5.3.2: signed. A secret does as well only where it is there to revoke with,
	 * not because it is an RA's. */
	if (who->kind == CMF_PRINCIPAL_CLIENT && who->mac_secret.len) {
		if (!who->policy->revoke_under_mac)
			return refuse(refusal, REFUSAL_rev_not_signed);
		permissions = STORE_MAY_REVOKE;
	}
	return principal_permitted(who, permissions)
		       ? 0
		       : refuse(refusal, REFUSAL_client_not_permitted);
}

/* The certificate, if the asker may revoke it. */
static int revocable_find(const struct cmf_call *call, const struct cmf_revoke *request,
			  struct store_certificate *certp)
{
	int err = revocable_lookup(call, request, certp), permit = 0;

	if (err < 0)
		return err;
	/* Who may not do it to others' certificates does not learn which there are. */
	if (err != 0 || !principal_holds(call->who, certp))
		permit = revoker_check(call->who, call->refusal);
	if (err != 0 || permit != 0)
		return permit != 0 ? permit : err;
	err = certificate_authorize(call->who, certp, call->refusal);
	return err == 0 ? cert_details_check(request->details, certp, call->refusal) : err;
}

/* Whether that can become of the certificate, which is taken over if it is granted. */
static int revocation_decide(const struct cmf_call *call, const struct cmf_revocation *earlier,
			     size_t n, struct store_certificate *cert,
			     struct cmf_revocation *revocation)
{
	const struct ca *ca;
	bool pending;
	int err;

	earlier_apply(earlier, n, cert, &pending);
	err = transition_check(cert, revocation->to, call->refusal);
	if (err != 0)
		return err;
	if (pending)
		return refuse(call->refusal, REFUSAL_rev_pending);
	if (cert->not_after_ms < call->now_ms)
		return refuse(call->refusal, REFUSAL_rev_cert_expired);
	ca = ca_find(call->cmf->cas, cert->ca);
	revocation->upstream = ca && ca_is_upstream(ca);
	revocation->asked = cert->state == STORE_CERT_REVOCATION_PENDING;
	revocation->cert = *cert;
	*cert = (struct store_certificate){0};
	revocation->ceases = ceases_first(earlier, n, revocation);
	return 0;
}

int revocation_of(const struct cmf_call *call, int64_t certificate_id, int reason,
		  struct cmf_revocation *revocationp)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	int err = store_certificate_get(call->reader, certificate_id, &cert);

	*revocationp =
		(struct cmf_revocation){.reason = reason, .to = cmf_revocation_state(reason)};
	if (err == STORE_NOT_FOUND)
		return refuse(call->refusal, REFUSAL_rev_cert_unknown);
	return err == 0 ? revocation_decide(call, NULL, 0, &cert, revocationp) : err;
}

int cmf_revoke_find(const struct cmf_call *call, const struct cmf_revoke *request,
		    const struct cmf_revocation *earlier, size_t n,
		    struct cmf_revocation *revocationp)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	int err;

	*revocationp = (struct cmf_revocation){.reason = request->reason,
					       .invalidity_ms = request->invalidity_ms,
					       .to = cmf_revocation_state(request->reason)};
	if (!call->who->certificate_id) {
		err = revoker_check(call->who, call->refusal);
		if (err != 0)
			return err;
	}
	/* A passphrase is there to revoke; who put the certificate on hold may have had a reason.
	 */
	if (call->who->kind == CMF_PRINCIPAL_REVOKER && revocationp->to == STORE_CERT_ACTIVE)
		return refuse(call->refusal, REFUSAL_client_not_permitted);
	if (!reason_allowed(request->reason))
		return refuse(call->refusal, REFUSAL_rev_reason_not_allowed);
	err = invalidity_check(call, request);
	if (err != 0)
		return err;
	err = revocable_find(call, request, &cert);
	return err == 0 ? revocation_decide(call, earlier, n, &cert, revocationp) : err;
}

void cmf_revocation_clear(struct cmf_revocation *revocation)
{
	store_certificate_clear(&revocation->cert);
	*revocation = (struct cmf_revocation){0};
}

/* The holder of a certificate speaks for it, not for the registration. */
static bool speaks_for_registration(const struct cmf_principal *who,
				    const struct store_certificate *cert)
{
	const struct entity_owner owner = certificate_owner(cert);
	struct refusal unused = REFUSAL_NULL;

	return who->kind != CMF_PRINCIPAL_END_ENTITY && who->kind != CMF_PRINCIPAL_REVOKER &&
	       revoker_check(who, &unused) == 0 && principal_may_act(who, &owner);
}

static int cessation_deregister(const struct cmf_call *call, const struct store_certificate *cert)
{
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	int err;

	if (!call->cmf->conf->cmf.deregister_on_cessation ||
	    !speaks_for_registration(call->who, cert))
		return 0;
	err = store_registration_get(call->reader, cert->registration_id, &reg);
	if (err < 0)
		return err;
	if (err == STORE_NOT_FOUND || reg.state != STORE_REGISTRATION_ACTIVE)
		return 0;
	err = store_registration_deregister(call->unit, reg.id, call->now_ms);
	return err == 0 ? cmf_audit_add(call,
					&(struct cmf_audit){.action = "deregister",
							    .target = reg.subject_id,
							    .vnf_instance = reg.vnf_instance,
							    .detail = cert_type_name(reg.cert_type),
							    .before = "registered",
							    .after = "deregistered"})
			: err;
}

static const char *revocation_action(enum store_certificate_state to)
{
	if (to == STORE_CERT_ON_HOLD)
		return "hold";
	return to == STORE_CERT_ACTIVE ? "release" : "revoke";
}

int revocation_add(const struct cmf_call *call, const struct cmf_revocation *revocation)
{
	const struct store_certificate *cert = &revocation->cert;
	char after[48];
	int err;

	if (revocation->asked)
		return 0;
	snprintf(after, sizeof(after), "%s, reasonCode %d", state_name(revocation->to),
		 revocation->reason);
	if (revocation->forward.len)
		err = ca_upstream_revoke_forward(ca_find(call->cmf->cas, cert->ca), cert,
						 revocation->to, revocation->reason,
						 revocation->forward, call->unit);
	else
		err = certificate_revoke_add(call, cert, revocation->to, revocation->reason);
	/* Also none in place of that of a hold. */
	if (err == 0 && revocation->to != STORE_CERT_ACTIVE &&
	    revocation->invalidity_ms != cert->invalidity_ms)
		err = store_certificate_set_invalidity(call->unit, cert->id,
						       revocation->invalidity_ms);
	if (err == 0)
		err = certificate_audit(call, revocation_action(revocation->to), cert, after);
	if (err == 0 && revocation->ceases)
		err = cessation_deregister(call, cert);
	return err;
}

int cmf_revocation_give_up(const struct cmf_call *call, const struct store_certificate *cert,
			   int64_t *earliest_msp)
{
	struct ca *ca = ca_find(call->cmf->cas, cert->ca);
	int err;

	if (!principal_permitted(call->who, STORE_IS_OPERATOR))
		return refuse(call->refusal, REFUSAL_client_not_permitted);
	if (!ca || !ca_is_upstream(ca))
		return cert->state == STORE_CERT_REVOCATION_PENDING ? -ENXIO : STORE_NOT_FOUND;
	err = ca_upstream_revoke_give_up(ca, cert, call->reader, call->unit, earliest_msp);
	return err == 0 ? certificate_audit(call, "give up revocation", cert, NULL) : err;
}
