// SPDX-License-Identifier: Apache-2.0
/*
 * Registrations that there are: who may know of them and of their certificates, giving one another
 * profile, CA or manager, and taking one away with what hangs on it. Register and the plain end of
 * a registration are register.c's, what a revocation is, is revoke.c's.
 */
#include "cmf_private.h"

#include "asn1/certificate.h"
#include "cmf/move.h"
#include "cmf/order.h"
#include "domain.h"
#include "subject_id.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool cmf_may_see_registration(const struct cmf_principal *who, const struct store_registration *reg)
{
	const struct store_entity entity = store_registration_entity(reg);

	return principal_may_see(who, reg->manager, &entity);
}

bool cmf_may_see_certificate(const struct cmf_principal *who, const struct store_certificate *cert)
{
	const struct store_entity entity = store_certificate_entity(cert);

	return principal_holds(who, cert) || principal_may_see(who, cert->manager, &entity);
}

struct cmf_scope cmf_scope(const struct cmf_principal *who)
{
	struct cmf_scope scope = {.certificate_id = who->certificate_id};

	if (who->kind != CMF_PRINCIPAL_CLIENT)
		return scope;
	scope.trust_domain = who->trust_domain;
	if (!principal_permitted(who, STORE_IS_RA | STORE_IS_OPERATOR))
		scope.manager = principal_manager(who);
	return scope;
}

int cmf_registration_find(const struct cmf_call *call, int64_t id, struct store_registration *regp)
{
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	struct entity_owner owner;
	int err = store_registration_get(call->reader, id, &reg);

	if (err != 0)
		return err;
	if (reg.state != STORE_REGISTRATION_ACTIVE || !cmf_may_see_registration(call->who, &reg))
		return STORE_NOT_FOUND;
	if (!principal_permitted(call->who, STORE_MAY_REGISTER | STORE_IS_RA | STORE_IS_OPERATOR))
		return refuse(call->refusal, REFUSAL_client_not_permitted);
	owner = registration_owner(&reg);
	if (!principal_may_act(call->who, &owner))
		return principal_refuse_act(call->who, &owner, call->refusal);
	*regp = reg;
	reg = (struct store_registration){0};
	return 0;
}

/* --- another profile --- */

/* The CA by the rules for the new profile; one that an operator chose stays. IFA 033 11.2.2.4 */
static const struct ca *ca_for_profile(const struct cmf_call *call,
				       const struct store_registration *reg, const char *profile)
{
	const struct conf *conf = call->cmf->conf;
	const struct ca *before =
		ca_by_rule(call->cmf, conf, reg->cert_type, reg->trust_domain, reg->profile);

	if (!before || strcmp(ca_name(before), reg->ca) != 0)
		return ca_find(call->cmf->cas, reg->ca);
	return ca_by_rule(call->cmf, conf, reg->cert_type, reg->trust_domain, profile);
}

/* As at Register: what the profile and the trust domain say of such an entity. */
static int profile_check(const struct cmf_call *call, const struct store_registration *reg,
			 const struct conf_profile *profile, const struct ca *ca)
{
	const struct conf_trust_domain *domain =
		conf_trust_domain_find(call->cmf->conf, reg->trust_domain);

	if (!profile)
		return refuse(call->refusal, REFUSAL_cert_type_unknown);
	if (profile->cert_type != reg->cert_type)
		return refuse(call->refusal, REFUSAL_profile_cert_type_mismatch);
	if (!ca)
		return refuse(call->refusal, REFUSAL_ca_not_configured);
	if (!domain_allows_terms(domain, reg->cert_type, profile->name, ca_name(ca)))
		return refuse(call->refusal, REFUSAL_domain_limits);
	return subject_id_check(profile, reg->subject_id, call->refusal);
}

static int terms_set(const struct cmf_call *call, const struct store_registration *reg,
		     const char *profile, const char *ca, bool *changedp)
{
	const struct store_entity entity = store_registration_entity(reg);
	char detail[300];
	int err;

	*changedp = strcmp(reg->profile, profile) != 0 || strcmp(reg->ca, ca) != 0;
	if (!*changedp)
		return 0;
	snprintf(detail, sizeof(detail), "%s by %s", profile, ca);
	err = store_registration_change(call->unit, reg, profile, ca, call->now_ms);
	return err ? err : audit_add_entity(call, "register-change", &entity, detail);
}

int cmf_registration_change(const struct cmf_call *call, const struct store_registration *reg,
			    const char *profile_name)
{
	const struct conf *conf = call->cmf->conf;
	const struct conf_profile *profile = profile_name
						     ? profile_find(conf, profile_name)
						     : conf_profile_default(conf, reg->cert_type);
	const struct ca *ca = profile ? ca_for_profile(call, reg, profile->name) : NULL;
	int err = profile_check(call, reg, profile, ca);
	bool changed;

	return err ? err : terms_set(call, reg, profile->name, ca_name(ca), &changed);
}

/* --- another CA, profile or manager, for many --- */

/* Who it goes to has to be one that could have registered it. */
static int manager_check(const struct cmf_call *call, const struct store_registration *reg,
			 const char *manager)
{
	_cleanup_(cmf_principal_clear) struct cmf_principal who = {0};
	const struct store_entity entity = store_registration_entity(reg);
	bool open = true;
	int err = cmf_admin_for_client(call, manager, &who);

	if (err != 0)
		return err;
	if (strcmp(who.trust_domain, reg->trust_domain) != 0)
		return refuse_detail(call->refusal, REFUSAL_domain_limits,
				     "the manager is a client of another trust domain");
	/* The entity of its first label, which may have the name, too, comes along or was there. */
	err = entity_label_open(call->reader, &entity, NULL, reg->manager, &open);
	if (err == 0 && !open)
		err = entity_label_open(call->reader, &entity, NULL, manager, &open);
	if (err < 0)
		return err;
	return open ? 0
		    : refuse_detail(call->refusal, REFUSAL_domain_limits,
				    "the entity of its first label has another manager");
}

static int manager_set(const struct cmf_call *call, const struct store_registration *reg,
		       const char *manager)
{
	int err = store_registration_pass_on(call->unit, reg, manager, call->now_ms);

	return err == 0 ? cmf_audit_add(call, &(struct cmf_audit){.action = "register-pass-on",
								  .target = reg->subject_id,
								  .vnf_instance = reg->vnf_instance,
								  .before = reg->manager,
								  .after = manager})
			: err;
}

int cmf_registration_move(const struct cmf_call *call, const struct store_registration *reg,
			  const struct cmf_move *to, bool *movedp)
{
	const struct conf *conf = call->cmf->conf;
	const struct conf_profile *profile = to->profile ? profile_find(conf, to->profile)
							 : conf_profile_find(conf, reg->profile);
	const struct ca *ca = to->ca                   ? ca_find(call->cmf->cas, to->ca)
			      : to->profile && profile ? ca_for_profile(call, reg, profile->name)
						       : ca_find(call->cmf->cas, reg->ca);
	const struct entity_owner owner = registration_owner(reg);
	bool passed_on = to->manager && strcmp(reg->manager, to->manager) != 0;
	int err = 0;

	*movedp = false;
	if (!principal_may_act(call->who, &owner))
		return principal_refuse_act(call->who, &owner, call->refusal);
	if (to->profile || to->ca)
		err = profile_check(call, reg, profile, ca);
	if (err == 0 && passed_on)
		err = manager_check(call, reg, to->manager);
	if (err == 0 && (to->profile || to->ca))
		err = terms_set(call, reg, profile->name, ca_name(ca), movedp);
	if (err == 0 && passed_on)
		err = manager_set(call, reg, to->manager);
	*movedp = *movedp || passed_on;
	return err;
}

/* --- removing --- */

/* What is to be revoked with the registration. */
struct removal {
	const struct cmf_call *call;
	struct cmf_revocation *revocations; /* owned */
	size_t n;
};

static void removal_clear(struct removal *removal)
{
	for (size_t i = 0; i < removal->n; i++)
		cmf_revocation_clear(&removal->revocations[i]);
	free(removal->revocations);
}

static bool certificate_is_valid(const struct store_certificate *cert, int64_t now_ms)
{
	switch (cert->state) {
	case STORE_CERT_PENDING:
	case STORE_CERT_ACTIVE:
	case STORE_CERT_ON_HOLD:
		return cert->not_after_ms >= now_ms;
	case STORE_CERT_REQUESTED:
	case STORE_CERT_REVOKED:
	case STORE_CERT_REJECTED:
	case STORE_CERT_REVOCATION_PENDING:
		break;
	}
	return false;
}

static int certificate_revoke(void *arg, const struct store_certificate *cert)
{
	struct removal *removal = arg;
	struct cmf_revoke request = {.serial = cert->serial,
				     .reason = CRL_REASON_CESSATION_OF_OPERATION};
	struct cmf_revocation *grown;
	struct certificate_view view;
	int err;

	if (cert->state == STORE_CERT_REQUESTED)
		return refuse(removal->call->refusal, REFUSAL_registration_in_use);
	if (!certificate_is_valid(cert, removal->call->now_ms))
		return 0;
	err = certificate_view(octets_view(&cert->der), &view);
	if (err)
		return log_fault("read a stored certificate", err, NULL);
	grown = reallocarray(removal->revocations, removal->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	removal->revocations = grown;
	request.issuer = view.issuer;
	err = cmf_revoke_find(removal->call, &request, NULL, 0, &grown[removal->n]);
	if (err)
		return err;
	/* The registration ends below, once, whatever cessationOfOperation means otherwise. */
	grown[removal->n].ceases = false;
	removal->n++;
	return 0;
}

static int certificates_revoke(const struct cmf_call *call, int64_t registration_id)
{
	const struct store_certificate_filter filter = {.state = -1,
							.registration_id = registration_id};
	_cleanup_(removal_clear) struct removal removal = {.call = call};
	struct cmf_order_terms terms;
	int err = store_certificate_list(call->reader, &filter, certificate_revoke, &removal);

	return err ? err
		   : cmf_order_place_revocations(call, removal.revocations, removal.n, &terms);
}

int cmf_registration_remove(const struct cmf_call *call, const struct store_registration *reg,
			    bool revoke)
{
	bool idle = true;
	int err = revoke ? certificates_revoke(call, reg->id)
			 : store_registration_idle(call->reader, reg->id, call->now_ms, &idle);

	if (err == 0 && !idle)
		err = refuse(call->refusal, REFUSAL_registration_in_use);
	if (err == 0)
		err = store_registration_require_idle(call->unit, reg, call->now_ms);
	return err ? err : registration_end(call, reg);
}
