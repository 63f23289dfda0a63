// SPDX-License-Identifier: Apache-2.0
/* Who asks. Private to nfv/. */
#pragma once

#include "nfv/nfv.h"

/* Finds call->principal. 0, REFUSED (401, but for what the server lacks), negative errno. */
_must_check_ int nfv_principal_find(struct nfv_call *call, struct refusal *refusal);
/* 401 with WWW-Authenticate (RFC 9110 11.6.1, RFC 6750 3); a status of the refusal's own otherwise.
 */
int nfv_unauthenticated(struct nfv_call *call, const struct refusal *refusal);
