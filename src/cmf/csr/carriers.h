// SPDX-License-Identifier: Apache-2.0
/*
 * certType of a request, from all the places that may carry it (docs/cmp-profile.md): which type,
 * and whether a profile of the operator was named.
 */
#pragma once

#include "cmf_private.h"

struct carriers {
	bool has_type; /* false: nothing says it, nor does the client's default */
	enum cert_type type;
	const struct conf_profile *named; /* by the request, and no default of a certType; NULL */
	const struct conf_profile *registers; /* the one for a registration made now; NULL: none */
};

/*
 * Explicit carriers must agree. default_profile (NULL: none) is the client's, and counts only where
 * there is no explicit carrier. 0 or REFUSED (cert_type_unknown, cert_type_contradiction).
 */
_must_check_ int carriers_resolve(const struct conf *conf, const struct cmf_csr *csr,
				  const char *default_profile, struct carriers *carriersp,
				  struct refusal *refusal);
