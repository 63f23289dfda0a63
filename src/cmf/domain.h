// SPDX-License-Identifier: Apache-2.0
/*
 * What the entities of a trust domain may have: [trust_domain NAME] of the configuration, and
 * nothing of the store, so that no answer tells whether somebody has what is refused. NULL as the
 * domain: it has no section, and no limits. Private to cmf/.
 */
#pragma once

#include "cmf_private.h"

/* Whether registrations may have that profile and that CA. */
bool domain_allows_terms(const struct conf_trust_domain *domain, enum cert_type type,
			 const char *profile, const char *ca);
/* Whether an entity may be called that, and have its id as CN. 0 or -ENOMEM. */
_must_check_ int domain_allows_id(const struct conf_trust_domain *domain, const char *subject_id,
				  bool *allowedp);
/* Whether a text that people or programs may take for the name of a host may stand in a
 * certificate; one that is no host name of several labels may. 0 or -ENOMEM. */
_must_check_ int domain_allows_text(const struct conf_trust_domain *domain, struct bytes text,
				    bool *allowedp);
/* Whether it may be a dNSName: one label, too, is below a suffix or is not. 0 or -ENOMEM. */
_must_check_ int domain_allows_dns_name(const struct conf_trust_domain *domain, struct bytes name,
					bool *allowedp);
/* A URI by its host; one that has none may be, and one that is malformed is names_decide.c's. 0 or
 * -ENOMEM. */
_must_check_ int domain_allows_uri(const struct conf_trust_domain *domain, struct bytes uri,
				   bool *allowedp);
/* Whether a name fits one of the patterns, glob(7), as names compare. 0 or -ENOMEM. */
_must_check_ int patterns_fit(const struct conf_list *patterns, const char *name, bool *fitsp);
/* An address of 4 or 16 octets. */
bool domain_allows_ip(const struct conf_trust_domain *domain, struct bytes address);
/* A registration as a whole, by the limits that hold now. 0 or -ENOMEM. */
_must_check_ int domain_allows_registration(const struct conf_trust_domain *domain,
					    const struct store_registration *reg, bool *allowedp);
