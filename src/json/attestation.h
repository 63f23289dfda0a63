// SPDX-License-Identifier: Apache-2.0
/* What was made of a key attestation, as JSON for both doors. */
#pragma once

#include "store.h"

#include <jansson.h>

/* A new reference; what there is not is left out. NULL out of memory. */
json_t *attestation_json(const struct store_attestation *attestation);
