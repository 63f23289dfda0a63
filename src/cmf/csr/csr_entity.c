// SPDX-License-Identifier: Apache-2.0
/*
 * Who asks for a certificate, for which entity, and under which profile and CA: IFA 033 11.2.3,
 * kur, ccr, krr. An entity that nobody registered is registered by its ir where the client's policy
 * says so.
 */
#include "csr/csr.h"
#include "principal/clients.h"

#include "archive.h"
#include "base/name_fold.h"
#include "csr/cross.h"
#include "direct/direct.h"
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

/*
 * In direct mode, a VNFCI that proves which one it is by its vendor's certificate: where the VNFM
 * has no other initial credential for it. Of which VNF instance it is such a certificate does not
 * say, so it is asked for by the one registration that there is.
 */
static bool is_vnfci_of(const struct decision *d, const struct store_registration *reg)
{
	const struct cmf_principal *who = d->call.who;
	const struct conf_vnfm *vnfm = direct_vnfm_of(d->conf, reg->source);

	return vnfm && vnfm->initial_credential != CONF_INITIAL_SECRET && who->entity &&
	       strcmp(who->trust_domain, reg->trust_domain) == 0 &&
	       names_equal(bytes_of_string(who->entity), bytes_of_string(reg->subject_id));
}

static bool may_ask_as(const struct decision *d, const struct store_registration *reg)
{
	const struct entity_owner owner = registration_owner(reg);

	return principal_may_act(d->call.who, &owner) || is_vnfci_of(d, reg);
}

/* Whether the asker may have certificates of the registration, and meant this one. */
static int registration_check(const struct decision *d)
{
	const struct store_registration *reg = &d->registration;
	const struct entity_owner owner = registration_owner(reg);

	if (!d->rules->is_own(d)) {
		int err;

		if (d->call.who->kind == CMF_PRINCIPAL_END_ENTITY && !d->call.who->approver)
			return refuse(d->call.refusal, REFUSAL_end_entity_only_own);
		err = decision_others_permit(d);
		if (err != 0)
			return err;
		if (!may_ask_as(d, reg))
			return principal_refuse_act(d->call.who, &owner, d->call.refusal);
	}
	if (d->carriers.has_type && d->carriers.type != reg->cert_type)
		return refuse(d->call.refusal, REFUSAL_cert_type_contradiction);
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
	for (size_t i = 0; i < d->csr->n_vnfc_ids; i++)
		if (!names_equal(bytes_of_string(d->csr->vnfc_ids[i]),
				 bytes_of_string(d->registration.subject_id)))
			return refuse(d->call.refusal, REFUSAL_vnfc_id_contradiction);
	for (size_t i = 0; i < d->csr->n_vnf_instances; i++)
		if (strcmp(d->csr->vnf_instances[i], d->registration.vnf_instance) != 0)
			return refuse(d->call.refusal, REFUSAL_vnf_instance_contradiction);
	d->replaces_id = old->id;
	err = understood_registration(d, "the certificate that is updated");
	return err == 0 ? registration_check(d) : err;
}

/* What an earlier request of the same message registers as that entity; NULL if none does. */
static const struct cmf_csr_result *registered_earlier(const struct decision *d,
						       const struct store_entity *entity)
{
	for (size_t i = 0; i < d->call.n_earlier; i++) {
		const struct cmf_csr_result *r = d->call.earlier[i];
		const struct store_entity own =
			store_registration_entity(&r->decision->registration);

		if (r->registers && r->decision->registration.cert_type == d->carriers.type &&
		    store_entity_same(&own, entity))
			return r;
	}
	return NULL;
}

static int registration_copy(const struct store_registration *from, struct store_registration *to)
{
	*to = *from;
	to->vnf_instance = to->subject_id = to->manager = to->trust_domain = to->ca = to->profile =
		to->source = NULL;
	if (text_dup(from->vnf_instance, &to->vnf_instance) < 0 ||
	    text_dup(from->subject_id, &to->subject_id) < 0 ||
	    text_dup(from->manager, &to->manager) < 0 ||
	    text_dup(from->trust_domain, &to->trust_domain) < 0 ||
	    text_dup(from->ca, &to->ca) < 0 || text_dup(from->profile, &to->profile) < 0 ||
	    (from->source && text_dup(from->source, &to->source) < 0))
		return -ENOMEM;
	return 0;
}

/* Whether the client's policy has it register what it asks a certificate for. */
static int register_on_ir_permit(const struct decision *d, const struct store_entity *entity)
{
	const struct cmf_principal *who = d->call.who;
	const struct conf_list *ids = &who->policy->register_on_ir_ids;
	bool fits = true;
	int err = decision_others_permit(d);

	if (err == 0 && ids->len)
		err = patterns_fit(ids, entity->subject_id, &fits);
	if (err != 0)
		return err;
	if (!fits)
		return refuse_detail(d->call.refusal, REFUSAL_entity_not_authorized,
				     "the client's policy registers no such entity by ir");
	if (!principal_speaks_for(who, entity) || !d->csr->may_register || !who->register_on_ir ||
	    who->kind != CMF_PRINCIPAL_CLIENT || !principal_permitted(who, STORE_MAY_REGISTER))
		return refuse(d->call.refusal, REFUSAL_entity_not_authorized);
	return 0;
}

/* Whether the trust domain may have an entity of that name. */
static int new_domain_check(const struct decision *d, const struct store_entity *entity)
{
	bool allowed = false;
	int err = domain_allows_id(conf_trust_domain_find(d->conf, entity->trust_domain),
				   entity->subject_id, &allowed);

	if (err < 0 || allowed)
		return err;
	return refuse_detail(d->call.refusal, REFUSAL_entity_not_authorized, outside_of_domain);
}

/* Whether the name of a new entity is nobody else's. */
static int new_name_check(struct decision *d, const struct store_entity *entity)
{
	_cleanup_(clients_unrefp) struct clients *clients = NULL;
	const char *reserved = NULL;
	bool open = false;
	int err = entity_name_open(d->call.reader, entity, NULL, principal_manager(d->call.who),
				   &open);

	if (err == 0)
		err = clients_get(d->call.cmf, d->call.reader, &clients);
	if (err == 0)
		err = name_reserved_among(d->call.cmf, clients, bytes_of_string(entity->subject_id),
					  entity, &reserved);
	if (err < 0)
		return err;
	d->clients_generation = clients->generation;
	if (reserved)
		return refuse_detail(d->call.refusal, REFUSAL_entity_not_authorized, reserved);
	return open ? 0 : refuse(d->call.refusal, REFUSAL_entity_not_authorized);
}

/* What earlier requests of the same message register. */
static size_t registering_earlier(const struct decision *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->call.n_earlier; i++)
		n += d->call.earlier[i]->registers;
	return n;
}

/* ir of an entity that nobody registered: IFA 033 11.2.2 by the policy of the client. */
static int entity_register(struct decision *d, const struct store_entity *entity)
{
	const struct carriers *carriers = &d->carriers;
	const struct conf_profile *profile = carriers->registers;
	const struct ca *ca;
	int err = register_on_ir_permit(d, entity);

	if (err == 0 && *entity->vnf_instance &&
	    !entity_text_valid(bytes_of_string(entity->vnf_instance)))
		return refuse(d->call.refusal, REFUSAL_vnf_instance_invalid);
	if (err == 0 && !profile)
		return refuse(d->call.refusal, REFUSAL_cert_type_unknown);
	if (err == 0)
		err = subject_id_check(profile, entity->subject_id, d->call.refusal);
	if (err == 0)
		err = new_domain_check(d, entity);
	if (err == 0)
		err = new_name_check(d, entity);
	if (err == 0)
		err = registrations_check(&d->call, entity->trust_domain,
					  1 + registering_earlier(d));
	if (err != 0)
		return err;
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
			.vnf_instance = (char *)(uintptr_t)entity->vnf_instance,
			.subject_id = (char *)(uintptr_t)entity->subject_id,
			.manager = (char *)(uintptr_t)principal_manager(d->call.who),
			.trust_domain = d->call.who->trust_domain,
			.ca = (char *)(uintptr_t)ca_name(ca),
			.profile = profile->name,
		},
		&d->registration);
}

/* The registration of exactly that entity: of an earlier request, or of the store. 0,
 * STORE_NOT_FOUND, negative errno. */
static int registration_of(struct decision *d, const struct store_entity *entity)
{
	const struct cmf_csr_result *earlier = registered_earlier(d, entity);

	if (!earlier)
		return store_registration_find(d->call.reader, entity, d->carriers.type,
					       &d->registration);
	d->registered_by = earlier->decision;
	return registration_copy(&earlier->decision->registration, &d->registration);
}

/* Whether that registration is one that the asker may ask for: others do not exist for it. */
static bool may_ask_for(const struct decision *d)
{
	return d->rules->is_own(d) || may_ask_as(d, &d->registration);
}

/* Registrations of a vnfcId in whatever VNF instance. */
struct candidates {
	const struct decision *d;
	struct store_registration *first;
	size_t n;
};

static int candidate_row(void *arg, const struct store_registration *reg)
{
	struct candidates *c = arg;
	if (!may_ask_as(c->d, reg))
		return 0;
	return c->n++ > 0 ? 1 : registration_copy(reg, c->first);
}

/* The manager alone whose registrations a principal may ask for; NULL: any of its trust domain. */
static const char *only_manager(const struct cmf_principal *who)
{
	if (who->approver || who->kind != CMF_PRINCIPAL_CLIENT || who->entity ||
	    who->permissions & (STORE_IS_RA | STORE_IS_OPERATOR))
		return NULL;
	return principal_manager(who);
}

/*
 * Nothing was said of the VNF instance, and there is no registration without one: the only one with
 * that vnfcId is meant. 0, STORE_NOT_FOUND, REFUSED (vnf_instance_ambiguous), negative errno.
 */
static int registration_single(struct decision *d, const struct store_entity *entity)
{
	struct store_registration found = {0};
	struct candidates candidates = {d, &found, 0};
	int err = store_registration_of_subject(
		d->call.reader, entity->trust_domain, entity->subject_id, d->carriers.type,
		only_manager(d->call.who), candidate_row, &candidates);

	if (err == 0 && candidates.n == 1) {
		store_registration_clear(&d->registration);
		d->registration = found;
		return 0;
	}
	store_registration_clear(&found);
	if (err < 0)
		return err;
	return candidates.n == 0 ? STORE_NOT_FOUND
				 : refuse(d->call.refusal, REFUSAL_vnf_instance_ambiguous);
}

/* The registration that is meant within a trust domain. As registration_single(). */
static int registration_within(struct decision *d, const struct named_entity *named,
			       const char *trust_domain)
{
	const struct store_entity entity = {
		trust_domain, named->vnf_instance ? named->vnf_instance : "", named->subject_id};
	int err = registration_of(d, &entity);

	if (named->vnf_instance || err < 0 || (err == 0 && may_ask_for(d)))
		return err;
	err = registration_single(d, &entity);
	/* What is there, and not the asker's, is refused as such. */
	return err == STORE_NOT_FOUND && d->registration.subject_id ? 0 : err;
}

/* In the trust domain of who asks, or else of who approves. */
static int registration_meant(struct decision *d, const struct named_entity *named)
{
	int err = STORE_NOT_FOUND;

	for (const struct cmf_principal *p = d->call.who; p && err == STORE_NOT_FOUND;
	     p = p->approver)
		err = registration_within(d, named, p->trust_domain);
	return err;
}

static int named_find(struct decision *d, const struct named_entity *named)
{
	const struct store_entity entity = {d->call.who->trust_domain,
					    named->vnf_instance ? named->vnf_instance : "",
					    named->subject_id};
	int err = registration_meant(d, named);

	if (err == STORE_NOT_FOUND)
		return entity_register(d, &entity);
	return err != 0 ? err : registration_check(d);
}

static int entity_named(struct decision *d)
{
	_cleanup_(named_entity_clear) struct named_entity named = {NULL, NULL, NULL};
	int err = name_request_check(&d->asked, d->call.refusal);

	if (err != 0)
		return err;
	if (!d->carriers.has_type)
		return refuse(d->call.refusal, REFUSAL_cert_type_missing);
	err = name_request_entity(&d->asked, d->carriers.type, d->csr, &named, d->call.refusal);
	/* 3GPP TS 33.310 does not make the subject mandatory: who signed it says whose it is. */
	if (err == REFUSED && d->call.refusal->reason == REFUSAL_entity_not_identified &&
	    d->call.who->entity) {
		*d->call.refusal = REFUSAL_NULL;
		err = text_dup(d->call.who->entity, &named.subject_id);
		named.from = "the certificate of the signer";
	}
	if (err == 0)
		err = understood_named(d, &named);
	return err == 0 ? named_find(d, &named) : err;
}

/* What the request names, if anything, is the entity of the registration. */
static int names_own(struct decision *d)
{
	const struct cmf_csr *csr = d->csr;
	const struct store_registration *reg = &d->registration;
	_cleanup_(named_entity_clear) struct named_entity named = {NULL, NULL, NULL};
	int err = name_request_check(&d->asked, d->call.refusal);

	if (err != 0 || (!d->asked.subject && !d->asked.san && csr->n_vnfc_ids == 0))
		return err;
	err = name_request_entity(&d->asked, reg->cert_type, csr, &named, d->call.refusal);
	if (err != 0)
		return err;
	if (!names_equal(bytes_of_string(named.subject_id), bytes_of_string(reg->subject_id)) ||
	    (named.vnf_instance && strcmp(named.vnf_instance, reg->vnf_instance) != 0))
		return refuse(d->call.refusal, d->rules->not_own);
	return 0;
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
	err = understood_registration(d, d->call.who->kind == CMF_PRINCIPAL_VNFCI
						 ? "the one-time secret"
						 : "the certificate of the signer");
	if (err == 0)
		err = names_own(d);
	return err == 0 ? registration_check(d) : err;
}

/* The profile of the registration applies; a request may name it, not another. */
static int profile_name_check(const struct decision *d)
{
	const struct conf_profile *named = d->carriers.named;
	const char *name = named ? named->name : d->csr->profile;

	if (!name || strcmp(name, d->registration.profile) == 0)
		return 0;
	named = conf_profile_find(d->conf, name);
	if (!named)
		return refuse(d->call.refusal, REFUSAL_cert_type_unknown);
	return refuse(d->call.refusal, named->cert_type != d->registration.cert_type
					       ? REFUSAL_cert_type_contradiction
					       : REFUSAL_profile_contradiction);
}

/* Profile and CA of the registration must still be configured, and its trust domain's. */
int csr_profile_find(struct decision *d)
{
	bool allowed = false;
	int err = profile_name_check(d);

	if (err != 0)
		return err;
	d->profile = conf_profile_find(d->conf, d->registration.profile);
	if (!d->profile || d->profile->cert_type != d->registration.cert_type)
		return refuse_detail(d->call.refusal, REFUSAL_cert_type_unknown,
				     "the profile of the registration is no longer configured");
	d->ca = ca_find(d->call.cmf->cas, d->registration.ca);
	if (!d->ca)
		return refuse_detail(d->call.refusal, REFUSAL_ca_not_configured,
				     "the CA of the registration is no longer configured");
	if (!ca_is_fit(d->ca))
		return refuse_detail(d->call.refusal, REFUSAL_ca_unfit, ca_unfit(d->ca));
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

	if (who->kind == CMF_PRINCIPAL_VNFCI)
		return true;
	if (!who->certificate_id)
		return false;
	return !d->carriers.has_type || (who->kind == CMF_PRINCIPAL_END_ENTITY && !who->approver);
}

int entity_of_request(struct decision *d)
{
	return is_for_itself(d) ? entity_of_holder(d) : entity_named(d);
}

int csr_entity_find(struct decision *d)
{
	const char *default_profile =
		d->rules->default_profile ? d->call.who->default_profile : NULL;
	int err = d->rules->requester_check(d);

	if (err == 0)
		err = carriers_resolve(d->conf, d->csr, default_profile, &d->carriers,
				       d->call.refusal);
	if (err == 0)
		understood_type(d);
	if (err == 0)
		err = name_request_read(d->csr->subject, template_san(d->csr->extensions),
					&d->asked, d->call.refusal);
	if (err == 0)
		err = d->rules->entity_find(d);
	return err == 0 ? understood_registration(d, NULL) : err;
}
