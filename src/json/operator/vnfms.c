// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/vnfms: the VNFMs that are followed in direct mode (GET), a resync of one (POST .../resync),
 * and the end of what is held back of it (POST .../approve). Asking VNFMs is lcm/'s, what becomes
 * of the answers cmf/direct's.
 */
#include "base/pool.h"
#include "call.h"
#include "cmf/direct.h"
#include "encode.h"
#include "store/direct.h"
#include "values.h"

#include <errno.h>
#include <string.h>

/* --- list --- */

/* What lcm/ knows of it; nothing, where none are followed. */
static struct lcm_status status_of(struct lcm *lcm, const char *name)
{
	struct lcm_status status = {0};

	for (size_t i = 0; lcm && lcm_status_get(lcm, i, &status); i++)
		if (strcmp(status.name, name) == 0)
			return status;
	return (struct lcm_status){0};
}

int operator_vnfm_json(struct store_reader *reader, struct lcm *lcm, const struct conf_vnfm *vnfm,
		       json_t **jsonp)
{
	const struct lcm_status status = status_of(lcm, vnfm->name);
	int64_t present = 0, held = 0;
	int err = store_vnfc_count(reader, vnfm->name, STORE_VNFC_PRESENT, 0, &present);

	if (!err)
		err = store_vnfc_count(reader, vnfm->name, STORE_VNFC_HELD, 0, &held);
	if (err)
		return err;
	*jsonp = json_pack(
		"{s:o, s:o, s:o, s:b, s:I, s:I, s:I, s:o, s:o, s:I, s:o}", "name",
		json_text(vnfm->name), "api_root", json_text(vnfm->api_root), "trust_domain",
		json_text(vnfm->trust_domain), "subscribed", (int)status.subscribed, "vnfcs",
		(json_int_t)present, "held", (json_int_t)held, "drift", (json_int_t)status.drift,
		"notified_at", json_time(status.notified_ms), "resynced_at",
		json_time(status.resynced_ms), "resync_took_ms", (json_int_t)status.resync_took_ms,
		"problem", json_text(status.problem[0] ? status.problem : NULL));
	return *jsonp ? 0 : -ENOMEM;
}

int operator_vnfms(struct operator_call *call)
{
	const struct conf *conf = cmf_conf(call->cmf);
	json_t *items = json_array(), *item;
	int err = items ? 0 : -ENOMEM;

	if (json_query_unknown(&call->query)) {
		json_decref(items);
		return operator_problem(call, 400, "the query has an unknown parameter");
	}
	for (size_t i = 0; i < conf->n_vnfms && !err; i++) {
		err = operator_vnfm_json(call->worker->reader, call->lcm, &conf->vnfms[i], &item);
		if (!err)
			err = json_array_append_new(items, item) ? -ENOMEM : 0;
	}
	if (err) {
		json_decref(items);
		return operator_fault(call, err);
	}
	return operator_ok(call, 200, json_pack("{s:o}", "items", items));
}

/* --- resync --- */

/* A report has at most so many lines; its numbers are of all. */
enum { NOTES_MAX = 10000 };

static void note_take(void *arg, const char *vnf_instance_id, const char *subject_id,
		      const char *what)
{
	json_t *notes = arg;

	if (json_array_size(notes) >= NOTES_MAX)
		return;
	json_array_append_new(notes, json_pack("{s:o, s:o, s:s}", "vnf_instance_id",
					       json_text(vnf_instance_id), "subject_id",
					       json_text(subject_id), "what", what));
}

/* Takes over notes and problem. */
static json_t *report_json(const struct cmf_direct_report *report, bool dry_run, json_t *notes,
			   json_t *problem)
{
	return json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}",
			 "dry_run", (int)dry_run, "present", (json_int_t)report->present,
			 "registered", (json_int_t)report->registered, "replaced",
			 (json_int_t)report->replaced, "returned", (json_int_t)report->returned,
			 "ending", (json_int_t)report->ending, "gone", (json_int_t)report->gone,
			 "held", (json_int_t)report->held, "excluded", (json_int_t)report->excluded,
			 "others", (json_int_t)report->others, "refused",
			 (json_int_t)report->refused, "notes", notes, "problem", problem);
}

static int resync(struct operator_call *call, const struct conf_vnfm *vnfm, bool dry_run)
{
	json_t *notes = json_array();
	struct cmf_direct_report report = {.note = note_take, .note_arg = notes};
	_cleanup_(strbuf_clear) struct strbuf problem = STRBUF_NULL;
	int err = STORE_NOT_FOUND;

	if (!notes)
		return operator_fault(call, -ENOMEM);
	/* It is another thread's work. */
	pool_wait_begin();
	if (call->lcm)
		err = lcm_resync(call->lcm, vnfm->name, dry_run, &report, &problem);
	pool_wait_end();
	/* What a resync that is one would do with what has gone. */
	if (!err && dry_run)
		err = cmf_direct_resync_end(call->cmf, call->worker, vnfm, 0, &report);
	if (err == STORE_NOT_FOUND || err == -ESHUTDOWN) {
		json_decref(notes);
		return operator_problem(call, 503, "the VNFM is not followed by this process");
	}
	/* What was found until then is done: it is told beside the problem. */
	if (err && !problem.text)
		strbuf_add(&problem, strerror(-err));
	return operator_ok(
		call, 200,
		report_json(&report, dry_run, notes, json_text(err ? problem.text : NULL)));
}

static int resync_asked(struct operator_call *call, const struct conf_vnfm *vnfm)
{
	char detail[200];
	json_t *body = operator_body(call, detail, sizeof(detail));
	const json_t *dry_run = json_object_get(body, "dry_run");
	bool dry = json_is_true(dry_run);

	if (!body)
		return operator_problem(call, 400, detail);
	if (dry_run && !json_is_boolean(dry_run)) {
		json_decref(body);
		return operator_problem(call, 400, "dry_run must be true or false");
	}
	json_decref(body);
	return resync(call, vnfm, dry);
}

/* --- approve --- */

struct approving {
	const struct conf_vnfm *vnfm;
	int64_t n; /* stands for it in the unit */
};

static int approve_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	const struct cmf_principal who = operator_principal(call, NULL);
	const struct cmf_call op = operator_cmf_call(call, &who, refusal);
	struct approving *approving = arg;

	return cmf_direct_approve(&op, approving->vnfm, &approving->n);
}

static int approve(struct operator_call *call, const struct conf_vnfm *vnfm)
{
	struct approving approving = {.vnfm = vnfm};
	struct refusal unused = REFUSAL_NULL;
	int err = operator_commit(call, approve_decide, &approving, &unused);

	if (err)
		return operator_fault(call, err);
	return operator_ok(call, 200,
			   json_pack("{s:I}", "approved",
				     (json_int_t)store_unit_id(call->worker->unit, approving.n)));
}

int operator_vnfm(struct operator_call *call)
{
	const char *rest = call->request->path_rest, *slash = strchr(rest, '/');
	_cleanup_(freep) char *name = slash ? strndup(rest, (size_t)(slash - rest)) : NULL;
	const struct conf_vnfm *vnfm = name ? conf_vnfm_find(cmf_conf(call->cmf), name) : NULL;

	if (!slash || (strcmp(slash, "/resync") != 0 && strcmp(slash, "/approve") != 0))
		return operator_problem(call, 404, "there is no such path");
	if (!vnfm)
		return operator_problem(call, 404, "there is no such [vnfm NAME]");
	if (json_query_unknown(&call->query))
		return operator_problem(call, 400, "the query has an unknown parameter");
	return strcmp(slash, "/approve") == 0 ? approve(call, vnfm) : resync_asked(call, vnfm);
}
