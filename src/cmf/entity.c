// SPDX-License-Identifier: Apache-2.0
/*
 * Entities and who may act for them: permissions, the choice of profile and CA, ownership of
 * names, and the rows of registrations. The operations that use them are in register.c, csr.c and
 * revoke.c.
 */
#include "cmf_private.h"

#include "base/name_fold.h"

#include <errno.h>
#include <string.h>

bool cmf_principal_is_ra(const struct cmf_principal *p)
{
	return p->permissions & STORE_IS_RA || (p->approver && cmf_principal_is_ra(p->approver));
}

bool cmf_may_confirm(const struct cmf_principal *who, const struct store_certificate *cert)
{
	const struct entity_owner owner = certificate_owner(cert);

	return who->kind == CMF_PRINCIPAL_CLIENT && who->policy->confirm_on_behalf &&
	       who->permissions & STORE_IS_RA && principal_may_act(who, &owner);
}

bool cmf_principal_verified_pop(const struct cmf_principal *p)
{
	if (p->permissions & STORE_IS_RA)
		return true;
	for (p = p->approver; p; p = p->approver)
		if (p->permissions & STORE_IS_RA && p->policy->vouches_for_pop)
			return true;
	return false;
}

bool principal_permitted(const struct cmf_principal *who, uint32_t permissions)
{
	if (who->approver && principal_permitted(who->approver, permissions))
		return true;
	switch (who->kind) {
	case CMF_PRINCIPAL_CLIENT:
		return (who->permissions & permissions) != 0;
	case CMF_PRINCIPAL_END_ENTITY:
	case CMF_PRINCIPAL_REVOKER:
	case CMF_PRINCIPAL_VNFCI:
		return false;
	case CMF_PRINCIPAL_VNFM:
		return permissions & STORE_MAY_REGISTER;
	case CMF_PRINCIPAL_ADMIN:
		return true;
	}
	return false;
}

const char *principal_manager(const struct cmf_principal *who)
{
	return who->manager ? who->manager : who->name;
}

bool principal_speaks_for(const struct cmf_principal *who, const struct store_entity *entity)
{
	/* Without a certificate it is none of them. */
	if (who->kind == CMF_PRINCIPAL_CLIENT && who->policy &&
	    who->policy->entity_from_signer != CONF_SIGNER_ENTITY_NONE && !who->entity)
		return false;
	/* A certificate of a device says nothing of VNF instances. */
	return !who->entity || store_entity_same(entity, &(struct store_entity){who->trust_domain,
										"", who->entity});
}

bool principal_holds(const struct cmf_principal *who, const struct store_certificate *cert)
{
	return who->certificate_id && who->certificate_id == cert->id;
}

bool principal_is_entity(const struct cmf_principal *who, int64_t registration_id)
{
	return who->certificate_id && who->registration_id == registration_id;
}

bool principal_may_see(const struct cmf_principal *who, const char *manager,
		       const struct store_entity *entity)
{
	if (who->approver && principal_may_see(who->approver, manager, entity))
		return true;
	switch (who->kind) {
	case CMF_PRINCIPAL_CLIENT:
		return strcmp(who->trust_domain, entity->trust_domain) == 0 &&
		       principal_speaks_for(who, entity) &&
		       (strcmp(principal_manager(who), manager) == 0 ||
			(who->permissions & (STORE_IS_RA | STORE_IS_OPERATOR)) != 0);
	case CMF_PRINCIPAL_END_ENTITY:
	case CMF_PRINCIPAL_REVOKER:
	case CMF_PRINCIPAL_VNFCI:
	case CMF_PRINCIPAL_VNFM:
		return false;
	case CMF_PRINCIPAL_ADMIN:
		return true;
	}
	return false;
}

struct entity_owner registration_owner(const struct store_registration *reg)
{
	return (struct entity_owner){store_registration_entity(reg), reg->manager, reg->handling};
}

struct entity_owner certificate_owner(const struct store_certificate *cert)
{
	return (struct entity_owner){store_certificate_entity(cert), cert->manager, cert->handling};
}

/* Not because it is the manager. */
static bool acts_for_any(const struct cmf_principal *who)
{
	return who->kind != CMF_PRINCIPAL_CLIENT ||
	       (who->permissions & (STORE_IS_RA | STORE_IS_OPERATOR)) != 0;
}

bool principal_may_act(const struct cmf_principal *who, const struct entity_owner *owner)
{
	struct cmf_principal self = *who;

	if (who->approver && principal_may_act(who->approver, owner))
		return true;
	self.approver = NULL;
	return (owner->handling != CERT_HANDLING_DIRECT || acts_for_any(who)) &&
	       principal_may_see(&self, owner->manager, &owner->entity);
}

int principal_refuse_act(const struct cmf_principal *who, const struct entity_owner *owner,
			 struct refusal *refusal)
{
	return refuse(refusal, principal_may_see(who, owner->manager, &owner->entity)
				       ? REFUSAL_entity_in_direct_mode
				       : REFUSAL_entity_not_authorized);
}

const struct conf_profile *profile_find(const struct conf *conf, const char *name)
{
	enum cert_type type;

	if (cert_type_parse(name, &type) == 0)
		return conf_profile_default(conf, type);
	return conf_profile_find(conf, name);
}

static bool rule_matches(const struct conf_ca_rule *rule, enum cert_type type,
			 const char *trust_domain, const char *profile)
{
	return (!rule->has_cert_type || rule->cert_type == type) &&
	       (!rule->trust_domain || strcmp(rule->trust_domain, trust_domain) == 0) &&
	       (!rule->profile || strcmp(rule->profile, profile) == 0);
}

struct ca *ca_by_rule(const struct cmf *cmf, const struct conf *conf, enum cert_type type,
		      const char *trust_domain, const char *profile)
{
	for (size_t i = 0; i < conf->n_ca_rules; i++) {
		if (rule_matches(&conf->ca_rules[i], type, trust_domain, profile))
			return ca_find(cmf->cas, conf->ca_rules[i].ca);
	}
	return conf->cmf.default_ca ? ca_find(cmf->cas, conf->cmf.default_ca) : NULL;
}

int entity_label_open(struct store_reader *reader, const struct store_entity *name,
		      const char *own_id, const char *manager, bool *openp)
{
	const char *dot = strchr(name->subject_id, '.');
	_cleanup_(freep) char *label = NULL;
	struct store_entity first = *name;
	bool other = false;
	int err = 0;

	if (dot) {
		label = strndup(name->subject_id, (size_t)(dot - name->subject_id));
		if (!label)
			return -ENOMEM;
		first.subject_id = label;
		if (!own_id || !names_equal(bytes_of_string(label), bytes_of_string(own_id)))
			err = store_entity_managed(reader, &first, manager, &other);
	}
	*openp = !other;
	return err;
}

int entity_name_open(struct store_reader *reader, const struct store_entity *name,
		     const char *own_id, const char *manager, bool *openp)
{
	bool other = false;
	int err = store_entity_managed(reader, name, manager, &other);

	*openp = false;
	return err < 0 || other ? err : entity_label_open(reader, name, own_id, manager, openp);
}

/* 0: any number. */
static int64_t registrations_max(const struct cmf_call *call, const char *trust_domain)
{
	const struct conf_trust_domain *domain =
		conf_trust_domain_find(call->cmf->conf, trust_domain);

	return domain ? domain->registrations_max : 0;
}

int registrations_check(const struct cmf_call *call, const char *trust_domain, size_t more)
{
	int64_t n = 0, max = registrations_max(call, trust_domain);
	int err = max ? store_trust_domain_registrations(call->reader, trust_domain, &n) : 0;

	if (err < 0 || !max || n + (int64_t)more <= max)
		return err;
	return refuse_detail(call->refusal, REFUSAL_domain_limits,
			     "the trust domain has as many registrations as it may have");
}

int registrations_require(const struct cmf_call *call, const char *trust_domain, size_t more,
			  int64_t clients_generation)
{
	int64_t max = registrations_max(call, trust_domain);
	int err = store_clients_require(call->unit, clients_generation);

	return err == 0 && max
		       ? store_trust_domain_require(call->unit, trust_domain, max - (int64_t)more)
		       : err;
}

int registration_add(const struct cmf_call *call, const struct store_registration *reg,
		     const char *how, int64_t *idp)
{
	int err = store_registration_insert(call->unit, reg, idp);

	return err == 0
		       ? cmf_audit_add(call,
				       &(struct cmf_audit){.action = "register",
							   .target = reg->subject_id,
							   .vnf_instance = reg->vnf_instance,
							   .detail = how,
							   .after = cert_type_name(reg->cert_type)})
		       : err;
}
