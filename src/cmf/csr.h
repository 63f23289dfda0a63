// SPDX-License-Identifier: Apache-2.0
/*
 * A certificate request while it is decided: csr_entity.c finds out for whom, csr.c what.
 */
#pragma once

#include "carriers.h"
#include "names.h"

#include <errno.h>
#include <string.h>

struct decision {
	struct cmf_call call; /* what it borrows lives until the result is added */
	const struct conf *conf;
	const struct cmf_csr *csr;
	struct carriers carriers;
	struct name_request asked;
	struct store_registration registration;
	bool registers; /* the registration is new: policy of ir */
	/* Of an earlier request of the same message, which makes the registration; or NULL. */
	const struct decision *registered_by;
	const struct conf_profile *profile;
	struct ca *ca;
	struct octets spki;
	const struct conf_key_type *central; /* of the key that is to be generated; NULL: none */
	EVP_PKEY *generated_key;
	bool archives; /* the private key */
	struct granted_extensions extensions;
	struct octets key_id; /* whole Extension, if the requester chooses it */
	uint8_t key_digest[32];
	struct template_validity validity;
	struct names names;
	struct mods mods;
};

struct decision decision_of(const struct cmf_call *call, const struct cmf_csr *csr);
void decision_clear(struct decision *d);

static inline int text_dup(const char *text, char **copyp)
{
	*copyp = strdup(text);
	return *copyp ? 0 : -ENOMEM;
}

/* Who asks, for whom, under which profile: registration, profile and ca. 0, REFUSED, negative
 * errno. */
_must_check_ int csr_entity_decide(struct decision *d);

/* csr.c: adds to the unit of the call what was decided, in the state that result->certificate says:
 * registration (if any), certificate, what goes upstream, audit, archived key. 0 or negative errno.
 */
_must_check_ int csr_result_add(struct cmf_csr_result *result);
