// SPDX-License-Identifier: Apache-2.0
/*
 * What happens to certificates that exist: finding them by issuer and serial number, confirmation,
 * revocation, and whose they are. Issuing is csr.c's.
 */
#include "cmf_private.h"

#include <errno.h>
#include <string.h>

/* reasonCode, RFC 5280 5.3.1 */
enum {
	REASON_UNSPECIFIED = 0,
	REASON_CESSATION_OF_OPERATION = 5,
	REASON_CERTIFICATE_HOLD = 6,
	REASON_PRIVILEGE_WITHDRAWN = 9,
	REASON_AA_COMPROMISE = 10,
};

static struct bytes certificate_serial(const struct store_certificate *cert)
{
	return (struct bytes){cert->serial, cert->serial_len};
}

int certificate_lookup(const struct cmf *cmf, struct bytes issuer, struct bytes serial,
		       struct store_reader *reader, struct store_certificate *certp)
{
	const struct ca *ca = NULL;
	int r = STORE_NOT_FOUND;

	/* The store has the magnitude: without the octet that keeps an INTEGER positive. */
	if (serial.len > 1 && serial.data[0] == 0)
		serial = (struct bytes){serial.data + 1, serial.len - 1};
	if (serial.len == 0 || serial.len > STORE_SERIAL_MAX)
		return STORE_NOT_FOUND;
	while (r == STORE_NOT_FOUND && (ca = ca_next_by_issuer(cmf->cas, issuer, ca)))
		r = store_certificate_find(reader, ca_name(ca), serial, certp);
	return r;
}

int certificate_revoke_add(const struct cmf *cmf, const struct store_certificate *cert,
			   enum store_certificate_state to, int reason, struct store_unit *unit)
{
	struct ca *ca = ca_find(cmf->cas, cert->ca);

	if (ca)
		return ca_revoke(ca, cert, to, reason, unit);
	return store_certificate_revoke(unit, cert->id, cert->state, to, reason,
					clock_now_ms(cmf->clock));
}

static int certificate_audit(const struct cmf *cmf, const struct cmf_principal *who,
			     const char *action, const struct store_certificate *cert,
			     struct store_unit *unit)
{
	char serial[2 * STORE_SERIAL_MAX + 1];

	bytes_to_hex(certificate_serial(cert), serial);
	return audit_add(cmf, who, action, cert->subject_id ? cert->subject_id : cert->ca, serial,
			 unit);
}

/* The asker may do it to that certificate: its holder, its manager, an RA of the trust domain. */
static int certificate_authorize(const struct cmf_principal *who,
				 const struct store_certificate *cert, struct refusal *refusal)
{
	/* RFC 9483 4.1.3, 4.2: an end entity its own */
	if (who->kind == CMF_PRINCIPAL_END_ENTITY)
		return cert->id == who->certificate_id
			       ? 0
			       : refuse(refusal, REFUSAL_end_entity_only_own);
	if (!principal_may_act(who, cert->manager, cert->trust_domain))
		return refuse(refusal, REFUSAL_entity_not_authorized);
	return 0;
}

/* --- key update: the old certificate ------------------------------------------------------------
 */

static int update_lookup(const struct cmf *cmf, const struct cmf_principal *who,
			 struct bytes issuer, struct bytes serial, struct store_reader *reader,
			 struct store_certificate *certp, struct refusal *refusal)
{
	int r;

	if (issuer.len == 0 && serial.len == 0) {
		if (who->kind != CMF_PRINCIPAL_END_ENTITY)
			return refuse(refusal, REFUSAL_update_cert_not_identified);
		r = store_certificate_get(reader, who->certificate_id, certp);
	} else {
		r = certificate_lookup(cmf, issuer, serial, reader, certp);
	}
	return r == STORE_NOT_FOUND ? refuse(refusal, REFUSAL_update_cert_unknown) : r;
}

int cmf_update_find(struct cmf *cmf, const struct cmf_principal *who, struct bytes issuer,
		    struct bytes serial, struct store_reader *reader,
		    struct store_certificate *certp, struct refusal *refusal)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	int r;

	if (who->kind != CMF_PRINCIPAL_END_ENTITY &&
	    !principal_permitted(who, STORE_MAY_REQUEST | STORE_IS_RA | STORE_IS_OPERATOR))
		return refuse(refusal, REFUSAL_client_not_permitted);
	r = update_lookup(cmf, who, issuer, serial, reader, &cert, refusal);
	if (r == 0)
		r = certificate_authorize(who, &cert, refusal);
	if (r != 0)
		return r;
	/* RFC 9483 4.1.3: neither expired nor revoked */
	if (cert.state != STORE_CERT_ACTIVE || cert.not_after_ms < clock_now_ms(cmf->clock))
		return refuse(refusal, REFUSAL_update_cert_not_active);
	*certp = cert;
	cert = (struct store_certificate){0};
	return 0;
}

/* --- certConf ------------------------------------------------------------------------------------
 */

int cmf_confirm(struct cmf *cmf, const struct cmf_principal *who,
		const struct store_certificate *cert, bool accepted, struct store_unit *unit)
{
	int r;

	/* RFC 9483 4.1.1: a certificate that is not accepted must not stay valid. */
	if (accepted)
		r = store_certificate_set_state(unit, cert->id, STORE_CERT_PENDING,
						STORE_CERT_ACTIVE);
	else
		r = certificate_revoke_add(cmf, cert, STORE_CERT_REJECTED, REASON_UNSPECIFIED,
					   unit);
	return r == 0 ? certificate_audit(cmf, who, accepted ? "confirm" : "reject", cert, unit)
		      : r;
}

/* --- revocation ----------------------------------------------------------------------------------
 */

/* 7 is unused; removeFromCRL (8) would release a hold, which is not offered. RFC 5280 5.3.1 */
static bool reason_allowed(int reason)
{
	return (reason >= REASON_UNSPECIFIED && reason <= REASON_CERTIFICATE_HOLD) ||
	       (reason >= REASON_PRIVILEGE_WITHDRAWN && reason <= REASON_AA_COMPROMISE);
}

static int revocable_check(const struct store_certificate *cert, int64_t now_ms,
			   struct refusal *refusal)
{
	switch (cert->state) {
	case STORE_CERT_REVOKED:
	case STORE_CERT_REJECTED:
		return refuse(refusal, REFUSAL_rev_cert_revoked);
	case STORE_CERT_REQUESTED:
		return refuse(refusal, REFUSAL_rev_cert_unknown);
	case STORE_CERT_PENDING:
	case STORE_CERT_ACTIVE:
	case STORE_CERT_REVOCATION_PENDING:
		break;
	}
	return cert->not_after_ms < now_ms ? refuse(refusal, REFUSAL_rev_cert_expired) : 0;
}

/* An end entity speaks for its certificate, not for the registration. */
static int cessation_deregister(const struct cmf *cmf, const struct cmf_principal *who,
				const struct store_certificate *cert, struct store_reader *reader,
				struct store_unit *unit)
{
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	int r;

	if (!cmf_conf(cmf)->cmf.deregister_on_cessation || who->kind == CMF_PRINCIPAL_END_ENTITY)
		return 0;
	r = store_registration_get(reader, cert->registration_id, &reg);
	if (r < 0)
		return r;
	if (r == STORE_NOT_FOUND || reg.state != STORE_REGISTRATION_ACTIVE)
		return 0;
	r = store_registration_deregister(unit, reg.id, clock_now_ms(cmf->clock));
	return r == 0 ? audit_add(cmf, who, "deregister", reg.subject_id,
				  cert_type_name(reg.cert_type), unit)
		      : r;
}

static int revocation_add(const struct cmf *cmf, const struct cmf_principal *who,
			  const struct store_certificate *cert, int reason,
			  struct store_reader *reader, struct store_unit *unit, bool *upstreamp)
{
	const struct ca *ca = ca_find(cmf->cas, cert->ca);
	int r;

	*upstreamp = ca && ca_is_upstream(ca);
	/* Asked for already: what is left is to wait for the upstream. */
	if (cert->state == STORE_CERT_REVOCATION_PENDING)
		return 0;
	r = certificate_revoke_add(cmf, cert, STORE_CERT_REVOKED, reason, unit);
	if (r == 0)
		r = certificate_audit(cmf, who, "revoke", cert, unit);
	if (r == 0 && reason == REASON_CESSATION_OF_OPERATION)
		r = cessation_deregister(cmf, who, cert, reader, unit);
	return r;
}

int cmf_revoke(struct cmf *cmf, const struct cmf_principal *who, const struct cmf_revoke *request,
	       struct store_reader *reader, struct store_unit *unit,
	       struct store_certificate *certp, bool *upstreamp, struct refusal *refusal)
{
	int r;

	if (who->kind != CMF_PRINCIPAL_END_ENTITY &&
	    !principal_permitted(who, STORE_MAY_REVOKE | STORE_IS_RA | STORE_IS_OPERATOR))
		return refuse(refusal, REFUSAL_client_not_permitted);
	if (!reason_allowed(request->reason))
		return refuse(refusal, REFUSAL_rev_reason_not_allowed);
	r = certificate_lookup(cmf, request->issuer, request->serial, reader, certp);
	if (r == STORE_NOT_FOUND)
		return refuse(refusal, REFUSAL_rev_cert_unknown);
	if (r < 0)
		return r;
	r = certificate_authorize(who, certp, refusal);
	if (r == 0)
		r = revocable_check(certp, clock_now_ms(cmf->clock), refusal);
	if (r == 0)
		r = revocation_add(cmf, who, certp, request->reason, reader, unit, upstreamp);
	if (r != 0)
		store_certificate_clear(certp);
	return r;
}
