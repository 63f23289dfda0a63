// SPDX-License-Identifier: Apache-2.0
/*
 * The one commit of the JSON doors: what a client was told of is durable.
 */
#include "commit.h"

#include "base/fault_point.h"

int json_decide_once(const struct cmf_worker *worker, json_decide *decide, void *arg,
		     struct refusal *refusal)
{
	int err;

	store_unit_clear(worker->unit);
	err = decide(arg, refusal);
	if (err)
		store_unit_clear(worker->unit);
	else
		fault_point("door-after-sign");
	return err;
}

int json_commit(const struct cmf_worker *worker, json_decide *decide, void *arg,
		struct refusal *refusal)
{
	int err = STORE_CONFLICT;

	for (int i = 0; i < JSON_ATTEMPTS && err == STORE_CONFLICT; i++) {
		err = json_decide_once(worker, decide, arg, refusal);
		if (err)
			return err;
		err = store_unit_commit(worker->unit);
		fault_point("door-after-commit");
	}
	return err;
}

void json_submit(struct cmf_worker *worker, store_unit_told *told, void *arg)
{
	store_unit_submit(&worker->unit, told, arg);
}
