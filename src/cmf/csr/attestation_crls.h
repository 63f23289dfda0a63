// SPDX-License-Identifier: Apache-2.0
/* CRLs by which attesters are judged, fetched from where the configuration says. */
#pragma once

#include "attest.h"
#include "conf.h"

struct attestation_crls;

/* For the profile, whose attestation.crl_urls are not empty; borrows it. 0, -EINVAL with a problem
 * for a URL that is none, -ENOMEM. */
_must_check_ int attestation_crls_new(const struct conf_profile *profile,
				      struct attestation_crls **crlsp, struct strbuf *problems);
void attestation_crls_free(struct attestation_crls *crls);
/* The newest, a reference for the caller; NULL: none was fetched yet. Any thread. */
struct attest_crls *attestation_crls_newest(struct attestation_crls *crls);
/* Fetches all of them, if it is time. What fails is logged, and the ones of before stay. One thread
 * at a time; waits for their servers. */
void attestation_crls_fetch(struct attestation_crls *crls, int64_t now_ms);
