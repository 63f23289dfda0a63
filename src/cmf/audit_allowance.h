// SPDX-License-Identifier: Apache-2.0
/*
 * How many refusals of one asker are audited: what is refused costs the asker nothing, and the
 * audit is kept for ever. Private to cmf/.
 */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stdint.h>

/* Lines in an hour, of those whose names share a place. */
enum { AUDIT_REFUSALS_PER_HOUR = 100 };

struct audit_allowance;

struct audit_allowance *audit_allowance_new(void);
void audit_allowance_free(struct audit_allowance *allowance);
/* Whether one more may be written; then it counts. Any thread. */
bool audit_allowance_take(struct audit_allowance *allowance, const char *name, int64_t now_ms);
