// SPDX-License-Identifier: Apache-2.0
/* The units in which housekeeping ends what is due: see include/cmf/due.h. */
#include "cmf/due.h"

static int end_singly(struct store_unit *unit, const struct store_due *due, cmf_due_end *end,
		      void *arg)
{
	int failed = 0;

	for (size_t i = 0; i < due->len; i++) {
		int err = end(arg, due->id[i]);

		if (err < 0) {
			store_unit_clear(unit);
			failed = err;
			continue;
		}
		/* Alone, so that it does not fail with another; STORE_CONFLICT: somebody was
		 * faster. */
		err = store_unit_commit(unit);
		if (err < 0)
			return err;
	}
	return failed;
}

int cmf_due_end_all(struct store_unit *unit, const struct store_due *due, cmf_due_end *end,
		    void *arg, bool *morep)
{
	int err = 0;

	*morep = *morep || due->len == STORE_DUE_MAX;
	for (size_t i = 0; err == 0 && i < due->len; i++)
		err = end(arg, due->id[i]);
	if (err < 0) {
		store_unit_clear(unit);
		return end_singly(unit, due, end, arg);
	}
	/* All at once: what is due ends by no request, so housekeeping has to make it true. */
	err = store_unit_commit(unit);
	return err == STORE_CONFLICT ? end_singly(unit, due, end, arg) : err;
}
