// SPDX-License-Identifier: Apache-2.0
/* What the resources of clients and of their credentials share. */
#pragma once

#include "call.h"

/* Why cmf/ refused a client or a credential; `taken` as it gave it. */
int operator_verdict_problem(struct operator_call *call, enum cmf_client_verdict verdict,
			     const char *taken);
int operator_client_absent(struct operator_call *call);

/* .../credentials of that client; id NULL: all of them. */
int operator_credentials(struct operator_call *call, const char *name, const char *id);
