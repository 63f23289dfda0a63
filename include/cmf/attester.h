// SPDX-License-Identifier: Apache-2.0
/*
 * The attester of a registration, IFA 033 11.2.1: who vouches that the keys of the entity were
 * generated where they are said to be, such as an HSM or a TPM. It is named at Register and may be
 * changed later; what a certificate request has to bring because of it is decided in csr/.
 *
 * What a registration says only narrows what its profile trusts and asks for, never widens it.
 */
#pragma once

#include "cmf.h"

enum {
	CMF_ATTESTER_CERTIFICATES_MAX = 16, /* a chain is shorter; bounds what one request keeps */
	CMF_ATTESTER_CONTENT_MAX = 32 * 1024, /* octets of all certificates */
	CMF_STATEMENT_TYPES_MAX = 16,
	CMF_STATEMENT_TYPE_MAX = 128, /* characters of an OID */
};

/* The attester of a registration as it is read for a decision. */
struct cmf_attester {
	enum store_attester_kind kind;
	struct octets content; /* DER, as in struct store_attester */
	/* Of KEY the key, of the others the certificates, within content; at least one. */
	struct bytes item[CMF_ATTESTER_CERTIFICATES_MAX];
	size_t n_items;
	/* OIDs as dotted text, without repetition, at least one; they point into `types`. */
	const char *statement_types[CMF_STATEMENT_TYPES_MAX];
	size_t n_statement_types;
	char *types;
	enum store_attester_policy policy;
};
void cmf_attester_clear(struct cmf_attester *attester);

/* Reads the attester of a registration: 0, STORE_NOT_FOUND if it has none, negative errno. */
_must_check_ int cmf_attester_get(struct store_reader *reader, const struct store_registration *reg,
				  struct cmf_attester *attesterp);
/* Whether statements of that type (dotted text) are among those of the attester. */
bool cmf_attester_has_type(const struct cmf_attester *attester, const char *statement_type);

/* "verify" or "require"; NULL of STORE_ATTESTER_AS_PROFILE. */
const char *cmf_attester_policy_name(enum store_attester_policy policy);
/* And back: 0 or -EINVAL. */
_must_check_ int cmf_attester_policy_parse(const char *name, enum store_attester_policy *policyp);

/* What a request says of an attester; nothing of it is checked yet. Borrowed. */
struct cmf_attester_said {
	enum store_attester_kind kind;
	struct bytes item[CMF_ATTESTER_CERTIFICATES_MAX]; /* DER */
	size_t n_items;                                   /* of KEY and CERTIFICATE: 1 */
	const char *statement_types[CMF_STATEMENT_TYPES_MAX];
	size_t n_statement_types;
	enum store_attester_policy policy;
};
/*
 * Checks it: keys that can verify signatures, CA certificates that are such, well-formed OIDs, each
 * once. *rowp is it as the store has it, and the caller's to clear; the order of statement types
 * makes no difference. 0, REFUSED (attester_*), negative errno.
 */
_must_check_ int cmf_attester_check(const struct cmf_attester_said *said, struct refusal *refusal,
				    struct store_attester *rowp);

/*
 * Gives a registration, as cmf_registration_find() has found it, another attester (NULL: none).
 * Needs the permission `attester`, or the operator's. Nothing is added to the unit where nothing
 * changes. 0, REFUSED (attester_*), negative errno; the commit conflicts if it was changed
 * meanwhile.
 */
_must_check_ int cmf_registration_set_attester(const struct cmf_call *call,
					       const struct store_registration *reg,
					       const struct cmf_attester_said *said);
