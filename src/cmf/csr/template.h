// SPDX-License-Identifier: Apache-2.0
/*
 * What a request asks for beside names: validity, key, issuer, extensions, against profile and CA.
 * Names are names.c's.
 */
#pragma once

#include "cmf_private.h"

/* What was changed or left out, as one text for statusString; bounded. */
struct mods {
	struct strbuf text;
	bool cut; /* there is more than fits */
};

#define MODS_NULL ((struct mods){STRBUF_NULL, false})

/* Adds "what" or "what: name" (name may be NULL). */
void mods_add(struct mods *mods, const char *what, const char *name);
bool mods_empty(const struct mods *mods);
/* The text, owned by the caller, or NULL if empty. 0 or -ENOMEM. */
_must_check_ int mods_take(struct mods *mods, char **textp);
void mods_clear(struct mods *mods);

/* Milliseconds since the epoch. 0 or -EINVAL. */
_must_check_ int template_time_ms(const ASN1_TIME *time, int64_t *msp);

struct template_validity {
	int64_t not_before_ms;
	int64_t not_after_ms;
	bool not_before_asked; /* the request names a beginning, and it is as asked for */
	bool not_after_asked;  /* the request names an end, and it is as asked for so far */
};

/* 0 or REFUSED (template_validity). */
_must_check_ int template_validity_decide(const OptionalValidity *asked,
					  const struct conf_profile *profile, int64_t now_ms,
					  struct mods *mods, struct template_validity *validityp,
					  struct refusal *refusal);
/* 0 or REFUSED (public_key_not_allowed). */
_must_check_ int template_key_check(const struct spki_kind *kind,
				    const struct conf_profile *profile, struct refusal *refusal);
/* 0, REFUSED (template_issuer) or -ENOMEM. */
_must_check_ int template_issuer_check(const X509_NAME *issuer, const struct ca *ca,
				       struct refusal *refusal);
/* The requested subjectAltName; NULL: none. That there is only one is checked below. */
const X509_EXTENSION *template_san(const STACK_OF(X509_EXTENSION) * asked);
/*
 * The extensions that a certificate gets, but for subjectAltName and those of the CA: the
 * profile's, with a keyUsage and an extendedKeyUsage of its own where they differ.
 */
struct granted_extensions {
	struct conf_extension *item; /* borrow from the profile, and from `own` */
	size_t n;
	struct octets own[2];
};
void granted_extensions_clear(struct granted_extensions *granted);

struct extensions_question {
	const STACK_OF(X509_EXTENSION) * asked; /* may be NULL */
	const struct conf_profile *profile;
	const struct ca *ca;
	struct bytes spki;      /* empty: the key is still to be generated */
	struct bytes algorithm; /* of the key: content octets of its OID */
	bool own_key_id;        /* the subjectKeyIdentifier is the requester's */
	bool goes_on;           /* another CA gets the request itself */
	bool attests;           /* an AttestationBundle is judged elsewhere, and left out */
};
/* 0, REFUSED (template_extension_*, template_malformed, public_key_not_allowed), -ENOMEM. */
_must_check_ int template_extensions_decide(const struct extensions_question *q, struct mods *mods,
					    struct granted_extensions *grantedp,
					    struct refusal *refusal);
/* Whether it is an AttestationBundle. */
bool template_extension_attests(const X509_EXTENSION *extension);
/* The extnValue's content. */
struct bytes template_extension_value(const X509_EXTENSION *extension);
