// SPDX-License-Identifier: Apache-2.0
/*
 * The last net before something is signed: a finished TBSCertificate or TBSCertList against RFC
 * 5280, octet by octet and whoever made it. What is found here is a mistake of ours or of the
 * configuration, never of a client: what clients ask for is judged, with words, in cmf/.
 */
#pragma once

#include "base/bytes.h"

/*
 * The first rule that the TBSCertificate breaks, as "RFC 5280 4.1.2.2: ..."; NULL: none of those
 * that are looked at. `algorithm` is the AlgorithmIdentifier that it will be signed with.
 */
const char *lint_certificate(struct bytes tbs, struct bytes algorithm);
/* The same of a TBSCertList. Its time is linear in the entries; nothing is allocated. */
const char *lint_crl(struct bytes tbs, struct bytes algorithm);
