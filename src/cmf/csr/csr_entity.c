// SPDX-License-Identifier: Apache-2.0
/*
 * Who asks for a certificate, for which entity, and under which profile and CA: IFA 033 11.2.3,
 * kur, ccr, krr. An entity that nobody registered is registered by its ir where the client's policy
 * says so.
 */
#include "csr/csr.h"
#include "principal/clients.h"

#include "archive.h"
#include "csr/cross.h"
#include "domain.h"
#include "principal/name_reserved.h"
#include "subject_id.h"

#include <errno.h>
#include <string.h>

/* For the operator: what a client may not have sounds as what somebody else has. */
static const char outside_of_domain[] = "it is outside of what its trust domain may have";

/* --- who --- */

int decision_others_permit(const struct decision *d)
{
	uint32_t permissions = d->rules->permission | STORE_IS_RA | STORE_IS_OPERATOR;

	if (principal_permitted(d->call.who, permissions))
		return 0;
	return refuse(d->call.refusal, REFUSAL_client_not_permitted);
}

/* --- for whom --- */

/* Whether the asker may have certificates of the registration, and meant this one. */
static int registration_check(const struct decision *d)
{
	const struct store_registration *reg = &d->registration;
	const struct conf_profile *named = d->carriers.named;

	if (!d->rules->is_own(d)) {
		int err;

		if (d->call.who->kind == CMF_PRINCIPAL_END_ENTITY && !d->call.who->approver)
			return refuse(d->call.refusal, REFUSAL_end_entity_only_own);
		err = decision_others_permit(d);
		if (err != 0)
			return err;
		if (!principal_may_act(d->call.who, reg->manager, reg->trust_domain,
				       reg->subject_id))
			return refuse(d->call.refusal, REFUSAL_entity_not_authorized);
	}
	if (d->carriers.has_type && d->carriers.type != reg->cert_type)
		return refuse(d->call.refusal, REFUSAL_cert_type_contradiction);
	/* The profile of the registration applies; a request may name it, not another. */
	if (named && strcmp(named->name, reg->profile) != 0)
		return refuse(d->call.refusal, REFUSAL_profile_contradiction);
	return 0;
}

/* kur: the entity is that of the old certificate. */
int entity_of_certificate(struct decision *d)
{
	const struct store_certificate *old = d->csr->update.old;
	int err = store_registration_get(d->call.reader, old->registration_id, &d->registration);

	if (err < 0)
		return err;
	if (err == STORE_NOT_FOUND || d->registration.state != STORE_REGISTRATION_ACTIVE)
		return refuse_detail(d->call.refusal, REFUSAL_entity_not_authorized,
				     "the entity is no longer registered");
	for (size_t i = 0; i < d->csr->n_vnfc_ids; i++) {
		if (strcasecmp(d->csr->vnfc_ids[i], d->registration.subject_id) != 0)
			return refuse(d->call.refusal, REFUSAL_vnfc_id_contradiction);
	}
	d->replaces_id = old->id;
	return registration_check(d);
}

/* What an earlier request of the same message registers under that name; NULL if none does. */
static const struct cmf_csr_result *registered_earlier(const struct decision *d,
						       const char *subject_id)
{
	for (size_t i = 0; i < d->call.n_earlier; i++) {
		const struct cmf_csr_result *r = d->call.earlier[i];

		if (r->registers && r->decision->registration.cert_type == d->carriers.type &&
		    strcasecmp(r->decision->registration.subject_id, subject_id) == 0)
			return r;
	}
	return NULL;
}

static int registration_copy(const struct store_registration *from, struct store_registration *to)
{
	*to = *from;
	to->subject_id = to->manager = to->trust_domain = to->ca = to->profile = NULL;
	if (text_dup(from->subject_id, &to->subject_id) < 0 ||
	    text_dup(from->manager, &to->manager) < 0 ||
	    text_dup(from->trust_domain, &to->trust_domain) < 0 ||
	    text_dup(from->ca, &to->ca) < 0 || text_dup(from->profile, &to->profile) < 0)
		return -ENOMEM;
	return 0;
}

/* ir of an entity that nobody registered: IFA 033 11.2.2 by the policy of the client. */
static int entity_register(struct decision *d, const char *subject_id)
{
	const struct carriers *carriers = &d->carriers;
	const struct conf_profile *profile = carriers->registers;
	const struct ca *ca;
	_cleanup_(clients_unrefp) struct clients *clients = NULL;
	const char *reserved;
	bool open = false, allowed = false;
	int err = decision_others_permit(d);

	if (err != 0)
		return err;
	if (!principal_speaks_for(d->call.who, subject_id))
		return refuse(d->call.refusal, REFUSAL_entity_not_authorized);
	if (!d->csr->may_register || !d->call.who->register_on_ir ||
	    d->call.who->kind != CMF_PRINCIPAL_CLIENT ||
	    !principal_permitted(d->call.who, STORE_MAY_REGISTER))
		return refuse(d->call.refusal, REFUSAL_entity_not_authorized);
	if (!subject_id_valid(carriers->type, subject_id))
		return refuse(d->call.refusal, subject_id_fault(carriers->type));
	err = domain_allows_id(conf_trust_domain_find(d->conf, d->call.who->trust_domain),
			       subject_id, &allowed);
	if (err < 0)
		return err;
	if (!allowed)
		return refuse_detail(d->call.refusal, REFUSAL_entity_not_authorized,
				     outside_of_domain);
	err = entity_name_open(d->call.reader, subject_id, NULL, principal_manager(d->call.who),
			       &open);
	if (err == 0)
		err = clients_get(d->call.cmf, d->call.reader, &clients);
	if (err == 0)
		err = name_reserved_among(d->call.cmf, clients, bytes_of_string(subject_id),
					  subject_id, &reserved);
	if (err < 0)
		return err;
	d->clients_generation = clients->generation;
	if (reserved)
		return refuse_detail(d->call.refusal, REFUSAL_entity_not_authorized, reserved);
	if (!open)
		return refuse(d->call.refusal, REFUSAL_entity_not_authorized);
	if (!profile)
		return refuse(d->call.refusal, REFUSAL_cert_type_unknown);
	ca = ca_by_rule(d->call.cmf, d->conf, carriers->type, d->call.who->trust_domain,
			profile->name);
	if (!ca)
		return refuse(d->call.refusal, REFUSAL_ca_not_configured);
	d->registers = true;
	return registration_copy(
		&(struct store_registration){
			.cert_type = carriers->type,
			.handling = carriers->type == CERT_TYPE_MANO ? CERT_HANDLING_NONE
								     : CERT_HANDLING_DELEGATION,
			.state = STORE_REGISTRATION_ACTIVE,
			.created_ms = d->call.now_ms,
			.changed_ms = d->call.now_ms,
			/* copied, not written to */
			.subject_id = (char *)(uintptr_t)subject_id,
			.manager = (char *)(uintptr_t)principal_manager(d->call.who),
			.trust_domain = d->call.who->trust_domain,
			.ca = (char *)(uintptr_t)ca_name(ca),
			.profile = profile->name,
		},
		&d->registration);
}

static int entity_named(struct decision *d)
{
	_cleanup_(freep) char *subject_id = NULL;
	const struct cmf_csr_result *earlier;
	int err = name_request_check(&d->asked, d->call.refusal);

	if (err != 0)
		return err;
	if (!d->carriers.has_type)
		return refuse(d->call.refusal, REFUSAL_cert_type_missing);
	err = name_request_entity(&d->asked, d->carriers.type, d->csr->vnfc_ids, d->csr->n_vnfc_ids,
				  &subject_id, d->call.refusal);
	/* 3GPP TS 33.310 does not make the subject mandatory: who signed it says whose it is. */
	if (err == REFUSED && d->call.refusal->reason == REFUSAL_entity_not_identified &&
	    d->call.who->entity) {
		*d->call.refusal = REFUSAL_NULL;
		err = text_dup(d->call.who->entity, &subject_id);
	}
	if (err != 0)
		return err;
	earlier = registered_earlier(d, subject_id);
	if (earlier) {
		d->registered_by = earlier->decision;
		err = registration_copy(&earlier->decision->registration, &d->registration);
	} else {
		err = store_registration_find(d->call.reader, d->carriers.type, subject_id,
					      &d->registration);
	}
	if (err == STORE_NOT_FOUND)
		return entity_register(d, subject_id);
	return err < 0 ? err : registration_check(d);
}

/* What the request names, if anything, is the entity of the registration. */
static int names_own(struct decision *d)
{
	const struct cmf_csr *csr = d->csr;
	_cleanup_(freep) char *subject_id = NULL;
	int err = name_request_check(&d->asked, d->call.refusal);

	if (err != 0 || (!d->asked.subject && !d->asked.san && csr->n_vnfc_ids == 0))
		return err;
	err = name_request_entity(&d->asked, d->registration.cert_type, csr->vnfc_ids,
				  csr->n_vnfc_ids, &subject_id, d->call.refusal);
	if (err == 0 && strcasecmp(subject_id, d->registration.subject_id) != 0)
		return refuse(d->call.refusal, d->rules->not_own);
	return err;
}

/* Of the holder of a certificate: for its own entity. */
static int entity_of_holder(struct decision *d)
{
	int err = store_registration_get(d->call.reader, d->call.who->registration_id,
					 &d->registration);

	if (err < 0)
		return err;
	if (err == STORE_NOT_FOUND || d->registration.state != STORE_REGISTRATION_ACTIVE)
		return refuse_detail(d->call.refusal, REFUSAL_entity_not_authorized,
				     "the entity is no longer registered");
	err = names_own(d);
	return err == 0 ? registration_check(d) : err;
}

/* Profile and CA of the registration must still be configured, and its trust domain's. */
static int registration_resolve(struct decision *d)
{
	bool allowed = false;
	int err;

	d->profile = conf_profile_find(d->conf, d->registration.profile);
	if (!d->profile || d->profile->cert_type != d->registration.cert_type)
		return refuse_detail(d->call.refusal, REFUSAL_cert_type_unknown,
				     "the profile of the registration is no longer configured");
	d->ca = ca_find(d->call.cmf->cas, d->registration.ca);
	if (!d->ca)
		return refuse_detail(d->call.refusal, REFUSAL_ca_not_configured,
				     "the CA of the registration is no longer configured");
	d->domain = conf_trust_domain_find(d->conf, d->registration.trust_domain);
	err = domain_allows_registration(d->domain, &d->registration, &allowed);
	if (err < 0)
		return err;
	if (!allowed)
		return refuse_detail(d->call.refusal, REFUSAL_entity_not_authorized,
				     outside_of_domain);
	/* A CA certificate for no other request, and for this one nothing else. */
	if ((d->csr->operation == CMF_CROSS) != (d->profile->cross_subject.name != NULL))
		return refuse(d->call.refusal, REFUSAL_cross_profile);
	return 0;
}

/*
 * Whether it can only mean its own entity. With the approval of an RA it asks as anybody whom that
 * may act for; who is a client too says by a certType that it asks as that.
 */
static bool is_for_itself(const struct decision *d)
{
	const struct cmf_principal *who = d->call.who;

	if (!who->certificate_id)
		return false;
	return !d->carriers.has_type || (who->kind == CMF_PRINCIPAL_END_ENTITY && !who->approver);
}

int entity_of_request(struct decision *d)
{
	return is_for_itself(d) ? entity_of_holder(d) : entity_named(d);
}

int csr_entity_decide(struct decision *d)
{
	const char *default_profile =
		d->rules->default_profile ? d->call.who->default_profile : NULL;
	int err = d->rules->requester_check(d);

	if (err == 0)
		err = carriers_resolve(d->conf, d->csr, default_profile, &d->carriers,
				       d->call.refusal);
	if (err == 0)
		err = name_request_read(d->csr->subject, template_san(d->csr->extensions),
					&d->asked, d->call.refusal);
	if (err == 0)
		err = d->rules->entity_find(d);
	return err == 0 ? registration_resolve(d) : err;
}
