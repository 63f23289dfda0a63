// SPDX-License-Identifier: Apache-2.0
/*
 * The kinds of certificate request, and the rules in which they differ: who may ask, for whom,
 * under which names, and what of the template is judged beside what is judged for all. csr.c and
 * csr_entity.c decide every request the same way and ask the table at the end where the kinds
 * differ; recover.c does so for keys alone. The rules of cross-certification that need more room
 * are in cross.c.
 */
#include "csr/attestation.h"
#include "csr/cross.h"
#include "csr/csr.h"
#include "direct/direct.h"

#include <string.h>

bool decision_goes_on(const struct decision *d)
{
	return d->csr->forwards && ca_is_upstream(d->ca) &&
	       ca_forwarding(d->ca) != CONF_FORWARDING_REISSUE;
}

/* RFC 9483 4.1.3: the holder of the old certificate. */
static bool update_is_own(const struct decision *d)
{
	return principal_holds(d->call.who, d->csr->update.old);
}

/* --- who may ask --- */

/* RFC 9483 4.1.2: the holder of a certificate, if it is for its own entity: see is_own. */
static int issue_requester_check(const struct decision *d)
{
	const struct cmf_principal *who = d->call.who;

	/* One certificate, not one for each request of a message. */
	if (who->kind == CMF_PRINCIPAL_VNFCI && d->call.n_earlier)
		return refuse(d->call.refusal, REFUSAL_initial_credential_use);
	return who->certificate_id || who->kind == CMF_PRINCIPAL_VNFCI ? 0
								       : decision_others_permit(d);
}

static int update_requester_check(const struct decision *d)
{
	if (update_is_own(d))
		return 0;
	if (d->call.who->kind == CMF_PRINCIPAL_END_ENTITY)
		return refuse(d->call.refusal, REFUSAL_end_entity_only_own);
	return decision_others_permit(d);
}

static int cross_requester_check(const struct decision *d)
{
	const struct cmf_principal *who = d->call.who;

	if (who->kind == CMF_PRINCIPAL_CLIENT && (who->permissions & STORE_MAY_CROSS_CERTIFY))
		return 0;
	return refuse(d->call.refusal, REFUSAL_client_not_permitted);
}

/* --- for whom: whether the asker may because it is the entity itself --- */

/* RFC 9483 4.1.2: where the profile of the entity lets it. */
static bool issue_is_own(const struct decision *d)
{
	const struct conf_profile *profile = conf_profile_find(d->conf, d->registration.profile);

	if (d->call.who->kind == CMF_PRINCIPAL_VNFCI)
		return d->call.who->registration_id == d->registration.id;
	return principal_is_entity(d->call.who, d->registration.id) && profile &&
	       profile->own_certificate_requests;
}

/* RFC 4210 5.3.7 */
static bool recover_is_own(const struct decision *d)
{
	return principal_is_entity(d->call.who, d->registration.id);
}

/* --- which names --- */

static int issue_names(struct decision *d)
{
	_cleanup_(direct_dns_names_clear) struct direct_dns_names of_vnf = {0};
	struct names_owner owner = {.entity = store_registration_entity(&d->registration),
				    .manager = d->registration.manager,
				    .domain = d->domain,
				    .scoped = !decision_goes_on(d)};
	int err = names_domain_check(d->domain, d->asked.subject, d->asked.san, d->call.refusal);

	if (err == 0)
		err = direct_dns_names_find(&d->call, &d->registration, &of_vnf);
	owner.dns_names = of_vnf.name;
	owner.n_dns_names = of_vnf.n;
	return err == 0 ? names_decide(&d->call, &d->asked, d->profile, &owner, &d->mods, &d->names)
			: err;
}

static int update_names(struct decision *d)
{
	int err = names_keep(&d->asked, d->csr->update.old, d->profile, &d->names, d->call.refusal);

	if (err == 0)
		err = names_domain_check_encoded(d->domain, &d->names, d->call.refusal);
	/* An upstream CA made them, and judges them. */
	if (err != 0 || ca_is_upstream(d->ca))
		return err;
	return subject_check(octets_view(&d->names.subject), REFUSAL_update_names_malformed,
			     d->call.refusal);
}

static int cross_names(struct decision *d)
{
	return names_cross(&d->asked, &d->names, d->call.refusal);
}

/* --- what of the template --- */

static int template_as_usual(struct decision *d)
{
	(void)d;
	return 0;
}

/* RFC 9483 4.1.3: the purpose of a key update is another key. */
static int update_template(struct decision *d)
{
	const struct store_certificate *old = d->csr->update.old;

	if (!d->central && !d->call.who->policy->kur_same_key &&
	    memcmp(d->key_digest, old->key_digest, sizeof(d->key_digest)) == 0)
		return refuse(d->call.refusal, REFUSAL_update_key_unchanged);
	return 0;
}

static int cross_template(struct decision *d)
{
	int err = cross_template_check(d->csr, d->ca, d->call.refusal);

	return err == 0 ? cross_key_id(d->csr->extensions, &d->key_id, d->call.refusal) : err;
}

/* --- the table --- */

static const struct operation operations[] = {
	[CMF_ISSUE] = {.action = "issue",
		       .permission = STORE_MAY_REQUEST,
		       .default_profile = true,
		       .not_own = REFUSAL_own_request_not_own,
		       .requester_check = issue_requester_check,
		       .entity_find = entity_of_request,
		       .is_own = issue_is_own,
		       .names = issue_names,
		       .template = template_as_usual},
	[CMF_UPDATE] = {.action = "update",
			.permission = STORE_MAY_REQUEST,
			.requester_check = update_requester_check,
			.entity_find = entity_of_certificate,
			.is_own = update_is_own,
			.names = update_names,
			.template = update_template},
	[CMF_CROSS] = {.action = "cross-certify",
		       .permission = STORE_MAY_CROSS_CERTIFY,
		       .own_key_id = true,
		       .requester_check = cross_requester_check,
		       .entity_find = cross_registration_find,
		       .names = cross_names,
		       .template = cross_template},
	[CMF_RECOVER] = {.action = "issue",
			 .permission = STORE_MAY_RECOVER,
			 .default_profile = true,
			 .not_own = REFUSAL_recovery_not_own,
			 .requester_check = issue_requester_check,
			 .entity_find = entity_of_request,
			 .is_own = recover_is_own,
			 .names = issue_names,
			 .template = template_as_usual},
};

struct decision decision_of(const struct cmf_call *call, const struct cmf_csr *csr)
{
	return (struct decision){
		.call = *call,
		.conf = call->cmf->conf,
		.csr = csr,
		.rules = &operations[csr->operation],
		.asked = {.common_name = -1},
		.mods = MODS_NULL,
	};
}

void decision_clear(struct decision *d)
{
	name_request_clear(&d->asked);
	store_registration_clear(&d->registration);
	octets_clear(&d->spki);
	EVP_PKEY_free(d->generated_key);
	granted_extensions_clear(&d->extensions);
	octets_clear(&d->key_id);
	names_clear(&d->names);
	name_keys_clear(&d->name_keys);
	free(d->released);
	mods_clear(&d->mods);
	attestation_clear(d);
}
