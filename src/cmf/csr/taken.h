// SPDX-License-Identifier: Apache-2.0
/* What a new certificate may collide with: see taken.c. */
#pragma once

#include "cmf.h"

/* A request whose entity and key are known; all borrowed. */
struct taken_query {
	const struct cmf_call *call;
	const struct conf *conf;
	int64_t replaces_id; /* the certificate that the new one is for; 0: none */
	const struct store_registration *registration;
	const uint8_t *key_digest; /* NULL: the key is still to be generated */
};

/* 0, REFUSED (public_key_taken, live_certificates), negative errno. unit: of taken_require. */
_must_check_ int taken_check(const struct taken_query *q);
/* Both as conditions of the unit, in front of the certificate; subject_id is borrowed. */
_must_check_ int taken_require(const struct taken_query *q, const struct cmf_csr_result *result);
