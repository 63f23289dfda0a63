// SPDX-License-Identifier: Apache-2.0
/*
 * What profiles say of key attestation, read when the CMF is made: whom they trust, and what
 * statements they accept, as attest.h wants it.
 */
#pragma once

#include "attest.h"
#include "conf.h"
#include "csr/attestation_crls.h"
#include "verifier.h"

struct attestation_rules {
	struct attest_trust *trust; /* NULL: the profile names nobody */
	struct attest_type *types;  /* borrow from the configuration, as the extensions */
	size_t n_types;
	struct attest_extension *extensions;
	size_t n_extensions;
	struct verifier *verifier;     /* of statements of the kind external; NULL: nobody */
	struct attestation_crls *crls; /* that are fetched; NULL: none are */
};

/* One for each profile, in their order. 0, -EINVAL with a problem for each file that cannot be
 * used, -ENOMEM. The caller frees *rulesp. */
_must_check_ int attestation_rules_new(const struct conf *conf, struct attestation_rules **rulesp,
				       struct strbuf *problems);
void attestation_rules_free(const struct conf *conf, struct attestation_rules *rules);
/* Fetches the CRLs of all profiles that it is time for. */
void attestation_rules_refresh(const struct conf *conf, const struct attestation_rules *rules,
			       int64_t now_ms);
/* Those of a profile of that configuration. */
const struct attestation_rules *attestation_rules_of(const struct conf *conf,
						     const struct attestation_rules *rules,
						     const struct conf_profile *profile);
