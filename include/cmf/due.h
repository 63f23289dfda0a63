// SPDX-License-Identifier: Apache-2.0
/*
 * How housekeeping ends what is due. What there is and what ends it is its owner's: cmf/ has
 * certificates, a door its own.
 */
#pragma once

#include "store.h"

/* Adds to the unit what ends one; nothing if there is nothing left to end. 0 or negative errno. */
typedef int cmf_due_end(void *arg, int64_t id);

/*
 * Ends all that is due in one unit: when a site goes dark, a hundred thousand are due in the same
 * minute, and a commit for each would be waited for. If one of them cannot be ended, or somebody
 * was faster with one, each gets a unit of its own, so that it does not stop the others. *morep is
 * set if there may be more. 0 or the last negative errno.
 */
_must_check_ int cmf_due_end_all(struct store_unit *unit, const struct store_due *due,
				 cmf_due_end *end, void *arg, bool *morep);
