// SPDX-License-Identifier: Apache-2.0
/* Deciding and committing. Shared by the resources of json/. */
#pragma once

#include "cmf.h"

/* Decides and adds to the worker's unit: 0, REFUSED, negative errno. */
typedef int json_decide(void *arg, struct refusal *refusal);
/*
 * Decides and commits, again while others changed what was decided on. 0, what `decide` says,
 * STORE_CONFLICT (still, after some attempts) or negative errno.
 */
_must_check_ int json_commit(const struct cmf_worker *worker, json_decide *decide, void *arg,
			     struct refusal *refusal);
