// SPDX-License-Identifier: Apache-2.0
/*
 * Register, IFA 033 11.2.2, and its end. All or nothing: the rows of one call are one unit. What a
 * registration is good for is csr.c's.
 */
#include "principal/clients.h"

#include "domain.h"
#include "principal/name_reserved.h"
#include "subject_id.h"

#include <errno.h>
#include <string.h>

/* What all entities of the call get. */
struct terms {
	const struct conf_profile *profile;
	const char *ca;
	bool ca_named; /* by the request, not by rule */
};

static int request_check(const struct conf *conf, const struct cmf_principal *who,
			 const struct cmf_register *request, struct refusal *refusal)
{
	if (!principal_permitted(who, STORE_MAY_REGISTER))
		return refuse(refusal, REFUSAL_client_not_permitted);
	if (!request->has_cert_type)
		return refuse(refusal, REFUSAL_cert_type_missing);
	/* IFA 033 11.2.2.2: 1..N */
	if (request->n_subject_ids == 0)
		return refuse(refusal, REFUSAL_register_malformed);
	if (request->n_subject_ids > conf->cmf.register_subjects_max)
		return refuse(refusal, REFUSAL_subject_ids_too_many);
	if (request->has_attester)
		return refuse(refusal, REFUSAL_attester_not_supported);
	return 0;
}

/* IFA 033 11.2.2.2: present only for VNFCI and VNF OAM, and only delegation mode. */
static int handling_check(const struct cmf_register *request, struct refusal *refusal)
{
	if (request->cert_type == CERT_TYPE_MANO)
		return request->handling == CERT_HANDLING_NONE
			       ? 0
			       : refuse(refusal, REFUSAL_handling_unexpected);
	switch (request->handling) {
	case CERT_HANDLING_DELEGATION:
		return 0;
	case CERT_HANDLING_NONE:
		return refuse(refusal, REFUSAL_handling_missing);
	case CERT_HANDLING_DIRECT:
		break;
	}
	return refuse(refusal, REFUSAL_handling_not_supported);
}

static int terms_decide(const struct cmf_call *call, const struct conf *conf,
			const struct cmf_register *request, struct terms *termsp)
{
	const struct conf_profile *profile =
		request->profile ? profile_find(conf, request->profile)
				 : conf_profile_default(conf, request->cert_type);
	const struct ca *ca;

	if (!profile)
		return refuse(call->refusal, REFUSAL_cert_type_unknown);
	if (profile->cert_type != request->cert_type)
		return refuse(call->refusal, REFUSAL_profile_cert_type_mismatch);
	/* IFA 033 11.2.2.4: the CA is selected by the CMF; an operator may override it. */
	if (request->ca && !(call->who->kind == CMF_PRINCIPAL_ADMIN ||
			     principal_permitted(call->who, STORE_IS_OPERATOR)))
		return refuse(call->refusal, REFUSAL_client_not_permitted);
	ca = request->ca ? ca_find(call->cmf->cas, request->ca)
			 : ca_by_rule(call->cmf, conf, request->cert_type, call->who->trust_domain,
				      profile->name);
	if (!ca)
		return refuse(call->refusal, REFUSAL_ca_not_configured);
	*termsp = (struct terms){profile, ca_name(ca), request->ca != NULL};
	return 0;
}

/* Before anything is looked up: what is refused here is so whether or not somebody has it. */
static int domain_check(const struct cmf_call *call, const struct conf *conf,
			const struct cmf_register *request, const struct terms *terms)
{
	const struct conf_trust_domain *domain =
		conf_trust_domain_find(conf, call->who->trust_domain);
	bool allowed =
		domain_allows_terms(domain, request->cert_type, terms->profile->name, terms->ca);
	int err = 0;

	for (size_t i = 0; err == 0 && allowed && i < request->n_subject_ids; i++)
		err = domain_allows_id(domain, request->subject_ids[i], &allowed);
	if (err < 0)
		return err;
	return allowed ? 0 : refuse(call->refusal, REFUSAL_domain_limits);
}

static int text_order(const void *a, const void *b)
{
	return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

static int subject_ids_check(const struct cmf_register *request, struct refusal *refusal)
{
	_cleanup_(freep) const char **sorted = NULL;

	for (size_t i = 0; i < request->n_subject_ids; i++) {
		if (!subject_id_valid(request->cert_type, request->subject_ids[i]))
			return refuse(refusal, subject_id_fault(request->cert_type));
	}
	sorted = reallocarray(NULL, request->n_subject_ids, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	memcpy(sorted, request->subject_ids, request->n_subject_ids * sizeof(*sorted));
	qsort(sorted, request->n_subject_ids, sizeof(*sorted), text_order);
	for (size_t i = 1; i < request->n_subject_ids; i++) {
		if (strcasecmp(sorted[i - 1], sorted[i]) == 0)
			return refuse(refusal, REFUSAL_subject_id_duplicate);
	}
	return 0;
}

/* For the operator: a client is not told whether the entity exists. */
static const char managed_by_another[] =
	"it is registered, or the entity of its first label is, with another manager";

/* Registered already: by the same manager in the same terms nothing is left to do. */
static int repetition_check(const struct store_registration *reg, const struct cmf_principal *who,
			    const struct cmf_register *request, const struct terms *terms,
			    struct refusal *refusal)
{
	if (strcmp(reg->manager, principal_manager(who)) != 0)
		return refuse_detail(refusal, REFUSAL_entity_not_authorized, managed_by_another);
	if (reg->handling != request->handling || strcmp(reg->profile, terms->profile->name) != 0 ||
	    (terms->ca_named && strcmp(reg->ca, terms->ca) != 0))
		return refuse(refusal, REFUSAL_registration_conflict);
	return 0;
}

/* Whether the subjectId may be registered, and whether that is still to be done. */
static int subject_check(const struct cmf_call *call, const struct clients *clients,
			 const struct cmf_register *request, const struct terms *terms,
			 const char *subject_id, bool *freshp)
{
	_cleanup_(store_registration_clear) struct store_registration found = {0};
	const char *reserved = NULL;
	bool open = false;
	int err = store_registration_find(call->reader, request->cert_type, subject_id, &found);

	*freshp = err == STORE_NOT_FOUND;
	if (err >= 0 && !principal_speaks_for(call->who, subject_id))
		return refuse(call->refusal, REFUSAL_entity_not_authorized);
	if (err == 0)
		return repetition_check(&found, call->who, request, terms, call->refusal);
	if (err == STORE_NOT_FOUND)
		err = entity_name_open(call->reader, subject_id, NULL, principal_manager(call->who),
				       &open);
	if (err == 0)
		err = name_reserved_among(call->cmf, clients, bytes_of_string(subject_id),
					  subject_id, &reserved);
	if (err < 0)
		return err;
	if (reserved)
		return refuse_detail(call->refusal, REFUSAL_entity_not_authorized, reserved);
	return open ? 0
		    : refuse_detail(call->refusal, REFUSAL_entity_not_authorized,
				    managed_by_another);
}

static int subject_add(const struct cmf_call *call, const struct cmf_register *request,
		       const struct terms *terms, const char *subject_id,
		       int64_t clients_generation)
{
	const struct store_registration reg = {
		.cert_type = request->cert_type,
		.subject_id = (char *)(uintptr_t)subject_id,
		.handling = request->handling,
		.manager = (char *)(uintptr_t)principal_manager(call->who),
		.trust_domain = call->who->trust_domain,
		.ca = (char *)(uintptr_t)terms->ca,
		.profile = terms->profile->name,
		.state = STORE_REGISTRATION_ACTIVE,
		.created_ms = call->now_ms,
		.changed_ms = call->now_ms,
	};

	return registration_add(call, &reg, clients_generation, cert_type_name(reg.cert_type),
				NULL);
}

/* All are checked before the first is added: a refused call leaves the unit as it was. */
static int subjects_register(const struct cmf_call *call, const struct cmf_register *request,
			     const struct terms *terms)
{
	_cleanup_(freep) bool *fresh = calloc(request->n_subject_ids, sizeof(*fresh));
	_cleanup_(clients_unrefp) struct clients *clients = NULL;
	int err = fresh ? clients_get(call->cmf, call->reader, &clients) : -ENOMEM;

	for (size_t i = 0; err == 0 && i < request->n_subject_ids; i++)
		err = subject_check(call, clients, request, terms, request->subject_ids[i],
				    &fresh[i]);
	for (size_t i = 0; err == 0 && i < request->n_subject_ids; i++) {
		if (fresh[i])
			err = subject_add(call, request, terms, request->subject_ids[i],
					  clients->generation);
	}
	return err;
}

int cmf_register(const struct cmf_call *call, const struct cmf_register *request)
{
	const struct conf *conf = call->cmf->conf;
	struct terms terms = {0};
	int err = request_check(conf, call->who, request, call->refusal);

	if (err == 0)
		err = handling_check(request, call->refusal);
	if (err == 0)
		err = terms_decide(call, conf, request, &terms);
	if (err == 0)
		err = subject_ids_check(request, call->refusal);
	if (err == 0)
		err = domain_check(call, conf, request, &terms);
	if (err == 0)
		err = subjects_register(call, request, &terms);
	return err;
}

int cmf_deregister(const struct cmf_call *call, enum cert_type type, const char *subject_id)
{
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	int err;

	if (!principal_permitted(call->who, STORE_MAY_REGISTER | STORE_IS_RA | STORE_IS_OPERATOR))
		return refuse(call->refusal, REFUSAL_client_not_permitted);
	err = store_registration_find(call->reader, type, subject_id, &reg);
	if (err < 0)
		return err;
	if (err == STORE_NOT_FOUND ||
	    !principal_may_act(call->who, reg.manager, reg.trust_domain, reg.subject_id))
		return refuse(call->refusal, REFUSAL_entity_not_authorized);
	err = store_registration_deregister(call->unit, reg.id, call->now_ms);
	if (err == 0)
		err = cmf_audit_add(call, &(struct cmf_audit){.action = "deregister",
							      .target = reg.subject_id,
							      .detail = cert_type_name(type),
							      .before = "registered",
							      .after = "deregistered"});
	return err;
}
