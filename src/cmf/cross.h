// SPDX-License-Identifier: Apache-2.0
/* Cross-certification: what is other than with a certificate of an end entity. Private to cmf/. */
#pragma once

#include "clients.h"
#include "template.h"

/* Only a client with the permission. 0 or REFUSED. */
_must_check_ int cross_requester_check(const struct cmf_principal *who, struct refusal *refusal);
/*
 * The registration of the requester whose profile is for cross-certificates of that subject;
 * `named` is the profile that the request names, or NULL. 0, REFUSED, negative errno.
 */
_must_check_ int cross_registration_find(const struct conf *conf, const struct cmf_principal *who,
					 const X509_NAME *subject, const struct conf_profile *named,
					 struct store_reader *reader,
					 struct store_registration *regp, struct refusal *refusal);
/* That the request is complete, and that the CA can serve it. 0 or REFUSED. */
_must_check_ int cross_template_check(const struct cmf_csr *csr, const struct ca *ca,
				      struct refusal *refusal);
/* The Extension with subjectKeyIdentifier, if one is asked for. 0, REFUSED, -ENOMEM. */
_must_check_ int cross_key_id(const STACK_OF(X509_EXTENSION) * asked, struct octets *extensionp,
			      struct refusal *refusal);
