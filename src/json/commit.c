// SPDX-License-Identifier: Apache-2.0
/*
 * The one commit of the JSON doors: what a client was told of is durable.
 */
#include "commit.h"

#include "base/fault_point.h"

/* How often a decision is made again after others changed what it rested on. */
enum { JSON_ATTEMPTS = 8 };

int json_commit(const struct cmf_worker *worker, json_decide *decide, void *arg,
		struct refusal *refusal)
{
	struct store_unit *unit = worker->unit;
	int err = STORE_CONFLICT;

	for (int i = 0; i < JSON_ATTEMPTS && err == STORE_CONFLICT; i++) {
		store_unit_clear(unit);
		err = decide(arg, refusal);
		if (err) {
			store_unit_clear(unit);
			return err;
		}
		fault_point("door-after-sign");
		err = store_unit_commit(unit);
		fault_point("door-after-commit");
	}
	return err;
}
