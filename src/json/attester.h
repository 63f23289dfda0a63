// SPDX-License-Identifier: Apache-2.0
/* The attester of a registration (cmf/attester.h) in JSON. Shared by the resources of json/. */
#pragma once

#include "base/cleanup.h"
#include "cmf/attester.h"

#include <jansson.h>

/* How a door spells it: the members, and the values of the policy. */
struct json_attester_names {
	const char *public_key; /* a SubjectPublicKeyInfo */
	const char *certificate;
	const char *ca_certificates; /* an array */
	const char *statement_types; /* an array of OIDs */
	const char *policy;
	const char *verify;
	const char *require;
	bool strict; /* unknown members are refused */
};
extern const struct json_attester_names json_attester_nfv, json_attester_operator;

/* One that was read; `said` borrows of the JSON, and of the octets beside it. */
struct json_attester {
	struct cmf_attester_said said;
	struct octets item[CMF_ATTESTER_CERTIFICATES_MAX];
};
void json_attester_clear(struct json_attester *attester);

/* -EINVAL with the member that is wrong in *wrongp, or the whole: "attester". 0, -ENOMEM. */
_must_check_ int json_attester_read(const json_t *object, const struct json_attester_names *names,
				    struct json_attester *attesterp, const char **wrongp);
/* A new object; NULL out of memory. */
json_t *json_attester_write(const struct cmf_attester *attester,
			    const struct json_attester_names *names);
/*
 * What a registration's attester (NULL: none) becomes by a merge patch (RFC 7396) that is an
 * object. Key, certificate and CA certificates exclude each other: one of them takes the place of
 * what was there. A new object; NULL out of memory.
 */
json_t *json_attester_merge(const struct cmf_attester *attester, const json_t *patch,
			    const struct json_attester_names *names);
