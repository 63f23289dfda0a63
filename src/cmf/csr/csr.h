// SPDX-License-Identifier: Apache-2.0
/*
 * A certificate request while it is decided: csr_entity.c finds out for whom, csr.c what; in what
 * the kinds of request differ is operation.c's to say.
 */
#pragma once

#include "csr/carriers.h"
#include "csr/names.h"

#include <errno.h>
#include <string.h>

struct cmf_attester;
struct decision;

/* The rules of a kind of request. */
struct operation {
	const char *action;          /* in the audit */
	uint32_t permission;         /* enum store_permission: of who asks for entities */
	bool default_profile;        /* the client's counts where the request names none */
	bool own_key_id;             /* the subjectKeyIdentifier is the requester's to choose */
	enum refusal_reason not_own; /* a holder of a certificate names another entity */
	/* Whether who asks may ask at all, whoever it is for. 0 or REFUSED. */
	int (*requester_check)(const struct decision *d);
	/* Finds d->registration, and checks that who asks may. 0, REFUSED, negative errno. */
	int (*entity_find)(struct decision *d);
	/* Whether who asks may for that registration because it is the entity;
	 * NULL: entity_find() has it all. */
	bool (*is_own)(const struct decision *d);
	/* Decides d->names. 0, REFUSED, negative errno. */
	int (*names)(struct decision *d);
	/* What else is to be checked of key and template. 0, REFUSED, negative errno. */
	int (*template)(struct decision *d);
};

struct decision {
	struct cmf_call call; /* what it borrows lives until the result is added */
	const struct conf *conf;
	const struct cmf_csr *csr;
	const struct operation *rules;
	struct carriers carriers;
	struct name_request asked;
	struct store_registration registration;
	bool registers;             /* the registration is new: policy of ir */
	int64_t clients_generation; /* among whom its name is nobody's */
	/* Of an earlier request of the same message, which makes the registration; or NULL. */
	const struct decision *registered_by;
	int64_t replaces_id; /* the certificate that the new one is for; 0: none */
	const struct conf_profile *profile;
	struct ca *ca;
	const struct conf_trust_domain *domain; /* of the registration; NULL: without limits */
	struct octets spki;
	const struct conf_key_type *central; /* of the key that is to be generated; NULL: none */
	EVP_PKEY *generated_key;
	bool archives; /* the private key */
	struct granted_extensions extensions;
	struct octets key_id; /* whole Extension, if the requester chooses it */
	uint8_t key_digest[32];
	struct template_validity validity;
	struct names names;
	struct name_keys name_keys; /* of them */
	/* For each the certificate of another entity whose name it is no longer; NULL, 0: none. */
	int64_t *released;
	struct mods mods;
	/* Of the registration; NULL: it has none. */
	struct cmf_attester *attester;
	/* Of profile and registration, whichever asks for more. */
	enum conf_attestation_policy attestation_policy;
	struct bytes forwarded_attestation;   /* that the upstream CA is to get; empty: none */
	struct store_attestation attestation; /* what was made of that of the request */
	int64_t nonce_id;                     /* that is used thereby; 0: none */
};

struct decision decision_of(const struct cmf_call *call, const struct cmf_csr *csr);
void decision_clear(struct decision *d);
/* RFC 9483 5.2: what is asked for goes upstream as the client's own message. */
bool decision_goes_on(const struct decision *d);

static inline int text_dup(const char *text, char **copyp)
{
	*copyp = strdup(text);
	return *copyp ? 0 : -ENOMEM;
}

/* --- csr_entity.c --- */

/* Whether who asks may do so for entities that it is not. 0 or REFUSED. */
_must_check_ int decision_others_permit(const struct decision *d);
/* The entities that requests are for: entity_find of struct operation. */
_must_check_ int entity_of_request(struct decision *d);
_must_check_ int entity_of_certificate(struct decision *d);
/* Who asks, and for whom: the registration. 0, REFUSED, negative errno. */
_must_check_ int csr_entity_find(struct decision *d);
/* Then, under which profile and by which CA. 0 or REFUSED. */
_must_check_ int csr_profile_find(struct decision *d);

/* --- understood.c: notes what is found out, if somebody asks; 0 or -ENOMEM --- */

void understood_type(const struct decision *d);
/* The entity that a request names, before it is known whether it is registered. */
_must_check_ int understood_named(const struct decision *d, const struct named_entity *named);
/* d->registration; `from` NULL: as it was said before. */
_must_check_ int understood_registration(const struct decision *d, const char *from);

/* --- csr.c --- */

/* cmf_csr() in two steps: the first finds the entity, result->decision->registration, the second
 * decides what it gets. Of what is REFUSED the result is cleared. */
_must_check_ int csr_begin(const struct cmf_call *call, const struct cmf_csr *csr,
			   struct cmf_csr_result *resultp);
_must_check_ int csr_grant(struct cmf_csr_result *result);
/* Adds to the unit of the call what was decided, in the state that result->certificate says:
 * registration (if any), certificate, what goes upstream, audit, archived key. 0 or negative errno.
 */
_must_check_ int csr_result_add(struct cmf_csr_result *result);
