// SPDX-License-Identifier: Apache-2.0
/*
 * Register, IFA 033 11.2.2, and its end. All or nothing: the rows of one call are one unit. What a
 * registration is good for is csr.c's.
 */
#include "principal/clients.h"

#include "base/name_fold.h"
#include "cmf/attester.h"
#include "csr/scope.h"
#include "domain.h"
#include "principal/name_reserved.h"
#include "subject_id.h"

#include <errno.h>
#include <string.h>

void cmf_registered_clear(struct cmf_registered *registered)
{
	store_registration_clear(&registered->registration);
	registered->fresh = false;
}

/* What all entities of the call get. */
struct terms {
	const struct conf_profile *profile;
	const char *ca;
	bool ca_named; /* by the request, not by rule */
	bool attested;
	struct store_attester attester; /* owned, if attested */
};

static void terms_clear(struct terms *terms)
{
	store_attester_clear(&terms->attester);
}

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
	if (request->vnf_instance && *request->vnf_instance &&
	    !entity_text_valid(bytes_of_string(request->vnf_instance)))
		return refuse(refusal, REFUSAL_vnf_instance_invalid);
	return 0;
}

/* IFA 033 11.2.2.2: present only for VNFCI and VNF OAM, and only delegation mode: direct mode is
 * what the VNF LCM interface makes. */
static int handling_check(const struct cmf_principal *who, const struct cmf_register *request,
			  struct refusal *refusal)
{
	if (request->cert_type == CERT_TYPE_MANO)
		return request->handling == CERT_HANDLING_NONE
			       ? 0
			       : refuse(refusal, REFUSAL_handling_unexpected);
	if (who->kind == CMF_PRINCIPAL_VNFM && request->handling == CERT_HANDLING_DIRECT)
		return 0;
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

/* Trust domain and VNF instance have to fit into the subject where the profile wants them there. */
static bool scope_fits_in(const struct conf_profile *profile, const struct cmf_call *call,
			  const struct cmf_register *request)
{
	const struct store_entity entity = {call->who->trust_domain,
					    request->vnf_instance ? request->vnf_instance : "", ""};
	const struct scope scope = scope_of(profile, &entity);

	return scope_fits(&scope);
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
	if (!scope_fits_in(profile, call, request))
		return refuse(call->refusal, REFUSAL_vnf_instance_invalid);
	/* IFA 033 11.2.2.4: the CA is selected by the CMF; an operator may override it. */
	if (request->ca && !(call->who->kind == CMF_PRINCIPAL_ADMIN ||
			     principal_permitted(call->who, STORE_IS_OPERATOR)))
		return refuse(call->refusal, REFUSAL_client_not_permitted);
	ca = request->ca ? ca_find(call->cmf->cas, request->ca)
			 : ca_by_rule(call->cmf, conf, request->cert_type, call->who->trust_domain,
				      profile->name);
	if (!ca)
		return refuse(call->refusal, REFUSAL_ca_not_configured);
	*termsp = (struct terms){
		.profile = profile, .ca = ca_name(ca), .ca_named = request->ca != NULL};
	if (!request->attester)
		return 0;
	termsp->attested = true;
	return cmf_attester_check(request->attester, call->refusal, &termsp->attester);
}

/* --- what is asked for --- */

/* A subjectId in the form in which it compares, and its place in the call. */
struct place {
	char *key;
	size_t index;
};

static int place_order(const void *a, const void *b)
{
	const struct place *one = a, *other = b;
	int order = strcmp(one->key, other->key);

	return order != 0 ? order : one->index < other->index ? -1 : 1;
}

/*
 * Notes that one is refused, and for what: the refusal of the call is that of the first. Who asked
 * for no list needs no other. 0: to go on with the others; REFUSED.
 */
static int subject_refused(const struct cmf_register *request, size_t index, int64_t existing_id,
			   struct refusal *found, struct refusal *refusal)
{
	struct cmf_register_bad *bad = request->bad;

	if (refusal->reason == REFUSAL_NONE)
		*refusal = *found;
	if (bad && bad->n < CMF_REGISTER_BAD_MAX) {
		bad->index[bad->n] = index;
		bad->reason[bad->n] = found->reason;
		bad->existing_id[bad->n++] = existing_id;
	}
	return bad && bad->n < CMF_REGISTER_BAD_MAX ? 0 : REFUSED;
}

static int duplicates_check(const struct cmf_register *request, const struct place *sorted,
			    struct refusal *refusal)
{
	int err = 0;

	for (size_t i = 1; i < request->n_subject_ids && err == 0; i++) {
		struct refusal found = REFUSAL_NULL;

		if (strcmp(sorted[i - 1].key, sorted[i].key) != 0)
			continue;
		(void)refuse(&found, REFUSAL_subject_id_duplicate);
		err = subject_refused(request, sorted[i].index, 0, &found, refusal);
	}
	return err;
}

static int texts_check(const struct cmf_register *request, const struct terms *terms,
		       struct refusal *refusal)
{
	int err = 0;

	for (size_t i = 0; i < request->n_subject_ids && err == 0; i++) {
		struct refusal found = REFUSAL_NULL;

		if (subject_id_check(terms->profile, request->subject_ids[i], &found) != 0)
			err = subject_refused(request, i, 0, &found, refusal);
	}
	return err;
}

static int places_fill(const struct cmf_register *request, struct place *places)
{
	int err = 0;

	for (size_t i = 0; i < request->n_subject_ids && err == 0; i++) {
		places[i].index = i;
		err = name_fold(bytes_of_string(request->subject_ids[i]), &places[i].key);
	}
	if (err == 0)
		qsort(places, request->n_subject_ids, sizeof(*places), place_order);
	return err;
}

/* What can be said without the store. */
static int subject_ids_check(const struct cmf_register *request, const struct terms *terms,
			     struct refusal *refusal)
{
	struct place *places = calloc(request->n_subject_ids, sizeof(*places));
	int err = places ? texts_check(request, terms, refusal) : -ENOMEM;

	if (err == 0)
		err = places_fill(request, places);
	if (err == 0)
		err = duplicates_check(request, places, refusal);
	for (size_t i = 0; places && i < request->n_subject_ids; i++)
		free(places[i].key);
	free(places);
	if (err == 0 && refusal->reason != REFUSAL_NONE)
		return REFUSED;
	return err;
}

/* --- what is registered --- */

/* A call while it is decided. */
struct registering {
	const struct cmf_call *call;
	const struct clients *clients;
	const struct cmf_register *request;
	const struct terms *terms;
	const char *vnf_instance; /* never NULL */
	struct cmf_registered *registered;
};

static struct store_entity entity_at(const struct registering *r, size_t index)
{
	return (struct store_entity){r->call->who->trust_domain, r->vnf_instance,
				     r->request->subject_ids[index]};
}

/* Whether the registration has the attester of the request, or neither has one. */
static int attester_compare(const struct registering *r, const struct store_registration *reg,
			    bool *samep)
{
	_cleanup_(store_attester_clear) struct store_attester row = {0};
	int err = 0;

	*samep = !r->terms->attested && !reg->attester_id;
	if (!r->terms->attested || !reg->attester_id)
		return 0;
	err = store_attester_get(r->call->reader, reg->attester_id, &row);
	*samep = err == 0 && memcmp(row.digest, r->terms->attester.digest, sizeof(row.digest)) == 0;
	return err;
}

/* Registered already: by the same manager in the same terms nothing is left to do. */
static int repetition_check(const struct registering *r, const struct store_registration *reg,
			    struct refusal *refusal)
{
	bool same = false;
	int err;

	if (strcmp(reg->manager, principal_manager(r->call->who)) != 0)
		return refuse(refusal, REFUSAL_entity_of_another_manager);
	err = attester_compare(r, reg, &same);
	if (err != 0)
		return err;
	if (!same || reg->handling != r->request->handling ||
	    strcmp(reg->profile, r->terms->profile->name) != 0 ||
	    (r->terms->ca_named && strcmp(reg->ca, r->terms->ca) != 0))
		return refuse(refusal, REFUSAL_registration_conflict);
	return 0;
}

/* Whether the name of a new entity is nobody else's. */
static int name_check(const struct registering *r, const struct store_entity *entity,
		      const struct store_entity_known *known, struct refusal *refusal)
{
	const char *reserved = NULL;
	bool open = false;
	int err;

	if (known->managed)
		return refuse(refusal, REFUSAL_entity_of_another_manager);
	err = entity_label_open(r->call->reader, entity, NULL, principal_manager(r->call->who),
				&open);
	if (err == 0)
		err = name_reserved_among(r->call->cmf, r->clients,
					  bytes_of_string(entity->subject_id), entity, &reserved);
	if (err < 0)
		return err;
	if (reserved)
		return refuse_detail(refusal, REFUSAL_domain_limits, reserved);
	/* For the operator: a client is not told whether the entity exists. */
	return open ? 0
		    : refuse_detail(refusal, REFUSAL_domain_limits,
				    "the entity of its first label has another manager");
}

/* Whether the subjectId may be registered, and whether that is still to be done. */
static int subject_check(const struct registering *r, size_t index,
			 struct store_entity_known *known, int64_t *existing_idp,
			 struct refusal *refusal)
{
	struct cmf_registered *registered = &r->registered[index];
	const struct store_registration *found = &registered->registration;
	const struct store_entity entity = entity_at(r, index);
	int err;

	cmf_registered_clear(registered);
	registered->registration = known->registration;
	known->registration = (struct store_registration){0};
	registered->fresh = !found->id;
	if (!principal_speaks_for(r->call->who, &entity))
		return refuse(refusal, REFUSAL_domain_limits);
	if (registered->fresh)
		return name_check(r, &entity, known, refusal);
	err = repetition_check(r, found, refusal);
	if (err == REFUSED && refusal->reason == REFUSAL_registration_conflict)
		*existing_idp = found->id;
	return err;
}

/* Of the n subjectIds from there on, which the store is asked about together. */
static int subjects_check(const struct registering *r, size_t from, size_t n)
{
	struct store_entity entities[STORE_ENTITIES_MAX];
	struct store_entity_known known[STORE_ENTITIES_MAX];
	int err;

	for (size_t i = 0; i < n; i++)
		entities[i] = entity_at(r, from + i);
	err = store_entities_look(r->call->reader, entities, n, r->request->cert_type,
				  principal_manager(r->call->who), known);
	if (err < 0)
		return err;
	for (size_t i = 0; i < n; i++) {
		struct refusal found = REFUSAL_NULL;
		int64_t existing_id = 0;

		if (err == 0)
			err = subject_check(r, from + i, &known[i], &existing_id, &found);
		if (found.reason != REFUSAL_NONE && err == REFUSED)
			err = subject_refused(r->request, from + i, existing_id, &found,
					      r->call->refusal);
		store_entity_known_clear(&known[i]);
	}
	return err;
}

/* A registration of this unit gets its attester. */
static int attester_add(const struct registering *r, const char *subject_id, int64_t id)
{
	char after[CMF_FINGERPRINT_SIZE];
	int err = attester_fingerprint(&r->terms->attester, after);

	if (err == 0)
		err = store_registration_set_attester(r->call->unit, id, 0, &r->terms->attester,
						      r->call->now_ms);
	return err == 0 ? cmf_audit_add(r->call, &(struct cmf_audit){.action = "attester-register",
								     .target = subject_id,
								     .detail = cert_type_name(
									     r->request->cert_type),
								     .after = after})
			: err;
}

/* Its texts are its own: it outlives the request. */
static int registration_fill(const struct registering *r, const struct store_entity *entity,
			     struct store_registration *reg)
{
	const struct cmf_principal *who = r->call->who;

	*reg = (struct store_registration){
		.cert_type = r->request->cert_type,
		.vnf_instance = strdup(entity->vnf_instance),
		.subject_id = strdup(entity->subject_id),
		.handling = r->request->handling,
		.manager = strdup(principal_manager(who)),
		.trust_domain = strdup(entity->trust_domain),
		.ca = strdup(r->terms->ca),
		.profile = strdup(r->terms->profile->name),
		.source = who->kind == CMF_PRINCIPAL_VNFM ? strdup(who->name) : NULL,
		.state = STORE_REGISTRATION_ACTIVE,
		.created_ms = r->call->now_ms,
		.changed_ms = r->call->now_ms,
	};
	return reg->vnf_instance && reg->subject_id && reg->manager && reg->trust_domain &&
			       reg->ca && reg->profile &&
			       (reg->source || who->kind != CMF_PRINCIPAL_VNFM)
		       ? 0
		       : -ENOMEM;
}

static int subject_add(const struct registering *r, size_t index)
{
	const struct store_entity entity = entity_at(r, index);
	struct store_registration *reg = &r->registered[index].registration;
	int err = registration_fill(r, &entity, reg);

	if (err == 0)
		err = registration_add(r->call, reg, cert_type_name(reg->cert_type), &reg->id);
	return err == 0 && r->terms->attested ? attester_add(r, reg->subject_id, reg->id) : err;
}

/* All are checked before the first is added: a refused call leaves the unit as it was. */
static int subjects_register(const struct registering *r)
{
	size_t n = r->request->n_subject_ids, fresh = 0, some;
	int err = 0;

	for (size_t i = 0; err == 0 && i < n; i += some) {
		some = n - i < STORE_ENTITIES_MAX ? n - i : STORE_ENTITIES_MAX;
		err = subjects_check(r, i, some);
	}
	if (err == 0 && r->call->refusal->reason != REFUSAL_NONE)
		return REFUSED;
	for (size_t i = 0; i < n; i++)
		fresh += r->registered[i].fresh;
	if (err == 0 && fresh)
		err = registrations_check(r->call, r->call->who->trust_domain, fresh);
	if (err == 0 && fresh)
		err = registrations_require(r->call, r->call->who->trust_domain, fresh,
					    r->clients->generation);
	for (size_t i = 0; err == 0 && i < n; i++)
		if (r->registered[i].fresh)
			err = subject_add(r, i);
	return err;
}

static int entities_register(const struct cmf_call *call, const struct cmf_register *request,
			     const struct terms *terms)
{
	_cleanup_(clients_unrefp) struct clients *clients = NULL;
	struct cmf_registered *own = NULL;
	struct registering r = {
		.call = call,
		.request = request,
		.terms = terms,
		.vnf_instance = request->vnf_instance ? request->vnf_instance : "",
		.registered = request->registered,
	};
	int err = clients_get(call->cmf, call->reader, &clients);

	r.clients = clients;
	if (err == 0 && !r.registered) {
		r.registered = own = calloc(request->n_subject_ids, sizeof(*own));
		err = own ? 0 : -ENOMEM;
	}
	if (err == 0)
		err = subjects_register(&r);
	for (size_t i = 0; own && i < request->n_subject_ids; i++)
		cmf_registered_clear(&own[i]);
	free(own);
	return err;
}

/* Before anything is looked up: what is refused here is so whether or not somebody has it. */
static int domain_check(const struct cmf_call *call, const struct conf *conf,
			const struct cmf_register *request, const struct terms *terms)
{
	const struct conf_trust_domain *domain =
		conf_trust_domain_find(conf, call->who->trust_domain);
	int err = 0;

	if (!domain_allows_terms(domain, request->cert_type, terms->profile->name, terms->ca))
		return refuse(call->refusal, REFUSAL_domain_limits);
	for (size_t i = 0; err == 0 && i < request->n_subject_ids; i++) {
		struct refusal found = REFUSAL_NULL;
		bool allowed = true;

		err = domain_allows_id(domain, request->subject_ids[i], &allowed);
		if (err == 0 && !allowed) {
			(void)refuse(&found, REFUSAL_domain_limits);
			err = subject_refused(request, i, 0, &found, call->refusal);
		}
	}
	return err == 0 && call->refusal->reason != REFUSAL_NONE ? REFUSED : err;
}

int cmf_register(const struct cmf_call *call, const struct cmf_register *request)
{
	const struct conf *conf = call->cmf->conf;
	_cleanup_(terms_clear) struct terms terms = {0};
	int err;

	*call->refusal = REFUSAL_NULL;
	if (request->bad)
		request->bad->n = 0;
	err = request_check(conf, call->who, request, call->refusal);
	if (err == 0)
		err = handling_check(call->who, request, call->refusal);
	if (err == 0)
		err = terms_decide(call, conf, request, &terms);
	if (err == 0)
		err = subject_ids_check(request, &terms, call->refusal);
	if (err == 0)
		err = domain_check(call, conf, request, &terms);
	if (err == 0)
		err = entities_register(call, request, &terms);
	return err;
}

/* --- its end --- */

int registration_end(const struct cmf_call *call, const struct store_registration *reg)
{
	int err = store_registration_deregister(call->unit, reg->id, call->now_ms);

	if (err < 0)
		return err;
	return cmf_audit_add(call, &(struct cmf_audit){.action = "deregister",
						       .target = reg->subject_id,
						       .vnf_instance = reg->vnf_instance,
						       .detail = cert_type_name(reg->cert_type),
						       .before = "registered",
						       .after = "deregistered"});
}

/* What was found, if it is there and the asker's to end. */
static int found_end(const struct cmf_call *call, const struct store_registration *reg, int err)
{
	struct entity_owner owner;

	if (err < 0)
		return err;
	if (err == STORE_NOT_FOUND || reg->state != STORE_REGISTRATION_ACTIVE)
		return refuse(call->refusal, REFUSAL_entity_not_authorized);
	owner = registration_owner(reg);
	if (!principal_may_act(call->who, &owner))
		return principal_refuse_act(call->who, &owner, call->refusal);
	return registration_end(call, reg);
}

static int deregister_permit(const struct cmf_call *call)
{
	if (principal_permitted(call->who, STORE_MAY_REGISTER | STORE_IS_RA | STORE_IS_OPERATOR))
		return 0;
	return refuse(call->refusal, REFUSAL_client_not_permitted);
}

int cmf_deregister(const struct cmf_call *call, const struct store_entity *entity,
		   enum cert_type type)
{
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	int err = deregister_permit(call);

	if (err != 0)
		return err;
	err = store_registration_find(call->reader, entity, type, &reg);
	return found_end(call, &reg, err);
}

int cmf_deregister_id(const struct cmf_call *call, int64_t registration_id)
{
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	int err = deregister_permit(call);

	if (err != 0)
		return err;
	err = store_registration_get(call->reader, registration_id, &reg);
	return found_end(call, &reg, err);
}
