// SPDX-License-Identifier: Apache-2.0
/*
 * Host names as text: what is one, and which lies below which. Nothing is looked up.
 */
#pragma once

#include "base/bytes.h"

#include <stdbool.h>

/* A host name of LDH labels (RFC 1123 2.1), without trailing dot, with at least that many labels.
 */
bool host_name_valid(struct bytes name, unsigned labels_min);
/* Whether a host name is the suffix, or below it: by labels, without regard to ASCII case. */
bool host_name_below(const char *host, const char *suffix);
