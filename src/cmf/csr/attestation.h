// SPDX-License-Identifier: Apache-2.0
/*
 * Key attestation of a request, IFA 033 11.2.1: see attestation.c. What the profiles say of it is
 * attestation_rules.c's.
 */
#pragma once

#include "csr/csr.h"

/*
 * Finds the attester of the registration, and whether an attestation is wanted at all: before
 * extensions are decided. 0 or negative errno.
 */
_must_check_ int attestation_policy_find(struct decision *d);
void attestation_clear(struct decision *d);
/*
 * Judges the attestation of the request by its profile and registration, and writes down in
 * d->attestation what was decided. 0, REFUSED (attestation_*), negative errno.
 */
_must_check_ int attestation_decide(struct decision *d);
/* Adds what was decided to the unit, behind the certificate. 0 or negative errno. */
_must_check_ int attestation_add(const struct cmf_call *call,
				 const struct store_attestation *decided, const char *subject_id,
				 int64_t certificate_id);
