// SPDX-License-Identifier: Apache-2.0
/* Who asks. Private to nfv/. */
#pragma once

#include "nfv/nfv.h"

/* Finds call->principal. 0, REFUSED (401, but for what the server lacks), negative errno. */
_must_check_ int nfv_principal_find(struct nfv_call *call, struct refusal *refusal);
