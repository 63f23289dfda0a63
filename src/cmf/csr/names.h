// SPDX-License-Identifier: Apache-2.0
/*
 * Subject and subjectAltName: what a request asks for, which entity it names, and what of it the
 * certificate gets. Everything that could be another entity's name is refused here.
 */
#pragma once

#include "csr/template.h"

/* The names that a request asks for; borrowed from the request but `san`. */
struct name_request {
	const X509_NAME *subject; /* NULL: none, or empty */
	bool subject_given;       /* there is one, if only the NULL-DN */
	int common_name;          /* index of the first in subject; -1: none */
	struct bytes common_name_text;
	struct bytes san_der; /* GeneralNames as received; empty: none */
	GENERAL_NAMES *san;
	bool san_critical;
};

/* 0, REFUSED (template_malformed; template_*_not_allowed: too many). */
_must_check_ int name_request_read(const X509_NAME *subject, const X509_EXTENSION *san,
				   struct name_request *requestp, struct refusal *refusal);
void name_request_clear(struct name_request *request);
/* That the CN, if any, is one and plain text. 0 or REFUSED (template_subject_*). */
_must_check_ int name_request_check(const struct name_request *request, struct refusal *refusal);

/*
 * That the octets of a Name, which are not encoded here, are right by RFC 5280: 0, or REFUSED for
 * `reason` with the attribute.
 */
_must_check_ int subject_check(struct bytes subject, enum refusal_reason reason,
			       struct refusal *refusal);

/* The entity that a request names, within a trust domain. */
struct named_entity {
	char *vnf_instance; /* NULL: nothing is said of it; "": it is of none */
	char *subject_id;
	const char *from; /* what says so, for explaining; static */
};
void named_entity_clear(struct named_entity *named);
/*
 * The entity that is meant: explicit identifiers, which must agree; without them the VNFCI URN in
 * the SAN, then the CN; for MANO then the only dNSName. The VNF instance: likewise, but for CN and
 * dNSName. The caller clears *namedp. 0, REFUSED (vnfc_id_contradiction,
 * vnf_instance_contradiction, entity_not_identified), -ENOMEM.
 */
_must_check_ int name_request_entity(const struct name_request *request, enum cert_type type,
				     const struct cmf_csr *csr, struct named_entity *namedp,
				     struct refusal *refusal);

/* The names that the certificate gets. */
struct names {
	struct octets subject; /* TLV of Name */
	struct octets san;     /* TLV of GeneralNames; empty: none */
	bool subject_empty;
	bool has_common_name; /* in the subject */
	char *text;           /* of the subject, RFC 2253 */
	bool as_asked; /* exactly those of the request; where it says nothing, nothing was added */
};
void names_clear(struct names *names);

struct names_owner {
	struct store_entity entity;
	const char *manager;
	const struct conf_trust_domain *domain; /* NULL: without limits */
	bool scoped; /* the subject says trust domain and VNF instance, if the profile wants it */
	/* dNSNames that it may have whatever the profile says; they may be somebody else's still.
	 */
	char *const *dns_names;
	size_t n_dns_names;
};

/*
 * That the trust domain may have the names that are asked for: before anything is looked up, so
 * that the answer is the same whether somebody has them. 0, REFUSED (template_subject_not_allowed,
 * template_san_not_allowed), -ENOMEM.
 */
_must_check_ int names_domain_check(const struct conf_trust_domain *domain,
				    const X509_NAME *subject, const GENERAL_NAMES *san,
				    struct refusal *refusal);

/* That no entity of another manager has the name, nor the CMF or a client. 0, REFUSED (reason),
 * negative errno. */
_must_check_ int name_open_check(const struct cmf_call *call, const struct names_owner *owner,
				 struct bytes name, enum refusal_reason reason);
/* A URI in the subjectAltName: that of the VNFCI, or another that the profile has. 0, REFUSED
 * (template_san_not_allowed), negative errno. */
_must_check_ int name_uri_check(const struct cmf_call *call, const struct conf_profile *profile,
				const struct names_owner *owner, struct bytes uri);

/* 0, REFUSED (template_subject_*, template_san_not_allowed), negative errno. */
_must_check_ int names_decide(const struct cmf_call *call, const struct name_request *request,
			      const struct conf_profile *profile, const struct names_owner *owner,
			      struct mods *mods, struct names *namesp);
/* ccr: the subject, which the registration has, and nothing else.
 * 0, REFUSED (template_san_not_allowed, template_subject_attribute), negative errno. */
_must_check_ int names_cross(const struct name_request *request, struct names *namesp,
			     struct refusal *refusal);
/* The same of names that are decided already. */
_must_check_ int names_domain_check_encoded(const struct conf_trust_domain *domain,
					    const struct names *names, struct refusal *refusal);
/* kur: those of the old certificate, which the request must not change; what the profile adds to a
 * subject it may leave out. RFC 9483 4.1.3
 * 0, REFUSED (update_names_changed), negative errno. */
_must_check_ int names_keep(const struct name_request *request, const struct store_certificate *old,
			    const struct conf_profile *profile, struct names *namesp,
			    struct refusal *refusal);
