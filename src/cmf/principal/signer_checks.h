// SPDX-License-Identifier: Apache-2.0
/* What is asked of a signer's certificate by itself, whoever issued it. */
#pragma once

#include "asn1/certificate.h"
#include "principal/signer_cache.h"

/* Key, key usage and validity, by the policy of entry->principal; entry->verifier.key is set. 0,
 * REFUSED (signer_*, kem_*), negative errno. */
_must_check_ int signer_checks(const struct certificate_view *view, const struct conf *conf,
			       int64_t now_ms, struct cmf_signer *entry, struct refusal *refusal);
/* RFC 5280 4.2.1.12 */
bool signer_is_for_tls(const struct certificate_view *view);
/* RFC 9483 3.5 */
bool signer_is_cmc_ra(X509 *cert);
