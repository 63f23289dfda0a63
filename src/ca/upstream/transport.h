// SPDX-License-Identifier: Apache-2.0
/* The seam at which tests put another upstream CA. Private to src/ca and its tests. */
#pragma once

#include "ca.h"

/* How octets get to the upstream CA; as ca_transfer(). */
typedef int exchange_transfer(void *arg, const struct ca_transfer_options *options,
			      struct bytes request, struct octets *answerp);
/* Takes the place of ca_transfer(). Not for internal CAs. */
void ca_set_transfer(struct ca *ca, exchange_transfer *transfer, void *arg);
