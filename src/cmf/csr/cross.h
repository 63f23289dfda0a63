// SPDX-License-Identifier: Apache-2.0
/* Cross-certification: what is other than with a certificate of an end entity. Private to cmf/. */
#pragma once

#include "csr/csr.h"

/* The registration of the requester whose profile is for cross-certificates of the subject and, if
 * the request names one, is that profile: entity_find of struct operation. */
_must_check_ int cross_registration_find(struct decision *d);
/* That the request is complete, and that the CA can serve it. 0 or REFUSED. */
_must_check_ int cross_template_check(const struct cmf_csr *csr, const struct ca *ca,
				      struct refusal *refusal);
/* The Extension with subjectKeyIdentifier, if one is asked for. 0, REFUSED, -ENOMEM. */
_must_check_ int cross_key_id(const STACK_OF(X509_EXTENSION) * asked, struct octets *extensionp,
			      struct refusal *refusal);
