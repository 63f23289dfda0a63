// SPDX-License-Identifier: Apache-2.0
/*
 * Entities and who may act for them: permissions, the choice of profile and CA, ownership of
 * names, and the rows of registrations. The operations that use them are in register.c, csr.c and
 * revoke.c.
 */
#include "cmf_private.h"

#include <errno.h>
#include <string.h>

bool cmf_principal_is_ra(const struct cmf_principal *p)
{
	return p->permissions & STORE_IS_RA || (p->approver && cmf_principal_is_ra(p->approver));
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
		return false;
	case CMF_PRINCIPAL_ADMIN:
		return true;
	}
	return false;
}

const char *principal_manager(const struct cmf_principal *who)
{
	return who->manager ? who->manager : who->name;
}

bool principal_speaks_for(const struct cmf_principal *who, const char *subject_id)
{
	/* Without a certificate it is none of them. */
	if (who->kind == CMF_PRINCIPAL_CLIENT && who->policy &&
	    who->policy->entity_from_signer != CONF_SIGNER_ENTITY_NONE && !who->entity)
		return false;
	return !who->entity || (subject_id && strcasecmp(who->entity, subject_id) == 0);
}

bool principal_holds(const struct cmf_principal *who, const struct store_certificate *cert)
{
	return who->certificate_id && who->certificate_id == cert->id;
}

bool principal_is_entity(const struct cmf_principal *who, int64_t registration_id)
{
	return who->certificate_id && who->registration_id == registration_id;
}

bool principal_may_act(const struct cmf_principal *who, const char *manager,
		       const char *trust_domain, const char *subject_id)
{
	if (who->approver && principal_may_act(who->approver, manager, trust_domain, subject_id))
		return true;
	switch (who->kind) {
	case CMF_PRINCIPAL_CLIENT:
		if (!principal_speaks_for(who, subject_id))
			return false;
		if (strcmp(principal_manager(who), manager) == 0)
			return true;
		return (who->permissions & (STORE_IS_RA | STORE_IS_OPERATOR)) != 0 &&
		       strcmp(who->trust_domain, trust_domain) == 0;
	case CMF_PRINCIPAL_END_ENTITY:
	case CMF_PRINCIPAL_REVOKER:
		return false;
	case CMF_PRINCIPAL_ADMIN:
		return true;
	}
	return false;
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

static int managed_by_other(struct store_reader *reader, const char *subject_id,
			    const char *manager, bool *otherp)
{
	_cleanup_(freep) char *found = NULL;
	int err = store_subject_manager(reader, subject_id, &found);

	if (err < 0)
		return err;
	*otherp = err == 0 && strcmp(found, manager) != 0;
	return 0;
}

int entity_name_open(struct store_reader *reader, const char *name, const char *own_id,
		     const char *manager, bool *openp)
{
	const char *dot = strchr(name, '.');
	_cleanup_(freep) char *label = NULL;
	bool other = false;
	int err = managed_by_other(reader, name, manager, &other);

	if (err == 0 && !other && dot) {
		label = strndup(name, (size_t)(dot - name));
		if (!label)
			return -ENOMEM;
		if (!own_id || strcasecmp(label, own_id) != 0)
			err = managed_by_other(reader, label, manager, &other);
	}
	*openp = !other;
	return err;
}

int registration_add(const struct cmf_call *call, const struct store_registration *reg,
		     int64_t clients_generation, const char *how, int64_t *idp)
{
	int err = store_clients_require(call->unit, clients_generation);

	if (err == 0)
		err = store_registration_insert(call->unit, reg, idp);
	return err == 0
		       ? cmf_audit_add(call,
				       &(struct cmf_audit){.action = "register",
							   .target = reg->subject_id,
							   .detail = how,
							   .after = cert_type_name(reg->cert_type)})
		       : err;
}
