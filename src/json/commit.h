// SPDX-License-Identifier: Apache-2.0
/*
 * Deciding and committing. Shared by the resources of json/. Most wait for their commit; those that
 * are asked for most are submitted, as all messages of the CMP door are, and no worker waits.
 */
#pragma once

#include "cmf.h"

/* How often a decision is made, if others change what it rests on. */
enum { JSON_ATTEMPTS = 8 };

/* Decides and adds to the worker's unit: 0, REFUSED, negative errno. */
typedef int json_decide(void *arg, struct refusal *refusal);
/*
 * Decides and commits, again while others changed what was decided on. 0, what `decide` says,
 * STORE_CONFLICT (still, after some attempts) or negative errno.
 */
_must_check_ int json_commit(const struct cmf_worker *worker, json_decide *decide, void *arg,
			     struct refusal *refusal);

/* Decides once. 0: what was decided is in the unit, which is empty where nothing is to be
 * committed; else what `decide` says. */
_must_check_ int json_decide_once(const struct cmf_worker *worker, json_decide *decide, void *arg,
				  struct refusal *refusal);
/* Commits what was decided, and does not wait: see store_unit_submit(). */
void json_submit(struct cmf_worker *worker, store_unit_told *told, void *arg);
