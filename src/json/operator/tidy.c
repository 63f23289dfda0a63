// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/tidy: removes now what need not be kept, or says what would go (POST {"dry_run": bool}).
 * cmf/retention.c does it; housekeeping does the same by and by.
 */
#include "call.h"

#include "cmf/retention.h"

#include <stdio.h>

static int sweep_all(struct operator_call *call, bool dry, struct cmf_sweep *sweep)
{
	const struct cmf_retention retention = {.conf = &cmf_conf(call->cmf)->retention,
						.reader = call->worker->reader,
						.unit = call->worker->unit,
						.dry = dry,
						.now_ms = call->now_ms};
	int err = 0;

	while (!err && !sweep->done)
		err = cmf_retention_step(&retention, sweep, NULL);
	return err;
}

/* That somebody wanted it now. What goes by and by is in the log. */
static int tidy_note(struct operator_call *call, void *arg, struct refusal *refusal)
{
	const struct cmf_tidied *tidied = arg;
	const struct cmf_principal who = operator_principal(call, NULL);
	const struct cmf_call cmf_call = operator_cmf_call(call, &who, refusal);
	char detail[120];

	snprintf(detail, sizeof(detail), "%lld certificates, %lld registrations, %lld names",
		 (long long)tidied->certificates, (long long)tidied->registrations,
		 (long long)tidied->names);
	return cmf_audit_add(&cmf_call,
			     &(struct cmf_audit){.action = "tidy", .target = "", .detail = detail});
}

int operator_tidy(struct operator_call *call)
{
	struct cmf_sweep sweep = {0};
	struct store_space space = {0};
	struct refusal refusal = REFUSAL_NULL;
	char detail[200];
	json_t *body = operator_body(call, detail, sizeof(detail)), *dry;
	bool is_dry;
	int err;

	if (!body)
		return operator_problem(call, 400, detail);
	dry = json_object_get(body, "dry_run");
	is_dry = json_is_true(dry);
	if (json_object_size(body) != (dry ? 1U : 0U) || (dry && !json_is_boolean(dry))) {
		json_decref(body);
		return operator_problem(call, 400, "the body is {\"dry_run\": true or false}");
	}
	json_decref(body);
	err = sweep_all(call, is_dry, &sweep);
	if (!err && !is_dry)
		err = operator_commit(call, tidy_note, &sweep.tidied, &refusal);
	if (!err)
		err = store_space_get(call->worker->reader, &space);
	if (err < 0)
		return operator_fault(call, err);
	return operator_ok(call, 200,
			   json_pack("{s:b, s:I, s:I, s:I, s:I, s:I}", "dry_run", (int)is_dry,
				     "certificates", (json_int_t)sweep.tidied.certificates,
				     "registrations", (json_int_t)sweep.tidied.registrations,
				     "names", (json_int_t)sweep.tidied.names, "database_octets",
				     (json_int_t)space.octets, "unused_octets",
				     (json_int_t)space.unused));
}
